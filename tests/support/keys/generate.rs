//! Requests by chance, close to one another: few pieces, each spelled in many ways.

use super::{Setup, Written};

/// A small generator: the same requests in each run.
pub struct Chance(u64);

impl Chance {
    pub fn new(seed: u64) -> Self {
        Chance(seed ^ 0x9e37_79b9_7f4a_7c15)
    }

    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 16
    }

    pub fn below(&mut self, end: usize) -> usize {
        (self.next() % end as u64) as usize
    }

    pub fn one_in(&mut self, count: usize) -> bool {
        self.below(count) == 0
    }

    pub fn pick<T: Copy>(&mut self, list: &[T]) -> T {
        list[self.below(list.len())]
    }
}

/// A request in parts, which are written in one of many ways.
#[derive(Clone, Debug)]
pub struct Parts {
    method: &'static str,
    is_https: bool,
    userinfo: Option<&'static str>,
    host: usize,
    port: Option<u16>,
    segments: Vec<&'static str>,
    query: Option<Vec<(&'static str, Option<&'static str>)>>,
    fields: Vec<(&'static str, &'static str)>,
    body: Option<usize>,
    partition: Option<&'static str>,
    own_key: Option<&'static str>,
    is_insecure: bool,
}

/// Each is one host in several spellings.
const HOSTS: [&[&str]; 7] = [
    &["h", "H"],
    &["example.org", "EXAMPLE.org", "Example.Org"],
    &["example.org.", "example.ORG."],
    &["127.0.0.1", "127.1", "0x7f.0.0.1", "2130706433"],
    &["[::1]", "[0:0:0:0:0:0:0:1]"],
    &[
        "xn--bcher-kva.example",
        "b\u{fc}cher.example",
        "B\u{dc}CHER.example",
    ],
    &["bucher.example"],
];
const SEGMENTS: [&str; 20] = [
    "a", "b", "A", "", "a%2Fb", "a%2fb", "%2E%2e", "..", ".", "...", "%25", "%", "%zz", "a;b",
    "a%3Bb", "\u{fc}", "%C3%BC", "~", "%7e", "[]",
];
const NAMES: [&str; 24] = [
    "a",
    "b",
    "A",
    "",
    "foo",
    "Foo",
    "f%6Fo",
    "foo[]",
    "api_key",
    "API_KEY",
    "api%5Fkey",
    "apikey",
    "access_token",
    "token",
    "Token",
    "sig",
    "a%26",
    "a%3D",
    "a+",
    "a%20",
    "cookie",
    "Authorization",
    "%00",
    "%",
];
const VALUES: [&str; 20] = [
    "1",
    "2",
    "",
    "=",
    "a=b",
    "a%3Db",
    "a%26b",
    "+",
    "%20",
    "%2B",
    "%2b",
    "%00",
    "a?b",
    "/../",
    "%zz",
    "\u{fc}",
    "%c3%bc",
    "%0024ba71b2",
    "#",
    "REDACTED",
];
const FIELDS: [(&str, &str); 30] = [
    ("Accept", "a/b, c/d"),
    ("accept", "C/D,\ta/b"),
    ("Accept", "a/b;x=Y"),
    ("Accept", "a/b; X=Y"),
    ("Accept", "a/b;x=y"),
    ("Accept-Language", "de, en;q=0.5"),
    ("accept-language", "EN; q=0.5,de"),
    ("Accept-Language", "de"),
    ("X-List", "a, b"),
    ("x-list", "a,b"),
    ("X-List", "b, A"),
    ("X-List", "\"a, b\""),
    ("X-List", "\"a,b\""),
    ("X-List", "a"),
    ("X-List", ""),
    ("X-Other", "a"),
    ("Cookie", "a=1; b=2"),
    ("cookie", "b=2;a=1"),
    ("Cookie", "a=1; a=2"),
    ("Authorization", "Basic YTph"),
    ("Authorization", "Basic Yg=="),
    ("X-API-Key", "1"),
    ("x-api-key", "2"),
    ("token", "1"),
    ("Foo", "1"),
    ("Range", "bytes=0-1"),
    ("If-None-Match", "\"1\""),
    ("X-HTTP-Method-Override", "GET"),
    ("X-HTTP-Method", "GET"),
    ("X-HTTP-Method", "HEAD"),
];
const USERINFO: [&str; 5] = ["a:a", "a%3Aa", "a", "a:", "b:b"];
const METHODS: [&str; 6] = ["GET", "GET", "GET", "HEAD", "POST", "QUERY"];
const PARTITIONS: [&str; 5] = ["a", "A", "a, b", "http://h/", "\0"];
const OWN_KEYS: [&str; 6] = ["a", "http://h/", "\0http://h/", "\u{1}\0", "a\0", "\0"];

/// Bodies, their type, and what they mean where they are compared by that (C3).
const BODIES: [(&str, &str, Option<&str>); 14] = [
    ("", "a", None),
    ("", "a=1&b=2", None),
    ("text/plain", "b", None),
    ("application/json", "{\"a\":1,\"b\":[1,2]}", Some("json 1")),
    (
        "application/json",
        "{ \"b\": [1, 2], \"a\": 1 }",
        Some("json 1"),
    ),
    (
        "application/json",
        "{\"\\u0061\":1,\"b\":[1,2]}",
        Some("json 1"),
    ),
    ("application/json", "{\"a\":1,\"b\":[2,1]}", Some("json 2")),
    (
        "application/json",
        "{\"a\":1.0,\"b\":[1,2]}",
        Some("json 3"),
    ),
    (
        "application/json",
        "{\"a\":\"1\",\"b\":[1,2]}",
        Some("json 4"),
    ),
    ("application/json", "{\"a\":1,\"a\":1}", Some("json 5")),
    (
        "application/x-www-form-urlencoded",
        "b=2&a=1",
        Some("form 1"),
    ),
    (
        "application/x-www-form-urlencoded",
        "a=1&b=2",
        Some("form 1"),
    ),
    (
        "application/x-www-form-urlencoded",
        "a=1&b=2&",
        Some("form 2"),
    ),
    (
        "application/x-www-form-urlencoded",
        "a=2&a=1",
        Some("form 3"),
    ),
];

pub fn setup(chance: &mut Chance) -> Setup {
    let mut setup = Setup {
        cache_control: chance.one_in(3),
        methods: vec!["POST", "QUERY"],
        presence_counts: chance.one_in(3),
        clears_ignored: chance.one_in(5),
        ..Setup::default()
    };
    if chance.one_in(3) {
        setup.sort_query = Some(chance.one_in(2));
    }
    if chance.one_in(2) {
        setup.ignored = vec!["foo", "a+", "a "];
    }
    if chance.one_in(4) {
        setup.ignored.push("authorization");
    }
    match chance.below(4) {
        0 => setup.matches_all = true,
        1 => setup.matched = vec!["Accept", "Accept-Language", "X-List"],
        2 => setup.matched = vec!["Cookie", "X-List", "Authorization", "token", "foo"],
        _ => {}
    }
    match chance.below(4) {
        0 => setup.unordered = vec!["X-List"],
        1 => setup.all_unordered = true,
        _ => {}
    }
    setup
}

fn some<T: Copy>(chance: &mut Chance, one_in: usize, list: &[T]) -> Option<T> {
    chance.one_in(one_in).then(|| chance.pick(list))
}

fn parameter(chance: &mut Chance) -> (&'static str, Option<&'static str>) {
    let name = chance.pick(&NAMES);
    let value = (!chance.one_in(6)).then(|| chance.pick(&VALUES));
    // A fragment would begin.
    (name, value.filter(|value| *value != "#"))
}

fn own_key(chance: &mut Chance) -> Option<&'static str> {
    some(chance, 12, &OWN_KEYS)
}

impl Parts {
    pub fn new(chance: &mut Chance) -> Self {
        let count = |chance: &mut Chance, most: usize| chance.below(most + 1);
        let segments = count(chance, 3);
        let parameters = chance.below(5);
        let fields = count(chance, 3);
        Parts {
            method: chance.pick(&METHODS),
            is_https: chance.one_in(4),
            userinfo: some(chance, 8, &USERINFO),
            host: chance.below(HOSTS.len()),
            port: some(chance, 4, &[80, 443, 8080]),
            segments: (0..segments).map(|_| chance.pick(&SEGMENTS)).collect(),
            query: (parameters > 0).then(|| (0..parameters).map(|_| parameter(chance)).collect()),
            fields: (0..fields).map(|_| chance.pick(&FIELDS)).collect(),
            body: chance.one_in(4).then(|| chance.below(BODIES.len())),
            partition: some(chance, 6, &PARTITIONS),
            own_key: own_key(chance),
            is_insecure: chance.one_in(10),
        }
    }

    /// Another request close to it.
    pub fn changed(&self, chance: &mut Chance) -> Self {
        let mut other = self.clone();
        match chance.below(14) {
            0 => other.method = chance.pick(&METHODS),
            1 => other.is_https = !other.is_https,
            2 => other.userinfo = some(chance, 2, &USERINFO),
            3 => other.host = chance.below(HOSTS.len()),
            4 => other.port = some(chance, 2, &[80, 443, 8080]),
            5 => {
                let at = chance.below(other.segments.len() + 1);
                other.segments.insert(at, chance.pick(&SEGMENTS));
            }
            6 => {
                other.segments.pop();
            }
            7 | 8 => {
                let query = other.query.get_or_insert_default();
                let at = chance.below(query.len() + 1);
                query.insert(at, parameter(chance));
            }
            9 => {
                other.query = other.query.and_then(|mut query| {
                    let at = chance.below(query.len());
                    query.remove(at);
                    (!query.is_empty()).then_some(query)
                });
            }
            10 => other.fields.push(chance.pick(&FIELDS)),
            11 => other.body = chance.one_in(2).then(|| chance.below(BODIES.len())),
            12 => other.partition = some(chance, 2, &PARTITIONS),
            _ => {
                other.own_key = some(chance, 2, &OWN_KEYS);
                other.is_insecure = chance.one_in(2);
            }
        }
        other
    }

    /// One spelling of it: most of them mean the same, and the oracle knows which.
    pub fn write(&self, chance: &mut Chance) -> Written {
        let mut url = chance
            .pick(if self.is_https {
                &["https://", "HTTPS://"]
            } else {
                &["http://", "Http://"]
            })
            .to_owned();
        if let Some(userinfo) = self.userinfo {
            url.push_str(userinfo);
            url.push('@');
        }
        url.push_str(chance.pick(HOSTS[self.host]));
        match self.port {
            Some(port) => url.push_str(&format!(":{port}")),
            None if chance.one_in(4) => {
                url.push_str(if self.is_https { ":443" } else { ":80" });
            }
            None => {}
        }
        for segment in &self.segments {
            if chance.one_in(6) {
                url.push_str(chance.pick(&["/.", "/x/..", "/%2e", "/x/.%2E"]));
            }
            url.push('/');
            url.push_str(&respelled(segment, chance));
        }
        if let Some(query) = &self.query {
            let mut query = query.clone();
            if chance.one_in(3) {
                let (one, other) = (chance.below(query.len()), chance.below(query.len()));
                query.swap(one, other);
            }
            let parameters: Vec<String> = query
                .iter()
                .map(|(name, value)| {
                    let name = respelled(name, chance);
                    match value {
                        Some(value) => format!("{name}={}", respelled(value, chance)),
                        None => name,
                    }
                })
                .collect();
            url.push('?');
            url.push_str(&parameters.join("&"));
        }
        if chance.one_in(5) {
            url.push_str("#fragment?a=1");
        }
        let mut fields = self.fields.clone();
        if fields.len() > 1 && chance.one_in(3) {
            fields.swap(0, 1);
        }
        let mut fields: Vec<(String, String)> = fields
            .iter()
            .map(|(name, value)| {
                let space = chance.pick(&["", "", " ", "\t"]);
                ((*name).to_owned(), format!("{space}{value}{space}"))
            })
            .collect();
        let body = self.body.map(|at| BODIES[at]);
        if let Some((kind, ..)) = body.filter(|(kind, ..)| !kind.is_empty()) {
            fields.push(("Content-Type".to_owned(), kind.to_owned()));
        }
        Written {
            method: self.method.to_owned(),
            url,
            fields,
            body: body.map_or(Vec::new(), |(_, body, _)| body.as_bytes().to_vec()),
            body_means: body.and_then(|(.., meaning)| meaning.map(str::to_owned)),
            partition: self.partition.map(|name| name.as_bytes().to_vec()),
            own_key: self.own_key.map(|key| key.as_bytes().to_vec()),
            is_insecure: self.is_insecure,
        }
    }
}

/// Some of its bytes escaped, and the digits of escapes in another case.
fn respelled(text: &str, chance: &mut Chance) -> String {
    let mut respelled = String::new();
    let mut before = [' ', ' '];
    for character in text.chars() {
        // Within an escape nothing may be escaped.
        let is_free = !before.contains(&'%');
        if character.is_ascii_alphanumeric() && is_free && chance.one_in(8) {
            let byte = character as u8;
            if chance.one_in(2) {
                respelled.push_str(&format!("%{byte:02x}"));
            } else {
                respelled.push_str(&format!("%{byte:02X}"));
            }
        } else {
            respelled.push(character);
        }
        before = [before[1], character];
    }
    respelled
}
