//! A request and its settings in libcurl's options.

use std::ffi::{CStr, CString};
use std::time::Duration;

use curl_sys::*;
use libc::c_long;

use super::worker::{CURLOPT_PROTOCOLS_STR, CURLOPT_REDIR_PROTOCOLS_STR, Worker};
use crate::error::{Error, Kind, Result};
use crate::http::fields::trim;
use crate::http::{Method, Request};
use crate::transport::{TransferSettings, Verification};

/// Not named by the bindings.
const CURLOPT_SUPPRESS_CONNECT_HEADERS: CURLoption = CURLOPTTYPE_LONG + 265;
const CURLOPT_QUICK_EXIT: CURLoption = CURLOPTTYPE_LONG + 322;

/// What libcurl would add by itself: without a value it is left out.
const ADDED: [&[u8]; 5] = [
    b"Accept",
    b"Content-Type",
    b"Expect",
    b"User-Agent",
    b"Transfer-Encoding",
];

/// What libcurl does with transfer codings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Codings {
    /// They are decoded.
    Decoded,
    /// The content is everything up to the connection's end.
    Raw,
}

/// How often a request may be sent: twice when a reused connection may die under it, and then only with
/// a method that does no more harm twice than once (RFC 9110 §9.2.2).
pub(super) fn sends_allowed(method: &Method, settings: &TransferSettings) -> u32 {
    let idempotent = method.is_safe() || matches!(method.as_str(), "PUT" | "DELETE");
    if settings.retry && idempotent { 2 } else { 1 }
}

/// Sets everything but the exchange.
pub(super) fn prepare(
    worker: &mut Worker,
    request: &Request,
    settings: &TransferSettings,
    codings: Codings,
) -> Result<()> {
    protocols(worker)?;
    behaviour(worker, codings)?;
    let connect = settings
        .connect_timeout
        .unwrap_or(Duration::MAX)
        .as_millis();
    // 0 would be libcurl's default.
    let connect = connect.clamp(1, i32::MAX as u128) as c_long;
    worker.number(CURLOPT_CONNECTTIMEOUT_MS, connect)?;
    worker.text(CURLOPT_URL, &c_string(request.url.as_str().as_bytes())?)?;
    // A connection that the caller wants closed carries no other request (RFC 9112 §9.6).
    let is_last = request.fields.all(b"Connection").any(|line| {
        let mut options = line.split(|byte| *byte == b',').map(trim);
        options.any(|option| option.eq_ignore_ascii_case(b"close"))
    });
    worker.number(CURLOPT_FORBID_REUSE, c_long::from(is_last))?;
    verification(worker, &settings.verification)?;
    method_and_content(worker, request)?;
    let lines = field_lines(request)?;
    worker.field_lines(lines.into_iter())
}

/// Nothing but HTTP, whatever URL should ever reach a handle: libcurl reads local files otherwise.
fn protocols(worker: &mut Worker) -> Result<()> {
    const NAMES: &CStr = c"http,https";
    const BITS: c_long = 1 | 2;
    let by_name = worker.text(CURLOPT_PROTOCOLS_STR, NAMES);
    if by_name
        .and_then(|()| worker.text(CURLOPT_REDIR_PROTOCOLS_STR, NAMES))
        .is_ok()
    {
        return Ok(());
    }
    worker.number(CURLOPT_PROTOCOLS, BITS)?;
    worker.number(CURLOPT_REDIR_PROTOCOLS, BITS)
}

fn behaviour(worker: &mut Worker, codings: Codings) -> Result<()> {
    let decoding = c_long::from(codings == Codings::Decoded);
    for (option, value) in [
        (CURLOPT_NOSIGNAL, 1),
        (CURLOPT_FOLLOWLOCATION, 0),
        (CURLOPT_HTTP_CONTENT_DECODING, 0),
        (CURLOPT_HTTP_TRANSFER_DECODING, decoding),
        (CURLOPT_PATH_AS_IS, 1),
        (CURLOPT_HTTP09_ALLOWED, 0),
        // The head of a proxy's answer to CONNECT is not the origin's.
        (CURLOPT_SUPPRESS_CONNECT_HEADERS, 1),
        (CURLOPT_NETRC, 0),
    ] {
        worker.number(option, value)?;
    }
    // Since 7.87: a transfer that is dropped does not wait for the name server.
    let _older = worker.number(CURLOPT_QUICK_EXIT, 1);
    #[cfg(feature = "vendored")]
    if let Some(path) = certificates() {
        worker.text(CURLOPT_CAINFO, path)?;
    }
    Ok(())
}

fn verification(worker: &mut Worker, verification: &Verification) -> Result<()> {
    if !verification.is_on {
        worker.number(CURLOPT_SSL_VERIFYPEER, 0)?;
        return worker.number(CURLOPT_SSL_VERIFYHOST, 0);
    }
    match &verification.authority {
        Some(authority) => worker.text(CURLOPT_CAINFO, &authority.path),
        None => Ok(()),
    }
}

/// A TLS library that was built here does not know where the system keeps its certificates.
#[cfg(feature = "vendored")]
fn certificates() -> Option<&'static CStr> {
    const PLACES: [&CStr; 5] = [
        c"/etc/ssl/certs/ca-certificates.crt",
        c"/etc/pki/tls/certs/ca-bundle.crt",
        c"/etc/ssl/ca-bundle.pem",
        c"/etc/ssl/cert.pem",
        c"/usr/local/share/certs/ca-root-nss.crt",
    ];
    PLACES.into_iter().find(|place| {
        place
            .to_str()
            .is_ok_and(|p| std::path::Path::new(p).exists())
    })
}

fn method_and_content(worker: &mut Worker, request: &Request) -> Result<()> {
    let method = request.method.as_str();
    if method == "HEAD" && !request.body.is_empty() {
        return Err(Error::new(
            Kind::Argument,
            "a HEAD request carries no content (RFC 9110 §9.3.2)",
        ));
    }
    // With these, that there is no content is said by a Content-Length of 0 (RFC 9110 §8.6).
    if !request.body.is_empty() || matches!(method, "POST" | "PUT" | "PATCH") {
        worker.number(CURLOPT_POST, 1)?;
        worker.content(&request.body)?;
    }
    if method == "HEAD" {
        return worker.number(CURLOPT_NOBODY, 1);
    }
    worker.text(CURLOPT_CUSTOMREQUEST, &c_string(method.as_bytes())?)
}

/// The fields in libcurl's syntax. The length of the content is known, so that what the caller says of
/// it goes out only when it is right: another length, or a coding, would be a message within a message.
fn field_lines(request: &Request) -> Result<Vec<CString>> {
    let length = request.body.len().to_string();
    let mut lines = Vec::with_capacity(request.fields.len() + ADDED.len());
    for name in ADDED {
        if !request.fields.contains(name) || name == b"Transfer-Encoding" {
            lines.push(c_string(&[name, b":"].concat())?);
        }
    }
    for (name, value) in request.fields.iter() {
        let wrong_length =
            name.eq_ignore_ascii_case(b"Content-Length") && value != length.as_bytes();
        if wrong_length || name.eq_ignore_ascii_case(b"Transfer-Encoding") {
            continue;
        }
        let empty = value.is_empty();
        lines.push(c_string(
            &[name, if empty { b";" } else { b": " }, value].concat(),
        )?);
    }
    Ok(lines)
}

fn c_string(bytes: &[u8]) -> Result<CString> {
    CString::new(bytes).map_err(|_| Error::new(Kind::Argument, "a part of the request holds NUL"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transport::curl::exchange::Exchange;
    use crate::transport::head::HeadReader;

    #[test]
    fn files_are_never_read() {
        let request = Request::new(b"GET", b"http://127.0.0.1/").unwrap();
        for url in [
            c"file:///etc/passwd",
            c"FILE:///etc/passwd",
            c"ftp://127.0.0.1/",
            c"/etc/passwd",
        ] {
            let mut worker = Worker::new().unwrap();
            let settings = TransferSettings::default();
            prepare(&mut worker, &request, &settings, Codings::Decoded).unwrap();
            worker
                .exchange(Exchange::new(HeadReader::new(1000, 10), 0).into())
                .unwrap();
            worker.text(CURLOPT_URL, url).unwrap();
            worker.attach("").unwrap();
            let code = loop {
                if let Some(code) = worker.perform("").unwrap() {
                    break code;
                }
                worker.wait(Duration::from_millis(10), "").unwrap();
            };
            assert!(
                matches!(code, CURLE_UNSUPPORTED_PROTOCOL | CURLE_URL_MALFORMAT),
                "{url:?}: {code}"
            );
        }
    }

    #[test]
    fn lines_are_in_order_and_framing_is_ours() {
        let mut request = Request::new(b"POST", b"http://h/").unwrap();
        request.body = b"abc".to_vec();
        for (name, value) in [
            (&b"B"[..], &b"\xff"[..]),
            (b"Accept", b"x"),
            (b"Content-Length", b"4"),
            (b"Empty", b""),
            (b"Transfer-Encoding", b"chunked"),
            (b"b", b"2"),
            (b"content-length", b"3"),
        ] {
            request.fields.add(name, value).unwrap();
        }
        let lines = field_lines(&request).unwrap();
        let lines: Vec<&[u8]> = lines.iter().map(|line| line.to_bytes()).collect();
        let expected: [&[u8]; 9] = [
            b"Content-Type:",
            b"Expect:",
            b"User-Agent:",
            b"Transfer-Encoding:",
            b"B: \xff",
            b"Accept: x",
            b"Empty;",
            b"b: 2",
            b"content-length: 3",
        ];
        assert_eq!(lines, expected);
    }

    #[test]
    fn only_what_does_no_harm_twice_is_sent_twice() {
        let settings = TransferSettings::default();
        for (method, allowed) in [
            ("GET", 2),
            ("PUT", 2),
            ("POST", 1),
            ("PATCH", 1),
            ("M-SEARCH", 1),
        ] {
            let method = Method::new(method.as_bytes()).unwrap();
            assert_eq!(sends_allowed(&method, &settings), allowed, "{method:?}");
            assert_eq!(
                sends_allowed(
                    &method,
                    &TransferSettings {
                        retry: false,
                        ..settings.clone()
                    }
                ),
                1
            );
        }
    }
}
