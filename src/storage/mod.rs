//! Rows and bodies on the disk, shared by threads and processes. Knows bytes, and no HTTP.
//!
//! A [`Store`] is one cache directory. Rows lie in LMDB, large bodies in files of their own. Reading takes
//! no lock that a writer holds; changes pass one ordered queue. What the bytes mean, what is evicted and
//! when, is decided elsewhere.

mod bodies;
mod directory;
mod files;
mod generation;
mod lmdb;
mod locks;
mod opening;
mod owner;
mod presence;
mod queue;
mod registry;
mod temporary;

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

#[cfg(all(test, feature = "fetch"))]
pub(crate) use self::lmdb::inject::plan as lmdb_faults;

pub use self::bodies::{BLOCK, BodyId, BodyReader, BodyRef, BodyWriter};
pub use self::lmdb::{Snapshot, Transaction};
pub use self::registry::forks;

use self::generation::Generation;
use self::lmdb::inherit::OfProcess;
use self::locks::{OpenLock, ReaderLock, Reading, WriterLock};
use self::queue::Queue;
use self::registry::Seat;
use crate::error::{Error, Kind, Result};

/// How a directory is opened.
#[derive(Clone, Debug)]
pub struct StoreOptions {
    /// How safely commits are kept: a property of the directory, set when it is made. `None`: whatever
    /// the directory has, [`Durability::Safe`] when it is made.
    pub durability: Option<Durability>,
    /// The longest wait for another process that opens the directory, or that writes.
    pub writer_wait: Duration,
    /// Where nothing can be written, it is opened for reading alone.
    pub read_only: bool,
    /// It is removed by the last process that closes it.
    pub is_temporary: bool,
}

impl Default for StoreOptions {
    fn default() -> Self {
        StoreOptions {
            durability: None,
            writer_wait: Duration::from_secs(2),
            read_only: false,
            is_temporary: false,
        }
    }
}

/// How safely commits are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Durability {
    /// Nothing is synced: commits survive the death of any process; after an unclean reboot the cache is
    /// discarded whole.
    Fast = 0,
    /// What is there after a crash of the machine is right; the last moments may be missing.
    Safe = 1,
    /// What was committed is on the disk.
    Synced = 2,
}

impl Durability {
    const ALL: [Durability; 3] = [Durability::Fast, Durability::Safe, Durability::Synced];

    /// The level in one word.
    pub fn name(self) -> &'static str {
        match self {
            Durability::Fast => "fast",
            Durability::Safe => "safe",
            Durability::Synced => "synced",
        }
    }

    fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|level| level.name() == name)
    }
}

/// The tables. A row has 1 to 511 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Table {
    /// What is stored.
    Records,
    /// Small rows beside: generations of invalidation and the like.
    Marks,
    /// From the id of a body to the row of the records that refers to it; written by
    /// [`Transaction::hold_body`] and [`Transaction::release_body`].
    Bodies,
}

/// Takes a line for the log. It is called on the thread that opens, and holds up nobody else.
pub type Notify<'a> = &'a dyn Fn(&str);

/// A change of the tables. It may run more than once, each time on tables that do not show the earlier
/// runs; and on another thread than the one that submits it. It must not call the store.
pub type Change = Box<dyn FnMut(&mut Transaction<'_>) -> Result<()> + Send>;

/// Called with each row and its value; says whether to go on.
pub type EachRow<'c> = &'c mut dyn FnMut(&[u8], &[u8]) -> Result<ControlFlow<()>>;

/// Called with each row that goes, and its value.
pub type DeletedRow<'c> = &'c mut dyn FnMut(&[u8], &[u8]) -> Result<()>;

/// How large a cache is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Usage {
    /// Rows of the records.
    pub records: u64,
    /// Bytes of the disk that the directory takes, everything included.
    pub bytes: u64,
}

/// One cache directory, open in this process; shared by all who open it. It is closed when the last one
/// drops it. Thread: any.
pub struct Store {
    parts: OfProcess<Parts>,
    path: PathBuf,
    secret: [u8; 32],
    durability: Durability,
    bodies: PathBuf,
    is_temporary: bool,
}

/// What is closed with the store, in this order.
struct Parts {
    generation: Generation,
    queue: Queue,
    access: Access,
    seat: Seat,
}

/// What a directory was opened for.
enum Access {
    Write(WriterLock),
    /// Nothing in it can be written, not even a lock file.
    Read(ReaderLock),
}

impl Store {
    /// Whether it was opened for reading alone, because nothing in it can be written.
    pub fn is_read_only(&self) -> bool {
        matches!(self.parts.access, Access::Read(_))
    }

    /// Opens a cache directory, and makes it if it is not there. Reads and writes the disk, and waits for
    /// other processes that open the same one, as [`StoreOptions::writer_wait`] bounds it. `notify` hears
    /// what had to be given up; it is called before this returns.
    ///
    /// [`Kind::NotDirectory`], [`Kind::Symlink`], [`Kind::ForeignOwner`], [`Kind::Permission`],
    /// [`Kind::ReadOnly`], [`Kind::Full`]: the path cannot be used. [`Kind::Unsupported`]: a network file
    /// system, or processes in another process-id namespace. [`Kind::NewerFormat`]: a newer version made
    /// it. [`Kind::Mismatch`]: it was made with another durability. [`Kind::Busy`]: another process, or
    /// another copy of the library in this one, holds it.
    pub fn open(path: &Path, options: &StoreOptions, notify: Notify<'_>) -> Result<Arc<Self>> {
        opening::open(path, options, &opening::Setting::of_this_process()?, notify)
    }

    /// A path in `parent` for a temporary cache directory, which no other process or thread takes. What processes
    /// that died have left there is removed.
    pub fn temporary_path(parent: &Path) -> Result<PathBuf> {
        temporary::new_path(parent)
    }

    /// The cache directory.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Random bytes made with the directory. Never to be written anywhere else.
    pub fn secret(&self) -> &[u8; 32] {
        &self.secret
    }

    /// How safely commits are kept.
    pub fn durability(&self) -> Durability {
        self.durability
    }

    /// Whether this process opened the store, and not one that it was forked from. In a child every call
    /// is [`Kind::Misuse`], and dropping the store does nothing. Costs no system call.
    #[inline]
    pub fn is_current_process(&self) -> bool {
        self.parts.is_current()
    }

    /// Whether the data file failed in a way after which it has to be opened anew: every call is an error until its
    /// last owner has dropped it, and only then can it be opened.
    #[inline]
    pub fn is_lost(&self) -> bool {
        self.is_current_process() && self.parts.generation.environment.is_condemned()
    }

    /// Gives `task` a snapshot of all tables. Takes no memory and waits for nobody, except while the map
    /// is enlarged. `task` must not wait for long: what is deleted meanwhile keeps its room on the disk.
    /// It must not read or submit.
    pub fn read<T>(&self, task: impl FnOnce(&Snapshot<'_>) -> Result<T>) -> Result<T> {
        self.check_process()?;
        let _reading = self.reading()?;
        self.parts.generation.environment.read(task)
    }

    /// Makes a change, in the order in which changes are submitted, and returns when it is committed.
    /// `size` is about how many bytes it writes. A change that fails leaves nothing behind, and does not
    /// make others fail.
    ///
    /// [`Kind::Full`]: too much is waiting, or the disk or the address space is full. [`Kind::Busy`]:
    /// another process did not stop writing in time. [`Kind::Misuse`]: called from inside a read or a
    /// change.
    pub fn submit(&self, size: usize, change: Change) -> Result<()> {
        self.check_process()?;
        let Parts {
            generation, queue, ..
        } = &*self.parts;
        let writer = self.writer()?;
        queue.submit(size, change, &|batch| {
            batch.commit(&generation.environment, writer, &|released| {
                self.remove_bodies(released)
            });
        })
    }

    /// Waits until everything submitted so far, by any thread, is committed and on the disk, whatever the
    /// durability. `timeout` bounds the wait for the commits; the disk itself is waited for without.
    ///
    /// [`Kind::Timeout`]: the commits took longer.
    pub fn flush(&self, timeout: Duration) -> Result<()> {
        self.check_process()?;
        if !self.parts.queue.wait_until_finished(timeout) {
            return Err(Error::new(
                Kind::Timeout,
                "changes were still waiting to be written",
            ));
        }
        match self.parts.access {
            Access::Write(_) => self.parts.generation.environment.sync(),
            Access::Read(_) => Ok(()),
        }
    }

    /// How large the cache is. Looks at every file.
    pub fn usage(&self) -> Result<Usage> {
        self.check_process()?;
        let _reading = self.reading()?;
        let records = self.parts.generation.environment.count(Table::Records)?;
        Ok(Usage {
            records,
            bytes: files::disk_use(&self.path)?,
        })
    }

    /// Begins a body in a file of its own.
    pub fn create_body(&self) -> Result<BodyWriter> {
        self.check_process()?;
        self.writer()?;
        BodyWriter::create(&self.bodies, self.durability)
    }

    /// Opens a body. From then on its deletion does not take it away.
    ///
    /// [`Kind::Corrupt`]: it is damaged, or its file is gone (then with the cause `ENOENT`).
    pub fn open_body(&self, body: &BodyRef) -> Result<BodyReader> {
        self.check_process()?;
        BodyReader::open(&self.bodies, body)
    }

    /// Removes the file of a finished body that no change came to hold.
    pub fn discard_body(&self, body: &BodyRef) -> Result<()> {
        self.check_process()?;
        files::remove(&bodies::path(&self.bodies, &body.id))
    }

    /// A file that stays is found by the next sweep.
    fn remove_bodies(&self, released: &[BodyId]) {
        for id in released {
            let _ = files::remove(&bodies::path(&self.bodies, id));
        }
    }

    fn check_process(&self) -> Result<()> {
        if self.is_current_process() {
            Ok(())
        } else {
            Err(registry::forked())
        }
    }

    fn writer(&self) -> Result<&WriterLock> {
        match &self.parts.access {
            Access::Write(writer) => Ok(writer),
            Access::Read(_) => {
                let why = "nothing in it could be written when it was opened";
                let message = format!("{}: {why}", self.path.display());
                Err(Error::new(Kind::ReadOnly, message))
            }
        }
    }

    /// What keeps writers away while something is read, where that is needed.
    fn reading(&self) -> Result<Option<Reading<'_>>> {
        match &self.parts.access {
            Access::Write(_) => Ok(None),
            Access::Read(lock) => lock.acquire().map(Some),
        }
    }

    /// What the last process to close a directory has to do: remove one that is temporary, and say of one whose
    /// commits are not synced that all of it is there.
    fn leave(&self) -> Result<()> {
        const WAIT: Duration = Duration::from_millis(200);
        let is_writable = matches!(self.parts.access, Access::Write(_));
        let has_duties = self.is_temporary || matches!(self.durability, Durability::Fast);
        if !is_writable || !has_duties {
            return Ok(());
        }
        let lock = OpenLock::acquire(&self.path, WAIT)?;
        if self.parts.seat.has_company(&self.path)? {
            return Ok(());
        }
        if self.is_temporary {
            return temporary::remove(&self.path, &lock);
        }
        self.parts.generation.mark_clean()
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        if self.is_current_process() {
            // Without the mark a reboot costs the contents, which the level allows; what is temporary and stays is
            // removed by the next one.
            let _ = self.leave();
        }
    }
}

#[cfg(test)]
mod process_tests;
#[cfg(test)]
mod tests;
