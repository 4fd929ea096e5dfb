//! Two users: what alice's request stored, and whether bob is given it. What may be is written here as RFC 9111 §3.5
//! and §4.1 and the options say it, apart from the code; each cell of the matrix is the one or the other exactly.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test stops where it fails"
)]

#[path = "../support/counts.rs"]
mod counts;

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use httpcache::cache::{
    Cache, Clock, Decision, Exchange, Options, Outcome, Overrides, Request, Response,
};
use httpcache::http::ResponseHead;
use httpcache::settings::{NEVER, Settings, option};

const METHOD: i32 = 200;
const STATUS: i32 = 201;
const IGNORED: i32 = 202;
const MATCH_FIELD: i32 = 203;
const PARTITION: i32 = 300;

/// Seconds that every response is fresh.
const LIFETIME: i64 = 1000;
const ALICES: &str = "alice's";

/// What a user sends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct User {
    authorization: Option<&'static str>,
    is_userinfo: bool,
    api_key: Option<&'static str>,
    parameter: Option<&'static str>,
    cookie: Option<&'static str>,
    x: Option<&'static str>,
}

const NOBODY: User = User {
    authorization: None,
    is_userinfo: false,
    api_key: None,
    parameter: None,
    cookie: None,
    x: None,
};
/// `Basic` credentials of `a:a` and `b:b`.
const A: &str = "Basic YTph";
const B: &str = "Basic Yjpi";

const fn authorized(value: &'static str) -> User {
    User {
        authorization: Some(value),
        ..NOBODY
    }
}

const fn userinfo(value: &'static str) -> User {
    User {
        is_userinfo: true,
        ..authorized(value)
    }
}

const fn with_key(value: &'static str) -> User {
    User {
        api_key: Some(value),
        ..NOBODY
    }
}

const fn with_parameter(value: &'static str) -> User {
    User {
        parameter: Some(value),
        ..NOBODY
    }
}

const fn with_cookie(value: &'static str) -> User {
    User {
        cookie: Some(value),
        ..NOBODY
    }
}

const fn with_x(value: &'static str) -> User {
    User {
        x: Some(value),
        ..NOBODY
    }
}

const ALICE: [User; 8] = [
    NOBODY,
    authorized(A),
    userinfo(A),
    with_key("a"),
    with_parameter("a"),
    with_cookie("a=1"),
    with_x("a"),
    User {
        cookie: Some("a=1"),
        x: Some("a"),
        ..authorized(A)
    },
];

const BOB: [User; 14] = [
    NOBODY,
    authorized(A),
    authorized(B),
    userinfo(B),
    with_key("a"),
    with_key("b"),
    with_parameter("a"),
    with_parameter("b"),
    with_cookie("a=1"),
    with_cookie("b=2"),
    with_x("a"),
    with_x("b"),
    User {
        cookie: Some("a=1"),
        x: Some("a"),
        ..authorized(B)
    },
    User {
        cookie: Some("b=2"),
        x: Some("a"),
        ..authorized(A)
    },
];

const VARY: [Option<&str>; 4] = [None, Some("Authorization"), Some("Cookie"), Some("X")];
/// What the response says besides its lifetime.
const SAYS: [&str; 5] = ["", "public", "s-maxage=1000", "must-revalidate", "private"];
const PARTITIONS: [[Option<&str>; 2]; 5] = [
    [None, None],
    [Some("p"), Some("p")],
    [Some("p"), Some("q")],
    [None, Some("p")],
    [Some("p"), None],
];

/// The settings of a cache, as far as they are about users.
#[derive(Clone, Copy, Debug, Default)]
struct Policy {
    cache_control: bool,
    is_shared: bool,
    /// `share_credentials`
    shares: bool,
    /// The user listed Authorization as ignored himself.
    ignores_authorization: bool,
}

fn policies() -> Vec<Policy> {
    let modes = [(false, false), (true, false), (true, true)];
    let mut all = Vec::new();
    for (cache_control, is_shared) in modes {
        for (shares, ignores_authorization) in
            [(false, false), (false, true), (true, false), (true, true)]
        {
            all.push(Policy {
                cache_control,
                is_shared,
                shares,
                ignores_authorization,
            });
        }
    }
    all
}

/// One stored response, and the two who ask.
#[derive(Clone, Copy, Debug)]
struct Cell {
    policy: Policy,
    alice: User,
    bob: User,
    partitions: [Option<&'static str>; 2],
    vary: Option<&'static str>,
    says: &'static str,
}

impl User {
    /// What authenticates him: not his cookies, and not what the user of the cache says counts for nothing.
    fn credentials(&self, policy: Policy) -> [Option<&'static str>; 3] {
        let authorization = self.authorization.filter(|_| !policy.ignores_authorization);
        [authorization, self.api_key, self.parameter]
    }

    /// What he says in the field that a response varies on.
    fn says_in(&self, vary: &str) -> Option<&'static str> {
        match vary {
            "Authorization" => self.authorization,
            "Cookie" => self.cookie,
            "X" => self.x,
            other => panic!("{other}"),
        }
    }
}

impl Cell {
    /// RFC 9111 §3.5: whether a shared cache may give to all what was fetched with credentials.
    fn is_for_all(&self) -> bool {
        let allows = matches!(self.says, "public" | "s-maxage=1000" | "must-revalidate");
        self.policy.is_shared && allows
    }

    /// §3
    fn is_stored(&self) -> bool {
        let has_credentials = self.alice.credentials(self.policy) != [None; 3];
        let is_others = self.policy.is_shared && self.says == "private";
        let is_hers = self.policy.is_shared && has_credentials && !self.is_for_all();
        !is_others && !is_hers
    }

    /// Whether bob may be given it.
    fn may_have(&self) -> bool {
        let [hers, his] = self.partitions;
        let is_selected = self
            .vary
            .is_none_or(|vary| self.alice.says_in(vary) == self.bob.says_in(vary));
        let is_his = self.alice.credentials(self.policy) == self.bob.credentials(self.policy);
        let is_given = self.policy.shares || self.is_for_all() || is_his;
        self.is_stored() && hers == his && is_selected && is_given
    }

    /// §4.2.4: whether it may be used when it is stale.
    fn may_be_stale(&self) -> bool {
        let forbids = self.says == "must-revalidate"
            || (self.policy.is_shared && self.says == "s-maxage=1000");
        !(self.policy.cache_control && forbids)
    }
}

/// By which way a stored response may reach bob.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    Fresh,
    OnlyIfCached,
    StaleIfError,
    StaleWhileRevalidate,
    Freshened,
    OwnCondition,
    RangeOfComplete,
    Part,
    Completed,
    Head,
    Post,
    NoVarySearch,
    Language,
}

const WAYS: [Way; 13] = [
    Way::Fresh,
    Way::OnlyIfCached,
    Way::StaleIfError,
    Way::StaleWhileRevalidate,
    Way::Freshened,
    Way::OwnCondition,
    Way::RangeOfComplete,
    Way::Part,
    Way::Completed,
    Way::Head,
    Way::Post,
    Way::NoVarySearch,
    Way::Language,
];

impl Way {
    /// What of it is not about users.
    fn allows(self, cell: &Cell) -> bool {
        match self {
            // Where a response forbids stale use, it is validated with what is stored.
            Way::StaleIfError => cell.may_be_stale(),
            Way::Head => cell.policy.cache_control,
            _ => true,
        }
    }

    fn is_stale(self) -> bool {
        use Way::{Freshened, StaleIfError, StaleWhileRevalidate};
        matches!(self, StaleIfError | StaleWhileRevalidate | Freshened)
    }

    /// Whether what bob does changes what is stored.
    fn changes(self) -> bool {
        self == Way::Freshened
    }
}

struct Bench {
    cache: Arc<Cache>,
    now: Arc<AtomicI64>,
    stored: u64,
    policy: Policy,
    directory: Arc<tempfile::TempDir>,
}

impl Bench {
    fn new(policy: Policy) -> Self {
        Self::with(policy, |_| {})
    }

    fn with(policy: Policy, more: impl FnOnce(&mut Settings)) -> Self {
        Self::open(Arc::new(tempfile::tempdir().unwrap()), policy, more)
    }

    fn open(
        directory: Arc<tempfile::TempDir>,
        policy: Policy,
        more: impl FnOnce(&mut Settings),
    ) -> Self {
        let mut settings = Settings::default();
        for (number, value) in [
            (option::DURABILITY, 0),
            (option::CACHE_CONTROL, i64::from(policy.cache_control)),
            (option::SHARED, i64::from(policy.is_shared)),
            (option::SHARE_CREDENTIALS, i64::from(policy.shares)),
            (option::EXPIRE_AFTER, LIFETIME * 1000),
            (option::NO_VARY_SEARCH, 1),
            (option::SELECT_LANGUAGE, 1),
        ] {
            settings.set(number, value).unwrap();
        }
        settings.add(METHOD, b"POST").unwrap();
        settings.add(STATUS, b"206").unwrap();
        if policy.ignores_authorization {
            settings.add(IGNORED, b"authorization").unwrap();
        }
        more(&mut settings);
        let now = Arc::new(AtomicI64::new(1_800_000_000_000));
        let clock = now.clone();
        let options = Options {
            settings,
            clock: Clock::Callback(Arc::new(move || clock.load(Ordering::Relaxed))),
            ..Options::default()
        };
        Bench {
            cache: Cache::open(&directory.path().join("cache"), options).unwrap(),
            now,
            stored: 0,
            policy,
            directory,
        }
    }

    /// Another cache in the same directory, with settings of its own.
    fn beside(&self, policy: Policy) -> Self {
        let mut other = Self::open(self.directory.clone(), policy, |_| {});
        other.stored = self.stored;
        other
    }

    fn wait(&self, seconds: i64) {
        self.now.fetch_add(seconds * 1000, Ordering::Relaxed);
    }

    /// A request of a user for what was stored last.
    fn request(&self, user: &User, partition: Option<&str>, asks: &Asks) -> Arc<Request> {
        let at = match user.authorization {
            Some(A) if user.is_userinfo => "a:a@",
            Some(B) if user.is_userinfo => "b:b@",
            _ => "",
        };
        let mut query: Vec<String> = asks.parameter.iter().map(|x| format!("x={x}")).collect();
        query.extend(user.parameter.map(|key| format!("api_key={key}")));
        let separator = if query.is_empty() { "" } else { "?" };
        let url = format!("http://{at}h/{}{separator}{}", self.stored, query.join("&"));
        let method = asks.method.unwrap_or("GET");
        let mut request = Request::new(method.as_bytes(), url.as_bytes()).unwrap();
        let authorization = user.authorization.filter(|_| !user.is_userinfo);
        let fields = [
            ("Authorization", authorization),
            ("X-API-Key", user.api_key),
            ("Cookie", user.cookie),
            ("X", user.x),
        ];
        let own = fields
            .iter()
            .filter_map(|(name, value)| Some((*name, (*value)?)));
        for (name, value) in own.chain(asks.fields.iter().copied()) {
            let fields = &mut request.http.fields;
            fields.add(name.as_bytes(), value.as_bytes()).unwrap();
        }
        if method == "POST" {
            request.http.body = b"question".to_vec();
        }
        let mut overrides = Overrides::default();
        for (number, value) in &asks.options {
            overrides.set(*number, *value).unwrap();
        }
        if let Some(partition) = partition {
            let partition = Some(partition.as_bytes());
            overrides.set_name(PARTITION, partition).unwrap();
        }
        request.overrides = overrides;
        Arc::new(request)
    }

    /// Alice asks for something new, and the origin answers her.
    fn store(&mut self, cell: &Cell, way: Way) {
        self.stored += 1;
        let mut asks = Asks::default();
        match way {
            Way::Post => asks.method = Some("POST"),
            Way::Part | Way::Completed => asks.fields.push(("Range", "bytes=0-2")),
            Way::NoVarySearch => asks.parameter = Some("1"),
            Way::Language => asks.fields.push(("Accept-Language", "de")),
            _ => {}
        }
        let request = self.request(&cell.alice, cell.partitions[0], &asks);
        let mut exchange = self.cache.lookup(&request).unwrap();
        assert_eq!(exchange.decision(), Decision::Forward, "{way:?} {cell:?}");
        let outcome = exchange.store(&answer(cell, way)).unwrap();
        let is_stored = outcome == Outcome::Stored;
        assert_eq!(is_stored, cell.is_stored(), "stored by {way:?} {cell:?}");
    }

    /// Bob asks. Whether something of alice's reached him.
    fn ask(&self, cell: &Cell, way: Way) -> bool {
        let mut asks = Asks::default();
        match way {
            Way::Fresh | Way::Freshened => {}
            Way::OnlyIfCached => asks.options.push((option::ONLY_IF_CACHED, 1)),
            Way::StaleIfError => asks.options.push((option::STALE_IF_ERROR, NEVER)),
            Way::StaleWhileRevalidate => {
                asks.options.push((option::STALE_WHILE_REVALIDATE, NEVER));
            }
            Way::OwnCondition => asks.fields.push(("If-None-Match", "\"alice\"")),
            Way::RangeOfComplete => asks.fields.push(("Range", "bytes=1-2")),
            Way::Part => asks.fields.push(("Range", "bytes=0-2")),
            Way::Completed => asks.options.push((option::COMPLETE, 1)),
            Way::Head => asks.method = Some("HEAD"),
            Way::Post => asks.method = Some("POST"),
            Way::NoVarySearch => asks.parameter = Some("2"),
            Way::Language => asks.fields.push(("Accept-Language", "de, en;q=0.5")),
        }
        let request = self.request(&cell.bob, cell.partitions[1], &asks);
        let mut exchange = self.cache.lookup(&request).unwrap();
        match way {
            Way::StaleIfError => {
                assert!(exchange.forward().is_some());
                exchange.fail().unwrap();
            }
            Way::Freshened => {
                let not_modified = head(304, &[("ETag", "\"alice\"")]);
                exchange.store(&Response::built(not_modified)).unwrap();
            }
            _ => {}
        }
        reached(&exchange)
    }

    fn alice_asks_again(&self, cell: &Cell) -> Decision {
        let request = self.request(&cell.alice, cell.partitions[0], &Asks::default());
        self.cache.lookup(&request).unwrap().decision()
    }

    /// Whether bob is given what was stored for alice, by no other way than asking.
    fn gives(&mut self, alice: User, bob: User, says: &'static str) -> bool {
        let cell = Cell {
            policy: self.policy,
            alice,
            bob,
            partitions: [None, None],
            vary: None,
            says,
        };
        self.store(&cell, Way::Fresh);
        self.ask(&cell, Way::Fresh)
    }
}

/// What is asked for, and how.
#[derive(Default)]
struct Asks {
    method: Option<&'static str>,
    parameter: Option<&'static str>,
    fields: Vec<(&'static str, &'static str)>,
    options: Vec<(i32, i64)>,
}

fn head(status: u16, lines: &[(&str, &str)]) -> ResponseHead {
    let mut head = ResponseHead::new(status, b"").unwrap();
    for (name, value) in lines {
        head.fields.add(name.as_bytes(), value.as_bytes()).unwrap();
    }
    head
}

fn answer(cell: &Cell, way: Way) -> Response {
    let cache_control = match cell.says {
        "" => format!("max-age={LIFETIME}"),
        says => format!("max-age={LIFETIME}, {says}"),
    };
    let is_part = matches!(way, Way::Part | Way::Completed);
    let status = if is_part { 206 } else { 200 };
    let mut lines = vec![
        ("Cache-Control", cache_control.as_str()),
        ("ETag", "\"alice\""),
        ("X-Whose", ALICES),
    ];
    lines.extend(cell.vary.map(|vary| ("Vary", vary)));
    match way {
        Way::Part | Way::Completed => lines.push(("Content-Range", "bytes 0-2/6")),
        Way::NoVarySearch => lines.push(("No-Vary-Search", "params=(\"x\")")),
        Way::Language => {
            lines.push(("Vary", "Accept-Language"));
            lines.push(("Content-Language", "de"));
        }
        _ => {}
    }
    let mut response = Response::built(head(status, &lines));
    let body: &[u8] = if is_part { b"ali" } else { b"alice!" };
    response.set_body(body.to_vec());
    response
}

/// Whether something of alice's is handed on, or shows in what is sent to the origin.
fn reached(exchange: &Exchange) -> bool {
    let is_handed_on = exchange
        .handed_on()
        .is_some_and(|response| response.head.fields.contains(b"X-Whose"));
    let body = exchange.response().unwrap().map(|mut response| {
        let body = response.load_body().unwrap();
        String::from_utf8_lossy(body.as_slice()).into_owned()
    });
    let has_body = body.is_some_and(|body| !body.is_empty() && "alice!".contains(&body));
    let says = |name: &[u8], value: &[u8]| {
        let forward = exchange.forward();
        forward.is_some_and(|request| request.http.fields.all(name).any(|line| line == value))
    };
    let is_own_condition = exchange.decision() == Decision::Forward;
    let shows = (says(b"If-None-Match", b"\"alice\"") && !is_own_condition)
        || says(b"If-Range", b"\"alice\"");
    assert!(!has_body || is_handed_on, "a body without its head");
    is_handed_on || shows
}

/// All that is asked for with FULL=1; else, of the ways that are like the first, the cells that matter most.
fn is_full() -> bool {
    std::env::var("FULL").is_ok_and(|full| !full.is_empty())
}

fn cells(policy: Policy, has_vary: bool) -> Vec<Cell> {
    let mut cells = Vec::new();
    let (partitions, says) = if has_vary || is_full() {
        (&PARTITIONS[..], &SAYS[..])
    } else {
        (&PARTITIONS[1..3], &["", "public", "must-revalidate"][..])
    };
    for partitions in partitions.iter().copied() {
        for vary in VARY {
            // What is of another partition is not compared further.
            if vary.is_some() && (!has_vary || partitions[0] != partitions[1]) {
                continue;
            }
            for says in says.iter().copied() {
                for alice in ALICE {
                    cells.push(Cell {
                        policy,
                        alice,
                        bob: NOBODY,
                        partitions,
                        vary,
                        says,
                    });
                }
            }
        }
    }
    cells
}

fn check(policy: Policy, way: Way, has_vary: bool) -> [u64; 2] {
    let mut bench = Bench::new(policy);
    let mut counted = [0; 2];
    for hers in cells(policy, has_vary) {
        let store = |bench: &mut Bench| {
            bench.store(&hers, way);
            if way.is_stale() {
                bench.wait(LIFETIME + 1);
            }
        };
        if !way.changes() {
            store(&mut bench);
        }
        for bob in BOB {
            if way.changes() {
                store(&mut bench);
            }
            let cell = Cell { bob, ..hers };
            let expected = cell.may_have() && way.allows(&cell);
            assert_eq!(bench.ask(&cell, way), expected, "{way:?} {cell:?}");
            if way == Way::Freshened && cell.is_stored() && !expected {
                let decision = bench.alice_asks_again(&cell);
                assert_eq!(decision, Decision::Revalidate, "freshened by {cell:?}");
            }
            counted[usize::from(expected)] += 1;
        }
    }
    counted
}

#[test]
fn bob_is_given_what_is_alices_only_where_it_is_allowed() {
    let mut counted = [0; 2];
    for policy in policies() {
        let [kept, given] = check(policy, Way::Fresh, true);
        assert!(kept > 500 && given > 500, "{policy:?}: {kept}, {given}");
        counted[0] += kept;
        counted[1] += given;
    }
    counts::tell(&format!(
        "{} cells of two users, plain reuse: {counted:?} kept from bob, given",
        counted[0] + counted[1]
    ));
}

#[test]
fn no_other_way_gives_bob_more() {
    let mut counted = [0; 2];
    for way in WAYS.into_iter().skip(1) {
        let mut of_way = [0; 2];
        for policy in policies() {
            let [kept, given] = check(policy, way, false);
            of_way[0] += kept;
            of_way[1] += given;
        }
        println!("{way:?}: {of_way:?} kept from bob, given");
        assert!(
            of_way.iter().all(|count| *count > 1000),
            "{way:?}: {of_way:?}"
        );
        counted[0] += of_way[0];
        counted[1] += of_way[1];
    }
    counts::tell(&format!(
        "{} cells of two users, all other ways of reuse: {counted:?} kept from bob, given",
        counted[0] + counted[1]
    ));
}

/// Caches of other policies may work on one directory: what one stored, another one gives to nobody to whom neither of
/// them would, nor what it would not have stored itself.
#[test]
fn a_reader_of_another_policy_gives_no_more() {
    let mut counted = [0; 2];
    let policies: Vec<Policy> = policies()
        .into_iter()
        .filter(|policy| !policy.ignores_authorization)
        .collect();
    for writer in &policies {
        let mut bench = Bench::new(*writer);
        let mut readers: Vec<Bench> = policies.iter().map(|other| bench.beside(*other)).collect();
        for says in SAYS {
            for alice in ALICE {
                let hers = Cell {
                    policy: *writer,
                    alice,
                    bob: NOBODY,
                    partitions: [None, None],
                    vary: None,
                    says,
                };
                bench.store(&hers, Way::Fresh);
                for (bob, at) in BOB
                    .iter()
                    .flat_map(|bob| (0..policies.len()).map(move |at| (bob, at)))
                {
                    let reader = &mut readers[at];
                    reader.stored = bench.stored;
                    let of_writer = Cell { bob: *bob, ..hers };
                    let of_reader = Cell {
                        policy: reader.policy,
                        ..of_writer
                    };
                    let is_given = reader.ask(&of_reader, Way::Fresh);
                    // What its writer counted as nobody's is nobody's.
                    let is_nobodys = writer.shares || of_writer.is_for_all();
                    let may = (of_writer.may_have() || of_reader.may_have())
                        && (of_reader.is_stored() || is_nobodys);
                    assert!(may || !is_given, "{of_reader:?} by {writer:?}");
                    counted[usize::from(is_given)] += 1;
                }
            }
        }
    }
    counts::tell(&format!(
        "{} cells of two users, a writer and a reader of different policies: {counted:?} kept from bob, given",
        counted[0] + counted[1]
    ));
    assert!(counted.iter().all(|count| *count > 1000));
}

/// The table of the README, line by line: what keeps users apart by default, and what lets one have another's.
#[test]
fn the_readme_says_what_is_so() {
    let by_settings = Policy::default();
    let private = Policy {
        cache_control: true,
        ..Policy::default()
    };
    let shared = Policy {
        is_shared: true,
        ..private
    };
    let (alice, bob) = (authorized(A), authorized(B));
    for policy in [by_settings, private, shared] {
        let mut bench = Bench::new(policy);
        for (one, other) in [
            (alice, bob),
            (alice, NOBODY),
            (NOBODY, bob),
            (userinfo(A), userinfo(B)),
            (with_key("a"), with_key("b")),
            (with_parameter("a"), with_parameter("b")),
            (with_parameter("a"), with_key("a")),
        ] {
            assert!(!bench.gives(one, other, ""), "{policy:?} {one:?} {other:?}");
        }
        // The same credentials, in whatever way they were written, are the same user.
        assert!(policy.is_shared || bench.gives(userinfo(A), alice, ""));
        // Cookie is no credential.
        let (hers, his) = (with_cookie("a=1"), with_cookie("b=2"));
        assert!(bench.gives(hers, his, ""), "{policy:?}");
        let mut bench = Bench::with(policy, |settings| {
            settings.add(MATCH_FIELD, b"Cookie").unwrap();
        });
        assert!(!bench.gives(hers, his, ""), "{policy:?}: matched");
        assert!(bench.gives(hers, hers, ""), "{policy:?}: matched");
        let mut bench = Bench::with(policy, |settings| {
            settings.set(option::MATCH_ALL_FIELDS, 1).unwrap();
        });
        assert!(!bench.gives(hers, his, ""), "{policy:?}: all matched");
    }
    for (policy, expected) in [(by_settings, false), (private, false), (shared, true)] {
        let mut bench = Bench::new(policy);
        for says in ["public", "s-maxage=1000", "must-revalidate"] {
            assert_eq!(bench.gives(alice, bob, says), expected, "{policy:?} {says}");
        }
        assert!(!bench.gives(alice, bob, "private"), "{policy:?}");
    }
    for policy in [by_settings, private] {
        let shares = Policy {
            shares: true,
            ..policy
        };
        assert!(Bench::new(shares).gives(alice, bob, ""));
        assert!(Bench::new(shares).gives(with_key("a"), NOBODY, ""));
        let ignores = Policy {
            ignores_authorization: true,
            ..policy
        };
        assert!(Bench::new(ignores).gives(alice, bob, ""));
        assert!(!Bench::new(ignores).gives(with_key("a"), with_key("b"), ""));
    }
    // What is not for all is not stored by a shared cache, whoever may have it.
    let shares = Policy {
        shares: true,
        ..shared
    };
    assert!(!Bench::new(shares).gives(alice, alice, ""));
}

/// What a request says, beside a stored one that says another thing or nothing.
fn is_told_apart(bench: &mut Bench, url: [&str; 2], fields: [Option<(&str, &str)>; 2]) -> bool {
    bench.stored += 1;
    let [hers, his] = [0, 1].map(|at| {
        let url = format!("http://h/{}{}", bench.stored, url[at]);
        let mut request = Request::new(b"GET", url.as_bytes()).unwrap();
        if let Some((name, value)) = fields[at] {
            let fields = &mut request.http.fields;
            fields.add(name.as_bytes(), value.as_bytes()).unwrap();
        }
        Arc::new(request)
    });
    let stored = bench.cache.lookup(&hers).unwrap().store(&plain_answer());
    assert_eq!(stored.unwrap(), Outcome::Stored);
    let again = bench.cache.lookup(&hers).unwrap().decision();
    assert_eq!(again, Decision::Fresh, "{url:?} {fields:?}");
    bench.cache.lookup(&his).unwrap().decision() == Decision::Forward
}

fn plain_answer() -> Response {
    let fields = [
        ("Cache-Control", "max-age=1000"),
        ("Vary", "Authorization, Cookie"),
    ];
    Response::built(head(200, &fields))
}

#[test]
fn every_name_of_the_readme_is_a_credential() {
    let mut bench = Bench::new(Policy::default());
    for name in [
        "Authorization",
        "Proxy-Authorization",
        "X-API-Key",
        "X-Auth-Token",
        "X-API-Token",
        "X-Access-Token",
        "access_token",
        "api_key",
        "apikey",
    ] {
        for his in [Some((name, "b")), None] {
            let fields = [Some((name, "a")), his];
            assert!(is_told_apart(&mut bench, ["", ""], fields), "{name}");
        }
        if name.starts_with('a') {
            let [hers, his] = ["a", "b"].map(|value| format!("?{name}={value}"));
            for his in [his.as_str(), ""] {
                assert!(is_told_apart(&mut bench, [&hers, his], [None; 2]), "{name}");
            }
        }
    }
    // What is none of them tells nobody apart.
    let fields = [Some(("X-Api-Keys", "a")), Some(("X-Api-Keys", "b"))];
    assert!(!is_told_apart(&mut bench, ["", ""], fields));
}

#[test]
fn no_credential_cookie_or_partition_is_on_the_disk() {
    let bench = Bench::with(Policy::default(), |settings| {
        settings.add(MATCH_FIELD, b"Cookie").unwrap();
        settings.add(MATCH_FIELD, b"Authorization").unwrap();
    });
    let mut request =
        Request::new(b"GET", b"http://user:canary1@h/?api_key=canary2&q=seen").unwrap();
    let fields = &mut request.http.fields;
    fields.add(b"Cookie", b"session=canary3").unwrap();
    fields.add(b"X-API-Key", b"canary4").unwrap();
    let partition = Some(&b"canary5"[..]);
    request.overrides.set_name(PARTITION, partition).unwrap();
    let mut exchange = bench.cache.lookup(&Arc::new(request)).unwrap();
    assert_eq!(exchange.store(&plain_answer()).unwrap(), Outcome::Stored);
    bench
        .cache
        .flush(std::time::Duration::from_secs(60))
        .unwrap();
    let mut on_disk = Vec::new();
    let mut folders = vec![bench.directory.path().to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                on_disk.extend(std::fs::read(path).unwrap());
            }
        }
    }
    let holds = |text: &str| {
        on_disk
            .windows(text.len())
            .any(|part| part == text.as_bytes())
    };
    assert!(holds("q=seen"), "what is no secret is found");
    assert!(!holds("canary"));
    // `user:canary1` in base64.
    assert!(!holds("dXNlcjpjYW5hcnkx") && !holds("Y2FuYXJ5"));
}
