//! The Cache-Control directives of requests and responses (§5.2). Linear in the length of the fields.

use crate::http::Fields;
use crate::http::fields::{LONGEST_READ, is_token, trim};

/// An argument that counts seconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Seconds {
    /// The directive is not there.
    #[default]
    Absent,
    /// It says so many seconds, at most 2^31 (§1.2.2).
    Of(i64),
    /// It says something else, or two things at once (§4.2.1: then it is stale).
    Invalid,
}

/// A directive that may be limited to some fields.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Qualified {
    /// The directive is not there.
    #[default]
    Absent,
    /// It holds for the whole response.
    Whole,
    /// It holds for these fields, in lower case.
    Fields(Vec<String>),
}

/// The directives of a response.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ResponseDirectives {
    /// §5.2.2.1
    pub max_age: Seconds,
    /// §5.2.2.2
    pub must_revalidate: bool,
    /// §5.2.2.3
    pub must_understand: bool,
    /// §5.2.2.4
    pub no_cache: Qualified,
    /// §5.2.2.5
    pub no_store: bool,
    /// §5.2.2.7
    pub private: Qualified,
    /// §5.2.2.8
    pub proxy_revalidate: bool,
    /// §5.2.2.9
    pub public: bool,
    /// §5.2.2.10
    pub s_maxage: Seconds,
    /// RFC 8246 §2
    pub immutable: bool,
    /// RFC 5861 §3
    pub stale_while_revalidate: Seconds,
    /// RFC 5861 §4
    pub stale_if_error: Seconds,
}

/// The directives of a request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RequestDirectives {
    /// §5.2.1.1
    pub max_age: Seconds,
    /// §5.2.1.2; `Of(i64::MAX)` when it names no limit.
    pub max_stale: Seconds,
    /// §5.2.1.3
    pub min_fresh: Seconds,
    /// §5.2.1.4, and `Pragma: no-cache` where there is no Cache-Control (§5.4)
    pub no_cache: bool,
    /// §5.2.1.5
    pub no_store: bool,
    /// §5.2.1.7
    pub only_if_cached: bool,
    /// RFC 5861 §4
    pub stale_if_error: Seconds,
}

const MOST_SECONDS: i64 = 1 << 31;

impl Seconds {
    /// Takes one more argument: equal ones count as one, different ones contradict each other.
    fn take(&mut self, argument: Option<&[u8]>) {
        self.meet(argument.map_or(Seconds::Invalid, Seconds::parse));
    }

    fn meet(&mut self, taken: Seconds) {
        *self = match *self {
            Seconds::Absent => taken,
            before if before == taken => taken,
            _ => Seconds::Invalid,
        };
    }

    /// Delta-seconds (§1.2.2): digits and nothing else.
    pub fn parse(argument: &[u8]) -> Self {
        if argument.is_empty() || !argument.iter().all(u8::is_ascii_digit) {
            return Seconds::Invalid;
        }
        let value = argument.iter().fold(0i64, |value, digit| {
            value
                .saturating_mul(10)
                .saturating_add(i64::from(digit - b'0'))
                .min(MOST_SECONDS)
        });
        Seconds::Of(value)
    }

    /// Milliseconds; `None` where it is absent or invalid.
    pub fn millis(self) -> Option<i64> {
        match self {
            Seconds::Of(seconds) => Some(seconds.saturating_mul(1000)),
            Seconds::Absent | Seconds::Invalid => None,
        }
    }
}

impl Qualified {
    fn take(&mut self, argument: Option<&[u8]>) {
        let names = argument.and_then(field_names);
        *self = match (std::mem::take(self), names) {
            (Qualified::Whole, _) | (_, None) => Qualified::Whole,
            (Qualified::Absent, Some(names)) => Qualified::Fields(names),
            (Qualified::Fields(mut before), Some(names)) => {
                before.extend(names);
                Qualified::Fields(before)
            }
        };
    }

    /// Whether it holds for the whole response. A shared cache takes it so also where fields are named: it may
    /// (§5.2.2.4, §5.2.2.7), and it is the careful reading.
    pub fn is_whole(&self, shared: bool) -> bool {
        match self {
            Qualified::Absent => false,
            Qualified::Whole => true,
            Qualified::Fields(_) => shared,
        }
    }
}

/// The names in the argument of a qualified directive; `None` when it names none, or not only names: then the
/// directive is taken as if it had no argument, which forbids more.
fn field_names(argument: &[u8]) -> Option<Vec<String>> {
    let mut names = Vec::new();
    for name in argument.split(|b| *b == b',').map(trim) {
        if name.is_empty() {
            continue;
        }
        let text = std::str::from_utf8(name).ok().filter(|_| is_token(name))?;
        names.push(text.to_ascii_lowercase());
    }
    (!names.is_empty()).then_some(names)
}

impl ResponseDirectives {
    /// Reads all Cache-Control lines of a response. What is too long to be read forbids storing.
    pub fn read(fields: &Fields) -> Self {
        let mut directives = Self::default();
        if !is_readable(fields) {
            directives.no_store = true;
            directives.no_cache = Qualified::Whole;
            return directives;
        }
        each_directive(fields, |name, argument| directives.take(name, argument));
        directives
    }

    /// Takes one directive.
    pub(super) fn take(&mut self, name: &str, argument: Option<&[u8]>) {
        match name {
            "max-age" => self.max_age.take(argument),
            "must-revalidate" => self.must_revalidate = true,
            "must-understand" => self.must_understand = true,
            "no-cache" => self.no_cache.take(argument),
            "no-store" => self.no_store = true,
            "private" => self.private.take(argument),
            "proxy-revalidate" => self.proxy_revalidate = true,
            "public" => self.public = true,
            "s-maxage" => self.s_maxage.take(argument),
            "immutable" => self.immutable = true,
            "stale-while-revalidate" => self.stale_while_revalidate.take(argument),
            "stale-if-error" => self.stale_if_error.take(argument),
            _ => {}
        }
    }

    /// Whether a stale response must not be used without validation, whatever else allows it (§4.2.4, §5.2.2.2,
    /// and in a shared cache §5.2.2.8 and §5.2.2.10).
    pub fn forbid_stale(&self, shared: bool) -> bool {
        let for_shared = self.proxy_revalidate || self.s_maxage != Seconds::Absent;
        self.must_revalidate || self.no_cache.is_whole(shared) || (shared && for_shared)
    }

    /// Whether a shared cache may reuse what was fetched with credentials (§3.5).
    pub fn allow_sharing(&self) -> bool {
        self.public || self.must_revalidate || matches!(self.s_maxage, Seconds::Of(_))
    }

    /// Whether the response must not be stored (§5.2.2.5), though `must-understand` lifts that for a status
    /// whose caching this cache understands (§5.2.2.3).
    pub fn forbid_storing(&self, understands_status: bool) -> bool {
        if self.must_understand {
            !understands_status
        } else {
            self.no_store
        }
    }
}

impl RequestDirectives {
    /// Reads all Cache-Control lines of a request, or its Pragma. What is too long to be read forbids storing, and
    /// answering without validation.
    pub fn read(fields: &Fields) -> Self {
        let mut directives = Self::default();
        if !is_readable(fields) {
            directives.no_store = true;
            directives.no_cache = true;
            return directives;
        }
        let mut has_cache_control = false;
        each_directive(fields, |name, argument| {
            has_cache_control = true;
            match name {
                "max-age" => directives.max_age.take(argument),
                "max-stale" if argument.is_none() => {
                    directives.max_stale.meet(Seconds::Of(i64::MAX))
                }
                "max-stale" => directives.max_stale.take(argument),
                "min-fresh" => directives.min_fresh.take(argument),
                "no-cache" => directives.no_cache = true,
                "no-store" => directives.no_store = true,
                "only-if-cached" => directives.only_if_cached = true,
                "stale-if-error" => directives.stale_if_error.take(argument),
                _ => {}
            }
        });
        if !has_cache_control {
            // §5.4
            let is_no_cache = |member: &[u8]| trim(member).eq_ignore_ascii_case(b"no-cache");
            directives.no_cache = fields
                .all(b"Pragma")
                .any(|line| line.split(|b| *b == b',').any(is_no_cache));
        }
        directives
    }
}

fn is_readable(fields: &Fields) -> bool {
    let lengths = fields.all(b"Cache-Control").map(<[u8]>::len);
    lengths.sum::<usize>() <= LONGEST_READ
}

/// Calls `take` with the lower-case name and the unquoted argument of each directive.
fn each_directive(fields: &Fields, mut take: impl FnMut(&str, Option<&[u8]>)) {
    for line in fields.all(b"Cache-Control") {
        let mut rest = line;
        while !rest.is_empty() {
            let (member, tail) = split_member(rest);
            rest = tail;
            let at = member
                .iter()
                .position(|b| *b == b'=')
                .unwrap_or(member.len());
            let (name, argument) = member.split_at_checked(at).unwrap_or((member, b""));
            // White space beside the "=" is no part of the grammar: such a name is unknown.
            let Ok(name) = std::str::from_utf8(name) else {
                continue;
            };
            let argument = argument.strip_prefix(b"=").map(unquoted);
            // Longer than every name that is known here.
            let mut lower = [0; 32];
            if let Some(lower) = lower.get_mut(..name.len()).filter(|name| !name.is_empty()) {
                lower.copy_from_slice(name.as_bytes());
                lower.make_ascii_lowercase();
                take(
                    std::str::from_utf8(lower).unwrap_or_default(),
                    argument.as_deref(),
                );
            } else if !name.is_empty() {
                take("", argument.as_deref());
            }
        }
    }
}

/// The first list member without the white space around it, and what follows its comma.
fn split_member(list: &[u8]) -> (&[u8], &[u8]) {
    let mut is_quoted = false;
    let mut is_escaped = false;
    for (at, byte) in list.iter().enumerate() {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' if is_quoted => is_escaped = true,
            b'"' => is_quoted = !is_quoted,
            b',' if !is_quoted => {
                let (member, tail) = list.split_at_checked(at).unwrap_or((list, b""));
                return (trim(member), tail.get(1..).unwrap_or_default());
            }
            _ => {}
        }
    }
    (trim(list), b"")
}

/// An argument in its quoted or plain form (§5.2).
fn unquoted(argument: &[u8]) -> std::borrow::Cow<'_, [u8]> {
    let inner = argument
        .strip_prefix(b"\"")
        .and_then(|rest| rest.strip_suffix(b"\""));
    match inner {
        Some(inner) if inner.contains(&b'\\') => {
            let mut plain = Vec::with_capacity(inner.len());
            let mut bytes = inner.iter();
            while let Some(byte) = bytes.next() {
                plain.extend(if *byte == b'\\' {
                    bytes.next()
                } else {
                    Some(byte)
                });
            }
            plain.into()
        }
        Some(inner) => inner.into(),
        None => argument.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_too_long_to_be_read_forbids() {
        let mut fields = Fields::new();
        let lines = [
            b"max-age=60, public,".to_vec(),
            vec![b','; LONGEST_READ - 19],
        ];
        for line in lines {
            fields.add(b"Cache-Control", &line).unwrap();
        }
        assert_eq!(ResponseDirectives::read(&fields).max_age, Seconds::Of(60));
        assert!(!RequestDirectives::read(&fields).no_cache);
        fields.add(b"cache-control", b",").unwrap();
        let response = ResponseDirectives::read(&fields);
        assert_eq!(response.max_age, Seconds::Absent);
        assert!(response.forbid_storing(true) && response.no_cache.is_whole(false));
        let request = RequestDirectives::read(&fields);
        assert!(request.no_store && request.no_cache);
    }

    fn response(line: &str) -> ResponseDirectives {
        let mut fields = Fields::new();
        fields.add(b"Cache-Control", line.as_bytes()).unwrap();
        ResponseDirectives::read(&fields)
    }

    #[test]
    fn max_age_is_read_strictly() {
        for (line, expected) in [
            ("max-age=3600", Seconds::Of(3600)),
            ("MAX-AGE=0003600", Seconds::Of(3600)),
            ("max-age=\"3600\"", Seconds::Of(3600)),
            ("max-age=99999999999999999999", Seconds::Of(1 << 31)),
            ("max-age=1, max-age=1", Seconds::Of(1)),
            ("max-age=1, max-age=2", Seconds::Invalid),
            ("max-age=-1", Seconds::Invalid),
            ("max-age=1.5", Seconds::Invalid),
            ("max-age='3600'", Seconds::Invalid),
            ("max-age=", Seconds::Invalid),
            ("max-age", Seconds::Invalid),
            ("max-age=a3600", Seconds::Invalid),
            ("max-age =3600", Seconds::Absent),
            ("extension=\"max-age=3600\"", Seconds::Absent),
            ("extension=\"a, max-age=3600\"", Seconds::Absent),
            ("a=\"\\\"\", max-age=5", Seconds::Of(5)),
            (",, ,max-age=5,", Seconds::Of(5)),
        ] {
            assert_eq!(response(line).max_age, expected, "{line}");
        }
    }

    #[test]
    fn flags_count_with_an_argument_too() {
        let directives = response("no-store=1, must-revalidate=\"x\", IMMUTABLE");
        assert!(directives.no_store && directives.must_revalidate && directives.immutable);
        assert!(!response("no-storex").no_store);
    }

    #[test]
    fn qualified_directives_name_fields() {
        let named = |names: &[&str]| {
            Qualified::Fields(names.iter().map(|name| (*name).to_owned()).collect())
        };
        for (line, expected) in [
            ("max-age=1", Qualified::Absent),
            ("no-cache", Qualified::Whole),
            ("no-cache=Set-Cookie", named(&["set-cookie"])),
            ("no-cache=\"A, b\", No-Cache=\"c\"", named(&["a", "b", "c"])),
            ("no-cache=\"a\", no-cache", Qualified::Whole),
            ("no-cache, no-cache=\"a\"", Qualified::Whole),
            ("no-cache=\"\"", Qualified::Whole),
            ("no-cache=\"a b\"", Qualified::Whole),
            ("no-cache=\"a", Qualified::Whole),
        ] {
            assert_eq!(response(line).no_cache, expected, "{line}");
        }
        assert!(!named(&["a"]).is_whole(false) && named(&["a"]).is_whole(true));
    }

    #[test]
    fn must_understand_stands_above_no_store() {
        let both = response("no-store, must-understand");
        assert!(!both.forbid_storing(true) && both.forbid_storing(false));
        let alone = response("must-understand");
        assert!(!alone.forbid_storing(true) && alone.forbid_storing(false));
        assert!(response("no-store").forbid_storing(true));
    }

    #[test]
    fn pragma_counts_where_there_is_no_cache_control() {
        let mut fields = Fields::new();
        fields.add(b"Pragma", b"x, No-Cache").unwrap();
        assert!(RequestDirectives::read(&fields).no_cache);
        fields.add(b"Cache-Control", b"max-age=1").unwrap();
        assert!(!RequestDirectives::read(&fields).no_cache);
    }
}
