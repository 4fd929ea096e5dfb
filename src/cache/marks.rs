//! Small rows beside the stored responses: which URLs may stand for one another, and since when groups of responses
//! are invalid.

use super::shelf::number;
use crate::error::Result;
use crate::http::Url;
use crate::key::marked;
use crate::storage::{Store, Table, Transaction};

/// So many stored URLs that differ in their query alone are looked at for one request.
const MOST_URLS: usize = 64;

/// The stored URLs of the same path whose responses say that not all of their query counts, the newest first.
pub(super) fn urls_beside(store: &Store, url: &Url) -> Result<Vec<String>> {
    let row = marked::row_of_path(url);
    store.read(|snapshot| {
        let list = snapshot.get(Table::Marks, &row)?;
        Ok(list.and_then(decode).unwrap_or_default())
    })
}

/// Enters a URL among these.
pub(super) fn enter_url(txn: &mut Transaction<'_>, url: &Url) -> Result<()> {
    let row = marked::row_of_path(url);
    let list = txn.get(Table::Marks, &row)?;
    let mut urls = list.and_then(decode).unwrap_or_default();
    if urls.first().map(String::as_str) == Some(url.as_str()) {
        return Ok(());
    }
    urls.retain(|other| other != url.as_str());
    urls.insert(0, url.as_str().to_owned());
    urls.truncate(MOST_URLS);
    txn.put(Table::Marks, &row, urls.join("\n").as_bytes())
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
