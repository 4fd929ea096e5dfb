//! The transport over libcurl, and answers that no origin should give.

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
fn broken_lines_and_answers_end_in_an_error_or_without_them() {
    let bench = Bench::new();
    for line in ["no colon", ": no name", "a b: c", "space : x", "nul: a\0b"] {
        let answer = format!("HTTP/1.1 200 OK\r\n{line}\r\nKept: 1\r\nContent-Length: 0\r\n\r\n");
        match bench.raw(answer.as_bytes()) {
            Ok((head, _)) => assert_eq!(head.fields.first(b"Kept"), Some(&b"1"[..]), "{line}"),
            Err(error) => assert_eq!(error.kind(), Kind::Protocol, "{line}: {error}"),
        }
    }
    for answer in [
        &b""[..],
        b"hello",
        b"\r\n\r\n",
        b"<html>not HTTP</html>",
        b"HTTP/1.1 200 OK\r\nA: 1\r\n",
        b"HTTP/1.1 099 x\r\n\r\n",
        b"ICY 200 OK\r\n\r\nx",
        b"HTTP/1.1 20",
        b"\0\0\0\0\0\0\0\0\0\0\0\0",
        b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\n",
    ] {
        let error = bench
            .raw(answer)
            .map(|(head, body)| (head, body.len()))
            .unwrap_err();
        assert_eq!(
            error.kind(),
            Kind::Protocol,
            "{}: {error}",
            answer.escape_ascii()
        );
        assert!(matches!(error.cause(), Some(Cause::Curl(_)) | None));
    }
}

#[test]
fn errors_name_the_origin_and_no_secret() {
    let bench = Bench::new();
    let target = "/close?token=secret";
    let mut request = bench.request("GET", target);
    request.fields.add(b"Authorization", b"secret").unwrap();
    let error = bench.send(&request).unwrap_err();
    assert_eq!(
        (error.kind(), error.cause()),
        (Kind::Protocol, Some(Cause::Curl(52)))
    );
    let origin = bench.origin.url("");
    assert!(
        error.message().starts_with(&format!("{origin}: ")),
        "{error}"
    );
    assert!(!error.message().contains("secret"), "{error}");
}

#[test]
fn limits_of_the_head_are_kept() {
    let mut bench = Bench::new();
    let of = |fields: usize, size: usize| {
        let fields = format!("A: {}\r\n", "x".repeat(size)).repeat(fields);
        format!("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n{fields}\r\n").into_bytes()
    };
    bench.settings.max_fields = 50;
    assert_eq!(bench.raw(&of(49, 1)).unwrap().0.fields.len(), 50);
    assert_eq!(kind(bench.raw(&of(50, 1))), Kind::TooLarge);
    bench.settings.max_head_bytes = 10_000;
    assert_eq!(kind(bench.raw(&of(1, 10_000))), Kind::TooLarge);
    assert_eq!(
        kind(bench.raw(&b"HTTP/1.1 100 x\r\n\r\n".repeat(600))),
        Kind::TooLarge
    );
    bench.settings.max_head_bytes = usize::MAX;
    // A line that libcurl itself refuses.
    let error = bench
        .send(&bench.request("GET", &raw(&of(1, 120_000))))
        .unwrap_err();
    assert_eq!(error.kind(), Kind::TooLarge, "{error}");
}

#[test]
fn content_that_is_too_short_never_ends_well() {
    let bench = Bench::new();
    for size in [1, 1000, 1_000_000_u64] {
        for stop in [0, 1, size / 2, size - 1]
            .into_iter()
            .filter(|stop| *stop < size)
        {
            for framing in ["", "&chunked=1"] {
                for then in ["close", "reset"] {
                    let target = format!("/body/{size}?stop={stop}&then={then}{framing}");
                    let error = bench
                        .ask("GET", &target)
                        .map(|(_, body)| body.len())
                        .unwrap_err();
                    assert_eq!(error.kind(), Kind::Protocol, "{target}: {error}");
                }
            }
        }
    }
    // What arrived before is handed out, and then the error, as often as it is asked for.
    let mut reply = bench
        .start(&bench.request("GET", "/body/10?stop=4&then=close"))
        .unwrap();
    let mut buffer = [0; 16];
    assert_eq!(reply.body.read(&mut buffer).unwrap(), 4);
    for _ in 0..3 {
        assert_eq!(
            reply.body.read(&mut buffer).unwrap_err().kind(),
            Kind::Protocol
        );
    }
    for chunks in [
        "5\r\nab",
        "zz\r\nab\r\n0\r\n\r\n",
        "2\r\nab\r\n",
        "2\r\nabX\r\n0\r\n\r\n",
        "2\r\nab\r\n0\r\n",
    ] {
        let answer = format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{chunks}");
        assert_eq!(
            kind(bench.raw(answer.as_bytes())),
            Kind::Protocol,
            "{chunks:?}"
        );
    }
}

#[test]
fn bytes_past_the_content_are_no_part_of_it_and_of_no_other() {
    let bench = Bench::new();
    let evil = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil";
    let good = b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc";
    // In one piece with the content.
    let together = [&good[..], evil].concat();
    assert_eq!(
        bench.get(&format!("{}&then=keep", raw(&together))).1,
        b"abc"
    );
    assert_eq!(bench.get("/text/good").1, b"good");
    // Later, while the connection waits for its next request.
    let target = format!("{}&then=keep&gate=later&more={}", raw(good), encode(evil));
    assert_eq!(bench.get(&target).1, b"abc");
    bench.origin.open("later", 1);
    assert_eq!(bench.get("/text/good").1, b"good");
    assert_eq!(bench.connection_of("/text/x"), "3", "both were left alone");
    // After a last chunk, and after an answer to HEAD. What libcurl has already read, it forgets.
    let chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n";
    let chunked = [&chunked[..], evil].concat();
    assert_eq!(bench.get(&format!("{}&then=keep", raw(&chunked))).1, b"abc");
    assert_eq!(bench.get("/text/good").1, b"good");
    let target = format!("{}&then=keep", raw(&together));
    assert_eq!(bench.ask("HEAD", &target).unwrap().1, b"");
    assert_eq!(bench.get("/text/good").1, b"good");
}

#[test]
fn contradictory_framing_is_shown_by_the_head() {
    let bench = Bench::new();
    let get = bench.request("GET", "/").method;
    for (lines, content, expected) in [
        (
            "Content-Length: 3\r\nTransfer-Encoding: chunked",
            "2\r\nab\r\n0\r\n\r\n",
            &b"ab"[..],
        ),
        (
            "Transfer-Encoding: chunked\r\nContent-Length: 3",
            "2\r\nab\r\n0\r\n\r\n",
            b"ab",
        ),
    ] {
        let answer = format!("HTTP/1.1 200 OK\r\n{lines}\r\n\r\n{content}");
        match bench.raw(answer.as_bytes()) {
            Ok((head, body)) => {
                assert_eq!(head.framing(&get), Framing::Contradictory, "{lines}");
                assert_eq!(body, expected, "{lines}");
            }
            Err(error) => panic!("{lines}: {error}"),
        }
    }
}

/// RFC 9112 §6.3
#[test]
fn an_answer_of_several_lengths_is_discarded() {
    let bench = Bench::new();
    for lines in [
        "Content-Length: 3\r\nContent-Length: 5",
        "Content-Length: 5\r\nContent-Length: 3",
        "Content-Length: 3, 5",
        "Content-Length: 3\r\nContent-Length: x",
    ] {
        let answer = format!("HTTP/1.1 200 OK\r\n{lines}\r\n\r\nabcde");
        let request = bench.request("GET", &raw(answer.as_bytes()));
        // Not even its head is handed on.
        let started = bench.start(&request).map(|reply| reply.head);
        assert_eq!(started.unwrap_err().kind(), Kind::Protocol, "{lines}");
    }
    let same = b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 3\r\n\r\nabc";
    assert_eq!(bench.raw(same).unwrap().1, b"abc");
    assert_eq!(bench.get("/text/good").1, b"good");
}

#[test]
fn an_unknown_coding_is_read_to_the_close() {
    let bench = Bench::new();
    let target = raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: foo\r\n\r\nfoo-coded");
    let (head, body) = bench.get(&target);
    assert_eq!(head.fields.first(b"Transfer-Encoding"), Some(&b"foo"[..]));
    assert_eq!(body, b"foo-coded");
    // Twice where libcurl refuses at first (8.x), once where it does not.
    assert!((1..=2).contains(&bench.origin.requests(&target)));
    // Nothing that must not be sent twice is.
    let target = format!("{target}&x");
    match bench.ask("POST", &target) {
        Ok((_, body)) => assert_eq!(body, b"foo-coded"),
        Err(error) => assert_eq!(error.kind(), Kind::Protocol, "{error}"),
    }
    assert_eq!(bench.origin.requests(&target), 1);
    // With no content, and cut off.
    let empty = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: foo\r\n\r\n";
    assert_eq!(bench.raw(empty).unwrap().1, b"");
    assert_eq!(
        kind(bench.ask("GET", &format!("{}&then=reset", raw(empty)))),
        Kind::Protocol
    );
}
