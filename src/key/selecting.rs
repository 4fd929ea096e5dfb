//! Selecting header fields: what `Vary` names, and what a request says in them (RFC 9111 §4.1).

use std::borrow::Cow;

use super::credentials::{self, Mark};
use super::matching::{Matching, Unordered};
use super::names::Treatment;
use super::placeholder::{self, Placeholder};
use super::{VariantId, first_half, push_part, redact};
use crate::http::Fields;
use crate::http::fields::{LONGEST_READ, is_token, trim};

/// What a response's `Vary` says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Vary {
    /// `*`, or nothing that can be read: no other request can be known to match.
    Any,
    /// Lower-case names, sorted, each once; empty when there is no `Vary`.
    Fields(Vec<String>),
}

/// A response that varies on more fields than this, repeats counted, is taken to match no request.
const MOST_NAMES: usize = 256;

/// Reads all `Vary` lines of a response.
pub fn vary(fields: &Fields) -> Vary {
    let mut names = Vec::new();
    for line in fields.all(b"Vary") {
        let members = line.split(|b| *b == b',').map(trim);
        for member in members.filter(|member| !member.is_empty()) {
            match std::str::from_utf8(member) {
                // So many fields are compared for nobody: each costs a search among the request's.
                Ok(name) if is_token(member) && name != "*" && names.len() < MOST_NAMES => {
                    names.push(name.to_ascii_lowercase())
                }
                _ => return Vary::Any,
            }
        }
    }
    names.sort_unstable();
    names.dedup();
    Vary::Fields(names)
}

/// What a request says in a selecting field: `None` when it has none; a keyed hash where it is a secret, or counts
/// for nothing elsewhere.
pub fn value(
    fields: &Fields,
    name: &str,
    matching: &Matching<'_>,
    secret: &[u8; 32],
) -> Option<Vec<u8>> {
    let joined = fields.joined(name.as_bytes())?;
    Some(compared(name, joined, matching, secret))
}

/// The lines of a field, joined, in the form in which they are compared.
pub(super) fn compared(
    name: &str,
    joined: Cow<'_, [u8]>,
    matching: &Matching<'_>,
    secret: &[u8; 32],
) -> Vec<u8> {
    let joined = normal(name, joined, matching.unordered);
    if redact::of_field(name.as_bytes(), &joined, matching.names) == Treatment::Plain {
        return joined.into_owned();
    }
    // A NUL never stands in a field, so no plain value looks like a hash.
    let mut hash = vec![0];
    match Placeholder::read_whole(&joined) {
        Some(Placeholder::Secret(known)) => hash.extend_from_slice(&known),
        _ => hash.extend_from_slice(&placeholder::hash(secret, &joined)),
    }
    hash
}

/// What stands for the value of a secret field where it would be seen.
pub(super) fn instead_of(
    fields: &Fields,
    name: &[u8],
    matching: &Matching<'_>,
    secret: &[u8; 32],
) -> Vec<u8> {
    let name = String::from_utf8_lossy(name);
    let joined = fields.joined(name.as_bytes()).unwrap_or_default();
    let normal = normal(&name, joined, matching.unordered);
    Placeholder::of(&normal, secret).to_string().into_bytes()
}

/// The id of the variant that a request selects by these fields and its credentials.
pub fn variant_id(
    fields: &Fields,
    names: &[String],
    mark: &Mark,
    matching: &Matching<'_>,
    secret: &[u8; 32],
) -> VariantId {
    let values = names
        .iter()
        .map(|name| value(fields, name, matching, secret));
    id_of(mark, names.iter().map(String::as_str).zip(values), secret)
}

/// The same of what is known of such a request: these names, sorted, and what it says in each.
pub fn id_of<'n>(
    mark: &Mark,
    selecting: impl Iterator<Item = (&'n str, Option<Vec<u8>>)>,
    secret: &[u8; 32],
) -> VariantId {
    let mut text = Vec::new();
    for (name, value) in selecting {
        push_part(&mut text, name.as_bytes());
        match value {
            Some(value) => {
                text.push(1);
                push_part(&mut text, &value);
            }
            None => text.push(0),
        }
    }
    if text.is_empty() && *mark == credentials::NOBODY {
        return [0; 16];
    }
    let mut whole = Vec::with_capacity(text.len() + 24);
    push_part(&mut whole, mark);
    whole.append(&mut text);
    first_half(blake3::keyed_hash(secret, &whole))
}

/// A value in the form in which it is compared; a very long one is compared as it is.
fn normal<'a>(name: &str, value: Cow<'a, [u8]>, unordered: &Unordered) -> Cow<'a, [u8]> {
    /// What lists of preferences mean does not depend on their order, nor on letter case (RFC 9110 §12.5).
    const PREFERENCES: [&str; 4] = [
        "accept",
        "accept-charset",
        "accept-encoding",
        "accept-language",
    ];
    if value.len() > LONGEST_READ {
        return value;
    }
    if name == "cookie" {
        return normal_cookie(&value).into();
    }
    let is_unordered = PREFERENCES.contains(&name)
        || unordered.all
        || unordered.names.iter().any(|other| other == name);
    if is_unordered {
        let list = without_space_beside(&value, b",;=");
        let members = split_list(&list).into_iter();
        let mut members: Vec<Vec<u8>> = members
            .filter(|member| !member.is_empty())
            .map(|member| folded(member, name == "accept"))
            .collect();
        members.sort_unstable();
        members.join(&b","[..]).into()
    } else {
        without_space_beside(&value, b",").into()
    }
}

/// A member in lower case; but what a parameter of a media type says may mean something by its letter case (RFC 9110 §5.6.6).
fn folded(member: &[u8], keeps_parameters: bool) -> Vec<u8> {
    let (mut is_quoted, mut is_escaped, mut is_value) = (false, false, false);
    let fold = |byte: &u8| {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' if is_quoted => is_escaped = true,
            b'"' => is_quoted = !is_quoted,
            b'=' if !is_quoted => is_value = true,
            b';' if !is_quoted => is_value = false,
            _ => {}
        }
        if is_value && keeps_parameters {
            *byte
        } else {
            byte.to_ascii_lowercase()
        }
    };
    member.iter().map(fold).collect()
}

/// Cookies sorted by name, those of one name in their order (RFC 6265 §4.2.2: their order means nothing).
fn normal_cookie(value: &[u8]) -> Vec<u8> {
    let mut pairs: Vec<&[u8]> = value.split(|b| *b == b';').map(trim).collect();
    pairs.retain(|pair| !pair.is_empty());
    pairs.sort_by_key(|pair| pair.split(|b| *b == b'=').next().unwrap_or_default());
    pairs.join(&b";"[..])
}

/// The members of a list, split at the commas that are not quoted.
fn split_list(list: &[u8]) -> Vec<&[u8]> {
    let (mut is_quoted, mut is_escaped) = (false, false);
    list.split(move |byte| {
        let separates = *byte == b',' && !is_quoted;
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' if is_quoted => is_escaped = true,
            b'"' => is_quoted = !is_quoted,
            _ => {}
        }
        separates
    })
    .collect()
}

/// A value without the white space beside the bytes that separate its parts (RFC 9110 §5.6.1); what is quoted
/// stays as it is.
fn without_space_beside(value: &[u8], separators: &[u8]) -> Vec<u8> {
    let mut normal: Vec<u8> = Vec::with_capacity(value.len());
    let separates = |byte: Option<&u8>| byte.is_some_and(|byte| separators.contains(byte));
    let mut is_quoted = false;
    let mut is_escaped = false;
    for byte in value {
        let is_space = matches!(byte, b' ' | b'\t') && !is_quoted;
        if is_space && separates(normal.last()) {
            continue;
        }
        if separates(Some(byte)) && !is_quoted {
            while matches!(normal.last(), Some(b' ' | b'\t')) {
                normal.pop();
            }
        }
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' if is_quoted => is_escaped = true,
            b'"' => is_quoted = !is_quoted,
            _ => {}
        }
        normal.push(*byte);
    }
    normal
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::names::Names;

    fn fields(lines: &[(&str, &str)]) -> Fields {
        let mut fields = Fields::new();
        for (name, value) in lines {
            fields.add(name.as_bytes(), value.as_bytes()).unwrap();
        }
        fields
    }

    #[test]
    fn vary_is_a_set_of_names() {
        let names = |lines: &[(&str, &str)]| vary(&fields(lines));
        assert_eq!(names(&[]), Vary::Fields(vec![]));
        let both = Vary::Fields(vec!["accept".into(), "origin".into()]);
        assert_eq!(
            names(&[("Vary", "Origin, , ACCEPT"), ("vary", "accept")]),
            both
        );
        for any in ["*", "Accept, *", "a b", "\u{fc}", "\"Accept\""] {
            assert_eq!(names(&[("Vary", any)]), Vary::Any, "{any}");
        }
    }

    #[test]
    fn preferences_and_cookies_match_in_any_order() {
        let secret = [7; 32];
        let of = |name: &str, value: &str| {
            let names = Names::default();
            let matching = Matching::plain(&names);
            self::value(&fields(&[(name, value)]), name, &matching, &secret)
        };
        assert_eq!(
            of("accept-language", "en, de"),
            of("accept-language", "De,eN")
        );
        assert_eq!(
            of("accept-language", "en;q=0.5, de"),
            of("accept-language", "de, en; q=0.5")
        );
        assert_ne!(
            of("accept-language", "en;q=0.5, de"),
            of("accept-language", "en, de")
        );
        assert_ne!(of("accept", "a;x=\"b,c\""), of("accept", "a;x=\"b, d\""));
        assert_ne!(of("foo", "en, de"), of("foo", "de, en"));
        assert_eq!(of("accept", "A/B;Q=0.5"), of("accept", "a/b; q=0.5"));
        assert_ne!(
            of("accept", "a/b;profile=\"X\""),
            of("accept", "a/b;profile=\"x\"")
        );
        assert_ne!(
            of("accept", r#"a/b;x="\";Y""#),
            of("accept", r#"a/b;x="\";y""#)
        );
        assert_eq!(
            of("accept-encoding", "GZIP;q=1"),
            of("accept-encoding", "gzip;Q=1")
        );
        assert_eq!(of("cookie", "b=1; a=2"), of("cookie", "a=2;b=1"));
        assert_ne!(of("cookie", "a=1; a=2"), of("cookie", "a=2; a=1"));
        assert_ne!(of("cookie", "a=1"), of("cookie", "A=1"));
    }

    #[test]
    fn values_match_without_regard_to_white_space_in_lists() {
        let names = Names::default();
        let id = |fields: &Fields| {
            let matching = Matching::plain(&names);
            variant_id(fields, &["accept".into()], &[0; 16], &matching, &[7; 32])
        };
        let of = |value: &str| id(&fields(&[("Accept", value)]));
        assert_eq!(of("a , b"), of("a,b"));
        assert_eq!(of("a,\t \"b , c\""), of("a,\"b , c\""));
        assert_ne!(of("\"b , c\""), of("\"b,c\""));
        assert_ne!(of("a b"), of("ab"));
        let absent = id(&fields(&[]));
        assert_ne!(of(""), absent);
        let two_lines = fields(&[("accept", "a"), ("Accept", "b")]);
        assert_eq!(id(&two_lines), of("a, b"));
    }

    #[test]
    fn the_order_of_other_lists_counts_unless_the_user_says_so() {
        let names = Names::default();
        let of = |value: &str, unordered: &Unordered| {
            let matching = Matching {
                unordered,
                ..Matching::plain(&names)
            };
            self::value(&fields(&[("X-Tags", value)]), "x-tags", &matching, &[7; 32])
        };
        let plain = Unordered::default();
        assert_ne!(of("a, B", &plain), of("b,A", &plain));
        for unordered in [
            Unordered {
                names: vec!["x-tags".into()],
                all: false,
            },
            Unordered {
                names: vec![],
                all: true,
            },
        ] {
            assert_eq!(of("a, B", &unordered), of("b,A", &unordered));
            assert_ne!(of("a, B", &unordered), of("a", &unordered));
        }
    }

    #[test]
    fn secrets_are_kept_as_hashes() {
        let fields = fields(&[("Cookie", "session=canary")]);
        let names = Names::default();
        let value = value(&fields, "cookie", &Matching::plain(&names), &[1; 32]).unwrap();
        assert_eq!(value.len(), 17);
        assert!(!value.windows(6).any(|part| part == b"canary"));
    }
}
