//! What the callers of a store and its committer share, and how a change goes through it.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::batch::{Batch, run};
use super::generation::Generation;
use super::lmdb::{Inside, is_readers_full};
use super::overlay::{Overlay, Rows, Shown};
use super::queue::{Job, Leading, MOST_WRITTEN, Progress, Queue, Ticket};
use super::snapshot::Snapshot;
use super::transaction::Transaction;
use super::trial::Trial;
use super::{Access, BodyId, Change, Durability, Table, WriterLock, bodies, committer, files};
use crate::error::{Error, Kind, Result};

/// From the time on that half of what may wait does, a change waits so long for the running commit.
const GIVEN_TIME: Duration = Duration::from_secs(1);

/// The tables, and the changes on their way to them.
pub(super) struct Shared {
    pub generation: Generation,
    pub overlay: Overlay,
    /// Also the committer's, while it has nothing to commit.
    pub queue: Arc<Queue>,
    pub access: Access,
    /// The cache directory, for messages.
    pub path: PathBuf,
    pub bodies: PathBuf,
    pub durability: Durability,
    /// Whether a thread may be started that commits.
    pub may_start_thread: bool,
}

impl Shared {
    pub(super) fn writer(&self) -> Result<&WriterLock> {
        match &self.access {
            Access::Write(writer) => Ok(writer),
            Access::Read(_) => {
                let why = "nothing in it could be written when it was opened";
                let message = format!("{}: {why}", self.path.display());
                Err(Error::new(Kind::ReadOnly, message))
            }
        }
    }

    /// Gives `task` the tables as they are with what was submitted.
    pub(super) fn read<T>(&self, task: impl FnOnce(&Snapshot<'_>) -> Result<T>) -> Result<T> {
        let inside = Inside::read()?;
        let mut task = Some(task);
        loop {
            // In this order: what is committed between the two is in the snapshot.
            let shown = self.overlay.shown();
            let environment = &self.generation.environment;
            let done = environment.read_inside(&inside, |tables| {
                let is_current = shown.as_ref().is_none_or(|it| self.overlay.is_current(it));
                let task = task.take_if(|_| is_current);
                let rows = shown.as_ref().map(Shown::rows);
                task.map(|task| task(&Snapshot::new(tables, rows)))
                    .transpose()
            })?;
            if let Some(done) = done {
                return Ok(done);
            }
        }
    }

    /// Makes a change, as [`super::Store::submit`] says.
    pub(super) fn submit(self: &Arc<Self>, size: usize, change: Change) -> Result<()> {
        self.writer()?;
        let _inside = Inside::change()?;
        match self.durability {
            Durability::Synced => self.commit_with_others(self.queue.job(size, change)),
            Durability::Fast | Durability::Safe => self.show(size, change),
        }
    }

    /// Commits a change together with those of other callers.
    fn commit_with_others(&self, mut job: Job) -> Result<()> {
        let ticket = Arc::new(Ticket::default());
        job.ticket = Some(Arc::clone(&ticket));
        if self.queue.push(job, true)? || ticket.wait_for_lead() {
            self.commit_batch(&self.queue.leading(), None);
        }
        ticket.result().unwrap_or_else(|| Err(unanswered()))
    }

    /// Makes a change visible to this process, and lets it wait for its commit.
    fn show(self: &Arc<Self>, size: usize, change: Change) -> Result<()> {
        let order = self.queue.order();
        self.make_way();
        self.queue.check_room(size)?;
        let mut job = self.queue.job(size, change);
        let tried = match self.attempt(&mut job.change) {
            // Writing needs no place among the readers, and trying does.
            Err(error) if is_readers_full(&error) => Tried::NotTriable,
            tried => tried?,
        };
        match tried {
            Tried::WritesNothing => return Ok(()),
            Tried::NotTriable => return self.commit_alone(job),
            Tried::Writes {
                rows,
                held,
                written,
            } => {
                job.size = size.max(written);
                self.queue.check_room(job.size)?;
                job.held = held;
                // Shown before it can be committed, or it would be shown for ever.
                job.shown = self.overlay.show(self.queue.next_number(), rows);
                self.queue.push(job, false)?;
            }
        }
        drop(order);
        self.see_to_commit();
        Ok(())
    }

    /// Runs a change on the tables as they will be when it is its turn. Its errors are its caller's.
    fn attempt(&self, change: &mut Change) -> Result<Tried> {
        let inside = Inside::read()?;
        // The caller holds the order: nothing is submitted meanwhile.
        let shown = self.overlay.shown();
        let environment = &self.generation.environment;
        environment.read_inside(&inside, |tables| {
            let rows = shown.as_ref().map(Shown::rows);
            let trial = Trial::new(tables, rows, MOST_WRITTEN);
            let mut transaction = Transaction::on_trial(trial);
            let done = run(change, &mut transaction);
            let (trial, held) = transaction.tried()?;
            if trial.is_too_large() {
                return Ok(Tried::NotTriable);
            }
            done?;
            let written = trial.written();
            let rows = trial.into_rows();
            if rows.is_empty() {
                // What it found is so; nothing is to be done about it.
                return Ok(Tried::WritesNothing);
            }
            Ok(Tried::Writes {
                rows,
                held,
                written,
            })
        })
    }

    /// Commits a change that is not shown. The caller keeps others from being tried meanwhile, on tables that do not
    /// have it.
    fn commit_alone(&self, mut job: Job) -> Result<()> {
        let ticket = Arc::new(Ticket::default());
        job.ticket = Some(Arc::clone(&ticket));
        job.alone = true;
        self.queue.push(job, false)?;
        loop {
            if let Some(result) = ticket.result() {
                return result;
            }
            if let Some(leading) = self.queue.lead(None) {
                self.commit_batch(&leading, None);
            }
        }
    }

    /// Sees to it that somebody commits what waits.
    fn see_to_commit(self: &Arc<Self>) {
        if self.may_start_thread && self.queue.wake() && !committer::start(self) {
            self.queue.has_no_committer();
            self.commit_all();
        }
    }

    /// Does not let more wait than is committed, as long as commits end: a burst is slowed down and not lost.
    fn make_way(&self) {
        if !self.queue.is_half_full() {
            return;
        }
        self.queue.give_time(GIVEN_TIME);
        if !self.may_start_thread
            && let Some(leading) = self.queue.lead(Some(Instant::now()))
        {
            self.commit_batch(&leading, None);
        }
    }

    fn commit_all(&self) {
        while !self.queue.is_finished() {
            if let Some(leading) = self.queue.lead(None) {
                self.commit_batch(&leading, None);
            }
        }
    }

    /// Commits about one transaction's worth of what waits; says whether anything waited. `until` bounds the wait
    /// for other processes.
    pub(super) fn commit_batch(&self, leading: &Leading<'_>, until: Option<Instant>) -> bool {
        let jobs = self.queue.take(leading);
        let is_any = !jobs.is_empty();
        if is_any {
            Batch::new(self, jobs).commit(until);
        }
        is_any
    }

    /// Waits until everything that was submitted before now is committed, and commits it where nobody else does;
    /// `false` when that took longer. The error is why something of it was lost.
    pub(super) fn flush(&self, timeout: Duration) -> Result<bool> {
        let until = deadline(timeout);
        let (target, told) = self.queue.submitted();
        loop {
            match self.queue.finished_or_lead(target, until) {
                Progress::Finished => break,
                Progress::Late => return Ok(false),
                Progress::Lead(leading) => {
                    let _inside = Inside::change()?;
                    self.commit_batch(&leading, Some(until));
                    if Instant::now() >= until && !self.queue.has_finished(target) {
                        return Ok(false);
                    }
                }
            }
        }
        match self.queue.tell_losses(told, target) {
            Some(error) => Err(error),
            None => Ok(true),
        }
    }

    /// Commits what waits, for about so long; says whether nothing is left.
    pub(super) fn work(&self, budget: Duration) -> Result<bool> {
        let _inside = Inside::change()?;
        let until = deadline(budget);
        while !self.queue.is_finished() {
            let Some(leading) = self.queue.lead(Some(until)) else {
                break;
            };
            self.commit_batch(&leading, Some(until));
            if Instant::now() >= until {
                break;
            }
        }
        Ok(self.queue.is_finished())
    }

    /// Commits what is left. Nobody submits any more, and nobody commits any more when this returns.
    pub(super) fn close(&self) {
        let _inside = Inside::change();
        let Some(leading) = self.queue.close() else {
            return;
        };
        while self.commit_batch(&leading, None) {}
        // The lead is never given back: who still waits for it, the committer, looks whether the store is closed.
        std::mem::forget(leading);
    }

    /// A file that stays is found by the next sweep.
    pub(super) fn remove_bodies(&self, ids: &[BodyId]) {
        for id in ids {
            let _ = files::remove(&bodies::path(&self.bodies, id));
        }
    }

    /// Removes those of these bodies to which no row refers, be it committed or waiting. Where one is committed and
    /// its deletion waits, that one's commit removes the body.
    pub(super) fn remove_unheld(&self, ids: &[BodyId]) {
        if ids.is_empty() {
            return;
        }
        let unheld = self.read(|snapshot| {
            let mut unheld = Vec::new();
            for id in ids {
                if !snapshot.ever_has(Table::Bodies, id)? {
                    unheld.push(*id);
                }
            }
            Ok(unheld)
        });
        self.remove_bodies(&unheld.unwrap_or_default());
    }
}

/// What a change on trial came to.
enum Tried {
    WritesNothing,
    NotTriable,
    Writes {
        rows: Rows,
        held: Vec<BodyId>,
        written: usize,
    },
}

fn deadline(timeout: Duration) -> Instant {
    // A clock that cannot tell a time so far away does not have to.
    const FAR: Duration = Duration::from_secs(1 << 32);
    let now = Instant::now();
    now.checked_add(timeout.min(FAR)).unwrap_or(now)
}

fn unanswered() -> Error {
    Error::new(Kind::Internal, "a change was lost on its way")
}
