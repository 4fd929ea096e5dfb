//! Sequences of calls on one cache. What an origin said is kept beside it, so that what comes from the cache can be
//! compared.

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use httpcache::cache::{Cache, Clock, Level, Log, Options, Request};
use httpcache::settings::{NEVER, Settings, option};

use super::script::{self, Script, Step};
use super::talk::{Bodies, Talk};

pub const START: i64 = 1_700_000_000_000;
const CC: (i32, i64) = (option::CACHE_CONTROL, 1);
const SHARED: (i32, i64) = (option::SHARED, 1);

/// The settings a script can choose from.
const SETTINGS: [&[(i32, i64)]; 8] = [
    &[],
    &[CC],
    &[CC, SHARED],
    &[
        CC,
        (option::NO_VARY_SEARCH, 1),
        (option::GROUPS, 1),
        (option::SELECT_LANGUAGE, 1),
        (option::CACHE_STATUS, 1),
    ],
    &[
        CC,
        SHARED,
        (option::CACHE_STATUS, 1),
        (option::SORT_QUERY, 1),
    ],
    &[
        (option::EXPIRE_AFTER, 10_000),
        (option::STALE_IF_ERROR, 5000),
        (option::NO_VARY_SEARCH, 1),
        (option::GROUPS, 1),
        (option::INVALIDATE, 1),
    ],
    &[
        CC,
        (option::STALE_IF_ERROR, NEVER),
        (option::STALE_WHILE_REVALIDATE, 5000),
        (option::IMMUTABLE_FOREVER, 1),
    ],
    &[
        CC,
        (option::EXPIRE_AFTER, 0),
        (option::MAX_RESPONSE_BYTES, 60_000),
        (option::MAX_VARIANTS, 2),
    ],
];
/// The one with a targeted field, and the one with lists of methods and statuses.
const WITH_TARGETED: usize = 4;
const WITH_LISTS: usize = 5;

pub fn run(data: &[u8]) {
    let script = script::read(data);
    let which = script.settings % SETTINGS.len();
    CACHES.with_borrow_mut(|caches| {
        // A full cache answers no faster: another one now and then.
        let bench = caches.entry(which).or_insert_with(|| Bench::new(which));
        bench.run(&script);
        bench.inputs += 1;
        if bench.inputs == 3000 {
            caches.remove(&which);
        }
    });
}

thread_local! {
    static CACHES: RefCell<HashMap<usize, Bench>> = RefCell::default();
}

struct Bench {
    cache: Arc<Cache>,
    now: Arc<AtomicI64>,
    /// What the cache reported of itself.
    faults: Arc<Mutex<Vec<String>>>,
    inputs: usize,
    _directory: tempfile::TempDir,
}

impl Bench {
    fn new(which: usize) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let mut settings = Settings::default();
        settings.set(option::DURABILITY, 0).unwrap();
        for (number, value) in SETTINGS[which] {
            settings.set(*number, *value).unwrap();
        }
        if which == WITH_TARGETED {
            settings.add(206, b"CDN-Cache-Control").unwrap();
        }
        if which == WITH_LISTS {
            settings.add(200, b"POST").unwrap();
            settings.add(201, b"206").unwrap();
            settings.add(201, b"404").unwrap();
        }
        let now = Arc::new(AtomicI64::new(START));
        let faults = Arc::new(Mutex::new(Vec::new()));
        let (clock, reported) = (now.clone(), faults.clone());
        let options = Options {
            settings,
            clock: Clock::Callback(Arc::new(move || clock.load(Ordering::Relaxed))),
            log: Log::new(Level::Error as i32, move |_, line| {
                reported.lock().unwrap().push(line.to_owned());
            }),
            ..Options::default()
        };
        Bench {
            cache: Cache::open(&directory.path().join("cache"), options).unwrap(),
            now,
            faults,
            inputs: 0,
            _directory: directory,
        }
    }

    fn run(&self, script: &Script) {
        static INPUTS: AtomicU64 = AtomicU64::new(0);
        let origin = format!("http://h{}.test", INPUTS.fetch_add(1, Ordering::Relaxed));
        let mut bodies = Bodies::new();
        self.now.store(START, Ordering::Relaxed);
        for step in &script.steps {
            match step {
                Step::Time { by, millis } => {
                    let from = if *by {
                        self.now.load(Ordering::Relaxed)
                    } else {
                        START
                    };
                    let to = from.saturating_add(*millis).max(0);
                    self.now.store(to, Ordering::Relaxed);
                }
                Step::Request(request) => self.request(&origin, request, &mut bodies),
            }
        }
        let faults = std::mem::take(&mut *self.faults.lock().unwrap());
        assert!(
            faults.is_empty(),
            "no input makes the store fail: {faults:?}"
        );
    }

    fn request(&self, origin: &str, scripted: &script::Request, bodies: &mut Bodies) {
        let url = [origin.as_bytes(), &scripted.path].concat();
        let Ok(mut request) = Request::new(&scripted.method, &url) else {
            return;
        };
        if request.http.url.origin() != origin {
            return;
        }
        request.http.fields.append_all(&scripted.fields).unwrap();
        for (number, value) in &scripted.options {
            let _ = request.overrides.set(*number, *value);
        }
        let request = Arc::new(request);
        let Ok(exchange) = self.cache.lookup(&request) else {
            return;
        };
        let mut talk = Talk::new(&request, *exchange, bodies);
        talk.check_lookup();
        for answer in &scripted.answers {
            if !talk.is_awaiting() || !talk.answer(answer) {
                break;
            }
        }
    }
}
