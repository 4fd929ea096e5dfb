//! G1: what a hit costs through the C ABI, as a ratio to the read below it.
//!
//! The reference is one raw LMDB get and one memcpy of the same record, from a copy of the cache's own rows, by a
//! read transaction that is reset and renewed. The hit is everything a C program does: build the request with two
//! fields, look it up, walk the fields, look at the body, free both. Checksums are on. Both run in turn over the
//! same URLs in the same random order; CPU time, median of the rounds.
//!
//! `cargo bench --bench hit`

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::missing_transmute_annotations,
    reason = "a benchmark stops where it fails"
)]

#[path = "c_api.rs"]
mod c_api;
#[path = "measure.rs"]
mod measure;

use std::hint::black_box;
use std::path::{Path, PathBuf};

use c_api::Api;
use lmdb::{Cursor, Transaction};
use measure::{median, per_operation};

const URLS: usize = 10_000;
const BODY: usize = 1024;
const ROUNDS: usize = 15;
/// Bytes of the row of a response without variants; names of other tables are shorter.
const PRIMARY_ROW: usize = 32;

fn main() {
    let directory = tempfile::tempdir().unwrap();
    let api = Api::load();
    let urls = urls();
    let cache_path = directory.path().join("cache");
    api.fill(&cache_path, &urls, BODY);
    let rows = copy_rows(&cache_path, &directory.path().join("raw"));
    assert_eq!(rows.keys.len(), URLS, "every response is one row");

    let cache = api.open(&cache_path);
    let order = shuffled(URLS);
    let mut raw = Vec::new();
    let mut hit = Vec::new();
    for round in 0..=ROUNDS {
        let raw_time = per_operation(URLS, || rows.read_all(&order));
        let hit_time = per_operation(URLS, || api.hit_all(cache, &urls, &order, BODY));
        // The first round warms both up.
        if round > 0 {
            raw.push(raw_time);
            hit.push(hit_time);
        }
    }
    api.close(cache);
    let ratio = median(raw.iter().zip(&hit).map(|(raw, hit)| hit / raw).collect());
    let (raw, hit) = (median(raw), median(hit));
    println!(
        "G1 {ratio:.2} (target 2.5) 1 KiB hit through the C ABI {hit:.0} ns; \
         raw LMDB get + memcpy of the same record {raw:.0} ns"
    );
}

fn urls() -> Vec<String> {
    (0..URLS)
        .map(|i| {
            format!(
                "https://api.example.org/v1/items/{i:05}/details?lang=en&page={}",
                i % 7
            )
        })
        .collect()
}

/// The same order in each run: a small generator is random enough to defeat the processor's caches.
fn shuffled(count: usize) -> Vec<usize> {
    let mut order: Vec<usize> = (0..count).collect();
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    for at in (1..count).rev() {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        order.swap(at, (state % (at as u64 + 1)) as usize);
    }
    order
}

/// A copy of the cache's rows, read without anything of the cache.
struct RawRows {
    environment: lmdb::Environment,
    database: lmdb::Database,
    keys: Vec<Vec<u8>>,
}

fn copy_rows(cache: &Path, to: &Path) -> RawRows {
    let current = std::fs::read_to_string(cache.join("CURRENT")).unwrap();
    let from = cache.join(current.trim());
    let (source, table) = open_raw(&from);
    std::fs::create_dir(to).unwrap();
    let (environment, database) = open_raw(to);
    let mut keys = Vec::new();
    {
        let read = source.begin_ro_txn().unwrap();
        let mut write = environment.begin_rw_txn().unwrap();
        for row in read.open_ro_cursor(table).unwrap().iter() {
            let (key, value) = row.unwrap();
            if key.len() != PRIMARY_ROW {
                continue;
            }
            write
                .put(database, &key, &value, lmdb::WriteFlags::empty())
                .unwrap();
            keys.push((order_of(value), key.to_vec()));
        }
        write.commit().unwrap();
    }
    keys.sort();
    let keys = keys.into_iter().map(|(_, key)| key).collect();
    RawRows {
        environment,
        database,
        keys,
    }
}

fn open_raw(path: &Path) -> (lmdb::Environment, lmdb::Database) {
    let environment = lmdb::Environment::new()
        .set_max_dbs(8)
        .set_map_size(1 << 30)
        .set_flags(lmdb::EnvironmentFlags::NO_TLS)
        .open(&PathBuf::from(path))
        .unwrap();
    let database = environment.open_db(None).unwrap();
    (environment, database)
}

/// Which URL a record is of, so that both sides read the same records in the same order.
fn order_of(value: &[u8]) -> usize {
    let text = String::from_utf8_lossy(value);
    let at = text.find("/v1/items/").unwrap() + "/v1/items/".len();
    text[at..at + 5].parse().unwrap()
}

impl RawRows {
    fn read_all(&self, order: &[usize]) {
        let mut buffer = vec![0u8; 1 << 16];
        let mut inactive = self.environment.begin_ro_txn().unwrap().reset();
        for at in order {
            let active = inactive.renew().unwrap();
            let value = active.get(self.database, &self.keys[*at]).unwrap();
            buffer[..value.len()].copy_from_slice(value);
            black_box(&mut buffer);
            inactive = active.reset();
        }
    }
}
