//! Walking the stored responses.

use std::ffi::{CString, c_char};

use super::error::{hc_status, hc_status_code};
use super::guard;
use super::objects::{
    Met, MetAlias, Process, RequestViews, ResponseViews, hc_cache, hc_error, hc_iter, hc_request,
    hc_response,
};
use super::options::hc_time;
use super::query::{self, hc_query};
use super::response::{hc_view, hc_view_flag, view_of};
use crate::cache::Item;
use crate::cache::aliases::Listed;
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
/// cannot be read, where the query asks for such, has the flag HC_UNREADABLE and no response: `out` is NULL then. So it is
/// of an alias, with HC_IS_ALIAS: key, URL and times are those of the redirect, and hc_response_alias_of says of that one
/// where it leads. Aliases come after all responses, by their keys. An error is one of the store; the next step goes on.
/// [wait]
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
        let met = it.met.insert(met(item, it.walk.now()));
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

fn met(item: Item, now: i64) -> Met {
    let key = CString::new(item.key()).unwrap_or_default();
    let (response, alias) = match item {
        Item::Response(response) => (Some(response), None),
        Item::Unreadable(_) => (None, None),
        Item::Alias(listed) => (None, Some(met_alias(&listed, now))),
    };
    let request = response.as_ref().and_then(|response| response.request());
    Met {
        key,
        alias,
        request: request.map(|request| {
            Box::new(hc_request {
                request: request.clone(),
                views: RequestViews::default(),
            })
        }),
        response,
        views: ResponseViews::default(),
    }
}

fn met_alias(listed: &Listed, now: i64) -> MetAlias {
    let alias = &listed.alias;
    MetAlias {
        url: CString::new(listed.url()).unwrap_or_default(),
        created_at: alias.created_at,
        expires_at: alias.expires_at.unwrap_or(hc_time::HC_NEVER_EXPIRE as i64),
        is_expired: alias.expires_at.is_some_and(|at| at <= now),
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
    if let Some(alias) = &met.alias {
        let expired = hc_view_flag::HC_EXPIRED as u32;
        filled.flags =
            hc_view_flag::HC_IS_ALIAS as u32 | if alias.is_expired { expired } else { 0 };
        filled.url = alias.url.as_ptr();
        filled.created_at = alias.created_at;
        filled.expires_at = alias.expires_at;
    } else if met.response.is_none() {
        filled.flags = hc_view_flag::HC_UNREADABLE as u32;
    }
    // SAFETY: `view` has struct_size bytes, and hc_view begins with struct_size.
    unsafe { guard::fill(view, &filled, "view") }
}
