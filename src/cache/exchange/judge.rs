//! When the caller's filter is asked, and what its verdict does. Never inside a transaction.

use super::Exchange;
use super::selected::Selected;
use super::storing::Arrived;
use crate::cache::body::{Body, Bytes};
use crate::cache::{Info, Level, Response, Verdict, shelf};
use crate::policy::precondition;
use crate::policy::range::Asked;
use crate::policy::reason::Reason;
use crate::storage::BodyId;

impl Exchange {
    /// Asks before a response whose body arrived is stored.
    pub(super) fn judge_arrived(&self, arrived: &Arrived) -> Result<(), Reason> {
        let described = || {
            let body = match arrived {
                Arrived::Memory(bytes) => Body::memory(Bytes::from(bytes.as_slice())),
                Arrived::File(file) => Body::File(
                    self.cache
                        .with_store("opening a body", |store| store.open_body(file))?,
                ),
            };
            let body = match self.beginning() {
                Some(beginning) => Body::Joined(Box::new((beginning, body))),
                None => body,
            };
            Some(self.handed_on.as_ref()?.with_body(body))
        };
        match self.cache.filter().ask(&self.request, described) {
            Verdict::Keep => Ok(()),
            Verdict::Refuse => Err(Reason::Filter),
            Verdict::Failed(status) => {
                self.report_failed_filter(status);
                Err(Reason::Filter)
            }
        }
    }

    /// The stored response for the filter, where the caller gets a part of it, or hears that he has it.
    pub(super) fn stored_to_judge(&self, selected: &Selected, info: Info) -> Option<Response> {
        if !self.cache.filter().calls_back() {
            return None;
        }
        let fields = &self.request.http.fields;
        let is_less = precondition::is_conditional(fields) || self.asked != Asked::Whole;
        is_less.then(|| {
            let head = selected.found.stored.response.clone();
            Response::new(head, info, selected.body(), self.context())
        })
    }

    /// Asks when a stored response is handed on. What is refused is answered with all the same, and does not
    /// stay.
    pub(super) fn judge_reused(&mut self, id: BodyId, stored: Option<Response>) {
        // Of a GET that answers a HEAD the filter would see no content to judge by; it saw it before.
        if self.request.http.method.as_str() == "HEAD" && self.settings().cache_control {
            return;
        }
        let described = || stored.or_else(|| self.handed_on.as_ref().and_then(Response::another));
        match self.cache.filter().ask(&self.request, described) {
            Verdict::Keep => {}
            Verdict::Failed(status) => self.report_failed_filter(status),
            Verdict::Refuse if self.settings().read_only => {}
            Verdict::Refuse => {
                let key = self
                    .handed_on
                    .as_ref()
                    .and_then(|response| response.info.key);
                if let Some(key) = key {
                    shelf::remove_now(&self.cache, "removing what a filter refused", key, id);
                }
                self.hand_on_as_unstored();
            }
        }
    }

    /// What is handed on is not, or no longer, stored.
    pub(super) fn hand_on_as_unstored(&mut self) {
        if let Some(response) = &mut self.handed_on {
            response.info.forget();
        }
    }

    fn report_failed_filter(&self, status: i32) {
        self.cache.log().write(Level::Warning, || {
            format!("the filter failed with status {status}")
        });
    }
}
