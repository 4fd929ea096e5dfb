//! Using the cache with the library's transport: libcurl, unless replaced.

use super::error::hc_status;
use super::guard;
use super::objects::{Process, ResponseViews, hc_cache, hc_error, hc_request, hc_response};
use super::response::{hc_view, view_of};
use crate::error::Result;
use crate::fetch::fetch;
use crate::transport::Background;

/// Answers `r` from the cache or through the transport, and returns once the header section is there. `view`
/// may be NULL. The origin's body is stored as it is read: a response freed before its end stores nothing.
/// Redirects are followed (HC_OPT_FOLLOW), each hop through the cache; hc_response_history has them. Once all of
/// them and the final response are stored, those who follow are led there at once, to the same answer.
/// HC_E_UNSUPPORTED: this build has no libcurl, and no transport was given. [any] [wait]
///
/// Failures of the origin where nothing stale may be used: HC_E_RESOLVE, HC_E_CONNECT, HC_E_TLS, HC_E_TIMEOUT,
/// HC_E_PROTOCOL, HC_E_TRANSPORT, HC_E_REDIRECT, HC_E_TOO_LARGE, HC_E_CALLBACK.
///
/// # Safety
/// `c` is NULL or a cache that was not closed, `r` is NULL or a request that was not freed, `view` is NULL or a
/// struct of `view->struct_size` bytes, `out` and `err` are NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hc_fetch(
    c: *mut hc_cache,
    r: *const hc_request,
    view: *mut hc_view,
    out: *mut *mut hc_response,
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
        let fetched = match &c.transport {
            Some(transport) => fetch(&c.cache, transport.as_ref(), None, &r.request)?,
            None => {
                let background = libcurl()?;
                let transport = background.transport;
                fetch(&c.cache, transport, Some(background), &r.request)?
            }
        };
        let mut p = Box::new(hc_response {
            process: Process::default(),
            response: fetched.response,
            views: ResponseViews::default(),
        });
        if !view.is_null() {
            let (decision, outcome) = (fetched.decision as i32, fetched.outcome as i32);
            let filled = view_of(
                Some((&p.response, p.response.times())),
                &mut p.views,
                decision,
                outcome,
            );
            // SAFETY: `view` has struct_size bytes, and hc_view begins with struct_size.
            unsafe { guard::fill(view, &filled, "view")? };
        }
        *out = Box::into_raw(p);
        Ok(0)
    })
}

/// libcurl, shared by all caches of the process, with its connections.
#[cfg(feature = "fetch")]
fn libcurl() -> Result<Background> {
    use crate::transport::curl::{CurlTransport, spawn};
    use once_cell::sync::OnceCell;

    static LIBCURL: OnceCell<CurlTransport> = OnceCell::new();
    let transport = LIBCURL.get_or_try_init(CurlTransport::new)?;
    Ok(Background { transport, spawn })
}

#[cfg(not(feature = "fetch"))]
fn libcurl() -> Result<Background> {
    use crate::error::{Error, Kind};

    let message = "this build has no libcurl: give the cache a transport, or use hc_lookup";
    Err(Error::new(Kind::Unsupported, message))
}
