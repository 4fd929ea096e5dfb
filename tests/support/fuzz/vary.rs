//! Vary, and what a request says in the fields it names (RFC 9111 §4.1). Lines of Vary, those of a request, an empty
//! line, those of another request.

use std::sync::LazyLock;

use httpcache::http::fields::is_token;
use httpcache::http::{Fields, Request};
use httpcache::key::credentials::NOBODY;
use httpcache::key::matching::Matching;
use httpcache::key::names::{Names, Treatment};
use httpcache::key::selecting::{self, Vary, vary};
use httpcache::key::{MethodClass, identify};

use super::{fields, in_one_line, is_balanced, lines, with_values};

const NAME: &[u8] = b"Vary";
const SECRET: [u8; 32] = [7; 32];
static NAMES: LazyLock<Names> = LazyLock::new(Names::default);

pub fn run(data: &[u8]) {
    let is_end = |line: &&[u8]| !line.is_empty();
    let one = fields(lines(data).take_while(is_end));
    let other = fields(lines(data).skip_while(is_end));
    let mut request = one.clone();
    request.remove(NAME);
    let Some(names) = check_vary(&one) else {
        return;
    };
    for name in &names {
        check_value(&request, name);
    }
    check_requests(&request, &other, &names);
}

fn check_vary(response: &Fields) -> Option<Vec<String>> {
    let read = vary(response);
    assert_eq!(vary(&in_one_line(response, NAME)), read);
    let spaced = with_values(response, |value| replaced(value, b" ,\t,  ")).unwrap();
    assert_eq!(vary(&spaced), read);
    let upper = with_values(response, <[u8]>::to_ascii_uppercase).unwrap();
    assert_eq!(vary(&upper), read);
    let mut with_any = response.clone();
    with_any.add(NAME, b"accept, *").unwrap();
    assert_eq!(vary(&with_any), Vary::Any);
    let Vary::Fields(names) = read else {
        return None;
    };
    assert!(names.is_sorted_by(|a, b| a < b));
    for name in &names {
        assert!(is_token(name.as_bytes()) && *name == name.to_ascii_lowercase() && name != "*");
    }
    let mut again = Fields::new();
    again.add(NAME, names.join(",").as_bytes()).unwrap();
    assert_eq!(vary(&again), Vary::Fields(names.clone()));
    Some(names)
}

fn value(request: &Fields, name: &str, secret: &[u8; 32]) -> Option<Vec<u8>> {
    selecting::value(request, name, &Matching::plain(&NAMES), secret)
}

fn variant_id(fields: &Fields, names: &[String], mark: &[u8; 16], secret: &[u8; 32]) -> [u8; 16] {
    selecting::variant_id(fields, names, mark, &Matching::plain(&NAMES), secret)
}

fn check_value(request: &Fields, name: &str) {
    let normal = value(request, name, &SECRET);
    assert_eq!(normal.is_some(), request.contains(name.as_bytes()));
    let Some(normal) = normal else {
        return;
    };
    let is_balanced = request.all(name.as_bytes()).all(is_balanced);
    if is_balanced {
        let joined = in_one_line(request, name.as_bytes());
        assert_eq!(value(&joined, name, &SECRET).as_ref(), Some(&normal));
    }
    // Any value is a secret that holds a URL with one in it.
    let is_secret = normal.first() == Some(&0);
    if is_secret || NAMES.of_field(name.as_bytes()) != Treatment::Plain {
        assert_eq!((normal.len(), normal[0]), (17, 0));
        assert_ne!(value(request, name, &[8; 32]), Some(normal));
        return;
    }
    assert!(!normal.contains(&0));
    if is_balanced {
        let mut again = Fields::new();
        again.add(name.as_bytes(), &normal).unwrap();
        assert_eq!(value(&again, name, &SECRET), Some(normal), "{name}");
    }
    let is_plain = |value: &[u8]| !value.iter().any(|b| matches!(b, b'"' | b'\\'));
    if request.all(name.as_bytes()).all(is_plain) {
        let spaced = with_values(request, |value| replaced(value, b" \t, ")).unwrap();
        assert_eq!(value(&spaced, name, &SECRET), value(request, name, &SECRET));
    }
}

/// A variant is selected by what is compared, and by nothing else.
fn check_requests(one: &Fields, other: &Fields, names: &[String]) {
    let values = |request: &Fields| -> Vec<_> {
        names
            .iter()
            .map(|name| value(request, name, &SECRET))
            .collect()
    };
    let id = |request: &Fields| variant_id(request, names, &NOBODY, &SECRET);
    assert_eq!(values(one) == values(other), id(one) == id(other));
    let mut more = one.clone();
    let unrelated = "x-unrelated-of-the-test";
    if !names.iter().any(|name| name == unrelated) {
        more.add(unrelated.as_bytes(), b"1").unwrap();
        assert_eq!(id(&more), id(one));
    }
    assert_ne!(variant_id(one, names, &[1; 16], &SECRET), id(one));
    if !names.is_empty() {
        assert_ne!(variant_id(one, names, &NOBODY, &[8; 32]), id(one));
    }
    let marks = [one, other].map(|fields| {
        let mut request = Request::new(b"GET", b"http://h/").unwrap();
        request.fields = fields.clone();
        identify(
            &request,
            MethodClass::Get,
            &Matching::plain(&NAMES),
            &SECRET,
        )
        .mark
    });
    // What authenticates: for each name its values in order.
    let credentials = |request: &Fields| {
        let mut found: Vec<(Vec<u8>, Vec<u8>)> = request
            .iter()
            .filter(|(name, _)| NAMES.authenticates(name))
            .map(|(name, value)| (name.to_ascii_lowercase(), value.to_vec()))
            .collect();
        found.sort_by(|(one, _), (other, _)| one.cmp(other));
        found
    };
    assert_eq!(marks[0] == NOBODY, credentials(one).is_empty());
    assert_eq!(credentials(one) == credentials(other), marks[0] == marks[1]);
}

fn replaced(value: &[u8], separator: &[u8]) -> Vec<u8> {
    let members: Vec<&[u8]> = value.split(|byte| *byte == b',').collect();
    members.join(separator)
}
