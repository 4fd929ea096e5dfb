//! Lists of variants, and how many there are.

use std::ops::ControlFlow;

use super::Verifying;
use crate::cache::inspect::delete::submit;
use crate::cache::inspect::row::Place;
use crate::cache::shelf;
use crate::error::Result;
use crate::key::{ROW_SIZE, VariantId, variant_row};
use crate::record::Stored;
use crate::record::variants::Variants;
use crate::storage::{EachRow, Snapshot, Table, Transaction};

/// A variant that is there.
struct Variant {
    id: VariantId,
    /// When it was received, and what its `Vary` names; `None`: it cannot be read.
    known: Option<(i64, Vec<String>)>,
}

/// Whether a list names the variants that there are, and no others.
pub(super) fn fits(snapshot: &Snapshot<'_>, primary: &[u8], value: &[u8]) -> Result<bool> {
    let Some(mut list) = Variants::decode(value) else {
        return Ok(false);
    };
    let variants = variants(|each| snapshot.scan_prefix(Table::Records, primary, each))?;
    let mut ids: Vec<VariantId> = variants.iter().map(|variant| variant.id).collect();
    ids.sort_unstable();
    list.ids.sort_unstable();
    let mut known = variants.iter().filter_map(|variant| variant.known.as_ref());
    Ok(ids == list.ids && known.all(|(_, names)| list.sets.contains(names)))
}

/// Writes the list that fits.
pub(super) fn mend(txn: &mut Transaction<'_>, primary: &[u8; ROW_SIZE]) -> Result<u64> {
    let mut variants = variants(|each| txn.scan_prefix(Table::Records, primary, each))?;
    let value = txn.get(Table::Records, primary)?;
    if value.is_some_and(|value| !Variants::is_list(value)) {
        // It stands there alone: no lookup finds what is beside it.
        for variant in &variants {
            shelf::take_alone(txn, &variant_row(primary, &variant.id))?;
        }
        return Ok(1);
    }
    variants.sort_by_key(|variant| variant.known.as_ref().map(|(received_at, _)| *received_at));
    let mut list = Variants::default();
    for variant in variants {
        if let Some((_, names)) = variant.known {
            list.enter(variant.id, names, usize::MAX);
        }
    }
    shelf::put_list(txn, primary, &list)?;
    Ok(1)
}

fn variants(scan: impl FnOnce(EachRow<'_>) -> Result<()>) -> Result<Vec<Variant>> {
    let mut variants = Vec::new();
    scan(&mut |row, value| {
        if let Some(id) = Place::of(row).and_then(|place| place.variant()) {
            let stored = Stored::key_of(value).and_then(|key| Stored::decode(value, key));
            let known = stored.filter(|stored| stored.head.variant == id);
            let names =
                |selecting: Vec<(String, _)>| selecting.into_iter().map(|(name, _)| name).collect();
            let known =
                known.map(|stored| (stored.head.stamp.response_time, names(stored.selecting)));
            variants.push(Variant { id, known });
        }
        Ok(ControlFlow::Continue(()))
    })?;
    Ok(variants)
}

impl Verifying<'_> {
    /// The number of lists, which is told from that of all rows for the statistics.
    pub(super) fn count_lists(&mut self) -> Result<()> {
        if self.store.read(shelf::counted_lists)? == self.lists {
            return Ok(());
        }
        // Others may have come or gone on the way: what is wrong is told by one snapshot.
        let off = self.store.read(|snapshot| {
            let mut lists = 0_i64;
            snapshot.scan_after(Table::Records, None, &mut |_, value| {
                lists += i64::from(Variants::is_list(value));
                Ok(ControlFlow::Continue(()))
            })?;
            let counted = shelf::counted_lists(snapshot)?;
            Ok(lists.saturating_sub_unsigned(counted))
        })?;
        if off == 0 {
            return Ok(());
        }
        self.found.damaged_marks += 1;
        if self.mends {
            // What others count meanwhile comes to the same difference.
            self.found.mended += submit(&self.store, 64, move |txn| {
                shelf::count_lists(txn, |lists| lists.saturating_add_signed(off))?;
                Ok(1)
            })?;
        }
        Ok(())
    }
}
