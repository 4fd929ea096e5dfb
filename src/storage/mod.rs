//! Rows and bodies on the disk, shared by threads and processes. Knows bytes, and no HTTP.
//!
//! A [`Store`] is one cache directory. Rows lie in LMDB, large bodies in files of their own. Reading takes
//! no lock that a writer holds; changes pass one ordered queue, and this process sees them before they are
//! committed. What the bytes mean, what is evicted and
//! when, is decided elsewhere.

mod batch;
mod bodies;
mod committer;
mod directory;
mod files;
mod generation;
mod lmdb;
mod locks;
mod lost;
mod opening;
mod overlay;
mod owner;
mod presence;
mod queue;
mod registry;
mod shared;
mod snapshot;
mod temporary;
mod transaction;
mod trial;

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

#[cfg(all(test, feature = "fetch"))]
pub(crate) use self::lmdb::inject::plan as lmdb_faults;

pub use self::bodies::{BLOCK, BodyId, BodyReader, BodyRef, BodyWriter};
pub use self::registry::forks;
pub use self::snapshot::Snapshot;
pub use self::transaction::Transaction;

use self::lmdb::inherit::OfProcess;
use self::locks::{OpenLock, ReaderLock, Reading, WriterLock};
use self::registry::Seat;
use self::shared::Shared;
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
    /// A thread may be started that commits. Else callers do it: in [`Store::work`] and [`Store::flush`], when
    /// much waits, and when the store is closed. The first who opens the directory in a process decides.
    pub may_start_thread: bool,
}

impl Default for StoreOptions {
    fn default() -> Self {
        StoreOptions {
            durability: None,
            writer_wait: Duration::from_secs(2),
            read_only: false,
            is_temporary: false,
            may_start_thread: true,
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
    /// Where stored redirects lead to.
    Aliases,
}

/// Takes a line for the log. It is called on the thread that opens, and holds up nobody else.
pub type Notify<'a> = &'a dyn Fn(&str);

/// A change of the tables. It may run more than once, each time on tables that do not show the earlier
/// runs; and on another thread than the one that submits it. It must not call the store. Where another process
/// changed the tables in between, two runs may come to different results. What a caller learns from it besides its
/// result, through shared state, is then that of either run: both were right at their time, and the last one is
/// what is committed.
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
    shared: Arc<Shared>,
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
        matches!(self.parts.shared.access, Access::Read(_))
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
        self.is_current_process() && self.parts.shared.generation.environment.is_condemned()
    }

    /// Gives `task` a snapshot of all tables. Takes no memory and waits for nobody, except while the map
    /// is enlarged. `task` must not wait for long: what is deleted meanwhile keeps its room on the disk.
    /// It must not read or submit.
    pub fn read<T>(&self, task: impl FnOnce(&Snapshot<'_>) -> Result<T>) -> Result<T> {
        self.check_process()?;
        let _reading = self.reading()?;
        self.parts.shared.read(task)
    }

    /// Makes a change, in the order in which changes are submitted. In the levels fast and safe it is visible to
    /// every read of this process when this returns, and committed soon; in synced it is committed, and on the
    /// disk. `size` is about how many bytes it writes. A change that fails leaves nothing behind, and does not
    /// make others fail. What could not be committed although this returned is told by [`Store::take_losses`]
    /// and [`Store::flush`].
    ///
    /// [`Kind::Full`]: too much is waiting, or the disk or the address space is full. [`Kind::Busy`]:
    /// another process did not stop writing in time. [`Kind::Misuse`]: called from inside a read or a
    /// change.
    pub fn submit(&self, size: usize, change: Change) -> Result<()> {
        self.check_process()?;
        self.parts.shared.submit(size, change)
    }

    /// Waits until everything submitted so far, by any thread, is committed and on the disk, whatever the
    /// durability. `timeout` bounds the wait for the commits; the disk itself is waited for without.
    ///
    /// [`Kind::Timeout`]: the commits took longer. Any other: something that was submitted since the last flush
    /// could not be committed, and is lost; this is why.
    pub fn flush(&self, timeout: Duration) -> Result<()> {
        self.check_process()?;
        let shared = &self.parts.shared;
        if !shared.flush(timeout)? {
            let message = "changes were still waiting to be written";
            return Err(Error::new(Kind::Timeout, message));
        }
        if matches!(shared.access, Access::Read(_)) {
            return Ok(());
        }
        shared.generation.environment.sync()?;
        // In synced they are there already, and in fast nothing survives the machine.
        if matches!(self.durability, Durability::Safe) {
            files::sync_directory(&self.bodies)?;
        }
        Ok(())
    }

    /// Commits what waits, on this thread, for about so long: one transaction at least. Says whether nothing is
    /// left. What could not be committed is told by [`Store::take_losses`].
    ///
    /// [`Kind::Misuse`]: called from inside a read or a change.
    pub fn work(&self, budget: Duration) -> Result<bool> {
        self.check_process()?;
        self.parts.shared.work(budget)
    }

    /// How many changes were lost after [`Store::submit`] had returned, since this was last asked for, and why the
    /// first of them were. `None`, and that costs nothing, when there were none.
    #[inline]
    pub fn take_losses(&self) -> Option<(u64, Vec<Error>)> {
        let shared = &self.parts.shared;
        (self.is_current_process() && shared.has_losses.lower()).then(|| shared.queue.take_losses())
    }

    /// How large the cache is. Looks at every file.
    pub fn usage(&self) -> Result<Usage> {
        self.check_process()?;
        let _reading = self.reading()?;
        let shared = &self.parts.shared;
        let records = shared.read(|snapshot| snapshot.count(Table::Records))?;
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

    /// The bodies whose files were not written to for so long. One that no row names is an orphan then, unless its record
    /// has waited so long to be committed.
    pub fn bodies_older_than(&self, age: Duration) -> Result<Vec<BodyId>> {
        self.check_process()?;
        bodies::older_than(&self.bodies, age)
    }

    /// Removes the file of a body that no row names.
    pub fn remove_orphan(&self, id: &BodyId) -> Result<()> {
        self.check_process()?;
        self.writer()?;
        files::remove(&bodies::path(&self.bodies, id))
    }

    fn check_process(&self) -> Result<()> {
        if self.is_current_process() {
            Ok(())
        } else {
            Err(registry::forked())
        }
    }

    fn writer(&self) -> Result<&WriterLock> {
        self.parts.shared.writer()
    }

    /// What keeps writers away while something is read, where that is needed.
    fn reading(&self) -> Result<Option<Reading<'_>>> {
        match &self.parts.shared.access {
            Access::Write(_) => Ok(None),
            Access::Read(lock) => lock.acquire().map(Some),
        }
    }

    /// What the last process to close a directory has to do: remove one that is temporary, and say of one whose
    /// commits are not synced that all of it is there.
    fn leave(&self) -> Result<()> {
        const WAIT: Duration = Duration::from_millis(200);
        let is_writable = matches!(self.parts.shared.access, Access::Write(_));
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
        self.parts.shared.generation.mark_clean()
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        if self.is_current_process() {
            self.parts.shared.close();
            // Without the mark a reboot costs the contents, which the level allows; what is temporary and stays is
            // removed by the next one.
            let _ = self.leave();
        }
    }
}

#[cfg(test)]
mod process_tests;
#[cfg(test)]
mod queue_tests;
#[cfg(test)]
mod tests;
