//! Every error of LMDB at every call of it: the caller gets what he would have got without a cache, or from it, what was
//! lost is counted, and the next process finds a healthy cache.
//!
//! The errors are of the whole process, so the cases run in this test program once more.

// Without the transport it would be the same again.
#![cfg(feature = "fetch")]

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering::Relaxed};

use super::*;
use crate::http::ResponseHead;
use crate::settings::option;
use crate::storage::lmdb_faults;

#[path = "../../tests/support/counts.rs"]
mod counts;

const ROLE: &str = "HTTPCACHE_TEST_LMDB_FAULTS";
const T0: i64 = 1_700_000_000_000;
/// Enough for a file of its own.
const LARGE: usize = (64 << 10) + 1;
/// What is stored before: two that stay fresh, two that are stale after a second; every other one is large.
const STORED: [u32; 4] = [0, 1, 2, 3];

/// A cache, and what is known of it.
struct Side {
    cache: Option<Arc<Cache>>,
    directory: PathBuf,
    now: i64,
    errors: Arc<AtomicU64>,
    /// LMDB may refuse the data file, which is then set aside.
    may_be_empty: bool,
    /// Responses that are no longer as they were before.
    touched: Vec<u32>,
    /// What has to be stored afterwards, and in which version.
    promised: Vec<(u32, u32)>,
}

/// Bytes that no other response and no other version has in any place.
fn body(number: u32, version: u32) -> Vec<u8> {
    let len = if number % 2 == 1 { LARGE } else { 300 };
    let mut bytes = vec![0; len];
    bytes.fill((number * 16 + version) as u8);
    bytes
}

fn request(method: &[u8], number: u32, no_cache: bool) -> Arc<Request> {
    let url = format!("http://h.test/{number}");
    let mut request = Request::new(method, url.as_bytes()).unwrap();
    if no_cache {
        let fields = &mut request.http.fields;
        fields.add(b"Cache-Control", b"no-cache").unwrap();
    }
    if STORED.get(2..).unwrap().contains(&number) {
        request.overrides.set(option::EXPIRE_AFTER, 1000).unwrap();
    }
    Arc::new(request)
}

fn answer(status: u16, number: u32, version: u32, body: &[u8]) -> Response {
    let mut head = ResponseHead::new(status, b"").unwrap();
    let tag = format!("\"{number}-{version}\"");
    head.fields.add(b"ETag", tag.as_bytes()).unwrap();
    let version = version.to_string();
    head.fields.add(b"X-Version", version.as_bytes()).unwrap();
    let mut response = Response::built(head);
    response.set_body(body.to_vec());
    response
}

fn options(now: i64, errors: &Arc<AtomicU64>) -> Options {
    let mut settings = Settings::default();
    settings.set(option::INVALIDATE, 1).unwrap();
    let now = Arc::new(AtomicI64::new(now));
    let errors = errors.clone();
    Options {
        settings,
        clock: Clock::Callback(Arc::new(move || now.load(Relaxed))),
        log: Log::new(Level::Error as i32, move |_, _| {
            errors.fetch_add(1, Relaxed);
        }),
        ..Options::default()
    }
}

impl Side {
    fn new(directory: &Path, now: i64) -> Self {
        Side {
            cache: None,
            directory: directory.to_owned(),
            now,
            errors: Arc::default(),
            may_be_empty: false,
            touched: Vec::new(),
            promised: Vec::new(),
        }
    }

    fn open(&mut self) -> Result<()> {
        let options = options(self.now, &self.errors);
        self.cache = Some(Cache::open(&self.directory, options)?);
        Ok(())
    }

    fn cache(&self) -> &Arc<Cache> {
        self.cache.as_ref().unwrap()
    }

    fn errors(&self) -> u64 {
        self.errors.load(Relaxed)
    }

    /// The version that is handed on, every byte of which is compared; `None`: nothing is.
    fn find(&self, number: u32) -> Option<u32> {
        let exchange = self
            .cache()
            .lookup(&request(b"GET", number, false))
            .unwrap();
        check(&exchange, number)
    }

    /// As [`Side::find`] of what is stored: where it is not found that is counted.
    fn hit(&self, number: u32) {
        let before = self.errors();
        let found = self.find(number);
        let is_counted = self.errors() > before || self.may_be_empty;
        assert!(found == Some(1) || is_counted, "{found:?}");
    }

    fn put(&mut self, number: u32, version: u32) {
        let before = self.errors();
        self.touched.push(number);
        self.promised.retain(|(other, _)| *other != number);
        let asked = request(b"GET", number, true);
        let mut exchange = self.cache().lookup(&asked).unwrap();
        let body = body(number, version);
        let outcome = exchange
            .store(&answer(200, number, version, &body))
            .unwrap();
        match outcome {
            Outcome::Stored => self.promised.push((number, version)),
            outcome => {
                assert_eq!(outcome, Outcome::NotStored);
                assert!(self.errors() > before, "a loss is counted");
            }
        }
        let handed_on = exchange.handed_on().unwrap();
        assert_eq!(handed_on.head.status, 200);
        assert_eq!(version_of(handed_on), version);
    }

    fn freshen(&mut self, number: u32) {
        let before = self.errors();
        let asked = request(b"GET", number, false);
        let mut exchange = self.cache().lookup(&asked).unwrap();
        if exchange.decision() == Decision::Forward {
            assert!(self.errors() > before, "a loss is counted");
            return;
        }
        assert_eq!(exchange.decision(), Decision::Revalidate);
        let outcome = exchange.store(&answer(304, number, 1, b"")).unwrap();
        assert_eq!(outcome, Outcome::Freshened);
        assert_eq!(check(&exchange, number), Some(1));
    }

    fn invalidate(&mut self, number: u32) {
        self.touched.push(number);
        let asked = request(b"POST", number, false);
        let mut exchange = self.cache().lookup(&asked).unwrap();
        let outcome = exchange.store(&answer(200, number, 9, b"done")).unwrap();
        assert_eq!(outcome, Outcome::NotStored);
        assert_eq!(exchange.handed_on().unwrap().head.status, 200);
        assert_eq!(self.find(number), None, "it is served no more");
    }

    /// What is promised is what was stored before a flush that said so.
    fn flush(&mut self) {
        if let Err(error) = self.cache().flush(Duration::from_secs(60)) {
            assert_ne!(error.kind(), Kind::Timeout);
            self.promised.clear();
        }
    }

    fn statistics(&self) {
        if let Ok(statistics) = self.cache().statistics() {
            assert_eq!(statistics.responses, STORED.len() as u64);
        }
    }
}

fn version_of(response: &Response) -> u32 {
    let version = response.head.fields.first(b"X-Version").unwrap();
    std::str::from_utf8(version).unwrap().parse().unwrap()
}

fn check(exchange: &Exchange, number: u32) -> Option<u32> {
    let handed_on = exchange.handed_on()?;
    let version = version_of(handed_on);
    let mut response = exchange.response().unwrap().unwrap();
    let read = response.load_body().unwrap();
    assert!(read.as_slice() == body(number, version), "wrong bytes");
    Some(version)
}

struct Scenario {
    name: &'static str,
    /// Whether errors come from the opening on.
    at_open: bool,
    is_new: bool,
    run: fn(&mut Side),
}

const fn scenario(name: &'static str, run: fn(&mut Side)) -> Scenario {
    Scenario {
        name,
        at_open: false,
        is_new: false,
        run,
    }
}

fn stores_and_hits(side: &mut Side) {
    side.put(10, 2);
    side.put(11, 2);
    side.flush();
    side.find(10);
    side.find(11);
}

fn hits(side: &mut Side) {
    side.hit(0);
    side.hit(1);
}

const SCENARIOS: &[Scenario] = &[
    Scenario {
        name: "opening a new one",
        at_open: true,
        is_new: true,
        run: stores_and_hits,
    },
    Scenario {
        name: "opening",
        at_open: true,
        is_new: false,
        run: hits,
    },
    scenario("storing", stores_and_hits),
    scenario("replacing", |side| {
        side.put(0, 2);
        side.put(1, 2);
        side.flush();
    }),
    scenario("hits", hits),
    scenario("freshening", |side| {
        side.freshen(2);
        side.freshen(3);
        side.flush();
    }),
    scenario("revalidating in vain", |side| {
        side.put(2, 2);
        side.put(3, 2);
        side.flush();
    }),
    scenario("invalidating", |side| {
        side.invalidate(0);
        side.invalidate(1);
        side.flush();
    }),
    scenario("counting and flushing", |side| {
        side.statistics();
        side.flush();
        side.statistics();
    }),
    scenario("closing", |side| {
        side.put(10, 2);
        side.flush();
        side.cache = None;
    }),
];

/// One case: the call of a number fails. The names of the calls that were made.
fn meet(scenario: &Scenario, side: &mut Side, at: u64, code: i32, for_ever: bool) -> usize {
    if !scenario.at_open {
        side.open().unwrap();
    }
    lmdb_faults::arm(at, code, for_ever);
    if scenario.at_open {
        side.open().ok();
    }
    if side.cache.is_some() {
        (scenario.run)(side);
    }
    let calls = lmdb_faults::disarm().len();
    check_afterwards(side);
    calls
}

/// The counter moved with the log, and the same cache goes on.
fn check_afterwards(side: &mut Side) {
    if side.cache.is_none() {
        return;
    }
    let statistics = side.cache().statistics().unwrap();
    assert_eq!(statistics.errors, side.errors());
    for number in [0, 1, 2, 3, 10, 11] {
        side.find(number);
    }
    side.put(12, 3);
    side.put(13, 3);
    side.flush();
    assert_eq!(side.find(12), Some(3), "it stores again");
    assert_eq!(side.find(13), Some(3), "it stores again");
}

/// What the next one who opens it finds.
fn check_healthy(scenario: &Scenario, side: &Side) {
    let mut next = Side::new(&side.directory, T0);
    next.open().unwrap();
    for number in [0, 1, 2, 3, 10, 11, 12, 13] {
        let found = next.find(number);
        let was_stored = !scenario.is_new && STORED.contains(&number);
        if was_stored && !side.touched.contains(&number) && !side.may_be_empty {
            assert_eq!(found, Some(1), "response {number}");
        }
    }
    for (number, version) in &side.promised {
        assert_eq!(next.find(*number), Some(*version), "response {number}");
    }
    next.put(14, 4);
    next.put(15, 4);
    next.flush();
    assert_eq!((next.find(14), next.find(15)), (Some(4), Some(4)));
    assert_eq!(next.errors(), 0);
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let (name, path) = entry
            .map(|entry| (entry.file_name(), entry.path()))
            .unwrap();
        if path.is_dir() {
            copy(&path, &to.join(name));
        } else {
            std::fs::copy(&path, to.join(name)).unwrap();
        }
    }
}

/// A place in memory, for nothing here is about the disk.
fn place() -> tempfile::TempDir {
    let memory = Path::new("/dev/shm");
    tempfile::tempdir_in(memory).unwrap_or_else(|_| tempfile::tempdir().unwrap())
}

fn begin(scenario: &Scenario, filled: &Path, place: &tempfile::TempDir) -> Side {
    let directory = place.path().join("cache");
    if !scenario.is_new {
        copy(filled, &directory);
    }
    Side::new(&directory, T0 + 10_000)
}

/// The calls that a scenario makes where none fails.
fn count(scenario: &Scenario, filled: &Path) -> u64 {
    let place = place();
    let mut side = begin(scenario, filled, &place);
    let calls = meet(scenario, &mut side, 0, 0, false);
    assert_eq!(side.errors(), 0, "{}", scenario.name);
    side.cache = None;
    check_healthy(scenario, &side);
    calls as u64
}

/// Not a test: the process in which LMDB fails.
#[test]
fn role() {
    if std::env::var_os(ROLE).is_none() {
        return;
    }
    let filled = place();
    let filled = filled.path().join("cache");
    let mut side = Side::new(&filled, T0);
    side.open().unwrap();
    STORED.into_iter().for_each(|number| side.put(number, 1));
    side.flush();
    drop(side);
    let mut cases = 0;
    for scenario in SCENARIOS {
        let calls = count(scenario, &filled);
        for (name, code) in lmdb_faults::CODES {
            for at in 1..=calls {
                for for_ever in [false, true] {
                    run(scenario, &filled, (name, code), at, for_ever);
                    cases += 1;
                }
            }
        }
    }
    println!("\ncases {cases}");
}

fn run(scenario: &Scenario, filled: &Path, code: (&str, i32), at: u64, for_ever: bool) {
    // The last one is the one that failed.
    println!("{}, {} at call {at}, {for_ever}", scenario.name, code.0);
    let place = place();
    let mut side = begin(scenario, filled, &place);
    side.may_be_empty = scenario.at_open && matches!(code.0, "CORRUPTED" | "VERSION_MISMATCH");
    meet(scenario, &mut side, at, code.1, for_ever);
    side.cache = None;
    check_healthy(scenario, &side);
}

#[test]
fn every_error_of_lmdb_at_every_call_is_passed_by() {
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["cache::fault_tests::role", "--exact", "--nocapture"])
        .env(ROLE, "1")
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    let last: Vec<_> = text.lines().rev().take(12).collect();
    let cases = text.lines().find_map(|line| line.strip_prefix("cases "));
    let Some(cases) = cases.filter(|_| output.status.success()) else {
        let errors = String::from_utf8_lossy(&output.stderr);
        panic!("{last:#?}\n{errors}");
    };
    counts::tell(&format!(
        "V5 {cases} errors of LMDB, each at each call, once and for ever"
    ));
}
