//! B1: a body of 2 GiB, stored and read through the C ABI in pieces of 64 KiB, to plain writing and reading of a file.
//!
//! Memory: how much the process that does it ever held resident above what it held before it opened the cache, in MiB.
//! CPU: of all of the process, user and system, to a process that writes the same bytes to a file, syncs it, as the
//! default durability wants it, renames it, and reads it again.
//!
//! `cargo bench --bench big_body`; `-- quick`.

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
use std::hint::black_box;
use std::io::{Read, Write};
use std::path::Path;

use shared::c_api::Api;
use shared::child;
use shared::measure::{compare_cold, median, per_operation};
use shared::plan::{Goal, Plan};
use shared::work::{body, url};

const PIECE: usize = 64 << 10;

fn main() {
    if let Some(task) = child::task() {
        let [what, path, pieces] = &*task else {
            panic!("{task:?}");
        };
        let (path, pieces) = (Path::new(path), pieces.parse().unwrap());
        return match &**what {
            "cache" => through_cache(path, pieces),
            _ => through_file(path, pieces),
        };
    }
    let plan = Plan::of_arguments();
    if !plan.wants("B1") {
        return;
    }
    let size = plan.either(2048, 256);
    let pieces = ((size << 20) / PIECE).to_string();
    let directory = tempfile::tempdir().unwrap();
    let mut memory = Vec::new();
    let mut run = |what: &str, memory: &mut Vec<f64>| {
        let path = directory.path().join(what);
        let line = child::output(&[what, path.to_str().unwrap(), &pieces]);
        let _ = fs::remove_dir_all(&path);
        let (cpu, resident) = line.trim().split_once(' ').unwrap();
        memory.push(resident.parse().unwrap());
        cpu.parse::<f64>().unwrap()
    };
    let run = std::cell::RefCell::new(&mut run);
    let compared = compare_cold(
        3,
        || (run.borrow_mut())("file", &mut Vec::new()),
        || (run.borrow_mut())("cache", &mut memory),
    );
    let goal = |target, moonshot, part| Goal {
        name: "B1",
        target,
        moonshot,
        part,
    };
    let detail = format!("{size} MiB stored and read");
    goal(16.0, 6.0, "MiB of memory at most").say(median(memory), &detail);
    let detail = format!(
        "{:.2} s, plain file {:.2} s",
        compared.measured / 1e9,
        compared.reference / 1e9
    );
    goal(1.3, 1.1, "CPU of a large body").say(compared.ratio, &detail);
}

fn through_cache(path: &Path, pieces: usize) {
    let api = Api::load();
    let piece = body(PIECE);
    let mut buffer = vec![0; PIECE];
    // From here on: what was held at most may have been the parent's.
    fs::write("/proc/self/clear_refs", "5").unwrap();
    let before = resident("VmRSS");
    let time = per_operation(1, || {
        let cache = api.open(path, &[]);
        let size = PIECE * pieces;
        api.store_in_pieces(cache, &url(1), size, std::iter::repeat_n(&*piece, pieces));
        api.flush(cache);
        api.hit_read(cache, &url(1), size, &mut buffer);
        api.close(cache);
    });
    println!("{time} {}", resident("VmHWM") - before);
}

fn through_file(path: &Path, pieces: usize) {
    let piece = body(PIECE);
    let mut buffer = vec![0; PIECE];
    let time = per_operation(1, || {
        fs::create_dir(path).unwrap();
        let (aside, name) = (path.join("aside"), path.join("name"));
        let mut file = File::create_new(&aside).unwrap();
        for _ in 0..pieces {
            file.write_all(&piece).unwrap();
        }
        file.sync_data().unwrap();
        fs::rename(&aside, &name).unwrap();
        let mut file = File::open(&name).unwrap();
        for _ in 0..pieces {
            file.read_exact(&mut buffer).unwrap();
            black_box(&buffer);
        }
    });
    println!("{time} 0");
}

/// MiB that the process holds resident, `VmRSS`, or did at most, `VmHWM`.
fn resident(what: &str) -> f64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix(what));
    let kib = line.unwrap().trim_matches([':', ' ', '\t', 'k', 'B']);
    kib.parse::<f64>().unwrap() / 1024.0
}
