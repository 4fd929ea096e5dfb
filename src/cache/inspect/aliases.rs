//! The aliases that a walk or a deletion asks for: behind the stored responses, in the order of their keys.

use std::collections::VecDeque;

use super::delete::submit;
use super::query::Query;
use crate::cache::Cache;
use crate::cache::aliases::{Listed, scan_after};
use crate::error::Result;
use crate::key::{AliasRow, URL_SIZE, uri_row};
use crate::storage::{Store, Table};

/// Those that are asked for, as they were when they were looked at.
pub(super) struct Aliases {
    /// The row to go on behind; `None` at first.
    last: Option<AliasRow>,
    is_over: bool,
    ready: VecDeque<Listed>,
    /// Under which rows the redirects from the URL stand that is asked for.
    uri: Option<[u8; URL_SIZE]>,
}

impl Aliases {
    pub(super) fn new(query: &Query) -> Self {
        Aliases {
            last: None,
            is_over: !query.kinds.aliases,
            ready: VecDeque::new(),
            uri: None,
        }
    }

    pub(super) fn next(
        &mut self,
        cache: &Cache,
        query: &Query,
        store: &Store,
    ) -> Result<Option<Listed>> {
        if let Some(url) = query.url.as_ref().filter(|_| self.uri.is_none()) {
            let matching = cache.settings().matching();
            self.uri = Some(uri_row(url.as_str(), &matching, store.secret()));
        }
        while self.ready.is_empty() && !self.is_over {
            let listed = scan_after(store, &mut self.last)?;
            self.is_over = self.last.is_none();
            let asked_for = listed
                .into_iter()
                .filter(|listed| is_asked_for(query, self.uri.as_ref(), listed));
            self.ready.extend(asked_for);
        }
        Ok(self.ready.pop_front())
    }
}

fn is_asked_for(query: &Query, uri: Option<&[u8; URL_SIZE]>, listed: &Listed) -> bool {
    let alias = &listed.alias;
    let Some(hop) = alias.hops.first() else {
        return false;
    };
    query
        .created_before
        .is_none_or(|instant| alias.created_at < instant)
        && query
            .expires_before
            .is_none_or(|instant| alias.expires_at.is_some_and(|at| at < instant))
        && query
            .method
            .as_ref()
            .is_none_or(|method| method.as_bytes() == alias.method)
        && uri.is_none_or(|uri| hop.key.row.starts_with(uri))
        && query
            .glob
            .as_ref()
            .is_none_or(|glob| glob.matches_text(&hop.url))
}

/// Deletes the aliases that a query asks for, at most so many, some in each transaction; says how many there were.
pub(super) fn delete(cache: &Cache, query: &Query, store: &Store, most: u64) -> Result<u64> {
    const ROWS: usize = 256;
    let mut aliases = Aliases::new(query);
    let mut deleted = 0;
    loop {
        let mut rows = Vec::new();
        while rows.len() < ROWS
            && deleted + (rows.len() as u64) < most
            && let Some(listed) = aliases.next(cache, query, store)?
        {
            rows.extend(listed.alias.row(&listed.mark));
        }
        if rows.is_empty() {
            return Ok(deleted);
        }
        deleted += submit(store, 64 * rows.len(), move |txn| {
            let mut gone = 0;
            for row in &rows {
                gone += u64::from(txn.delete(Table::Aliases, row)?);
            }
            Ok(gone)
        })?;
    }
}
