//! A response to hand on, or one that the caller built to report.

use std::sync::Arc;

use super::aliases::Trail;
use super::body::{self, Arrival, Body, Bytes};
use super::{Cache, Request, shelf};
use crate::error::{Error, Kind, Result};
use crate::http::{ResponseHead, Url};
use crate::key::Key;
use crate::key::credentials::Mark;
use crate::policy::freshness::{Freshness, Lifetime};
use crate::settings::NEVER;
use crate::storage::forks;

/// A response and what the cache knows of it.
pub struct Response {
    /// Status, reason and fields.
    pub head: ResponseHead,
    /// What the cache knows of it.
    pub info: Info,
    body: Body,
    context: Option<Context>,
    /// Bytes that were read.
    position: u64,
    history: Vec<Response>,
}

/// What the cache knows of a response.
#[derive(Clone, Copy, Debug, Default)]
pub struct Info {
    /// It comes from the cache.
    pub from_cache: bool,
    /// The origin said for this answer that it is still valid.
    pub revalidated: bool,
    /// What was stored comes before the origin's body.
    pub continued: bool,
    /// Its key; `None` when it is not stored.
    pub key: Option<Key>,
    /// The record it comes from or came to, where that is one of the request's own credentials.
    pub recorded: Option<Recorded>,
    /// How fresh it is; `None` when it is not stored.
    pub freshness: Option<Freshness>,
    /// How long the origin took to the header section, milliseconds.
    pub elapsed: i64,
}

impl Info {
    /// It is not, or no longer, stored.
    pub(super) fn forget(&mut self) {
        self.key = None;
        self.recorded = None;
        self.freshness = None;
    }
}

/// Which record a response is stored as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Recorded {
    /// Another one for each response stored, the same when it is freshened.
    pub id: [u8; 16],
    /// The credentials it was fetched with, as a keyed hash.
    pub mark: Mark,
}

/// The times of a response at the cache's clock, in milliseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Times {
    /// When it was received or last freshened.
    pub created_at: Option<i64>,
    /// When it becomes stale, or [`NEVER`].
    pub expires_at: Option<i64>,
    /// Its current age.
    pub age: i64,
    /// Its freshness lifetime, or [`NEVER`].
    pub freshness_lifetime: Option<i64>,
    /// Whether it is stale.
    pub is_expired: bool,
}

/// Where a response came from.
#[derive(Clone)]
pub(super) struct Context {
    cache: Arc<Cache>,
    /// `None`: it is not known what a stored response answers.
    request: Option<Arc<Request>>,
    forks: u64,
}

impl Context {
    pub(super) fn new(cache: &Arc<Cache>, request: &Arc<Request>) -> Self {
        Context {
            cache: cache.clone(),
            request: Some(request.clone()),
            forks: forks(),
        }
    }

    /// Of a response that nobody asked for just now: the request is the stored one.
    pub(super) fn of_stored(cache: &Arc<Cache>, request: Option<Arc<Request>>) -> Self {
        Context {
            cache: cache.clone(),
            request,
            forks: forks(),
        }
    }
}

impl Response {
    /// An origin's answer that the caller describes.
    pub fn built(head: ResponseHead) -> Self {
        let body = Body::memory(Vec::new());
        Response {
            head,
            info: Info::default(),
            body,
            context: None,
            position: 0,
            history: Vec::new(),
        }
    }

    pub(super) fn new(head: ResponseHead, info: Info, body: Body, context: Context) -> Self {
        Response {
            head,
            info,
            body,
            context: Some(context),
            position: 0,
            history: Vec::new(),
        }
    }

    /// The same response with another body, and without its history.
    pub fn with_body(&self, body: Body) -> Self {
        Response {
            head: self.head.clone(),
            info: self.info,
            body,
            context: self.context.clone(),
            position: 0,
            history: Vec::new(),
        }
    }

    /// Gives the response another body.
    pub(super) fn replace_body(&mut self, body: Body) {
        self.body = body;
        self.position = 0;
    }

    /// An error unless the caller built this response himself.
    pub fn check_built(&self) -> Result<()> {
        if self.context.is_none() {
            return Ok(());
        }
        Err(Error::new(
            Kind::Misuse,
            "the response was read, not built, and does not change",
        ))
    }

    /// Sets the body of a response that the caller builds.
    pub fn set_body(&mut self, bytes: Vec<u8>) {
        self.body = Body::memory(bytes);
    }

    /// Sets a body that arrives while it is read.
    pub fn set_arriving(&mut self, arrival: Box<dyn Arrival>) {
        self.body = Body::Arriving(arrival);
    }

    /// The request that it answers; `None` for a response that the caller built. Of one that was found by its key, the
    /// stored request, where it is known, with REDACTED in the place of what is not stored.
    pub fn request(&self) -> Option<&Arc<Request>> {
        self.context.as_ref()?.request.as_ref()
    }

    /// Tells a body that arrives through which redirects it was come to.
    pub fn set_trail(&mut self, trail: Trail) {
        match &mut self.body {
            Body::Arriving(arrival) => arrival.set_trail(trail),
            _ => trail.end_at(self),
        }
    }

    /// The redirects that were followed to it, in order.
    pub fn history(&self) -> &[Response] {
        &self.history
    }

    /// Sets them.
    pub fn set_history(&mut self, history: Vec<Response>) {
        self.history = history;
    }

    /// Takes them away.
    pub fn take_history(&mut self) -> Vec<Response> {
        std::mem::take(&mut self.history)
    }

    /// A redirect that is followed, as it is remembered: a body that arrives is read to its end, so that it is stored
    /// where it may be, and is then read from its beginning; of one with more than `most` bytes nothing is kept.
    pub fn settled(mut self, most: usize) -> Self {
        let Body::Arriving(arrival) = &mut self.body else {
            return self;
        };
        let whole = body::read_short(arrival.as_mut(), most);
        if let Ok(Some(stored)) = arrival.stored() {
            return stored;
        }
        self.info.forget();
        self.replace_body(whole.map_or(Body::Dropped, Body::memory));
        self
    }

    /// The final URL; `None` for a response that the caller built.
    pub fn url(&self) -> Option<&Url> {
        self.request().map(|request| &request.http.url)
    }

    /// The times at the cache's clock, now.
    pub fn times(&self) -> Times {
        match &self.context {
            Some(context) if self.info.freshness.is_some() => self.times_at(context.cache.now()),
            _ => Times::default(),
        }
    }

    /// The times at an instant.
    pub fn times_at(&self, now: i64) -> Times {
        let Some(freshness) = self.info.freshness else {
            return Times::default();
        };
        Times {
            created_at: Some(freshness.received_at),
            expires_at: Some(freshness.expires_at().unwrap_or(NEVER)),
            age: freshness.age(now),
            freshness_lifetime: Some(match freshness.lifetime {
                Lifetime::Endless => NEVER,
                Lifetime::Of(lifetime) => lifetime.max(0),
            }),
            is_expired: !freshness.is_fresh(now),
        }
    }

    pub(super) fn body(&self) -> &Body {
        &self.body
    }

    /// The whole body, if it lies in memory.
    pub fn body_in_memory(&self) -> Option<&[u8]> {
        self.body.in_memory()
    }

    /// Bytes of the whole body, if that is known.
    pub fn body_size(&self) -> Option<u64> {
        self.body.size()
    }

    /// Reads the next bytes of the body; 0 is the end.
    pub fn read(&mut self, buffer: &mut [u8]) -> Result<usize> {
        self.check_process()?;
        let read = self.body.read(buffer);
        if matches!(&self.body, Body::Arriving(arrival) if !arrival.is_stored()) {
            // What was announced with the head did not come to be.
            self.info.forget();
        }
        match &read {
            Ok(n) => self.position += *n as u64,
            Err(error) => self.report_damage(error),
        }
        read
    }

    /// The whole body, whatever was read before.
    pub fn load_body(&mut self) -> Result<Bytes> {
        self.check_process()?;
        if let Body::Memory { bytes, .. } = &self.body {
            return Ok(bytes.clone());
        }
        if let Some(mut another) = self.body.another() {
            let size = another.size();
            let whole = body::read_all(&mut another, size);
            if let Err(error) = &whole {
                self.report_damage(error);
            }
            return whole.map(Bytes::from);
        }
        let bytes = if self.position == 0 {
            let announced = self.body.size();
            Bytes::from(body::read_all(&mut self.body, announced)?)
        } else {
            self.load_stored()?
        };
        // From now on it is read from memory, from where reading stands.
        let at = usize::try_from(self.position).unwrap_or(usize::MAX);
        self.body = Body::Memory {
            bytes: bytes.clone(),
            at,
        };
        Ok(bytes)
    }

    /// Of a stored body that cannot be read: its reader is told by the error, and nobody is to meet it again.
    fn report_damage(&self, error: &Error) {
        let (Body::File(reader) | Body::Part { reader, .. }, Some(context)) =
            (&self.body, &self.context)
        else {
            return;
        };
        let cache = &context.cache;
        cache.report_fault("reading a stored body", error);
        let is_writable = !cache.settings().read_only;
        if let (Kind::Corrupt, Some(key), true) = (error.kind(), self.info.key, is_writable) {
            shelf::remove_now(cache, "removing a damaged response", key, reader.id());
        }
    }

    /// The same response for another reader; `None` while its body arrives.
    pub fn another(&self) -> Option<Self> {
        self.body.another().map(|body| self.with_body(body))
    }

    /// Of a body that was partly read: the rest is read, then the stored one.
    fn load_stored(&mut self) -> Result<Bytes> {
        let mut piece = vec![0; 64 * 1024];
        while self.body.read(&mut piece)? > 0 {}
        let Body::Arriving(arrival) = &mut self.body else {
            return Err(gone());
        };
        arrival.stored()?.ok_or_else(gone)?.load_body()
    }

    /// Where it came from; `None` for one that the caller built.
    pub(super) fn cache(&self) -> Option<&Arc<Cache>> {
        self.context.as_ref().map(|context| &context.cache)
    }

    pub(super) fn check_process(&self) -> Result<()> {
        match &self.context {
            Some(context) if context.forks != forks() => Err(Error::new(
                Kind::Misuse,
                "the response was made before a fork; in the child it may only be freed",
            )),
            _ => Ok(()),
        }
    }
}

fn gone() -> Error {
    let message = "part of the body was read already, and it is not stored";
    Error::new(Kind::Misuse, message)
}
