//! The transport over libcurl: what is sent, and what is handed on.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test may fail"
)]

#[path = "../support/bench.rs"]
mod bench;

use bench::*;
use httpcache::http::response::Framing;

#[test]
fn the_head_is_handed_on_as_it_was_sent() {
    let bench = Bench::new();
    let (head, body) = bench
        .raw(b"HTTP/1.1 299 F\xfcnf  e\r\nB: 1\r\na: \x80\xff\r\nb: 2\r\nEmpty:\r\nFold: a,\r\n \t b\r\n\r\nbody")
        .unwrap();
    assert_eq!(
        (head.status, head.reason.to_bytes(), &body[..]),
        (299, &b"F\xfcnf  e"[..], &b"body"[..])
    );
    let fields: Vec<_> = head.fields.iter().collect();
    let expected: [(&[u8], &[u8]); 5] = [
        (b"B", b"1"),
        (b"a", b"\x80\xff"),
        (b"b", b"2"),
        (b"Empty", b""),
        (b"Fold", b"a, b"),
    ];
    assert_eq!(fields, expected);
}

#[test]
fn interim_answers_are_skipped() {
    let bench = Bench::new();
    let answer = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n\
                   HTTP/1.1 200 OK\r\nA: 1\r\nContent-Length: 1\r\n\r\nx";
    let (head, body) = bench.raw(answer).unwrap();
    assert_eq!(
        (head.status, head.fields.len(), &body[..]),
        (200, 2, &b"x"[..])
    );
    assert_eq!(
        kind(bench.raw(b"HTTP/1.1 101 Switching\r\nUpgrade: x\r\n\r\nabc")),
        Kind::Protocol
    );
}

#[test]
fn trailers_are_no_fields() {
    let bench = Bench::new();
    let answer =
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\nT: 1\r\n\r\n";
    let (head, body) = bench.raw(answer).unwrap();
    assert_eq!((head.fields.len(), &body[..]), (1, &b"x"[..]));
}

#[test]
fn content_of_every_framing_arrives_whole() {
    let bench = Bench::new();
    for size in [0, 1, 16_384, 262_144, 262_145, 3_000_000] {
        for framing in ["", "&chunked=1", "&chunk=1000", "&chunked=1&chunk=999"] {
            let (_, body) = bench.get(&format!("/body/{size}?seed=3{framing}"));
            assert!(
                body == generated(3, 0..size),
                "{size} {framing}: {} bytes",
                body.len()
            );
        }
    }
    let (head, body) = bench.raw(b"HTTP/1.0 200 OK\r\n\r\nto the end").unwrap();
    assert_eq!(
        (head.framing(&bench.request("GET", "/").method), &body[..]),
        (Framing::Unannounced, &b"to the end"[..])
    );
    assert_eq!(bench.get("/status/204").1, b"");
    assert_eq!(bench.get("/status/304").1, b"");
}

#[test]
fn encoded_content_is_left_encoded() {
    let bench = Bench::new();
    let (head, body) = bench.get("/text/plain?field=Content-Encoding:gzip");
    assert_eq!(head.fields.first(b"content-encoding"), Some(&b"gzip"[..]));
    assert_eq!(body, b"plain");
}

#[test]
fn requests_go_out_as_they_are() {
    let bench = Bench::new();
    let mut request = bench.request("GET", "/echo/%2E//a/b?x=%20&y");
    for (name, value) in [
        (&b"b"[..], &b"1"[..]),
        (b"A", b"\x80\xff"),
        (b"Empty", b""),
        (b"B", b"2"),
    ] {
        request.fields.add(name, value).unwrap();
    }
    let host = bench.origin.url("").replace("http://", "");
    let (_, echo) = bench.send(&request).unwrap();
    let target = request
        .url
        .as_str()
        .strip_prefix(&bench.origin.url(""))
        .unwrap()
        .to_owned();
    let expected = format!("GET {target} HTTP/1.1\r\nHost: {host}\r\nb: 1\r\nA: ");
    let expected = [expected.as_bytes(), b"\x80\xff\r\nEmpty:\r\nB: 2\r\n\r\n"];
    assert_eq!(
        echo.escape_ascii().to_string(),
        expected.concat().escape_ascii().to_string()
    );

    let mut request = bench.request("GET", "/echo?");
    for (name, value) in [
        ("host", "other"),
        ("Accept", "x"),
        ("User-Agent", "y"),
        ("Expect", ""),
    ] {
        request
            .fields
            .add(name.as_bytes(), value.as_bytes())
            .unwrap();
    }
    let (_, echo) = bench.send(&request).unwrap();
    let echo = String::from_utf8(echo).unwrap();
    assert!(echo.starts_with("GET /echo? HTTP/1.1\r\n"), "{echo}");
    assert_eq!(echo.to_lowercase().matches("host:").count(), 1, "{echo}");
    assert!(
        echo.contains("other") && echo.contains("Accept: x\r\nUser-Agent: y\r\n"),
        "{echo}"
    );
}

#[test]
fn every_method_goes_out() {
    let bench = Bench::new();
    let of = |method: &str, body: &[u8]| {
        let mut request = bench.request(method, "/echo");
        request.body = body.to_vec();
        String::from_utf8(bench.send(&request).unwrap().1).unwrap()
    };
    let host = bench.origin.url("").replace("http://", "Host: ");
    for method in ["GET", "M-SEARCH", "OPTIONS", "DELETE", "get", "PURGE"] {
        assert_eq!(
            of(method, b""),
            format!("{method} /echo HTTP/1.1\r\n{host}\r\n\r\n")
        );
    }
    for method in ["POST", "PUT", "PATCH"] {
        let expected = format!("{method} /echo HTTP/1.1\r\n{host}\r\nContent-Length: 0\r\n\r\n");
        assert_eq!(of(method, b""), expected);
    }
    for method in ["GET", "M-SEARCH", "POST", "PUT", "DELETE"] {
        let expected = format!("{method} /echo HTTP/1.1\r\n{host}\r\nContent-Length: 3\r\n\r\nabc");
        assert_eq!(of(method, b"abc"), expected);
    }
    let (head, body) = bench.ask("HEAD", "/body/1000000").unwrap();
    assert_eq!(head.fields.first(b"Content-Length"), Some(&b"1000000"[..]));
    assert_eq!(body, b"");
    assert_eq!(bench.origin.connections(), 1);
    let mut request = bench.request("HEAD", "/echo");
    request.body = b"x".to_vec();
    assert_eq!(kind(bench.send(&request)), Kind::Argument);
}

#[test]
fn a_large_request_arrives_whole() {
    let bench = Bench::new();
    let mut request = bench.request("POST", "/echo");
    request.body = generated(5, 0..10 << 20);
    let (_, echo) = bench.send(&request).unwrap();
    assert!(echo.ends_with(&request.body));
    assert!(!String::from_utf8_lossy(&echo[..200]).contains("Expect"));
}
