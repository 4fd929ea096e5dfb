//! Bodies as files: immutable, named by a random id, written aside and renamed in.
//!
//! A file is the bytes, then the xxh3-64 of each 64 KiB block, little-endian. Whether a row refers to a
//! body is the tables' business.

mod reader;
mod writer;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

pub use self::reader::BodyReader;
pub use self::writer::BodyWriter;
use super::files;

/// What names a body: random, never used twice.
pub type BodyId = [u8; 16];

/// What a row keeps of a body in order to find it and to know it again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct BodyRef {
    /// Its name.
    pub id: BodyId,
    /// Its length in bytes.
    pub len: u64,
    /// The xxh3-64 of the checksums at the end of its file.
    pub sums: u64,
}

/// Bytes of a block, of which each has a checksum.
pub const BLOCK: usize = 64 * 1024;

/// What begins the name of a body being written.
pub(super) const UNFINISHED: &str = "tmp-";

/// Where the file of a body is.
pub(super) fn path(bodies: &Path, id: &BodyId) -> PathBuf {
    bodies.join(files::hex(id))
}

/// The body whose file has this name.
pub(super) fn id_of(name: &str) -> Option<BodyId> {
    let digits = name.as_bytes();
    if digits.len() != 32
        || !digits
            .iter()
            .all(|digit| b"0123456789abcdef".contains(digit))
    {
        return None;
    }
    let mut id = BodyId::default();
    for (byte, pair) in id.iter_mut().zip(digits.chunks(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
    }
    Some(id)
}

/// The bodies whose files were last written to longer ago than this, by the clock of the file system.
pub(super) fn older_than(bodies: &Path, age: Duration) -> crate::Result<Vec<BodyId>> {
    let mut older = Vec::new();
    for entry in files::at("reading", bodies, fs::read_dir(bodies))? {
        let entry = files::at("reading", bodies, entry)?;
        let Some(id) = entry.file_name().to_str().and_then(id_of) else {
            continue;
        };
        let path = entry.path();
        // What vanishes meanwhile was removed by somebody else.
        let metadata = files::at("reading", &path, files::if_there(entry.metadata()))?;
        let written = metadata.and_then(|metadata| metadata.modified().ok());
        // What is of the future is not old.
        let is_older = written
            .and_then(|written| written.elapsed().ok())
            .is_some_and(|elapsed| elapsed >= age);
        older.extend(is_older.then_some(id));
    }
    Ok(older)
}

#[cfg(test)]
mod tests;
