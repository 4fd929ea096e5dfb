//! The transport over TLS: who an origin is, is verified, and how is part of the key.

#![allow(clippy::unwrap_used, reason = "a test stops where it fails")]

use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::Path;
use std::sync::Arc;
use std::thread;

use httpcache::cache::{Cache, Options, Request};
use httpcache::error::{Kind, Result};
use httpcache::fetch::fetch;
use httpcache::settings::option;
use httpcache::transport::curl::CurlTransport;
use rustls::pki_types::PrivateKeyDer;
use rustls::{ServerConfig, ServerConnection, StreamOwned};

/// `HC_STR_CA_FILE`.
const CA_FILE: i32 = 311;

/// An origin whose certificate vouches for itself; its URL, and the certificate.
fn origin() -> (String, String) {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let key = PrivateKeyDer::try_from(made.key_pair.serialize_der()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .unwrap();
    let config = Arc::new(config);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!(
        "https://localhost:{}/",
        listener.local_addr().unwrap().port()
    );
    thread::spawn(move || {
        for (number, connection) in listener.incoming().enumerate() {
            let session = ServerConnection::new(config.clone()).unwrap();
            let mut stream = StreamOwned::new(session, connection.unwrap());
            // A handshake that the client ends is what is tested.
            let Ok(1..) = stream.read(&mut [0; 4096]) else {
                continue;
            };
            let body = format!("answer {number}");
            let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", body.len());
            let _ = stream.write_all((head + &body).as_bytes());
            stream.conn.send_close_notify();
            let _ = stream.flush();
        }
    });
    (url, made.cert.pem())
}

fn get(
    cache: &Arc<Cache>,
    url: &str,
    verify: Option<i64>,
    ca_file: Option<&Path>,
) -> Result<(bool, Vec<u8>)> {
    let mut request = Request::new(b"GET", url.as_bytes())?;
    if let Some(verify) = verify {
        request.overrides.set(option::VERIFY_TLS, verify)?;
    }
    if let Some(path) = ca_file {
        let path = path.as_os_str().as_encoded_bytes();
        request.overrides.set_name(CA_FILE, Some(path))?;
    }
    let transport = CurlTransport::new()?;
    let mut fetched = fetch(cache, &transport, None, &Arc::new(request))?;
    let body = fetched.response.load_body()?.as_slice().to_vec();
    Ok((fetched.response.info.from_cache, body))
}

#[test]
fn an_origin_is_verified_unless_the_user_says_otherwise() {
    let directory = tempfile::tempdir().unwrap();
    let cache = Cache::open(&directory.path().join("cache"), Options::default()).unwrap();
    let (url, certificate) = origin();
    let file = directory.path().join("ca.pem");
    std::fs::write(&file, certificate).unwrap();

    let refused = get(&cache, &url, None, None).unwrap_err();
    assert_eq!(refused.kind(), Kind::Tls);
    let (from_cache, unverified) = get(&cache, &url, Some(0), None).unwrap();
    assert!(!from_cache && unverified.starts_with(b"answer"));
    // What was fetched from nobody knows whom answers nobody who wants to know.
    let refused = get(&cache, &url, None, None).unwrap_err();
    assert_eq!(refused.kind(), Kind::Tls);
    let (from_cache, verified) = get(&cache, &url, None, Some(&file)).unwrap();
    assert!(!from_cache && verified != unverified);
    assert_eq!(
        get(&cache, &url, None, Some(&file)).unwrap(),
        (true, verified)
    );
    assert_eq!(
        get(&cache, &url, Some(0), None).unwrap(),
        (true, unverified.clone())
    );
    // An authority that is not asked makes no difference.
    assert_eq!(
        get(&cache, &url, Some(0), Some(&file)).unwrap(),
        (true, unverified)
    );
}

#[test]
fn an_authority_that_does_not_vouch_is_no_help() {
    let directory = tempfile::tempdir().unwrap();
    let cache = Cache::open(&directory.path().join("cache"), Options::default()).unwrap();
    let (url, _) = origin();
    let (_, other) = origin();
    let file = directory.path().join("other.pem");
    std::fs::write(&file, other).unwrap();
    let refused = get(&cache, &url, None, Some(&file)).unwrap_err();
    assert_eq!(refused.kind(), Kind::Tls);
}
