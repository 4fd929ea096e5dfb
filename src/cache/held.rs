//! What threads of this process hold for a while, known to all of them.

use std::collections::HashSet;
use std::hash::Hash;
use std::sync::{Mutex, TryLockError};

use crate::storage::forks;

/// A set that a forked child begins anew: those who held something are in the parent.
pub(super) struct Held<T>(Mutex<(u64, HashSet<T>)>);

impl<T> Default for Held<T> {
    fn default() -> Self {
        Held(Mutex::new((forks(), HashSet::new())))
    }
}

impl<T: Eq + Hash> Held<T> {
    /// `None` where the lock was held by another thread when this process was forked.
    pub(super) fn with<R>(&self, change: impl FnOnce(&mut HashSet<T>) -> R) -> Option<R> {
        let mut guard = loop {
            match self.0.try_lock() {
                Ok(guard) => break guard,
                Err(TryLockError::Poisoned(guard)) => break guard.into_inner(),
                // Held for an instant by another thread, or for ever in a child.
                Err(TryLockError::WouldBlock) if forks() > 0 => return None,
                Err(TryLockError::WouldBlock) => std::thread::yield_now(),
            }
        };
        let (made_after, held) = &mut *guard;
        if *made_after != forks() {
            *made_after = forks();
            held.clear();
        }
        Some(change(held))
    }
}
