//! Taking over what another cache has stored.
//!
//! Each cache has a secret of its own, under which it keeps hashes of credentials, partitions and secrets. What only such
//! a hash tells from others cannot be known in another cache, and stays behind: nobody is given what was fetched for
//! somebody else.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::pages::Pages;
use crate::cache::body::Body;
use crate::cache::exchange::{Arrived, joined};
use crate::cache::rekey::Path;
use crate::cache::shelf::{self, Entry};
use crate::cache::{Cache, marks, shown};
use crate::error::{Error, Kind, Result};
use crate::key::again::{Asked, is_of_partition};
use crate::key::credentials::NOBODY;
use crate::key::url::canonical;
use crate::key::{PrimaryKey, VariantId, placeholder, redact, selecting};
use crate::policy::said::Said;
use crate::record::variants::Variants;
use crate::record::{Head, Record, Stored, StoredBody, StoredRequest};
use crate::storage::{Store, Table, Transaction};

/// What an update came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Updated {
    /// Stored responses that were taken over.
    pub copied: u64,
    /// Those that are not newer than what this cache has.
    pub older: u64,
    /// Those that stay behind, because what tells them from others is not known here, or because they cannot be read or
    /// may not be stored here.
    pub skipped: u64,
}

/// What became of one stored response.
enum Taken {
    Copied,
    Older,
    Skipped,
}

impl Cache {
    /// Takes over the stored responses of another cache that are newer than those of this one, each in a transaction of
    /// its own, so that it may end at any point. `go_on` is told how many rows were looked at, and of how many, and says
    /// whether to go on.
    pub fn update_from(
        self: &Arc<Self>,
        from: &Cache,
        updated: &mut Updated,
        go_on: &mut dyn FnMut(u64, u64) -> bool,
    ) -> Result<()> {
        self.check_writable()?;
        let (to, from) = (self.current_store()?, from.current_store()?);
        if Arc::ptr_eq(&to, &from) {
            let message = "from: both are one cache";
            return Err(Error::new(Kind::Argument, message));
        }
        let total = from.usage()?.records;
        let (mut pages, mut seen) = (Pages::all(), 0);
        loop {
            let mut values = Vec::new();
            let goes_on = pages.next(&from, &mut |_, value| {
                seen += 1;
                values.push(value.to_vec());
                Ok(())
            })?;
            for value in values {
                match self.take_over(&to, &from, &value)? {
                    Some(Taken::Copied) => updated.copied += 1,
                    Some(Taken::Older) => updated.older += 1,
                    Some(Taken::Skipped) => updated.skipped += 1,
                    None => {}
                }
            }
            if !go_on(seen.min(total), total) {
                return Err(Error::new(Kind::Cancelled, "the update was cancelled"));
            }
            if !goes_on {
                return Ok(());
            }
        }
    }

    /// Takes over one record; `None`: it is a list of variants.
    fn take_over(&self, to: &Store, from: &Store, value: &[u8]) -> Result<Option<Taken>> {
        if Variants::is_list(value) {
            return Ok(None);
        }
        let Some(moving) = self.prepare(to, from, value)? else {
            return Ok(Some(Taken::Skipped));
        };
        let present = to.read(|snapshot| {
            let get = |row: &[u8]| snapshot.get(Table::Records, row);
            shelf::present(get, &moving.key, &moving.variant)
        })?;
        if !moving.is_newer_than(present) {
            return Ok(Some(Taken::Older));
        }
        let Some(arrived) = copied(to, from, value, &moving.stored)? else {
            return Ok(Some(Taken::Skipped));
        };
        moving
            .submit(to, arrived, self.settings().max_variants)
            .map(Some)
    }

    /// What it would be in this cache; `None`: that cannot be known, or it may not be here.
    fn prepare(&self, to: &Store, from: &Store, value: &[u8]) -> Result<Option<Moving>> {
        let Some((before, mut stored)) = read(value) else {
            return Ok(None);
        };
        let kept = value.get(stored.request.clone()).unwrap_or_default();
        let Some(mut request) = StoredRequest::decode(kept) else {
            return Ok(None);
        };
        let is_known = to.secret() == from.secret();
        if !is_known {
            if !is_told_without_hashes(&before, &stored, &request) {
                return Ok(None);
            }
            forget(&mut request);
        }
        let settings = self.settings();
        let names = &settings.lists.ignored;
        let too_large = settings
            .max_response_bytes
            .is_some_and(|most| stored.head.body_len > most);
        if too_large || redact::must_be_altered(&stored.response.fields, names) {
            return Ok(None);
        }
        let Some((key, path)) = self.key_again(&before, &request, to, &stored)? else {
            return Ok(None);
        };
        let Some((_, asked)) = shown::asked(&request) else {
            return Ok(None);
        };
        if self.is_somebodys(&asked, &stored, to) {
            return Ok(None);
        }
        stored.response = redact::response(&stored.response, names)?.into_owned();
        let variant = if is_known {
            stored.head.variant
        } else {
            let selecting = stored.selecting.iter();
            let selecting = selecting.map(|(name, value)| (name.as_str(), value.clone()));
            selecting::id_of(&NOBODY, selecting, to.secret())
        };
        let request = self.redacted_again(&asked, request, to).encode()?;
        Ok(Some(Moving {
            key,
            path,
            variant,
            stored,
            request,
        }))
    }

    /// Whether it was fetched with credentials, and stored as nobody's: by a cache that shares credentials, for one that
    /// does not.
    fn is_somebodys(&self, asked: &Asked, stored: &Stored, to: &Store) -> bool {
        let settings = self.settings();
        if stored.head.mark != NOBODY || settings.share_credentials {
            return false;
        }
        // RFC 9111 §3.5
        let said = Said::by(&stored.response.fields, settings);
        if settings.shared && said.directives.allow_sharing() {
            return false;
        }
        let matching = settings.matching();
        let in_url = &canonical(&asked.url, &matching, to.secret()).credentials;
        let mut fields = asked.request.fields.iter();
        !in_url.is_empty() || fields.any(|(name, _)| matching.names.authenticates(name))
    }

    /// The request as this cache may store it: its names of secrets may be others.
    fn redacted_again(&self, asked: &Asked, request: StoredRequest, to: &Store) -> StoredRequest {
        let key_settings = self.key_settings();
        if request.key_settings == key_settings {
            return request;
        }
        let (settings, secret) = (self.settings(), to.secret());
        let matching = settings.matching();
        let body = match request.body {
            // What would have to be hidden in it, and where, is not looked for again.
            StoredBody::Bytes(kept) => StoredBody::Hash(redact::hashed(&kept, secret)),
            other => other,
        };
        StoredRequest {
            key_settings,
            url: redact::url(&asked.url, matching.names, secret).into_bytes(),
            fields: redact::fields(&asked.request.fields, &matching, secret, |_| true),
            body,
            ..request
        }
    }
}

/// The key of a record, and what it holds.
fn read(value: &[u8]) -> Option<(Vec<u8>, Stored)> {
    let key = Stored::key_of(value)?;
    Some((key.to_vec(), Stored::decode(value, key)?))
}

/// Whether it is told from others without any hash under the cache's secret.
fn is_told_without_hashes(key: &[u8], stored: &Stored, request: &StoredRequest) -> bool {
    let is_hash = |value: &Option<Vec<u8>>| {
        value
            .as_ref()
            .is_some_and(|value| value.first() == Some(&placeholder::MARK))
    };
    stored.head.mark == NOBODY
        && !is_of_partition(key)
        && !stored.selecting.iter().any(|(_, value)| is_hash(value))
        && !matches!(&request.body, StoredBody::Bytes(kept) if placeholder::knows_secrets(kept))
}

/// Takes the hashes of secrets out of a request, so that none is taken for one under another secret.
fn forget(request: &mut StoredRequest) {
    request.url = placeholder::forgotten(&request.url);
    for (_, value) in &mut request.fields {
        *value = placeholder::forgotten(value);
    }
}

/// The body in the other store; `None`: it cannot be read.
fn copied(to: &Store, from: &Store, value: &[u8], stored: &Stored) -> Result<Option<Arrived>> {
    let Some(file) = shelf::body_file(&stored.head) else {
        let inline = value.get(stored.body.clone()).unwrap_or_default();
        return Ok(Some(Arrived::Memory(inline.to_vec())));
    };
    let copied = from
        .open_body(&file)
        .and_then(|reader| joined(to, [Body::File(reader)]));
    match copied {
        Ok(arrived) => Ok(Some(arrived)),
        Err(error) if error.kind() == Kind::Corrupt => Ok(None),
        Err(error) => Err(error),
    }
}

/// A stored response on its way from one cache to another.
struct Moving {
    key: PrimaryKey,
    path: Option<Path>,
    variant: VariantId,
    stored: Stored,
    request: Vec<u8>,
}

impl Moving {
    fn entry(&self, arrived: &Arrived) -> Result<Entry> {
        let (id, file, body) = match arrived {
            Arrived::Memory(memory) => (shelf::new_id()?, None, memory.as_slice()),
            Arrived::File(file) => (file.id, Some(*file), &[][..]),
        };
        let head = Head {
            id,
            variant: self.variant,
            body_is_file: file.is_some(),
            body_len: file.map_or(0, |file| file.len),
            body_sum: file.map_or(0, |file| file.sums),
            ..self.stored.head
        };
        let names = self.stored.selecting.iter().map(|(name, _)| name.clone());
        let record = Record {
            head,
            key: &self.key.text,
            response: &self.stored.response,
            selecting: &self.stored.selecting,
            request: &self.request,
            body,
        };
        Ok(Entry {
            record: record.encode()?,
            variant: self.variant,
            names: names.collect(),
            file,
        })
    }

    fn is_newer_than(&self, present: Option<Head>) -> bool {
        let received_at = self.stored.head.stamp.response_time;
        present.is_none_or(|present| present.stamp.response_time < received_at)
    }

    fn submit(self, to: &Store, arrived: Arrived, most_variants: usize) -> Result<Taken> {
        let entry = match self.entry(&arrived) {
            Ok(entry) => entry,
            Err(error) => return arrived.discard(to).and(Err(error)),
        };
        let is_entered = Arc::new(AtomicBool::new(false));
        let (result, size) = (is_entered.clone(), entry.record.len());
        let change = move |txn: &mut Transaction<'_>| {
            let get = |row: &[u8]| txn.get(Table::Records, row);
            let present = shelf::present(get, &self.key, &self.variant)?;
            let is_newer = self.is_newer_than(present);
            result.store(is_newer, Ordering::Relaxed);
            if !is_newer {
                return Ok(());
            }
            if let Some((row, url)) = &self.path {
                marks::enter_url(txn, row, url)?;
            }
            shelf::enter(txn, &self.key, &entry, most_variants)
        };
        let submitted = to.submit(size, Box::new(change));
        match (submitted, is_entered.load(Ordering::Relaxed)) {
            (Ok(()), true) => Ok(Taken::Copied),
            (result, _) => {
                arrived.discard(to)?;
                result.map(|()| Taken::Older)
            }
        }
    }
}
