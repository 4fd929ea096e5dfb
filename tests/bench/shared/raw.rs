//! LMDB and the file system without the cache: what it is compared with.

use std::ffi::CString;
use std::fs;
use std::hint::black_box;
use std::path::{Path, PathBuf};

use lmdb::{Cursor, Database, Environment, EnvironmentFlags, Transaction, WriteFlags};

use super::c_api::c_path;
use super::work::number_in;

/// Bytes of the row of a response without variants; names of other tables are shorter.
const PRIMARY_ROW: usize = 32;

/// The tables beside the records, which lie in the unnamed one.
const MARKS: &str = "\u{1}\u{1}\u{1}\u{1}table:marks";
const BODIES: &str = "\u{1}\u{1}\u{1}\u{1}table:bodies";

/// The directory with the cache's tables.
pub fn generation(cache: &Path) -> PathBuf {
    let current = fs::read_to_string(cache.join("CURRENT")).unwrap();
    cache.join(current.trim())
}

/// How many transactions were committed in a cache, open or not. The two heads of the data file have the number, in
/// LMDB's format 1; the larger one holds.
pub fn transactions(cache: &Path) -> usize {
    const PAGE: usize = 4096;
    // Behind the page's head: magic, version, address, size, two trees, the last page.
    const NUMBER_AT: usize = 16 + 8 + 8 + 8 + 2 * 48 + 8;
    use std::os::unix::fs::FileExt;
    let file = fs::File::open(generation(cache).join("data.mdb")).unwrap();
    let number = |page: usize| {
        let mut bytes = [0; 8];
        let at = page * PAGE + NUMBER_AT;
        file.read_exact_at(&mut bytes, at as u64).unwrap();
        u64::from_le_bytes(bytes)
    };
    number(0).max(number(1)) as usize
}

/// An environment with the cache's tables.
pub struct Raw {
    pub environment: Environment,
    records: Database,
    marks: Database,
    bodies: Database,
}

impl Raw {
    pub fn open(directory: &Path, flags: EnvironmentFlags) -> Self {
        let environment = Environment::new()
            .set_max_dbs(8)
            .set_map_size(8 << 30)
            .set_flags(EnvironmentFlags::NO_TLS | flags)
            .open(directory)
            .unwrap();
        let is_there = environment.open_db(Some(MARKS)).is_ok();
        let table = |name| match is_there {
            true => environment.open_db(name).unwrap(),
            false => environment.create_db(name, Default::default()).unwrap(),
        };
        Raw {
            records: table(None),
            marks: table(Some(MARKS)),
            bodies: table(Some(BODIES)),
            environment,
        }
    }
}

/// What a closed cache holds, byte for byte, in the order of its URLs: a copy of its data file, so that the pages are
/// the same, and its own body files.
pub struct RawCopy {
    raw: Raw,
    keys: Vec<Vec<u8>>,
    /// Of each record its file, where the bodies are files.
    files: Vec<CString>,
}

impl RawCopy {
    pub fn of(cache: &Path, to: &Path) -> Self {
        fs::create_dir_all(to).unwrap();
        let from = generation(cache);
        fs::copy(from.join("data.mdb"), to.join("data.mdb")).unwrap();
        let raw = Raw::open(to, EnvironmentFlags::NO_SYNC);
        let rows = Rows::read(&raw);
        let names = rows.bodies.iter().map(|(id, _)| {
            let name: String = id.iter().map(|byte| format!("{byte:02x}")).collect();
            c_path(&from.join("bodies").join(name))
        });
        let files = names.collect();
        let keys = rows.records.into_iter().map(|(key, _)| key).collect();
        RawCopy { raw, keys, files }
    }

    pub fn len(&self) -> usize {
        self.keys.len()
    }

    /// Gets each record by a transaction that is reset and renewed, and copies it; then comes `each`.
    fn read_each(&self, order: &[usize], mut each: impl FnMut(usize)) {
        let mut buffer = vec![0_u8; 1 << 17];
        let mut inactive = self.raw.environment.begin_ro_txn().unwrap().reset();
        for at in order {
            let active = inactive.renew().unwrap();
            let value = active.get(self.raw.records, &self.keys[*at]).unwrap();
            buffer[..value.len()].copy_from_slice(value);
            black_box(&mut buffer);
            inactive = active.reset();
            each(*at);
        }
    }

    /// Get and memcpy.
    pub fn read_all(&self, order: &[usize]) {
        self.read_each(order, |_| ());
    }

    /// The same, and open, fstat and close of the body.
    pub fn open_all(&self, order: &[usize]) {
        self.read_each(order, |at| {
            self.with_file(at, |file| {
                // SAFETY: a plain C struct, for which all zeros is a value.
                let mut about: libc::stat = unsafe { std::mem::zeroed() };
                // SAFETY: the file is open, and the output writable.
                assert_eq!(unsafe { libc::fstat(file, &mut about) }, 0);
                black_box(about);
            });
        });
    }

    /// The same with a pread of the whole body in place of fstat.
    pub fn pread_all(&self, order: &[usize], buffer: &mut [u8]) {
        self.read_each(order, |at| {
            self.with_file(at, |file| {
                // SAFETY: the file is open, and the buffer holds so many bytes.
                let read =
                    unsafe { libc::pread(file, buffer.as_mut_ptr().cast(), buffer.len(), 0) };
                assert_eq!(read, buffer.len() as isize);
                black_box(&*buffer);
            });
        });
    }

    fn with_file(&self, at: usize, task: impl FnOnce(i32)) {
        // SAFETY: the name is NUL-terminated.
        let file = unsafe { libc::open(self.files[at].as_ptr(), libc::O_RDONLY | libc::O_CLOEXEC) };
        assert!(file >= 0);
        task(file);
        // SAFETY: it is open, and closed once.
        unsafe { libc::close(file) };
    }
}

type Row = (Vec<u8>, Vec<u8>);

/// The rows of a cache, in the order of its URLs.
pub struct Rows {
    pub records: Vec<Row>,
    /// One for each record, where the bodies are files.
    pub bodies: Vec<Row>,
    pub marks: Vec<Row>,
}

impl Rows {
    /// Those of a closed cache.
    pub fn of(cache: &Path) -> Self {
        Rows::read(&Raw::open(&generation(cache), EnvironmentFlags::NO_SYNC))
    }

    fn read(raw: &Raw) -> Self {
        let read = raw.environment.begin_ro_txn().unwrap();
        let all = |table| -> Vec<Row> {
            let mut cursor = read.open_ro_cursor(table).unwrap();
            let rows = cursor.iter().map(Result::unwrap);
            rows.map(|(key, value)| (key.to_vec(), value.to_vec()))
                .collect()
        };
        let mut records = all(raw.records);
        records.retain(|(key, _)| key.len() == PRIMARY_ROW);
        records.sort_by_cached_key(|(_, value)| number_in(value));
        // A body's row says whose it is.
        let mut bodies = all(raw.bodies);
        let place: std::collections::HashMap<&[u8], usize> = records
            .iter()
            .enumerate()
            .map(|(at, (key, _))| (&**key, at))
            .collect();
        bodies.sort_by_key(|(_, row)| place[&**row]);
        Rows {
            bodies,
            marks: all(raw.marks),
            records,
        }
    }

    /// Bytes of all of them.
    pub fn bytes(&self) -> usize {
        let tables = [&self.records, &self.bodies, &self.marks];
        let rows = tables.into_iter().flatten();
        rows.map(|(key, value)| key.len() + value.len()).sum()
    }

    /// Writes them to an empty environment, so many records in each transaction; before a record comes `each`.
    pub fn write(&self, raw: &Raw, batch: usize, mut each: impl FnMut(usize)) {
        let put = |write: &mut lmdb::RwTransaction<'_>, table, (key, value): &Row| {
            let flags = WriteFlags::empty();
            write.put(table, key, value, flags).unwrap();
        };
        for (number, records) in self.records.chunks(batch).enumerate() {
            let first = number * batch;
            (first..first + records.len()).for_each(&mut each);
            let mut write = raw.environment.begin_rw_txn().unwrap();
            for (at, record) in records.iter().enumerate() {
                put(&mut write, raw.records, record);
                if let Some(body) = self.bodies.get(first + at) {
                    put(&mut write, raw.bodies, body);
                }
            }
            let marks = if number == 0 { &*self.marks } else { &[] };
            for mark in marks {
                put(&mut write, raw.marks, mark);
            }
            write.commit().unwrap();
        }
    }
}
