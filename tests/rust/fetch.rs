//! Fetching through a transport that answers as it is told: bodies that arrive, redirects, failures.

#![allow(clippy::unwrap_used, reason = "a test stops where it fails")]

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use httpcache::cache::{Cache, Decision, Options, Outcome, Request};
use httpcache::error::{Error, Kind, Result};
use httpcache::fetch::{Fetched, fetch};
use httpcache::http::{self, ResponseHead};
use httpcache::settings::option;
use httpcache::transport::{Reply, Transfer, TransferSettings, Transport};

/// What the origin does next: answer, or fail.
type Answer = std::result::Result<(ResponseHead, Vec<&'static [u8]>, Option<Kind>), Kind>;

#[derive(Default)]
struct Origin {
    answers: Mutex<VecDeque<Answer>>,
    asked: Mutex<Vec<String>>,
}

struct Pieces {
    pieces: VecDeque<&'static [u8]>,
    then: Option<Kind>,
}

impl Transport for Origin {
    fn start(&self, request: &http::Request, _: &TransferSettings) -> Result<Reply> {
        let line = format!("{} {}", request.method.as_str(), request.url.as_str());
        self.asked.lock().unwrap().push(line);
        let answer = self.answers.lock().unwrap().pop_front().unwrap();
        let (head, pieces, then) = answer.map_err(|kind| Error::new(kind, "as told"))?;
        let pieces = pieces.into();
        Ok(Reply {
            head,
            body: Box::new(Pieces { pieces, then }),
        })
    }
}

impl Transfer for Pieces {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize> {
        match (self.pieces.pop_front(), self.then) {
            (Some(piece), _) => {
                buffer
                    .get_mut(..piece.len())
                    .unwrap()
                    .copy_from_slice(piece);
                Ok(piece.len())
            }
            (None, Some(kind)) => Err(Error::new(kind, "cut off as told")),
            (None, None) => Ok(0),
        }
    }
}

struct Bench {
    cache: Arc<Cache>,
    origin: Origin,
    _directory: tempfile::TempDir,
}

impl Bench {
    fn new(set: &[(i32, i64)]) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let mut options = Options::default();
        for (number, value) in set {
            options.settings.set(*number, *value).unwrap();
        }
        let cache = Cache::open(&directory.path().join("cache"), options).unwrap();
        Bench {
            cache,
            origin: Origin::default(),
            _directory: directory,
        }
    }

    fn will(&self, answer: Answer) -> &Self {
        self.origin.answers.lock().unwrap().push_back(answer);
        self
    }

    fn get(&self, url: &str) -> Result<Fetched> {
        let request = Arc::new(Request::new(b"GET", url.as_bytes())?);
        fetch(&self.cache, &self.origin, None, &request)
    }
}

fn answer(status: u16, fields: &[(&str, &str)], pieces: &[&'static [u8]]) -> Answer {
    let mut head = ResponseHead::new(status, b"").unwrap();
    for (name, value) in fields {
        head.fields.add(name.as_bytes(), value.as_bytes()).unwrap();
    }
    Ok((head, pieces.to_vec(), None))
}

fn cut_off(answer: Answer) -> Answer {
    answer.map(|(head, pieces, _)| (head, pieces, Some(Kind::Protocol)))
}

fn read(fetched: &mut Fetched) -> Vec<u8> {
    let mut whole = Vec::new();
    let mut piece = [0; 64];
    loop {
        match fetched.response.read(&mut piece).unwrap() {
            0 => return whole,
            n => whole.extend_from_slice(piece.get(..n).unwrap()),
        }
    }
}

const URL: &str = "http://h/a";

#[test]
fn a_body_is_stored_when_it_was_read_to_its_end() {
    let bench = Bench::new(&[]);
    let mut miss = bench
        .will(answer(200, &[], &[b"ab", b"cd"]))
        .get(URL)
        .unwrap();
    assert_eq!(
        (miss.decision, miss.outcome),
        (Decision::Forward, Outcome::Storing)
    );
    assert_eq!(read(&mut miss), b"abcd");
    assert_eq!(
        miss.response.read(&mut [0; 8]).unwrap(),
        0,
        "the end stays the end"
    );
    let mut hit = bench.get(URL).unwrap();
    assert_eq!(hit.decision, Decision::Fresh);
    assert_eq!(read(&mut hit), b"abcd");
}

#[test]
fn an_abandoned_or_cut_off_body_is_not_stored() {
    let bench = Bench::new(&[]);
    let mut abandoned = bench
        .will(answer(200, &[], &[b"ab", b"cd"]))
        .get(URL)
        .unwrap();
    assert_eq!(abandoned.response.read(&mut [0; 8]).unwrap(), 2);
    drop(abandoned);
    let mut broken = bench
        .will(cut_off(answer(200, &[], &[b"ab"])))
        .get(URL)
        .unwrap();
    assert_eq!(broken.response.read(&mut [0; 8]).unwrap(), 2);
    for _ in 0..2 {
        let error = broken.response.read(&mut [0; 8]).unwrap_err();
        assert_eq!(error.kind(), Kind::Protocol, "it fails the same way again");
    }
    drop(broken);
    let mut short = answer(200, &[("Content-Length", "5")], &[b"abcd"]);
    short = short.map(|(head, pieces, _)| (head, pieces, None));
    let mut short = bench.will(short).get(URL).unwrap();
    assert!(short.response.info.key.is_some(), "it is to be stored");
    assert_eq!(read(&mut short), b"abcd");
    assert!(short.response.info.key.is_none(), "it was not stored");
    let missed = bench.will(answer(200, &[], &[b"x"])).get(URL).unwrap();
    assert_eq!(missed.decision, Decision::Forward);
}

#[test]
fn the_whole_body_can_be_had_before_amid_and_after_reading() {
    for read_first in 0..=3 {
        let bench = Bench::new(&[]);
        let mut miss = bench
            .will(answer(200, &[], &[b"ab", b"cd"]))
            .get(URL)
            .unwrap();
        let mut seen = Vec::new();
        for _ in 0..read_first {
            let mut piece = [0; 8];
            let n = miss.response.read(&mut piece).unwrap();
            seen.extend_from_slice(piece.get(..n).unwrap());
        }
        assert_eq!(
            miss.response.load_body().unwrap().as_slice(),
            b"abcd",
            "after {read_first}"
        );
        seen.extend(read(&mut miss));
        assert_eq!(seen, b"abcd", "reading goes on after {read_first}");
    }
}

#[test]
fn a_body_that_is_not_stored_is_gone_once_it_was_read() {
    let bench = Bench::new(&[]);
    let mut passed = bench
        .will(answer(404, &[], &[b"ab", b"cd"]))
        .get(URL)
        .unwrap();
    assert_eq!(passed.outcome, Outcome::NotStored);
    assert_eq!(passed.response.read(&mut [0; 8]).unwrap(), 2);
    assert_eq!(
        passed.response.load_body().unwrap_err().kind(),
        Kind::Misuse
    );
}

#[test]
fn redirects_are_followed_each_through_the_cache() {
    let bench = Bench::new(&[(option::CACHE_CONTROL, 1), (option::MAX_REDIRECTS, 2)]);
    let hop = |to: &str| {
        answer(
            301,
            &[("Location", to), ("Cache-Control", "max-age=9")],
            &[b"moved"],
        )
    };
    bench.will(hop("/b")).will(hop("http://g/c"));
    bench.will(answer(200, &[("Cache-Control", "max-age=9")], &[b"here"]));
    let mut first = bench.get(URL).unwrap();
    assert_eq!(read(&mut first), b"here");
    assert_eq!(first.response.url().unwrap().as_str(), "http://g/c");
    let mut again = bench.get(URL).unwrap();
    assert_eq!(read(&mut again), b"here");
    let asked = bench.origin.asked.lock().unwrap().clone();
    assert_eq!(
        asked,
        ["GET http://h/a", "GET http://h/b", "GET http://g/c"]
    );

    bench.will(hop("/2")).will(hop("/3")).will(hop("/4"));
    assert_eq!(
        bench.get("http://h/1").err().unwrap().kind(),
        Kind::Redirect
    );
}

#[test]
fn a_stored_redirect_is_walked_by_those_who_follow_and_handed_to_those_who_do_not() {
    let bench = Bench::new(&[(option::CACHE_CONTROL, 1)]);
    let kept = ("Cache-Control", "max-age=60");
    bench
        .will(answer(301, &[("Location", "/b"), kept], &[b"moved"]))
        .will(answer(200, &[kept], &[b"here"]));
    let ask = |follow: i64| {
        let mut request = Request::new(b"GET", b"http://h/a").unwrap();
        request.overrides.set(option::FOLLOW, follow).unwrap();
        let mut fetched = fetch(&bench.cache, &bench.origin, None, &Arc::new(request)).unwrap();
        let body = read(&mut fetched);
        (fetched.response.head.status, body)
    };
    assert_eq!(ask(0), (301, b"moved".to_vec()));
    assert_eq!(ask(1), (200, b"here".to_vec()));
    // Neither is asked for again, and each caller has what it wanted: whether one follows is not in the key.
    assert_eq!(ask(1), (200, b"here".to_vec()));
    assert_eq!(ask(0), (301, b"moved".to_vec()));
    let asked = bench.origin.asked.lock().unwrap().clone();
    assert_eq!(asked, ["GET http://h/a", "GET http://h/b"]);
}

#[test]
fn an_unreachable_origin_gives_its_error_or_what_is_stale() {
    let bench = Bench::new(&[(option::EXPIRE_AFTER, 0), (option::STALE_IF_ERROR, 1 << 40)]);
    assert_eq!(
        bench
            .will(Err(Kind::Connect))
            .get(URL)
            .err()
            .unwrap()
            .kind(),
        Kind::Connect
    );
    let mut stored = bench
        .will(answer(200, &[("ETag", "\"1\"")], &[b"one"]))
        .get(URL)
        .unwrap();
    read(&mut stored);
    let mut stale = bench.will(Err(Kind::Timeout)).get(URL).unwrap();
    assert_eq!(
        (stale.decision, stale.outcome),
        (Decision::Revalidate, Outcome::UsedStale)
    );
    assert_eq!(read(&mut stale), b"one");
    // A 304 that speaks of another response is asked again, without conditions.
    bench.will(answer(304, &[("ETag", "\"2\"")], &[]));
    let mut replaced = bench
        .will(answer(200, &[("ETag", "\"2\"")], &[b"two"]))
        .get(URL)
        .unwrap();
    assert_eq!(read(&mut replaced), b"two");
}
