//! Small rows beside the stored responses: which URLs may stand for one another, and since when groups of responses
//! are invalid.

use super::shelf::{LISTS, number};
use crate::error::Result;
use crate::http::Url;
use crate::key::{PrimaryKey, ROW_SIZE, URL_SIZE, marked};
use crate::storage::{Store, Table, Transaction};

/// So many stored URLs that differ in their query alone are looked at for one request.
const MOST_URLS: usize = 64;

/// Remembers that something is stored for a URL under a key that the user made, and that does not begin with its row.
pub(super) fn enter_own_key(txn: &mut Transaction<'_>, key: &PrimaryKey) -> Result<()> {
    let row = [&marked::own_keys(&key.uri)[..], &key.row].concat();
    txn.put(Table::Marks, &row, &[])
}

/// Forgets these keys, and says which rows they have.
pub(super) fn take_own_keys(
    txn: &mut Transaction<'_>,
    uri: &[u8; URL_SIZE],
) -> Result<Vec<[u8; ROW_SIZE]>> {
    let prefix = marked::own_keys(uri);
    let mut rows = Vec::new();
    txn.delete_prefix(Table::Marks, &prefix, &mut |row, _| {
        rows.extend(row.get(prefix.len()..).and_then(|row| row.first_chunk()));
        Ok(())
    })?;
    Ok(rows)
}

/// Which rows these keys have.
pub(super) fn own_keys(store: &Store, uri: &[u8; URL_SIZE]) -> Result<Vec<[u8; ROW_SIZE]>> {
    let prefix = marked::own_keys(uri);
    store.read(|snapshot| {
        let mut rows = Vec::new();
        snapshot.scan_prefix(Table::Marks, &prefix, &mut |row, _| {
            rows.extend(marked::own_key_of(row));
            Ok(std::ops::ControlFlow::Continue(()))
        })?;
        Ok(rows)
    })
}

/// The stored URLs of the same path whose responses say that not all of their query counts, the newest first. They are
/// canonical: what is secret in them is hidden.
pub(super) fn urls_beside(store: &Store, url: &Url) -> Result<Vec<String>> {
    let row = marked::row_of_path(url);
    store.read(|snapshot| {
        let list = snapshot.get(Table::Marks, &row)?;
        Ok(list.and_then(decode).unwrap_or_default())
    })
}

/// Enters a URL among these.
pub(super) fn enter_url(txn: &mut Transaction<'_>, row: &marked::Row, url: &str) -> Result<()> {
    let list = txn.get(Table::Marks, row)?;
    let mut urls = list.and_then(decode).unwrap_or_default();
    if urls.first().map(String::as_str) == Some(url) {
        return Ok(());
    }
    urls.retain(|other| other != url);
    urls.insert(0, url.to_owned());
    urls.truncate(MOST_URLS);
    txn.put(Table::Marks, row, urls.join("\n").as_bytes())
}

/// Whether a row is one that its readers can read; what is none of this version's is not theirs.
pub(super) fn is_readable(row: &[u8], value: &[u8]) -> bool {
    match (marked::kind_of(row), row) {
        (Some(marked::Kind::OwnKey), _) => value.is_empty(),
        (Some(marked::Kind::Path), _) => decode(value).is_some(),
        (Some(marked::Kind::Number), _) | (None, LISTS) => number(value).is_some(),
        (None, _) => true,
    }
}

/// A list that cannot be read is none: what it names is found by its own URL all the same. No URL holds a line end.
fn decode(list: &[u8]) -> Option<Vec<String>> {
    let text = std::str::from_utf8(list).ok()?;
    Some(text.lines().map(str::to_owned).collect())
}

/// When the last of these groups was made invalid; `None`: never.
pub(super) fn invalid_since(store: &Store, url: &Url, groups: &[String]) -> Result<Option<i64>> {
    store.read(|snapshot| {
        let mut latest = None;
        for group in groups {
            let mark = snapshot.get(Table::Marks, &marked::row_of_group(url, group))?;
            latest = latest.max(mark.and_then(number).map(u64::cast_signed));
        }
        Ok(latest)
    })
}

/// Makes all members of a group invalid that were asked for until now.
pub(super) fn invalidate_group(
    txn: &mut Transaction<'_>,
    row: &marked::Row,
    now: i64,
) -> Result<()> {
    let before = txn.get(Table::Marks, row)?.and_then(number);
    let latest = before.map_or(now, |before| before.cast_signed().max(now));
    txn.put(Table::Marks, row, &latest.to_le_bytes())
}
