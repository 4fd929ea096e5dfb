//! Verifying all that is stored: every record and every body, and every row that leads to one. Other use goes on: what
//! does not fit is looked at again before it is told, and again in the transaction that mends it.

mod aliases;
mod bodies;
mod lists;
mod marks;
mod records;

use std::sync::Arc;

use crate::cache::Cache;
use crate::error::{Error, Kind, Result};
use crate::storage::Store;

/// What was looked at, and what did not fit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Verification {
    /// Records that were looked at.
    pub records: u64,
    /// Files of bodies that were read.
    pub bodies: u64,
    /// Records that cannot be read, the bodies in them included.
    pub damaged_records: u64,
    /// Files of bodies that are damaged or gone, of records that are sound.
    pub damaged_bodies: u64,
    /// Lists of variants that cannot be read, or do not name the variants that there are.
    pub damaged_lists: u64,
    /// Marks and aliases that cannot be read, and a number of lists that is wrong.
    pub damaged_marks: u64,
    /// Bodies of which no row says that they are held.
    pub unheld_bodies: u64,
    /// Rows of bodies whose record is no longer there.
    pub dangling_bodies: u64,
    /// Files of bodies that no row names.
    pub orphan_bodies: u64,
    /// Marks of keys of the user's own under which nothing is stored any more; they do no harm.
    pub dangling_marks: u64,
    /// How many of these were taken away or put right.
    pub mended: u64,
}

/// Told how much was looked at, and of how much; says whether to go on.
type GoOn<'f> = &'f mut dyn FnMut(u64, u64) -> bool;

/// A verification on its way.
struct Verifying<'a> {
    store: Arc<Store>,
    mends: bool,
    found: &'a mut Verification,
    go_on: GoOn<'a>,
    /// Lists of variants that were met.
    lists: u64,
    done: u64,
    total: u64,
}

impl Cache {
    /// Looks at everything that is stored, and says what does not fit; takes away or puts right what that is, where it is
    /// told to mend.
    pub fn verify(
        &self,
        mends: bool,
        found: &mut Verification,
        go_on: &mut dyn FnMut(u64, u64) -> bool,
    ) -> Result<()> {
        if mends {
            self.check_writable()?;
        }
        let store = self.current_store()?;
        let total = store.usage()?.records;
        let mut verifying = Verifying {
            store,
            mends,
            found,
            go_on,
            lists: 0,
            done: 0,
            total,
        };
        verifying.records()?;
        verifying.body_rows()?;
        verifying.body_files()?;
        verifying.marks()?;
        verifying.aliases()?;
        verifying.count_lists()
    }
}

impl Verifying<'_> {
    /// So much more was looked at.
    fn pass(&mut self, looked_at: u64) -> Result<()> {
        self.done += looked_at;
        self.total = self.total.max(self.done);
        if (self.go_on)(self.done, self.total) {
            return Ok(());
        }
        Err(Error::new(
            Kind::Cancelled,
            "the verification was cancelled",
        ))
    }
}
