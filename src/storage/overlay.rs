//! What was submitted and is not committed yet, as rows that lie over the tables, so that the lookups of this
//! process see it.
//!
//! Who reads takes what is here before its snapshot begins: what a commit takes away from here in between is in
//! the snapshot. Where a commit began in between, the snapshot may also have what was submitted later, and both are
//! taken anew.

use std::collections::BTreeMap;
use std::iter::Peekable;
use std::ops::{Bound, ControlFlow};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering, fence};
use std::sync::{Arc, PoisonError, RwLock, RwLockWriteGuard};

use super::{EachRow, Table};
use crate::error::Result;

/// The key of a row, shared by the overlay and the change that wrote it.
pub(super) type RowKey = Arc<[u8]>;

/// A row, and its value over the tables; `None` where it is deleted.
type Over<'r> = (&'r [u8], Option<&'r [u8]>);

type InTable = BTreeMap<RowKey, Written>;

/// Rows of any tables, with the values they are given.
#[derive(Clone, Default)]
pub(super) struct Rows {
    tables: Vec<(Table, InTable)>,
}

#[derive(Clone)]
struct Written {
    value: Option<Arc<[u8]>>,
    /// The submission that wrote it.
    number: u64,
}

impl Rows {
    fn table(&self, table: Table) -> Option<&InTable> {
        let mut tables = self.tables.iter();
        tables.find(|(of, _)| *of == table).map(|(_, rows)| rows)
    }

    fn table_mut(&mut self, table: Table) -> Option<&mut InTable> {
        if self.table(table).is_none() {
            self.tables.push((table, InTable::new()));
        }
        let mut tables = self.tables.iter_mut();
        tables.find(|(of, _)| *of == table).map(|(_, rows)| rows)
    }

    /// The value of a row, if it was written: `Some(None)` where it was deleted.
    pub(super) fn get(&self, table: Table, row: &[u8]) -> Option<Option<&[u8]>> {
        self.table(table)?
            .get(row)
            .map(|written| written.value.as_deref())
    }

    /// Gives a row a value, or none.
    pub(super) fn set(&mut self, table: Table, row: &[u8], value: Option<&[u8]>) {
        let value = value.map(Arc::from);
        if let Some(rows) = self.table_mut(table) {
            rows.insert(RowKey::from(row), Written { value, number: 0 });
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn len(&self) -> usize {
        self.tables.iter().map(|(_, rows)| rows.len()).sum()
    }

    /// The rows with a prefix, only those behind `after` if there is one, in order.
    fn range<'r>(
        &'r self,
        table: Table,
        prefix: &'r [u8],
        after: Option<&'r [u8]>,
    ) -> impl Iterator<Item = Over<'r>> {
        let from = after.map_or(Bound::Included(prefix), Bound::Excluded);
        let rows = self.table(table).into_iter();
        rows.flat_map(move |rows| rows.range::<[u8], _>((from, Bound::Unbounded)))
            .map(|(row, written)| (&**row, written.value.as_deref()))
            .take_while(move |(row, _)| row.starts_with(prefix))
    }
}

/// Some rows over others, both over the tables.
#[derive(Clone, Copy)]
pub(super) struct Layers<'r> {
    pub upper: Option<&'r Rows>,
    pub lower: Option<&'r Rows>,
}

impl<'r> Layers<'r> {
    /// The value of a row, if one of them has it: `Some(None)` where it is deleted.
    pub(super) fn get(&self, table: Table, row: &[u8]) -> Option<Option<&'r [u8]>> {
        let of = |rows: Option<&'r Rows>| rows.and_then(|rows| rows.get(table, row));
        of(self.upper).or_else(|| of(self.lower))
    }

    /// Calls `each` with the rows that begin with `prefix`, in order, as they are with these over those that
    /// `below` gives.
    pub(super) fn scan(
        &self,
        (table, prefix, after): (Table, &[u8], Option<&[u8]>),
        below: impl FnOnce(EachRow<'_>) -> Result<()>,
        each: EachRow<'_>,
    ) -> Result<()> {
        let range = |rows: Option<&'r Rows>| {
            let rows = rows.into_iter();
            rows.flat_map(|rows| rows.range(table, prefix, after))
                .peekable()
        };
        let mut over = OneOver {
            upper: range(self.upper),
            lower: range(self.lower),
        }
        .peekable();
        let mut is_over = false;
        below(&mut |row, value| {
            let flow = one_of_below(&mut over, (row, value), each)?;
            is_over = flow.is_break();
            Ok(flow)
        })?;
        if !is_over {
            let _ = drain(&mut over, |_| true, each)?;
        }
        Ok(())
    }

    /// How many rows of a table there are with these over those that `below` knows, which has so many.
    pub(super) fn count(
        &self,
        table: Table,
        count: u64,
        below: impl Fn(&[u8]) -> Result<bool>,
    ) -> Result<u64> {
        let mut all = count;
        let upper = self.upper.into_iter();
        let lower = self.lower.into_iter();
        let over = OneOver {
            upper: upper
                .flat_map(|rows| rows.range(table, b"", None))
                .peekable(),
            lower: lower
                .flat_map(|rows| rows.range(table, b"", None))
                .peekable(),
        };
        for (row, value) in over {
            match (value.is_some(), below(row)?) {
                (true, false) => all = all.saturating_add(1),
                (false, true) => all = all.saturating_sub(1),
                _ => {}
            }
        }
        Ok(all)
    }
}

/// Calls `each` with the rows before one of the tables, and with what has that one's place.
fn one_of_below<'r>(
    over: &mut Peekable<impl Iterator<Item = Over<'r>>>,
    (row, value): (&[u8], &[u8]),
    each: EachRow<'_>,
) -> Result<ControlFlow<()>> {
    if drain(over, |other| other < row, each)?.is_break() {
        return Ok(ControlFlow::Break(()));
    }
    match over.next_if(|(other, _)| *other == row) {
        Some((_, None)) => Ok(ControlFlow::Continue(())),
        Some((_, Some(value))) => each(row, value),
        None => each(row, value),
    }
}

/// Calls `each` with the next rows that are not deleted, as long as they are `wanted`.
fn drain<'r>(
    over: &mut Peekable<impl Iterator<Item = Over<'r>>>,
    wanted: impl Fn(&[u8]) -> bool,
    each: EachRow<'_>,
) -> Result<ControlFlow<()>> {
    while let Some((row, value)) = over.next_if(|(row, _)| wanted(row)) {
        if let Some(value) = value
            && each(row, value)?.is_break()
        {
            return Ok(ControlFlow::Break(()));
        }
    }
    Ok(ControlFlow::Continue(()))
}

/// The rows of two layers in order; where both have one, the upper's.
struct OneOver<'r, U: Iterator<Item = Over<'r>>, L: Iterator<Item = Over<'r>>> {
    upper: Peekable<U>,
    lower: Peekable<L>,
}

impl<'r, U: Iterator<Item = Over<'r>>, L: Iterator<Item = Over<'r>>> Iterator
    for OneOver<'r, U, L>
{
    type Item = Over<'r>;

    fn next(&mut self) -> Option<Over<'r>> {
        let Some((upper, _)) = self.upper.peek().copied() else {
            return self.lower.next();
        };
        if let Some(lower) = self.lower.next_if(|(lower, _)| *lower < upper) {
            return Some(lower);
        }
        self.lower.next_if(|(lower, _)| *lower == upper);
        self.upper.next()
    }
}

/// The rows that lie over a store's tables.
#[derive(Default)]
pub(super) struct Overlay {
    /// How many there are. None is what reads mostly find, and then they take no lock.
    count: AtomicUsize,
    /// Commits that began.
    commits: AtomicU64,
    /// Changed in place while nobody reads, and else copied.
    rows: RwLock<Arc<Rows>>,
}

/// What lay over the tables at one moment.
pub(super) struct Shown {
    rows: Arc<Rows>,
    commits: u64,
}

impl Shown {
    pub(super) fn rows(&self) -> &Rows {
        &self.rows
    }
}

impl Overlay {
    /// What lies over the tables; `None`: nothing. To be called before a snapshot of the tables begins.
    #[inline]
    pub(super) fn shown(&self) -> Option<Shown> {
        // Paired with the release behind a commit: its rows are gone from here only when they are there.
        if self.count.load(Ordering::Acquire) == 0 {
            return None;
        }
        let commits = self.commits.load(Ordering::SeqCst);
        let rows = self.rows.read().unwrap_or_else(PoisonError::into_inner);
        Some(Shown {
            rows: Arc::clone(&rows),
            commits,
        })
    }

    /// Whether a snapshot that was begun since has nothing that was submitted since.
    pub(super) fn is_current(&self, shown: &Shown) -> bool {
        fence(Ordering::SeqCst);
        self.commits.load(Ordering::SeqCst) == shown.commits
    }

    /// Says that what waits is about to be committed.
    pub(super) fn commit_begins(&self) {
        self.commits.fetch_add(1, Ordering::SeqCst);
        fence(Ordering::SeqCst);
    }

    /// Shows what a submission writes; gives the keys of its rows, by which they are withdrawn.
    pub(super) fn show(&self, number: u64, rows: Rows) -> Vec<(Table, RowKey)> {
        let mut keys = Vec::with_capacity(rows.len());
        let mut guard = self.lock();
        let all = Arc::make_mut(&mut guard);
        for (table, rows) in rows.tables {
            for (row, written) in rows {
                let Some(shown) = all.table_mut(table) else {
                    continue;
                };
                keys.push((table, Arc::clone(&row)));
                let value = written.value;
                shown.insert(row, Written { value, number });
            }
        }
        self.count.store(all.len(), Ordering::Release);
        keys
    }

    /// Takes away what submissions wrote, except where a later one wrote since.
    pub(super) fn withdraw<'k>(
        &self,
        submissions: impl Iterator<Item = (u64, &'k [(Table, RowKey)])>,
    ) {
        let mut guard = self.lock();
        let all = Arc::make_mut(&mut guard);
        for (number, keys) in submissions {
            for (table, row) in keys {
                let Some(rows) = all.table_mut(*table) else {
                    continue;
                };
                if rows.get(row).is_some_and(|shown| shown.number == number) {
                    rows.remove(row);
                }
            }
        }
        self.count.store(all.len(), Ordering::Release);
    }

    fn lock(&self) -> RwLockWriteGuard<'_, Arc<Rows>> {
        self.rows.write().unwrap_or_else(PoisonError::into_inner)
    }
}
