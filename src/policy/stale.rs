//! When a stale response may be used because the origin failed (§4.2.4, RFC 5861 §4).

use super::Millis;
use super::directives::{RequestDirectives, ResponseDirectives};
use super::freshness::Freshness;
use crate::http::Fields;
use crate::settings::{Settings, Staleness};

/// Whether an answer counts as a failure of the origin. RFC 5861 §4 names 500, 502, 503 and 504. Without
/// `cache_control` every status outside the stored ones is one, but for those that ask for other credentials,
/// that say the resource is gone on purpose, and redirects, which are answers.
pub fn is_failure(status: u16, settings: &Settings) -> bool {
    match status {
        500 | 502 | 503 | 504 => true,
        100..=399 | 401 | 403 | 407 | 410 => false,
        _ => !settings.cache_control,
    }
}

/// Whether the stored response may be used although it is stale, now that the origin failed.
pub fn may_use(
    freshness: &Freshness,
    stored: &Fields,
    request: &RequestDirectives,
    settings: &Settings,
    now: Millis,
) -> bool {
    let directives = ResponseDirectives::read(stored);
    // §4.2.4
    if settings.cache_control && (directives.must_revalidate || directives.no_cache) {
        return false;
    }
    let Some(staleness) = freshness.staleness(now) else {
        return true;
    };
    // RFC 5861 §4: what the request or the response says comes before the setting.
    let said = request.stale_if_error.millis();
    let said = said.or(directives
        .stale_if_error
        .millis()
        .filter(|_| settings.cache_control));
    let limit = said.map_or(settings.stale_if_error, Staleness::Within);
    staleness < 0 || limit.covers(staleness)
}
