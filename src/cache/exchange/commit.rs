//! From an answer whose body arrived to the store.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::parts::Placed;
use super::storing::{Arrived, BodySource, Storing, entry};
use super::{Exchange, Outcome, Phase};
use crate::cache::body::Body;
use crate::cache::shelf::{self, Entry, Place};
use crate::cache::{Recorded, marks};
use crate::error::{Error, Kind, Result};
use crate::http::ResponseHead;
use crate::key::url::canonical;
use crate::key::{Key, PrimaryKey, marked, redact};
use crate::policy::no_vary_search::Variance;
use crate::policy::reason::Reason;
use crate::policy::said::Said;
use crate::storage::{Store, Transaction};

/// What a response was written as.
struct Written {
    key: Key,
    recorded: Option<Recorded>,
}

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
        let Phase::Storing(mut storing) = std::mem::replace(&mut self.phase, Phase::Ended) else {
            return Ok(Outcome::NotStored);
        };
        let cache = self.cache.clone();
        let committed = storing
            .finish(&cache)
            .and_then(|arrived| self.commit(&storing, arrived));
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

    fn commit(&mut self, storing: &Storing, arrived: Arrived) -> std::result::Result<(), Reason> {
        let cache = self.cache.clone();
        if let Err(refused) = self.judge_arrived(&arrived) {
            cache.with_store("dropping a body", |store| arrived.discard(store));
            return Err(refused);
        }
        let result = cache.with_store("storing a response", |store| {
            self.write_stored(store, storing, arrived)
        });
        match result {
            Some(Ok((body, written))) => {
                if let Some(response) = &mut self.handed_on {
                    response.replace_body(body);
                    response.info.key = Some(written.key);
                    response.info.recorded = written.recorded;
                    response.info.continued = false;
                }
                Ok(())
            }
            Some(Err(reason)) => Err(reason),
            None => Err(Reason::Store),
        }
    }

    /// Writes a response; gives the body to hand on and what it was written as, or why it is not stored after all.
    fn write_stored(
        &self,
        store: &Store,
        storing: &Storing,
        arrived: Arrived,
    ) -> Result<std::result::Result<(Body, Written), Reason>> {
        if self.secret != Some(*store.secret()) {
            // Its key and its marks belong to another directory, or to none.
            let message = "the cache directory is another one than when the request was looked up";
            return arrived
                .discard(store)
                .and(Err(Error::new(Kind::Io, message)));
        }
        let placed = match self.place(store, storing, &arrived) {
            Ok(placed) => placed,
            Err(error) => return arrived.discard(store).and(Err(error)),
        };
        let is_joined = placed.joined.is_some();
        if let Some(reason) = self.refusal(&placed) {
            if let Some(joined) = &placed.joined {
                joined.discard(store)?;
            }
            return arrived.discard(store).and(Ok(Err(reason)));
        }
        let stored = placed.joined.as_ref().unwrap_or(&arrived);
        let said = Said::by(&placed.head.fields, self.settings());
        let who = self.selector(&said);
        let source = BodySource::New(stored);
        let redacted = redact::response(&placed.head, &self.settings().lists.ignored)?;
        let request = self.stored_request(&placed.head.fields, store.secret())?;
        let (entry, head) = entry(
            store,
            &placed.key.text,
            &who,
            &redacted,
            &storing.stamp,
            &request,
            source,
        )?;
        let recorded = Recorded {
            id: head.id,
            mark: head.mark,
        };
        let written = Written {
            key: Key {
                row: placed.key.row,
                variant: head.variant,
            },
            recorded: Some(recorded).filter(|recorded| recorded.mark == self.mark),
        };
        let file = entry.file;
        // Opened first: once it is entered, another response may take its place.
        let body = if is_joined {
            let handed_on = placed.joined.as_ref().filter(|_| self.prefix.is_some());
            let body = handed_on.unwrap_or(&arrived).body(store);
            arrived.discard(store).and(body)
        } else {
            arrived.into_body(store)
        };
        let entered = body.and_then(|body| {
            let is_entered =
                self.enter(store, &placed.key, &placed.head, entry, placed.replaces)?;
            // Invalidated since it was asked for.
            Ok(is_entered
                .then_some((body, written))
                .ok_or(Reason::Invalidated))
        });
        match (&entered, file) {
            (Ok(Err(_)) | Err(_), Some(file)) => store.discard_body(&file).and(entered),
            _ => entered,
        }
    }

    /// Why an answer that was put together is not stored.
    fn refusal(&self, placed: &Placed<'_>) -> Option<Reason> {
        if self.prefix.is_some() && placed.head.status != 200 {
            // What was stored before is no longer there: the caller alone has both.
            return Some(Reason::Invalidated);
        }
        let settings = self.settings();
        let joined = placed.joined.as_ref()?;
        // The part that was there may be older than the names that are secret now.
        if redact::must_be_altered(&placed.head.fields, &settings.lists.ignored) {
            return Some(Reason::Redaction);
        }
        let is_too_large = joined.len() > settings.max_response_bytes?;
        is_too_large.then_some(Reason::TooLarge)
    }

    /// Enters a response unless its URL was invalidated since it was asked for.
    fn enter(
        &self,
        store: &Store,
        key: &PrimaryKey,
        response: &ResponseHead,
        entry: Entry,
        replaces: Option<(PrimaryKey, Place)>,
    ) -> Result<bool> {
        let is_current = Arc::new(AtomicBool::new(false));
        let (generation, uri) = (self.generation, key.uri);
        let most = self.settings().max_variants;
        let (key, result) = (key.clone(), is_current.clone());
        let path = self.path_to_enter(response);
        let size = entry.record.len();
        let change = move |txn: &mut Transaction<'_>| {
            let current = shelf::generation_in(txn, &uri)? == generation;
            result.store(current, Ordering::Relaxed);
            if !current {
                return Ok(());
            }
            if let Some((key, place)) = &replaces {
                shelf::remove(txn, key, place)?;
            }
            if let Some((row, url)) = &path {
                marks::enter_url(txn, row, url)?;
            }
            shelf::enter(txn, &key, &entry, most)
        };
        store.submit(size, Box::new(change))?;
        Ok(is_current.load(Ordering::Relaxed))
    }

    /// Where a response is to be found for other queries too, where it says so, and its URL.
    pub(super) fn path_to_enter(&self, response: &ResponseHead) -> Option<(marked::Row, String)> {
        let is_wanted = self.settings().no_vary_search && response.status != 206;
        let variance = Variance::by(&response.fields).filter(|_| is_wanted);
        variance.map(|_| {
            let url = &self.matched().url;
            let matching = self.matching();
            let canonical = canonical(url.as_str(), &matching, &self.secret());
            (marked::row_of_path(url), canonical.text.into_owned())
        })
    }
}
