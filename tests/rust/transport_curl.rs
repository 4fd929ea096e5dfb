//! The transport over libcurl, against an origin that sends what real ones should not.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test may fail"
)]

#[path = "../support/origin.rs"]
mod origin;

use std::io::Write;
use std::time::{Duration, Instant};

use httpcache::error::{Cause, Error, Kind};
use httpcache::http::response::Framing;
use httpcache::http::{Request, ResponseHead};
use httpcache::transport::curl::CurlTransport;
use httpcache::transport::{Reply, Transfer, TransferSettings, Transport};
use origin::{Origin, encode, generated};

const MIB: u64 = 1 << 20;

struct Bench {
    origin: Origin,
    transport: CurlTransport,
    settings: TransferSettings,
}

impl Bench {
    fn new() -> Self {
        let (origin, transport) = (Origin::start().unwrap(), CurlTransport::new().unwrap());
        Bench {
            origin,
            transport,
            settings: TransferSettings::default(),
        }
    }

    fn request(&self, method: &str, target: &str) -> Request {
        Request::new(method.as_bytes(), self.origin.url(target).as_bytes()).unwrap()
    }

    fn start(&self, request: &Request) -> Result<Reply, Error> {
        self.transport.start(request, &self.settings)
    }

    fn ask(&self, method: &str, target: &str) -> Result<(ResponseHead, Vec<u8>), Error> {
        self.send(&self.request(method, target))
    }

    fn get(&self, target: &str) -> (ResponseHead, Vec<u8>) {
        self.ask("GET", target).unwrap()
    }

    /// Sends, and reads to the end.
    fn send(&self, request: &Request) -> Result<(ResponseHead, Vec<u8>), Error> {
        let mut reply = self.start(request)?;
        let body = read_all(&mut *reply.body)?;
        Ok((reply.head, body))
    }

    /// Gets exactly these bytes as the answer; the origin closes.
    fn raw(&self, answer: &[u8]) -> Result<(ResponseHead, Vec<u8>), Error> {
        self.ask("GET", &raw(answer))
    }

    fn connection_of(&self, target: &str) -> String {
        let (head, _) = self.get(target);
        String::from_utf8(head.fields.first(b"Origin-Connection").unwrap().to_vec()).unwrap()
    }
}

fn raw(answer: &[u8]) -> String {
    format!("/raw?send={}", encode(answer))
}

fn read_all(transfer: &mut dyn Transfer) -> Result<Vec<u8>, Error> {
    let (mut body, mut buffer) = (Vec::new(), vec![0; 64 * 1024]);
    loop {
        match transfer.read(&mut buffer)? {
            0 => return Ok(body),
            read => body.extend_from_slice(&buffer[..read]),
        }
    }
}

fn kind(result: Result<(ResponseHead, Vec<u8>), Error>) -> Kind {
    result
        .map(|(head, body)| (head.status, body.len()))
        .unwrap_err()
        .kind()
}

#[test]
fn the_head_is_handed_on_as_it_was_sent() {
    let bench = Bench::new();
    let (head, body) = bench
        .raw(b"HTTP/1.1 299 F\xfcnf  e\r\nB: 1\r\na: \x80\xff\r\nb: 2\r\nEmpty:\r\nFold: a,\r\n \t b\r\n\r\nbody")
        .unwrap();
    assert_eq!(
        (head.status, &head.reason[..], &body[..]),
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
fn dropping_ends_the_transfer() {
    let bench = Bench::new();
    drop(
        bench
            .start(&bench.request("GET", "/body/2000000000"))
            .unwrap(),
    );
    drop(
        bench
            .start(&bench.request("GET", "/body/10?stop=5&then=stall"))
            .unwrap(),
    );
    wait_until(|| bench.origin.open_connections() == 0);
}

/// Waits for what another thread is about to do.
fn wait_until(condition: impl Fn() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(10);
    while !condition() {
        assert!(Instant::now() < deadline, "it did not happen within 10 s");
        std::thread::yield_now();
    }
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
            "Content-Length: 3\r\nContent-Length: 5",
            "abcde",
            &b"abcde"[..],
        ),
        (
            "Content-Length: 3\r\nTransfer-Encoding: chunked",
            "2\r\nab\r\n0\r\n\r\n",
            b"ab",
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
    request.body = generated(5, 0..10 * MIB);
    let (_, echo) = bench.send(&request).unwrap();
    assert!(echo.ends_with(&request.body));
    assert!(!String::from_utf8_lossy(&echo[..200]).contains("Expect"));
}

#[test]
fn connections_are_used_again() {
    let bench = Bench::new();
    for target in [
        "/body/10",
        "/body/10?chunked=1",
        "/status/404",
        "/redirect/1",
        "/status/304",
    ] {
        assert_eq!(bench.connection_of(target), "1", "{target}");
    }
    let other = Origin::start().unwrap();
    let request = Request::new(b"GET", other.url("/text/x").as_bytes()).unwrap();
    bench.send(&request).unwrap();
    assert_eq!(bench.connection_of("/text/x?field=Connection:close"), "1");
    assert_eq!(bench.connection_of("/text/y"), "2");
    // One that is dropped in the middle is not.
    drop(
        bench
            .start(&bench.request("GET", "/body/100000000"))
            .unwrap(),
    );
    assert_eq!(bench.connection_of("/text/y"), "3");
}

#[test]
fn a_dead_connection_is_replaced_once_if_allowed() {
    let mut bench = Bench::new();
    let target = "/die-on-reuse";
    for _ in 0..3 {
        assert_eq!(bench.get(target).1, b"alive\n");
    }
    // Every one but the first found a connection that died under it.
    assert_eq!(
        (bench.origin.requests(target), bench.origin.connections()),
        (5, 3)
    );

    // Not a method that must not be sent twice, and not when it is not allowed.
    bench.get("/text/warm");
    let error = bench.ask("POST", target).unwrap_err();
    assert_eq!(
        (error.kind(), error.cause()),
        (Kind::Protocol, Some(Cause::Curl(52))),
        "{error}"
    );
    assert_eq!(bench.origin.requests(target), 6);
    bench.get("/text/warm");
    bench.settings.retry = false;
    let connections = bench.origin.connections();
    let error = bench.ask("GET", target).unwrap_err();
    assert_eq!(
        (error.kind(), error.cause()),
        (Kind::Protocol, Some(Cause::Curl(52))),
        "{error}"
    );
    assert_eq!(bench.origin.requests(target), 7);
    assert_eq!(
        bench.origin.connections(),
        connections,
        "no connection for nothing"
    );
    assert_eq!(
        bench.ask("POST", target).unwrap().1,
        b"alive\n",
        "on a new connection"
    );
}

#[test]
fn a_new_connection_that_dies_is_not_replaced() {
    let bench = Bench::new();
    assert_eq!(kind(bench.ask("GET", "/close")), Kind::Protocol);
    bench.get("/text/warm");
    assert_eq!(kind(bench.ask("GET", "/close")), Kind::Protocol);
    assert_eq!(
        bench.origin.requests("/close"),
        3,
        "the reused one was replaced, the new one not"
    );
}

#[test]
fn timeouts_say_which() {
    let bench = Bench::new();
    let short = Some(Duration::from_millis(100));
    let none = TransferSettings {
        head_timeout: None,
        idle_timeout: None,
        ..TransferSettings::default()
    };
    let stalls_at_once = "/raw?send=HTTP%2F1.1&then=stall";
    let stalls_later = "/body/100?stop=10&then=stall";
    for (target, settings, name) in [
        (
            stalls_at_once,
            TransferSettings {
                head_timeout: short,
                ..none.clone()
            },
            "head",
        ),
        (
            stalls_at_once,
            TransferSettings {
                total_timeout: short,
                ..none.clone()
            },
            "total",
        ),
        (
            stalls_later,
            TransferSettings {
                idle_timeout: short,
                ..none.clone()
            },
            "idle",
        ),
        (
            stalls_later,
            TransferSettings {
                total_timeout: short,
                ..none.clone()
            },
            "total",
        ),
    ] {
        let began = Instant::now();
        let reply = bench
            .transport
            .start(&bench.request("GET", target), &settings);
        let error = reply
            .and_then(|mut reply| read_all(&mut *reply.body))
            .unwrap_err();
        assert_eq!(error.kind(), Kind::Timeout, "{error}");
        assert!(
            error.message().contains(name) && error.message().contains("100 ms"),
            "{error}"
        );
        assert!(
            error.message().starts_with(&bench.origin.url("")),
            "{error}"
        );
        let took = began.elapsed();
        assert!((100..5000).contains(&took.as_millis()), "{took:?}");
    }
    wait_until(|| bench.origin.open_connections() == 0);
}

#[test]
fn a_full_backlog_ends_in_the_connect_timeout() {
    // 192.0.2.1 would leave the machine; a listener whose queue is full does not answer either.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let connect = |_| std::net::TcpStream::connect_timeout(&address, Duration::from_millis(50));
    let filled: Vec<_> = (0..5000).map(connect).take_while(Result::is_ok).collect();
    let bench = Bench::new();
    let mut settings = bench.settings.clone();
    settings.connect_timeout = Some(Duration::from_millis(100));
    let request = Request::new(b"GET", format!("http://{address}/").as_bytes()).unwrap();
    let error = bench
        .transport
        .start(&request, &settings)
        .map(|_| ())
        .unwrap_err();
    assert_eq!(
        error.kind(),
        Kind::Timeout,
        "after {} connections: {error}",
        filled.len()
    );
    assert!(error.message().contains("connect"), "{error}");
}

#[test]
fn failures_to_connect_have_their_kinds() {
    let bench = Bench::new();
    // Answers a greeting of TLS in plain text.
    let plain = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let no_tls = format!("https://{}/", plain.local_addr().unwrap());
    let thread = std::thread::spawn(move || {
        let (mut stream, _) = plain.accept().unwrap();
        stream
            .write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n")
            .unwrap();
        std::io::copy(&mut stream, &mut std::io::sink()).ok()
    });
    let address = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    for (url, expected) in [
        (format!("http://{address}/"), Kind::Connect),
        ("http://name.invalid/".to_owned(), Kind::Resolve),
        (no_tls, Kind::Tls),
    ] {
        let request = Request::new(b"GET", url.as_bytes()).unwrap();
        let error = bench.send(&request).unwrap_err();
        assert_eq!(error.kind(), expected, "{error}");
        assert!(
            error.message().starts_with(url.trim_end_matches('/')),
            "{error}"
        );
        assert!(matches!(error.cause(), Some(Cause::Curl(_))));
    }
    thread.join().unwrap();
}

#[test]
fn many_threads_at_once() {
    let bench = Bench::new();
    std::thread::scope(|scope| {
        for seed in 0..64 {
            let bench = &bench;
            scope.spawn(move || {
                for round in 0..4 {
                    let size = 1000 * seed + round;
                    let (_, body) = bench.get(&format!("/body/{size}?seed={seed}"));
                    assert!(body == generated(seed, 0..size), "{seed} {round}");
                }
            });
        }
    });
    // All wait at the gate at the same time, and each has a connection.
    std::thread::scope(|scope| {
        for _ in 0..64 {
            scope.spawn(|| assert_eq!(bench.get("/text/x?gate=all").1, b"x"));
        }
        bench.origin.wait_for("all", 64);
        bench.origin.open("all", 64);
    });
    // Those beyond the pool's size are closed.
    wait_until(|| bench.origin.open_connections() <= 16);
}

#[test]
fn a_transfer_moves_between_threads_and_outlives_its_transport() {
    let bench = Bench::new();
    let mut reply = bench.start(&bench.request("GET", "/body/1000000")).unwrap();
    let Bench {
        origin, transport, ..
    } = bench;
    drop(transport);
    let body = std::thread::spawn(move || read_all(&mut *reply.body).unwrap())
        .join()
        .unwrap();
    assert!(body == generated(0, 0..1_000_000));
    wait_until(|| origin.open_connections() == 0);
}

#[cfg(target_os = "linux")]
#[test]
fn sockets_are_closed_on_exec() {
    let bench = Bench::new();
    let _reply = bench
        .start(&bench.request("GET", "/body/100000000"))
        .unwrap();
    // libcurl's own pair of local sockets, which wakes a waiting thread, is not in our hands.
    let internet = std::fs::read_to_string("/proc/self/net/tcp").unwrap();
    let mut sockets = 0;
    for entry in std::fs::read_dir("/proc/self/fd").unwrap().flatten() {
        let link = std::fs::read_link(entry.path()).unwrap_or_default();
        let link = link.to_string_lossy();
        let inode = link
            .strip_prefix("socket:[")
            .and_then(|rest| rest.strip_suffix(']'));
        let Some(inode) = inode.filter(|inode| internet.contains(&format!(" {inode} "))) else {
            continue;
        };
        let name = entry.file_name().into_string().unwrap();
        let info = std::fs::read_to_string(format!("/proc/self/fdinfo/{name}")).unwrap_or_default();
        let Some(flags) = info.lines().find_map(|line| line.strip_prefix("flags:")) else {
            continue;
        };
        let flags = u32::from_str_radix(flags.trim(), 8).unwrap();
        assert_ne!(flags & libc::O_CLOEXEC as u32, 0, "socket {inode}");
        sockets += 1;
    }
    assert!(sockets >= 3, "the listener and both ends");
}
