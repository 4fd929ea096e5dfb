//! What of a request and a response reaches the disk: the values of names that are secret or ignored never do, however
//! the names are spelled. Of a secret value a keyed hash stays, which tells requests apart as the value did.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use super::matching::Matching;
use super::names::{Names, Treatment};
use super::placeholder::{self, Placeholder, SHOWN};
use super::selecting;
use crate::error::Result;
use crate::http::{Fields, ResponseHead, Url};

/// What stands for a value that is not stored; `None`: the value itself.
fn instead_of(treatment: Treatment, value: &[u8], secret: &[u8; 32]) -> Option<Placeholder> {
    match treatment {
        Treatment::Plain => None,
        Treatment::Ignored => Some(Placeholder::Ignored),
        Treatment::Secret => Some(Placeholder::of(value, secret)),
    }
}

/// A keyed hash in place of a whole body.
pub fn hashed(body: &[u8], secret: &[u8; 32]) -> [u8; 16] {
    placeholder::hash(secret, body)
}

/// What the value of a parameter is whose name is written as in a URL or a form.
pub fn of_encoded(names: &Names, name: &[u8]) -> Treatment {
    if !name.iter().any(|b| matches!(b, b'%' | b'+')) {
        return names.of_parameter(name);
    }
    // A plus is a space to a form, and itself to a URL.
    let as_form = names.of_parameter(&decoded(name, true));
    if as_form == Treatment::Plain {
        names.of_parameter(&decoded(name, false))
    } else {
        as_form
    }
}

/// Whether the value of such a parameter is part of the mark.
pub fn authenticates(names: &Names, name: &[u8]) -> bool {
    if name.contains(&b'%') {
        names.authenticates(&decoded(name, true))
    } else {
        names.authenticates(name)
    }
}

/// The name that the writer of a URL or a form meant.
pub(super) fn decoded(name: &[u8], plus_is_space: bool) -> Vec<u8> {
    let digit = |at: usize| {
        let digit = char::from(*name.get(at)?).to_digit(16)?;
        u8::try_from(digit).ok()
    };
    let mut decoded = Vec::with_capacity(name.len());
    let mut at = 0;
    while let Some(byte) = name.get(at) {
        match (byte, digit(at + 1), digit(at + 2)) {
            (b'%', Some(high), Some(low)) => {
                decoded.push(high << 4 | low);
                at += 2;
            }
            (b'+', ..) if plus_is_space => decoded.push(b' '),
            _ => decoded.push(*byte),
        }
        at += 1;
    }
    decoded
}

/// A URL with placeholders. Only `&` separates parameters, as in the key. One that has placeholders already keeps them.
pub fn url(url: &str, names: &Names, secret: &[u8; 32]) -> String {
    let Some((before, query)) = url.split_once('?') else {
        return url.to_owned();
    };
    let mut redacted = String::with_capacity(url.len());
    redacted.push_str(before);
    for (at, parameter) in query.split('&').enumerate() {
        redacted.push(if at == 0 { '?' } else { '&' });
        let instead = parameter.split_once('=').and_then(|(name, value)| {
            let treatment = of_encoded(names, name.as_bytes());
            Some((name, instead_of(treatment, value.as_bytes(), secret)?))
        });
        match instead {
            Some((name, instead)) => {
                redacted.push_str(name);
                redacted.push('=');
                redacted.push_str(&instead.to_string());
            }
            None => redacted.push_str(parameter),
        }
    }
    redacted
}

/// Whether a URL has a value that is not stored.
pub fn is_redacted(url: &Url, names: &Names) -> bool {
    let mut parameters = url.query().unwrap_or_default().split('&');
    parameters.any(|parameter| {
        let name = parameter.split_once('=').map(|(name, _)| name);
        name.is_some_and(|name| of_encoded(names, name.as_bytes()) != Treatment::Plain)
    })
}

/// A stored URL or value as it is shown.
pub fn shown(stored: &[u8]) -> Vec<u8> {
    let mut shown = Vec::with_capacity(stored.len());
    let mut rest = stored;
    while let Some((&byte, after)) = rest.split_first() {
        rest = match Placeholder::read(rest) {
            Some((_, behind)) => {
                shown.extend_from_slice(SHOWN.as_bytes());
                behind
            }
            None => {
                shown.push(byte);
                after
            }
        };
    }
    shown
}

/// The fields of a request with placeholders; `keep` says which ones are stored at all. Any of them may hold a URL, as
/// Referer does: what is secret in it makes all of it secret.
pub fn fields(
    fields: &Fields,
    matching: &Matching<'_>,
    secret: &[u8; 32],
    keep: impl Fn(&[u8]) -> bool,
) -> Vec<(Vec<u8>, Vec<u8>)> {
    // A line that is secret makes all lines of its name so: they are compared together.
    let treated: BTreeMap<Vec<u8>, Treatment> = fields
        .iter()
        .map(|(name, value)| (name, of_field(name, value, matching.names)))
        .filter(|(_, treatment)| *treatment != Treatment::Plain)
        .map(|(name, treatment)| (name.to_ascii_lowercase(), treatment))
        .collect();
    let mut seen = BTreeSet::new();
    let mut kept = Vec::new();
    for (name, value) in fields.iter().filter(|(name, _)| keep(name)) {
        let lower = name.to_ascii_lowercase();
        let instead = match treated.get(&lower) {
            None => value.to_vec(),
            Some(_) if !seen.insert(lower.clone()) => continue,
            Some(Treatment::Ignored) => Placeholder::Ignored.to_string().into_bytes(),
            Some(_) => selecting::instead_of(fields, &lower, matching, secret),
        };
        kept.push((name.to_vec(), instead));
    }
    kept
}

/// What a field of a request is: one of any name is secret where it holds a URL with something secret in it.
pub fn of_field(name: &[u8], value: &[u8], names: &Names) -> Treatment {
    match names.of_field(name) {
        Treatment::Plain if holds_secret(value, names) => Treatment::Secret,
        treatment => treatment,
    }
}

/// The head of a response as it is stored: the values of fields of these names are not.
pub fn response<'a>(head: &'a ResponseHead, names: &Names) -> Result<Cow<'a, ResponseHead>> {
    let is_secret = |name: &[u8]| names.of_field(name) != Treatment::Plain && !is_needed(name);
    if !head.fields.iter().any(|(name, _)| is_secret(name)) {
        return Ok(Cow::Borrowed(head));
    }
    let mut fields = Fields::with_capacity(head.fields.len(), head.fields.text().len());
    for (name, value) in head.fields.iter() {
        let is_secret = is_secret(name);
        fields.push(name, if is_secret { SHOWN.as_bytes() } else { value })?;
    }
    Ok(Cow::Owned(ResponseHead {
        status: head.status,
        reason: head.reason.clone(),
        fields,
    }))
}

/// Fields that say how a response is reused, and Set-Cookie, which is content: a user who ignores a parameter called
/// `date` or `vary` does not mean them, and without them another answer would be given.
fn is_needed(name: &[u8]) -> bool {
    const NEEDED: [&str; 22] = [
        "Accept-Ranges",
        "Age",
        "Cache-Group-Invalidation",
        "Cache-Groups",
        "Cache-Status",
        "Content-Encoding",
        "Content-Language",
        "Content-Length",
        "Content-Location",
        "Content-Range",
        "Content-Type",
        "Date",
        "ETag",
        "Expires",
        "Last-Modified",
        "Link",
        "Location",
        "No-Vary-Search",
        "Pragma",
        "Refresh",
        "Set-Cookie",
        "Vary",
    ];
    // Cache-Control, and the targeted fields (RFC 9213).
    let is_control = name
        .last_chunk::<13>()
        .is_some_and(|end| end.eq_ignore_ascii_case(b"Cache-Control"));
    is_control
        || NEEDED
            .iter()
            .any(|needed| needed.as_bytes().eq_ignore_ascii_case(name))
}

/// Whether a response names a URL that could not be stored as it is: it holds userinfo, or a value that is not stored.
/// Such a response is not stored at all, for an altered URL would lead elsewhere.
pub fn must_be_altered(fields: &Fields, names: &Names) -> bool {
    const URLS: [&[u8]; 4] = [b"Location", b"Content-Location", b"Link", b"Refresh"];
    let is_url = |name: &[u8]| URLS.iter().any(|url| url.eq_ignore_ascii_case(name));
    fields
        .iter()
        .any(|(name, value)| is_url(name) && holds_secret(value, names))
}

fn holds_secret(value: &[u8], names: &Names) -> bool {
    has_userinfo(value) || has_secret_parameter(value, names)
}

/// An `@` in what begins with two slashes, or what browsers take for them (RFC 3986 §3.2.1).
fn has_userinfo(value: &[u8]) -> bool {
    let is_slash = |byte: Option<&u8>| matches!(byte, Some(b'/' | b'\\'));
    let mut before = None;
    let mut rest = value;
    while let Some((byte, after)) = rest.split_first() {
        // Elsewhere two slashes are an empty segment of a path.
        let may_begin = !matches!(before, Some(b) if is_in_segment(b));
        if may_begin && is_slash(Some(byte)) && is_slash(after.first()) {
            let authority = after.get(1..).unwrap_or_default();
            let is_end = |b: &u8| {
                matches!(
                    b,
                    b'/' | b'\\' | b'?' | b'#' | b'<' | b'>' | b'"' | b' ' | b'\t'
                )
            };
            let end = authority.iter().position(is_end);
            let (authority, after) = authority
                .split_at_checked(end.unwrap_or(authority.len()))
                .unwrap_or_default();
            if authority.contains(&b'@') {
                return true;
            }
            (before, rest) = (Some(b'/'), after);
        } else {
            (before, rest) = (Some(*byte), after);
        }
    }
    false
}

/// Whether two slashes behind this byte are inside of a path.
fn is_in_segment(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~' | b'%' | b'/' | b'\\')
}

/// A name and its value wherever they may stand in a reference: in the query, in the fragment, in a segment.
fn has_secret_parameter(value: &[u8], names: &Names) -> bool {
    let separates = |b: &u8| {
        matches!(
            b,
            b'?' | b'&'
                | b';'
                | b'#'
                | b'/'
                | b'!'
                | b'<'
                | b'>'
                | b'"'
                | b'\''
                | b','
                | b' '
                | b'\t'
        )
    };
    value.split(separates).any(|piece| {
        let at = piece.iter().position(|b| *b == b'=');
        let parts = at.and_then(|at| piece.split_at_checked(at));
        parts.is_some_and(|(name, value)| {
            value.len() > 1 && of_encoded(names, name) != Treatment::Plain
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: [u8; 32] = [3; 32];

    fn names() -> Names {
        let mut names = Names::default();
        names.add(b"page").unwrap();
        names.add(b"my key").unwrap();
        names
    }

    fn redacted(given: &str) -> String {
        let given = Url::parse(given.as_bytes()).unwrap().0;
        url(given.as_str(), &names(), &SECRET)
    }

    fn shown_url(given: &str) -> String {
        String::from_utf8(shown(redacted(given).as_bytes())).unwrap()
    }

    #[test]
    fn no_spelling_of_a_name_keeps_its_value() {
        for (given, expected) in [
            ("http://h/", "http://h/"),
            ("http://h/?", "http://h/?"),
            ("http://h/?q=1&&x", "http://h/?q=1&&x"),
            ("http://h/?token=canary", "http://h/?token=REDACTED"),
            ("http://h/?ToKeN=canary&q=1", "http://h/?ToKeN=REDACTED&q=1"),
            ("http://h/?t%6fken=canary", "http://h/?token=REDACTED"),
            ("http://h/?x&api_key=canary", "http://h/?x&api_key=REDACTED"),
            ("http://h/?API%5FKEY=canary", "http://h/?API_KEY=REDACTED"),
            ("http://h/?page=canary", "http://h/?page=REDACTED"),
            ("http://h/?my+key=canary", "http://h/?my+key=REDACTED"),
            ("http://h/?My%20Key=canary", "http://h/?My%20Key=REDACTED"),
            ("http://h/?token=a=canary", "http://h/?token=REDACTED"),
            ("http://h/?token=", "http://h/?token=REDACTED"),
            ("http://h/?token", "http://h/?token"),
            ("http://h/?pages=1&tokens=2", "http://h/?pages=1&tokens=2"),
        ] {
            assert_eq!(shown_url(given), expected, "{given}");
            assert!(!redacted(given).contains("canary"), "{given}");
            let is_same = redacted(given) == Url::parse(given.as_bytes()).unwrap().0.as_str();
            let given = Url::parse(given.as_bytes()).unwrap().0;
            assert_eq!(is_redacted(&given, &names()), !is_same);
        }
    }

    #[test]
    fn secrets_stay_apart_and_ignored_values_do_not() {
        let of = |value: &str| redacted(&format!("http://h/?token={value}"));
        assert_eq!(of("a"), of("a"));
        assert_ne!(of("a"), of("b"));
        assert_ne!(of("+"), of("%20"));
        assert_eq!(of("a").len(), "http://h/?token=".len() + 33);
        let of = |value: &str| redacted(&format!("http://h/?api_key={value}"));
        assert_eq!(of("a"), of("b"));
        let token = Url::parse(b"http://h/?token=a").unwrap().0;
        assert_ne!(
            url(token.as_str(), &names(), &SECRET),
            url(token.as_str(), &names(), &[4; 32])
        );
    }

    #[test]
    fn what_is_shown_holds_no_placeholder() {
        assert_eq!(shown(b"a\0"), b"aREDACTED");
        let hash = "0123456789abcdef".repeat(2);
        assert_eq!(
            shown(format!("\0{hash}0\0&x").as_bytes()),
            b"REDACTED0REDACTED&x"
        );
        assert_eq!(shown(b""), b"");
    }

    fn lines(lines: &[(&str, &str)]) -> Fields {
        let mut fields = Fields::new();
        for (name, value) in lines {
            fields.add(name.as_bytes(), value.as_bytes()).unwrap();
        }
        fields
    }

    #[test]
    fn fields_of_a_request_keep_their_order_and_names() {
        let given = lines(&[
            ("Accept", "a"),
            ("AUTHORIZATION", "canary"),
            ("Cookie", "s=canary"),
            ("Page", "canary"),
            ("token", "canary"),
            ("Referer", "http://h/?Token=canary"),
            ("Referer", "http://h/?tokens=1"),
        ]);
        let stored = fields(&given, &Matching::plain(&names()), &SECRET, |name| {
            name != b"Accept"
        });
        let stored: Vec<(&[u8], usize)> = stored.iter().map(|(n, v)| (&n[..], v.len())).collect();
        let expected: [(&[u8], usize); 5] = [
            (b"AUTHORIZATION", 1),
            (b"Cookie", 33),
            (b"Page", 1),
            (b"token", 33),
            (b"Referer", 33),
        ];
        assert_eq!(stored, expected);
        let plain = fields(&given, &Matching::plain(&names()), &SECRET, |name| {
            name == b"Accept"
        });
        assert_eq!(plain, [(b"Accept".to_vec(), b"a".to_vec())]);
    }

    #[test]
    fn fields_of_a_response_are_stored_without_their_secrets() {
        let mut head = ResponseHead::new(200, b"All right").unwrap();
        head.fields = lines(&[("Date", "x"), ("Set-Cookie", "token=a"), ("X-Own", "b")]);
        assert!(matches!(
            response(&head, &names()).unwrap(),
            Cow::Borrowed(_)
        ));
        head.fields = lines(&[
            ("A", "1"),
            ("x-auth-token", "canary"),
            ("Page", "2"),
            ("B", "3"),
        ]);
        let stored = response(&head, &names()).unwrap();
        let expected = [
            ("A", "1"),
            ("x-auth-token", SHOWN),
            ("Page", SHOWN),
            ("B", "3"),
        ];
        assert_eq!(stored.fields, lines(&expected));
        assert_eq!((stored.status, &stored.reason), (200, &head.reason));
    }

    #[test]
    fn what_a_cache_goes_by_is_never_altered() {
        let mut names = Names::default();
        let mut head = ResponseHead::new(200, b"").unwrap();
        for name in [
            "vary",
            "date",
            "etag",
            "expires",
            "cache-control",
            "cdn-cache-control",
        ] {
            names.add(name.as_bytes()).unwrap();
            head.fields.add(name.as_bytes(), b"x").unwrap();
        }
        assert_eq!(response(&head, &names).unwrap().as_ref(), &head);
    }

    #[test]
    fn a_url_that_would_be_altered_is_found() {
        for (name, value, expected) in [
            ("Location", "http://h/a?b=1", false),
            ("Location", "http://user:pw@h/", true),
            ("location", "//user@h", true),
            ("Location", "/\\user@h/", true),
            ("Location", "http://h/@scope/x//y@z", false),
            ("Location", "http://h?a=@", false),
            ("Location", "/login?next=https://user@h/", true),
            ("Location", "/a?x=1&ToKeN=2", true),
            ("Location", "/a?t%6Fken=2", true),
            ("Location", "/a?x=1;token=2", true),
            ("Location", "/a#access_token=2", true),
            ("Location", "/a#/route?access_token=2", true),
            ("Location", "/a#/access_token=2", true),
            ("Location", "/a?token", false),
            ("Location", "/a?token=", false),
            ("Location", "/token/x?tokens=1", false),
            ("Content-Location", "?page=2", true),
            ("Content-Location", "?My+Key=2", true),
            ("Link", "</a?b=1>; rel=\"next\", </b?sig=2>; rel=x", true),
            (
                "Link",
                "<https://h/>; rel=\"next\"; title=\"me@home\"",
                false,
            ),
            ("Refresh", "5; url=https://h/?password=2", true),
            ("Refresh", "5; url=https://h/", false),
            ("X-Other", "/a?token=2", false),
            ("Set-Cookie", "token=2", false),
        ] {
            let found = must_be_altered(&lines(&[(name, value)]), &names());
            assert_eq!(found, expected, "{name}: {value}");
        }
    }
}
