//! The rows of any table, some in each snapshot, for changes that look at them again.

use std::ops::ControlFlow;

use crate::error::Result;
use crate::storage::{Snapshot, Store, Table};

/// So many rows are looked at in one snapshot, and so many bytes of them.
const ROWS: usize = 256;
const BYTES: usize = 1 << 20;

/// How far a table was read.
pub(super) struct Keys {
    table: Table,
    last: Option<Vec<u8>>,
    is_over: bool,
}

/// Says of a row and its value whether the row is wanted.
pub(super) type IsWanted<'f> = &'f mut dyn FnMut(&Snapshot<'_>, &[u8], &[u8]) -> Result<bool>;

impl Keys {
    pub(super) fn of(table: Table) -> Self {
        Keys {
            table,
            last: None,
            is_over: false,
        }
    }

    /// Those of the next rows that are wanted, which may be none; `None` at the end.
    pub(super) fn next(
        &mut self,
        store: &Store,
        is_wanted: IsWanted<'_>,
    ) -> Result<Option<Vec<Vec<u8>>>> {
        if self.is_over {
            return Ok(None);
        }
        let (mut looked_at, mut bytes, mut last) = (0, 0, None);
        let mut wanted = Vec::new();
        let after = self.last.as_deref();
        store.read(|snapshot| {
            snapshot.scan_after(self.table, after, &mut |row, value| {
                looked_at += 1;
                bytes += value.len();
                if is_wanted(snapshot, row, value)? {
                    wanted.push(row.to_vec());
                }
                if looked_at < ROWS && bytes < BYTES {
                    return Ok(ControlFlow::Continue(()));
                }
                last = Some(row.to_vec());
                Ok(ControlFlow::Break(()))
            })
        })?;
        self.is_over = last.is_none();
        self.last = last;
        Ok(Some(wanted))
    }
}
