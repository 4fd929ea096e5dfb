//! Using the cache with your own HTTP client: no network inside, waits for nobody.

use std::ffi::{CString, c_char, c_void};

use super::error::{hc_status, hc_status_code};
use super::guard;
use super::objects::{
    Process, RequestViews, ResponseViews, hc_cache, hc_error, hc_exchange, hc_request, hc_response,
};
use super::response::{hc_view, view_of};
use crate::cache::Exchange;
use crate::error::Result;

/// What hc_lookup decides. The table at the head of this file says what follows.
#[repr(C)]
pub enum hc_decision {
    /// Nothing usable is stored: send hc_exchange_forward, then report the answer.
    HC_FORWARD = 0,
    /// The view is the answer.
    HC_FRESH = 1,
    /// The view is the answer; it is stale, and that is allowed (RFC 9111 4.2.4).
    HC_STALE = 2,
    /// The same; and it is to be revalidated behind the caller's back: send hc_exchange_forward, on any thread
    /// and at any time, then report the answer (RFC 5861 3). One caller a variant gets this, until its exchange
    /// is freed. Take the response to hand on with hc_exchange_response before the answer is reported.
    HC_STALE_REVALIDATE = 3,
    /// Send hc_exchange_forward, it is conditional (RFC 9111 4.3.1), then report the answer.
    HC_REVALIDATE = 4,
    /// Only-if-cached, and nothing to answer with: the view is a 504 (RFC 9111 5.2.1.7).
    HC_UNSATISFIABLE = 5,
}

/// What became of an origin's answer.
#[repr(C)]
pub enum hc_outcome {
    /// Not stored.
    HC_NOT_STORED = 0,
    /// Stored.
    HC_STORED = 1,
    /// A 304 freshened the stored response (RFC 9111 4.3.4).
    HC_FRESHENED = 2,
    /// The origin failed; the stored response is used though it is stale (RFC 5861 4).
    HC_USED_STALE = 3,
    /// It is to be stored: write the body.
    HC_STORING = 4,
    /// The 304 fits nothing that is stored: send the request once more, without conditions.
    HC_REPEAT = 5,
}

/// Decides how the cache answers `r`; see the table at the head. `view` says what to hand on and may be
/// NULL. The request time is taken here. [any] [wait]
///
/// # Safety
/// `c` is NULL or a cache that was not closed, `r` is NULL or a request that was not freed, `view` is NULL or a
/// struct of `view->struct_size` bytes, `out` and `err` are NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hc_lookup(
    c: *mut hc_cache,
    r: *const hc_request,
    view: *mut hc_view,
    out: *mut *mut hc_exchange,
    err: *mut *mut hc_error,
) -> hc_status {
    // SAFETY: `out` is NULL or writable.
    unsafe { guard::clear(out) };
    guard::status(err, || {
        // SAFETY: the caller passes an open cache, a live request and a writable `out`.
        let (c, r, out) = unsafe {
            (
                guard::object(c, "cache")?,
                guard::object(r, "request")?,
                guard::output(out, "out")?,
            )
        };
        // SAFETY: `view` is NULL or has struct_size bytes.
        unsafe { guard::check_size(view, "view")? };
        let mut x = Box::new(hc_exchange {
            process: Process::default(),
            exchange: c.cache.lookup(&r.request)?,
            views: ResponseViews::default(),
            forward: None,
            explained: None,
        });
        // SAFETY: `view` is NULL or has struct_size bytes, and hc_view begins with struct_size.
        unsafe { fill_view(&mut x, view, 0)? };
        *out = Box::into_raw(x);
        Ok(0)
    })
}

/// What hc_lookup decided: one of hc_decision. HC_FORWARD for NULL.
///
/// # Safety
/// `x` is NULL or an exchange that was not freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hc_exchange_decision(x: *const hc_exchange) -> i32 {
    // SAFETY: the caller passes NULL or a live exchange.
    unsafe { x.as_ref() }.map_or(0, |x| x.exchange.decision() as i32)
}

/// The request to send: yours, with the conditions that are needed. NULL when there is nothing to send, or no
/// more.
///
/// # Safety
/// `x` is NULL or an exchange that was not freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hc_exchange_forward(x: *mut hc_exchange) -> *const hc_request {
    guard::value(std::ptr::null(), || {
        // SAFETY: the caller passes NULL or a live exchange.
        let Some(x) = (unsafe { x.as_mut() }) else {
            return std::ptr::null();
        };
        let Some(request) = x.exchange.forward() else {
            return std::ptr::null();
        };
        // After HC_REPEAT it is another request than before.
        let is_current = x
            .forward
            .as_ref()
            .is_some_and(|lent| std::sync::Arc::ptr_eq(&lent.request, request));
        if !is_current {
            let request = request.clone();
            x.forward = Some(Box::new(hc_request {
                request,
                views: RequestViews::default(),
            }));
        }
        x.forward
            .as_deref()
            .map_or(std::ptr::null(), std::ptr::from_ref)
    })
}

/// Why the request is forwarded, as a token of RFC 9211 2.2 ("uri-miss", "vary-miss", "stale", ...), or why
/// an answer was not stored. "" where neither is so. Static.
///
/// # Safety
/// `x` is NULL or an exchange that was not freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hc_exchange_reason(x: *const hc_exchange) -> *const c_char {
    // SAFETY: the caller passes NULL or a live exchange.
    unsafe { x.as_ref() }.map_or(c"".as_ptr(), |x| x.exchange.reason().as_ptr())
}

/// The decision in words, a line for each step: the key, what was selected, its age and lifetime, the reason with
/// its section of the RFC. It holds no URL, field value or credential. Valid until the next call on `x`. NULL for
/// NULL.
///
/// # Safety
/// `x` is NULL or an exchange that was not freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hc_exchange_explain(x: *mut hc_exchange) -> *const c_char {
    guard::value(std::ptr::null(), || {
        // SAFETY: the caller passes NULL or a live exchange.
        let Some(x) = (unsafe { x.as_mut() }) else {
            return std::ptr::null();
        };
        let text = CString::new(x.exchange.explain()).unwrap_or_default();
        x.explained.insert(text).as_ptr()
    })
}

/// The response to hand on as an object of its own, for reading its body and for other threads; it outlives
/// `x`. HC_NOT_FOUND while there is none, or it is the origin's and not wholly stored.
///
/// # Safety
/// `x` is NULL or an exchange that was not freed, `out` and `err` are NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hc_exchange_response(
    x: *mut hc_exchange,
    out: *mut *mut hc_response,
    err: *mut *mut hc_error,
) -> hc_status {
    // SAFETY: `out` is NULL or writable.
    unsafe { guard::clear(out) };
    guard::status(err, || {
        // SAFETY: the caller passes a live exchange and a writable `out`.
        let (x, out) = unsafe {
            (
                guard::object_mut(x, "exchange")?,
                guard::output(out, "out")?,
            )
        };
        let Some(response) = x.exchange.response()? else {
            return Ok(hc_status_code::HC_NOT_FOUND as hc_status);
        };
        *out = guard::lend(hc_response {
            process: Process::default(),
            response,
            views: ResponseViews::default(),
        });
        Ok(0)
    })
}

/// Reports the origin's whole answer. `*outcome` is one of hc_outcome but HC_STORING; the view is what to hand
/// on. The response time is taken here. A body shorter or longer than its Content-Length is not stored. [wait]
///
/// # Safety
/// `x` is NULL or an exchange that was not freed, `origin` is NULL or a response that was not freed, `outcome`
/// is NULL or writable, `view` is NULL or a struct of `view->struct_size` bytes, `err` is NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hc_store(
    x: *mut hc_exchange,
    origin: *const hc_response,
    outcome: *mut i32,
    view: *mut hc_view,
    err: *mut *mut hc_error,
) -> hc_status {
    report(outcome, view, x, err, |x| {
        // SAFETY: the caller passes NULL or a live response.
        let origin = unsafe { guard::object(origin, "origin")? };
        x.store(&origin.response).map(|outcome| outcome as i32)
    })
}

/// Reports the head of the origin's answer; its body follows in pieces. Only HC_STORING wants it written. The
/// response time is taken here. [wait]
///
/// # Safety
/// As of hc_store.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hc_store_begin(
    x: *mut hc_exchange,
    head: *const hc_response,
    outcome: *mut i32,
    view: *mut hc_view,
    err: *mut *mut hc_error,
) -> hc_status {
    report(outcome, view, x, err, |x| {
        // SAFETY: the caller passes NULL or a live response.
        let head = unsafe { guard::object(head, "head")? };
        x.begin(&head.response.head).map(|outcome| outcome as i32)
    })
}

/// Stores the next bytes of the body. HC_DONE: it is no longer stored; what is written from now on is
/// dropped. [wait]
///
/// # Safety
/// `x` is NULL or an exchange that was not freed, `data` is NULL or holds `len` bytes, `err` is NULL or
/// writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hc_store_write(
    x: *mut hc_exchange,
    data: *const c_void,
    len: usize,
    err: *mut *mut hc_error,
) -> hc_status {
    guard::status(err, || {
        // SAFETY: the caller passes a live exchange and readable data.
        let (x, data) = unsafe {
            (
                guard::object_mut(x, "exchange")?,
                guard::data(data, len, "data")?,
            )
        };
        let goes_on = x.exchange.write(data)?;
        Ok(if goes_on {
            0
        } else {
            hc_status_code::HC_DONE as hc_status
        })
    })
}

/// Ends the body. `*outcome` is HC_STORED, or HC_NOT_STORED where the body is short of its Content-Length or
/// longer, or the cache failed. [wait]
///
/// # Safety
/// `x` is NULL or an exchange that was not freed, `outcome` and `err` are NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hc_store_end(
    x: *mut hc_exchange,
    outcome: *mut i32,
    err: *mut *mut hc_error,
) -> hc_status {
    report(outcome, std::ptr::null_mut(), x, err, |x| {
        x.end().map(|outcome| outcome as i32)
    })
}

/// Reports that the origin could not be reached, or broke off after hc_store_begin. The view is the stored
/// response where it may be used though it is stale (RFC 5861 4). HC_NOT_FOUND: nothing may be used. [wait]
///
/// # Safety
/// `x` is NULL or an exchange that was not freed, `view` is NULL or a struct of `view->struct_size` bytes,
/// `err` is NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hc_store_failure(
    x: *mut hc_exchange,
    view: *mut hc_view,
    err: *mut *mut hc_error,
) -> hc_status {
    let mut is_used = false;
    let status = report(std::ptr::null_mut(), view, x, err, |x| {
        is_used = x.fail()?;
        Ok(if is_used {
            hc_outcome::HC_USED_STALE as i32
        } else {
            0
        })
    });
    if status == 0 && !is_used {
        hc_status_code::HC_NOT_FOUND as hc_status
    } else {
        status
    }
}

/// Destroys an exchange. What was not ended is not stored.
///
/// # Safety
/// `x` is NULL or an exchange that was not freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hc_exchange_free(x: *mut hc_exchange) {
    // SAFETY: it came from hc_lookup and is freed once.
    unsafe { guard::free(x) }
}

/// Runs one verb and tells its outcome and what to hand on.
fn report(
    outcome: *mut i32,
    view: *mut hc_view,
    x: *mut hc_exchange,
    err: *mut *mut hc_error,
    verb: impl FnOnce(&mut Exchange) -> Result<i32>,
) -> hc_status {
    guard::status(err, || {
        // SAFETY: the caller passes NULL or a live exchange.
        let x = unsafe { guard::object_mut(x, "exchange")? };
        // SAFETY: `view` is NULL or has struct_size bytes.
        unsafe { guard::check_size(view, "view")? };
        let result = verb(&mut x.exchange)?;
        // SAFETY: `outcome` is NULL or writable.
        if let Some(outcome) = unsafe { outcome.as_mut() } {
            *outcome = result;
        }
        // SAFETY: `view` is NULL or has struct_size bytes, and hc_view begins with struct_size.
        unsafe { fill_view(x, view, result)? };
        Ok(0)
    })
}

/// # Safety
/// `view` is NULL or a struct of `view->struct_size` bytes.
unsafe fn fill_view(x: &mut hc_exchange, view: *mut hc_view, outcome: i32) -> Result<()> {
    if view.is_null() {
        return Ok(());
    }
    let decision = x.exchange.decision() as i32;
    let now = x.exchange.now();
    let handed_on = x.exchange.handed_on();
    let handed_on = handed_on.map(|response| (response, response.times_at(now)));
    let filled = view_of(handed_on, &mut x.views, decision, outcome);
    // SAFETY: `view` has struct_size bytes, and hc_view begins with struct_size.
    unsafe { guard::fill(view, &filled, "view") }
}
