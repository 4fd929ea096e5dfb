//! Rows of bodies that no record refers to any more.

use super::delete::submit;
use super::keys::Keys;
use super::row::Place;
use crate::error::Result;
use crate::record::Head;
use crate::storage::{BodyId, Store, Table, Transaction};

/// Releases the bodies that no record refers to, some in each transaction; says how many there were. `go_on` is told
/// after each.
pub(super) fn release_unheld(store: &Store, go_on: &mut dyn FnMut(u64) -> bool) -> Result<u64> {
    let mut released = 0;
    let mut keys = Keys::of(Table::Bodies);
    while let Some(rows) = keys.next(store, &mut |snapshot, id, row| {
        let record =
            Place::of(row).map_or(Ok(None), |place| snapshot.get(Table::Records, place.row()))?;
        Ok(!is_held(id, record))
    })? {
        if !rows.is_empty() {
            released += submit(store, 64 * rows.len(), move |txn| release(txn, &rows))?;
        }
        if !go_on(released) {
            break;
        }
    }
    Ok(released)
}

/// Whether a record is the one that a body belongs to.
pub(super) fn is_held(id: &[u8], record: Option<&[u8]>) -> bool {
    let head = record.and_then(Head::decode);
    head.is_some_and(|head| head.body_is_file && head.id == *id)
}

fn release(txn: &mut Transaction<'_>, ids: &[Vec<u8>]) -> Result<u64> {
    let mut released = 0;
    for id in ids {
        let Ok(id) = BodyId::try_from(id.as_slice()) else {
            continue;
        };
        let Some(row) = txn.get(Table::Bodies, &id)? else {
            continue;
        };
        let record =
            Place::of(row).map_or(Ok(None), |place| txn.get(Table::Records, place.row()))?;
        if !is_held(&id, record) {
            txn.release_body(&id)?;
            released += 1;
        }
    }
    Ok(released)
}
