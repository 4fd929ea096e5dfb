//! Range and Content-Range (RFC 9110 §14). Lines of Range and Content-Range; any other line is a length of the whole.

use httpcache::http::Fields;
use httpcache::policy::range::{Asked, ContentRange, Part, Range};

use super::{field, lines, with_values};

const MOST: u64 = i64::MAX as u64;

pub fn run(data: &[u8]) {
    let (mut ranges, mut contents) = (Vec::new(), Vec::new());
    let mut lengths: Vec<u64> = vec![0, 1, 5, MOST];
    for line in lines(data).take(16) {
        match field(line) {
            Some((b"Content-Range", value)) => contents.extend(content_range(value)),
            Some((b"Range", value)) => ranges.extend(range(value)),
            _ => {
                let text = std::str::from_utf8(line).unwrap_or_default();
                lengths.extend(text.parse::<u64>());
            }
        }
    }
    for range in &ranges {
        lengths
            .iter()
            .for_each(|length| check_part(*range, *length));
    }
    for one in &contents {
        contents
            .iter()
            .for_each(|other| check_joined(one.part, other.part));
    }
}

/// What a Range asks for, if that is one range of bytes.
fn range(value: &[u8]) -> Option<Range> {
    let mut fields = Fields::new();
    fields.add(b"Range", value).ok()?;
    let asked = Asked::by(&fields);
    assert_ne!(asked, Asked::Whole, "a Range is not passed over");
    let Asked::One(range) = asked else {
        return None;
    };
    let upper = with_values(&fields, <[u8]>::to_ascii_uppercase).unwrap();
    assert_eq!(Asked::by(&upper), asked);
    let mut canonical = Fields::new();
    canonical.add(b"Range", written(range).as_bytes()).unwrap();
    assert_eq!(Asked::by(&canonical), asked);
    for several in [&b"0-1, "[..], b"x, "] {
        let first = with_values(&fields, |value| {
            let at = value.iter().position(|byte| *byte == b'=').unwrap() + 1;
            [&value[..at], several, &value[at..]].concat()
        });
        assert_eq!(Asked::by(&first.unwrap()), Asked::Other);
    }
    fields.add(b"Range", value).unwrap();
    assert_eq!(Asked::by(&fields), Asked::Other);
    Some(range)
}

fn written(range: Range) -> String {
    match range {
        Range::From(first, Some(last)) => format!("bytes={first}-{last}"),
        Range::From(first, None) => format!("bytes={first}-"),
        Range::Last(count) => format!("bytes=-{count}"),
    }
}

/// A part lies in its whole, and is what was asked for.
fn check_part(range: Range, length: u64) {
    let part = range.of(length);
    let is_satisfiable = match range {
        Range::From(first, _) => first < length,
        Range::Last(count) => count > 0 && length > 0,
    };
    assert_eq!(part.is_some(), is_satisfiable, "{range:?} of {length}");
    let Some(part) = part else {
        return;
    };
    let whole = Part {
        first: 0,
        last: length - 1,
    };
    assert!(part.first <= part.last && whole.holds(&part));
    assert!((1..=length).contains(&part.size()));
    match range {
        Range::From(first, last) => {
            assert_eq!(part.first, first);
            assert_eq!(
                part.last,
                last.map_or(length - 1, |last| last.min(length - 1))
            );
        }
        Range::Last(count) => {
            assert_eq!((part.last, part.size()), (length - 1, count.min(length)));
        }
    }
    assert!(range.of_unknown().is_none_or(|asked| asked.holds(&part)));
    let content = format!("bytes {}-{}/{length}", part.first, part.last);
    assert_eq!(ContentRange::value(part, Some(length)), content);
    if length <= MOST {
        let read = content_range(content.as_bytes()).unwrap();
        assert_eq!((read.part, read.complete), (part, Some(length)));
        assert_eq!(read.is_whole(), part == whole);
    }
}

/// What a Content-Range says, if it makes sense.
fn content_range(value: &[u8]) -> Option<ContentRange> {
    let mut fields = Fields::new();
    fields.add(b"Content-Range", value).ok()?;
    let read = ContentRange::by(&fields)?;
    assert!(read.part.first <= read.part.last);
    assert!(
        read.complete
            .is_none_or(|complete| read.part.last < complete)
    );
    let mut canonical = Fields::new();
    let text = ContentRange::value(read.part, read.complete);
    canonical.add(b"Content-Range", text.as_bytes()).unwrap();
    assert_eq!(ContentRange::by(&canonical), Some(read));
    fields.add(b"Content-Range", value).unwrap();
    assert_eq!(ContentRange::by(&fields), None);
    Some(read)
}

/// RFC 9111 §3.4: only what overlaps or touches is put together, and nothing is made up.
fn check_joined(one: Part, other: Part) {
    let joined = one.joined(&other);
    assert_eq!(joined, other.joined(&one));
    let has_gap = one.last + 1 < other.first || other.last + 1 < one.first;
    assert_eq!(joined.is_none(), has_gap);
    if let Some(both) = joined {
        assert!(both.holds(&one) && both.holds(&other));
        assert!(both.size() <= one.size().saturating_add(other.size()));
    }
    assert!(!one.holds(&other) || joined == Some(one));
}
