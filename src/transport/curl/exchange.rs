//! What one transfer has received, and the callbacks through which libcurl hands it over.

use std::collections::VecDeque;
use std::io::Read;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Mutex, MutexGuard, PoisonError};

use curl_sys::{CURL_SOCKET_BAD, CURL_WRITEFUNC_PAUSE, curl_sockaddr, curl_socket_t, curlsocktype};
use libc::{c_char, c_int, c_void, size_t};

use crate::error::{Cause, Error, Kind, Result};
use crate::http::ResponseHead;
use crate::transport::head::HeadReader;

/// So much content is held for the reader, and a piece of libcurl's more, before the origin must wait.
pub(super) const BUFFER: usize = 256 * 1024;

/// What one transfer has received.
#[derive(Debug)]
pub(super) struct Exchange {
    head: HeadReader,
    content: VecDeque<u8>,
    /// Why a callback ended the transfer.
    fault: Option<Error>,
    paused: bool,
    sends: u32,
    sends_allowed: u32,
    unknown_coding: bool,
}

impl Exchange {
    pub(super) fn new(head: HeadReader, sends_allowed: u32) -> Mutex<Self> {
        Mutex::new(Exchange {
            head,
            content: VecDeque::new(),
            fault: None,
            paused: false,
            sends: 0,
            sends_allowed,
            unknown_coding: false,
        })
    }

    /// The head, as soon as it is complete.
    pub(super) fn take_head(&mut self) -> Option<ResponseHead> {
        self.head.take()
    }

    pub(super) fn head_is_complete(&self) -> bool {
        self.head.is_complete()
    }

    /// Moves content into `buffer`; says how much.
    pub(super) fn take_content(&mut self, buffer: &mut [u8]) -> usize {
        // Reading from memory does not fail.
        self.content.read(buffer).unwrap_or_default()
    }

    /// How much content waits for the reader.
    pub(super) fn waiting(&self) -> usize {
        self.content.len()
    }

    /// Whether libcurl was told to wait; it is told to go on by whoever asks.
    pub(super) fn take_paused(&mut self) -> bool {
        std::mem::take(&mut self.paused)
    }

    /// Why a callback ended the transfer, if one did.
    pub(super) fn take_fault(&mut self) -> Option<Error> {
        self.fault.take()
    }

    /// Whether the request, or a part of it, may have been sent.
    pub(super) fn was_sent(&self) -> bool {
        self.sends > 0
    }

    /// Whether the head is complete and names a transfer coding that some versions of libcurl refuse.
    pub(super) fn has_unknown_coding(&self) -> bool {
        self.unknown_coding
    }

    fn receive_line(&mut self, line: &[u8]) -> Result<()> {
        let was_complete = self.head.is_complete();
        self.head.line(line)?;
        if self.head.is_complete() && !was_complete {
            let codings = self.head.transfer_codings();
            if codings.is_empty() && self.head.has_no_length_to_go_by() {
                // Nobody is to have the head of what is no answer.
                let _ = self.head.take();
                let message = "the answer says several lengths of its content";
                return Err(Error::new(Kind::Protocol, message));
            }
            self.unknown_coding = ends_unknown(&codings);
        }
        Ok(())
    }

    /// Takes content; `false` makes the origin wait.
    fn receive_content(&mut self, content: &[u8]) -> Result<bool> {
        if !self.head.is_complete() {
            return Err(Error::new(
                Kind::Protocol,
                "content came before the header section",
            ));
        }
        if self.content.len() >= BUFFER {
            self.paused = true;
            return Ok(false);
        }
        self.content
            .try_reserve(content.len())
            .map_err(|_| Error::new(Kind::NoMemory, "no memory to receive content"))?;
        self.content.extend(content);
        Ok(true)
    }

    /// A request is about to be sent. libcurl sends again, unasked and whatever the method, when a reused
    /// connection died; this is the place to stop it.
    fn before_send(&mut self) -> Result<()> {
        if self.sends >= self.sends_allowed {
            return Err(died());
        }
        self.sends += 1;
        Ok(())
    }
}

/// Whether the last coding is neither `chunked` nor one that libcurl decodes to the connection's end.
fn ends_unknown(codings: &[Vec<u8>]) -> bool {
    const KNOWN: [&[u8]; 5] = [b"chunked", b"identity", b"gzip", b"x-gzip", b"deflate"];
    let ends_chunked = codings.last().is_some_and(|last| last == b"chunked");
    !ends_chunked
        && codings
            .iter()
            .any(|coding| !KNOWN.contains(&coding.as_slice()))
}

/// The error of a reused connection that died and may not be followed by another.
pub(super) fn died() -> Error {
    Error::new(
        Kind::Protocol,
        "the reused connection was closed before any byte of an answer",
    )
    .with_cause(Cause::Curl(curl_sys::CURLE_GOT_NOTHING as i32))
}

/// The exchange, whether or not a callback panicked in it.
pub(super) fn lock(exchange: &Mutex<Exchange>) -> MutexGuard<'_, Exchange> {
    exchange.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Runs the body of a callback: an error is kept as the exchange's fault, a panic becomes one.
///
/// # Safety
///
/// `user` is NULL or points to a live `Mutex<Exchange>`.
unsafe fn guarded<T>(
    user: *mut c_void,
    body: impl FnOnce(&mut Exchange) -> Result<T>,
) -> Option<T> {
    // SAFETY: by the contract of this function.
    let exchange = unsafe { user.cast::<Mutex<Exchange>>().as_ref() }?;
    let result = catch_unwind(AssertUnwindSafe(|| body(&mut lock(exchange))));
    let result = result.unwrap_or_else(|_| Err(Error::new(Kind::Internal, "a callback panicked")));
    match result {
        Ok(value) => Some(value),
        Err(error) => {
            lock(exchange).fault.get_or_insert(error);
            None
        }
    }
}

/// # Safety
///
/// `data` is NULL or points to `len` bytes that live as long as the result is used.
unsafe fn bytes<'a>(data: *const c_char, len: usize) -> &'a [u8] {
    if data.is_null() || len == 0 {
        return &[];
    }
    // SAFETY: by the contract of this function.
    unsafe { std::slice::from_raw_parts(data.cast(), len) }
}

/// `CURLOPT_HEADERFUNCTION`: one line.
pub(super) extern "C" fn on_line(
    data: *mut c_char,
    size: size_t,
    count: size_t,
    user: *mut c_void,
) -> size_t {
    let len = size.saturating_mul(count);
    // SAFETY: libcurl passes so many bytes, and the pointer that the worker set with this callback.
    let taken = unsafe { guarded(user, |exchange| exchange.receive_line(bytes(data, len))) };
    // Anything but the length ends the transfer. An empty line has a length of 1 at least.
    if taken.is_some() { len } else { 0 }
}

/// `CURLOPT_WRITEFUNCTION`: a piece of content.
pub(super) extern "C" fn on_content(
    data: *mut c_char,
    size: size_t,
    count: size_t,
    user: *mut c_void,
) -> size_t {
    let len = size.saturating_mul(count);
    // SAFETY: libcurl passes so many bytes, and the pointer that the worker set with this callback.
    match unsafe { guarded(user, |exchange| exchange.receive_content(bytes(data, len))) } {
        Some(true) => len,
        Some(false) => CURL_WRITEFUNC_PAUSE,
        // One more than there was: 0 would be right for an empty piece.
        None => len.wrapping_add(1),
    }
}

/// `CURLOPT_PREREQFUNCTION`: connected, and about to send. 0 goes on, 1 ends the transfer.
pub(super) extern "C" fn on_send(
    user: *mut c_void,
    _to: *mut c_char,
    _from: *mut c_char,
    _to_port: c_int,
    _from_port: c_int,
) -> c_int {
    // SAFETY: libcurl passes the pointer that the worker set with this callback.
    let allowed = unsafe { guarded(user, Exchange::before_send) };
    c_int::from(allowed.is_none())
}

/// `CURLOPT_OPENSOCKETFUNCTION`: libcurl's own sockets would be inherited by programs that the host runs.
pub(super) extern "C" fn on_socket(
    user: *mut c_void,
    _purpose: curlsocktype,
    address: *mut curl_sockaddr,
) -> curl_socket_t {
    // SAFETY: libcurl passes the pointer that the worker set with this callback.
    let allowed = unsafe {
        // No connection for a request that would not be sent over it.
        guarded(user, |exchange| {
            if exchange.sends < exchange.sends_allowed {
                Ok(())
            } else {
                Err(died())
            }
        })
    };
    // SAFETY: libcurl passes an address that lives during the call.
    match unsafe { address.as_ref() } {
        Some(address) if allowed.is_some() => open_socket(address),
        _ => CURL_SOCKET_BAD,
    }
}

#[cfg(any(target_os = "linux", target_os = "android", target_os = "freebsd"))]
fn open_socket(address: &curl_sockaddr) -> curl_socket_t {
    let kind = address.socktype | libc::SOCK_CLOEXEC;
    // SAFETY: the call takes numbers alone.
    unsafe { libc::socket(address.family, kind, address.protocol) }
}

#[cfg(not(any(target_os = "linux", target_os = "android", target_os = "freebsd")))]
fn open_socket(address: &curl_sockaddr) -> curl_socket_t {
    // SAFETY: the call takes numbers alone.
    let socket = unsafe { libc::socket(address.family, address.socktype, address.protocol) };
    #[cfg(unix)]
    if socket != CURL_SOCKET_BAD {
        // SAFETY: the descriptor was opened above.
        unsafe { libc::fcntl(socket, libc::F_SETFD, libc::FD_CLOEXEC) };
    }
    socket
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answered() -> Exchange {
        let mut exchange = Exchange::new(HeadReader::new(1000, 10), 1)
            .into_inner()
            .unwrap();
        exchange.receive_line(b"HTTP/1.1 200 OK\r\n").unwrap();
        assert!(
            exchange.receive_content(b"x").is_err(),
            "before the header section"
        );
        exchange.receive_line(b"\r\n").unwrap();
        exchange
    }

    #[test]
    fn content_is_bounded() {
        let mut exchange = answered();
        let piece = [7; 16 * 1024];
        while exchange.receive_content(&piece).unwrap() {}
        assert_eq!(exchange.waiting(), BUFFER);
        assert!(exchange.take_paused() && !exchange.take_paused());
        assert!(
            !exchange.receive_content(&piece).unwrap(),
            "as long as nothing is taken"
        );
        let mut buffer = [0; 10];
        assert_eq!((exchange.take_content(&mut buffer), buffer), (10, [7; 10]));
        assert!(exchange.receive_content(&piece).unwrap());
    }

    #[test]
    fn a_request_is_sent_as_often_as_allowed() {
        let mut exchange = answered();
        assert!(exchange.before_send().is_ok() && exchange.was_sent());
        assert_eq!(exchange.before_send().unwrap_err().kind(), Kind::Protocol);
    }

    #[test]
    fn codings_that_libcurl_may_refuse() {
        for (codings, expected) in [
            (&[][..], false),
            (&["chunked"], false),
            (&["identity"], false),
            (&["foo"], true),
            (&["foo", "chunked"], false),
            (&["chunked", "foo"], true),
            (&["gzip"], false),
        ] {
            let codings: Vec<_> = codings
                .iter()
                .map(|coding| coding.as_bytes().to_vec())
                .collect();
            assert_eq!(ends_unknown(&codings), expected, "{codings:?}");
        }
    }
}
