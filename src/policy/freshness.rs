//! How long a stored response is fresh (§4.2.1, §4.2.2), and how old it is (§4.2.3).

use std::time::UNIX_EPOCH;

use super::Millis;
use super::directives::{ResponseDirectives, Seconds};
use crate::http::{Fields, ResponseHead};
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
    pub fn of(response: &ResponseHead, stamp: &Stamp, settings: &Settings) -> Self {
        let fields = &response.fields;
        let received_at = stamp.response_time;
        let written = match stamp.expires {
            Expires::Never => Lifetime::Endless,
            Expires::At(instant) => Lifetime::Of(instant.saturating_sub(received_at)),
        };
        let (lifetime, spent) = if settings.cache_control {
            let explicit = stamp.is_explicit.then_some(written);
            let lifetime = by_fields(response.status, fields, received_at, explicit, settings);
            (lifetime, stamp.initial_age)
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
    request_max_age: Seconds,
    request_time: Millis,
    now: Millis,
    settings: &Settings,
) -> Stamp {
    let fields = &response.fields;
    let own = match settings.expiry {
        Expiry::Unset | Expiry::DoNotCache => None,
        Expiry::Never => Some(Lifetime::Endless),
        Expiry::After(duration) => Some(Lifetime::Of(duration)),
        Expiry::At(instant) => Some(Lifetime::Of(instant.saturating_sub(now))),
    };
    let is_explicit = own.is_some();
    let lifetime = if settings.cache_control {
        by_fields(response.status, fields, now, own, settings)
    } else {
        // The request's own directive comes before the expiry that was set for it.
        let asked = request_max_age.millis().map(Lifetime::Of);
        asked.or(own).unwrap_or(Lifetime::Endless)
    };
    let initial_age = initial_age(fields, request_time, now);
    let spent = if settings.cache_control {
        initial_age
    } else {
        0
    };
    let expires = match lifetime {
        Lifetime::Endless => Expires::Never,
        Lifetime::Of(lifetime) => {
            Expires::At(now.saturating_add(lifetime).saturating_sub(spent).max(0))
        }
    };
    Stamp {
        request_time,
        response_time: now,
        initial_age,
        expires,
        is_explicit,
    }
}

/// §4.2.1, and where the response says nothing the user's expiry before the heuristic.
fn by_fields(
    status: u16,
    fields: &Fields,
    received_at: Millis,
    own: Option<Lifetime>,
    settings: &Settings,
) -> Lifetime {
    if let Some(explicit) = explicit_lifetime(fields, received_at) {
        return Lifetime::Of(explicit);
    }
    own.unwrap_or_else(|| Lifetime::Of(heuristic(status, fields, received_at, settings)))
}

/// §4.2.1: what the response itself says; `None` when it says nothing. An invalid saying is 0: stale.
pub fn explicit_lifetime(fields: &Fields, received_at: Millis) -> Option<Millis> {
    match ResponseDirectives::read(fields).max_age {
        Seconds::Of(seconds) => return Some(seconds * 1000),
        Seconds::Invalid => return Some(0),
        Seconds::Absent => {}
    }
    let mut lines = fields.all(b"Expires");
    let expires = lines.next()?;
    if lines.any(|other| other != expires) {
        return Some(0);
    }
    let Some(expires) = parse_date(expires) else {
        return Some(0);
    };
    Some(
        expires
            .saturating_sub(date(fields).unwrap_or(received_at))
            .max(0),
    )
}

/// §4.2.2: a part of the time since the representation changed, for statuses that may be cached so.
fn heuristic(status: u16, fields: &Fields, received_at: Millis, settings: &Settings) -> Millis {
    let may = is_heuristically_cacheable(status) || ResponseDirectives::read(fields).public;
    let modified = fields
        .first(b"Last-Modified")
        .and_then(parse_date)
        .filter(|_| may);
    modified.map_or(0, |modified| {
        let unchanged = date(fields)
            .unwrap_or(received_at)
            .saturating_sub(modified)
            .max(0);
        unchanged / 100 * settings.heuristic_percent
    })
}

/// RFC 9110 §15.1
pub fn is_heuristically_cacheable(status: u16) -> bool {
    matches!(
        status,
        200 | 203 | 204 | 300 | 301 | 308 | 404 | 405 | 410 | 414 | 501
    )
}

/// §4.2.3: corrected_initial_age.
fn initial_age(fields: &Fields, request_time: Millis, response_time: Millis) -> Millis {
    let apparent = response_time
        .saturating_sub(date(fields).unwrap_or(response_time))
        .max(0);
    let delay = response_time.saturating_sub(request_time).max(0);
    apparent.max(age_value(fields).saturating_add(delay))
}

/// §5.1: the first member of Age; an invalid one is 0.
fn age_value(fields: &Fields) -> Millis {
    let line = fields.first(b"Age").unwrap_or_default();
    let member = crate::http::fields::trim(line.split(|b| *b == b',').next().unwrap_or_default());
    if member.is_empty() || !member.iter().all(u8::is_ascii_digit) {
        return 0;
    }
    let seconds = std::str::from_utf8(member)
        .ok()
        .and_then(|digits| digits.parse().ok());
    seconds.unwrap_or(i64::MAX).min(1 << 31) * 1000
}

/// The response's Date.
pub fn date(fields: &Fields) -> Option<Millis> {
    fields.first(b"Date").and_then(parse_date)
}

/// An HTTP-date in any of its three forms (RFC 9110 §5.6.7).
pub fn parse_date(value: &[u8]) -> Option<Millis> {
    let time = httpdate::parse_http_date(std::str::from_utf8(value).ok()?).ok()?;
    i64::try_from(time.duration_since(UNIX_EPOCH).ok()?.as_millis()).ok()
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
        httpdate::fmt_http_date(UNIX_EPOCH + std::time::Duration::from_millis(at as u64))
    }

    fn lifetime(lines: &[(&str, &str)]) -> Option<Millis> {
        explicit_lifetime(&fields(lines), NOW)
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
    fn the_users_expiry_comes_before_the_heuristic() {
        let modified = http_date(NOW - 1_000_000);
        let date = http_date(NOW);
        let lines = [("Last-Modified", modified.as_str()), ("Date", &date)];
        let mut settings = Settings {
            cache_control: true,
            ..Settings::default()
        };
        let written = |settings: &Settings, status| {
            let response = response(status, &lines);
            let stamp = stamp(&response, Seconds::Absent, NOW, NOW, settings);
            (stamp.expires, stamp.is_explicit)
        };
        assert_eq!(written(&settings, 200), (Expires::At(NOW + 100_000), false));
        assert_eq!(written(&settings, 500), (Expires::At(NOW), false));
        settings.expiry = Expiry::After(7);
        assert_eq!(written(&settings, 200), (Expires::At(NOW + 7), true));
    }

    #[test]
    fn without_cache_control_the_request_comes_first() {
        let response = response(200, &[("Cache-Control", "max-age=1")]);
        let settings = Settings {
            expiry: Expiry::After(50),
            ..Settings::default()
        };
        let written = |asked| stamp(&response, asked, NOW, NOW, &settings).expires;
        assert_eq!(written(Seconds::Absent), Expires::At(NOW + 50));
        assert_eq!(written(Seconds::Of(9)), Expires::At(NOW + 9000));
        let unset = Settings::default();
        let never = stamp(&response, Seconds::Absent, NOW, NOW, &unset);
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
        let stamp = stamp(&response, Seconds::Absent, NOW, NOW, &settings);
        let freshness = Freshness::of(&response, &stamp, &settings);
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
