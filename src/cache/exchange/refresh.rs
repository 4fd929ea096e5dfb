//! Which variants are being revalidated behind their readers' backs: one caller each (RFC 5861 §3).

use std::collections::HashSet;
use std::sync::{Arc, Mutex, TryLockError};

use crate::cache::Cache;
use crate::key::{ROW_SIZE, VARIANT_SIZE};
use crate::storage::forks;

type Row = [u8; ROW_SIZE + VARIANT_SIZE];

/// What is being revalidated in this process.
#[derive(Default)]
pub(in crate::cache) struct Refreshing {
    rows: Mutex<(u64, HashSet<Row>)>,
}

/// The right to revalidate a variant, given back when it is dropped.
pub(super) struct Turn {
    cache: Arc<Cache>,
    row: Row,
}

impl Turn {
    /// Takes the right, unless another exchange has it.
    pub(super) fn take(cache: &Arc<Cache>, row: Row) -> Option<Self> {
        let is_taken = cache
            .refreshing()
            .with(|rows| rows.insert(row))
            .unwrap_or(false);
        is_taken.then(|| Turn {
            cache: cache.clone(),
            row,
        })
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.cache.refreshing().with(|rows| rows.remove(&self.row));
    }
}

impl Refreshing {
    /// `None` where the lock was held by another thread when this process was forked.
    fn with<T>(&self, change: impl FnOnce(&mut HashSet<Row>) -> T) -> Option<T> {
        let mut guard = loop {
            match self.rows.try_lock() {
                Ok(guard) => break guard,
                Err(TryLockError::Poisoned(guard)) => break guard.into_inner(),
                // Held for an instant by another thread, or for ever in a child.
                Err(TryLockError::WouldBlock) if forks() > 0 => return None,
                Err(TryLockError::WouldBlock) => std::thread::yield_now(),
            }
        };
        let (made_after, rows) = &mut *guard;
        if *made_after != forks() {
            // Those who had the turns are in the parent.
            *made_after = forks();
            rows.clear();
        }
        Some(change(rows))
    }
}
