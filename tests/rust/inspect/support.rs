//! A cache directory with a clock of its own, and what is stored in it.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use httpcache::cache::{Cache, Clock, Item, Options, Outcome, Query, Request, Response};
use httpcache::error::Result;
use httpcache::http::ResponseHead;
use httpcache::settings::{Settings, list, option};

pub type Field<'a> = (&'a str, &'a str);

pub const START: i64 = 1_700_000_000_000;

pub struct Directory {
    folder: tempfile::TempDir,
    now: Arc<AtomicI64>,
}

impl Directory {
    pub fn new() -> Self {
        Directory {
            folder: tempfile::tempdir().unwrap(),
            now: Arc::new(AtomicI64::new(START)),
        }
    }

    pub fn path(&self) -> PathBuf {
        self.folder.path().join("cache")
    }

    pub fn options(&self, change: impl FnOnce(&mut Settings)) -> Options {
        let now = self.now.clone();
        let mut options = Options {
            clock: Clock::Callback(Arc::new(move || now.load(Ordering::Relaxed))),
            ..Options::default()
        };
        options.settings.set(option::DURABILITY, 0).unwrap();
        options.settings.add(list::METHOD, b"POST").unwrap();
        change(&mut options.settings);
        options
    }

    pub fn open(&self, change: impl FnOnce(&mut Settings)) -> Arc<Cache> {
        Cache::open(&self.path(), self.options(change)).unwrap()
    }

    pub fn later(&self, milliseconds: i64) {
        self.now.fetch_add(milliseconds, Ordering::Relaxed);
    }

    /// The one generation that there is.
    pub fn generation(&self) -> PathBuf {
        self.path().join("g-1")
    }

    pub fn body_files(&self) -> Vec<PathBuf> {
        let entries = std::fs::read_dir(self.generation().join("bodies")).unwrap();
        entries.map(|entry| entry.unwrap().path()).collect()
    }
}

/// Changes one byte of each place in a file where some bytes stand; says how many there are.
pub fn damage(file: &Path, needle: &[u8]) -> usize {
    let mut bytes = std::fs::read(file).unwrap();
    let mut places = Vec::new();
    for (at, window) in bytes.windows(needle.len()).enumerate() {
        if window == needle {
            places.push(at);
        }
    }
    for at in &places {
        *bytes.get_mut(*at).unwrap() ^= 1;
    }
    std::fs::write(file, bytes).unwrap();
    places.len()
}

pub fn request(line: &str, fields: &[Field<'_>]) -> Request {
    let (method, url) = line.split_once(' ').unwrap();
    let mut request = Request::new(method.as_bytes(), url.as_bytes()).unwrap();
    for (name, value) in fields {
        let fields = &mut request.http.fields;
        fields.add(name.as_bytes(), value.as_bytes()).unwrap();
    }
    request
}

pub fn get(url: &str) -> Request {
    request(&format!("GET {url}"), &[])
}

pub fn answer(fields: &[Field<'_>], body: &[u8]) -> Response {
    let mut head = ResponseHead::new(200, b"OK").unwrap();
    for (name, value) in fields {
        head.fields.add(name.as_bytes(), value.as_bytes()).unwrap();
    }
    let mut response = Response::built(head);
    response.set_body(body.to_vec());
    response
}

/// Stores an answer; gives the key of it.
pub fn store_with(
    cache: &Arc<Cache>,
    request: Request,
    fields: &[Field<'_>],
    body: &[u8],
) -> String {
    let mut exchange = cache.lookup(&Arc::new(request)).unwrap();
    let outcome = exchange.store(&answer(fields, body)).unwrap();
    assert_eq!(outcome, Outcome::Stored, "{:?}", exchange.reason());
    exchange.handed_on().unwrap().info.key.unwrap().to_string()
}

pub fn store(cache: &Arc<Cache>, url: &str, body: &str) -> String {
    store_with(cache, get(url), &[], body.as_bytes())
}

/// The body that answers a request, fresh or stale; `None`: it is to be sent.
pub fn found(cache: &Arc<Cache>, request: Request) -> Option<String> {
    let mut exchange = cache.lookup(&Arc::new(request)).unwrap();
    let mut response = exchange.take_handed_on()?;
    Some(text(&mut response))
}

pub fn text(response: &mut Response) -> String {
    let body = response.load_body().unwrap();
    String::from_utf8_lossy(body.as_slice()).into_owned()
}

pub fn walked(cache: &Arc<Cache>, query: Query) -> Vec<Item> {
    let mut walk = cache.walk(query);
    let mut items = Vec::new();
    while let Some(item) = walk.step(false).unwrap() {
        items.push(item);
    }
    items
}

/// The paths of what a walk meets, in its order; `!` stands for what cannot be read.
pub fn paths(cache: &Arc<Cache>, query: Query) -> Vec<String> {
    let path = |item: &Item| match item.response() {
        Some(response) => {
            let url = response.url().unwrap();
            let origin = url.origin().len();
            url.as_str().get(origin..).unwrap_or_default().to_owned()
        }
        None => "!".to_owned(),
    };
    walked(cache, query).iter().map(path).collect()
}

/// The same without regard to the order.
pub fn sorted(cache: &Arc<Cache>, query: Query) -> Vec<String> {
    let mut paths = paths(cache, query);
    paths.sort();
    paths
}

pub fn responses(cache: &Arc<Cache>) -> u64 {
    cache.statistics().unwrap().responses
}

pub fn glob(pattern: &str) -> Result<Query> {
    Ok(Query {
        glob: Some(httpcache::cache::UrlGlob::read(pattern.as_bytes())?),
        ..Query::default()
    })
}
