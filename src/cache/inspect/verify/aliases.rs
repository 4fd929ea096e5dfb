//! The aliases of redirects that were followed.

use super::Verifying;
use crate::cache::inspect::delete::submit;
use crate::cache::inspect::keys::Keys;
use crate::error::Result;
use crate::record::alias::Alias;
use crate::storage::{Table, Transaction};

impl Verifying<'_> {
    /// One that names what is gone is no damage: it is removed when it is used.
    pub(super) fn aliases(&mut self) -> Result<()> {
        let store = self.store.clone();
        let mut keys = Keys::of(Table::Aliases);
        while let Some(rows) = keys.next(&store, &mut |_, row, value| {
            Ok(Alias::decode(row, value).is_none())
        })? {
            self.found.damaged_marks += rows.len() as u64;
            if self.mends && !rows.is_empty() {
                self.found.mended += submit(&store, 64 * rows.len(), move |txn| take(txn, &rows))?;
            }
            self.pass(0)?;
        }
        Ok(())
    }
}

fn take(txn: &mut Transaction<'_>, rows: &[Vec<u8>]) -> Result<u64> {
    let mut taken = 0;
    for row in rows {
        let value = txn.get(Table::Aliases, row)?;
        if value.is_some_and(|value| Alias::decode(row, value).is_none()) {
            taken += u64::from(txn.delete(Table::Aliases, row)?);
        }
    }
    Ok(taken)
}
