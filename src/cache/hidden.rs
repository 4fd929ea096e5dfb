//! What was changed by unsafe requests and could not be taken away, since the cache is read-only, or writing failed: it
//! does not serve what is stored until that was stored anew.

use std::collections::HashMap;
use std::sync::Arc;

use arc_swap::ArcSwapOption;

/// So many rows are known one by one.
const MOST: usize = 1024;

/// The rows of URLs and of groups whose stored responses are hidden. Thread: any; no lock, for a fork may come at any
/// moment.
#[derive(Default)]
pub(super) struct Hidden(ArcSwapOption<Rows>);

#[derive(Clone, Default)]
struct Rows {
    /// When each was changed.
    changed_at: HashMap<Box<[u8]>, i64>,
    /// When the last one was changed that is no longer known by itself: it may be any.
    others: Option<i64>,
}

impl Hidden {
    /// Hides what is stored under a row and was asked for until now.
    pub(super) fn hide(&self, row: &[u8], now: i64) {
        self.0.rcu(|rows| {
            let mut rows = rows.as_deref().cloned().unwrap_or_default();
            rows.hide(row, now);
            Some(Arc::new(rows))
        });
    }

    /// Whether what was asked for at that time is hidden.
    pub(super) fn is_hidden(&self, row: &[u8], asked_at: i64) -> bool {
        let rows = self.0.load();
        rows.as_deref().is_some_and(|rows| {
            let changed_at = rows.changed_at.get(row).copied().max(rows.others);
            changed_at.is_some_and(|changed_at| asked_at <= changed_at)
        })
    }
}

impl Rows {
    fn hide(&mut self, row: &[u8], now: i64) {
        let changed_at = self.changed_at.entry(row.into()).or_insert(now);
        *changed_at = now.max(*changed_at);
        if self.changed_at.len() <= MOST {
            return;
        }
        let oldest = self.changed_at.iter().min_by_key(|(_, at)| **at);
        if let Some((row, at)) = oldest.map(|(row, at)| (row.clone(), *at)) {
            self.changed_at.remove(&row);
            self.others = self.others.max(Some(at));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_asked_for_before_the_change_is_hidden() {
        let hidden = Hidden::default();
        assert!(!hidden.is_hidden(b"a", 0));
        hidden.hide(b"a", 10);
        hidden.hide(b"a", 5);
        assert!(hidden.is_hidden(b"a", 10));
        assert!(!hidden.is_hidden(b"a", 11));
        assert!(!hidden.is_hidden(b"b", 10));
    }

    #[test]
    fn what_is_forgotten_stays_hidden() {
        let hidden = Hidden::default();
        for number in 0..MOST as i64 + 10 {
            hidden.hide(&number.to_le_bytes(), 100 + number);
        }
        assert!((0..MOST as i64 + 10).all(|number| {
            let row = number.to_le_bytes();
            hidden.is_hidden(&row, 100 + number) && !hidden.is_hidden(&row, 101 + number.max(9))
        }));
        let rows = hidden.0.load_full();
        assert_eq!(rows.map(|rows| rows.changed_at.len()), Some(MOST));
    }
}
