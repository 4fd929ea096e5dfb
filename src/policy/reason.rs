//! Why a request is forwarded, in the tokens of RFC 9211 §2.2, and why an answer is not stored.

use std::ffi::CStr;

/// A reason, printable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// There is none: the answer came from the cache, or was stored.
    None,
    /// The settings keep the cache out of it.
    Bypass,
    /// The method's semantics require the request to be forwarded.
    Method,
    /// Nothing is stored for the URL.
    UriMiss,
    /// What is stored was selected by other field values.
    VaryMiss,
    /// What is stored is usable, but the request's own fields do not allow it.
    Request,
    /// What is stored is stale.
    Stale,
    /// The request or the response forbids it: no-store.
    NoStore,
    /// Responses of this status are not stored.
    Status,
    /// `Vary` cannot be matched by any request.
    Vary,
    /// It would be stale at once and has no validator.
    NoValidator,
    /// The message contradicts itself, or did not end as it said.
    Framing,
    /// A limit was exceeded.
    TooLarge,
    /// The URL was invalidated while the answer was on its way.
    Invalidated,
    /// The store failed.
    Store,
    /// The request asked for a part of the representation.
    Range,
    /// The origin failed.
    Origin,
    /// The caller's filter refused it, or failed.
    Filter,
    /// It was fetched with credentials, and does not say that others may have it.
    Credentials,
    /// It was taken away, or made invalid, with others of its group.
    Group,
}

impl Reason {
    /// The token.
    pub fn as_c_str(self) -> &'static CStr {
        match self {
            Reason::None => c"",
            Reason::Bypass => c"bypass",
            Reason::Method => c"method",
            Reason::UriMiss => c"uri-miss",
            Reason::VaryMiss => c"vary-miss",
            Reason::Request => c"request",
            Reason::Stale => c"stale",
            Reason::NoStore => c"no-store",
            Reason::Status => c"status",
            Reason::Vary => c"vary",
            Reason::NoValidator => c"no-validator",
            Reason::Framing => c"framing",
            Reason::TooLarge => c"too-large",
            Reason::Invalidated => c"invalidated",
            Reason::Store => c"store-failed",
            Reason::Range => c"range",
            Reason::Origin => c"origin-failed",
            Reason::Filter => c"filter",
            Reason::Credentials => c"credentials",
            Reason::Group => c"group",
        }
    }
}
