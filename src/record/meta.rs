//! The MessagePack part of a record: reason, fields, selecting fields.
//!
//! Serde describes it; the fields are visited where they lie, for a hit decodes them each time.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, SeqAccess, Visitor};
use serde::ser::{Serialize, SerializeSeq, SerializeTuple, Serializer};

use super::{Record, Selecting, names};
use crate::error::{Error, Kind, Result};
use crate::http::{Fields, ResponseHead};

/// What the MessagePack part holds.
pub struct Meta {
    pub response: ResponseHead,
    pub selecting: Selecting,
}

pub fn encode(record: &Record<'_>, bytes: &mut Vec<u8>) -> Result<()> {
    let mut serializer = rmp_serde::Serializer::new(bytes);
    Written(record).serialize(&mut serializer).map_err(|error| {
        Error::new(
            Kind::Internal,
            format!("a record cannot be written: {error}"),
        )
    })
}

pub fn decode(bytes: &[u8], status: u16) -> Option<Meta> {
    let mut deserializer = rmp_serde::Deserializer::from_read_ref(bytes);
    deserializer.deserialize_seq(MetaVisitor { status }).ok()
}

/// `[reason, [name or code, value, ...], [name, value or nil, ...]]`
struct Written<'a>(&'a Record<'a>);
struct WrittenFields<'a>(&'a Fields);
struct WrittenSelecting<'a>(&'a Selecting);
struct WrittenBytes<'a>(&'a [u8]);

impl Serialize for Written<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        let mut parts = serializer.serialize_tuple(3)?;
        parts.serialize_element(&WrittenBytes(self.0.response.reason.to_bytes()))?;
        parts.serialize_element(&WrittenFields(&self.0.response.fields))?;
        parts.serialize_element(&WrittenSelecting(self.0.selecting))?;
        parts.end()
    }
}

impl Serialize for WrittenFields<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_seq(Some(self.0.len() * 2))?;
        for (name, value) in self.0.iter() {
            match names::code(name) {
                Some(code) => list.serialize_element(&code)?,
                None => list.serialize_element(&WrittenBytes(name))?,
            }
            list.serialize_element(&WrittenBytes(value))?;
        }
        list.end()
    }
}

impl Serialize for WrittenSelecting<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_seq(Some(self.0.len() * 2))?;
        for (name, value) in self.0 {
            list.serialize_element(name)?;
            list.serialize_element(&value.as_deref().map(WrittenBytes))?;
        }
        list.end()
    }
}

impl Serialize for WrittenBytes<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        serializer.serialize_bytes(self.0)
    }
}

struct MetaVisitor {
    status: u16,
}

impl<'de> Visitor<'de> for MetaVisitor {
    type Value = Meta;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the three parts of a record's meta")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut parts: A) -> std::result::Result<Meta, A::Error> {
        use serde::de::Error;
        let missing = || A::Error::custom("a part is missing");
        let malformed = |_| A::Error::custom("malformed");
        let reason: &[u8] = parts.next_element()?.ok_or_else(missing)?;
        let mut response = ResponseHead::new(self.status, reason).map_err(malformed)?;
        parts
            .next_element_seed(FieldsSeed(&mut response.fields))?
            .ok_or_else(missing)?;
        let mut selecting = Selecting::new();
        parts
            .next_element_seed(SelectingSeed(&mut selecting))?
            .ok_or_else(missing)?;
        Ok(Meta {
            response,
            selecting,
        })
    }
}

struct FieldsSeed<'a>(&'a mut Fields);
struct SelectingSeed<'a>(&'a mut Selecting);
/// A field's name: a number, or as it was.
struct NameSeed;

impl<'de> DeserializeSeed<'de> for FieldsSeed<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, d: D) -> std::result::Result<(), D::Error> {
        d.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for FieldsSeed<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("names and values")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> std::result::Result<(), A::Error> {
        use serde::de::Error;
        // The length is a hint of the record's: it may be wrong, so it is bounded.
        let count = list.size_hint().unwrap_or(0).min(2048) / 2;
        *self.0 = Fields::with_capacity(count, count * 40);
        while let Some(name) = list.next_element_seed(NameSeed)? {
            let value: &[u8] = list
                .next_element()?
                .ok_or_else(|| A::Error::custom("no value"))?;
            self.0.push(name, value).map_err(A::Error::custom)?;
        }
        Ok(())
    }
}

impl<'de> DeserializeSeed<'de> for NameSeed {
    type Value = &'de [u8];

    fn deserialize<D: Deserializer<'de>>(self, d: D) -> std::result::Result<&'de [u8], D::Error> {
        d.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for NameSeed {
    type Value = &'de [u8];

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name or its number")
    }

    fn visit_u64<E: serde::de::Error>(self, code: u64) -> std::result::Result<&'de [u8], E> {
        let name = u8::try_from(code).ok().and_then(names::name);
        name.map(str::as_bytes)
            .ok_or_else(|| E::custom("unknown name"))
    }

    fn visit_borrowed_bytes<E>(self, name: &'de [u8]) -> std::result::Result<&'de [u8], E> {
        Ok(name)
    }
}

impl<'de> DeserializeSeed<'de> for SelectingSeed<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, d: D) -> std::result::Result<(), D::Error> {
        d.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for SelectingSeed<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("names and values")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> std::result::Result<(), A::Error> {
        use serde::de::Error;
        while let Some(name) = list.next_element::<&str>()? {
            let value: Option<&[u8]> = list
                .next_element()?
                .ok_or_else(|| A::Error::custom("no value"))?;
            self.0.push((name.to_owned(), value.map(<[u8]>::to_vec)));
        }
        Ok(())
    }
}
