//! What a forked child may do with a transport of its parent's. Alone in its process, because a fork takes
//! no other thread along.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test may fail"
)]

#[path = "../support/origin.rs"]
mod origin;

use httpcache::error::Kind;
use httpcache::http::Request;
use httpcache::transport::curl::CurlTransport;
use httpcache::transport::{TransferSettings, Transport};
use origin::{Origin, generated};

#[test]
fn a_child_leaves_connections_and_transfers_alone() {
    let origin = Origin::start().unwrap();
    let transport = CurlTransport::new().unwrap();
    let settings = TransferSettings::default();
    let start = |target: &str| {
        let request = Request::new(b"GET", origin.url(target).as_bytes()).unwrap();
        transport.start(&request, &settings).unwrap()
    };
    let connection = |target: &str| {
        let mut reply = start(target);
        while reply.body.read(&mut [0; 1000]).unwrap() > 0 {}
        reply
            .head
            .fields
            .first(b"Origin-Connection")
            .unwrap()
            .to_vec()
    };
    // One connection waits for its next request, and one is in the middle of an answer.
    let mut reply = start("/body/10000000");
    let idle = connection("/text/x");

    // SAFETY: the child runs what is tested and leaves without running destructors of the test.
    let child = unsafe { libc::fork() };
    if child == 0 {
        let checked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            let error = reply.body.read(&mut [0; 10]).unwrap_err();
            let fresh = connection("/text/y");
            drop(reply);
            let again = connection("/text/y");
            drop(transport_of(&transport));
            error.kind() == Kind::Misuse && fresh != idle && again == fresh
        }));
        // SAFETY: ends the child without running what the parent will run.
        unsafe { libc::_exit(i32::from(!checked.unwrap_or(false))) };
    }
    assert!(child > 0);
    let mut status = 0;
    // SAFETY: the child was made above, and the pointer is to a live integer.
    assert_eq!(unsafe { libc::waitpid(child, &mut status, 0) }, child);
    assert!(
        libc::WIFEXITED(status),
        "the child ended by signal {}",
        libc::WTERMSIG(status)
    );
    assert_eq!(libc::WEXITSTATUS(status), 0);

    // The parent's are as they were.
    assert_eq!(connection("/text/x"), idle);
    let (mut body, mut buffer) = (Vec::new(), [0; 16384]);
    loop {
        match reply.body.read(&mut buffer).unwrap() {
            0 => break,
            read => body.extend_from_slice(&buffer[..read]),
        }
    }
    assert!(body == generated(0, 0..10_000_000));
}

/// The child drops a copy of the parent's transport, as a host does that closes everything after a fork.
fn transport_of(transport: &CurlTransport) -> CurlTransport {
    // SAFETY: the child leaves by `_exit`, so that the original is never dropped.
    unsafe { std::ptr::read(transport) }
}
