//! What holds of decisions whatever the messages are, through the engine's own interface. `PROPTEST_CASES` says how
//! many of each are tried.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test stops where it fails"
)]

#[path = "../support/properties/mod.rs"]
mod support;

use httpcache::cache::{Decision, Outcome};
use httpcache::http::Fields;
use proptest::prelude::*;
use proptest::sample::subsequence;

use support::messages::{
    elapsed, messages, request_directives, response_directives, seconds, with_directives,
};
use support::oracle::{self, Said};
use support::rewrite::Rewriting;
use support::{Bench, CC, SHARED, add, check, date};

/// RFC 9111 §4.2.3
#[test]
fn age_is_what_the_origin_said_and_the_time_since() {
    let bench = Bench::new(&[CC]);
    let asks = with_directives(&["max-stale".to_owned()]);
    let moments = proptest::collection::vec(0i64..200_000, 1..6);
    let origin = (
        proptest::option::of(-300i64..300),
        proptest::option::of(0i64..300),
    );
    check(
        &(origin, 0i64..20_000, moments),
        |((dated, age), delay, moments)| {
            let url = bench.url();
            let mut fields = with_directives(&["max-age=100".to_owned()]);
            // The answer's Date, in seconds from its receipt.
            let received = bench.start() + delay;
            let dated_at = dated.map(|dated| (received / 1000 + dated) * 1000);
            if let Some(at) = dated_at {
                add(&mut fields, "Date", &date(at));
            }
            if let Some(age) = age {
                add(&mut fields, "Age", &age.to_string());
            }
            let mut exchange = bench.look_up("GET", &url, &Fields::new());
            bench.go_to(received);
            let outcome = Bench::answer(&mut exchange, 200, &fields, b"body");
            prop_assert_eq!(outcome, Outcome::Stored);
            let apparent = dated_at.map_or(0, |at| (received - at).max(0));
            let initial = apparent.max(age.unwrap_or(0) * 1000 + delay);
            let mut moments = moments.clone();
            moments.sort_unstable();
            let mut before = 0;
            for moment in moments {
                bench.go_to(received + moment);
                let hit = bench.look_up("GET", &url, &asks);
                let served = hit.handed_on().unwrap();
                let age = served.times_at(received + moment).age;
                prop_assert_eq!(age, initial + moment);
                prop_assert!(age >= before);
                let field = (age / 1000).to_string();
                prop_assert_eq!(served.head.fields.joined(b"Age").unwrap(), field.as_bytes());
                let is_fresh = hit.decision() == Decision::Fresh;
                prop_assert_eq!(is_fresh, age < 100_000);
                before = age;
            }
            Ok(())
        },
    );
}

/// RFC 9111 §4, against a few lines that say the same in another way.
#[test]
fn what_is_stored_is_reused_where_the_rules_allow_it() {
    for is_shared in [false, true] {
        let settings = if is_shared {
            vec![CC, SHARED]
        } else {
            vec![CC]
        };
        let bench = Bench::new(&settings);
        let expires = proptest::option::weighted(0.3, -5i64..60);
        let case = (
            response_directives(),
            expires,
            request_directives(),
            elapsed(),
        );
        check(&case, |(response, expires, request, elapsed)| {
            let url = bench.url();
            let mut fields = with_directives(response);
            add(&mut fields, "Date", &date(bench.start()));
            if let Some(after) = expires {
                add(&mut fields, "Expires", &date(bench.start() + after * 1000));
            }
            bench.get(&url, &Fields::new(), &fields, b"body");
            bench.go_to(bench.start() + elapsed * 1000);
            let exchange = bench.look_up("GET", &url, &with_directives(request));
            let expected = oracle::decide(
                is_shared,
                &Said::by(response),
                *expires,
                &Said::by(request),
                *elapsed,
            );
            prop_assert_eq!(exchange.decision(), expected);
            Ok(())
        });
    }
}

/// The same for every small number, so that each limit is met to the second.
#[test]
fn limits_are_where_the_rules_put_them() {
    const NUMBERS: std::ops::Range<i64> = 0..5;
    let mut asks: Vec<Vec<String>> = vec![Vec::new()];
    for name in ["no-cache", "only-if-cached", "max-stale"] {
        asks.push(vec![name.to_owned()]);
    }
    for number in NUMBERS {
        for name in ["max-age", "min-fresh", "max-stale"] {
            asks.push(vec![format!("{name}={number}")]);
            asks.push(vec![
                format!("{name}={number}"),
                "only-if-cached".to_owned(),
            ]);
        }
    }
    for (is_shared, settings) in [(false, &[CC][..]), (true, &[CC, SHARED])] {
        let bench = Bench::new(settings);
        for (lifetime, more) in
            NUMBERS.flat_map(|n| ["x", "must-revalidate", "s-maxage=2"].map(|m| (n, m)))
        {
            let response = vec![format!("max-age={lifetime}"), more.to_owned()];
            let url = bench.url();
            bench.get(&url, &Fields::new(), &with_directives(&response), b"body");
            for (age, request) in (0..7).flat_map(|age| asks.iter().map(move |asks| (age, asks))) {
                bench.go_to(bench.start() + age * 1000);
                let exchange = bench.look_up("GET", &url, &with_directives(request));
                let (said, asked) = (Said::by(&response), Said::by(request));
                let expected = oracle::decide(is_shared, &said, None, &asked, age);
                assert_eq!(
                    exchange.decision(),
                    expected,
                    "{response:?}, {request:?}, {age} s"
                );
            }
        }
    }
}

/// RFC 9110 §5.1, §5.3, §5.6.1, §5.6.7: the same message, written in another way.
#[test]
fn a_decision_does_not_depend_on_how_a_message_is_written() {
    for settings in [&[CC][..], &[CC, SHARED], &[]] {
        let bench = Bench::new(settings);
        check(
            &(messages(), any::<u64>(), elapsed()),
            |(messages, seed, elapsed)| {
                let mut seen = Vec::new();
                for rewriting in [Rewriting::none(), Rewriting::new(*seed)] {
                    let [first, response, second] =
                        [0, 1, 2].map(|at| rewriting.fields(&messages[at]));
                    let url = bench.url();
                    let (decision, outcome) = bench.get(&url, &first, &response, b"body");
                    bench.go_to(bench.start() + elapsed * 1000);
                    let exchange = bench.look_up("GET", &url, &second);
                    let served = exchange.handed_on().map(|response| {
                        let times = response.times_at(bench.start() + elapsed * 1000);
                        (response.head.status, response.body_size(), times)
                    });
                    seen.push((
                        decision,
                        outcome,
                        exchange.decision(),
                        exchange.reason(),
                        served,
                    ));
                }
                prop_assert_eq!(&seen[0], &seen[1]);
                Ok(())
            },
        );
    }
}

/// RFC 9111 §4.2.1
#[test]
fn more_max_age_is_no_shorter_lifetime() {
    let bench = Bench::new(&[CC]);
    let case = (
        response_directives(),
        request_directives(),
        seconds(),
        seconds(),
        elapsed(),
    );
    check(&case, |(others, asks, one, other, elapsed)| {
        let mut others = others.clone();
        others.retain(|directive| !directive.starts_with("max-age"));
        let asks = with_directives(asks);
        let seen = [*one.min(other), *one.max(other)].map(|max_age| {
            let url = bench.url();
            let mut directives = others.clone();
            directives.push(format!("max-age={max_age}"));
            bench.get(&url, &Fields::new(), &with_directives(&directives), b"body");
            let at_once = bench.look_up("GET", &url, &Fields::new());
            let lifetime = at_once
                .handed_on()
                .and_then(|response| response.times().freshness_lifetime);
            bench.go_to(bench.start() + elapsed * 1000);
            let then = bench.look_up("GET", &url, &asks).decision();
            (lifetime.unwrap_or(0), then == Decision::Fresh)
        });
        let [(shorter, was_fresh), (longer, is_fresh)] = seen;
        prop_assert!(shorter <= longer && was_fresh <= is_fresh, "{:?}", seen);
        Ok(())
    });
}

/// RFC 9111 §5.2.2.7, §3.5: by whichever cache it was stored.
#[test]
fn a_shared_cache_serves_nothing_that_is_for_one_user() {
    let bench = Bench::new(&[CC, SHARED]);
    let private = bench.beside(&[CC]);
    let writes = prop_oneof![
        Just("private"),
        Just("PRIVATE"),
        Just("private=\"x-a, set-cookie\""),
        Just("private=\"\""),
        Just("private=x-a"),
        Just("private=\"x-a"),
    ];
    let case = (
        response_directives(),
        writes,
        any::<[bool; 3]>(),
        any::<u64>(),
        request_directives(),
    );
    check(
        &case,
        |(directives, private_one, [by_private, has_user, is_private], seed, asks)| {
            let mut directives = directives.clone();
            if *is_private {
                directives.insert(0, (*private_one).to_owned());
            } else {
                // Then only the credentials keep it.
                directives.retain(|name| !matches!(name.as_str(), "public" | "must-revalidate"));
                directives.retain(|name| !name.starts_with("s-maxage"));
            }
            let mut user = Fields::new();
            if *has_user || !is_private {
                add(&mut user, "Authorization", "Basic YTph");
            }
            let writer = if *by_private { &private } else { &bench };
            let url = bench.url();
            // A string that does not end swallows what follows, so that one stays at the front of its line.
            let written = [("Cache-Control".to_owned(), directives.join(", "))];
            let is_open = directives.iter().any(|name| name.matches('"').count() == 1);
            let rewriting = if is_open {
                Rewriting::none()
            } else {
                Rewriting::new(*seed)
            };
            let (_, outcome) = writer.get(&url, &user, &rewriting.fields(&written), b"secret");
            prop_assert!(*by_private || outcome == Outcome::NotStored);
            let exchange = bench.look_up("GET", &url, &with_directives(asks));
            prop_assert!(matches!(
                exchange.decision(),
                Decision::Forward | Decision::Unsatisfiable
            ));
            prop_assert!(
                exchange
                    .handed_on()
                    .is_none_or(|response| response.head.status == 504)
            );
            prop_assert!(
                exchange
                    .forward()
                    .is_none_or(|sent| !sent.http.fields.contains(b"If-None-Match"))
            );
            Ok(())
        },
    );
}

/// RFC 9110 §9.3.2
#[test]
fn a_head_that_a_stored_get_answers_has_its_fields() {
    let bench = Bench::new(&[CC]);
    let names = vec![
        "Set-Cookie",
        "Via",
        "ETag",
        "Content-Type",
        "Link",
        "X-Own",
        "x-own",
        "Set-Cookie",
    ];
    // Without @: a Link whose URL holds what looks like userinfo is not stored.
    let value = "[ -?A-~]{0,20}";
    let lines = subsequence(names, 0..8).prop_flat_map(move |names| {
        let count = names.len();
        (Just(names), proptest::collection::vec(value, count))
    });
    check(
        &(
            lines,
            proptest::collection::vec(any::<u8>(), 0..3000),
            0i64..60,
        ),
        |((names, values), body, elapsed)| {
            let url = bench.url();
            let mut fields = with_directives(&["max-age=60".to_owned()]);
            for (name, value) in names.iter().zip(values) {
                add(&mut fields, name, value);
            }
            add(&mut fields, "Content-Length", &body.len().to_string());
            let (_, outcome) = bench.get(&url, &Fields::new(), &fields, body);
            prop_assert_eq!(outcome, Outcome::Stored);
            bench.go_to(bench.start() + elapsed * 1000);
            let [get, head] =
                ["GET", "HEAD"].map(|method| bench.look_up(method, &url, &Fields::new()));
            prop_assert_eq!(
                (get.decision(), head.decision()),
                (Decision::Fresh, Decision::Fresh)
            );
            let [get, head] = [get, head].map(|exchange| exchange.response().unwrap().unwrap());
            prop_assert_eq!(&get.head, &head.head);
            prop_assert_eq!(get.body_in_memory(), Some(&body[..]));
            prop_assert_eq!(head.body_in_memory(), Some(&[][..]));
            add(&mut fields, "Age", &elapsed.to_string());
            prop_assert_eq!(&get.head.fields, &fields);
            Ok(())
        },
    );
}
