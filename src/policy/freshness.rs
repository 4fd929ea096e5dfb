//! How long a stored response is fresh (§4.2.1, §4.2.2), and how old it is (§4.2.3).

use super::Millis;
use super::directives::Seconds;
use super::said::Said;
use crate::http::fields::trim;
use crate::http::{Fields, ResponseHead, date};
use crate::record::{Expires, Stamp};
use crate::settings::{Expiry, Settings};

/// A freshness lifetime.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lifetime {
    /// Never stale.
    Endless,
    /// So long after the response was generated.
    Of(Millis),
}

/// How fresh a stored response is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Freshness {
    /// The freshness lifetime.
    pub lifetime: Lifetime,
    /// The age it already had when it was received (§4.2.3: corrected_initial_age).
    pub initial_age: Millis,
    /// How much of the lifetime had passed when it was received: that age where the fields decide, nothing
    /// where the settings do.
    pub spent: Millis,
    /// When it was received.
    pub received_at: Millis,
}

/// A response received so much later than now cannot be trusted to be young.
const FUTURE_TOLERANCE: Millis = 60_000;

impl Freshness {
    /// The freshness of a stored response under the reader's policy.
    pub fn of(response: &ResponseHead, said: &Said, stamp: &Stamp, settings: &Settings) -> Self {
        let received_at = stamp.response_time;
        let written = match stamp.expires {
            Expires::Never => Lifetime::Endless,
            Expires::At(instant) => Lifetime::Of(instant.saturating_sub(received_at)),
        };
        let (lifetime, spent) = if settings.cache_control {
            let own = stamp.is_explicit.then_some(written);
            by_fields(response, said, stamp, own, settings)
        } else {
            (written, 0)
        };
        Freshness {
            lifetime,
            initial_age: stamp.initial_age,
            spent,
            received_at,
        }
    }

    /// §4.2.3: current_age. Never negative.
    pub fn age(&self, now: Millis) -> Millis {
        self.initial_age.saturating_add(self.resident(now))
    }

    /// §4.2.3: resident_time. Never negative.
    fn resident(&self, now: Millis) -> Millis {
        now.saturating_sub(self.received_at).max(0)
    }

    /// How long it has been stale; negative while it is fresh. `None`: it never becomes stale.
    pub fn staleness(&self, now: Millis) -> Option<Millis> {
        let Lifetime::Of(lifetime) = self.lifetime else {
            return None;
        };
        if self.received_at.saturating_sub(now) > FUTURE_TOLERANCE {
            return Some(0);
        }
        let passed = self.spent.saturating_add(self.resident(now));
        Some(passed.saturating_sub(lifetime))
    }

    /// §4.2: fresh while the lifetime exceeds the age.
    pub fn is_fresh(&self, now: Millis) -> bool {
        self.staleness(now).is_none_or(|staleness| staleness < 0)
    }

    /// When it becomes stale; `None`: never.
    pub fn expires_at(&self) -> Option<Millis> {
        match self.lifetime {
            Lifetime::Endless => None,
            Lifetime::Of(lifetime) => Some(
                self.received_at
                    .saturating_add(lifetime)
                    .saturating_sub(self.spent)
                    .max(0),
            ),
        }
    }
}

/// The times and the expiry that a response received now is stored with. `request_max_age` is what the request
/// asked for.
pub fn stamp(
    response: &ResponseHead,
    said: &Said,
    request_max_age: Seconds,
    request_time: Millis,
    now: Millis,
    settings: &Settings,
) -> Stamp {
    let own = own_expiry(response.status, settings);
    let own = match own {
        Expiry::Unset | Expiry::DoNotCache => None,
        Expiry::Never => Some(Lifetime::Endless),
        Expiry::After(duration) => Some(Lifetime::Of(duration)),
        Expiry::At(instant) => Some(Lifetime::Of(instant.saturating_sub(now))),
    };
    let mut stamp = Stamp {
        request_time,
        response_time: now,
        initial_age: initial_age(&response.fields, request_time, now),
        expires: Expires::Never,
        is_explicit: own.is_some(),
    };
    let (lifetime, spent) = if settings.cache_control {
        by_fields(response, said, &stamp, own, settings)
    } else {
        // The request's own directive comes before the expiry that was set for it.
        let asked = request_max_age.millis().map(Lifetime::Of);
        let lifetime = asked.or(own).unwrap_or(Lifetime::Endless);
        (bounded(lifetime, response, settings), 0)
    };
    if let Lifetime::Of(lifetime) = lifetime {
        let at = now.saturating_add(lifetime).saturating_sub(spent);
        stamp.expires = Expires::At(at.max(0));
    }
    stamp
}

/// The user's expiry for a status: that of the request, else of the first URL rule, else of the status, else of the
/// cache.
pub fn own_expiry(status: u16, settings: &Settings) -> Expiry {
    if settings.has_own_expiry || settings.url_rule.is_some() {
        return settings.expiry;
    }
    settings.status_expiry(status).unwrap_or(settings.expiry)
}

/// A failure that nobody gave an expiry of its own is kept for a minute at most, or until the origin wants to be
/// asked again.
fn bounded(lifetime: Lifetime, response: &ResponseHead, settings: &Settings) -> Lifetime {
    const MOST: Millis = 60_000;
    let status = response.status;
    let is_failure = status == 429 || (500..600).contains(&status);
    let has_own = settings.has_own_expiry || settings.status_expiry(status).is_some();
    if !is_failure || has_own {
        return lifetime;
    }
    let retry_after = response.fields.first(b"Retry-After");
    let most = retry_after
        .map(|value| Seconds::parse(value).millis().unwrap_or(MOST))
        .unwrap_or(MOST)
        .min(MOST);
    match lifetime {
        Lifetime::Endless => Lifetime::Of(most),
        Lifetime::Of(lifetime) => Lifetime::Of(lifetime.min(most)),
    }
}

/// §4.2.1, and where the response says nothing the user's expiry before the heuristic. With the lifetime comes how
/// much of it had passed on receipt: the response's age, but nothing of an expiry that counts from the receipt.
fn by_fields(
    response: &ResponseHead,
    said: &Said,
    stamp: &Stamp,
    own: Option<Lifetime>,
    settings: &Settings,
) -> (Lifetime, Millis) {
    let received_at = stamp.response_time;
    let immutable = said.directives.immutable;
    if immutable && settings.immutable_forever {
        return (Lifetime::Endless, 0);
    }
    if let Some(explicit) = explicit_lifetime(&response.fields, said, received_at, settings) {
        return (Lifetime::Of(explicit), stamp.initial_age);
    }
    // RFC 8246 §2 speaks of responses with a lifetime. Without one a private cache takes the origin at its word.
    if immutable && !settings.shared {
        return (Lifetime::Endless, 0);
    }
    match own {
        Some(own) => (own, 0),
        None => {
            let heuristic = heuristic(response, said, received_at, settings);
            (Lifetime::Of(heuristic), stamp.initial_age)
        }
    }
}

/// §4.2.1: what the response itself says; `None` when it says nothing. An invalid saying is 0: stale.
pub fn explicit_lifetime(
    fields: &Fields,
    said: &Said,
    received_at: Millis,
    settings: &Settings,
) -> Option<Millis> {
    let directives = &said.directives;
    let for_shared = if settings.shared {
        directives.s_maxage
    } else {
        Seconds::Absent
    };
    for seconds in [for_shared, directives.max_age] {
        match seconds {
            Seconds::Of(seconds) => return Some(seconds * 1000),
            Seconds::Invalid => return Some(0),
            Seconds::Absent => {}
        }
    }
    if said.is_targeted {
        return None;
    }
    let mut lines = fields.all(b"Expires");
    let expires = lines.next()?;
    if lines.any(|other| other != expires) {
        return Some(0);
    }
    let Some(expires) = date::parse(expires, received_at) else {
        return Some(0);
    };
    let from = date_of(fields, received_at).unwrap_or(received_at);
    Some(expires.saturating_sub(from).max(0))
}

/// §4.2.2: a part of the time since the representation changed, for statuses that may be cached so.
fn heuristic(
    response: &ResponseHead,
    said: &Said,
    received_at: Millis,
    settings: &Settings,
) -> Millis {
    let fields = &response.fields;
    let may = is_heuristically_cacheable(response.status) || said.directives.public;
    let modified = fields
        .first(b"Last-Modified")
        .and_then(|value| date::parse(value, received_at))
        .filter(|_| may);
    modified.map_or(0, |modified| {
        let from = date_of(fields, received_at).unwrap_or(received_at);
        from.saturating_sub(modified).max(0) / 100 * settings.heuristic_percent
    })
}

/// RFC 9110 §15.1
pub fn is_heuristically_cacheable(status: u16) -> bool {
    matches!(
        status,
        200 | 203 | 204 | 206 | 300 | 301 | 308 | 404 | 405 | 410 | 414 | 501
    )
}

/// §4.2.3: corrected_initial_age.
fn initial_age(fields: &Fields, request_time: Millis, response_time: Millis) -> Millis {
    let date = date_of(fields, response_time).unwrap_or(response_time);
    let apparent = response_time.saturating_sub(date).max(0);
    let delay = response_time.saturating_sub(request_time).max(0);
    apparent.max(age_value(fields).saturating_add(delay))
}

/// §5.1: the first member of Age; an invalid one is 0.
fn age_value(fields: &Fields) -> Millis {
    let line = fields.first(b"Age").unwrap_or_default();
    let member = trim(line.split(|b| *b == b',').next().unwrap_or_default());
    Seconds::parse(member).millis().unwrap_or(0)
}

/// The response's Date.
pub fn date_of(fields: &Fields, now: Millis) -> Option<Millis> {
    fields
        .first(b"Date")
        .and_then(|value| date::parse(value, now))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const NOW: Millis = 1_700_000_000_000;

    fn fields(lines: &[(&str, &str)]) -> Fields {
        let mut fields = Fields::new();
        for (name, value) in lines {
            fields.add(name.as_bytes(), value.as_bytes()).unwrap();
        }
        fields
    }

    fn response(status: u16, lines: &[(&str, &str)]) -> ResponseHead {
        let head = ResponseHead::new(status, b"").unwrap();
        ResponseHead {
            fields: fields(lines),
            ..head
        }
    }

    fn http_date(at: Millis) -> String {
        let since = std::time::Duration::from_millis(at as u64);
        httpdate::fmt_http_date(std::time::UNIX_EPOCH + since)
    }

    fn by_the_response() -> Settings {
        Settings {
            cache_control: true,
            ..Settings::default()
        }
    }

    fn lifetime_in(lines: &[(&str, &str)], settings: &Settings) -> Option<Millis> {
        let fields = fields(lines);
        explicit_lifetime(&fields, &Said::by(&fields, settings), NOW, settings)
    }

    fn lifetime(lines: &[(&str, &str)]) -> Option<Millis> {
        lifetime_in(lines, &by_the_response())
    }

    fn stamped(response: &ResponseHead, asked: Seconds, settings: &Settings) -> Stamp {
        let said = Said::by(&response.fields, settings);
        stamp(response, &said, asked, NOW, NOW, settings)
    }

    #[test]
    fn the_response_says_its_lifetime() {
        let (date, later) = (http_date(NOW), http_date(NOW + 5000));
        assert_eq!(lifetime(&[]), None);
        assert_eq!(lifetime(&[("Cache-Control", "max-age=5")]), Some(5000));
        assert_eq!(
            lifetime(&[("Expires", &later), ("Date", &date)]),
            Some(5000)
        );
        assert_eq!(
            lifetime(&[("Expires", &later), ("Cache-Control", "max-age=1")]),
            Some(1000)
        );
        assert_eq!(
            lifetime(&[("Expires", &later), ("Cache-Control", "max-age=x")]),
            Some(0)
        );
        assert_eq!(lifetime(&[("Expires", "0")]), Some(0));
        assert_eq!(
            lifetime(&[("Expires", &later), ("Expires", &date)]),
            Some(0)
        );
    }

    #[test]
    fn s_maxage_is_for_shared_caches_alone() {
        let shared = Settings {
            shared: true,
            ..by_the_response()
        };
        for (line, in_shared, in_private) in [
            ("s-maxage=9, max-age=1", Some(9000), Some(1000)),
            ("s-maxage=9", Some(9000), None),
            ("s-maxage=x, max-age=1", Some(0), Some(1000)),
            ("s-maxage=1, s-maxage=2, max-age=1", Some(0), Some(1000)),
        ] {
            let lines = [("Cache-Control", line)];
            assert_eq!(lifetime_in(&lines, &shared), in_shared, "{line}");
            assert_eq!(lifetime(&lines), in_private, "{line}");
        }
    }

    #[test]
    fn the_users_expiry_comes_before_the_heuristic() {
        let modified = http_date(NOW - 1_000_000);
        let date = http_date(NOW);
        let lines = [("Last-Modified", modified.as_str()), ("Date", &date)];
        let mut settings = by_the_response();
        let written = |settings: &Settings, status| {
            let stamp = stamped(&response(status, &lines), Seconds::Absent, settings);
            (stamp.expires, stamp.is_explicit)
        };
        assert_eq!(written(&settings, 200), (Expires::At(NOW + 100_000), false));
        assert_eq!(written(&settings, 500), (Expires::At(NOW), false));
        settings.expiry = Expiry::After(7);
        assert_eq!(written(&settings, 200), (Expires::At(NOW + 7), true));
        settings.set_status_expiry(2, 8).unwrap();
        assert_eq!(written(&settings, 200), (Expires::At(NOW + 8), true));
        settings.set_status_expiry(200, 9).unwrap();
        assert_eq!(written(&settings, 200), (Expires::At(NOW + 9), true));
        settings.has_own_expiry = true;
        assert_eq!(written(&settings, 200), (Expires::At(NOW + 7), true));
    }

    #[test]
    fn the_users_expiry_counts_from_the_receipt() {
        let settings = Settings {
            expiry: Expiry::After(10_000),
            ..by_the_response()
        };
        let response = response(200, &[("Age", "60")]);
        let stamp = stamped(&response, Seconds::Absent, &settings);
        assert_eq!(stamp.expires, Expires::At(NOW + 10_000));
        let said = Said::by(&response.fields, &settings);
        let freshness = Freshness::of(&response, &said, &stamp, &settings);
        assert!(freshness.is_fresh(NOW + 9_999));
        assert!(!freshness.is_fresh(NOW + 10_000));
    }

    #[test]
    fn immutable_is_endless_where_nothing_says_otherwise() {
        let lifetime = |line: &str, settings: &Settings| {
            let response = response(200, &[("Cache-Control", line)]);
            stamped(&response, Seconds::Absent, settings).expires
        };
        let private = by_the_response();
        let shared = Settings {
            shared: true,
            ..by_the_response()
        };
        let forever = Settings {
            immutable_forever: true,
            ..shared.clone()
        };
        assert_eq!(lifetime("immutable", &private), Expires::Never);
        assert_eq!(lifetime("immutable", &shared), Expires::At(NOW));
        assert_eq!(
            lifetime("immutable, max-age=1", &private),
            Expires::At(NOW + 1000)
        );
        assert_eq!(lifetime("immutable, max-age=1", &forever), Expires::Never);
    }

    #[test]
    fn failures_are_kept_for_a_minute_at_most() {
        let settings = Settings::default();
        let expires = |status, lines: &[(&str, &str)], settings: &Settings| {
            stamped(&response(status, lines), Seconds::Absent, settings).expires
        };
        let minute = Expires::At(NOW + 60_000);
        assert_eq!(expires(503, &[], &settings), minute);
        assert_eq!(
            expires(429, &[("Retry-After", "5")], &settings),
            Expires::At(NOW + 5000)
        );
        assert_eq!(expires(429, &[("Retry-After", "500")], &settings), minute);
        assert_eq!(expires(404, &[], &settings), Expires::Never);
        let mut own = settings.clone();
        own.set_status_expiry(5, 90_000).unwrap();
        assert_eq!(expires(503, &[], &own), Expires::At(NOW + 90_000));
    }

    #[test]
    fn without_cache_control_the_request_comes_first() {
        let response = response(200, &[("Cache-Control", "max-age=1")]);
        let settings = Settings {
            expiry: Expiry::After(50),
            ..Settings::default()
        };
        let written = |asked| stamped(&response, asked, &settings).expires;
        assert_eq!(written(Seconds::Absent), Expires::At(NOW + 50));
        assert_eq!(written(Seconds::Of(9)), Expires::At(NOW + 9000));
        let never = stamped(&response, Seconds::Absent, &Settings::default());
        assert_eq!((never.expires, never.is_explicit), (Expires::Never, false));
    }

    #[test]
    fn a_response_from_the_future_is_stale() {
        let freshness = |received_at| Freshness {
            lifetime: Lifetime::Of(10_000),
            initial_age: 0,
            spent: 0,
            received_at,
        };
        assert!(freshness(NOW + 60_000).is_fresh(NOW));
        assert!(!freshness(NOW + 60_001).is_fresh(NOW));
        let endless = Freshness {
            lifetime: Lifetime::Endless,
            ..freshness(NOW + 90_000)
        };
        assert!(endless.is_fresh(NOW));
    }

    #[test]
    fn age_and_what_counts_of_it_are_two_things_without_cache_control() {
        let settings = Settings {
            expiry: Expiry::After(10_000),
            ..Settings::default()
        };
        let response = response(200, &[("Age", "60")]);
        let stamp = stamped(&response, Seconds::Absent, &settings);
        let freshness = Freshness::of(&response, &Said::default(), &stamp, &settings);
        assert_eq!(freshness.age(NOW + 9_999), 69_999);
        assert!(freshness.is_fresh(NOW + 9_999));
        assert!(!freshness.is_fresh(NOW + 10_000));
        assert_eq!(freshness.expires_at(), Some(NOW + 10_000));
    }

    #[test]
    fn ages_add_up() {
        let date = http_date(NOW - 5000);
        let of = |age: &str| initial_age(&fields(&[("Date", &date), ("Age", age)]), NOW - 300, NOW);
        assert_eq!(of("0"), 5000);
        assert_eq!(of("100"), 100_300);
        assert_eq!(of("100, 200"), 100_300);
        assert_eq!(of("-7"), 5000);
        assert_eq!(of("7.5"), 5000);
        assert_eq!(of("99999999999999999999"), (1 << 31) * 1000 + 300);
    }

    proptest! {
        #[test]
        fn age_is_never_negative_and_never_decreases(
            received_at in any::<i64>(), initial_age in 0..i64::MAX, now in any::<i64>(), step in 0..i64::MAX,
        ) {
            let freshness = Freshness { lifetime: Lifetime::Of(0), initial_age, spent: 0, received_at };
            let before = freshness.age(now);
            prop_assert!(before >= 0);
            prop_assert!(freshness.age(now.saturating_add(step)) >= before);
        }
    }
}
