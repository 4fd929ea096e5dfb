//! B2: the longest time, in milliseconds, that a store keeps all other writers out, where nothing is synced.
//!
//! Another process asks the kernel again and again whether writer.lock is held, which disturbs nobody, and remembers
//! the longest time that it was. The stores are of the largest body that lies in a record, in place of others of the
//! same URLs, in a cache of some thousands. A round is a few stores, so that most rounds pass without the machine
//! doing something else meanwhile, and the median of the rounds' longest counts.
//!
//! `cargo bench --bench writer_lock`; `-- quick`.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a benchmark stops where it fails"
)]

#[path = "shared/mod.rs"]
mod shared;

use std::fs::OpenOptions;
use std::io::stdin;
use std::os::fd::AsRawFd;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use shared::c_api::{Api, DURABILITY, FAST};
use shared::child::{self, Helper};
use shared::measure::median;
use shared::plan::{Goal, Plan};
use shared::work::{body, shuffled, url};

const BODY: usize = 64 << 10;
const URLS: usize = 2_000;
const STORES: usize = 10;

fn main() {
    if let Some(task) = child::task() {
        return watch(Path::new(&task[0]));
    }
    let plan = Plan::of_arguments();
    if !plan.wants("B2") {
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let api = Api::load();
    let cache = api.open(directory.path(), &[(DURABILITY, FAST)]);
    let body = body(BODY);
    for number in 0..URLS {
        api.store(cache, &url(number), &body);
    }
    let lock = directory.path().join("writer.lock");
    let mut watcher = Helper::start(&[lock.to_str().unwrap()]);
    let order = shuffled(URLS);
    let mut order = order.iter().cycle();
    let wanted = plan.either(201, 51);
    let mut rounds: Vec<(f64, u64)> = Vec::new();
    // On a busy machine the watcher may sleep through a round, which then says nothing.
    for _ in 0..wanted * 10 {
        watcher.ask("begin");
        watcher.answer();
        for number in order.by_ref().take(STORES) {
            api.store_anew(cache, &url(*number), &body);
        }
        watcher.ask("end");
        let answer = watcher.answer();
        let (longest, times) = answer.split_once(' ').unwrap();
        let round: (f64, u64) = (longest.parse().unwrap(), times.parse().unwrap());
        rounds.extend((round.1 > 0).then_some(round));
        if rounds.len() == wanted {
            break;
        }
    }
    drop(watcher);
    api.close(cache);
    let longest = median(rounds.iter().map(|round| round.0).collect());
    let most = rounds.iter().map(|round| round.0).fold(0.0, f64::max);
    let times: u64 = rounds.iter().map(|round| round.1).sum();
    assert!(times > 0, "the lock was never seen held");
    let goal = Goal {
        name: "B2",
        target: 5.0,
        moonshot: 1.0,
        part: "ms of the writer lock",
    };
    let detail = format!("seen held {times} times; the longest of any round {most:.2} ms");
    goal.say(longest, &detail);
}

/// Between two lines, how long the lock was held at most, in milliseconds, and how often it was.
fn watch(path: &Path) {
    let file = OpenOptions::new()
        .read(true)
        .write(true)
        .open(path)
        .unwrap();
    println!("ready");
    let mut lines = stdin().lines();
    while lines.next().is_some() {
        let ended = AtomicBool::new(false);
        let (longest, times) = std::thread::scope(|scope| {
            let watching = scope.spawn(|| {
                println!("watching");
                watch_until(file.as_raw_fd(), &ended)
            });
            lines.next();
            ended.store(true, Ordering::Relaxed);
            watching.join().unwrap()
        });
        println!("{} {times}", longest.as_secs_f64() * 1e3);
    }
}

fn watch_until(file: i32, ended: &AtomicBool) -> (Duration, u64) {
    let (mut longest, mut times) = (Duration::ZERO, 0);
    let mut since = None;
    while !ended.load(Ordering::Relaxed) {
        match (is_held(file), since) {
            (true, None) => since = Some(Instant::now()),
            (false, Some(start)) => {
                longest = longest.max(start.elapsed());
                times += 1;
                since = None;
            }
            _ => {}
        }
    }
    (longest, times)
}

fn is_held(file: i32) -> bool {
    // SAFETY: a plain C struct, for which all zeros is a value: from the beginning to the end of the file.
    let mut lock: libc::flock = unsafe { std::mem::zeroed() };
    lock.l_type = libc::F_WRLCK as i16;
    lock.l_whence = libc::SEEK_SET as i16;
    // SAFETY: the file is open, and the struct writable.
    assert_eq!(unsafe { libc::fcntl(file, libc::F_GETLK, &mut lock) }, 0);
    lock.l_type != libc::F_UNLCK as i16
}
