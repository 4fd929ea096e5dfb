//! A cache of a million responses of 1 KiB.
//!
//! N1: instructions of a hit, by callgrind, to those of a hit among 10,000. O1: milliseconds of wall time from hc_open
//! to the end of the first hit, in a process that has done nothing before but load the library. Warm: the data file is
//! in the page cache. Cold: none of the directory is (it was synced, and given up by posix_fadvise), so that each page
//! comes from the disk, or from what the machine below keeps of it.
//!
//! The million is stored through the library, at the default durability: by many callers at once, who share its
//! transactions.
//!
//! `cargo bench --bench large_cache`; `-- quick`, `-- O1`.

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
use std::os::fd::AsRawFd;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use shared::c_api::Api;
use shared::measure::median;
use shared::plan::{Goal, Plan};
use shared::work::{Random, body, url};
use shared::{child, instructions};

const BODY: usize = 1 << 10;
const SMALL: usize = 10_000;
const CALLERS: usize = 64;
/// Hits that callgrind counts.
const HITS: usize = 2_000;

fn main() {
    if let Some(task) = child::task() {
        return match &*task {
            [what, path, count] if what == "first" => first_hit(path, count.parse().unwrap()),
            [what, path, count, goes] if what == "hits" => {
                hits(path, count.parse().unwrap(), goes.parse().unwrap())
            }
            _ => panic!("{task:?}"),
        };
    }
    let plan = Plan::of_arguments();
    if !plan.wants("N1") && !plan.wants("O1") {
        return;
    }
    let count = plan.either(1_000_000, 100_000);
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("large");
    let start = Instant::now();
    let api = Api::load();
    fill(&api, &path, count);
    let built = start.elapsed().as_secs_f64();
    if plan.wants("N1") {
        let small = directory.path().join("small");
        fill(&api, &small, SMALL);
        many_and_few(&path, count, &small);
    }
    if plan.wants("O1") {
        open(&plan, &path, count, built);
    }
}

fn fill(api: &Api, path: &Path, count: usize) {
    let cache = api.open(path, &[]);
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..CALLERS {
            scope.spawn(|| {
                let body = body(BODY);
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= count {
                        break;
                    }
                    api.store(cache, &url(number), &body);
                }
            });
        }
    });
    api.flush(cache);
    api.close(cache);
}

fn many_and_few(large: &Path, count: usize, small: &Path) {
    let instructions = |path: &Path, count: usize| {
        let task = ["hits", path.to_str().unwrap(), &count.to_string()];
        instructions::per_operation(&task, HITS)
    };
    let many = instructions(large, count);
    let few = instructions(small, SMALL);
    let goal = Goal {
        name: "N1",
        target: 1.35,
        moonshot: 1.2,
        part: "instructions of a hit among many",
    };
    let detail = format!("{many:.0} among {count}, {few:.0} among {SMALL}");
    goal.say(many / few, &detail);
}

fn hits(path: &str, count: usize, goes: usize) {
    let api = Api::load();
    let cache = api.open(Path::new(path), &[]);
    let mut random = Random::new();
    for _ in 0..HITS * goes {
        api.hit_in_memory(cache, &url(random.below(count)), BODY);
    }
    api.close(cache);
}

fn open(plan: &Plan, path: &Path, count: usize, built: f64) {
    let count_text = count.to_string();
    let once = || {
        let task = ["first", path.to_str().unwrap(), &count_text];
        let line = child::output(&task);
        line.trim().parse::<f64>().unwrap()
    };
    let rounds = plan.either(15, 7);
    once();
    let warm = median((0..rounds).map(|_| once()).collect());
    let cold = (0..rounds).map(|_| {
        give_up(path);
        once()
    });
    let cold = median(cold.collect());
    let goal = |target, moonshot, part| Goal {
        name: "O1",
        target,
        moonshot,
        part,
    };
    let detail = format!("{count} responses, stored in {built:.0} s");
    goal(0.5, 0.2, "ms to open and hit, warm").say(warm, &detail);
    goal(15.0, 5.0, "ms to open and hit, cold").say(cold, "out of the page cache");
}

fn first_hit(path: &str, count: usize) {
    let api = Api::load();
    let url = url(count / 3);
    let start = Instant::now();
    let cache = api.open(Path::new(path), &[]);
    api.hit_in_memory(cache, &url, BODY);
    println!("{}", start.elapsed().as_secs_f64() * 1e3);
    api.close(cache);
}

/// Takes all files below a directory out of the page cache.
fn give_up(directory: &Path) {
    for entry in fs::read_dir(directory).unwrap() {
        let entry = entry.unwrap();
        if entry.file_type().unwrap().is_dir() {
            give_up(&entry.path());
            continue;
        }
        let file = File::open(entry.path()).unwrap();
        file.sync_all().unwrap();
        // SAFETY: the file is open.
        let failed =
            unsafe { libc::posix_fadvise(file.as_raw_fd(), 0, 0, libc::POSIX_FADV_DONTNEED) };
        assert_eq!(failed, 0);
    }
}
