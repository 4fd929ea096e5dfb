//! A row of the records, as it is looked at here.

use std::sync::Arc;

use super::query::Query;
use crate::cache::{Cache, Request, shown};
use crate::key::{Hex, Key, ROW_SIZE, VARIANT_SIZE};
use crate::policy::freshness::Freshness;
use crate::policy::said::Said;
use crate::record::variants::Variants;
use crate::record::{Stored, StoredRequest};

/// Where a record stands. No row of another length holds one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Place {
    /// Under its primary key alone.
    Primary([u8; ROW_SIZE]),
    /// Beside other variants.
    Variant([u8; ROW_SIZE + VARIANT_SIZE]),
}

impl Place {
    pub(super) fn of(row: &[u8]) -> Option<Self> {
        let primary = row.try_into().ok().map(Place::Primary);
        primary.or_else(|| row.try_into().ok().map(Place::Variant))
    }

    pub(super) fn row(&self) -> &[u8] {
        match self {
            Place::Primary(row) => row,
            Place::Variant(row) => row,
        }
    }

    /// The row of its primary key.
    pub(super) fn primary(&self) -> [u8; ROW_SIZE] {
        self.row().first_chunk().copied().unwrap_or_default()
    }

    /// The variant that its row names.
    pub(super) fn variant(&self) -> Option<[u8; VARIANT_SIZE]> {
        match self {
            Place::Primary(_) => None,
            Place::Variant(row) => row.last_chunk().copied(),
        }
    }

    /// The row as a key is printed.
    pub(super) fn printed(&self) -> String {
        let row = self.primary();
        match self.variant() {
            Some(variant) => Key { row, variant }.to_string(),
            None => Hex(&row).to_string(),
        }
    }
}

/// A record that could be read.
pub(super) struct Readable {
    pub(super) key: Key,
    pub(super) stored: Stored,
    /// How fresh it is for this cache.
    pub(super) freshness: Freshness,
    /// The request that it answers, with REDACTED in the place of what is not stored; `None` where it is not known.
    pub(super) request: Option<Arc<Request>>,
}

/// What a row holds.
pub(super) enum Held {
    /// Which variants there are; no stored response.
    List,
    Unreadable,
    Response(Box<Readable>),
}

impl Held {
    pub(super) fn read(cache: &Cache, place: &Place, value: &[u8]) -> Self {
        if Variants::is_list(value) {
            return Held::List;
        }
        let stored = Stored::key_of(value).and_then(|key| Stored::decode(value, key));
        let Some(stored) = stored else {
            return Held::Unreadable;
        };
        let settings = cache.settings();
        let said = Said::by(&stored.response.fields, settings);
        let freshness = Freshness::of(&stored.response, &said, &stored.head.stamp, settings);
        let request = value
            .get(stored.request.clone())
            .and_then(StoredRequest::decode)
            .and_then(|request| shown::asked(&request));
        Held::Response(Box::new(Readable {
            key: Key {
                row: place.primary(),
                variant: stored.head.variant,
            },
            stored,
            freshness,
            request: request.map(|(shown, _)| Arc::new(shown)),
        }))
    }

    /// The same; `None` where a query does not ask for it.
    pub(super) fn asked_for(
        cache: &Cache,
        query: &Query,
        now: i64,
        place: &Place,
        value: &[u8],
    ) -> Option<Self> {
        let held = Held::read(cache, place, value);
        let is_asked_for = match &held {
            Held::List => false,
            Held::Unreadable => query.matches_unreadable(),
            Held::Response(readable) => query.matches(readable, now),
        };
        is_asked_for.then_some(held)
    }
}
