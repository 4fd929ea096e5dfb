//! What makes two requests the same. Pure: no clock, no input or output.
//!
//! The primary key is an injective encoding of what is compared; its hashes are the row it is stored under.

pub mod credentials;
pub mod language;
pub mod marked;
pub mod names;
pub mod path;
pub mod query;
pub mod redact;
pub mod selecting;

use std::fmt;

use once_cell::sync::OnceCell;

use crate::http::{Fields, Request};

/// Bytes of a row of a primary key: hash of the URL, then hash of the rest.
pub const ROW_SIZE: usize = 32;
/// Bytes of the hash of a URL, the part all rows of a URL begin with.
pub const URL_SIZE: usize = 16;
/// Bytes of a variant's id.
pub const VARIANT_SIZE: usize = 16;

/// The hash of all that selects a variant.
pub type VariantId = [u8; VARIANT_SIZE];

/// The key that all variants of a response share (RFC 9111 §2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PrimaryKey {
    /// Where it is stored.
    pub row: [u8; ROW_SIZE],
    /// The encoding itself, compared on every hit.
    pub text: Vec<u8>,
}

/// The key of one stored response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Key {
    /// The row of its primary key.
    pub row: [u8; ROW_SIZE],
    /// Which of the variants it is.
    pub variant: VariantId,
}

/// Which methods share a stored response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum MethodClass {
    /// GET, and with `cache_control` also HEAD.
    Get = 1,
    /// HEAD, matched apart.
    Head = 2,
    /// Any other method, or one that is overridden: matched with its name and its content.
    Other = 3,
    /// Parts of the representation that a GET asks for, put together (RFC 9111 §3.4).
    Part = 4,
    /// A part as it came, for the same Range again.
    Verbatim = 5,
}

/// The method that a request tunnels through another one.
pub fn method_override(fields: &Fields) -> Option<&str> {
    const NAMES: [&[u8]; 3] = [
        b"X-HTTP-Method-Override",
        b"X-HTTP-Method",
        b"X-Method-Override",
    ];
    let value = NAMES.iter().find_map(|name| fields.first(name))?;
    // What is no method is a method nobody lists.
    Some(std::str::from_utf8(value).unwrap_or("?"))
}

const VERSION: u8 = 1;

impl PrimaryKey {
    /// The key of a request. `sort_query` makes the order of differently named parameters count for nothing.
    pub fn new(request: &Request, class: MethodClass, sort_query: bool) -> Self {
        let url = query::sorted(&request.url, sort_query);
        let mut text = Vec::with_capacity(url.len() + 48);
        text.push(VERSION);
        push_part(&mut text, url.as_bytes());
        let url_end = text.len();
        push_rest(&mut text, class, &request.body);
        push_class(&mut text, class, request);
        let (url_part, rest) = text.split_at_checked(url_end).unwrap_or((&text, b""));
        let rest_hash = match class {
            MethodClass::Get | MethodClass::Head if request.body.is_empty() => {
                hash_without_body(class)
            }
            _ => short_hash(rest),
        };
        let row = join(short_hash(url_part), rest_hash);
        PrimaryKey { row, text }
    }

    /// The part of the row that every stored response of this URL begins with.
    pub fn url_row(&self) -> [u8; URL_SIZE] {
        let mut row = [0; URL_SIZE];
        row.copy_from_slice(self.row.get(..URL_SIZE).unwrap_or(&[0; URL_SIZE]));
        row
    }
}

impl Key {
    /// The row a variant is stored under once there are several.
    pub fn variant_row(&self) -> [u8; ROW_SIZE + VARIANT_SIZE] {
        variant_row(&self.row, &self.variant)
    }
}

/// The row of one of several variants: that of its primary key, then its id.
pub fn variant_row(row: &[u8; ROW_SIZE], variant: &VariantId) -> [u8; ROW_SIZE + VARIANT_SIZE] {
    let mut joined = [0; ROW_SIZE + VARIANT_SIZE];
    let (primary, id) = joined.split_at_mut(ROW_SIZE);
    primary.copy_from_slice(row);
    id.copy_from_slice(variant);
    joined
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for byte in self.row {
            write!(f, "{byte:02x}")?;
        }
        f.write_str("-")?;
        for byte in self.variant {
            write!(f, "{byte:02x}")?;
        }
        Ok(())
    }
}

/// A part behind its length: no two lists of parts have the same encoding.
pub(crate) fn push_part(text: &mut Vec<u8>, part: &[u8]) {
    text.extend_from_slice(&(part.len() as u64).to_le_bytes());
    text.extend_from_slice(part);
}

fn push_rest(text: &mut Vec<u8>, class: MethodClass, body: &[u8]) {
    text.push(class as u8);
    if body.is_empty() {
        push_part(text, b"");
    } else {
        push_part(text, blake3::hash(body).as_bytes());
    }
}

/// What the class itself does not say of the request.
fn push_class(text: &mut Vec<u8>, class: MethodClass, request: &Request) {
    match class {
        MethodClass::Get | MethodClass::Head | MethodClass::Part => {}
        MethodClass::Other => {
            push_part(text, request.method.as_str().as_bytes());
            let other = method_override(&request.fields).unwrap_or_default();
            push_part(text, other.as_bytes());
        }
        MethodClass::Verbatim => {
            push_part(text, request.fields.first(b"Range").unwrap_or_default());
        }
    }
}

/// Nearly all requests have no body, and then the second hash is one of two.
fn hash_without_body(class: MethodClass) -> [u8; 16] {
    static HASHES: OnceCell<[[u8; 16]; 2]> = OnceCell::new();
    let [get, head] = HASHES.get_or_init(|| {
        [MethodClass::Get, MethodClass::Head].map(|class| {
            let mut text = Vec::new();
            push_rest(&mut text, class, b"");
            short_hash(&text)
        })
    });
    if class == MethodClass::Head {
        *head
    } else {
        *get
    }
}

fn short_hash(part: &[u8]) -> [u8; 16] {
    first_half(blake3::hash(part))
}

pub(crate) fn first_half(hash: blake3::Hash) -> [u8; 16] {
    let mut half = [0; 16];
    half.copy_from_slice(hash.as_bytes().get(..16).unwrap_or(&[0; 16]));
    half
}

fn join(url: [u8; 16], rest: [u8; 16]) -> [u8; ROW_SIZE] {
    let mut row = [0; ROW_SIZE];
    let (first, second) = row.split_at_mut(URL_SIZE);
    first.copy_from_slice(&url);
    second.copy_from_slice(&rest);
    row
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(url: &str, body: &[u8], sort: bool) -> PrimaryKey {
        let mut request = Request::new(b"GET", url.as_bytes()).unwrap();
        request.body = body.to_vec();
        PrimaryKey::new(&request, MethodClass::Get, sort)
    }

    #[test]
    fn equal_requests_share_a_key_and_others_do_not() {
        let base = key("http://h/a?b=1&a=2", b"", true);
        assert_eq!(base, key("HTTP://H:80/./a?a=2&b=1#f", b"", true));
        for other in [
            key("http://h/a?b=1&a=2", b"", false),
            key("http://h/a?b=1&a=2", b"x", true),
            key("https://h/a?b=1&a=2", b"", true),
            key("http://h/a?a=2&b=1&", b"", true),
        ] {
            assert_ne!(base.row, other.row);
        }
        let head = Request::new(b"HEAD", b"http://h/a?b=1&a=2").unwrap();
        let head = PrimaryKey::new(&head, MethodClass::Head, true);
        assert_ne!(base.row, head.row);
        assert_eq!(base.url_row(), head.url_row());
    }

    #[test]
    fn rows_are_stable() {
        // A promise: what one release stored, the next one finds.
        let key = key("http://example.org/", b"", true);
        let hex: String = key.row.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(hex, ROW_OF_EXAMPLE);
    }

    const ROW_OF_EXAMPLE: &str = "e34de04120086ac7d8d241c93be0a4309b779f74b305adc3ec513485085d52e9";
}
