//! Looking into the cache, and deleting what is found there.

use std::sync::Arc;
use std::time::Duration;

use httpcache::cache::{Cache, KeySink, Kinds, Order, Query, Request, UrlGlob};
use httpcache::error::Kind;
use httpcache::http::Url;
use httpcache::key::printed::Printed;
use httpcache::settings::{list, option};

use super::support::*;

fn url_query(url: &str) -> Query {
    Query {
        url: Some(Url::parse(url.as_bytes()).unwrap().0),
        ..Query::default()
    }
}

fn of_kinds(kinds: Kinds) -> Query {
    Query {
        kinds,
        ..Query::default()
    }
}

fn read(key: &str) -> Printed {
    Printed::read(key.as_bytes()).unwrap()
}

fn key_of(cache: &Arc<Cache>, request: Request) -> Printed {
    read(&cache.key(&Arc::new(request)).unwrap().unwrap().to_string())
}

/// Stored one second after another: /a lives 10 s, /b 1,000 s and has the longest body, /c for ever.
fn three(directory: &Directory) -> Arc<Cache> {
    let lives =
        |seconds: i64| directory.open(|s| s.set(option::EXPIRE_AFTER, seconds * 1000).unwrap());
    store(&lives(10), "http://h/a", "aa");
    directory.later(1000);
    store(&lives(1000), "http://h/b", "bbb");
    directory.later(1000);
    let cache = directory.open(|_| ());
    store(&cache, "http://g/c", "c");
    cache
}

#[test]
fn a_walk_meets_everything_as_it_is_stored() {
    let directory = Directory::new();
    let cache = three(&directory);
    assert_eq!(sorted(&cache, Query::default()), ["/a", "/b", "/c"]);
    let items = walked(&cache, url_query("http://h/b"));
    let [item] = &items[..] else {
        panic!("{} items", items.len())
    };
    let response = item.response().unwrap();
    assert_eq!(response.head.status, 200);
    assert_eq!(response.body_size(), Some(3));
    assert!(response.info.from_cache);
    assert_eq!(response.request().unwrap().http.method.as_str(), "GET");
    let times = response.times();
    assert_eq!(times.created_at, Some(START + 1000));
    assert_eq!(times.expires_at, Some(START + 1_001_000));
    assert!(!times.is_expired);
    assert_eq!(item.key(), response.info.key.unwrap().to_string());
}

#[test]
fn the_body_is_there_where_it_is_asked_for() {
    let directory = Directory::new();
    let cache = directory.open(|_| ());
    let large = "x".repeat(200_000);
    store(&cache, "http://h/small", "small");
    store(&cache, "http://h/large", &large);
    let mut walk = cache.walk(Query::default());
    let mut bodies = Vec::new();
    while let Some(item) = walk.step(true).unwrap() {
        bodies.push(text(&mut item.into_response().unwrap()));
    }
    bodies.sort();
    assert_eq!(bodies, ["small".to_owned(), large]);
}

#[test]
fn walks_are_filtered() {
    let directory = Directory::new();
    let cache = three(&directory);
    store_with(&cache, request("POST http://h/d", &[]), &[], b"d");
    directory.later(10_000);
    let expired = of_kinds(Kinds {
        expired: true,
        ..Kinds::default()
    });
    let fresh = of_kinds(Kinds {
        fresh: true,
        ..Kinds::default()
    });
    let both = of_kinds(Kinds {
        expired: true,
        fresh: true,
        ..Kinds::default()
    });
    assert_eq!(sorted(&cache, expired.clone()), ["/a"]);
    assert_eq!(sorted(&cache, fresh), ["/b", "/c", "/d"]);
    assert_eq!(sorted(&cache, both), ["/a", "/b", "/c", "/d"]);
    let created_before = |at| Query {
        created_before: Some(at),
        ..Query::default()
    };
    assert_eq!(sorted(&cache, created_before(START)), [""; 0]);
    assert_eq!(sorted(&cache, created_before(START + 1)), ["/a"]);
    assert_eq!(sorted(&cache, created_before(START + 1001)), ["/a", "/b"]);
    let expires_before = |at| Query {
        expires_before: Some(at),
        ..Query::default()
    };
    assert_eq!(sorted(&cache, expires_before(START + 10_000)), [""; 0]);
    assert_eq!(sorted(&cache, expires_before(START + 10_001)), ["/a"]);
    assert_eq!(sorted(&cache, expires_before(i64::MAX)), ["/a", "/b"]);
    let method = |method: &str| Query {
        method: Some(method.to_owned()),
        ..Query::default()
    };
    assert_eq!(sorted(&cache, method("POST")), ["/d"]);
    assert_eq!(sorted(&cache, method("post")), [""; 0]);
    assert_eq!(sorted(&cache, glob("h/*").unwrap()), ["/a", "/b", "/d"]);
    assert_eq!(sorted(&cache, glob("*/b").unwrap()), ["/b"]);
    assert_eq!(glob("h[").unwrap_err().kind(), Kind::Argument);
    let of_both = Query {
        glob: Some(UrlGlob::read(b"g/*").unwrap()),
        ..expired
    };
    assert_eq!(sorted(&cache, of_both), [""; 0], "all conditions hold");
}

#[test]
fn a_url_is_that_of_all_that_is_stored_of_it() {
    let directory = Directory::new();
    let cache = directory.open(|s| {
        s.set(option::SORT_QUERY, 1).unwrap();
    });
    let partition = |name: &str| {
        directory.open(|s| s.set_name(list::PARTITION, Some(name.as_bytes())).unwrap())
    };
    store(&cache, "http://h/a?x=1&y=2", "1");
    store(&partition("p"), "http://h/a?y=2&x=1", "2");
    store_with(&cache, request("POST http://h/a?x=1&y=2", &[]), &[], b"3");
    let user = [("Authorization", "Basic YTpi")];
    store_with(&cache, request("GET http://h/a?x=1&y=2", &user), &[], b"4");
    store(&cache, "http://h/a?x=1", "other");
    store(&cache, "http://h/a", "other");
    assert_eq!(
        walked(&cache, url_query("HTTP://H:80/./a?y=2&x=1#f")).len(),
        4
    );
    assert_eq!(walked(&cache, url_query("http://h/a?x=2")).len(), 0);
    assert_eq!(
        cache
            .delete_where(&url_query("http://h/a?x=1&y=2"))
            .unwrap(),
        4
    );
    assert_eq!(sorted(&cache, Query::default()), ["/a", "/a?x=1"]);
}

#[test]
fn what_has_a_key_of_the_users_own_is_found_by_its_url() {
    let directory = Directory::new();
    let mut options = directory.options(|_| ());
    options
        .own_matching
        .set_key(Some(|request: &Arc<Request>, mut key: KeySink| {
            let name = request.http.fields.first(b"X-Key").unwrap_or(b"none");
            key.write(name).map_err(|_| -1)?;
            Ok(key)
        }));
    let cache = Cache::open(&directory.path(), options).unwrap();
    for key in ["1", "2"] {
        store_with(
            &cache,
            request("GET http://h/a", &[("X-Key", key)]),
            &[],
            b"x",
        );
    }
    store_with(
        &cache,
        request("GET http://h/b", &[("X-Key", "3")]),
        &[],
        b"x",
    );
    assert_eq!(paths(&cache, url_query("http://h/a")), ["/a", "/a"]);
    assert_eq!(cache.delete_where(&url_query("http://h/a")).unwrap(), 2);
    assert_eq!(paths(&cache, Query::default()), ["/b"]);
}

#[test]
fn walks_are_sorted_and_limited() {
    let directory = Directory::new();
    let cache = three(&directory);
    let by = |order, is_descending, limit| {
        let query = Query {
            order,
            is_descending,
            limit,
            ..Query::default()
        };
        paths(&cache, query)
    };
    assert_eq!(by(Order::Expiry, false, None), ["/a", "/b", "/c"]);
    assert_eq!(by(Order::Expiry, true, None), ["/c", "/b", "/a"]);
    assert_eq!(by(Order::Expiry, true, Some(2)), ["/c", "/b"]);
    assert_eq!(by(Order::Size, false, None), ["/c", "/a", "/b"]);
    assert_eq!(by(Order::Size, true, Some(1)), ["/b"]);
    assert_eq!(by(Order::Created, false, Some(2)), ["/a", "/b"]);
    assert_eq!(by(Order::Created, true, Some(9)), ["/c", "/b", "/a"]);
    let mut by_key = by(Order::Key, false, None);
    assert_eq!(by(Order::Key, false, Some(2)), by_key[..2]);
    by_key.reverse();
    assert_eq!(by(Order::Key, true, None), by_key);
}

#[test]
fn a_walk_over_many_rows_meets_each_once() {
    let directory = Directory::new();
    let cache = directory.open(|_| ());
    let accept = [("Accept", "x")];
    for number in 0..700 {
        let url = format!("GET http://h/{number}");
        store_with(&cache, request(&url, &[]), &[("Vary", "Accept")], b"1");
        // Every third one has two variants.
        if number % 3 == 0 {
            store_with(&cache, request(&url, &accept), &[("Vary", "Accept")], b"2");
        }
    }
    let met = walked(&cache, Query::default());
    assert_eq!(met.len() as u64, responses(&cache));
    let mut keys: Vec<String> = met.iter().map(|item| item.key()).collect();
    keys.sort();
    keys.dedup();
    assert_eq!(keys.len(), met.len());
    let sorted = Query {
        order: Order::Created,
        ..Query::default()
    };
    assert_eq!(walked(&cache, sorted).len(), met.len());
}

#[test]
fn what_is_deleted_or_changed_under_a_walk_harms_nothing() {
    let directory = Directory::new();
    let cache = directory.open(|_| ());
    for number in 0..1000 {
        store(&cache, &format!("http://h/{number}"), "before");
    }
    let mut walk = cache.walk(Query::default());
    let mut sorted = cache.walk(Query {
        order: Order::Size,
        ..Query::default()
    });
    for walk in [&mut walk, &mut sorted] {
        walk.step(true).unwrap().unwrap();
    }
    let mut kept = 0;
    for number in 0..1000 {
        let url = format!("http://h/{number}");
        match number % 3 {
            0 => drop(cache.delete(&key_of(&cache, get(&url))).unwrap()),
            1 => {
                let mut exchange = cache
                    .lookup(&Arc::new(request(
                        &format!("GET {url}"),
                        &[("Cache-Control", "no-cache")],
                    )))
                    .unwrap();
                exchange.store(&answer(&[], b"after")).unwrap();
                kept += 1;
            }
            _ => kept += 1,
        }
    }
    for walk in [&mut walk, &mut sorted] {
        let mut met = 0;
        while let Some(item) = walk.step(true).unwrap() {
            let body = text(&mut item.into_response().unwrap());
            assert!(body == "before" || body == "after");
            met += 1;
        }
        assert!((kept - 2..=kept).contains(&met), "{met} of {kept}");
    }
}

#[test]
fn records_that_cannot_be_read_are_met_only_where_they_are_asked_for() {
    let directory = Directory::new();
    let cache = directory.open(|_| ());
    store(&cache, "http://h/bad", "needle in the body");
    store(&cache, "http://h/good", "good");
    cache.flush(std::time::Duration::from_secs(10)).unwrap();
    drop(cache);
    assert!(
        damage(
            &directory.generation().join("data.mdb"),
            b"needle in the body"
        ) > 0
    );
    let cache = directory.open(|_| ());
    let unreadable = Kinds {
        unreadable: true,
        ..Kinds::default()
    };
    assert_eq!(paths(&cache, Query::default()), ["/good"]);
    let items = walked(&cache, of_kinds(unreadable));
    assert_eq!(items.len(), 1);
    assert_eq!(read(&items[0].key()), key_of(&cache, get("http://h/bad")));
    let with_fresh = Kinds {
        fresh: true,
        ..unreadable
    };
    assert_eq!(sorted(&cache, of_kinds(with_fresh)), ["!", "/good"]);
    let of_url = Query {
        kinds: unreadable,
        ..url_query("http://h/good")
    };
    assert_eq!(paths(&cache, of_url), [""; 0]);
    let of_method = Query {
        method: Some("GET".into()),
        ..of_kinds(unreadable)
    };
    assert_eq!(paths(&cache, of_method), [""; 0]);
    assert!(cache.get(&read(&items[0].key())).unwrap().is_none());
    assert_eq!(cache.delete_where(&of_kinds(unreadable)).unwrap(), 1);
    assert_eq!(responses(&cache), 1);
}

#[test]
fn a_response_whose_body_is_gone_cannot_be_read() {
    let directory = Directory::new();
    let cache = directory.open(|_| ());
    store(&cache, "http://h/a", &"x".repeat(100_000));
    let [file] = &directory.body_files()[..] else {
        panic!("one body")
    };
    std::fs::remove_file(file).unwrap();
    assert!(cache.walk(Query::default()).step(true).unwrap().is_none());
    let unreadable = of_kinds(Kinds {
        unreadable: true,
        fresh: true,
        ..Kinds::default()
    });
    let item = cache.walk(unreadable).step(true).unwrap().unwrap();
    assert!(item.response().is_none());
    assert_eq!(paths(&cache, Query::default()), ["/a"], "its record can");
    let error = cache.get(&key_of(&cache, get("http://h/a"))).err().unwrap();
    assert_eq!(error.kind(), Kind::Corrupt);
}

/// Three variants of a URL; gives their keys, the newest last.
fn variants(directory: &Directory, cache: &Arc<Cache>) -> Vec<String> {
    let of = |language: &str| {
        directory.later(1000);
        let asks = [("Accept-Language", language)];
        let fields = [("Vary", "Accept-Language")];
        store_with(
            cache,
            request("GET http://h/a", &asks),
            &fields,
            language.as_bytes(),
        )
    };
    ["en", "de", "fr"].map(of).to_vec()
}

#[test]
fn a_key_names_one_or_all_variants() {
    let directory = Directory::new();
    let cache = directory.open(|_| ());
    let all = key_of(&cache, get("http://h/a"));
    assert!(cache.get(&all).unwrap().is_none() && !cache.contains(&all).unwrap());
    let [en, de, fr] = &variants(&directory, &cache)[..] else {
        panic!("three variants")
    };
    assert_eq!(text(&mut cache.get(&all).unwrap().unwrap()), "fr");
    assert!(cache.contains(&all).unwrap() && cache.contains(&read(en)).unwrap());
    assert_eq!(text(&mut cache.get(&read(en)).unwrap().unwrap()), "en");
    assert_eq!(cache.delete(&read(fr)).unwrap(), 1);
    assert_eq!(cache.delete(&read(fr)).unwrap(), 0);
    assert_eq!(text(&mut cache.get(&all).unwrap().unwrap()), "de");
    assert_eq!(responses(&cache), 2);
    assert_eq!(cache.delete(&read(en)).unwrap(), 1);
    assert_eq!(cache.delete(&read(de)).unwrap(), 1);
    assert_eq!(responses(&cache), 0);
    variants(&directory, &cache);
    assert_eq!(cache.delete(&all).unwrap(), 3);
    assert_eq!(responses(&cache), 0);
    assert_eq!(cache.delete(&all).unwrap(), 0);
}

#[test]
fn the_newest_is_by_date() {
    let directory = Directory::new();
    let cache = directory.open(|_| ());
    let of = |value: &str, date: &str| {
        let fields = [("Vary", "Accept"), ("Date", date)];
        let asks = [("Accept", value)];
        store_with(
            &cache,
            request("GET http://h/a", &asks),
            &fields,
            value.as_bytes(),
        );
        directory.later(1000);
    };
    of("later", "Tue, 14 Nov 2023 22:13:10 GMT");
    of("earlier", "Tue, 14 Nov 2023 22:12:10 GMT");
    let all = key_of(&cache, get("http://h/a"));
    assert_eq!(text(&mut cache.get(&all).unwrap().unwrap()), "later");
}

#[test]
fn a_variant_that_stood_alone_is_named_by_the_same_key() {
    let directory = Directory::new();
    let cache = directory.open(|_| ());
    let asks = [("Accept-Language", "it")];
    let vary = [("Vary", "Accept-Language")];
    let key = store_with(&cache, request("GET http://h/a", &asks), &vary, b"alone");
    assert!(cache.contains(&read(&key)).unwrap());
    variants(&directory, &cache);
    assert_eq!(text(&mut cache.get(&read(&key)).unwrap().unwrap()), "alone");
    assert_eq!(cache.delete(&read(&key)).unwrap(), 1);
    assert!(!cache.contains(&read(&key)).unwrap());
}

#[test]
fn a_deletion_by_criteria_says_how_many_and_takes_bodies_with_it() {
    let directory = Directory::new();
    let cache = directory.open(|s| s.set(option::EXPIRE_AFTER, 1000).unwrap());
    let large = "x".repeat(100_000);
    for number in 0..600 {
        let body = if number % 100 == 0 { &large } else { "small" };
        store(&cache, &format!("http://h/{number}"), body);
    }
    directory.later(500);
    store(&cache, "http://h/late", &large);
    assert_eq!(directory.body_files().len(), 7);
    directory.later(600);
    let expired = of_kinds(Kinds {
        expired: true,
        ..Kinds::default()
    });
    assert_eq!(cache.delete_where(&expired).unwrap(), 600);
    assert_eq!(cache.delete_where(&expired).unwrap(), 0);
    assert_eq!(paths(&cache, Query::default()), ["/late"]);
    cache.flush(Duration::MAX).unwrap();
    assert_eq!(directory.body_files().len(), 1);
    for refused in [
        Query::default(),
        Query {
            order: Order::Size,
            is_descending: true,
            ..Query::default()
        },
    ] {
        assert_eq!(
            cache.delete_where(&refused).unwrap_err().kind(),
            Kind::Argument
        );
    }
    assert_eq!(responses(&cache), 1);
}

#[test]
fn a_limited_deletion_takes_what_comes_first() {
    let directory = Directory::new();
    let cache = three(&directory);
    let largest = Query {
        order: Order::Size,
        is_descending: true,
        limit: Some(2),
        ..Query::default()
    };
    assert_eq!(cache.delete_where(&largest).unwrap(), 2);
    assert_eq!(paths(&cache, Query::default()), ["/c"]);
}

#[test]
fn clear_leaves_nothing_and_the_cache_goes_on() {
    let directory = Directory::new();
    let cache = directory.open(|s| s.set(option::NO_VARY_SEARCH, 1).unwrap());
    let large = "x".repeat(100_000);
    for number in 0..600 {
        let body = if number % 100 == 0 { &large } else { "small" };
        store(&cache, &format!("http://h/{number}"), body);
    }
    let no_vary = [("No-Vary-Search", "params")];
    store_with(&cache, get("http://h/n?a=1"), &no_vary, b"n");
    variants(&directory, &cache);
    let mut held = cache
        .get(&key_of(&cache, get("http://h/0")))
        .unwrap()
        .unwrap();
    assert_eq!(cache.clear().unwrap(), 604);
    assert_eq!(responses(&cache), 0);
    assert_eq!(paths(&cache, Query::default()), [""; 0]);
    cache.flush(Duration::MAX).unwrap();
    assert_eq!(directory.body_files().len(), 0);
    assert_eq!(found(&cache, get("http://h/1")), None);
    assert_eq!(found(&cache, get("http://h/n?a=2")), None);
    assert_eq!(
        text(&mut held).len(),
        large.len(),
        "who has it open reads on"
    );
    assert_eq!(cache.clear().unwrap(), 0);
    variants(&directory, &cache);
    assert_eq!(responses(&cache), 3);
}

#[test]
fn an_answer_that_was_on_its_way_when_its_url_was_invalidated_is_not_stored_after_a_clear_either() {
    let directory = Directory::new();
    let cache = directory.open(|s| s.set(option::INVALIDATE, 1).unwrap());
    let mut on_its_way = cache.lookup(&Arc::new(get("http://h/a"))).unwrap();
    let mut unsafe_one = cache
        .lookup(&Arc::new(request("PUT http://h/a", &[])))
        .unwrap();
    unsafe_one.store(&answer(&[], b"")).unwrap();
    cache.clear().unwrap();
    on_its_way.store(&answer(&[], b"before")).unwrap();
    assert_eq!(found(&cache, get("http://h/a")), None);
}

#[test]
fn who_may_not_write_may_still_delete() {
    let directory = Directory::new();
    let cache = three(&directory);
    let reader = directory.open(|s| s.set(option::READ_ONLY, 1).unwrap());
    assert_eq!(
        reader.delete(&key_of(&cache, get("http://h/a"))).unwrap(),
        1
    );
    assert_eq!(reader.delete_where(&glob("h/*").unwrap()).unwrap(), 1);
    assert_eq!(reader.clear().unwrap(), 1);
    assert_eq!(responses(&cache), 0);
}
