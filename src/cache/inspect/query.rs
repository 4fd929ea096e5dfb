//! What a walk or a deletion asks for. All conditions must hold.

use super::row::{Held, Readable};
use crate::error::{Error, Kind, Result};
use crate::http::Url;
use crate::settings::Expiry;
use crate::settings::url_rules::{PatternKind, UrlRules};

/// Which stored responses; all readable ones where none of these is set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Kinds {
    /// Those that are stale.
    pub expired: bool,
    /// Those that are fresh.
    pub fresh: bool,
    /// Records that cannot be read.
    pub unreadable: bool,
    /// Redirects that lead to a stored response.
    pub aliases: bool,
}

impl Kinds {
    /// Whether no stored response is asked for.
    pub(super) fn are_aliases_alone(&self) -> bool {
        let aliases = Kinds {
            aliases: true,
            ..Kinds::default()
        };
        *self == aliases
    }

    /// Whether any is asked for by itself.
    pub fn are_said(&self) -> bool {
        *self != Kinds::default()
    }

    fn hold(&self, is_fresh: bool) -> bool {
        !self.are_said() || if is_fresh { self.fresh } else { self.expired }
    }
}

/// By what a walk is sorted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    /// By the key, so that responses of one URL stand together.
    #[default]
    Key,
    /// By when they become stale; those that never do come last.
    Expiry,
    /// By the bytes of their bodies.
    Size,
    /// By when they were received or last freshened.
    Created,
}

/// What is asked for.
#[derive(Clone, Debug, Default)]
pub struct Query {
    /// Which of them.
    pub kinds: Kinds,
    /// In which order.
    pub order: Order,
    /// The other way round.
    pub is_descending: bool,
    /// Received or last freshened before this instant.
    pub created_before: Option<i64>,
    /// Stale from an instant before this one.
    pub expires_before: Option<i64>,
    /// Whose request had this method.
    pub method: Option<String>,
    /// All that is stored of this URL, as invalidation and lookups find it.
    pub url: Option<Url>,
    /// Whose URL this glob matches.
    pub glob: Option<UrlGlob>,
    /// At most so many.
    pub limit: Option<u64>,
}

/// A pattern of URLs, written as the globs of URL rules.
#[derive(Clone, Debug)]
pub struct UrlGlob(UrlRules);

impl UrlGlob {
    /// Reads a pattern.
    pub fn read(pattern: &[u8]) -> Result<Self> {
        let mut rules = UrlRules::default();
        rules.add(PatternKind::Glob, pattern, Expiry::Never)?;
        Ok(UrlGlob(rules))
    }

    fn matches(&self, url: &Url) -> bool {
        self.0.decide(url).is_some()
    }

    /// The same of a URL as it is stored, which may hold what no URL has: such a one matches none.
    pub(super) fn matches_text(&self, url: &[u8]) -> bool {
        Url::parse(url).is_ok_and(|(url, _)| self.matches(&url))
    }
}

impl Query {
    /// Whether it asks for something less than all there is.
    pub fn is_narrow(&self) -> bool {
        self.kinds.are_said()
            || self.created_before.is_some()
            || self.expires_before.is_some()
            || self.method.is_some()
            || self.url.is_some()
            || self.glob.is_some()
            || self.limit.is_some()
    }

    /// An error where it asks for all there is: who deletes everything says so by name.
    pub(super) fn check_narrow(&self) -> Result<()> {
        if self.is_narrow() {
            return Ok(());
        }
        let message = "the query has no condition; hc_clear deletes all";
        Err(Error::new(Kind::Argument, message))
    }

    /// Whether it asks for this one, but for its URL.
    pub(super) fn matches(&self, readable: &Readable, now: i64) -> bool {
        let freshness = &readable.freshness;
        let expires_at = freshness.expires_at();
        self.kinds.hold(freshness.is_fresh(now))
            && self
                .created_before
                .is_none_or(|instant| freshness.received_at < instant)
            && self
                .expires_before
                .is_none_or(|instant| expires_at.is_some_and(|at| at < instant))
            && self.matches_request(readable)
    }

    /// What is not known of a request matches no condition on it.
    fn matches_request(&self, readable: &Readable) -> bool {
        let request = readable.request.as_ref();
        let is_method =
            |method: &String| request.is_some_and(|request| request.http.method.as_str() == method);
        let is_in = |glob: &UrlGlob| request.is_some_and(|request| glob.matches(&request.http.url));
        self.method.as_ref().is_none_or(is_method) && self.glob.as_ref().is_none_or(is_in)
    }

    /// Whether it asks for a record that cannot be read. Of such a one nothing is known but under which URL it stands.
    pub(super) fn matches_unreadable(&self) -> bool {
        self.kinds.unreadable
            && self.created_before.is_none()
            && self.expires_before.is_none()
            && self.method.is_none()
            && self.glob.is_none()
    }

    /// By what a row is sorted: a number that grows with the order asked for.
    pub(super) fn rank(&self, held: &Held) -> u64 {
        let unsigned = |instant: i64| instant.max(0).cast_unsigned();
        let Held::Response(readable) = held else {
            return 0;
        };
        let freshness = &readable.freshness;
        match self.order {
            Order::Key => 0,
            Order::Expiry => freshness.expires_at().map_or(u64::MAX, unsigned),
            Order::Size => readable.stored.head.body_len,
            Order::Created => unsigned(freshness.received_at),
        }
    }
}
