//! A transport of your own under hc_fetch. A second tier that may grow faster than the rest.

use std::ffi::c_void;
use std::sync::Arc;

use super::error::{hc_status, hc_status_code};
use super::guard;
use super::objects::{Process, RequestViews, ResponseViews, hc_options, hc_request, hc_response};
use super::options::hc_destroy_fn;
use crate::cache::{self, Overrides, Response};
use crate::error::{Cause, Error, Kind, Result};
use crate::http::{Request, ResponseHead};
use crate::transport::{Reply, Transfer, TransferSettings, Transport};

/// Sends `r`, fills `head` with hc_response_assign and hc_response_add, and writes to `*transfer` what read and
/// finish get. Failure: HC_E_RESOLVE, HC_E_CONNECT, HC_E_TLS, HC_E_TIMEOUT, HC_E_PROTOCOL, HC_E_CANCELLED or
/// HC_E_TRANSPORT; any other negative status is HC_E_CALLBACK with it as cause. Called from several threads at
/// once.
pub type hc_start_fn = Option<
    unsafe extern "C" fn(
        user: *mut c_void,
        r: *const hc_request,
        head: *mut hc_response,
        transfer: *mut *mut c_void,
    ) -> hc_status,
>;
/// Reads at most `capacity` bytes of the body; `*n` says how many. HC_DONE with 0 at the end of a complete
/// message; one that was cut off is a failure. May be short. Waits.
pub type hc_read_fn = Option<
    unsafe extern "C" fn(
        transfer: *mut c_void,
        buffer: *mut c_void,
        capacity: usize,
        n: *mut usize,
    ) -> hc_status,
>;
/// Ends a transfer, complete or not; once for each start that succeeded.
pub type hc_finish_fn = Option<unsafe extern "C" fn(transfer: *mut c_void)>;

/// A way to the origin in the shape of a pull: hc_fetch starts it, reading the response drives it.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct hc_transport {
    /// sizeof(hc_transport), set by you.
    pub struct_size: usize,
    /// Passed to start.
    pub user: *mut c_void,
    /// Runs once, after the last use of the table.
    pub destroy: hc_destroy_fn,
    /// Begins a transfer.
    pub start: hc_start_fn,
    /// Reads of a transfer.
    pub read: hc_read_fn,
    /// Ends a transfer.
    pub finish: hc_finish_fn,
}

/// Replaces libcurl under hc_fetch. The table is copied. HC_E_ARGUMENT: start, read or finish is NULL.
///
/// # Safety
/// `o` is NULL or options that were not freed, `table` is NULL or a struct of `table->struct_size` bytes whose
/// functions may be called with its `user` until `destroy` ran.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hc_options_transport(
    o: *mut hc_options,
    table: *const hc_transport,
) -> hc_status {
    guard::status(std::ptr::null_mut(), || {
        // SAFETY: `table` is NULL or has struct_size bytes, and hc_transport begins with struct_size.
        let table = unsafe { guard::filled(table, size_of::<usize>(), "transport")? };
        let user = guard::User::new(table.user, table.destroy);
        // SAFETY: the caller passes NULL or live options that no other thread uses now.
        let o = unsafe { guard::object_mut(o, "options")? };
        let (Some(start), Some(read), Some(finish)) = (table.start, table.read, table.finish)
        else {
            return Err(Error::new(
                Kind::Argument,
                "transport: start, read or finish is NULL",
            ));
        };
        o.transport = Some(Arc::new(TableTransport {
            user,
            start,
            read,
            finish,
        }));
        Ok(0)
    })
}

type Start = unsafe extern "C" fn(
    *mut c_void,
    *const hc_request,
    *mut hc_response,
    *mut *mut c_void,
) -> hc_status;
type Read = unsafe extern "C" fn(*mut c_void, *mut c_void, usize, *mut usize) -> hc_status;
type Finish = unsafe extern "C" fn(*mut c_void);

/// A transport made of C functions.
struct TableTransport {
    user: guard::User,
    start: Start,
    read: Read,
    finish: Finish,
}

/// A transfer that a [`TableTransport`] began.
struct TableTransfer {
    transfer: *mut c_void,
    read: Read,
    finish: Finish,
}

// SAFETY: the header says that a transfer may move between threads, one at a time.
unsafe impl Send for TableTransfer {}

impl Transport for TableTransport {
    fn start(&self, request: &Request, settings: &TransferSettings) -> Result<Reply> {
        let request = Arc::new(cache::Request {
            http: request.clone(),
            overrides: Overrides::default(),
            cancellation: settings.cancellation.clone(),
        });
        let r = hc_request {
            request,
            views: RequestViews::default(),
        };
        let mut head = hc_response {
            process: Process::default(),
            response: Response::built(ResponseHead::default()),
            views: ResponseViews::default(),
        };
        let mut transfer = std::ptr::null_mut();
        // SAFETY: the functions and `user` are valid until `destroy` ran, which `user` sees to; the objects
        // live through the call.
        let status = unsafe { (self.start)(self.user.pointer(), &r, &mut head, &mut transfer) };
        if status != 0 {
            return Err(failure("transport.start", status));
        }
        let body = Box::new(TableTransfer {
            transfer,
            read: self.read,
            finish: self.finish,
        });
        let head = head.response.head;
        if head.status < 200 {
            let message = "transport.start set no final status code";
            return Err(Error::new(Kind::Callback, message));
        }
        Ok(Reply { head, body })
    }
}

impl Transfer for TableTransfer {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize> {
        let mut n = 0;
        // SAFETY: the transfer was not finished, and `buffer` is writable.
        let status = unsafe {
            (self.read)(
                self.transfer,
                buffer.as_mut_ptr().cast(),
                buffer.len(),
                &mut n,
            )
        };
        match status {
            _ if n > buffer.len() => Err(Error::new(
                Kind::Callback,
                "transport.read says it wrote more than it may",
            )),
            status if status < 0 => Err(failure("transport.read", status)),
            status if status == hc_status_code::HC_DONE as hc_status => Ok(0),
            _ if n == 0 => Err(Error::new(
                Kind::Callback,
                "transport.read gave nothing, nor HC_DONE",
            )),
            _ => Ok(n),
        }
    }
}

impl Drop for TableTransfer {
    fn drop(&mut self) {
        // SAFETY: the start succeeded, and this is the only finish.
        unsafe { (self.finish)(self.transfer) }
    }
}

fn failure(what: &str, status: hc_status) -> Error {
    use hc_status_code as code;
    let kind = match status {
        _ if status == code::HC_E_RESOLVE as i32 => Kind::Resolve,
        _ if status == code::HC_E_CONNECT as i32 => Kind::Connect,
        _ if status == code::HC_E_TLS as i32 => Kind::Tls,
        _ if status == code::HC_E_TIMEOUT as i32 => Kind::Timeout,
        _ if status == code::HC_E_PROTOCOL as i32 => Kind::Protocol,
        _ if status == code::HC_E_CANCELLED as i32 => Kind::Cancelled,
        _ if status == code::HC_E_TRANSPORT as i32 => Kind::Transport,
        _ => Kind::Callback,
    };
    Error::new(kind, format!("{what} failed with status {status}"))
        .with_cause(Cause::Callback(status))
}
