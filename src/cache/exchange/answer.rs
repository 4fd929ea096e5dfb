//! The origin's answer: what it changes, and what is handed on.

use super::storing::{Selector, Storing};
use super::{Exchange, Outcome, Phase};
use crate::cache::body::Body;
use crate::cache::{Info, Response, marks, shelf};
use crate::error::{Error, Kind, Result};
use crate::http::ResponseHead;
use crate::http::response::Framing;
use crate::key::selecting::{self, Vary, vary};
use crate::key::{self, Key, MethodClass, marked};
use crate::policy::freshness::{self, Freshness};
use crate::policy::range::{Asked, ContentRange};
use crate::policy::reason::Reason;
use crate::policy::said::Said;
use crate::policy::status::Handling;
use crate::policy::storable::{self, Answer};
use crate::policy::update::{of_not_modified, remove_hop_by_hop};
use crate::policy::validate::{NotModified, Validators, is_described_by};
use crate::policy::{groups, invalidate, precondition, stale};
use crate::record::Stamp;
use crate::storage::Transaction;

impl Exchange {
    /// Reports the origin's whole answer.
    pub fn store(&mut self, origin: &Response) -> Result<Outcome> {
        // Whether our conditions were sent in place of the caller's.
        let took_his_place = self.check_awaiting("hc_store")?;
        let Some(body) = origin.body_in_memory() else {
            let message = "the response to store was read, not built; store its head and pieces";
            return Err(Error::new(Kind::Misuse, message));
        };
        match self.begin(&origin.head)? {
            Outcome::Storing => {
                self.write(body)?;
                let outcome = self.end()?;
                if took_his_place {
                    self.answer_condition()?;
                }
                Ok(outcome)
            }
            outcome => Ok(outcome),
        }
    }

    /// The caller's own condition, which the origin did not see, judged against what was stored whole (§4.3.2): he may
    /// have it already.
    fn answer_condition(&mut self) -> Result<()> {
        let asks = &self.request.http.fields;
        let stored = self.handed_on.as_ref().filter(|response| {
            response.head.status == 200
                && response.info.key.is_some()
                && precondition::is_conditional(asks)
                && precondition::is_not_modified(asks, &response.head.fields, self.now)
        });
        let Some(stored) = stored else {
            return Ok(());
        };
        let mut not_modified = stored.with_body(Body::memory(Vec::new()));
        let fields = of_not_modified(&stored.head.fields);
        not_modified.head = ResponseHead::new(304, b"Not Modified")?;
        not_modified.head.fields = fields;
        self.handed_on = Some(not_modified);
        Ok(())
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
        self.forward_status = Some(head.status);
        if let Some(selected) = self.selected.take_if(|_| conditional && head.status == 304) {
            let validators = Validators::of(&selected.found.stored.response.fields);
            if validators.identified_by(&head.fields) == NotModified::Same {
                return self.freshen(selected, head, now);
            }
            self.selected = Some(selected);
            return self.repeat();
        }
        if let Some(outcome) = self.take_description(head, now)? {
            return Ok(outcome);
        }
        if !self.continues(head) {
            return self.repeat();
        }
        if stale::is_failure(head.status, self.settings()) && self.use_stale(now) {
            return Ok(Outcome::UsedStale);
        }
        self.invalidate_after(head);
        self.invalidate_groups_after(head);
        self.take_as_answer_to_get(head);
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
    fn repeat(&mut self) -> Result<Outcome> {
        self.forward = Some(self.request.clone());
        self.phase = Phase::Awaiting { conditional: false };
        Ok(Outcome::Repeat)
    }

    /// §4.3.5: a 200 to a HEAD describes what a GET would have got. If that is what is stored, it is freshened;
    /// if not, what is stored is no longer what the origin has.
    fn take_description(&mut self, head: &ResponseHead, now: i64) -> Result<Option<Outcome>> {
        let describes = self.is_head() && head.status == 200 && self.settings().cache_control;
        let Some(selected) = self.selected.take_if(|_| describes) else {
            return Ok(None);
        };
        let stored = &selected.found.stored.response.fields;
        if is_described_by(stored, selected.body_len(), &head.fields) {
            return self.freshen(selected, head, now).map(Some);
        }
        self.remove(&selected);
        Ok(None)
    }

    /// Hands on what is stored in place of a failed answer, where that is allowed (RFC 5861 §4).
    fn use_stale(&mut self, now: i64) -> bool {
        let allowed = self.selected.take_if(|selected| {
            let settings = self.settings.as_deref().unwrap_or(self.cache.settings());
            let freshness = &selected.freshness;
            !selected.is_invalid
                && stale::may_use(freshness, &selected.said, &self.directives, settings, now)
        });
        let Some(selected) = allowed else {
            return false;
        };
        if let Err(error) = self.serve(selected, false) {
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
            let matching = self.settings().matching();
            let row = self.cache.with_store("invalidating", |store| {
                Ok(key::uri_row(url.as_str(), &matching, store.secret()))
            });
            let Some(row) = row else {
                continue;
            };
            if self.settings().read_only {
                self.cache.hidden.hide(&row, self.now);
                continue;
            }
            let written = self.cache.with_store("invalidating", |store| {
                store.submit(64, Box::new(move |txn| shelf::invalidate(txn, &row)))
            });
            if written.is_none() {
                self.cache.hidden.hide(&row, self.now);
            }
        }
    }

    /// RFC 9875 §3: whole groups are no longer what is stored.
    fn invalidate_groups_after(&mut self, head: &ResponseHead) {
        let http = &self.request.http;
        for group in groups::invalidated(http, head, self.settings()) {
            let row = marked::row_of_group(&http.url, &group);
            let now = self.now;
            if self.settings().read_only {
                self.cache.hidden.hide(&row, now);
                continue;
            }
            let change = move |txn: &mut Transaction<'_>| marks::invalidate_group(txn, &row, now);
            let written = self.cache.with_store("invalidating a group", |store| {
                store.submit(64, Box::new(change))
            });
            if written.is_none() {
                self.cache.hidden.hide(&row, now);
            }
        }
    }

    /// RFC 9110 §9.3.3: an answer to a POST that says it is the representation of its own URL, and how long it is
    /// fresh, answers a later GET.
    fn take_as_answer_to_get(&mut self, head: &ResponseHead) {
        // What key the caller's functions would give the GET is not known.
        let has_own_keys = self.cache.options.own_matching.calls_back();
        if has_own_keys
            || self.secret.is_none()
            || !storable::answers_get(&self.request.http, head, self.settings())
        {
            return;
        }
        let mut get = self.matched().clone();
        get.body.clear();
        let key = self.identity(&get, MethodClass::Get).key;
        // Counted after its own invalidation.
        self.generation = self.generation_of(&key);
        self.key = Some(key);
    }

    fn begin_storing(&mut self, head: &ResponseHead, now: i64) -> Result<Outcome> {
        let framing = head.framing(&self.request.http.method);
        let mut kept = head.clone();
        remove_hop_by_hop(&mut kept.fields);
        // As it was received: also a directive that Connection names is heard (RFC 9110 §7.6.1).
        let said = Said::by(&head.fields, self.settings());
        let elapsed = now.saturating_sub(self.request_time).max(0);
        let mut info = Info {
            elapsed,
            ..Info::default()
        };
        let outcome = match self.check_storable(head, &said, framing) {
            Err(reason) => {
                self.reason = reason;
                self.phase = Phase::Ended;
                Outcome::NotStored
            }
            Ok(()) => {
                let stamp = self.stamp(&kept, &said, now);
                info.freshness = Some(Freshness::of(&kept, &said, &stamp, self.settings()));
                let part = ContentRange::by(&kept.fields).filter(|_| kept.status == 206);
                if kept.status == 206 && self.prefix.is_none() {
                    self.key = Some(self.key_for(MethodClass::Verbatim));
                }
                info.key = self.key_of(&kept, &said);
                let limit = self.settings().max_response_bytes;
                let storing = Storing::new(kept.clone(), stamp, part, framing, limit);
                self.phase = Phase::Storing(Box::new(storing));
                Outcome::Storing
            }
        };
        let announced = match framing {
            Framing::Length(length) => Some(length),
            _ => None,
        };
        self.say_status(&mut kept, &info)?;
        let body = Body::Origins(announced);
        self.handed_on = Some(Response::new(kept, info, body, self.context()));
        self.hand_on_continued()?;
        Ok(outcome)
    }

    fn check_storable(
        &self,
        head: &ResponseHead,
        said: &Said,
        framing: Framing,
    ) -> std::result::Result<(), Reason> {
        if self.key.is_none() {
            return Err(self.reason);
        }
        let settings = self.settings();
        if settings.read_only {
            return Err(Reason::ReadOnly);
        }
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
        let fields = &self.request.http.fields;
        let answer = Answer {
            request: &self.request.http,
            directives: &self.directives,
            has_credentials: self.has_credentials,
            asks_for_part: matches!(self.asked, Asked::One(_))
                || fields.contains(b"If-Range")
                || self.prefix.is_some(),
            response: head,
            said,
        };
        storable::is_storable(&answer, settings)
    }

    /// The times and the expiry that a response received now is stored with.
    pub(super) fn stamp(&self, head: &ResponseHead, said: &Said, now: i64) -> Stamp {
        let asked = self.directives.max_age;
        freshness::stamp(head, said, asked, self.request_time, now, self.settings())
    }

    /// The key that a response to this request is stored under.
    fn key_of(&self, head: &ResponseHead, said: &Said) -> Option<Key> {
        let row = self.key.as_ref()?.row;
        let Vary::Fields(names) = vary(&head.fields) else {
            return None;
        };
        let Selector {
            fields,
            mark,
            matching,
        } = self.selector(said);
        let secret = self.secret();
        let variant = selecting::variant_id(fields, &names, &mark, &matching, &secret);
        Some(Key { row, variant })
    }

    /// Adds this cache's member to Cache-Status, where that is wanted (RFC 9211).
    pub(super) fn say_status(&self, head: &mut ResponseHead, info: &Info) -> Result<()> {
        let settings = self.settings();
        if !settings.cache_status {
            return Ok(());
        }
        let was_forwarded = self.forward.is_some();
        let expires_at = info.freshness.and_then(|freshness| freshness.expires_at());
        let handling = Handling {
            is_hit: info.from_cache && !was_forwarded,
            forwarded_for: Some(self.forwarded_for).filter(|_| was_forwarded),
            forward_status: self.forward_status,
            ttl: expires_at.map(|expires_at| expires_at.saturating_sub(self.now)),
            is_stored: !info.from_cache && info.key.is_some(),
        };
        match handling.member(&settings.lists.cache_name) {
            Some(member) => head.fields.add(b"Cache-Status", member.as_bytes()),
            None => Ok(()),
        }
    }
}
