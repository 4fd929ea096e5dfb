//! What is done with a request once a stored response is selected (§4).

use super::Millis;
use super::directives::{RequestDirectives, Seconds};
use super::freshness::Freshness;
use super::reason::Reason;
use super::said::Said;
use super::stale;
use super::storable::may_keep;
use super::validate::Validators;
use crate::http::ResponseHead;
use crate::settings::Settings;

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
    /// The same, and ask the origin afterwards (RFC 5861 §3).
    StaleRevalidate = 3,
    /// Ask the origin whether what is stored is still valid (§4.3).
    Revalidate = 4,
    /// Answer 504 (§5.2.1.7).
    Unsatisfiable = 5,
}

/// A stored response that a request selects, and what is known of it.
#[derive(Clone, Copy, Debug)]
pub struct Candidate<'a> {
    /// Its head.
    pub response: &'a ResponseHead,
    /// What it says about its caching.
    pub said: &'a Said,
    /// How fresh it is.
    pub freshness: &'a Freshness,
    /// It was made invalid since it was received (§4.4), and needs to be validated.
    pub is_invalid: bool,
}

/// Decides on a stored response that the request selects (§4, §5.2.1).
pub fn reuse(
    candidate: &Candidate<'_>,
    request: &RequestDirectives,
    settings: &Settings,
    now: Millis,
) -> (Decision, Reason) {
    // What a cache of these settings would not have stored is not there for it.
    if settings.cache_control && !may_keep(candidate.said, candidate.response.status, settings) {
        return absent(request, settings);
    }
    if settings.force_refresh {
        return absent(request, settings);
    }
    let reason = match may_reuse(candidate, request, settings, now) {
        Reuse::Fresh => return (Decision::Fresh, Reason::None),
        Reuse::Stale => return (Decision::Stale, Reason::None),
        Reuse::No(reason) => reason,
    };
    if only_if_cached(request, settings) {
        let decision = without_the_origin(candidate, request, settings, now);
        return match decision {
            Decision::Stale => (decision, Reason::None),
            _ => (decision, reason),
        };
    }
    let refuses = candidate.is_invalid || settings.refresh || settings.always_revalidate;
    if !refuses && while_revalidating(candidate, request, settings, now) {
        return (Decision::StaleRevalidate, reason);
    }
    if Validators::of(&candidate.response.fields).is_empty() {
        return (Decision::Forward, reason);
    }
    (Decision::Revalidate, reason)
}

fn absent(request: &RequestDirectives, settings: &Settings) -> (Decision, Reason) {
    let reason = if settings.force_refresh {
        Reason::Request
    } else {
        Reason::UriMiss
    };
    if only_if_cached(request, settings) {
        (Decision::Unsatisfiable, reason)
    } else {
        (Decision::Forward, reason)
    }
}

/// Whether nothing may be forwarded (§5.2.1.7), by the request or by the settings.
pub fn only_if_cached(request: &RequestDirectives, settings: &Settings) -> bool {
    request.only_if_cached || settings.only_if_cached
}

/// Where nothing may be forwarded, a stale response is used as if the origin had failed, or did not answer yet.
fn without_the_origin(
    candidate: &Candidate<'_>,
    request: &RequestDirectives,
    settings: &Settings,
    now: Millis,
) -> Decision {
    let freshness = candidate.freshness;
    let wants_validation = settings.refresh || settings.always_revalidate;
    let may = !freshness.is_fresh(now)
        && (stale::may_use(freshness, candidate.said, request, settings, now)
            || (!wants_validation && while_revalidating(candidate, request, settings, now)));
    if may && !candidate.is_invalid {
        Decision::Stale
    } else {
        Decision::Unsatisfiable
    }
}

fn while_revalidating(
    candidate: &Candidate<'_>,
    request: &RequestDirectives,
    settings: &Settings,
    now: Millis,
) -> bool {
    stale::may_use_while_revalidating(candidate.freshness, candidate.said, request, settings, now)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Reuse {
    Fresh,
    Stale,
    No(Reason),
}

fn may_reuse(
    candidate: &Candidate<'_>,
    request: &RequestDirectives,
    settings: &Settings,
    now: Millis,
) -> Reuse {
    let freshness = candidate.freshness;
    let directives = &candidate.said.directives;
    if candidate.is_invalid {
        return Reuse::No(Reason::Group);
    }
    // RFC 8246 §2: while it is fresh, validating it is of no use, whoever asks for it.
    let is_pinned = directives.immutable && freshness.is_fresh(now);
    // §5.2.1.4
    let wants_validation = request.no_cache || settings.refresh;
    if settings.always_revalidate || (wants_validation && !is_pinned) {
        return Reuse::No(Reason::Request);
    }
    // §5.2.2.4
    if directives.no_cache.is_whole(settings.shared) {
        return Reuse::No(Reason::Stale);
    }
    // §5.2.1.1; an argument that cannot be read allows nothing.
    let max_age = match request.max_age {
        Seconds::Absent => i64::MAX,
        Seconds::Of(0) if is_pinned => i64::MAX,
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
    let allows = max_stale.is_some_and(|most| staleness <= most)
        && !directives.forbid_stale(settings.shared);
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
    use crate::http::Fields;
    use crate::settings::Staleness;
    use Decision::{Forward, Fresh, Revalidate, Stale, StaleRevalidate, Unsatisfiable};

    fn settings(cache_control: bool) -> Settings {
        Settings {
            cache_control,
            ..Settings::default()
        }
    }

    /// A response received at 0 that is fresh for 100 s, looked up at `now` seconds.
    fn decide_with(response: &str, request: &str, now: i64, settings: &Settings) -> Decision {
        let mut head = ResponseHead::new(200, b"").unwrap();
        head.fields.add(b"ETag", b"\"x\"").unwrap();
        head.fields
            .add(b"Cache-Control", response.as_bytes())
            .unwrap();
        let mut asked = Fields::new();
        asked.add(b"Cache-Control", request.as_bytes()).unwrap();
        let freshness = Freshness {
            lifetime: Lifetime::Of(100_000),
            initial_age: 0,
            spent: 0,
            received_at: 0,
        };
        let candidate = Candidate {
            response: &head,
            said: &Said::by(&head.fields, settings),
            freshness: &freshness,
            is_invalid: false,
        };
        let directives = RequestDirectives::read(&asked);
        reuse(&candidate, &directives, settings, now * 1000).0
    }

    fn decide(response: &str, request: &str, now: i64, cache_control: bool) -> Decision {
        decide_with(response, request, now, &settings(cache_control))
    }

    #[test]
    fn the_request_bounds_reuse() {
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
                let decision = decide("", request, now, cache_control);
                assert_eq!(decision, expected, "{request} at {now}");
            }
        }
    }

    #[test]
    fn the_response_decides_with_cache_control_alone() {
        for (response, request, now, with, without) in [
            ("no-cache", "", 1, Revalidate, Fresh),
            ("no-cache=\"a\"", "", 1, Fresh, Fresh),
            ("no-store", "", 1, Forward, Fresh),
            ("no-store", "only-if-cached", 1, Unsatisfiable, Fresh),
            ("must-revalidate", "max-stale", 101, Revalidate, Stale),
            ("s-maxage=1", "max-stale", 101, Stale, Stale),
            (
                "stale-while-revalidate=10",
                "",
                105,
                StaleRevalidate,
                Revalidate,
            ),
            ("immutable", "no-cache", 50, Fresh, Revalidate),
            ("immutable", "max-age=0", 50, Fresh, Revalidate),
            ("immutable", "max-age=10", 50, Revalidate, Revalidate),
            ("immutable", "no-cache", 100, Revalidate, Revalidate),
        ] {
            assert_eq!(decide(response, request, now, true), with, "{response}");
            assert_eq!(decide(response, request, now, false), without, "{response}");
        }
    }

    #[test]
    fn a_shared_cache_is_stricter() {
        let shared = Settings {
            shared: true,
            ..settings(true)
        };
        for (response, request, now, expected) in [
            ("private", "", 1, Forward),
            ("private=\"a\"", "", 1, Forward),
            ("no-cache=\"a\"", "", 1, Revalidate),
            ("proxy-revalidate", "max-stale", 101, Revalidate),
            ("s-maxage=1", "max-stale", 101, Revalidate),
        ] {
            assert_eq!(
                decide_with(response, request, now, &shared),
                expected,
                "{response}"
            );
        }
    }

    #[test]
    fn stale_is_used_while_it_is_revalidated() {
        let own = Settings {
            stale_while_revalidate: Staleness::Within(10_000),
            ..settings(true)
        };
        for (response, request, now, expected) in [
            ("", "", 99, Fresh),
            ("", "", 110, StaleRevalidate),
            ("", "", 111, Revalidate),
            ("stale-while-revalidate=5", "", 106, Revalidate),
            ("must-revalidate", "", 105, Revalidate),
            ("no-cache", "", 105, Revalidate),
            ("proxy-revalidate", "", 105, StaleRevalidate),
            ("", "no-cache", 105, Revalidate),
            ("", "max-age=999", 105, Revalidate),
            ("", "only-if-cached", 105, Stale),
            ("", "only-if-cached", 111, Unsatisfiable),
        ] {
            assert_eq!(
                decide_with(response, request, now, &own),
                expected,
                "{response} {request}"
            );
        }
    }

    #[test]
    fn the_settings_ask_for_validation() {
        let asks = |change: fn(&mut Settings)| {
            let mut settings = settings(true);
            change(&mut settings);
            settings
        };
        let always = asks(|settings| settings.always_revalidate = true);
        let refresh = asks(|settings| settings.refresh = true);
        let force = asks(|settings| settings.force_refresh = true);
        assert_eq!(decide_with("", "", 1, &always), Revalidate);
        assert_eq!(decide_with("immutable", "", 1, &always), Revalidate);
        assert_eq!(decide_with("", "", 1, &refresh), Revalidate);
        assert_eq!(decide_with("immutable", "", 1, &refresh), Fresh);
        assert_eq!(
            decide_with("stale-while-revalidate=9", "", 101, &refresh),
            Revalidate
        );
        assert_eq!(decide_with("", "", 1, &force), Forward);
        assert_eq!(decide_with("", "only-if-cached", 1, &force), Unsatisfiable);
    }
}
