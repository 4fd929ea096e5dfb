//! Making keys anew: what was stored under other settings of the key is found again.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::marks;
use super::own_key::{self, KeySink};
use super::shelf::{self, Entry, Place};
use super::shown;
use super::{Cache, Request};
use crate::error::{Error, Kind, Result};
use crate::key::again::{Asked, again};
use crate::key::matching::Matching;
use crate::key::url::canonical;
use crate::key::{self, PrimaryKey, marked};
use crate::policy::no_vary_search::Variance;
use crate::record::variants::Variants;
use crate::record::{Record, Stored, StoredRequest};
use crate::storage::{Store, Table, Transaction};

/// What making keys anew came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rekeyed {
    /// Stored responses that have a new key.
    pub moved: u64,
    /// Of those whose new key another one had already: that was removed which is less fresh.
    pub collided: u64,
    /// Stored responses whose new key cannot be known; they stay under the old one.
    pub left: u64,
}

/// So many rows are looked at in one snapshot, and so many bytes are copied from it.
const ROWS: usize = 256;
const BYTES: usize = 1 << 20;

/// What was moved of these has to be committed in so long.
const LONGEST_COMMIT: Duration = Duration::from_secs(10);

/// A row that was read, and what it holds.
type Row = (Vec<u8>, Vec<u8>);

/// What became of one stored response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Move {
    /// It is no longer as it was read.
    Gone,
    /// Its key is the same.
    Stayed,
    Moved,
    Collided,
}

impl Cache {
    /// The id of the settings that this cache makes keys by.
    pub fn key_settings(&self) -> [u8; 8] {
        let has_own_keys = self.options.own_matching.calls_back();
        let matching = Matching {
            own_key: has_own_keys.then_some(&[]),
            ..self.settings().matching()
        };
        matching.id()
    }

    /// Makes anew the keys of what was stored under other settings: those of `from`, which may be this cache's own where a
    /// function took the place of another, or all but this cache's. Each
    /// response is moved by itself, so that the work may end at any point and be taken up again. `go_on` is told how
    /// many rows were looked at, and of how many, and says whether to go on.
    pub fn rekey(
        self: &Arc<Self>,
        from: Option<&[[u8; 8]]>,
        rekeyed: &mut Rekeyed,
        go_on: &mut dyn FnMut(u64, u64) -> bool,
    ) -> Result<()> {
        let store = self.current_store()?;
        let total = store.usage()?.records;
        let (mut seen, mut last) = (0, None);
        loop {
            let rows = rows_after(&store, &mut last, &mut seen)?;
            for row in rows {
                self.rekey_row(&store, from, row, rekeyed)?;
            }
            // Or what is moved would crowd out what is stored meanwhile.
            if !self.work(LONGEST_COMMIT)? {
                return Err(Error::new(
                    Kind::Busy,
                    "what was moved was not written in time",
                ));
            }
            if !go_on(seen.min(total), total) {
                return Err(Error::new(
                    Kind::Cancelled,
                    "making keys anew was cancelled",
                ));
            }
            if last.is_none() {
                return Ok(());
            }
        }
    }

    fn rekey_row(
        &self,
        store: &Store,
        from: Option<&[[u8; 8]]>,
        (row, value): Row,
        rekeyed: &mut Rekeyed,
    ) -> Result<()> {
        let now = self.key_settings();
        let Some((before, stored)) = read(&value) else {
            return Ok(());
        };
        let kept = value.get(stored.request.clone()).unwrap_or_default();
        let Some(mut request) = StoredRequest::decode(kept) else {
            // By which settings its key was made is not known.
            rekeyed.left += u64::from(from.is_none());
            return Ok(());
        };
        let is_meant = match from {
            Some(from) => from.contains(&request.key_settings),
            None => true,
        };
        if !is_meant || (from.is_none() && request.key_settings == now) {
            return Ok(());
        }
        let Some((key, path)) = self.key_again(&before, &request, store, &stored)? else {
            rekeyed.left += 1;
            return Ok(());
        };
        if request.key_settings == now && key.text == before {
            return Ok(());
        }
        request.key_settings = now;
        let moving = Moving {
            most_variants: self.settings().max_variants,
            record: encoded(&value, &stored, &key, &request)?,
            before: PrimaryKey {
                row: row.first_chunk().copied().unwrap_or_default(),
                uri: Default::default(),
                text: before,
            },
            is_variant: row.len() > crate::key::ROW_SIZE,
            row,
            value,
            stored,
            key,
            path,
        };
        match moving.submit(store)? {
            Move::Gone | Move::Stayed => {}
            Move::Moved => rekeyed.moved += 1,
            Move::Collided => {
                rekeyed.moved += 1;
                rekeyed.collided += 1;
            }
        }
        Ok(())
    }

    /// The key that a stored request has now, and where it is to be found for other queries too; `None` where that
    /// cannot be known.
    pub(super) fn key_again(
        &self,
        before: &[u8],
        request: &StoredRequest,
        store: &Store,
        stored: &Stored,
    ) -> Result<Option<(PrimaryKey, Option<Path>)>> {
        let Some((shown, asked)) = shown::asked(request) else {
            return Ok(None);
        };
        let sent = (asked.url.clone(), asked.request.url.clone());
        let (asked, own_key) = if !self.options.own_matching.calls_back() {
            (asked, None)
        } else {
            match self.ask_functions(shown, asked, store) {
                Ok(Some(made)) => made,
                Ok(None) => return Ok(None),
                // Of this request they make none.
                Err(error) if error.kind() == Kind::Callback => return Ok(None),
                Err(error) => return Err(error),
            }
        };
        let matching = Matching {
            own_key: own_key.as_deref(),
            ..self.settings().matching()
        };
        let Some(mut key) = again(before, &asked, &matching, store.secret()) else {
            return Ok(None);
        };
        let is_as_sent = asked.url == sent.0;
        if !is_as_sent {
            // What is stored is of the URL that was asked for, whatever was made of it.
            key.uri = key::uri_row(&sent.0, &matching, store.secret());
        }
        let is_wanted = self.settings().no_vary_search
            && own_key.is_none()
            && is_as_sent
            && Variance::by(&stored.response.fields).is_some();
        let path = is_wanted.then(|| {
            let url = canonical(&asked.url, &matching, store.secret());
            let row = marked::row_of_path(&sent.1);
            (row, url.text.into_owned())
        });
        Ok(Some((key, path)))
    }

    /// What the caller's functions make of a stored request: the request by which the key is made, and their key. `None`:
    /// what they would have made of the one that was sent is not known.
    fn ask_functions(&self, shown: Request, asked: Asked, store: &Store) -> Result<Option<Made>> {
        if !shown::is_whole(&asked) {
            return Ok(None);
        }
        let own = &self.options.own_matching;
        let _inside = own_key::enter(&self.inside)?;
        let shown = Arc::new(shown);
        let changed = own.normalised(&shown)?;
        let sink = KeySink::new(self.settings().clone(), *store.secret());
        let own_key = own.key(changed.as_ref().unwrap_or(&shown), sink)?;
        Ok(match (own_key, changed) {
            (None, Some(changed)) => {
                shown::normalised(asked, &shown.http, &changed.http).map(|asked| (asked, None))
            }
            (own_key, _) => Some((asked, own_key)),
        })
    }
}

/// A request by which a key is made, and the caller's key.
type Made = (Asked, Option<Vec<u8>>);

/// The row of a URL's path, and the URL.
pub(super) type Path = (marked::Row, String);

/// The next rows of stored responses, as many as one snapshot is held for. `last` is the one to go on behind; `None`
/// when there are no more.
fn rows_after(store: &Store, last: &mut Option<Vec<u8>>, seen: &mut u64) -> Result<Vec<Row>> {
    let (mut rows, mut bytes, mut looked_at) = (Vec::new(), 0, 0);
    let after = last.take();
    store.read(|snapshot| {
        (rows, bytes, looked_at) = (Vec::new(), 0, 0);
        *last = None;
        snapshot.scan_after(Table::Records, after.as_deref(), &mut |row, value| {
            looked_at += 1;
            if !Variants::is_list(value) {
                bytes += value.len();
                rows.push((row.to_vec(), value.to_vec()));
            }
            if looked_at < ROWS && bytes < BYTES {
                return Ok(std::ops::ControlFlow::Continue(()));
            }
            *last = Some(row.to_vec());
            Ok(std::ops::ControlFlow::Break(()))
        })
    })?;
    *seen += looked_at as u64;
    Ok(rows)
}

/// The key of a record, and what it holds.
fn read(value: &[u8]) -> Option<(Vec<u8>, Stored)> {
    let key = Stored::key_of(value)?;
    Some((key.to_vec(), Stored::decode(value, key)?))
}

fn encoded(
    value: &[u8],
    stored: &Stored,
    key: &PrimaryKey,
    request: &StoredRequest,
) -> Result<Vec<u8>> {
    Record {
        head: stored.head,
        key: &key.text,
        response: &stored.response,
        selecting: &stored.selecting,
        request: &request.encode()?,
        body: value.get(stored.body.clone()).unwrap_or_default(),
    }
    .encode()
}

/// A stored response on its way from one key to another.
struct Moving {
    before: PrimaryKey,
    is_variant: bool,
    row: Vec<u8>,
    value: Vec<u8>,
    stored: Stored,
    key: PrimaryKey,
    record: Vec<u8>,
    path: Option<Path>,
    most_variants: usize,
}

impl Moving {
    /// Moves it in a transaction of its own.
    fn submit(self, store: &Store) -> Result<Move> {
        let result = Arc::new(Mutex::new(Move::Gone));
        let came_to = result.clone();
        let size = self.record.len();
        let change = move |txn: &mut Transaction<'_>| {
            let done = self.carry_out(txn)?;
            *came_to.lock().unwrap_or_else(PoisonError::into_inner) = done;
            Ok(())
        };
        store.submit(size, Box::new(change))?;
        let done = *result.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(done)
    }

    fn carry_out(&self, txn: &mut Transaction<'_>) -> Result<Move> {
        if txn.get(Table::Records, &self.row)? != Some(&self.value) {
            return Ok(Move::Gone);
        }
        let head = &self.stored.head;
        let place = Place {
            id: head.id,
            variant: head.variant,
            is_variant: self.is_variant,
        };
        let names = self.stored.selecting.iter().map(|(name, _)| name.clone());
        let entry = Entry {
            record: self.record.clone(),
            variant: head.variant,
            names: names.collect(),
            file: shelf::body_file(head),
        };
        if self.before.text == self.key.text {
            shelf::replace(txn, &self.before, &place, &entry, self.most_variants)?;
            return Ok(Move::Stayed);
        }
        let get = |row: &[u8]| txn.get(Table::Records, row);
        let present = shelf::present(get, &self.key, &head.variant)?;
        let is_fresher = present
            .as_ref()
            .is_none_or(|present| present.stamp.response_time < head.stamp.response_time);
        if is_fresher {
            shelf::remove_row(txn, &self.before, &place, entry.file.as_ref())?;
            if let Some((row, url)) = &self.path {
                marks::enter_url(txn, row, url)?;
            }
            shelf::enter(txn, &self.key, &entry, self.most_variants)?;
        } else {
            shelf::remove_row(txn, &self.before, &place, None)?;
        }
        Ok(if present.is_some() {
            Move::Collided
        } else {
            Move::Moved
        })
    }
}
