//! A body on its way to the reader: in memory, in a file, or still arriving. Reading is the same.

use std::sync::Arc;

use super::Response;
use super::aliases::Trail;
use crate::error::{Error, Kind, Result};
use crate::storage::BodyReader;

/// Bytes shared by whoever reads them.
#[derive(Clone, Debug)]
pub struct Bytes(Shared);

#[derive(Clone, Debug)]
enum Shared {
    /// Copied out of the store, in one piece with its count of users.
    Slice(Arc<[u8]>),
    /// Taken over as it was.
    Vec(Arc<Vec<u8>>),
}

/// A body of a response.
pub enum Body {
    /// In memory; `at` is how far it was read.
    Memory {
        /// The whole body.
        bytes: Bytes,
        /// Bytes that were read.
        at: usize,
    },
    /// In a file of the store.
    File(BodyReader),
    /// A part of a file of the store.
    Part {
        /// The file.
        reader: BodyReader,
        /// Where the part begins in it.
        first: u64,
        /// Bytes of the part.
        len: u64,
        /// How far it was read.
        at: u64,
    },
    /// One behind the other.
    Joined(Box<(Body, Body)>),
    /// Still arriving from the origin.
    Arriving(Box<dyn Arrival>),
    /// The caller has it himself, for he reported it; so many bytes, if that was announced.
    Origins(Option<u64>),
    /// That of a redirect, and not kept.
    Dropped,
}

/// A body that arrives while it is read.
pub trait Arrival: Send {
    /// Reads the next bytes; 0 is the end of the complete body.
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize>;
    /// Bytes of the whole body, if that was announced.
    fn announced(&self) -> Option<u64>;
    /// Whether it is being stored, or was.
    fn is_stored(&self) -> bool;
    /// The redirects that were followed to it, and lead to it once it is stored.
    fn set_trail(&mut self, trail: Trail);
    /// The stored response, once the body was read to its end and stored.
    fn stored(&mut self) -> Result<Option<Response>>;
}

impl Bytes {
    /// The bytes.
    pub fn as_slice(&self) -> &[u8] {
        match &self.0 {
            Shared::Slice(bytes) => bytes,
            Shared::Vec(bytes) => bytes,
        }
    }
}

impl From<&[u8]> for Bytes {
    fn from(bytes: &[u8]) -> Self {
        Bytes(Shared::Slice(Arc::from(bytes)))
    }
}

impl From<Vec<u8>> for Bytes {
    fn from(bytes: Vec<u8>) -> Self {
        Bytes(Shared::Vec(Arc::new(bytes)))
    }
}

impl Body {
    /// A body in memory.
    pub fn memory(bytes: impl Into<Bytes>) -> Self {
        Body::Memory {
            bytes: bytes.into(),
            at: 0,
        }
    }

    /// Reads the next bytes; 0 is the end.
    pub fn read(&mut self, buffer: &mut [u8]) -> Result<usize> {
        match self {
            Body::Memory { bytes, at } => {
                let rest = bytes.as_slice().get(*at..).unwrap_or_default();
                let n = rest.len().min(buffer.len());
                if let (Some(to), Some(from)) = (buffer.get_mut(..n), rest.get(..n)) {
                    to.copy_from_slice(from);
                }
                *at += n;
                Ok(n)
            }
            Body::File(reader) => reader.read(buffer),
            Body::Part {
                reader,
                first,
                len,
                at,
            } => {
                let left = usize::try_from(*len - *at).unwrap_or(usize::MAX);
                let most = left.min(buffer.len());
                let wanted = buffer.get_mut(..most).unwrap_or_default();
                let n = reader.read_at(*first + *at, wanted)?;
                *at += n as u64;
                Ok(n)
            }
            Body::Joined(both) => match both.0.read(buffer)? {
                0 => both.1.read(buffer),
                n => Ok(n),
            },
            Body::Arriving(arrival) => arrival.read(buffer),
            Body::Origins(_) => Err(callers_own()),
            Body::Dropped => Err(dropped()),
        }
    }

    /// The whole body, if it lies in memory.
    pub fn in_memory(&self) -> Option<&[u8]> {
        match self {
            Body::Memory { bytes, .. } => Some(bytes.as_slice()),
            _ => None,
        }
    }

    /// Bytes of the whole body, if that is known.
    pub fn size(&self) -> Option<u64> {
        match self {
            Body::Memory { bytes, .. } => Some(bytes.as_slice().len() as u64),
            Body::File(reader) => Some(reader.len()),
            Body::Part { len, .. } => Some(*len),
            Body::Joined(both) => Some(both.0.size()?.saturating_add(both.1.size()?)),
            Body::Arriving(arrival) => arrival.announced(),
            Body::Origins(announced) => *announced,
            Body::Dropped => None,
        }
    }

    /// So many of its bytes, from one of them on, as far as they are there. A body that arrives stays whole.
    pub fn part(self, first: u64, len: u64) -> Self {
        match self {
            Body::Memory { bytes, .. } => {
                let all = bytes.as_slice();
                let size = all.len() as u64;
                let (from, to) = (first.min(size), first.saturating_add(len).min(size));
                Body::memory(all.get(from as usize..to as usize).unwrap_or_default())
            }
            Body::File(reader) => Body::part_of(reader, first, len),
            other => other,
        }
    }

    fn part_of(reader: BodyReader, first: u64, len: u64) -> Self {
        let size = reader.len();
        let first = first.min(size);
        Body::Part {
            len: len.min(size - first),
            reader,
            first,
            at: 0,
        }
    }

    /// The same body for another reader, from its beginning; `None` for one that can be read only once.
    pub fn another(&self) -> Option<Self> {
        match self {
            Body::Memory { bytes, .. } => Some(Body::memory(bytes.clone())),
            Body::File(reader) => Some(Body::File(reader.another())),
            Body::Part {
                reader, first, len, ..
            } => Some(Body::part_of(reader.another(), *first, *len)),
            Body::Joined(both) => {
                let (one, other) = (both.0.another()?, both.1.another()?);
                Some(Body::Joined(Box::new((one, other))))
            }
            Body::Arriving(_) | Body::Origins(_) | Body::Dropped => None,
        }
    }
}

/// Reads to the end into memory.
pub(super) fn read_all(body: &mut Body, announced: Option<u64>) -> Result<Vec<u8>> {
    const PIECE: usize = 64 * 1024;
    // The announced length is a hint of the origin's: it may be anything.
    let hint = announced.unwrap_or(0).min(1 << 20) as usize;
    let mut whole = Vec::new();
    let mut filled = 0;
    loop {
        let room = (whole.len() - filled)
            .max(PIECE)
            .max(hint.saturating_sub(filled));
        let no_memory = |_| Error::new(Kind::NoMemory, format!("a body of over {filled} bytes"));
        if whole.len() < filled + room {
            whole
                .try_reserve(filled + room - whole.len())
                .map_err(no_memory)?;
            whole.resize(filled + room, 0);
        }
        match body.read(whole.get_mut(filled..).unwrap_or_default())? {
            0 => break,
            n => filled += n,
        }
    }
    whole.truncate(filled);
    Ok(whole)
}

/// Reads to the end of what arrives; `None`: it failed, or there are more than `most` bytes.
pub(super) fn read_short(arrival: &mut dyn Arrival, most: usize) -> Option<Vec<u8>> {
    let mut whole = Vec::new();
    let mut piece = [0; 4096];
    while whole.len() <= most {
        match arrival.read(&mut piece).ok()? {
            0 => return Some(whole),
            n => whole.extend_from_slice(piece.get(..n)?),
        }
    }
    None
}

fn dropped() -> Error {
    let message = "the body of the redirect was too long to be kept, or did not arrive whole";
    Error::new(Kind::Misuse, message)
}

fn callers_own() -> Error {
    let message = "the body is the one you reported; the library does not keep it for reading";
    Error::new(Kind::Misuse, message)
}
