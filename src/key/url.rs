//! The URL in the key: parameters sorted by name where their order counts for nothing, ignored ones left out, and
//! the values of secrets replaced.

use std::borrow::Cow;

use super::names::Treatment;
use super::placeholder::Placeholder;
use super::{Matching, push_part, redact};

/// A URL as the key holds it.
pub struct Canonical<'a> {
    /// What is compared.
    pub text: Cow<'a, str>,
    /// The same with sorted parameters, where that is another: what is deleted together begins with its hash.
    pub sorted: Option<String>,
    /// The values in it that authenticate, behind their names; empty when there is none.
    pub credentials: Vec<u8>,
}

/// Makes it of a normalised URL, or of one that was made canonical before. Sorting is stable: parameters of one name
/// keep their order, and only `&` separates, so that no two different lists become one.
pub fn canonical<'a>(url: &'a str, matching: &Matching<'_>, secret: &[u8; 32]) -> Canonical<'a> {
    let as_it_is = Canonical {
        text: Cow::Borrowed(url),
        sorted: None,
        credentials: Vec::new(),
    };
    let Some((base, query)) = url.split_once('?') else {
        return as_it_is;
    };
    let (is_plain, is_sorted) = scan(query, matching);
    if is_plain && is_sorted {
        return as_it_is;
    }
    if is_plain && !matching.sorts_query {
        return Canonical {
            sorted: Some(joined(base, sorted(query.split('&').collect()))),
            ..as_it_is
        };
    }
    rebuilt(base, query, matching, secret)
}

/// Whether all parameters are plain, and whether they are sorted by name. Each hit asks this: it is one pass.
fn scan(query: &str, matching: &Matching<'_>) -> (bool, bool) {
    let (mut is_plain, mut is_sorted) = (true, true);
    let mut before: &[u8] = &[];
    let mut rest = query.as_bytes();
    loop {
        let end = rest.iter().position(|byte| matches!(byte, b'=' | b'&'));
        let (name, tail) = rest
            .split_at_checked(end.unwrap_or(rest.len()))
            .unwrap_or((rest, &[]));
        // Most names differ in their first letter.
        is_sorted &= match (before.first(), name.first()) {
            (None, _) => true,
            (Some(one), Some(other)) if one != other => one < other,
            _ => before <= name,
        };
        is_plain &= matching.is_plain(name);
        before = name;
        match tail.iter().position(|byte| *byte == b'&') {
            Some(at) => rest = tail.get(at + 1..).unwrap_or_default(),
            None => return (is_plain, is_sorted),
        }
    }
}

fn rebuilt<'a>(
    base: &str,
    query: &str,
    matching: &Matching<'_>,
    secret: &[u8; 32],
) -> Canonical<'a> {
    let mut credentials: Vec<(Vec<u8>, &str)> = Vec::new();
    let mut kept: Vec<Cow<'_, str>> = Vec::new();
    for parameter in query.split('&') {
        let (name, value) = split(parameter);
        let value = value.unwrap_or_default();
        if redact::authenticates(matching.names, name.as_bytes()) {
            let name = redact::decoded(name.as_bytes(), true);
            credentials.push((name.to_ascii_lowercase(), value));
        }
        match redact::of_encoded(matching.names, name.as_bytes()) {
            // What has no value hides none.
            Treatment::Secret if !value.is_empty() => {
                let instead = Placeholder::of(value.as_bytes(), secret);
                kept.push(Cow::Owned(format!("{name}={instead}")));
            }
            Treatment::Plain | Treatment::Secret => kept.push(Cow::Borrowed(parameter)),
            Treatment::Ignored if matching.presence_counts => {
                kept.push(Cow::Owned(format!("{name}={}", Placeholder::Ignored)));
            }
            Treatment::Ignored => {}
        }
    }
    let in_order = sorted(kept.iter().map(AsRef::as_ref).collect());
    let in_order = joined(base, in_order);
    let (text, sorted) = if matching.sorts_query {
        (in_order, None)
    } else {
        let text = joined(base, kept.iter().map(AsRef::as_ref).collect());
        let sorted = (text != in_order).then_some(in_order);
        (text, sorted)
    };
    Canonical {
        text: Cow::Owned(text),
        sorted,
        credentials: encoded(credentials),
    }
}

/// As with fields, the order of different names means nothing.
fn encoded(mut credentials: Vec<(Vec<u8>, &str)>) -> Vec<u8> {
    credentials.sort_by(|(one, _), (other, _)| one.cmp(other));
    let mut text = Vec::new();
    for (name, value) in credentials {
        push_part(&mut text, &name);
        push_part(&mut text, value.as_bytes());
    }
    text
}

fn sorted(mut parameters: Vec<&str>) -> Vec<&str> {
    parameters.sort_by_key(|parameter| split(parameter).0);
    parameters
}

/// A URL of which all parameters were left out has no query.
fn joined(base: &str, parameters: Vec<&str>) -> String {
    if parameters.is_empty() {
        return base.to_owned();
    }
    format!("{base}?{}", parameters.join("&"))
}

/// A parameter's name, and its value if it has one.
pub(super) fn split(parameter: &str) -> (&str, Option<&str>) {
    match parameter.split_once('=') {
        Some((name, value)) => (name, Some(value)),
        None => (parameter, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::names::Names;

    const SECRET: [u8; 32] = [3; 32];

    fn of(url: &str, matching: &Matching<'_>) -> (String, Option<String>) {
        let made = canonical(url, matching, &SECRET);
        (made.text.into_owned(), made.sorted)
    }

    #[test]
    fn sorting_is_by_name_and_stable() {
        for (given, expected) in [
            ("http://h/?b=2&a=1", "http://h/?a=1&b=2"),
            ("http://h/?b=2&a=2&b=1&a=1", "http://h/?a=2&a=1&b=2&b=1"),
            ("http://h/?b&a=&", "http://h/?&a=&b"),
            ("http://h/?z", "http://h/?z"),
            ("http://h/?", "http://h/?"),
            ("http://h/", "http://h/"),
        ] {
            let names = Names::default();
            let mut matching = Matching::plain(&names);
            assert_eq!(of(given, &matching), (expected.to_owned(), None));
            matching.sorts_query = false;
            let sorted = (given != expected).then(|| expected.to_owned());
            assert_eq!(of(given, &matching), (given.to_owned(), sorted));
        }
    }

    #[test]
    fn ignored_parameters_are_left_out() {
        let mut names = Names::default();
        names.add(b"auth-token").unwrap();
        names.add(b"a[b]").unwrap();
        let mut matching = Matching::plain(&names);
        for (given, expected, present) in [
            (
                "http://h/?auth-token=1",
                "http://h/",
                "http://h/?auth-token=\0",
            ),
            (
                "http://h/?auth-token",
                "http://h/",
                "http://h/?auth-token=\0",
            ),
            (
                "http://h/?b=2&auth-token=1&a=1",
                "http://h/?a=1&b=2",
                "http://h/?a=1&auth-token=\0&b=2",
            ),
            (
                "http://h/?a%5Bb%5D=1&c=1",
                "http://h/?c=1",
                "http://h/?a%5Bb%5D=\0&c=1",
            ),
            (
                "http://h/?apikey=1&api_key=2&access_token=3",
                "http://h/",
                "http://h/?access_token=\0&api_key=\0&apikey=\0",
            ),
        ] {
            matching.presence_counts = false;
            assert_eq!(of(given, &matching).0, expected);
            matching.presence_counts = true;
            assert_eq!(of(given, &matching).0, present);
        }
    }

    #[test]
    fn secrets_are_hidden_however_their_name_is_written() {
        let names = Names::default();
        let matching = Matching::plain(&names);
        for name in ["token", "TOKEN", "Pass%77ord", "X-Amz-Signature", "API_KEY"] {
            let (text, _) = of(&format!("http://h/?{name}=canary"), &matching);
            assert!(text.contains('\0') && !text.contains("canary"), "{name}");
            assert_eq!(of(&text, &matching).0, text, "made canonical twice");
            let (other, _) = of(&format!("http://h/?{name}=other"), &matching);
            assert_ne!(text, other);
        }
        assert_eq!(of("http://h/?token", &matching).0, "http://h/?token");
    }

    #[test]
    fn what_authenticates_is_found() {
        let mut names = Names::default();
        let credentials =
            |url: &str, names: &Names| canonical(url, &Matching::plain(names), &SECRET).credentials;
        let one = credentials("http://h/?api_key=1", &names);
        assert!(!one.is_empty());
        assert_ne!(one, credentials("http://h/?api_key=2", &names));
        assert_eq!(one, credentials("http://h/?API_KEY=1", &names));
        assert!(credentials("http://h/?token=1", &names).is_empty());
        assert_eq!(
            credentials("http://h/?api_key=1&apikey=2&a=b", &names),
            credentials("http://h/?apikey=2&api_key=1", &names)
        );
        assert_ne!(
            credentials("http://h/?api_key=1&api_key=2", &names),
            credentials("http://h/?api_key=2&api_key=1", &names)
        );
        names.add(b"api_key").unwrap();
        assert!(credentials("http://h/?api_key=1", &names).is_empty());
    }
}
