//! The tables in LMDB: the only place that names `lmdb` and `lmdb_sys`, and with `system` the only one
//! of the storage that holds unsafe code. Decides nothing about directories, generations or locks
//! between processes.

mod fault;
pub(super) mod header;
pub(super) mod inherit;
pub(super) mod inject;
mod pool;
mod read;
mod rows;
pub(crate) mod system;
mod write;

use std::path::Path;

use self::fault::check;
use self::inject::injected;
pub(super) use self::pool::Inside;
use self::pool::Pool;
pub(super) use self::read::CommittedRows;
pub(super) use self::rows::admit;
pub(super) use self::write::{Committed, WriteTransaction, is_map_full};
use super::{Durability, Table};
use crate::error::{Error, Kind, Result};

/// Reader slots of all processes together. A process takes at most one for each read that runs at the
/// same time, and keeps up to [`pool::SLOTS`] of them.
const MAX_READERS: u32 = 2046;

/// Address space reserved at first, in bytes.
pub(super) const FIRST_MAP: usize = 1 << 30;

/// The least address space worth trying when the system refuses more, in bytes.
const LEAST_MAP: usize = 16 << 20;

/// The named tables; [`Table::Records`] is the unnamed one, whose root LMDB has at hand in each
/// transaction, so that a read does not have to look it up. The names lie among its rows, and begin so
/// that no row of another kind is like them.
const NAMES: [&str; 3] = [
    "\u{1}\u{1}\u{1}\u{1}table:marks",
    "\u{1}\u{1}\u{1}\u{1}table:bodies",
    "\u{1}\u{1}\u{1}\u{1}table:aliases",
];

/// Whether a key of the unnamed table is the name of another table and no row.
fn is_name(row: &[u8]) -> bool {
    NAMES.iter().any(|name| name.as_bytes() == row)
}

/// One open environment. Never two of one directory in a process: LMDB's locks would be lost.
pub(super) struct Environment {
    inner: lmdb::Environment,
    tables: Tables,
    pool: Pool,
}

/// The handles of the tables.
#[derive(Clone, Copy)]
struct Tables {
    records: lmdb_sys::MDB_dbi,
    marks: lmdb_sys::MDB_dbi,
    bodies: lmdb_sys::MDB_dbi,
    aliases: lmdb_sys::MDB_dbi,
}

impl Tables {
    fn handle(&self, table: Table) -> lmdb_sys::MDB_dbi {
        match table {
            Table::Records => self.records,
            Table::Marks => self.marks,
            Table::Bodies => self.bodies,
            Table::Aliases => self.aliases,
        }
    }
}

impl Environment {
    /// Opens the environment in `directory`, whose files exist, and maps `map` bytes, or as many as the
    /// system gives down to 16 MiB. With `create`, missing tables are made, which takes LMDB's own writer
    /// lock: the caller makes sure that nobody else holds it.
    ///
    /// [`Kind::Corrupt`]: LMDB refuses the file.
    pub(super) fn open(
        directory: &Path,
        durability: Durability,
        map: usize,
        create: bool,
    ) -> Result<Self> {
        let inner = open_mapped(directory, flags(durability), map)?;
        Self::with(inner, directory, create)
    }

    /// Opens the environment for reading alone. Where LMDB's table of readers cannot be written, as on a file system
    /// that is mounted read-only, the caller keeps writers away from each read.
    pub(super) fn open_to_read(
        directory: &Path,
        durability: Durability,
        map: usize,
    ) -> Result<Self> {
        let flags = flags(durability) | lmdb::EnvironmentFlags::READ_ONLY;
        Self::with(open_mapped(directory, flags, map)?, directory, false)
    }

    fn with(inner: lmdb::Environment, directory: &Path, create: bool) -> Result<Self> {
        let mut data = -1;
        // SAFETY: the environment is open, and `data` lives on the stack.
        check("lmdb", unsafe {
            lmdb_sys::mdb_env_get_fd(inner.env(), &mut data)
        })?;
        // LMDB leaves this one descriptor open across exec.
        system::close_on_exec(data);
        let tables = open_tables(&inner, create).map_err(|e| refused(directory, e))?;
        let environment = Environment {
            inner,
            tables,
            pool: Pool::new(),
        };
        environment.free_dead_readers()?;
        Ok(environment)
    }

    /// Frees the reader slots of processes that died.
    fn free_dead_readers(&self) -> Result<()> {
        let mut dead = 0;
        // SAFETY: the environment is open, and `dead` lives on the stack.
        let check_readers = || unsafe { lmdb_sys::mdb_reader_check(self.inner.env(), &mut dead) };
        check(
            "reader table",
            injected("mdb_reader_check").unwrap_or_else(check_readers),
        )
    }

    /// Writes everything committed to the disk, whatever the durability. Waits for the disk.
    pub(super) fn sync(&self) -> Result<()> {
        or_injected("mdb_env_sync", || self.inner.sync(true))
            .map_err(|e| fault::error("syncing the data file", e.to_err_code()))
    }

    /// Bytes mapped at present.
    #[cfg(test)]
    pub(super) fn map_size(&self) -> usize {
        self.inner.info().map(|info| info.map_size()).unwrap_or(0)
    }

    /// Doubles the map. Waits until no read runs.
    ///
    /// [`Kind::Full`]: the address space, or its limit, is used up.
    fn grow(&self) -> Result<()> {
        self.resize(|size, _| size.checked_mul(2))
    }

    /// Makes room for what another process, whose map is larger, has written.
    fn adopt(&self) -> Result<()> {
        self.resize(|size, used| {
            let mut larger = size;
            while larger < used {
                larger = larger.checked_mul(2)?;
            }
            Some(larger)
        })
    }

    fn resize(&self, larger: impl Fn(usize, usize) -> Option<usize>) -> Result<()> {
        let full = || {
            Error::new(
                Kind::Full,
                "the address space has no room for a larger data file",
            )
        };
        self.pool.while_idle(|| {
            let info = or_injected("mdb_env_info", || self.inner.info())
                .map_err(|e| fault::error("lmdb", e.to_err_code()))?;
            let page = or_injected("mdb_env_stat", || self.inner.stat())
                .map_err(|e| fault::error("lmdb", e.to_err_code()))?;
            let used = (info.last_pgno() + 1).saturating_mul(page.page_size() as usize);
            let size = larger(info.map_size(), used).ok_or_else(full)?;
            if size <= info.map_size() {
                return Ok(());
            }
            // LMDB gives up the old map before it asks for the new one, and without a map nothing may
            // be called any more: so the room is asked for beforehand.
            if !system::address_space_has(size - info.map_size()) {
                return Err(full());
            }
            // SAFETY: no transaction of this process is active: reads are kept out by `while_idle`, and
            // the one writer is the caller, between two transactions.
            let resize = || unsafe { lmdb_sys::mdb_env_set_mapsize(self.inner.env(), size) };
            let code = injected("mdb_env_set_mapsize").unwrap_or_else(resize);
            check("growing the map of the data file", code).inspect_err(|_| self.pool.condemn())
        })
    }
}

fn flags(durability: Durability) -> lmdb::EnvironmentFlags {
    let sync = match durability {
        Durability::Fast => lmdb::EnvironmentFlags::NO_SYNC,
        Durability::Safe => lmdb::EnvironmentFlags::NO_META_SYNC,
        Durability::Synced => lmdb::EnvironmentFlags::empty(),
    };
    lmdb::EnvironmentFlags::NO_TLS | sync
}

fn open_mapped(
    directory: &Path,
    flags: lmdb::EnvironmentFlags,
    map: usize,
) -> Result<lmdb::Environment> {
    let mut map = map;
    loop {
        let mut builder = lmdb::Environment::new();
        builder.set_flags(flags).set_max_readers(MAX_READERS);
        builder.set_max_dbs(NAMES.len() as u32).set_map_size(map);
        match or_injected("mdb_env_open", || {
            builder.open_with_permissions(directory, 0o600)
        }) {
            Ok(inner) => return Ok(inner),
            Err(lmdb::Error::Other(libc::ENOMEM)) if map / 2 >= LEAST_MAP => map /= 2,
            Err(error) => return Err(refused(directory, error)),
        }
    }
}

fn open_tables(inner: &lmdb::Environment, create: bool) -> lmdb::Result<Tables> {
    let open_one = |name| or_injected("mdb_dbi_open", || inner.open_db(name));
    let open = |name| match open_one(Some(name)) {
        Err(lmdb::Error::NotFound) if create => or_injected("mdb_dbi_open", || {
            inner.create_db(Some(name), lmdb::DatabaseFlags::empty())
        }),
        opened => opened,
    };
    let [marks, bodies, aliases] = NAMES;
    Ok(Tables {
        records: open_one(None)?.dbi(),
        marks: open(marks)?.dbi(),
        bodies: open(bodies)?.dbi(),
        aliases: open(aliases)?.dbi(),
    })
}

/// A call through the safe wrapper.
fn or_injected<T>(call: &'static str, made: impl FnOnce() -> lmdb::Result<T>) -> lmdb::Result<T> {
    match injected(call) {
        Some(code) => Err(lmdb::Error::from_err_code(code)),
        None => made(),
    }
}

fn refused(directory: &Path, error: lmdb::Error) -> Error {
    let file = directory.join("data.mdb");
    fault::error(
        format_args!("data file {}", file.display()),
        error.to_err_code(),
    )
}

#[cfg(test)]
mod reader_tests;
