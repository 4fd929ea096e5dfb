//! What a store costs through the C ABI, as a ratio to the same rows written by raw LMDB.
//!
//! S1: CPU of all threads of the process, from building the request to freeing the response, with the lookup that
//! comes before each store, and with the last hc_flush. The reference writes the same rows to the same tables of an
//! empty environment, as many in a transaction as the cache put into one (LMDB counts its transactions), at the same
//! level of durability, which is the default one. At 1 MiB it writes each body to a file, syncs that, as the level
//! wants it, and renames it. S2: 16 callers at once where what is stored is durable (synced), in wall time, since that
//! is what a sync takes; the reference writes the same rows with one transaction and sync for each.
//!
//! `cargo bench --bench store`; `-- quick`, `-- S2`.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a benchmark stops where it fails"
)]

#[path = "shared/mod.rs"]
mod shared;

use std::fs::{self, File};
use std::io::Write;
use std::path::Path;
use std::sync::Barrier;
use std::time::Instant;

use lmdb::EnvironmentFlags;
use shared::c_api::{Api, DURABILITY, SYNCED};
use shared::measure::{compare_cold, median, per_operation};
use shared::plan::{Goal, Plan};
use shared::raw::{Raw, Rows, transactions};
use shared::work::{body, shuffled, url};

const KIB: usize = 1 << 10;
const MIB: usize = 1 << 20;
const CALLERS: usize = 16;

fn main() {
    let plan = Plan::of_arguments();
    let api = Api::load();
    if plan.wants("S1") {
        let rounds = plan.either(7, 3);
        let goal = |target, moonshot, part| Goal {
            name: "S1",
            target,
            moonshot,
            part,
        };
        let count = plan.either(4000, 1500);
        store_cpu(&api, &goal(1.5, 1.2, "1 KiB"), KIB, count, rounds);
        let count = plan.either(2000, 800);
        store_cpu(&api, &goal(1.25, 1.1, "16 KiB"), 16 * KIB, count, rounds);
        let count = plan.either(100, 40);
        store_cpu(&api, &goal(1.1, 1.05, "1 MiB"), MIB, count, rounds);
    }
    if plan.wants("S2") {
        durable_stores(&api, &plan);
    }
}

fn store_cpu(api: &Api, goal: &Goal, size: usize, count: usize, rounds: usize) {
    let directory = tempfile::tempdir().unwrap();
    let cache_path = directory.path().join("cache");
    let raw_path = directory.path().join("raw");
    let body = body(size);
    let order = shuffled(count);
    let batches = std::cell::Cell::new(0);
    let store = || {
        let _ = fs::remove_dir_all(&cache_path);
        let cache = api.open(&cache_path, &[]);
        let before = transactions(&cache_path);
        let urls: Vec<String> = order.iter().map(|number| url(*number)).collect();
        let time = per_operation(count, || {
            for url in &urls {
                if size < MIB {
                    api.store(cache, url, &body);
                } else {
                    api.store_in_pieces(cache, url, size, [&*body]);
                }
            }
            api.flush(cache);
        });
        batches.set(transactions(&cache_path) - before);
        api.close(cache);
        time
    };
    store();
    let rows = in_order(Rows::of(&cache_path), &order);
    assert_eq!(rows.records.len(), count);
    let compared = compare_cold(
        rounds,
        || {
            let batch = count.div_ceil(batches.get());
            raw_store(&raw_path, &rows, batch, &body, size)
        },
        store,
    );
    let detail = format!(
        "{:.1} us, raw {:.1} us; {:.1} in a transaction",
        compared.measured / 1e3,
        compared.reference / 1e3,
        count as f64 / batches.get() as f64
    );
    goal.say(compared.ratio, &detail);
}

/// The rows as they were stored one after another.
fn in_order(rows: Rows, order: &[usize]) -> Rows {
    let arranged = |rows: &[(Vec<u8>, Vec<u8>)]| match rows {
        [] => Vec::new(),
        some => order.iter().map(|at| some[*at].clone()).collect(),
    };
    Rows {
        records: arranged(&rows.records),
        bodies: arranged(&rows.bodies),
        marks: rows.marks,
    }
}

fn raw_store(path: &Path, rows: &Rows, batch: usize, body: &[u8], size: usize) -> f64 {
    let _ = fs::remove_dir_all(path);
    let bodies = path.join("bodies");
    fs::create_dir_all(&bodies).unwrap();
    let raw = Raw::open(path, EnvironmentFlags::NO_META_SYNC);
    per_operation(rows.records.len(), || {
        rows.write(&raw, batch, |number| {
            if size == MIB {
                let aside = bodies.join(format!("tmp-{number}"));
                let mut file = File::create_new(&aside).unwrap();
                file.write_all(body).unwrap();
                file.sync_data().unwrap();
                fs::rename(aside, bodies.join(number.to_string())).unwrap();
            }
        });
        raw.environment.sync(true).unwrap();
    })
}

fn durable_stores(api: &Api, plan: &Plan) {
    let each = plan.either(100, 30);
    let directory = tempfile::tempdir().unwrap();
    let cache_path = directory.path().join("cache");
    let raw_path = directory.path().join("raw");
    let body = body(KIB);
    let batches = std::cell::Cell::new(0);
    let store = || {
        let _ = fs::remove_dir_all(&cache_path);
        let cache = api.open(&cache_path, &[(DURABILITY, SYNCED)]);
        let before = transactions(&cache_path);
        let barrier = Barrier::new(CALLERS + 1);
        let taken = std::thread::scope(|scope| {
            for caller in 0..CALLERS {
                let (barrier, body) = (&barrier, &body);
                scope.spawn(move || {
                    barrier.wait();
                    for number in 0..each {
                        api.store(cache, &url(caller * each + number), body);
                    }
                    barrier.wait();
                });
            }
            barrier.wait();
            let start = Instant::now();
            barrier.wait();
            start.elapsed()
        });
        batches.set(transactions(&cache_path) - before);
        api.close(cache);
        taken.as_secs_f64()
    };
    store();
    let rows = Rows::of(&cache_path);
    let mut ratios = Vec::new();
    let mut times = Vec::new();
    for _ in 0..plan.either(7, 3) {
        let _ = fs::remove_dir_all(&raw_path);
        fs::create_dir(&raw_path).unwrap();
        let raw = Raw::open(&raw_path, EnvironmentFlags::empty());
        let start = Instant::now();
        rows.write(&raw, 1, |_| ());
        let alone = start.elapsed().as_secs_f64();
        let together = store();
        ratios.push(alone / together);
        times.push((alone, together));
    }
    let goal = Goal {
        name: "S2",
        target: 8.0,
        moonshot: 15.0,
        part: "16 callers, durable",
    };
    let count = (CALLERS * each) as f64;
    let microseconds = |times: Vec<f64>| median(times) / count * 1e6;
    let (alone, together): (Vec<f64>, Vec<f64>) = times.into_iter().unzip();
    let detail = format!(
        "{:.0} us wall a store, one sync each {:.0} us; {:.1} in a transaction",
        microseconds(together),
        microseconds(alone),
        count / batches.get() as f64
    );
    goal.say_at_least(median(ratios), &detail);
}
