//! From an answer whose body arrived, or a 304, to the store.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::storing::{Arrived, BodySource, entry};
use super::{Exchange, Outcome, Phase};
use crate::cache::body::Body;
use crate::cache::shelf::{self, Entry, Found, Place};
use crate::error::{Error, Kind, Result};
use crate::http::ResponseHead;
use crate::key::credentials;
use crate::key::selecting::{self, Vary, vary};
use crate::key::{Key, PrimaryKey};
use crate::policy::directives::ResponseDirectives;
use crate::policy::reason::Reason;
use crate::policy::update::freshened;
use crate::record::Stamp;
use crate::storage::{Store, Transaction};

impl Exchange {
    /// Takes the next bytes of the body; says whether it is still being stored.
    pub fn write(&mut self, data: &[u8]) -> Result<bool> {
        self.check_process()?;
        match &mut self.phase {
            Phase::Storing(storing) => Ok(storing.write(&self.cache, data)),
            _ => Err(self.out_of_order("hc_store_write")),
        }
    }

    /// Ends the body, and stores the response.
    pub fn end(&mut self) -> Result<Outcome> {
        self.check_process()?;
        if !matches!(self.phase, Phase::Storing(_)) {
            return Err(self.out_of_order("hc_store_end"));
        }
        let Phase::Storing(storing) = std::mem::replace(&mut self.phase, Phase::Ended) else {
            return Ok(Outcome::NotStored);
        };
        let cache = self.cache.clone();
        let committed = storing
            .finish(&cache)
            .and_then(|(arrived, stamp, head)| self.commit(arrived, &stamp, &head));
        match committed {
            Ok(()) => {
                cache.counters().stores();
                self.reason = Reason::None;
                Ok(Outcome::Stored)
            }
            Err(reason) => {
                self.reason = reason;
                self.hand_on_as_unstored();
                Ok(Outcome::NotStored)
            }
        }
    }

    fn commit(
        &mut self,
        arrived: Arrived,
        stamp: &Stamp,
        head: &ResponseHead,
    ) -> std::result::Result<(), Reason> {
        let cache = self.cache.clone();
        if let Err(refused) = self.judge_arrived(&arrived) {
            if let Arrived::File(file) = &arrived {
                cache.with_store("dropping a body", |store| store.discard_body(file));
            }
            return Err(refused);
        }
        let key = self.key.take().ok_or(Reason::Bypass)?;
        let result = cache.with_store("storing a response", |store| {
            let fields = &self.request.http.fields;
            let source = BodySource::New(&arrived);
            let (entry, _) = entry(store, &key.text, fields, head, stamp, source)?;
            let file = entry.file;
            // Opened first: once it is entered, another response may take its place.
            let entered = arrived.into_body(store).and_then(|body| {
                let is_entered = self.enter(store, &key, entry)?;
                Ok(is_entered.then_some(body))
            });
            match (&entered, file) {
                (Ok(None) | Err(_), Some(file)) => store.discard_body(&file).and(entered),
                _ => entered,
            }
        });
        self.key = Some(key);
        match result {
            Some(Some(body)) => {
                self.hand_on_stored(body);
                Ok(())
            }
            Some(None) => Err(Reason::Invalidated),
            None => Err(Reason::Store),
        }
    }

    /// Enters a response unless its URL was invalidated since it was asked for.
    fn enter(&self, store: &Store, key: &PrimaryKey, entry: Entry) -> Result<bool> {
        let is_current = Arc::new(AtomicBool::new(false));
        let (generation, url_row) = (self.generation, key.url_row());
        let most = self.settings().max_variants;
        let (key, result) = (key.clone(), is_current.clone());
        let size = entry.record.len();
        let change = move |txn: &mut Transaction<'_>| {
            let current = shelf::generation_in(txn, &url_row)? == generation;
            result.store(current, Ordering::Relaxed);
            if current {
                shelf::enter(txn, &key, &entry, most)
            } else {
                Ok(())
            }
        };
        store.submit(size, Box::new(change))?;
        Ok(is_current.load(Ordering::Relaxed))
    }

    fn hand_on_stored(&mut self, body: Body) {
        if let Some(response) = self.handed_on.take() {
            self.handed_on = Some(response.with_body(body));
        }
    }

    /// §4.3.4: the 304 says that what is stored is still valid. It is handed on also where it cannot be written.
    pub(super) fn freshen(
        &mut self,
        mut found: Box<Found>,
        not_modified: &ResponseHead,
        now: i64,
    ) -> Result<Outcome> {
        let place = Place::of(&found);
        found.stored.response.fields =
            freshened(&found.stored.response.fields, &not_modified.fields)?;
        let stamp = self.stamp(&found.stored.response, now);
        let cache = self.cache.clone();
        let stays = self.may_stay(&found.stored.response);
        cache.with_store("freshening a stored response", |store| {
            match (self.directives.no_store, stays) {
                // §5.2.1.5: nothing of the answer to such a request is stored; what was there is left.
                (true, _) => Ok(()),
                (false, true) => self.write_freshened(store, &place, &mut found, &stamp),
                (false, false) => self.remove(store, place),
            }
        });
        cache.counters().revalidations();
        found.stored.head.stamp = stamp;
        self.phase = Phase::Ended;
        self.reason = Reason::None;
        self.serve(found, true)?;
        if !stays {
            self.hand_on_as_unstored();
        }
        Ok(Outcome::Freshened)
    }

    fn write_freshened(
        &self,
        store: &Store,
        place: &Place,
        found: &mut Found,
        stamp: &Stamp,
    ) -> Result<()> {
        let key = self.key_of_found()?;
        let place = *place;
        let response = &found.stored.response;
        let fields = &self.request.http.fields;
        let source = BodySource::Kept(&found.stored.head, found.body.as_slice());
        let (entry, head) = entry(store, &key.text, fields, response, stamp, source)?;
        let most = self.settings().max_variants;
        let size = entry.record.len();
        let change = move |txn: &mut Transaction<'_>| {
            shelf::replace(txn, &key, &place, &entry, most).map(|_| ())
        };
        store.submit(size, Box::new(change))?;
        found.stored.head.variant = head.variant;
        Ok(())
    }

    fn remove(&self, store: &Store, place: Place) -> Result<()> {
        let key = self.key_of_found()?;
        store.submit(64, Box::new(move |txn| shelf::remove(txn, &key, &place)))
    }

    /// Whether a response may stay stored with what a 304 brought: no request would match it any more (§4.1), or
    /// it says no-store (§5.2.2.5).
    fn may_stay(&self, response: &ResponseHead) -> bool {
        let forbids =
            self.settings().cache_control && ResponseDirectives::read(&response.fields).no_store;
        vary(&response.fields) != Vary::Any && !forbids
    }

    fn key_of_found(&self) -> Result<PrimaryKey> {
        let missing = || Error::new(Kind::Internal, "found without a key");
        self.key.clone().ok_or_else(missing)
    }

    /// The key that a response to this request is stored under.
    pub(super) fn key_of(&self, head: &ResponseHead) -> Option<Key> {
        let row = self.key.as_ref()?.row;
        let Vary::Fields(names) = vary(&head.fields) else {
            return None;
        };
        let fields = &self.request.http.fields;
        self.cache.with_store("storing a response", |store| {
            let mark = credentials::mark(fields, store.secret());
            let variant = selecting::variant_id(fields, &names, &mark, store.secret());
            Ok(Key { row, variant })
        })
    }
}
