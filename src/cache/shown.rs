//! A stored request as the caller's functions are shown it, and what becomes of it by them.

use std::collections::BTreeMap;

use super::Request;
use crate::http;
use crate::key::again::{Asked, AskedContent};
use crate::key::placeholder::MARK;
use crate::key::redact;
use crate::record::{StoredBody, StoredRequest};

/// A stored request as the caller's functions are shown it, and as the library reads it.
pub(super) fn asked(stored: &StoredRequest) -> Option<(Request, Asked)> {
    let url = String::from_utf8(stored.url.clone()).ok()?;
    let mut shown = http::Request::new(&stored.method, &redact::shown(&stored.url)).ok()?;
    let mut request = shown.clone();
    for (name, value) in &stored.fields {
        shown.fields.push(name, &redact::shown(value)).ok()?;
        request.fields.push(name, value).ok()?;
    }
    let content = match &stored.body {
        StoredBody::None => AskedContent::None,
        StoredBody::Bytes(kept) => {
            shown.body = redact::shown(kept);
            AskedContent::Redacted(kept.clone())
        }
        StoredBody::Hash(_) => AskedContent::Unknown,
    };
    let is_usual = stored.verification.is_empty();
    let asked = Asked {
        request,
        url,
        has_all_fields: stored.has_all_fields,
        verification: (!is_usual).then(|| stored.verification.clone()),
        content,
    };
    let shown = Request {
        http: shown,
        overrides: Default::default(),
        cancellation: Default::default(),
    };
    Some((shown, asked))
}

/// Whether a function that is shown the request sees all that it would have seen of the one that was sent, secrets aside:
/// what it does not see it would take for absent.
pub(super) fn is_whole(asked: &Asked) -> bool {
    asked.has_all_fields && !matches!(asked.content, AskedContent::Unknown)
}

/// The request as the library reads it once a function made `changed` of what it was shown. `None`: it changed what holds
/// a value that was not kept, and what it would have made of that is not known.
pub(super) fn normalised(
    mut asked: Asked,
    shown: &http::Request,
    changed: &http::Request,
) -> Option<Asked> {
    if shown.method != changed.method {
        // What the cache does with another method was decided when it was stored.
        return None;
    }
    if shown.url != changed.url {
        asked.url = known(asked.url.as_bytes()).then(|| changed.url.as_str().to_owned())?;
        asked.request.url = changed.url.clone();
    }
    if shown.body != changed.body {
        let is_known = match &asked.content {
            AskedContent::None => true,
            AskedContent::Redacted(kept) => known(kept),
            AskedContent::Unknown => false,
        };
        asked.content = match changed.body.is_empty() {
            _ if !is_known => return None,
            true => AskedContent::None,
            false => AskedContent::Redacted(changed.body.clone()),
        };
    }
    let (before, after) = (lines(&shown.fields), lines(&changed.fields));
    let kept = lines(&asked.request.fields);
    let mut fields = http::Fields::default();
    for name in before
        .keys()
        .chain(after.keys().filter(|name| !before.contains_key(*name)))
    {
        let values = if before.get(name) == after.get(name) {
            kept.get(name)
        } else if kept
            .get(name)
            .is_none_or(|values| values.iter().all(|value| known(value)))
        {
            after.get(name)
        } else {
            return None;
        };
        for value in values.into_iter().flatten() {
            fields.push(name, value).ok()?;
        }
    }
    asked.request.fields = fields;
    Some(asked)
}

/// Whether a text holds no placeholder.
fn known(text: &[u8]) -> bool {
    !text.contains(&MARK)
}

/// The values of each field, in order.
fn lines(fields: &http::Fields) -> BTreeMap<Vec<u8>, Vec<&[u8]>> {
    let mut lines = BTreeMap::<_, Vec<_>>::new();
    for (name, value) in fields.iter() {
        lines
            .entry(name.to_ascii_lowercase())
            .or_default()
            .push(value);
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::placeholder::Placeholder;

    /// A GET of http://h/?a=1 with the fields A: 1 and Cookie: (a secret).
    fn stored() -> (http::Request, Asked) {
        let mut cookie = Vec::new();
        Placeholder::Secret([7; 16]).push(&mut cookie);
        let stored = StoredRequest {
            method: b"GET".to_vec(),
            url: b"http://h/?a=1".to_vec(),
            fields: vec![(b"A".to_vec(), b"1".to_vec()), (b"Cookie".to_vec(), cookie)],
            has_all_fields: true,
            body: StoredBody::None,
            key_settings: [0; 8],
            verification: Vec::new(),
        };
        let (shown, asked) = asked(&stored).unwrap();
        (shown.http, asked)
    }

    fn after(change: impl FnOnce(&mut http::Request)) -> Option<Asked> {
        let (shown, asked) = stored();
        let mut changed = shown.clone();
        change(&mut changed);
        normalised(asked, &shown, &changed)
    }

    #[test]
    fn what_a_function_leaves_alone_is_as_it_was_kept() {
        let (shown, before) = stored();
        assert_eq!(shown.fields.first(b"cookie"), Some(&b"REDACTED"[..]));
        let after = after(|request| {
            request.fields.remove(b"A");
            request.fields.push(b"B", b"2").unwrap();
        });
        let fields = after.unwrap().request.fields;
        assert_eq!(fields.first(b"A"), None);
        assert_eq!(fields.first(b"B"), Some(&b"2"[..]));
        let kept = before.request.fields.first(b"Cookie");
        assert!(kept.is_some() && fields.first(b"Cookie") == kept);
    }

    #[test]
    fn what_a_function_changes_of_a_secret_is_not_known() {
        let removed = after(|request| {
            request.fields.remove(b"cookie");
        });
        assert!(removed.is_none());
        let added = after(|request| request.fields.push(b"Cookie", b"b=1").unwrap());
        assert!(added.is_none());
    }

    #[test]
    fn another_url_and_another_body_are_those_of_the_key() {
        let other = http::Request::new(b"GET", b"http://h/b").unwrap();
        let asked = after(|request| {
            request.url = other.url.clone();
            request.body = b"x".to_vec();
        });
        let asked = asked.unwrap();
        assert_eq!(asked.url, "http://h/b");
        assert!(matches!(asked.content, AskedContent::Redacted(body) if body == b"x"));
        let method = http::Method::new(b"PUT").unwrap();
        assert!(after(|request| request.method = method).is_none());
    }
}
