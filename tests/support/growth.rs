//! Measures how time grows with length, and makes long values of fields.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use httpcache::http::Fields;

const SMALL: usize = 64 << 10;
const LARGE: usize = 1 << 20;
const MOST_TIMES: u128 = 24;
/// Below this a time says nothing.
const LEAST_NANOS: u128 = 20_000;
const LEAST_ROUNDS: usize = 10;
/// A processor that others use too may be slow for all of the first rounds.
const LONGEST: Duration = Duration::from_secs(2);

/// Measures what `prepare` makes of so many bytes.
pub fn check<T>(name: &str, prepare: impl Fn(usize) -> T, run: impl Fn(&T)) {
    // Beside another measurement each would say less.
    static ONE: Mutex<()> = Mutex::new(());
    let _one = ONE.lock().unwrap_or_else(PoisonError::into_inner);
    let (small, large) = (prepare(SMALL), prepare(LARGE));
    let (mut of_small, mut of_large) = (u128::MAX, u128::MAX);
    let is_linear = |small: u128, large: u128| {
        let longest = match name {
            _ if name.starts_with("url_") => small,
            // It is read three times, and each may take four times as long as a field.
            _ if name.starts_with("content_of_") => large / 12,
            _ => large,
        };
        let is_quick = cfg!(debug_assertions) || longest <= 10_000_000;
        is_quick && large <= MOST_TIMES * small.max(LEAST_NANOS)
    };
    let began = Instant::now();
    let mut rounds = 0;
    while rounds < LEAST_ROUNDS || began.elapsed() < LONGEST {
        rounds += 1;
        for _ in 0..3 {
            of_small = of_small.min(nanos(|| run(&small)));
        }
        of_large = of_large.min(nanos(|| run(&large)));
        if is_linear(of_small, of_large) {
            break;
        }
    }
    println!("{name}: {of_small} ns of 64 KiB, {of_large} ns of 1 MiB");
    assert!(
        is_linear(of_small, of_large),
        "{name}: {of_small} ns of 64 KiB, but {of_large} ns of 1 MiB"
    );
}

/// The processor time that something takes.
pub fn nanos(run: impl FnOnce()) -> u128 {
    let before = processor_time();
    run();
    processor_time() - before
}

fn processor_time() -> u128 {
    let mut time = libc::timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    // SAFETY: the call writes to the struct it is given, and keeps no pointer to it.
    let status = unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &raw mut time) };
    assert_eq!(status, 0);
    time.tv_sec as u128 * 1_000_000_000 + time.tv_nsec as u128
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
