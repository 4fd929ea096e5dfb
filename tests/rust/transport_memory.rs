//! How much memory a transfer takes. Alone in its process, because the system counts per process.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test may fail"
)]

#[path = "../support/origin.rs"]
mod origin;

use httpcache::http::Request;
use httpcache::transport::curl::CurlTransport;
use httpcache::transport::{Reply, TransferSettings, Transport};
use origin::{Origin, generated};

const MIB: u64 = 1 << 20;

/// The most memory this process ever had resident; 0 where it cannot be asked.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = line.and_then(|line| line.trim().strip_suffix(" kB")?.parse::<u64>().ok());
    kib.unwrap_or_default() * 1024
}

/// Reads to the end; compares a part of every piece, since all of it would take a debug build long.
fn read_all(mut reply: Reply, size: u64) {
    let (mut at, mut buffer) = (0_u64, vec![0; 256 * 1024]);
    loop {
        let read = reply.body.read(&mut buffer).unwrap() as u64;
        let probe = read.min(512);
        assert!(
            buffer[..probe as usize] == generated(0, at..at + probe),
            "at {at}"
        );
        at += read;
        if read == 0 {
            break;
        }
    }
    assert_eq!(at, size);
}

#[test]
fn a_large_body_is_held_in_parts() {
    let (origin, transport) = (Origin::start().unwrap(), CurlTransport::new().unwrap());
    let start = |size: u64, parameters: &str| {
        let url = origin.url(&format!("/body/{size}?{parameters}"));
        let request = Request::new(b"GET", url.as_bytes()).unwrap();
        transport
            .start(&request, &TransferSettings::default())
            .unwrap()
    };
    read_all(start(2 * MIB, ""), 2 * MIB);
    let before = peak();
    read_all(start(200 * MIB, ""), 200 * MIB);
    read_all(start(64 * MIB, "chunked=1"), 64 * MIB);

    // One byte at a time, and many transfers that nobody reads: libcurl takes no more than it may hold.
    let mut slow: Vec<_> = (0..8).map(|_| start(64 * MIB, "")).collect();
    for reply in &mut slow {
        let mut one = [0];
        for at in 0..2000 {
            assert_eq!(reply.body.read(&mut one).unwrap(), 1);
            assert_eq!(one[..], generated(0, at..at + 1));
        }
    }
    read_all(start(20 * MIB, ""), 20 * MIB);
    let grown = peak().saturating_sub(before);
    assert!(grown < 16 * MIB, "the process grew by {} KiB", grown / 1024);
}
