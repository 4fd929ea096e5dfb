//! The caches that scenarios run on: one for each, or one for all that want the same options.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use httpcache::cache::{Cache, Clock, Options};
use httpcache::error::{Error, Kind};
use httpcache::settings::{DO_NOT_CACHE, NEVER, OPTIONS, Settings, UNSET, option};

use super::format::{Setting, Setup};
use super::text::Texts;
use super::{Checked, T0, functions};

/// A directory that serves so many scenarios is given up: what is stored never goes by itself.
const MOST_SCENARIOS: u64 = 20_000;
/// So many shared caches are open at most.
const MOST_CACHES: usize = 48;

/// Gives scenarios the caches they run on.
pub struct Caches {
    now: Arc<AtomicI64>,
    is_shared: bool,
    scenarios: u64,
    shared: BTreeMap<Setup, Shared>,
}

struct Shared {
    cache: Arc<Cache>,
    scenarios: u64,
    last_used: u64,
    _directory: tempfile::TempDir,
}

/// A cache for one scenario.
pub struct Lent {
    pub cache: Arc<Cache>,
    pub texts: Texts,
    now: Arc<AtomicI64>,
    /// Of a cache that no other scenario has.
    directory: Option<tempfile::TempDir>,
}

impl Lent {
    /// Opens another cache on the same directory in place of this one; `Ok(Err(..))`: that is refused, and this one
    /// stays.
    pub fn reopen(&mut self, setup: &Setup) -> Checked<Result<(), Error>> {
        let directory = self.directory.as_ref().ok_or("the cache is shared")?;
        let opened = open(directory, setup, &self.now)?;
        Ok(opened.map(|cache| self.cache = cache))
    }

    /// Sets the clock, in milliseconds from T0.
    pub fn set_clock(&self, at: i64) {
        self.now.store(T0 + at, Ordering::Relaxed);
    }
}

impl Caches {
    /// `is_shared`: scenarios of equal options share a cache, and each has hosts of its own in it.
    pub fn new(is_shared: bool) -> Self {
        Caches {
            now: Arc::new(AtomicI64::new(T0)),
            is_shared,
            scenarios: 0,
            shared: BTreeMap::new(),
        }
    }

    /// The cache for a scenario; `Ok(Err(..))`: the library refuses what it is to be opened with.
    pub fn lend(&mut self, setup: &Setup) -> Checked<Result<Lent, Error>> {
        self.now.store(T0, Ordering::Relaxed);
        self.scenarios += 1;
        if !self.is_shared || setup.own_cache || setup.open.is_some() {
            let directory = directory()?;
            return Ok(open(&directory, setup, &self.now)?.map(|cache| Lent {
                cache,
                texts: Texts::new(None),
                now: self.now.clone(),
                directory: Some(directory),
            }));
        }
        self.make_room(setup);
        if !self.shared.contains_key(setup) {
            let directory = directory()?;
            let cache = match open(&directory, setup, &self.now)? {
                Ok(cache) => cache,
                Err(refused) => return Ok(Err(refused)),
            };
            let shared = Shared {
                cache,
                scenarios: 0,
                last_used: 0,
                _directory: directory,
            };
            self.shared.insert(setup.clone(), shared);
        }
        let shared = self.shared.get_mut(setup).ok_or("it was just opened")?;
        shared.scenarios += 1;
        shared.last_used = self.scenarios;
        Ok(Ok(Lent {
            cache: shared.cache.clone(),
            texts: Texts::new(Some(format!("s{}.", self.scenarios))),
            now: self.now.clone(),
            directory: None,
        }))
    }

    fn make_room(&mut self, wanted: &Setup) {
        match self.shared.get(wanted) {
            Some(shared) if shared.scenarios >= MOST_SCENARIOS => {
                self.shared.remove(wanted);
            }
            None if self.shared.len() >= MOST_CACHES => {
                let oldest = self.shared.iter().min_by_key(|(_, one)| one.last_used);
                if let Some(oldest) = oldest.map(|(setup, _)| setup.clone()) {
                    self.shared.remove(&oldest);
                }
            }
            _ => {}
        }
    }
}

fn open(
    directory: &tempfile::TempDir,
    setup: &Setup,
    now: &Arc<AtomicI64>,
) -> Checked<Result<Arc<Cache>, Error>> {
    let settings = match settings(setup)? {
        Ok(settings) => settings,
        Err(refused) => return Ok(Err(refused)),
    };
    let now = now.clone();
    let options = Options {
        settings,
        clock: Clock::Callback(Arc::new(move || now.load(Ordering::Relaxed))),
        filter: functions::filter(setup.filter.as_deref())?,
        own_matching: functions::matching(setup.key.as_deref(), setup.normalise.as_deref())?,
        ..Options::default()
    };
    Ok(Cache::open(&directory.path().join("cache"), options))
}

fn directory() -> Checked<tempfile::TempDir> {
    tempfile::tempdir().map_err(|error| format!("no temporary directory: {error}"))
}

/// The settings as the library takes them, or its refusal.
fn settings(setup: &Setup) -> Checked<Result<Settings, Error>> {
    let mut settings = Settings::default();
    let mut set = || -> Checked<Result<(), Error>> {
        let mut results = vec![settings.set(option::DURABILITY, 0)];
        for (name, value) in &setup.options {
            let (number, value) = (number(name)?, value_of(name, value)?);
            results.push(settings.set(number, value));
        }
        for name in &setup.clear {
            results.push(settings.clear(list(name)?));
        }
        for (name, items) in &setup.lists {
            for item in items {
                results.push(settings.add(list(name)?, item.as_bytes()));
            }
        }
        for (status, value) in &setup.status_expiry {
            let code = status
                .parse()
                .map_err(|_| format!("{status} is no status"))?;
            results.push(settings.set_status_expiry(code, value_of("", value)?));
        }
        for (kind, pattern, value) in &setup.url_rules {
            let (kind, value) = (pattern_kind(kind)?, value_of("", value)?);
            results.push(settings.add_url_rule(kind, pattern.as_bytes(), value));
        }
        for (name, value) in &setup.names {
            let value = value.as_deref().map(str::as_bytes);
            results.push(settings.set_name(self::name(name)?, value));
        }
        Ok(results.into_iter().collect())
    };
    Ok(set()?.map(|()| settings))
}

/// The number of an option by its name in lower case.
pub fn number(name: &str) -> Checked<i32> {
    OPTIONS
        .iter()
        .find(|spec| spec.name.strip_prefix("HC_OPT_") == Some(&name.to_ascii_uppercase()))
        .map(|spec| spec.number)
        .ok_or_else(|| format!("{name} is no option"))
}

/// The value of an option; an instant is told from T0 on.
pub fn value_of(option: &str, value: &Setting) -> Checked<i64> {
    Ok(match value {
        Setting::Number(at) if option == "expire_at" => T0 + at,
        Setting::Number(number) => *number,
        Setting::Name(name) => named(name)?,
    })
}

/// A named value.
pub fn named(name: &str) -> Checked<i64> {
    match name {
        "never" => Ok(NEVER),
        "unset" => Ok(UNSET),
        "do_not_cache" => Ok(DO_NOT_CACHE),
        "immediately" => Ok(0),
        _ => Err(format!("{name} names no value")),
    }
}

fn list(name: &str) -> Checked<i32> {
    match name {
        "method" => Ok(200),
        "status" => Ok(201),
        "ignored" => Ok(202),
        "match_field" => Ok(203),
        "targeted_field" => Ok(206),
        "unordered_field" => Ok(208),
        _ => Err(format!("{name} is no list")),
    }
}

/// The number of a name.
pub fn name(name: &str) -> Checked<i32> {
    match name {
        "partition" => Ok(300),
        "cache_name" => Ok(301),
        _ => Err(format!("{name} is no name that can be set")),
    }
}

fn pattern_kind(name: &str) -> Checked<i32> {
    match name {
        "glob" => Ok(1),
        "regex" => Ok(2),
        _ => Err(format!("{name} is no kind of pattern")),
    }
}

/// The name of an error, as in `HC_E_...`.
pub fn error_name(error: &Error) -> &'static str {
    match error.kind() {
        Kind::Argument => "argument",
        Kind::Misuse => "misuse",
        Kind::Unsupported => "unsupported",
        Kind::Conflict => "conflict",
        Kind::Url => "url",
        Kind::Field => "field",
        Kind::TooLarge => "too_large",
        Kind::Method => "method",
        _ => "another",
    }
}
