//! Aliases: where stored redirects lead to. One is made when all responses on the way were stored, and it is used by
//! requests that follow redirects, as far as it leads where following them one by one would. It holds no response of its
//! own.

use std::collections::VecDeque;
use std::ops::ControlFlow;
use std::sync::Arc;

use super::exchange::Exchange;
use super::{Cache, Request, Response};
use crate::error::Result;
use crate::http::Url;
use crate::http::response::is_redirect;
use crate::key::credentials::{Mark, NOBODY};
use crate::key::{AliasRow, Key, ROW_SIZE, VARIANT_SIZE, alias_row, redact, variant_row};
use crate::policy::directives::RequestDirectives;
use crate::record::Head;
use crate::record::alias::{Alias, MOST_BYTES, Named};
use crate::record::variants::Variants;
use crate::settings::Settings;
use crate::storage::{Snapshot, Store, Table, Transaction};

/// So many bytes of stored redirects are copied for one request; beyond it they are looked up one by one.
const MOST_COPIED: usize = 1 << 20;
/// So many rows are listed from one snapshot, and about so many bytes.
const ROWS: usize = 256;
const BYTES: usize = 1 << 20;

/// The redirects that were followed so far, all of them stored.
pub struct Trail {
    method: String,
    hops: Vec<Step>,
}

/// A stored response on the way.
#[derive(Clone)]
struct Step {
    url: Url,
    key: Key,
    id: [u8; 16],
    mark: Mark,
    expires_at: Option<i64>,
}

impl Step {
    /// `None`: it is not stored, or is stored as another's.
    fn at(response: &Response) -> Option<Self> {
        let recorded = response.info.recorded?;
        Some(Step {
            url: response.url()?.clone(),
            key: response.info.key?,
            id: recorded.id,
            mark: recorded.mark,
            expires_at: response.info.freshness?.expires_at(),
        })
    }

    fn named(&self, url: String) -> Named {
        Named {
            url: url.into_bytes(),
            key: self.key,
            id: self.id,
        }
    }
}

impl Trail {
    /// The trail of a request that is being redirected; `None`: nothing is to be remembered of it.
    pub fn of(request: &Request, settings: &Settings) -> Option<Self> {
        let fields = &request.http.fields;
        // §5.2.1.5; and the answer to a request for a part is one to that request alone.
        let is_kept = !settings.read_only
            && !RequestDirectives::read(fields).no_store
            && !fields.contains(b"Range");
        is_kept.then(|| Trail {
            method: request.http.method.as_str().to_owned(),
            hops: Vec::new(),
        })
    }

    /// Goes on behind a redirect; `None`: it is not stored, and so there is no alias.
    pub fn behind(mut self, redirect: &Response) -> Option<Self> {
        self.hops.push(Step::at(redirect)?);
        Some(self)
    }

    /// Makes the alias, once the final response is stored. That it cannot be made is nobody's error.
    pub fn end_at(&self, last: &Response) {
        let (Some(cache), Some(step)) = (last.cache(), Step::at(last)) else {
            return;
        };
        let whose = self.hops.first().map(|hop| hop.mark);
        let alias = self.alias(cache, &step, cache.now());
        if let (Some(alias), Some(mark)) = (alias, whose) {
            cache.with_store("making an alias", |store| enter(store, alias, &mark));
        }
    }

    fn alias(&self, cache: &Cache, last: &Step, now: i64) -> Option<Alias> {
        let names = &cache.settings().lists.ignored;
        let secret = cache.secret()?;
        let all = || self.hops.iter().chain(std::iter::once(last));
        // Where the others are is said by responses, which are not stored when that is a secret to these settings; to
        // others it may not have been one.
        if all()
            .skip(1)
            .any(|step| redact::is_redacted(&step.url, names))
        {
            return None;
        }
        let expires_at = all().filter_map(|step| step.expires_at).min();
        if expires_at.is_some_and(|at| at <= now) {
            return None;
        }
        let named = |step: &Step| step.named(redact::url(step.url.as_str(), names, &secret));
        Some(Alias {
            method: self.method.as_bytes().to_vec(),
            key_settings: cache.key_settings(),
            created_at: now,
            expires_at,
            hops: self.hops.iter().map(named).collect(),
            last: named(last),
        })
    }
}

fn enter(store: &Store, alias: Alias, mark: &Mark) -> Result<()> {
    let Some(row) = alias.row(mark) else {
        return Ok(());
    };
    let is_there = store.read(|snapshot| {
        let value = snapshot.get(Table::Aliases, &row)?;
        let present = value.and_then(|value| Alias::decode(&row, value));
        Ok(present.is_some_and(|present| says_the_same(&present, &alias)))
    })?;
    if is_there {
        return Ok(());
    }
    let value = alias.encode()?;
    if value.len() > MOST_BYTES {
        return Ok(());
    }
    let size = row.len() + value.len();
    let change = move |txn: &mut Transaction<'_>| {
        for named in alias.hops.iter().chain(std::iter::once(&alias.last)) {
            let get = |row: &[u8]| txn.get(Table::Records, row);
            // Gone meanwhile.
            if standing(&get, named)?.is_none() {
                return Ok(());
            }
        }
        txn.put(Table::Aliases, &row, &value)
    };
    store.submit(size, Box::new(change))
}

/// Whether two aliases lead the same way for as long.
fn says_the_same(one: &Alias, other: &Alias) -> bool {
    let of = |alias: &Alias| (alias.key_settings, alias.expires_at);
    of(one) == of(other) && one.hops == other.hops && one.last == other.last
}

/// How rows of the records are read.
type Get<'g, 'v> = &'g dyn Fn(&[u8]) -> Result<Option<&'v [u8]>>;

/// The record that is named, if it still stands there, and whether it is one of several variants.
fn standing<'v>(get: Get<'_, 'v>, named: &Named) -> Result<Option<(&'v [u8], bool)>> {
    let Key { row, variant } = &named.key;
    let Some(value) = get(row)? else {
        return Ok(None);
    };
    let is_variant = Variants::is_list(value);
    let value = if is_variant {
        get(&variant_row(row, variant))?
    } else {
        Some(value)
    };
    let head = value.and_then(Head::decode);
    let is_it = head.is_some_and(|head| head.id == named.id && head.variant == *variant);
    Ok(value.filter(|_| is_it).map(|value| (value, is_variant)))
}

/// What an alias says at the moment.
enum Led {
    /// It leads to this final response.
    To {
        last: Named,
        /// The redirects on the way, each with its record; `None`: they are to be looked up.
        between: Option<VecDeque<Hop>>,
    },
    /// It is over.
    Expired,
    /// What it names is no longer there.
    Astray,
}

/// A redirect that an alias names, and its record.
type Hop = (Named, Vec<u8>);

/// Where a stored redirect leads to, and the value of the alias that says it; `None`: there is none.
fn read(redirect: &Response) -> Option<(AliasRow, Led, Vec<u8>)> {
    let cache = redirect.cache()?;
    let (key, recorded) = (redirect.info.key?, redirect.info.recorded?);
    let row = alias_row(&key, &recorded.mark);
    let read = cache.with_store("reading an alias", |store| {
        store.read(|snapshot| {
            let Some(value) = snapshot.get(Table::Aliases, &row)? else {
                return Ok(None);
            };
            let led = match Alias::decode(&row, value) {
                Some(alias) => led(snapshot, alias, &recorded.id, cache)?,
                None => Led::Astray,
            };
            Ok(Some((led, value.to_vec())))
        })
    });
    let (led, value) = read??;
    Some((row, led, value))
}

fn led(snapshot: &Snapshot<'_>, alias: Alias, id: &[u8; 16], cache: &Cache) -> Result<Led> {
    let get = |row: &[u8]| snapshot.get(Table::Records, row);
    let is_its_own = alias.hops.first().is_some_and(|hop| hop.id == *id);
    if !is_its_own || standing(&get, &alias.last)?.is_none() {
        return Ok(Led::Astray);
    }
    if alias.expires_at.is_some_and(|at| at <= cache.now()) {
        return Ok(Led::Expired);
    }
    let (mut between, mut copied) = (VecDeque::new(), 0);
    let mut is_known = true;
    for hop in alias.hops.into_iter().skip(1) {
        let Some((record, is_variant)) = standing(&get, &hop)? else {
            return Ok(Led::Astray);
        };
        copied += record.len();
        // Of several variants a lookup takes the newest one that matches.
        is_known &= !is_variant && copied <= MOST_COPIED;
        if is_known {
            between.push_back((hop, record.to_vec()));
        }
    }
    // Other settings may make other keys of the same requests.
    is_known = is_known && (between.is_empty() || alias.key_settings == cache.key_settings());
    Ok(Led::To {
        last: alias.last,
        between: is_known.then_some(between),
    })
}

/// The way from a stored redirect to a final response.
pub struct Lead {
    cache: Arc<Cache>,
    between: VecDeque<Hop>,
    last: Named,
    answered: u64,
}

impl Lead {
    /// The way that begins at a stored redirect, which was found fresh; `None`: it is to be walked. What leads to nothing
    /// any more is removed.
    pub fn from(redirect: &Response, settings: &Settings) -> Option<Self> {
        let (cache, mark) = (redirect.cache()?, redirect.info.recorded?.mark);
        if !is_selection_known(cache, settings, &mark) {
            return None;
        }
        match read(redirect)? {
            (_, Led::To { last, between }, _) => Some(Lead {
                cache: cache.clone(),
                between: between?,
                last,
                answered: 0,
            }),
            (_, Led::Expired, _) => None,
            (row, Led::Astray, value) => {
                if !settings.read_only {
                    prune(cache, row, value);
                }
                None
            }
        }
    }

    /// How many redirects are left on the way.
    pub fn left(&self) -> usize {
        self.between.len()
    }

    /// The stored redirect that answers the next request; `None`: it is to be looked up.
    pub fn answer(&mut self, request: &Arc<Request>) -> Option<Response> {
        let (named, record) = self.between.pop_front()?;
        if request.http.url.as_str().as_bytes() != named.url {
            return None;
        }
        let answer = Exchange::answer_of(&self.cache, request, &named.key.row, &record)?;
        self.answered += 1;
        Some(answer)
    }

    /// Whether the request after the last redirect is that for the final response.
    pub fn ends_at(self, request: &Request) -> bool {
        let is_it = request.http.url.as_str().as_bytes() == self.last.url;
        if is_it {
            // Each was answered fresh from the store.
            (0..self.answered).for_each(|_| self.cache.counters().hits());
        }
        is_it
    }
}

/// Whether the key and the credentials of the first request say which stored responses the later ones select, unless
/// several variants are there. They do not where functions of the host's are asked, or where what was fetched by others
/// counts, in another language or for another query.
fn is_selection_known(cache: &Cache, settings: &Settings, mark: &Mark) -> bool {
    let calls_back = cache.options.own_matching.calls_back() || cache.filter().calls_back();
    let is_others = settings.share_credentials || (settings.shared && *mark != NOBODY);
    !calls_back && !is_others && !settings.select_language && !settings.no_vary_search
}

fn prune(cache: &Cache, row: AliasRow, value: Vec<u8>) {
    cache.with_store("removing an alias", |store| {
        let change = move |txn: &mut Transaction<'_>| {
            if txn.get(Table::Aliases, &row)? == Some(&value) {
                txn.delete(Table::Aliases, &row)?;
            }
            Ok(())
        };
        store.submit(row.len(), Box::new(change))
    });
}

/// Takes away the alias of a record that goes.
pub(super) fn remove_of(txn: &mut Transaction<'_>, row: &[u8], head: &Head) -> Result<()> {
    let primary = row.first_chunk::<ROW_SIZE>();
    let Some(primary) = primary.filter(|_| is_redirect(head.status)) else {
        return Ok(());
    };
    let key = Key {
        row: *primary,
        variant: head.variant,
    };
    txn.delete(Table::Aliases, &alias_row(&key, &head.mark))?;
    Ok(())
}

/// Takes away the aliases of all that is stored under rows that begin so.
pub(super) fn remove_all(txn: &mut Transaction<'_>, prefix: &[u8]) -> Result<()> {
    txn.delete_prefix(Table::Aliases, prefix, &mut |_, _| Ok(()))?;
    Ok(())
}

/// An alias as it is listed. What it names may be gone: it is removed when it is used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// By whom the redirect was fetched: a keyed hash.
    pub mark: Mark,
    /// Where it leads to. Its URLs are shown as [`redact::shown`] does.
    pub alias: Alias,
}

impl Listed {
    /// The URL that was redirected first.
    pub fn url(&self) -> &[u8] {
        self.alias.hops.first().map_or(b"", |hop| &hop.url)
    }
}

/// The next aliases, in the order of their rows, as many as one snapshot is held for. `last` is the row to go on behind,
/// at first `None`; it is `None` afterwards when there are no more.
pub(super) fn scan_after(store: &Store, last: &mut Option<AliasRow>) -> Result<Vec<Listed>> {
    let (mut listed, mut bytes, mut seen) = (Vec::new(), 0, 0);
    let after = last.take();
    let after = after.as_ref().map(AliasRow::as_slice);
    store.read(|snapshot| {
        (listed, bytes, seen) = (Vec::new(), 0, 0);
        *last = None;
        snapshot.scan_after(Table::Aliases, after, &mut |row, value| {
            seen += 1;
            bytes += value.len();
            listed.extend(shown(row, value));
            if seen < ROWS && bytes < BYTES {
                return Ok(ControlFlow::Continue(()));
            }
            *last = row.try_into().ok();
            Ok(ControlFlow::Break(()))
        })
    })?;
    Ok(listed)
}

fn shown(row: &[u8], value: &[u8]) -> Option<Listed> {
    let mut alias = Alias::decode(row, value)?;
    for named in alias.hops.iter_mut().chain([&mut alias.last]) {
        named.url = redact::shown(&named.url);
    }
    let mark = row.get(ROW_SIZE..)?.first_chunk::<VARIANT_SIZE>()?;
    Some(Listed { mark: *mark, alias })
}

impl Cache {
    /// The next aliases, from one snapshot: as [`scan_after`].
    pub fn aliases_after(&self, last: &mut Option<AliasRow>) -> Result<Vec<Listed>> {
        scan_after(&*self.current_store()?, last)
    }

    /// Removes all aliases. Redirects are followed one by one then, and make them anew.
    pub fn forget_aliases(&self) -> Result<()> {
        let store = self.current_store()?;
        loop {
            let is_over = forget_some(&store)?;
            if is_over {
                return Ok(());
            }
        }
    }
}

/// Removes as many as one snapshot lists; says whether those were all.
fn forget_some(store: &Store) -> Result<bool> {
    let mut rows = Vec::new();
    store.read(|snapshot| {
        rows.clear();
        snapshot.scan_after(Table::Aliases, None, &mut |row, _| {
            rows.push(row.to_vec());
            Ok(match rows.len() < ROWS {
                true => ControlFlow::Continue(()),
                false => ControlFlow::Break(()),
            })
        })
    })?;
    let is_over = rows.len() < ROWS;
    let change = move |txn: &mut Transaction<'_>| {
        for row in &rows {
            txn.delete(Table::Aliases, row)?;
        }
        Ok(())
    };
    store.submit(ROWS * size_of::<AliasRow>(), Box::new(change))?;
    Ok(is_over)
}

impl Response {
    /// The key of the final response that this stored redirect leads to; `None` where none is known. Reads the store.
    pub fn alias_of(&self) -> Option<Key> {
        if !is_redirect(self.head.status) || self.check_process().is_err() {
            return None;
        }
        match read(self)? {
            (_, Led::To { last, .. }, _) => Some(last.key),
            _ => None,
        }
    }
}
