//! What stored responses take of memory and of the disk.
//!
//! R1: heap in use (mallinfo2) for each of 90,000 responses that were stored and read once, above 10,000 that were
//! before: what a cached response costs for as long as the cache is open. R2: disk blocks of the directory for each
//! response of 1 KiB with 15 fields, above those of an empty cache, in KiB; stored in random order, as it happens. R3:
//! disk blocks to the bytes of what is live (rows, and bodies in files) after 20,000 random stores and invalidations
//! over 4,000 URLs, bodies of 100 bytes to 256 KiB, small ones more often; then the same with a reader that holds a
//! response open a fifth of the time; and, since the library never does that itself, with another program that holds a
//! read transaction of LMDB a fifth of the time, as a backup does.
//!
//! `cargo bench --bench size`; `-- quick`, `-- R3`.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a benchmark stops where it fails"
)]

#[path = "shared/mod.rs"]
mod shared;

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use lmdb::EnvironmentFlags;
use shared::c_api::{Api, DURABILITY, FAST, Handle, INVALIDATE};
use shared::child::{self, Helper};
use shared::plan::{Goal, Plan};
use shared::raw::{Raw, Rows, generation};
use shared::work::{Random, body, shuffled, url};

const KIB: usize = 1 << 10;

fn main() {
    if let Some(task) = child::task() {
        return hold_transactions(Path::new(&task[0]));
    }
    let plan = Plan::of_arguments();
    let api = Api::load();
    if plan.wants("R1") {
        heap(&api, &plan);
    }
    if plan.wants("R2") {
        disk(&api, &plan);
    }
    if plan.wants("R3") {
        let part = "random stores and invalidations";
        churn(&api, &plan, Reader::None, 1.2, 1.1, part);
        let part = "with a response held open a fifth of the time";
        churn(&api, &plan, Reader::Response, 1.4, 1.2, part);
        let part = "with a foreign LMDB read transaction held a fifth of the time";
        churn(&api, &plan, Reader::Transaction, 1.4, 1.2, part);
    }
}

fn heap(api: &Api, plan: &Plan) {
    let (some, many) = plan.either((10_000, 100_000), (2_000, 20_000));
    let directory = tempfile::tempdir().unwrap();
    let cache = api.open(directory.path(), &[(DURABILITY, FAST)]);
    let body = body(KIB);
    let mut in_use = [0; 2];
    let mut stored = 0;
    for (in_use, count) in in_use.iter_mut().zip([some, many]) {
        for number in stored..count {
            api.store(cache, &url(number), &body);
        }
        api.flush(cache);
        for number in stored..count {
            api.hit_in_memory(cache, &url(number), KIB);
        }
        stored = count;
        *in_use = heap_in_use();
    }
    api.close(cache);
    let grown = in_use[1] as f64 - in_use[0] as f64;
    let goal = Goal {
        name: "R1",
        target: 4.0,
        moonshot: 0.0,
        part: "bytes of heap a response",
    };
    let detail = format!("{} bytes in use with {many} responses", in_use[1]);
    goal.say((grown / (many - some) as f64).max(0.0), &detail);
}

fn heap_in_use() -> usize {
    // SAFETY: it takes nothing and reads the allocator's own numbers.
    let info = unsafe { libc::mallinfo2() };
    info.uordblks + info.hblkhd
}

fn disk(api: &Api, plan: &Plan) {
    let count = plan.either(50_000, 10_000);
    let directory = tempfile::tempdir().unwrap();
    let cache = api.open(directory.path(), &[(DURABILITY, FAST)]);
    let empty = blocks(directory.path());
    let body = body(KIB);
    for number in shuffled(count) {
        api.store(cache, &url(number), &body);
    }
    api.flush(cache);
    let bytes = blocks(directory.path()) - empty;
    api.close(cache);
    let live = Rows::of(directory.path()).bytes();
    let goal = Goal {
        name: "R2",
        target: 2.8,
        moonshot: 2.2,
        part: "KiB on disk a response",
    };
    let detail = format!("{:.2} KiB are its rows", per_response(live, count));
    goal.say(per_response(bytes, count), &detail);
}

fn per_response(bytes: usize, count: usize) -> f64 {
    bytes as f64 / KIB as f64 / count as f64
}

/// Bytes that the file system has given to all files below a directory.
fn blocks(directory: &Path) -> usize {
    let entries = fs::read_dir(directory).unwrap().map(Result::unwrap);
    let each = entries.map(|entry| {
        let below = match entry.file_type().unwrap().is_dir() {
            true => blocks(&entry.path()),
            false => 0,
        };
        below + entry.metadata().unwrap().blocks() as usize * 512
    });
    each.sum()
}

enum Reader {
    None,
    Response,
    Transaction,
}

/// Of so many changes the reader holds on for a fifth.
const CYCLE: usize = 500;

fn churn(api: &Api, plan: &Plan, reader: Reader, target: f64, moonshot: f64, part: &'static str) {
    let changes = plan.either(20_000, 5_000);
    let urls = changes / 5;
    let directory = tempfile::tempdir().unwrap();
    let cache = api.open(directory.path(), &[(DURABILITY, FAST), (INVALIDATE, 1)]);
    let whole = body(256 * KIB);
    let kept = url(urls);
    api.store(cache, &kept, &whole);
    let mut holder = match reader {
        Reader::Transaction => Some(Helper::start(&[generation(directory.path())
            .to_str()
            .unwrap()])),
        _ => None,
    };
    let mut held: Option<Handle> = None;
    let mut random = Random::new();
    for change in 0..changes {
        let begins = change % CYCLE == 0;
        let ends = change % CYCLE == CYCLE / 5;
        match reader {
            Reader::Response if begins => held = Some(api.hold(cache, &kept, whole.len())),
            Reader::Response if ends => api.free_response(held.take().unwrap()),
            _ => {}
        }
        if let Some(holder) = holder.as_mut().filter(|_| begins || ends) {
            holder.ask("");
            holder.answer();
        }
        let url = url(random.below(urls));
        if random.below(3) == 0 {
            api.invalidate(cache, &url);
        } else {
            let size = size(&mut random);
            api.store_anew(cache, &url, &whole[..size]);
        }
    }
    api.flush(cache);
    drop(holder);
    let bytes = blocks(directory.path());
    api.close(cache);
    let files = fs::read_dir(generation(directory.path()).join("bodies")).unwrap();
    let files: u64 = files
        .map(|file| file.unwrap().metadata().unwrap().len())
        .sum();
    let live = Rows::of(directory.path()).bytes() + files as usize;
    let goal = Goal {
        name: "R3",
        target,
        moonshot,
        part,
    };
    let mib = |bytes: usize| bytes as f64 / (KIB * KIB) as f64;
    let detail = format!(
        "{changes} changes; {:.1} MiB, {:.1} MiB live",
        mib(bytes),
        mib(live)
    );
    goal.say(bytes as f64 / live as f64, &detail);
}

/// 100 bytes to 256 KiB, each power of two as often as the other.
fn size(random: &mut Random) -> usize {
    let most = 200 << random.below(11);
    most / 2 + random.below(most / 2)
}

/// Each line begins a read transaction, or ends it.
fn hold_transactions(generation: &Path) {
    let raw = Raw::open(generation, EnvironmentFlags::READ_ONLY);
    let mut held = None;
    child::serve(|_| {
        held = match held.take() {
            None => Some(raw.environment.begin_ro_txn().unwrap()),
            Some(_) => None,
        };
        String::new()
    });
}
