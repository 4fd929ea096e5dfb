//! One easy handle in one multi handle, and what libcurl holds pointers to.

use std::ffi::{CStr, CString};
use std::ptr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use curl_sys::*;
use libc::{c_char, c_int, c_long, c_void};

use super::exchange::{self, Exchange};
use super::failure;
use super::signals::Blocked;
use crate::error::{Cause, Error, Kind, Result};

/// Not named by the bindings, as the ones below; since 7.80 of libcurl.
const CURLOPT_PREREQDATA: CURLoption = CURLOPTTYPE_OBJECTPOINT + 313;
const CURLOPT_PREREQFUNCTION: CURLoption = CURLOPTTYPE_FUNCTIONPOINT + 312;
/// Since 7.85: the names of protocols instead of their bits.
pub(super) const CURLOPT_PROTOCOLS_STR: CURLoption = CURLOPTTYPE_OBJECTPOINT + 318;
pub(super) const CURLOPT_REDIR_PROTOCOLS_STR: CURLoption = CURLOPTTYPE_OBJECTPOINT + 319;
const CURLINFO_ACTIVESOCKET: CURLINFO = 0x50_0000 + 44;
const CURLPAUSE_CONT: c_int = 0;
const CURLINFO_HTTP_VERSION: CURLINFO = CURLINFO_LONG + 46;
const CURL_HTTP_VERSION_1_1: c_long = 2;

/// The options that take a string. Any other would be taken for a pointer to something else.
const TEXTS: [CURLoption; 5] = [
    CURLOPT_URL,
    CURLOPT_CUSTOMREQUEST,
    CURLOPT_CAINFO,
    CURLOPT_PROTOCOLS_STR,
    CURLOPT_REDIR_PROTOCOLS_STR,
];

/// One easy handle in one multi handle: a transfer at a time, and the connections it left.
pub(super) struct Worker {
    easy: *mut CURL,
    multi: *mut CURLM,
    /// A child of this process must not touch the handles: they share sockets with the parent's.
    process: u32,
    attached: bool,
    fields: *mut curl_slist,
    content: Vec<u8>,
    exchange: Option<Arc<Mutex<Exchange>>>,
    detail: Box<[c_char; CURL_ERROR_SIZE]>,
    /// The socket of the connection that the last transfer left, if silence can be expected on it.
    idle_socket: Option<curl_socket_t>,
}

// SAFETY: libcurl's handles may be used by any thread, by one at a time; what they point to is owned by
// the worker or is an `Arc<Mutex>`.
unsafe impl Send for Worker {}

impl Worker {
    pub(super) fn new() -> Result<Self> {
        super::library::ensure()?;
        let mut worker = Worker {
            // SAFETY: libcurl is initialised.
            easy: unsafe { curl_easy_init() },
            // SAFETY: as above.
            multi: unsafe { curl_multi_init() },
            process: std::process::id(),
            attached: false,
            fields: ptr::null_mut(),
            content: Vec::new(),
            exchange: None,
            detail: Box::new([0; CURL_ERROR_SIZE]),
            idle_socket: None,
        };
        if worker.easy.is_null() || worker.multi.is_null() {
            return Err(Error::new(
                Kind::NoMemory,
                "no memory for a handle of libcurl",
            ));
        }
        worker.detail()?;
        Ok(worker)
    }

    /// Whether this is the process that made it.
    pub(super) fn is_of_this_process(&self) -> bool {
        self.process == std::process::id()
    }

    /// Whether the connection it kept may carry another request: nothing has arrived on it since. What
    /// comes unasked (the rest of a message longer than announced, the end of the connection) would be
    /// taken for the answer to the next request.
    pub(super) fn is_quiet(&self) -> bool {
        self.idle_socket.is_none_or(is_silent)
    }

    /// Sets an option that takes a number.
    pub(super) fn number(&mut self, option: CURLoption, value: c_long) -> Result<()> {
        if option >= CURLOPTTYPE_OBJECTPOINT {
            return Err(Error::new(
                Kind::Internal,
                "the option of libcurl takes no number",
            ));
        }
        // SAFETY: the handle is live, and options below this bound take a long.
        check(option, unsafe {
            curl_easy_setopt(self.easy, option, value)
        })
    }

    /// Sets an option that takes a string, which libcurl copies.
    pub(super) fn text(&mut self, option: CURLoption, value: &CStr) -> Result<()> {
        if !TEXTS.contains(&option) {
            return Err(Error::new(
                Kind::Internal,
                "the option of libcurl takes no string",
            ));
        }
        // SAFETY: the handle is live, and the options above take a string and copy it.
        check(option, unsafe {
            curl_easy_setopt(self.easy, option, value.as_ptr())
        })
    }

    /// Sets the lines that are sent in the header section, in libcurl's syntax.
    pub(super) fn field_lines(&mut self, lines: impl Iterator<Item = CString>) -> Result<()> {
        for line in lines {
            // SAFETY: the list is libcurl's or NULL; the line is copied.
            let list = unsafe { curl_slist_append(self.fields, line.as_ptr()) };
            if list.is_null() {
                return Err(Error::new(
                    Kind::NoMemory,
                    "no memory for the fields of a request",
                ));
            }
            self.fields = list;
        }
        // SAFETY: the list is kept until the options are reset.
        check(CURLOPT_HTTPHEADER, unsafe {
            curl_easy_setopt(self.easy, CURLOPT_HTTPHEADER, self.fields)
        })
    }

    /// Sets the content of the request.
    pub(super) fn content(&mut self, content: &[u8]) -> Result<()> {
        let no_memory = |_| Error::new(Kind::NoMemory, "no memory for the content of a request");
        self.content
            .try_reserve_exact(content.len())
            .map_err(no_memory)?;
        self.content.extend_from_slice(content);
        let len = content.len() as curl_off_t;
        // SAFETY: the option takes a `curl_off_t`.
        check(CURLOPT_POSTFIELDSIZE_LARGE, unsafe {
            curl_easy_setopt(self.easy, CURLOPT_POSTFIELDSIZE_LARGE, len)
        })?;
        // SAFETY: `self.content` has that length, and is not changed until the options are reset.
        check(CURLOPT_POSTFIELDS, unsafe {
            curl_easy_setopt(self.easy, CURLOPT_POSTFIELDS, self.content.as_ptr())
        })
    }

    /// Sets where everything received goes. Says whether libcurl asks before it sends (since 7.80).
    pub(super) fn exchange(&mut self, exchange: Arc<Mutex<Exchange>>) -> Result<bool> {
        let user = Arc::as_ptr(&exchange).cast::<c_void>();
        self.exchange = Some(exchange);
        let header: curl_write_callback = exchange::on_line;
        let write: curl_write_callback = exchange::on_content;
        let socket: curl_opensocket_callback = exchange::on_socket;
        let send: extern "C" fn(*mut c_void, *mut c_char, *mut c_char, c_int, c_int) -> c_int =
            exchange::on_send;
        for data in [
            CURLOPT_HEADERDATA,
            CURLOPT_WRITEDATA,
            CURLOPT_OPENSOCKETDATA,
        ] {
            // SAFETY: the exchange lives until the options are reset, and longer than the handle is used.
            check(data, unsafe { curl_easy_setopt(self.easy, data, user) })?;
        }
        // SAFETY: each callback has the type that its option takes, and takes the pointer set above.
        unsafe {
            check(
                0,
                curl_easy_setopt(self.easy, CURLOPT_HEADERFUNCTION, header),
            )?;
            check(0, curl_easy_setopt(self.easy, CURLOPT_WRITEFUNCTION, write))?;
            check(
                0,
                curl_easy_setopt(self.easy, CURLOPT_OPENSOCKETFUNCTION, socket),
            )?;
            let data = curl_easy_setopt(self.easy, CURLOPT_PREREQDATA, user);
            let send = curl_easy_setopt(self.easy, CURLOPT_PREREQFUNCTION, send);
            Ok(data == CURLE_OK && send == CURLE_OK)
        }
    }

    fn detail(&mut self) -> Result<()> {
        let buffer = self.detail.as_mut_ptr();
        // SAFETY: the buffer has the size that libcurl asks for, and lives as long as the handle.
        check(CURLOPT_ERRORBUFFER, unsafe {
            curl_easy_setopt(self.easy, CURLOPT_ERRORBUFFER, buffer)
        })
    }

    /// libcurl's own words for what failed.
    pub(super) fn detail_text(&self) -> String {
        let bytes: Vec<u8> = self
            .detail
            .iter()
            .map(|c| *c as u8)
            .take_while(|b| *b != 0)
            .collect();
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// Begins the transfer; it moves on in [`Worker::perform`].
    pub(super) fn attach(&mut self, origin: &str) -> Result<()> {
        // SAFETY: both handles are live, and the easy handle is in no multi handle.
        let code = unsafe { curl_multi_add_handle(self.multi, self.easy) };
        if code != CURLM_OK {
            return Err(failure::multi_error(code, origin));
        }
        self.attached = true;
        Ok(())
    }

    /// Does what can be done without waiting; the code once the transfer is over.
    pub(super) fn perform(&mut self, origin: &str) -> Result<Option<CURLcode>> {
        let _blocked = Blocked::new();
        let mut running = 0;
        // SAFETY: the handle is live, and its callbacks get what was set with them.
        let code = unsafe { curl_multi_perform(self.multi, &mut running) };
        if code != CURLM_OK {
            return Err(failure::multi_error(code, origin));
        }
        let mut left = 0;
        // SAFETY: the message lives until the next call on the handle, and it is copied out before.
        unsafe {
            while let Some(message) = curl_multi_info_read(self.multi, &mut left).as_ref() {
                if message.msg == CURLMSG_DONE && message.easy_handle == self.easy {
                    // The pointer is a union with the code.
                    return Ok(Some(ptr::from_ref(&message.data).cast::<CURLcode>().read()));
                }
            }
        }
        Ok(None)
    }

    /// Goes on after the content had to wait.
    pub(super) fn resume(&mut self) {
        let _blocked = Blocked::new();
        // SAFETY: the handle is live. What fails here fails in the next `perform`.
        unsafe { curl_easy_pause(self.easy, CURLPAUSE_CONT) };
    }

    /// Waits until something can be done, or `timeout` has passed.
    pub(super) fn wait(&mut self, timeout: Duration, origin: &str) -> Result<()> {
        // Rounded up, so that a deadline is not met by a busy loop.
        let millis = timeout.as_micros().div_ceil(1000).min(i32::MAX as u128) as c_int;
        // SAFETY: the handle is live, and there are no further descriptors.
        let code =
            unsafe { curl_multi_poll(self.multi, ptr::null_mut(), 0, millis, ptr::null_mut()) };
        if code == CURLM_OK {
            Ok(())
        } else {
            Err(failure::multi_error(code, origin))
        }
    }

    /// Ends a transfer that is over, and makes the worker ready for the next.
    pub(super) fn reset(&mut self) -> Result<()> {
        self.idle_socket = self.left_socket();
        self.detach();
        // SAFETY: the handle is live and in no multi handle; after the reset nothing points to the list,
        // the content or the exchange.
        unsafe {
            curl_easy_reset(self.easy);
            curl_slist_free_all(self.fields);
        }
        self.fields = ptr::null_mut();
        self.content = Vec::new();
        self.exchange = None;
        self.detail.fill(0);
        self.detail()
    }

    fn detach(&mut self) {
        if std::mem::take(&mut self.attached) {
            let _blocked = Blocked::new();
            // SAFETY: both handles are live, and one is in the other.
            unsafe { curl_multi_remove_handle(self.multi, self.easy) };
        }
    }

    /// The socket of the connection that was kept. On HTTP/2 a peer may speak at any time.
    fn left_socket(&self) -> Option<curl_socket_t> {
        let mut socket = CURL_SOCKET_BAD;
        let mut version: c_long = 0;
        // SAFETY: the handle is live, and each value has the type that is asked for.
        unsafe {
            curl_easy_getinfo(self.easy, CURLINFO_ACTIVESOCKET, &mut socket);
            curl_easy_getinfo(self.easy, CURLINFO_HTTP_VERSION, &mut version);
        }
        (socket != CURL_SOCKET_BAD && version <= CURL_HTTP_VERSION_1_1).then_some(socket)
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        if !self.is_of_this_process() {
            // Left as it is, with what libcurl points to.
            std::mem::forget(std::mem::take(&mut self.content));
            std::mem::forget(self.exchange.take());
            return;
        }
        self.detach();
        let _blocked = Blocked::new();
        // SAFETY: the handles are live or NULL, which is allowed, and not used again. The list goes last.
        unsafe {
            curl_easy_cleanup(self.easy);
            curl_multi_cleanup(self.multi);
            curl_slist_free_all(self.fields);
        }
    }
}

fn check(option: CURLoption, code: CURLcode) -> Result<()> {
    match code {
        CURLE_OK => Ok(()),
        CURLE_OUT_OF_MEMORY => Err(Error::new(
            Kind::NoMemory,
            "no memory for an option of libcurl",
        )),
        _ => Err(Error::new(
            Kind::Unsupported,
            format!("libcurl does not take its option {option}"),
        )
        .with_cause(Cause::Curl(code as i32))),
    }
}

#[cfg(unix)]
fn is_silent(socket: curl_socket_t) -> bool {
    let mut byte = 0_u8;
    let flags = libc::MSG_PEEK | libc::MSG_DONTWAIT;
    // SAFETY: one byte is written at most; libcurl closes no socket between two transfers.
    let received = unsafe { libc::recv(socket, ptr::from_mut(&mut byte).cast(), 1, flags) };
    received < 0 && std::io::Error::last_os_error().kind() == std::io::ErrorKind::WouldBlock
}

#[cfg(not(unix))]
fn is_silent(_socket: curl_socket_t) -> bool {
    false
}
