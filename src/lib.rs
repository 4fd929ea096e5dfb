//! The HTTP cache that every language can link: an embedded cache (RFC 9111) behind a C ABI.
//!
//! C programs and bindings see `include/httpcache.h`. The rooms below are one direction: a request
//! becomes a [`key`], the [`storage`] gives bytes, the [`policy`] decides, the [`transport`] forwards.

pub mod cache;
pub mod error;
pub mod fetch;
pub mod ffi;
pub mod http;
pub mod key;
pub mod policy;
pub mod record;
pub mod settings;
pub mod storage;
pub mod transport;

pub use error::{Error, Result};
