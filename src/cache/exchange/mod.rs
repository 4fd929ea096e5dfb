//! One request on its way through the cache: looked up, then answered or forwarded, and what became of that.

mod answer;
mod asked;
mod commit;
mod complete;
mod explain;
mod freshen;
mod identity;
mod judge;
mod led;
mod lookup;
mod parts;
mod put;
mod refresh;
mod selected;
mod serve;
mod storing;

use std::ffi::CStr;
use std::sync::Arc;

pub(super) use self::refresh::Refreshing;
use self::refresh::Turn;
use self::selected::Selected;
use self::storing::Storing;
pub(super) use self::storing::{Arrived, joined};
use super::response::Context;
use super::{Cache, Request, Response};
use crate::error::{Error, Kind, Result};
use crate::key::credentials::Mark;
use crate::key::{MethodClass, PrimaryKey};
use crate::policy::decide::Decision;
use crate::policy::directives::RequestDirectives;
use crate::policy::range::Asked;
use crate::policy::reason::Reason;
use crate::settings::Settings;
use crate::storage::forks;

/// What became of an origin's answer. The numbers are those of `hc_outcome`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(i32)]
pub enum Outcome {
    /// Not stored.
    NotStored = 0,
    /// Stored.
    Stored = 1,
    /// A 304 freshened what is stored.
    Freshened = 2,
    /// What is stored is used, though it is stale.
    UsedStale = 3,
    /// To be stored, once its body is there.
    Storing = 4,
    /// The request is to be sent once more, without conditions.
    Repeat = 5,
}

/// One request on its way through the cache. It holds what it may serve, so that nothing that happens to the
/// store meanwhile takes it away, and no transaction.
pub struct Exchange {
    cache: Arc<Cache>,
    request: Arc<Request>,
    /// What the request is to keys and to `Vary`, where the caller's function made another of it.
    matched: Option<Arc<Request>>,
    /// The key that the caller's function made.
    own_key: Option<Vec<u8>>,
    /// Those of the request, where it has its own.
    settings: Option<Box<Settings>>,
    directives: RequestDirectives,
    /// The part of the representation that is asked for.
    asked: Asked,
    /// Which methods share what is stored for it.
    class: MethodClass,
    /// The secret of the store in which it was looked up; `None` when it was not.
    secret: Option<[u8; 32]>,
    /// What a complete response to the request is stored under.
    key: Option<PrimaryKey>,
    /// Whose it is.
    mark: Mark,
    has_credentials: bool,
    selected: Option<Box<Selected>>,
    /// The stored beginning of a response whose rest is asked for.
    prefix: Option<Box<Selected>>,
    forward: Option<Arc<Request>>,
    handed_on: Option<Response>,
    decision: Decision,
    /// Why the request is forwarded.
    forwarded_for: Reason,
    /// The same, or why an answer was not stored.
    reason: Reason,
    /// What the origin answered.
    forward_status: Option<u16>,
    phase: Phase,
    request_time: i64,
    /// What the clock said in the last verb.
    now: i64,
    /// How often the URL had been invalidated when the request was forwarded.
    generation: u64,
    /// While this exchange is the one that revalidates.
    turn: Option<Turn>,
    forks: u64,
}

/// Which verbs may follow.
enum Phase {
    /// None: the cache answered.
    Answered,
    /// One of store, begin and fail. `conditional`: our own conditions were sent.
    Awaiting { conditional: bool },
    /// Write, and then one of end and fail.
    Storing(Box<Storing>),
    /// None: it is over.
    Ended,
}

impl Exchange {
    /// What the lookup decided.
    pub fn decision(&self) -> Decision {
        self.decision
    }

    /// Why the request is forwarded, or its answer not stored.
    pub fn reason(&self) -> &'static CStr {
        self.reason.as_c_str()
    }

    /// The request to send, while its answer is awaited.
    pub fn forward(&self) -> Option<&Arc<Request>> {
        let is_awaited = matches!(self.phase, Phase::Awaiting { .. });
        self.forward.as_ref().filter(|_| is_awaited)
    }

    /// What to hand on, if there is something yet.
    pub fn handed_on(&self) -> Option<&Response> {
        self.handed_on.as_ref()
    }

    /// What to hand on, as a response of its own; `None` while it is the origin's and not wholly stored.
    pub fn response(&self) -> Result<Option<Response>> {
        self.check_process()?;
        Ok(self.handed_on.as_ref().and_then(|response| {
            let beginning = self.beginning().filter(|_| response.info.continued);
            match beginning {
                Some(beginning) => Some(response.with_body(beginning)),
                None => response.another(),
            }
        }))
    }

    /// What to hand on, away from the exchange.
    pub fn take_handed_on(&mut self) -> Option<Response> {
        self.handed_on.take()
    }

    /// What the clock said in the last verb.
    pub fn now(&self) -> i64 {
        self.now
    }

    /// The settings that hold for this request.
    pub fn settings(&self) -> &Settings {
        self.settings.as_deref().unwrap_or(self.cache.settings())
    }

    /// The secret that hashes are keyed with. Nothing made with it is stored unless it is the store's own.
    fn secret(&self) -> [u8; 32] {
        self.secret.unwrap_or_default()
    }

    fn context(&self) -> Context {
        Context::new(&self.cache, &self.request)
    }

    fn is_head(&self) -> bool {
        self.request.http.method.as_str() == "HEAD"
    }

    fn check_process(&self) -> Result<()> {
        if self.forks == forks() {
            return Ok(());
        }
        let message = "the exchange was made before a fork; in the child it may only be freed";
        Err(Error::new(Kind::Misuse, message))
    }

    /// An error unless an answer is awaited; whether our own conditions were sent.
    fn check_awaiting(&self, verb: &str) -> Result<bool> {
        self.check_process()?;
        match self.phase {
            Phase::Awaiting { conditional } => Ok(conditional),
            _ => Err(self.out_of_order(verb)),
        }
    }

    fn out_of_order(&self, verb: &str) -> Error {
        let why = match self.phase {
            Phase::Answered => "the cache has answered, and nothing was to be sent",
            Phase::Awaiting { .. } => "no answer was begun",
            Phase::Storing(_) => "an answer was begun; its body is to be written and ended",
            Phase::Ended => "the exchange is over",
        };
        Error::new(Kind::Misuse, format!("{verb} came out of order: {why}"))
    }
}
