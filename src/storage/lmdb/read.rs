//! Reading: a transaction of its own kind, which may move between threads, and the snapshot it gives.

use std::marker::PhantomData;

use super::fault::check;
use super::inject::injected;
use super::{NAMES, Tables, rows};
use crate::error::Result;
use crate::storage::{EachRow, Table};

/// A read transaction, active or reset.
pub(super) struct ReadTransaction {
    raw: *mut lmdb_sys::MDB_txn,
}

// SAFETY: every environment is opened with NOTLS, which ties a read transaction to its object and not to
// a thread; it is used by one thread at a time, since no method that touches it takes it shared but
// through a `CommittedRows`, which is not `Send`.
unsafe impl Send for ReadTransaction {}

impl ReadTransaction {
    pub(super) fn begin(environment: &lmdb::Environment) -> Result<Self> {
        let mut raw = std::ptr::null_mut();
        // SAFETY: the environment is open, there is no parent, and `raw` lives on the stack.
        let begin = || unsafe {
            let parent = std::ptr::null_mut();
            lmdb_sys::mdb_txn_begin(environment.env(), parent, lmdb_sys::MDB_RDONLY, &mut raw)
        };
        let code = injected("mdb_txn_begin").unwrap_or_else(begin);
        check("beginning to read", code)?;
        Ok(ReadTransaction { raw })
    }

    /// Makes a reset transaction see the present. After an error it is still reset.
    pub(super) fn renew(&mut self) -> Result<()> {
        // SAFETY: the transaction exists and is reset; its environment is open.
        let renew = || unsafe { lmdb_sys::mdb_txn_renew(self.raw) };
        let code = injected("mdb_txn_renew").unwrap_or_else(renew);
        check("beginning to read", code)
    }

    /// Lets go of the snapshot. The place in the reader table is kept.
    pub(super) fn reset(&mut self) {
        // SAFETY: the transaction exists; nothing borrowed from it is left, since this borrows it alone.
        unsafe { lmdb_sys::mdb_txn_reset(self.raw) };
    }
}

impl Drop for ReadTransaction {
    fn drop(&mut self) {
        // SAFETY: the transaction exists, and its environment outlives it.
        unsafe { lmdb_sys::mdb_txn_abort(self.raw) };
    }
}

/// All tables as they were committed at one moment. What is read from it is borrowed from the data file's
/// map and costs no copy. Thread: the one that reads.
#[derive(Clone, Copy)]
pub(in crate::storage) struct CommittedRows<'t> {
    raw: *mut lmdb_sys::MDB_txn,
    tables: &'t Tables,
    transaction: PhantomData<&'t ReadTransaction>,
}

impl<'t> CommittedRows<'t> {
    /// `transaction` is active for as long as it is borrowed.
    pub(super) fn new(transaction: &'t ReadTransaction, tables: &'t Tables) -> Self {
        CommittedRows {
            raw: transaction.raw,
            tables,
            transaction: PhantomData,
        }
    }

    /// The value of a row.
    pub(in crate::storage) fn get(&self, table: Table, row: &[u8]) -> Result<Option<&'t [u8]>> {
        // SAFETY: the transaction is active for 't, and a read transaction's data stays as it is.
        unsafe { rows::get(self.raw, self.tables, table, row) }
    }

    /// Calls `each` with the rows that begin with `prefix` and their values, in the order of their
    /// bytes, until it says so or fails; only with those behind `after`, if there is one.
    pub(in crate::storage) fn scan(
        &self,
        table: Table,
        prefix: &[u8],
        after: Option<&[u8]>,
        each: EachRow<'_>,
    ) -> Result<()> {
        // SAFETY: the transaction is active, and nothing can write through it.
        unsafe { rows::scan(self.raw, self.tables, table, prefix, after, each) }
    }

    /// The number of rows of a table.
    pub(in crate::storage) fn count(&self, table: Table) -> Result<u64> {
        // SAFETY: `MDB_stat` is a plain C struct, for which all zeros is a valid value.
        let mut stat: lmdb_sys::MDB_stat = unsafe { std::mem::zeroed() };
        // SAFETY: the transaction is active, the handle is open, and `stat` lives on the stack.
        let ask = || unsafe { lmdb_sys::mdb_stat(self.raw, self.tables.handle(table), &mut stat) };
        check("table", injected("mdb_stat").unwrap_or_else(ask))?;
        // The names of the other tables lie among the records.
        let names = if matches!(table, Table::Records) {
            NAMES.len()
        } else {
            0
        };
        Ok((stat.ms_entries as u64).saturating_sub(names as u64))
    }
}
