//! Rows by key and by prefix, the same in a read and in a write transaction.

use std::marker::PhantomData;

use super::fault::{check, error};
use super::inject::injected;
use super::{Tables, is_name};
use crate::error::{Error, Kind, Result};
use crate::storage::{EachRow, Table};

/// Bytes as LMDB takes them. It does not write through the pointer.
pub(super) fn value(bytes: &[u8]) -> lmdb_sys::MDB_val {
    lmdb_sys::MDB_val {
        mv_size: bytes.len(),
        mv_data: bytes.as_ptr() as *mut libc::c_void,
    }
}

fn empty() -> lmdb_sys::MDB_val {
    lmdb_sys::MDB_val {
        mv_size: 0,
        mv_data: std::ptr::null_mut(),
    }
}

/// # Safety
/// `value` was filled by LMDB, and what it points to stays as it is for 'v.
unsafe fn bytes<'v>(value: &lmdb_sys::MDB_val) -> &'v [u8] {
    if value.mv_size == 0 {
        return &[];
    }
    // SAFETY: the caller's promise.
    unsafe { std::slice::from_raw_parts(value.mv_data as *const u8, value.mv_size) }
}

/// Refuses a row that is the name of a table, which lies among the records.
pub(in crate::storage) fn admit(table: Table, row: &[u8]) -> Result<()> {
    if matches!(table, Table::Records) && is_name(row) {
        return Err(Error::new(Kind::Argument, "the row is the name of a table"));
    }
    Ok(())
}

/// The value of a row.
///
/// # Safety
/// `raw` is an active transaction of the environment of `tables`, and for 'v nothing is written in it.
pub(super) unsafe fn get<'v>(
    raw: *mut lmdb_sys::MDB_txn,
    tables: &Tables,
    table: Table,
    row: &[u8],
) -> Result<Option<&'v [u8]>> {
    admit(table, row)?;
    let (mut key, mut found) = (value(row), empty());
    // SAFETY: the caller's promise; `key` and `found` live on the stack.
    let get = || unsafe { lmdb_sys::mdb_get(raw, tables.handle(table), &mut key, &mut found) };
    match injected("mdb_get").unwrap_or_else(get) {
        // SAFETY: LMDB filled it, and the caller promises that it stays.
        lmdb_sys::MDB_SUCCESS => Ok(Some(unsafe { bytes(&found) })),
        lmdb_sys::MDB_NOTFOUND => Ok(None),
        code => Err(error("reading a row", code)),
    }
}

/// Calls `each` with the rows that begin with `prefix`, in order; only with those behind `after`, if there is one,
/// which begins with it too.
///
/// # Safety
/// As for [`get`], for the time of the call.
pub(super) unsafe fn scan(
    raw: *mut lmdb_sys::MDB_txn,
    tables: &Tables,
    table: Table,
    prefix: &[u8],
    after: Option<&[u8]>,
    each: EachRow<'_>,
) -> Result<()> {
    // SAFETY: the caller's promise.
    let mut cursor = unsafe { Cursor::open(raw, tables.handle(table)) }?;
    let from = after.map(|after| [after, &[0]].concat());
    let mut next = cursor.seek(from.as_deref().unwrap_or(prefix))?;
    while let Some((row, value)) = next {
        if !row.starts_with(prefix) {
            break;
        }
        let is_row = admit(table, row).is_ok();
        if is_row && each(row, value)?.is_break() {
            break;
        }
        next = cursor.next()?;
    }
    Ok(())
}

/// A place in a table. What it lends is valid until it moves.
pub(super) struct Cursor<'t> {
    raw: *mut lmdb_sys::MDB_cursor,
    transaction: PhantomData<&'t ()>,
}

impl<'t> Cursor<'t> {
    /// # Safety
    /// `transaction` is active for 't, `table` is a handle of its environment, and nothing is written in
    /// the transaction while the cursor exists.
    pub(super) unsafe fn open(
        transaction: *mut lmdb_sys::MDB_txn,
        table: lmdb_sys::MDB_dbi,
    ) -> Result<Self> {
        let mut raw = std::ptr::null_mut();
        // SAFETY: the caller's promise; `raw` lives on the stack.
        let open = || unsafe { lmdb_sys::mdb_cursor_open(transaction, table, &mut raw) };
        let code = injected("mdb_cursor_open").unwrap_or_else(open);
        check("reading rows", code)?;
        Ok(Cursor {
            raw,
            transaction: PhantomData,
        })
    }

    /// Moves to the first row that is not less than `from`.
    pub(super) fn seek(&mut self, from: &[u8]) -> Result<Option<(&[u8], &[u8])>> {
        if from.is_empty() {
            return self.go(empty(), lmdb_sys::MDB_FIRST);
        }
        self.go(value(from), lmdb_sys::MDB_SET_RANGE)
    }

    /// Moves to the next row.
    pub(super) fn next(&mut self) -> Result<Option<(&[u8], &[u8])>> {
        self.go(empty(), lmdb_sys::MDB_NEXT)
    }

    fn go(
        &mut self,
        mut row: lmdb_sys::MDB_val,
        how: lmdb_sys::MDB_cursor_op,
    ) -> Result<Option<(&[u8], &[u8])>> {
        let mut found = empty();
        // SAFETY: the cursor is open and its transaction active; both values live on the stack.
        let go = || unsafe { lmdb_sys::mdb_cursor_get(self.raw, &mut row, &mut found, how) };
        match injected("mdb_cursor_get").unwrap_or_else(go) {
            // SAFETY: LMDB filled both; they stay as long as nothing is written in the transaction.
            lmdb_sys::MDB_SUCCESS => Ok(Some(unsafe { (bytes(&row), bytes(&found)) })),
            lmdb_sys::MDB_NOTFOUND => Ok(None),
            code => Err(error("reading rows", code)),
        }
    }
}

impl Drop for Cursor<'_> {
    fn drop(&mut self) {
        // SAFETY: the cursor is open, and its transaction is still active.
        unsafe { lmdb_sys::mdb_cursor_close(self.raw) };
    }
}
