//! The opaque objects of the C API.

use std::cell::OnceCell;
use std::ffi::CString;
use std::sync::Arc;

use super::field::hc_field;
use crate::cache::{Cache, Exchange, Options, Request, Response};
use crate::error::Error;
use crate::transport::Transport;

/// Configuration of a cache; hc_open copies it. [one]
pub struct hc_options {
    pub(super) options: Options,
    /// In place of libcurl.
    pub(super) transport: Option<Arc<dyn Transport>>,
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
    pub(super) response: Response,
    pub(super) views: ResponseViews,
}

/// One request on its way through the cache. [one]
pub struct hc_exchange {
    pub(super) exchange: Exchange,
    pub(super) views: ResponseViews,
    pub(super) forward: Option<Box<hc_request>>,
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
    pub(super) body: OnceCell<crate::cache::Bytes>,
}
