//! Changes that are committed together if they can be.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use super::BodyId;
use super::lmdb::is_map_full;
use super::queue::{Job, MOST_WRITTEN};
use super::shared::Shared;
use super::transaction::Transaction;
use crate::error::{Error, Kind, Result};

/// Tries for the other processes' lock last at least this long, however long a change waited before.
const LEAST_WAIT: Duration = Duration::from_millis(20);

/// A transaction's worth of changes, or more where some of them fail. What is not answered when it is dropped is
/// answered then.
pub(super) struct Batch<'s> {
    shared: &'s Shared,
    jobs: VecDeque<Job>,
}

impl Drop for Batch<'_> {
    fn drop(&mut self) {
        let lost = Error::new(Kind::Internal, "a change was lost on its way");
        self.answer(self.jobs.len(), &Err(lost), Done::default());
    }
}

/// How a transaction's worth of changes went.
enum Outcome {
    /// The first so many are committed.
    Committed(usize, Done),
    /// Nothing happened yet, for want of room in the map.
    MapFull,
    /// Nothing happened, because the change at this place failed.
    Failed(usize, Error),
    /// Nothing happened to the first so many, because the commit failed.
    Lost(usize, Error),
    /// Nothing happened yet, for another process writes.
    Late,
}

/// What a commit leaves to do.
#[derive(Default)]
struct Done {
    /// Bodies that no row refers to any more.
    released: Vec<BodyId>,
    /// Bodies that were shown, and that the change did not come to hold when it was its turn.
    unheld: Vec<BodyId>,
}

impl<'s> Batch<'s> {
    pub(super) fn new(shared: &'s Shared, jobs: VecDeque<Job>) -> Self {
        Batch { shared, jobs }
    }

    /// Runs the changes in order, and answers each. When one fails nothing of its transaction remains;
    /// then each is run again, in a transaction of its own, so that it fails alone. Other processes may write
    /// between two transactions. The caller leads. `until` bounds the wait for them; where a change may wait
    /// longer, all are put back then.
    pub(super) fn commit(mut self, until: Option<Instant>) {
        let mut most = usize::MAX;
        while !self.jobs.is_empty() {
            match self.attempt_locked(most, until) {
                Outcome::Committed(count, done) => self.answer(count, &Ok(()), done),
                Outcome::Lost(count, error) => self.answer(count, &Err(error), Done::default()),
                Outcome::Failed(0, error) if most == 1 => {
                    self.answer(1, &Err(error), Done::default());
                }
                Outcome::Failed(..) => most = 1,
                Outcome::MapFull => {
                    if let Err(error) = self.shared.generation.environment.make_room() {
                        self.answer(1, &Err(error), Done::default());
                    }
                }
                Outcome::Late => return self.shared.queue.give_back(&mut self.jobs),
            }
        }
    }

    /// One transaction, under the lock that other processes wait for: nothing else is done while it is held.
    fn attempt_locked(&mut self, most: usize, until: Option<Instant>) -> Outcome {
        let shared = self.shared;
        let latest = self.jobs.iter().map(|job| job.deadline).max();
        let least = Instant::now() + LEAST_WAIT;
        let deadline = latest.map_or(least, |latest| latest.max(least));
        let is_patient = until.is_some_and(|until| until < deadline);
        let lock = match shared.writer() {
            Ok(lock) => lock,
            Err(error) => return Outcome::Lost(self.jobs.len(), error),
        };
        match lock.acquire(until.map_or(deadline, |until| until.min(deadline))) {
            Ok(_writing) => self.attempt(most),
            Err(error) if is_patient && error.kind() == Kind::Busy => Outcome::Late,
            Err(error) => Outcome::Lost(self.jobs.len(), error),
        }
    }

    fn attempt(&mut self, most: usize) -> Outcome {
        let mut transaction = match Transaction::begin(&self.shared.generation.environment) {
            Ok(transaction) => transaction,
            Err(error) => return Outcome::Lost(self.jobs.len(), error),
        };
        self.shared.overlay.commit_begins();
        let mut count = 0;
        let mut unheld = Vec::new();
        for job in self.jobs.iter_mut().take(most) {
            if let Err(error) = run(&mut job.change, &mut transaction) {
                let full = is_map_full(&error);
                return if full {
                    Outcome::MapFull
                } else {
                    Outcome::Failed(count, error)
                };
            }
            let held = transaction.take_held();
            unheld.extend(job.held.iter().filter(|id| !held.contains(id)));
            count += 1;
            if transaction.written() >= MOST_WRITTEN {
                break;
            }
        }
        match transaction.commit() {
            Ok(committed) => {
                let released = committed.released;
                Outcome::Committed(count, Done { released, unheld })
            }
            Err(error) if is_map_full(&error) => Outcome::MapFull,
            Err(error) => Outcome::Lost(count, error),
        }
    }

    /// Says what became of the first so many changes. They are not shown any more before their bodies go, so that
    /// nobody finds one that is not there.
    fn answer(&mut self, count: usize, result: &Result<()>, done: Done) {
        let count = count.min(self.jobs.len());
        let jobs: Vec<Job> = self.jobs.drain(..count).collect();
        if jobs.is_empty() {
            return;
        }
        let shared = self.shared;
        if jobs.iter().any(|job| !job.shown.is_empty()) {
            let submissions = jobs.iter().map(|job| (job.number, &job.shown[..]));
            shared.overlay.withdraw(submissions);
        }
        shared.remove_bodies(&done.released);
        shared.remove_unheld(&done.unheld);
        if result.is_err() {
            let held = jobs.iter().flat_map(|job| job.held.iter().copied());
            shared.remove_unheld(&held.collect::<Vec<_>>());
        }
        let is_lost = result.is_err() && jobs.iter().any(|job| job.ticket.is_none());
        shared.queue.finish(jobs, result);
        if is_lost {
            shared.has_losses.raise();
        }
    }
}

/// Runs one change. A failure that the tables reported counts even if the change did not mind it, since the
/// transaction is lost with it; a panic is the change's own failure and nobody else's.
pub(super) fn run(change: &mut super::Change, transaction: &mut Transaction<'_>) -> Result<()> {
    let done = catch_unwind(AssertUnwindSafe(|| change(transaction)));
    if let Some(fault) = transaction.fault() {
        return Err(fault.clone());
    }
    done.unwrap_or_else(|_| Err(Error::new(Kind::Internal, "a change panicked")))
}
