//! Different requests never share a key, equal ones always do: by pairs that an oracle judges which knows nothing of the
//! code, by what attackers have tried, and through a cache in which the hashes of all keys are the same.
//!
//! 100,000 pairs; a million with FULL=1, or KEY_CASES of them from KEY_SEED.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test stops where it fails"
)]

#[path = "../support/counts.rs"]
mod counts;

#[path = "../support/keys/attacks.rs"]
mod attacks;
#[path = "../support/keys/mod.rs"]
mod keys;

use std::collections::HashMap;
use std::sync::Arc;

use attacks::{ATTACKS, Attack, By};
use httpcache::cache::{
    Cache, Decision, KeySink, Options, Outcome, OwnMatching, Request, Response,
};
use httpcache::http::ResponseHead;
use httpcache::key::Identity;
use httpcache::settings::{Settings, option};
use keys::generate::{self, Chance, Parts};
use keys::oracle::{self, Credentials, Meaning};
use keys::{Setup, Written};

const SECRET: [u8; 32] = [42; 32];

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

fn cases() -> u64 {
    let is_full = std::env::var("FULL").is_ok_and(|full| !full.is_empty());
    number("KEY_CASES").unwrap_or(if is_full { 1_000_000 } else { 100_000 })
}

/// What the library made of a request, and what the oracle did.
struct Judged {
    written: Written,
    identity: Identity,
    meaning: Meaning,
    credentials: Credentials,
}

/// `None`: both say that the cache has no part in it.
fn judged(written: Written, setup: &Setup, settings: &Settings) -> Option<Judged> {
    let identity = written.identity(settings, &SECRET);
    let meaning = Meaning::of(&written, setup);
    assert_eq!(
        identity.is_some(),
        meaning.is_some(),
        "the cache has a part in {written:?} with {setup:?}"
    );
    Some(Judged {
        credentials: oracle::credentials(&written, setup),
        identity: identity?,
        meaning: meaning?,
        written,
    })
}

/// How often the oracle found two to be the same, and to differ.
#[derive(Debug, Default)]
struct Counted {
    same: u64,
    different: u64,
    other_users: u64,
}

impl Counted {
    fn compare(&mut self, one: &Judged, other: &Judged, setup: &Setup) {
        let is_same = one.meaning == other.meaning;
        let is_same_user = one.credentials == other.credentials;
        *if is_same {
            &mut self.same
        } else {
            &mut self.different
        } += 1;
        self.other_users += u64::from(!is_same_user);
        let (key, other_key) = (&one.identity.key, &other.identity.key);
        let found = [
            key.text == other_key.text,
            key.row == other_key.row,
            one.identity.mark == other.identity.mark,
        ];
        let expected = [is_same, is_same, is_same_user];
        assert_eq!(
            found, expected,
            "text, row, mark of\n{:?}\n{:?}\nwith {setup:?}",
            one.written, other.written
        );
    }
}

#[test]
fn pairs_share_a_key_if_and_only_if_they_mean_the_same() {
    let seed = number("KEY_SEED").unwrap_or(1);
    let mut chance = Chance::new(seed);
    let mut counted = Counted::default();
    let wanted = cases();
    let mut compared = 0;
    while compared < wanted {
        let setup = generate::setup(&mut chance);
        let settings = setup.settings();
        // What one batch of settings saw: a key of one meaning is never seen with another one.
        let mut seen: HashMap<Vec<u8>, Meaning> = HashMap::new();
        for _ in 0..100 {
            let parts = Parts::new(&mut chance);
            let close = match chance.below(3) {
                0 => parts.clone(),
                1 => parts.changed(&mut chance),
                _ => parts.changed(&mut chance).changed(&mut chance),
            };
            let pair = [parts, close].map(|parts| {
                let written = parts.write(&mut chance);
                judged(written, &setup, &settings)
            });
            let [Some(one), Some(other)] = pair else {
                continue;
            };
            counted.compare(&one, &other, &setup);
            compared += 1;
            for judged in [one, other] {
                let row = judged.identity.key.row.to_vec();
                let first = seen.entry(row).or_insert_with(|| judged.meaning.clone());
                assert_eq!(*first, judged.meaning, "{:?}", judged.written);
            }
        }
    }
    counts::tell(&format!(
        "{compared} pairs of requests by their keys (seed {seed}): {counted:?}"
    ));
    assert!(counted.same > wanted / 10, "{counted:?}");
    assert!(counted.different > wanted / 4, "{counted:?}");
    assert!(counted.other_users > wanted / 20, "{counted:?}");
}

fn setup_of_attacks() -> Setup {
    Setup {
        methods: vec!["POST"],
        ignored: vec!["foo"],
        matched: vec!["X-Tenant", "X-Role"],
        ..Setup::default()
    }
}

fn requests(attack: &Attack) -> Vec<(usize, Written)> {
    let classes = attack.classes.iter().enumerate();
    classes
        .flat_map(|(class, texts)| texts.iter().map(move |text| (class, Written::read(text))))
        .collect()
}

#[test]
fn no_attack_makes_one_of_two() {
    let settings = setup_of_attacks().settings();
    let mut compared = 0;
    for attack in ATTACKS {
        let identities: Vec<(usize, Written, Identity)> = requests(attack)
            .into_iter()
            .map(|(class, written)| {
                let identity = written.identity(&settings, &SECRET).unwrap();
                (class, written, identity)
            })
            .collect();
        for (at, (class, written, one)) in identities.iter().enumerate() {
            for (other_class, other_written, other) in &identities[..at] {
                let expected = class == other_class;
                let found = match attack.by {
                    By::Mark => [one.mark == other.mark; 2],
                    By::Key => [one.key.text == other.key.text, one.key.row == other.key.row],
                };
                let about = attack.about;
                assert_eq!(
                    found, [expected; 2],
                    "{about}: {other_written:?} {written:?}"
                );
                compared += 1;
            }
        }
    }
    counts::tell(&format!(
        "{} attacks on keys, {compared} pairs",
        ATTACKS.len()
    ));
    assert!(compared > 1000, "{compared}");
}

/// All attacks but their spelling: no request of one is one of another that it was not before.
#[test]
fn what_cannot_be_a_url_or_a_field_is_refused() {
    for url in [
        "http://h/\0",
        "http://h/?token=\0a",
        "http://h/a\\b",
        "http://h/a\tb",
        "http://h/a\nb",
        "http://h/\u{7f}",
        "http://a b/",
        "http://a%00b/",
        "http://h%2Fa/",
        "http://h%23/",
        "http://[::1/",
        "http://h:80:80/",
        "http://h:99999/",
        "http://",
        "http:///a",
        "//h/",
    ] {
        assert!(Request::new(b"GET", url.as_bytes()).is_err(), "{url:?}");
    }
    for value in ["a\0b", "a\r\nX: 1", "a\nX: 1"] {
        let mut request = Request::new(b"GET", b"http://h/").unwrap();
        assert!(
            request
                .http
                .fields
                .add(b"X-Tenant", value.as_bytes())
                .is_err()
        );
    }
}

/// What became of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Became {
    Hit,
    Stored,
    Passed,
}

/// A cache, and what it should have stored.
struct Played {
    cache: Arc<Cache>,
    setup: Setup,
    stored: HashMap<(Meaning, Credentials, Option<String>), String>,
    uris: HashMap<(Meaning, Credentials, Option<String>), oracle::Url>,
    answers: usize,
    hits: usize,
    misses: usize,
    _directory: tempfile::TempDir,
}

/// Names the key that the user's function is to make.
const OWN_FIELD: &str = "X-Own-Key";
/// What all responses of the test vary on.
const VARY_FIELD: &str = "X-Variant";

impl Played {
    fn new(setup: Setup) -> Self {
        let mut settings = setup.settings();
        settings.set(option::DURABILITY, 0).unwrap();
        settings.set(option::INVALIDATE, 1).unwrap();
        let mut own_matching = OwnMatching::default();
        own_matching.set_key(Some(|request: &Arc<Request>, mut sink: KeySink| {
            let own = request.http.fields.first(OWN_FIELD.as_bytes());
            let written = own.map_or(Ok(()), |own| sink.write(own));
            written.map(|()| sink).map_err(|_| -1)
        }));
        let mut options = Options {
            settings,
            ..Options::default()
        };
        if setup.methods.contains(&"OWN") {
            options.own_matching = own_matching;
        }
        let directory = tempfile::tempdir().unwrap();
        Played {
            cache: Cache::open(&directory.path().join("cache"), options).unwrap(),
            setup,
            stored: HashMap::new(),
            uris: HashMap::new(),
            answers: 0,
            hits: 0,
            misses: 0,
            _directory: directory,
        }
    }

    fn place(&self, written: &Written) -> Option<(Meaning, Credentials, Option<String>)> {
        let meaning = Meaning::of(written, &self.setup)?;
        let mut fields = written.fields.iter();
        let variant = fields.find(|(name, _)| name == VARY_FIELD);
        let variant = variant.map(|(_, value)| value.clone());
        Some((meaning, oracle::credentials(written, &self.setup), variant))
    }

    fn request(&self, written: &Written) -> Arc<Request> {
        let mut request = written.request();
        if let Some(own) = &written.own_key {
            request.http.fields.add(OWN_FIELD.as_bytes(), own).unwrap();
        }
        Arc::new(request)
    }

    /// Asks, and answers what is forwarded with a body that was never seen before.
    fn ask(&mut self, written: &Written, answers: bool) -> Became {
        let place = self.place(written);
        let mut exchange = self.cache.lookup(&self.request(written)).unwrap();
        if exchange.decision() == Decision::Fresh {
            self.hits += 1;
            let place = place.unwrap();
            let mut response = exchange.response().unwrap().unwrap();
            let body = response.load_body().unwrap().as_slice().to_vec();
            let said = response.head.fields.first(b"X-Body");
            let expected = self.stored.get(&place).map(String::as_bytes);
            assert_eq!(expected, said, "{written:?} got another one's");
            let is_head = written.method == "HEAD";
            assert_eq!(body, if is_head { b"" } else { said.unwrap() });
            return Became::Hit;
        }
        self.misses += 1;
        if !self.setup.collides {
            let missing = place.as_ref().and_then(|place| self.stored.get(place));
            assert_eq!(missing, None, "{written:?} is stored");
        }
        if !answers {
            return Became::Passed;
        }
        self.answers += 1;
        let body = self.answers.to_string();
        let is_head = written.method == "HEAD";
        let outcome = exchange.store(&answer(&body, is_head)).unwrap();
        let Some(place) = place else {
            assert_eq!(outcome, Outcome::NotStored, "{written:?}");
            if oracle::is_unsafe(written) {
                self.forget(&written.url);
            }
            return Became::Passed;
        };
        if is_head && self.setup.cache_control {
            // RFC 9111 §4.3.5: an answer to HEAD could not answer a GET of the same key.
            assert_eq!(outcome, Outcome::NotStored, "{written:?}");
            return Became::Passed;
        }
        assert_eq!(outcome, Outcome::Stored, "{written:?}");
        let uri = oracle::uri(&written.url, &self.setup);
        self.uris.insert(place.clone(), uri);
        self.stored.insert(place, body);
        Became::Stored
    }

    /// Changes what is at a URL.
    fn change(&mut self, written: &Written) {
        let put = Written {
            method: "PUT".to_owned(),
            url: written.url.clone(),
            own_key: written.own_key.clone(),
            ..Written::default()
        };
        let mut exchange = self.cache.lookup(&self.request(&put)).unwrap();
        exchange.store(&answer("changed", false)).unwrap();
        self.forget(&put.url);
    }

    fn forget(&mut self, url: &str) {
        let changed = oracle::uri(url, &self.setup);
        let uris = &self.uris;
        self.stored.retain(|place, _| uris[place] != changed);
    }
}

fn answer(body: &str, is_head: bool) -> Response {
    let mut head = ResponseHead::new(200, b"OK").unwrap();
    let fields = &mut head.fields;
    fields.add(b"Cache-Control", b"max-age=1000").unwrap();
    fields.add(b"Vary", VARY_FIELD.as_bytes()).unwrap();
    fields.add(b"X-Body", body.as_bytes()).unwrap();
    let mut response = Response::built(head);
    if !is_head {
        response.set_body(body.as_bytes().to_vec());
    }
    response
}

/// The attacks, each as three variants and by three users, and some requests by chance.
fn played_requests(chance: &mut Chance) -> Vec<Written> {
    let attacks = ATTACKS
        .iter()
        .flat_map(requests)
        .map(|(_, written)| written);
    let mut all: Vec<Written> = attacks
        .filter(|written| {
            written
                .own_key
                .as_deref()
                .is_none_or(|own| !own.contains(&0))
        })
        .collect();
    for _ in 0..100 {
        let mut written = Parts::new(chance).write(chance);
        written.own_key = None;
        written
            .fields
            .retain(|(name, _)| name != "Range" && name != "If-None-Match");
        all.push(written);
    }
    for at in 0..all.len() {
        if at % 3 == 0 {
            let mut other = all[at].clone();
            let variant = if at % 2 == 0 { "a" } else { "b" };
            other
                .fields
                .push((VARY_FIELD.to_owned(), variant.to_owned()));
            all.push(other);
        }
        if at % 4 == 0 {
            let mut other = all[at].clone();
            other
                .fields
                .push(("Authorization".to_owned(), "Bearer x".to_owned()));
            all.push(other);
        }
    }
    all
}

fn play(setup: Setup) -> Played {
    let mut chance = Chance::new(7);
    let is_own = setup.methods.contains(&"OWN");
    let mut requests = played_requests(&mut chance);
    if is_own {
        requests.retain(|written| written.own_key.is_some());
    } else {
        requests.retain(|written| written.own_key.is_none());
    }
    let mut played = Played::new(setup);
    for (at, written) in requests.iter().enumerate() {
        let became = played.ask(written, true);
        // What was stored just now is found, and found by nobody else: not by those before, nor by those after it.
        let is_there = became != Became::Passed;
        let again = played.ask(written, false);
        assert_eq!(again == Became::Hit, is_there, "{written:?}");
        for _ in 0..4 {
            let other = requests[chance.below(requests.len())].clone();
            played.ask(&other, false);
        }
        if at % 8 == 7 {
            let changed = requests[chance.below(at + 1)].clone();
            played.change(&changed);
            let after = played.ask(&changed, false);
            assert_ne!(after, Became::Hit, "{changed:?} was changed");
            let now = requests[chance.below(at + 1)].clone();
            played.ask(&now, true);
        }
    }
    counts::tell(&format!(
        "{} requests to one cache, hashes collide: {}; {} hits, {} misses, {} stored",
        requests.len(),
        played.setup.collides,
        played.hits,
        played.misses,
        played.answers
    ));
    played
}

#[test]
fn nobody_gets_another_ones_response() {
    for cache_control in [false, true] {
        let setup = Setup {
            cache_control,
            ..setup_of_attacks()
        };
        let played = play(setup);
        assert!(played.hits > 500 && played.misses > 500);
    }
}

#[test]
fn where_all_hashes_are_the_same_the_whole_key_is_compared() {
    for cache_control in [false, true] {
        let setup = Setup {
            cache_control,
            collides: true,
            ..setup_of_attacks()
        };
        let played = play(setup);
        assert!(played.hits > 300 && played.misses > 500);
    }
}

#[test]
fn keys_of_the_users_own_are_kept_apart_too() {
    for collides in [false, true] {
        let mut setup = setup_of_attacks();
        setup.methods.push("OWN");
        setup.collides = collides;
        let played = play(setup);
        assert!(played.hits > 5 && played.misses > 5, "{}", played.hits);
    }
}
