//! Stored responses in the store's tables: finding the variant, entering one, taking it away.

use super::body::Bytes;
use super::{Cache, aliases, marks};
use crate::error::{Cause, Error, Kind, Result};
use crate::http::Fields;
use crate::key::credentials::{Mark, NOBODY};
use crate::key::matching::Matching;
use crate::key::{
    Key, PrimaryKey, ROW_SIZE, URL_SIZE, VariantId, language, selecting, variant_row,
};
use crate::policy::freshness;
use crate::policy::reason::Reason;
use crate::policy::said::Said;
use crate::record::variants::Variants;
use crate::record::{Head, Stored};
use crate::settings::Settings;
use crate::storage::{BodyId, BodyReader, BodyRef, Snapshot, Store, Table, Transaction};

/// A stored response that the request selects.
pub(super) struct Found {
    pub(super) stored: Stored,
    /// Its body; empty when that is a file.
    pub(super) body: Bytes,
    /// Its body when that is a file, opened: what happens to the store meanwhile does not take it away.
    pub(super) file: Option<BodyReader>,
    /// It stands under its own row, beside other variants.
    pub(super) is_variant: bool,
}

impl Found {
    /// What a record holds, without a body that is a file.
    pub(super) fn new(stored: Stored, record: &[u8], is_variant: bool) -> Self {
        let body = Bytes::from(record.get(stored.body.clone()).unwrap_or_default());
        Found {
            stored,
            body,
            file: None,
            is_variant,
        }
    }

    /// The same with another reader of its body.
    pub(super) fn another(&self) -> Self {
        Found {
            stored: self.stored.clone(),
            body: self.body.clone(),
            file: self.file.as_ref().map(BodyReader::another),
            is_variant: self.is_variant,
        }
    }
}

/// Who asks: the fields that select, and the credentials.
pub(super) struct Who<'a> {
    fields: &'a Fields,
    mark: Mark,
    secret: &'a [u8; 32],
    settings: &'a Settings,
    matching: Matching<'a>,
}

impl<'a> Who<'a> {
    pub(super) fn new(
        fields: &'a Fields,
        mark: Mark,
        secret: &'a [u8; 32],
        settings: &'a Settings,
    ) -> Self {
        Who {
            fields,
            mark,
            secret,
            settings,
            matching: settings.matching(),
        }
    }

    /// The marks of what may be selected, the own one first. A shared cache looks also for what is for all (RFC
    /// 9111 §3.5).
    fn marks(&self) -> impl Iterator<Item = Mark> {
        let for_all = (self.settings.shared && self.mark != NOBODY).then_some(NOBODY);
        std::iter::once(self.mark).chain(for_all)
    }

    /// Whether it is his, or for all. What a private cache stored with credentials is nobody's in a shared one, which
    /// may reuse for no request what does not allow it (RFC 9111 §3.5).
    fn may_have(&self, stored: &Stored) -> bool {
        let is_for_all = || {
            Said::by(&stored.response.fields, self.settings)
                .directives
                .allow_sharing()
        };
        if stored.head.mark == self.mark || self.settings.share_credentials {
            stored.head.mark == NOBODY || !self.settings.shared || is_for_all()
        } else {
            stored.head.mark == NOBODY && self.settings.shared && is_for_all()
        }
    }

    pub(super) fn is_selecting(&self, stored: &Stored) -> bool {
        self.may_have(stored)
            && stored
                .selecting
                .iter()
                .all(|field| self.says_the_same(field))
    }

    fn says_the_same(&self, (name, value): &(String, Option<Vec<u8>>)) -> bool {
        selecting::value(self.fields, name, &self.matching, self.secret) == *value
    }

    /// Whether it is in the language that the request prefers, and all else selects it.
    fn is_selecting_by_language(&self, stored: &Stored) -> bool {
        let in_language = self.settings.select_language
            && stored
                .selecting
                .iter()
                .any(|(name, _)| name == language::FIELD)
            && language::is_preferred(self.fields, &stored.response.fields);
        let is_same = |field: &(String, Option<Vec<u8>>)| {
            field.0 == language::FIELD || self.says_the_same(field)
        };
        in_language && self.may_have(stored) && stored.selecting.iter().all(is_same)
    }
}

/// What looking for a stored response came to.
pub(super) enum Search {
    Found(Box<Found>),
    Miss(Reason),
    /// Something is stored that cannot be read.
    Unreadable,
}

/// A record to be entered.
pub(super) struct Entry {
    pub(super) record: Vec<u8>,
    pub(super) variant: VariantId,
    /// What its `Vary` names.
    pub(super) names: Vec<String>,
    pub(super) file: Option<BodyRef>,
}

/// Looks for the stored response that a request selects (RFC 9111 §4, §4.1).
pub(super) fn find(store: &Store, key: &PrimaryKey, who: &Who<'_>) -> Result<Search> {
    store.read(|snapshot| {
        let Some(value) = snapshot.get(Table::Records, &key.row)? else {
            return Ok(Search::Miss(Reason::UriMiss));
        };
        if Variants::is_list(value) {
            return find_variant(snapshot, value, key, who);
        }
        let Some(stored) = Stored::decode(value, &key.text) else {
            return Ok(Search::Unreadable);
        };
        if who.is_selecting(&stored) || who.is_selecting_by_language(&stored) {
            return Ok(found(stored, value, false));
        }
        Ok(Search::Miss(Reason::VaryMiss))
    })
}

/// The same, with its body opened.
pub(super) fn find_and_open(store: &Store, key: &PrimaryKey, who: &Who<'_>) -> Result<Search> {
    // Between the reading of a record and the opening of its body another one may take its place; then it is
    // that one that is looked for.
    const TRIES: usize = 8;
    let mut tries = 1;
    loop {
        let mut search = find(store, key, who)?;
        let Search::Found(found) = &mut search else {
            return Ok(search);
        };
        let Some(file) = body_file(&found.stored.head) else {
            return Ok(search);
        };
        match store.open_body(&file) {
            Ok(reader) => {
                found.file = Some(reader);
                return Ok(search);
            }
            Err(error) if error.cause() == Some(Cause::Errno(libc::ENOENT)) && tries < TRIES => {
                tries += 1;
            }
            Err(error) => return Err(error),
        }
    }
}

fn find_variant(
    snapshot: &Snapshot<'_>,
    list: &[u8],
    key: &PrimaryKey,
    who: &Who<'_>,
) -> Result<Search> {
    let Some(variants) = Variants::decode(list) else {
        return Ok(Search::Unreadable);
    };
    let mut newest = Newest::default();
    for names in &variants.sets {
        for mark in who.marks() {
            let id = selecting::variant_id(who.fields, names, &mark, &who.matching, who.secret);
            if variants.ids.contains(&id) {
                newest.meet(snapshot, key, &id, |stored| who.may_have(stored))?;
            }
        }
    }
    // Of what was stored for others, or in another language, the ids cannot be made.
    if newest.search.is_none() && who.settings.share_credentials {
        for id in &variants.ids {
            newest.meet(snapshot, key, id, |stored| who.is_selecting(stored))?;
        }
    }
    if newest.search.is_none() && who.settings.select_language {
        for id in &variants.ids {
            newest.meet(snapshot, key, id, |stored| {
                who.is_selecting_by_language(stored)
            })?;
        }
    }
    let miss = if newest.is_damaged {
        Search::Unreadable
    } else {
        Search::Miss(Reason::VaryMiss)
    };
    Ok(newest.search.map_or(miss, |(_, search)| search))
}

/// §4.1: of several variants that match, the one with the most recent Date.
#[derive(Default)]
struct Newest {
    /// With its Date, and when it was received.
    search: Option<((i64, i64), Search)>,
    is_damaged: bool,
}

impl Newest {
    fn meet(
        &mut self,
        snapshot: &Snapshot<'_>,
        key: &PrimaryKey,
        id: &VariantId,
        matches: impl FnOnce(&Stored) -> bool,
    ) -> Result<()> {
        let Some(value) = snapshot.get(Table::Records, &variant_row(&key.row, id))? else {
            return Ok(());
        };
        let Some(stored) = Stored::decode(value, &key.text) else {
            self.is_damaged = true;
            return Ok(());
        };
        if !matches(&stored) {
            return Ok(());
        }
        let received_at = stored.head.stamp.response_time;
        let date = freshness::date_of(&stored.response.fields, received_at).unwrap_or(received_at);
        let at = (date, received_at);
        if self.search.as_ref().is_none_or(|(other, _)| at > *other) {
            self.search = Some((at, found(stored, value, true)));
        }
        Ok(())
    }
}

// Inlined, so that what was decoded is not moved on the way into its box.
#[inline(always)]
fn found(stored: Stored, value: &[u8], is_variant: bool) -> Search {
    Search::Found(Box::new(Found::new(stored, value, is_variant)))
}

/// Enters a response, in place of the one of the same variant.
pub(super) fn enter(
    txn: &mut Transaction<'_>,
    key: &PrimaryKey,
    entry: &Entry,
    most_variants: usize,
) -> Result<()> {
    if !key.is_of_uri() {
        marks::enter_own_key(txn, key)?;
    }
    let Some(value) = txn.get(Table::Records, &key.row)? else {
        return put(txn, &key.row, entry);
    };
    if !Variants::is_list(value) {
        let head = Head::decode(value);
        let is_another = head.is_some_and(|head| head.variant != entry.variant);
        let present = is_another.then(|| Stored::decode(value, &key.text));
        let Some(present) = present.flatten() else {
            release(txn, &key.row, head, entry.file.as_ref())?;
            return put(txn, &key.row, entry);
        };
        let names = present
            .selecting
            .into_iter()
            .map(|(name, _)| name)
            .collect();
        let mut variants = Variants::default();
        variants.enter(present.head.variant, names, most_variants);
        let other = Entry {
            record: value.to_vec(),
            variant: present.head.variant,
            names: vec![],
            file: body_file(&present.head),
        };
        put(txn, &variant_row(&key.row, &other.variant), &other)?;
        count_lists(txn, |lists| lists.saturating_add(1))?;
        return enter_in_list(txn, key, entry, variants, most_variants);
    }
    let variants = Variants::decode(value).unwrap_or_default();
    enter_in_list(txn, key, entry, variants, most_variants)
}

fn enter_in_list(
    txn: &mut Transaction<'_>,
    key: &PrimaryKey,
    entry: &Entry,
    mut variants: Variants,
    most_variants: usize,
) -> Result<()> {
    for surplus in variants.enter(entry.variant, entry.names.clone(), most_variants) {
        take(txn, &variant_row(&key.row, &surplus), None)?;
    }
    let row = variant_row(&key.row, &entry.variant);
    take(txn, &row, entry.file.as_ref())?;
    put(txn, &row, entry)?;
    txn.put(Table::Records, &key.row, &variants.encode()?)
}

/// Replaces a stored response by itself, freshened: only if it is still the one that was selected. Says whether
/// it was.
pub(super) fn replace(
    txn: &mut Transaction<'_>,
    key: &PrimaryKey,
    found: &Place,
    entry: &Entry,
    most_variants: usize,
) -> Result<bool> {
    if !is_still_there(txn, key, found)? {
        return Ok(false);
    }
    if found.variant == entry.variant {
        put(txn, &found.row(key), entry)?;
        return Ok(true);
    }
    // §4.3.4 with another Vary: it is another variant from now on.
    remove_row(txn, key, found, entry.file.as_ref())?;
    enter(txn, key, entry, most_variants)?;
    Ok(true)
}

/// Where a stored response stood when it was selected, and which one it was.
#[derive(Clone, Copy)]
pub(super) struct Place {
    pub(super) id: [u8; 16],
    pub(super) variant: VariantId,
    pub(super) is_variant: bool,
}

impl Place {
    pub(super) fn of(found: &Found) -> Self {
        let head = &found.stored.head;
        Place {
            id: head.id,
            variant: head.variant,
            is_variant: found.is_variant,
        }
    }

    fn row(&self, key: &PrimaryKey) -> Vec<u8> {
        if self.is_variant {
            variant_row(&key.row, &self.variant).to_vec()
        } else {
            key.row.to_vec()
        }
    }
}

/// The request that a stored response answers, as its record holds it; `None` when another one stands there now.
pub(super) fn stored_request(
    store: &Store,
    key: &PrimaryKey,
    found: &Place,
) -> Result<Option<Vec<u8>>> {
    store.read(|snapshot| {
        let Some(value) = snapshot.get(Table::Records, &found.row(key))? else {
            return Ok(None);
        };
        let stored = Stored::decode(value, &key.text).filter(|stored| stored.head.id == found.id);
        let request = stored.and_then(|stored| value.get(stored.request));
        Ok(request.map(<[u8]>::to_vec))
    })
}

/// Takes a stored response away, if it is still the one that was selected.
pub(super) fn remove(txn: &mut Transaction<'_>, key: &PrimaryKey, found: &Place) -> Result<()> {
    if is_still_there(txn, key, found)? {
        remove_row(txn, key, found, None)
    } else {
        Ok(())
    }
}

/// The same as a change of its own.
pub(super) fn submit_removal(store: &Store, key: &PrimaryKey, found: Place) -> Result<()> {
    let key = key.clone();
    store.submit(64, Box::new(move |txn| remove(txn, &key, &found)))
}

/// Takes away the stored response with this id, under whichever row it stands.
pub(super) fn remove_by_id(txn: &mut Transaction<'_>, key: &Key, id: BodyId) -> Result<()> {
    let primary = PrimaryKey {
        row: key.row,
        uri: [0; URL_SIZE],
        text: Vec::new(),
    };
    for is_variant in [false, true] {
        let place = Place {
            id,
            variant: key.variant,
            is_variant,
        };
        remove(txn, &primary, &place)?;
    }
    Ok(())
}

/// The same as a change of its own.
pub(super) fn remove_now(cache: &Cache, why: &str, key: Key, id: BodyId) {
    cache.with_store(why, |store| {
        store.submit(64, Box::new(move |txn| remove_by_id(txn, &key, id)))
    });
}

/// What is stored of a variant of a key; `get` gives the value of a row of the records.
pub(super) fn present<'v>(
    get: impl Fn(&[u8]) -> Result<Option<&'v [u8]>>,
    key: &PrimaryKey,
    variant: &VariantId,
) -> Result<Option<Head>> {
    let of_key = |value: &[u8]| Stored::decode(value, &key.text).map(|stored| stored.head);
    let Some(value) = get(&key.row)? else {
        return Ok(None);
    };
    let head = if Variants::is_list(value) {
        let value = get(&variant_row(&key.row, variant))?;
        value.and_then(of_key)
    } else {
        of_key(value)
    };
    Ok(head.filter(|head| head.variant == *variant))
}

/// Takes a stored response away; not its body, where that is to be kept.
pub(super) fn remove_row(
    txn: &mut Transaction<'_>,
    key: &PrimaryKey,
    found: &Place,
    kept: Option<&BodyRef>,
) -> Result<()> {
    take(txn, &found.row(key), kept)?;
    if !found.is_variant {
        return Ok(());
    }
    let list = txn.get(Table::Records, &key.row)?;
    let Some(mut variants) = list.and_then(Variants::decode) else {
        return Ok(());
    };
    variants.ids.retain(|id| *id != found.variant);
    if variants.ids.is_empty() {
        txn.delete(Table::Records, &key.row)?;
        return count_lists(txn, |lists| lists.saturating_sub(1));
    }
    txn.put(Table::Records, &key.row, &variants.encode()?)
}

fn is_still_there(txn: &Transaction<'_>, key: &PrimaryKey, found: &Place) -> Result<bool> {
    let present = txn
        .get(Table::Records, &found.row(key))?
        .and_then(Head::decode);
    Ok(present.is_some_and(|head| head.id == found.id))
}

/// Takes away all that is stored for a URL (RFC 9111 §4.4), and marks it, so that no answer that was on its way
/// meanwhile is stored.
pub(super) fn invalidate(txn: &mut Transaction<'_>, uri: &[u8; URL_SIZE]) -> Result<()> {
    remove_all(txn, uri)?;
    for row in marks::take_own_keys(txn, uri)? {
        remove_all(txn, &row)?;
    }
    let generation = generation_in(txn, uri)?;
    txn.put(Table::Marks, uri, &generation.wrapping_add(1).to_le_bytes())
}

/// Takes away all that is stored under rows that begin so; says how many responses there were.
pub(super) fn remove_all(txn: &mut Transaction<'_>, prefix: &[u8]) -> Result<u64> {
    aliases::remove_all(txn, prefix)?;
    let mut bodies = Vec::new();
    let mut lists = 0;
    let rows = txn.delete_prefix(Table::Records, prefix, &mut |_, value| {
        lists += u64::from(Variants::is_list(value));
        bodies.extend(
            Head::decode(value)
                .filter(|head| head.body_is_file)
                .map(|head| head.id),
        );
        Ok(())
    })?;
    for id in bodies {
        txn.release_body(&id)?;
    }
    if lists > 0 {
        count_lists(txn, |all| all.saturating_sub(lists))?;
    }
    Ok(rows.saturating_sub(lists))
}

/// How often a URL was invalidated.
pub(super) fn generation(store: &Store, uri: &[u8; URL_SIZE]) -> Result<u64> {
    store.read(|snapshot| {
        Ok(snapshot
            .get(Table::Marks, uri)?
            .and_then(number)
            .unwrap_or(0))
    })
}

/// The same inside a change.
pub(super) fn generation_in(txn: &Transaction<'_>, uri: &[u8; URL_SIZE]) -> Result<u64> {
    Ok(txn.get(Table::Marks, uri)?.and_then(number).unwrap_or(0))
}

/// Where the number of lists stands among the marks, whose rows have [`URL_SIZE`] bytes.
pub(super) const LISTS: &[u8] = b"lists of variants";

/// How many rows of the records are lists of variants, and no stored responses.
pub(super) fn lists(store: &Store) -> Result<u64> {
    store.read(counted_lists)
}

/// The same inside a snapshot.
pub(super) fn counted_lists(snapshot: &Snapshot<'_>) -> Result<u64> {
    let lists = snapshot.get(Table::Marks, LISTS)?;
    Ok(lists.and_then(number).unwrap_or(0))
}

/// Writes the list of variants of a primary key; an empty one is none.
pub(super) fn put_list(
    txn: &mut Transaction<'_>,
    row: &[u8; ROW_SIZE],
    variants: &Variants,
) -> Result<()> {
    let was_there = txn.get(Table::Records, row)?.is_some();
    match (variants.ids.is_empty(), was_there) {
        (true, false) => Ok(()),
        (true, true) => {
            txn.delete(Table::Records, row)?;
            count_lists(txn, |lists| lists.saturating_sub(1))
        }
        (false, _) => {
            txn.put(Table::Records, row, &variants.encode()?)?;
            count_lists(txn, |lists| lists + u64::from(!was_there))
        }
    }
}

/// Counts lists that came or went.
pub(super) fn count_lists(txn: &mut Transaction<'_>, count: impl FnOnce(u64) -> u64) -> Result<()> {
    let lists = txn.get(Table::Marks, LISTS)?.and_then(number).unwrap_or(0);
    txn.put(Table::Marks, LISTS, &count(lists).to_le_bytes())
}

pub(super) fn number(value: &[u8]) -> Option<u64> {
    value.try_into().ok().map(u64::from_le_bytes)
}

fn put(txn: &mut Transaction<'_>, row: &[u8], entry: &Entry) -> Result<()> {
    txn.put(Table::Records, row, &entry.record)?;
    match &entry.file {
        Some(file) => txn.hold_body(file, row),
        None => Ok(()),
    }
}

/// Writes a record in place of the one that stands there: the same response, changed in its head alone.
pub(super) fn rewrite(
    txn: &mut Transaction<'_>,
    row: &[u8],
    record: Vec<u8>,
    head: &Head,
) -> Result<()> {
    let entry = Entry {
        record,
        variant: head.variant,
        names: Vec::new(),
        file: body_file(head),
    };
    put(txn, row, &entry)
}

/// Deletes a row and its body file, and leaves the list of variants.
pub(super) fn take_alone(txn: &mut Transaction<'_>, row: &[u8]) -> Result<()> {
    take(txn, row, None)
}

/// Deletes a row, and its body file unless that is the one to be kept.
fn take(txn: &mut Transaction<'_>, row: &[u8], kept: Option<&BodyRef>) -> Result<()> {
    let head = txn.get(Table::Records, row)?.and_then(Head::decode);
    txn.delete(Table::Records, row)?;
    release(txn, row, head, kept)
}

/// Lets go of what hangs on the record of a row.
fn release(
    txn: &mut Transaction<'_>,
    row: &[u8],
    head: Option<Head>,
    kept: Option<&BodyRef>,
) -> Result<()> {
    if let Some(head) = &head {
        aliases::remove_of(txn, row, head)?;
    }
    match head.filter(|head| head.body_is_file && kept.is_none_or(|kept| kept.id != head.id)) {
        Some(head) => txn.release_body(&head.id),
        None => Ok(()),
    }
}

/// The body file of a record.
pub(super) fn body_file(head: &Head) -> Option<BodyRef> {
    head.body_is_file.then_some(BodyRef {
        id: head.id,
        len: head.body_len,
        sums: head.body_sum,
    })
}

/// A random id for a record whose body has no file.
pub(super) fn new_id() -> Result<[u8; 16]> {
    let mut id = [0; 16];
    getrandom::fill(&mut id).map_err(|error| {
        Error::new(
            Kind::Io,
            format!("no random bytes from the system: {error}"),
        )
    })?;
    Ok(id)
}
