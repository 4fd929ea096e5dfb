//! Making keys anew: what was stored under other settings of the key is found again.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test stops where it fails"
)]

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use httpcache::cache::{
    Cache, Clock, Decision, KeySink, Options, Outcome, Rekeyed, Request, Response,
};
use httpcache::error::Kind;
use httpcache::http::ResponseHead;
use httpcache::settings::{Settings, list, option};

type Field<'a> = (&'a str, &'a str);

struct Directory {
    folder: tempfile::TempDir,
    now: Arc<AtomicI64>,
}

impl Directory {
    fn new() -> Self {
        Directory {
            folder: tempfile::tempdir().unwrap(),
            now: Arc::new(AtomicI64::new(1_700_000_000_000)),
        }
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn options(&self, change: impl FnOnce(&mut Settings)) -> Options {
        let now = self.now.clone();
        let mut options = Options {
            clock: Clock::Callback(Arc::new(move || now.load(Ordering::Relaxed))),
            ..Options::default()
        };
        options.settings.set(option::DURABILITY, 0).unwrap();
        options.settings.add(list::METHOD, b"POST").unwrap();
        change(&mut options.settings);
        options
    }

    fn open(&self, change: impl FnOnce(&mut Settings)) -> Arc<Cache> {
        Cache::open(&self.path().join("cache"), self.options(change)).unwrap()
    }

    fn later(&self) {
        self.now.fetch_add(1000, Ordering::Relaxed);
    }
}

fn request(url: &str, fields: &[Field<'_>], body: &str) -> Request {
    let method = if body.is_empty() { "GET" } else { "POST" };
    let mut request = Request::new(method.as_bytes(), url.as_bytes()).unwrap();
    for (name, value) in fields {
        let fields = &mut request.http.fields;
        fields.add(name.as_bytes(), value.as_bytes()).unwrap();
    }
    request.http.body = body.as_bytes().to_vec();
    request
}

fn get(url: &str) -> Request {
    request(url, &[], "")
}

fn store_with(cache: &Arc<Cache>, request: Request, fields: &[Field<'_>], body: &[u8]) {
    let mut exchange = cache.lookup(&Arc::new(request)).unwrap();
    let mut head = ResponseHead::new(200, b"OK").unwrap();
    for (name, value) in fields {
        head.fields.add(name.as_bytes(), value.as_bytes()).unwrap();
    }
    let mut response = Response::built(head);
    response.set_body(body.to_vec());
    assert_eq!(exchange.store(&response).unwrap(), Outcome::Stored);
}

fn store(cache: &Arc<Cache>, request: Request, body: &str) {
    store_with(cache, request, &[], body.as_bytes());
}

/// The body that answers a request; `None`: it is to be sent.
fn found(cache: &Arc<Cache>, request: Request) -> Option<String> {
    let mut exchange = cache.lookup(&Arc::new(request)).unwrap();
    if exchange.decision() != Decision::Fresh {
        return None;
    }
    let mut response = exchange.take_handed_on().unwrap();
    let body = response.load_body().unwrap();
    Some(String::from_utf8_lossy(body.as_slice()).into_owned())
}

fn rekey(cache: &Arc<Cache>) -> Rekeyed {
    let mut rekeyed = Rekeyed::default();
    cache.rekey(None, &mut rekeyed, &mut |_, _| true).unwrap();
    rekeyed
}

fn counts(moved: u64, collided: u64, left: u64) -> Rekeyed {
    Rekeyed {
        moved,
        collided,
        left,
    }
}

#[test]
fn what_an_ignored_parameter_told_apart_becomes_one_and_the_fresher_is_kept() {
    let directory = Directory::new();
    let before = directory.open(|_| ());
    store(&before, get("http://h/a?foo=1&x=1"), "first");
    directory.later();
    store(&before, get("http://h/a?foo=2&x=1"), "second");
    store(&before, get("http://h/b"), "other");
    let after = directory.open(|settings| settings.add(list::IGNORED, b"foo").unwrap());
    assert_eq!(found(&after, get("http://h/a?foo=3&x=1")), None);
    // The key of the one without a parameter stays what it was.
    assert_eq!(rekey(&after), counts(2, 1, 0));
    assert_eq!(
        found(&after, get("http://h/a?foo=3&x=1")).unwrap(),
        "second"
    );
    assert_eq!(found(&after, get("http://h/a?x=1")).unwrap(), "second");
    assert_eq!(found(&after, get("http://h/b")).unwrap(), "other");
    assert_eq!(after.statistics().unwrap().responses, 2);
    assert_eq!(rekey(&after), counts(0, 0, 0));
}

#[test]
fn fields_that_are_matched_now_are_those_of_the_stored_request() {
    let directory = Directory::new();
    let before = directory.open(|_| ());
    store(
        &before,
        request(
            "http://h/",
            &[("Accept", "text/plain"), ("Cookie", "a=1")],
            "",
        ),
        "plain",
    );
    for names in [&["Accept"][..], &["accept", "cookie"]] {
        let after = directory.open(|settings| {
            for name in names {
                settings.add(list::MATCH_FIELD, name.as_bytes()).unwrap();
            }
        });
        assert_eq!(rekey(&after), counts(1, 0, 0));
        let ask = |accept, cookie| {
            found(
                &after,
                request("http://h/", &[("Accept", accept), ("Cookie", cookie)], ""),
            )
        };
        assert_eq!(ask("text/plain", "a=1").unwrap(), "plain");
        assert_eq!(ask("text/html", "a=1"), None);
        assert_eq!(ask("text/plain", "a=2").is_some(), names.len() == 1);
    }
    let all = directory.open(|settings| settings.set(option::MATCH_ALL_FIELDS, 1).unwrap());
    // These are all the fields it has, so that the key is the same.
    assert_eq!(rekey(&all), counts(0, 0, 0));
    assert_eq!(found(&all, get("http://h/")), None);
    let none = directory.open(|_| ());
    assert_eq!(rekey(&none), counts(1, 0, 0));
    assert_eq!(found(&none, get("http://h/")).unwrap(), "plain");
}

#[test]
fn what_is_known_as_a_hash_moves_as_that() {
    let directory = Directory::new();
    let json = [("Content-Type", "application/json")];
    let secret = "http://h/?token=canary&foo=1";
    let users = [("Authorization", "alice"), ("X-Api-Key", "1")];
    let body = r#"{"a": {"password": "canary"}, "foo": 1}"#;
    let in_partition = || {
        let mut request = get("http://h/p?foo=1");
        request
            .overrides
            .set_name(list::PARTITION, Some(b"tenant"))
            .unwrap();
        request
    };
    let before = directory.open(|_| ());
    store(&before, get(secret), "token");
    store(&before, request("http://h/u?foo=1", &users, ""), "alice's");
    store(&before, request("http://h/j", &json, body), "json");
    store(&before, in_partition(), "tenant's");
    let after = directory.open(|settings| settings.add(list::IGNORED, b"foo").unwrap());
    assert_eq!(rekey(&after), counts(4, 0, 0));
    assert_eq!(
        found(&after, get("http://h/?token=canary")).unwrap(),
        "token"
    );
    assert_eq!(found(&after, get("http://h/?token=other")), None);
    assert_eq!(
        found(&after, request("http://h/u", &users, "")).unwrap(),
        "alice's"
    );
    assert_eq!(found(&after, get("http://h/u")), None);
    let other = body.replace("canary", "other");
    let same = r#"{"foo": 2, "a": {"password": "canary"}}"#;
    assert_eq!(
        found(&after, request("http://h/j", &json, same)).unwrap(),
        "json"
    );
    assert_eq!(found(&after, request("http://h/j", &json, &other)), None);
    assert_eq!(found(&after, in_partition()).unwrap(), "tenant's");
    assert_eq!(found(&after, get("http://h/p")), None);
}

#[test]
fn what_was_not_kept_is_left_and_counted() {
    let directory = Directory::new();
    let before = directory.open(|settings| settings.set(option::KEEP_REQUEST, 0).unwrap());
    store(&before, get("http://h/?api_key=1"), "key");
    store(&before, request("http://h/f", &[("X", "1")], ""), "fields");
    let json = [("Content-Type", "application/json")];
    store(&before, request("http://h/b", &json, "{}"), "json");
    store(&before, request("http://h/r", &[], "raw"), "raw");
    // A value that was ignored, and would be needed now; and content of which the hash alone is known.
    let cleared = directory.open(|settings| settings.clear(list::IGNORED).unwrap());
    assert_eq!(rekey(&cleared).left, 2);
    assert_eq!(found(&cleared, get("http://h/?api_key=1")), None);
    let matched = directory.open(|settings| settings.add(list::MATCH_FIELD, b"X").unwrap());
    assert_eq!(rekey(&matched), counts(0, 0, 4));
    // Nothing is lost by it.
    assert_eq!(found(&before, get("http://h/?api_key=1")).unwrap(), "key");
    let again = directory.open(|settings| settings.set(option::KEEP_REQUEST, 0).unwrap());
    rekey(&again);
    assert_eq!(
        found(&again, request("http://h/r", &[], "raw")).unwrap(),
        "raw"
    );
    assert_eq!(
        found(&again, request("http://h/b", &json, "{}")).unwrap(),
        "json"
    );
}

#[test]
fn own_keys_come_and_go() {
    let directory = Directory::new();
    let before = directory.open(|_| ());
    let mut unverified = get("http://h/v");
    unverified.overrides.set(option::VERIFY_TLS, 0).unwrap();
    store(&before, get("http://h/a/1"), "one");
    store(&before, unverified.clone(), "unverified");
    let mut options = directory.options(|_| ());
    options
        .own_matching
        .set_key(Some(|request: &Arc<Request>, mut sink: KeySink| {
            let path = request
                .http
                .url
                .as_str()
                .rsplit('/')
                .next()
                .unwrap()
                .to_owned();
            if path.is_empty() {
                return Err(-1);
            }
            sink.write(path.as_bytes()).map_err(|_| -1)?;
            Ok(sink)
        }));
    store(&before, get("http://h/"), "nameless");
    let own = Cache::open(&directory.path().join("cache"), options).unwrap();
    assert_eq!(rekey(&own), counts(2, 0, 1));
    assert_eq!(found(&own, get("http://other/1")).unwrap(), "one");
    let back = directory.open(|_| ());
    assert_eq!(rekey(&back), counts(2, 0, 0));
    assert_eq!(found(&back, get("http://h/a/1")).unwrap(), "one");
    assert_eq!(found(&back, get("http://other/1")), None);
    assert_eq!(found(&back, get("http://h/v")), None);
    assert_eq!(found(&back, unverified).unwrap(), "unverified");
}

#[test]
fn variants_and_large_bodies_move_whole() {
    let directory = Directory::new();
    let before = directory.open(|_| ());
    let large = vec![b'x'; 300_000];
    for (language, body) in [("de", &b"deutsch"[..]), ("en", &large), ("fr", b"francais")] {
        let asked = request("http://h/?foo=1", &[("Accept-Language", language)], "");
        store_with(&before, asked, &[("Vary", "Accept-Language")], body);
    }
    let after = directory.open(|settings| settings.add(list::IGNORED, b"foo").unwrap());
    assert_eq!(rekey(&after), counts(3, 0, 0));
    let ask = |language| {
        found(
            &after,
            request("http://h/", &[("Accept-Language", language)], ""),
        )
    };
    assert_eq!(ask("de").unwrap(), "deutsch");
    assert_eq!(ask("en").unwrap().len(), large.len());
    assert_eq!(ask("fr").unwrap(), "francais");
    assert_eq!(ask("es"), None);
    assert_eq!(after.statistics().unwrap().responses, 3);
}

#[test]
fn the_settings_that_are_meant_can_be_named_and_the_work_ended() {
    let directory = Directory::new();
    let first = directory.open(|_| ());
    let second = directory.open(|settings| settings.set(option::SORT_QUERY, 0).unwrap());
    for number in 0..600 {
        store(&first, get(&format!("http://h/{number}?foo=1")), "first");
    }
    store(&second, get("http://h/second?foo=1"), "second");
    let after = directory.open(|settings| settings.add(list::IGNORED, b"foo").unwrap());
    let mut rekeyed = Rekeyed::default();
    let from = [first.key_settings()];
    let mut calls = Vec::new();
    let cancelled = after.rekey(Some(&from), &mut rekeyed, &mut |done, total| {
        calls.push((done, total));
        false
    });
    assert_eq!(cancelled.unwrap_err().kind(), Kind::Cancelled);
    let (done, total) = calls[0];
    assert!(calls.len() == 1 && done > 0 && done < total && total >= 601);
    assert!(rekeyed.moved > 0 && rekeyed.moved < 600);
    let before = rekeyed.moved;
    after
        .rekey(Some(&from), &mut rekeyed, &mut |_, _| true)
        .unwrap();
    assert_eq!(rekeyed, counts(600, 0, 0));
    assert!(before < 600);
    assert_eq!(found(&after, get("http://h/7")).unwrap(), "first");
    assert_eq!(found(&after, get("http://h/second")), None);
    assert_eq!(
        found(&second, get("http://h/second?foo=1")).unwrap(),
        "second"
    );
}

#[test]
fn what_is_stored_or_deleted_meanwhile_is_as_it_should_be() {
    let directory = Directory::new();
    let before = directory.open(|settings| settings.set(option::INVALIDATE, 1).unwrap());
    for number in 0..600 {
        store(&before, get(&format!("http://h/{number}?foo=1")), "old");
    }
    let after = directory.open(|settings| settings.add(list::IGNORED, b"foo").unwrap());
    let mut rekeyed = Rekeyed::default();
    let mut is_first = true;
    directory.later();
    after
        .rekey(None, &mut rekeyed, &mut |_, _| {
            if std::mem::take(&mut is_first) {
                for number in 0..300 {
                    // Some are there already.
                    let mut request = get(&format!("http://h/{number}"));
                    request.overrides.set(option::FORCE_REFRESH, 1).unwrap();
                    store(&after, request, "new");
                }
                for number in 300..600 {
                    let url = format!("http://h/{number}?foo=1");
                    let mut request = Request::new(b"DELETE", url.as_bytes()).unwrap();
                    request.http.body.clear();
                    let mut exchange = before.lookup(&Arc::new(request)).unwrap();
                    let head = ResponseHead::new(204, b"").unwrap();
                    exchange.store(&Response::built(head)).unwrap();
                }
            }
            true
        })
        .unwrap();
    for number in 0..300 {
        let body = found(&after, get(&format!("http://h/{number}"))).unwrap();
        assert_eq!(body, "new", "{number}");
    }
    assert_eq!(rekeyed.left, 0);
}
