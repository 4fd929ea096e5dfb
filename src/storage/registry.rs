//! One store for each directory in a process, and what happens to it at a fork.
//!
//! LMDB loses its locks when an environment is opened twice in a process, and must not be touched in a
//! forked child. So the stores of a process are known here by device and inode, and a child begins with
//! none: what it inherited is left alone, and only the lock files of this library are closed, so that
//! the child does not keep up locks that were its parent's.

use std::cell::RefCell;
use std::os::fd::RawFd;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, Once, PoisonError, Weak};

use super::Store;
use super::lmdb::system;
use super::presence::Presence;
use crate::error::{Error, Kind, Result};

/// A directory as the kernel knows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Identity {
    pub device: u64,
    pub inode: u64,
}

/// An open store. It stays here until it is closed, which is later than its last owner is gone.
struct Entry {
    identity: Identity,
    store: Weak<Store>,
    /// What a child inherits of the locks of its presence, if it has one.
    mark: Option<RawFd>,
}

/// The open stores, exclusively. While this is held no other thread opens, closes or forks.
pub(super) struct Stores(MutexGuard<'static, Vec<Entry>>);

static STORES: Mutex<Vec<Entry>> = Mutex::new(Vec::new());
static CLOSED: Condvar = Condvar::new();
static FORKS: AtomicU64 = AtomicU64::new(0);

thread_local! {
    /// The lock, from before a fork until after it.
    static HELD: RefCell<Option<Stores>> = const { RefCell::new(None) };
}

/// How many forks lie between this process and the one that loaded the library. Costs no system call.
#[inline]
pub fn forks() -> u64 {
    FORKS.load(Ordering::Relaxed)
}

/// The error for using in a child what its parent opened.
pub(super) fn forked() -> Error {
    Error::new(
        Kind::Misuse,
        "opened before a fork: the child has to open the cache itself",
    )
}

impl Stores {
    /// Takes the lock.
    pub(super) fn lock() -> Self {
        static ONCE: Once = Once::new();
        ONCE.call_once(|| {
            // It fails for want of memory only; then forks go unnoticed, and all else works.
            let _ = system::at_fork(before, after_in_parent, after_in_child);
        });
        Stores(STORES.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The open store of a directory. Waits for one that is just being closed.
    pub(super) fn find(mut self, identity: Identity) -> (Self, Option<Arc<Store>>) {
        loop {
            let entry = self.0.iter().find(|entry| entry.identity == identity);
            let Some(entry) = entry else {
                return (self, None);
            };
            if let Some(store) = entry.store.upgrade() {
                return (self, Some(store));
            }
            self = Stores(CLOSED.wait(self.0).unwrap_or_else(PoisonError::into_inner));
        }
    }

    /// Makes a store known.
    pub(super) fn add(&mut self, store: &Arc<Store>) {
        let Seat { identity, presence } = &store.parts.seat;
        self.0.push(Entry {
            identity: *identity,
            store: Arc::downgrade(store),
            mark: presence.as_ref().map(Presence::descriptor),
        });
    }
}

/// A store's place among the open ones, given up when dropped: the last thing that a store does.
pub(super) struct Seat {
    identity: Identity,
    presence: Option<Presence>,
}

impl Seat {
    /// Without a presence the other processes do not know of it.
    pub(super) fn new(identity: Identity, presence: Option<Presence>) -> Self {
        Seat { identity, presence }
    }

    /// Whether another process has the directory open. The caller holds the lock for opening.
    pub(super) fn has_company(&self, directory: &Path) -> Result<bool> {
        self.presence
            .as_ref()
            .map_or(Ok(false), |presence| presence.has_company(directory))
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut stores = Stores::lock();
        // Under the lock, so that no child closes a descriptor that means something else by then.
        self.presence = None;
        stores.0.retain(|entry| entry.identity != self.identity);
        CLOSED.notify_all();
    }
}

extern "C" fn before() {
    let stores = Stores::lock();
    let _ = HELD.try_with(|held| held.replace(Some(stores)));
}

extern "C" fn after_in_parent() {
    let _ = HELD.try_with(|held| held.replace(None));
}

extern "C" fn after_in_child() {
    FORKS.fetch_add(1, Ordering::Relaxed);
    let _ = HELD.try_with(|held| {
        let Some(mut stores) = held.take() else {
            return;
        };
        let inherited = std::mem::take(&mut *stores.0);
        for entry in &inherited {
            if let Some(mark) = entry.mark {
                system::close_inherited(mark);
            }
        }
        // Nothing is freed between a fork and what follows it.
        std::mem::forget(inherited);
    });
}
