//! What a hit costs through the C ABI, as a ratio to the reads below it.
//!
//! G1: 1 KiB. The hit is everything a C program does: build the request with two fields, look it up, walk the fields,
//! look at the body, free both; checksums are on. The reference is one raw LMDB get and one memcpy of the same record,
//! from a copy of the cache's data file, by a read transaction that is reset and renewed. 10,000 URLs in random order.
//! G1i: the same in instructions. G2: 16 KiB the same way; 1 MiB, which is a file, read whole into the caller's buffer,
//! to get, open, pread and close. There each file was read before by the same process; the first touch, with its
//! verification, is a line of its own. G3: 1 MiB that is left alone, to get, open, fstat and close.
//!
//! `cargo bench --bench hit`; `-- quick`, `-- G2`.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a benchmark stops where it fails"
)]

#[path = "shared/mod.rs"]
mod shared;

use std::path::{Path, PathBuf};

use shared::c_api::{Api, Handle};
use shared::measure::{Compared, compare, compare_cold, per_operation};
use shared::plan::{Goal, Plan};
use shared::raw::RawCopy;
use shared::work::{shuffled, urls};
use shared::{child, instructions};

const KIB: usize = 1 << 10;
const MIB: usize = 1 << 20;
const URLS: usize = 10_000;

fn main() {
    if let Some(task) = child::task() {
        return count_instructions(&task);
    }
    let plan = Plan::of_arguments();
    if plan.wants("G1") || plan.wants("G1i") {
        small(&plan);
    }
    if plan.wants("G2") {
        medium(&plan);
    }
    if plan.wants("G2") || plan.wants("G3") {
        large(&plan);
    }
}

/// A filled cache and a copy of its rows.
struct Both {
    api: Api,
    size: usize,
    urls: Vec<String>,
    order: Vec<usize>,
    cache_path: PathBuf,
    raw_path: PathBuf,
    #[allow(dead_code, reason = "held, not read")]
    directory: tempfile::TempDir,
}

impl Both {
    /// So many responses of so many bytes, to be read in random order, each so many times a round.
    fn new(count: usize, size: usize, times: usize) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let both = Both {
            api: Api::load(),
            size,
            urls: urls(count),
            order: shuffled(count).repeat(times),
            cache_path: directory.path().join("cache"),
            raw_path: directory.path().join("raw"),
            directory,
        };
        both.api.fill(&both.cache_path, both.urls.clone(), size);
        both
    }

    fn raw(&self) -> RawCopy {
        let raw = RawCopy::of(&self.cache_path, &self.raw_path);
        assert_eq!(raw.len(), self.urls.len(), "every response is one row");
        raw
    }

    fn open(&self) -> Handle {
        self.api.open(&self.cache_path, &[])
    }

    fn each(&self, mut hit: impl FnMut(&str)) -> f64 {
        per_operation(self.order.len(), || {
            for at in &self.order {
                hit(&self.urls[*at]);
            }
        })
    }
}

fn detail(compared: &Compared, reference: &str) -> String {
    let Compared {
        reference: below,
        measured,
        ..
    } = compared;
    format!("{measured:.0} ns, {reference} {below:.0} ns")
}

fn small(plan: &Plan) {
    let both = Both::new(URLS, KIB, 1);
    if plan.wants("G1") {
        let raw = both.raw();
        let cache = both.open();
        let compared = compare(
            plan.either(15, 7),
            || per_operation(URLS, || raw.read_all(&both.order)),
            || both.each(|url| both.api.hit_in_memory(cache, url, KIB)),
        );
        both.api.close(cache);
        let goal = Goal {
            name: "G1",
            target: 2.0,
            moonshot: 1.3,
            part: "1 KiB",
        };
        goal.say(compared.ratio, &detail(&compared, "raw get + memcpy"));
    }
    if plan.wants("G1i") {
        drop(both.raw());
        let count = |what, path: &Path| {
            let path = path.to_str().unwrap();
            instructions::per_operation(&[what, path, both.cache_path.to_str().unwrap()], URLS)
        };
        let raw = count("raw", &both.raw_path);
        let hit = count("hit", &both.cache_path);
        let goal = Goal {
            name: "G1i",
            target: 3.5,
            moonshot: 2.0,
            part: "1 KiB",
        };
        let detail = format!("{hit:.0} instructions, raw get + memcpy {raw:.0}");
        goal.say(hit / raw, &detail);
    }
}

/// What callgrind looks at.
fn count_instructions(task: &[String]) {
    let [what, path, cache_path, goes] = task else {
        panic!("{task:?}");
    };
    let order = shuffled(URLS).repeat(goes.parse().unwrap());
    if what == "raw" {
        let raw = RawCopy::of(Path::new(cache_path), Path::new(path));
        return raw.read_all(&order);
    }
    let api = Api::load();
    let urls = urls(URLS);
    let cache = api.open(Path::new(path), &[]);
    for at in order {
        api.hit_in_memory(cache, &urls[at], KIB);
    }
    api.close(cache);
}

fn medium(plan: &Plan) {
    let both = Both::new(plan.either(URLS, 3000), 16 * KIB, 1);
    let raw = both.raw();
    let cache = both.open();
    let compared = compare(
        plan.either(15, 7),
        || per_operation(both.order.len(), || raw.read_all(&both.order)),
        || both.each(|url| both.api.hit_in_memory(cache, url, both.size)),
    );
    both.api.close(cache);
    let goal = Goal {
        name: "G2",
        target: 1.3,
        moonshot: 1.1,
        part: "16 KiB",
    };
    goal.say(compared.ratio, &detail(&compared, "raw get + memcpy"));
}

fn large(plan: &Plan) {
    let both = Both::new(plan.either(200, 60), MIB, 3);
    let raw = both.raw();
    let mut buffer = vec![0; MIB];
    let mut below = vec![0; MIB];
    let mut pread = || per_operation(both.order.len(), || raw.pread_all(&both.order, &mut below));
    let mut read = |cache| both.each(|url| both.api.hit_read(cache, url, MIB, &mut buffer));
    if plan.wants("G2") {
        let cache = both.open();
        let compared = compare(plan.either(9, 5), &mut pread, || read(cache));
        both.api.close(cache);
        let goal = Goal {
            name: "G2",
            target: 1.1,
            moonshot: 1.02,
            part: "1 MiB read whole",
        };
        let reference = "raw get + open + pread + close";
        goal.say(compared.ratio, &detail(&compared, reference));
        first_touch(plan, &both, &raw);
    }
    if plan.wants("G3") {
        let cache = both.open();
        let compared = compare(
            plan.either(15, 9),
            || per_operation(both.order.len(), || raw.open_all(&both.order)),
            || both.each(|url| both.api.hit_unread(cache, url, MIB)),
        );
        both.api.close(cache);
        let goal = Goal {
            name: "G3",
            target: 2.0,
            moonshot: 1.3,
            part: "1 MiB opened and untouched",
        };
        let reference = "raw get + open + fstat + close";
        goal.say(compared.ratio, &detail(&compared, reference));
    }
}

/// Each file once by a cache that was just opened.
fn first_touch(plan: &Plan, both: &Both, raw: &RawCopy) {
    let order = shuffled(both.urls.len());
    let (mut buffer, mut below) = (vec![0; MIB], vec![0; MIB]);
    let compared = compare_cold(
        plan.either(9, 5),
        || per_operation(order.len(), || raw.pread_all(&order, &mut below)),
        || {
            let cache = both.open();
            let time = per_operation(order.len(), || {
                for at in &order {
                    both.api.hit_read(cache, &both.urls[*at], MIB, &mut buffer);
                }
            });
            both.api.close(cache);
            time
        },
    );
    let reference = detail(&compared, "raw get + open + pread + close");
    println!(
        "G2 {:.2} (no goal) 1 MiB read whole, first touch with its verification; {reference}",
        compared.ratio
    );
}
