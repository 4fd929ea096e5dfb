//! The origin of the tests, asked through plain sockets.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test may fail"
)]

#[path = "../support/origin.rs"]
mod origin;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Command, Stdio};

use origin::{Origin, decode, encode, generated};

struct Client {
    stream: BufReader<TcpStream>,
}

#[derive(Debug)]
struct Answer {
    head: String,
    body: Vec<u8>,
}

impl Answer {
    fn status(&self) -> &str {
        self.head.split(' ').nth(1).unwrap()
    }

    fn field(&self, name: &str) -> Option<&str> {
        let mut lines = self.head.lines();
        lines.find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
    }

    fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }
}

impl Client {
    fn new(origin: &Origin) -> Self {
        let stream = TcpStream::connect(("127.0.0.1", origin.port())).unwrap();
        Client {
            stream: BufReader::new(stream),
        }
    }

    fn send(&mut self, request: &str) {
        self.stream.get_mut().write_all(request.as_bytes()).unwrap();
    }

    fn head(&mut self) -> String {
        let mut head = String::new();
        while self.stream.read_line(&mut head).unwrap() > 2 {}
        head
    }

    /// Asks, and reads an answer that is framed by Content-Length.
    fn ask(&mut self, method: &str, target: &str, fields: &str) -> Answer {
        self.send(&format!(
            "{method} {target} HTTP/1.1\r\nHost: h\r\n{fields}\r\n"
        ));
        let mut answer = Answer {
            head: self.head(),
            body: Vec::new(),
        };
        let length = answer
            .field("Content-Length")
            .map_or(0, |length| length.parse().unwrap());
        if method != "HEAD" {
            answer.body.resize(length, 0);
            self.stream.read_exact(&mut answer.body).unwrap();
        }
        answer
    }

    fn get(&mut self, target: &str) -> Answer {
        self.ask("GET", target, "")
    }

    /// Asks, and reads everything up to the end of the connection; `None` when it was reset.
    fn until_close(mut self, target: &str) -> Option<Vec<u8>> {
        self.send(&format!("GET {target} HTTP/1.1\r\n\r\n"));
        let mut bytes = Vec::new();
        self.stream.read_to_end(&mut bytes).ok().map(|_| bytes)
    }
}

#[test]
fn raw_bytes_are_sent_as_they_are() {
    let origin = Origin::start().unwrap();
    let bytes: Vec<u8> = (0..=255).collect();
    for target in [
        format!("/raw?send={}", encode(&bytes)),
        format!("/raw/{}", encode(&bytes)),
        format!("/raw?send={}&chunk=7", encode(&bytes)),
        format!(
            "/raw?send={}&more={}",
            encode(&bytes[..9]),
            encode(&bytes[9..])
        ),
    ] {
        assert_eq!(
            Client::new(&origin).until_close(&target).unwrap(),
            bytes,
            "{target}"
        );
    }
    assert_eq!(decode(b"a%2fb%zz%4"), b"a/b%zz%4");
}

#[test]
fn connections_end_as_they_are_told() {
    let origin = Origin::start().unwrap();
    assert_eq!(Client::new(&origin).until_close("/close").unwrap(), b"");
    assert_eq!(
        Client::new(&origin).until_close("/raw?send=&then=reset"),
        None
    );
    let cut = Client::new(&origin)
        .until_close("/body/100?stop=10&then=close")
        .unwrap();
    assert!(cut.ends_with(&generated(0, 0..10)) && cut.len() < 300);

    let mut client = Client::new(&origin);
    client.send("GET /raw?send=abc&then=keep HTTP/1.1\r\n\r\n");
    let mut three = [0; 3];
    client.stream.read_exact(&mut three).unwrap();
    assert_eq!(
        client.get("/die-on-reuse?x").head,
        "",
        "it had a request before"
    );

    let mut client = Client::new(&origin);
    assert_eq!(client.get("/die-on-reuse").text(), "alive\n");
    assert_eq!(client.until_close("/die-on-reuse").unwrap(), b"");
}

#[test]
fn a_stalled_connection_ends_with_the_origin() {
    let origin = Origin::start().unwrap();
    let mut client = Client::new(&origin);
    client.send("GET /raw?send=x&then=stall HTTP/1.1\r\n\r\n");
    let mut one = [0];
    client.stream.read_exact(&mut one).unwrap();
    drop(origin);
    assert_eq!(client.stream.read(&mut one).unwrap_or(0), 0);
}

#[test]
fn bodies_are_generated() {
    let origin = Origin::start().unwrap();
    let mut client = Client::new(&origin);
    let answer =
        client.get("/body/100000?seed=7&type=text/plain&field=A:%201&field=A:2&status=203");
    assert_eq!(answer.status(), "203");
    assert_eq!(answer.field("Content-Type"), Some("text/plain"));
    assert!(answer.head.contains("\r\nA: 1\r\nA: 2\r\n"));
    assert_eq!(answer.body, generated(7, 0..100_000));
    let of_the_doc = |i: u64, seed: u64| (((i + seed) * 2_654_435_761) >> 24 & 255) as u8;
    assert_eq!(answer.body[99_999], of_the_doc(99_999, 7));

    for (range, status, expected) in [
        ("bytes=10-19", "206", 10..20),
        ("bytes=90-", "206", 90..100),
        ("bytes=-5", "206", 95..100),
        ("bytes=90-200", "206", 90..100),
        ("bytes=100-", "416", 0..0),
        ("bytes=0-1,3-4", "200", 0..100),
        ("lines=1-2", "200", 0..100),
    ] {
        let answer = client.ask("GET", "/body/100?ranges=1", &format!("Range: {range}\r\n"));
        assert_eq!(
            (answer.status(), &answer.body),
            (status, &generated(0, expected)),
            "{range}"
        );
    }
    let head = client.ask("HEAD", "/body/2147483648", "");
    assert_eq!(head.field("Content-Length"), Some("2147483648"));
    assert_eq!(client.get("/connections").text(), "1");
}

#[test]
fn chunks_are_framed() {
    let origin = Origin::start().unwrap();
    let bytes = Client::new(&origin)
        .until_close("/body/3?chunked=1&then=close")
        .unwrap();
    let text = [b"\r\n\r\n3\r\n", &generated(0, 0..3)[..], b"\r\n0\r\n\r\n"].concat();
    assert!(bytes.ends_with(&text));
    let cut = Client::new(&origin)
        .until_close("/body/3?chunked=1&stop=2&then=close")
        .unwrap();
    assert!(cut.ends_with(&[b"\r\n\r\n2\r\n", &generated(0, 0..2)[..], b"\r\n"].concat()));
}

#[test]
fn versions_have_validators() {
    let origin = Origin::start().unwrap();
    let mut client = Client::new(&origin);
    let target = "/version/a?etag=1&modified=1";
    let first = client.get(target);
    assert_eq!(first.text(), "a version 1\n");
    assert_eq!(first.field("ETag"), Some("\"a-1\""));
    let date = first.field("Last-Modified").unwrap().to_owned();
    let matching = "If-None-Match: \"x\", W/\"a-1\"\r\n";
    let dated = format!("If-Modified-Since: {date}\r\n");
    assert_eq!(client.ask("GET", target, matching).status(), "304");
    assert_eq!(client.ask("GET", target, &dated).status(), "304");
    assert_eq!(
        client.ask("GET", target, "If-None-Match: *\r\n").status(),
        "304"
    );
    assert_eq!(client.ask("POST", "/change/a", "").text(), "2");
    assert_eq!(client.get("/change/a").status(), "405");
    assert_eq!(client.ask("GET", target, matching).text(), "a version 2\n");
    assert_eq!(client.ask("GET", target, &dated).status(), "200");
    assert_eq!(
        client.get("/version/a?etag=weak").field("ETag"),
        Some("W/\"a-2\"")
    );
    assert_eq!(client.get("/version/a").field("ETag"), None);
}

#[test]
fn the_other_targets() {
    let origin = Origin::start().unwrap();
    let mut client = Client::new(&origin);
    let answer = client.ask(
        "GET",
        "/vary/v?on=Accept-Language&on=X",
        "accept-language: de\r\n",
    );
    assert_eq!(answer.field("Vary"), Some("Accept-Language, X"));
    assert_eq!(answer.text(), "v\nAccept-Language: de\nX: (none)\n");

    let head = "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc";
    client.send(head);
    let length = client
        .head()
        .lines()
        .find_map(|l| l.strip_prefix("Content-Length: ")?.parse().ok());
    let mut echo = vec![0; length.unwrap()];
    client.stream.read_exact(&mut echo).unwrap();
    assert_eq!(echo, head.as_bytes());
    client.send("POST /echo HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1;x\r\nc\r\n0\r\nT: 1\r\n\r\n");
    let length = client
        .head()
        .lines()
        .find_map(|l| l.strip_prefix("Content-Length: ")?.parse().ok());
    let mut echo = vec![0; length.unwrap()];
    client.stream.read_exact(&mut echo).unwrap();
    assert!(echo.ends_with(b"\r\n\r\nabc"));

    assert_eq!(client.get("/status/503").status(), "503");
    assert_eq!(
        client.get("/redirect/2").field("Location"),
        Some("/redirect/1")
    );
    assert_eq!(client.get("/redirect/0").text(), "arrived\n");
    assert_eq!(
        client
            .get("/redirect?to=http%3A%2F%2Fx%2F")
            .field("Location"),
        Some("http://x/")
    );
    assert_eq!(client.get("/count/a?b=1").text(), "1");
    assert_eq!(client.get("/count/a?b=1").text(), "2");
    assert_eq!(
        client.get("/requests?target=%2Fcount%2Fa%3Fb%3D1").text(),
        "2"
    );
    assert_eq!(client.get("/text/a%20b").text(), "a b");
    assert_eq!(client.get("/nothing").status(), "404");
    assert_eq!(origin.requests("/nothing"), 1);
}

#[test]
fn gates_hold_answers_back() {
    let origin = Origin::start().unwrap();
    let mut waiting = Client::new(&origin);
    waiting.send("GET /text/a?gate=g HTTP/1.1\r\n\r\n");
    let mut other = Client::new(&origin);
    assert_eq!(other.get("/waiting/g?count=1").text(), "1");
    assert_eq!(other.get("/open/g?passed=1").status(), "200");
    assert!(waiting.head().starts_with("HTTP/1.1 200 "));
    assert_eq!(
        other.get("/text/b?gate=g").text(),
        "b",
        "an open gate stays open"
    );
}

#[test]
fn the_program_prints_its_port_and_ends_with_its_input() {
    // Examples lie beside the directory of the tests; `cargo test --test` alone builds none.
    let mut path = std::env::current_exe().unwrap();
    path.pop();
    path.pop();
    let path = path
        .join("examples")
        .join(format!("origin{}", std::env::consts::EXE_SUFFIX));
    let mut command = Command::new(&path);
    if !path.exists() {
        command = Command::new(env!("CARGO"));
        command.args(["run", "--quiet", "--example", "origin"]);
    }
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap())
        .read_line(&mut line)
        .unwrap();
    let port: u16 = line.trim().parse().unwrap();
    assert!(TcpStream::connect(("127.0.0.1", port)).is_ok());
    drop(child.stdin.take());
    assert!(child.wait().unwrap().success());
}
