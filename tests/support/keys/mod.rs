//! Requests as their writers spell them, what they mean to one who knows the rules and not the code, and a generator
//! of both.

#![allow(dead_code, reason = "each test uses a part of it")]

pub mod generate;
pub mod oracle;

use httpcache::cache::Request;
use httpcache::key::matching::Matching;
use httpcache::key::{self, Identity};
use httpcache::policy::admit::{Admission, admit};
use httpcache::settings::{Settings, option};

/// A request as it is written, and what else its caller says of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Written {
    pub method: String,
    pub url: String,
    pub fields: Vec<(String, String)>,
    pub body: Vec<u8>,
    /// What the body means, where bodies are compared by that.
    pub body_means: Option<String>,
    pub partition: Option<Vec<u8>>,
    pub own_key: Option<Vec<u8>>,
    pub is_insecure: bool,
}

/// The settings that say which requests are the same.
#[derive(Clone, Debug, Default)]
pub struct Setup {
    pub cache_control: bool,
    pub sort_query: Option<bool>,
    pub presence_counts: bool,
    pub clears_ignored: bool,
    pub ignored: Vec<&'static str>,
    pub matched: Vec<&'static str>,
    pub matches_all: bool,
    pub unordered: Vec<&'static str>,
    pub all_unordered: bool,
    pub methods: Vec<&'static str>,
    pub collides: bool,
}

const METHOD: i32 = 200;
const IGNORED: i32 = 202;
const MATCH_FIELD: i32 = 203;
const UNORDERED_FIELD: i32 = 208;
const PARTITION: i32 = 300;

impl Setup {
    pub fn settings(&self) -> Settings {
        let mut settings = Settings {
            sort_query: self.sort_query,
            collides: self.collides,
            ..Settings::default()
        };
        let mut set = |number, is_on: bool| settings.set(number, i64::from(is_on)).unwrap();
        set(option::CACHE_CONTROL, self.cache_control);
        set(option::IGNORED_PRESENCE_COUNTS, self.presence_counts);
        set(option::MATCH_ALL_FIELDS, self.matches_all);
        set(option::UNORDERED_FIELDS, self.all_unordered);
        if self.clears_ignored {
            settings.clear(IGNORED).unwrap();
        }
        for (list, items) in [
            (METHOD, &self.methods),
            (IGNORED, &self.ignored),
            (MATCH_FIELD, &self.matched),
            (UNORDERED_FIELD, &self.unordered),
        ] {
            for item in items {
                settings.add(list, item.as_bytes()).unwrap();
            }
        }
        settings
    }
}

impl Written {
    /// Reads `METHOD URL`, lines of fields or of `@partition`, `@own` and `@insecure`, and behind an empty line a
    /// body.
    pub fn read(text: &str) -> Self {
        let (head, body) = text.split_once("\n\n").unwrap_or((text, ""));
        let mut lines = head.split('\n');
        let (method, url) = lines.next().unwrap().split_once(' ').unwrap();
        let mut written = Written {
            method: method.to_owned(),
            url: url.to_owned(),
            body: body.as_bytes().to_vec(),
            ..Written::default()
        };
        for line in lines {
            if let Some(partition) = line.strip_prefix("@partition ") {
                written.partition = Some(partition.as_bytes().to_vec());
            } else if let Some(own) = line.strip_prefix("@own ") {
                written.own_key = Some(own.as_bytes().to_vec());
            } else if line == "@insecure" {
                written.is_insecure = true;
            } else {
                let (name, value) = line.split_once(':').unwrap();
                written.fields.push((name.to_owned(), value.to_owned()));
            }
        }
        written
    }

    pub fn request(&self) -> Request {
        let mut request = Request::new(self.method.as_bytes(), self.url.as_bytes())
            .unwrap_or_else(|error| panic!("{:?}: {error}", self.url));
        for (name, value) in &self.fields {
            let fields = &mut request.http.fields;
            fields.add(name.as_bytes(), value.as_bytes()).unwrap();
        }
        request.http.body.clone_from(&self.body);
        if let Some(partition) = &self.partition {
            let overrides = &mut request.overrides;
            overrides.set_name(PARTITION, Some(partition)).unwrap();
        }
        if self.is_insecure {
            request.overrides.set(option::VERIFY_TLS, 0).unwrap();
        }
        request
    }

    /// What it is to the library; `None`: it goes past the cache.
    pub fn identity(&self, settings: &Settings, secret: &[u8; 32]) -> Option<Identity> {
        let request = self.request();
        let settings = settings.with(&request.overrides);
        let Admission::LookUp(class, _) = admit(&request.http, &settings) else {
            return None;
        };
        let matching = Matching {
            own_key: self.own_key.as_deref(),
            ..settings.matching()
        };
        Some(key::identify(&request.http, class, &matching, secret))
    }
}
