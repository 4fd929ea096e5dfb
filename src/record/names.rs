//! Common field names as numbers: a record of a kilobyte is half the size on disk without them.
//!
//! The order is part of the format: names are added at the end and never moved.

const NAMES: &[&str] = &[
    "Accept-Ranges",
    "Access-Control-Allow-Credentials",
    "Access-Control-Allow-Headers",
    "Access-Control-Allow-Methods",
    "Access-Control-Allow-Origin",
    "Access-Control-Expose-Headers",
    "Access-Control-Max-Age",
    "Age",
    "Allow",
    "Alt-Svc",
    "Cache-Control",
    "CDN-Cache-Control",
    "CF-Cache-Status",
    "CF-Ray",
    "Connection",
    "Content-Disposition",
    "Content-Encoding",
    "Content-Language",
    "Content-Length",
    "Content-Location",
    "Content-Range",
    "Content-Security-Policy",
    "Content-Type",
    "Cross-Origin-Embedder-Policy",
    "Cross-Origin-Opener-Policy",
    "Cross-Origin-Resource-Policy",
    "Date",
    "ETag",
    "Expect-CT",
    "Expires",
    "Keep-Alive",
    "Last-Modified",
    "Link",
    "Location",
    "NEL",
    "P3P",
    "Permissions-Policy",
    "Pragma",
    "Referrer-Policy",
    "Refresh",
    "Report-To",
    "Retry-After",
    "Server",
    "Server-Timing",
    "Set-Cookie",
    "Strict-Transport-Security",
    "Surrogate-Control",
    "Timing-Allow-Origin",
    "Trailer",
    "Transfer-Encoding",
    "Upgrade",
    "Vary",
    "Via",
    "Warning",
    "WWW-Authenticate",
    "X-AspNet-Version",
    "X-Cache",
    "X-Cache-Hits",
    "X-Content-Type-Options",
    "X-DNS-Prefetch-Control",
    "X-Frame-Options",
    "X-GitHub-Request-Id",
    "X-Powered-By",
    "X-RateLimit-Limit",
    "X-RateLimit-Remaining",
    "X-RateLimit-Reset",
    "X-Request-Id",
    "X-Robots-Tag",
    "X-Runtime",
    "X-Served-By",
    "X-Timer",
    "X-UA-Compatible",
    "X-XSS-Protection",
];

const LOWER: &[&str] = &[
    "accept-ranges",
    "access-control-allow-credentials",
    "access-control-allow-headers",
    "access-control-allow-methods",
    "access-control-allow-origin",
    "access-control-expose-headers",
    "access-control-max-age",
    "age",
    "allow",
    "alt-svc",
    "cache-control",
    "cdn-cache-control",
    "cf-cache-status",
    "cf-ray",
    "connection",
    "content-disposition",
    "content-encoding",
    "content-language",
    "content-length",
    "content-location",
    "content-range",
    "content-security-policy",
    "content-type",
    "cross-origin-embedder-policy",
    "cross-origin-opener-policy",
    "cross-origin-resource-policy",
    "date",
    "etag",
    "expect-ct",
    "expires",
    "keep-alive",
    "last-modified",
    "link",
    "location",
    "nel",
    "p3p",
    "permissions-policy",
    "pragma",
    "referrer-policy",
    "refresh",
    "report-to",
    "retry-after",
    "server",
    "server-timing",
    "set-cookie",
    "strict-transport-security",
    "surrogate-control",
    "timing-allow-origin",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "vary",
    "via",
    "warning",
    "www-authenticate",
    "x-aspnet-version",
    "x-cache",
    "x-cache-hits",
    "x-content-type-options",
    "x-dns-prefetch-control",
    "x-frame-options",
    "x-github-request-id",
    "x-powered-by",
    "x-ratelimit-limit",
    "x-ratelimit-remaining",
    "x-ratelimit-reset",
    "x-request-id",
    "x-robots-tag",
    "x-runtime",
    "x-served-by",
    "x-timer",
    "x-ua-compatible",
    "x-xss-protection",
];

/// The number of a name in its usual case or in lower case (HTTP/2): twice its place, and one more in lower
/// case. A name in any other case, or not in the list, has none and is kept as it is.
pub fn code(name: &[u8]) -> Option<u8> {
    let place = |names: &[&str]| names.iter().position(|known| known.as_bytes() == name);
    let usual = place(NAMES).map(|at| at * 2);
    usual
        .or_else(|| place(LOWER).map(|at| at * 2 + 1))
        .and_then(|code| u8::try_from(code).ok())
}

/// The name of a number.
pub fn name(code: u8) -> Option<&'static str> {
    let names = if code.is_multiple_of(2) { NAMES } else { LOWER };
    names.get(code as usize / 2).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_lists_name_the_same() {
        let lower: Vec<String> = NAMES.iter().map(|name| name.to_ascii_lowercase()).collect();
        assert_eq!(lower, LOWER);
        assert!(NAMES.len() < 128, "codes are one byte");
    }

    #[test]
    fn every_code_has_its_name_back() {
        for name_ in NAMES.iter().chain(LOWER) {
            assert_eq!(name(code(name_.as_bytes()).unwrap()), Some(*name_));
        }
        assert_eq!(code(b"ETAG"), None);
        assert_eq!(name(255), None);
    }

    #[test]
    fn the_order_is_part_of_the_format() {
        assert_eq!(
            (name(0), name(54), name(102)),
            (Some("Accept-Ranges"), Some("ETag"), Some("Vary"))
        );
    }
}
