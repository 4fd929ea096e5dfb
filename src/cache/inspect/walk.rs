//! A walk over the stored responses. Between two steps it holds rows and no transaction: what is stored or deleted
//! meanwhile may or may not be met.

use std::collections::VecDeque;
use std::sync::Arc;

use super::aliases::Aliases;
use super::best::Best;
use super::pages::Pages;
use super::query::{Order, Query};
use super::row::{Held, Place, Readable};
use crate::cache::aliases::Listed;
use crate::cache::body::{Body, Bytes};
use crate::cache::response::Context;
use crate::cache::{Cache, Info, Response, shelf};
use crate::error::{Cause, Error, Kind, Result};
use crate::storage::{Store, Table, forks};

/// What a step met.
pub enum Item {
    /// A stored response.
    Response(Response),
    /// A record that cannot be read.
    Unreadable(Unreadable),
    /// Where a stored redirect leads to.
    Alias(Listed),
}

/// Where a record stands that cannot be read.
pub struct Unreadable(Place);

impl Item {
    /// The stored response; `None`: it cannot be read, or is an alias.
    pub fn response(&self) -> Option<&Response> {
        match self {
            Item::Response(response) => Some(response),
            _ => None,
        }
    }

    /// The same, taken out.
    pub fn into_response(self) -> Option<Response> {
        match self {
            Item::Response(response) => Some(response),
            _ => None,
        }
    }

    /// Its key as it is printed. Of a record that cannot be read, that of the row it stands in.
    pub fn key(&self) -> String {
        let key = match self {
            Item::Response(response) => response.info.key,
            Item::Unreadable(Unreadable(place)) => return place.printed(),
            Item::Alias(listed) => listed.alias.hops.first().map(|hop| hop.key),
        };
        key.map(|key| key.to_string()).unwrap_or_default()
    }
}

/// A walk. Thread: one.
pub struct Walk {
    cache: Arc<Cache>,
    query: Query,
    rows: Option<Rows>,
    aliases: Aliases,
    /// How many may still be given.
    left: u64,
    now: i64,
    forks: u64,
}

/// Rows that are asked for, as they were when they were looked at.
pub(super) struct Rows {
    /// Where more of them come from, when those are used up.
    pages: Option<Pages>,
    ready: VecDeque<Place>,
}

impl Walk {
    pub(super) fn new(cache: &Arc<Cache>, query: Query) -> Self {
        Walk {
            cache: cache.clone(),
            left: query.limit.unwrap_or(u64::MAX),
            aliases: Aliases::new(&query),
            query,
            rows: None,
            now: 0,
            forks: forks(),
        }
    }

    /// What the clock said in the last step.
    pub fn now(&self) -> i64 {
        self.now
    }

    /// The next one; `None` at the end. Its body is read, or opened, only `with_body`.
    pub fn step(&mut self, with_body: bool) -> Result<Option<Item>> {
        if self.forks != forks() {
            let message = "the walk was begun before a fork; in the child it may only be freed";
            return Err(Error::new(Kind::Misuse, message));
        }
        self.now = self.cache.now();
        let store = self.cache.current_store()?;
        let mut rows = match self.rows.take() {
            Some(rows) => rows,
            None => Rows::find(&self.cache, &self.query, &store, self.now)?,
        };
        let item = self.item_of(&mut rows, &store, with_body);
        self.rows = Some(rows);
        item
    }

    fn item_of(&mut self, rows: &mut Rows, store: &Store, with_body: bool) -> Result<Option<Item>> {
        while self.left > 0 {
            let Some(place) = rows.next(&self.cache, &self.query, store, self.now)? else {
                let alias = self.aliases.next(&self.cache, &self.query, store)?;
                self.left -= u64::from(alias.is_some());
                return Ok(alias.map(Item::Alias));
            };
            if let Some(item) = self.item(store, place, with_body)? {
                self.left -= 1;
                return Ok(Some(item));
            }
        }
        Ok(None)
    }

    /// Reads a row anew; `None` where it is no longer what is asked for.
    fn item(&self, store: &Store, place: Place, with_body: bool) -> Result<Option<Item>> {
        match read(&self.cache, store, place, with_body, &|value| {
            Held::asked_for(&self.cache, &self.query, self.now, &place, value)
        }) {
            Ok(None) => Ok(None),
            Ok(Some(Some(response))) => Ok(Some(Item::Response(response))),
            Ok(Some(None)) => Ok(Some(Item::Unreadable(Unreadable(place)))),
            // Whose body is damaged is one that cannot be read.
            Err(error) if error.kind() == Kind::Corrupt => {
                self.cache
                    .report_fault("walking the stored responses", &error);
                let item = || Item::Unreadable(Unreadable(place));
                Ok(self.query.matches_unreadable().then(item))
            }
            Err(error) => Err(error),
        }
    }
}

impl Rows {
    pub(super) fn find(cache: &Cache, query: &Query, store: &Store, now: i64) -> Result<Self> {
        let mut pages = match query.kinds.are_aliases_alone() {
            true => Pages::none(),
            false => Pages::of(cache, query, store)?,
        };
        if query.order == Order::Key && !query.is_descending {
            return Ok(Rows {
                pages: Some(pages),
                ready: VecDeque::new(),
            });
        }
        let mut best = Best::new(query.is_descending, query.limit.unwrap_or(u64::MAX));
        while pages.next(store, &mut |place, value| match Held::asked_for(
            cache, query, now, &place, value,
        ) {
            Some(held) => best.meet(query.rank(&held), place),
            None => Ok(()),
        })? {}
        Ok(Rows {
            pages: None,
            ready: best.into_sorted().into(),
        })
    }

    pub(super) fn next(
        &mut self,
        cache: &Cache,
        query: &Query,
        store: &Store,
        now: i64,
    ) -> Result<Option<Place>> {
        while self.ready.is_empty()
            && let Some(pages) = &mut self.pages
        {
            let ready = &mut self.ready;
            let goes_on = pages.next(store, &mut |place, value| {
                let held = Held::asked_for(cache, query, now, &place, value);
                ready.extend(held.map(|_| place));
                Ok(())
            })?;
            if !goes_on {
                self.pages = None;
            }
        }
        Ok(self.ready.pop_front())
    }
}

impl Rows {
    /// The next rows, at most so many; none at the end.
    pub(super) fn some(
        &mut self,
        cache: &Cache,
        query: &Query,
        store: &Store,
        now: i64,
        most: usize,
    ) -> Result<Vec<Place>> {
        let mut some = Vec::new();
        while some.len() < most
            && let Some(place) = self.next(cache, query, store, now)?
        {
            some.push(place);
        }
        Ok(some)
    }
}

/// Reads the record of a row, and with it its body. `None`: it is not what `take` takes; `Some(None)`: it cannot be read.
pub(super) fn read(
    cache: &Arc<Cache>,
    store: &Store,
    place: Place,
    with_body: bool,
    take: &dyn Fn(&[u8]) -> Option<Held>,
) -> Result<Option<Option<Response>>> {
    // Between the reading of a record and the opening of its body another one may take its place.
    const TRIES: usize = 8;
    let mut tries = 1;
    loop {
        let taken = store.read(|snapshot| {
            let value = snapshot.get(Table::Records, place.row())?;
            let held = value.and_then(take);
            let inline = match &held {
                Some(Held::Response(readable)) if with_body => {
                    value.and_then(|value| value.get(readable.stored.body.clone()))
                }
                _ => None,
            };
            Ok(held.map(|held| (held, Bytes::from(inline.unwrap_or_default()))))
        })?;
        let readable = match taken {
            None | Some((Held::List, _)) => return Ok(None),
            Some((Held::Unreadable, _)) => return Ok(Some(None)),
            Some((Held::Response(readable), bytes)) => (readable, bytes),
        };
        let (readable, bytes) = readable;
        let body = match shelf::body_file(&readable.stored.head) {
            _ if !with_body => Body::Origins(Some(readable.stored.head.body_len)),
            None => Body::memory(bytes),
            Some(file) => match store.open_body(&file) {
                Ok(reader) => Body::File(reader),
                Err(error) if is_gone(&error) && tries < TRIES => {
                    tries += 1;
                    continue;
                }
                Err(error) => return Err(error),
            },
        };
        return Ok(Some(Some(described(cache, *readable, body))));
    }
}

fn is_gone(error: &Error) -> bool {
    error.cause() == Some(Cause::Errno(libc::ENOENT))
}

/// A stored response as it is handed out.
fn described(cache: &Arc<Cache>, readable: Readable, body: Body) -> Response {
    let info = Info {
        from_cache: true,
        key: Some(readable.key),
        freshness: Some(readable.freshness),
        ..Info::default()
    };
    let context = Context::of_stored(cache, readable.request);
    Response::new(readable.stored.response, info, body, context)
}
