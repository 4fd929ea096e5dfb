//! One exchange of a script: what holds of a lookup, of what is served, and of what an answer became.

use std::collections::HashMap;
use std::sync::Arc;

use httpcache::cache::{Decision, Exchange, Outcome, Request, Response};
use httpcache::error::Kind as ErrorKind;
use httpcache::http::{ResponseHead, Url};
use httpcache::key::names::CREDENTIALS;
use httpcache::policy::directives::{RequestDirectives, ResponseDirectives, Seconds};
use httpcache::policy::range::ContentRange;
use httpcache::settings::{NEVER, Settings};

use super::script::{Answer, Kind};

/// The complete bodies that were reported, by the URL without its query and by the credentials.
pub type Bodies = HashMap<(String, Vec<u8>), Vec<Arc<Vec<u8>>>>;

/// One exchange with its origin.
pub struct Talk<'a> {
    request: &'a Arc<Request>,
    exchange: Exchange,
    bodies: &'a mut Bodies,
}

impl<'a> Talk<'a> {
    pub fn new(request: &'a Arc<Request>, exchange: Exchange, bodies: &'a mut Bodies) -> Self {
        Talk {
            request,
            exchange,
            bodies,
        }
    }

    pub fn is_awaiting(&self) -> bool {
        self.exchange.forward().is_some()
    }

    fn settings(&self) -> &Settings {
        self.exchange.settings()
    }

    fn is_head(&self) -> bool {
        self.request.http.method.as_str() == "HEAD"
    }

    pub fn check_lookup(&mut self) {
        let asked = RequestDirectives::read(&self.request.http.fields);
        let decision = self.exchange.decision();
        let is_answered = self.exchange.handed_on().is_some();
        let is_sent = self.exchange.forward().is_some();
        if asked.only_if_cached || self.settings().only_if_cached {
            assert!(!is_sent, "only-if-cached is never forwarded");
        }
        let (answered, sent) = match decision {
            Decision::Forward | Decision::Revalidate => (false, true),
            Decision::Fresh | Decision::Stale | Decision::Unsatisfiable => (true, false),
            Decision::StaleRevalidate => (true, true),
        };
        assert_eq!((is_answered, is_sent), (answered, sent), "{decision:?}");
        if decision == Decision::Unsatisfiable {
            assert_eq!(self.exchange.handed_on().unwrap().head.status, 504);
        } else if answered {
            self.check_reused(decision);
        }
        if !sent {
            let again = self.exchange.begin(&ResponseHead::new(200, b"").unwrap());
            assert_eq!(again.unwrap_err().kind(), ErrorKind::Misuse);
        }
    }

    fn check_reused(&self, decision: Decision) {
        let now = self.exchange.now();
        let response = self.exchange.handed_on().unwrap();
        let times = response.times_at(now);
        assert_eq!(times.is_expired, decision != Decision::Fresh);
        self.check_from_cache();
        if !self.settings().cache_control {
            return;
        }
        let directives = ResponseDirectives::read(&response.head.fields);
        let settings = self.settings();
        if !settings.lists.targeted_fields.is_empty() {
            return;
        }
        assert!(!directives.no_store || directives.must_understand);
        assert!(!(settings.shared && directives.private.is_whole(true)));
        assert!(
            !directives.no_cache.is_whole(settings.shared),
            "{decision:?}"
        );
        let is_forever = directives.immutable && settings.immutable_forever;
        let is_for_shared = settings.shared && directives.s_maxage != Seconds::Absent;
        if decision == Decision::Fresh && !is_forever && !is_for_shared {
            match directives.max_age {
                Seconds::Of(seconds) => assert!(times.age < seconds * 1000, "{times:?}"),
                Seconds::Invalid => panic!("what cannot be read is stale"),
                Seconds::Absent => {}
            }
        }
        assert!(decision == Decision::Fresh || !directives.must_revalidate);
    }

    /// What holds of all that is served from the store.
    fn check_from_cache(&self) {
        let response = self.exchange.handed_on().unwrap();
        assert!(response.info.from_cache);
        let times = response.times_at(self.exchange.now());
        assert!(
            times.age >= 0
                && times
                    .freshness_lifetime
                    .is_none_or(|l| l >= 0 || l == NEVER)
        );
        let fields = &response.head.fields;
        let is_stored = response.info.freshness.is_some() && response.head.status != 416;
        if self.settings().cache_control && is_stored {
            let age = (times.age / 1000).to_string();
            assert_eq!(fields.joined(b"Age").as_deref(), Some(age.as_bytes()));
        }
        assert!(!fields.contains(b"Connection") && !fields.contains(b"Transfer-Encoding"));
        let body = self.body();
        if self.is_head() || matches!(response.head.status, 304 | 416) {
            assert!(body.is_empty());
            return;
        }
        let range = ContentRange::by(fields).filter(|_| response.head.status == 206);
        let is_known = |known: &Arc<Vec<u8>>| match range {
            None => **known == body,
            Some(range) => known
                .get(range.part.first as usize..)
                .is_some_and(|from| from.starts_with(&body)),
        };
        let known = self.bodies.get(&self.whose());
        assert!(
            known.is_some_and(|known| known.iter().any(is_known)),
            "{} bytes that nobody reported for {}",
            body.len(),
            self.request.http.url.as_str()
        );
    }

    fn body(&self) -> Vec<u8> {
        let mut response = self.exchange.response().unwrap().unwrap();
        let whole = response.load_body().unwrap().as_slice().to_vec();
        let (mut read, mut piece) = (Vec::new(), vec![0; 9000]);
        loop {
            match response.read(&mut piece).unwrap() {
                0 => break,
                n => read.extend_from_slice(&piece[..n]),
            }
        }
        assert!(read == whole, "read in pieces it is the same");
        whole
    }

    fn whose(&self) -> (String, Vec<u8>) {
        let mut who = Vec::new();
        if !self.settings().shared {
            for name in CREDENTIALS {
                for value in self.request.http.fields.all(name.as_bytes()) {
                    who.extend_from_slice(name.as_bytes());
                    who.extend_from_slice(&[&[0], value, &[0]].concat());
                }
            }
        }
        (self.request.http.url.without_query().to_owned(), who)
    }

    /// Reports what the script says; says whether the exchange may go on.
    pub fn answer(&mut self, answer: &Answer) -> bool {
        match answer.kind {
            Kind::Drop => return false,
            Kind::Failure => {
                if self.exchange.fail().unwrap() {
                    self.check_from_cache();
                }
                return true;
            }
            Kind::Head => {}
        }
        let Ok(mut head) = ResponseHead::new(answer.status.max(200), b"") else {
            return false;
        };
        head.fields = answer.fields.clone();
        let mut body = representation(&self.request.http.url, answer.version);
        let whole = Arc::new(body.clone());
        if head.status == 206 {
            let (first, last) = answer.part.unwrap_or((0, usize::MAX));
            let last = last.min(body.len().saturating_sub(1));
            if first > last || body.is_empty() {
                return false;
            }
            // An origin that gives one tag to two representations gets what it deserves.
            for name in [&b"ETag"[..], b"Content-Range"] {
                head.fields.remove(name);
            }
            let etag = format!("\"of {}\"", answer.version);
            head.fields.add(b"ETag", etag.as_bytes()).unwrap();
            let range = format!("bytes {first}-{last}/{}", body.len());
            head.fields.add(b"Content-Range", range.as_bytes()).unwrap();
            body = body[first..=last].to_vec();
        }
        if self.is_head() || matches!(head.status, 204 | 304) {
            body.clear();
        }
        body.truncate(body.len().saturating_sub(answer.lacks));
        if !self.is_head() && head.status != 304 {
            let known = if head.status == 206 {
                whole
            } else {
                Arc::new(body.clone())
            };
            self.bodies.entry(self.whose()).or_default().push(known);
        }
        self.report(answer, head, body)
    }

    fn report(&mut self, answer: &Answer, head: ResponseHead, body: Vec<u8>) -> bool {
        let is_confirmation = head.status == 304;
        let lengths: Vec<_> = head
            .fields
            .all(b"Content-Length")
            .map(<[u8]>::to_vec)
            .collect();
        let outcome = if answer.pieces == 0 {
            let mut response = Response::built(head);
            response.set_body(body.clone());
            self.exchange.store(&response).unwrap()
        } else {
            match self.exchange.begin(&head).unwrap() {
                Outcome::Storing => {
                    for piece in body.chunks(answer.pieces.max(body.len() / 64)) {
                        self.exchange.write(piece).unwrap();
                    }
                    self.exchange.end().unwrap()
                }
                outcome => outcome,
            }
        };
        let asked = RequestDirectives::read(&self.request.http.fields);
        match outcome {
            Outcome::Storing => panic!("an answer was ended, and is still being stored"),
            Outcome::Repeat => {
                assert!(is_confirmation && self.exchange.forward().is_some());
                let sent = &self.exchange.forward().unwrap().http;
                assert_eq!(sent.fields, self.request.http.fields);
                return true;
            }
            Outcome::Stored => {
                assert!(!asked.no_store && !is_confirmation);
                let length = body.len().to_string().into_bytes();
                assert!(self.is_head() || lengths.iter().all(|said| is_said(said, &length)));
                assert!(self.exchange.handed_on().unwrap().info.key.is_some());
                assert!(self.body() == body, "what was stored is handed on");
            }
            Outcome::NotStored => {
                assert!(self.exchange.handed_on().unwrap().info.key.is_none());
            }
            Outcome::Freshened => {
                assert!(is_confirmation || self.is_head());
                self.check_from_cache();
            }
            Outcome::UsedStale => self.check_from_cache(),
        }
        assert!(self.exchange.forward().is_none());
        let again = self.exchange.fail().unwrap_err();
        assert_eq!(again.kind(), ErrorKind::Misuse);
        true
    }
}

/// A Content-Length is a number, or one several times (RFC 9110 §8.6).
fn is_said(said: &[u8], length: &[u8]) -> bool {
    said.split(|byte| *byte == b',').all(|member| {
        let digits = member.trim_ascii();
        let zeros = digits.iter().take_while(|byte| **byte == b'0').count();
        &digits[zeros..] == length || (length == b"0" && zeros == digits.len())
    })
}

/// What an origin has at a URL. Two versions of it, and those of two paths, differ.
fn representation(url: &Url, version: usize) -> Vec<u8> {
    const SIZES: [usize; 5] = [11, 300, 0, 1, 70_000];
    let size = SIZES[version % SIZES.len()] + version % 7;
    let mut state = version as u64 ^ 0x9e37_79b9_7f4a_7c15;
    for byte in url.without_query().bytes() {
        state = (state ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    }
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 32) as u8
    };
    (0..size).map(|_| next()).collect()
}
