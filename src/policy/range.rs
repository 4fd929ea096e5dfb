//! Parts of a representation (RFC 9110 §14, RFC 9111 §3.3, §3.4).

use crate::http::Fields;
use crate::http::fields::trim;

/// The part of a representation that a request asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// All of it.
    Whole,
    /// One range of bytes.
    One(Range),
    /// Several ranges, another unit, or what cannot be read: the origin's affair.
    Other,
}

/// One range of bytes as a request writes it (RFC 9110 §14.1.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Range {
    /// From the first byte to the last one, both included; `None` is to the end.
    From(u64, Option<u64>),
    /// So many bytes at the end.
    Last(u64),
}

/// A part of a representation, from the first byte to the last, both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    /// The first byte.
    pub first: u64,
    /// The last byte.
    pub last: u64,
}

/// What a Content-Range says (RFC 9110 §14.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ContentRange {
    /// The part that is there.
    pub part: Part,
    /// Bytes of the whole; `None`: not known.
    pub complete: Option<u64>,
}

impl Asked {
    /// Reads a request's Range. It has a meaning for GET alone (RFC 9110 §14.2).
    pub fn by(fields: &Fields) -> Self {
        let mut lines = fields.all(b"Range");
        let Some(line) = lines.next() else {
            return Asked::Whole;
        };
        match parse(line) {
            Some(range) if lines.next().is_none() => Asked::One(range),
            _ => Asked::Other,
        }
    }
}

fn parse(line: &[u8]) -> Option<Range> {
    let (unit, set) = split_once(line, b'=')?;
    if !unit.eq_ignore_ascii_case(b"bytes") {
        return None;
    }
    let (first, last) = split_once(trim(set), b'-')?;
    if first.is_empty() {
        return number(last).map(Range::Last);
    }
    let first = number(first)?;
    if last.is_empty() {
        return Some(Range::From(first, None));
    }
    let last = number(last).filter(|last| first <= *last)?;
    Some(Range::From(first, Some(last)))
}

impl Range {
    /// The part of a representation of so many bytes; `None`: there is no such part (416).
    pub fn of(self, complete: u64) -> Option<Part> {
        let end = complete.checked_sub(1)?;
        match self {
            Range::From(first, last) if first <= end => Some(Part {
                first,
                last: last.unwrap_or(end).min(end),
            }),
            Range::Last(count) if count > 0 => Some(Part {
                first: complete.saturating_sub(count),
                last: end,
            }),
            _ => None,
        }
    }

    /// The part where the whole has a length that is not known: only one that names both its ends is certain.
    pub fn of_unknown(self) -> Option<Part> {
        match self {
            Range::From(first, Some(last)) => Some(Part { first, last }),
            _ => None,
        }
    }
}

impl Part {
    /// How many bytes it has; never none.
    pub fn size(&self) -> u64 {
        self.last - self.first + 1
    }

    /// Whether another part lies in it.
    pub fn holds(&self, other: &Part) -> bool {
        self.first <= other.first && other.last <= self.last
    }

    /// Both together, where they overlap or touch.
    pub fn joined(&self, other: &Part) -> Option<Part> {
        let touch = self.first <= other.last.saturating_add(1)
            && other.first <= self.last.saturating_add(1);
        touch.then(|| Part {
            first: self.first.min(other.first),
            last: self.last.max(other.last),
        })
    }
}

impl ContentRange {
    /// Reads the Content-Range of a 206; `None` when there is none, several, or one that makes no sense.
    pub fn by(fields: &Fields) -> Option<Self> {
        let mut lines = fields.all(b"Content-Range");
        let line = lines.next()?;
        if lines.next().is_some() {
            return None;
        }
        let (unit, rest) = split_once(line, b' ')?;
        let (range, complete) = split_once(rest, b'/')?;
        let (first, last) = split_once(range, b'-')?;
        let part = Part {
            first: number(first)?,
            last: number(last)?,
        };
        let complete = match complete {
            b"*" => None,
            digits => Some(number(digits)?),
        };
        let is_sound = unit.eq_ignore_ascii_case(b"bytes")
            && part.first <= part.last
            && complete.is_none_or(|complete| part.last < complete);
        is_sound.then_some(ContentRange { part, complete })
    }

    /// The field's value.
    pub fn value(part: Part, complete: Option<u64>) -> String {
        match complete {
            Some(complete) => format!("bytes {}-{}/{complete}", part.first, part.last),
            None => format!("bytes {}-{}/*", part.first, part.last),
        }
    }

    /// Whether it is the whole representation.
    pub fn is_whole(&self) -> bool {
        self.part.first == 0 && self.complete == Some(self.part.size())
    }
}

/// The Content-Range of a 416 (RFC 9110 §15.5.17).
pub fn unsatisfiable(complete: u64) -> String {
    format!("bytes */{complete}")
}

fn split_once(bytes: &[u8], at: u8) -> Option<(&[u8], &[u8])> {
    let position = bytes.iter().position(|byte| *byte == at)?;
    Some((bytes.get(..position)?, bytes.get(position + 1..)?))
}

/// Digits and nothing else, as large as a length can be.
fn number(digits: &[u8]) -> Option<u64> {
    let text = std::str::from_utf8(digits).ok()?;
    let are_digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let number = are_digits.then(|| text.parse().ok())?;
    number.filter(|number: &u64| *number <= i64::MAX as u64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn fields(name: &str, lines: &[&str]) -> Fields {
        let mut fields = Fields::new();
        for line in lines {
            fields.add(name.as_bytes(), line.as_bytes()).unwrap();
        }
        fields
    }

    #[test]
    fn one_range_of_bytes_is_read() {
        let asked = |line: &str| Asked::by(&fields("Range", &[line]));
        for (line, range) in [
            ("bytes=0-1", Range::From(0, Some(1))),
            ("Bytes=5-", Range::From(5, None)),
            ("bytes=-5", Range::Last(5)),
            ("bytes= 1-1 ", Range::From(1, Some(1))),
        ] {
            assert_eq!(asked(line), Asked::One(range), "{line}");
        }
        for line in [
            "",
            "bytes",
            "bytes=",
            "bytes=-",
            "bytes=1",
            "bytes=2-1",
            "bytes=0-1,3-4",
            "lines=0-1",
            "bytes=a-b",
            "bytes=0x1-2",
            "bytes=+1-2",
            "bytes=1 - 2",
            "bytes=99999999999999999999-",
        ] {
            assert_eq!(asked(line), Asked::Other, "{line}");
        }
        assert_eq!(Asked::by(&Fields::new()), Asked::Whole);
        assert_eq!(
            Asked::by(&fields("Range", &["bytes=0-1", "bytes=0-1"])),
            Asked::Other
        );
    }

    #[test]
    fn a_range_is_a_part_of_what_is_there() {
        let part = |first, last| Some(Part { first, last });
        for (range, complete, expected) in [
            (Range::From(0, Some(1)), 10, part(0, 1)),
            (Range::From(8, Some(99)), 10, part(8, 9)),
            (Range::From(9, None), 10, part(9, 9)),
            (Range::From(10, None), 10, None),
            (Range::Last(3), 10, part(7, 9)),
            (Range::Last(99), 10, part(0, 9)),
            (Range::Last(0), 10, None),
            (Range::From(0, None), 0, None),
            (Range::Last(1), 0, None),
        ] {
            assert_eq!(range.of(complete), expected, "{range:?} of {complete}");
        }
    }

    #[test]
    fn a_content_range_is_read_strictly() {
        let read = |line: &str| ContentRange::by(&fields("Content-Range", &[line]));
        let sound = read("bytes 4-9/10").unwrap();
        assert_eq!(
            (sound.part, sound.complete),
            (Part { first: 4, last: 9 }, Some(10))
        );
        assert_eq!(read("bytes 4-9/*").unwrap().complete, None);
        assert!(read("bytes 0-9/10").unwrap().is_whole());
        for line in [
            "",
            "bytes */10",
            "bytes 9-4/10",
            "bytes 4-10/10",
            "bytes 4-9",
            "bytes=4-9/10",
            "lines 4-9/10",
            "bytes 4-9/x",
            "bytes  4-9/10",
            "4-9/10",
        ] {
            assert_eq!(read(line), None, "{line}");
        }
    }

    proptest! {
        #[test]
        fn a_part_lies_within_its_whole(first in 0u64..50, last in 0u64..50, count in 0u64..50, complete in 0u64..50) {
            for range in [Range::From(first, Some(last.max(first))), Range::From(first, None), Range::Last(count)] {
                if let Some(part) = range.of(complete) {
                    prop_assert!(part.first <= part.last && part.last < complete);
                    let value = ContentRange::value(part, Some(complete));
                    let read = ContentRange::by(&fields("Content-Range", &[&value])).unwrap();
                    prop_assert_eq!(read, ContentRange { part, complete: Some(complete) });
                }
            }
        }

        #[test]
        fn joined_parts_hold_both_and_no_gap(a in 0u64..20, b in 0u64..9, c in 0u64..20, d in 0u64..9) {
            let (one, other) = (Part { first: a, last: a + b }, Part { first: c, last: c + d });
            match one.joined(&other) {
                Some(both) => {
                    prop_assert!(both.holds(&one) && both.holds(&other));
                    let is_covered = |at| one.first <= at && at <= one.last || other.first <= at && at <= other.last;
                    let has_no_gap = (both.first..=both.last).all(is_covered);
                    prop_assert!(has_no_gap);
                }
                None => prop_assert!(one.last + 1 < other.first || other.last + 1 < one.first),
            }
        }
    }
}
