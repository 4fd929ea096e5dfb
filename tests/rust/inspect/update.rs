//! Taking over what another cache has stored.

use std::sync::Arc;

use httpcache::cache::{Cache, KeySink, Query, Request, Updated};
use httpcache::error::Kind;
use httpcache::settings::{list, option};

use super::support::*;

fn update(to: &Arc<Cache>, from: &Arc<Cache>) -> Updated {
    let mut updated = Updated::default();
    to.update_from(from, &mut updated, &mut |_, _| true)
        .unwrap();
    updated
}

fn counts(copied: u64, older: u64, skipped: u64) -> Updated {
    Updated {
        copied,
        older,
        skipped,
    }
}

#[test]
fn what_is_newer_is_taken_over_as_it_is() {
    let (one, other) = (Directory::new(), Directory::new());
    let from = one.open(|s| s.set(option::EXPIRE_AFTER, 60_000).unwrap());
    let to = other.open(|_| ());
    let large = "x".repeat(1_000_000);
    for number in 0..600 {
        store(&from, &format!("http://h/{number}"), "from");
    }
    store(&from, "http://h/large", &large);
    store_with(&from, request("POST http://h/p", &[]), &[], b"post");
    for language in ["en", "de"] {
        let asks = [("Accept-Language", language)];
        let fields = [("Vary", "Accept-Language"), ("X-A", "1")];
        store_with(
            &from,
            request("GET http://h/v", &asks),
            &fields,
            language.as_bytes(),
        );
    }
    other.later(1000);
    store(&to, "http://h/1", "newer");
    other.later(-2000);
    store(&to, "http://h/2", "older");
    assert_eq!(update(&to, &from), counts(603, 1, 0));
    assert_eq!(responses(&to), 604);
    assert_eq!(found(&to, get("http://h/0")).unwrap(), "from");
    assert_eq!(found(&to, get("http://h/1")).unwrap(), "newer");
    assert_eq!(found(&to, get("http://h/2")).unwrap(), "from");
    assert_eq!(found(&to, get("http://h/large")).unwrap(), large);
    assert_eq!(found(&to, request("POST http://h/p", &[])).unwrap(), "post");
    for language in ["en", "de"] {
        let asks = [("Accept-Language", language)];
        assert_eq!(
            found(&to, request("GET http://h/v", &asks)).unwrap(),
            language
        );
    }
    assert_eq!(found(&to, get("http://h/v")), None);
    let items = walked(
        &to,
        Query {
            url: Some(httpcache::http::Url::parse(b"http://h/v").unwrap().0),
            ..Query::default()
        },
    );
    let response = items[0].response().unwrap();
    assert_eq!(response.head.fields.first(b"X-A"), Some(&b"1"[..]));
    assert_eq!(response.times().created_at, Some(START));
    assert_eq!(response.times().expires_at, Some(START + 60_000));
    assert_eq!(update(&to, &from), counts(0, 604, 0), "once is enough");
    to.flush(std::time::Duration::MAX).unwrap();
    assert_eq!(other.body_files().len(), 1);
}

#[test]
fn what_is_somebodys_stays_behind() {
    let (one, other) = (Directory::new(), Directory::new());
    let from = one.open(|_| ());
    let partition = one.open(|s| s.set_name(list::PARTITION, Some(b"tenant")).unwrap());
    let to = other.open(|_| ());
    let user = [("Authorization", "Basic YTpi")];
    store_with(&from, request("GET http://h/user", &user), &[], b"alice's");
    store_with(&from, get("http://h/key?api_key=1"), &[], b"alice's");
    store_with(&from, get("http://h/token?token=1"), &[], b"alice's");
    let cookie = [("Cookie", "session=1")];
    let fields = [("Vary", "Cookie")];
    store_with(
        &from,
        request("GET http://h/cookie", &cookie),
        &fields,
        b"alice's",
    );
    store(&partition, "http://h/tenant", "tenant's");
    let sharing = one.open(|s| s.set(option::SHARE_CREDENTIALS, 1).unwrap());
    store_with(
        &sharing,
        request("GET http://h/shared", &user),
        &[],
        b"alice's",
    );
    store_with(&sharing, get("http://h/other?api_key=1"), &[], b"alice's");
    // A cookie that selects nothing tells nothing.
    store_with(
        &from,
        request("GET http://h/all", &cookie),
        &[],
        b"everybody's",
    );
    assert_eq!(update(&to, &from), counts(1, 0, 7));
    assert_eq!(paths(&to, Query::default()), ["/all"]);
    let other_cookie = [("Cookie", "session=2")];
    assert_eq!(
        found(&to, request("GET http://h/all", &other_cookie)).unwrap(),
        "everybody's"
    );
    let shared = |s: &mut httpcache::settings::Settings| {
        s.set(option::CACHE_CONTROL, 1).unwrap();
        s.set(option::SHARED, 1).unwrap();
    };
    assert_eq!(update(&other.open(shared), &from), counts(0, 1, 7));
    let to_sharing = other.open(|s| s.set(option::SHARE_CREDENTIALS, 1).unwrap());
    assert_eq!(update(&to_sharing, &from), counts(2, 1, 5));
}

#[test]
fn what_is_for_all_is_taken_over_by_a_shared_cache() {
    let (one, other) = (Directory::new(), Directory::new());
    let shared = |s: &mut httpcache::settings::Settings| {
        s.set(option::CACHE_CONTROL, 1).unwrap();
        s.set(option::SHARED, 1).unwrap();
    };
    let (from, to) = (one.open(shared), other.open(shared));
    let user = [("Authorization", "Basic YTpi")];
    let public = [("Cache-Control", "public, max-age=60")];
    store_with(&from, request("GET http://h/a", &user), &public, b"all's");
    // A private cache keeps it to nobody: there it would be given to those whose right is not known.
    assert_eq!(
        update(&Directory::new().open(|_| ()), &from),
        counts(0, 0, 1)
    );
    assert_eq!(update(&to, &from), counts(1, 0, 0));
    assert_eq!(found(&to, get("http://h/a")).unwrap(), "all's");
}

#[test]
fn a_copy_of_a_directory_has_its_secret_and_nothing_stays_behind() {
    let one = Directory::new();
    let before = one.open(|_| ());
    store(&before, "http://h/a", "old");
    before.flush(std::time::Duration::from_secs(10)).unwrap();
    drop(before);
    let other = Directory::new();
    copy(&one.path(), &other.path());
    let (from, to) = (one.open(|_| ()), other.open(|_| ()));
    one.later(1000);
    let user = [("Authorization", "Basic YTpi")];
    store_with(&from, request("GET http://h/user", &user), &[], b"alice's");
    store_with(&from, get("http://h/token?token=1"), &[], b"secret");
    let partition =
        |d: &Directory| d.open(|s| s.set_name(list::PARTITION, Some(b"tenant")).unwrap());
    store(&partition(&one), "http://h/tenant", "tenant's");
    assert_eq!(update(&to, &from), counts(3, 1, 0));
    assert_eq!(
        found(&to, request("GET http://h/user", &user)).unwrap(),
        "alice's"
    );
    assert_eq!(found(&to, get("http://h/user")), None);
    assert_eq!(found(&to, get("http://h/token?token=1")).unwrap(), "secret");
    assert_eq!(found(&to, get("http://h/token?token=2")), None);
    assert_eq!(found(&to, get("http://h/tenant")), None);
    assert_eq!(
        found(&partition(&other), get("http://h/tenant")).unwrap(),
        "tenant's"
    );
}

fn copy(from: &std::path::Path, to: &std::path::Path) {
    std::fs::create_dir(to).unwrap();
    std::fs::set_permissions(to, std::fs::metadata(from).unwrap().permissions()).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let (from, to) = (
            entry.as_ref().unwrap().path(),
            to.join(entry.unwrap().file_name()),
        );
        if from.is_dir() {
            copy(&from, &to);
        } else {
            std::fs::copy(from, to).unwrap();
        }
    }
}

#[test]
fn keys_are_those_of_the_cache_that_takes_over() {
    let (one, other) = (Directory::new(), Directory::new());
    let from = one.open(|_| ());
    store(&from, "http://h/a?x=1&page=1", "first");
    one.later(1000);
    store(&from, "http://h/a?x=1&page=2", "second");
    let to = other.open(|s| s.add(list::IGNORED, b"page").unwrap());
    // Which of the two comes first, their keys say.
    let updated = update(&to, &from);
    assert_eq!(updated.copied + updated.older, 2);
    assert_eq!(found(&to, get("http://h/a?x=1&page=9")).unwrap(), "second");
    assert_eq!(responses(&to), 1);
}

#[test]
fn what_is_secret_here_does_not_reach_the_disk() {
    let (one, other) = (Directory::new(), Directory::new());
    let from = one.open(|_| ());
    let asks = [
        ("X-Own", "kanArieQ7-field"),
        ("Content-Type", "application/json"),
    ];
    let mut post = request("POST http://h/a?own=kanArieQ7-url", &asks);
    post.http.body = b"{\"own\": \"kanArieQ7-body\"}".to_vec();
    store_with(&from, post, &[("X-Own", "kanArieQ7-response")], b"plAin");
    let link = [("Link", "<http://h/?own=kanArieQ7>; rel=next")];
    store_with(&from, get("http://h/link"), &link, b"plAin");
    let to = other.open(|s| {
        s.add(list::IGNORED, b"own").unwrap();
        s.add(list::IGNORED, b"X-Own").unwrap();
    });
    assert_eq!(update(&to, &from), counts(1, 0, 1));
    to.flush(std::time::Duration::from_secs(10)).unwrap();
    let data = std::fs::read(other.generation().join("data.mdb")).unwrap();
    let holds = |needle: &[u8]| data.windows(needle.len()).any(|part| part == needle);
    assert!(holds(b"plAin") && !holds(b"kanArieQ7"));
}

#[test]
fn functions_of_the_callers_are_asked_for_the_new_key() {
    let (one, other) = (Directory::new(), Directory::new());
    let from = one.open(|_| ());
    store(&from, "http://h/a?x=1", "x");
    let mut options = other.options(|_| ());
    options
        .own_matching
        .set_key(Some(|request: &Arc<Request>, mut key: KeySink| {
            key.write(request.http.url.without_query().as_bytes())
                .map_err(|_| -1)?;
            Ok(key)
        }));
    let to = Cache::open(&other.path(), options).unwrap();
    assert_eq!(update(&to, &from), counts(1, 0, 0));
    assert_eq!(found(&to, get("http://h/a?x=2")).unwrap(), "x");
}

#[test]
fn it_may_be_cancelled_and_taken_up_again() {
    let (one, other) = (Directory::new(), Directory::new());
    let (from, to) = (one.open(|_| ()), other.open(|_| ()));
    for number in 0..600 {
        store(&from, &format!("http://h/{number}"), "x");
    }
    let mut updated = Updated::default();
    let mut calls = Vec::new();
    let error = to.update_from(&from, &mut updated, &mut |done, total| {
        calls.push((done, total));
        calls.len() < 2
    });
    assert_eq!(error.unwrap_err().kind(), Kind::Cancelled);
    assert_eq!(calls, [(256, 600), (512, 600)]);
    assert_eq!(updated, counts(512, 0, 0));
    assert_eq!(responses(&to), 512);
    assert_eq!(update(&to, &from), counts(88, 512, 0));
}

#[test]
fn what_may_not_be_here_stays_behind() {
    let (one, other) = (Directory::new(), Directory::new());
    let from = one.open(|_| ());
    let large = "x".repeat(100_000);
    store(&from, "http://h/large", &large);
    store(&from, "http://h/gone", &format!("{large}2"));
    store(&from, "http://h/small", "x");
    let gone = one.body_files().into_iter();
    for file in gone.filter(|file| file.metadata().unwrap().len() % 2 == 1) {
        std::fs::remove_file(file).unwrap();
    }
    let to = other.open(|s| s.set(option::MAX_RESPONSE_BYTES, 90_000).unwrap());
    assert_eq!(update(&to, &from), counts(1, 0, 2));
    let to = other.open(|_| ());
    assert_eq!(update(&to, &from), counts(1, 1, 1));
    assert_eq!(sorted(&to, Query::default()), ["/large", "/small"]);
}

#[test]
fn one_cache_is_not_updated_from_itself_nor_one_that_is_read_only() {
    let directory = Directory::new();
    let (one, same) = (directory.open(|_| ()), directory.open(|_| ()));
    let mut updated = Updated::default();
    let refused = |to: &Arc<Cache>, from: &Arc<Cache>, updated: &mut Updated| {
        let error = to.update_from(from, updated, &mut |_, _| true);
        error.unwrap_err().kind()
    };
    assert_eq!(refused(&one, &same, &mut updated), Kind::Argument);
    let reader = directory.open(|s| s.set(option::READ_ONLY, 1).unwrap());
    let other = Directory::new().open(|_| ());
    assert_eq!(refused(&reader, &other, &mut updated), Kind::ReadOnly);
    assert_eq!(updated, Updated::default());
}
