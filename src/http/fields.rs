//! Header fields: ordered, repeats kept, names compared without case, values as bytes (RFC 9110 §5).

use std::borrow::Cow;

use crate::error::{Error, Kind, Result};

/// A list of header fields in one block of memory: each name and each value is followed by a NUL, so
/// that a C caller can read them where they lie.
#[derive(Clone, Debug, Default)]
pub struct Fields {
    text: Vec<u8>,
    spans: Vec<Span>,
}

/// Where one field lies in [`Fields::text`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// Offset of the name.
    pub name: u32,
    /// Length of the name, without its NUL.
    pub name_len: u32,
    /// Offset of the value.
    pub value: u32,
    /// Length of the value, without its NUL.
    pub value_len: u32,
}

impl Fields {
    /// An empty list.
    pub fn new() -> Self {
        Self::default()
    }

    /// An empty list with room for `count` fields of `bytes` bytes in all.
    pub fn with_capacity(count: usize, bytes: usize) -> Self {
        Fields {
            text: Vec::with_capacity(bytes),
            spans: Vec::with_capacity(count),
        }
    }

    /// Adds a field at the end. White space around the value is no part of it (RFC 9110 §5.5) and is
    /// dropped; a name that is no token, or a CR, LF or NUL in the value, is an error.
    pub fn add(&mut self, name: &[u8], value: &[u8]) -> Result<()> {
        if !is_token(name) {
            return Err(Error::new(
                Kind::Field,
                format!("field name {} is not a token (RFC 9110 §5.1)", quoted(name)),
            ));
        }
        if value.iter().any(|b| matches!(b, b'\r' | b'\n' | 0)) {
            return Err(Error::new(
                Kind::Field,
                format!(
                    "the value of field {} holds CR, LF or NUL (RFC 9110 §5.5)",
                    quoted(name)
                ),
            ));
        }
        self.push(name, trim(value))
    }

    /// Adds all fields of another list at the end.
    pub fn append_all(&mut self, others: &Fields) -> Result<()> {
        for (name, value) in others.iter() {
            self.push(name, value)?;
        }
        Ok(())
    }

    /// Adds a field that is known to be well-formed, as the stored ones are.
    pub(crate) fn push(&mut self, name: &[u8], value: &[u8]) -> Result<()> {
        let too_large = || {
            let message = format!("field {} is too large to hold", quoted(name));
            Error::new(Kind::TooLarge, message)
        };
        if self.spans.capacity() == 0 {
            // Most lists have some fields: this spares them the first steps of growing.
            self.spans = Vec::with_capacity(8);
            self.text.reserve(256);
        }
        let needed = name.len().saturating_add(value.len()).saturating_add(2);
        self.text.try_reserve(needed).map_err(|_| too_large())?;
        self.append(name, value).ok_or_else(too_large)
    }

    /// The same; `None` when the list becomes too large.
    #[inline]
    fn append(&mut self, name: &[u8], value: &[u8]) -> Option<()> {
        let name_at = self.text.len();
        let value_at = name_at + name.len() + 1;
        // The largest of the four numbers: if it fits, all do.
        u32::try_from(value_at + value.len() + 1).ok()?;
        self.text.extend_from_slice(name);
        self.text.push(0);
        self.text.extend_from_slice(value);
        self.text.push(0);
        self.spans.push(Span {
            name: name_at as u32,
            name_len: name.len() as u32,
            value: value_at as u32,
            value_len: value.len() as u32,
        });
        Some(())
    }

    /// Removes every field of this name; says whether there was one.
    pub fn remove(&mut self, name: &[u8]) -> bool {
        self.retain(|field, _| !field.eq_ignore_ascii_case(name))
    }

    /// Keeps the fields for which `keep` says so; says whether one was removed.
    pub fn retain(&mut self, mut keep: impl FnMut(&[u8], &[u8]) -> bool) -> bool {
        let Fields { text, spans } = self;
        let before = spans.len();
        spans.retain(|span| keep(span.name(text), span.value(text)));
        spans.len() != before
    }

    /// The fields in order.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (&[u8], &[u8])> + Clone {
        self.spans
            .iter()
            .map(|span| (span.name(&self.text), span.value(&self.text)))
    }

    /// The values of all fields of this name, in order.
    pub fn all<'a>(&'a self, name: &'a [u8]) -> impl DoubleEndedIterator<Item = &'a [u8]> + Clone {
        self.iter()
            .filter(move |(n, _)| n.eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
    }

    /// The value of the first field of this name.
    pub fn first<'a>(&'a self, name: &'a [u8]) -> Option<&'a [u8]> {
        self.all(name).next()
    }

    /// Whether there is a field of this name.
    pub fn contains(&self, name: &[u8]) -> bool {
        self.iter().any(|(n, _)| n.eq_ignore_ascii_case(name))
    }

    /// The values of all fields of this name joined with `", "` (RFC 9110 §5.3); `None` when there is none.
    pub fn joined<'a>(&'a self, name: &'a [u8]) -> Option<Cow<'a, [u8]>> {
        self.joined_up_to(name, usize::MAX)
    }

    /// The same, but `None` also when it has more than `most` bytes.
    pub fn joined_up_to<'a>(&'a self, name: &'a [u8], most: usize) -> Option<Cow<'a, [u8]>> {
        let mut values = self.all(name);
        let mut joined = Cow::Borrowed(values.next().filter(|first| first.len() <= most)?);
        for value in values {
            let joined = joined.to_mut();
            joined.extend_from_slice(b", ");
            joined.extend_from_slice(value);
            if joined.len() > most {
                return None;
            }
        }
        Some(joined)
    }

    /// How many fields there are.
    pub fn len(&self) -> usize {
        self.spans.len()
    }

    /// Whether there is no field.
    pub fn is_empty(&self) -> bool {
        self.spans.is_empty()
    }

    /// Forgets every field and keeps the memory.
    pub fn clear(&mut self) {
        self.text.clear();
        self.spans.clear();
    }

    /// The block in which all names and values lie, each followed by a NUL.
    pub fn text(&self) -> &[u8] {
        &self.text
    }

    /// Where each field lies in [`Fields::text`].
    pub fn spans(&self) -> &[Span] {
        &self.spans
    }
}

/// A list being made of which it is known about how much room it takes. Each hit makes one, so a field is two copies and
/// no more.
pub(crate) struct Filling {
    /// It may be longer than what is written.
    text: Vec<u8>,
    written: usize,
    spans: Vec<Span>,
}

impl Filling {
    /// Room for `count` fields of about `bytes` bytes in all, their NULs included.
    pub(crate) fn new(count: usize, bytes: usize) -> Self {
        // Anything but zeros: these would come from the allocator, by a slower way.
        let mut text = Vec::with_capacity(bytes);
        text.resize(bytes.min(u32::MAX as usize), b' ');
        Filling {
            text,
            written: 0,
            spans: Vec::with_capacity(count),
        }
    }

    /// Adds a field that is known to be well-formed; `None` when the list becomes too large.
    #[inline]
    pub(crate) fn add(&mut self, name: &[u8], value: &[u8]) -> Option<()> {
        let name_at = self.written;
        let value_at = name_at + name.len() + 1;
        let end = value_at + value.len() + 1;
        if end > self.text.len() {
            self.grow(end)?;
        }
        let room = self.text.get_mut(name_at..end)?;
        let (for_name, room) = room.split_at_mut_checked(name.len())?;
        let (nul, room) = room.split_first_mut()?;
        let (last_nul, for_value) = room.split_last_mut()?;
        for_name.copy_from_slice(name);
        *nul = 0;
        for_value.copy_from_slice(value);
        *last_nul = 0;
        self.spans.push(Span {
            name: name_at as u32,
            name_len: name.len() as u32,
            value: value_at as u32,
            value_len: value.len() as u32,
        });
        self.written = end;
        Some(())
    }

    #[cold]
    fn grow(&mut self, end: usize) -> Option<()> {
        // The largest of all offsets: if it fits, all do.
        u32::try_from(end).ok()?;
        self.text.resize(end.saturating_mul(2), b' ');
        Some(())
    }

    pub(crate) fn finish(mut self) -> Fields {
        self.text.truncate(self.written);
        Fields {
            text: self.text,
            spans: self.spans,
        }
    }
}

impl PartialEq for Fields {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl Eq for Fields {}

impl Span {
    fn name<'a>(&self, text: &'a [u8]) -> &'a [u8] {
        slice(text, self.name, self.name_len)
    }

    fn value<'a>(&self, text: &'a [u8]) -> &'a [u8] {
        slice(text, self.value, self.value_len)
    }
}

fn slice(text: &[u8], at: u32, len: u32) -> &[u8] {
    text.get(at as usize..at as usize + len as usize)
        .unwrap_or_default()
}

/// Whether `bytes` is a token (RFC 9110 §5.6.2), as a method and a field name must be.
pub fn is_token(bytes: &[u8]) -> bool {
    !bytes.is_empty()
        && bytes
            .iter()
            .all(|b| TOKEN.get(usize::from(*b)).is_some_and(|is_token| *is_token))
}

#[allow(
    clippy::indexing_slicing,
    reason = "it is evaluated when the library is built"
)]
static TOKEN: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < 256 {
        table[byte] = (byte as u8).is_ascii_alphanumeric();
        byte += 1;
    }
    let others = b"!#$%&'*+-.^_`|~";
    let mut at = 0;
    while at < others.len() {
        table[others[at] as usize] = true;
        at += 1;
    }
    table
};

/// The bytes up to which a field is taken apart: real ones have a hundredth of it, and what is made of one may take
/// many times its length. What a longer one means is said where it is read.
pub const LONGEST_READ: usize = 64 * 1024;

/// `value` without the white space around it (RFC 9110 §5.6.3: SP and HTAB).
pub fn trim(value: &[u8]) -> &[u8] {
    let is_space = |b: &u8| matches!(b, b' ' | b'\t');
    let start = value
        .iter()
        .position(|b| !is_space(b))
        .unwrap_or(value.len());
    let end = value
        .iter()
        .rposition(|b| !is_space(b))
        .map_or(start, |last| last + 1);
    value.get(start..end).unwrap_or_default()
}

/// Bytes as a short, printable part of an error message.
pub(crate) fn quoted(bytes: &[u8]) -> String {
    const SHOWN: usize = 80;
    let shown = bytes.get(..SHOWN).unwrap_or(bytes);
    let ellipsis = if bytes.len() > SHOWN { "…" } else { "" };
    format!("\"{}{ellipsis}\"", shown.escape_ascii())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_repeats_and_bytes_are_kept() {
        let mut fields = Fields::new();
        fields.add(b"Via", b"1").unwrap();
        fields.add(b"ETag", b" \"\xfc\" ").unwrap();
        fields.add(b"via", b"").unwrap();
        let all: Vec<_> = fields.iter().collect();
        assert_eq!(
            all,
            [
                (&b"Via"[..], &b"1"[..]),
                (b"ETag", b"\"\xfc\""),
                (b"via", b"")
            ]
        );
        assert_eq!(fields.joined(b"VIA").unwrap(), &b"1, "[..]);
        assert_eq!(fields.joined_up_to(b"Via", 3), fields.joined(b"Via"));
        for most in 0..3 {
            assert_eq!(fields.joined_up_to(b"Via", most), None);
        }
        assert_eq!(
            fields.text(),
            b"Via\x001\x00ETag\x00\"\xfc\"\x00via\x00\x00"
        );
    }

    #[test]
    fn names_and_values_that_would_break_a_message_are_refused() {
        let mut fields = Fields::new();
        for name in [&b""[..], b"a b", b"a:", b"a\r", b"a\0", b"\xff"] {
            assert_eq!(
                fields.add(name, b"x").unwrap_err().kind(),
                Kind::Field,
                "{name:?}"
            );
        }
        for value in [&b"a\rb"[..], b"a\nb", b"a\0b"] {
            assert_eq!(
                fields.add(b"a", value).unwrap_err().kind(),
                Kind::Field,
                "{value:?}"
            );
        }
        assert!(fields.is_empty());
    }

    #[test]
    fn a_list_is_filled_beyond_what_was_thought() {
        for bytes in [0, 1, 7, 100] {
            let mut filling = Filling::new(1, bytes);
            let mut fields = Fields::new();
            for (name, value) in [
                (&b"a"[..], &b"1"[..]),
                (b"Via", b""),
                (b"b", b"a longer one"),
            ] {
                filling.add(name, value).unwrap();
                fields.push(name, value).unwrap();
            }
            let mut filled = filling.finish();
            assert_eq!(filled, fields);
            assert_eq!(filled.text(), fields.text());
            filled.push(b"Age", b"0").unwrap();
            assert_eq!(filled.first(b"age"), Some(&b"0"[..]));
        }
    }

    #[test]
    fn removing_is_by_name_without_case() {
        let mut fields = Fields::new();
        for name in [&b"A"[..], b"b", b"a"] {
            fields.add(name, b"x").unwrap();
        }
        assert!(fields.remove(b"a"));
        assert!(!fields.remove(b"a"));
        assert_eq!(fields.len(), 1);
    }
}
