//! When a stale response may be used: because the origin failed, or while it is asked (§4.2.4, RFC 5861).

use super::Millis;
use super::directives::{RequestDirectives, Seconds};
use super::freshness::{Freshness, Lifetime};
use super::said::Said;
use crate::settings::{Expiry, Settings, Staleness};

/// Whether an answer counts as a failure of the origin. RFC 5861 §4 names 500, 502, 503 and 504. Without
/// `cache_control` every status outside the stored ones is one, but for those that ask for other credentials,
/// that say the resource is gone on purpose, and redirects, which are answers. A status in a list that the user
/// gave is none.
pub fn is_failure(status: u16, settings: &Settings) -> bool {
    if settings
        .lists
        .statuses
        .as_ref()
        .is_some_and(|list| list.contains(&status))
    {
        return false;
    }
    match status {
        500 | 502 | 503 | 504 => true,
        100..=399 | 401 | 403 | 407 | 410 => false,
        _ => !settings.cache_control,
    }
}

/// Whether the stored response may be used although it is stale, now that the origin failed.
pub fn may_use(
    freshness: &Freshness,
    said: &Said,
    request: &RequestDirectives,
    settings: &Settings,
    now: Millis,
) -> bool {
    // §4.2.4
    if said.directives.forbid_stale(settings.shared) {
        return false;
    }
    // RFC 5861 §4: what the request or the response says comes before the setting.
    let in_response = said.directives.stale_if_error.millis();
    let within = request.stale_if_error.millis().or(in_response);
    let limit = within.map_or(settings.stale_if_error, Staleness::Within);
    // What is still fresh, and was asked for anew, is as good as what has just become stale.
    limit.covers(freshness.staleness(now).unwrap_or(0))
}

/// Whether the stored response may be used while it is revalidated (RFC 5861 §3). A request that bounds the age of
/// what it gets, or wants it validated, is not answered so.
pub fn may_use_while_revalidating(
    freshness: &Freshness,
    said: &Said,
    request: &RequestDirectives,
    settings: &Settings,
    now: Millis,
) -> bool {
    let bounds = request.no_cache
        || request.max_age != Seconds::Absent
        || request.min_fresh != Seconds::Absent;
    let in_response = said.directives.stale_while_revalidate.millis();
    // A user who wants every use validated wants no use without it.
    let is_always_stale = settings.expiry == Expiry::After(0)
        && freshness.lifetime == Lifetime::Of(0)
        && in_response.is_none();
    if bounds || is_always_stale || said.directives.forbid_stale(settings.shared) {
        return false;
    }
    let limit = in_response.map_or(settings.stale_while_revalidate, Staleness::Within);
    freshness
        .staleness(now)
        .is_some_and(|staleness| limit.covers(staleness))
}
