//! Whatever is asked, and whatever the origins do, an answer with aliases is the answer without them, and the origins are
//! asked for the same.

#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test stops where it fails"
)]

#[path = "../support/counts.rs"]
mod counts;
#[path = "../support/aliases/seen.rs"]
mod seen;
#[path = "../support/aliases/site.rs"]
mod site;

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use httpcache::cache::aliases::Lead;
use httpcache::cache::{Cache, Clock, Filter, Options, Request, Verdict};
use httpcache::fetch::fetch;
use httpcache::settings::{Settings, list, option};
use proptest::collection::vec;
use proptest::option::weighted;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::{Config, TestRunner};

use seen::ask;
use site::{PAGES, Page, Site, url};

#[derive(Clone, Debug)]
struct Asks {
    method: &'static str,
    page: usize,
    query: &'static str,
    user: Option<&'static str>,
    fields: Vec<(&'static str, &'static str)>,
    partition: Option<&'static str>,
    overrides: Vec<(i32, i64)>,
}

#[derive(Clone, Debug)]
enum Step {
    Ask(Asks),
    Pass(i64),
    Change(usize, Page),
}

/// The settings of a cache.
#[derive(Clone, Debug)]
struct Policy {
    options: Vec<(i32, i64)>,
    statuses: Vec<&'static str>,
    has_rule: bool,
    has_filter: bool,
}

fn page() -> impl Strategy<Value = Page> {
    // Mostly to the one behind it, so that there are ways and not only circles.
    let redirect = (
        select(vec![301, 301, 301, 302, 303, 307, 308]),
        select(vec![1, 1, 1, 1, 2, 3, 0]),
    );
    let fresh = weighted(0.9, select(vec![20, 60, 60, 600]));
    let vary = weighted(0.2, select(vec!["Accept", "Cookie", "Authorization", "X"]));
    (
        weighted(0.65, redirect),
        // Mostly the plain form.
        select(vec![0, 0, 0, 0, 1, 2, 3]),
        fresh,
        vary,
        any::<bool>(),
        any::<bool>(),
        0_u32..4,
    )
        .prop_map(
            |(redirect, form, fresh, vary, is_public, has_validator, version)| Page {
                redirect,
                form,
                fresh,
                vary,
                is_public,
                has_validator,
                version,
            },
        )
}

fn asks() -> impl Strategy<Value = Asks> {
    let field = select(vec![
        ("Accept", "text/a"),
        ("Accept", "text/b"),
        ("Cookie", "a=1"),
        ("X", "1"),
        ("Accept-Language", "de"),
        ("Cache-Control", "no-store"),
        ("Cache-Control", "max-age=15"),
        ("Cache-Control", "no-cache"),
        ("Cache-Control", "only-if-cached"),
        ("Range", "bytes=0-3"),
        ("If-None-Match", "\"1\""),
    ]);
    let overrides = select(vec![
        (option::FOLLOW, 0),
        (option::MAX_REDIRECTS, 2),
        (option::READ_ONLY, 1),
        (option::REFRESH, 1),
        (option::SHARE_CREDENTIALS, 1),
        (option::EXPIRE_AFTER, 30_000),
        (option::BYPASS, 1),
    ]);
    (
        select(vec![
            "GET", "GET", "GET", "GET", "GET", "HEAD", "POST", "PUT",
        ]),
        select(vec![0, 0, 0, 1, 2, 3, 4]),
        select(vec!["", "", "", "", "?x=1", "?token=a"]),
        weighted(0.3, select(vec!["Basic YTph", "Basic Yjpi"])),
        vec(field, 0..2),
        weighted(0.1, Just("one")),
        weighted(0.2, overrides),
    )
        .prop_map(
            |(method, page, query, user, fields, partition, overrides)| Asks {
                method,
                page,
                query,
                user,
                fields,
                partition,
                overrides: overrides.into_iter().collect(),
            },
        )
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        5 => asks().prop_map(Step::Ask),
        // Of these there are few, so that the same is asked for again.
        8 => (select(vec![0, 0, 1]), weighted(0.2, Just("Basic YTph"))).prop_map(|(page, user)| {
            Step::Ask(Asks {
                method: "GET",
                page,
                query: "",
                user,
                fields: Vec::new(),
                partition: None,
                overrides: Vec::new(),
            })
        }),
        1 => select(vec![1, 10, 30, 70]).prop_map(Step::Pass),
        1 => (0..PAGES, page()).prop_map(|(at, page)| Step::Change(at, page)),
    ]
}

fn policy() -> impl Strategy<Value = Policy> {
    let switches = select(vec![
        (option::SHARED, 1),
        (option::NO_VARY_SEARCH, 1),
        (option::SELECT_LANGUAGE, 1),
        (option::GROUPS, 1),
        (option::MATCH_ALL_FIELDS, 1),
        (option::CACHE_STATUS, 1),
        (option::STALE_WHILE_REVALIDATE, 20_000),
        (option::EXPIRE_AFTER, 40_000),
    ]);
    (
        weighted(0.8, Just((option::CACHE_CONTROL, 1))),
        vec(switches, 0..2),
        weighted(0.5, Just(vec!["301", "302", "303", "308", "206"])),
        proptest::bool::weighted(0.1),
        proptest::bool::weighted(0.1),
    )
        .prop_map(|(rfc, switches, statuses, has_rule, has_filter)| Policy {
            options: rfc
                .into_iter()
                .chain(switches)
                // A shared cache is one by RFC 9111.
                .filter(|(number, _)| rfc.is_some() || *number != option::SHARED)
                .collect(),
            statuses: statuses.unwrap_or_default(),
            has_rule,
            has_filter,
        })
}

impl Policy {
    fn settings(&self) -> Settings {
        let mut settings = Settings::default();
        settings.set(option::DURABILITY, 0).unwrap();
        settings.set(option::WORKERS, 0).unwrap();
        settings.set(option::MAX_REDIRECTS, 6).unwrap();
        for (number, value) in &self.options {
            settings.set(*number, *value).unwrap();
        }
        for status in &self.statuses {
            settings.add(list::STATUS, status.as_bytes()).unwrap();
        }
        if self.has_rule {
            settings.add_url_rule(1, b"g.test/*", 10_000).unwrap();
        }
        settings
    }

    fn open(&self, directory: &tempfile::TempDir, now: &Arc<AtomicI64>) -> Arc<Cache> {
        let now = now.clone();
        let options = Options {
            settings: self.settings(),
            clock: Clock::Callback(Arc::new(move || now.load(Ordering::Relaxed))),
            filter: match self.has_filter {
                true => Filter::new(|_, response| match response.head.status {
                    303 => Verdict::Refuse,
                    _ => Verdict::Keep,
                }),
                false => Filter::default(),
            },
            ..Options::default()
        };
        Cache::open(&directory.path().join("cache"), options).unwrap()
    }
}

impl Asks {
    fn request(&self) -> Request {
        let url = url(self.page) + self.query;
        let mut request = Request::new(self.method.as_bytes(), url.as_bytes()).unwrap();
        let user = self.user.map(|user| ("Authorization", user));
        for (name, value) in self.fields.iter().copied().chain(user) {
            let fields = &mut request.http.fields;
            fields.add(name.as_bytes(), value.as_bytes()).unwrap();
        }
        let partition = self.partition.map(str::as_bytes);
        let overrides = &mut request.overrides;
        overrides.set_name(list::PARTITION, partition).unwrap();
        for (number, value) in &self.overrides {
            overrides.set(*number, *value).unwrap();
        }
        request
    }
}

/// A cache with aliases, or one that forgets them before each request, and its origins.
struct Side {
    cache: Arc<Cache>,
    site: Site,
    _directory: tempfile::TempDir,
}

impl Side {
    fn new(policy: &Policy, pages: &[Page], now: &Arc<AtomicI64>) -> Self {
        let directory = tempfile::tempdir().unwrap();
        Side {
            cache: policy.open(&directory, now),
            site: Site::new(pages),
            _directory: directory,
        }
    }

    /// Whether an alias leads past redirects, as the request would find it.
    fn is_led(&self, request: &Request) -> bool {
        let mut request = request.clone();
        request.overrides.set(option::FOLLOW, 0).unwrap();
        request.overrides.set(option::ONLY_IF_CACHED, 1).unwrap();
        let settings = self.cache.settings().with(&request.overrides);
        let fetched = fetch(&self.cache, &self.site, None, &Arc::new(request.clone())).unwrap();
        let lead = Lead::from(&fetched.response, &settings);
        self.site.asked();
        lead.is_some_and(|lead| lead.left() > 0)
    }
}

fn cases() -> u32 {
    let is_full = std::env::var("FULL").is_ok_and(|full| !full.is_empty());
    if is_full { 3000 } else { 500 }
}

#[test]
fn an_answer_with_aliases_is_the_answer_without() {
    let led = AtomicU64::new(0);
    let property = |(policy, pages, steps): (Policy, Vec<Page>, Vec<Step>)| {
        let now = Arc::new(AtomicI64::new(1_800_000_000_000));
        let with = Side::new(&policy, &pages, &now);
        let without = Side::new(&policy, &pages, &now);
        for step in &steps {
            match step {
                Step::Pass(seconds) => {
                    now.fetch_add(seconds * 1000, Ordering::Relaxed);
                }
                Step::Change(at, page) => {
                    with.site.change(*at, page);
                    without.site.change(*at, page);
                }
                Step::Ask(asks) => {
                    let request = asks.request();
                    let is_led = with.is_led(&request);
                    led.fetch_add(u64::from(is_led), Ordering::Relaxed);
                    without.is_led(&request);
                    without.cache.forget_aliases().unwrap();
                    // Ids are random, and so are the secrets of hashes: keys of all else are the same.
                    let answers = [&with, &without]
                        .map(|side| ask(&side.cache, &side.site, &request).map(without_variants));
                    let [one, other] = &answers;
                    prop_assert_eq!(one, other);
                    prop_assert_eq!(with.site.asked(), without.site.asked());
                    let statistics = [&with, &without].map(|side| side.cache.statistics().unwrap());
                    prop_assert_eq!(statistics[0].hits, statistics[1].hits);
                    prop_assert_eq!(statistics[0].responses, statistics[1].responses);
                    prop_assert_eq!(statistics[0].errors, 0);
                }
            }
        }
        Ok(())
    };
    let strategy = (policy(), vec(page(), PAGES), vec(step(), 20..80));
    let config = Config {
        failure_persistence: None,
        ..Config::with_cases(cases())
    };
    if let Err(error) = TestRunner::new(config).run(&strategy, property) {
        panic!("{error}");
    }
    let led = led.into_inner();
    assert!(led > 20, "requests that are led: {led}");
    counts::tell(&format!("{led} requests led by aliases past redirects"));
}

/// Which variants these are depends on the secret of the directory.
fn without_variants(mut answer: (Vec<seen::Seen>, seen::Seen)) -> (Vec<seen::Seen>, seen::Seen) {
    for seen in answer.0.iter_mut().chain([&mut answer.1]) {
        seen.key = seen.key.as_ref().map(|_| String::new());
    }
    answer
}
