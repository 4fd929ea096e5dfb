//! The life of a stored response through the engine's own interface: looked up, stored, reused, freshened, gone.

#![allow(clippy::unwrap_used, reason = "a test stops where it fails")]

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use httpcache::cache::{Cache, Clock, Decision, Exchange, Options, Outcome, Request, Response};
use httpcache::http::ResponseHead;
use httpcache::settings::{Settings, option};

const START: i64 = 1_800_000_000_000;

struct Bench {
    cache: Arc<Cache>,
    now: Arc<AtomicI64>,
    _directory: tempfile::TempDir,
}

impl Bench {
    fn new(set: &[(i32, i64)]) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let now = Arc::new(AtomicI64::new(START));
        let mut settings = Settings::default();
        for (number, value) in set {
            settings.set(*number, *value).unwrap();
        }
        let clock = now.clone();
        let clock = Clock::Callback(Arc::new(move || clock.load(Ordering::Relaxed)));
        let options = Options {
            settings,
            clock,
            ..Options::default()
        };
        let cache = Cache::open(&directory.path().join("cache"), options).unwrap();
        Bench {
            cache,
            now,
            _directory: directory,
        }
    }

    fn wait(&self, seconds: i64) {
        self.now.fetch_add(seconds * 1000, Ordering::Relaxed);
    }

    fn look_up(&self, url: &str, fields: &[(&str, &str)]) -> Exchange {
        *self.cache.lookup(&request("GET", url, fields)).unwrap()
    }

    /// Looks up, and reports `answer` where one is asked for.
    fn get(&self, url: &str, fields: &[(&str, &str)], answer: Response) -> (Decision, Outcome) {
        let mut exchange = self.look_up(url, fields);
        let outcome = exchange.store(&answer).unwrap_or(Outcome::NotStored);
        (exchange.decision(), outcome)
    }
}

fn request(method: &str, url: &str, fields: &[(&str, &str)]) -> Arc<Request> {
    let mut request = Request::new(method.as_bytes(), url.as_bytes()).unwrap();
    for (name, value) in fields {
        let fields = &mut request.http.fields;
        fields.add(name.as_bytes(), value.as_bytes()).unwrap();
    }
    Arc::new(request)
}

fn answer(status: u16, fields: &[(&str, &str)], body: &[u8]) -> Response {
    let mut head = ResponseHead::new(status, b"").unwrap();
    for (name, value) in fields {
        head.fields.add(name.as_bytes(), value.as_bytes()).unwrap();
    }
    let mut response = Response::built(head);
    response.set_body(body.to_vec());
    response
}

fn body(exchange: &Exchange) -> Vec<u8> {
    let mut response = exchange.response().unwrap().unwrap();
    response.load_body().unwrap().as_slice().to_vec()
}

const URL: &str = "http://h/a";

#[test]
fn a_response_is_stored_served_freshened_and_replaced() {
    let bench = Bench::new(&[(option::EXPIRE_AFTER, 10_000)]);
    let stored = bench.get(
        URL,
        &[],
        answer(200, &[("ETag", "\"1\""), ("A", "1")], b"one"),
    );
    assert_eq!(stored, (Decision::Forward, Outcome::Stored));
    bench.wait(9);
    let hit = bench.look_up(URL, &[]);
    assert_eq!(hit.decision(), Decision::Fresh);
    assert_eq!(body(&hit), b"one");
    let times = hit.handed_on().unwrap().times();
    assert_eq!(
        (times.created_at, times.expires_at),
        (Some(START), Some(START + 10_000))
    );
    assert_eq!((times.age, times.is_expired), (9000, false));

    bench.wait(1);
    let mut stale = bench.look_up(URL, &[]);
    assert_eq!(stale.decision(), Decision::Revalidate);
    let sent = &stale.forward().unwrap().http.fields;
    assert_eq!(sent.first(b"If-None-Match"), Some(&b"\"1\""[..]));
    let not_modified = answer(304, &[("ETag", "\"1\""), ("A", "2")], b"");
    assert_eq!(stale.store(&not_modified).unwrap(), Outcome::Freshened);
    assert_eq!(body(&stale), b"one");
    let served = stale.handed_on().unwrap();
    assert!(served.info.from_cache && served.info.revalidated);
    assert_eq!(served.head.fields.first(b"A"), Some(&b"2"[..]));

    bench.wait(9);
    let hit = bench.look_up(URL, &[]);
    assert_eq!(
        hit.decision(),
        Decision::Fresh,
        "a 304 makes it young again"
    );
    assert_eq!(
        hit.handed_on().unwrap().head.fields.first(b"A"),
        Some(&b"2"[..])
    );
    bench.wait(1);
    let replaced = bench.get(URL, &[], answer(200, &[("ETag", "\"2\"")], b"two"));
    assert_eq!(replaced, (Decision::Revalidate, Outcome::Stored));
    assert_eq!(body(&bench.look_up(URL, &[])), b"two");
    let statistics = bench.cache.statistics().unwrap();
    assert_eq!(
        (
            statistics.stores,
            statistics.revalidations,
            statistics.errors
        ),
        (2, 1, 0)
    );
    assert_eq!(statistics.responses, 1);
}

#[test]
fn a_304_with_another_validator_is_asked_again() {
    let bench = Bench::new(&[(option::EXPIRE_AFTER, 0)]);
    bench.get(URL, &[], answer(200, &[("ETag", "\"1\"")], b"one"));
    let mut exchange = bench.look_up(URL, &[]);
    let other = answer(304, &[("ETag", "\"2\"")], b"");
    assert_eq!(exchange.store(&other).unwrap(), Outcome::Repeat);
    assert!(
        !exchange
            .forward()
            .unwrap()
            .http
            .fields
            .contains(b"If-None-Match")
    );
    let fresh = answer(200, &[("ETag", "\"2\"")], b"two");
    assert_eq!(exchange.store(&fresh).unwrap(), Outcome::Stored);
    assert_eq!(body(&exchange), b"two");
}

#[test]
fn a_304_stores_no_more_than_it_may() {
    let bench = Bench::new(&[(option::CACHE_CONTROL, 1)]);
    let fields = [
        ("ETag", "\"1\""),
        ("Cache-Control", "max-age=10"),
        ("A", "1"),
    ];
    bench.get(URL, &[], answer(200, &fields, b"one"));
    bench.wait(10);
    // RFC 9111 §5.2.1.5: the request forbids storing; what was stored is left as it was.
    let mut unstored = bench.look_up(URL, &[("Cache-Control", "no-store")]);
    let not_modified = answer(304, &[("A", "2")], b"");
    assert_eq!(unstored.store(&not_modified).unwrap(), Outcome::Freshened);
    assert_eq!(
        unstored.handed_on().unwrap().head.fields.first(b"A"),
        Some(&b"2"[..])
    );
    let mut stale = bench.look_up(URL, &[]);
    assert_eq!(
        stale.decision(),
        Decision::Revalidate,
        "it was not freshened in the store"
    );
    // §5.2.2.5: the response forbids it; this answer is served, and the record goes.
    let forbidding = answer(304, &[("Cache-Control", "no-store")], b"");
    assert_eq!(stale.store(&forbidding).unwrap(), Outcome::Freshened);
    assert_eq!(body(&stale), b"one");
    assert!(stale.handed_on().unwrap().info.key.is_none());
    assert_eq!(bench.look_up(URL, &[]).decision(), Decision::Forward);
    assert_eq!(bench.cache.statistics().unwrap().responses, 0);
}

#[test]
fn variants_stand_side_by_side_and_the_oldest_go() {
    let bench = Bench::new(&[(option::MAX_VARIANTS, 3)]);
    let languages = ["de", "en", "fr", "it", "pt"];
    for language in languages {
        let fields = [("Accept-Language", language)];
        let stored = answer(200, &[("Vary", "Accept-Language")], language.as_bytes());
        assert_eq!(bench.get(URL, &fields, stored).1, Outcome::Stored);
    }
    for (at, language) in languages.iter().enumerate() {
        let hit = bench.look_up(URL, &[("accept-language", language)]);
        if at < 2 {
            assert_eq!(hit.decision(), Decision::Forward, "{language}");
            assert_eq!(hit.reason(), c"vary-miss");
        } else {
            assert_eq!(hit.decision(), Decision::Fresh, "{language}");
            assert_eq!(body(&hit), language.as_bytes());
        }
    }
    assert_eq!(bench.look_up(URL, &[]).decision(), Decision::Forward);
    assert_eq!(bench.cache.statistics().unwrap().responses, 3);
}

#[test]
fn a_304_for_one_variant_leaves_the_others() {
    let bench = Bench::new(&[(option::EXPIRE_AFTER, 10_000)]);
    for language in ["de", "en"] {
        let etag = format!("\"{language}\"");
        let stored = answer(
            200,
            &[("Vary", "Accept-Language"), ("ETag", &etag)],
            language.as_bytes(),
        );
        bench.get(URL, &[("Accept-Language", language)], stored);
    }
    bench.wait(10);
    let german = [("Accept-Language", "de")];
    let freshened = bench.get(URL, &german, answer(304, &[("ETag", "\"de\"")], b""));
    assert_eq!(freshened, (Decision::Revalidate, Outcome::Freshened));
    assert_eq!(bench.look_up(URL, &german).decision(), Decision::Fresh);
    let english = bench.look_up(URL, &[("Accept-Language", "en")]);
    assert_eq!(english.decision(), Decision::Revalidate);
}

#[test]
fn credentials_keep_users_apart() {
    for cache_control in [0, 1] {
        let bench = Bench::new(&[(option::CACHE_CONTROL, cache_control)]);
        let fields = [("Cache-Control", "max-age=60")];
        let (alice, bob) = (
            [("Authorization", "Basic YQ==")],
            [("Authorization", "Basic Yg==")],
        );
        bench.get(URL, &alice, answer(200, &fields, b"alice"));
        assert_eq!(bench.look_up(URL, &bob).decision(), Decision::Forward);
        assert_eq!(bench.look_up(URL, &[]).decision(), Decision::Forward);
        bench.get(URL, &bob, answer(200, &fields, b"bob"));
        assert_eq!(body(&bench.look_up(URL, &alice)), b"alice");
        assert_eq!(body(&bench.look_up(URL, &bob)), b"bob");
    }
}

#[test]
fn a_large_body_lies_in_a_file_and_goes_with_its_response() {
    let bench = Bench::new(&[(option::EXPIRE_AFTER, 0)]);
    let large: Vec<u8> = (0..300_000u32).map(|i| (i % 251) as u8).collect();
    bench.get(URL, &[], answer(200, &[("ETag", "\"1\"")], &large));
    let before = bench.cache.statistics().unwrap().bytes;
    let mut exchange = bench.look_up(URL, &[]);
    exchange.store(&answer(304, &[], b"")).unwrap();
    assert_eq!(body(&exchange), large);
    assert!(exchange.handed_on().unwrap().body_in_memory().is_none());
    bench.get(URL, &[], answer(200, &[("ETag", "\"2\"")], b"small"));
    bench
        .cache
        .flush(std::time::Duration::from_secs(60))
        .unwrap();
    let after = bench.cache.statistics().unwrap().bytes;
    assert!(before > 300_000 && after < 150_000, "{before} then {after}");
    assert_eq!(body(&exchange), large, "an open body survives its deletion");
}

#[test]
fn stale_answers_only_where_they_are_allowed() {
    for (limit, waited, expected) in [(0, 1, false), (5000, 5, true), (5000, 6, false)] {
        let bench = Bench::new(&[
            (option::EXPIRE_AFTER, 10_000),
            (option::STALE_IF_ERROR, limit),
        ]);
        bench.get(URL, &[], answer(200, &[], b"one"));
        bench.wait(10 + waited);
        let mut unreachable = bench.look_up(URL, &[]);
        assert_eq!(unreachable.decision(), Decision::Forward);
        assert_eq!(unreachable.fail().unwrap(), expected, "{limit} {waited}");
        let mut failing = bench.look_up(URL, &[]);
        let outcome = failing.store(&answer(503, &[], b"sorry")).unwrap();
        let used = if expected {
            Outcome::UsedStale
        } else {
            Outcome::NotStored
        };
        assert_eq!(outcome, used);
        if expected {
            assert_eq!(body(&failing), b"one");
            assert!(failing.handed_on().unwrap().times().is_expired);
        }
    }
}

#[test]
fn an_unsafe_request_invalidates_also_what_is_on_its_way() {
    let bench = Bench::new(&[(option::CACHE_CONTROL, 1)]);
    let fields = [("Cache-Control", "max-age=60")];
    bench.get(URL, &[], answer(200, &fields, b"one"));
    let mut under_way = bench.look_up("http://h/b", &[]);
    let mut put = bench.cache.lookup(&request("PUT", URL, &[])).unwrap();
    let location = answer(201, &[("Location", "/b")], b"");
    assert_eq!(put.store(&location).unwrap(), Outcome::NotStored);
    assert_eq!(bench.look_up(URL, &[]).decision(), Decision::Forward);
    let late = under_way.store(&answer(200, &fields, b"old")).unwrap();
    assert_eq!(late, Outcome::NotStored);
    assert_eq!(under_way.reason(), c"invalidated");
}

#[test]
fn framing_that_contradicts_itself_or_its_body_is_not_stored() {
    for (fields, expected) in [
        (&[("Content-Length", "3")][..], Outcome::Stored),
        (&[("Content-Length", "2")], Outcome::NotStored),
        (&[("Content-Length", "4")], Outcome::NotStored),
        (
            &[("Content-Length", "3"), ("Content-Length", "4")],
            Outcome::NotStored,
        ),
        (
            &[("Content-Length", "3"), ("Transfer-Encoding", "chunked")],
            Outcome::NotStored,
        ),
        (&[("Transfer-Encoding", "chunked")], Outcome::Stored),
    ] {
        let bench = Bench::new(&[]);
        assert_eq!(
            bench.get(URL, &[], answer(200, fields, b"abc")).1,
            expected,
            "{fields:?}"
        );
    }
}

#[test]
fn each_reader_judges_by_its_own_policy() {
    let bench = Bench::new(&[]);
    bench.get(
        URL,
        &[],
        answer(200, &[("Cache-Control", "max-age=1")], b"one"),
    );
    bench.wait(100);
    assert_eq!(
        bench.look_up(URL, &[]).decision(),
        Decision::Fresh,
        "never expires by settings"
    );
    let mut options = Options::default();
    options.settings.set(option::CACHE_CONTROL, 1).unwrap();
    options.settings.set(option::SORT_QUERY, 1).unwrap();
    let now = bench.now.clone();
    options.clock = Clock::Callback(Arc::new(move || now.load(Ordering::Relaxed)));
    let path = bench._directory.path().join("cache");
    let other = Cache::open(&path, options).unwrap();
    let exchange = other.lookup(&request("GET", URL, &[])).unwrap();
    assert_eq!(exchange.decision(), Decision::Forward);
    assert_eq!(exchange.reason(), c"stale");
}

#[test]
fn whoever_shares_credentials_is_given_what_anybody_fetched() {
    let bench = Bench::new(&[]);
    let alone = [("Authorization", "alice")];
    let others = [("Authorization", "bob")];
    let shared = |fields: &[(&str, &str)]| {
        let mut request = Request::clone(&request("GET", URL, fields));
        let share = option::SHARE_CREDENTIALS;
        request.overrides.set(share, 1).unwrap();
        bench.cache.lookup(&Arc::new(request)).unwrap()
    };
    bench.get(URL, &alone, answer(200, &[], b"alice's"));
    assert_eq!(body(&shared(&others)), b"alice's");
    assert_eq!(bench.look_up(URL, &others).decision(), Decision::Forward);
    bench.wait(1);
    // From the second one on they are variants, and the newest is it.
    bench.get(URL, &others, answer(200, &[], b"bob's"));
    for fields in [&[][..], &[("Authorization", "carol")]] {
        assert_eq!(body(&shared(fields)), b"bob's");
        let exchange = bench.look_up(URL, fields);
        assert_eq!(exchange.decision(), Decision::Forward);
    }
    assert_eq!(body(&bench.look_up(URL, &alone)), b"alice's");
}
