//! The small rows beside the stored responses.

use std::ops::ControlFlow;

use super::Verifying;
use crate::cache::inspect::delete::submit;
use crate::cache::inspect::keys::Keys;
use crate::cache::marks;
use crate::error::Result;
use crate::key::marked;
use crate::storage::{Snapshot, Table, Transaction};

impl Verifying<'_> {
    pub(super) fn marks(&mut self) -> Result<()> {
        let store = self.store.clone();
        let mut keys = Keys::of(Table::Marks);
        loop {
            let (mut damaged, mut dangling) = (0, 0);
            let next = keys.next(&store, &mut |snapshot, row, value| {
                let is_damaged = !marks::is_readable(row, value);
                let leads_nowhere = !is_damaged && leads_nowhere(snapshot, row)?;
                damaged += u64::from(is_damaged);
                dangling += u64::from(leads_nowhere);
                Ok(is_damaged || leads_nowhere)
            })?;
            let Some(rows) = next else {
                return Ok(());
            };
            self.found.damaged_marks += damaged;
            self.found.dangling_marks += dangling;
            if self.mends && !rows.is_empty() {
                self.found.mended += submit(&store, 64 * rows.len(), move |txn| take(txn, &rows))?;
            }
            self.pass(0)?;
        }
    }
}

/// Whether it is of a key of the user's own, under which nothing is stored.
fn leads_nowhere(snapshot: &Snapshot<'_>, row: &[u8]) -> Result<bool> {
    let Some(key) = marked::own_key_of(row) else {
        return Ok(false);
    };
    let mut is_empty = true;
    snapshot.scan_prefix(Table::Records, key, &mut |_, _| {
        is_empty = false;
        Ok(ControlFlow::Break(()))
    })?;
    Ok(is_empty)
}

fn take(txn: &mut Transaction<'_>, rows: &[Vec<u8>]) -> Result<u64> {
    let mut taken = 0;
    for row in rows {
        let value = txn.get(Table::Marks, row)?;
        let Some(is_readable) = value.map(|value| marks::is_readable(row, value)) else {
            continue;
        };
        let mut is_empty = true;
        if let Some(key) = marked::own_key_of(row).filter(|_| is_readable) {
            txn.scan_prefix(Table::Records, key, &mut |_, _| {
                is_empty = false;
                Ok(ControlFlow::Break(()))
            })?;
        }
        if is_empty {
            taken += u64::from(txn.delete(Table::Marks, row)?);
        }
    }
    Ok(taken)
}
