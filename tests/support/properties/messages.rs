//! The messages that properties are tried on.

use httpcache::http::Fields;
use proptest::prelude::*;
use proptest::sample::subsequence;

use super::{add, date};

/// Seconds around the interesting limits.
pub fn seconds() -> impl Strategy<Value = i64> {
    prop_oneof![
        6 => 0..6i64,
        3 => 0..120i64,
        1 => Just(1 << 31),
        1 => Just(1 << 40),
    ]
}

/// Seconds that passed, of which many are few.
pub fn elapsed() -> impl Strategy<Value = i64> {
    prop_oneof![0..6i64, 0..130i64]
}

pub fn response_directives() -> impl Strategy<Value = Vec<String>> {
    let named = subsequence(
        vec![
            "no-store",
            "no-cache",
            "private",
            "public",
            "must-revalidate",
            "proxy-revalidate",
            "x=y",
        ],
        0..3,
    );
    let max_age = proptest::option::weighted(0.8, seconds());
    let s_maxage = proptest::option::weighted(0.2, seconds());
    (named, max_age, s_maxage).prop_map(|(named, max_age, s_maxage)| {
        let mut all: Vec<String> = named.into_iter().map(str::to_owned).collect();
        all.extend(max_age.map(|seconds| format!("max-age={seconds}")));
        all.extend(s_maxage.map(|seconds| format!("s-maxage={seconds}")));
        all
    })
}

pub fn request_directives() -> impl Strategy<Value = Vec<String>> {
    let one = prop_oneof![
        Just("no-cache".to_owned()),
        Just("only-if-cached".to_owned()),
        Just("max-stale".to_owned()),
        seconds().prop_map(|seconds| format!("max-age={seconds}")),
        seconds().prop_map(|seconds| format!("min-fresh={seconds}")),
        seconds().prop_map(|seconds| format!("max-stale={seconds}")),
    ];
    proptest::collection::hash_set(one, 0..3).prop_map(|set| {
        let mut all: Vec<String> = set.into_iter().collect();
        // With an argument and without one at once it means two things, and RFC 9111 does not say which.
        let mut stale = 0;
        all.retain(|directive| {
            stale += usize::from(directive.starts_with("max-stale"));
            stale < 2 || !directive.starts_with("max-stale")
        });
        all
    })
}

pub fn with_directives(directives: &[String]) -> Fields {
    let mut fields = Fields::new();
    if !directives.is_empty() {
        add(&mut fields, "Cache-Control", &directives.join(", "));
    }
    fields
}

/// The fields that two exchanges are made of: what the first asks and gets, and what the second asks.
pub fn messages() -> impl Strategy<Value = [Vec<(String, String)>; 3]> {
    let response = (
        response_directives(),
        subsequence(vec!["Accept", "Accept-Language", "Cookie", "X-Own"], 0..3),
        proptest::option::of(0i64..60),
        any::<[bool; 3]>(),
    );
    let asks = || (request_directives(), any::<[bool; 4]>(), 0..3usize);
    (response, asks(), asks()).prop_map(|((directives, names, expires, has), first, second)| {
        let start = super::START;
        let mut fields = vec![("Cache-Control".to_owned(), directives.join(", "))];
        let mut put = |name: &str, value: String| fields.push((name.to_owned(), value));
        put("Vary", names.join(", "));
        if let Some(after) = expires {
            put("Expires", date(start + after * 1000));
        }
        if has[0] {
            put("ETag", "\"Aa\"".to_owned());
        }
        if has[1] {
            put("Last-Modified", date(start - 100_000));
        }
        if has[2] {
            put("Date", date(start - 1000));
        }
        [asked(first), fields, asked(second)]
    })
}

fn asked((directives, has, which): (Vec<String>, [bool; 4], usize)) -> Vec<(String, String)> {
    const OTHERS: [(&str, [&str; 3]); 4] = [
        ("Accept", ["text/html, a/b;q=0.5", "a/b", "*/*"]),
        ("Accept-Language", ["de, en", "en, de", "fr;q=0.1, de"]),
        (
            "If-None-Match",
            ["\"Aa\"", "\"x\", W/\"Aa\"", "\"aA\", \"y\""],
        ),
        ("X-Own", ["a, b", "b", "b, a"]),
    ];
    let others = OTHERS.iter().zip(has).filter(|(_, has)| *has);
    let mut fields = vec![("Cache-Control".to_owned(), directives.join(", "))];
    fields.extend(others.map(|((name, values), _)| ((*name).to_owned(), values[which].to_owned())));
    fields
}
