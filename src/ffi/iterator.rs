//! Walking the stored responses.

use std::ffi::{CString, c_char};

use super::error::{hc_status, hc_status_code};
use super::guard;
use super::objects::{
    Met, Process, RequestViews, ResponseViews, hc_cache, hc_error, hc_iter, hc_request, hc_response,
};
use super::query::{self, hc_query};
use super::response::{hc_view, hc_view_flag, view_of};
use crate::cache::Item;
use crate::error::Result;

/// Begins a walk over what `q` asks for; NULL: all that can be read. Nothing is read yet. Between two steps it holds no
/// transaction and no lock: what is stored or deleted meanwhile may or may not be met, and what is met is as it is then.
/// HC_E_ARGUMENT names what is wrong with the query. [any]
///
/// # Safety
/// `c` is NULL or a cache that was not closed, `q` is NULL or a struct of `q->struct_size` bytes whose strings are NULL
/// or NUL-terminated, `out` and `err` are NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hc_iter_new(
    c: *mut hc_cache,
    q: *const hc_query,
    out: *mut *mut hc_iter,
    err: *mut *mut hc_error,
) -> hc_status {
    // SAFETY: `out` is NULL or writable.
    unsafe { guard::clear(out) };
    guard::status(err, || {
        // SAFETY: the caller passes an open cache, NULL or a readable query, and a writable `out`.
        let (c, q, out) = unsafe {
            (
                guard::object(c, "cache")?,
                query::read(q)?,
                guard::output(out, "out")?,
            )
        };
        *out = guard::lend(hc_iter {
            process: Process::default(),
            walk: c.cache.walk(q),
            met: None,
        });
        Ok(0)
    })
}

/// The next stored response, or HC_DONE. `view` and `out` may be NULL. The view is valid until the next step, and its URL
/// and fields are as they are stored. The body is read only where `out` is given, which is yours to free. A record that
/// cannot be read, where the query asks for such, has the flag HC_UNREADABLE and no response: `out` is NULL then. An error
/// is one of the store; the next step goes on. [wait]
///
/// # Safety
/// `it` is NULL or a walk that was not freed, `view` is NULL or a struct of `view->struct_size` bytes, `out` and `err`
/// are NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hc_iter_next(
    it: *mut hc_iter,
    view: *mut hc_view,
    out: *mut *mut hc_response,
    err: *mut *mut hc_error,
) -> hc_status {
    // SAFETY: `out` is NULL or writable.
    unsafe { guard::clear(out) };
    guard::status(err, || {
        // SAFETY: the caller passes a live walk, and NULL or a writable `out`.
        let (it, out) = unsafe { (guard::object_mut(it, "iter")?, out.as_mut()) };
        // SAFETY: `view` is NULL or has struct_size bytes.
        unsafe { guard::check_size(view, "view")? };
        it.met = None;
        let Some(item) = it.walk.step(out.is_some())? else {
            return Ok(hc_status_code::HC_DONE as hc_status);
        };
        let met = it.met.insert(met(item));
        // SAFETY: `view` is NULL or has struct_size bytes, and hc_view begins with struct_size.
        unsafe { fill_view(met, it.walk.now(), view)? };
        let another = met
            .response
            .as_ref()
            .and_then(|response| response.another());
        if let (Some(out), Some(response)) = (out, another) {
            *out = guard::lend(hc_response {
                process: Process::default(),
                response,
                views: ResponseViews::default(),
            });
        }
        Ok(0)
    })
}

/// The key of what the last step met, printable; valid until the next one. NULL: there is none. Of a record that cannot be
/// read it may be that of all variants.
///
/// # Safety
/// `it` is NULL or a walk that was not freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hc_iter_key(it: *const hc_iter) -> *const c_char {
    // SAFETY: the caller passes NULL or a live walk.
    let met = unsafe { it.as_ref() }.and_then(|it| it.met.as_ref());
    met.map_or(std::ptr::null(), |met| met.key.as_ptr())
}

/// The request of what the last step met, as hc_response_request gives it; borrowed, and valid until the next one. NULL: it
/// is not known.
///
/// # Safety
/// `it` is NULL or a walk that was not freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hc_iter_request(it: *const hc_iter) -> *const hc_request {
    // SAFETY: the caller passes NULL or a live walk.
    let met = unsafe { it.as_ref() }.and_then(|it| it.met.as_ref());
    met.and_then(|met| met.request.as_deref())
        .map_or(std::ptr::null(), std::ptr::from_ref)
}

/// Ends a walk.
///
/// # Safety
/// `it` is NULL or a walk that was not freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hc_iter_free(it: *mut hc_iter) {
    // SAFETY: it came from hc_iter_new and is freed once.
    unsafe { guard::free(it) }
}

fn met(item: Item) -> Met {
    let request = item
        .response
        .as_ref()
        .and_then(|response| response.request());
    Met {
        key: CString::new(item.key()).unwrap_or_default(),
        request: request.map(|request| {
            Box::new(hc_request {
                request: request.clone(),
                views: RequestViews::default(),
            })
        }),
        response: item.response,
        views: ResponseViews::default(),
    }
}

/// # Safety
/// `view` is NULL or a struct of `view->struct_size` bytes.
unsafe fn fill_view(met: &mut Met, now: i64, view: *mut hc_view) -> Result<()> {
    if view.is_null() {
        return Ok(());
    }
    let seen = met.response.as_ref();
    let seen = seen.map(|response| (response, response.times_at(now)));
    let mut filled = view_of(seen, &mut met.views, 0, 0);
    if met.response.is_none() {
        filled.flags = hc_view_flag::HC_UNREADABLE as u32;
    }
    // SAFETY: `view` has struct_size bytes, and hc_view begins with struct_size.
    unsafe { guard::fill(view, &filled, "view") }
}
