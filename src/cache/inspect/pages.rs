//! Rows of the records, some in each snapshot.

use std::collections::VecDeque;
use std::ops::ControlFlow;

use super::query::Query;
use super::row::Place;
use crate::cache::{Cache, marks};
use crate::error::Result;
use crate::key::uri_row;
use crate::storage::{Store, Table};

/// So many rows are looked at in one snapshot, and so many bytes of them.
const ROWS: usize = 256;
const BYTES: usize = 1 << 20;

/// Where rows are looked for, and how far that is.
pub(super) struct Pages {
    /// What the rows of each range begin with. The one that is read is the first.
    ranges: VecDeque<Vec<u8>>,
    /// The row of it to go on behind.
    last: Option<Vec<u8>>,
}

impl Pages {
    /// No rows.
    pub(super) fn none() -> Self {
        Pages {
            ranges: VecDeque::new(),
            last: None,
        }
    }

    /// All rows.
    pub(super) fn all() -> Self {
        Pages {
            ranges: VecDeque::from([Vec::new()]),
            last: None,
        }
    }

    /// Those that a query may ask for: what is stored of one URL is one range, and one for each key of the user's own.
    pub(super) fn of(cache: &Cache, query: &Query, store: &Store) -> Result<Self> {
        let Some(url) = &query.url else {
            return Ok(Self::all());
        };
        let uri = uri_row(url.as_str(), &cache.settings().matching(), store.secret());
        let mut ranges = VecDeque::from([uri.to_vec()]);
        ranges.extend(marks::own_keys(store, &uri)?.iter().map(|row| row.to_vec()));
        Ok(Pages { ranges, last: None })
    }

    /// Calls `each` with the next rows and what they hold, inside of a snapshot, and with every one of them once; says
    /// whether there may be more.
    pub(super) fn next(
        &mut self,
        store: &Store,
        each: &mut dyn FnMut(Place, &[u8]) -> Result<()>,
    ) -> Result<bool> {
        let Some(range) = self.ranges.front().cloned() else {
            return Ok(false);
        };
        // A row may be no more than what its range begins with: what is one byte less comes before it.
        let before = range.split_last().map(|(_, before)| before);
        let after = self.last.as_deref().or(before);
        let (mut looked_at, mut bytes) = (0, 0);
        let mut last = None;
        store.read(|snapshot| {
            snapshot.scan_after(Table::Records, after, &mut |row, value| {
                if !row.starts_with(&range) {
                    let is_before = row < range.as_slice();
                    return Ok(if is_before {
                        ControlFlow::Continue(())
                    } else {
                        ControlFlow::Break(())
                    });
                }
                looked_at += 1;
                bytes += value.len();
                if let Some(place) = Place::of(row) {
                    each(place, value)?;
                }
                if looked_at < ROWS && bytes < BYTES {
                    return Ok(ControlFlow::Continue(()));
                }
                last = Some(row.to_vec());
                Ok(ControlFlow::Break(()))
            })
        })?;
        self.last = last;
        if self.last.is_none() {
            self.ranges.pop_front();
        }
        Ok(!self.ranges.is_empty())
    }
}
