//! Connections of the transport over libcurl: reuse, death, time, threads.

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
use std::io::Write;
use std::time::{Duration, Instant};

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
        let name = link.to_string_lossy();
        let inode = name
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
        // The tests beside this one close theirs, and open others under the same number.
        if std::fs::read_link(entry.path()).unwrap_or_default() != link {
            continue;
        }
        let flags = u32::from_str_radix(flags.trim(), 8).unwrap();
        assert_ne!(flags & libc::O_CLOEXEC as u32, 0, "socket {inode}");
        sockets += 1;
    }
    assert!(sockets >= 3, "the listener and both ends");
}
