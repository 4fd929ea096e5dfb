//! The order of changes: one queue for each store. Who leads commits for all who wait, so that changes that come
//! while a commit runs share the next transaction, and its sync, without any timer.
//!
//! In the level synced the callers lead, one after another, each until its own change is committed. In the others a
//! change is shown at once, and the committer leads, or whoever lends it time.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::lost::{Flag, Losses};
use super::overlay::RowKey;
use super::{BodyId, Change, Table};
use crate::error::{Error, Kind, Result};

/// Bytes that may wait.
const MOST_WAITING: usize = 16 << 20;
/// Changes that may wait.
const MOST_CHANGES: usize = 4096;
/// Bytes after which a transaction is committed, so that no other process waits for long.
pub(super) const MOST_WRITTEN: usize = 4 << 20;
/// A committer that has had nothing to do for so long ends. Long enough for a busy program, short enough for one
/// that is about to fork.
const IDLE: Duration = Duration::from_secs(1);

/// The changes of a store that are on their way.
pub(super) struct Queue {
    state: Mutex<State>,
    /// There is something to commit, or the store closes.
    due: Condvar,
    /// Changes are finished, or nobody leads any more.
    changed: Condvar,
    /// Held while a change is tried and enters the queue, so that it is tried behind those before it.
    order: Mutex<()>,
    has_losses: Flag,
    wait: Duration,
}

#[derive(Default)]
struct State {
    waiting: VecDeque<Job>,
    /// Of changes that are not finished, together.
    bytes: usize,
    /// One thread is committing, or was told to.
    led: bool,
    closed: bool,
    /// There is a committer, or there will be at once.
    has_committer: bool,
    is_committer_asleep: bool,
    submitted: u64,
    finished: u64,
    /// So many were finished when somebody gave up waiting for the running commit.
    stuck_behind: Option<u64>,
    losses: Losses,
}

/// One change and who waits for it.
pub(super) struct Job {
    pub change: Change,
    pub size: usize,
    pub deadline: Instant,
    pub number: u64,
    /// The rows by which it is shown, and the bodies that it holds there.
    pub shown: Vec<(Table, RowKey)>,
    pub held: Vec<BodyId>,
    /// Its caller waits for it.
    pub ticket: Option<Arc<Ticket>>,
    /// It is not shown, so that it must not share a transaction with one that is.
    pub alone: bool,
}

/// What a waiting thread looks at.
#[derive(Default)]
pub(super) struct Ticket {
    turn: Mutex<Turn>,
    changed: Condvar,
}

#[derive(Default)]
enum Turn {
    #[default]
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

    /// Keeps everybody from committing until it is dropped.
    pub(super) fn hold_back(&self) -> Leading<'_> {
        self.lead(None).unwrap()
    }
}

impl Queue {
    /// `wait` bounds the wait for other processes' writers.
    pub(super) fn new(wait: Duration) -> Self {
        Queue {
            state: Mutex::default(),
            due: Condvar::new(),
            changed: Condvar::new(),
            order: Mutex::new(()),
            has_losses: Flag::default(),
            wait,
        }
    }

    /// The right to try a change and to let it enter.
    pub(super) fn order(&self) -> MutexGuard<'_, ()> {
        self.order.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn job(&self, size: usize, change: Change) -> Job {
        Job {
            change,
            size,
            deadline: Instant::now() + self.wait,
            number: 0,
            shown: Vec::new(),
            held: Vec::new(),
            ticket: None,
            alone: false,
        }
    }

    /// Whether so many more bytes may wait.
    ///
    /// [`Kind::Full`]: too much waits already.
    pub(super) fn check_room(&self, size: usize) -> Result<()> {
        self.lock().check_room(size)
    }

    /// The number of the change that enters next; the caller holds the [`Queue::order`].
    pub(super) fn next_number(&self) -> u64 {
        self.lock().submitted + 1
    }

    /// Adds a change. Says whether nobody leads, and the caller does from now on if it is to `lead`.
    pub(super) fn push(&self, mut job: Job, lead: bool) -> Result<bool> {
        let mut state = self.lock();
        state.check_room(job.size)?;
        state.submitted += 1;
        job.number = state.submitted;
        state.bytes = state.bytes.saturating_add(job.size);
        state.waiting.push_back(job);
        let is_free = !state.led;
        state.led |= lead;
        Ok(is_free)
    }

    /// Takes what is to be committed next: at least one change if any waits, and about one transaction's worth.
    pub(super) fn take(&self, _leading: &Leading<'_>) -> VecDeque<Job> {
        let mut state = self.lock();
        let mut jobs = VecDeque::<Job>::new();
        let mut bytes = 0_usize;
        while let Some(job) = state.waiting.front() {
            let is_too_much = bytes.saturating_add(job.size) > MOST_WRITTEN;
            let is_other = job.alone || jobs.back().is_some_and(|last| last.alone);
            if !jobs.is_empty() && (is_too_much || is_other) {
                break;
            }
            bytes = bytes.saturating_add(job.size);
            jobs.extend(state.waiting.pop_front());
        }
        jobs
    }

    /// Puts back what could not be committed yet.
    pub(super) fn give_back(&self, jobs: &mut VecDeque<Job>) {
        let mut state = self.lock();
        while let Some(job) = jobs.pop_back() {
            state.waiting.push_front(job);
        }
    }

    /// Says what became of changes that were taken; those who wait for one are told. A failure that nobody waits
    /// for is kept.
    pub(super) fn finish(&self, jobs: Vec<Job>, result: &Result<()>) {
        let mut state = self.lock();
        for job in &jobs {
            state.bytes = state.bytes.saturating_sub(job.size);
            if let (Err(error), None) = (result, &job.ticket) {
                state.losses.add(job.number, error);
                // Before anybody who waits for this change goes on.
                self.has_losses.raise();
            }
        }
        state.finished += jobs.len() as u64;
        drop(state);
        for ticket in jobs.into_iter().filter_map(|job| job.ticket) {
            ticket.set(Turn::Done(result.clone()));
        }
        self.changed.notify_all();
    }

    /// Waits until nobody leads, and leads; `None` when `until` passed before.
    pub(super) fn lead(&self, until: Option<Instant>) -> Option<Leading<'_>> {
        let mut state = self.lock();
        while state.led {
            state = self.wait_for_change(state, until)?;
        }
        state.led = true;
        Some(Leading(self))
    }

    /// What [`Queue::push`] gave the lead of.
    pub(super) fn leading(&self) -> Leading<'_> {
        Leading(self)
    }

    /// Waits until there is something to commit, and leads. `None`: the committer ends, since the store closes or
    /// there was nothing to do for a while.
    pub(super) fn lead_as_committer(&self) -> Option<Leading<'_>> {
        let idle = Instant::now() + IDLE;
        let mut state = self.lock();
        loop {
            let left = idle.saturating_duration_since(Instant::now());
            if state.closed || (left.is_zero() && state.waiting.is_empty()) {
                state.has_committer = false;
                self.changed.notify_all();
                return None;
            }
            if !state.led && !state.waiting.is_empty() {
                state.led = true;
                return Some(Leading(self));
            }
            state.is_committer_asleep = true;
            let waited = self
                .due
                .wait_timeout(state, left.max(Duration::from_millis(1)));
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
            state.is_committer_asleep = false;
        }
    }

    /// Wakes the committer; says whether there is none, and the caller has to start one.
    pub(super) fn wake(&self) -> bool {
        let mut state = self.lock();
        if state.has_committer {
            if state.is_committer_asleep {
                self.due.notify_one();
            }
            return false;
        }
        state.has_committer = true;
        true
    }

    /// The committer that was to be started is not there, or is no more.
    pub(super) fn has_no_committer(&self) {
        self.lock().has_committer = false;
        self.changed.notify_all();
    }

    /// Whether half of what may wait does.
    pub(super) fn is_half_full(&self) -> bool {
        self.lock().is_half_full()
    }

    /// Whether nothing is on its way.
    pub(super) fn is_finished(&self) -> bool {
        let state = self.lock();
        state.finished == state.submitted
    }

    /// Whether so many are finished.
    pub(super) fn has_finished(&self, target: u64) -> bool {
        self.lock().finished >= target
    }

    /// How many were submitted so far, and up to which one a flush was told of losses.
    pub(super) fn submitted(&self) -> (u64, u64) {
        let state = self.lock();
        (state.submitted, state.losses.told())
    }

    /// Waits until so many are finished, or until the caller may lead to that end, if there is nobody who does.
    pub(super) fn finished_or_lead(&self, target: u64, until: Instant) -> Progress<'_> {
        let mut state = self.lock();
        loop {
            if state.finished >= target {
                return Progress::Finished;
            }
            if !state.led && !state.has_committer {
                state.led = true;
                return Progress::Lead(Leading(self));
            }
            match self.wait_for_change(state, Some(until)) {
                Some(changed) => state = changed,
                None => return Progress::Late,
            }
        }
    }

    /// Waits until less than half of what may wait does, as long as commits end. One that takes longer than `most` is
    /// not waited for by those who come later.
    pub(super) fn give_time(&self, most: Duration) {
        let latest = Instant::now() + 2 * most;
        let mut state = self.lock();
        let mut before = state.finished;
        let mut until = Instant::now() + most;
        while state.is_half_full() && state.stuck_behind != Some(before) {
            if !state.led && !state.has_committer {
                return;
            }
            match self.wait_for_change(state, Some(until.min(latest))) {
                Some(changed) => state = changed,
                None => {
                    self.lock().stuck_behind = Some(before);
                    return;
                }
            }
            if state.finished != before {
                (before, until) = (state.finished, Instant::now() + most);
            }
        }
    }

    /// Nobody submits any more. Waits for who leads, and keeps all others from it.
    pub(super) fn close(&self) -> Option<Leading<'_>> {
        self.lock().closed = true;
        self.due.notify_all();
        self.lead(None)
    }

    /// The changes that were lost among those behind `from`, up to now; a flush that begins later is not told.
    pub(super) fn tell_losses(&self, from: u64, target: u64) -> Option<Error> {
        self.lock().losses.tell(from, target)
    }

    /// How many were lost since this was last asked for, and why; `None`, at the cost of a glance: none.
    #[inline]
    pub(super) fn take_losses(&self) -> Option<(u64, Vec<Error>)> {
        self.has_losses.lower().then(|| self.lock().losses.take())
    }

    fn wait_for_change<'q>(
        &'q self,
        state: MutexGuard<'q, State>,
        until: Option<Instant>,
    ) -> Option<MutexGuard<'q, State>> {
        let Some(until) = until else {
            let waited = self.changed.wait(state);
            return Some(waited.unwrap_or_else(PoisonError::into_inner));
        };
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return None;
        }
        let waited = self.changed.wait_timeout(state, left);
        Some(waited.unwrap_or_else(PoisonError::into_inner).0)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What [`Queue::finished_or_lead`] came to.
pub(super) enum Progress<'q> {
    Finished,
    Lead(Leading<'q>),
    Late,
}

impl State {
    fn is_half_full(&self) -> bool {
        self.bytes > MOST_WAITING / 2 || self.waiting.len() > MOST_CHANGES / 2
    }

    fn check_room(&self, size: usize) -> Result<()> {
        let full =
            self.waiting.len() >= MOST_CHANGES || self.bytes.saturating_add(size) > MOST_WAITING;
        if full && self.bytes > 0 {
            return Err(Error::new(
                Kind::Full,
                "too many changes wait to be written",
            ));
        }
        Ok(())
    }
}

/// The lead, handed on when dropped.
pub(super) struct Leading<'q>(&'q Queue);

impl Drop for Leading<'_> {
    fn drop(&mut self) {
        let mut state = self.0.lock();
        let next = state.waiting.front().filter(|next| !next.alone);
        if let Some(ticket) = next.and_then(|next| next.ticket.as_ref()) {
            return ticket.set(Turn::Lead);
        }
        state.led = false;
        let is_due = state.is_committer_asleep && !state.waiting.is_empty();
        drop(state);
        if is_due {
            self.0.due.notify_one();
        }
        self.0.changed.notify_all();
    }
}

impl Ticket {
    fn set(&self, turn: Turn) {
        *self.turn.lock().unwrap_or_else(PoisonError::into_inner) = turn;
        self.changed.notify_all();
    }

    /// Waits for a result (`false`) or for being told to commit (`true`).
    pub(super) fn wait_for_lead(&self) -> bool {
        let turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = self
            .changed
            .wait_while(turn, |turn| matches!(turn, Turn::Waiting));
        matches!(*waited.unwrap_or_else(PoisonError::into_inner), Turn::Lead)
    }

    /// What became of the change, once that is known.
    pub(super) fn result(&self) -> Option<Result<()>> {
        match &*self.turn.lock().unwrap_or_else(PoisonError::into_inner) {
            Turn::Done(result) => Some(result.clone()),
            _ => None,
        }
    }
}
