//! The transport over libcurl: what libcurl does by itself is switched off, so that the caller decides.
//!
//! Only `curl_sys` is called, never the crate `curl`: the latter initialises libcurl as soon as the
//! library is loaded, and ends the process when that fails.
//!
//! How an answer whose framing contradicts itself is read is libcurl's choice, and the head still shows
//! the contradiction ([`crate::http::ResponseHead::framing`]): with Transfer-Encoding and Content-Length
//! the coding counts, of several different Content-Lengths the last one; a Content-Length that is no
//! number is refused with [`crate::error::Kind::Protocol`]. Content with a transfer coding that does not
//! end in `chunked` is read to the end of the connection, and may still have that coding.

mod exchange;
mod failure;
mod library;
mod pool;
mod setup;
mod signals;
mod transfer;
mod worker;

use std::sync::Arc;
use std::time::Instant;

use crate::error::Result;
use crate::http::Request;
use crate::transport::{Reply, TransferSettings, Transport};
use pool::Pool;
use setup::Codings;
use transfer::{Begun, CurlTransfer};

/// Sends requests by libcurl. Connections are kept for the next request to the same origin.
///
/// A process that was forked starts with no connections; those of its parent are left alone.
pub struct CurlTransport {
    pool: arc_swap::ArcSwap<Pool>,
}

impl CurlTransport {
    /// Makes a transport without connections. libcurl is initialised here, unless it has been.
    pub fn new() -> Result<Self> {
        library::ensure()?;
        Ok(CurlTransport {
            pool: arc_swap::ArcSwap::from_pointee(Pool::new()),
        })
    }

    /// The pool of this process. One that came by a fork is left alone for ever.
    fn pool(&self) -> Arc<Pool> {
        let pool = self.pool.load_full();
        if pool.is_of_this_process() {
            return pool;
        }
        let own = Arc::new(Pool::new());
        let found = self.pool.compare_and_swap(&pool, Arc::clone(&own));
        let swapped = Arc::ptr_eq(&found, &pool);
        std::mem::forget(pool);
        if swapped { own } else { self.pool.load_full() }
    }
}

/// Runs a task on a thread of its own; drops it where there is no thread to be had.
pub fn spawn(task: Box<dyn FnOnce() + Send>) {
    // The thread inherits what is blocked here: the host's signals are for the host's threads.
    let blocked = signals::Blocked::new();
    let named = std::thread::Builder::new().name("httpcache".to_owned());
    let _ = named.spawn(task);
    drop(blocked);
}

impl Transport for CurlTransport {
    fn start(&self, request: &Request, settings: &TransferSettings) -> Result<Reply> {
        let (pool, began) = (self.pool(), Instant::now());
        let mut codings = Codings::Decoded;
        loop {
            match CurlTransfer::begin(Arc::clone(&pool), request, settings, codings, began)? {
                Begun::Answered(reply) => return Ok(reply),
                // Asked without decoding, this is no answer, and the loop ends.
                Begun::UnknownCoding => codings = Codings::Raw,
            }
        }
    }
}
