//! Another expiry for all that is stored, and storing as told.

use std::sync::Arc;

use httpcache::cache::{Cache, Decision, Item, Query, Request, Response, Times};
use httpcache::error::Kind;
use httpcache::settings::{DO_NOT_CACHE, NEVER, UNSET, list, option};

use super::support::*;

fn times(cache: &Arc<Cache>, url: &str) -> Times {
    let items = walked(cache, Query::default());
    let mut responses = items.into_iter().filter_map(Item::into_response);
    let found = responses.find(|response| response.url().unwrap().as_str() == url);
    found.unwrap().times()
}

fn decision(cache: &Arc<Cache>, url: &str) -> Decision {
    cache.lookup(&Arc::new(get(url))).unwrap().decision()
}

#[test]
fn an_expiry_is_that_of_all_that_is_stored() {
    let directory = Directory::new();
    let cache = directory.open(|s| s.set(option::EXPIRE_AFTER, 1000).unwrap());
    for number in 0..600 {
        store(&cache, &format!("http://h/{number}"), "x");
    }
    let large = "x".repeat(100_000);
    store(&cache, "http://h/large", &large);
    let asks = [("Accept", "a")];
    store_with(
        &cache,
        request("GET http://h/v", &asks),
        &[("Vary", "Accept")],
        b"1",
    );
    store_with(
        &cache,
        request("GET http://h/v", &[]),
        &[("Vary", "Accept")],
        b"2",
    );
    directory.later(2000);
    assert_eq!(decision(&cache, "http://h/7"), Decision::Forward);
    assert_eq!(cache.reset_expiration(5000).unwrap(), 603);
    for url in ["http://h/7", "http://h/large", "http://h/v"] {
        assert_eq!(decision(&cache, url), Decision::Fresh, "{url}");
        assert_eq!(times(&cache, url).expires_at, Some(START + 7000));
        assert_eq!(times(&cache, url).created_at, Some(START), "as it was");
    }
    assert_eq!(found(&cache, get("http://h/large")).unwrap(), large);
    assert_eq!(
        cache.reset_expiration(5000).unwrap(),
        0,
        "only what changes is written"
    );
    directory.later(4999);
    assert_eq!(decision(&cache, "http://h/7"), Decision::Fresh);
    directory.later(1);
    assert_eq!(decision(&cache, "http://h/7"), Decision::Forward);
    assert_eq!(responses(&cache), 603);
}

#[test]
fn the_named_expiries_mean_what_they_mean() {
    let directory = Directory::new();
    let cache = directory.open(|s| s.set(option::EXPIRE_AFTER, 1000).unwrap());
    store(&cache, "http://h/a", "x");
    directory.later(300);
    assert_eq!(cache.reset_expiration(NEVER).unwrap(), 1);
    assert_eq!(times(&cache, "http://h/a").expires_at, Some(NEVER));
    assert_eq!(cache.reset_expiration(0).unwrap(), 1);
    assert!(times(&cache, "http://h/a").is_expired, "immediately");
    assert_eq!(cache.reset_expiration(UNSET).unwrap(), 1);
    assert_eq!(times(&cache, "http://h/a").expires_at, Some(START + 1000));
    for refused in [DO_NOT_CACHE, -1, i64::MIN] {
        let error = cache.reset_expiration(refused).unwrap_err();
        assert_eq!(error.kind(), Kind::Argument);
        assert!(error.message().contains("expire_after"));
    }
    assert_eq!(cache.reset_expiration(i64::MAX).unwrap(), 1);
    assert!(!times(&cache, "http://h/a").is_expired);
}

#[test]
fn unset_is_what_the_rules_of_this_cache_say() {
    let directory = Directory::new();
    let before = directory.open(|_| ());
    store(&before, "http://h/a", "x");
    store(&before, "http://g/b", "x");
    let after = directory.open(|s| {
        s.set(option::EXPIRE_AFTER, 1000).unwrap();
        s.add_url_rule(1, b"g/*", 7000).unwrap();
    });
    assert_eq!(after.reset_expiration(UNSET).unwrap(), 2);
    assert_eq!(times(&after, "http://h/a").expires_at, Some(START + 1000));
    assert_eq!(times(&after, "http://g/b").expires_at, Some(START + 7000));
    assert_eq!(before.reset_expiration(UNSET).unwrap(), 2);
    assert_eq!(times(&before, "http://h/a").expires_at, Some(NEVER));
}

#[test]
fn what_a_response_says_itself_still_comes_first() {
    let directory = Directory::new();
    let cache = directory.open(|s| s.set(option::CACHE_CONTROL, 1).unwrap());
    let store = |path: &str, fields: &[Field<'_>]| {
        store_with(&cache, get(&format!("http://h/{path}")), fields, b"x");
    };
    store("says", &[("Cache-Control", "max-age=10")]);
    store(
        "silent",
        &[("Last-Modified", "Tue, 14 Nov 2023 22:13:10 GMT")],
    );
    assert_eq!(cache.reset_expiration(60_000).unwrap(), 2);
    assert_eq!(
        times(&cache, "http://h/says").freshness_lifetime,
        Some(10_000)
    );
    assert_eq!(
        times(&cache, "http://h/silent").freshness_lifetime,
        Some(60_000)
    );
    let without = directory.open(|_| ());
    assert_eq!(
        times(&without, "http://h/says").freshness_lifetime,
        Some(60_000)
    );
    // And back to the heuristic: 10 % of 10 s.
    assert_eq!(cache.reset_expiration(UNSET).unwrap(), 2);
    assert_eq!(
        times(&cache, "http://h/silent").freshness_lifetime,
        Some(1000)
    );
}

#[test]
fn who_may_not_write_changes_no_expiry_and_puts_nothing() {
    let directory = Directory::new();
    let cache = directory.open(|_| ());
    store(&cache, "http://h/a", "x");
    let reader = directory.open(|s| s.set(option::READ_ONLY, 1).unwrap());
    assert_eq!(
        reader.reset_expiration(1).unwrap_err().kind(),
        Kind::ReadOnly
    );
    assert_eq!(times(&cache, "http://h/a").expires_at, Some(NEVER));
    let error = put(&reader, get("http://h/b"), &answer(&[], b"x")).unwrap_err();
    assert_eq!(error, Kind::ReadOnly);
    assert_eq!(responses(&cache), 1);
}

fn put(cache: &Arc<Cache>, request: Request, response: &Response) -> Result<bool, Kind> {
    let put = cache.put(&Arc::new(request), response, UNSET, UNSET);
    put.map_err(|error| error.kind())
}

fn of_status(status: u16, fields: &[Field<'_>], body: &[u8]) -> Response {
    let mut response = answer(fields, body);
    response.head.status = status;
    response
}

#[test]
fn what_is_put_is_found() {
    let directory = Directory::new();
    let cache = directory.open(|s| s.set(option::EXPIRE_AFTER, 1000).unwrap());
    let get_a = Arc::new(get("http://h/a"));
    let (created, expires) = (START - 5000, START + 5000);
    assert!(
        cache
            .put(&get_a, &answer(&[("X-A", "1")], b"body"), created, expires)
            .unwrap()
    );
    assert_eq!(found(&cache, get("http://h/a")).unwrap(), "body");
    let is = times(&cache, "http://h/a");
    assert_eq!(
        (is.created_at, is.expires_at),
        (Some(created), Some(expires))
    );
    assert_eq!(is.age, 5000);
    // In place of what is there.
    assert!(
        cache
            .put(&get_a, &answer(&[], b"other"), UNSET, UNSET)
            .unwrap()
    );
    assert_eq!(found(&cache, get("http://h/a")).unwrap(), "other");
    let is = times(&cache, "http://h/a");
    assert_eq!(
        (is.created_at, is.expires_at),
        (Some(START), Some(START + 1000))
    );
    assert!(
        cache
            .put(&get_a, &answer(&[], b"other"), START, NEVER)
            .unwrap()
    );
    assert_eq!(times(&cache, "http://h/a").expires_at, Some(NEVER));
    assert_eq!(responses(&cache), 1);
    for (created, expires, named) in [
        (-1, 0, "created_at"),
        (NEVER, 0, "created_at"),
        (0, -1, "expires_at"),
        (0, DO_NOT_CACHE, "expires_at"),
    ] {
        let error = cache.put(&get_a, &answer(&[], b""), created, expires);
        let error = error.unwrap_err();
        assert_eq!(error.kind(), Kind::Argument);
        assert!(error.message().contains(named), "{}", error.message());
    }
}

#[test]
fn no_policy_is_asked() {
    let directory = Directory::new();
    let mut options = directory.options(|s| {
        s.set(option::CACHE_CONTROL, 1).unwrap();
        s.add(list::STATUS, b"200").unwrap();
    });
    options.filter =
        httpcache::cache::Filter::new(|_: &Arc<Request>, _| httpcache::cache::Verdict::Refuse);
    let cache = Cache::open(&directory.path(), options).unwrap();
    let no_store = [("Cache-Control", "no-store")];
    let asked = Arc::new(get("http://h/a"));
    let response = of_status(404, &no_store, b"x");
    assert!(cache.put(&asked, &response, UNSET, NEVER).unwrap());
    assert_eq!(responses(&cache), 1);
    // A reader of another policy finds it.
    let reader = directory.open(|_| ());
    assert_eq!(found(&reader, get("http://h/a")).unwrap(), "x");
}

#[test]
fn what_no_request_would_find_and_what_is_never_stored_is_refused() {
    let directory = Directory::new();
    let cache = directory.open(|s| s.set(option::MAX_RESPONSE_BYTES, 10).unwrap());
    let refused = |response: &Response| put(&cache, get("http://h/a"), response).unwrap_err();
    for status in [100, 206, 304, 407, 412, 416] {
        assert_eq!(refused(&of_status(status, &[], b"")), Kind::Argument);
    }
    for fields in [
        ("Vary", "*"),
        ("Content-Length", "3"),
        ("Content-Length", "x"),
        ("Location", "http://h/?token=x"),
    ] {
        assert_eq!(
            refused(&answer(&[fields], b"ab")),
            Kind::Argument,
            "{fields:?}"
        );
    }
    assert_eq!(refused(&answer(&[], b"elf zeichen")), Kind::TooLarge);
    let mut once = answer(&[], b"");
    once.set_arriving(Box::new(Never));
    assert_eq!(refused(&once), Kind::Misuse);
    // No lookup asks for these.
    let not_looked_up = [
        get("http://h/a"),
        request("OPTIONS http://h/a", &[]),
        request("PUT http://h/a", &[]),
    ];
    let bypassing = directory.open(|s| s.set(option::EXPIRE_AFTER, DO_NOT_CACHE).unwrap());
    for request in not_looked_up {
        assert!(!put(&bypassing, request, &answer(&[], b"x")).unwrap());
    }
    assert!(!put(&cache, request("PUT http://h/a", &[]), &answer(&[], b"x")).unwrap());
    let private = directory.open(|s| s.set(option::CACHE_CONTROL, 1).unwrap());
    assert!(!put(&private, request("HEAD http://h/a", &[]), &answer(&[], b"")).unwrap());
    assert_eq!(responses(&cache), 0);
    cache.flush(std::time::Duration::MAX).unwrap();
    assert_eq!(directory.body_files().len(), 0);
}

struct Never;

impl httpcache::cache::Arrival for Never {
    fn read(&mut self, _: &mut [u8]) -> httpcache::Result<usize> {
        panic!("it is not read")
    }

    fn announced(&self) -> Option<u64> {
        None
    }

    fn is_stored(&self) -> bool {
        false
    }

    fn set_trail(&mut self, _: httpcache::cache::aliases::Trail) {}

    fn stored(&mut self) -> httpcache::Result<Option<Response>> {
        Ok(None)
    }
}

#[test]
fn a_response_is_moved_by_hand_from_one_cache_to_another() {
    let (one, other) = (Directory::new(), Directory::new());
    let (from, to) = (one.open(|_| ()), other.open(|_| ()));
    let large = "x".repeat(1_000_000);
    let asks = [("Accept", "a"), ("Authorization", "Basic YTpi")];
    let fields = [("Vary", "Accept"), ("X-A", "1")];
    let key = store_with(
        &from,
        request("GET http://h/a", &asks),
        &fields,
        large.as_bytes(),
    );
    let key = httpcache::key::printed::Printed::read(key.as_bytes()).unwrap();
    let response = from.get(&key).unwrap().unwrap();
    let times = response.times();
    let asked = Arc::new(request("GET http://h/a", &asks));
    let expires = times.expires_at.unwrap();
    assert!(
        to.put(&asked, &response, times.created_at.unwrap(), expires)
            .unwrap()
    );
    assert_eq!(found(&to, request("GET http://h/a", &asks)).unwrap(), large);
    assert_eq!(
        found(&to, request("GET http://h/a", &asks[..1])),
        None,
        "another user"
    );
    assert_eq!(found(&to, get("http://h/a")), None, "another variant");
}
