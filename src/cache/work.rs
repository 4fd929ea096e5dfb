//! Work that goes on after a call has returned: counted, so that it is bounded and can be waited for.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::error::{Error, Kind, Result};
use crate::storage::forks;

/// The work of one cache in this process.
#[derive(Default)]
pub(super) struct Works {
    count: Mutex<Count>,
    changed: Condvar,
}

#[derive(Default)]
struct Count {
    running: usize,
    /// A child of fork() has none of its parent's threads.
    forks: u64,
}

/// A piece of work, over when it is dropped.
pub struct Work {
    works: Arc<Works>,
    forks: u64,
}

impl Works {
    /// Begins a piece, unless there are so many already.
    pub(super) fn begin(self: &Arc<Self>, most: usize) -> Option<Work> {
        let mut count = self.lock();
        if count.running >= most {
            return None;
        }
        count.running += 1;
        Some(Work {
            works: self.clone(),
            forks: count.forks,
        })
    }

    /// Waits until all that was begun is over.
    pub(super) fn wait(&self, timeout: Duration) -> Result<()> {
        let until = Instant::now().checked_add(timeout);
        let mut count = self.lock();
        while count.running > 0 {
            let left = until.map_or(Duration::MAX, |until| {
                until.saturating_duration_since(Instant::now())
            });
            if left.is_zero() {
                let message = "a revalidation in the background is not over yet";
                return Err(Error::new(Kind::Timeout, message));
            }
            let waited = self.changed.wait_timeout(count, left);
            count = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, Count> {
        let mut count = self.count.lock().unwrap_or_else(PoisonError::into_inner);
        if count.forks != forks() {
            *count = Count {
                running: 0,
                forks: forks(),
            };
        }
        count
    }
}

impl Drop for Work {
    fn drop(&mut self) {
        let mut count = self.works.lock();
        if count.forks == self.forks {
            count.running = count.running.saturating_sub(1);
        }
        self.works.changed.notify_all();
    }
}
