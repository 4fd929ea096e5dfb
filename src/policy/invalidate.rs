//! What an unsafe request makes invalid (§4.4).

use super::admit::is_unsafe;
use crate::http::{Request, ResponseHead, Url};
use crate::settings::Settings;

/// The URLs whose stored responses an answer makes invalid: that of the request, and those of Location and
/// Content-Location of the same origin.
pub fn urls(request: &Request, response: &ResponseHead, settings: &Settings) -> Vec<Url> {
    let is_success = (200..400).contains(&response.status);
    if !settings.invalidates() || !is_unsafe(request, settings) || !is_success {
        return Vec::new();
    }
    let mut urls = vec![request.url.clone()];
    for name in [&b"Location"[..], b"Content-Location"] {
        // Each is a field of one value: of several the first is the one.
        if let Some(value) = response.fields.first(name) {
            let other = request.url.join(value).map(|(url, _)| url);
            urls.extend(other.filter(|url| url.origin() == request.url.origin()));
        }
    }
    urls.sort_by(|a, b| a.as_str().cmp(b.as_str()));
    urls.dedup();
    urls
}

#[cfg(test)]
mod tests {
    use super::*;

    fn invalidated(method: &str, status: u16, location: &str) -> Vec<String> {
        let request = Request::new(method.as_bytes(), b"http://h/a").unwrap();
        let mut response = ResponseHead::new(status, b"").unwrap();
        response
            .fields
            .add(b"Location", location.as_bytes())
            .unwrap();
        let settings = Settings {
            cache_control: true,
            ..Settings::default()
        };
        urls(&request, &response, &settings)
            .iter()
            .map(|url| url.as_str().to_owned())
            .collect()
    }

    #[test]
    fn unsafe_requests_that_succeed_invalidate_their_origin() {
        assert_eq!(invalidated("PUT", 204, "b"), ["http://h/a", "http://h/b"]);
        assert_eq!(invalidated("M-SEARCH", 301, "//h/a"), ["http://h/a"]);
        assert_eq!(invalidated("DELETE", 200, "http://g/b"), ["http://h/a"]);
        assert!(invalidated("PUT", 500, "b").is_empty());
        assert!(invalidated("GET", 200, "b").is_empty());
        assert!(invalidated("PROPFIND", 200, "b").is_empty());
    }
}
