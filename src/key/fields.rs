//! The request fields that are part of the key, where the user wants some (beside `Vary`, which selects a variant).

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::matching::{MatchedFields, Matching};
use super::names::Treatment;
use super::{push_part, selecting};
use crate::http::Fields;

/// Fields that say how to talk, and what the caller has or wants of the representation, but not which one it is.
const NEVER: [&str; 25] = [
    "cache-control",
    "connection",
    "content-length",
    "expect",
    "host",
    "http2-settings",
    "if-match",
    "if-modified-since",
    "if-none-match",
    "if-range",
    "if-unmodified-since",
    "keep-alive",
    "max-forwards",
    "pragma",
    "proxy-authenticate",
    "proxy-connection",
    "range",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "via",
    "x-http-method",
    "x-http-method-override",
    "x-method-override",
];

/// The encoding of the fields that are matched; `None` where none are.
pub(super) fn matched(
    fields: &Fields,
    matching: &Matching<'_>,
    secret: &[u8; 32],
) -> Option<Vec<u8>> {
    let mut text = Vec::new();
    let mut push = |name: &str, joined: Option<Cow<'_, [u8]>>| {
        let is_ignored = matching.names.of_field(name.as_bytes()) == Treatment::Ignored;
        if is_ignored && !matching.presence_counts {
            return;
        }
        let value = joined.filter(|_| !is_ignored);
        push_part(&mut text, name.as_bytes());
        text.push(u8::from(value.is_some() || is_ignored));
        let value = value.map(|joined| selecting::compared(name, joined, matching, secret));
        push_part(&mut text, &value.unwrap_or_default());
    };
    match matching.fields {
        MatchedFields::None => return None,
        MatchedFields::Listed(names) => names.iter().for_each(|name| {
            let joined = fields.joined(name.as_bytes());
            let counts =
                joined.is_some() || matching.names.of_field(name.as_bytes()) != Treatment::Ignored;
            if counts {
                push(name, joined);
            }
        }),
        MatchedFields::All => all(fields)
            .into_iter()
            .for_each(|(name, joined)| push(&name, Some(joined.into()))),
    }
    Some(text)
}

/// All fields that are about the representation, by their names in lower case, with their lines joined.
fn all(fields: &Fields) -> BTreeMap<String, Vec<u8>> {
    let mut all: BTreeMap<String, Vec<u8>> = BTreeMap::new();
    for (name, value) in fields.iter() {
        let name = String::from_utf8_lossy(name).to_ascii_lowercase();
        if NEVER.binary_search(&name.as_str()).is_ok() {
            continue;
        }
        all.entry(name)
            .and_modify(|joined| {
                joined.extend_from_slice(b", ");
                joined.extend_from_slice(value);
            })
            .or_insert_with(|| value.to_vec());
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::names::Names;

    fn of(lines: &[(&str, &str)], which: &MatchedFields) -> Option<Vec<u8>> {
        let mut fields = Fields::new();
        for (name, value) in lines {
            fields.add(name.as_bytes(), value.as_bytes()).unwrap();
        }
        let mut names = Names::default();
        names.add(b"auth-token").unwrap();
        let matching = Matching {
            fields: which,
            ..Matching::plain(&names)
        };
        matched(&fields, &matching, &[1; 32])
    }

    #[test]
    fn the_fields_that_never_count_are_sorted() {
        assert!(NEVER.is_sorted());
    }

    #[test]
    fn listed_fields_count_and_others_do_not() {
        let accept = MatchedFields::Listed(vec!["accept".into()]);
        let base = of(&[("Accept", "a, b")], &accept);
        assert_eq!(base, of(&[("accept", "B,a"), ("X", "1")], &accept));
        assert_ne!(base, of(&[("Accept", "a")], &accept));
        assert_ne!(of(&[], &accept), of(&[("Accept", "")], &accept));
        assert_eq!(of(&[("Accept", "a")], &MatchedFields::None), None);
    }

    #[test]
    fn all_fields_count_but_those_about_the_transfer_and_ignored_ones() {
        let of = |lines: &[(&str, &str)]| of(lines, &MatchedFields::All);
        let base = of(&[("X", "1"), ("Accept", "a")]);
        assert_eq!(base, of(&[("accept", "a"), ("x", "1")]));
        assert_eq!(
            base,
            of(&[
                ("x", "1"),
                ("accept", "a"),
                ("Range", "bytes=0-1"),
                ("If-None-Match", "x"),
                ("Auth-Token", "secret"),
                ("Authorization", "secret"),
            ])
        );
        assert_ne!(base, of(&[("x", "2"), ("accept", "a")]));
        assert_ne!(base, of(&[("x", "1"), ("accept", "a"), ("cookie", "a=1")]));
        let cookie = of(&[("Cookie", "canary")]).unwrap();
        assert!(!cookie.windows(6).any(|part| part == b"canary"));
    }
}
