//! What LMDB's return codes mean, in this library's words.

use std::ffi::CStr;
use std::fmt;

use crate::error::{Cause, Error, Kind, Result};

/// `Ok` for success, else the error; `what` names the call's subject.
pub(super) fn check(what: impl fmt::Display, code: i32) -> Result<()> {
    if code == lmdb_sys::MDB_SUCCESS {
        Ok(())
    } else {
        Err(error(what, code))
    }
}

/// The error that a return code of LMDB means.
pub(super) fn error(what: impl fmt::Display, code: i32) -> Error {
    if code > 0 {
        return Error::io(what, &std::io::Error::from_raw_os_error(code));
    }
    let kind = match code {
        lmdb_sys::MDB_MAP_FULL | lmdb_sys::MDB_TXN_FULL => Kind::Full,
        lmdb_sys::MDB_READERS_FULL | lmdb_sys::MDB_MAP_RESIZED => Kind::Busy,
        lmdb_sys::MDB_BAD_VALSIZE => Kind::Argument,
        lmdb_sys::MDB_PANIC => Kind::Io,
        lmdb_sys::MDB_CORRUPTED
        | lmdb_sys::MDB_PAGE_NOTFOUND
        | lmdb_sys::MDB_NOTFOUND
        | lmdb_sys::MDB_INVALID
        | lmdb_sys::MDB_VERSION_MISMATCH
        | lmdb_sys::MDB_INCOMPATIBLE => Kind::Corrupt,
        _ => Kind::Internal,
    };
    Error::new(kind, format!("{what}: {}", text(code))).with_cause(Cause::Lmdb(code))
}

fn text(code: i32) -> String {
    // SAFETY: for every negative code LMDB gives a NUL-terminated text; its own ones are static, the
    // others are used before anything else can ask for a text on this thread.
    unsafe { CStr::from_ptr(lmdb_sys::mdb_strerror(code)) }
        .to_string_lossy()
        .into_owned()
}

/// Whether all places for readers are taken.
pub(in crate::storage) fn is_readers_full(error: &Error) -> bool {
    code(error) == Some(lmdb_sys::MDB_READERS_FULL)
}

/// The return code inside an error, if LMDB gave it.
pub(super) fn code(error: &Error) -> Option<i32> {
    match error.cause() {
        Some(Cause::Lmdb(code)) => Some(code),
        _ => None,
    }
}
