//! Rows of bodies, and files that no row names.

use std::time::Duration;

use super::Verifying;
use crate::cache::inspect::bodies::{release, unheld};
use crate::cache::inspect::keys::Keys;
use crate::error::Result;
use crate::storage::{BodyId, Table};

/// A file that was written so lately may be one whose record is on its way.
const ON_ITS_WAY: Duration = Duration::from_secs(600);
/// So many files are looked at before the caller is asked whether to go on.
const FILES: usize = 256;

impl Verifying<'_> {
    pub(super) fn body_rows(&mut self) -> Result<()> {
        let store = self.store.clone();
        let mut keys = Keys::of(Table::Bodies);
        while let Some(ids) = unheld(&mut keys, &store)? {
            self.found.dangling_bodies += ids.len() as u64;
            if self.mends {
                self.found.mended += release(&store, ids)?;
            }
            self.pass(0)?;
        }
        Ok(())
    }

    pub(super) fn body_files(&mut self) -> Result<()> {
        let files = self.store.bodies_older_than(ON_ITS_WAY)?;
        for ids in files.chunks(FILES) {
            let orphans = self.orphans(ids)?;
            self.found.orphan_bodies += orphans.len() as u64;
            for id in orphans.iter().filter(|_| self.mends) {
                self.store.remove_orphan(id)?;
                self.found.mended += 1;
            }
            self.pass(0)?;
        }
        Ok(())
    }

    fn orphans(&self, ids: &[BodyId]) -> Result<Vec<BodyId>> {
        self.store.read(|snapshot| {
            let mut orphans = Vec::new();
            for id in ids {
                if snapshot.get(Table::Bodies, id)?.is_none() {
                    orphans.push(*id);
                }
            }
            Ok(orphans)
        })
    }
}
