//! What a request means: an account of RFC 3986 §6 and of the rules of matching (features C1, C2, C4, C5, C10, C11) that
//! shares nothing with the library but the words. It makes structures and no text, so that nothing in it can be
//! confused by delimiters.

use std::collections::BTreeMap;

use base64::Engine;

use super::{Setup, Written};

/// What the rules say of a request: two of equal meaning share a key, all others do not.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Meaning {
    target: Target,
    method: Method,
    partition: Option<Vec<u8>>,
    is_insecure: bool,
    body: Option<Body>,
    fields: Option<Vec<(String, Value<Vec<u8>>)>>,
}

/// What authenticates a request: of its fields, and of its parameters.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Credentials(pub Vec<(String, Vec<u8>)>, pub Vec<(Vec<u8>, Vec<Unit>)>);

#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Target {
    Own(Vec<u8>),
    Url(Url),
}

/// A URL taken apart.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Url {
    is_https: bool,
    host: String,
    port: u16,
    path: Vec<Vec<Unit>>,
    query: Option<Vec<Parameter>>,
}

type Parameter = (Vec<Unit>, Value<Vec<Unit>>);

/// A byte that stands for itself, or one that is escaped and means the byte as such.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Unit {
    Itself(u8),
    Escaped(u8),
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Value<T> {
    Absent,
    Plain(T),
    Secret(T),
    Ignored,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Method {
    Get,
    Head,
    Other(String, [Option<String>; 3]),
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Body {
    Bytes(Vec<u8>),
    Meaning(String),
}

const AUTHENTICATE: [&str; 9] = [
    "authorization",
    "proxy-authorization",
    "x-api-key",
    "x-auth-token",
    "x-api-token",
    "x-access-token",
    "access_token",
    "api_key",
    "apikey",
];
/// The same as the list is written: parameters are ignored only as they are spelled there.
const SPELLED: [&str; 9] = [
    "Authorization",
    "Proxy-Authorization",
    "X-API-Key",
    "X-Auth-Token",
    "X-API-Token",
    "X-Access-Token",
    "access_token",
    "api_key",
    "apikey",
];
const SECRETS: [&str; 16] = [
    "token",
    "password",
    "passwd",
    "secret",
    "client_secret",
    "refresh_token",
    "id_token",
    "assertion",
    "sig",
    "signature",
    "x-amz-signature",
    "x-amz-credential",
    "x-amz-security-token",
    "x-goog-signature",
    "x-vault-token",
    "private-token",
];
const OVERRIDES: [&str; 3] = [
    "x-http-method-override",
    "x-http-method",
    "x-method-override",
];

impl Meaning {
    /// What a request means; `None`: the cache has no part in it.
    pub fn of(written: &Written, setup: &Setup) -> Option<Self> {
        let is_own = written.own_key.is_some();
        let method = match method(written, setup)? {
            // The user's own key stands for the method's name too.
            Method::Other(..) if is_own => Method::Other(String::new(), [None, None, None]),
            method => method,
        };
        let target = match &written.own_key {
            Some(own) => Target::Own(own.clone()),
            None => Target::Url(Url::of(&written.url, setup, setup.sorts())),
        };
        let body = (!is_own && !written.body.is_empty()).then(|| match &written.body_means {
            Some(meaning) => Body::Meaning(meaning.clone()),
            None => Body::Bytes(written.body.clone()),
        });
        Some(Meaning {
            target,
            method,
            partition: written.partition.clone().filter(|name| !name.is_empty()),
            is_insecure: written.is_insecure && !is_own,
            body,
            fields: matched(written, setup).filter(|_| !is_own),
        })
    }
}

impl Setup {
    fn sorts(&self) -> bool {
        self.sort_query.unwrap_or(!self.cache_control)
    }

    fn is_own(&self, name: &str) -> bool {
        self.ignored
            .iter()
            .any(|own| own.eq_ignore_ascii_case(name))
    }

    fn lists(&self, method: &str) -> bool {
        matches!(method, "GET" | "HEAD") || self.methods.contains(&method)
    }
}

/// B1 and C1
fn method(written: &Written, setup: &Setup) -> Option<Method> {
    let name = written.method.as_str();
    let by = OVERRIDES.map(|wanted| {
        let mut fields = written.fields.iter();
        let field = fields.find(|(name, _)| name.eq_ignore_ascii_case(wanted));
        field.map(|(_, value)| value.trim().to_owned())
    });
    let mut said = written
        .fields
        .iter()
        .filter(|(name, _)| OVERRIDES.contains(&name.to_ascii_lowercase().as_str()))
        .map(|(_, value)| value.trim());
    if let Some(first) = said.next() {
        let is_tunnel = name == "POST";
        let may = setup.lists(first) && (is_tunnel || setup.lists(name));
        let is_one = said.all(|other| other == first);
        let is_kept = may && is_one && !(is_tunnel && setup.cache_control);
        let has_range = count(written, "range") > 0;
        return (is_kept && !has_range).then(|| Method::Other(name.to_owned(), by));
    }
    match name {
        // B9: several ranges are the origin's affair.
        "GET" if count(written, "range") > 1 => None,
        "GET" => Some(Method::Get),
        "HEAD" if setup.cache_control => Some(Method::Get),
        "HEAD" => Some(Method::Head),
        "PUT" | "PATCH" | "DELETE" => None,
        _ => setup
            .lists(name)
            .then(|| Method::Other(name.to_owned(), [None, None, None])),
    }
}

/// B8, of a request that the cache has no part in: whether its success changes what is stored.
pub fn is_unsafe(written: &Written) -> bool {
    const SAFE: [&str; 4] = ["GET", "HEAD", "QUERY", "OPTIONS"];
    let mut by: Vec<&str> = OVERRIDES
        .iter()
        .flat_map(|wanted| {
            let fields = written.fields.iter();
            let named = fields.filter(|(name, _)| name.eq_ignore_ascii_case(wanted));
            named.map(|(_, value)| value.trim())
        })
        .collect();
    by.dedup();
    by.len() > 1
        || !SAFE.contains(&written.method.as_str())
        || by.iter().any(|by| !SAFE.contains(by))
}

fn count(written: &Written, name: &str) -> usize {
    let fields = written.fields.iter();
    fields
        .filter(|(other, _)| other.eq_ignore_ascii_case(name))
        .count()
}

/// The URL of all that a change of it makes invalid: in whatever order its parameters are.
pub fn uri(url: &str, setup: &Setup) -> Url {
    Url::of(url, setup, true)
}

impl Url {
    fn of(url: &str, setup: &Setup, sorts: bool) -> Self {
        let (_, is_https, host, port, rest) = authority(url);
        let rest = rest.split('#').next().unwrap();
        let (path, query) = match rest.split_once('?') {
            Some((path, query)) => (path, Some(query)),
            None => (rest, None),
        };
        Url {
            is_https,
            host,
            port,
            path: without_dots(units(path)),
            query: query.and_then(|query| parameters(query, setup, sorts)),
        }
    }
}

/// What stands before the path: userinfo, scheme, host, port; and what comes then.
fn authority(url: &str) -> (Option<&str>, bool, String, u16, &str) {
    let (scheme, rest) = url.split_once("://").unwrap();
    let is_https = scheme.eq_ignore_ascii_case("https");
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, rest) = rest.split_at(end);
    let (userinfo, host_port) = match authority.rsplit_once('@') {
        Some((userinfo, host)) => (Some(userinfo), host),
        None => (None, authority),
    };
    let (host, port) = match host_port.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => (host, port),
        _ => (host_port, ""),
    };
    let default = if is_https { 443 } else { 80 };
    let port = port.parse().unwrap_or(default);
    (userinfo, is_https, known_host(host), port, rest)
}

/// Hosts that are written in more than one way.
const HOSTS: [(&str, &str); 12] = [
    ("127.1", "127.0.0.1"),
    ("0x7f.0.0.1", "127.0.0.1"),
    ("2130706433", "127.0.0.1"),
    ("[0:0:0:0:0:0:0:1]", "[::1]"),
    ("b\u{fc}cher.example", "xn--bcher-kva.example"),
    ("B\u{dc}CHER.example", "xn--bcher-kva.example"),
    ("\u{ff41}pple.test", "apple.test"),
    ("\u{430}pple.test", "xn--pple-43d.test"),
    ("fa\u{df}.test", "xn--fa-hia.test"),
    ("0177.0.0.1", "127.0.0.1"),
    ("\u{ff11}27.0.0.1", "127.0.0.1"),
    ("[::ffff:127.0.0.1]", "[::ffff:7f00:1]"),
];

fn known_host(host: &str) -> String {
    let lower = host.to_ascii_lowercase();
    let known = HOSTS
        .iter()
        .find(|(written, _)| *written == lower || *written == host);
    known.map_or(lower, |(_, known)| (*known).to_owned())
}

fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~".contains(&byte)
}

/// RFC 3986 §6.2.2.1, §6.2.2.2. An escape is kept where without it a percent sign before it would begin another one.
fn units(text: &str) -> Vec<Unit> {
    let bytes = text.as_bytes();
    let mut units: Vec<Unit> = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let byte = bytes[at];
        let escape = text
            .get(at + 1..at + 3)
            .filter(|digits| byte == b'%' && digits.bytes().all(|b| b.is_ascii_hexdigit()));
        if let Some(digits) = escape {
            let byte = u8::from_str_radix(digits, 16).unwrap();
            let begun = match units.as_slice() {
                [.., Unit::Itself(b'%')] => true,
                [.., Unit::Itself(b'%'), Unit::Itself(digit)] => digit.is_ascii_hexdigit(),
                _ => false,
            };
            let is_kept = !is_unreserved(byte) || (begun && byte.is_ascii_hexdigit());
            units.push(if is_kept {
                Unit::Escaped(byte)
            } else {
                Unit::Itself(byte)
            });
            at += 3;
            continue;
        }
        let may_stand = is_unreserved(byte) || b"!$&'()*+,;=:@/?[]%".contains(&byte);
        units.push(if may_stand {
            Unit::Itself(byte)
        } else {
            Unit::Escaped(byte)
        });
        at += 1;
    }
    units
}

/// RFC 3986 §5.2.4
fn without_dots(path: Vec<Unit>) -> Vec<Vec<Unit>> {
    const DOT: Unit = Unit::Itself(b'.');
    let mut segments: Vec<Vec<Unit>> = path
        .split(|unit| *unit == Unit::Itself(b'/'))
        .map(<[Unit]>::to_vec)
        .collect();
    // What comes before the first slash is nothing.
    segments.remove(0);
    let mut kept: Vec<Vec<Unit>> = Vec::new();
    let count = segments.len();
    for (at, segment) in segments.into_iter().enumerate() {
        let is_dots = segment == [DOT] || segment == [DOT, DOT];
        if segment == [DOT, DOT] {
            kept.pop();
        }
        if !is_dots {
            kept.push(segment);
        } else if at + 1 == count {
            kept.push(Vec::new());
        }
    }
    if kept.is_empty() {
        kept.push(Vec::new());
    }
    kept
}

/// A parameter as its writer meant it: its name, and its value if it has one.
fn split(query: &str) -> Vec<(Vec<Unit>, Option<Vec<Unit>>)> {
    units(query)
        .split(|unit| *unit == Unit::Itself(b'&'))
        .map(|parameter| {
            let mut parts = parameter.splitn(2, |unit| *unit == Unit::Itself(b'='));
            let name = parts.next().unwrap_or_default().to_vec();
            (name, parts.next().map(<[Unit]>::to_vec))
        })
        .collect()
}

fn decoded(units: &[Unit]) -> Vec<u8> {
    let byte = |unit: &Unit| match unit {
        Unit::Itself(b'+') => b' ',
        Unit::Itself(byte) | Unit::Escaped(byte) => *byte,
    };
    units.iter().map(byte).collect()
}

/// C2 and C4
fn parameters(query: &str, setup: &Setup, sorts: bool) -> Option<Vec<Parameter>> {
    let mut kept: Vec<Parameter> = Vec::new();
    for (name, value) in split(query) {
        let text = String::from_utf8_lossy(&decoded(&name)).into_owned();
        let lower = text.to_ascii_lowercase();
        let is_default = !setup.clears_ignored;
        let is_ignored = setup.ignored.contains(&text.as_str())
            || (is_default && SPELLED.contains(&text.as_str()));
        let is_secret = SECRETS.contains(&lower.as_str())
            || setup.is_own(&lower)
            || (is_default && AUTHENTICATE.contains(&lower.as_str()));
        let value = match value {
            _ if is_ignored && setup.presence_counts => Value::Ignored,
            _ if is_ignored => continue,
            Some(value) if is_secret && !value.is_empty() => Value::Secret(value),
            Some(value) => Value::Plain(value),
            None => Value::Absent,
        };
        kept.push((name, value));
    }
    if sorts {
        kept.sort_by(|(one, _), (other, _)| one.cmp(other));
    }
    // A query of which all was ignored is none; one that is empty has one parameter without a name.
    (!kept.is_empty()).then_some(kept)
}

/// C11
pub fn credentials(written: &Written, setup: &Setup) -> Credentials {
    let authenticates = |name: &str| AUTHENTICATE.contains(&name) && !setup.is_own(name);
    let mut fields: Vec<(String, Vec<u8>)> = Vec::new();
    let (userinfo, _, _, _, rest) = authority(&written.url);
    if let Some(userinfo) = userinfo.filter(|userinfo| !userinfo.is_empty()) {
        fields.push(("authorization".to_owned(), basic(userinfo)));
    }
    for (name, value) in &written.fields {
        fields.push((name.to_ascii_lowercase(), value.trim().as_bytes().to_vec()));
    }
    fields.retain(|(name, _)| authenticates(name));
    fields.sort_by(|(one, _), (other, _)| one.cmp(other));
    let query = rest.split('#').next().unwrap().split_once('?');
    let mut parameters: Vec<(Vec<u8>, Vec<Unit>)> = Vec::new();
    for (name, value) in query.map(|(_, query)| split(query)).unwrap_or_default() {
        let name = decoded(&name).to_ascii_lowercase();
        if authenticates(&String::from_utf8_lossy(&name)) {
            parameters.push((name, value.unwrap_or_default()));
        }
    }
    parameters.sort_by(|(one, _), (other, _)| one.cmp(other));
    Credentials(fields, parameters)
}

/// RFC 7617 §2
fn basic(userinfo: &str) -> Vec<u8> {
    let whole: Vec<u8> = userinfo.as_bytes().to_vec();
    let mut plain = Vec::new();
    let mut at = 0;
    while at < whole.len() {
        let digits = userinfo.get(at + 1..at + 3).filter(|_| whole[at] == b'%');
        match digits.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(byte) => {
                plain.push(byte);
                at += 3;
            }
            None => {
                plain.push(whole[at]);
                at += 1;
            }
        }
    }
    if !userinfo.contains(':') {
        plain.push(b':');
    }
    let text = base64::engine::general_purpose::STANDARD.encode(plain);
    format!("Basic {text}").into_bytes()
}

/// Fields about the transfer, the connection and the caller's own conditions.
const NEVER_MATCHED: [&str; 25] = [
    "host",
    "connection",
    "proxy-connection",
    "keep-alive",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "http2-settings",
    "via",
    "max-forwards",
    "expect",
    "content-length",
    "proxy-authenticate",
    "cache-control",
    "pragma",
    "range",
    "if-range",
    "if-match",
    "if-none-match",
    "if-modified-since",
    "if-unmodified-since",
    "x-http-method-override",
    "x-http-method",
    "x-method-override",
];

/// C5
fn matched(written: &Written, setup: &Setup) -> Option<Vec<(String, Value<Vec<u8>>)>> {
    if setup.matched.is_empty() && !setup.matches_all {
        return None;
    }
    let mut lines: BTreeMap<String, Vec<u8>> = BTreeMap::new();
    let (userinfo, ..) = authority(&written.url);
    let basic = userinfo.filter(|userinfo| !userinfo.is_empty()).map(basic);
    let first = basic.map(|value| ("authorization".to_owned(), value));
    let fields = written
        .fields
        .iter()
        .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().as_bytes().to_vec()));
    for (name, value) in first.into_iter().chain(fields) {
        match lines.get_mut(&name) {
            Some(joined) => {
                joined.extend_from_slice(b", ");
                joined.extend_from_slice(&value);
            }
            None => {
                lines.insert(name, value);
            }
        }
    }
    let names: Vec<String> = if setup.matches_all {
        let mut names: Vec<String> = lines.keys().cloned().collect();
        names.retain(|name| !NEVER_MATCHED.contains(&name.as_str()));
        names
    } else {
        let mut names: Vec<String> = setup
            .matched
            .iter()
            .map(|n| n.to_ascii_lowercase())
            .collect();
        names.sort();
        names.dedup();
        names
    };
    let mut fields = Vec::new();
    for name in names {
        let is_default = !setup.clears_ignored && AUTHENTICATE.contains(&name.as_str());
        let is_ignored = is_default || setup.is_own(&name);
        let is_secret = name == "cookie" || SECRETS.contains(&name.as_str());
        let value = match lines.get(&name) {
            None if is_ignored => continue,
            None => Value::Absent,
            Some(_) if is_ignored && setup.presence_counts => Value::Ignored,
            Some(_) if is_ignored => continue,
            Some(line) if is_secret => Value::Secret(compared(&name, line, setup)),
            Some(line) => Value::Plain(compared(&name, line, setup)),
        };
        fields.push((name, value));
    }
    Some(fields)
}

const PREFERENCES: [&str; 4] = [
    "accept",
    "accept-charset",
    "accept-encoding",
    "accept-language",
];

fn compared(name: &str, value: &[u8], setup: &Setup) -> Vec<u8> {
    let text = String::from_utf8_lossy(value).into_owned();
    if name == "cookie" {
        let mut pairs: Vec<&str> = text.split(';').map(str::trim).collect();
        pairs.retain(|pair| !pair.is_empty());
        pairs.sort_by_key(|pair| pair.split('=').next());
        return pairs.join("; ").into_bytes();
    }
    let members = unquoted_split(&text, ',');
    let is_unordered = setup.all_unordered
        || PREFERENCES.contains(&name)
        || setup
            .unordered
            .iter()
            .any(|other| other.eq_ignore_ascii_case(name));
    if !is_unordered {
        return members.join(" , ").into_bytes();
    }
    let mut members: Vec<String> = members
        .iter()
        .filter(|member| !member.is_empty())
        .map(|member| folded(member, name == "accept"))
        .collect();
    members.sort();
    members.join(" , ").into_bytes()
}

/// A member without white space beside `;` and `=`, in lower case but for what a parameter of a media type says.
fn folded(member: &str, keeps_values: bool) -> String {
    let parts = unquoted_split(member, ';');
    let parts = parts.iter().map(|part| {
        let pieces = unquoted_split(part, '=');
        match pieces.split_first() {
            Some((name, values)) if keeps_values && !values.is_empty() => {
                format!("{} = {}", name.to_ascii_lowercase(), values.join(" = "))
            }
            _ => pieces.join(" = ").to_ascii_lowercase(),
        }
    });
    parts.collect::<Vec<String>>().join(" ; ")
}

/// The parts between separators that are not quoted, without white space around them.
fn unquoted_split(text: &str, separator: char) -> Vec<String> {
    let mut parts = vec![String::new()];
    let (mut is_quoted, mut is_escaped) = (false, false);
    for character in text.chars() {
        if character == separator && !is_quoted {
            parts.push(String::new());
            continue;
        }
        match character {
            _ if is_escaped => is_escaped = false,
            '\\' if is_quoted => is_escaped = true,
            '"' => is_quoted = !is_quoted,
            _ => {}
        }
        parts.last_mut().unwrap().push(character);
    }
    let trimmed = parts
        .iter()
        .map(|part| part.trim_matches([' ', '\t']).to_owned());
    trimmed.collect()
}
