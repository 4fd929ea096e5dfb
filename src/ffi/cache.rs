//! The cache: opening, closing, flushing, counting.

use std::ffi::{CStr, OsStr, c_char};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use super::error::{hc_status, hc_status_code};
use super::guard;
use super::objects::{hc_cache, hc_error, hc_options};
use crate::cache::{Cache, Options};

/// What the cache counted since it was opened, and what lies on disk.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct hc_stats {
    /// sizeof(hc_stats), set by you.
    pub struct_size: usize,
    /// Rows of stored responses, of all processes.
    pub responses: u64,
    /// Bytes on disk, as the file system counts them, of all processes.
    pub bytes: u64,
    /// Lookups answered fresh from the store.
    pub hits: u64,
    /// Lookups that found nothing to use.
    pub misses: u64,
    /// Answers that were stale.
    pub stale_hits: u64,
    /// Stored responses that a 304 confirmed.
    pub revalidations: u64,
    /// Responses stored.
    pub stores: u64,
    /// Faults of the cache itself; each was passed through and logged.
    pub errors: u64,
}

/// Opens the cache in the directory `path`, making it if there is none (mode 0700, its files 0600). `o`
/// may be NULL. HC_OPT_PLACE says what else `path` may be. Opened twice in a process, a directory is one store. [any] [wait]
///
/// Statuses that name a refused path: HC_E_NOT_DIRECTORY, HC_E_SYMLINK, HC_E_FOREIGN_OWNER,
/// HC_E_PERMISSION, HC_E_READ_ONLY, HC_E_FULL, HC_E_NEWER_FORMAT, HC_E_BUSY, HC_E_MISMATCH,
/// HC_E_UNSUPPORTED (a network file system, another process-id namespace). HC_E_CONFLICT names two
/// options. An unreadable data file is moved aside, with a log line, and the cache starts empty.
///
/// # Safety
/// `path` is NULL or NUL-terminated, `o` NULL or options that were not freed, `out` and `err` NULL or
/// writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hc_open(
    path: *const c_char,
    o: *const hc_options,
    out: *mut *mut hc_cache,
    err: *mut *mut hc_error,
) -> hc_status {
    // SAFETY: `out` is NULL or writable.
    unsafe { guard::clear(out) };
    guard::status(err, || {
        // SAFETY: the caller passes NULL or a NUL-terminated path.
        let path = (!path.is_null()).then(|| unsafe { CStr::from_ptr(path) });
        let path = path.map(|path| Path::new(OsStr::from_bytes(path.to_bytes())));
        // SAFETY: `o` is NULL or live options that no other thread changes now.
        let o = unsafe { guard::optional(o, "options")? };
        let options = o.map_or_else(Options::default, |o| o.options.clone());
        let transport = o.and_then(|o| o.transport.clone());
        // SAFETY: `out` is NULL or writable.
        let out = unsafe { guard::output(out, "out")? };
        *out = guard::lend(hc_cache {
            cache: Cache::open_in_place(path, options)?,
            transport,
        });
        Ok(0)
    })
}

/// Gives up your reference, and commits what still waits: that takes as long as it takes, and at most about two seconds
/// for another process that writes. What could not be committed then is lost; hc_flush tells. Waits for no thread of
/// yours. The store closes when the exchanges and responses made from it are gone too. [any]
///
/// # Safety
/// `c` is NULL or a cache that was not closed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hc_close(c: *mut hc_cache) {
    guard::value((), || {
        // SAFETY: the caller passes NULL or an open cache.
        if let Some(c) = unsafe { c.as_ref() } {
            c.cache.leave();
        }
    });
    // SAFETY: it came from hc_open and is closed once.
    unsafe { guard::free(c) }
}

/// Waits until everything stored and deleted so far, by any thread, is durable and seen by all processes, at most
/// `timeout` ms (HC_NEVER_EXPIRE: without limit): HC_E_TIMEOUT. Any other error is why a change since the last flush
/// was lost (HC_E_FULL, HC_E_BUSY, HC_E_IO); that is said once. What was stored before it returned HC_OK survives the
/// death of the process and, unless HC_OPT_DURABILITY is 0, of the machine. [any] [wait]
///
/// # Safety
/// `c` is NULL or a cache that was not closed, `err` NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hc_flush(
    c: *mut hc_cache,
    timeout: i64,
    err: *mut *mut hc_error,
) -> hc_status {
    guard::status(err, || {
        // SAFETY: the caller passes NULL or an open cache.
        let c = unsafe { guard::object(c, "cache")? };
        c.cache.flush(guard::limit(timeout, "timeout")?)?;
        Ok(0)
    })
}

/// Commits on this thread what waits to be committed, for about `budget` ms (HC_NEVER_EXPIRE: to the end), and at
/// least one transaction of at most about 4 MiB: HC_DONE when nothing is left, HC_OK when something is. For
/// HC_OPT_WORKERS 0, when you are idle. If you never call it, what is stored is committed when 8 MiB or 2048
/// changes wait, by hc_flush, and when the store closes; until then other processes do not see it. [any] [wait]
///
/// # Safety
/// `c` is NULL or a cache that was not closed, `err` NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hc_work(
    c: *mut hc_cache,
    budget: i64,
    err: *mut *mut hc_error,
) -> hc_status {
    guard::status(err, || {
        // SAFETY: the caller passes NULL or an open cache.
        let c = unsafe { guard::object(c, "cache")? };
        let is_done = c.cache.work(guard::limit(budget, "budget")?)?;
        Ok(if is_done {
            hc_status_code::HC_DONE as hc_status
        } else {
            0
        })
    })
}

/// Fills `io` with what was counted. [any] [wait]
///
/// # Safety
/// `c` is NULL or a cache that was not closed, `io` NULL or a struct of `io->struct_size` bytes, `err` NULL
/// or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hc_get_stats(
    c: *mut hc_cache,
    io: *mut hc_stats,
    err: *mut *mut hc_error,
) -> hc_status {
    guard::status(err, || {
        // SAFETY: the caller passes NULL or an open cache.
        let c = unsafe { guard::object(c, "cache")? };
        let counted = c.cache.statistics()?;
        let stats = hc_stats {
            struct_size: size_of::<hc_stats>(),
            responses: counted.responses,
            bytes: counted.bytes,
            hits: counted.hits,
            misses: counted.misses,
            stale_hits: counted.stale_hits,
            revalidations: counted.revalidations,
            stores: counted.stores,
            errors: counted.errors,
        };
        // SAFETY: `io` is NULL or has struct_size bytes, and hc_stats begins with struct_size.
        unsafe { guard::fill(io, &stats, "stats")? };
        Ok(0)
    })
}
