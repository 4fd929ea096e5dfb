//! No secret reaches the disk, a log line or an explanation, wherever it stands and however its name is spelled. Each
//! secret of the test begins with the same letters, and these are looked for in every file of the cache.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test stops where it fails"
)]

#[path = "../support/counts.rs"]
mod counts;

#[path = "../support/secrets/grep.rs"]
mod grep;
#[path = "../support/secrets/places.rs"]
mod places;
#[path = "../support/secrets/spelling.rs"]
mod spelling;

use std::path::PathBuf;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};

use httpcache::cache::{
    Cache, Clock, Exchange, Filter, Level, Log, Options, Outcome, Query, Request, Verdict,
};
use httpcache::error::Result;
use httpcache::fetch::fetch;
use httpcache::http::{self, ResponseHead};
use httpcache::policy::update::remove_hop_by_hop;
use httpcache::settings::{Settings, list, option};
use httpcache::transport::{Reply, Transfer, TransferSettings, Transport};

use grep::{Needles, find_in_files};
use places::{answer, scene};

const START: i64 = 1_800_000_000_000;
const LIFETIME: i64 = 10_000;
/// What every secret begins with, and what every value begins with that is none.
const SECRET: &str = "kanArieQ7";
const PLAIN: &str = "plAinxW4";

struct Bench {
    cache: Option<Arc<Cache>>,
    now: Arc<AtomicI64>,
    /// Log lines, explanations, reasons.
    said: Arc<Mutex<String>>,
    path: PathBuf,
    _directory: tempfile::TempDir,
}

fn settings(set: &[(i32, i64)]) -> Settings {
    let mut settings = Settings::default();
    let default = [
        (option::DURABILITY, 0),
        (option::EXPIRE_AFTER, LIFETIME),
        (option::INVALIDATE, 1),
        (option::NO_VARY_SEARCH, 1),
        (option::GROUPS, 1),
    ];
    for (number, value) in default.iter().chain(set) {
        settings.set(*number, *value).unwrap();
    }
    settings.add(list::METHOD, b"POST").unwrap();
    settings.add(list::STATUS, b"301").unwrap();
    for name in spelling::OWN.into_iter().chain(["$.deep.pin", "$..code"]) {
        settings.add(list::IGNORED, name.as_bytes()).unwrap();
    }
    settings
}

impl Bench {
    fn new(set: &[(i32, i64)]) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("cache");
        let now = Arc::new(AtomicI64::new(START));
        let said = Arc::new(Mutex::new(String::new()));
        let (clock, lines) = (now.clone(), said.clone());
        let options = Options {
            own_matching: Default::default(),
            settings: settings(set),
            clock: Clock::Callback(Arc::new(move || clock.load(Ordering::Relaxed))),
            log: Log::new(Level::Debug as i32, move |_, line| {
                lines.lock().unwrap().push_str(line);
            }),
            filter: Filter::new(|request: &Arc<Request>, _| {
                if request.http.fields.contains(b"X-Drop") {
                    Verdict::Refuse
                } else {
                    Verdict::Keep
                }
            }),
        };
        Bench {
            cache: Some(Cache::open(&path, options).unwrap()),
            now,
            said,
            path,
            _directory: directory,
        }
    }

    fn look_up(&self, request: &Arc<Request>) -> Exchange {
        let exchange = *self.cache.as_ref().unwrap().lookup(request).unwrap();
        self.hear(&exchange);
        exchange
    }

    fn hear(&self, exchange: &Exchange) {
        let mut said = self.said.lock().unwrap();
        said.push_str(&exchange.explain());
        said.push_str(&exchange.reason().to_string_lossy());
    }

    fn wait(&self) {
        self.now.fetch_add(LIFETIME + 1, Ordering::Relaxed);
    }

    /// Asks for something that is not there, and stores the answer.
    fn store(&self, number: usize) {
        let scene = scene(number, &secret(number), &plain(number));
        let mut exchange = self.look_up(&scene.request);
        let outcome = exchange.store(&scene.answer).unwrap();
        assert_eq!(outcome, scene.outcome, "{number}: {:?}", scene.request.http);
        if outcome == Outcome::NotStored {
            assert_eq!(exchange.reason(), c"redaction", "{number}");
        }
        self.hear(&exchange);
        let mut said = scene.answer.head.fields.clone();
        remove_hop_by_hop(&mut said);
        assert_eq!(handed_on(&exchange), said, "{number}: the caller gets it");
    }

    /// What may happen to it afterwards.
    fn go_on(&self, number: usize) {
        let scene = scene(number, &secret(number), &plain(number));
        match number % 5 {
            0 => self.freshen(&scene.request, number, ("X-Auth-Token", &secret(number))),
            1 => {
                let location = format!("/?TOKEN={}", secret(number));
                self.freshen(&scene.request, number, ("Location", &location));
                let after = self.look_up(&scene.request);
                assert_eq!(after.reason(), c"uri-miss", "{number}: it does not stay");
            }
            2 => self.invalidate(&scene.request, number),
            3 => self.delete(&scene.request),
            _ => {}
        }
    }

    fn freshen(&self, request: &Arc<Request>, number: usize, field: (&str, &str)) {
        let mut exchange = self.look_up(request);
        let etag = format!("\"{number}\"");
        let is_sent = exchange
            .forward()
            .is_some_and(|sent| sent.http.fields.first(b"If-None-Match") == Some(etag.as_bytes()));
        if is_sent {
            let not_modified = answer(304, &[("ETag", &etag), field]);
            assert_eq!(exchange.store(&not_modified).unwrap(), Outcome::Freshened);
            self.hear(&exchange);
            let value = handed_on(&exchange);
            assert_eq!(value.first(field.0.as_bytes()), Some(field.1.as_bytes()));
        }
    }

    fn invalidate(&self, request: &Arc<Request>, number: usize) {
        let url = request.http.url.as_str();
        let mut unsafe_one = Request::new(b"PUT", url.as_bytes()).unwrap();
        unsafe_one.http.fields = request.http.fields.clone();
        unsafe_one.http.body = secret(number).into_bytes();
        let mut exchange = self.look_up(&Arc::new(unsafe_one));
        let location = format!("{url}?signature={}", secret(number));
        let done = answer(200, &[("Content-Location", &location)]);
        assert_eq!(exchange.store(&done).unwrap(), Outcome::NotStored);
        self.hear(&exchange);
    }

    fn delete(&self, request: &Arc<Request>) {
        let mut dropped = Request::clone(request);
        dropped.http.fields.add(b"X-Drop", b"1").unwrap();
        self.look_up(&Arc::new(dropped));
    }

    /// Lists what is stored, and reads what the listing shows of it.
    fn list(&self) -> usize {
        let mut walk = self.cache.as_ref().unwrap().walk(Query::default());
        let mut listed = 0;
        while let Some(item) = walk.step(true).unwrap() {
            let mut said = self.said.lock().unwrap();
            said.push_str(&item.key());
            let response = item.into_response().unwrap();
            let request = response.request().unwrap();
            let shown = [
                request.http.method.as_str().as_bytes(),
                request.http.url.as_str().as_bytes(),
                request.http.fields.text(),
                &request.http.body,
                response.url().unwrap().as_str().as_bytes(),
                response.head.fields.text(),
            ];
            for text in shown {
                said.push_str(&String::from_utf8_lossy(text));
                said.push('\n');
            }
            listed += 1;
        }
        listed
    }

    fn check(&self, when: &str) {
        let needles = Needles::of(SECRET);
        assert_eq!(find_in_files(&self.path, &needles), None, "{when}");
        let said = self.said.lock().unwrap();
        assert!(!said.is_empty());
        assert_eq!(needles.find(said.as_bytes()), None, "{when}: {said}");
    }

    fn close(&mut self) {
        self.cache = None;
    }
}

fn handed_on(exchange: &Exchange) -> httpcache::http::Fields {
    exchange.handed_on().unwrap().head.fields.clone()
}

fn secret(number: usize) -> String {
    format!("{SECRET}{number:06}")
}

fn plain(number: usize) -> String {
    format!("{PLAIN}{number:06}")
}

fn count() -> usize {
    if std::env::var_os("FULL").is_some_and(|full| full == "1") {
        10_000
    } else {
        1000
    }
}

#[test]
fn no_secret_is_found_in_any_file_or_line() {
    let mut bench = Bench::new(&[]);
    for number in 0..count() {
        bench.store(number);
    }
    bench.check("stored");
    let plain = find_in_files(&bench.path, &Needles::of(PLAIN));
    assert!(plain.is_some(), "what is no secret is found");
    assert!(bench.list() > count() / 2);
    bench.check("listed");
    let said = bench.said.lock().unwrap().clone();
    assert!(
        Needles::of(PLAIN).find(said.as_bytes()).is_some(),
        "what is no secret is listed"
    );
    assert!(said.contains("REDACTED"), "in the place of what is one");
    bench.wait();
    for number in 0..count() {
        bench.go_on(number);
    }
    bench.check("freshened, invalidated, deleted");
    for number in 0..count() {
        bench.delete(&scene(number, &secret(number), &self::plain(number)).request);
    }
    bench.check("all deleted");
    bench.close();
    bench.check("closed");
    counts::tell(&format!("{} secrets looked for in every file", count()));
}

#[test]
fn what_is_not_kept_of_the_request_is_not_found() {
    let mut bench = Bench::new(&[(option::KEEP_REQUEST, 0)]);
    for number in 0..100 {
        bench.store(number);
    }
    bench.check("stored");
    bench.close();
    let plain = find_in_files(&bench.path, &Needles::of(PLAIN));
    assert_eq!(plain, None);
}

/// Answers with a redirect to another URL, or with what is there.
struct Redirecting;

impl Transport for Redirecting {
    fn start(&self, request: &http::Request, _: &TransferSettings) -> Result<Reply> {
        let is_last = request.url.as_str().starts_with("http://there.test/");
        let (status, location) = match is_last {
            true => (200, None),
            false => (301, Some("http://there.test/")),
        };
        let mut head = ResponseHead::new(status, b"")?;
        let to_secret = request.fields.first(b"X-To").map(String::from_utf8_lossy);
        if let Some(location) = to_secret.as_deref().or(location) {
            head.fields.add(b"Location", location.as_bytes())?;
        }
        Ok(Reply {
            head,
            body: Box::new(Nothing),
        })
    }
}

struct Nothing;

impl Transfer for Nothing {
    fn read(&mut self, _: &mut [u8]) -> Result<usize> {
        Ok(0)
    }
}

#[test]
fn no_secret_is_found_in_an_alias_or_in_what_is_listed_of_it() {
    let mut bench = Bench::new(&[]);
    let cache = bench.cache.clone().unwrap();
    let mut made = 0;
    for number in 0..count() / 4 {
        let scene = scene(number, &secret(number), &plain(number));
        let mut request = Request::clone(&scene.request);
        if number % 7 == 3 {
            let location = format!("http://there.test/?token={}", secret(number));
            let fields = &mut request.http.fields;
            fields.add(b"X-To", location.as_bytes()).unwrap();
        }
        let fetched = fetch(&cache, &Redirecting, None, &Arc::new(request));
        if let Ok(mut fetched) = fetched {
            assert_eq!(fetched.response.read(&mut [0; 8]).unwrap(), 0, "{number}");
        }
    }
    let (mut last, mut listed) = (None, String::new());
    loop {
        for alias in cache.aliases_after(&mut last).unwrap() {
            made += 1;
            assert_eq!(alias.alias.last.url, b"http://there.test/");
            for hop in &alias.alias.hops {
                listed.push_str(&String::from_utf8_lossy(&hop.url));
            }
        }
        if last.is_none() {
            break;
        }
    }
    assert!(made > count() / 10, "{made} aliases");
    assert!(listed.contains("REDACTED"));
    bench.said.lock().unwrap().push_str(&listed);
    bench.check("listed");
    drop(cache);
    bench.close();
    bench.check("closed");
}

#[test]
fn a_secret_is_found_in_every_form_that_is_looked_for() {
    let needles = Needles::of(SECRET);
    for hidden in [
        "kanArieQ7000001",
        "x=KANARIEq7",
        "6b616E41726965513737",
        "dXNlcjprYW5BcmllUTcwMDAwMDE=",
        "a2FuQXJpZVE3MDAwMDAx",
        "YTprYW5BcmllUTcwMDAwMDE=",
        "7QeirAnak",
    ] {
        let is_reversed = hidden.starts_with("7Q");
        let found = needles.find(hidden.as_bytes());
        assert_eq!(found.is_some(), !is_reversed, "{hidden}");
    }
}
