//! What is counted since a cache was opened.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// What was counted, and what lies on the disk.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Statistics {
    /// Rows of stored responses, of all processes.
    pub responses: u64,
    /// Bytes on the disk, as the file system counts them.
    pub bytes: u64,
    /// Lookups answered fresh from the store.
    pub hits: u64,
    /// Lookups that found nothing to use.
    pub misses: u64,
    /// Answers that were stale.
    pub stale_hits: u64,
    /// Stored responses that a 304 confirmed.
    pub revalidations: u64,
    /// Responses stored.
    pub stores: u64,
    /// Faults of the cache itself.
    pub errors: u64,
}

#[derive(Default)]
pub(super) struct Counters {
    hits: AtomicU64,
    misses: AtomicU64,
    stale_hits: AtomicU64,
    revalidations: AtomicU64,
    stores: AtomicU64,
    errors: AtomicU64,
}

impl Counters {
    pub(super) fn hits(&self) {
        self.hits.fetch_add(1, Relaxed);
    }

    pub(super) fn misses(&self) {
        self.misses.fetch_add(1, Relaxed);
    }

    pub(super) fn stale_hits(&self) {
        self.stale_hits.fetch_add(1, Relaxed);
    }

    pub(super) fn revalidations(&self) {
        self.revalidations.fetch_add(1, Relaxed);
    }

    pub(super) fn stores(&self) {
        self.stores.fetch_add(1, Relaxed);
    }

    pub(super) fn errors(&self) {
        self.errors.fetch_add(1, Relaxed);
    }

    pub(super) fn read(&self, responses: u64, bytes: u64) -> Statistics {
        Statistics {
            responses,
            bytes,
            hits: self.hits.load(Relaxed),
            misses: self.misses.load(Relaxed),
            stale_hits: self.stale_hits.load(Relaxed),
            revalidations: self.revalidations.load(Relaxed),
            stores: self.stores.load(Relaxed),
            errors: self.errors.load(Relaxed),
        }
    }
}
