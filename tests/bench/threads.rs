//! T1: how much more two do than one: two threads on one handle, and two processes on one cache.
//!
//! Hits of 1 KiB over 10,000 URLs in random order, each of the two in its own place of it. Both sides are CPU time for
//! each hit, alone and with the other one at the same time: twice the one to the other. On a machine that has other
//! things to do the two may run in turn and not at once, which says nothing: so only those rounds count in which both
//! had a processor for most of the time, where there are enough of them. That a thread waits, which takes no CPU, is
//! counted by the kernel and said.
//!
//! `cargo bench --bench threads`; `-- quick`.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a benchmark stops where it fails"
)]

#[path = "shared/mod.rs"]
mod shared;

use std::path::Path;
use std::sync::Barrier;
use std::time::Instant;

use shared::c_api::Api;
use shared::child::{self, Helper};
use shared::measure::{median, of_thread};
use shared::plan::{Goal, Plan};
use shared::work::{shuffled, urls};

const URLS: usize = 10_000;
const BODY: usize = 1 << 10;

fn main() {
    if let Some(task) = child::task() {
        return serve(&task);
    }
    let plan = Plan::of_arguments();
    if !plan.wants("T1") {
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let api = Api::load();
    api.fill(directory.path(), urls(URLS), BODY);
    let times = plan.either(6, 3);
    let rounds = plan.either(15, 7);
    scaling(
        rounds,
        "two threads",
        threads(&api, directory.path(), times),
    );
    scaling(rounds, "two processes", processes(directory.path(), times));
}

/// What one took, or two at once.
struct Taken {
    /// CPU for each hit.
    cpu: f64,
    /// How many processors they had, on average.
    processors: f64,
    /// How often they waited, for each hit.
    waits: f64,
}

/// Rounds that are enough to go by.
const ENOUGH: usize = 3;
/// Of two processors.
const AT_ONCE: f64 = 1.6;

fn scaling(rounds: usize, part: &'static str, mut run: impl FnMut(usize) -> Taken) {
    run(1);
    run(2);
    let mut pairs = Vec::new();
    let mut at_once = 0;
    while at_once < rounds && pairs.len() < rounds * 4 {
        let pair = (run(1), run(2));
        at_once += usize::from(pair.1.processors >= AT_ONCE);
        pairs.push(pair);
    }
    let all = pairs.len();
    if at_once >= ENOUGH {
        pairs.retain(|(_, both)| both.processors >= AT_ONCE);
    }
    let middle = |of: fn(&(Taken, Taken)) -> f64| median(pairs.iter().map(of).collect());
    let goal = Goal {
        name: "T1",
        target: 1.85,
        moonshot: 1.95,
        part,
    };
    let detail = format!(
        "{:.0} ns alone, {:.0} ns each of two, which waited {:.4} times a hit; at once in {at_once} of {all} rounds",
        middle(|(alone, _)| alone.cpu),
        middle(|(_, both)| both.cpu),
        middle(|(_, both)| both.waits),
    );
    let ratio = middle(|(alone, both)| 2.0 * alone.cpu / both.cpu);
    goal.say_at_least(ratio, &detail);
}

/// One thread or two on one handle.
fn threads<'a>(api: &'a Api, path: &Path, times: usize) -> impl FnMut(usize) -> Taken + 'a {
    let cache = api.open(path, &[]);
    let urls = urls(URLS);
    let order = shuffled(URLS);
    move |count| {
        let barrier = Barrier::new(count);
        let start = Instant::now();
        let each = std::thread::scope(|scope| {
            let started: Vec<_> = (0..count)
                .map(|number| {
                    let (barrier, urls, order) = (&barrier, &urls, &order);
                    scope.spawn(move || {
                        barrier.wait();
                        hits(api, cache, urls, order, number, times)
                    })
                })
                .collect();
            started
                .into_iter()
                .map(|thread| thread.join().unwrap())
                .collect::<Vec<_>>()
        });
        taken(&each, start, times)
    }
}

/// One process or two that have the cache open.
fn processes(path: &Path, times: usize) -> impl FnMut(usize) -> Taken {
    let path = path.to_str().unwrap().to_owned();
    let times_text = times.to_string();
    let mut helpers = ["0", "1"].map(|number| Helper::start(&[&path, &times_text, number]));
    move |count| {
        let helpers = &mut helpers[..count];
        let start = Instant::now();
        helpers.iter_mut().for_each(|helper| helper.ask(""));
        let each: Vec<(f64, f64)> = helpers
            .iter_mut()
            .map(|helper| {
                let answer = helper.answer();
                let (cpu, waits) = answer.split_once(' ').unwrap();
                (cpu.parse().unwrap(), waits.parse().unwrap())
            })
            .collect();
        taken(&each, start, times)
    }
}

fn taken(each: &[(f64, f64)], start: Instant, times: usize) -> Taken {
    let wall = start.elapsed().as_secs_f64();
    let count = each.len() as f64;
    let hits = (URLS * times) as f64 * count;
    let cpu = each.iter().map(|(cpu, _)| cpu).sum::<f64>() / count;
    Taken {
        cpu,
        processors: cpu * 1e-9 * hits / wall,
        waits: each.iter().map(|(_, waits)| waits).sum::<f64>() / hits,
    }
}

fn serve(task: &[String]) {
    let [path, times, number] = task else {
        panic!("{task:?}");
    };
    let (times, number) = (times.parse().unwrap(), number.parse().unwrap());
    let api = Api::load();
    let cache = api.open(Path::new(path), &[]);
    let (urls, order) = (urls(URLS), shuffled(URLS));
    child::serve(|_| {
        let (cpu, waits) = hits(&api, cache, &urls, &order, number, times);
        format!("{cpu} {waits}")
    });
    api.close(cache);
}

/// CPU for each hit of this thread, and how often it waited in all.
fn hits(
    api: &Api,
    cache: shared::c_api::Handle,
    urls: &[String],
    order: &[usize],
    number: usize,
    times: usize,
) -> (f64, f64) {
    let (before, after) = order.split_at(order.len() / 2 * number);
    let waits = waits();
    let cpu = of_thread(order.len() * times, || {
        for _ in 0..times {
            for at in after.iter().chain(before) {
                api.hit_in_memory(cache, &urls[*at], BODY);
            }
        }
    });
    (cpu, self::waits() - waits)
}

/// How often this thread gave up the processor by itself.
fn waits() -> f64 {
    // SAFETY: a plain C struct, for which all zeros is a value.
    let mut usage: libc::rusage = unsafe { std::mem::zeroed() };
    // SAFETY: the output is writable.
    let failed = unsafe { libc::getrusage(libc::RUSAGE_THREAD, &mut usage) };
    assert_eq!(failed, 0);
    usage.ru_nvcsw as f64
}
