//! HTTP dates (RFC 9110 §5.6.7). The first line is now in milliseconds, each other one a date.

use std::time::UNIX_EPOCH;

use httpcache::http::date::{format, parse};

use super::lines;

const DAY: i64 = 86_400_000;
/// 1 January of the year 0000, and of 10000: four digits write no more.
const FIRST: i64 = -719_528 * DAY;
const END: i64 = 2_932_897 * DAY;

pub fn run(data: &[u8]) {
    let mut lines = lines(data);
    let first = lines.next().unwrap_or_default();
    let now = std::str::from_utf8(first)
        .ok()
        .and_then(|text| text.parse::<i64>().ok())
        .unwrap_or(1_700_000_000_000)
        .max(0);
    assert_eq!(
        parse(format(now).as_bytes(), now),
        Some(now.min(END - 1) / 1000 * 1000)
    );
    for text in lines {
        check(text, now);
    }
}

fn check(text: &[u8], now: i64) {
    let read = parse(text, now);
    assert_eq!(parse(&text.to_ascii_uppercase(), now), read);
    assert_eq!(parse(&text.to_ascii_lowercase(), now), read);
    let Some(instant) = read else {
        return;
    };
    // The last second there is may be a leap second.
    assert!((FIRST..=END).contains(&instant) && instant % 1000 == 0);
    if (0..END).contains(&instant) {
        assert_eq!(parse(format(instant).as_bytes(), now), read);
    }
    for around in [
        [text, b" "].concat(),
        [b" ", text].concat(),
        [text, b"0"].concat(),
    ] {
        assert_eq!(parse(&around, now), None);
    }
    if text.contains(&b'-') {
        // §5.6.7: of two digits, what seems to be over 50 years ahead is in the past.
        assert!(instant - now <= 18_262 * DAY);
        let later = parse(text, now.saturating_add(100 * 366 * DAY)).unwrap();
        assert!(later >= instant, "a later reader reads no earlier year");
    } else {
        assert_eq!(parse(text, 0), read, "four digits need no now");
        check_with_another_reader(text, instant);
    }
}

fn check_with_another_reader(text: &[u8], instant: i64) {
    let other = std::str::from_utf8(text)
        .ok()
        .and_then(|text| httpdate::parse_http_date(text).ok());
    if let Some(since) = other.and_then(|other| other.duration_since(UNIX_EPOCH).ok()) {
        assert_eq!(since.as_millis() as i64, instant);
    }
}
