//! The body of an origin's answer: stored as it is read.

use crate::cache::aliases::Trail;
use crate::cache::{Arrival, Body, Exchange, Outcome, Response};
use crate::error::{Error, Kind, Result};
use crate::transport::Transfer;

/// A body that arrives. Dropped before its end, it is not stored.
pub struct Arriving {
    transfer: Option<Box<dyn Transfer>>,
    /// What was stored and comes before what the transfer brings.
    beginning: Option<Body>,
    /// The exchange that stores it, while it does.
    storing: Option<Exchange>,
    announced: Option<u64>,
    /// The redirects that lead to it.
    trail: Option<Trail>,
    /// Why reading failed: it fails the same way again.
    failure: Option<Error>,
}

impl Arriving {
    pub fn new(
        transfer: Box<dyn Transfer>,
        beginning: Option<Body>,
        storing: Option<Exchange>,
        announced: Option<u64>,
    ) -> Self {
        Arriving {
            transfer: Some(transfer),
            beginning,
            storing,
            announced,
            trail: None,
            failure: None,
        }
    }

    fn end(&mut self) -> Result<()> {
        // Given up at once, so that its connection serves the next request.
        self.transfer = None;
        let Some(exchange) = &mut self.storing else {
            return Ok(());
        };
        if exchange.end()? != Outcome::Stored {
            self.storing = None;
        } else if let (Some(trail), Some(stored)) = (self.trail.take(), exchange.handed_on()) {
            trail.end_at(stored);
        }
        Ok(())
    }
}

impl Arrival for Arriving {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize> {
        if let Some(failure) = &self.failure {
            return Err(failure.clone());
        }
        if let Some(beginning) = &mut self.beginning {
            match beginning.read(buffer)? {
                0 => self.beginning = None,
                n => return Ok(n),
            }
        }
        let Some(transfer) = &mut self.transfer else {
            return Ok(0);
        };
        let n = match transfer.read(buffer) {
            Ok(n) => n,
            Err(error) => {
                // Cut off: it is not stored (RFC 9112 §8).
                self.transfer = None;
                self.storing = None;
                self.failure = Some(error.clone());
                return Err(error);
            }
        };
        if n == 0 {
            self.end()?;
            return Ok(0);
        }
        let data = buffer.get(..n).ok_or_else(|| {
            Error::new(
                Kind::Internal,
                "a transport read more than it was asked for",
            )
        })?;
        if let Some(exchange) = &mut self.storing
            && !exchange.write(data)?
        {
            self.storing = None;
        }
        Ok(n)
    }

    fn announced(&self) -> Option<u64> {
        self.announced
    }

    fn is_stored(&self) -> bool {
        self.storing.is_some()
    }

    fn set_trail(&mut self, trail: Trail) {
        self.trail = Some(trail);
    }

    fn stored(&mut self) -> Result<Option<Response>> {
        match &self.storing {
            Some(exchange) if self.transfer.is_none() => exchange.response(),
            _ => Ok(None),
        }
    }
}
