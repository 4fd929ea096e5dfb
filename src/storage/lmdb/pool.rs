//! Read transactions kept for reuse, and the gate that keeps the map in place while one is active.
//!
//! A reset transaction keeps its slot in LMDB's reader table and pins no pages; renewing it is a few
//! stores, where beginning a new one takes a lock that all processes share.

use std::cell::{Cell, UnsafeCell};
use std::sync::atomic::{AtomicU8, AtomicUsize, Ordering};
use std::sync::{PoisonError, RwLock, RwLockReadGuard};
use std::time::Duration;

use super::Environment;
use super::read::{CommittedRows, ReadTransaction};
use crate::error::{Error, Kind, Result};

/// How many transactions are kept. Beyond as many reads at the same time, each begins its own.
pub(super) const SLOTS: usize = 32;

const FREE: u8 = 0;
const TAKEN: u8 = 1;
const CLOSED: u8 = 2;

const OPEN: u8 = 0;
/// Somebody waits for the reads to end.
const CLOSING: u8 = 1;
/// The map is gone, or a write of LMDB's failed half-way: it must not be called any more, or does nothing any more.
const CONDEMNED: u8 = 2;

/// The transactions, and who may use them.
pub(super) struct Pool {
    slots: [Slot; SLOTS],
    /// Held for reading by reads without a slot, for writing while the map is replaced.
    gate: RwLock<()>,
    /// What a read looks at first: else it would take every slot again before it can be closed.
    mode: AtomicU8,
}

/// One place, on cache lines of its own, so that threads do not slow each other down.
#[repr(align(128))]
struct Slot {
    state: AtomicU8,
    transaction: UnsafeCell<Option<ReadTransaction>>,
}

// SAFETY: `transaction` is touched only by the one that moved `state` from FREE to TAKEN, with acquire,
// and gives it back with release; under NOTLS a read transaction may move between threads.
unsafe impl Sync for Slot {}

thread_local! {
    /// Where this thread looks first; threads begin at different places.
    static FIRST: Cell<usize> = const { Cell::new(usize::MAX) };
    /// What of the storage's this thread is inside of.
    static INSIDE: Cell<u8> = const { Cell::new(0) };
}

static THREADS: AtomicUsize = AtomicUsize::new(0);

/// Marks the thread as being inside a read or a change, until dropped.
pub(in crate::storage) struct Inside(u8);

impl Inside {
    const READ: u8 = 1;
    const CHANGE: u8 = 2;

    /// A read inside a read would wait for itself when the map is being replaced.
    pub(in crate::storage) fn read() -> Result<Self> {
        Self::enter(Self::READ, Self::READ)
    }

    /// A change inside a read or inside a change would wait for itself.
    pub(in crate::storage) fn change() -> Result<Self> {
        Self::enter(Self::CHANGE, Self::READ | Self::CHANGE)
    }

    fn enter(what: u8, excluded: u8) -> Result<Self> {
        INSIDE.with(|inside| {
            if inside.get() & excluded != 0 {
                return Err(Error::new(
                    Kind::Misuse,
                    "the storage was called from inside its own call",
                ));
            }
            inside.set(inside.get() | what);
            Ok(Inside(what))
        })
    }
}

impl Drop for Inside {
    fn drop(&mut self) {
        INSIDE.with(|inside| inside.set(inside.get() & !self.0));
    }
}

impl Pool {
    pub(super) fn new() -> Self {
        let slot = |_| Slot {
            state: AtomicU8::new(FREE),
            transaction: UnsafeCell::new(None),
        };
        Pool {
            slots: std::array::from_fn(slot),
            gate: RwLock::new(()),
            mode: AtomicU8::new(OPEN),
        }
    }

    /// Runs `task` while no read is active and none can begin. Waits for those that run.
    pub(super) fn while_idle<T>(&self, task: impl FnOnce() -> Result<T>) -> Result<T> {
        let _gate = self.gate.write().unwrap_or_else(PoisonError::into_inner);
        self.sound()?;
        self.mode.store(CLOSING, Ordering::Relaxed);
        let _closed = Closed::all(self);
        task()
    }

    /// Nothing may begin any more until the environment is opened anew.
    pub(super) fn condemn(&self) {
        self.mode.store(CONDEMNED, Ordering::Relaxed);
    }

    pub(super) fn is_condemned(&self) -> bool {
        self.mode.load(Ordering::Relaxed) == CONDEMNED
    }

    /// An error when nothing may begin any more.
    pub(super) fn sound(&self) -> Result<()> {
        if self.is_condemned() {
            return Err(Error::new(
                Kind::Io,
                "the data file failed before, and has to be opened anew",
            ));
        }
        Ok(())
    }

    fn take(&self) -> Place<'_> {
        let first = FIRST.with(|first| {
            if first.get() == usize::MAX {
                first.set(THREADS.fetch_add(1, Ordering::Relaxed) % SLOTS);
            }
            first.get()
        });
        let (before, after) = self.slots.split_at(first);
        loop {
            let mut closed = self.mode.load(Ordering::Relaxed) == CLOSING;
            let slots = if closed {
                [].iter().chain(&[])
            } else {
                after.iter().chain(before)
            };
            for slot in slots {
                let swapped =
                    slot.state
                        .compare_exchange(FREE, TAKEN, Ordering::Acquire, Ordering::Relaxed);
                match swapped {
                    Ok(_) => return Place::Slot(Held(slot)),
                    Err(state) => closed |= state == CLOSED,
                }
            }
            let gate = self.gate.read().unwrap_or_else(PoisonError::into_inner);
            if !closed {
                return Place::Own(gate);
            }
        }
    }
}

/// Where a read runs.
enum Place<'p> {
    Slot(Held<'p>),
    /// All slots are taken. The guard keeps the map in place.
    Own(#[allow(dead_code, reason = "held, not read")] RwLockReadGuard<'p, ()>),
}

/// A taken slot, given back when dropped.
struct Held<'p>(&'p Slot);

impl Held<'_> {
    fn transaction(&mut self) -> &mut Option<ReadTransaction> {
        // SAFETY: this value is the only one that holds the slot, see `Slot`, and it is borrowed mutably.
        unsafe { &mut *self.0.transaction.get() }
    }
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        self.0.state.store(FREE, Ordering::Release);
    }
}

/// All slots, closed until dropped.
struct Closed<'p>(&'p Pool);

impl<'p> Closed<'p> {
    fn all(pool: &'p Pool) -> Self {
        let mut tries = 0;
        for slot in &pool.slots {
            while slot
                .state
                .compare_exchange(FREE, CLOSED, Ordering::Acquire, Ordering::Relaxed)
                .is_err()
            {
                // Reads are short; one that is not needs the processor more than this does.
                tries += 1;
                if tries < 100 {
                    std::hint::spin_loop();
                } else {
                    std::thread::sleep(Duration::from_micros(50));
                }
            }
        }
        Closed(pool)
    }
}

impl Drop for Closed<'_> {
    fn drop(&mut self) {
        for slot in &self.0.slots {
            slot.state.store(FREE, Ordering::Release);
        }
        let (closing, relaxed) = (CLOSING, Ordering::Relaxed);
        let _ = self
            .0
            .mode
            .compare_exchange(closing, OPEN, relaxed, relaxed);
    }
}

/// Resets the transaction even when the reader panics.
struct Active<'t>(&'t mut ReadTransaction);

impl Drop for Active<'_> {
    fn drop(&mut self) {
        self.0.reset();
    }
}

impl Environment {
    /// Gives `task` a snapshot of all tables as they are now. Not to be called from inside `task`.
    pub(in crate::storage) fn read<T>(
        &self,
        task: impl FnOnce(CommittedRows<'_>) -> Result<T>,
    ) -> Result<T> {
        let inside = Inside::read()?;
        self.read_inside(&inside, task)
    }

    /// The same for a thread that said before that it reads.
    pub(in crate::storage) fn read_inside<T>(
        &self,
        _inside: &Inside,
        task: impl FnOnce(CommittedRows<'_>) -> Result<T>,
    ) -> Result<T> {
        let mut tries = 0;
        let error = loop {
            let mut place = self.pool.take();
            self.pool.sound()?;
            let mut own = None;
            let kept = match &mut place {
                Place::Slot(held) => held.transaction(),
                Place::Own(_) => &mut own,
            };
            let error = match self.activate(kept) {
                Ok(active) => return task(CommittedRows::new(&*active.0, &self.tables)),
                Err(error) => error,
            };
            tries += 1;
            self.condemn_after(&error);
            if error.kind() != Kind::Busy || tries > 3 {
                break error;
            }
            drop(own);
            drop(place);
            self.make_way(&error)?;
        };
        Err(error)
    }

    /// Whether it has to be opened anew, by somebody who knows that nobody uses it any more.
    pub(in crate::storage) fn is_condemned(&self) -> bool {
        self.pool.is_condemned()
    }

    /// After the write of a meta page failed LMDB refuses all that comes later.
    pub(super) fn condemn_after(&self, error: &Error) {
        if super::fault::code(error) == Some(lmdb_sys::MDB_PANIC) {
            self.pool.condemn();
        }
    }

    /// Finds out whether LMDB goes on after a commit that failed.
    pub(super) fn look_after_failure(&self) {
        if let Err(error) = ReadTransaction::begin(&self.inner) {
            self.condemn_after(&error);
        }
    }

    fn activate<'t>(&self, kept: &'t mut Option<ReadTransaction>) -> Result<Active<'t>> {
        let failed = match kept {
            Some(transaction) => transaction.renew().err(),
            None => None,
        };
        if let Some(error) = failed {
            if super::fault::code(&error) != Some(lmdb_sys::MDB_MAP_RESIZED) {
                *kept = None;
            }
            return Err(error);
        }
        let transaction = match kept {
            Some(transaction) => transaction,
            None => kept.insert(ReadTransaction::begin(&self.inner)?),
        };
        Ok(Active(transaction))
    }

    /// Removes what kept a transaction from beginning.
    pub(super) fn make_way(&self, error: &Error) -> Result<()> {
        match super::fault::code(error) {
            Some(lmdb_sys::MDB_MAP_RESIZED) => self.adopt(),
            Some(lmdb_sys::MDB_READERS_FULL) => self.free_dead_readers(),
            _ => Err(error.clone()),
        }
    }
}

impl Drop for Environment {
    fn drop(&mut self) {
        // LMDB wants every transaction gone before its environment, which is dropped after this.
        for slot in &mut self.pool.slots {
            *slot.transaction.get_mut() = None;
        }
    }
}
