//! What stands in the place of a value that may not be seen: a NUL, which no URL, field or text of JSON holds, and
//! for a secret the keyed hash of the value, by which it is still compared.

use std::fmt::Write;

use super::first_half;

/// What stands for a value that counts for nothing.
pub const IGNORED: &str = "\0";
/// What people are shown in its place.
pub const SHOWN: &str = "REDACTED";
/// Bytes of what stands for a secret.
pub const SECRET_SIZE: usize = 33;

/// What stands for a secret value. One that stands for a secret already stays as it is.
pub fn secret(value: &[u8], secret: &[u8; 32]) -> String {
    if let Some(text) = std::str::from_utf8(value)
        .ok()
        .filter(|text| is_hidden(text))
    {
        return text.to_owned();
    }
    let mut hidden = String::with_capacity(SECRET_SIZE);
    hidden.push('\0');
    for byte in first_half(blake3::keyed_hash(secret, value)) {
        // Writing to a string does not fail.
        let _ = write!(hidden, "{byte:02x}");
    }
    hidden
}

/// The keyed hash in what stands for a secret.
pub fn hash_of(value: &[u8]) -> Option<[u8; 16]> {
    let digits = value.strip_prefix(b"\0")?;
    let mut hash = [0; 16];
    if digits.len() != SECRET_SIZE - 1 || !digits.iter().all(u8::is_ascii_hexdigit) {
        return None;
    }
    for (byte, pair) in hash.iter_mut().zip(digits.chunks_exact(2)) {
        let pair = std::str::from_utf8(pair).ok()?;
        *byte = u8::from_str_radix(pair, 16).ok()?;
    }
    Some(hash)
}

/// Whether a value is one that stands for another.
pub fn is_hidden(value: &str) -> bool {
    value.starts_with('\0')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_told_from_others_and_not_seen() {
        let one = secret(b"canary", &[1; 32]);
        assert_eq!(one.len(), SECRET_SIZE);
        assert!(is_hidden(&one) && !one.contains("canary"));
        assert_ne!(one, secret(b"other", &[1; 32]));
        assert_ne!(one, secret(b"canary", &[2; 32]));
        assert_eq!(one, secret(one.as_bytes(), &[2; 32]));
        let hash = first_half(blake3::keyed_hash(&[1; 32], b"canary"));
        assert_eq!(hash_of(one.as_bytes()), Some(hash));
        assert_eq!(hash_of(b"canary"), None);
        assert_eq!(hash_of(IGNORED.as_bytes()), None);
    }
}
