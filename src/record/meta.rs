//! The MessagePack part of a record: reason, fields, selecting fields, and the request, which is bytes here.
//!
//! `[reason, [name or code, value, ...], [name, value or nil, ...], request]`

use std::ops::Range;

use rmp::{Marker, decode};
use serde::ser::{Serialize, SerializeSeq, SerializeTuple, Serializer};

use super::{Record, Selecting, names};
use crate::error::{Error, Kind, Result};
use crate::http::fields::Filling;
use crate::http::{Fields, ResponseHead};

/// What the MessagePack part holds.
pub struct Meta {
    pub response: ResponseHead,
    pub selecting: Selecting,
    /// Where the request lies in the part.
    pub request: Range<usize>,
}

pub fn encode(record: &Record<'_>, bytes: &mut Vec<u8>) -> Result<()> {
    let mut serializer = rmp_serde::Serializer::new(bytes);
    Written(record).serialize(&mut serializer).map_err(|error| {
        Error::new(
            Kind::Internal,
            format!("a record cannot be written: {error}"),
        )
    })
}

struct Written<'a>(&'a Record<'a>);
struct WrittenFields<'a>(&'a Fields);
struct WrittenSelecting<'a>(&'a Selecting);
struct WrittenBytes<'a>(&'a [u8]);

impl Serialize for Written<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        let mut parts = serializer.serialize_tuple(4)?;
        parts.serialize_element(&WrittenBytes(self.0.response.reason.to_bytes()))?;
        parts.serialize_element(&WrittenFields(&self.0.response.fields))?;
        parts.serialize_element(&WrittenSelecting(self.0.selecting))?;
        parts.serialize_element(&WrittenBytes(self.0.request))?;
        parts.end()
    }
}

impl Serialize for WrittenFields<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_seq(Some(self.0.len() * 2))?;
        for (name, value) in self.0.iter() {
            match names::code(name) {
                Some(code) => list.serialize_element(&code)?,
                None => list.serialize_element(&WrittenBytes(name))?,
            }
            list.serialize_element(&WrittenBytes(value))?;
        }
        list.end()
    }
}

impl Serialize for WrittenSelecting<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_seq(Some(self.0.len() * 2))?;
        for (name, value) in self.0 {
            list.serialize_element(&WrittenBytes(name.as_bytes()))?;
            list.serialize_element(&value.as_deref().map(WrittenBytes))?;
        }
        list.end()
    }
}

impl Serialize for WrittenBytes<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        serializer.serialize_bytes(self.0)
    }
}

/// Reads the part back. A hit does this each time, so it is read by hand: about half the instructions of Serde.
pub fn decode(bytes: &[u8], status: u16) -> Option<Meta> {
    let mut rest = bytes;
    // A version before this one stored no request.
    let has_request = match decode::read_array_len(&mut rest).ok()? {
        3 => false,
        4 => true,
        _ => return None,
    };
    let mut response = ResponseHead::new(status, read_bytes(&mut rest)?).ok()?;
    response.fields = read_fields(&mut rest, bytes.len())?;
    let selecting = read_selecting(&mut rest)?;
    let request = if has_request {
        read_bytes(&mut rest)?.len()
    } else {
        0
    };
    rest.is_empty().then_some(Meta {
        response,
        selecting,
        request: bytes.len() - request..bytes.len(),
    })
}

fn read_fields(rest: &mut &[u8], meta_len: usize) -> Option<Fields> {
    let parts = decode::read_array_len(rest).ok()? as usize;
    // Each part takes a byte or more: a count beyond that is not believed.
    if parts % 2 == 1 || parts > rest.len() {
        return None;
    }
    // Room for the names that are numbers here, and for the Age that is added.
    let mut fields = Filling::new(parts / 2 + 1, meta_len + parts / 2 * 16 + 32);
    let mut left = *rest;
    for _ in 0..parts / 2 {
        let name = read_name(&mut left)?;
        let value = read_bytes(&mut left)?;
        fields.add(name, value)?;
    }
    *rest = left;
    Some(fields.finish())
}

fn read_selecting(rest: &mut &[u8]) -> Option<Selecting> {
    let parts = decode::read_array_len(rest).ok()? as usize;
    if parts % 2 == 1 || parts > rest.len() {
        return None;
    }
    let mut selecting = Selecting::with_capacity(parts / 2);
    for _ in 0..parts / 2 {
        let name = std::str::from_utf8(read_bytes(rest)?).ok()?.to_owned();
        let value = if rest.first() == Some(&Marker::Null.to_u8()) {
            *rest = rest.get(1..)?;
            None
        } else {
            Some(read_bytes(rest)?.to_vec())
        };
        selecting.push((name, value));
    }
    Some(selecting)
}

/// A field's name: its number, or as it was.
#[inline]
fn read_name<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    const UINT8: u8 = 0xcc;
    let (code, after) = match rest {
        [code @ 0..=0x7f, after @ ..] => (*code, after),
        [UINT8, code, after @ ..] => (*code, after),
        _ => return read_bytes(rest),
    };
    *rest = after;
    names::name(code).map(str::as_bytes)
}

#[inline]
pub(super) fn read_bytes<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    const BIN8: u8 = 0xc4;
    let all: &'a [u8] = rest;
    let (len, from) = match all {
        // Nearly all of them.
        [BIN8, len, after @ ..] => (usize::from(*len), after),
        _ => read_other_len(all)?,
    };
    let (bytes, after) = from.split_at_checked(len)?;
    *rest = after;
    Some(bytes)
}

/// Apart, and by value, so that where the rest begins stays in a register on the usual way.
#[cold]
fn read_other_len(mut rest: &[u8]) -> Option<(usize, &[u8])> {
    let len = decode::read_bin_len(&mut rest).ok()?;
    Some((len as usize, rest))
}
