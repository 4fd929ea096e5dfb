//! Which requests are the same: keys, and the caller's own functions for them.

use std::ffi::{c_char, c_void};
use std::sync::Arc;

use super::error::{hc_status, hc_status_code};
use super::guard;
use super::objects::{RequestViews, hc_cache, hc_error, hc_options, hc_request, hc_sink};
use super::options::hc_destroy_fn;
use crate::cache::{KeySink, Rekeyed, Request};
use crate::error::{Error, Kind};
use crate::key::Hex;

/// Holds any key and its NUL.
pub const HC_KEY_SIZE: usize = 128;

/// What hc_rekey came to.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct hc_rekeyed {
    /// sizeof(hc_rekeyed), set by you.
    pub struct_size: usize,
    /// Stored responses that have a new key.
    pub moved: u64,
    /// Of those whose new key another one had already: the fresher one was kept, which is the one received later.
    pub collided: u64,
    /// Stored responses that stay under their old key, for want of a value that was not kept, or because a function of
    /// yours failed.
    pub left: u64,
}

/// How far a long piece of work is: `done` of `total`, which may grow meanwhile. Any answer but 0 ends it with
/// HC_E_CANCELLED.
pub type hc_progress_fn =
    Option<unsafe extern "C" fn(user: *mut c_void, done: u64, total: u64) -> i32>;

/// Writes to `key` what tells `request` from others, with hc_sink_write and its like: at least 1 byte, at most 64 KiB.
/// A negative status, no byte, or more of them: the request goes past the cache, and that is counted and logged. The
/// request is lent for the call. May be called from several threads at once.
pub type hc_key_fn = Option<
    unsafe extern "C" fn(
        user: *mut c_void,
        request: *const hc_request,
        key: *mut hc_sink,
    ) -> hc_status,
>;

/// Changes a copy of a request, from which alone the key is made, and which Vary compares; what is sent stays as it is,
/// and its credentials still tell requests apart. A negative status: the request goes past the cache, and that is
/// counted and logged. May be called from several threads at once.
pub type hc_normalize_fn =
    Option<unsafe extern "C" fn(user: *mut c_void, copy: *mut hc_request) -> hc_status>;

/// Has `make` write the key of each request, in place of URL, parameters, body, fields and verification; the partition
/// (HC_STR_PARTITION), credentials and Vary still tell requests apart. It must not ask a cache that was opened with
/// these options: that is HC_E_MISUSE. NULL: the library makes them.
///
/// # Safety
/// `o` is NULL or options that were not freed; `make` may be called with `user` until `destroy` ran.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hc_options_key(
    o: *mut hc_options,
    make: hc_key_fn,
    user: *mut c_void,
    destroy: hc_destroy_fn,
) -> hc_status {
    let user = guard::User::new(user, destroy);
    guard::status(std::ptr::null_mut(), || {
        // SAFETY: the caller passes NULL or live options that no other thread uses now.
        let o = unsafe { guard::object_mut(o, "options")? };
        o.options.own_matching.set_key(make.map(|call| {
            move |request: &Arc<Request>, sink: KeySink| {
                let request = hc_request {
                    request: request.clone(),
                    views: RequestViews::default(),
                };
                let mut key = hc_sink { sink };
                // SAFETY: `call` and `user` are valid until `destroy` ran, which `user` sees to; the objects
                // live through the call.
                answered(unsafe { call(user.pointer(), &request, &mut key) })?;
                Ok(key.sink)
            }
        }));
        Ok(0)
    })
}

/// Has `change` change a copy of each request before its key is made. As of hc_options_key it must not ask a cache of
/// these options. NULL: none is asked.
///
/// # Safety
/// `o` is NULL or options that were not freed; `change` may be called with `user` until `destroy` ran.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hc_options_normalize(
    o: *mut hc_options,
    change: hc_normalize_fn,
    user: *mut c_void,
    destroy: hc_destroy_fn,
) -> hc_status {
    let user = guard::User::new(user, destroy);
    guard::status(std::ptr::null_mut(), || {
        // SAFETY: the caller passes NULL or live options that no other thread uses now.
        let o = unsafe { guard::object_mut(o, "options")? };
        o.options.own_matching.set_normaliser(change.map(|call| {
            move |request: Request| {
                let mut copy = hc_request {
                    request: Arc::new(request),
                    views: RequestViews::default(),
                };
                // SAFETY: `call` and `user` are valid until `destroy` ran, which `user` sees to; the copy
                // lives through the call.
                answered(unsafe { call(user.pointer(), &mut copy) })?;
                Ok(copy.request)
            }
        }));
        Ok(0)
    })
}

fn answered(status: hc_status) -> Result<(), i32> {
    if status < 0 { Err(status) } else { Ok(()) }
}

/// Writes the next bytes of the key. HC_E_TOO_LARGE: it has more than 64 KiB, and will not be taken.
///
/// # Safety
/// `s` is NULL or the sink of the callback that runs now, `data` is NULL or holds `len` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hc_sink_write(
    s: *mut hc_sink,
    data: *const c_void,
    len: usize,
) -> hc_status {
    guard::status(std::ptr::null_mut(), || {
        // SAFETY: the caller passes NULL or the sink he was lent, and readable data.
        let (s, data) = unsafe {
            (
                guard::object_mut(s, "sink")?,
                guard::data(data, len, "data")?,
            )
        };
        s.sink.write(data)?;
        Ok(0)
    })
}

/// Writes the key that a request would have without a function: of the one that was lent, or of a copy that was
/// changed.
///
/// # Safety
/// `s` is NULL or the sink of the callback that runs now, `r` is NULL or a request that was not freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hc_sink_write_default_key(
    s: *mut hc_sink,
    r: *const hc_request,
) -> hc_status {
    guard::status(std::ptr::null_mut(), || {
        // SAFETY: the caller passes NULL or the sink he was lent, and NULL or a live request.
        let (s, r) = unsafe { (guard::object_mut(s, "sink")?, guard::object(r, "request")?) };
        s.sink.write_default_key(&r.request.http)?;
        Ok(0)
    })
}

/// Writes the URL of a request as it would stand in a key: with sorted parameters, those that are ignored left out, and
/// secrets hashed. This and the next two write their length too, so that parts written one after another are not mixed
/// up.
///
/// # Safety
/// `s` is NULL or the sink of the callback that runs now, `r` is NULL or a request that was not freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hc_sink_write_url(s: *mut hc_sink, r: *const hc_request) -> hc_status {
    guard::status(std::ptr::null_mut(), || {
        // SAFETY: the caller passes NULL or the sink he was lent, and NULL or a live request.
        let (s, r) = unsafe { (guard::object_mut(s, "sink")?, guard::object(r, "request")?) };
        s.sink.write_url(&r.request.http)?;
        Ok(0)
    })
}

/// Writes what would stand in a key for the body of a request: its kind, type and a hash of its normal form.
///
/// # Safety
/// `s` is NULL or the sink of the callback that runs now, `r` is NULL or a request that was not freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hc_sink_write_body(s: *mut hc_sink, r: *const hc_request) -> hc_status {
    guard::status(std::ptr::null_mut(), || {
        // SAFETY: the caller passes NULL or the sink he was lent, and NULL or a live request.
        let (s, r) = unsafe { (guard::object_mut(s, "sink")?, guard::object(r, "request")?) };
        s.sink.write_body(&r.request.http)?;
        Ok(0)
    })
}

/// Writes the value of a field of a request as it would stand in a key, that there is none too. HC_NOT_FOUND: there is
/// none. HC_E_ARGUMENT: the name is no token.
///
/// # Safety
/// `s` is NULL or the sink of the callback that runs now, `r` is NULL or a request that was not freed, `name` is NULL
/// or holds as many bytes as said.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hc_sink_write_field(
    s: *mut hc_sink,
    r: *const hc_request,
    name: *const c_char,
    name_len: usize,
) -> hc_status {
    guard::status(std::ptr::null_mut(), || {
        // SAFETY: the caller passes NULL or the sink he was lent, NULL or a live request, and a readable name.
        let (s, r, name) = unsafe {
            (
                guard::object_mut(s, "sink")?,
                guard::object(r, "request")?,
                guard::text(name, name_len, "name")?,
            )
        };
        let is_there = s.sink.write_field(&r.request.http, name)?;
        Ok(if is_there {
            0
        } else {
            hc_status_code::HC_NOT_FOUND as hc_status
        })
    })
}

/// Writes the key that what is stored for `r` has, whichever variant it is, to `key`, which holds HC_KEY_SIZE bytes:
/// printable, with a NUL. HC_NOT_FOUND: the cache has no part in such a request. HC_E_CALLBACK: a function of yours
/// failed. [any]
///
/// # Safety
/// `c` is NULL or a cache that was not closed, `r` is NULL or a request that was not freed, `key` is NULL or holds
/// HC_KEY_SIZE bytes, `err` is NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hc_key(
    c: *mut hc_cache,
    r: *const hc_request,
    key: *mut c_char,
    err: *mut *mut hc_error,
) -> hc_status {
    guard::status(err, || {
        // SAFETY: the caller passes NULL or an open cache, and NULL or a live request.
        let (c, r) = unsafe { (guard::object(c, "cache")?, guard::object(r, "request")?) };
        let found = c.cache.key(&r.request)?;
        let text = found.as_ref().map_or(String::new(), ToString::to_string);
        // SAFETY: the caller passes NULL or a place of HC_KEY_SIZE bytes.
        unsafe { write_key(key, &text, "key")? };
        Ok(match found {
            Some(_) => 0,
            None => hc_status_code::HC_NOT_FOUND as hc_status,
        })
    })
}

/// Writes to `id`, which holds HC_KEY_SIZE bytes, what names the settings that this cache makes keys by: printable, with a
/// NUL. It is stored beside each response. [any]
///
/// # Safety
/// `c` is NULL or a cache that was not closed, `id` is NULL or holds HC_KEY_SIZE bytes, `err` is NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hc_key_settings(
    c: *mut hc_cache,
    id: *mut c_char,
    err: *mut *mut hc_error,
) -> hc_status {
    guard::status(err, || {
        // SAFETY: the caller passes NULL or an open cache.
        let c = unsafe { guard::object(c, "cache")? };
        let text = Hex(&c.cache.key_settings()).to_string();
        // SAFETY: the caller passes NULL or a place of HC_KEY_SIZE bytes.
        unsafe { write_key(id, &text, "id")? };
        Ok(0)
    })
}

/// Makes anew the keys of what was stored under other settings of the key, so that it is found again: after another
/// HC_LIST_IGNORED, HC_LIST_MATCH_FIELD and their like, HC_OPT_SORT_QUERY, or another function. `from` names the settings
/// meant, as hc_key_settings does, with a space between several; NULL: all but this cache's, also those of other programs
/// that have the directory. One function of yours is not told from another: where it took the place of another, name this
/// cache's. The keys are made from the stored requests, which hold no secrets: what is known of a value only as a keyed
/// hash moves as that. A function of yours is shown REDACTED in their place, and is not asked where fields or the body
/// were not kept. Goes on beside other use, and may be cancelled or killed at any moment: what was moved is moved, and the
/// next call does the rest. `progress` may be NULL; `io` may be NULL and is filled in any case. [any] [wait]
///
/// # Safety
/// `c` is NULL or a cache that was not closed, `from` is NULL or holds as many bytes as said, `progress` may be called
/// with `user`, `io` is NULL or a struct of `io->struct_size` bytes, `err` is NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hc_rekey(
    c: *mut hc_cache,
    from: *const c_char,
    from_len: usize,
    progress: hc_progress_fn,
    user: *mut c_void,
    io: *mut hc_rekeyed,
    err: *mut *mut hc_error,
) -> hc_status {
    guard::status(err, || {
        // SAFETY: the caller passes NULL or an open cache, and NULL or a readable string.
        let (c, from) = unsafe {
            (
                guard::object(c, "cache")?,
                guard::optional_text(from, from_len, "from")?,
            )
        };
        // SAFETY: `io` is NULL or begins with its size.
        unsafe { guard::check_size(io, "rekeyed")? };
        let from = from.map(settings_ids).transpose()?;
        let mut go_on = |done, total| {
            // SAFETY: the caller passes NULL, or a function to be called with `user`.
            progress.is_none_or(|progress| unsafe { progress(user, done, total) } == 0)
        };
        let mut rekeyed = Rekeyed::default();
        let result = c.cache.rekey(from.as_deref(), &mut rekeyed, &mut go_on);
        if !io.is_null() {
            let counted = hc_rekeyed {
                struct_size: size_of::<hc_rekeyed>(),
                moved: rekeyed.moved,
                collided: rekeyed.collided,
                left: rekeyed.left,
            };
            // SAFETY: `io` has struct_size bytes, and hc_rekeyed begins with struct_size.
            unsafe { guard::fill(io, &counted, "rekeyed")? };
        }
        result.map(|()| 0)
    })
}

/// # Safety
/// `place` is NULL or holds HC_KEY_SIZE bytes.
unsafe fn write_key(place: *mut c_char, text: &str, name: &str) -> Result<(), Error> {
    if place.is_null() {
        return Err(Error::new(Kind::Argument, format!("{name} is NULL")));
    }
    let text = text.as_bytes();
    let text = text.get(..HC_KEY_SIZE - 1).unwrap_or(text);
    // SAFETY: the place holds HC_KEY_SIZE bytes, which is more than the text has.
    unsafe {
        std::ptr::copy_nonoverlapping(text.as_ptr().cast(), place, text.len());
        place.add(text.len()).write(0);
    }
    Ok(())
}

fn settings_ids(from: &[u8]) -> Result<Vec<[u8; 8]>, Error> {
    let refuse = || {
        let message = "from: not what hc_key_settings writes";
        Error::new(Kind::Argument, message)
    };
    let text = std::str::from_utf8(from).map_err(|_| refuse())?;
    let ids: Option<Vec<[u8; 8]>> = text.split_ascii_whitespace().map(settings_id).collect();
    ids.filter(|ids| !ids.is_empty()).ok_or_else(refuse)
}

fn settings_id(text: &str) -> Option<[u8; 8]> {
    let is_hex = text.len() == 16 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    let number = u64::from_str_radix(text, 16).ok()?;
    is_hex.then(|| number.to_be_bytes())
}
