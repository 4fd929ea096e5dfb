//! Looking after the cache: single responses by their keys, and deletions.

use std::ffi::{c_char, c_void};

use super::error::{hc_status, hc_status_code};
use super::guard;
use super::key::hc_progress_fn;
use super::objects::{Process, ResponseViews, hc_cache, hc_error, hc_request, hc_response};
use super::query::{self, hc_query};
use crate::cache::{Updated, Verification};
use crate::error::{Error, Kind, Result};
use crate::key::printed::Printed;

/// What hc_update came to.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct hc_updated {
    /// sizeof(hc_updated), set by you.
    pub struct_size: usize,
    /// Stored responses that were taken over.
    pub copied: u64,
    /// Those that are not newer than what was there.
    pub older: u64,
    /// Those that were left, as hc_update says.
    pub skipped: u64,
}

/// What hc_verify looked at, and what did not fit.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct hc_verification {
    /// sizeof(hc_verification), set by you.
    pub struct_size: usize,
    /// Records that were looked at.
    pub records: u64,
    /// Files of bodies that were read.
    pub bodies: u64,
    /// Records that cannot be read, the bodies in them included.
    pub damaged_records: u64,
    /// Files of bodies that are damaged or gone, of records that are sound.
    pub damaged_bodies: u64,
    /// Lists of variants that cannot be read, or do not name the variants that there are.
    pub damaged_lists: u64,
    /// Small rows beside the responses that cannot be read, and a wrong number of lists.
    pub damaged_marks: u64,
    /// Bodies of which no row says that they are in use, so that they may be removed as orphans.
    pub unheld_bodies: u64,
    /// Rows of bodies whose record is no longer there.
    pub dangling_bodies: u64,
    /// Files of bodies that no row names. They do no harm but for the room they take.
    pub orphan_bodies: u64,
    /// Rows that say that a URL has a key of yours under which nothing is stored any more. They do no harm.
    pub dangling_marks: u64,
    /// How many of all these were taken away or put right.
    pub mended: u64,
}

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

/// Gives all stored responses another expiry, whatever gave them theirs, and says in `*n` how many had another one before.
/// `expire_after` is as of HC_OPT_EXPIRE_AFTER, and counts from now; HC_UNSET: what the options of this cache and its URL
/// rules would have given each when it was received. With HC_OPT_CACHE_CONTROL what a response says itself still comes
/// first. HC_E_ARGUMENT: HC_DO_NOT_CACHE, for which there is hc_clear. HC_E_READ_ONLY: HC_OPT_READ_ONLY is set. Some are
/// changed at a time, beside other use. [any] [wait]
///
/// # Safety
/// `c` is NULL or a cache that was not closed, `n` and `err` are NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hc_reset_expiration(
    c: *mut hc_cache,
    expire_after: i64,
    n: *mut u64,
    err: *mut *mut hc_error,
) -> hc_status {
    counting(n, err, || {
        // SAFETY: the caller passes an open cache.
        let c = unsafe { guard::object(c, "cache")? };
        Ok((c.cache.reset_expiration(expire_after)?, 0))
    })
}

/// Stores `p` as the answer to `r`, in place of what is stored of the same variant, as told: what RFC 9111, the lists and
/// the filter say of storing is not asked. For what is imported, or moved by hand. `created_at` is when it was received;
/// HC_UNSET: now. `expires_at` is when it becomes stale, or HC_NEVER_EXPIRE; HC_UNSET: what the options of the cache say. A
/// response that was read is stored too, and a large body is copied in pieces. HC_NOT_FOUND: the cache has no part in such a
/// request, as hc_key says too, and nothing is stored. [any] [wait]
///
/// HC_E_ARGUMENT: what no request would find, or what must not be stored: the status is 1xx, 206, 304, 407, 412 or 416,
/// Vary is *, the body has another length than Content-Length, or the response names a URL with a secret in it.
/// HC_E_TOO_LARGE: over HC_OPT_MAX_RESPONSE_BYTES or its kin. HC_E_READ_ONLY: HC_OPT_READ_ONLY is set.
///
/// # Safety
/// `c` is NULL or a cache that was not closed, `r` is NULL or a request and `p` NULL or a response that was not freed,
/// `err` is NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hc_put(
    c: *mut hc_cache,
    r: *const hc_request,
    p: *const hc_response,
    created_at: i64,
    expires_at: i64,
    err: *mut *mut hc_error,
) -> hc_status {
    guard::status(err, || {
        // SAFETY: the caller passes an open cache, a live request and a live response.
        let (c, r, p) = unsafe {
            (
                guard::object(c, "cache")?,
                guard::object(r, "request")?,
                guard::object(p, "response")?,
            )
        };
        let is_put = c
            .cache
            .put(&r.request, &p.response, created_at, expires_at)?;
        Ok(found(is_put))
    })
}

/// Takes over into `to` what is stored in `from` and newer than what `to` has: under the keys that the options of `to` make,
/// with the times and the expiry it has. Each cache keeps hashes of credentials, partitions and secrets under a secret of its
/// own; what only such a hash tells from others is left, for it may be somebody's, and so is what cannot be read, or is over
/// HC_OPT_MAX_RESPONSE_BYTES of `to`. Where `from` is a copy of the directory of `to`, the secret is the same, and nothing is
/// left for that. Goes on beside other use of both, and may be cancelled or killed at any moment: what was taken over stays.
/// `progress` may be NULL; `io` may be NULL and is filled in any case. HC_E_ARGUMENT: both are one cache. HC_E_READ_ONLY:
/// HC_OPT_READ_ONLY is set in `to`. [any] [wait]
///
/// # Safety
/// `to` and `from` are NULL or caches that were not closed, `progress` may be called with `user`, `io` is NULL or a struct
/// of `io->struct_size` bytes, `err` is NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hc_update(
    to: *mut hc_cache,
    from: *mut hc_cache,
    progress: hc_progress_fn,
    user: *mut c_void,
    io: *mut hc_updated,
    err: *mut *mut hc_error,
) -> hc_status {
    guard::status(err, || {
        // SAFETY: the caller passes open caches.
        let (to, from) = unsafe { (guard::object(to, "to")?, guard::object(from, "from")?) };
        // SAFETY: `io` is NULL or begins with its size.
        unsafe { guard::check_size(io, "updated")? };
        let mut updated = Updated::default();
        // SAFETY: the caller passes NULL, or a function to be called with `user`.
        let mut go_on = |done, total| unsafe { goes_on(progress, user, done, total) };
        let result = to.cache.update_from(&from.cache, &mut updated, &mut go_on);
        if !io.is_null() {
            let counted = hc_updated {
                struct_size: size_of::<hc_updated>(),
                copied: updated.copied,
                older: updated.older,
                skipped: updated.skipped,
            };
            // SAFETY: `io` has struct_size bytes, and hc_updated begins with struct_size.
            unsafe { guard::fill(io, &counted, "updated")? };
        }
        result.map(|()| 0)
    })
}

/// Looks at everything that is stored: reads each record and each body and compares their checksums, and looks whether each
/// row that leads to one does. HC_OK with what was found in `io`, which may be all right or not; it is filled in any case,
/// and may be NULL. With `mend` 0 nothing is changed. With 1 what is damaged is taken away, and lists and rows that lead to
/// what is sound are put right. Never is anything sound taken away. Goes on beside other use, and may be cancelled or killed
/// at any moment. `progress` may be NULL. HC_E_READ_ONLY: `mend` is 1, and HC_OPT_READ_ONLY is set or nothing can be written.
/// [any] [wait]
///
/// # Safety
/// `c` is NULL or a cache that was not closed, `progress` may be called with `user`, `io` is NULL or a struct of
/// `io->struct_size` bytes, `err` is NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hc_verify(
    c: *mut hc_cache,
    mend: i32,
    progress: hc_progress_fn,
    user: *mut c_void,
    io: *mut hc_verification,
    err: *mut *mut hc_error,
) -> hc_status {
    guard::status(err, || {
        // SAFETY: the caller passes an open cache.
        let c = unsafe { guard::object(c, "cache")? };
        // SAFETY: `io` is NULL or begins with its size.
        unsafe { guard::check_size(io, "verification")? };
        if !matches!(mend, 0 | 1) {
            let message = format!("mend is {mend}, and neither 0 nor 1");
            return Err(Error::new(Kind::Argument, message));
        }
        let mut found = Verification::default();
        // SAFETY: the caller passes NULL, or a function to be called with `user`.
        let mut go_on = |done, total| unsafe { goes_on(progress, user, done, total) };
        let result = c.cache.verify(mend == 1, &mut found, &mut go_on);
        if !io.is_null() {
            let told = hc_verification {
                struct_size: size_of::<hc_verification>(),
                records: found.records,
                bodies: found.bodies,
                damaged_records: found.damaged_records,
                damaged_bodies: found.damaged_bodies,
                damaged_lists: found.damaged_lists,
                damaged_marks: found.damaged_marks,
                unheld_bodies: found.unheld_bodies,
                dangling_bodies: found.dangling_bodies,
                orphan_bodies: found.orphan_bodies,
                dangling_marks: found.dangling_marks,
                mended: found.mended,
            };
            // SAFETY: `io` has struct_size bytes, and hc_verification begins with struct_size.
            unsafe { guard::fill(io, &told, "verification")? };
        }
        result.map(|()| 0)
    })
}

/// Whether the caller wants a long piece of work to go on.
///
/// # Safety
/// `progress` may be called with `user`.
unsafe fn goes_on(progress: hc_progress_fn, user: *mut c_void, done: u64, total: u64) -> bool {
    // SAFETY: the caller says so.
    progress.is_none_or(|progress| unsafe { progress(user, done, total) } == 0)
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
