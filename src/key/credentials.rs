//! The mark: a keyed hash of what authenticates a request. A stored response answers only requests of its mark,
//! so that no user is given what another user's credentials fetched.

use super::matching::Matching;
use super::{first_half, push_part};
use crate::http::Request;

/// A keyed hash over all credentials of a request; all zero where there are none.
pub type Mark = [u8; 16];

/// The mark of a request without credentials, and of what is for all.
pub const NOBODY: Mark = [0; 16];

/// The mark of a request, of whose URL and content the credentials are known, and whether it carries credentials at all. What the
/// user said counts for nothing is no credential.
pub(super) fn of(
    request: &Request,
    in_url: &[u8],
    in_content: &[u8],
    matching: &Matching<'_>,
    secret: &[u8; 32],
) -> (Mark, bool) {
    let names = matching.names;
    let mut found: Vec<(&[u8], &[u8])> = request
        .fields
        .iter()
        .filter(|(name, _)| names.authenticates(name))
        .collect();
    if found.is_empty() && in_url.is_empty() && in_content.is_empty() {
        return (NOBODY, false);
    }
    if matching.shares_credentials {
        return (NOBODY, true);
    }
    // The order of fields of different names means nothing (RFC 9110 §5.3).
    found.sort_by_cached_key(|(name, _)| name.to_ascii_lowercase());
    let mut in_fields = Vec::new();
    for (name, value) in found {
        push_part(&mut in_fields, &name.to_ascii_lowercase());
        push_part(&mut in_fields, value);
    }
    let mut text = Vec::new();
    push_part(&mut text, &in_fields);
    push_part(&mut text, in_url);
    push_part(&mut text, in_content);
    (first_half(blake3::keyed_hash(secret, &text)), true)
}

/// The mark of a request that has one as it is sent, and perhaps another one as it is compared.
pub fn both(sent: &Mark, compared: &Mark, secret: &[u8; 32]) -> Mark {
    if sent == compared {
        return *sent;
    }
    first_half(blake3::keyed_hash(secret, &[&sent[..], compared].concat()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::names::Names;
    use crate::key::{MethodClass, identify};

    fn mark(url: &str, lines: &[(&str, &str)], names: &Names, secret: u8) -> Mark {
        let mut request = Request::new(b"GET", url.as_bytes()).unwrap();
        for (name, value) in lines {
            request
                .fields
                .add(name.as_bytes(), value.as_bytes())
                .unwrap();
        }
        let matching = Matching::plain(names);
        identify(&request, MethodClass::Get, &matching, &[secret; 32]).mark
    }

    #[test]
    fn marks_differ_by_credential_and_secret_and_not_by_case_of_names() {
        let names = Names::default();
        let of = |lines: &[(&str, &str)], secret| mark("http://h/", lines, &names, secret);
        assert_eq!(of(&[("Accept", "x")], 1), NOBODY);
        let alice = of(&[("Authorization", "Basic YTph")], 1);
        assert_ne!(alice, NOBODY);
        assert_eq!(alice, of(&[("authorization", "Basic YTph")], 1));
        assert_eq!(alice, mark("http://a:a@h/", &[], &names, 1));
        assert_ne!(alice, of(&[("Authorization", "Basic YTpi")], 1));
        assert_ne!(alice, of(&[("X-API-Key", "Basic YTph")], 1));
        assert_ne!(alice, of(&[("Authorization", "Basic YTph")], 2));
        assert_eq!(
            of(&[("X-API-Key", "1"), ("Authorization", "2")], 1),
            of(&[("Authorization", "2"), ("X-API-Key", "1")], 1)
        );
    }

    #[test]
    fn parameters_authenticate_and_what_the_user_ignores_does_not() {
        let mut names = Names::default();
        let one = mark("http://h/?api_key=1", &[], &names, 1);
        assert_ne!(one, NOBODY);
        assert_ne!(one, mark("http://h/?api_key=2", &[], &names, 1));
        assert_ne!(one, mark("http://h/", &[("api_key", "1")], &names, 1));
        names.add(b"api_key").unwrap();
        names.add(b"Authorization").unwrap();
        assert_eq!(mark("http://h/?api_key=1", &[], &names, 1), NOBODY);
        assert_eq!(
            mark("http://h/", &[("authorization", "x")], &names, 1),
            NOBODY
        );
    }

    #[test]
    fn credentials_that_are_added_or_taken_away_count() {
        let both = |sent, compared| super::both(sent, compared, &[1; 32]);
        let (one, other) = ([1; 16], [2; 16]);
        assert_eq!(both(&one, &one), one);
        let marks = [
            both(&one, &NOBODY),
            both(&NOBODY, &one),
            both(&one, &other),
            one,
            NOBODY,
        ];
        for (at, mark) in marks.iter().enumerate() {
            assert!(!marks.iter().skip(at + 1).any(|other| other == mark));
        }
    }
}
