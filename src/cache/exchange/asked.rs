//! The request as it is stored beside the response to it: redacted, and within bounds.

use super::Exchange;
use crate::error::Result;
use crate::http::{Fields, Request};
use crate::key::body::{self, Redacted};
use crate::key::matching::MatchedFields;
use crate::key::redact;
use crate::key::selecting::{Vary, vary};
use crate::policy::admit::{Admission, admit};
use crate::record::{StoredBody, StoredRequest};
use crate::settings::Settings;

/// Longer lists of fields are stored as if only those were wanted that are needed.
const MOST_FIELD_BYTES: usize = 64 * 1024;

impl Exchange {
    /// The request, as the record of `response` holds it.
    pub(super) fn stored_request(&self, response: &Fields, secret: &[u8; 32]) -> Result<Vec<u8>> {
        let http = self.matched();
        let settings = self.settings();
        let names = &settings.lists.ignored;
        let selecting = match vary(response) {
            Vary::Fields(names) => names,
            Vary::Any => Vec::new(),
        };
        let mut has_all_fields =
            settings.keep_request && http.fields.text().len() <= MOST_FIELD_BYTES;
        let is_kept = |name: &[u8]| {
            has_all_fields
                || is_among(name, &selecting)
                || matches!(&settings.lists.matched, MatchedFields::Listed(names) if is_among(name, names))
        };
        let mut fields = redact::fields(&http.fields, &self.matching(), secret, is_kept);
        let bytes = |(name, value): &(Vec<u8>, Vec<u8>)| name.len() + value.len();
        if fields.iter().map(bytes).sum::<usize>() > MOST_FIELD_BYTES {
            fields.clear();
            has_all_fields = false;
        }
        // RFC 9110 §9.3.3: what is stored answers a GET of the URL.
        let is_get = admit(&self.request.http, settings) == Admission::AnswersGet;
        let (method, body) = if is_get {
            ("GET", StoredBody::None)
        } else {
            (http.method.as_str(), stored_body(http, settings, secret))
        };
        let stored = StoredRequest {
            key_settings: self.cache.key_settings(),
            method: method.as_bytes().to_vec(),
            url: redact::url(http.url.as_str(), names, secret).into_bytes(),
            verification: settings
                .verification
                .as_deref()
                .unwrap_or_default()
                .to_vec(),
            has_all_fields,
            fields,
            body,
        };
        stored.encode()
    }
}

fn is_among(name: &[u8], names: &[String]) -> bool {
    names
        .iter()
        .any(|other| other.as_bytes().eq_ignore_ascii_case(name))
}

fn stored_body(request: &Request, settings: &Settings, secret: &[u8; 32]) -> StoredBody {
    let body = &request.body;
    if body.is_empty() {
        return StoredBody::None;
    }
    if !settings.keep_request {
        return StoredBody::Hash(redact::hashed(body, secret));
    }
    match body::redacted(body, &request.fields, &settings.lists.ignored, secret) {
        Redacted::Bytes(kept) => StoredBody::Bytes(kept),
        Redacted::Hash(hash) => StoredBody::Hash(hash),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::cache::{Cache, Options};
    use crate::settings::{list, option};

    /// What is stored of a request beside a response with such a `Vary`.
    fn stored(set: &[(i32, i64)], request: crate::cache::Request, varies: &[u8]) -> StoredRequest {
        let directory = tempfile::tempdir().unwrap();
        let mut options = Options::default();
        for (number, value) in set {
            options.settings.set(*number, *value).unwrap();
        }
        options.settings.add(list::IGNORED, b"page").unwrap();
        let cache = Cache::open(&directory.path().join("cache"), options).unwrap();
        let exchange = cache.lookup(&Arc::new(request)).unwrap();
        let mut response = Fields::new();
        response.add(b"Vary", varies).unwrap();
        let bytes = exchange.stored_request(&response, &[1; 32]).unwrap();
        StoredRequest::decode(&bytes).unwrap()
    }

    fn request(method: &str, url: &str, fields: &[(&str, &str)]) -> crate::cache::Request {
        let mut request = crate::cache::Request::new(method.as_bytes(), url.as_bytes()).unwrap();
        for (name, value) in fields {
            let fields = &mut request.http.fields;
            fields.add(name.as_bytes(), value.as_bytes()).unwrap();
        }
        request
    }

    fn names(stored: &StoredRequest) -> Vec<&str> {
        let names = stored.fields.iter();
        names
            .map(|(name, _)| std::str::from_utf8(name).unwrap())
            .collect()
    }

    const FIELDS: [(&str, &str); 3] = [("Accept", "a"), ("X-Own", "b"), ("cookie", "canary")];

    #[test]
    fn a_request_is_stored_without_its_secrets() {
        let request = request(
            "GET",
            "http://user:canary@h/?q=1&Page=canary&page=canary",
            &FIELDS,
        );
        let stored = stored(&[], request, b"accept");
        assert_eq!(stored.method, b"GET");
        assert_eq!(
            redact::shown(&stored.url),
            b"http://h/?q=1&Page=REDACTED&page=REDACTED"
        );
        assert_eq!(
            names(&stored),
            ["Authorization", "Accept", "X-Own", "cookie"]
        );
        assert_eq!(stored.fields[2].1, b"b");
        assert_eq!(stored.body, StoredBody::None);
        let text = stored.encode().unwrap();
        assert!(!text.windows(6).any(|bytes| bytes == b"canary"));
    }

    #[test]
    fn only_what_vary_needs_is_stored_where_that_is_wanted() {
        let only = [(option::KEEP_REQUEST, 0)];
        let kept = stored(
            &only,
            request("GET", "http://h/", &FIELDS),
            b"ACCEPT, Cookie",
        );
        assert_eq!(names(&kept), ["Accept", "cookie"]);
        let large = "a".repeat(MOST_FIELD_BYTES);
        let fields = [("Accept", "a"), ("X-Large", &*large)];
        let kept = stored(&[], request("GET", "http://h/", &fields), b"Accept");
        assert_eq!(names(&kept), ["Accept"]);
        let kept = stored(&[], request("GET", "http://h/", &fields), b"X-Large");
        assert_eq!(names(&kept), Vec::<&str>::new());
    }

    #[test]
    fn a_body_is_kept_without_its_secrets_and_as_a_hash_where_it_is_not_known() {
        let with_body = |set: &[(i32, i64)], media_type: &str, body: &str| {
            let mut request = request("POST", "http://h/", &[("Content-Type", media_type)]);
            request.http.body = body.as_bytes().to_vec();
            stored(set, request, b"").body
        };
        const JSON: &str = "application/json";
        let kept = with_body(&[], JSON, "{\"a\": 1, \"password\": \"canary\"}");
        let StoredBody::Bytes(kept) = kept else {
            panic!("{kept:?}");
        };
        assert_eq!(redact::shown(&kept), b"{\"a\":1,\"password\":REDACTED}");
        let hash = with_body(&[], JSON, "{canary");
        assert!(matches!(hash, StoredBody::Hash(_)));
        assert_ne!(hash, with_body(&[], JSON, "{other"));
        let only = [(option::KEEP_REQUEST, 0)];
        assert!(matches!(with_body(&only, JSON, "1"), StoredBody::Hash(_)));
        let empty = with_body(&[], JSON, "");
        assert_eq!(empty, StoredBody::None);
    }

    #[test]
    fn what_answers_a_get_is_stored_as_one() {
        let set = [(option::CACHE_CONTROL, 1)];
        let mut post = request("PATCH", "http://h/", &[]);
        post.http.body = b"x".to_vec();
        let stored = stored(&set, post, b"");
        assert_eq!(
            (&stored.method[..], stored.body),
            (&b"GET"[..], StoredBody::None)
        );
    }
}
