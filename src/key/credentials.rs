//! The mark: a keyed hash of what authenticates a request. A stored response answers only requests of its mark,
//! so that no user is given what another user's credentials fetched.

use super::{first_half, push_part};
use crate::http::Fields;

/// A keyed hash over all credentials of a request; all zero where there are none.
pub type Mark = [u8; 16];

/// The mark of a request without credentials, and of what is for all.
pub const NOBODY: Mark = [0; 16];

/// The fields that authenticate.
pub const FIELDS: [&str; 6] = [
    "Authorization",
    "Proxy-Authorization",
    "X-API-Key",
    "X-API-Token",
    "X-Access-Token",
    "X-Auth-Token",
];

/// Whether a field's value is a secret: it is compared, and kept on disk, as a keyed hash.
pub fn is_secret(name: &[u8]) -> bool {
    name.eq_ignore_ascii_case(b"Cookie")
        || name.eq_ignore_ascii_case(b"X-Vault-Token")
        || name.eq_ignore_ascii_case(b"Private-Token")
        || is_credential(name)
}

/// Whether a request carries credentials.
pub fn has_any(fields: &Fields) -> bool {
    fields.iter().any(|(name, _)| is_credential(name))
}

fn is_credential(name: &[u8]) -> bool {
    FIELDS
        .iter()
        .any(|field| name.eq_ignore_ascii_case(field.as_bytes()))
}

/// The mark of a request's fields under the store's secret.
pub fn mark(fields: &Fields, secret: &[u8; 32]) -> Mark {
    if !has_any(fields) {
        return NOBODY;
    }
    let mut text = Vec::new();
    for field in FIELDS {
        for value in fields.all(field.as_bytes()) {
            push_part(&mut text, field.as_bytes());
            push_part(&mut text, value);
        }
    }
    first_half(blake3::keyed_hash(secret, &text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_differ_by_credential_and_secret_and_not_by_case_of_names() {
        let fields = |lines: &[(&str, &str)]| {
            let mut fields = Fields::new();
            for (name, value) in lines {
                fields.add(name.as_bytes(), value.as_bytes()).unwrap();
            }
            fields
        };
        let of = |lines: &[(&str, &str)], secret: u8| mark(&fields(lines), &[secret; 32]);
        assert_eq!(of(&[("Accept", "x")], 1), [0; 16]);
        let alice = of(&[("Authorization", "Basic YTph")], 1);
        assert_ne!(alice, [0; 16]);
        assert_eq!(alice, of(&[("authorization", "Basic YTph")], 1));
        assert_ne!(alice, of(&[("Authorization", "Basic YTpi")], 1));
        assert_ne!(alice, of(&[("X-API-Key", "Basic YTph")], 1));
        assert_ne!(alice, of(&[("Authorization", "Basic YTph")], 2));
    }
}
