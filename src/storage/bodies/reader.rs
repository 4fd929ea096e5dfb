//! Reading a body: each block is checked when this reader, or one cloned from it, touches it first.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use xxhash_rust::xxh3::xxh3_64;

use super::{BLOCK, BodyId, BodyRef, path};
use crate::error::{Cause, Error, Kind, Result};
use crate::storage::files;

/// An open body. Its file stays readable after its deletion. Takes eight bytes of memory for each block,
/// shared by all clones, and at most one block of its own.
pub struct BodyReader {
    body: Arc<Body>,
    position: u64,
    /// The block whose bytes are in `block`.
    held: Option<u64>,
    block: Vec<u8>,
}

struct Body {
    file: File,
    id: BodyId,
    len: u64,
    blocks: Vec<Block>,
}

struct Block {
    sum: u64,
    checked: AtomicBool,
}

impl BodyReader {
    pub(in crate::storage) fn open(bodies: &Path, body: &BodyRef) -> Result<Self> {
        let path = path(bodies, &body.id);
        let Some(file) = files::open(&path)? else {
            let missing = corrupt(&body.id, "its file is not there");
            return Err(missing.with_cause(Cause::Errno(libc::ENOENT)));
        };
        let length = files::at("reading", &path, file.metadata())?.len();
        let trailer = body.len.div_ceil(BLOCK as u64).checked_mul(8);
        let expected = trailer.and_then(|trailer| trailer.checked_add(body.len));
        let (Some(trailer), true) = (trailer, expected == Some(length)) else {
            return Err(corrupt(&body.id, "its file has another length"));
        };
        let mut sums = Vec::new();
        let no_memory = |_| Error::new(Kind::NoMemory, "no memory for the checksums of a body");
        sums.try_reserve_exact(trailer as usize)
            .map_err(no_memory)?;
        sums.resize(trailer as usize, 0);
        files::at("reading", &path, file.read_exact_at(&mut sums, body.len))?;
        if xxh3_64(&sums) != body.sums {
            return Err(corrupt(&body.id, "its checksums are damaged"));
        }
        let block = |sum: &[u8; 8]| Block {
            sum: u64::from_le_bytes(*sum),
            checked: AtomicBool::new(false),
        };
        let blocks = sums.as_chunks::<8>().0.iter().map(block).collect();
        let body = Body {
            file,
            id: body.id,
            len: body.len,
            blocks,
        };
        Ok(BodyReader::of(Arc::new(body)))
    }

    fn of(body: Arc<Body>) -> Self {
        BodyReader {
            body,
            position: 0,
            held: None,
            block: Vec::new(),
        }
    }

    /// Another reader of the same open file, at its beginning. Costs no system call.
    pub fn another(&self) -> Self {
        BodyReader::of(Arc::clone(&self.body))
    }

    /// The length of the body in bytes.
    pub fn len(&self) -> u64 {
        self.body.len
    }

    /// Whether the body has no bytes.
    pub fn is_empty(&self) -> bool {
        self.body.len == 0
    }

    /// Reads the next bytes; 0 is the end. Less than `buffer` holds is not the end.
    ///
    /// [`Kind::Corrupt`]: the bytes are not those that were written; none of them is given.
    pub fn read(&mut self, buffer: &mut [u8]) -> Result<usize> {
        let read = self.read_at(self.position, buffer)?;
        self.position += read as u64;
        Ok(read)
    }

    /// Reads bytes from `offset` on, and leaves the position of [`BodyReader::read`] where it is. Less
    /// than `buffer` holds is not the end; 0 is.
    pub fn read_at(&mut self, offset: u64, buffer: &mut [u8]) -> Result<usize> {
        let mut done = 0;
        while let Some(rest) = buffer.get_mut(done..) {
            let at = offset.saturating_add(done as u64);
            if rest.is_empty() || at >= self.body.len {
                break;
            }
            match self.read_in_block(at, rest) {
                Ok(read) => done += read,
                // What was read before is right, and the next call meets the damage again.
                Err(_) if done > 0 => break,
                Err(error) => return Err(error),
            }
        }
        Ok(done)
    }

    /// Reads bytes of the one block that `offset` lies in.
    fn read_in_block(&mut self, offset: u64, buffer: &mut [u8]) -> Result<usize> {
        let number = offset / BLOCK as u64;
        let within = (offset % BLOCK as u64) as usize;
        let length = self.body.block_length(number);
        let wanted = buffer.len().min(length - within);
        let buffer = buffer.get_mut(..wanted).unwrap_or_default();
        if self.held == Some(number) {
            let held = self.block.get(within..within + wanted).unwrap_or_default();
            buffer.copy_from_slice(held);
        } else if wanted == length || self.body.is_checked(number) {
            // A whole block is checked where the caller wants it; what was checked before may be read in
            // part.
            self.body.read(offset, buffer)?;
            if wanted == length {
                self.body.check(number, buffer)?;
            }
        } else {
            self.hold(number, length)?;
            let held = self.block.get(within..within + wanted).unwrap_or_default();
            buffer.copy_from_slice(held);
        }
        Ok(wanted)
    }

    fn hold(&mut self, number: u64, length: usize) -> Result<()> {
        self.held = None;
        if self.block.capacity() < length {
            let no_memory = |_| Error::new(Kind::NoMemory, "no memory for a block of a body");
            self.block
                .try_reserve_exact(length - self.block.len())
                .map_err(no_memory)?;
        }
        self.block.resize(length, 0);
        self.body.read(number * BLOCK as u64, &mut self.block)?;
        self.body.check(number, &self.block)?;
        self.held = Some(number);
        Ok(())
    }
}

impl Body {
    fn block_length(&self, number: u64) -> usize {
        (self.len - number * BLOCK as u64).min(BLOCK as u64) as usize
    }

    fn is_checked(&self, number: u64) -> bool {
        let block = self.blocks.get(number as usize);
        block.is_some_and(|block| block.checked.load(Ordering::Relaxed))
    }

    fn read(&self, offset: u64, buffer: &mut [u8]) -> Result<()> {
        self.file.read_exact_at(buffer, offset).map_err(|error| {
            Error::io(
                format_args!("reading body {}", files::hex(&self.id)),
                &error,
            )
        })
    }

    fn check(&self, number: u64, bytes: &[u8]) -> Result<()> {
        match self.blocks.get(number as usize) {
            Some(block) if block.sum == xxh3_64(bytes) => {
                block.checked.store(true, Ordering::Relaxed);
                Ok(())
            }
            _ => Err(corrupt(&self.id, "a block of it is damaged")),
        }
    }
}

fn corrupt(id: &BodyId, why: &str) -> Error {
    Error::new(Kind::Corrupt, format!("body {}: {why}", files::hex(id)))
}
