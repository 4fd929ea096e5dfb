//! The workers that wait for the next request, each with a connection to one origin.

use std::sync::{Mutex, MutexGuard, PoisonError};

use super::worker::Worker;
use crate::error::Result;

/// So many connections are kept open in all.
const KEPT: usize = 16;

/// The workers of one process that wait for the next request.
pub(super) struct Pool {
    process: u32,
    /// The longest unused first.
    idle: Mutex<Vec<(String, Worker)>>,
}

impl Pool {
    pub(super) fn new() -> Self {
        Pool {
            process: std::process::id(),
            idle: Mutex::new(Vec::new()),
        }
    }

    /// Whether this is the process that made it. In another, its lock may be held for ever.
    pub(super) fn is_of_this_process(&self) -> bool {
        self.process == std::process::id()
    }

    /// A worker that has a connection to `origin`, or a new one.
    pub(super) fn take(&self, origin: &str) -> Result<Worker> {
        loop {
            let mut idle = self.lock();
            let Some(at) = idle.iter().rposition(|(of, _)| of == origin) else {
                break;
            };
            let (_, worker) = idle.remove(at);
            // Closing a connection may take its time.
            drop(idle);
            if worker.is_quiet() {
                return Ok(worker);
            }
        }
        Worker::new()
    }

    /// Keeps a worker whose transfer is over.
    pub(super) fn put(&self, origin: &str, mut worker: Worker) {
        if worker.reset().is_err() {
            return;
        }
        let mut idle = self.lock();
        let oldest = if idle.len() >= KEPT {
            Some(idle.remove(0))
        } else {
            None
        };
        idle.push((origin.to_owned(), worker));
        drop(idle);
        drop(oldest);
    }

    fn lock(&self) -> MutexGuard<'_, Vec<(String, Worker)>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
