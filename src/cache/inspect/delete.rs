//! Deleting what the user names. It works on a cache that is opened to read only, too; not where nothing can be written.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::aliases;
use super::bodies::{release, unheld};
use super::keys::Keys;
use super::query::Query;
use super::row::{Held, Place};
use super::walk::Rows;
use crate::cache::{Cache, shelf};
use crate::error::Result;
use crate::key::printed::Printed;
use crate::key::{Key, PrimaryKey, URL_SIZE, marked, variant_row};
use crate::record::Head;
use crate::record::variants::Variants;
use crate::storage::{BodyId, Store, Table, Transaction};

/// So many rows are deleted in one transaction, so that nobody waits for long.
const ROWS: usize = 256;

/// A record to be deleted, if it is still the one that was looked at.
struct Doomed {
    place: Place,
    /// `None`: it could not be read.
    id: Option<BodyId>,
}

impl Cache {
    /// Deletes the stored response that a key names, or all variants of a primary key; says how many there were.
    pub fn delete(&self, key: &Printed) -> Result<u64> {
        let store = self.current_store()?;
        match *key {
            Printed::Primary(row) => submit(&store, 64, move |txn| shelf::remove_all(txn, &row)),
            Printed::One(key) => submit(&store, 64, move |txn| take_one(txn, &key)),
        }
    }

    /// Deletes the stored responses that a query asks for, some in each transaction; says how many there were. One
    /// without any condition is an error.
    pub fn delete_where(&self, query: &Query) -> Result<u64> {
        query.check_narrow()?;
        let store = self.current_store()?;
        let now = self.now();
        let mut rows = Rows::find(self, query, &store, now)?;
        let (mut deleted, mut left) = (0, query.limit.unwrap_or(u64::MAX));
        while left > 0 {
            let most = usize::try_from(left).unwrap_or(ROWS).min(ROWS);
            let places = rows.some(self, query, &store, now, most)?;
            if places.is_empty() {
                break;
            }
            let doomed = self.doomed(&store, query, now, places)?;
            let size = 64 * doomed.len();
            let gone = submit(&store, size, move |txn| take_doomed(txn, &doomed))?;
            deleted += gone;
            left -= gone.min(left);
        }
        Ok(deleted + aliases::delete(self, query, &store, left)?)
    }

    /// Deletes everything, some in each transaction; says how many stored responses there were. What was asked for
    /// before a URL was invalidated is not stored afterwards either.
    pub fn clear(&self) -> Result<u64> {
        let store = self.current_store()?;
        let mut deleted = 0;
        let mut keys = Keys::of(Table::Records);
        while let Some(rows) = keys.next(&store, &mut |_, _, _| Ok(true))? {
            deleted += submit(&store, 64 * rows.len(), move |txn| take_rows(txn, &rows))?;
        }
        // Those of what was stored are gone with it.
        self.forget_aliases()?;
        let mut keys = Keys::of(Table::Marks);
        while let Some(rows) = keys.next(&store, &mut |_, row, _| Ok(marked::leads_on(row)))? {
            submit(&store, 64 * rows.len(), move |txn| {
                rows.iter()
                    .try_for_each(|row| txn.delete(Table::Marks, row).map(drop))?;
                Ok(0)
            })?;
        }
        let mut keys = Keys::of(Table::Bodies);
        while let Some(ids) = unheld(&mut keys, &store)? {
            release(&store, ids)?;
        }
        Ok(deleted)
    }

    fn doomed(
        &self,
        store: &Store,
        query: &Query,
        now: i64,
        places: Vec<Place>,
    ) -> Result<Vec<Doomed>> {
        store.read(|snapshot| {
            let mut doomed = Vec::new();
            for place in places {
                let Some(value) = snapshot.get(Table::Records, place.row())? else {
                    continue;
                };
                let id = match Held::asked_for(self, query, now, &place, value) {
                    Some(Held::Response(readable)) => Some(readable.stored.head.id),
                    Some(Held::Unreadable) => None,
                    Some(Held::List) | None => continue,
                };
                doomed.push(Doomed { place, id });
            }
            Ok(doomed)
        })
    }
}

/// Makes a change that counts what it takes away.
pub(super) fn submit(
    store: &Store,
    size: usize,
    mut change: impl FnMut(&mut Transaction<'_>) -> Result<u64> + Send + 'static,
) -> Result<u64> {
    let counted = Arc::new(AtomicU64::new(0));
    let result = counted.clone();
    let change = move |txn: &mut Transaction<'_>| {
        // It may run more than once: the last run is the one that is committed.
        result.store(change(txn)?, Ordering::Relaxed);
        Ok(())
    };
    store.submit(size, Box::new(change))?;
    Ok(counted.load(Ordering::Relaxed))
}

fn take_one(txn: &mut Transaction<'_>, key: &Key) -> Result<u64> {
    let place = Place::Variant(variant_row(&key.row, &key.variant));
    if txn.get(Table::Records, place.row())?.is_some() {
        return take(txn, &place).map(|()| 1);
    }
    let place = Place::Primary(key.row);
    let head = txn.get(Table::Records, place.row())?.and_then(Head::decode);
    if head.is_none_or(|head| head.variant != key.variant) {
        return Ok(0);
    }
    take(txn, &place).map(|()| 1)
}

fn take_doomed(txn: &mut Transaction<'_>, doomed: &[Doomed]) -> Result<u64> {
    let mut taken = 0;
    for Doomed { place, id } in doomed {
        let Some(value) = txn.get(Table::Records, place.row())? else {
            continue;
        };
        let present = Head::decode(value).map(|head| head.id);
        // Of a record with a sound head the body is damaged.
        let is_same = id.is_none() || present == *id;
        if is_same && !Variants::is_list(value) {
            take(txn, place)?;
            taken += 1;
        }
    }
    Ok(taken)
}

fn take_rows(txn: &mut Transaction<'_>, rows: &[Vec<u8>]) -> Result<u64> {
    let mut taken = 0;
    for row in rows {
        let Some(value) = txn.get(Table::Records, row)? else {
            continue;
        };
        let is_list = Variants::is_list(value);
        match Place::of(row) {
            Some(place) if is_list => taken += shelf::remove_all(txn, &place.primary())?,
            Some(place) => {
                take(txn, &place)?;
                taken += 1;
            }
            // No version of this library made it.
            None => {
                txn.delete(Table::Records, row)?;
            }
        }
    }
    Ok(taken)
}

/// Takes away what stands in a row of the records, and its place in the list of variants.
pub(super) fn take(txn: &mut Transaction<'_>, place: &Place) -> Result<()> {
    let key = PrimaryKey {
        row: place.primary(),
        uri: [0; URL_SIZE],
        text: Vec::new(),
    };
    let found = shelf::Place {
        id: BodyId::default(),
        variant: place.variant().unwrap_or_default(),
        is_variant: place.variant().is_some(),
    };
    shelf::remove_row(txn, &key, &found, None)
}
