//! Another reader of JSON.

use super::canonical_of;

/// A reader that refuses names that stand twice.
struct Strict;

impl<'de> serde::Deserialize<'de> for Strict {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(Strict)
    }
}

impl<'de> serde::de::Visitor<'de> for Strict {
    type Value = Strict;

    fn expecting(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Strict, E> {
        Ok(Strict)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Strict, E> {
        Ok(Strict)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Strict, E> {
        Ok(Strict)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Strict, E> {
        Ok(Strict)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Strict, E> {
        Ok(Strict)
    }

    fn visit_str<E>(self, _: &str) -> Result<Strict, E> {
        Ok(Strict)
    }

    fn visit_seq<A: serde::de::SeqAccess<'de>>(self, mut list: A) -> Result<Strict, A::Error> {
        while list.next_element::<Strict>()?.is_some() {}
        Ok(Strict)
    }

    fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<Strict, A::Error> {
        let mut seen = std::collections::BTreeSet::new();
        while let Some((name, _)) = map.next_entry::<String, Strict>()? {
            if !seen.insert(name) {
                return Err(serde::de::Error::custom("twice"));
            }
        }
        Ok(Strict)
    }
}

pub fn check_agreement(text: &str) {
    match serde_json::from_str::<Strict>(text) {
        Ok(_) => assert!(canonical_of(text).is_some(), "{text}"),
        // As a value, not as a text.
        Err(error) if error.to_string().contains("out of range") => {}
        Err(_) => assert_eq!(canonical_of(text), None, "{text}"),
    }
}
