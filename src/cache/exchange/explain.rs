//! The decision in words: what was looked for, what was found, and what followed from it.

use std::fmt::Write;

use super::{Exchange, Phase};
use crate::key::Key;
use crate::policy::decide::Decision;
use crate::policy::freshness::{Freshness, Lifetime};
use crate::policy::reason::Reason;

impl Exchange {
    /// A line for each step of the decision. It holds no URL, field value or credential.
    pub fn explain(&self) -> String {
        let mut text = String::new();
        let mut line = |name: &str, value: String| {
            // Writing to a string does not fail.
            let _ = writeln!(text, "{name}: {value}");
        };
        line("decision", self.decision_in_words().to_owned());
        if let Some(key) = &self.key {
            line("primary key", key.to_string());
        }
        let handed_on = self.handed_on.as_ref().map(|response| response.info);
        let info = handed_on.filter(|info| info.from_cache);
        let (variant, freshness) = match (&self.selected, info) {
            (Some(selected), _) => {
                let row = selected.key.row;
                let variant = selected.found.stored.head.variant;
                (Some(Key { row, variant }), Some(selected.freshness))
            }
            (None, Some(info)) => (info.key, info.freshness),
            (None, None) => (None, None),
        };
        if let Some(rule) = self.settings().url_rule {
            line("url rule", format!("number {}, counted from 1", rule + 1));
        }
        match variant {
            Some(key) => line("stored response", key.to_string()),
            None => line(
                "stored response",
                "none that the request selects".to_owned(),
            ),
        }
        if let Some(freshness) = freshness {
            self.explain_freshness(&freshness, &mut line);
        }
        if self.reason != Reason::None {
            line("reason", self.reason_in_words());
        }
        if let Some(status) = self.forward_status {
            line("origin answered", status.to_string());
        }
        if let Phase::Awaiting { conditional: true } = self.phase {
            line(
                "request to send",
                "with the stored validators (RFC 9111 4.3.1)".to_owned(),
            );
        }
        text
    }

    fn explain_freshness(&self, freshness: &Freshness, line: &mut impl FnMut(&str, String)) {
        let age = freshness.age(self.now);
        let resident = age.saturating_sub(freshness.initial_age);
        line(
            "current age",
            format!(
                "{} ms = {} ms on receipt + {resident} ms since (RFC 9111 4.2.3)",
                age, freshness.initial_age
            ),
        );
        line(
            "freshness lifetime",
            match freshness.lifetime {
                Lifetime::Endless => "without end".to_owned(),
                Lifetime::Of(lifetime) => format!("{lifetime} ms (RFC 9111 4.2.1, 4.2.2)"),
            },
        );
        match freshness.staleness(self.now) {
            Some(staleness) if staleness >= 0 => line("stale for", format!("{staleness} ms")),
            Some(staleness) => line("fresh for", format!("{} ms", staleness.saturating_neg())),
            None => {}
        }
    }

    fn decision_in_words(&self) -> &'static str {
        match self.decision {
            Decision::Forward => "forward: nothing usable is stored",
            Decision::Fresh => "fresh: the stored response is the answer (RFC 9111 4.2)",
            Decision::Stale => {
                "stale: the stored response is the answer all the same (RFC 9111 4.2.4)"
            }
            Decision::StaleRevalidate => {
                "stale: the stored response is the answer, and is revalidated (RFC 5861 3)"
            }
            Decision::Revalidate => "revalidate: the origin is asked first (RFC 9111 4.3)",
            Decision::Unsatisfiable => "504: nothing may be forwarded (RFC 9111 5.2.1.7)",
        }
    }

    fn reason_in_words(&self) -> String {
        let token = self.reason.as_c_str().to_string_lossy();
        format!("{token}: {}", self.reason.in_words())
    }
}
