//! A cache for properties: one for all cases of a property, each with a URL of its own.

pub mod messages;
pub mod oracle;
pub mod rewrite;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use httpcache::cache::{Cache, Clock, Decision, Exchange, Options, Outcome, Request, Response};
use httpcache::http::{Fields, ResponseHead};
use httpcache::settings::{Settings, option};
use proptest::strategy::Strategy;
use proptest::test_runner::{Config, TestCaseError, TestRunner};

pub const CC: (i32, i64) = (option::CACHE_CONTROL, 1);
pub const SHARED: (i32, i64) = (option::SHARED, 1);
pub const START: i64 = 1_700_000_000_000;

pub struct Bench {
    cache: Arc<Cache>,
    now: Arc<AtomicI64>,
    directory: Arc<tempfile::TempDir>,
}

impl Bench {
    pub fn new(settings: &[(i32, i64)]) -> Self {
        let directory = Arc::new(tempfile::tempdir().unwrap());
        let now = Arc::new(AtomicI64::new(START));
        let cache = open(directory.path(), settings, &now);
        Bench {
            cache,
            now,
            directory,
        }
    }

    /// Another cache on the same directory, at the same clock.
    pub fn beside(&self, settings: &[(i32, i64)]) -> Self {
        Bench {
            cache: open(self.directory.path(), settings, &self.now),
            now: self.now.clone(),
            directory: self.directory.clone(),
        }
    }

    /// A URL that was not asked for yet. The clock goes back to the start.
    pub fn url(&self) -> String {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        self.go_to(START);
        format!("http://h.test/{}", COUNT.fetch_add(1, Ordering::Relaxed))
    }

    #[allow(clippy::unused_self, reason = "it reads as the start of this bench")]
    pub fn start(&self) -> i64 {
        START
    }

    pub fn go_to(&self, now: i64) {
        self.now.store(now, Ordering::Relaxed);
    }

    pub fn look_up(&self, method: &str, url: &str, fields: &Fields) -> Exchange {
        let mut request = Request::new(method.as_bytes(), url.as_bytes()).unwrap();
        request.http.fields = fields.clone();
        *self.cache.lookup(&Arc::new(request)).unwrap()
    }

    pub fn answer(exchange: &mut Exchange, status: u16, fields: &Fields, body: &[u8]) -> Outcome {
        let mut head = ResponseHead::new(status, b"").unwrap();
        head.fields = fields.clone();
        let mut response = Response::built(head);
        response.set_body(body.to_vec());
        exchange.store(&response).unwrap()
    }

    /// Looks up, and has a 200 come where one is asked for.
    pub fn get(
        &self,
        url: &str,
        asks: &Fields,
        brings: &Fields,
        body: &[u8],
    ) -> (Decision, Outcome) {
        let mut exchange = self.look_up("GET", url, asks);
        let outcome = if exchange.forward().is_some() {
            Self::answer(&mut exchange, 200, brings, body)
        } else {
            Outcome::NotStored
        };
        (exchange.decision(), outcome)
    }
}

fn open(directory: &Path, settings: &[(i32, i64)], now: &Arc<AtomicI64>) -> Arc<Cache> {
    let mut all = Settings::default();
    all.set(option::DURABILITY, 0).unwrap();
    for (number, value) in settings {
        all.set(*number, *value).unwrap();
    }
    let clock = now.clone();
    let options = Options {
        settings: all,
        clock: Clock::Callback(Arc::new(move || clock.load(Ordering::Relaxed))),
        ..Options::default()
    };
    Cache::open(&directory.join("cache"), options).unwrap()
}

/// Tries a property on what a strategy makes.
pub fn check<S: Strategy>(strategy: &S, property: impl Fn(&S::Value) -> Result<(), TestCaseError>) {
    let config = Config {
        failure_persistence: None,
        ..Config::default()
    };
    let result = TestRunner::new(config).run(strategy, |case| property(&case));
    if let Err(error) = result {
        panic!("{error}");
    }
}

pub fn add(fields: &mut Fields, name: &str, value: &str) {
    fields.add(name.as_bytes(), value.as_bytes()).unwrap();
}

/// An instant as an HTTP-date.
pub fn date(instant: i64) -> String {
    httpcache::http::date::format(instant)
}
