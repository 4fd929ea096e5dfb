//! Looking after the cache: single responses by their keys, and deletions.

use std::ffi::c_char;

use super::error::{hc_status, hc_status_code};
use super::guard;
use super::objects::{Process, ResponseViews, hc_cache, hc_error, hc_response};
use super::query::{self, hc_query};
use crate::error::{Error, Kind, Result};
use crate::key::printed::Printed;

/// The stored response that a key names, whether it is fresh or not: of those of a key of hc_key the newest, or the one of
/// hc_response_key. HC_NOT_FOUND: there is none that can be read. `out` may be NULL: then it is only said whether there is
/// one. [any] [wait]
///
/// # Safety
/// `c` is NULL or a cache that was not closed, `key` is NULL or holds as many bytes as said, `out` and `err` are NULL or
/// writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hc_get(
    c: *mut hc_cache,
    key: *const c_char,
    key_len: usize,
    out: *mut *mut hc_response,
    err: *mut *mut hc_error,
) -> hc_status {
    // SAFETY: `out` is NULL or writable.
    unsafe { guard::clear(out) };
    guard::status(err, || {
        // SAFETY: the caller passes an open cache, a readable key, and NULL or a writable `out`.
        let (c, key, out) = unsafe {
            (
                guard::object(c, "cache")?,
                printed(key, key_len)?,
                out.as_mut(),
            )
        };
        let Some(out) = out else {
            return Ok(found(c.cache.contains(&key)?));
        };
        let response = c.cache.get(&key)?;
        let is_there = response.is_some();
        if let Some(response) = response {
            *out = guard::lend(hc_response {
                process: Process::default(),
                response,
                views: ResponseViews::default(),
            });
        }
        Ok(found(is_there))
    })
}

/// Deletes what is stored under a key: all variants of one of hc_key, or the one of hc_response_key. `*n` is how many
/// there were. HC_NOT_FOUND: there was none. This, hc_delete_where and hc_clear delete also with HC_OPT_READ_ONLY;
/// HC_E_READ_ONLY: nothing can be written there, as on a read-only mount. Who has a body open reads on. [any] [wait]
///
/// # Safety
/// `c` is NULL or a cache that was not closed, `key` is NULL or holds as many bytes as said, `n` and `err` are NULL or
/// writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hc_delete(
    c: *mut hc_cache,
    key: *const c_char,
    key_len: usize,
    n: *mut u64,
    err: *mut *mut hc_error,
) -> hc_status {
    counting(n, err, || {
        // SAFETY: the caller passes an open cache and a readable key.
        let (c, key) = unsafe { (guard::object(c, "cache")?, printed(key, key_len)?) };
        let deleted = c.cache.delete(&key)?;
        Ok((deleted, found(deleted > 0)))
    })
}

/// Deletes the stored responses that `q` asks for, `*n` of them, which may be none. With `limit` those that come first in
/// its order. HC_E_ARGUMENT: it asks for nothing less than all, which hc_clear deletes. [any] [wait]
///
/// # Safety
/// `c` is NULL or a cache that was not closed, `q` is NULL or a struct of `q->struct_size` bytes whose strings are NULL or
/// NUL-terminated, `n` and `err` are NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hc_delete_where(
    c: *mut hc_cache,
    q: *const hc_query,
    n: *mut u64,
    err: *mut *mut hc_error,
) -> hc_status {
    counting(n, err, || {
        if q.is_null() {
            return Err(Error::new(Kind::Argument, "query is NULL"));
        }
        // SAFETY: the caller passes an open cache and a readable query.
        let (c, q) = unsafe { (guard::object(c, "cache")?, query::read(q)?) };
        Ok((c.cache.delete_where(&q)?, 0))
    })
}

/// Deletes everything, `*n` responses, some at a time, beside whatever else uses the cache: what is stored meanwhile may
/// stay. [any] [wait]
///
/// # Safety
/// `c` is NULL or a cache that was not closed, `n` and `err` are NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hc_clear(
    c: *mut hc_cache,
    n: *mut u64,
    err: *mut *mut hc_error,
) -> hc_status {
    counting(n, err, || {
        // SAFETY: the caller passes an open cache.
        let c = unsafe { guard::object(c, "cache")? };
        Ok((c.cache.clear()?, 0))
    })
}

/// Runs a call that counts what it does; where it fails the count is 0.
fn counting(
    n: *mut u64,
    err: *mut *mut hc_error,
    call: impl FnOnce() -> Result<(u64, hc_status)>,
) -> hc_status {
    let mut counted = 0;
    let status = guard::status(err, || {
        let (count, status) = call()?;
        counted = count;
        Ok(status)
    });
    // SAFETY: `n` is NULL or writable, as each entry's contract says.
    if let Some(n) = unsafe { n.as_mut() } {
        *n = counted;
    }
    status
}

fn found(is_there: bool) -> hc_status {
    if is_there {
        0
    } else {
        hc_status_code::HC_NOT_FOUND as hc_status
    }
}

/// # Safety
/// `key` is NULL or holds as many bytes as said.
unsafe fn printed(key: *const c_char, len: usize) -> Result<Printed> {
    if key.is_null() {
        return Err(Error::new(Kind::Argument, "key is NULL"));
    }
    // SAFETY: the caller says so.
    let text = unsafe { guard::text(key, len, "key")? };
    Printed::read(text).ok_or_else(|| {
        let message = "key: neither what hc_key writes nor hc_response_key gives";
        Error::new(Kind::Argument, message)
    })
}
