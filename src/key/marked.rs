//! Rows of the marks: beside those of URLs, which have 16 bytes, and told from them by their length.

use super::{ROW_SIZE, URL_SIZE, push_part, short_hash};
use crate::http::Url;

/// A row of a mark.
pub type Row = [u8; URL_SIZE + 1];

/// The row of all URLs that differ from this one in their query alone.
pub fn row_of_path(url: &Url) -> Row {
    row(b'q', &[url.without_query()])
}

/// The row of a group of responses, which is one of its origin (RFC 9875 §2.1).
pub fn row_of_group(url: &Url, group: &str) -> Row {
    row(b'g', &[url.origin(), group])
}

/// What the rows begin with that say under which keys of the user's own a URL is stored: the key's row follows.
pub fn own_keys(uri: &[u8; URL_SIZE]) -> Row {
    let mut row = [b'k'; URL_SIZE + 1];
    if let Some(place) = row.last_chunk_mut::<URL_SIZE>() {
        *place = *uri;
    }
    row
}

/// What a row says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// That a URL is stored under a key of the user's own.
    OwnKey,
    /// Which URLs of a path there are.
    Path,
    /// How often a URL was invalidated, or since when a group is invalid.
    Number,
}

/// What a row says; `None`: it is none of these.
pub fn kind_of(row: &[u8]) -> Option<Kind> {
    match (row.len(), row.last()) {
        (URL_SIZE, _) => Some(Kind::Number),
        (GROUP_SIZE, Some(b'g')) => Some(Kind::Number),
        (GROUP_SIZE, Some(b'q')) => Some(Kind::Path),
        _ => own_key_of(row).map(|_| Kind::OwnKey),
    }
}

const GROUP_SIZE: usize = URL_SIZE + 1;

/// Whether a row says where something is stored, and not that it is invalid: without what it leads to it says nothing.
pub fn leads_on(row: &[u8]) -> bool {
    matches!(kind_of(row), Some(Kind::OwnKey | Kind::Path))
}

/// The key's row in one of those of [`own_keys`].
pub fn own_key_of(row: &[u8]) -> Option<&[u8; ROW_SIZE]> {
    let behind = row.strip_prefix(b"k")?.get(URL_SIZE..)?;
    behind.try_into().ok()
}

fn row(kind: u8, parts: &[&str]) -> Row {
    let mut text = Vec::new();
    for part in parts {
        push_part(&mut text, part.as_bytes());
    }
    let mut row = [kind; URL_SIZE + 1];
    if let Some(place) = row.first_chunk_mut::<URL_SIZE>() {
        *place = short_hash(&text);
    }
    row
}
