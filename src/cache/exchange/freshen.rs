//! What an origin confirms or takes back of a stored response (§4.3.4, §4.3.5).

use super::selected::Selected;
use super::storing::{BodySource, Selector, entry};
use super::{Exchange, Outcome, Phase};
use crate::cache::shelf::{self, Place};
use crate::error::Result;
use crate::http::ResponseHead;
use crate::key::credentials;
use crate::key::redact;
use crate::key::selecting::{Vary, vary};
use crate::policy::reason::Reason;
use crate::policy::said::Said;
use crate::policy::storable::may_keep;
use crate::policy::update::freshened;
use crate::storage::{Store, Transaction};

impl Exchange {
    /// The origin says that what is stored is still valid. It is handed on also where that cannot be written.
    pub(super) fn freshen(
        &mut self,
        mut selected: Box<Selected>,
        confirmation: &ResponseHead,
        now: i64,
    ) -> Result<Outcome> {
        let place = Place::of(&selected.found);
        let stored = &mut selected.found.stored;
        stored.response.fields = freshened(&stored.response.fields, &confirmation.fields, now)?;
        let said = Said::by(&stored.response.fields, self.settings());
        stored.head.stamp = self.stamp(&stored.response, &said, now);
        selected.judge_anew(self.settings());
        let stays = self.may_stay(&selected);
        let cache = self.cache.clone();
        cache.with_store("freshening a stored response", |store| {
            match (self.directives.no_store || self.settings().read_only, stays) {
                // §5.2.1.5: nothing of the answer to such a request is stored; what was there is left.
                (true, _) => Ok(()),
                (false, true) => self.write_freshened(store, &place, &mut selected),
                (false, false) => shelf::submit_removal(store, &selected.key, place),
            }
        });
        cache.counters().revalidations();
        self.phase = Phase::Ended;
        self.reason = Reason::None;
        self.serve(selected, true)?;
        if !stays {
            self.hand_on_as_unstored();
        }
        Ok(Outcome::Freshened)
    }

    fn write_freshened(&self, store: &Store, place: &Place, selected: &mut Selected) -> Result<()> {
        let place = *place;
        let found = &mut selected.found;
        let who = Selector {
            fields: &self.matched().fields,
            mark: found.stored.head.mark,
            matching: self.settings().matching(),
        };
        let source = BodySource::Kept(&found.stored.head, found.body.as_slice());
        let key = selected.key.clone();
        let Some(request) = shelf::stored_request(store, &key, &place)? else {
            return Ok(());
        };
        let redacted = redact::response(&found.stored.response, &self.settings().lists.ignored)?;
        let stamp = found.stored.head.stamp;
        let (entry, head) = entry(store, &key.text, &who, &redacted, &stamp, &request, source)?;
        let most = self.settings().max_variants;
        let size = entry.record.len();
        let change = move |txn: &mut Transaction<'_>| {
            shelf::replace(txn, &key, &place, &entry, most).map(|_| ())
        };
        store.submit(size, Box::new(change))?;
        found.stored.head.variant = head.variant;
        Ok(())
    }

    /// Takes away a stored response that the origin no longer has.
    pub(super) fn remove(&self, selected: &Selected) {
        if self.settings().read_only {
            let row = selected.key.uri;
            return self.cache.hidden.hide(&row, self.now);
        }
        let place = Place::of(&selected.found);
        self.cache
            .with_store("removing a stored response", |store| {
                shelf::submit_removal(store, &selected.key, place)
            });
    }

    /// Whether a response may stay stored with what a confirmation brought: no request would match it any more
    /// (§4.1), or it says no-store (§5.2.2.5), or private to a shared cache (§5.2.2.7), or it names a URL with a
    /// secret in it.
    fn may_stay(&self, selected: &Selected) -> bool {
        let response = &selected.found.stored.response;
        let settings = self.settings();
        let may = !settings.cache_control || may_keep(&selected.said, response.status, settings);
        // §3.5: what was for all, and is no longer so, was fetched with credentials that it does not carry.
        let is_ownerless = settings.shared
            && selected.found.stored.head.mark == credentials::NOBODY
            && self.has_credentials
            && !selected.said.directives.allow_sharing();
        let ignored = &settings.lists.ignored;
        let may = may && !redact::must_be_altered(&response.fields, ignored);
        may && !is_ownerless && vary(&response.fields) != Vary::Any
    }
}
