//! The published keys: what one release stored, every later one finds, in every language. `tests/formats/README.md`
//! says what stands in the file, and what it promises.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test stops where it fails"
)]

#[path = "../support/counts.rs"]
mod counts;

use std::collections::{BTreeMap, BTreeSet};
use std::os::unix::ffi::OsStrExt;
use std::sync::Arc;

use httpcache::cache::{Cache, Options, Request};
use httpcache::key::credentials::NOBODY;
use httpcache::key::matching::Matching;
use httpcache::key::{self, Identity, MethodClass};
use httpcache::policy::admit::{Admission, admit};
use httpcache::settings::{OPTIONS, Settings, option};
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    version: u8,
    vectors: Vec<Vector>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Vector {
    row: String,
    about: String,
    /// What another vector is about, whose key it shares.
    same_as: Option<String>,
    #[serde(default)]
    options: BTreeMap<String, i64>,
    #[serde(default)]
    clear: Vec<String>,
    #[serde(default)]
    lists: BTreeMap<String, Vec<String>>,
    #[serde(default)]
    names: BTreeMap<String, String>,
    authorities: Option<String>,
    own_key: Option<String>,
    class: Option<String>,
    request: Asked,
    key: Option<String>,
    encoding: Option<String>,
    mark: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    #[serde(default = "get")]
    method: String,
    url: String,
    #[serde(default)]
    fields: Vec<(String, String)>,
    #[serde(default)]
    body: String,
}

fn get() -> String {
    "GET".to_owned()
}

/// The secret of all vectors: the bytes 0 to 31.
fn secret() -> [u8; 32] {
    std::array::from_fn(|at| at as u8)
}

fn vectors() -> Vec<Vector> {
    let text = include_str!("../formats/keys.json");
    let file: File = serde_json::from_str(text).unwrap();
    assert_eq!(file.version, 1);
    file.vectors
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

impl Vector {
    fn settings(&self) -> Settings {
        let mut settings = Settings::default();
        for (name, value) in &self.options {
            let full = format!("HC_OPT_{}", name.to_uppercase());
            let spec = OPTIONS.iter().find(|spec| spec.name == full).unwrap();
            settings.set(spec.number, *value).unwrap();
        }
        for list in &self.clear {
            settings.clear(number(list)).unwrap();
        }
        for (list, items) in &self.lists {
            for item in items {
                settings.add(number(list), item.as_bytes()).unwrap();
            }
        }
        for (name, value) in &self.names {
            settings
                .set_name(number(name), Some(value.as_bytes()))
                .unwrap();
        }
        if let Some(text) = &self.authorities {
            let file = tempfile::NamedTempFile::new().unwrap();
            std::fs::write(file.path(), text).unwrap();
            let path = file.path().as_os_str().as_bytes();
            settings.set_name(number("ca_file"), Some(path)).unwrap();
        }
        settings
    }

    fn request(&self) -> Request {
        let (method, url) = (self.request.method.as_bytes(), self.request.url.as_bytes());
        let mut request = Request::new(method, url).unwrap();
        for (name, value) in &self.request.fields {
            let fields = &mut request.http.fields;
            fields.add(name.as_bytes(), value.as_bytes()).unwrap();
        }
        request.http.body = self.request.body.as_bytes().to_vec();
        request
    }

    fn class(&self, request: &Request, settings: &Settings) -> MethodClass {
        match self.class.as_deref() {
            Some("get") => MethodClass::Get,
            Some("part") => MethodClass::Part,
            Some("verbatim") => MethodClass::Verbatim,
            Some(other) => panic!("{}: class {other}", self.about),
            None => match admit(&request.http, settings) {
                Admission::LookUp(class, _) => class,
                other => panic!("{}: {other:?}", self.about),
            },
        }
    }

    fn identity(&self, secret: &[u8; 32]) -> Identity {
        let (settings, request) = (self.settings(), self.request());
        let matching = Matching {
            own_key: self.own_key.as_deref().map(str::as_bytes),
            ..settings.matching()
        };
        let class = self.class(&request, &settings);
        key::identify(&request.http, class, &matching, secret)
    }

    /// The line as it should be.
    fn completed(&self, identity: &Identity) -> String {
        let mut line = format!(
            "\"key\": \"{}\", \"encoding\": \"{}\"",
            identity.key,
            hex(&identity.key.text)
        );
        if identity.mark != NOBODY {
            line.push_str(&format!(", \"mark\": \"{}\"", hex(&identity.mark)));
        }
        line
    }
}

fn number(name: &str) -> i32 {
    match name {
        "method" => 200,
        "status" => 201,
        "ignored" => 202,
        "match_field" => 203,
        "unordered_field" => 208,
        "partition" => 300,
        "ca_file" => 311,
        other => panic!("{other} is no list or name"),
    }
}

#[test]
fn every_published_key_is_what_it_was() {
    let mut wrong = Vec::new();
    let vectors = vectors();
    for vector in &vectors {
        let identity = vector.identity(&secret());
        let mark = (identity.mark != NOBODY).then(|| hex(&identity.mark));
        let is_same = vector.key == Some(identity.key.to_string())
            && vector.encoding == Some(hex(&identity.key.text))
            && vector.mark == mark;
        if !is_same {
            let about = &vector.about;
            wrong.push(format!("{about}\t{}", vector.completed(&identity)));
        }
    }
    let mut by_row: BTreeMap<&str, usize> = BTreeMap::new();
    for vector in &vectors {
        *by_row.entry(&vector.row).or_default() += 1;
    }
    counts::tell(&format!("{} published keys: {by_row:?}", vectors.len()));
    assert!(by_row.values().all(|count| *count > 3), "{by_row:?}");
    assert!(wrong.is_empty(), "should be\n{}", wrong.join("\n"));
}

#[test]
fn what_is_the_same_shares_a_key_and_nothing_else_does() {
    let vectors = vectors();
    let by_about: BTreeMap<&str, &Vector> = vectors
        .iter()
        .map(|vector| (vector.about.as_str(), vector))
        .collect();
    assert_eq!(
        by_about.len(),
        vectors.len(),
        "each is about something else"
    );
    let mut first_of: BTreeMap<String, &str> = BTreeMap::new();
    for vector in &vectors {
        let identity = vector.identity(&secret());
        match &vector.same_as {
            Some(other) => {
                let other = by_about[other.as_str()];
                assert_eq!(other.same_as, None, "{}", vector.about);
                let expected = other.identity(&secret()).key;
                assert_eq!(identity.key.text, expected.text, "{}", vector.about);
                assert_eq!(identity.key.row, expected.row, "{}", vector.about);
            }
            None => {
                let taken = first_of.insert(identity.key.to_string(), &vector.about);
                assert_eq!(taken, None, "{}", vector.about);
            }
        }
    }
    let texts: BTreeSet<Vec<u8>> = vectors
        .iter()
        .map(|vector| vector.identity(&secret()).key.text)
        .collect();
    assert_eq!(texts.len(), first_of.len());
    let marks: BTreeSet<_> = vectors
        .iter()
        .filter_map(|vector| vector.mark.clone())
        .collect();
    assert!(marks.len() >= 20, "{} marks", marks.len());
}

#[test]
fn keys_without_secrets_are_the_same_in_every_store() {
    let mut checked = 0;
    for vector in vectors() {
        let elsewhere = vector.identity(&[0xa5; 32]).key;
        let has_secret = elsewhere != vector.identity(&secret()).key;
        if has_secret || vector.own_key.is_some() || vector.class.is_some() {
            continue;
        }
        let directory = tempfile::tempdir().unwrap();
        let mut options = Options {
            settings: vector.settings(),
            ..Options::default()
        };
        options.settings.set(option::DURABILITY, 0).unwrap();
        let cache = Cache::open(&directory.path().join("cache"), options).unwrap();
        let key = cache.key(&Arc::new(vector.request())).unwrap().unwrap();
        assert_eq!(Some(key.to_string()), vector.key, "{}", vector.about);
        assert_eq!(Some(hex(&key.text)), vector.encoding, "{}", vector.about);
        checked += 1;
    }
    counts::tell(&format!(
        "{checked} published keys without secrets, by the cache itself"
    ));
    assert!(checked > 150, "{checked}");
}

/// The key that follows from an encoding, made as the README of the file says, with nothing of the library.
fn key_of(encoding: &[u8]) -> String {
    let (head, rest) = encoding.split_at(10);
    assert_eq!(head[0], 1, "the version");
    let length = u64::from_le_bytes(head[2..].try_into().unwrap());
    let (target, rest) = rest.split_at(length as usize);
    let half = |bytes: &[u8]| hex(&blake3::hash(bytes).as_bytes()[..16]);
    if head[1] == 1 {
        return half(&[b"\0", target].concat()) + &half(rest);
    }
    let text = std::str::from_utf8(target).unwrap();
    let sorted = match text.split_once('?') {
        None => text.to_owned(),
        Some((base, query)) => {
            let mut parameters: Vec<&str> = query.split('&').collect();
            parameters.sort_by_key(|parameter| parameter.split('=').next());
            format!("{base}?{}", parameters.join("&"))
        }
    };
    let order = if sorted == text { &[] } else { target };
    half(sorted.as_bytes()) + &half(&[rest, order].concat())
}

#[test]
fn a_key_follows_from_its_encoding() {
    for vector in vectors() {
        let text = vector.encoding.unwrap();
        let bytes: Vec<u8> = (0..text.len())
            .step_by(2)
            .map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap())
            .collect();
        assert_eq!(Some(key_of(&bytes)), vector.key, "{}", vector.about);
    }
}
