//! The order of changes: one queue for each store. Who comes first commits for all who come meanwhile, so
//! that stores at the same time share a transaction, and its sync, without any thread or timer.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::Change;
use super::lmdb::{Environment, Inside, Transaction, is_map_full};
use super::locks::WriterLock;
use crate::error::{Error, Kind, Result};

/// Bytes that may wait.
const MOST_WAITING: usize = 16 << 20;
/// Changes that may wait.
const MOST_CHANGES: usize = 4096;
/// Bytes after which a transaction is committed, so that no other process waits for long.
const MOST_WRITTEN: usize = 4 << 20;
/// Tries for the other processes' lock last at least this long, however long a change waited before.
const LEAST_WAIT: Duration = Duration::from_millis(20);

/// The changes of a store that are on their way.
pub(super) struct Queue {
    state: Mutex<State>,
    finished: Condvar,
    wait: Duration,
}

#[derive(Default)]
struct State {
    waiting: VecDeque<Job>,
    bytes: usize,
    /// One thread is committing, or was told to.
    led: bool,
    submitted: u64,
    finished: u64,
}

/// One change and who waits for it.
struct Job {
    change: Change,
    size: usize,
    deadline: Instant,
    ticket: Arc<Ticket>,
}

/// What a waiting thread looks at.
struct Ticket {
    turn: Mutex<Turn>,
    changed: Condvar,
}

enum Turn {
    Waiting,
    /// The thread commits for itself and for others.
    Lead,
    Done(Result<()>),
}

#[cfg(test)]
impl Queue {
    /// How many changes wait, besides those that are being committed.
    pub(super) fn waiting(&self) -> usize {
        self.state.lock().unwrap().waiting.len()
    }
}

impl Queue {
    /// `wait` bounds the wait for other processes' writers.
    pub(super) fn new(wait: Duration) -> Self {
        Queue {
            state: Mutex::default(),
            finished: Condvar::new(),
            wait,
        }
    }

    /// Adds a change and returns what became of it. `commit` is called on this thread or on another one
    /// that is in here.
    pub(super) fn submit(
        &self,
        size: usize,
        change: Change,
        commit: &dyn Fn(&mut Batch),
    ) -> Result<()> {
        let _inside = Inside::change()?;
        let ticket = Arc::new(Ticket {
            turn: Mutex::new(Turn::Waiting),
            changed: Condvar::new(),
        });
        let deadline = Instant::now() + self.wait;
        let job = Job {
            change,
            size,
            deadline,
            ticket: Arc::clone(&ticket),
        };
        if !self.push(job)? && !ticket.wait_for_lead() {
            return ticket.result();
        }
        let leading = Leading(self);
        let mut batch = self.take();
        commit(&mut batch);
        // Whatever was not answered is answered here.
        drop(batch);
        drop(leading);
        ticket.result()
    }

    /// Waits until everything submitted before now is finished; `false` when `timeout` passed before.
    pub(super) fn wait_until_finished(&self, timeout: Duration) -> bool {
        let deadline = Instant::now() + timeout;
        let mut state = self.lock();
        let target = state.submitted;
        while state.finished < target {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return false;
            }
            let waited = self.finished.wait_timeout(state, left);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        true
    }

    /// Says whether the caller leads.
    fn push(&self, job: Job) -> Result<bool> {
        let mut state = self.lock();
        let full = state.waiting.len() >= MOST_CHANGES
            || state.bytes.saturating_add(job.size) > MOST_WAITING;
        if full && !state.waiting.is_empty() {
            return Err(Error::new(
                Kind::Full,
                "too many changes wait to be written",
            ));
        }
        state.bytes = state.bytes.saturating_add(job.size);
        state.waiting.push_back(job);
        state.submitted += 1;
        Ok(!std::mem::replace(&mut state.led, true))
    }

    /// Takes what is to be committed next: at least one change, and about one transaction's worth.
    fn take(&self) -> Batch<'_> {
        let mut state = self.lock();
        let mut jobs = VecDeque::new();
        let mut bytes = 0_usize;
        while let Some(job) = state.waiting.front() {
            if !jobs.is_empty() && bytes.saturating_add(job.size) > MOST_WRITTEN {
                break;
            }
            bytes = bytes.saturating_add(job.size);
            jobs.extend(state.waiting.pop_front());
        }
        state.bytes = state.bytes.saturating_sub(bytes);
        Batch { queue: self, jobs }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The lead, handed on when dropped.
struct Leading<'q>(&'q Queue);

impl Drop for Leading<'_> {
    fn drop(&mut self) {
        let mut state = self.0.lock();
        match state.waiting.front() {
            Some(next) => next.ticket.set(Turn::Lead),
            None => state.led = false,
        }
    }
}

impl Ticket {
    fn set(&self, turn: Turn) {
        *self.turn.lock().unwrap_or_else(PoisonError::into_inner) = turn;
        self.changed.notify_all();
    }

    /// Waits for a result (`false`) or for being told to commit (`true`).
    fn wait_for_lead(&self) -> bool {
        let turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = self
            .changed
            .wait_while(turn, |turn| matches!(turn, Turn::Waiting));
        matches!(*waited.unwrap_or_else(PoisonError::into_inner), Turn::Lead)
    }

    fn result(&self) -> Result<()> {
        match &*self.turn.lock().unwrap_or_else(PoisonError::into_inner) {
            Turn::Done(result) => result.clone(),
            _ => Err(unanswered()),
        }
    }
}

fn unanswered() -> Error {
    Error::new(Kind::Internal, "a change was lost on its way")
}

/// Changes that are committed together if they can be.
pub(super) struct Batch<'q> {
    queue: &'q Queue,
    jobs: VecDeque<Job>,
}

impl Drop for Batch<'_> {
    fn drop(&mut self) {
        self.answer(self.jobs.len(), &Err(unanswered()));
    }
}

/// How a transaction's worth of changes went.
enum Outcome {
    /// The first so many are committed.
    Committed(usize),
    /// Nothing happened yet, for want of room in the map.
    MapFull,
    /// Nothing happened, because the change at this place failed.
    Failed(usize, Error),
    /// Nothing happened to the first so many, because the commit failed.
    Lost(usize, Error),
}

impl Batch<'_> {
    /// Runs the changes in order, and answers each. When one fails nothing of its transaction remains;
    /// then each is run again, in a transaction of its own, so that it fails alone. `release` is called
    /// with the bodies that no row refers to any more.
    pub(super) fn commit(
        &mut self,
        environment: &Environment,
        lock: &WriterLock,
        release: &dyn Fn(&[super::BodyId]),
    ) {
        let latest = self.jobs.iter().map(|job| job.deadline).max();
        let least = Instant::now() + LEAST_WAIT;
        let writing = lock.acquire(latest.map_or(least, |latest| latest.max(least)));
        if let Err(error) = writing {
            return self.answer(self.jobs.len(), &Err(error));
        }
        let mut most = usize::MAX;
        while !self.jobs.is_empty() {
            match self.attempt(environment, most, release) {
                Outcome::Committed(count) => self.answer(count, &Ok(())),
                Outcome::Lost(count, error) => self.answer(count, &Err(error)),
                Outcome::Failed(0, error) if most == 1 => self.answer(1, &Err(error)),
                Outcome::Failed(..) => most = 1,
                Outcome::MapFull => {
                    if let Err(error) = environment.make_room() {
                        self.answer(1, &Err(error));
                    }
                }
            }
        }
    }

    fn attempt(
        &mut self,
        environment: &Environment,
        most: usize,
        release: &dyn Fn(&[super::BodyId]),
    ) -> Outcome {
        let mut transaction = match environment.begin() {
            Ok(transaction) => transaction,
            Err(error) => return Outcome::Lost(self.jobs.len(), error),
        };
        let mut count = 0;
        for job in self.jobs.iter_mut().take(most) {
            if let Err(error) = run(job, &mut transaction) {
                let full = is_map_full(&error);
                return if full {
                    Outcome::MapFull
                } else {
                    Outcome::Failed(count, error)
                };
            }
            count += 1;
            if transaction.written() >= MOST_WRITTEN {
                break;
            }
        }
        match transaction.commit() {
            Ok(committed) => {
                release(&committed.released);
                Outcome::Committed(count)
            }
            Err(error) if is_map_full(&error) => Outcome::MapFull,
            Err(error) => Outcome::Lost(count, error),
        }
    }

    fn answer(&mut self, count: usize, result: &Result<()>) {
        let count = count.min(self.jobs.len());
        for job in self.jobs.drain(..count) {
            job.ticket.set(Turn::Done(result.clone()));
        }
        self.queue.lock().finished += count as u64;
        self.queue.finished.notify_all();
    }
}

/// Runs one change. A failure that LMDB reported counts even if the change did not mind it, since the
/// transaction is lost with it; a panic is the change's own failure and nobody else's.
fn run(job: &mut Job, transaction: &mut Transaction<'_>) -> Result<()> {
    let done = catch_unwind(AssertUnwindSafe(|| (job.change)(transaction)));
    if let Some(fault) = transaction.fault() {
        return Err(fault.clone());
    }
    done.unwrap_or_else(|_| Err(Error::new(Kind::Internal, "a change panicked")))
}
