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
    /// The request asked for several parts of the representation, or by another unit than bytes.
    Range,
    /// Of what is asked for only a part is stored.
    Partial,
    /// The origin failed.
    Origin,
    /// The caller's filter refused it, or failed.
    Filter,
    /// The caller's function for keys, or that which normalises requests, failed.
    Key,
    /// It was fetched with credentials, and does not say that others may have it.
    Credentials,
    /// The settings let nothing be written.
    ReadOnly,
    /// It was taken away, or made invalid, with others of its group.
    Group,
    /// It names a URL with a secret in it, and cannot be stored as it is.
    Redaction,
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
            Reason::Partial => c"partial",
            Reason::Origin => c"origin-failed",
            Reason::Filter => c"filter",
            Reason::Key => c"key",
            Reason::Credentials => c"credentials",
            Reason::ReadOnly => c"read-only",
            Reason::Group => c"group",
            Reason::Redaction => c"redaction",
        }
    }

    /// What the token means.
    pub fn in_words(self) -> &'static str {
        match self {
            Reason::None => "there is none",
            Reason::Bypass => "the settings keep the cache out of it",
            Reason::Method => "the method's semantics keep it out of the cache (RFC 9111 3, 4)",
            Reason::UriMiss => "nothing is stored for the URL",
            Reason::VaryMiss => {
                "what is stored is for other field values or credentials (RFC 9111 4.1)"
            }
            Reason::Request => "the request does not allow what is stored (RFC 9111 5.2.1)",
            Reason::Stale => {
                "what is stored is stale, or must be validated (RFC 9111 4.2, 5.2.2.4)"
            }
            Reason::NoStore => {
                "the request or the response forbids storing (RFC 9111 5.2.1.5, 5.2.2.5)"
            }
            Reason::Status => "responses of this status are not stored (RFC 9111 3)",
            Reason::Vary => "no other request could match its Vary (RFC 9111 4.1)",
            Reason::NoValidator => "it would be stale at once, and has no validator",
            Reason::Framing => "the message contradicts itself or is incomplete (RFC 9112 6.3)",
            Reason::TooLarge => "a limit was exceeded",
            Reason::Invalidated => "the URL was invalidated meanwhile (RFC 9111 4.4)",
            Reason::Store => "the store failed",
            Reason::Range => "several ranges, or another unit than bytes (RFC 9110 14)",
            Reason::Partial => "of what is asked for only a part is stored (RFC 9111 3.3)",
            Reason::Origin => "the origin failed (RFC 5861 4)",
            Reason::Filter => "the filter refused it, or failed",
            Reason::Key => "the function that makes keys, or that normalises requests, failed",
            Reason::Credentials => "it is for one user alone (RFC 9111 3.5)",
            Reason::ReadOnly => "the settings let nothing be written",
            Reason::Group => "its group was made invalid (RFC 9875)",
            Reason::Redaction => {
                "it names a URL that holds a secret, which is not stored, nor left out of a URL"
            }
        }
    }
}
