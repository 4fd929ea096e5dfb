//! A change on trial: it meets the tables as they will be when it is its turn, and what it writes is kept aside.

use std::ops::ControlFlow;

use super::lmdb::{CommittedRows, admit};
use super::overlay::{Layers, Rows};
use super::{BodyId, BodyRef, DeletedRow, EachRow, Table};
use crate::error::{Error, Kind, Result};

/// The longest row that LMDB takes, in bytes.
const LONGEST_ROW: usize = 511;
/// What a row takes in memory besides its bytes, about.
const ROW_OVERHEAD: usize = 96;

/// The tables with what was submitted and what the change has written, in this order one over the other.
pub(super) struct Trial<'t> {
    tables: CommittedRows<'t>,
    shown: Option<&'t Rows>,
    rows: Rows,
    written: usize,
    most: usize,
    fault: Option<Error>,
    is_too_large: bool,
}

impl<'t> Trial<'t> {
    /// `shown` was taken before `tables`. A change that writes more than `most` bytes is too large to be tried.
    pub(super) fn new(tables: CommittedRows<'t>, shown: Option<&'t Rows>, most: usize) -> Self {
        Trial {
            tables,
            shown,
            rows: Rows::default(),
            written: 0,
            most,
            fault: None,
            is_too_large: false,
        }
    }

    /// Whether the change writes too much to be kept in memory.
    pub(super) fn is_too_large(&self) -> bool {
        self.is_too_large
    }

    /// What the change wrote.
    pub(super) fn into_rows(self) -> Rows {
        self.rows
    }

    /// Bytes of memory that what was written takes, about.
    pub(super) fn written(&self) -> usize {
        self.written
    }

    pub(super) fn fault(&self) -> Option<&Error> {
        self.fault.as_ref()
    }

    pub(super) fn get(&self, table: Table, row: &[u8]) -> Result<Option<&[u8]>> {
        match self.layers().get(table, row) {
            Some(value) => Ok(value),
            None => self.tables.get(table, row),
        }
    }

    pub(super) fn put(&mut self, table: Table, row: &[u8], value: &[u8]) -> Result<()> {
        self.admit(table, row, value.len())?;
        self.rows.set(table, row, Some(value));
        Ok(())
    }

    pub(super) fn delete(&mut self, table: Table, row: &[u8]) -> Result<bool> {
        admit(table, row)?;
        self.check_row(row)?;
        if self.get(table, row)?.is_none() {
            return Ok(false);
        }
        self.admit(table, row, 0)?;
        self.rows.set(table, row, None);
        Ok(true)
    }

    pub(super) fn delete_prefix(
        &mut self,
        table: Table,
        prefix: &[u8],
        each: DeletedRow<'_>,
    ) -> Result<u64> {
        let mut found = Vec::new();
        let mut room = self.most.saturating_sub(self.written);
        self.scan_prefix(table, prefix, &mut |row, value| {
            each(row, value)?;
            found.push(row.to_vec());
            let takes = row.len() + ROW_OVERHEAD;
            if takes > room {
                return Ok(ControlFlow::Break(()));
            }
            room -= takes;
            Ok(ControlFlow::Continue(()))
        })?;
        let mut deleted = 0;
        for row in found {
            deleted += u64::from(self.delete(table, &row)?);
        }
        Ok(deleted)
    }

    pub(super) fn scan_prefix(&self, table: Table, prefix: &[u8], each: EachRow<'_>) -> Result<()> {
        let below = |each: EachRow<'_>| self.tables.scan(table, prefix, None, each);
        self.layers().scan((table, prefix, None), below, each)
    }

    pub(super) fn hold_body(&mut self, body: &BodyRef, row: &[u8]) -> Result<()> {
        self.put(Table::Bodies, &body.id, row)
    }

    pub(super) fn release_body(&mut self, body: &BodyId) -> Result<()> {
        self.delete(Table::Bodies, body).map(drop)
    }

    fn layers(&self) -> Layers<'_> {
        Layers {
            upper: Some(&self.rows),
            lower: self.shown,
        }
    }

    /// Refuses what the tables would refuse, and what takes too much memory.
    fn admit(&mut self, table: Table, row: &[u8], value: usize) -> Result<()> {
        admit(table, row)?;
        self.check_row(row)?;
        let takes = row.len().saturating_add(value).saturating_add(ROW_OVERHEAD);
        self.written = self.written.saturating_add(takes);
        if self.written > self.most {
            self.is_too_large = true;
            return self.fail(Error::new(Kind::Full, "a change is too large to be tried"));
        }
        Ok(())
    }

    fn check_row(&mut self, row: &[u8]) -> Result<()> {
        if (1..=LONGEST_ROW).contains(&row.len()) {
            return Ok(());
        }
        let message = format!("a row of {} bytes cannot be written", row.len());
        self.fail(Error::new(Kind::Argument, message))
    }

    fn fail(&mut self, error: Error) -> Result<()> {
        self.fault.get_or_insert_with(|| error.clone());
        Err(error)
    }
}
