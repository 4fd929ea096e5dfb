//! Changes whose callers were told that they are made, and that could not be committed after all.

use std::sync::atomic::{AtomicBool, Ordering};

use crate::error::Error;

/// So many reasons are kept; of more, the number alone.
const MOST_REASONS: usize = 8;

/// What was lost.
#[derive(Default)]
pub(super) struct Losses {
    count: u64,
    reasons: Vec<Error>,
    /// The latest one, for a flush that began before it.
    latest: Option<(u64, Error)>,
    /// Up to this submission a flush was told.
    told: u64,
}

impl Losses {
    pub(super) fn add(&mut self, number: u64, error: &Error) {
        self.count += 1;
        if self.reasons.len() < MOST_REASONS {
            self.reasons.push(error.clone());
        }
        self.latest = Some((number, error.clone()));
    }

    pub(super) fn told(&self) -> u64 {
        self.told
    }

    /// Why a submission behind `from` was lost, if one was. Whoever begins from now on is not told of those up to
    /// `target`.
    pub(super) fn tell(&mut self, from: u64, target: u64) -> Option<Error> {
        let (_, error) = self.latest.as_ref().filter(|(number, _)| *number > from)?;
        let error = error.clone();
        self.told = self.told.max(target);
        Some(error)
    }

    /// How many were lost since this was last asked for, and why.
    pub(super) fn take(&mut self) -> (u64, Vec<Error>) {
        (
            std::mem::take(&mut self.count),
            std::mem::take(&mut self.reasons),
        )
    }
}

/// Whether there is something to be taken, at the cost of a glance.
#[derive(Default)]
pub(super) struct Flag(AtomicBool);

impl Flag {
    pub(super) fn raise(&self) {
        self.0.store(true, Ordering::Release);
    }

    /// Whether it was raised; it is not any more.
    #[inline]
    pub(super) fn lower(&self) -> bool {
        self.0.load(Ordering::Relaxed) && self.0.swap(false, Ordering::Acquire)
    }
}
