//! Common names of request fields as numbers.
//!
//! The order is part of the format: names are added at the end and never moved.

use std::borrow::Cow;

const NAMES: &[&str] = &[
    "Accept",
    "Accept-Charset",
    "Accept-Encoding",
    "Accept-Language",
    "Access-Control-Request-Headers",
    "Access-Control-Request-Method",
    "Authorization",
    "Cache-Control",
    "Connection",
    "Content-Encoding",
    "Content-Length",
    "Content-Type",
    "Cookie",
    "DNT",
    "Date",
    "Forwarded",
    "From",
    "Host",
    "If-Match",
    "If-Modified-Since",
    "If-None-Match",
    "If-Range",
    "If-Unmodified-Since",
    "Origin",
    "Pragma",
    "Prefer",
    "Priority",
    "Proxy-Authorization",
    "Range",
    "Referer",
    "Save-Data",
    "Sec-CH-UA",
    "Sec-CH-UA-Mobile",
    "Sec-CH-UA-Platform",
    "Sec-Fetch-Dest",
    "Sec-Fetch-Mode",
    "Sec-Fetch-Site",
    "Sec-Fetch-User",
    "Sec-GPC",
    "TE",
    "Traceparent",
    "Tracestate",
    "Upgrade-Insecure-Requests",
    "User-Agent",
    "Via",
    "X-API-Key",
    "X-Auth-Token",
    "X-CSRF-Token",
    "X-Forwarded-For",
    "X-Forwarded-Host",
    "X-Forwarded-Proto",
    "X-HTTP-Method-Override",
    "X-Request-Id",
    "X-Requested-With",
];

/// The number of a name in its usual case, twice its place, or in lower case (HTTP/2), one more.
pub fn code(name: &[u8]) -> Option<u8> {
    let is_name = |known: &&str| known.as_bytes().eq_ignore_ascii_case(name);
    let at = NAMES.iter().position(is_name)?;
    let is_usual = NAMES.get(at)?.as_bytes() == name;
    let is_lower = !name.iter().any(u8::is_ascii_uppercase);
    let code = at * 2 + usize::from(!is_usual);
    (is_usual || is_lower).then(|| u8::try_from(code).ok())?
}

/// The name of a number.
pub fn name(code: u8) -> Option<Cow<'static, [u8]>> {
    let name = NAMES.get(usize::from(code / 2))?.as_bytes();
    Some(if code.is_multiple_of(2) {
        Cow::Borrowed(name)
    } else {
        Cow::Owned(name.to_ascii_lowercase())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_its_name_back() {
        assert!(NAMES.len() < 128, "codes are one byte");
        for given in NAMES {
            for given in [
                given.as_bytes().to_vec(),
                given.to_ascii_lowercase().into_bytes(),
            ] {
                assert_eq!(name(code(&given).unwrap()).unwrap(), given);
            }
        }
        assert_eq!(code(b"ACCEPT"), None);
        assert_eq!(code(b"X-Own"), None);
        assert_eq!(name(255), None);
    }

    #[test]
    fn the_order_is_part_of_the_format() {
        for (code, expected) in [
            (0, "Accept"),
            (24, "Cookie"),
            (25, "cookie"),
            (86, "User-Agent"),
        ] {
            assert_eq!(name(code).unwrap(), expected.as_bytes());
        }
    }
}
