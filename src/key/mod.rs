//! What makes two requests the same. Pure: no clock, no input or output.
//!
//! The primary key is an injective encoding of what is compared; its hashes are the row it is stored under.

pub mod again;
pub mod body;
pub mod credentials;
mod fields;
pub mod language;
pub mod marked;
pub mod matching;
pub mod names;
pub mod path;
pub mod placeholder;
pub mod printed;
pub mod redact;
pub mod selecting;
pub mod url;

use std::fmt;

use once_cell::sync::OnceCell;

use self::body::Content;
use self::credentials::Mark;
use self::matching::Matching;
use self::url::Canonical;
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
    /// The row of its URL: [`PrimaryKey::row`] begins with it, unless the user made the key.
    pub uri: [u8; URL_SIZE],
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

impl MethodClass {
    const ALL: [MethodClass; 5] = [
        MethodClass::Get,
        MethodClass::Head,
        MethodClass::Other,
        MethodClass::Part,
        MethodClass::Verbatim,
    ];
}

/// The fields by which a request tunnels a method through another one. Each origin knows some of them.
const OVERRIDES: [&[u8]; 3] = [
    b"X-HTTP-Method-Override",
    b"X-HTTP-Method",
    b"X-Method-Override",
];

/// The method that a request tunnels through another one. What is no method, or more than one, is a method nobody
/// lists.
pub fn method_override(fields: &Fields) -> Option<&str> {
    let is_override = |name: &[u8]| {
        OVERRIDES
            .iter()
            .any(|other| other.eq_ignore_ascii_case(name))
    };
    let mut values = fields
        .iter()
        .filter_map(|(name, value)| is_override(name).then_some(value));
    let value = values.next()?;
    let is_one = values.all(|other| other == value);
    let text = std::str::from_utf8(value).ok().filter(|_| is_one);
    Some(text.unwrap_or("?"))
}

const VERSION: u8 = 1;

/// What is added to class and target, each behind its number. The numbers are never used again.
#[derive(Clone, Copy)]
#[repr(u8)]
enum Part {
    Partition = 1,
    Verification = 2,
    Content = 3,
    Fields = 4,
    Method = 5,
    Range = 6,
}

/// A request as the cache sees it.
pub struct Identity {
    /// The primary key of what is stored for it.
    pub key: PrimaryKey,
    /// By whom it is: the keyed hash of its credentials, as far as they count.
    pub mark: Mark,
    /// It carries credentials.
    pub has_credentials: bool,
}

/// What a request is stored under in a class, and whose it is.
pub fn identify(
    request: &Request,
    class: MethodClass,
    matching: &Matching<'_>,
    secret: &[u8; 32],
) -> Identity {
    identify_as(request.url.as_str(), request, class, matching, secret)
}

/// The same, as if the request were for another URL, which is normalised or canonical.
pub fn identify_as(
    url: &str,
    request: &Request,
    class: MethodClass,
    matching: &Matching<'_>,
    secret: &[u8; 32],
) -> Identity {
    let url = url::canonical(url, matching, secret);
    let content = content_of(request, matching, secret);
    let in_content = content
        .as_ref()
        .map_or(&[][..], |content| &content.credentials);
    let (mark, has_credentials) =
        credentials::of(request, &url.credentials, in_content, matching, secret);
    let parts = parts(request, content.as_ref(), class, matching, secret);
    let key = PrimaryKey::new(&url, class, &parts, matching);
    Identity {
        key,
        mark,
        has_credentials,
    }
}

/// The content of a request as it is compared; `None` where there is none.
pub fn content_of(
    request: &Request,
    matching: &Matching<'_>,
    secret: &[u8; 32],
) -> Option<Content> {
    let presence_counts = matching.presence_counts;
    let is_there = !request.body.is_empty();
    is_there.then(|| {
        body::read(
            &request.body,
            &request.fields,
            matching.names,
            presence_counts,
            secret,
        )
    })
}

/// The part of a row that all that is stored of a URL begins with.
pub fn uri_row(url: &str, matching: &Matching<'_>, secret: &[u8; 32]) -> [u8; URL_SIZE] {
    let url = url::canonical(url, matching, secret);
    row_of_text(&url, matching)
}

fn row_of_text(url: &Canonical<'_>, matching: &Matching<'_>) -> [u8; URL_SIZE] {
    if matching.collides {
        return [0; URL_SIZE];
    }
    let text = url.sorted.as_deref().unwrap_or(&url.text);
    short_hash(text.as_bytes())
}

impl PrimaryKey {
    fn new(
        url: &Canonical<'_>,
        class: MethodClass,
        parts: &[(Part, Vec<u8>)],
        matching: &Matching<'_>,
    ) -> Self {
        let (kind, target) = match matching.own_key {
            Some(own) => (1, own),
            None => (0, url.text.as_bytes()),
        };
        let mut text = Vec::with_capacity(target.len() + 16);
        text.extend_from_slice(&[VERSION, kind]);
        push_part(&mut text, target);
        let rest_at = text.len();
        text.push(class as u8);
        for (part, value) in parts {
            text.push(*part as u8);
            push_part(&mut text, value);
        }
        let uri = row_of_text(url, matching);
        let rest = text.get(rest_at..).unwrap_or_default();
        let row = if matching.collides {
            [0; ROW_SIZE]
        } else if kind == 1 {
            // A URL never begins with a NUL.
            join(short_hash(&[b"\0", target].concat()), short_hash(rest))
        } else {
            join(uri, rest_hash(class, rest, url))
        };
        PrimaryKey { row, uri, text }
    }

    /// Whether what is stored under it is found by the URL alone.
    pub fn is_of_uri(&self) -> bool {
        self.row.starts_with(&self.uri)
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

/// The row of an alias: that of the primary key of the redirect it stands for, by whom that was fetched, and which of
/// its variants it is.
pub type AliasRow = [u8; ROW_SIZE + 2 * VARIANT_SIZE];

/// The row of the alias of a stored redirect.
pub fn alias_row(key: &Key, mark: &Mark) -> AliasRow {
    let mut joined = [0; ROW_SIZE + 2 * VARIANT_SIZE];
    let (primary, rest) = joined.split_at_mut(ROW_SIZE);
    let (whose, variant) = rest.split_at_mut(VARIANT_SIZE);
    primary.copy_from_slice(&key.row);
    whose.copy_from_slice(mark);
    variant.copy_from_slice(&key.variant);
    joined
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", Hex(&self.row), Hex(&self.variant))
    }
}

impl fmt::Display for PrimaryKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Hex(&self.row).fmt(f)
    }
}

/// Bytes as they are shown.
pub struct Hex<'a>(pub &'a [u8]);

impl fmt::Display for Hex<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// A part behind its length: no two lists of parts have the same encoding.
pub(crate) fn push_part(text: &mut Vec<u8>, part: &[u8]) {
    text.extend_from_slice(&(part.len() as u64).to_le_bytes());
    text.extend_from_slice(part);
}

/// What else tells requests apart, and is no part of most keys.
fn parts(
    request: &Request,
    content: Option<&Content>,
    class: MethodClass,
    matching: &Matching<'_>,
    secret: &[u8; 32],
) -> Vec<(Part, Vec<u8>)> {
    let mut parts = Vec::new();
    if let Some(partition) = matching.partition {
        let hash = first_half(blake3::keyed_hash(secret, partition));
        parts.push((Part::Partition, hash.to_vec()));
    }
    let is_own = matching.own_key.is_some();
    if !is_own {
        let verification = matching.verification.map(<[u8]>::to_vec);
        parts.extend(verification.map(|value| (Part::Verification, value)));
        parts.extend(content.map(|content| (Part::Content, encoded(content))));
        let fields = fields::matched(&request.fields, matching, secret);
        parts.extend(fields.map(|value| (Part::Fields, value)));
    }
    match class {
        MethodClass::Other if !is_own => parts.push((Part::Method, method(request))),
        MethodClass::Verbatim => {
            let range = request.fields.first(b"Range").unwrap_or_default();
            parts.push((Part::Range, range.to_vec()));
        }
        _ => {}
    }
    parts
}

/// What stands in a key for a method and the one that it overrides.
fn method(request: &Request) -> Vec<u8> {
    let mut method = Vec::new();
    push_part(&mut method, request.method.as_str().as_bytes());
    // An origin that does not know the one may obey the other.
    for name in OVERRIDES {
        push_part(&mut method, request.fields.first(name).unwrap_or_default());
    }
    method
}

/// What stands in a key for the content of a request.
pub fn encoded(content: &Content) -> Vec<u8> {
    let mut text = vec![content.kind as u8];
    push_part(&mut text, &content.media_type);
    push_part(&mut text, &content.coding);
    push_part(&mut text, &content.digest);
    text
}

/// The hash of what comes after the target. Nearly all requests have nothing there but their class.
fn rest_hash(class: MethodClass, rest: &[u8], url: &Canonical<'_>) -> [u8; 16] {
    static HASHES: OnceCell<[[u8; 16]; 2]> = OnceCell::new();
    if url.sorted.is_some() {
        // Another order of the parameters is another key beside this one.
        return short_hash(&[rest, url.text.as_bytes()].concat());
    }
    let of_class = |class: MethodClass| short_hash(&[class as u8]);
    let hashes = HASHES.get_or_init(|| [MethodClass::Get, MethodClass::Head].map(of_class));
    match (class, rest, hashes) {
        (MethodClass::Get, [_], [get, _]) => *get,
        (MethodClass::Head, [_], [_, head]) => *head,
        _ => short_hash(rest),
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
    use super::names::Names;
    use super::*;

    const SECRET: [u8; 32] = [7; 32];

    fn key_of(request: &Request, class: MethodClass, sorts_query: bool) -> PrimaryKey {
        let names = Names::default();
        let matching = Matching {
            sorts_query,
            ..Matching::plain(&names)
        };
        identify(request, class, &matching, &SECRET).key
    }

    fn key(url: &str, body: &[u8], sort: bool) -> PrimaryKey {
        let mut request = Request::new(b"GET", url.as_bytes()).unwrap();
        request.body = body.to_vec();
        key_of(&request, MethodClass::Get, sort)
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
        let head = key_of(&head, MethodClass::Head, true);
        assert_ne!(base.row, head.row);
        assert_eq!(base.uri, head.uri);
        assert!(base.is_of_uri() && head.is_of_uri());
        // In whatever order the parameters are compared, they are of one URL.
        assert_eq!(base.uri, key("http://h/a?b=1&a=2", b"", false).uri);
    }

    #[test]
    fn by_which_field_a_method_is_tunnelled_counts() {
        let of = |lines: &[(&str, &str)]| {
            let mut request = Request::new(b"POST", b"http://h/").unwrap();
            for (name, value) in lines {
                request
                    .fields
                    .add(name.as_bytes(), value.as_bytes())
                    .unwrap();
            }
            let by = method_override(&request.fields).map(str::to_owned);
            (by, key_of(&request, MethodClass::Other, true))
        };
        let (by, one) = of(&[("X-HTTP-Method", "GET")]);
        assert_eq!(by.as_deref(), Some("GET"));
        let (by, other) = of(&[("X-HTTP-Method-Override", "GET")]);
        assert_eq!(by.as_deref(), Some("GET"));
        assert_ne!(one.row, other.row);
        let (by, both) = of(&[
            ("x-http-method", "GET"),
            ("X-HTTP-Method-Override", "DELETE"),
        ]);
        assert_eq!(by.as_deref(), Some("?"));
        assert!(both.row != one.row && both.row != other.row);
        let (by, _) = of(&[("x-http-method", "GET"), ("X-HTTP-Method", "DELETE")]);
        assert_eq!(by.as_deref(), Some("?"));
        assert_eq!(of(&[]).0, None);
    }

    #[test]
    fn a_key_of_the_users_own_stands_for_all_but_partition_and_credentials() {
        let names = Names::default();
        let own = |url: &str, own: &'static [u8], partition: Option<&'static [u8]>| {
            let request = Request::new(b"GET", url.as_bytes()).unwrap();
            let matching = Matching {
                own_key: Some(own),
                partition,
                ..Matching::plain(&names)
            };
            identify(&request, MethodClass::Get, &matching, &SECRET).key
        };
        let base = own("http://h/a", b"k", None);
        assert_eq!(base.row, own("http://h/b", b"k", None).row);
        assert_ne!(base.uri, own("http://h/b", b"k", None).uri);
        assert!(!base.is_of_uri());
        for other in [
            own("http://h/a", b"l", None),
            own("http://h/a", b"k", Some(b"p")),
            own("http://h/a", b"http://h/a", None),
        ] {
            assert_ne!(base.row, other.row);
        }
        assert_ne!(
            own("http://h/a", b"http://h/a", None).row,
            key("http://h/a", b"", true).row
        );
    }

    #[test]
    fn rows_are_stable() {
        // A promise: what one release stored, the next one finds.
        let key = key("http://example.org/", b"", true);
        let hex: String = key.row.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(hex, ROW_OF_EXAMPLE);
    }

    const ROW_OF_EXAMPLE: &str = "7d2ad6de1d8d6fb86df98dc57757114e48fc721fbbc172e0925fa27af1671de2";
}
