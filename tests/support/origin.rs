//! An origin server for tests that does what the URL tells it, so that a test in any language needs no
//! server of its own. It binds 127.0.0.1 on a port chosen by the system, and knows HTTP/1.1 alone.
//!
//! Rust tests include this file by `#[path]` and call [`Origin::start`]. Others run the example `origin`
//! (`cargo run --example origin`): it prints its port and a line feed, and exits when its standard input
//! is closed.
//!
//! # Targets
//!
//! | target | answer |
//! |---|---|
//! | `/raw/<bytes>` or `/raw?send=<bytes>` | exactly these bytes, percent-encoded in the URL, then close; `more=<bytes>` is sent after the gate (see below) |
//! | `/body/<size>` | `size` bytes of which byte `i`, from 0, is `((i + seed) * 2654435761 >> 24) & 255` in unsigned 64-bit arithmetic; `seed=N` (0), `type=...` is the Content-Type, `chunked=1` frames it by chunks, `ranges=1` answers a single `Range: bytes=` with 206 or 416 |
//! | `/text/<bytes>` | these bytes |
//! | `/version/<name>` | a body that holds the version, 1 at first; `etag=1` (or `etag=weak`) and `modified=1` give validators, and If-None-Match (or an If-Modified-Since equal to Last-Modified) is answered with 304 |
//! | `/change/<name>` | by POST: the next version; the body is its number |
//! | `/vary/<name>?on=<field name>` | Vary, and a body that holds the value of the request's field; `on` may be repeated |
//! | `/echo` | the request's head and content as received (chunks joined) |
//! | `/status/<code>` | this status, and a body that names it |
//! | `/redirect/<n>` | 302 to `/redirect/<n - 1>`, and 200 at 0 |
//! | `/redirect?to=<URL>` | 302 to it |
//! | `/close` | the connection is closed without a byte |
//! | `/die-on-reuse` | 200 on a new connection; on one that had a request before, as `/close` |
//! | `/count/<anything>` | how often this target was asked, this time included |
//! | `/requests?target=<target>` | how often that target, percent-encoded here, was asked |
//! | `/connections` | how many connections were accepted |
//! | `/open/<gate>` | opens the gate for ever; with `passed=N` it answers when N have gone through |
//! | `/waiting/<gate>?count=N` | answers when N requests wait at the gate |
//!
//! Every target is counted as it was sent, query included, before it is answered; `/requests`, `/open`,
//! `/waiting` and `/connections` are not.
//!
//! # Parameters of every target
//!
//! | parameter | effect |
//! |---|---|
//! | `status=N` | another status code |
//! | `field=<Name:%20value>` | adds a field; may be repeated |
//! | `gate=<name>` | does not answer before `/open/<name>` was asked (with `/raw`: sends first, and `more` after) |
//! | `stop=N` | only so many bytes of the content are sent |
//! | `then=keep\|close\|reset\|stall` | what becomes of the connection: `stall` keeps it open and silent |
//! | `chunk=N` | writes so many bytes at a time |
//!
//! All but `/raw` answer with the fields `Origin-Connection: <number>` and `Origin-Request: <number on this
//! connection>`, and with no Date unless `field` gives one. `Expect: 100-continue` is answered with 100.

#![allow(dead_code, unused_imports, reason = "each test uses a part")]
#![allow(clippy::indexing_slicing, reason = "a test may fail")]

#[path = "origin/answer.rs"]
mod answer;
#[path = "origin/connection.rs"]
mod connection;
#[path = "origin/routes.rs"]
mod routes;
#[path = "origin/state.rs"]
mod state;
#[path = "origin/target.rs"]
mod target;

use std::io;
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread::JoinHandle;

pub use answer::generated;
pub use target::{decode, encode};

use state::State;

/// A running origin. Dropping it closes every connection and waits for its threads.
pub struct Origin {
    address: SocketAddr,
    state: Arc<State>,
    accepting: Option<JoinHandle<()>>,
}

impl Origin {
    /// Starts on a free port.
    pub fn start() -> io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0))?;
        let address = listener.local_addr()?;
        let state = Arc::new(State::default());
        let shared = Arc::clone(&state);
        let accepting = std::thread::spawn(move || accept(&listener, &shared));
        Ok(Origin {
            address,
            state,
            accepting: Some(accepting),
        })
    }

    /// The port.
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// The URL of a target.
    pub fn url(&self, target: &str) -> String {
        format!("http://{}{target}", self.address)
    }

    /// The target that sends exactly `bytes` and closes; parameters may be appended with `&`.
    pub fn raw(&self, bytes: &[u8]) -> String {
        self.url(&format!("/raw?send={}", encode(bytes)))
    }

    /// How often a target was asked.
    pub fn requests(&self, target: &str) -> u64 {
        self.state.requests(target)
    }

    /// How many connections were accepted.
    pub fn connections(&self) -> u64 {
        self.state.connections()
    }

    /// How many connections are open.
    pub fn open_connections(&self) -> usize {
        self.state.open_connections()
    }

    /// Opens a gate, and waits until so many have gone through.
    pub fn open(&self, gate: &str, passed: usize) {
        self.state.open(gate, passed);
    }

    /// Waits until so many requests wait at a gate.
    pub fn wait_for(&self, gate: &str, count: usize) {
        self.state.wait_for(gate, count);
    }
}

impl Drop for Origin {
    fn drop(&mut self) {
        self.state.stop();
        // Wakes the thread that accepts.
        if let Ok(stream) = TcpStream::connect(self.address) {
            let _ = stream.shutdown(Shutdown::Both);
        }
        if let Some(accepting) = self.accepting.take() {
            let _ = accepting.join();
        }
    }
}

fn accept(listener: &TcpListener, state: &Arc<State>) {
    let mut threads = Vec::new();
    while let Ok((stream, _)) = listener.accept() {
        let Some(number) = state.enter(&stream) else {
            break;
        };
        let shared = Arc::clone(state);
        threads.retain(|thread: &JoinHandle<()>| !thread.is_finished());
        threads.push(std::thread::spawn(move || {
            // A client that goes away is no fault of the origin.
            let _ = connection::serve(&stream, number, &shared);
            drop(stream);
            shared.leave(number);
        }));
    }
    for thread in threads {
        let _ = thread.join();
    }
}
