//! Requests.

use std::ffi::{CString, c_char, c_int, c_void};
use std::sync::Arc;

use super::error::hc_status;
use super::field::{hc_field, packed_fields};
use super::guard;
use super::objects::{RequestViews, hc_error, hc_request};
use super::options::hc_option;
use crate::cache::{Cancellation, Request};
use crate::error::Result;

/// Makes a request. The URL is http or https and absolute; it is normalised (RFC 3986 6), its fragment
/// dropped, and what stands before an "@" becomes an Authorization field. A host in other letters than ASCII is
/// written by IDNA, and what else is not ASCII is percent-encoded. HC_E_METHOD, HC_E_URL.
///
/// # Safety
/// `method` and `url` are NULL or hold as many bytes as said, `out` and `err` are NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hc_request_new(
    method: *const c_char,
    method_len: usize,
    url: *const c_char,
    url_len: usize,
    out: *mut *mut hc_request,
    err: *mut *mut hc_error,
) -> hc_status {
    // SAFETY: `out` is NULL or writable.
    unsafe { guard::clear(out) };
    guard::status(err, || {
        // SAFETY: the caller passes readable strings and a writable `out`.
        let (method, url, out) = unsafe {
            (
                guard::text(method, method_len, "method")?,
                guard::text(url, url_len, "url")?,
                guard::output(out, "out")?,
            )
        };
        let request = Arc::new(Request::new(method, url)?);
        *out = guard::lend(hc_request {
            request,
            views: RequestViews::default(),
        });
        Ok(0)
    })
}

/// Makes a copy, with its options: of a request that was lent to you, in order to keep it. That the one is cancelled
/// does not cancel the other.
///
/// # Safety
/// `r` is NULL or a request that was not freed, `out` and `err` are NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hc_request_copy(
    r: *const hc_request,
    out: *mut *mut hc_request,
    err: *mut *mut hc_error,
) -> hc_status {
    // SAFETY: `out` is NULL or writable.
    unsafe { guard::clear(out) };
    guard::status(err, || {
        // SAFETY: the caller passes a live request and a writable `out`.
        let (r, out) = unsafe { (guard::object(r, "request")?, guard::output(out, "out")?) };
        let copy = Request {
            cancellation: Cancellation::default(),
            ..Request::clone(&r.request)
        };
        *out = guard::lend(hc_request {
            request: Arc::new(copy),
            views: RequestViews::default(),
        });
        Ok(0)
    })
}

/// Makes `r` a new request of the same options, so that one object serves many. Exchanges and responses
/// made from it before do not change. After an error `r` is as it was.
///
/// # Safety
/// `r` is NULL or a request that was not freed, `method` and `url` are NULL or hold as many bytes as said,
/// `err` is NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hc_request_assign(
    r: *mut hc_request,
    method: *const c_char,
    method_len: usize,
    url: *const c_char,
    url_len: usize,
    err: *mut *mut hc_error,
) -> hc_status {
    guard::status(err, || {
        // SAFETY: the caller passes a live request and readable strings.
        let (r, method, url) = unsafe {
            (
                guard::object_mut(r, "request")?,
                guard::text(method, method_len, "method")?,
                guard::text(url, url_len, "url")?,
            )
        };
        let overrides = r.request.overrides.clone();
        let mut request = Request::new(method, url)?;
        request.overrides = overrides;
        match Arc::get_mut(&mut r.request) {
            Some(own) => *own = request,
            None => r.request = Arc::new(request),
        }
        r.views = RequestViews::default();
        Ok(0)
    })
}

/// Adds a field at the end. White space around the value is dropped. What is lent from `r` itself is to be copied
/// first. HC_E_FIELD: the name is no token, or the value holds CR, LF or NUL.
///
/// # Safety
/// `r` is NULL or a request that was not freed, `name` and `value` are NULL or hold as many bytes as said,
/// `err` is NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hc_request_add(
    r: *mut hc_request,
    name: *const c_char,
    name_len: usize,
    value: *const c_char,
    value_len: usize,
    err: *mut *mut hc_error,
) -> hc_status {
    guard::status(err, || {
        // SAFETY: the caller passes a live request and readable strings.
        let (r, name, value) = unsafe {
            (
                guard::object_mut(r, "request")?,
                guard::text(name, name_len, "name")?,
                guard::text(value, value_len, "value")?,
            )
        };
        change(r, |request| request.http.fields.add(name, value))
    })
}

/// Adds `n` fields at the end in one call, for callers to whom each call is dear. `text` holds name, value, name,
/// value, ... with nothing between, `lengths` their 2 * `n` lengths. As hc_request_add, and after an error none
/// was added.
///
/// # Safety
/// `r` is NULL or a request that was not freed, `lengths` is NULL or holds 2 * `n` numbers, `text` is NULL or holds
/// as many bytes as they add up to, `err` is NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hc_request_add_fields(
    r: *mut hc_request,
    text: *const c_char,
    lengths: *const u32,
    n: usize,
    err: *mut *mut hc_error,
) -> hc_status {
    guard::status(err, || {
        // SAFETY: the caller passes a live request, and lengths and text that agree.
        let (r, fields) = unsafe {
            (
                guard::object_mut(r, "request")?,
                packed_fields(text, lengths, n)?,
            )
        };
        change(r, |request| request.http.fields.append_all(&fields))
    })
}

/// Removes all fields of a name. HC_NOT_FOUND: there was none.
///
/// # Safety
/// `r` is NULL or a request that was not freed, `name` is NULL or holds as many bytes as said.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hc_request_remove(
    r: *mut hc_request,
    name: *const c_char,
    name_len: usize,
) -> hc_status {
    guard::status(std::ptr::null_mut(), || {
        // SAFETY: the caller passes a live request and a readable string.
        let (r, name) = unsafe {
            (
                guard::object_mut(r, "request")?,
                guard::text(name, name_len, "name")?,
            )
        };
        let mut found = false;
        change(r, |request| {
            found = request.http.fields.remove(name);
            Ok(())
        })?;
        Ok(if found {
            0
        } else {
            super::error::hc_status_code::HC_NOT_FOUND as hc_status
        })
    })
}

/// Sets the body, replacing one that was set before.
///
/// # Safety
/// `r` is NULL or a request that was not freed, `data` is NULL or holds `len` bytes, `err` is NULL or
/// writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hc_request_set_body(
    r: *mut hc_request,
    data: *const c_void,
    len: usize,
    err: *mut *mut hc_error,
) -> hc_status {
    guard::status(err, || {
        // SAFETY: the caller passes a live request and readable data.
        let (r, data) = unsafe {
            (
                guard::object_mut(r, "request")?,
                guard::data(data, len, "body")?,
            )
        };
        let body = guard::copied(data, "body")?;
        change(r, |request| {
            request.http.body = body;
            Ok(())
        })
    })
}

/// Sets an option for this request alone; only those marked *. HC_UNSET: the cache's own holds again.
///
/// # Safety
/// `r` is NULL or a request that was not freed, `err` is NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hc_request_set(
    r: *mut hc_request,
    key: hc_option,
    value: i64,
    err: *mut *mut hc_error,
) -> hc_status {
    guard::status(err, || {
        // SAFETY: the caller passes NULL or a live request.
        let r = unsafe { guard::object_mut(r, "request")? };
        change(r, |request| request.overrides.set(key, value))
    })
}

/// Sets a name of hc_list_key for this request alone; only those marked *. NULL: the request has none, whatever the
/// cache has. Errors as of hc_options_set_string.
///
/// # Safety
/// `r` is NULL or a request that was not freed, `value` is NULL or holds as many bytes as said, `err` is NULL or
/// writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hc_request_set_string(
    r: *mut hc_request,
    name: hc_option,
    value: *const c_char,
    value_len: usize,
    err: *mut *mut hc_error,
) -> hc_status {
    guard::status(err, || {
        // SAFETY: the caller passes a live request, and NULL or a readable string.
        let (r, value) = unsafe {
            (
                guard::object_mut(r, "request")?,
                guard::optional_text(value, value_len, "value")?,
            )
        };
        change(r, |request| request.overrides.set_name(name, value))
    })
}

/// The value that hc_request_set gave an option of this request. HC_NOT_FOUND: none, the cache's own holds.
/// HC_E_UNSUPPORTED: the number is not known.
///
/// # Safety
/// `r` is NULL or a request that was not freed, `value` is NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hc_request_option(
    r: *const hc_request,
    key: hc_option,
    value: *mut i64,
) -> hc_status {
    guard::status(std::ptr::null_mut(), || {
        // SAFETY: the caller passes NULL or a live request, and NULL or a place for a number.
        let (r, value) = unsafe { (guard::object(r, "request")?, guard::output(value, "value")?) };
        match r.request.overrides.get(key)? {
            Some(number) => {
                *value = number;
                Ok(0)
            }
            None => Ok(super::error::hc_status_code::HC_NOT_FOUND as hc_status),
        }
    })
}

/// Ends, with HC_E_CANCELLED, the hc_fetch that waits for the answer to `r` and the reading of its body, also
/// those that begin later, until hc_request_assign. Not what is answered from the cache. [any]
///
/// # Safety
/// `r` is NULL or a request that was not freed, and that no thread changes now.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hc_request_cancel(r: *const hc_request) {
    // SAFETY: the caller passes NULL or a live request.
    if let Some(r) = unsafe { r.as_ref() } {
        r.request.cancellation.cancel();
    }
}

/// Whether hc_request_cancel was called: 0 or 1. For a transport of yours, which gives up then. 0 for NULL. [any]
///
/// # Safety
/// `r` is NULL or a request that was not freed, and that no thread changes now.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hc_request_is_cancelled(r: *const hc_request) -> c_int {
    // SAFETY: the caller passes NULL or a live request.
    unsafe { r.as_ref() }.map_or(0, |r| r.request.cancellation.is_cancelled().into())
}

/// The method. NULL for NULL.
///
/// # Safety
/// `r` is NULL or a request that was not freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hc_request_method(r: *const hc_request) -> *const c_char {
    guard::value(std::ptr::null(), || {
        // SAFETY: the caller passes NULL or a live request.
        let Some(r) = (unsafe { r.as_ref() }) else {
            return std::ptr::null();
        };
        let method = r.request.http.method.as_str();
        r.views
            .method
            .get_or_init(|| CString::new(method).unwrap_or_default())
            .as_ptr()
    })
}

/// The URL, normalised. NULL for NULL.
///
/// # Safety
/// `r` is NULL or a request that was not freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hc_request_url(r: *const hc_request) -> *const c_char {
    guard::value(std::ptr::null(), || {
        // SAFETY: the caller passes NULL or a live request.
        unsafe { r.as_ref() }.map_or(std::ptr::null(), |r| {
            r.request.http.url.as_bytes_with_nul().as_ptr().cast()
        })
    })
}

/// The fields in order, `*n` of them. NULL for NULL.
///
/// # Safety
/// `r` is NULL or a request that was not freed, `n` is NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hc_request_fields(r: *const hc_request, n: *mut usize) -> *const hc_field {
    guard::value(std::ptr::null(), || {
        // SAFETY: the caller passes NULL or a live request.
        let fields = unsafe { r.as_ref() }.map(|r| {
            r.views
                .fields
                .get_or_init(|| super::field::lent_fields(&r.request.http.fields))
        });
        // SAFETY: `n` is NULL or writable.
        if let Some(n) = unsafe { n.as_mut() } {
            *n = fields.map_or(0, Vec::len);
        }
        fields.map_or(std::ptr::null(), |fields| guard::lent_items(fields))
    })
}

/// The body, `*len` bytes. NULL for NULL.
///
/// # Safety
/// `r` is NULL or a request that was not freed, `len` is NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hc_request_body(r: *const hc_request, len: *mut usize) -> *const c_void {
    guard::value(std::ptr::null(), || {
        // SAFETY: the caller passes NULL or a live request.
        let body = unsafe { r.as_ref() }.map(|r| &r.request.http.body);
        // SAFETY: `len` is NULL or writable.
        if let Some(len) = unsafe { len.as_mut() } {
            *len = body.map_or(0, Vec::len);
        }
        body.map_or(std::ptr::null(), |body| guard::lent(body))
    })
}

/// Destroys a request.
///
/// # Safety
/// `r` is NULL or a request that was not freed, and yours.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hc_request_free(r: *mut hc_request) {
    // SAFETY: it came from hc_request_new and is freed once.
    unsafe { guard::free(r) }
}

/// Changes a request that exchanges may share: they keep what they were given.
fn change(
    r: &mut hc_request,
    change: impl FnOnce(&mut Request) -> Result<()>,
) -> Result<hc_status> {
    change(Arc::make_mut(&mut r.request))?;
    r.views = RequestViews::default();
    Ok(0)
}
