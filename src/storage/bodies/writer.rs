//! Writing a body: aside, block by block, then renamed in.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use xxhash_rust::xxh3::xxh3_64;

use super::{BLOCK, BodyId, BodyRef, UNFINISHED, path};
use crate::error::{Error, Kind, Result};
use crate::storage::{Durability, files, registry};

/// A body on its way to the disk. Dropped unfinished, it leaves nothing behind. Takes a block of memory,
/// and eight bytes for each block written.
pub struct BodyWriter {
    file: File,
    aside: PathBuf,
    bodies: PathBuf,
    durability: Durability,
    block: Vec<u8>,
    sums: Vec<u8>,
    len: u64,
    finished: bool,
    forks: u64,
}

impl BodyWriter {
    pub(in crate::storage) fn create(bodies: &Path, durability: Durability) -> Result<Self> {
        let random = files::hex(&files::random::<8>()?);
        let aside = bodies.join(format!("{UNFINISHED}{}-{random}", std::process::id()));
        Ok(BodyWriter {
            file: files::create_new(&aside)?,
            aside,
            bodies: bodies.to_owned(),
            durability,
            block: Vec::new(),
            sums: Vec::new(),
            len: 0,
            finished: false,
            forks: registry::forks(),
        })
    }

    /// Adds bytes at the end. After an error the body is lost.
    pub fn write(&mut self, mut bytes: &[u8]) -> Result<()> {
        self.check_process()?;
        self.len += bytes.len() as u64;
        while !bytes.is_empty() {
            let room = BLOCK - self.block.len();
            let (now, later) = bytes.split_at_checked(room).unwrap_or((bytes, &[]));
            if self.block.is_empty() && now.len() == BLOCK {
                // A whole block needs no copy.
                let done = write_block(&mut self.file, &mut self.sums, now);
                files::at("writing", &self.aside, done)?;
            } else {
                self.keep(now)?;
            }
            bytes = later;
        }
        Ok(())
    }

    fn keep(&mut self, bytes: &[u8]) -> Result<()> {
        if self.block.capacity() == 0 {
            self.block
                .try_reserve_exact(BLOCK)
                .map_err(|_| no_memory())?;
        }
        self.block.extend_from_slice(bytes);
        if self.block.len() == BLOCK {
            self.write_kept()
        } else {
            Ok(())
        }
    }

    fn write_kept(&mut self) -> Result<()> {
        let done = write_block(&mut self.file, &mut self.sums, &self.block);
        self.block.clear();
        files::at("writing", &self.aside, done)
    }

    /// Bytes written so far.
    pub fn len(&self) -> u64 {
        self.len
    }

    /// Whether nothing was written so far.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Completes the file and gives it its name. Unless the level is fast, its bytes are on the disk
    /// when this returns; in synced its name is as well. A change has to hold the body: one that no row
    /// refers to is removed the next time the directory is opened by a single process.
    pub fn finish(mut self) -> Result<BodyRef> {
        self.check_process()?;
        if !self.block.is_empty() {
            self.write_kept()?;
        }
        let written = self
            .file
            .write_all(&self.sums)
            .and_then(|()| match self.durability {
                Durability::Fast => Ok(()),
                Durability::Safe | Durability::Synced => self.file.sync_data(),
            });
        files::at("writing", &self.aside, written)?;
        let id: BodyId = files::random()?;
        let name = path(&self.bodies, &id);
        files::at("naming", &name, fs::rename(&self.aside, &name))?;
        self.finished = true;
        if matches!(self.durability, Durability::Synced) {
            files::sync_directory(&self.bodies)?;
        }
        Ok(BodyRef {
            id,
            len: self.len,
            sums: xxh3_64(&self.sums),
        })
    }

    fn check_process(&self) -> Result<()> {
        if self.forks == registry::forks() {
            Ok(())
        } else {
            Err(registry::forked())
        }
    }
}

impl Drop for BodyWriter {
    fn drop(&mut self) {
        // In a forked child the file is still the parent's.
        if !self.finished && self.forks == registry::forks() {
            let _ = fs::remove_file(&self.aside);
        }
    }
}

fn write_block(file: &mut File, sums: &mut Vec<u8>, block: &[u8]) -> io::Result<()> {
    file.write_all(block)?;
    sums.extend_from_slice(&xxh3_64(block).to_le_bytes());
    Ok(())
}

fn no_memory() -> Error {
    Error::new(Kind::NoMemory, "no memory for a block of a body")
}
