//! Locks between processes, each with a bounded wait, so that a stopped process hangs nobody.

use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::files;
use super::lmdb::system;
use crate::error::{Error, Kind, Result};

/// The longest pause between two tries.
const LONGEST_PAUSE: Duration = Duration::from_millis(1);

/// The bytes of `writer.lock`: who holds the first one writes, who holds the second one is the next to write.
const WRITER: u8 = 0;
const NEXT: u8 = 1;

/// So long who is to write next is let go before, or else a busy process, which is at hand whenever the lock comes free,
/// would starve all others. No longer: the next one may have been stopped.
const COURTESY: Duration = Duration::from_millis(50);

/// Held while a process opens the directory, or closes it: nobody else changes its layout meanwhile.
/// Freed when dropped.
pub(super) struct OpenLock(#[allow(dead_code, reason = "held, not read")] File);

impl OpenLock {
    /// Waits up to `wait` for whoever else opens the directory.
    ///
    /// [`Kind::Busy`]: it was held all that time.
    pub(super) fn acquire(directory: &Path, wait: Duration) -> Result<Self> {
        let path = directory.join("open.lock");
        let file = files::open_lock(&path)?;
        if files::at(
            "locking",
            &path,
            poll(Instant::now() + wait, || system::lock_opening(&file)),
        )? {
            return Ok(OpenLock(file));
        }
        Err(busy(directory, "is opening it"))
    }
}

/// Stands before LMDB's own writer lock, for which one would wait for ever. A record lock: the kernel
/// frees it with the process, and a forked child does not keep it.
pub(super) struct WriterLock {
    file: File,
    directory: String,
}

/// The right to write, given back when dropped.
pub(super) struct Writing<'l>(&'l WriterLock);

impl WriterLock {
    pub(super) fn open(directory: &Path) -> Result<Self> {
        let file = files::open_lock(&directory.join("writer.lock"))?;
        Ok(WriterLock {
            file,
            directory: directory.display().to_string(),
        })
    }

    /// Waits until `deadline` for the other processes' writers. Within this process the caller makes
    /// sure to be the only one: record locks do not know threads.
    ///
    /// [`Kind::Busy`]: another process held it all that time.
    pub(super) fn acquire(&self, deadline: Instant) -> Result<Writing<'_>> {
        let courtesy = deadline.min(Instant::now() + COURTESY);
        let is_next = poll(courtesy, || system::lock_for_process(&self.file, NEXT));
        let taken = poll(deadline, || system::lock_for_process(&self.file, WRITER));
        if matches!(is_next, Ok(true)) {
            system::unlock_for_process(&self.file, NEXT);
        }
        let path = Path::new(&self.directory);
        if files::at("locking the writer of", path, taken)? {
            return Ok(Writing(self));
        }
        Err(busy(path, "is writing, or was stopped while it wrote"))
    }
}

/// Keeps all writers away while something is read, where a reader cannot be entered in LMDB's table: that has to be
/// written.
pub(super) struct ReaderLock {
    file: File,
    directory: String,
    wait: Duration,
    /// Reads of this process: record locks do not know threads.
    readers: Mutex<usize>,
}

/// The right to read, given back when dropped.
pub(super) struct Reading<'l>(&'l ReaderLock);

impl ReaderLock {
    pub(super) fn open(directory: &Path, wait: Duration) -> Result<Self> {
        let path = directory.join("writer.lock");
        let file = files::open(&path)?.ok_or_else(|| {
            let message = format!("{} is missing", path.display());
            Error::new(Kind::Corrupt, message)
        })?;
        Ok(ReaderLock {
            file,
            directory: directory.display().to_string(),
            wait,
            readers: Mutex::default(),
        })
    }

    /// Waits for a writer of another process.
    ///
    /// [`Kind::Busy`]: it was writing all that time.
    pub(super) fn acquire(&self) -> Result<Reading<'_>> {
        let mut readers = self.readers();
        if *readers == 0 {
            let deadline = Instant::now() + self.wait;
            let taken = poll(deadline, || system::share_for_process(&self.file, WRITER));
            let path = Path::new(&self.directory);
            if !files::at("locking the writer of", path, taken)? {
                return Err(busy(path, "is writing, or was stopped while it wrote"));
            }
        }
        *readers += 1;
        Ok(Reading(self))
    }

    fn readers(&self) -> MutexGuard<'_, usize> {
        self.readers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Reading<'_> {
    fn drop(&mut self) {
        let mut readers = self.0.readers();
        *readers = readers.saturating_sub(1);
        if *readers == 0 {
            system::unlock_for_process(&self.0.file, WRITER);
        }
    }
}

impl Drop for Writing<'_> {
    fn drop(&mut self) {
        system::unlock_for_process(&self.0.file, WRITER);
    }
}

fn busy(directory: &Path, what: &str) -> Error {
    Error::new(
        Kind::Busy,
        format!("{}: another process {what}", directory.display()),
    )
}

/// Tries until it succeeds, at least once, and at most until `deadline`.
fn poll(deadline: Instant, mut attempt: impl FnMut() -> io::Result<bool>) -> io::Result<bool> {
    let mut pause = Duration::from_micros(50);
    loop {
        if attempt()? {
            return Ok(true);
        }
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Ok(false);
        }
        std::thread::sleep(pause.min(left));
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}
