//! The origin's answer: what it changes, and what is handed on.

use super::storing::Storing;
use super::{Exchange, Outcome, Phase};
use crate::cache::body::Body;
use crate::cache::shelf::{self, Found};
use crate::cache::{Info, Response};
use crate::error::{Error, Kind, Result};
use crate::http::ResponseHead;
use crate::http::response::Framing;
use crate::key::{MethodClass, PrimaryKey};
use crate::policy::freshness::{self, Freshness};
use crate::policy::reason::Reason;
use crate::policy::storable::is_storable;
use crate::policy::update::remove_hop_by_hop;
use crate::policy::validate::{NotModified, Validators};
use crate::policy::{invalidate, stale};
use crate::record::Stamp;

impl Exchange {
    /// Reports the origin's whole answer.
    pub fn store(&mut self, origin: &Response) -> Result<Outcome> {
        self.check_awaiting("hc_store")?;
        let Some(body) = origin.body_in_memory() else {
            let message = "the response to store was read, not built; store its head and pieces";
            return Err(Error::new(Kind::Misuse, message));
        };
        match self.begin(&origin.head)? {
            Outcome::Storing => {
                self.write(body)?;
                self.end()
            }
            outcome => Ok(outcome),
        }
    }

    /// Reports the head of the origin's answer.
    pub fn begin(&mut self, head: &ResponseHead) -> Result<Outcome> {
        let conditional = self.check_awaiting("hc_store_begin")?;
        if head.status < 200 {
            let message = format!("status {}: interim responses are not reported", head.status);
            return Err(Error::new(Kind::Argument, message));
        }
        let now = self.cache.now();
        self.now = now;
        if let Some(found) = self.found.take_if(|_| conditional && head.status == 304) {
            let validators = Validators::of(&found.stored.response.fields);
            return match validators.identified_by(&head.fields) {
                NotModified::Same => self.freshen(found, head, now),
                NotModified::Other => self.repeat(found),
            };
        }
        if stale::is_failure(head.status, self.settings()) && self.use_stale(now) {
            return Ok(Outcome::UsedStale);
        }
        self.invalidate_after(head);
        self.begin_storing(head, now)
    }

    /// Reports that the origin failed; says whether what is stored is handed on.
    pub fn fail(&mut self) -> Result<bool> {
        self.check_process()?;
        if !matches!(self.phase, Phase::Awaiting { .. } | Phase::Storing(_)) {
            return Err(self.out_of_order("hc_store_failure"));
        }
        self.phase = Phase::Ended;
        self.handed_on = None;
        self.reason = Reason::Origin;
        self.now = self.cache.now();
        Ok(self.use_stale(self.now))
    }

    /// §4.3.4: the 304 speaks of another response than the one whose validators were sent.
    fn repeat(&mut self, found: Box<Found>) -> Result<Outcome> {
        self.found = Some(found);
        self.forward = Some(self.request.clone());
        self.phase = Phase::Awaiting { conditional: false };
        Ok(Outcome::Repeat)
    }

    /// Hands on what is stored in place of a failed answer, where that is allowed (RFC 5861 §4).
    fn use_stale(&mut self, now: i64) -> bool {
        let Some(found) = self.found.take() else {
            return false;
        };
        let fields = &found.stored.response.fields;
        let freshness = Freshness::of(
            &found.stored.response,
            &found.stored.head.stamp,
            self.settings(),
        );
        if !stale::may_use(&freshness, fields, &self.directives, self.settings(), now) {
            self.found = Some(found);
            return false;
        }
        if let Err(error) = self.serve(found, false) {
            self.cache.report_fault("opening a stored body", &error);
            return false;
        }
        self.cache.counters().stale_hits();
        self.reason = Reason::Origin;
        self.phase = Phase::Ended;
        true
    }

    /// §4.4: what an unsafe request changed is no longer what is stored.
    fn invalidate_after(&mut self, head: &ResponseHead) {
        for url in invalidate::urls(&self.request.http, head, self.settings()) {
            let mut get = self.request.http.clone();
            get.url = url;
            get.body.clear();
            let sorts = self.settings().sorts_query();
            let row = PrimaryKey::new(&get, MethodClass::Get, sorts).url_row();
            self.cache.with_store("invalidating", |store| {
                store.submit(64, Box::new(move |txn| shelf::invalidate(txn, &row)))
            });
        }
    }

    fn begin_storing(&mut self, head: &ResponseHead, now: i64) -> Result<Outcome> {
        let framing = head.framing(&self.request.http.method);
        let mut kept = head.clone();
        remove_hop_by_hop(&mut kept.fields);
        let elapsed = now.saturating_sub(self.request_time).max(0);
        let mut info = Info {
            elapsed,
            ..Info::default()
        };
        let outcome = match self.check_storable(head, framing) {
            Err(reason) => {
                self.reason = reason;
                self.phase = Phase::Ended;
                Outcome::NotStored
            }
            Ok(()) => {
                let stamp = self.stamp(&kept, now);
                info.freshness = Some(Freshness::of(&kept, &stamp, self.settings()));
                info.key = self.key_of(&kept);
                let limit = self.settings().max_response_bytes;
                let storing = Storing::new(kept.clone(), stamp, framing, limit);
                self.phase = Phase::Storing(Box::new(storing));
                Outcome::Storing
            }
        };
        let announced = match framing {
            Framing::Length(length) => Some(length),
            _ => None,
        };
        let body = Body::Origins(announced);
        self.handed_on = Some(Response::new(kept, info, body, self.context()));
        Ok(outcome)
    }

    fn check_storable(
        &self,
        head: &ResponseHead,
        framing: Framing,
    ) -> std::result::Result<(), Reason> {
        if self.key.is_none() {
            return Err(self.reason);
        }
        let settings = self.settings();
        let limits = &settings.transfer;
        let is_too_large = head.fields.len() > limits.max_fields
            || head.fields.text().len() > limits.max_head_bytes;
        let is_too_long = match framing {
            Framing::Contradictory => return Err(Reason::Framing),
            Framing::Length(length) => settings
                .max_response_bytes
                .is_some_and(|most| length > most),
            Framing::Unannounced => false,
        };
        if is_too_large || is_too_long {
            return Err(Reason::TooLarge);
        }
        let is_head = self.request.http.method.as_str() == "HEAD";
        is_storable(head, is_head, &self.directives, settings)
    }

    /// The times and the expiry that a response received now is stored with.
    pub(super) fn stamp(&self, head: &ResponseHead, now: i64) -> Stamp {
        let asked = self.directives.max_age;
        freshness::stamp(head, asked, self.request_time, now, self.settings())
    }
}
