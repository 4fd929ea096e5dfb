//! Aliases: where redirects lead to that were followed and stored. Each answer is compared with the one that a walk from
//! redirect to redirect gives.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test stops where it fails"
)]

#[path = "../support/bench.rs"]
mod bench;
#[path = "../support/aliases/seen.rs"]
mod seen;

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};

use httpcache::cache::aliases::{Lead, Listed};
use httpcache::cache::{
    Cache, Clock, Filter, Item, Kinds, Options, Query, Request, Response, Verdict,
};
use httpcache::error::Kind;
use httpcache::fetch::fetch;
use httpcache::http::Url;
use httpcache::settings::{Settings, list, option};

use bench::{CurlTransport, Origin, encode};
use seen::{Answer, Seen, ask};

const START: i64 = 1_800_000_000_000;
const RFC: (i32, i64) = (option::CACHE_CONTROL, 1);

struct Bench {
    cache: Arc<Cache>,
    transport: CurlTransport,
    origin: Origin,
    now: Arc<AtomicI64>,
    directory: tempfile::TempDir,
}

impl Bench {
    fn new(set: &[(i32, i64)]) -> Self {
        Self::with(|settings| {
            for (number, value) in set {
                settings.set(*number, *value).unwrap();
            }
        })
    }

    fn with(change: impl FnOnce(&mut Settings)) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let now = Arc::new(AtomicI64::new(START));
        Bench {
            cache: open(&directory, &now, change),
            transport: CurlTransport::new().unwrap(),
            origin: Origin::start().unwrap(),
            now,
            directory,
        }
    }

    /// Another cache of the same directory.
    fn another(&self, change: impl FnOnce(&mut Settings)) -> Arc<Cache> {
        open(&self.directory, &self.now, change)
    }

    fn pass(&self, seconds: i64) {
        self.now.fetch_add(seconds * 1000, Ordering::Relaxed);
    }

    fn ask(&self, request: &Request) -> Answer {
        ask(&self.cache, &self.transport, request)
    }

    /// The answer, which is the same when there are no aliases.
    fn ask_both_ways(&self, request: &Request) -> (Vec<Seen>, Seen) {
        let with = self.ask(request).unwrap();
        self.cache.forget_aliases().unwrap();
        assert_eq!(count(&self.cache), 0);
        assert_eq!(self.ask(request).unwrap(), with, "without an alias");
        with
    }

    /// The stored redirect itself.
    fn redirect(&self, request: &Request) -> Response {
        let mut request = request.clone();
        request.overrides.set(option::FOLLOW, 0).unwrap();
        let fetched = fetch(&self.cache, &self.transport, None, &Arc::new(request));
        fetched.unwrap().response
    }

    /// Whether an alias leads on from the stored redirect.
    fn leads(&self, request: &Request) -> bool {
        let redirect = self.redirect(request);
        let settings = self.cache.settings().with(&request.overrides);
        redirect.info.from_cache && Lead::from(&redirect, &settings).is_some()
    }

    fn list(&self) -> Vec<Listed> {
        let mut last = None;
        let listed = self.cache.aliases_after(&mut last).unwrap();
        assert_eq!(last, None);
        listed
    }

    fn invalidate(&self, url: &str) {
        let put = request("PUT", url, &[]);
        assert_eq!(self.ask(&put).unwrap().1.status, 200);
    }
}

/// What a walk meets.
fn walk(cache: &Arc<Cache>, query: Query) -> Vec<Item> {
    let mut walk = cache.walk(query);
    std::iter::from_fn(|| walk.step(false).unwrap()).collect()
}

fn of_aliases() -> Query {
    let kinds = Kinds {
        aliases: true,
        ..Kinds::default()
    };
    Query {
        kinds,
        ..Query::default()
    }
}

/// How many aliases there are.
fn count(cache: &Cache) -> usize {
    let (mut last, mut count) = (None, 0);
    loop {
        count += cache.aliases_after(&mut last).unwrap().len();
        if last.is_none() {
            return count;
        }
    }
}

fn open(
    directory: &tempfile::TempDir,
    now: &Arc<AtomicI64>,
    change: impl FnOnce(&mut Settings),
) -> Arc<Cache> {
    let now = now.clone();
    let mut options = Options {
        clock: Clock::Callback(Arc::new(move || now.load(Ordering::Relaxed))),
        ..Options::default()
    };
    options.settings.set(option::DURABILITY, 0).unwrap();
    change(&mut options.settings);
    Cache::open(&directory.path().join("cache"), options).unwrap()
}

fn request(method: &str, url: &str, fields: &[(&str, &str)]) -> Request {
    let mut request = Request::new(method.as_bytes(), url.as_bytes()).unwrap();
    for (name, value) in fields {
        let fields = &mut request.http.fields;
        fields.add(name.as_bytes(), value.as_bytes()).unwrap();
    }
    request
}

fn get(url: &str) -> Request {
    request("GET", url, &[])
}

/// What a target is answered with besides: so many seconds of freshness, and other fields.
fn fresh(seconds: i64, fields: &[&str]) -> String {
    let lines = [format!("Cache-Control: max-age={seconds}")];
    let lines = lines
        .iter()
        .map(String::as_str)
        .chain(fields.iter().copied());
    lines
        .map(|line| format!("&field={}", encode(line.as_bytes())))
        .collect()
}

fn text(origin: &Origin, name: &str, seconds: i64) -> String {
    origin.url(&format!("/text/{name}?{}", fresh(seconds, &[])))
}

fn moved(origin: &Origin, to: &str, seconds: i64, fields: &[&str]) -> String {
    let to = encode(to.as_bytes());
    origin.url(&format!(
        "/redirect?status=301&to={to}{}",
        fresh(seconds, fields)
    ))
}

/// A URL from which two redirects lead to a text, and that of the text.
fn chain(origin: &Origin) -> (String, String, String) {
    let last = text(origin, "there", 600);
    let second = moved(origin, &last, 600, &[]);
    let first = moved(origin, &second, 600, &[]);
    (first, second, last)
}

fn urls(history: &[Seen]) -> Vec<&str> {
    history.iter().map(|seen| seen.url.as_str()).collect()
}

#[test]
fn redirects_that_were_followed_and_stored_have_an_alias_that_leads_where_a_walk_does() {
    let bench = Bench::new(&[RFC]);
    let (first, second, last) = chain(&bench.origin);
    let (history, there) = bench.ask(&get(&first)).unwrap();
    assert_eq!(urls(&history), [&*first, &*second]);
    assert!(!there.from_cache && history.iter().all(|seen| !seen.from_cache));
    assert!(bench.leads(&get(&first)));
    let (history, there) = bench.ask_both_ways(&get(&first));
    assert_eq!(urls(&history), [&*first, &*second]);
    assert_eq!((there.body, there.url), (Ok("there".to_owned()), last));
    assert!(there.from_cache && history.iter().all(|seen| seen.from_cache));
    assert_eq!(bench.cache.statistics().unwrap().hits, 2 * 3 + 1);
    let asked = [&first, &second].map(|url| url.split_once("127.0.0.1").unwrap().1);
    for target in asked {
        let target = target.split_once('/').unwrap().1;
        assert_eq!(bench.origin.requests(&format!("/{target}")), 1);
    }
}

#[test]
fn a_redirect_that_is_not_to_be_followed_is_handed_on_and_says_where_it_leads() {
    let bench = Bench::new(&[RFC]);
    let (first, _, _) = chain(&bench.origin);
    let redirect = bench.redirect(&get(&first));
    assert_eq!((redirect.head.status, redirect.alias_of()), (301, None));
    assert_eq!(count(&bench.cache), 0);
    let (_, there) = bench.ask(&get(&first)).unwrap();
    let redirect = bench.redirect(&get(&first));
    assert_eq!(redirect.head.status, 301);
    assert!(redirect.info.from_cache && redirect.history().is_empty());
    let key = redirect.alias_of().map(|key| key.to_string());
    assert!(key.is_some());
    assert_eq!(key, there.key);
}

#[test]
fn an_alias_is_listed_with_what_it_names() {
    let bench = Bench::new(&[RFC]);
    let (first, second, last) = chain(&bench.origin);
    bench.ask(&get(&first)).unwrap();
    let listed = bench.list();
    assert_eq!(listed.len(), 1);
    let alias = &listed[0].alias;
    let hops: Vec<_> = alias
        .hops
        .iter()
        .map(|hop| String::from_utf8_lossy(&hop.url))
        .collect();
    assert_eq!(hops, [&*first, &*second]);
    assert_eq!(alias.last.url, last.as_bytes());
    assert_eq!(alias.method, b"GET");
    assert_eq!(alias.created_at, START);
    assert_eq!(alias.expires_at, Some(START + 600_000));
    // The second one is the beginning of no walk.
    bench.ask(&get(&second)).unwrap();
    assert_eq!(bench.list().len(), 2);
}

#[test]
fn many_aliases_are_listed_in_pages() {
    let bench = Bench::new(&[RFC]);
    let last = text(&bench.origin, "there", 600);
    for number in 0..300 {
        let first = moved(&bench.origin, &last, 600, &[]) + &format!("&number={number}");
        bench.ask(&get(&first)).unwrap();
    }
    let mut page = None;
    let first = bench.cache.aliases_after(&mut page).unwrap();
    assert!(first.len() < 300 && page.is_some());
    let mut all = first;
    while page.is_some() {
        all.extend(bench.cache.aliases_after(&mut page).unwrap());
    }
    assert_eq!(all.len(), 300);
    let mut urls: Vec<_> = all.iter().map(|it| it.alias.hops[0].url.clone()).collect();
    urls.sort();
    urls.dedup();
    assert_eq!(urls.len(), 300);
    bench.cache.forget_aliases().unwrap();
    assert_eq!(count(&bench.cache), 0);
}

#[test]
fn an_alias_is_over_with_the_first_that_becomes_stale() {
    for (of_first, of_second, of_last) in [(100, 600, 600), (600, 100, 600), (600, 600, 100)] {
        let bench = Bench::new(&[RFC]);
        let last = text(&bench.origin, "there", of_last);
        let second = moved(&bench.origin, &last, of_second, &[]);
        let first = moved(&bench.origin, &second, of_first, &[]);
        bench.ask(&get(&first)).unwrap();
        let expires_at = || bench.list()[0].alias.expires_at;
        assert_eq!(expires_at(), Some(START + 100_000));
        bench.pass(99);
        assert!(bench.leads(&get(&first)));
        bench.pass(1);
        let redirect = bench.redirect(&get(&first));
        assert_eq!(
            redirect.alias_of(),
            None,
            "{of_first} {of_second} {of_last}"
        );
        let (history, there) = bench.ask(&get(&first)).unwrap();
        assert_eq!(there.body, Ok("there".to_owned()));
        assert_eq!(history.len(), 2);
        assert_eq!(expires_at(), Some(START + 200_000), "it was made anew");
        assert!(bench.leads(&get(&first)));
        bench.ask_both_ways(&get(&first));
    }
}

#[test]
fn users_and_partitions_have_aliases_of_their_own() {
    let bench = Bench::new(&[RFC]);
    let last = text(&bench.origin, "there", 600);
    let first = moved(&bench.origin, &last, 600, &[]);
    let asks = |user: Option<&str>, partition: Option<&str>| {
        let field = user.map(|user| ("Authorization", user));
        let mut request = request("GET", &first, field.as_slice());
        let partition = partition.map(str::as_bytes);
        let overrides = &mut request.overrides;
        overrides.set_name(list::PARTITION, partition).unwrap();
        request
    };
    let all = [
        asks(None, None),
        asks(Some("Basic YTph"), None),
        asks(Some("Basic Yjpi"), None),
        asks(None, Some("one")),
        asks(Some("Basic YTph"), Some("two")),
    ];
    for (at, request) in all.iter().enumerate() {
        assert!(!bench.leads(request), "{at}");
        let (_, there) = bench.ask(request).unwrap();
        assert!(!there.from_cache, "{at}");
        assert!(bench.leads(request), "{at}");
        assert_eq!(count(&bench.cache), at + 1);
    }
    for request in &all {
        assert!(bench.ask(request).unwrap().1.from_cache);
    }
    assert_eq!(bench.list()[0].alias.hops.len(), 1);
    bench.ask_both_ways(&all[1]);
}

#[test]
fn what_varies_has_an_alias_for_each_variant() {
    let bench = Bench::new(&[RFC]);
    let last = format!("/vary/there?on=Accept{}", fresh(600, &[]));
    let last = bench.origin.url(&last);
    let second = moved(&bench.origin, &last, 600, &["Vary: X"]);
    let first = moved(&bench.origin, &second, 600, &["Vary: Accept"]);
    let accepts = |accept: &str| request("GET", &first, &[("Accept", accept), ("X", "same")]);
    for (at, accept) in ["text/a", "text/b"].into_iter().enumerate() {
        assert!(!bench.leads(&accepts(accept)));
        bench.ask(&accepts(accept)).unwrap();
        assert_eq!(count(&bench.cache), at + 1);
    }
    for accept in ["text/a", "text/b"] {
        assert!(bench.leads(&accepts(accept)));
        let (_, there) = bench.ask(&accepts(accept)).unwrap();
        assert!(there.from_cache);
        assert_eq!(there.body, Ok(format!("there\nAccept: {accept}\n")));
    }
    bench.ask_both_ways(&accepts("text/a"));
    // The second redirect varies by what the first one does not: it is asked for again.
    let other = request("GET", &first, &[("Accept", "text/a"), ("X", "other")]);
    let (history, _) = bench.ask(&other).unwrap();
    assert_eq!(
        history
            .iter()
            .map(|seen| seen.from_cache)
            .collect::<Vec<_>>(),
        [true, false]
    );
}

#[test]
fn what_is_invalidated_has_no_alias() {
    let bench = Bench::new(&[RFC]);
    let (first, second, last) = chain(&bench.origin);
    bench.ask(&get(&first)).unwrap();
    bench.invalidate(&first);
    assert_eq!(count(&bench.cache), 0, "it goes with its own redirect");
    for url in [&second, &last] {
        bench.ask(&get(&first)).unwrap();
        assert!(bench.leads(&get(&first)));
        bench.invalidate(url);
        assert_eq!(bench.redirect(&get(&first)).alias_of(), None, "{url}");
        assert_eq!(count(&bench.cache), 1);
        assert!(!bench.leads(&get(&first)), "{url}");
        assert_eq!(count(&bench.cache), 0, "it goes when it is used");
        let (history, there) = bench.ask(&get(&first)).unwrap();
        assert!(history[0].from_cache);
        assert_eq!(history[1].from_cache, *url == last);
        assert!(!there.from_cache || *url == second);
        assert_eq!(count(&bench.cache), 1, "and is made anew");
    }
}

#[test]
fn a_final_response_that_is_gone_is_asked_for_and_the_alias_made_anew() {
    let bench = Bench::new(&[RFC]);
    let (first, _, last) = chain(&bench.origin);
    bench.ask(&get(&first)).unwrap();
    bench.invalidate(&last);
    let (history, there) = bench.ask(&get(&first)).unwrap();
    assert!(history.iter().all(|seen| seen.from_cache) && !there.from_cache);
    assert!(bench.leads(&get(&first)));
    assert!(bench.ask_both_ways(&get(&first)).1.from_cache);
}

#[test]
fn a_head_is_led_where_it_would_walk() {
    let bench = Bench::new(&[RFC]);
    let (first, _, last) = chain(&bench.origin);
    bench.ask(&get(&first)).unwrap();
    let head = request("HEAD", &first, &[]);
    assert!(bench.leads(&head));
    let (history, there) = bench.ask_both_ways(&head);
    assert_eq!((history.len(), there.url), (2, last.clone()));
    assert_eq!((there.body, there.from_cache), (Ok(String::new()), true));
    // Without RFC 9111, HEAD is stored apart.
    let bench = Bench::with(|settings| {
        settings.add(list::STATUS, b"301").unwrap();
    });
    let (first, _, _) = chain(&bench.origin);
    bench.ask(&get(&first)).unwrap();
    let head = request("HEAD", &first, &[]);
    assert!(!bench.leads(&head));
    let (_, there) = bench.ask(&head).unwrap();
    assert!(!there.from_cache && bench.leads(&head));
    assert_eq!(count(&bench.cache), 2);
    assert!(bench.ask_both_ways(&head).1.from_cache);
}

#[test]
fn a_status_that_is_not_stored_has_no_alias() {
    let first = |bench: &Bench| bench.origin.url("/redirect/2");
    let bench = Bench::new(&[]);
    for _ in 0..2 {
        let (history, _) = bench.ask(&get(&first(&bench))).unwrap();
        assert!(history.iter().all(|seen| !seen.from_cache));
        assert_eq!(history[0].key, None);
        assert_eq!(count(&bench.cache), 0);
    }
    assert_eq!(bench.origin.requests("/redirect/2"), 2);
    assert_eq!(bench.origin.requests("/redirect/0"), 1, "what is 200 is");
    // RFC 9111 stores a 302 that says how long it is fresh, and no other.
    let bench = Bench::new(&[RFC]);
    bench.ask(&get(&first(&bench))).unwrap();
    assert_eq!(count(&bench.cache), 0);
    let bench = Bench::with(|settings| settings.add(list::STATUS, b"302").unwrap());
    bench.ask(&get(&first(&bench))).unwrap();
    assert_eq!(count(&bench.cache), 1);
    assert_eq!(bench.list()[0].alias.expires_at, None);
    let (history, there) = bench.ask_both_ways(&get(&first(&bench)));
    assert!(there.from_cache && history.iter().all(|seen| seen.from_cache));
    assert_eq!(bench.origin.requests("/redirect/2"), 1);
}

#[test]
fn one_redirect_that_is_not_stored_is_enough_for_none() {
    let bench = Bench::new(&[RFC]);
    let last = text(&bench.origin, "there", 600);
    let second = moved(&bench.origin, &last, 600, &["Cache-Control: no-store"]);
    let first = moved(&bench.origin, &second, 600, &[]);
    for _ in 0..2 {
        let (history, there) = bench.ask(&get(&first)).unwrap();
        assert_eq!(there.body, Ok("there".to_owned()));
        assert!(!history[1].from_cache);
        assert_eq!(count(&bench.cache), 0);
    }
    let last = text(&bench.origin, "gone", 600) + "&stop=2&then=close";
    let first = moved(&bench.origin, &last, 600, &[]);
    let (_, cut) = bench.ask(&get(&first)).unwrap();
    assert!(cut.body.is_err(), "it does not arrive whole");
    assert_eq!(count(&bench.cache), 0);
}

#[test]
fn a_request_that_wants_nothing_stored_makes_none() {
    let bench = Bench::new(&[RFC]);
    let (first, second, last) = chain(&bench.origin);
    for url in [&first, &second, &last] {
        bench.redirect(&get(url)).load_body().unwrap();
    }
    let no_store = request("GET", &first, &[("Cache-Control", "no-store")]);
    let mut read_only = get(&first);
    read_only.overrides.set(option::READ_ONLY, 1).unwrap();
    for request in [no_store, read_only] {
        assert!(bench.ask(&request).unwrap().1.from_cache);
        assert_eq!(count(&bench.cache), 0);
    }
    assert!(bench.ask(&get(&first)).unwrap().1.from_cache);
    assert_eq!(count(&bench.cache), 1, "all were stored before");
}

#[test]
fn a_cycle_has_no_alias_and_the_limit_holds_on_the_way_that_an_alias_leads() {
    let bench = Bench::new(&[RFC]);
    let cycle = moved(&bench.origin, "#", 600, &[]);
    for _ in 0..2 {
        assert_eq!(bench.ask(&get(&cycle)), Err(Kind::Redirect));
        assert_eq!(count(&bench.cache), 0);
    }
    let (first, _, _) = chain(&bench.origin);
    bench.ask(&get(&first)).unwrap();
    let limited = |most: i64| {
        let mut request = get(&first);
        request.overrides.set(option::MAX_REDIRECTS, most).unwrap();
        bench.ask(&request)
    };
    assert!(bench.leads(&get(&first)));
    assert!(limited(2).is_ok());
    assert_eq!(limited(1), Err(Kind::Redirect));
    assert_eq!(limited(0), Err(Kind::Redirect));
}

#[test]
fn credentials_are_dropped_on_the_way_as_by_a_walk() {
    let bench = Bench::new(&[RFC]);
    let other = Origin::start().unwrap();
    // What the other origin is sent decides on its answer.
    let last = other.url(&format!("/vary/there?on=Authorization{}", fresh(600, &[])));
    let second = moved(&other, &last, 600, &[]);
    let first = moved(&bench.origin, &second, 600, &[]);
    let alice = request("GET", &first, &[("Authorization", "Basic YTph")]);
    let bob = request("GET", &first, &[("Authorization", "Basic Yjpi")]);
    let (_, there) = bench.ask(&alice).unwrap();
    assert_eq!(
        there.body,
        Ok("there\nAuthorization: (none)\n".to_owned()),
        "it is not sent there"
    );
    assert!(bench.leads(&alice));
    assert!(bench.ask_both_ways(&alice).1.from_cache);
    // What was fetched without credentials is for both.
    assert!(!bench.leads(&bob));
    let (history, there) = bench.ask(&bob).unwrap();
    assert!(!history[0].from_cache && history[1].from_cache && there.from_cache);
    assert_eq!(count(&bench.cache), 2);
    assert!(bench.ask_both_ways(&bob).1.from_cache);
}

#[test]
fn where_more_than_a_key_selects_redirects_are_walked() {
    let plain = Bench::new(&[RFC]);
    let (first, _, _) = chain(&plain.origin);
    plain.ask(&get(&first)).unwrap();
    assert!(plain.leads(&get(&first)));
    for number in [option::SELECT_LANGUAGE, option::NO_VARY_SEARCH] {
        let bench = Bench::new(&[RFC, (number, 1)]);
        let (first, _, _) = chain(&bench.origin);
        bench.ask(&get(&first)).unwrap();
        assert!(!bench.leads(&get(&first)), "option {number}");
        assert!(bench.ask_both_ways(&get(&first)).1.from_cache);
    }
    // What is for all may be there beside what is one's own.
    let bench = Bench::new(&[RFC, (option::SHARED, 1)]);
    let public = ["Cache-Control: public"];
    let last = text(&bench.origin, "there", 600);
    let first = moved(&bench.origin, &last, 600, &public);
    let alice = request("GET", &first, &[("Authorization", "Basic YTph")]);
    bench.ask(&alice).unwrap();
    assert!(!bench.leads(&alice));
    bench.ask(&get(&first)).unwrap();
    assert!(bench.leads(&get(&first)));
    assert!(!bench.leads(&alice));
    let mut shares = get(&first);
    let overrides = &mut shares.overrides;
    overrides.set(option::SHARE_CREDENTIALS, 1).unwrap();
    assert!(!bench.leads(&shares));
}

#[test]
fn a_filter_is_asked_for_each_redirect() {
    let bench = Bench::new(&[RFC]);
    let (first, second, last) = chain(&bench.origin);
    bench.ask(&get(&first)).unwrap();
    let asked = Arc::new(Mutex::new(Vec::new()));
    let (now, urls) = (bench.now.clone(), asked.clone());
    let mut options = Options {
        clock: Clock::Callback(Arc::new(move || now.load(Ordering::Relaxed))),
        filter: Filter::new(move |request: &Arc<Request>, _| {
            let url = request.http.url.as_str().to_owned();
            urls.lock().unwrap().push(url);
            Verdict::Keep
        }),
        ..Options::default()
    };
    options.settings.set(RFC.0, RFC.1).unwrap();
    let cache = Cache::open(&bench.directory.path().join("cache"), options).unwrap();
    assert!(
        ask(&cache, &bench.transport, &get(&first))
            .unwrap()
            .1
            .from_cache
    );
    assert_eq!(*asked.lock().unwrap(), [first, second, last]);
}

#[test]
fn who_would_store_under_another_key_is_not_led() {
    let bench = Bench::new(&[RFC]);
    let last = text(&bench.origin, "there", 600);
    let second = moved(&bench.origin, &last, 600, &[]) + "&x=1";
    let first = moved(&bench.origin, &second, 600, &[]);
    bench.ask(&get(&first)).unwrap();
    let other = bench.another(|settings| {
        settings.set(RFC.0, RFC.1).unwrap();
        settings.add(list::IGNORED, b"x").unwrap();
    });
    let (history, there) = ask(&other, &bench.transport, &get(&first)).unwrap();
    assert!(history[0].from_cache && !history[1].from_cache && there.from_cache);
    // The second URL holds what is a secret to these settings: its redirect is not the beginning of an alias of theirs.
    assert_eq!(count(&other), 1);
    assert!(bench.leads(&get(&first)), "and the first alias is whole");
}

#[test]
fn a_secret_in_the_url_of_a_redirect_is_not_in_its_alias() {
    let bench = Bench::new(&[RFC]);
    let last = text(&bench.origin, "there", 600);
    let first = moved(&bench.origin, &last, 600, &[]) + "&token=canary";
    bench.ask(&get(&first)).unwrap();
    assert!(bench.leads(&get(&first)));
    let listed = bench.list();
    let url = String::from_utf8_lossy(&listed[0].alias.hops[0].url).into_owned();
    assert!(url.ends_with("&token=REDACTED"), "{url}");
    assert!(bench.ask_both_ways(&get(&first)).1.from_cache);
}

#[test]
fn keys_that_are_made_anew_leave_no_alias_behind() {
    let bench = Bench::new(&[RFC]);
    let last = text(&bench.origin, "there", 600) + "&x=1";
    let first = moved(&bench.origin, &last, 600, &[]) + "&x=2";
    bench.ask(&get(&first)).unwrap();
    assert_eq!(count(&bench.cache), 1);
    let after = bench.another(|settings| {
        settings.set(RFC.0, RFC.1).unwrap();
        settings.set(option::SORT_QUERY, 0).unwrap();
        settings.add(list::IGNORED, b"x").unwrap();
    });
    let mut rekeyed = Default::default();
    after.rekey(None, &mut rekeyed, &mut |_, _| true).unwrap();
    assert_eq!(rekeyed.moved, 2);
    assert_eq!(count(&after), 0);
}

#[test]
fn a_walk_that_asks_for_them_meets_aliases_behind_all_responses() {
    let bench = Bench::new(&[RFC]);
    let (first, _, last) = chain(&bench.origin);
    bench.ask(&get(&first)).unwrap();
    let redirect = bench.redirect(&get(&first));
    let key = redirect.info.key.unwrap().to_string();
    let aliases = walk(&bench.cache, of_aliases());
    assert_eq!(aliases.len(), bench.list().len());
    assert!(aliases.iter().any(|item| item.key() == key));
    let all = Kinds {
        fresh: true,
        aliases: true,
        ..Kinds::default()
    };
    let query = |limit| Query {
        kinds: all,
        limit,
        ..Query::default()
    };
    let met = walk(&bench.cache, query(None));
    let (responses, behind) = met.split_at(3);
    assert!(responses.iter().all(|item| item.response().is_some()));
    assert!(behind.iter().all(|item| matches!(item, Item::Alias(_))));
    assert_eq!(behind.len(), aliases.len());
    assert_eq!(walk(&bench.cache, query(Some(4))).len(), 4);
    assert_eq!(walk(&bench.cache, Query::default()).len(), 3);
    for (url, count) in [(&first, 1), (&last, 0)] {
        let of_url = Query {
            url: Some(Url::parse(url.as_bytes()).unwrap().0),
            ..of_aliases()
        };
        assert_eq!(walk(&bench.cache, of_url).len(), count, "{url}");
    }
    for (expires_before, count) in [(START, 0), (START + 601_000, aliases.len())] {
        let expiring = Query {
            expires_before: Some(expires_before),
            ..of_aliases()
        };
        assert_eq!(walk(&bench.cache, expiring).len(), count);
    }
}

#[test]
fn aliases_are_deleted_where_they_are_asked_for_and_by_clear() {
    let bench = Bench::new(&[RFC]);
    let (first, _, _) = chain(&bench.origin);
    bench.ask(&get(&first)).unwrap();
    let count = bench.list().len() as u64;
    assert_eq!(bench.cache.delete_where(&of_aliases()).unwrap(), count);
    assert!(bench.list().is_empty());
    assert_eq!(bench.cache.statistics().unwrap().responses, 3);
    bench.ask(&get(&first)).unwrap();
    assert!(!bench.list().is_empty());
    assert_eq!(bench.cache.clear().unwrap(), 3);
    assert!(bench.list().is_empty());
}
