//! A stored response that a request selects, and what is known of it.

use crate::cache::body::Body;
use crate::cache::shelf::Found;
use crate::key::PrimaryKey;
use crate::policy::decide::Candidate;
use crate::policy::freshness::Freshness;
use crate::policy::range::{ContentRange, Part, Range};
use crate::policy::said::Said;
use crate::settings::Settings;

/// A stored response that a request selects.
pub(super) struct Selected {
    /// What it is stored under.
    pub(super) key: PrimaryKey,
    pub(super) found: Box<Found>,
    pub(super) said: Said,
    pub(super) freshness: Freshness,
    /// It was made invalid since it was received, and needs to be validated.
    pub(super) is_invalid: bool,
}

impl Selected {
    pub(super) fn new(key: PrimaryKey, found: Box<Found>, settings: &Settings) -> Box<Self> {
        let response = &found.stored.response;
        let said = Said::by(&response.fields, settings);
        let freshness = Freshness::of(response, &said, &found.stored.head.stamp, settings);
        Box::new(Selected {
            key,
            said,
            freshness,
            found,
            is_invalid: false,
        })
    }

    /// The same once more: another reader of its body.
    pub(super) fn another(&self) -> Box<Self> {
        Box::new(Selected {
            key: self.key.clone(),
            found: Box::new(self.found.another()),
            said: self.said.clone(),
            freshness: self.freshness,
            is_invalid: self.is_invalid,
        })
    }

    /// What is known of it after its head changed.
    pub(super) fn judge_anew(&mut self, settings: &Settings) {
        let stored = &self.found.stored;
        self.said = Said::by(&stored.response.fields, settings);
        self.freshness = Freshness::of(&stored.response, &self.said, &stored.head.stamp, settings);
        self.is_invalid = false;
    }

    pub(super) fn candidate(&self) -> Candidate<'_> {
        Candidate {
            response: &self.found.stored.response,
            said: &self.said,
            freshness: &self.freshness,
            is_invalid: self.is_invalid,
        }
    }

    /// Bytes of the stored body.
    pub(super) fn body_len(&self) -> u64 {
        self.found.stored.head.body_len
    }

    /// Which part of the representation is stored, and how long all of it is; `None` when it is all.
    pub(super) fn content_range(&self) -> Option<ContentRange> {
        let response = &self.found.stored.response;
        if response.status != 206 {
            return None;
        }
        ContentRange::by(&response.fields)
    }

    /// The part that a range asks for, as far as that can be said.
    pub(super) fn part_of(&self, range: Range) -> Option<Part> {
        match self.content_range() {
            None => range.of(self.body_len()),
            Some(stored) => match stored.complete {
                Some(complete) => range.of(complete),
                None => range.of_unknown(),
            },
        }
    }

    /// Whether it holds all that a range asks for.
    pub(super) fn holds(&self, range: Range) -> bool {
        let wanted = self.part_of(range);
        let stored = self.content_range().map(|range| range.part);
        matches!((stored, wanted), (Some(stored), Some(wanted)) if stored.holds(&wanted))
    }

    /// The whole stored body, for reading.
    pub(super) fn body(&self) -> Body {
        match &self.found.file {
            Some(file) => Body::File(file.another()),
            None => Body::memory(self.found.body.clone()),
        }
    }
}
