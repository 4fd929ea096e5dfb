//! Statuses and errors.

use std::ffi::{CStr, c_char};

use super::guard;
use super::objects::hc_error;
use crate::error::{Cause, Kind};

/// The result of a call: one of hc_status_code.
pub type hc_status = i32;

/// What a call can answer. Blocks of numbers: 0 and above are no errors, -1 to -9 the call itself,
/// -10 to -19 the store (hc_open, and reading a stored body that is damaged), -20 to -29 messages, -30 to
/// -39 the way to the origin.
#[repr(C)]
pub enum hc_status_code {
    /// Success.
    HC_OK = 0,
    /// No more bytes.
    HC_DONE = 1,
    /// There is none.
    HC_NOT_FOUND = 2,
    /// An argument is not what the call takes.
    HC_E_ARGUMENT = -1,
    /// The call came out of order.
    HC_E_MISUSE = -2,
    /// The option or the feature is not in this build.
    HC_E_UNSUPPORTED = -3,
    /// Memory could not be reserved.
    HC_E_NO_MEMORY = -4,
    /// A bug in the library; destroy the object.
    HC_E_INTERNAL = -5,
    /// Two options contradict each other.
    HC_E_CONFLICT = -6,
    /// An option contradicts what the cache directory was made with.
    HC_E_MISMATCH = -7,
    /// Reading or writing failed.
    HC_E_IO = -10,
    /// The disk or a quota is full.
    HC_E_FULL = -11,
    /// What is stored is damaged.
    HC_E_CORRUPT = -12,
    /// The directory was written by a newer version.
    HC_E_NEWER_FORMAT = -13,
    /// Another process, or another copy of the library in this one, holds it.
    HC_E_BUSY = -14,
    /// The file system can be read but not written.
    HC_E_READ_ONLY = -15,
    /// The system refuses access.
    HC_E_PERMISSION = -16,
    /// The path leads to something that is no directory.
    HC_E_NOT_DIRECTORY = -17,
    /// The directory belongs to another user.
    HC_E_FOREIGN_OWNER = -18,
    /// The directory is a symbolic link.
    HC_E_SYMLINK = -19,
    /// The URL cannot be requested.
    HC_E_URL = -20,
    /// A field name or value is malformed.
    HC_E_FIELD = -21,
    /// A limit was exceeded.
    HC_E_TOO_LARGE = -22,
    /// The method is no token.
    HC_E_METHOD = -23,
    /// The exchange with the origin failed in another way than those below.
    HC_E_TRANSPORT = -30,
    /// The origin took too long.
    HC_E_TIMEOUT = -31,
    /// The caller cancelled.
    HC_E_CANCELLED = -32,
    /// The host name could not be resolved.
    HC_E_RESOLVE = -33,
    /// No connection could be made.
    HC_E_CONNECT = -34,
    /// TLS could not be set up, or the peer is not who it should be.
    HC_E_TLS = -35,
    /// The origin's answer is broken or was cut off.
    HC_E_PROTOCOL = -36,
    /// Too many redirects, or one that may not be followed.
    HC_E_REDIRECT = -37,
    /// A callback failed.
    HC_E_CALLBACK = -40,
}

use hc_status_code as code;

/// What a status says, in English. Static, never NULL. [any]
#[unsafe(no_mangle)]
pub extern "C" fn hc_strerror(status: hc_status) -> *const c_char {
    words(status).as_ptr()
}

/// The status the failed call returned. 0 for NULL.
///
/// # Safety
/// `e` is NULL or an error that was not freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hc_error_status(e: *const hc_error) -> hc_status {
    // SAFETY: the caller passes NULL or a live error.
    unsafe { e.as_ref() }.map_or(0, |e| status_of(e.error.kind()))
}

/// What failed and why, with its subject and without secrets. "" for NULL.
///
/// # Safety
/// `e` is NULL or an error that was not freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hc_error_message(e: *const hc_error) -> *const c_char {
    // SAFETY: the caller passes NULL or a live error.
    unsafe { e.as_ref() }.map_or(c"".as_ptr(), |e| e.message.as_ptr())
}

/// The number below the error, and whose number it is: "errno", "lmdb", "curl" or "callback". NULL when
/// there is none; then `*number` is 0. `number` may be NULL.
///
/// # Safety
/// `e` is NULL or an error that was not freed, `number` NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hc_error_cause(e: *const hc_error, number: *mut i32) -> *const c_char {
    // SAFETY: the caller passes NULL or a live error.
    let cause = unsafe { e.as_ref() }.and_then(|e| e.error.cause());
    let (name, value) = match cause {
        Some(Cause::Errno(value)) => (c"errno".as_ptr(), value),
        Some(Cause::Lmdb(value)) => (c"lmdb".as_ptr(), value),
        Some(Cause::Curl(value)) => (c"curl".as_ptr(), value),
        Some(Cause::Callback(value)) => (c"callback".as_ptr(), value),
        None => (std::ptr::null(), 0),
    };
    // SAFETY: `number` is NULL or writable.
    if let Some(number) = unsafe { number.as_mut() } {
        *number = value;
    }
    name
}

/// Destroys an error.
///
/// # Safety
/// `e` is NULL or an error that was not freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hc_error_free(e: *mut hc_error) {
    // SAFETY: it came from a failed call and is freed once.
    unsafe { guard::free(e) }
}

/// The status of a kind of failure.
pub(super) fn status_of(kind: Kind) -> hc_status {
    let code = match kind {
        Kind::Argument => code::HC_E_ARGUMENT,
        Kind::Misuse => code::HC_E_MISUSE,
        Kind::Unsupported => code::HC_E_UNSUPPORTED,
        Kind::NoMemory => code::HC_E_NO_MEMORY,
        Kind::Internal => code::HC_E_INTERNAL,
        Kind::Conflict => code::HC_E_CONFLICT,
        Kind::Mismatch => code::HC_E_MISMATCH,
        Kind::Io => code::HC_E_IO,
        Kind::Full => code::HC_E_FULL,
        Kind::Corrupt => code::HC_E_CORRUPT,
        Kind::NewerFormat => code::HC_E_NEWER_FORMAT,
        Kind::Busy => code::HC_E_BUSY,
        Kind::ReadOnly => code::HC_E_READ_ONLY,
        Kind::Permission => code::HC_E_PERMISSION,
        Kind::NotDirectory => code::HC_E_NOT_DIRECTORY,
        Kind::ForeignOwner => code::HC_E_FOREIGN_OWNER,
        Kind::Symlink => code::HC_E_SYMLINK,
        Kind::Url => code::HC_E_URL,
        Kind::Field => code::HC_E_FIELD,
        Kind::TooLarge => code::HC_E_TOO_LARGE,
        Kind::Method => code::HC_E_METHOD,
        Kind::Transport => code::HC_E_TRANSPORT,
        Kind::Timeout => code::HC_E_TIMEOUT,
        Kind::Cancelled => code::HC_E_CANCELLED,
        Kind::Resolve => code::HC_E_RESOLVE,
        Kind::Connect => code::HC_E_CONNECT,
        Kind::Tls => code::HC_E_TLS,
        Kind::Protocol => code::HC_E_PROTOCOL,
        Kind::Redirect => code::HC_E_REDIRECT,
        Kind::Callback => code::HC_E_CALLBACK,
    };
    code as hc_status
}

fn words(status: hc_status) -> &'static CStr {
    match status {
        0 => c"success",
        1 => c"no more bytes",
        2 => c"there is none",
        -1 => c"bad argument",
        -2 => c"call out of order",
        -3 => c"not supported by this build",
        -4 => c"out of memory",
        -5 => c"internal error",
        -6 => c"options contradict each other",
        -7 => c"option contradicts the cache directory",
        -10 => c"reading or writing failed",
        -11 => c"disk full",
        -12 => c"stored data is damaged",
        -13 => c"written by a newer version",
        -14 => c"held by another process or library copy",
        -15 => c"read-only file system",
        -16 => c"permission denied",
        -17 => c"not a directory",
        -18 => c"directory belongs to another user",
        -19 => c"directory is a symbolic link",
        -20 => c"URL cannot be requested",
        -21 => c"malformed field",
        -22 => c"limit exceeded",
        -23 => c"method is not a token",
        -30 => c"transport failed",
        -31 => c"timed out",
        -32 => c"cancelled",
        -33 => c"host name not resolved",
        -34 => c"no connection",
        -35 => c"TLS failed",
        -36 => c"broken or cut-off answer",
        -37 => c"redirect not followed",
        -40 => c"callback failed",
        _ => c"unknown status",
    }
}
