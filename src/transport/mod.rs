//! The way to the origin, in the shape of a pull: the reader drives the transfer. Knows HTTP, and no cache.

#[cfg(feature = "fetch")]
pub mod curl;
#[cfg(feature = "fetch")]
mod head;
mod verification;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

pub use self::verification::{Authority, Verification};
use crate::error::{Error, Kind, Result};
use crate::http::{Request, ResponseHead};

/// Sends one request to its origin.
pub trait Transport: Send + Sync {
    /// Sends `request` and returns once the final header section is there (1xx answers are skipped).
    /// Redirects are not followed, nothing is decoded, nothing is sent twice on its own account.
    fn start(&self, request: &Request, settings: &TransferSettings) -> Result<Reply>;
}

/// How work goes on after the call that began it.
#[derive(Clone, Copy)]
pub struct Background {
    /// The way to the origin, for as long as the process lives.
    pub transport: &'static dyn Transport,
    /// Runs a task on a thread of its own that handles no signals; drops it where there is no thread to be had.
    pub spawn: fn(Box<dyn FnOnce() + Send>),
}

/// An origin's answer whose content has still to be read.
pub struct Reply {
    /// Status, reason and fields, as the origin sent them.
    pub head: ResponseHead,
    /// The content. Dropping it cancels the transfer.
    pub body: Box<dyn Transfer>,
}

/// The content of an answer on its way.
pub trait Transfer: Send {
    /// Reads the next bytes into `buffer`; 0 is the end of a complete message. Waits for the origin. A
    /// message that ended before its framing says so is an error, never 0.
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize>;
}

/// A wish to end a transfer, made on one thread and seen on another. It takes memory once somebody shares it: most
/// requests are answered before.
#[derive(Debug, Default)]
pub struct Cancellation(OnceLock<Arc<AtomicBool>>);

impl Clone for Cancellation {
    fn clone(&self) -> Self {
        Cancellation(OnceLock::from(self.shared().clone()))
    }
}

impl Cancellation {
    /// Makes the wish.
    pub fn cancel(&self) {
        self.shared().store(true, Ordering::Relaxed);
    }

    /// Whether it was made.
    pub fn is_cancelled(&self) -> bool {
        let shared = self.0.get();
        shared.is_some_and(|wish| wish.load(Ordering::Relaxed))
    }

    fn shared(&self) -> &Arc<AtomicBool> {
        self.0.get_or_init(Arc::default)
    }

    /// An error where it was made.
    pub fn check(&self) -> Result<()> {
        if self.is_cancelled() {
            return Err(Error::new(Kind::Cancelled, "the request was cancelled"));
        }
        Ok(())
    }
}

/// What bounds one transfer. `None` is no bound.
#[derive(Clone, Debug)]
pub struct TransferSettings {
    /// The caller's wish to end it.
    pub cancellation: Cancellation,
    /// Until a connection stands.
    pub connect_timeout: Option<Duration>,
    /// Until the final header section is in.
    pub head_timeout: Option<Duration>,
    /// Between two pieces of the content.
    pub idle_timeout: Option<Duration>,
    /// To the end of the content.
    pub total_timeout: Option<Duration>,
    /// Bytes of the header section.
    pub max_head_bytes: usize,
    /// Fields of the header section.
    pub max_fields: usize,
    /// Send once more when a reused connection died before any byte of an answer.
    pub retry: bool,
    /// How it is verified who the origin is.
    pub verification: Verification,
}

impl Default for TransferSettings {
    fn default() -> Self {
        TransferSettings {
            cancellation: Cancellation::default(),
            connect_timeout: Some(Duration::from_secs(10)),
            head_timeout: Some(Duration::from_secs(30)),
            idle_timeout: Some(Duration::from_secs(30)),
            total_timeout: None,
            max_head_bytes: 256 * 1024,
            max_fields: 1000,
            retry: true,
            verification: Verification::default(),
        }
    }
}
