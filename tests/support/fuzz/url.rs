//! From a URL to its normal form and its key. Each line is a URL, and a reference to be resolved against the others.

use httpcache::http::{Request, Url};
use httpcache::key::matching::Matching;
use httpcache::key::names::{Names, Treatment};
use httpcache::key::url::canonical;
use httpcache::key::{MethodClass, identify};

use super::lines;

pub fn run(data: &[u8]) {
    let lines: Vec<&[u8]> = lines(data).take(6).collect();
    let urls: Vec<Url> = lines.iter().filter_map(|line| check(line)).collect();
    for url in &urls {
        lines
            .iter()
            .for_each(|reference| check_reference(url, reference));
        urls.iter().for_each(|other| check_keys(url, other));
    }
}

fn check(text: &[u8]) -> Option<Url> {
    let (url, authorization) = Url::parse(text).ok()?;
    check_form(&url);
    // Normalised twice is normalised once, by the short way and by the long one.
    for again in [url.as_str().to_owned(), format!("{}#", url.as_str())] {
        let (again, none) = Url::parse(again.as_bytes()).unwrap();
        assert_eq!((&again, none), (&url, None));
    }
    let with_fragment = [text, b"#frag?/ment"].concat();
    assert_eq!(
        Url::parse(&with_fragment).unwrap(),
        (url.clone(), authorization.clone())
    );
    if let Some(rest) = text.strip_prefix(b"http") {
        let upper = [b"HTTP", rest].concat();
        assert_eq!(
            Url::parse(&upper).ok(),
            Some((url.clone(), authorization.clone()))
        );
    }
    if let Some(credentials) = &authorization {
        assert!(credentials.starts_with("Basic ") && credentials.is_ascii());
        assert!(text.contains(&b'@'));
    }
    let request = Request::new(b"GET", text).unwrap();
    assert_eq!(request.url, url);
    assert_eq!(
        request.fields.first(b"Authorization"),
        authorization.as_deref().map(str::as_bytes)
    );
    Some(url)
}

fn check_form(url: &Url) {
    let text = url.as_str();
    assert!(text.bytes().all(|b| b.is_ascii_graphic()), "{text}");
    assert!(!text.contains(['#', '\\']), "{text}");
    // A host is read as browsers read it, and may hold more than the rest.
    let rest = text.strip_prefix(url.origin()).unwrap();
    assert!(
        !rest.contains(['"', '<', '>', '^', '`', '{', '|', '}']),
        "{text}"
    );
    assert_eq!(url.as_bytes_with_nul(), [text.as_bytes(), b"\0"].concat());
    assert!(matches!(url.scheme(), "http" | "https"));
    assert_eq!(
        url.origin(),
        format!("{}://{}", url.scheme(), url.authority())
    );
    assert!(!url.authority().is_empty() && !url.authority().contains(['@', '/', '?']));
    assert_eq!(url.authority(), url.authority().to_ascii_lowercase());
    let default = if url.scheme() == "http" {
        ":80"
    } else {
        ":443"
    };
    assert!(!url.authority().ends_with(default));
    let path = url.without_query().strip_prefix(url.origin()).unwrap();
    assert!(path.starts_with('/') && !path.contains('?'));
    assert!(!path.split('/').any(|segment| matches!(segment, "." | "..")));
    let query = url.query().map(|query| format!("?{query}"));
    assert_eq!(
        text,
        format!("{}{}", url.without_query(), query.unwrap_or_default())
    );
}

fn check_reference(base: &Url, reference: &[u8]) {
    assert_eq!(base.join(b""), Some((base.clone(), None)));
    assert_eq!(base.join(b"#x").map(|(url, _)| url), Some(base.clone()));
    let absolute = Url::parse(reference).ok();
    if absolute.is_some() {
        assert_eq!(base.join(reference), absolute);
    }
    let Some((url, _)) = base.join(reference) else {
        return;
    };
    check_form(&url);
    let is_relative = absolute.is_none() && !reference.starts_with(b"//");
    assert!(
        !is_relative || url.origin() == base.origin(),
        "{}",
        url.as_str()
    );
    if reference.first() == Some(&b'?') {
        assert_eq!(url.without_query(), base.without_query());
    }
}

const SECRET: [u8; 32] = [7; 32];

/// Equal keys are those of equal requests, and the order of differently named parameters is all that sorting takes,
/// besides what is ignored.
fn check_keys(one: &Url, other: &Url) {
    let names = Names::default();
    let by = |sorts_query| Matching {
        sorts_query,
        ..Matching::plain(&names)
    };
    let key = |url: &Url, class, sort| {
        let request = Request::new(b"GET", url.as_str().as_bytes()).unwrap();
        identify(&request, class, &by(sort), &SECRET).key
    };
    let text = |url: &Url, sort| {
        canonical(url.as_str(), &by(sort), &SECRET)
            .text
            .into_owned()
    };
    let is_plain = |url: &Url| {
        let mut parameters = url.query().into_iter().flat_map(|query| query.split('&'));
        parameters.all(|parameter| {
            let name = parameter.split('=').next().unwrap_or_default();
            names.of_parameter(name.as_bytes()) == Treatment::Plain && !name.contains(['%', '+'])
        })
    };
    let both_plain = is_plain(one) && is_plain(other);
    let [of_one, of_other] = [one, other].map(|url| key(url, MethodClass::Get, false));
    let is_same = text(one, false) == text(other, false);
    assert_eq!(of_one.row == of_other.row, is_same);
    assert_eq!(of_one.text == of_other.text, is_same);
    assert!(!both_plain || is_same == (one == other));
    let is_sorted_same = text(one, true) == text(other, true);
    assert_eq!(of_one.uri == of_other.uri, is_sorted_same);
    let head = key(one, MethodClass::Head, false);
    assert!(head.row != of_one.row && head.uri == of_one.uri);
    let [of_one, of_other] = [one, other].map(|url| key(url, MethodClass::Get, true));
    assert_eq!(of_one.row == of_other.row, is_sorted_same);
    assert!(!both_plain || is_sorted_same == (parameters(one) == parameters(other)));
    // Made canonical twice is made so once.
    let of_text = |text: &str, sort| canonical(text, &by(sort), &SECRET).text.into_owned();
    for sort in [false, true] {
        let once = text(one, sort);
        assert_eq!(of_text(&once, sort), once);
    }
}

/// A name, and all parameters that have it.
type Named<'a> = (&'a str, Vec<&'a str>);

/// What is compared of a URL whose query is sorted: for each name the parameters in their order.
fn parameters(url: &Url) -> (&str, Option<Vec<Named<'_>>>) {
    let names = url.query().map(|query| {
        let mut lists: Vec<Named<'_>> = Vec::new();
        for parameter in query.split('&') {
            let name = parameter.split('=').next().unwrap_or_default();
            match lists.iter_mut().find(|(other, _)| *other == name) {
                Some((_, list)) => list.push(parameter),
                None => lists.push((name, vec![parameter])),
            }
        }
        lists.sort_by_key(|(name, _)| *name);
        lists
    });
    (url.without_query(), names)
}
