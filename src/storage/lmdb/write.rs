//! Writing: one transaction at a time in a process, and the changes that run in it.

use super::fault::{check, error};
use super::inject::injected;
use super::rows::{self, Cursor, admit};
use super::{Environment, Tables};
use crate::error::{Error, Kind, Result};
use crate::storage::{BodyId, BodyRef, DeletedRow, EachRow, Table};

/// Tables being changed. Nothing of it is seen by anybody before its commit, and nothing of it remains
/// after an error.
pub(in crate::storage) struct WriteTransaction<'t> {
    raw: *mut lmdb_sys::MDB_txn,
    tables: &'t Tables,
    written: usize,
    /// The first failure that LMDB reported: from then on the transaction is lost.
    fault: Option<Error>,
    released: Vec<BodyId>,
    environment: &'t Environment,
}

/// What a commit leaves to do.
pub(in crate::storage) struct Committed {
    /// Bodies that no row refers to any more.
    pub(in crate::storage) released: Vec<BodyId>,
}

impl Environment {
    /// Begins to write. The caller holds the lock that stands before LMDB's own, so that this waits for
    /// nobody, and commits or drops the transaction on the same thread.
    pub(in crate::storage) fn begin(&self) -> Result<WriteTransaction<'_>> {
        self.pool.sound()?;
        match self.begin_once() {
            Err(error) if error.kind() == Kind::Busy => {
                self.make_way(&error)?;
                self.begin_once()
            }
            begun => begun,
        }
    }

    fn begin_once(&self) -> Result<WriteTransaction<'_>> {
        let mut raw = std::ptr::null_mut();
        // SAFETY: the environment is open, there is no parent, and `raw` lives on the stack.
        let begin = || unsafe {
            lmdb_sys::mdb_txn_begin(self.inner.env(), std::ptr::null_mut(), 0, &mut raw)
        };
        let code = injected("mdb_txn_begin").unwrap_or_else(begin);
        check("beginning to write", code).inspect_err(|error| self.condemn_after(error))?;
        Ok(WriteTransaction {
            raw,
            tables: &self.tables,
            written: 0,
            fault: None,
            released: Vec::new(),
            environment: self,
        })
    }

    /// Makes the map larger after a transaction that found it full.
    pub(in crate::storage) fn make_room(&self) -> Result<()> {
        self.grow()
    }
}

/// Whether this failure goes away with a larger map.
pub(in crate::storage) fn is_map_full(error: &Error) -> bool {
    super::fault::code(error) == Some(lmdb_sys::MDB_MAP_FULL)
}

impl WriteTransaction<'_> {
    /// The value of a row, as the transaction has it so far.
    pub(in crate::storage) fn get(&self, table: Table, row: &[u8]) -> Result<Option<&[u8]>> {
        // SAFETY: the transaction is active, and while the value is borrowed nothing can write.
        unsafe { rows::get(self.raw, self.tables, table, row) }
    }

    /// Sets the value of a row; both are copied. A row has 1 to 511 bytes.
    pub(in crate::storage) fn put(&mut self, table: Table, row: &[u8], value: &[u8]) -> Result<()> {
        admit(table, row)?;
        let (mut key, mut data) = (rows::value(row), rows::value(value));
        let table = self.tables.handle(table);
        // SAFETY: the transaction is active, and LMDB copies what the two values point to.
        let put = || unsafe { lmdb_sys::mdb_put(self.raw, table, &mut key, &mut data, 0) };
        let code = injected("mdb_put").unwrap_or_else(put);
        self.written += row.len() + value.len();
        self.note("writing a row", code)
    }

    /// Deletes a row; says whether there was one.
    pub(in crate::storage) fn delete(&mut self, table: Table, row: &[u8]) -> Result<bool> {
        admit(table, row)?;
        let (mut key, table) = (rows::value(row), self.tables.handle(table));
        // SAFETY: the transaction is active; without duplicates no value is asked for.
        let delete =
            || unsafe { lmdb_sys::mdb_del(self.raw, table, &mut key, std::ptr::null_mut()) };
        let code = injected("mdb_del").unwrap_or_else(delete);
        if code == lmdb_sys::MDB_NOTFOUND {
            return Ok(false);
        }
        self.written += row.len();
        self.note("deleting a row", code).map(|()| true)
    }

    /// Deletes the rows that begin with `prefix` and says how many there were. `each` is called with
    /// every row and its value before it goes, in order.
    pub(in crate::storage) fn delete_prefix(
        &mut self,
        table: Table,
        prefix: &[u8],
        each: DeletedRow<'_>,
    ) -> Result<u64> {
        let mut deleted = 0;
        let mut from = prefix.to_vec();
        while let Some(row) = self.first_from(table, &from, prefix, each)? {
            self.delete(table, &row)?;
            deleted += 1;
            from = row;
        }
        Ok(deleted)
    }

    /// The first row with the prefix that is not less than `from`, after `each` has seen it.
    fn first_from(
        &self,
        table: Table,
        from: &[u8],
        prefix: &[u8],
        each: DeletedRow<'_>,
    ) -> Result<Option<Vec<u8>>> {
        // SAFETY: the transaction is active, and nothing is written while the cursor exists.
        let mut cursor = unsafe { Cursor::open(self.raw, self.tables.handle(table)) }?;
        let mut next = cursor.seek(from)?;
        while let Some((row, value)) = next {
            if !row.starts_with(prefix) {
                break;
            }
            if admit(table, row).is_ok() {
                each(row, value)?;
                return Ok(Some(row.to_vec()));
            }
            next = cursor.next()?;
        }
        Ok(None)
    }

    /// Calls `each` with the rows that begin with `prefix` and their values, in the order of their
    /// bytes, until it says so or fails.
    pub(in crate::storage) fn scan_prefix(
        &self,
        table: Table,
        prefix: &[u8],
        each: EachRow<'_>,
    ) -> Result<()> {
        // SAFETY: the transaction is active, and `each` cannot write: this value is borrowed.
        unsafe { rows::scan(self.raw, self.tables, table, prefix, None, each) }
    }

    /// Says that `row` of the records refers to the body: from the commit on its file is kept.
    pub(in crate::storage) fn hold_body(&mut self, body: &BodyRef, row: &[u8]) -> Result<()> {
        self.released.retain(|id| *id != body.id);
        self.put(Table::Bodies, &body.id, row)
    }

    /// Says that no row refers to the body any more: its file is removed once the commit succeeded. Who
    /// has it open reads on.
    pub(in crate::storage) fn release_body(&mut self, body: &BodyId) -> Result<()> {
        self.delete(Table::Bodies, body)?;
        self.released.push(*body);
        Ok(())
    }

    /// Bytes of rows and values written so far.
    pub(in crate::storage) fn written(&self) -> usize {
        self.written
    }

    /// The first failure that LMDB reported, if there was one, even if the change went on regardless.
    pub(in crate::storage) fn fault(&self) -> Option<&Error> {
        self.fault.as_ref()
    }

    /// Makes the changes visible to all processes. Waits for the disk as the durability says.
    pub(in crate::storage) fn commit(mut self) -> Result<Committed> {
        if let Some(code) = injected("mdb_txn_commit") {
            // `Drop` aborts it.
            return Err(error("committing", code));
        }
        let raw = std::mem::replace(&mut self.raw, std::ptr::null_mut());
        // SAFETY: the transaction is active and, whatever comes of it, gone afterwards: `Drop` finds null.
        check("committing", unsafe { lmdb_sys::mdb_txn_commit(raw) })
            .inspect_err(|_| self.environment.look_after_failure())?;
        Ok(Committed {
            released: std::mem::take(&mut self.released),
        })
    }

    fn note(&mut self, what: &str, code: i32) -> Result<()> {
        if code == lmdb_sys::MDB_SUCCESS {
            return Ok(());
        }
        let failure = error(what, code);
        self.fault.get_or_insert_with(|| failure.clone());
        Err(failure)
    }
}

impl Drop for WriteTransaction<'_> {
    fn drop(&mut self) {
        // SAFETY: the transaction is active, or null after a commit, which LMDB takes as nothing to do.
        unsafe { lmdb_sys::mdb_txn_abort(self.raw) };
    }
}
