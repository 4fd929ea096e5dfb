//! Rows of bodies that no record refers to any more.

use super::delete::submit;
use super::keys::Keys;
use super::row::Place;
use crate::error::Result;
use crate::record::Head;
use crate::storage::{BodyId, Store, Table, Transaction};

/// Of the next rows of bodies those to which no record refers; `None` at the end.
pub(super) fn unheld(keys: &mut Keys, store: &Store) -> Result<Option<Vec<Vec<u8>>>> {
    keys.next(store, &mut |snapshot, id, row| {
        let Some(place) = Place::of(row) else {
            return Ok(true);
        };
        Ok(!is_held(id, snapshot.get(Table::Records, place.row())?))
    })
}

/// Releases them, if they still are unheld; says how many there were.
pub(super) fn release(store: &Store, ids: Vec<Vec<u8>>) -> Result<u64> {
    if ids.is_empty() {
        return Ok(0);
    }
    submit(store, 64 * ids.len(), move |txn| {
        let mut released = 0;
        for id in &ids {
            released += u64::from(release_one(txn, id)?);
        }
        Ok(released)
    })
}

/// Whether a record is the one that a body belongs to.
fn is_held(id: &[u8], record: Option<&[u8]>) -> bool {
    let head = record.and_then(Head::decode);
    head.is_some_and(|head| head.body_is_file && head.id == *id)
}

fn release_one(txn: &mut Transaction<'_>, id: &[u8]) -> Result<bool> {
    let Ok(id) = BodyId::try_from(id) else {
        // No version of this library made it.
        return txn.delete(Table::Bodies, id);
    };
    let Some(row) = txn.get(Table::Bodies, &id)? else {
        return Ok(false);
    };
    let record = match Place::of(row) {
        Some(place) => txn.get(Table::Records, place.row())?,
        None => None,
    };
    if is_held(&id, record) {
        return Ok(false);
    }
    txn.release_body(&id)?;
    Ok(true)
}
