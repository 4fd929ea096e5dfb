//! Every option in one table: number, unit, default, range. The C header's list is checked against it.

mod lists;
mod overrides;
mod place;
pub mod url_rules;

use std::sync::Arc;
use std::time::Duration;

pub use self::lists::{Lists, StatusRule, list};
pub use self::overrides::Overrides;
pub use self::place::Place;

use crate::error::{Error, Kind, Result};
use crate::http::Url;
use crate::key::matching::{MatchedFields, Matching};
pub use crate::transport::Cancellation;
use crate::transport::{Authority, TransferSettings};

/// No value: the next in the order of precedence.
pub const UNSET: i64 = -2_147_483_647;
/// Never stale; of a limit: none.
pub const NEVER: i64 = -2_147_483_646;
/// Neither read nor written.
pub const DO_NOT_CACHE: i64 = -2_147_483_645;

/// When a stored response becomes stale, as a user says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expiry {
    /// Nothing was said: never without `cache_control`, by heuristics with it.
    Unset,
    /// Never stale.
    Never,
    /// Neither read nor written.
    DoNotCache,
    /// So many milliseconds after it was received. 0: stored if it has a validator, revalidated on each use.
    After(i64),
    /// At this instant, milliseconds since the Unix epoch.
    At(i64),
}

/// How long after it became stale a response may still be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Staleness {
    /// So many milliseconds; 0 is not at all.
    Within(i64),
    /// However stale.
    Any,
}

/// How a cache directory treats a crash of the whole machine. Recorded when the directory is made.
pub use crate::storage::Durability;

/// The settings of a cache, or of one request after its own were laid over them.
#[derive(Clone, Debug)]
pub struct Settings {
    /// RFC 9111 decides from the response's fields; otherwise the settings alone decide.
    pub cache_control: bool,
    /// With `cache_control`: the cache serves several users.
    pub shared: bool,
    /// When stored responses become stale.
    pub expiry: Expiry,
    /// That expiry is the request's own.
    pub has_own_expiry: bool,
    /// That expiry is the one of this URL rule, counted from 0 in the order given.
    pub url_rule: Option<u32>,
    /// Percent of the time since Last-Modified taken as lifetime where nothing else says one.
    pub heuristic_percent: i64,
    /// Use of stale responses when the origin fails.
    pub stale_if_error: Staleness,
    /// Use of stale responses while they are revalidated, where the response says nothing.
    pub stale_while_revalidate: Staleness,
    /// Nothing is reused before the origin said that it is valid.
    pub always_revalidate: bool,
    /// The same for this once.
    pub refresh: bool,
    /// What is stored is not used, and replaced.
    pub force_refresh: bool,
    /// Never forward.
    pub only_if_cached: bool,
    /// Neither read nor written.
    pub bypass: bool,
    /// Read, and not written.
    pub read_only: bool,
    /// Unsafe methods invalidate; `None`: with `cache_control`.
    pub invalidate: Option<bool>,
    /// `No-Vary-Search` is honoured.
    pub no_vary_search: bool,
    /// `Cache-Groups` and `Cache-Group-Invalidation` are honoured (RFC 9875).
    pub groups: bool,
    /// A stored language is chosen by the weights of Accept-Language.
    pub select_language: bool,
    /// `Cache-Status` is added to what is handed on (RFC 9211).
    pub cache_status: bool,
    /// `immutable` never becomes stale.
    pub immutable_forever: bool,
    /// A response whose beginning is stored is completed.
    pub complete: bool,
    /// Of the request all fields and the body are stored, without their secrets, and not only what `Vary` needs.
    pub keep_request: bool,
    /// Lists and names, shared by all copies of the settings.
    pub lists: Arc<Lists>,
    /// Larger bodies pass through unstored.
    pub max_response_bytes: Option<u64>,
    /// What the path that the cache is opened with means.
    pub place: Place,
    /// `None`: what the directory was made with.
    pub durability: Option<Durability>,
    /// Variants kept under one primary key.
    pub max_variants: usize,
    /// 0: the library starts no thread.
    pub workers: usize,
    /// Longer URLs are refused.
    pub max_url_bytes: usize,
    /// Query parameters are sorted by name in the key; `None`: unless `cache_control`.
    pub sort_query: Option<bool>,
    /// That an ignored parameter is there counts.
    pub presence_counts: bool,
    /// Every request field is part of the key, whatever the list of those that are says.
    pub match_all_fields: bool,
    /// Responses are given without regard to the credentials they were fetched with.
    pub share_credentials: bool,
    /// Whose responses they are: a user, a tenant.
    pub partition: Option<Arc<[u8]>>,
    /// How TLS is verified, as the key holds it; `None`: as usual.
    pub verification: Option<Arc<[u8]>>,
    /// For tests: the hashes of all keys are the same.
    pub collides: bool,
    /// Redirects are followed.
    pub follow: bool,
    /// How many redirects are followed.
    pub max_redirects: usize,
    /// A redirect from https to http is followed.
    pub allow_downgrade: bool,
    /// What bounds one transfer.
    pub transfer: TransferSettings,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            cache_control: false,
            shared: false,
            expiry: Expiry::Unset,
            has_own_expiry: false,
            url_rule: None,
            heuristic_percent: 10,
            stale_if_error: Staleness::Within(0),
            stale_while_revalidate: Staleness::Within(0),
            always_revalidate: false,
            refresh: false,
            force_refresh: false,
            only_if_cached: false,
            bypass: false,
            read_only: false,
            invalidate: None,
            no_vary_search: false,
            groups: false,
            select_language: false,
            cache_status: false,
            immutable_forever: false,
            complete: false,
            keep_request: true,
            lists: Arc::default(),
            max_response_bytes: None,
            place: Place::default(),
            durability: None,
            max_variants: 64,
            workers: 1,
            max_url_bytes: 64 * 1024,
            sort_query: None,
            presence_counts: false,
            match_all_fields: false,
            share_credentials: false,
            partition: None,
            verification: None,
            collides: false,
            follow: true,
            max_redirects: 30,
            allow_downgrade: false,
            transfer: TransferSettings::default(),
        }
    }
}

/// What a value counts, and so which values are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// 0 or 1.
    Switch,
    /// A duration in milliseconds, or one of the named expiries.
    Expiry,
    /// Milliseconds since the Unix epoch.
    Instant,
    /// A duration in milliseconds; [`NEVER`] is no limit.
    Milliseconds,
    /// A number between two bounds, both included; [`NEVER`] is taken where `unlimited`.
    Number {
        /// The least value.
        least: i64,
        /// The greatest value.
        greatest: i64,
        /// Whether [`NEVER`] says there is no limit.
        unlimited: bool,
    },
}

/// One option.
#[derive(Clone, Copy, Debug)]
pub struct Spec {
    /// Its number, the same for ever.
    pub number: i32,
    /// Its name in C.
    pub name: &'static str,
    /// What its values are.
    pub unit: Unit,
    /// The default as the header words it.
    pub default: &'static str,
    /// Whether a request may set it too.
    pub per_request: bool,
}

const fn spec(
    number: i32,
    name: &'static str,
    unit: Unit,
    default: &'static str,
    per_request: bool,
) -> Spec {
    Spec {
        number,
        name,
        unit,
        default,
        per_request,
    }
}

const fn number(least: i64, greatest: i64, unlimited: bool) -> Unit {
    Unit::Number {
        least,
        greatest,
        unlimited,
    }
}

/// The numbers of the options, as in the C header.
#[allow(missing_docs, reason = "each is one line of the table below")]
pub mod option {
    pub const CACHE_CONTROL: i32 = 100;
    pub const SHARED: i32 = 101;
    pub const EXPIRE_AFTER: i32 = 102;
    pub const EXPIRE_AT: i32 = 103;
    pub const HEURISTIC_PERCENT: i32 = 104;
    pub const STALE_IF_ERROR: i32 = 105;
    pub const STALE_WHILE_REVALIDATE: i32 = 106;
    pub const ALWAYS_REVALIDATE: i32 = 107;
    pub const REFRESH: i32 = 108;
    pub const FORCE_REFRESH: i32 = 109;
    pub const ONLY_IF_CACHED: i32 = 110;
    pub const BYPASS: i32 = 111;
    pub const READ_ONLY: i32 = 112;
    pub const MATCH_ALL_FIELDS: i32 = 113;
    pub const IGNORED_PRESENCE_COUNTS: i32 = 114;
    pub const INVALIDATE: i32 = 116;
    pub const SHARE_CREDENTIALS: i32 = 117;
    pub const NO_VARY_SEARCH: i32 = 118;
    pub const GROUPS: i32 = 119;
    pub const MAX_RESPONSE_BYTES: i32 = 121;
    pub const DURABILITY: i32 = 122;
    pub const MAX_VARIANTS: i32 = 123;
    pub const WORKERS: i32 = 125;
    pub const PLACE: i32 = 126;
    pub const SELECT_LANGUAGE: i32 = 127;
    pub const HEAD_TIMEOUT: i32 = 130;
    pub const CONNECT_TIMEOUT: i32 = 131;
    pub const MAX_REDIRECTS: i32 = 132;
    pub const VERIFY_TLS: i32 = 133;
    pub const IDLE_TIMEOUT: i32 = 135;
    pub const TOTAL_TIMEOUT: i32 = 136;
    pub const ALLOW_DOWNGRADE: i32 = 137;
    pub const MAX_HEAD_BYTES: i32 = 139;
    pub const MAX_FIELDS: i32 = 140;
    pub const FOLLOW: i32 = 141;
    pub const RETRY: i32 = 142;
    pub const SORT_QUERY: i32 = 143;
    pub const MAX_URL_BYTES: i32 = 144;
    pub const CACHE_STATUS: i32 = 145;
    pub const IMMUTABLE_FOREVER: i32 = 146;
    pub const COMPLETE: i32 = 147;
    pub const KEEP_REQUEST: i32 = 148;
    pub const UNORDERED_FIELDS: i32 = 149;
}

/// All options, in the order of their numbers.
pub static OPTIONS: &[Spec] = &[
    spec(
        option::CACHE_CONTROL,
        "HC_OPT_CACHE_CONTROL",
        Unit::Switch,
        "0",
        false,
    ),
    spec(option::SHARED, "HC_OPT_SHARED", Unit::Switch, "0", false),
    spec(
        option::EXPIRE_AFTER,
        "HC_OPT_EXPIRE_AFTER",
        Unit::Expiry,
        "unset",
        true,
    ),
    spec(
        option::EXPIRE_AT,
        "HC_OPT_EXPIRE_AT",
        Unit::Instant,
        "none",
        true,
    ),
    spec(
        option::HEURISTIC_PERCENT,
        "HC_OPT_HEURISTIC_PERCENT",
        number(0, 100, false),
        "10",
        false,
    ),
    spec(
        option::STALE_IF_ERROR,
        "HC_OPT_STALE_IF_ERROR",
        Unit::Milliseconds,
        "0",
        true,
    ),
    spec(
        option::STALE_WHILE_REVALIDATE,
        "HC_OPT_STALE_WHILE_REVALIDATE",
        Unit::Milliseconds,
        "0",
        true,
    ),
    spec(
        option::ALWAYS_REVALIDATE,
        "HC_OPT_ALWAYS_REVALIDATE",
        Unit::Switch,
        "0",
        true,
    ),
    spec(option::REFRESH, "HC_OPT_REFRESH", Unit::Switch, "0", true),
    spec(
        option::FORCE_REFRESH,
        "HC_OPT_FORCE_REFRESH",
        Unit::Switch,
        "0",
        true,
    ),
    spec(
        option::ONLY_IF_CACHED,
        "HC_OPT_ONLY_IF_CACHED",
        Unit::Switch,
        "0",
        true,
    ),
    spec(option::BYPASS, "HC_OPT_BYPASS", Unit::Switch, "0", true),
    spec(
        option::READ_ONLY,
        "HC_OPT_READ_ONLY",
        Unit::Switch,
        "0",
        true,
    ),
    spec(
        option::MATCH_ALL_FIELDS,
        "HC_OPT_MATCH_ALL_FIELDS",
        Unit::Switch,
        "0",
        false,
    ),
    spec(
        option::IGNORED_PRESENCE_COUNTS,
        "HC_OPT_IGNORED_PRESENCE_COUNTS",
        Unit::Switch,
        "0",
        false,
    ),
    spec(
        option::INVALIDATE,
        "HC_OPT_INVALIDATE",
        Unit::Switch,
        "CACHE_CONTROL",
        false,
    ),
    spec(
        option::SHARE_CREDENTIALS,
        "HC_OPT_SHARE_CREDENTIALS",
        Unit::Switch,
        "0",
        true,
    ),
    spec(
        option::NO_VARY_SEARCH,
        "HC_OPT_NO_VARY_SEARCH",
        Unit::Switch,
        "0",
        false,
    ),
    spec(option::GROUPS, "HC_OPT_GROUPS", Unit::Switch, "0", false),
    spec(
        option::MAX_RESPONSE_BYTES,
        "HC_OPT_MAX_RESPONSE_BYTES",
        number(0, i64::MAX, true),
        "none",
        false,
    ),
    spec(
        option::DURABILITY,
        "HC_OPT_DURABILITY",
        number(0, 2, false),
        "1",
        false,
    ),
    spec(
        option::MAX_VARIANTS,
        "HC_OPT_MAX_VARIANTS",
        number(1, 4096, false),
        "64",
        false,
    ),
    spec(
        option::WORKERS,
        "HC_OPT_WORKERS",
        number(0, 1, false),
        "1",
        false,
    ),
    spec(
        option::PLACE,
        "HC_OPT_PLACE",
        number(0, 2, false),
        "0",
        false,
    ),
    spec(
        option::SELECT_LANGUAGE,
        "HC_OPT_SELECT_LANGUAGE",
        Unit::Switch,
        "0",
        false,
    ),
    spec(
        option::HEAD_TIMEOUT,
        "HC_OPT_HEAD_TIMEOUT",
        Unit::Milliseconds,
        "30000",
        true,
    ),
    spec(
        option::CONNECT_TIMEOUT,
        "HC_OPT_CONNECT_TIMEOUT",
        Unit::Milliseconds,
        "10000",
        true,
    ),
    spec(
        option::MAX_REDIRECTS,
        "HC_OPT_MAX_REDIRECTS",
        number(0, 1000, false),
        "30",
        true,
    ),
    spec(
        option::VERIFY_TLS,
        "HC_OPT_VERIFY_TLS",
        Unit::Switch,
        "1",
        true,
    ),
    spec(
        option::IDLE_TIMEOUT,
        "HC_OPT_IDLE_TIMEOUT",
        Unit::Milliseconds,
        "30000",
        true,
    ),
    spec(
        option::TOTAL_TIMEOUT,
        "HC_OPT_TOTAL_TIMEOUT",
        Unit::Milliseconds,
        "none",
        true,
    ),
    spec(
        option::ALLOW_DOWNGRADE,
        "HC_OPT_ALLOW_DOWNGRADE",
        Unit::Switch,
        "0",
        true,
    ),
    spec(
        option::MAX_HEAD_BYTES,
        "HC_OPT_MAX_HEAD_BYTES",
        number(1024, 1 << 30, false),
        "262144",
        false,
    ),
    spec(
        option::MAX_FIELDS,
        "HC_OPT_MAX_FIELDS",
        number(1, 1 << 20, false),
        "1000",
        false,
    ),
    spec(option::FOLLOW, "HC_OPT_FOLLOW", Unit::Switch, "1", true),
    spec(option::RETRY, "HC_OPT_RETRY", Unit::Switch, "1", true),
    spec(
        option::SORT_QUERY,
        "HC_OPT_SORT_QUERY",
        Unit::Switch,
        "not CACHE_CONTROL",
        false,
    ),
    spec(
        option::MAX_URL_BYTES,
        "HC_OPT_MAX_URL_BYTES",
        number(16, 16 << 20, false),
        "65536",
        false,
    ),
    spec(
        option::CACHE_STATUS,
        "HC_OPT_CACHE_STATUS",
        Unit::Switch,
        "0",
        false,
    ),
    spec(
        option::IMMUTABLE_FOREVER,
        "HC_OPT_IMMUTABLE_FOREVER",
        Unit::Switch,
        "0",
        false,
    ),
    spec(option::COMPLETE, "HC_OPT_COMPLETE", Unit::Switch, "0", true),
    spec(
        option::KEEP_REQUEST,
        "HC_OPT_KEEP_REQUEST",
        Unit::Switch,
        "1",
        false,
    ),
    spec(
        option::UNORDERED_FIELDS,
        "HC_OPT_UNORDERED_FIELDS",
        Unit::Switch,
        "0",
        false,
    ),
];

fn find(number: i32) -> Result<&'static Spec> {
    OPTIONS
        .iter()
        .find(|spec| spec.number == number)
        .ok_or_else(|| {
            Error::new(
                Kind::Unsupported,
                format!("option {number} is not known here"),
            )
        })
}

impl Spec {
    fn check(&self, value: i64) -> Result<()> {
        let accepted = match self.unit {
            Unit::Switch => matches!(value, 0 | 1),
            Unit::Expiry => value >= 0 || matches!(value, UNSET | NEVER | DO_NOT_CACHE),
            Unit::Instant => value >= 0 || value == UNSET,
            Unit::Milliseconds => value >= 0 || value == NEVER,
            Unit::Number {
                least,
                greatest,
                unlimited,
            } => (least..=greatest).contains(&value) || (unlimited && value == NEVER),
        };
        if accepted {
            return Ok(());
        }
        Err(Error::new(
            Kind::Argument,
            format!("{} does not take {value}", self.name),
        ))
    }
}

impl Settings {
    /// Sets one option.
    pub fn set(&mut self, number: i32, value: i64) -> Result<()> {
        find(number)?.check(value)?;
        self.assign(number, value);
        Ok(())
    }

    /// Refuses options that contradict each other, naming both.
    pub fn check(&self) -> Result<()> {
        self.check_policy()?;
        // A URL rule may have something cached all the same.
        if self.expiry != Expiry::DoNotCache || !self.lists.url_rules.is_empty() {
            return Ok(());
        }
        let other = if self.only_if_cached {
            "HC_OPT_ONLY_IF_CACHED could only answer 504"
        } else if self.stale_if_error != Staleness::Within(0) {
            "HC_OPT_STALE_IF_ERROR has nothing to use"
        } else {
            return Ok(());
        };
        Err(Error::new(
            Kind::Conflict,
            format!("with HC_OPT_EXPIRE_AFTER HC_DO_NOT_CACHE, {other}"),
        ))
    }

    /// What only means something where RFC 9111 decides.
    fn check_policy(&self) -> Result<()> {
        if self.cache_control {
            return Ok(());
        }
        let without = if self.shared {
            "HC_OPT_SHARED"
        } else if !self.lists.targeted_fields.is_empty() {
            "HC_LIST_TARGETED_FIELD"
        } else {
            return Ok(());
        };
        Err(Error::new(
            Kind::Argument,
            format!("{without} is part of RFC 9111 and needs HC_OPT_CACHE_CONTROL"),
        ))
    }

    /// Whether unsafe methods invalidate.
    pub fn invalidates(&self) -> bool {
        self.invalidate.unwrap_or(self.cache_control)
    }

    /// These with the first rule laid over them that matches a URL; `None` where none does, or the request has an
    /// expiry of its own.
    pub fn ruled_by(&self, url: &Url) -> Option<Settings> {
        let rules = &self.lists.url_rules;
        if self.has_own_expiry || rules.is_empty() {
            return None;
        }
        let ruled = rules.decide(url)?;
        Some(Settings {
            expiry: ruled.expiry,
            url_rule: Some(ruled.number),
            ..self.clone()
        })
    }

    /// Whether query parameters are sorted by name in the key.
    pub fn sorts_query(&self) -> bool {
        self.sort_query.unwrap_or(!self.cache_control)
    }

    /// What of these says which requests are the same.
    pub fn matching(&self) -> Matching<'_> {
        Matching {
            sorts_query: self.sorts_query(),
            names: &self.lists.ignored,
            presence_counts: self.presence_counts,
            fields: if self.match_all_fields {
                &MatchedFields::All
            } else {
                &self.lists.matched
            },
            unordered: &self.lists.unordered,
            verification: self.verification.as_deref(),
            partition: self.partition.as_deref(),
            shares_credentials: self.share_credentials,
            own_key: None,
            collides: self.collides,
        }
    }

    fn verify(&mut self, verifies: bool) {
        self.transfer.verification.is_on = verifies;
        self.verification = self.transfer.verification.in_key();
    }

    /// The certificate authorities that vouch for origins; `None`: the system's.
    fn trust(&mut self, authority: Option<Arc<Authority>>) {
        self.transfer.verification.authority = authority;
        self.verification = self.transfer.verification.in_key();
    }

    fn assign(&mut self, number: i32, value: i64) {
        let switch = value == 1;
        let limit = (value != NEVER).then(|| Duration::from_millis(value.unsigned_abs()));
        let count = value.unsigned_abs() as usize;
        match number {
            option::CACHE_CONTROL => self.cache_control = switch,
            option::SHARED => self.shared = switch,
            option::EXPIRE_AFTER => self.expiry = Expiry::from_duration(value),
            option::EXPIRE_AT if value == UNSET => self.expiry = Expiry::Unset,
            option::EXPIRE_AT => self.expiry = Expiry::At(value),
            option::HEURISTIC_PERCENT => self.heuristic_percent = value,
            option::STALE_IF_ERROR => self.stale_if_error = Staleness::from_duration(value),
            option::STALE_WHILE_REVALIDATE => {
                self.stale_while_revalidate = Staleness::from_duration(value);
            }
            option::ALWAYS_REVALIDATE => self.always_revalidate = switch,
            option::REFRESH => self.refresh = switch,
            option::FORCE_REFRESH => self.force_refresh = switch,
            option::ONLY_IF_CACHED => self.only_if_cached = switch,
            option::BYPASS => self.bypass = switch,
            option::READ_ONLY => self.read_only = switch,
            option::MATCH_ALL_FIELDS => self.match_all_fields = switch,
            option::IGNORED_PRESENCE_COUNTS => self.presence_counts = switch,
            option::INVALIDATE => self.invalidate = Some(switch),
            option::SHARE_CREDENTIALS => self.share_credentials = switch,
            option::NO_VARY_SEARCH => self.no_vary_search = switch,
            option::GROUPS => self.groups = switch,
            option::MAX_RESPONSE_BYTES => {
                self.max_response_bytes = (value != NEVER).then_some(value.unsigned_abs());
            }
            option::DURABILITY => self.durability = durability(value),
            option::MAX_VARIANTS => self.max_variants = count,
            option::WORKERS => self.workers = count,
            option::PLACE => self.place = Place::numbered(value).unwrap_or_default(),
            option::SELECT_LANGUAGE => self.select_language = switch,
            option::HEAD_TIMEOUT => self.transfer.head_timeout = limit,
            option::CONNECT_TIMEOUT => self.transfer.connect_timeout = limit,
            option::MAX_REDIRECTS => self.max_redirects = count,
            option::VERIFY_TLS => self.verify(switch),
            option::IDLE_TIMEOUT => self.transfer.idle_timeout = limit,
            option::TOTAL_TIMEOUT => self.transfer.total_timeout = limit,
            option::ALLOW_DOWNGRADE => self.allow_downgrade = switch,
            option::MAX_HEAD_BYTES => self.transfer.max_head_bytes = count,
            option::MAX_FIELDS => self.transfer.max_fields = count,
            option::FOLLOW => self.follow = switch,
            option::RETRY => self.transfer.retry = switch,
            option::SORT_QUERY => self.sort_query = Some(switch),
            option::MAX_URL_BYTES => self.max_url_bytes = count,
            option::CACHE_STATUS => self.cache_status = switch,
            option::IMMUTABLE_FOREVER => self.immutable_forever = switch,
            option::COMPLETE => self.complete = switch,
            option::KEEP_REQUEST => self.keep_request = switch,
            option::UNORDERED_FIELDS => Arc::make_mut(&mut self.lists).unordered.all = switch,
            _ => {}
        }
    }
}

fn durability(value: i64) -> Option<Durability> {
    [Durability::Fast, Durability::Safe, Durability::Synced]
        .into_iter()
        .find(|level| *level as i64 == value)
}

impl Expiry {
    /// A duration in milliseconds or a named value, as a caller says it under a name.
    pub fn read(value: i64, name: &str) -> Result<Self> {
        if value < 0 && !matches!(value, UNSET | NEVER | DO_NOT_CACHE) {
            let message = format!("{name} is {value}: neither a duration nor a named value");
            return Err(Error::new(Kind::Argument, message));
        }
        Ok(Self::from_duration(value))
    }

    fn from_duration(value: i64) -> Self {
        match value {
            UNSET => Expiry::Unset,
            NEVER => Expiry::Never,
            DO_NOT_CACHE => Expiry::DoNotCache,
            milliseconds => Expiry::After(milliseconds),
        }
    }
}

impl Staleness {
    fn from_duration(value: i64) -> Self {
        if value == NEVER {
            Staleness::Any
        } else {
            Staleness::Within(value)
        }
    }

    /// Whether a response that became stale so many milliseconds ago may still be used.
    pub fn covers(self, staleness: i64) -> bool {
        match self {
            Staleness::Any => true,
            Staleness::Within(limit) => limit > 0 && staleness <= limit,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_unique_and_in_order() {
        assert!(
            OPTIONS
                .windows(2)
                .all(|pair| pair[0].number < pair[1].number)
        );
    }

    #[test]
    fn values_out_of_range_name_the_option() {
        let mut settings = Settings::default();
        for (number, value) in [
            (option::CACHE_CONTROL, 2),
            (option::CACHE_CONTROL, -1),
            (option::EXPIRE_AFTER, -1),
            (option::EXPIRE_AT, NEVER),
            (option::HEAD_TIMEOUT, -5),
            (option::MAX_VARIANTS, 0),
            (option::DURABILITY, 3),
            (option::PLACE, 3),
        ] {
            let error = settings.set(number, value).unwrap_err();
            assert_eq!(error.kind(), Kind::Argument);
            assert!(error.message().contains("HC_OPT_"), "{error}");
        }
        assert_eq!(settings.set(9999, 0).unwrap_err().kind(), Kind::Unsupported);
    }

    #[test]
    fn a_request_lays_its_options_over_the_cache() {
        let mut settings = Settings::default();
        settings.set(option::EXPIRE_AFTER, 1000).unwrap();
        let mut overrides = Overrides::default();
        overrides.set(option::EXPIRE_AT, 5).unwrap();
        assert_eq!(settings.with(&overrides).expiry, Expiry::At(5));
        overrides.set(option::EXPIRE_AFTER, NEVER).unwrap();
        assert_eq!(settings.with(&overrides).expiry, Expiry::Never);
        overrides.set(option::EXPIRE_AFTER, UNSET).unwrap();
        assert_eq!(settings.with(&overrides).expiry, Expiry::After(1000));
        let refused = overrides.set(option::CACHE_CONTROL, 1).unwrap_err();
        assert_eq!(refused.kind(), Kind::Argument);
        assert_eq!(
            overrides.set(9999, UNSET).unwrap_err().kind(),
            Kind::Unsupported
        );
    }

    #[test]
    fn contradictions_name_both() {
        let mut settings = Settings {
            expiry: Expiry::DoNotCache,
            ..Settings::default()
        };
        assert!(settings.check().is_ok());
        settings.only_if_cached = true;
        let error = settings.check().unwrap_err();
        assert_eq!(error.kind(), Kind::Conflict);
        assert!(error.message().contains("HC_OPT_ONLY_IF_CACHED"));
    }
}
