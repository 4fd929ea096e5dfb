//! What may be stored (§3).

use super::directives::{RequestDirectives, ResponseDirectives};
use super::freshness::{explicit_lifetime, is_heuristically_cacheable};
use super::reason::Reason;
use super::validate::Validators;
use crate::http::ResponseHead;
use crate::key::selecting::{Vary, vary};
use crate::settings::{Expiry, Settings};

/// Whether the answer to a request that was looked up may be stored; if not, why.
pub fn is_storable(
    response: &ResponseHead,
    is_head: bool,
    request: &RequestDirectives,
    settings: &Settings,
) -> Result<(), Reason> {
    // §5.2.1.5
    if request.no_store {
        return Err(Reason::NoStore);
    }
    // §4.1: it could never be reused.
    if vary(&response.fields) == Vary::Any {
        return Err(Reason::Vary);
    }
    if settings.expiry == Expiry::After(0) && Validators::of(&response.fields).is_empty() {
        return Err(Reason::NoValidator);
    }
    if settings.cache_control {
        by_rfc_9111(response, is_head)
    } else {
        by_settings(response)
    }
}

/// Without `cache_control` a 200 is stored, whatever its fields say.
fn by_settings(response: &ResponseHead) -> Result<(), Reason> {
    if response.status == 200 {
        Ok(())
    } else {
        Err(Reason::Status)
    }
}

/// §3, for a private cache.
fn by_rfc_9111(response: &ResponseHead, is_head: bool) -> Result<(), Reason> {
    // §4.3.5: an answer to HEAD has no content that could answer a GET.
    if is_head {
        return Err(Reason::Method);
    }
    // §3: final, and its semantics understood. A 206 is a part (§3.3), a 304 a confirmation (§4.3.4).
    if matches!(response.status, 0..=199 | 206 | 304) {
        return Err(Reason::Status);
    }
    let directives = ResponseDirectives::read(&response.fields);
    // §5.2.2.5
    if directives.no_store {
        return Err(Reason::NoStore);
    }
    let says_so = explicit_lifetime(&response.fields, 0).is_some()
        || directives.public
        || directives.private
        || is_heuristically_cacheable(response.status);
    if says_so { Ok(()) } else { Err(Reason::Status) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn storable(status: u16, line: &str, cache_control: bool) -> Result<(), Reason> {
        let mut response = ResponseHead::new(status, b"").unwrap();
        if let Some((name, value)) = line.split_once(": ") {
            response
                .fields
                .add(name.as_bytes(), value.as_bytes())
                .unwrap();
        }
        let settings = Settings {
            cache_control,
            ..Settings::default()
        };
        is_storable(&response, false, &RequestDirectives::default(), &settings)
    }

    #[test]
    fn the_policies_differ() {
        for (status, line, with, without) in [
            (200, "", Ok(()), Ok(())),
            (200, "Cache-Control: no-store", Err(Reason::NoStore), Ok(())),
            (200, "Cache-Control: private", Ok(()), Ok(())),
            (200, "Vary: *", Err(Reason::Vary), Err(Reason::Vary)),
            (404, "", Ok(()), Err(Reason::Status)),
            (500, "", Err(Reason::Status), Err(Reason::Status)),
            (500, "Cache-Control: max-age=5", Ok(()), Err(Reason::Status)),
            (
                302,
                "Expires: Thu, 01 Jan 1970 00:00:00 GMT",
                Ok(()),
                Err(Reason::Status),
            ),
            (
                206,
                "Cache-Control: max-age=5",
                Err(Reason::Status),
                Err(Reason::Status),
            ),
            (
                304,
                "Cache-Control: max-age=5",
                Err(Reason::Status),
                Err(Reason::Status),
            ),
        ] {
            assert_eq!(storable(status, line, true), with, "{status} {line}");
            assert_eq!(storable(status, line, false), without, "{status} {line}");
        }
    }

    #[test]
    fn what_is_stale_at_once_needs_a_validator() {
        let settings = Settings {
            expiry: Expiry::After(0),
            ..Settings::default()
        };
        let mut response = ResponseHead::new(200, b"").unwrap();
        let request = RequestDirectives::default();
        let refused = is_storable(&response, false, &request, &settings);
        assert_eq!(refused, Err(Reason::NoValidator));
        response.fields.add(b"ETag", b"\"x\"").unwrap();
        assert_eq!(is_storable(&response, false, &request, &settings), Ok(()));
    }
}
