//! RFC 9111 for the simplest case: one stored 200 with a Date and no validator, and one request for it. It shares
//! nothing with the engine.

use httpcache::cache::Decision;

/// Some directives, each with its seconds if it has some.
pub struct Said<'a>(Vec<(&'a str, Option<i64>)>);

impl<'a> Said<'a> {
    pub fn by(directives: &'a [String]) -> Self {
        let read = |directive: &'a String| match directive.split_once('=') {
            Some((name, argument)) => (name, argument.parse().ok()),
            None => (directive.as_str(), None),
        };
        Said(directives.iter().map(read).collect())
    }

    fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(other, _)| *other == name)
    }

    /// Its seconds: where it is there twice with different ones it says nothing that allows (§4.2.1).
    fn seconds(&self, name: &str, if_contradictory: i64) -> Option<i64> {
        // §1.2.2: beyond 2^31 all are the same.
        let mut all = self
            .0
            .iter()
            .filter(|(other, _)| *other == name)
            .map(|(_, seconds)| seconds.map(|seconds: i64| seconds.min(1 << 31)));
        let first = all.next()?;
        if all.any(|other| other != first) {
            return Some(if_contradictory);
        }
        first
    }
}

/// What becomes of the request, so many seconds after the response was generated and received.
pub fn decide(
    is_shared: bool,
    response: &Said<'_>,
    expires: Option<i64>,
    request: &Said<'_>,
    age: i64,
) -> Decision {
    let refused = if request.has("only-if-cached") {
        Decision::Unsatisfiable
    } else {
        Decision::Forward
    };
    let is_refused = response.has("no-store") || (is_shared && response.has("private"));
    if is_refused || response.has("no-cache") || request.has("no-cache") {
        return refused;
    }
    let for_shared = response.seconds("s-maxage", 0).filter(|_| is_shared);
    let lifetime = for_shared
        .or(response.seconds("max-age", 0))
        .or(expires)
        .unwrap_or(0)
        .max(0);
    if request.seconds("max-age", 0).is_some_and(|most| age > most) {
        return refused;
    }
    if age < lifetime {
        let least = request.seconds("min-fresh", i64::MAX).unwrap_or(0);
        return if lifetime - age >= least {
            Decision::Fresh
        } else {
            refused
        };
    }
    let forbids_stale = response.has("must-revalidate")
        || (is_shared && (response.has("s-maxage") || response.has("proxy-revalidate")));
    // §5.2.1.2: without an argument, however stale.
    let most = match request.seconds("max-stale", -1) {
        Some(most) => most,
        None if request.has("max-stale") => i64::MAX,
        None => -1,
    };
    if age - lifetime <= most && !forbids_stale {
        Decision::Stale
    } else {
        refused
    }
}
