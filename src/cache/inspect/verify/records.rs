//! Records, and what they lead to.

use super::Verifying;
use super::lists;
use crate::cache::inspect::delete::{submit, take};
use crate::cache::inspect::keys::Keys;
use crate::cache::inspect::row::Place;
use crate::cache::shelf;
use crate::error::{Kind, Result};
use crate::key::ROW_SIZE;
use crate::record::variants::Variants;
use crate::record::{Head, Stored};
use crate::storage::{BLOCK, BodyRef, Snapshot, Table, Transaction};

/// What is to be looked at again outside of the snapshot.
enum Finding {
    /// The record of this row cannot be read, or is none of this version's.
    Damaged(Vec<u8>),
    /// The list of this primary key does not fit.
    List([u8; ROW_SIZE]),
    Body {
        place: Place,
        file: BodyRef,
        is_held: bool,
    },
}

/// So many bytes of a body are read before the caller is asked whether to go on.
const ASK_AFTER: u64 = 16 << 20;

impl Verifying<'_> {
    pub(super) fn records(&mut self) -> Result<()> {
        let store = self.store.clone();
        let mut keys = Keys::of(Table::Records);
        let mut last_list = None;
        loop {
            let (mut findings, mut rows, mut lists) = (Vec::new(), 0, 0);
            let next = keys.next(&store, &mut |snapshot, row, value| {
                rows += 1;
                lists += u64::from(Variants::is_list(value));
                findings.extend(look_at(snapshot, row, value)?);
                Ok(false)
            })?;
            if next.is_none() {
                return Ok(());
            }
            self.lists += lists;
            self.found.records += rows - lists;
            for finding in findings {
                match finding {
                    Finding::Damaged(row) => self.damaged_record(row)?,
                    Finding::List(row) if last_list == Some(row) => {}
                    Finding::List(row) => {
                        last_list = Some(row);
                        self.damaged_list(row)?;
                    }
                    Finding::Body {
                        place,
                        file,
                        is_held,
                    } => self.body_of(place, file, is_held)?,
                }
            }
            self.pass(rows)?;
        }
    }

    fn damaged_record(&mut self, row: Vec<u8>) -> Result<()> {
        self.found.damaged_records += 1;
        if self.mends {
            self.found.mended += submit(&self.store, 64, move |txn| take_damaged(txn, &row))?;
        }
        Ok(())
    }

    fn damaged_list(&mut self, primary: [u8; ROW_SIZE]) -> Result<()> {
        self.found.damaged_lists += 1;
        if self.mends {
            self.found.mended += submit(&self.store, 4096, move |txn| lists::mend(txn, &primary))?;
        }
        Ok(())
    }

    fn body_of(&mut self, place: Place, file: BodyRef, is_held: bool) -> Result<()> {
        self.found.bodies += 1;
        let is_sound = self.is_body_sound(&file)?;
        let is_there = self.store.read(|snapshot| {
            let value = snapshot.get(Table::Records, place.row())?;
            Ok(is_record_of(value, &file))
        })?;
        if !is_there {
            // Another one took its place meanwhile, or none.
            return Ok(());
        }
        if !is_sound {
            self.found.damaged_bodies += 1;
        } else if !is_held {
            self.found.unheld_bodies += 1;
        } else {
            return Ok(());
        }
        if self.mends {
            self.found.mended += submit(&self.store, 64, move |txn| {
                if !is_record_of(txn.get(Table::Records, place.row())?, &file) {
                    return Ok(0);
                }
                if is_sound {
                    txn.hold_body(&file, place.row())?;
                } else {
                    take(txn, &place)?;
                }
                Ok(1)
            })?;
        }
        Ok(())
    }

    /// Reads a body to its end.
    fn is_body_sound(&mut self, file: &BodyRef) -> Result<bool> {
        let mut buffer = vec![0; BLOCK];
        let (mut read, mut ask_at) = (0, ASK_AFTER);
        let mut go = || -> Result<()> {
            let mut reader = self.store.open_body(file)?;
            loop {
                match reader.read(&mut buffer)? {
                    0 => return Ok(()),
                    n => read += n as u64,
                }
                if read >= ask_at {
                    ask_at += ASK_AFTER;
                    self.pass(0)?;
                }
            }
        };
        match go() {
            Ok(()) => Ok(read == file.len),
            Err(error) if error.kind() == Kind::Corrupt => Ok(false),
            Err(error) => Err(error),
        }
    }
}

fn is_record_of(value: Option<&[u8]>, file: &BodyRef) -> bool {
    let head = value.and_then(Head::decode);
    head.is_some_and(|head| shelf::body_file(&head) == Some(*file))
}

fn look_at(snapshot: &Snapshot<'_>, row: &[u8], value: &[u8]) -> Result<Option<Finding>> {
    let damaged = || Ok(Some(Finding::Damaged(row.to_vec())));
    let Some(place) = Place::of(row) else {
        return damaged();
    };
    if Variants::is_list(value) {
        return match place {
            Place::Primary(primary) => {
                let fits = lists::fits(snapshot, &primary, value)?;
                Ok((!fits).then_some(Finding::List(primary)))
            }
            Place::Variant(_) => damaged(),
        };
    }
    let Some(stored) = sound(&place, value) else {
        return damaged();
    };
    let primary = place.primary();
    if place.variant().is_some() {
        let list = snapshot.get(Table::Records, &primary)?;
        if !list.is_some_and(Variants::is_list) {
            return Ok(Some(Finding::List(primary)));
        }
    }
    let Some(file) = shelf::body_file(&stored.head) else {
        return Ok(None);
    };
    let is_held = snapshot.get(Table::Bodies, &file.id)? == Some(row);
    Ok(Some(Finding::Body {
        place,
        file,
        is_held,
    }))
}

/// What a record holds that stands in its own row.
fn sound(place: &Place, value: &[u8]) -> Option<Stored> {
    let stored = Stored::key_of(value).and_then(|key| Stored::decode(value, key))?;
    let is_here = place
        .variant()
        .is_none_or(|variant| variant == stored.head.variant);
    is_here.then_some(stored)
}

fn take_damaged(txn: &mut Transaction<'_>, row: &[u8]) -> Result<u64> {
    let Some(value) = txn.get(Table::Records, row)? else {
        return Ok(0);
    };
    let Some(place) = Place::of(row) else {
        return txn.delete(Table::Records, row).map(u64::from);
    };
    let is_misplaced = Variants::is_list(value) && place.variant().is_some();
    if sound(&place, value).is_some() || (Variants::is_list(value) && !is_misplaced) {
        return Ok(0);
    }
    take(txn, &place).map(|()| 1)
}
