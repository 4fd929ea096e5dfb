//! A transport over libcurl and an origin, for tests.

#![allow(dead_code, unused_imports, reason = "each test uses a part")]
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test may fail"
)]

#[path = "origin.rs"]
mod origin;

use std::time::{Duration, Instant};

pub use httpcache::error::{Cause, Error, Kind};
pub use httpcache::http::{Request, ResponseHead};
pub use httpcache::transport::curl::CurlTransport;
pub use httpcache::transport::{Reply, Transfer, TransferSettings, Transport};
pub use origin::{Origin, encode, generated};

pub struct Bench {
    pub origin: Origin,
    pub transport: CurlTransport,
    pub settings: TransferSettings,
}

impl Bench {
    pub fn new() -> Self {
        let (origin, transport) = (Origin::start().unwrap(), CurlTransport::new().unwrap());
        Bench {
            origin,
            transport,
            settings: TransferSettings::default(),
        }
    }

    pub fn request(&self, method: &str, target: &str) -> Request {
        Request::new(method.as_bytes(), self.origin.url(target).as_bytes()).unwrap()
    }

    pub fn start(&self, request: &Request) -> Result<Reply, Error> {
        self.transport.start(request, &self.settings)
    }

    pub fn ask(&self, method: &str, target: &str) -> Result<(ResponseHead, Vec<u8>), Error> {
        self.send(&self.request(method, target))
    }

    pub fn get(&self, target: &str) -> (ResponseHead, Vec<u8>) {
        self.ask("GET", target).unwrap()
    }

    /// Sends, and reads to the end.
    pub fn send(&self, request: &Request) -> Result<(ResponseHead, Vec<u8>), Error> {
        let mut reply = self.start(request)?;
        let body = read_all(&mut *reply.body)?;
        Ok((reply.head, body))
    }

    /// Gets exactly these bytes as the answer; the origin closes.
    pub fn raw(&self, answer: &[u8]) -> Result<(ResponseHead, Vec<u8>), Error> {
        self.ask("GET", &raw(answer))
    }

    pub fn connection_of(&self, target: &str) -> String {
        let (head, _) = self.get(target);
        String::from_utf8(head.fields.first(b"Origin-Connection").unwrap().to_vec()).unwrap()
    }
}

pub fn raw(answer: &[u8]) -> String {
    format!("/raw?send={}", encode(answer))
}

pub fn read_all(transfer: &mut dyn Transfer) -> Result<Vec<u8>, Error> {
    let (mut body, mut buffer) = (Vec::new(), vec![0; 64 * 1024]);
    loop {
        match transfer.read(&mut buffer)? {
            0 => return Ok(body),
            read => body.extend_from_slice(&buffer[..read]),
        }
    }
}

pub fn kind(result: Result<(ResponseHead, Vec<u8>), Error>) -> Kind {
    result
        .map(|(head, body)| (head.status, body.len()))
        .unwrap_err()
        .kind()
}

/// Waits for what another thread is about to do.
pub fn wait_until(condition: impl Fn() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(10);
    while !condition() {
        assert!(Instant::now() < deadline, "it did not happen within 10 s");
        std::thread::yield_now();
    }
}
