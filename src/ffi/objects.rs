//! The opaque objects of the C API.

use std::cell::{OnceCell, RefCell};
use std::collections::BTreeMap;
use std::ffi::{CString, c_char};
use std::sync::Arc;

use super::field::hc_field;
use crate::cache::{Cache, Exchange, KeySink, Options, Request, Response, Walk, forks};
use crate::error::Error;
use crate::transport::Transport;

/// The process that made an object, told apart from its forked children.
#[derive(Clone, Copy)]
pub(super) struct Process(u64);

impl Default for Process {
    fn default() -> Self {
        Process(forks())
    }
}

impl Process {
    /// Whether this is it.
    pub(super) fn is_current(&self) -> bool {
        self.0 == forks()
    }
}

/// What may belong to one process. Plain data does not, and works in a forked child as it did before; nor does the
/// cache, which the child opens anew by itself.
pub(super) trait OfProcess {
    /// The process that made it; `None`: any may use it.
    fn process(&self) -> Option<&Process>;
}

macro_rules! plain {
    ($($object:ty),*) => {
        $(impl OfProcess for $object {
            fn process(&self) -> Option<&Process> {
                None
            }
        })*
    };
}

impl OfProcess for hc_exchange {
    fn process(&self) -> Option<&Process> {
        Some(&self.process)
    }
}

impl OfProcess for hc_iter {
    fn process(&self) -> Option<&Process> {
        Some(&self.process)
    }
}

plain!(hc_options, hc_request, hc_cache, hc_sink);

impl OfProcess for hc_response {
    fn process(&self) -> Option<&Process> {
        // One that the caller built holds nothing but bytes.
        let was_read = self.response.check_built().is_err();
        was_read.then_some(&self.process)
    }
}

/// Configuration of a cache; hc_open copies it. [one]
pub struct hc_options {
    pub(super) options: Options,
    /// In place of libcurl.
    pub(super) transport: Option<Arc<dyn Transport>>,
    pub(super) items: Items,
}

/// An open cache; share it between threads. [any]
pub struct hc_cache {
    pub(super) cache: Arc<Cache>,
    pub(super) transport: Option<Arc<dyn Transport>>,
}

/// Method, URL, fields, body and options of a request. [one]
pub struct hc_request {
    pub(super) request: Arc<Request>,
    pub(super) views: RequestViews,
}

/// Status, fields, body, and what the cache knows of them. [one]
pub struct hc_response {
    pub(super) process: Process,
    pub(super) response: Response,
    pub(super) views: ResponseViews,
}

/// One request on its way through the cache. [one]
pub struct hc_exchange {
    pub(super) process: Process,
    pub(super) exchange: Box<Exchange>,
    pub(super) views: ResponseViews,
    pub(super) forward: Option<Box<hc_request>>,
    /// The last explanation that was lent.
    pub(super) explained: Option<CString>,
}

/// A walk over the stored responses. [one]
pub struct hc_iter {
    pub(super) process: Process,
    pub(super) walk: Walk,
    /// What the last step met, as it was lent.
    pub(super) met: Option<Met>,
}

/// What a step of a walk met.
pub(super) struct Met {
    pub(super) key: CString,
    pub(super) response: Option<Response>,
    pub(super) alias: Option<MetAlias>,
    pub(super) views: ResponseViews,
    pub(super) request: Option<Box<hc_request>>,
}

/// What a view lends of an alias.
pub(super) struct MetAlias {
    pub(super) url: CString,
    pub(super) created_at: i64,
    pub(super) expires_at: i64,
    pub(super) is_expired: bool,
}

/// Where a callback writes what it was asked for. [one]
pub struct hc_sink {
    pub(super) sink: KeySink,
}

/// Why a call failed; never changes. [any]
pub struct hc_error {
    pub(super) error: Error,
    pub(super) message: CString,
}

/// What was lent to C of a request, made when it was asked for and dropped when the request changes.
#[derive(Default)]
pub(super) struct RequestViews {
    pub(super) method: OnceCell<CString>,
    pub(super) fields: OnceCell<Vec<hc_field>>,
}

/// What was lent to C of a response.
#[derive(Default)]
pub(super) struct ResponseViews {
    pub(super) fields: Vec<hc_field>,
    pub(super) joined: Vec<Vec<u8>>,
    pub(super) key: OnceCell<CString>,
    pub(super) request: OnceCell<Box<hc_request>>,
    pub(super) alias_of: OnceCell<Option<CString>>,
    /// Taken from the response when it is first asked for, and never longer than then.
    pub(super) history: Vec<hc_response>,
    pub(super) body: OnceCell<crate::cache::Bytes>,
}

/// The lists of options as they were lent to C, dropped when one changes.
#[derive(Default)]
pub(super) struct Items(RefCell<BTreeMap<i32, Vec<CString>>>);

impl Items {
    /// The item of a list at a place; NULL when there is none. It stays where it is while others are lent.
    pub(super) fn get(&self, options: &Options, list: i32, at: usize) -> *const c_char {
        let mut lists = self.0.borrow_mut();
        let items = lists.entry(list).or_insert_with(|| {
            let items = options.settings.items(list).unwrap_or_default();
            let item = |item: String| CString::new(item).unwrap_or_default();
            items.into_iter().map(item).collect()
        });
        items.get(at).map_or(std::ptr::null(), |item| item.as_ptr())
    }
}
