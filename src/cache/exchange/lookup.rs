//! From the request to the decision.

use std::borrow::Cow;
use std::sync::Arc;

use super::refresh::Turn;
use super::selected::Selected;
use super::{Exchange, Phase};
use crate::cache::shelf::{self, Found, Search, Who};
use crate::cache::{Cache, Request, marks};
use crate::error::{Error, Kind, Result};
use crate::key::credentials::NOBODY;
use crate::key::url::canonical;
use crate::key::{self, MethodClass, PrimaryKey, marked, variant_row};
use crate::policy::admit::{Admission, admit};
use crate::policy::decide::{Decision, only_if_cached, reuse};
use crate::policy::directives::RequestDirectives;
use crate::policy::no_vary_search::Variance;
use crate::policy::range::Asked;
use crate::policy::reason::Reason;
use crate::policy::validate::Validators;
use crate::policy::{groups, precondition};
use crate::storage::forks;

impl Exchange {
    /// Boxed from the beginning, as all that is large on the way of a hit: each move of it would be a copy.
    pub(in crate::cache) fn new(cache: &Arc<Cache>, request: &Arc<Request>) -> Result<Box<Self>> {
        let mut exchange = Self::begin_with(cache, request)?;
        exchange.look_up()?;
        Ok(exchange)
    }

    /// An exchange for which nothing was looked up yet.
    pub(super) fn begin_with(cache: &Arc<Cache>, request: &Arc<Request>) -> Result<Box<Self>> {
        let settings = cache.settings().with(&request.overrides);
        let url_bytes = request.http.url.as_str().len();
        if url_bytes > settings.max_url_bytes {
            let message = format!("the URL has {url_bytes} bytes, over HC_OPT_MAX_URL_BYTES");
            return Err(Error::new(Kind::TooLarge, message));
        }
        let own_settings = match settings.ruled_by(&request.http.url) {
            Some(ruled) => Some(Box::new(ruled)),
            None => match settings {
                Cow::Owned(settings) => Some(Box::new(settings)),
                Cow::Borrowed(_) => None,
            },
        };
        let now = cache.now();
        Ok(Box::new(Exchange {
            cache: cache.clone(),
            request: request.clone(),
            matched: None,
            own_key: None,
            settings: own_settings,
            directives: RequestDirectives::read(&request.http.fields),
            asked: Asked::Whole,
            class: MethodClass::Get,
            secret: None,
            key: None,
            mark: NOBODY,
            has_credentials: false,
            selected: None,
            prefix: None,
            forward: None,
            handed_on: None,
            decision: Decision::Forward,
            forwarded_for: Reason::None,
            reason: Reason::None,
            forward_status: None,
            phase: Phase::Ended,
            request_time: now,
            now,
            generation: 0,
            turn: None,
            forks: forks(),
        }))
    }

    fn look_up(&mut self) -> Result<()> {
        let (decision, reason) = match admit(&self.request.http, self.settings()) {
            Admission::LookUp(class, asked) => {
                self.asked = asked;
                self.identify_and_search(class)?
            }
            Admission::AnswersGet => {
                self.secret = self.cache.secret();
                let identity = self.identity(self.matched(), MethodClass::Get);
                self.mark = identity.mark;
                self.has_credentials = identity.has_credentials;
                (Decision::Forward, Reason::Method)
            }
            Admission::Pass(reason) => (Decision::Forward, reason),
        };
        self.go_on(decision, reason)
    }

    fn identify_and_search(&mut self, class: MethodClass) -> Result<(Decision, Reason)> {
        self.secret = self.cache.secret();
        if self.secret.is_none() {
            return Ok((Decision::Forward, Reason::Store));
        }
        match self.identify(class) {
            Ok(()) => Ok(self.search()),
            Err(error) => {
                self.past_identity(error)?;
                Ok((Decision::Forward, Reason::Key))
            }
        }
    }

    fn search(&mut self) -> (Decision, Reason) {
        let Some(key) = self.key.clone() else {
            return (Decision::Forward, Reason::Bypass);
        };
        let reason = match self.find(key) {
            Ok(selected) => {
                if !precondition::is_same_for_range(
                    &self.request.http.fields,
                    &selected.found.stored.response.fields,
                ) {
                    // RFC 9110 §13.1.5: of another representation the whole is wanted.
                    self.asked = Asked::Whole;
                }
                return self.decide_on(selected);
            }
            Err(reason) => reason,
        };
        match self.find_part() {
            Ok(selected) => return self.decide_on(selected),
            Err(Some(reason)) => return (Decision::Forward, reason),
            Err(None) => {}
        }
        if let Some(selected) = self.find_beside().filter(|_| reason == Reason::UriMiss) {
            return self.decide_on(selected);
        }
        self.prefix = self.find_prefix();
        match &self.prefix {
            Some(_) => (Decision::Forward, Reason::Partial),
            None => (Decision::Forward, reason),
        }
    }

    /// A response stored for another query, which says that the difference counts for nothing.
    fn find_beside(&self) -> Option<Box<Selected>> {
        let http = self.matched();
        if !self.settings().no_vary_search || self.own_key.is_some() {
            return None;
        }
        let urls = self
            .cache
            .with_store("looking up", |store| marks::urls_beside(store, &http.url))?;
        let secret = self.secret();
        let matching = self.settings().matching();
        let own = canonical(http.url.as_str(), &matching, &secret);
        let query = |url: &str| url.split_once('?').map(|(_, query)| query.to_owned());
        urls.iter().find_map(|url| {
            let identity = key::identify_as(url, http, self.class, &matching, &secret);
            let found = self.find(identity.key).ok()?;
            let variance = Variance::by(&found.found.stored.response.fields)?;
            let is_same = variance.are_same(query(&own.text).as_deref(), query(url).as_deref());
            is_same.then_some(found)
        })
    }

    /// A stored part that holds the one that is asked for; if there is another part, that it does not.
    fn find_part(&self) -> std::result::Result<Box<Selected>, Option<Reason>> {
        let Asked::One(range) = self.asked else {
            return Err(None);
        };
        let fields = &self.request.http.fields;
        let is_same = |selected: &Selected| {
            precondition::is_same_for_range(fields, &selected.found.stored.response.fields)
        };
        let joined = self.find(self.key_for(MethodClass::Part)).ok();
        let is_there = joined.is_some();
        let joined = joined.filter(|selected| selected.holds(range) && is_same(selected));
        let found = joined.or_else(|| {
            let verbatim = self.find(self.key_for(MethodClass::Verbatim)).ok();
            verbatim.filter(|selected| is_same(selected))
        });
        found.ok_or(is_there.then_some(Reason::Partial))
    }

    /// The stored response that the request selects under a key; if none, why.
    pub(super) fn find(&self, key: PrimaryKey) -> std::result::Result<Box<Selected>, Reason> {
        let settings = self.settings();
        let search = self.cache.with_store("looking up", |store| {
            let fields = &self.matched().fields;
            let who = Who::new(fields, self.mark, store.secret(), settings);
            if self.is_head() {
                shelf::find(store, &key, &who)
            } else {
                shelf::find_and_open(store, &key, &who)
            }
        });
        match search {
            Some(Search::Found(found)) => self.select(key, found),
            Some(Search::Miss(reason)) => Err(reason),
            Some(Search::Unreadable) => {
                let error = Error::new(Kind::Corrupt, "a stored response cannot be read");
                self.cache.report_fault("looking up", &error);
                Err(Reason::UriMiss)
            }
            None => Err(Reason::Store),
        }
    }

    /// What is known of a stored response that was found; if it is not there for this cache, why.
    pub(super) fn select(
        &self,
        key: PrimaryKey,
        found: Box<Found>,
    ) -> std::result::Result<Box<Selected>, Reason> {
        if self.is_hidden(&key, &found) {
            return Err(Reason::UriMiss);
        }
        let mut selected = Selected::new(key, found, self.settings());
        if self.settings().groups {
            selected.is_invalid = self.is_group_invalid(&selected);
        }
        Ok(selected)
    }

    /// Whether it was changed through this cache, which could not write that down.
    fn is_hidden(&self, key: &PrimaryKey, found: &Found) -> bool {
        let asked_at = found.stored.head.stamp.request_time;
        self.cache.hidden.is_hidden(&key.uri, asked_at)
    }

    /// Whether a group of it was made invalid since it was asked for (RFC 9875 §2.2).
    fn is_group_invalid(&self, selected: &Selected) -> bool {
        let stored = &selected.found.stored;
        let groups = groups::of(&stored.response.fields);
        let url = &self.request.http.url;
        let asked_at = stored.head.stamp.request_time;
        let is_hidden = |group: &String| {
            let row = marked::row_of_group(url, group);
            self.cache.hidden.is_hidden(&row, asked_at)
        };
        if groups.iter().any(is_hidden) {
            return true;
        }
        let since = self.cache.with_store("looking up", |store| {
            if groups.is_empty() {
                return Ok(None);
            }
            marks::invalid_since(store, url, &groups)
        });
        // What cannot be known is taken for invalid.
        since.is_none_or(|since| since.is_some_and(|at| at >= asked_at))
    }

    pub(super) fn decide_on(&mut self, selected: Box<Selected>) -> (Decision, Reason) {
        let decided = reuse(
            &selected.candidate(),
            &self.directives,
            self.settings(),
            self.request_time,
        );
        // What is not there for these settings is not there for a failure either.
        if decided.1 != Reason::UriMiss {
            self.selected = Some(selected);
        }
        decided
    }

    fn go_on(&mut self, decision: Decision, reason: Reason) -> Result<()> {
        let must_not_forward = only_if_cached(&self.directives, self.settings());
        self.reason = reason;
        self.forwarded_for = reason;
        self.decision = match decision {
            Decision::Forward if must_not_forward => Decision::Unsatisfiable,
            decided => decided,
        };
        match self.decision {
            Decision::Fresh | Decision::Stale => self.serve_or_forward(),
            Decision::StaleRevalidate => self.serve_and_revalidate(),
            Decision::Unsatisfiable => {
                self.phase = Phase::Answered;
                self.serve_unsatisfiable()
            }
            Decision::Forward | Decision::Revalidate => self.send(),
        }
    }

    /// Answers from the store; where the body's file cannot be opened, as on a miss.
    fn serve_or_forward(&mut self) -> Result<()> {
        let Some(selected) = self.selected.take() else {
            return self.send();
        };
        if let Err(error) = self.serve(selected, false) {
            self.cache.report_fault("opening a stored body", &error);
            return self.go_on(Decision::Forward, Reason::Store);
        }
        match self.decision {
            Decision::Fresh => self.cache.counters().hits(),
            _ => self.cache.counters().stale_hits(),
        }
        self.phase = Phase::Answered;
        Ok(())
    }

    /// Answers from the store, and has the origin asked, unless that is done for another caller already.
    fn serve_and_revalidate(&mut self) -> Result<()> {
        let turn = self.selected.as_ref().and_then(|selected| {
            let variant = &selected.found.stored.head.variant;
            Turn::take(&self.cache, variant_row(&selected.key.row, variant))
        });
        if turn.is_none() {
            self.decision = Decision::Stale;
            return self.serve_or_forward();
        }
        self.turn = turn;
        let kept = self.selected.as_ref().map(|selected| selected.another());
        self.serve_or_forward()?;
        if !matches!(self.phase, Phase::Answered) {
            return Ok(());
        }
        self.selected = kept;
        self.ask_for_all_that_is_stored();
        self.send()
    }

    /// Nobody waits for the answer: what the caller has already, or wanted a part of, is of no interest to it.
    fn ask_for_all_that_is_stored(&mut self) {
        let mut request = Request::clone(&self.request);
        let fields = &mut request.http.fields;
        precondition::remove(fields);
        let is_whole = |selected: &Selected| selected.found.stored.response.status != 206;
        if self.selected.as_deref().is_some_and(is_whole) {
            fields.remove(b"Range");
            fields.remove(b"If-Range");
            self.asked = Asked::Whole;
        }
        self.request = Arc::new(request);
    }

    fn send(&mut self) -> Result<()> {
        if let Some(key) = &self.key {
            if self.selected.is_none() {
                self.cache.counters().misses();
            }
            self.generation = self.generation_of(key);
        }
        let validates = matches!(
            self.decision,
            Decision::Revalidate | Decision::StaleRevalidate
        );
        let mut conditional = false;
        self.forward = Some(match &self.selected {
            Some(selected) if validates => {
                let validators = Validators::of(&selected.found.stored.response.fields);
                conditional = !validators.is_empty();
                let mut request = Request::clone(&self.request);
                if conditional {
                    // §4.3.1: the caller's own conditions are judged when the answer is there.
                    precondition::remove(&mut request.http.fields);
                    validators.add_conditions(&mut request.http.fields)?;
                }
                Arc::new(request)
            }
            _ => self.request_for_the_rest()?,
        });
        self.phase = Phase::Awaiting { conditional };
        Ok(())
    }

    pub(super) fn generation_of(&self, key: &PrimaryKey) -> u64 {
        let generation = self
            .cache
            .with_store("looking up", |store| shelf::generation(store, &key.uri));
        generation.unwrap_or(0)
    }
}
