//! Measures how work grows with length, and makes long values of fields.
//!
//! Work is counted in instructions, by callgrind, so that it is the same in each run whatever else the machine does:
//! `make growth`. The time that it takes is a matter of `make bench`, which only shows the longest.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use httpcache::http::Fields;

const SMALL: usize = 64 << 10;
const LARGE: usize = 1 << 20;
/// 16 would be exact.
const MOST_TIMES: u64 = 20;
/// Below this, what does not depend on the length is most of it.
const LEAST: u64 = 60_000;
/// What takes about 10 ms.
const MOST: u64 = 200_000_000;

/// Measures what `prepare` makes of so many bytes.
pub fn check<T>(name: &str, prepare: impl Fn(usize) -> T, run: impl Fn(&T)) {
    if let Some(times) = std::env::var_os("GROWTH_TIMES") {
        return time(name, prepare, run, Path::new(&times));
    }
    let (small, large) = (prepare(SMALL), prepare(LARGE));
    let (small, large) = (instructions(|| run(&small)), instructions(|| run(&large)));
    let longest = longest(name, small, large);
    println!("{name}: {small} instructions for 64 KiB, {large} for 1 MiB");
    assert!(
        longest <= MOST,
        "{name}: {longest} instructions, and {MOST} are allowed"
    );
    assert!(
        large <= MOST_TIMES * small.max(LEAST),
        "{name}: {small} instructions for 64 KiB, but {large} for 1 MiB"
    );
}

/// A URL of 64 KiB is the longest that is looked up unless more is allowed. Content is read three times, and each may
/// take four times as long as a field.
fn longest(name: &str, small: u64, large: u64) -> u64 {
    match name {
        _ if name.starts_with("url_") => small,
        _ if name.starts_with("content_of_") => large / 12,
        _ => large,
    }
}

/// Adds a line with the least processor time of some rounds.
fn time<T>(name: &str, prepare: impl Fn(usize) -> T, run: impl Fn(&T), times: &Path) {
    let least = |size| {
        let value = prepare(size);
        let rounds = (0..10).map(|_| nanos(|| run(&value)));
        rounds.min().unwrap_or_default()
    };
    let nanos = longest(name, least(SMALL), least(LARGE));
    let mut file = OpenOptions::new()
        .create(true)
        .append(true)
        .open(times)
        .unwrap();
    writeln!(file, "{nanos} {name}").unwrap();
}

/// What callgrind counts and dumps: it knows the function by its name.
#[unsafe(no_mangle)]
#[inline(never)]
extern "C" fn growth_measured(run: &&dyn Fn()) {
    run();
}

/// The instructions that something takes.
pub fn instructions(run: impl Fn()) -> u64 {
    // The dumps of callgrind do not tell one thread from another.
    static ONE: Mutex<()> = Mutex::new(());
    let _one = ONE.lock().unwrap_or_else(PoisonError::into_inner);
    let directory = dumps();
    growth_measured(&(&run as &dyn Fn()));
    let mut total = 0;
    for entry in fs::read_dir(&directory).unwrap() {
        let path = entry.unwrap().path();
        let dump = fs::read_to_string(&path).unwrap();
        let counted = dump.lines().find_map(|line| line.strip_prefix("totals: "));
        total += counted.map_or(0, |count| count.trim().parse::<u64>().unwrap());
        fs::remove_file(&path).unwrap();
    }
    assert_ne!(total, 0, "callgrind counted nothing");
    total
}

/// Where callgrind writes.
fn dumps() -> PathBuf {
    let directory = std::env::var_os("GROWTH_DUMPS");
    assert!(
        directory.is_some(),
        "this runs under callgrind: make growth"
    );
    directory.unwrap_or_default().into()
}

/// The processor time that something takes.
fn nanos(run: impl FnOnce()) -> u64 {
    let before = processor_time();
    run();
    processor_time() - before
}

fn processor_time() -> u64 {
    let mut time = libc::timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    // SAFETY: the call writes to the struct it is given, and keeps no pointer to it.
    let status = unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &raw mut time) };
    assert_eq!(status, 0);
    time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64
}

/// A value of so many bytes: a beginning, something repeated, and an end.
pub fn long(begin: &str, repeated: &str, end: &str, size: usize) -> Vec<u8> {
    let times = size.saturating_sub(begin.len() + end.len()) / repeated.len();
    [
        begin.as_bytes(),
        &repeated.as_bytes().repeat(times),
        end.as_bytes(),
    ]
    .concat()
}

/// The same with a number in each piece, so that no two are equal.
pub fn counted(begin: &str, piece: impl Fn(usize) -> String, end: &str, size: usize) -> Vec<u8> {
    let mut text = begin.as_bytes().to_vec();
    let mut number = 0;
    while text.len() + end.len() < size {
        text.extend_from_slice(piece(number).as_bytes());
        number += 1;
    }
    text.extend_from_slice(end.as_bytes());
    text
}

pub fn one(name: &str, value: &[u8]) -> Fields {
    let mut fields = Fields::new();
    fields.add(name.as_bytes(), value).unwrap();
    fields
}

/// The same text as many lines of one name.
pub fn in_lines(name: &str, value: &[u8], size: usize) -> Fields {
    let mut fields = Fields::new();
    for _ in 0..size / (name.len() + value.len()) {
        fields.add(name.as_bytes(), value).unwrap();
    }
    fields
}

pub fn with(mut fields: Fields, name: &str, value: &[u8]) -> Fields {
    fields.add(name.as_bytes(), value).unwrap();
    fields
}
