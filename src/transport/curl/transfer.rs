//! One transfer, driven by whoever reads it.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use curl_sys::{CURLE_BAD_CONTENT_ENCODING, CURLE_OK, CURLOPT_FRESH_CONNECT, CURLcode};

use super::exchange::{self, Exchange};
use super::failure::{self, Stage};
use super::pool::Pool;
use super::setup::{self, Codings};
use super::worker::Worker;
use crate::error::{Cause, Error, Kind, Result};
use crate::http::Request;
use crate::transport::head::HeadReader;
use crate::transport::{Reply, Transfer, TransferSettings};

/// What became of a request that was sent.
pub(super) enum Begun {
    /// Its head is there.
    Answered(Reply),
    /// Its content can only be read without decoding.
    UnknownCoding,
}

/// The content of an answer on its way. Dropping it ends the transfer and its connection.
pub(super) struct CurlTransfer {
    /// `None` as soon as the transfer is over.
    worker: Option<Worker>,
    exchange: Arc<Mutex<Exchange>>,
    pool: Arc<Pool>,
    /// How it ended.
    outcome: Option<Result<()>>,
    origin: String,
    began: Instant,
    settings: TransferSettings,
}

/// When a wait is given up, and what that is called.
#[derive(Clone, Copy)]
struct Deadline {
    at: Option<Instant>,
    after: Option<Duration>,
    name: &'static str,
}

impl Deadline {
    fn new(from: Instant, after: Option<Duration>, name: &'static str) -> Self {
        Deadline {
            at: after.and_then(|after| from.checked_add(after)),
            after,
            name,
        }
    }

    fn sooner(self, other: Self) -> Self {
        match (self.at, other.at) {
            (Some(one), Some(two)) if two < one => other,
            (None, Some(_)) => other,
            _ => self,
        }
    }
}

impl CurlTransfer {
    /// Sends `request`, and waits until its final header section is there. `began` is when the first
    /// attempt was made.
    pub(super) fn begin(
        pool: Arc<Pool>,
        request: &Request,
        settings: &TransferSettings,
        codings: Codings,
        began: Instant,
    ) -> Result<Begun> {
        let origin = request.url.origin().to_owned();
        let mut worker = pool.take(&origin)?;
        let sends = setup::sends_allowed(&request.method, settings);
        let head = HeadReader::new(settings.max_head_bytes, settings.max_fields);
        let may_resend = codings == Codings::Decoded && request.method.is_retrieval();
        let exchange = Arc::new(Exchange::new(head, sends));
        setup::prepare(&mut worker, request, settings, codings)?;
        if !worker.exchange(Arc::clone(&exchange))? && sends == 1 {
            // This libcurl cannot be kept from sending twice but by a connection that is not reused.
            worker.number(CURLOPT_FRESH_CONNECT, 1)?;
        }
        worker.attach(&origin)?;
        let (worker, settings) = (Some(worker), settings.clone());
        let transfer = CurlTransfer {
            worker,
            exchange,
            pool,
            outcome: None,
            origin,
            began,
            settings,
        };
        transfer.until_head(may_resend)
    }

    fn until_head(mut self, may_resend: bool) -> Result<Begun> {
        let head = Deadline::new(self.began, self.settings.head_timeout, "head");
        loop {
            if may_resend && self.refused_coding() {
                return Ok(Begun::UnknownCoding);
            }
            let over = self.outcome.is_some();
            let complete = {
                let mut exchange = exchange::lock(&self.exchange);
                // Whether libcurl reads such content shows at its first byte.
                let undecided = may_resend && !over && exchange.has_unknown_coding();
                if undecided && exchange.waiting() == 0 {
                    None
                } else {
                    exchange.take_head()
                }
            };
            if let Some(head) = complete {
                return Ok(Begun::Answered(Reply {
                    head,
                    body: Box::new(self),
                }));
            }
            match self.outcome.take() {
                Some(Err(error)) => return Err(error),
                Some(Ok(())) => {
                    let message = format!("{}: the answer has no header section", self.origin);
                    return Err(Error::new(Kind::Protocol, message));
                }
                None => self.step(head, has_head)?,
            }
        }
    }

    /// libcurl ended the transfer for its coding, before any content.
    fn refused_coding(&self) -> bool {
        let refused = Cause::Curl(CURLE_BAD_CONTENT_ENCODING as i32);
        matches!(&self.outcome, Some(Err(error)) if error.cause() == Some(refused))
            && exchange::lock(&self.exchange).waiting() == 0
    }

    /// Moves the transfer on; waits first when nothing is there that `enough` asks for.
    fn step(&mut self, deadline: Deadline, enough: impl Fn(&Exchange) -> bool) -> Result<()> {
        let total = Deadline::new(self.began, self.settings.total_timeout, "total");
        let deadline = deadline.sooner(total);
        let Some(worker) = self.worker.as_mut() else {
            return Ok(());
        };
        if exchange::lock(&self.exchange).take_paused() {
            worker.resume();
        }
        let cancellation = &self.settings.cancellation;
        cancellation.check()?;
        let mut code = worker.perform(&self.origin)?;
        if code.is_none() && !enough(&exchange::lock(&self.exchange)) {
            let left = deadline
                .at
                .map(|at| at.saturating_duration_since(Instant::now()));
            if left.is_some_and(|left| left.is_zero()) {
                return Err(self.timeout(deadline));
            }
            // Woken now and then, so that a wish to end is seen.
            const SLICE: Duration = Duration::from_millis(50);
            worker.wait(left.unwrap_or(SLICE).min(SLICE), &self.origin)?;
            cancellation.check()?;
            code = worker.perform(&self.origin)?;
        }
        if let Some(code) = code {
            self.finish(code);
        }
        Ok(())
    }

    fn timeout(&self, deadline: Deadline) -> Error {
        let (name, after) = (
            deadline.name,
            deadline.after.unwrap_or_default().as_millis(),
        );
        let message = format!(
            "{}: the {name} timeout of {after} ms has passed",
            self.origin
        );
        Error::new(Kind::Timeout, message)
    }

    /// The transfer is over: its connection is free for the next.
    fn finish(&mut self, code: CURLcode) {
        let Some(worker) = self.worker.take() else {
            return;
        };
        let mut exchange = exchange::lock(&self.exchange);
        let fault = exchange.take_fault().map(|fault| self.name(&fault));
        let stage = match (exchange.head_is_complete(), exchange.was_sent()) {
            (true, _) => Stage::Content,
            (false, true) => Stage::Head,
            (false, false) => Stage::Connecting,
        };
        drop(exchange);
        self.outcome = Some(match fault {
            Some(fault) => Err(fault),
            None if code == CURLE_OK => Ok(()),
            None => Err(failure::error(
                code,
                stage,
                &self.origin,
                &worker.detail_text(),
            )),
        });
        if code == CURLE_OK {
            self.pool.put(&self.origin, worker);
        }
    }

    /// A fault of the exchange, which does not know the origin, with its name.
    fn name(&self, fault: &Error) -> Error {
        let named = Error::new(fault.kind(), format!("{}: {fault}", self.origin));
        fault
            .cause()
            .map_or(named.clone(), |cause| named.with_cause(cause))
    }

    fn is_of_this_process(&self) -> bool {
        self.worker.as_ref().is_none_or(Worker::is_of_this_process)
    }
}

fn has_head(exchange: &Exchange) -> bool {
    exchange.head_is_complete() && (exchange.waiting() > 0 || !exchange.has_unknown_coding())
}

impl Transfer for CurlTransfer {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize> {
        if !self.is_of_this_process() {
            let message = format!("{}: the transfer was begun before a fork", self.origin);
            return Err(Error::new(Kind::Misuse, message));
        }
        if buffer.is_empty() {
            return Ok(0);
        }
        let idle = Deadline::new(Instant::now(), self.settings.idle_timeout, "idle");
        loop {
            let taken = exchange::lock(&self.exchange).take_content(buffer);
            if taken > 0 {
                return Ok(taken);
            }
            match &self.outcome {
                Some(Ok(())) => return Ok(0),
                Some(Err(error)) => return Err(error.clone()),
                None => {}
            }
            if let Err(error) = self.step(idle, |exchange| exchange.waiting() > 0) {
                self.worker = None;
                self.outcome = Some(Err(error));
            }
        }
    }
}
