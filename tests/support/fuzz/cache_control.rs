//! Cache-Control of requests and responses (RFC 9111 §5.2). A line is a value of Cache-Control, or with its name
//! another field.

use httpcache::http::Fields;
use httpcache::http::fields::is_token;
use httpcache::policy::directives::{Qualified, RequestDirectives, ResponseDirectives, Seconds};

use super::{field, in_one_line, is_balanced, lines, with_values};

const NAME: &[u8] = b"Cache-Control";
const MOST: i64 = 1 << 31;

pub fn run(data: &[u8]) {
    let mut given = Fields::new();
    for line in lines(data) {
        let (name, value) = match field(line) {
            Some((b"Pragma", value)) => (&b"Pragma"[..], value),
            _ => (NAME, line),
        };
        let _ = given.add(name, value);
    }
    let response = ResponseDirectives::read(&given);
    let request = RequestDirectives::read(&given);
    check_bounds(&response, &request);
    check_case(&given, &response, &request);
    check_lists(&given, &response, &request);
    check_additions(&given, &response);
    check_quoted(&given);
    check_simple(&given, &response);
}

fn check_bounds(response: &ResponseDirectives, request: &RequestDirectives) {
    for seconds in [
        response.max_age,
        response.s_maxage,
        response.stale_while_revalidate,
        response.stale_if_error,
        request.max_age,
        request.min_fresh,
        request.stale_if_error,
    ] {
        assert!(!matches!(seconds, Seconds::Of(value) if !(0..=MOST).contains(&value)));
        assert!(seconds.millis().is_none_or(|millis| millis >= 0));
    }
    if let Seconds::Of(value) = request.max_stale {
        assert!((0..=MOST).contains(&value) || value == i64::MAX);
    }
    for qualified in [&response.no_cache, &response.private] {
        if let Qualified::Fields(names) = qualified {
            assert!(!names.is_empty());
            let is_name = |name: &String| {
                is_token(name.as_bytes()) && !name.bytes().any(|b| b.is_ascii_uppercase())
            };
            assert!(names.iter().all(is_name), "{names:?}");
        }
        // What holds for fields holds for all of a response in a shared cache, and never the other way about.
        assert!(!qualified.is_whole(false) || qualified.is_whole(true));
    }
    assert!(!response.forbid_stale(false) || response.forbid_stale(true));
}

/// §5.2: names of directives are compared without case.
fn check_case(given: &Fields, response: &ResponseDirectives, request: &RequestDirectives) {
    for change in [<[u8]>::to_ascii_uppercase, <[u8]>::to_ascii_lowercase] {
        let changed = with_values(given, change).unwrap();
        assert_eq!(&ResponseDirectives::read(&changed), response);
        assert_eq!(&RequestDirectives::read(&changed), request);
    }
}

/// RFC 9110 §5.3, §5.6.1: several lines are one list, and empty members are none.
fn check_lists(given: &Fields, response: &ResponseDirectives, request: &RequestDirectives) {
    let padded = with_values(given, |value| [b",\t ,", value].concat()).unwrap();
    assert_eq!(&ResponseDirectives::read(&padded), response);
    assert_eq!(&RequestDirectives::read(&padded), request);
    if given.all(NAME).all(is_balanced) {
        let joined = in_one_line(given, NAME);
        assert_eq!(&ResponseDirectives::read(&joined), response);
        assert_eq!(&RequestDirectives::read(&joined), request);
    }
}

/// One more directive adds what it says and takes nothing away.
fn check_additions(given: &Fields, response: &ResponseDirectives) {
    for (value, expected) in [
        ("x-unknown=\"a, no-store\"", response.clone()),
        (
            "no-store",
            ResponseDirectives {
                no_store: true,
                ..response.clone()
            },
        ),
        (
            "no-cache",
            ResponseDirectives {
                no_cache: Qualified::Whole,
                ..response.clone()
            },
        ),
    ] {
        let mut more = given.clone();
        more.add(NAME, value.as_bytes()).unwrap();
        assert_eq!(ResponseDirectives::read(&more), expected, "{value}");
    }
}

/// RFC 9110 §5.6.4: what is quoted is no directive.
fn check_quoted(given: &Fields) {
    let quoted = with_values(given, |value| {
        let escape = |byte: &u8| match byte {
            b'"' | b'\\' => vec![b'\\', *byte],
            other => vec![*other],
        };
        let inner: Vec<u8> = value.iter().flat_map(escape).collect();
        [b"x-unknown=\"", &inner[..], b"\""].concat()
    });
    let read = ResponseDirectives::read(&quoted.unwrap());
    assert_eq!(read, ResponseDirectives::default());
}

/// Read in the plainest way, where nothing is quoted.
fn check_simple(given: &Fields, response: &ResponseDirectives) {
    let is_simple =
        |value: &[u8]| value.is_ascii() && !value.iter().any(|b| matches!(b, b'"' | b'\\'));
    if !given.all(NAME).all(is_simple) {
        return;
    }
    let text = String::from_utf8(given.joined(NAME).unwrap_or_default().into_owned()).unwrap();
    let text = text.to_lowercase();
    let members: Vec<(&str, Option<&str>)> = text
        .split(',')
        .map(|member| member.trim_matches([' ', '\t']))
        .map(|member| match member.split_once('=') {
            Some((name, argument)) => (name, Some(argument)),
            None => (member, None),
        })
        .collect();
    let has = |name: &str| members.iter().any(|(other, _)| *other == name);
    assert_eq!(response.no_store, has("no-store"));
    assert_eq!(response.public, has("public"));
    assert_eq!(response.must_revalidate, has("must-revalidate"));
    assert_eq!(response.immutable, has("immutable"));
    assert_eq!(response.no_cache != Qualified::Absent, has("no-cache"));
    assert_eq!(response.private != Qualified::Absent, has("private"));
    for (name, read) in [
        ("max-age", response.max_age),
        ("s-maxage", response.s_maxage),
        ("stale-if-error", response.stale_if_error),
    ] {
        let mut arguments = members
            .iter()
            .filter(|(other, _)| *other == name)
            .map(|(_, argument)| seconds(argument.unwrap_or_default()));
        let expected = match arguments.next() {
            None => Seconds::Absent,
            Some(first) if arguments.all(|other| other == first) => first,
            Some(_) => Seconds::Invalid,
        };
        assert_eq!(read, expected, "{name} in {text}");
    }
}

fn seconds(argument: &str) -> Seconds {
    if argument.is_empty() || argument.contains(|c: char| !c.is_ascii_digit()) {
        return Seconds::Invalid;
    }
    let digits = argument.trim_start_matches('0');
    let value = if digits.len() > 10 {
        MOST
    } else {
        digits.parse().unwrap_or(0)
    };
    Seconds::Of(value.min(MOST))
}
