//! Where an answer is stored, and as what. Parts of a representation are put together where they carry the same
//! strong validator (§3.4), and kept as they came where they do not.

use std::borrow::Cow;

use super::Exchange;
use super::selected::Selected;
use super::storing::{Arrived, Storing, joined};
use crate::cache::shelf::Place;
use crate::error::{Error, Kind, Result};
use crate::http::ResponseHead;
use crate::key::{MethodClass, PrimaryKey};
use crate::policy::range::{ContentRange, Part};
use crate::policy::update::{combined, set};
use crate::policy::validate::strong_etag;
use crate::storage::Store;

/// An answer as it is to be stored.
pub(super) struct Placed<'a> {
    pub(super) key: PrimaryKey,
    pub(super) head: Cow<'a, ResponseHead>,
    /// Its body, where that is not the one that arrived.
    pub(super) joined: Option<Arrived>,
    /// The stored part that became part of it, and stands under another key.
    pub(super) replaces: Option<(PrimaryKey, Place)>,
}

impl Exchange {
    /// Says how an answer is stored whose body arrived.
    pub(super) fn place<'a>(
        &self,
        store: &Store,
        storing: &'a Storing,
        arrived: &Arrived,
    ) -> Result<Placed<'a>> {
        let as_it_came = |key| Placed {
            key,
            head: Cow::Borrowed(&storing.head),
            joined: None,
            replaces: None,
        };
        let missing = || Error::new(Kind::Internal, "an answer without a key is stored");
        let key = self.key.clone().ok_or_else(missing)?;
        // A part whose length is another than it says is no part that could be told where it belongs.
        let range = storing
            .part
            .filter(|range| range.part.size() == arrived.len());
        let (Some(range), Some(etag)) = (range, strong_etag(&storing.head.fields)) else {
            return Ok(as_it_came(key));
        };
        let key = self.key_for(MethodClass::Part);
        let stored = self.find(key.clone()).ok().filter(|stored| {
            strong_etag(&stored.found.stored.response.fields) == Some(etag)
                && stored
                    .content_range()
                    .is_some_and(|other| fits(&other, &range))
        });
        let mut placed = as_it_came(key);
        let mut range = range;
        if let Some(stored) = stored {
            (placed.joined, range) = self.join(store, &stored, arrived, range)?;
            let fields = &stored.found.stored.response.fields;
            placed.head.to_mut().fields = combined(fields, &storing.head.fields)?;
            placed.replaces = Some((placed.key.clone(), Place::of(&stored.found)));
        }
        self.finish_placing(&mut placed, range)?;
        Ok(placed)
    }

    /// The stored part with the arrived one, whose bytes hold where both have some.
    fn join(
        &self,
        store: &Store,
        stored: &Selected,
        arrived: &Arrived,
        range: ContentRange,
    ) -> Result<(Option<Arrived>, ContentRange)> {
        let (Some(there), new) = (stored.content_range(), range.part) else {
            return Ok((None, range));
        };
        let old = there.part;
        let Some(both) = old.joined(&new) else {
            return Ok((None, range));
        };
        let piece = |first: u64, end: u64| {
            stored
                .body()
                .part(first - old.first, end.saturating_sub(first))
        };
        let before = piece(old.first, new.first.max(old.first));
        let after_from = (new.last + 1).clamp(old.first, old.last + 1);
        let after = piece(after_from, old.last + 1);
        let whole = joined(store, [before, arrived.body(store)?, after])?;
        if whole.len() != both.size() {
            whole.discard(store)?;
            let message = "parts that were put together have another length than they should";
            return Err(Error::new(Kind::Internal, message));
        }
        let range = ContentRange {
            part: both,
            complete: range.complete.or(there.complete),
        };
        Ok((Some(whole), range))
    }

    /// Gives it the key and the head of a complete response, or those of a part.
    fn finish_placing(&self, placed: &mut Placed<'_>, range: ContentRange) -> Result<()> {
        let Part { first, last } = range.part;
        let length = (last - first + 1).to_string();
        let head = placed.head.to_mut();
        set(&mut head.fields, b"Content-Length", &length)?;
        if range.is_whole() {
            let mut complete = ResponseHead::new(200, b"OK")?;
            complete.fields = std::mem::take(&mut head.fields);
            complete.fields.remove(b"Content-Range");
            *head = complete;
            placed.key = self.key_for(MethodClass::Get);
        } else {
            let value = ContentRange::value(range.part, range.complete);
            set(&mut head.fields, b"Content-Range", &value)?;
            // It takes the place of the stored part by standing where that stood.
            placed.replaces = None;
        }
        Ok(())
    }
}

fn fits(stored: &ContentRange, arrived: &ContentRange) -> bool {
    let same_whole = match (stored.complete, arrived.complete) {
        (Some(one), Some(other)) => one == other,
        _ => true,
    };
    same_whole && stored.part.joined(&arrived.part).is_some()
}
