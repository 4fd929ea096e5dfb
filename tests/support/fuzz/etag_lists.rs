//! Entity tags: If-None-Match, If-Range and what a 304 identifies (RFC 9110 §13, RFC 9111 §4.3). Lines of ETag,
//! Last-Modified and Date are the stored response's, all others the request's.

use httpcache::http::Fields;
use httpcache::policy::precondition::{is_entity_tag, is_not_modified, is_same_for_range};
use httpcache::policy::validate::{NotModified, Validators, is_described_by, strong_etag};

use super::{fields, lines, with_values};

const STORED: [&[u8]; 3] = [b"ETag", b"Last-Modified", b"Date"];
const NOW: i64 = 1_700_000_000_000;
const IF_NONE_MATCH: &[u8] = b"If-None-Match";

pub fn run(data: &[u8]) {
    let all = fields(lines(data));
    let is_stored = |name: &[u8]| STORED.iter().any(|other| name.eq_ignore_ascii_case(other));
    let (mut stored, mut request) = (all.clone(), all);
    stored.retain(|name, _| is_stored(name));
    request.retain(|name, _| !is_stored(name));
    check_weak_comparison(&request, &stored);
    check_list(&request, &stored);
    check_if_range(&request, &stored);
    check_not_modified(&stored);
}

fn with_etag(stored: &Fields, etag: &[u8]) -> Fields {
    let mut with = stored.clone();
    with.remove(b"ETag");
    with.add(b"ETag", etag).unwrap();
    with
}

/// RFC 9110 §8.8.3.2: If-None-Match compares weakly.
fn check_weak_comparison(request: &Fields, stored: &Fields) {
    let Some(etag) = stored.first(b"ETag").filter(|etag| is_entity_tag(etag)) else {
        return;
    };
    let other = match etag.strip_prefix(b"W/") {
        Some(strong) => strong.to_vec(),
        None => [b"W/", etag].concat(),
    };
    let other = with_etag(stored, &other);
    assert_eq!(
        is_not_modified(request, stored, NOW),
        is_not_modified(request, &other, NOW)
    );
    assert!(strong_etag(stored).is_none() || strong_etag(&other).is_none());
}

fn check_list(request: &Fields, stored: &Fields) {
    if !request.contains(IF_NONE_MATCH) {
        return;
    }
    let is_met = is_not_modified(request, stored, NOW);
    // RFC 9110 §13.2.2: a date beside it says nothing.
    let mut dated = request.clone();
    dated
        .add(b"If-Modified-Since", b"Fri, 31 Dec 9999 23:59:59 GMT")
        .unwrap();
    assert_eq!(is_not_modified(&dated, stored, NOW), is_met);
    let padded = with_values(request, |value| [b", ,\t", value].concat()).unwrap();
    assert!(is_not_modified(&padded, stored, NOW) == is_met || has_star(request));
    let etag = stored.first(b"ETag").filter(|etag| is_entity_tag(etag));
    let opaque = etag.map(|etag| etag.strip_prefix(b"W/").unwrap_or(etag));
    if is_met {
        // What matches is there, to the byte.
        let is_there = opaque.is_some_and(|opaque| {
            let mut lines = request.all(IF_NONE_MATCH);
            lines.any(|line| line.windows(opaque.len()).any(|part| part == opaque))
        });
        assert!(is_there || has_star(request));
    }
    let Some(etag) = etag else {
        assert!(!is_met || has_star(request));
        return;
    };
    for first in [etag.to_vec(), [b"\"x\", W/\"\",", etag].concat()] {
        let listed = with_values(request, |value| [&first, &b", "[..], value].concat()).unwrap();
        assert!(is_not_modified(&listed, stored, NOW));
    }
    let mut more = request.clone();
    more.add(IF_NONE_MATCH, etag).unwrap();
    assert!(is_not_modified(&more, stored, NOW));
}

fn has_star(request: &Fields) -> bool {
    request.all(IF_NONE_MATCH).any(|line| line == b"*")
}

/// RFC 9110 §13.1.5: only a strong validator, and to the byte.
fn check_if_range(request: &Fields, stored: &Fields) {
    let is_same = is_same_for_range(request, stored);
    let Some(asked) = request.first(b"If-Range") else {
        assert!(is_same);
        return;
    };
    let etag = stored.first(b"ETag");
    let modified = stored.first(b"Last-Modified");
    if is_same {
        assert!(etag == Some(asked) || modified == Some(asked));
        assert!(!asked.starts_with(b"W/"));
    } else if strong_etag(stored).is_some() {
        assert_ne!(etag, Some(asked));
    }
}

/// RFC 9111 §4.3.4, §4.3.5
fn check_not_modified(stored: &Fields) {
    let validators = Validators::of(stored);
    assert_eq!(validators.identified_by(stored), NotModified::Same);
    assert_eq!(validators.identified_by(&Fields::new()), NotModified::Same);
    let other = with_etag(stored, b"\"of the test alone\"");
    let is_other = validators.identified_by(&other) == NotModified::Other;
    assert!(is_other || validators.etag == Some(b"\"of the test alone\""));
    let mut request = Fields::new();
    validators.add_conditions(&mut request).unwrap();
    assert_eq!(request.is_empty(), validators.is_empty());
    if validators.etag.is_some_and(is_entity_tag) {
        assert!(
            is_not_modified(&request, stored, NOW),
            "our own condition is met by ours"
        );
    }
    assert!(is_described_by(stored, 5, stored));
    let mut head = stored.clone();
    head.add(b"Content-Length", b"5").unwrap();
    assert!(is_described_by(stored, 5, &head) && !is_described_by(stored, 6, &head));
}
