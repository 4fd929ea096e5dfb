//! Responses: those you build of an origin's answer, and those you read.

use std::ffi::{CString, c_char, c_int, c_void};

use super::error::{hc_status, hc_status_code};
use super::field::{hc_field, lend_fields, packed_fields};
use super::guard;
use super::objects::{Process, RequestViews, ResponseViews, hc_error, hc_request, hc_response};
use super::options::hc_time;
use crate::cache::{Response, Times};
use crate::error::Result;
use crate::http::ResponseHead;

/// What a view's flags say, or-ed.
#[repr(C)]
pub enum hc_view_flag {
    /// The response comes from the cache.
    HC_FROM_CACHE = 1,
    /// The origin said, for this answer, that the stored response is still valid (304).
    HC_REVALIDATED = 2,
    /// It is stale, at the cache's clock, when the view was filled.
    HC_EXPIRED = 4,
    /// The origin's body is the rest: hand on the body of hc_exchange_response, which is what was stored, and then
    /// the origin's. Only with HC_OPT_COMPLETE, and after HC_STORING and HC_NOT_STORED.
    HC_CONTINUED = 8,
    /// In walks: it is no response but a redirect that leads to one.
    HC_IS_ALIAS = 16,
    /// In walks: a record that cannot be read. Nothing else of it is known but its key; the status is 0.
    HC_UNREADABLE = 32,
}

/// A response in one flat piece. All pointers are borrowed from the object the view was filled from.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct hc_view {
    /// sizeof(hc_view), set by you.
    pub struct_size: usize,
    /// Of hc_lookup: one of hc_decision. Of other calls as it was.
    pub decision: i32,
    /// Of hc_store, hc_store_begin, hc_store_failure and hc_fetch: one of hc_outcome. Else 0.
    pub outcome: i32,
    /// The status code; 0: there is nothing to hand on yet, and the rest is 0 or NULL.
    pub status: i32,
    /// hc_view_flag, or-ed.
    pub flags: u32,
    /// The fields in order, repeats kept.
    pub fields: *const hc_field,
    /// How many.
    pub field_count: usize,
    /// One block in which all names and values lie.
    pub text: *const c_char,
    /// Its length.
    pub text_len: usize,
    /// The whole body if it lies in memory; else NULL, see hc_response_read and hc_response_body.
    pub body: *const c_void,
    /// Its length.
    pub body_len: usize,
    /// Bytes of the whole body; -1: not known yet.
    pub body_size: i64,
    /// The reason phrase.
    pub reason: *const c_char,
    /// The final URL.
    pub url: *const c_char,
    /// When it was received or last freshened; HC_UNSET: it is not stored.
    pub created_at: i64,
    /// When it becomes stale; HC_NEVER_EXPIRE; HC_UNSET: it is not stored.
    pub expires_at: i64,
    /// Its current age, ms (RFC 9111 4.2.3).
    pub age: i64,
    /// ms; HC_NEVER_EXPIRE; HC_UNSET: it is not stored.
    pub freshness_lifetime: i64,
    /// How long the origin took to the header section, ms; 0 where it was not asked.
    pub elapsed: i64,
}

/// Makes a response of an origin's answer, to hand to hc_store or hc_store_begin. HC_E_ARGUMENT: the
/// status is not between 100 and 999. `reason` may be NULL with 0.
///
/// # Safety
/// `reason` is NULL or holds as many bytes as said, `out` and `err` are NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hc_response_new(
    status: i32,
    reason: *const c_char,
    reason_len: usize,
    out: *mut *mut hc_response,
    err: *mut *mut hc_error,
) -> hc_status {
    // SAFETY: `out` is NULL or writable.
    unsafe { guard::clear(out) };
    guard::status(err, || {
        // SAFETY: the caller passes a readable reason and a writable `out`.
        let (reason, out) = unsafe {
            (
                guard::text(reason, reason_len, "reason")?,
                guard::output(out, "out")?,
            )
        };
        *out = guard::lend(hc_response {
            process: Process::default(),
            response: Response::built(new_head(status, reason)?),
            views: ResponseViews::default(),
        });
        Ok(0)
    })
}

/// Makes `p` a new response without fields and body, so that one object serves many. For a response that
/// you built or that a transport fills, not for one that was read from the cache: HC_E_MISUSE.
///
/// # Safety
/// `p` is NULL or a response that was not freed, `reason` is NULL or holds as many bytes as said, `err` is
/// NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hc_response_assign(
    p: *mut hc_response,
    status: i32,
    reason: *const c_char,
    reason_len: usize,
    err: *mut *mut hc_error,
) -> hc_status {
    guard::status(err, || {
        // SAFETY: the caller passes a live response and a readable reason.
        let (p, reason) = unsafe {
            (
                guard::object_mut(p, "response")?,
                guard::text(reason, reason_len, "reason")?,
            )
        };
        p.response.check_built()?;
        p.response = Response::built(new_head(status, reason)?);
        p.views = ResponseViews::default();
        Ok(0)
    })
}

/// Adds a field at the end. White space around the value is dropped. HC_E_FIELD: the name is no token, or
/// the value holds CR, LF or NUL. HC_E_MISUSE: the response is not one you built.
///
/// # Safety
/// `p` is NULL or a response that was not freed, `name` and `value` are NULL or hold as many bytes as said,
/// `err` is NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hc_response_add(
    p: *mut hc_response,
    name: *const c_char,
    name_len: usize,
    value: *const c_char,
    value_len: usize,
    err: *mut *mut hc_error,
) -> hc_status {
    guard::status(err, || {
        // SAFETY: the caller passes a live response and readable strings.
        let (p, name, value) = unsafe {
            (
                guard::object_mut(p, "response")?,
                guard::text(name, name_len, "name")?,
                guard::text(value, value_len, "value")?,
            )
        };
        p.response.check_built()?;
        p.response.head.fields.add(name, value)?;
        p.views = ResponseViews::default();
        Ok(0)
    })
}

/// Adds `n` fields at the end in one call, for callers to whom each call is dear. `text` holds name, value, name,
/// value, ... with nothing between, `lengths` their 2 * `n` lengths. As hc_response_add, and after an error none
/// was added.
///
/// # Safety
/// `p` is NULL or a response that was not freed, `lengths` is NULL or holds 2 * `n` numbers, `text` is NULL or holds
/// as many bytes as they add up to, `err` is NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hc_response_add_fields(
    p: *mut hc_response,
    text: *const c_char,
    lengths: *const u32,
    n: usize,
    err: *mut *mut hc_error,
) -> hc_status {
    guard::status(err, || {
        // SAFETY: the caller passes a live response, and lengths and text that agree.
        let (p, fields) = unsafe {
            (
                guard::object_mut(p, "response")?,
                packed_fields(text, lengths, n)?,
            )
        };
        p.response.check_built()?;
        p.response.head.fields.append_all(&fields)?;
        p.views = ResponseViews::default();
        Ok(0)
    })
}

/// Sets the body, for hc_store. HC_E_MISUSE: the response is not one you built.
///
/// # Safety
/// `p` is NULL or a response that was not freed, `data` is NULL or holds `len` bytes, `err` is NULL or
/// writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hc_response_set_body(
    p: *mut hc_response,
    data: *const c_void,
    len: usize,
    err: *mut *mut hc_error,
) -> hc_status {
    guard::status(err, || {
        // SAFETY: the caller passes a live response and readable data.
        let (p, data) = unsafe {
            (
                guard::object_mut(p, "response")?,
                guard::data(data, len, "body")?,
            )
        };
        p.response.check_built()?;
        p.response.set_body(guard::copied(data, "body")?);
        p.views = ResponseViews::default();
        Ok(0)
    })
}

/// Fills `io` with all that is known of the response.
///
/// # Safety
/// `p` is NULL or a response that was not freed, `io` is NULL or a struct of `io->struct_size` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hc_response_view(p: *mut hc_response, io: *mut hc_view) -> hc_status {
    guard::status(std::ptr::null_mut(), || {
        // SAFETY: the caller passes NULL or a live response.
        let p = unsafe { guard::object_mut(p, "response")? };
        // SAFETY: `io` is NULL or has struct_size bytes, and hc_view begins with struct_size.
        unsafe {
            let before = guard::filled(io, 1, "view")?;
            let seen = (&p.response, p.response.times());
            let view = view_of(Some(seen), &mut p.views, before.decision, 0);
            guard::fill(io, &view, "view")?;
        }
        Ok(0)
    })
}

/// The status code. 0 for NULL.
///
/// # Safety
/// `p` is NULL or a response that was not freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hc_response_status(p: *const hc_response) -> i32 {
    // SAFETY: the caller passes NULL or a live response.
    unsafe { p.as_ref() }.map_or(0, |p| p.response.head.status.into())
}

/// Whether it comes from the cache: 0 or 1. 0 for NULL.
///
/// # Safety
/// `p` is NULL or a response that was not freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hc_response_from_cache(p: *const hc_response) -> c_int {
    // SAFETY: the caller passes NULL or a live response.
    unsafe { p.as_ref() }.map_or(0, |p| p.response.info.from_cache.into())
}

/// The value of a field, `*len` bytes: its lines joined with ", " (RFC 9110 5.3), of Set-Cookie the first
/// only. NULL: there is none. `len` may be NULL.
///
/// # Safety
/// `p` is NULL or a response that was not freed, `name` is NULL or holds as many bytes as said, `len` is
/// NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hc_response_get(
    p: *mut hc_response,
    name: *const c_char,
    name_len: usize,
    len: *mut usize,
) -> *const c_char {
    // SAFETY: `len` is NULL or writable.
    let len = unsafe { len.as_mut() };
    let found = guard::value(None, || {
        // SAFETY: the caller passes NULL or a live response, and a readable name.
        let (p, name) = unsafe { (p.as_mut()?, guard::text(name, name_len, "name").ok()?) };
        let fields = &p.response.head.fields;
        let mut lines = fields.all(name);
        let first = lines.next()?;
        if lines.next().is_none() || name.eq_ignore_ascii_case(b"Set-Cookie") {
            return Some((first.as_ptr(), first.len()));
        }
        let mut joined = fields.joined(name)?.into_owned();
        let joined_len = joined.len();
        joined.push(0);
        // The heap block of a Vec stays where it is while the list that holds it grows.
        p.views.joined.push(joined);
        Some((p.views.joined.last()?.as_ptr(), joined_len))
    });
    let (pointer, found_len) = found.unwrap_or((std::ptr::null(), 0));
    if let Some(len) = len {
        *len = found_len;
    }
    pointer.cast()
}

/// The whole body, loaded once, whatever was read before. HC_E_MISUSE: part of an origin's body was read and,
/// because it is not being stored, is gone. [wait]
///
/// # Safety
/// `p` is NULL or a response that was not freed, `data`, `len` and `err` are NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hc_response_body(
    p: *mut hc_response,
    data: *mut *const c_void,
    len: *mut usize,
    err: *mut *mut hc_error,
) -> hc_status {
    guard::status(err, || {
        // SAFETY: the caller passes NULL or a live response, and writable outputs.
        let (p, data, len) = unsafe {
            (
                guard::object_mut(p, "response")?,
                guard::output(data, "data")?,
                len.as_mut(),
            )
        };
        *data = std::ptr::null();
        if p.views.body.get().is_none() {
            let body = p.response.load_body()?;
            let _ = p.views.body.set(body);
        }
        let body: &[u8] = p.views.body.get().map_or(&[], |body| body.as_slice());
        *data = guard::lent(body);
        if let Some(len) = len {
            *len = body.len();
        }
        Ok(0)
    })
}

/// Reads the next bytes of the body into `buffer`, at most `capacity`; `*n` says how many. HC_DONE with 0 at
/// the end. May be short. [wait]
///
/// # Safety
/// `p` is NULL or a response that was not freed, `buffer` is NULL or holds `capacity` bytes, `n` and `err`
/// are NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hc_response_read(
    p: *mut hc_response,
    buffer: *mut c_void,
    capacity: usize,
    n: *mut usize,
    err: *mut *mut hc_error,
) -> hc_status {
    guard::status(err, || {
        // SAFETY: the caller passes NULL or a live response, a writable buffer, and a writable `n`.
        let (p, buffer, n) = unsafe {
            (
                guard::object_mut(p, "response")?,
                guard::buffer(buffer, capacity, "buffer")?,
                guard::output(n, "n")?,
            )
        };
        *n = 0;
        if buffer.is_empty() {
            return Ok(0);
        }
        *n = p.response.read(buffer)?;
        Ok(if *n == 0 {
            hc_status_code::HC_DONE as hc_status
        } else {
            0
        })
    })
}

/// The key of this variant, printable. NULL: it is not stored.
///
/// # Safety
/// `p` is NULL or a response that was not freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hc_response_key(p: *mut hc_response) -> *const c_char {
    guard::value(std::ptr::null(), || {
        // SAFETY: the caller passes NULL or a live response.
        let Some(p) = (unsafe { p.as_ref() }) else {
            return std::ptr::null();
        };
        let Some(key) = p.response.info.key else {
            return std::ptr::null();
        };
        p.views
            .key
            .get_or_init(|| CString::new(key.to_string()).unwrap_or_default())
            .as_ptr()
    })
}

/// The request that it answers, as you gave it; borrowed, and gone with the response. Of a response from hc_get or a walk
/// the stored one, with REDACTED in the place of what is not stored: it is for reading, not for sending. NULL: it is not
/// known, or you built the response.
///
/// # Safety
/// `p` is NULL or a response that was not freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hc_response_request(p: *const hc_response) -> *const hc_request {
    guard::value(std::ptr::null(), || {
        // SAFETY: the caller passes NULL or a live response.
        let Some(p) = (unsafe { p.as_ref() }) else {
            return std::ptr::null();
        };
        let Some(request) = p.response.request() else {
            return std::ptr::null();
        };
        let lent = p.views.request.get_or_init(|| {
            Box::new(hc_request {
                request: request.clone(),
                views: RequestViews::default(),
            })
        });
        &raw const **lent
    })
}

/// The key of the final response that this stored redirect leads to, printable, as it was when it was first asked for.
/// NULL: it is no stored redirect, none of those who followed it got to a stored response, or what it led to is gone.
/// [wait]
///
/// # Safety
/// `p` is NULL or a response that was not freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hc_response_alias_of(p: *mut hc_response) -> *const c_char {
    guard::value(std::ptr::null(), || {
        // SAFETY: the caller passes NULL or a live response.
        let Some(p) = (unsafe { p.as_ref() }) else {
            return std::ptr::null();
        };
        let alias_of = p.views.alias_of.get_or_init(|| {
            let key = p.response.alias_of()?;
            Some(CString::new(key.to_string()).unwrap_or_default())
        });
        alias_of
            .as_ref()
            .map_or(std::ptr::null(), |key| key.as_ptr())
    })
}

/// The redirect that was followed as number `i`, from 0, to a response of hc_fetch; it is lent as long as that one lives.
/// NULL: no more were followed. The body of one that is not stored may be gone: HC_E_MISUSE when it is read.
///
/// # Safety
/// `p` is NULL or a response that was not freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hc_response_history(p: *mut hc_response, i: usize) -> *mut hc_response {
    guard::value(std::ptr::null_mut(), || {
        // SAFETY: the caller passes NULL or a live response.
        let Some(p) = (unsafe { p.as_mut() }) else {
            return std::ptr::null_mut();
        };
        let passed = p.response.take_history().into_iter();
        let process = p.process;
        // Nothing is added once one was lent.
        p.views.history.extend(passed.map(|response| hc_response {
            process,
            response,
            views: ResponseViews::default(),
        }));
        p.views
            .history
            .get_mut(i)
            .map_or(std::ptr::null_mut(), std::ptr::from_mut)
    })
}

/// Destroys a response. An origin's body that was not read to its end is not stored.
///
/// # Safety
/// `p` is NULL or a response that was not freed, and yours.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hc_response_free(p: *mut hc_response) {
    // SAFETY: it came from the library and is freed once.
    unsafe { guard::free(p) }
}

fn new_head(status: i32, reason: &[u8]) -> Result<ResponseHead> {
    ResponseHead::new(u16::try_from(status).unwrap_or(0), reason)
}

/// The view of a response; without one, of nothing to hand on.
pub(super) fn view_of(
    response: Option<(&Response, Times)>,
    views: &mut ResponseViews,
    decision: i32,
    outcome: i32,
) -> hc_view {
    let unset = hc_time::HC_UNSET as i64;
    let mut view = hc_view {
        struct_size: size_of::<hc_view>(),
        decision,
        outcome,
        status: 0,
        flags: 0,
        fields: std::ptr::null(),
        field_count: 0,
        text: std::ptr::null(),
        text_len: 0,
        body: std::ptr::null(),
        body_len: 0,
        body_size: -1,
        reason: std::ptr::null(),
        url: std::ptr::null(),
        created_at: unset,
        expires_at: unset,
        age: 0,
        freshness_lifetime: unset,
        elapsed: 0,
    };
    let Some((response, times)) = response else {
        return view;
    };
    lend_fields(&response.head.fields, &mut views.fields);
    view.status = response.head.status.into();
    for (is_set, flag) in [
        (response.info.from_cache, hc_view_flag::HC_FROM_CACHE),
        (response.info.revalidated, hc_view_flag::HC_REVALIDATED),
        (times.is_expired, hc_view_flag::HC_EXPIRED),
        (response.info.continued, hc_view_flag::HC_CONTINUED),
    ] {
        view.flags |= if is_set { flag as u32 } else { 0 };
    }
    view.fields = guard::lent_items(&views.fields);
    view.field_count = views.fields.len();
    view.text = guard::lent(response.head.fields.text()).cast();
    view.text_len = response.head.fields.text().len();
    if let Some(body) = response.body_in_memory() {
        view.body = guard::lent(body);
        view.body_len = body.len();
    }
    view.body_size = response
        .body_size()
        .map_or(-1, |size| i64::try_from(size).unwrap_or(i64::MAX));
    view.reason = response.head.reason.as_ptr();
    view.url = response.url().map_or(std::ptr::null(), |url| {
        url.as_bytes_with_nul().as_ptr().cast()
    });
    view.created_at = times.created_at.unwrap_or(unset);
    view.expires_at = times.expires_at.unwrap_or(unset);
    view.age = times.age;
    view.freshness_lifetime = times.freshness_lifetime.unwrap_or(unset);
    view.elapsed = response.info.elapsed;
    view
}
