//! HTTP as data: fields, requests, responses, URLs, dates. No rule of caching, and no input or output.

pub mod date;
pub mod fields;
pub mod request;
pub mod response;
pub mod url;

pub use fields::Fields;
pub use request::{Method, Request};
pub use response::ResponseHead;
pub use url::Url;
