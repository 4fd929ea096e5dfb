//! The engine: joins key, storage and policy. Knows no network.

pub mod aliases;
mod body;
mod clock;
mod counters;
mod exchange;
mod filter;
mod held;
mod hidden;
mod inspect;
mod log;
mod marks;
mod own_key;
mod rekey;
mod response;
mod shelf;
mod shown;
mod work;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use arc_swap::ArcSwapOption;

pub use self::body::{Arrival, Body, Bytes};
pub use self::clock::Clock;
pub use self::counters::Statistics;
pub use self::exchange::{Exchange, Outcome};
pub use self::filter::{Filter, Verdict};
pub use self::inspect::{Item, Kinds, Order, Query, Updated, UrlGlob, Verification, Walk};
pub use self::log::{Level, Log};
pub use self::own_key::{KeySink, OwnMatching};
pub use self::rekey::Rekeyed;
pub use self::response::{Info, Recorded, Response, Times};
pub use self::work::Work;
pub use crate::policy::decide::Decision;
pub use crate::settings::{Cancellation, Overrides};
pub use crate::storage::forks;

use self::counters::Counters;
use self::exchange::Refreshing;
use self::hidden::Hidden;
use self::own_key::Inside;
use self::work::Works;
use crate::error::{Error, Kind, Result};
use crate::http;
use crate::key::PrimaryKey;
use crate::settings::{Place, Settings};
use crate::storage::{Store, StoreOptions};

/// What a cache is opened with.
#[derive(Clone, Default)]
pub struct Options {
    /// The settings.
    pub settings: Settings,
    /// What tells the time.
    pub clock: Clock,
    /// Where log lines go.
    pub log: Log,
    /// Who is asked before a response is stored and when one is reused.
    pub filter: Filter,
    /// Who says which requests are the same, in place of the settings.
    pub own_matching: OwnMatching,
}

/// A request and its own settings.
#[derive(Clone, Debug)]
pub struct Request {
    /// The request as it is sent.
    pub http: http::Request,
    /// The settings that hold for it alone.
    pub overrides: Overrides,
    /// The wish to end whatever waits for its answer.
    pub cancellation: Cancellation,
}

impl Request {
    /// Makes a request without fields, content and settings of its own.
    pub fn new(method: &[u8], url: &[u8]) -> Result<Self> {
        let http = http::Request::new(method, url)?;
        Ok(Request {
            http,
            overrides: Overrides::default(),
            cancellation: Cancellation::default(),
        })
    }
}

/// An open cache. Thread: any.
pub struct Cache {
    options: Options,
    store: ArcSwapOption<Store>,
    path: PathBuf,
    counters: Counters,
    refreshing: Refreshing,
    inside: Inside,
    hidden: Hidden,
    works: Arc<Works>,
    /// Why something was lost with a store that had to be opened anew, for the next flush.
    lost: ArcSwapOption<Error>,
}

impl Cache {
    /// Opens the cache in a directory, making it if there is none.
    pub fn open(path: &Path, options: Options) -> Result<Arc<Self>> {
        options.settings.check()?;
        let store = open_store(path, &options)?;
        Ok(Arc::new(Cache {
            // A relative path means what it meant here, also after a change of directory.
            path: std::path::absolute(path).unwrap_or_else(|_| path.to_owned()),
            options,
            store: ArcSwapOption::from(Some(store)),
            counters: Counters::default(),
            refreshing: Refreshing::default(),
            inside: Inside::default(),
            hidden: Hidden::default(),
            works: Arc::default(),
            lost: ArcSwapOption::empty(),
        }))
    }

    /// The same where the settings may say what the path means. `None` is no path.
    ///
    /// [`Kind::Argument`]: a path is needed, or a name. [`Kind::Unsupported`]: the environment does not tell where the
    /// user's caches are.
    pub fn open_in_place(path: Option<&Path>, options: Options) -> Result<Arc<Self>> {
        let place = options.settings.place;
        let variable = |name: &str| std::env::var_os(name).map(PathBuf::from);
        let path = place.resolve(path, &variable)?;
        if place == Place::Temporary {
            return Self::open(&Store::temporary_path(&path)?, options);
        }
        Self::open(&path, options)
    }

    /// Decides how a request is answered.
    pub fn lookup(self: &Arc<Self>, request: &Arc<Request>) -> Result<Box<Exchange>> {
        Exchange::new(self, request)
    }

    /// What is stored for a request has this key, whichever variant it is. `None`: the cache has no part in the
    /// request. A function of the caller's that fails is an error here, where no answer depends on it.
    pub fn key(self: &Arc<Self>, request: &Arc<Request>) -> Result<Option<PrimaryKey>> {
        Exchange::key_of_request(self, request)
    }

    /// Stores a response as the answer to a request, as told: no policy and no filter is asked. `false`: the cache has no part
    /// in such a request. The times are instants in milliseconds; unset they are now, and what the settings say; `expires_at`
    /// may be never.
    pub fn put(
        self: &Arc<Self>,
        request: &Arc<Request>,
        response: &Response,
        created_at: i64,
        expires_at: i64,
    ) -> Result<bool> {
        Exchange::put(self, request, response, created_at, expires_at)
    }

    /// Waits until the work in the background is over and everything stored so far is on the disk. An error other
    /// than [`Kind::Timeout`] is why something that was stored since the last flush is not.
    pub fn flush(&self, timeout: Duration) -> Result<()> {
        let began = Instant::now();
        self.works.wait(timeout)?;
        let left = timeout.saturating_sub(began.elapsed());
        let store = self.current_store()?;
        let flushed = store.flush(left);
        self.report_losses(&store);
        let lost = self.lost.swap(None);
        lost.map_or(flushed, |error| Err((*error).clone()))
    }

    /// Commits what waits, on this thread, for about so long; says whether nothing is left.
    pub fn work(&self, budget: Duration) -> Result<bool> {
        let store = self.current_store()?;
        let done = store.work(budget);
        self.report_losses(&store);
        done
    }

    /// Commits what waits: who gives up the cache may end the process next, whatever still keeps the store open. What
    /// was opened before a fork is its parent's.
    pub(crate) fn leave(&self) {
        const WAIT: Duration = Duration::from_secs(2);
        let loaded = self.store.load();
        if let Some(store) = loaded.as_deref().filter(|store| is_usable(store)) {
            let _ = store.work(WAIT);
            self.report_losses(store);
        }
    }

    /// Begins a piece of work that goes on after its call, unless there are `most` already.
    pub(crate) fn begin_work(&self, most: usize) -> Option<Work> {
        self.works.begin(most)
    }

    /// Whether there are callbacks of the host's that an exchange runs.
    pub(crate) fn calls_back(&self) -> bool {
        let options = &self.options;
        options.clock.calls_back()
            || options.log.calls_back()
            || options.filter.calls_back()
            || options.own_matching.calls_back()
    }

    /// What was counted since the cache was opened, and what lies on the disk.
    pub fn statistics(&self) -> Result<Statistics> {
        let store = self.current_store()?;
        self.report_losses(&store);
        let usage = store.usage()?;
        let responses = usage.records.saturating_sub(shelf::lists(&store)?);
        Ok(self.counters.read(responses, usage.bytes))
    }

    /// The settings of the cache.
    pub fn settings(&self) -> &Settings {
        &self.options.settings
    }

    pub(crate) fn now(&self) -> i64 {
        self.options.clock.now()
    }

    pub(crate) fn log(&self) -> &Log {
        &self.options.log
    }

    pub(crate) fn filter(&self) -> &Filter {
        &self.options.filter
    }

    /// The store's secret.
    fn secret(&self) -> Option<[u8; 32]> {
        self.with_store("reading the secret", |store| Ok(*store.secret()))
    }

    fn refreshing(&self) -> &Refreshing {
        &self.refreshing
    }

    fn counters(&self) -> &Counters {
        &self.counters
    }

    /// The store of this process: a forked child opens its own, and one that was lost is opened anew.
    fn current_store(&self) -> Result<Arc<Store>> {
        let present = self.store.load_full();
        if let Some(store) = present.as_ref().filter(|store| is_usable(store)) {
            return Ok(store.clone());
        }
        if let Some(store) = present.as_ref().filter(|store| store.is_lost()) {
            self.give_up(store);
        }
        // It can be opened only when nobody has it any more.
        self.store.compare_and_swap(&present, None);
        drop(present);
        let store = open_store(&self.path, &self.options)?;
        self.store.store(Some(store.clone()));
        Ok(store)
    }

    /// What waits to be committed goes with a store that was lost: it is counted, and the next flush tells.
    fn give_up(&self, store: &Store) {
        const WAIT: Duration = Duration::from_secs(2);
        let flushed = store.flush(WAIT);
        self.report_losses(store);
        if let Err(error) = flushed {
            self.lost.store(Some(Arc::new(error)));
        }
    }

    /// Runs `task` on the store. A fault of the store is not the caller's: it is counted and logged, and `None`
    /// says to go on without.
    fn with_store<T>(&self, what: &str, task: impl FnOnce(&Store) -> Result<T>) -> Option<T> {
        let result = {
            let loaded = self.store.load();
            match loaded.as_deref().filter(|store| is_usable(store)) {
                Some(store) => {
                    self.report_losses(store);
                    task(store)
                }
                None => {
                    drop(loaded);
                    self.current_store().and_then(|store| task(&store))
                }
            }
        };
        result.map_err(|error| self.report_fault(what, &error)).ok()
    }

    /// Counts and logs what could not be committed after its caller had gone on: the thread that commits calls
    /// nothing of the host's.
    #[inline]
    fn report_losses(&self, store: &Store) {
        let Some((count, reasons)) = store.take_losses() else {
            return;
        };
        for error in reasons.iter().take(1) {
            let line = || format!("writing what was stored: {error}; {count} changes were lost");
            self.log().write(Level::Error, line);
        }
        (0..count).for_each(|_| self.counters.errors());
    }

    /// An error where nothing is to be written.
    fn check_writable(&self) -> Result<()> {
        if self.settings().read_only {
            return Err(read_only());
        }
        Ok(())
    }

    fn report_fault(&self, what: &str, error: &Error) {
        self.counters.errors();
        self.log()
            .write(Level::Error, || format!("{what}: {error}"));
    }
}

fn read_only() -> Error {
    let message = "HC_OPT_READ_ONLY: nothing is written to the cache but deletions";
    Error::new(Kind::ReadOnly, message)
}

fn is_usable(store: &Store) -> bool {
    store.is_current_process() && !store.is_lost()
}

fn open_store(path: &Path, options: &Options) -> Result<Arc<Store>> {
    if path.as_os_str().is_empty() {
        return Err(Error::new(Kind::Argument, "the path of the cache is empty"));
    }
    let opening = StoreOptions {
        durability: options.settings.durability,
        read_only: options.settings.read_only,
        is_temporary: options.settings.place == Place::Temporary,
        may_start_thread: options.settings.workers > 0,
        ..StoreOptions::default()
    };
    Store::open(path, &opening, &|line| {
        options.log.write(Level::Warning, || line.to_owned())
    })
}

#[cfg(test)]
mod fault_tests;
