//! The caller's own conditions, answered from a stored response (§4.3.2, RFC 9110 §13).

use super::Millis;
use super::freshness::date_of;
use super::validate::opaque;
use crate::http::fields::trim;
use crate::http::{Fields, date};

/// Conditions that are the origin's to judge: the store is not read for them (RFC 9110 §13.1.1, §13.1.4).
pub const FOR_THE_ORIGIN: [&[u8]; 2] = [b"If-Match", b"If-Unmodified-Since"];

/// Whether a request asks only for what has changed.
pub fn is_conditional(request: &Fields) -> bool {
    request.contains(b"If-None-Match") || request.contains(b"If-Modified-Since")
}

/// Removes the conditions that a cache answers itself, so that its own can take their place.
pub fn remove(request: &mut Fields) {
    request.remove(b"If-None-Match");
    request.remove(b"If-Modified-Since");
}

/// Whether the caller has what is stored already: then a 304 tells him so. `received_at` is when it was received.
pub fn is_not_modified(request: &Fields, stored: &Fields, received_at: Millis) -> bool {
    // RFC 9110 §13.2.2: with If-None-Match there, If-Modified-Since is not looked at.
    if request.contains(b"If-None-Match") {
        return matches_any(request, stored);
    }
    let mut lines = request.all(b"If-Modified-Since");
    let since = lines
        .next()
        .and_then(|value| date::parse(value, received_at));
    let Some(since) = since.filter(|_| lines.next().is_none()) else {
        return false;
    };
    // §4.3.2: the Last-Modified, or else the Date, or else the time of receipt.
    let modified = stored
        .first(b"Last-Modified")
        .map(|value| date::parse(value, received_at));
    let modified = match modified {
        Some(None) => return false,
        Some(Some(modified)) => modified,
        None => date_of(stored, received_at).unwrap_or(received_at),
    };
    modified <= since
}

/// Weak comparison of a list of entity tags, or `*`, with the stored one (RFC 9110 §13.1.2).
fn matches_any(request: &Fields, stored: &Fields) -> bool {
    let etag = stored.first(b"ETag").filter(|etag| is_entity_tag(etag));
    request.all(b"If-None-Match").any(|line| {
        trim(line) == b"*"
            || etag.is_some_and(|etag| members(line).any(|member| opaque(member) == opaque(etag)))
    })
}

/// Whether a stored response is the one an If-Range is about: only a strong match is (RFC 9110 §13.1.5).
pub fn is_same_for_range(request: &Fields, stored: &Fields) -> bool {
    let Some(asked) = request.first(b"If-Range") else {
        return true;
    };
    if is_entity_tag(asked) {
        let etag = stored.first(b"ETag");
        return !asked.starts_with(b"W/") && etag == Some(asked);
    }
    // A date is strong if it is so old that the representation cannot have changed twice within its second
    // (RFC 9110 §8.8.2.2).
    const STRONG: Millis = 1000;
    let (Some(modified), Some(date)) = (stored.first(b"Last-Modified"), stored.first(b"Date"))
    else {
        return false;
    };
    let instants = (date::parse(modified, 0), date::parse(date, 0));
    let is_strong =
        matches!(instants, (Some(modified), Some(date)) if date.saturating_sub(modified) >= STRONG);
    is_strong && modified == asked
}

/// The entity tags in a list; what is none is passed over, and a comma within one separates nothing.
fn members(list: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = list;
    std::iter::from_fn(move || {
        loop {
            let start = rest
                .iter()
                .position(|byte| !matches!(byte, b',' | b' ' | b'\t'))?;
            let from = rest.get(start..)?;
            let quote = if from.starts_with(b"W/\"") { 2 } else { 0 };
            if from.get(quote) != Some(&b'"') {
                // No entity tag: on to the next comma.
                let comma = from.iter().position(|byte| *byte == b',')?;
                rest = from.get(comma..)?;
                continue;
            }
            let inner = from.get(quote + 1..)?;
            let end = quote + 2 + inner.iter().position(|byte| *byte == b'"')?;
            let (member, after) = from.split_at_checked(end)?;
            rest = after;
            return Some(member);
        }
    })
}

/// RFC 9110 §8.8.3
pub fn is_entity_tag(value: &[u8]) -> bool {
    let tag = value.strip_prefix(b"W/").unwrap_or(value);
    let inner = tag
        .strip_prefix(b"\"")
        .and_then(|tag| tag.strip_suffix(b"\""));
    inner.is_some_and(|inner| !inner.contains(&b'"'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(lines: &[(&str, &[u8])]) -> Fields {
        let mut fields = Fields::new();
        for (name, value) in lines {
            fields.add(name.as_bytes(), value).unwrap();
        }
        fields
    }

    #[test]
    fn entity_tags_are_compared_weakly_in_lists() {
        let matches = |asked: &[u8], etag: &[u8]| {
            let stored = fields(&[("ETag", etag)]);
            is_not_modified(&fields(&[("If-None-Match", asked)]), &stored, 0)
        };
        for asked in [
            &b"\"a\""[..],
            b"W/\"a\"",
            b"\"x\", \"a\", \"y\"",
            b"\"x\",W/\"a\"",
            b",, \"a\"",
            b"\"x,\", \"a\"",
            b"junk, \"a\"",
            b"*",
        ] {
            assert!(matches(asked, b"\"a\""), "{}", asked.escape_ascii());
            assert!(matches(asked, b"W/\"a\""), "{}", asked.escape_ascii());
        }
        for asked in [
            &b"a"[..],
            b"\"b\"",
            b"\"A\"",
            b"",
            b"\"a",
            b"a\"",
            b"\"x, \"a\", y\"",
            b"w/\"a\"",
        ] {
            assert!(!matches(asked, b"\"a\""), "{}", asked.escape_ascii());
        }
        assert!(matches(b"\"\xfc,\"", b"\"\xfc,\""));
        assert!(!matches(b"a", b"a"));
        assert!(!is_not_modified(
            &fields(&[("If-None-Match", b"\"a\"")]),
            &Fields::new(),
            0
        ));
        assert!(is_not_modified(
            &fields(&[("If-None-Match", b"*")]),
            &Fields::new(),
            0
        ));
    }

    #[test]
    fn dates_are_compared_where_there_is_no_entity_tag_asked_for() {
        const EARLY: &[u8] = b"Thu, 01 Jan 1970 00:00:10 GMT";
        const LATE: &[u8] = b"Thu, 01 Jan 1970 00:00:20 GMT";
        let answer = |asked: &[(&str, &[u8])], stored: &[(&str, &[u8])]| {
            is_not_modified(&fields(asked), &fields(stored), 15_000)
        };
        let since = |date| [("If-Modified-Since", date)];
        assert!(answer(&since(LATE), &[("Last-Modified", EARLY)]));
        assert!(answer(&since(LATE), &[("Last-Modified", LATE)]));
        assert!(!answer(&since(EARLY), &[("Last-Modified", LATE)]));
        assert!(answer(&since(EARLY), &[("Date", EARLY)]));
        assert!(!answer(&since(EARLY), &[("Date", LATE)]));
        assert!(answer(&since(LATE), &[]));
        assert!(!answer(&since(EARLY), &[]));
        assert!(!answer(&since(b"x"), &[("Last-Modified", EARLY)]));
        assert!(!answer(
            &since(LATE),
            &[("Last-Modified", b"x"), ("Date", EARLY)]
        ));
        let both = [
            ("If-None-Match", &b"\"b\""[..]),
            ("If-Modified-Since", LATE),
        ];
        assert!(!answer(
            &both,
            &[("ETag", b"\"a\""), ("Last-Modified", EARLY)]
        ));
    }

    #[test]
    fn a_range_is_taken_only_of_the_very_same() {
        const DATE: &[u8] = b"Thu, 01 Jan 1970 00:00:20 GMT";
        const MODIFIED: &[u8] = b"Thu, 01 Jan 1970 00:00:10 GMT";
        let same = |asked: &[u8], stored: &[(&str, &[u8])]| {
            is_same_for_range(&fields(&[("If-Range", asked)]), &fields(stored))
        };
        assert!(is_same_for_range(&Fields::new(), &Fields::new()));
        assert!(same(b"\"a\"", &[("ETag", b"\"a\"")]));
        assert!(!same(b"W/\"a\"", &[("ETag", b"W/\"a\"")]));
        assert!(!same(b"\"a\"", &[("ETag", b"W/\"a\"")]));
        assert!(!same(b"\"a\"", &[]));
        assert!(same(
            MODIFIED,
            &[("Last-Modified", MODIFIED), ("Date", DATE)]
        ));
        assert!(!same(
            MODIFIED,
            &[("Last-Modified", MODIFIED), ("Date", MODIFIED)]
        ));
        assert!(!same(MODIFIED, &[("Last-Modified", MODIFIED)]));
        assert!(!same(DATE, &[("Last-Modified", MODIFIED), ("Date", DATE)]));
        assert!(!same(b"x", &[("Last-Modified", b"x"), ("Date", b"x")]));
    }
}
