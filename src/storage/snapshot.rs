//! What a lookup sees: the tables as they were committed at one moment, and over them what this process has
//! submitted since.

use super::lmdb::CommittedRows;
use super::overlay::{Layers, Rows};
use super::{EachRow, Table};
use crate::error::Result;

/// All tables as they were at one moment. What is read from it is borrowed and costs no copy. Thread: the one
/// that reads.
pub struct Snapshot<'t> {
    tables: CommittedRows<'t>,
    shown: Option<&'t Rows>,
}

impl<'t> Snapshot<'t> {
    /// `shown` was taken before `tables`.
    pub(super) fn new(tables: CommittedRows<'t>, shown: Option<&'t Rows>) -> Self {
        Snapshot { tables, shown }
    }

    /// The value of a row.
    #[inline]
    pub fn get(&self, table: Table, row: &[u8]) -> Result<Option<&'t [u8]>> {
        match self.shown.and_then(|shown| shown.get(table, row)) {
            Some(value) => Ok(value),
            None => self.tables.get(table, row),
        }
    }

    /// Whether a row is there as the tables are, or as they will be.
    pub(super) fn ever_has(&self, table: Table, row: &[u8]) -> Result<bool> {
        let shown = self.shown.and_then(|shown| shown.get(table, row)).flatten();
        Ok(shown.is_some() || self.tables.get(table, row)?.is_some())
    }

    /// Calls `each` with the rows that begin with `prefix` and their values, in the order of their
    /// bytes, until it says so or fails.
    pub fn scan_prefix(&self, table: Table, prefix: &[u8], each: EachRow<'_>) -> Result<()> {
        self.scan(table, prefix, None, each)
    }

    /// The same with all rows behind one, or all where there is none: for a walk that goes on in another snapshot.
    pub fn scan_after(&self, table: Table, after: Option<&[u8]>, each: EachRow<'_>) -> Result<()> {
        self.scan(table, b"", after, each)
    }

    /// The number of rows of a table.
    pub(super) fn count(&self, table: Table) -> Result<u64> {
        let below = |row: &[u8]| Ok(self.tables.get(table, row)?.is_some());
        self.layers().count(table, self.tables.count(table)?, below)
    }

    fn scan(
        &self,
        table: Table,
        prefix: &[u8],
        after: Option<&[u8]>,
        each: EachRow<'_>,
    ) -> Result<()> {
        let below = |each: EachRow<'_>| self.tables.scan(table, prefix, after, each);
        if self.shown.is_none() {
            return below(each);
        }
        self.layers().scan((table, prefix, after), below, each)
    }

    fn layers(&self) -> Layers<'t> {
        Layers {
            upper: None,
            lower: self.shown,
        }
    }
}
