//! From the request to the decision.

use std::borrow::Cow;
use std::sync::Arc;

use super::{Exchange, Phase};
use crate::cache::shelf::{self, Found, Search};
use crate::cache::{Cache, Request};
use crate::error::{Error, Kind, Result};
use crate::key::PrimaryKey;
use crate::policy::decide::{Admission, Decision, admit, only_if_cached, reuse};
use crate::policy::directives::RequestDirectives;
use crate::policy::freshness::Freshness;
use crate::policy::reason::Reason;
use crate::policy::validate::Validators;
use crate::storage::forks;

impl Exchange {
    pub(in crate::cache) fn new(cache: &Arc<Cache>, request: &Arc<Request>) -> Result<Self> {
        let settings = cache.settings().with(&request.overrides);
        let url_bytes = request.http.url.as_str().len();
        if url_bytes > settings.max_url_bytes {
            let message = format!("the URL has {url_bytes} bytes, over HC_OPT_MAX_URL_BYTES");
            return Err(Error::new(Kind::TooLarge, message));
        }
        let own_settings = match settings {
            Cow::Borrowed(_) => None,
            Cow::Owned(settings) => Some(Box::new(settings)),
        };
        let now = cache.now();
        let mut exchange = Exchange {
            cache: cache.clone(),
            request: request.clone(),
            settings: own_settings,
            directives: RequestDirectives::read(&request.http.fields),
            key: None,
            found: None,
            forward: None,
            handed_on: None,
            decision: Decision::Forward,
            reason: Reason::None,
            phase: Phase::Ended,
            request_time: now,
            now,
            generation: 0,
            forks: forks(),
        };
        exchange.look_up()?;
        Ok(exchange)
    }

    fn look_up(&mut self) -> Result<()> {
        let class = match admit(&self.request.http, self.settings()) {
            Admission::LookUp(class) => class,
            Admission::Pass(reason) => return self.go_on(Decision::Forward, reason),
        };
        let http = &self.request.http;
        let key = PrimaryKey::new(http, class, self.settings().sorts_query());
        let search = self.cache.with_store("looking up", |store| {
            if http.method.as_str() == "HEAD" {
                shelf::find(store, &key, &http.fields)
            } else {
                shelf::find_and_open(store, &key, &http.fields)
            }
        });
        self.key = Some(key);
        let (decision, reason) = match search {
            Some(Search::Found(found)) => self.decide_on(found),
            Some(Search::Miss(reason)) => (Decision::Forward, reason),
            Some(Search::Unreadable) => {
                let error = Error::new(Kind::Corrupt, "a stored response cannot be read");
                self.cache.report_fault("looking up", &error);
                (Decision::Forward, Reason::UriMiss)
            }
            None => (Decision::Forward, Reason::Store),
        };
        self.go_on(decision, reason)
    }

    fn decide_on(&mut self, found: Box<Found>) -> (Decision, Reason) {
        let fields = &found.stored.response.fields;
        let freshness = Freshness::of(
            &found.stored.response,
            &found.stored.head.stamp,
            self.settings(),
        );
        let now = self.request_time;
        let decided = reuse(&freshness, fields, &self.directives, self.settings(), now);
        self.found = Some(found);
        decided
    }

    fn go_on(&mut self, decision: Decision, reason: Reason) -> Result<()> {
        let must_not_forward = only_if_cached(&self.directives, self.settings());
        self.reason = reason;
        self.decision = match decision {
            Decision::Forward if must_not_forward => Decision::Unsatisfiable,
            decided => decided,
        };
        match self.decision {
            Decision::Fresh | Decision::Stale => self.serve_or_forward(),
            Decision::Unsatisfiable => {
                self.phase = Phase::Answered;
                self.serve_unsatisfiable()
            }
            Decision::Forward | Decision::Revalidate => self.send(),
        }
    }

    /// Answers from the store; where the body's file cannot be opened, as on a miss.
    fn serve_or_forward(&mut self) -> Result<()> {
        let Some(found) = self.found.take() else {
            return self.send();
        };
        if let Err(error) = self.serve(found, false) {
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

    fn send(&mut self) -> Result<()> {
        if let Some(key) = &self.key {
            if self.found.is_none() {
                self.cache.counters().misses();
            }
            let url_row = key.url_row();
            let generation = self
                .cache
                .with_store("looking up", |store| shelf::generation(store, &url_row));
            self.generation = generation.unwrap_or(0);
        }
        let conditional = self.decision == Decision::Revalidate;
        self.forward = Some(match &self.found {
            Some(found) if conditional => {
                let mut request = Request::clone(&self.request);
                let validators = Validators::of(&found.stored.response.fields);
                validators.add_conditions(&mut request.http.fields)?;
                Arc::new(request)
            }
            _ => self.request.clone(),
        });
        self.phase = Phase::Awaiting { conditional };
        Ok(())
    }
}
