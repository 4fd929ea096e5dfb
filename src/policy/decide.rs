//! What is done with a request before anything is sent (§4).

use super::Millis;
use super::directives::{RequestDirectives, Seconds};
use super::freshness::Freshness;
use super::reason::Reason;
use super::validate::Validators;
use super::{directives::ResponseDirectives, stale};
use crate::http::{Fields, Request};
use crate::key::MethodClass;
use crate::settings::{Expiry, Settings};

/// What the cache does with a request. The numbers are those of `hc_decision`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(i32)]
pub enum Decision {
    /// Send it to the origin.
    Forward = 0,
    /// Answer with what is stored.
    Fresh = 1,
    /// Answer with what is stored, though it is stale.
    Stale = 2,
    /// Ask the origin whether what is stored is still valid (§4.3).
    Revalidate = 4,
    /// Answer 504 (§5.2.1.7).
    Unsatisfiable = 5,
}

/// Whether the cache has a part in a request at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Admission {
    /// It is looked up under a key of this class, and its answer may be stored.
    LookUp(MethodClass),
    /// It goes past the cache, for this reason.
    Pass(Reason),
}

/// Whether a request is looked up (§2, §4). Conditions of the caller's own go to the origin, for they ask about
/// what the caller holds, not about what is stored here.
pub fn admit(request: &Request, settings: &Settings) -> Admission {
    if settings.expiry == Expiry::DoNotCache {
        return Admission::Pass(Reason::Bypass);
    }
    if !request.method.is_retrieval() {
        return Admission::Pass(Reason::Method);
    }
    const OWN_CONDITIONS: [&[u8]; 5] = [
        b"If-None-Match",
        b"If-Modified-Since",
        b"If-Match",
        b"If-Unmodified-Since",
        b"If-Range",
    ];
    let fields = &request.fields;
    if OWN_CONDITIONS.iter().any(|name| fields.contains(name)) || fields.contains(b"Upgrade") {
        return Admission::Pass(Reason::Request);
    }
    if fields.contains(b"Range") {
        return Admission::Pass(Reason::Range);
    }
    let is_head = request.method.as_str() == "HEAD";
    // RFC 9110 §9.3.2: what answers a GET answers a HEAD. Without cache_control they are matched apart.
    let is_apart = is_head && !settings.cache_control;
    Admission::LookUp(if is_apart {
        MethodClass::Head
    } else {
        MethodClass::Get
    })
}

/// Decides on a stored response that the request selects (§4, §5.2.1).
pub fn reuse(
    freshness: &Freshness,
    stored: &Fields,
    request: &RequestDirectives,
    settings: &Settings,
    now: Millis,
) -> (Decision, Reason) {
    let may_reuse = is_fresh_enough(freshness, stored, request, settings, now);
    match may_reuse {
        Reuse::Fresh => return (Decision::Fresh, Reason::None),
        Reuse::Stale => return (Decision::Stale, Reason::None),
        Reuse::No(_) => {}
    }
    let Reuse::No(reason) = may_reuse else {
        return (Decision::Forward, Reason::Stale);
    };
    if only_if_cached(request, settings) {
        let may_be_stale =
            !freshness.is_fresh(now) && stale::may_use(freshness, stored, request, settings, now);
        return if may_be_stale {
            (Decision::Stale, Reason::None)
        } else {
            (Decision::Unsatisfiable, reason)
        };
    }
    if Validators::of(stored).is_empty() {
        return (Decision::Forward, reason);
    }
    (Decision::Revalidate, reason)
}

/// Whether nothing may be forwarded (§5.2.1.7), by the request or by the settings.
pub fn only_if_cached(request: &RequestDirectives, settings: &Settings) -> bool {
    request.only_if_cached || settings.only_if_cached
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Reuse {
    Fresh,
    Stale,
    No(Reason),
}

fn is_fresh_enough(
    freshness: &Freshness,
    stored: &Fields,
    request: &RequestDirectives,
    settings: &Settings,
    now: Millis,
) -> Reuse {
    // §5.2.1.4
    if request.no_cache {
        return Reuse::No(Reason::Request);
    }
    let directives = if settings.cache_control {
        ResponseDirectives::read(stored)
    } else {
        Default::default()
    };
    // §5.2.2.4; and a reader treats as absent what its own policy would not have stored (§5.2.2.5).
    if directives.no_cache || directives.no_store {
        return Reuse::No(Reason::Stale);
    }
    // §5.2.1.1; an argument that cannot be read allows nothing.
    let max_age = match request.max_age {
        Seconds::Absent => i64::MAX,
        asked => asked.millis().unwrap_or(0),
    };
    if freshness.age(now) > max_age {
        return Reuse::No(Reason::Request);
    }
    let Some(staleness) = freshness.staleness(now) else {
        return Reuse::Fresh;
    };
    // §5.2.1.3
    let min_fresh = match request.min_fresh {
        Seconds::Absent => 0,
        asked => asked.millis().unwrap_or(i64::MAX),
    };
    if staleness < 0 {
        let remaining = staleness.saturating_neg();
        return if remaining >= min_fresh {
            Reuse::Fresh
        } else {
            Reuse::No(Reason::Request)
        };
    }
    // §5.2.1.2, where the response does not forbid stale use (§5.2.2.2)
    let max_stale = request.max_stale.millis();
    let allows = max_stale.is_some_and(|most| staleness <= most) && !directives.must_revalidate;
    if allows {
        Reuse::Stale
    } else {
        Reuse::No(Reason::Stale)
    }
}

#[cfg(test)]
mod tests {
    use super::super::freshness::Lifetime;
    use super::*;

    /// A response received at 0 that is fresh for 100 s, looked up at `now` seconds.
    fn decide(response: &str, request: &str, now: i64, cache_control: bool) -> Decision {
        let mut stored = Fields::new();
        stored.add(b"ETag", b"\"x\"").unwrap();
        stored.add(b"Cache-Control", response.as_bytes()).unwrap();
        let mut asked = Fields::new();
        asked.add(b"Cache-Control", request.as_bytes()).unwrap();
        let freshness = Freshness {
            lifetime: Lifetime::Of(100_000),
            initial_age: 0,
            received_at: 0,
        };
        let settings = Settings {
            cache_control,
            ..Settings::default()
        };
        reuse(
            &freshness,
            &stored,
            &RequestDirectives::read(&asked),
            &settings,
            now * 1000,
        )
        .0
    }

    #[test]
    fn the_request_bounds_reuse() {
        use Decision::{Fresh, Revalidate, Stale, Unsatisfiable};
        for (request, now, expected) in [
            ("", 99, Fresh),
            ("", 100, Revalidate),
            ("no-cache", 1, Revalidate),
            ("max-age=10", 10, Fresh),
            ("max-age=10", 11, Revalidate),
            ("max-age=x", 1, Revalidate),
            ("min-fresh=10", 90, Fresh),
            ("min-fresh=10", 91, Revalidate),
            ("max-stale", 9999, Stale),
            ("max-stale=10", 110, Stale),
            ("max-stale=10", 111, Revalidate),
            ("only-if-cached", 50, Fresh),
            ("only-if-cached", 100, Unsatisfiable),
            ("only-if-cached, max-stale", 100, Stale),
            ("only-if-cached, stale-if-error=10", 105, Stale),
            ("only-if-cached, no-cache", 1, Unsatisfiable),
            ("no-store", 1, Fresh),
        ] {
            for cache_control in [false, true] {
                assert_eq!(
                    decide("", request, now, cache_control),
                    expected,
                    "{request} at {now}"
                );
            }
        }
    }

    #[test]
    fn the_response_decides_with_cache_control_alone() {
        use Decision::{Fresh, Revalidate, Stale};
        for (response, request, now, with, without) in [
            ("no-cache", "", 1, Revalidate, Fresh),
            ("no-store", "", 1, Revalidate, Fresh),
            ("must-revalidate", "max-stale", 101, Revalidate, Stale),
        ] {
            assert_eq!(decide(response, request, now, true), with, "{response}");
            assert_eq!(decide(response, request, now, false), without, "{response}");
        }
    }
}
