//! What stands for a value that is kept from the disk: a NUL, which no text that is read here holds, and of a secret
//! its keyed hash behind it, so that equal ones can be told from others.

use std::fmt;

use super::first_half;

/// What people are shown in the place of such a value.
pub const SHOWN: &str = "REDACTED";

/// The first byte, and the only one where the value counts for nothing.
pub const MARK: u8 = 0;
/// Hexadecimal digits of a hash.
const DIGITS: usize = 32;

/// A placeholder in a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Placeholder {
    /// Of a value that was ignored.
    Ignored,
    /// Of a secret.
    Secret([u8; 16]),
}

/// The keyed hash of a value.
pub fn hash(secret: &[u8; 32], value: &[u8]) -> [u8; 16] {
    first_half(blake3::keyed_hash(secret, value))
}

impl Placeholder {
    /// Of this value.
    pub fn of_secret(secret: &[u8; 32], value: &[u8]) -> Self {
        Placeholder::Secret(hash(secret, value))
    }

    /// Of this value, unless it is one that stands for another already.
    pub fn of(value: &[u8], secret: &[u8; 32]) -> Self {
        Self::read_whole(value).unwrap_or_else(|| Self::of_secret(secret, value))
    }

    /// Reads one at the beginning of a text; with what stands behind it.
    pub fn read(text: &[u8]) -> Option<(Self, &[u8])> {
        let rest = text.strip_prefix(&[MARK])?;
        let Some((digits, behind)) = rest.split_at_checked(DIGITS) else {
            return Some((Placeholder::Ignored, rest));
        };
        match read_hash(digits) {
            Some(hash) => Some((Placeholder::Secret(hash), behind)),
            None => Some((Placeholder::Ignored, rest)),
        }
    }

    /// Reads a text that is one and nothing else.
    pub fn read_whole(text: &[u8]) -> Option<Self> {
        let (placeholder, rest) = Self::read(text)?;
        rest.is_empty().then_some(placeholder)
    }

    /// Writes it.
    pub fn push(self, text: &mut Vec<u8>) {
        text.push(MARK);
        if let Placeholder::Secret(hash) = self {
            push_hex(text, &hash);
        }
    }
}

impl fmt::Display for Placeholder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = Vec::new();
        self.push(&mut text);
        f.write_str(&String::from_utf8_lossy(&text))
    }
}

/// Whether a text holds the hash of a secret.
pub fn knows_secrets(text: &[u8]) -> bool {
    let mut rest = text;
    while let Some(at) = rest.iter().position(|byte| *byte == MARK) {
        rest = rest.get(at..).unwrap_or_default();
        match Placeholder::read(rest) {
            Some((Placeholder::Ignored, behind)) => rest = behind,
            _ => return true,
        }
    }
    false
}

/// The same text without the hashes of secrets, which mean nothing to who does not have their key.
pub fn forgotten(text: &[u8]) -> Vec<u8> {
    let mut forgotten = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((&byte, behind)) = rest.split_first() {
        forgotten.push(byte);
        rest = Placeholder::read(rest).map_or(behind, |(_, behind)| behind);
    }
    forgotten
}

/// Bytes as hexadecimal digits.
pub fn push_hex(text: &mut Vec<u8>, bytes: &[u8]) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    for half in bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]) {
        text.extend(DIGITS.get(usize::from(half)));
    }
}

fn read_hash(digits: &[u8]) -> Option<[u8; 16]> {
    let mut hash = [0; 16];
    for (byte, pair) in hash.iter_mut().zip(digits.chunks_exact(2)) {
        for digit in pair {
            let value = match digit {
                b'0'..=b'9' => digit - b'0',
                b'a'..=b'f' => digit - b'a' + 10,
                _ => return None,
            };
            *byte = *byte << 4 | value;
        }
    }
    Some(hash)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_known_of_secrets_is_forgotten_and_nothing_else() {
        let secret = Placeholder::of_secret(&[1; 32], b"x").to_string();
        let ignored = Placeholder::Ignored.to_string();
        for (text, expected) in [
            ("http://h/?a=1".to_owned(), "http://h/?a=1"),
            (format!("a={secret}&b={ignored}&c=1"), "a=\0&b=\0&c=1"),
            (format!("{secret}{secret}"), "\0\0"),
            (ignored.clone(), "\0"),
            (String::new(), ""),
        ] {
            let knows = text.contains(&secret);
            assert_eq!(knows_secrets(text.as_bytes()), knows, "{text:?}");
            let forgotten = forgotten(text.as_bytes());
            assert_eq!(String::from_utf8(forgotten.clone()).unwrap(), expected);
            assert!(!knows_secrets(&forgotten));
        }
    }

    #[test]
    fn what_is_written_is_read() {
        for placeholder in [
            Placeholder::Ignored,
            Placeholder::of_secret(&[7; 32], b"hunter2"),
        ] {
            let mut text = Vec::new();
            placeholder.push(&mut text);
            assert_eq!(Placeholder::read_whole(&text), Some(placeholder));
            text.extend_from_slice(b",\"next\":1");
            assert_eq!(
                Placeholder::read(&text),
                Some((placeholder, &b",\"next\":1"[..]))
            );
            assert_eq!(Placeholder::read_whole(&text), None);
        }
        let secret = Placeholder::of(b"hunter2", &[7; 32]);
        assert_eq!(secret, Placeholder::of_secret(&[7; 32], b"hunter2"));
        let text = secret.to_string();
        assert!(!text.contains("hunter2"));
        assert_eq!(Placeholder::of(text.as_bytes(), &[8; 32]), secret);
        assert_eq!(Placeholder::read(b"a"), None);
        assert_eq!(Placeholder::read(b""), None);
    }
}
