//! Stored responses by their keys.

use std::ops::ControlFlow;
use std::sync::Arc;

use super::row::{Held, Place};
use super::walk::read;
use crate::cache::{Cache, Response};
use crate::error::Result;
use crate::key::printed::Printed;
use crate::key::{Key, variant_row};
use crate::policy::freshness::date_of;
use crate::storage::{Snapshot, Store, Table};

impl Cache {
    /// The stored response that a key names; of those of a primary key the newest. `None`: there is none that can be
    /// read.
    pub fn get(self: &Arc<Self>, key: &Printed) -> Result<Option<Response>> {
        self.get_with(key, true)
    }

    /// Whether there is one.
    pub fn contains(self: &Arc<Self>, key: &Printed) -> Result<bool> {
        Ok(self.get_with(key, false)?.is_some())
    }

    fn get_with(self: &Arc<Self>, key: &Printed, with_body: bool) -> Result<Option<Response>> {
        let store = self.current_store()?;
        // It may move to another row while it is looked for, as a second variant comes.
        const TRIES: usize = 8;
        for _ in 0..TRIES {
            let Some(place) = self.place_of(&store, key)? else {
                return Ok(None);
            };
            let take = |value: &[u8]| {
                let held = Held::read(self, &place, value);
                let is_meant = match (&held, key) {
                    (Held::Response(readable), Printed::One(key)) => readable.key == *key,
                    (Held::Response(_), Printed::Primary(_)) => true,
                    _ => false,
                };
                is_meant.then_some(held)
            };
            if let Some(found) = read(self, &store, place, with_body, &take)? {
                return Ok(found);
            }
        }
        Ok(None)
    }

    fn place_of(&self, store: &Store, key: &Printed) -> Result<Option<Place>> {
        store.read(|snapshot| match key {
            Printed::Primary(row) => self.newest(snapshot, row),
            Printed::One(key) => self.exactly(snapshot, key),
        })
    }

    fn exactly(&self, snapshot: &Snapshot<'_>, key: &Key) -> Result<Option<Place>> {
        let places = [
            Place::Variant(variant_row(&key.row, &key.variant)),
            Place::Primary(key.row),
        ];
        for place in places {
            let value = snapshot.get(Table::Records, place.row())?;
            let held = value.map(|value| Held::read(self, &place, value));
            if matches!(held, Some(Held::Response(readable)) if readable.key == *key) {
                return Ok(Some(place));
            }
        }
        Ok(None)
    }

    /// As a lookup chooses among several that match: by Date, then by when they were received.
    fn newest(&self, snapshot: &Snapshot<'_>, row: &[u8]) -> Result<Option<Place>> {
        let mut newest = None;
        snapshot.scan_prefix(Table::Records, row, &mut |row, value| {
            let Some(place) = Place::of(row) else {
                return Ok(ControlFlow::Continue(()));
            };
            if let Held::Response(readable) = Held::read(self, &place, value) {
                let received_at = readable.freshness.received_at;
                let date = date_of(&readable.stored.response.fields, received_at);
                let at = (date.unwrap_or(received_at), received_at);
                if newest.is_none_or(|(other, _)| at > other) {
                    newest = Some((at, place));
                }
            }
            Ok(ControlFlow::Continue(()))
        })?;
        Ok(newest.map(|(_, place)| place))
    }
}
