//! Which variants are being revalidated behind their readers' backs: one caller each (RFC 5861 §3).

use std::sync::Arc;

use crate::cache::Cache;
use crate::cache::held::Held;
use crate::key::{ROW_SIZE, VARIANT_SIZE};

type Row = [u8; ROW_SIZE + VARIANT_SIZE];

/// What is being revalidated in this process.
pub(in crate::cache) type Refreshing = Held<Row>;

/// The right to revalidate a variant, given back when it is dropped.
pub(super) struct Turn {
    cache: Arc<Cache>,
    row: Row,
}

impl Turn {
    /// Takes the right, unless another exchange has it.
    pub(super) fn take(cache: &Arc<Cache>, row: Row) -> Option<Self> {
        let is_taken = cache
            .refreshing()
            .with(|rows| rows.insert(row))
            .unwrap_or(false);
        is_taken.then(|| Turn {
            cache: cache.clone(),
            row,
        })
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.cache.refreshing().with(|rows| rows.remove(&self.row));
    }
}
