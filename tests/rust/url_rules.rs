//! What deciding URL rules costs: nothing that grows with rules for other hosts, and work in proportion to the URL.
//! In instructions: `make growth`.

#![allow(clippy::unwrap_used, reason = "a test stops where it fails")]

#[path = "../support/growth.rs"]
#[allow(dead_code, reason = "other tests measure more")]
mod growth;

use std::hint::black_box;

use httpcache::http::Url;
use httpcache::settings::url_rules::{PatternKind, UrlRules};
use httpcache::settings::{Expiry, Settings};

use growth::{check, instructions, long};

const MOST_TIMES: f64 = 3.0;

fn url(text: impl AsRef<[u8]>) -> Url {
    Url::parse(text.as_ref()).unwrap().0
}

fn rules(count: usize, pattern: impl Fn(usize) -> String) -> UrlRules {
    let mut rules = UrlRules::default();
    for number in 0..count {
        rules
            .add(
                PatternKind::Glob,
                pattern(number).as_bytes(),
                Expiry::After(1),
            )
            .unwrap();
    }
    rules
}

/// Ten thousand rules decide the same URLs about as quickly as the first ten of them do.
fn compare(name: &str, pattern: impl Fn(usize) -> String, urls: &[&str]) {
    let (few, many) = (rules(10, &pattern), rules(10_000, &pattern));
    let urls: Vec<Url> = urls.iter().map(url).collect();
    let count = |rules: &UrlRules| {
        instructions(|| {
            for url in &urls {
                black_box(rules.decide(black_box(url)));
            }
        })
    };
    // What is made when a rule is first used is made here.
    let _ = (count(&few), count(&many));
    let (of_few, of_many) = (count(&few), count(&many));
    println!("{name}: {of_few} instructions by 10 rules, {of_many} by 10,000");
    assert!(
        of_many as f64 <= MOST_TIMES * of_few as f64,
        "{name}: {of_few} instructions by 10 rules, but {of_many} by 10,000"
    );
}

#[test]
fn rules_of_other_hosts_cost_nothing() {
    let urls = ["http://h3.test/a", "http://other.test/a/b?c"];
    compare("hosts", |number| format!("h{number}.test/a"), &urls);
}

#[test]
fn rules_of_other_domains_cost_nothing() {
    let urls = ["http://www.h3.test/a", "http://www.other.test/a/b?c"];
    compare("domains", |number| format!("*.h{number}.test"), &urls);
    let urls = ["http://h3.www.test/a", "http://other.www.test/a/b?c"];
    compare("first labels", |number| format!("h{number}.*/a"), &urls);
}

#[test]
fn rules_of_other_paths_of_a_host_cost_nothing() {
    let urls = ["http://h.test/3/a", "http://h.test/other/a/b?c"];
    compare("paths", |number| format!("h.test/{number}/"), &urls);
    compare("paths of all", |number| format!("*/{number}/*.png"), &urls);
}

#[test]
fn adding_a_rule_costs_the_same_however_many_there_are() {
    let add = |count| {
        instructions(|| {
            let mut settings = Settings::default();
            for number in 0..count {
                let pattern = format!("*.h{number}.test/a/*");
                settings.add_url_rule(1, pattern.as_bytes(), 1000).unwrap();
            }
            black_box(settings);
        })
    };
    let (of_few, of_many) = (add(100), add(10_000));
    println!("{of_few} instructions for 100 rules, {of_many} for 10,000");
    assert!(
        of_many < 120 * of_few,
        "{of_few} instructions for 100 rules, but {of_many} for 10,000"
    );
}

fn decided((rules, url): &(UrlRules, Url)) {
    black_box(rules.decide(url));
}

fn one(kind: PatternKind, pattern: &str, url_of: &str, size: usize) -> (UrlRules, Url) {
    let mut rules = UrlRules::default();
    rules.add(kind, pattern.as_bytes(), Expiry::Never).unwrap();
    (rules, url(long("http://h/", url_of, "", size)))
}

macro_rules! cases {
    ($($name:ident: $kind:ident $pattern:expr, $url:expr;)*) => {
        $(
            #[test]
            fn $name() {
                check(stringify!($name), |size| one(PatternKind::$kind, $pattern, $url, size), decided);
            }
        )*
    };
}

cases! {
    url_by_glob_of_many_stars: Glob "h/*a*a*a*a*a*a*a*a*a*b", "a";
    url_by_glob_of_a_late_end: Glob "h/*aaaaaaaaaaaaaaaaaaaaaaaaaaaaaab", "a";
    url_by_glob_of_sets: Glob "h/*[ab]?[ab]?[ab]?c", "a";
    url_by_nested_repetition: Regex "(a*)*(a|aa)+(a+a+)+b", "a";
    url_by_counted_repetition: Regex "(a?){30}a{30}b", "a";
    url_by_anchored_end: Regex "a/b$", "a/";
}
