//! The normalised URL (RFC 3986 §6). The host is read as browsers read it (IDNA, IPv4 and IPv6 forms);
//! the rest by RFC 3986 alone, so that nothing that could mean two things becomes one.

use base64::Engine;

use super::fields::quoted;
use crate::error::{Error, Kind, Result};

/// An `http` or `https` URL in normal form, without userinfo and fragment.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Url {
    /// Followed by a NUL, so that a C caller can read it where it lies.
    text: String,
    /// Where the path begins; it always begins with `/`.
    path: u32,
    /// Where the query's `?` stands, if there is one.
    query: Option<u32>,
}

/// Longer ones are refused before they are looked at; the cache's own limit is an option.
const MAX_BYTES: usize = 16 << 20;

impl Url {
    /// Normalises `url`. The second part of the result is the value of an `Authorization` field made of
    /// the userinfo (RFC 7617), if there is any.
    pub fn parse(url: &[u8]) -> Result<(Self, Option<String>)> {
        if url.len() > MAX_BYTES {
            return Err(Error::new(
                Kind::TooLarge,
                format!("the URL has {} bytes", url.len()),
            ));
        }
        if let Some(normal) = Self::already_normal(url) {
            return Ok((normal, None));
        }
        let refuse = |why: &str| Err(Error::new(Kind::Url, format!("URL {}: {why}", shown(url))));
        if url.is_empty() {
            return refuse("it is empty");
        }
        // To the end in any case: a loop that may stop sooner is many times slower.
        let is_misleading = |b: &u8| b.is_ascii_control() || *b == b'\\';
        if url.iter().fold(false, |found, b| found | is_misleading(b)) {
            return refuse("a control character or a backslash in it");
        }
        if url.first() == Some(&b' ') || url.last() == Some(&b' ') {
            return refuse("a space at its begin or end");
        }
        let Some((scheme, rest)) = split_scheme(url) else {
            return refuse("it is relative; a scheme and a host are needed");
        };
        let default_port = match scheme.to_ascii_lowercase().as_slice() {
            b"http" => 80,
            b"https" => 443,
            _ => return refuse("its scheme is neither http nor https"),
        };
        let Some(rest) = rest.strip_prefix(b"//") else {
            return refuse("no // after its scheme");
        };
        let (authority, rest) = split_before(rest, |b| matches!(b, b'/' | b'?' | b'#'));
        let (path, rest) = split_before(rest, |b| matches!(b, b'?' | b'#'));
        let (query, _fragment) = split_before(rest, |b| b == b'#');
        let (userinfo, host_port) = match authority.iter().rposition(|b| *b == b'@') {
            Some(at) => (
                authority.get(..at),
                authority.get(at + 1..).unwrap_or_default(),
            ),
            None => (None, authority),
        };
        let Some((host, port)) = split_port(host_port) else {
            return refuse("its port is not a number between 1 and 65535");
        };
        let Some(host) = normal_host(host) else {
            return refuse("its host is missing or malformed");
        };

        let mut text = String::with_capacity(host.len() + path.len() + query.len() + 16);
        text.push_str(if default_port == 80 {
            "http://"
        } else {
            "https://"
        });
        text.push_str(&host);
        if let Some(port) = port.filter(|port| *port != default_port) {
            text.push(':');
            text.push_str(&port.to_string());
        }
        let path_at = text.len() as u32;
        push_path(&mut text, path);
        let query_at = query.strip_prefix(b"?").map(|query| {
            let at = text.len() as u32;
            text.push('?');
            push_normal(&mut text, query);
            at
        });
        text.push('\0');
        let authorization = userinfo.filter(|userinfo| !userinfo.is_empty()).map(basic);
        Ok((
            Url {
                text,
                path: path_at,
                query: query_at,
            },
            authorization,
        ))
    }

    /// The URL of a `Location` or `Content-Location` value, resolved against this one (RFC 3986 §5);
    /// `None` when it is none that could be requested.
    pub fn join(&self, reference: &[u8]) -> Option<(Self, Option<String>)> {
        if split_scheme(reference).is_some() {
            return Self::parse(reference).ok();
        }
        let mut absolute = Vec::with_capacity(self.text.len() + reference.len());
        let base = match reference.first() {
            None | Some(b'#') => self.as_str(),
            Some(b'?') => self.without_query(),
            Some(b'/') if reference.get(1) == Some(&b'/') => self.scheme(),
            Some(b'/') => self.origin(),
            Some(_) => {
                let path = self.without_query();
                path.get(..=path.rfind('/')?)?
            }
        };
        absolute.extend_from_slice(base.as_bytes());
        if base == self.scheme() {
            absolute.push(b':');
        }
        absolute.extend_from_slice(reference);
        Self::parse(&absolute).ok()
    }

    /// The whole URL.
    pub fn as_str(&self) -> &str {
        self.text.strip_suffix('\0').unwrap_or(&self.text)
    }

    /// The whole URL with the NUL that C wants.
    pub fn as_bytes_with_nul(&self) -> &[u8] {
        self.text.as_bytes()
    }

    /// `http` or `https`.
    pub fn scheme(&self) -> &str {
        self.text.split(':').next().unwrap_or_default()
    }

    /// Scheme, host and port: the origin (RFC 9110 §4.3.1).
    pub fn origin(&self) -> &str {
        self.text.get(..self.path as usize).unwrap_or_default()
    }

    /// Host and, if it is not the scheme's own, port.
    pub fn authority(&self) -> &str {
        self.origin()
            .get(self.scheme().len() + 3..)
            .unwrap_or_default()
    }

    /// What stands before the query: the whole URL if there is none.
    pub fn without_query(&self) -> &str {
        self.text.get(..self.query_at()).unwrap_or_default()
    }

    /// The query without its `?`; `None` and the empty query are different URLs.
    pub fn query(&self) -> Option<&str> {
        self.query
            .and_then(|at| self.as_str().get(at as usize + 1..))
    }

    fn query_at(&self) -> usize {
        self.query.map_or(self.as_str().len(), |at| at as usize)
    }

    /// Recognises the common case by one scan: what it accepts, the long way would not change.
    fn already_normal(url: &[u8]) -> Option<Self> {
        let (scheme_len, default_port) = match url {
            [b'h', b't', b't', b'p', b':', b'/', b'/', ..] => (7, &b"80"[..]),
            [b'h', b't', b't', b'p', b's', b':', b'/', b'/', ..] => (8, &b"443"[..]),
            _ => return None,
        };
        let host_and_rest = url.get(scheme_len..)?;
        let path = scheme_len + host_and_rest.iter().position(|b| *b == b'/')?;
        let authority = url.get(scheme_len..path)?;
        let (host, port) = match authority.iter().position(|b| *b == b':') {
            Some(at) => (authority.get(..at)?, Some(authority.get(at + 1..)?)),
            None => (authority, None),
        };
        if !is_normal_host(host) || port.is_some_and(|port| !is_normal_port(port, default_port)) {
            return None;
        }
        let query = scan_normal(url.get(path..)?)?.map(|at| (path + at) as u32);
        let mut text = String::with_capacity(url.len() + 1);
        text.push_str(std::str::from_utf8(url).ok()?);
        text.push('\0');
        Some(Url {
            text,
            path: path as u32,
            query,
        })
    }
}

/// What a byte means to [`scan_normal`].
#[derive(Clone, Copy, PartialEq, Eq)]
enum Class {
    /// It may not be in normal form: an escape, or a byte that wants one.
    Other,
    Plain,
    Slash,
    Dot,
    Question,
}

#[allow(
    clippy::indexing_slicing,
    reason = "it is evaluated when the library is built"
)]
static CLASSES: [Class; 256] = {
    let mut table = [Class::Other; 256];
    let mut byte = 0;
    while byte < 256 {
        table[byte] = match byte as u8 {
            b'/' => Class::Slash,
            b'.' => Class::Dot,
            b'?' => Class::Question,
            other if is_plain(other) => Class::Plain,
            _ => Class::Other,
        };
        byte += 1;
    }
    table
};

/// Whether a path and query are in normal form, in one pass: `None` when they may not be, else where the query's
/// `?` stands. A dot after a slash may be a dot segment, and only in the path.
fn scan_normal(path: &[u8]) -> Option<Option<usize>> {
    let class = |byte: &u8| {
        CLASSES
            .get(usize::from(*byte))
            .copied()
            .unwrap_or(Class::Other)
    };
    let mut before = Class::Plain;
    let mut bytes = path.iter();
    for byte in bytes.by_ref() {
        let class = class(byte);
        match class {
            Class::Other => return None,
            Class::Dot if before == Class::Slash => return None,
            Class::Question => {
                let at = path.len() - bytes.as_slice().len() - 1;
                let is_normal = bytes.all(|byte| {
                    CLASSES
                        .get(usize::from(*byte))
                        .is_some_and(|class| *class != Class::Other)
                });
                return is_normal.then_some(Some(at));
            }
            _ => before = class,
        }
    }
    Some(None)
}

const fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~')
}

const fn is_plain(byte: u8) -> bool {
    is_unreserved(byte)
        || matches!(
            byte,
            b'!' | b'$'
                | b'&'
                | b'\''
                | b'('
                | b')'
                | b'*'
                | b'+'
                | b','
                | b';'
                | b'='
                | b':'
                | b'@'
                | b'/'
                | b'?'
        )
}

/// A registered name that IDNA and the IPv4 parser would leave as it is. Two hyphens may begin a label of IDNA, and
/// a last label that begins with a digit may be a number.
fn is_normal_host(host: &[u8]) -> bool {
    if host.len() > 253 {
        return false;
    }
    let mut last_label = 0;
    for (at, byte) in host.iter().enumerate() {
        match IN_HOST.get(usize::from(*byte)) {
            Some(InHost::Plain) => {}
            Some(InHost::Dot) => last_label = at + 1,
            Some(InHost::Hyphen) if host.get(at + 1) != Some(&b'-') => {}
            _ => return false,
        }
    }
    match host.get(last_label) {
        None => false,
        Some(b'0'..=b'9') => {
            let text = std::str::from_utf8(host).unwrap_or_default();
            text.parse::<std::net::Ipv4Addr>().is_ok()
        }
        Some(_) => true,
    }
}

/// What a byte is in a registered name in normal form.
#[derive(Clone, Copy)]
enum InHost {
    No,
    Plain,
    Dot,
    Hyphen,
}

#[allow(
    clippy::indexing_slicing,
    reason = "it is evaluated when the library is built"
)]
static IN_HOST: [InHost; 256] = {
    let mut table = [InHost::No; 256];
    let mut byte = 0;
    while byte < 256 {
        table[byte] = match byte as u8 {
            b'a'..=b'z' | b'0'..=b'9' => InHost::Plain,
            b'.' => InHost::Dot,
            b'-' => InHost::Hyphen,
            _ => InHost::No,
        };
        byte += 1;
    }
    table
};

fn is_normal_port(port: &[u8], default_port: &[u8]) -> bool {
    let leading_zero = port.first() == Some(&b'0');
    port != default_port && !leading_zero && port.len() <= 5 && parse_port(port).is_some()
}

fn parse_port(port: &[u8]) -> Option<u32> {
    let all_digits = !port.is_empty() && port.iter().all(u8::is_ascii_digit);
    let number = std::str::from_utf8(port)
        .ok()
        .filter(|_| all_digits)?
        .parse()
        .ok()?;
    (1..=65535).contains(&number).then_some(number)
}

fn split_scheme(url: &[u8]) -> Option<(&[u8], &[u8])> {
    let ends_scheme = |b: u8| !b.is_ascii_alphanumeric() && !matches!(b, b'+' | b'-' | b'.');
    let (scheme, rest) = split_before(url, ends_scheme);
    let rest = rest.strip_prefix(b":")?;
    // "host:80/path" is no URL with the scheme "host".
    let is_port = rest.first().is_some_and(u8::is_ascii_digit);
    (scheme.first()?.is_ascii_alphabetic() && !is_port).then_some((scheme, rest))
}

/// Splits before the first byte that `delimits`; the second part begins with it, or is empty.
fn split_before(text: &[u8], delimits: impl Fn(u8) -> bool) -> (&[u8], &[u8]) {
    let at = text.iter().position(|b| delimits(*b));
    text.split_at_checked(at.unwrap_or(text.len()))
        .unwrap_or((text, b""))
}

/// Host and port; `None` when the port is not a number in range. An empty port is none (RFC 3986 §6.2.3).
fn split_port(host_port: &[u8]) -> Option<(&[u8], Option<u32>)> {
    // The colons within brackets are those of an IPv6 address.
    let last = host_port.iter().rposition(|b| matches!(b, b':' | b']'));
    let Some(colon) = last.filter(|at| host_port.get(*at) == Some(&b':')) else {
        return Some((host_port, None));
    };
    let (host, port) = (host_port.get(..colon)?, host_port.get(colon + 1..)?);
    if port.is_empty() {
        Some((host, None))
    } else {
        Some((host, Some(parse_port(port)?)))
    }
}

pub(crate) fn normal_host(host: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(host)
        .ok()
        .filter(|text| !text.is_empty() && !is_too_long_number(text))?;
    match url::Host::parse(text).ok()? {
        url::Host::Domain(name) => Some(name).filter(|name| !name.is_empty()),
        address => Some(address.to_string()),
    }
}

/// Whether it is no IPv4 address, though it ends in a number, for its number of parts alone. The parser would make a
/// list of them first, which is many times as long.
fn is_too_long_number(host: &str) -> bool {
    let host = host.strip_suffix('.').unwrap_or(host);
    let mut parts = host.rsplit('.');
    let last = parts.next().unwrap_or_default();
    let is_number = !last.is_empty() && last.bytes().all(|b| b.is_ascii_digit());
    is_number && parts.nth(3).is_some()
}

/// Adds a path, or `/` where there is none, without its dot segments (RFC 3986 §5.2.4). Empty segments are kept: `//`
/// and `/` are different paths.
fn push_path(text: &mut String, path: &[u8]) {
    let path_at = text.len();
    let mut rest = if path.is_empty() { b"/" } else { path };
    loop {
        let begins_dots = |pair: &[u8]| matches!(pair, [b'/', b'.' | b'%']);
        let at = rest.windows(2).position(begins_dots).unwrap_or(rest.len());
        let (before, tail) = rest.split_at_checked(at).unwrap_or((rest, b""));
        push_normal(text, before);
        let Some(tail) = tail.strip_prefix(b"/") else {
            return;
        };
        let (segment, tail) = split_before(tail, |b| b == b'/');
        rest = tail;
        match dots(segment) {
            0 => {
                text.push('/');
                push_normal(text, segment);
                continue;
            }
            1 => {}
            _ => {
                let parents = text.as_bytes().get(path_at..).unwrap_or_default();
                let parent = parents.iter().rposition(|b| *b == b'/');
                text.truncate(path_at + parent.unwrap_or(0));
            }
        }
        if rest.is_empty() {
            text.push('/');
        }
    }
}

/// Of how many dots a dot segment is made, escaped or not; 0 for any other one.
fn dots(segment: &[u8]) -> usize {
    match after_dot(segment) {
        Some(b"") => 1,
        Some(rest) if after_dot(rest) == Some(b"") => 2,
        _ => 0,
    }
}

fn after_dot(text: &[u8]) -> Option<&[u8]> {
    match text {
        [b'.', rest @ ..] | [b'%', b'2', b'e' | b'E', rest @ ..] => Some(rest),
        _ => None,
    }
}

/// A part of a URL in normal form.
pub(crate) fn normal_part(part: &[u8]) -> String {
    let mut normal = String::with_capacity(part.len());
    push_normal(&mut normal, part);
    normal
}

/// A path in normal form.
pub(crate) fn normal_path(path: &[u8]) -> String {
    let mut normal = String::with_capacity(path.len() + 1);
    push_path(&mut normal, path);
    normal
}

/// Adds a part with escapes in upper case, unreserved bytes unescaped, bytes that may not stand there escaped
/// (RFC 3986 §6.2.2). A `%` that begins no escape is kept, and what follows it does not become one.
fn push_normal(normal: &mut String, part: &[u8]) {
    let mut rest = part;
    while let Some((&byte, tail)) = rest.split_first() {
        if is_plain(byte) {
            let (plain, others) = split_before(rest, |b| !is_plain(b));
            normal.push_str(std::str::from_utf8(plain).unwrap_or_default());
            rest = others;
            continue;
        }
        rest = tail;
        match (byte, escaped(byte, tail)) {
            (_, Some(decoded)) => {
                rest = tail.get(2..).unwrap_or_default();
                let completes = decoded.is_ascii_hexdigit() && ends_in_begun_escape(normal);
                if is_unreserved(decoded) && !completes {
                    normal.push(decoded as char);
                } else {
                    push_escape(normal, decoded);
                }
            }
            (b'%' | b'[' | b']', None) => normal.push(byte as char),
            (byte, None) => push_escape(normal, byte),
        }
    }
}

/// Whether a hexadecimal digit behind this would make an escape, or go on with one: it ends in a `%` of its own, or
/// in one and a digit.
fn ends_in_begun_escape(normal: &str) -> bool {
    match normal.as_bytes() {
        [.., b'%'] => true,
        [.., b'%', digit] => digit.is_ascii_hexdigit(),
        _ => false,
    }
}

fn escaped(byte: u8, tail: &[u8]) -> Option<u8> {
    let digit = |at: usize| tail.get(at).and_then(|b| (*b as char).to_digit(16));
    if byte != b'%' {
        return None;
    }
    Some((digit(0)? * 16 + digit(1)?) as u8)
}

fn push_escape(text: &mut String, byte: u8) {
    const HEX: [char; 16] = [
        '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'A', 'B', 'C', 'D', 'E', 'F',
    ];
    text.push('%');
    for nibble in [byte >> 4, byte & 15] {
        text.push(HEX.get(nibble as usize).copied().unwrap_or('0'));
    }
}

/// `Basic` credentials (RFC 7617 §2) of a userinfo whose escapes are decoded.
fn basic(userinfo: &[u8]) -> String {
    let mut plain = Vec::with_capacity(userinfo.len() + 1);
    let mut rest = userinfo;
    while let Some((&byte, tail)) = rest.split_first() {
        let decoded = escaped(byte, tail);
        plain.push(decoded.unwrap_or(byte));
        rest = if decoded.is_some() {
            tail.get(2..).unwrap_or_default()
        } else {
            tail
        };
    }
    if !userinfo.contains(&b':') {
        plain.push(b':');
    }
    let mut credentials = String::with_capacity(plain.len() / 3 * 4 + 16);
    credentials.push_str("Basic ");
    base64::engine::general_purpose::STANDARD.encode_string(plain, &mut credentials);
    credentials
}

/// A URL as a part of a message: what stands before an `@` may be a password and is left out.
pub(crate) fn shown(url: &[u8]) -> String {
    match url.iter().rposition(|b| *b == b'@') {
        Some(at) => quoted(&[b"\xe2\x80\xa6", url.get(at..).unwrap_or_default()].concat()),
        None => quoted(url),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn normal(url: &str) -> String {
        Url::parse(url.as_bytes()).unwrap().0.as_str().to_owned()
    }

    #[test]
    fn normal_forms() {
        for (given, expected) in [
            ("http://example.org", "http://example.org/"),
            ("HTTP://Example.ORG:80/a?b#c", "http://example.org/a?b"),
            ("https://example.org:443/", "https://example.org/"),
            ("https://example.org:80/", "https://example.org:80/"),
            ("http://example.org:/x", "http://example.org/x"),
            (
                "http://example.org/a/./b/../c/%2e%2E/d",
                "http://example.org/a/d",
            ),
            ("http://example.org/a/..", "http://example.org/"),
            ("http://example.org/..", "http://example.org/"),
            ("http://example.org/a/%2e%2e", "http://example.org/"),
            ("http://example.org/a/.%2E/%2e/b", "http://example.org/b"),
            ("http://example.org/a//../b/.", "http://example.org/a/b/"),
            (
                "http://example.org/.../a/..b/%2f/%",
                "http://example.org/.../a/..b/%2F/%",
            ),
            ("http://example.org/a//b", "http://example.org/a//b"),
            (
                "http://example.org/%7euser%2fx%c3",
                "http://example.org/~user%2Fx%C3",
            ),
            (
                "http://example.org/?a=%41+%20%zz",
                "http://example.org/?a=A+%20%zz",
            ),
            ("http://example.org/?", "http://example.org/?"),
            ("http://example.org?x", "http://example.org/?x"),
            ("http://example.org/ü b", "http://example.org/%C3%BC%20b"),
            ("http://bücher.example/", "http://xn--bcher-kva.example/"),
            ("http://127.1/", "http://127.0.0.1/"),
            ("http://[::0001]:8080/", "http://[::1]:8080/"),
            ("http://some_test_host/", "http://some_test_host/"),
            (
                "http://example.org/?q='x'&r=a/../b",
                "http://example.org/?q='x'&r=a/../b",
            ),
            (
                "http://example.org/.well-known/x",
                "http://example.org/.well-known/x",
            ),
        ] {
            assert_eq!(normal(given), expected, "{given}");
            assert_eq!(normal(expected), expected, "normalising twice");
        }
    }

    #[test]
    fn what_the_scan_accepts_the_long_way_keeps() {
        for url in [
            "http://h/a;b?c=d&e=f",
            "https://h.example:8443/a/b..c?x=/../y",
            "http://10.0.0.1/",
        ] {
            let scanned = Url::already_normal(url.as_bytes()).expect(url);
            assert_eq!(scanned.as_str(), normal(&format!("{url}#fragment")));
            assert_eq!(
                scanned,
                Url::parse(format!("{url}#fragment").as_bytes()).unwrap().0
            );
        }
    }

    #[test]
    fn refused_ones_are_named() {
        for url in [
            "",
            " ",
            "/relative",
            "relative",
            "//host/",
            "host:80/x",
            "http:",
            "http:/h",
            "http://",
            "http:///x",
            "http://h:0/",
            "http://h:65536/",
            "http://h:x/",
            "http://h:-1/",
            "ftp://h/",
            "file:///etc/passwd",
            "http://h/\0",
            "http://h/\n",
            "http://h\\x",
            "http://[::1/",
            "http://a b/",
            " http://h/",
            "javascript:alert(1)",
            "http://@/",
            "http://user@:80/",
            "http://1.1.1.1.1/",
            "http://a.1.1.1.1./",
            "http://a]:80/",
            "http://[::1:80/",
            "http://h:80:80/",
        ] {
            let error = Url::parse(url.as_bytes()).expect_err(url);
            assert_eq!(error.kind(), Kind::Url, "{url}");
        }
        let error = Url::parse(b"http://user:secret@h:x/").unwrap_err();
        assert!(!error.message().contains("secret"), "{error}");
    }

    #[test]
    fn userinfo_becomes_credentials() {
        let (url, authorization) = Url::parse(b"http://Aladdin:open%20sesame@h/").unwrap();
        assert_eq!(url.as_str(), "http://h/");
        assert_eq!(authorization.unwrap(), "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
    }

    #[test]
    fn references_are_resolved() {
        let base = Url::parse(b"http://h/a/b?q").unwrap().0;
        for (reference, expected) in [
            ("c", "http://h/a/c"),
            ("../c", "http://h/c"),
            ("/c?d", "http://h/c?d"),
            ("?d", "http://h/a/b?d"),
            ("//g/x", "http://g/x"),
            ("https://g", "https://g/"),
            ("", "http://h/a/b?q"),
            ("#f", "http://h/a/b?q"),
        ] {
            let joined = base.join(reference.as_bytes()).expect(reference).0;
            assert_eq!(joined.as_str(), expected, "{reference}");
        }
        assert!(base.join(b"file:///etc/passwd").is_none());
        assert!(base.join(b"http://h:x/").is_none());
    }

    proptest::proptest! {
        #![proptest_config(proptest::prelude::ProptestConfig::with_cases(2000))]

        #[test]
        fn the_scan_and_the_long_way_agree(
            url in "https?://[a-z0-9.-]{1,9}(:[0-9]{1,5})?/[a-zA-Z0-9./?&=~%-]{0,12}",
        ) {
            if let Some(scanned) = Url::already_normal(url.as_bytes()) {
                let long = Url::parse(format!("{url}#").as_bytes()).unwrap().0;
                proptest::prop_assert_eq!(scanned, long);
            }
        }

        #[test]
        fn a_normal_form_is_its_own(url in "https?://[a-z0-9.]{1,9}/[ -~]{0,16}") {
            if let Ok((normal, _)) = Url::parse(url.as_bytes()) {
                let again = Url::parse(normal.as_str().as_bytes()).unwrap().0;
                proptest::prop_assert_eq!(normal, again);
            }
        }
    }
}
