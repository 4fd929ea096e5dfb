//! Tables as a change meets them: in a transaction that is to be committed, or on trial.

use super::lmdb::{Committed, Environment, WriteTransaction};
use super::trial::Trial;
use super::{BodyId, BodyRef, DeletedRow, EachRow, Table};
use crate::error::{Error, Kind, Result};

/// Tables being changed. Nothing of it is seen by anybody before it is submitted or committed, and nothing of it
/// remains after an error.
pub struct Transaction<'t> {
    tables: Tables<'t>,
    /// Bodies that a row came to refer to since this was last asked for.
    held: Vec<BodyId>,
}

enum Tables<'t> {
    Real(WriteTransaction<'t>),
    Trial(Trial<'t>),
}

/// Calls the same method on whichever tables there are.
macro_rules! on_both {
    ($self:ident, $tables:ident => $call:expr) => {
        match &$self.tables {
            Tables::Real($tables) => $call,
            Tables::Trial($tables) => $call,
        }
    };
    (mut $self:ident, $tables:ident => $call:expr) => {
        match &mut $self.tables {
            Tables::Real($tables) => $call,
            Tables::Trial($tables) => $call,
        }
    };
}

impl<'t> Transaction<'t> {
    /// Begins to write, as [`Environment::begin`] says.
    pub(super) fn begin(environment: &'t Environment) -> Result<Self> {
        Ok(Transaction {
            tables: Tables::Real(environment.begin()?),
            held: Vec::new(),
        })
    }

    pub(super) fn on_trial(trial: Trial<'t>) -> Self {
        Transaction {
            tables: Tables::Trial(trial),
            held: Vec::new(),
        }
    }

    /// What a trial came to, and the bodies that are held by it.
    pub(super) fn tried(self) -> Result<(Trial<'t>, Vec<BodyId>)> {
        match self.tables {
            Tables::Trial(trial) => Ok((trial, self.held)),
            Tables::Real(_) => Err(mistaken()),
        }
    }

    /// Makes the changes visible to all processes. Waits for the disk as the durability says.
    pub(super) fn commit(self) -> Result<Committed> {
        match self.tables {
            Tables::Real(tables) => tables.commit(),
            Tables::Trial(_) => Err(mistaken()),
        }
    }

    /// Bytes of rows and values written so far.
    pub(super) fn written(&self) -> usize {
        on_both!(self, tables => tables.written())
    }

    /// The first failure of the tables, if there was one, even if the change went on regardless.
    pub(super) fn fault(&self) -> Option<&Error> {
        on_both!(self, tables => tables.fault())
    }

    /// Bodies that a row came to refer to since this was last asked for.
    pub(super) fn take_held(&mut self) -> Vec<BodyId> {
        std::mem::take(&mut self.held)
    }

    /// The value of a row, as the transaction has it so far.
    pub fn get(&self, table: Table, row: &[u8]) -> Result<Option<&[u8]>> {
        on_both!(self, tables => tables.get(table, row))
    }

    /// Sets the value of a row; both are copied. A row has 1 to 511 bytes.
    pub fn put(&mut self, table: Table, row: &[u8], value: &[u8]) -> Result<()> {
        on_both!(mut self, tables => tables.put(table, row, value))
    }

    /// Deletes a row; says whether there was one.
    pub fn delete(&mut self, table: Table, row: &[u8]) -> Result<bool> {
        on_both!(mut self, tables => tables.delete(table, row))
    }

    /// Deletes the rows that begin with `prefix` and says how many there were. `each` is called with
    /// every row and its value before it goes, in order.
    pub fn delete_prefix(
        &mut self,
        table: Table,
        prefix: &[u8],
        each: DeletedRow<'_>,
    ) -> Result<u64> {
        on_both!(mut self, tables => tables.delete_prefix(table, prefix, each))
    }

    /// Calls `each` with the rows that begin with `prefix` and their values, in the order of their
    /// bytes, until it says so or fails.
    pub fn scan_prefix(&self, table: Table, prefix: &[u8], each: EachRow<'_>) -> Result<()> {
        on_both!(self, tables => tables.scan_prefix(table, prefix, each))
    }

    /// Says that `row` of the records refers to the body: from the commit on its file is kept.
    pub fn hold_body(&mut self, body: &BodyRef, row: &[u8]) -> Result<()> {
        self.held.push(body.id);
        on_both!(mut self, tables => tables.hold_body(body, row))
    }

    /// Says that no row refers to the body any more: its file is removed once the commit succeeded. Who
    /// has it open reads on.
    pub fn release_body(&mut self, body: &BodyId) -> Result<()> {
        self.held.retain(|held| held != body);
        on_both!(mut self, tables => tables.release_body(body))
    }
}

fn mistaken() -> Error {
    Error::new(Kind::Internal, "a trial was taken for a transaction")
}
