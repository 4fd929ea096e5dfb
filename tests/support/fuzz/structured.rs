//! Structured fields: targeted fields (RFC 9213), No-Vary-Search, Cache-Groups (RFC 9875). Lines are fields; those
//! that begin with `?` are queries.

use httpcache::http::{Fields, Request, ResponseHead};
use httpcache::policy::groups;
use httpcache::policy::no_vary_search::Variance;
use httpcache::policy::said::Said;
use httpcache::settings::{Settings, option};

use super::{fields, in_one_line, lines};

const TARGETED: [&str; 2] = ["My-Cache-Control", "CDN-Cache-Control"];

pub fn run(data: &[u8]) {
    let fields = fields(lines(data));
    let queries: Vec<Option<&str>> = lines(data)
        .filter_map(|line| line.strip_prefix(b"?"))
        .filter_map(|query| std::str::from_utf8(query).ok())
        .map(Some)
        .chain([None])
        .take(6)
        .collect();
    check_targeted(&fields);
    check_groups(&fields);
    check_variance(&fields, &queries);
}

fn settings(targeted: &[&str]) -> Settings {
    let mut settings = Settings::default();
    settings.set(option::CACHE_CONTROL, 1).unwrap();
    settings.set(option::GROUPS, 1).unwrap();
    for name in targeted {
        settings.add(206, name.as_bytes()).unwrap();
    }
    settings
}

fn check_targeted(fields: &Fields) {
    let both = Said::by(fields, &settings(&TARGETED));
    let [first, second] = TARGETED.map(|name| Said::by(fields, &settings(&[name])));
    // RFC 9213 §2.2: the first one that can be read.
    let expected = if first.is_targeted { &first } else { &second };
    assert_eq!(&both, expected);
    let plain = Said::by(fields, &settings(&[]));
    assert!(!plain.is_targeted);
    let mut other = fields.clone();
    other.remove(b"Cache-Control");
    other.add(b"Cache-Control", b"no-store, max-age=7").unwrap();
    other.add(b"Expires", b"0").unwrap();
    if both.is_targeted {
        assert!(TARGETED.iter().any(|name| fields.contains(name.as_bytes())));
        assert_eq!(Said::by(&other, &settings(&TARGETED)), both);
    } else {
        assert_eq!(both, plain, "what cannot be read counts for nothing");
    }
    for name in TARGETED {
        let joined = in_one_line(fields, name.as_bytes());
        assert_eq!(Said::by(&joined, &settings(&TARGETED)), both);
    }
    assert_eq!(Said::by(fields, &Settings::default()), Said::default());
}

fn check_groups(fields: &Fields) {
    let groups = groups::of(fields);
    assert!(groups.len() <= 64);
    assert!(
        groups
            .iter()
            .all(|name| name.bytes().all(|b| matches!(b, b' '..=b'~')))
    );
    let quoted: Vec<String> = groups
        .iter()
        .map(|name| name.replace('\\', "\\\\").replace('"', "\\\""))
        .map(|name| format!("\"{name}\";of=test"))
        .collect();
    let mut again = Fields::new();
    again
        .add(b"cache-groups", quoted.join(" , ").as_bytes())
        .unwrap();
    assert_eq!(groups::of(&again), groups);
    let mut response = ResponseHead::new(200, b"").unwrap();
    for (name, value) in again
        .iter()
        .map(|(_, value)| (b"Cache-Group-Invalidation", value))
    {
        response.fields.add(name, value).unwrap();
    }
    for (method, expected) in [("GET", &[][..]), ("POST", &groups)] {
        let request = Request::new(method.as_bytes(), b"http://h/").unwrap();
        let invalidated = groups::invalidated(&request, &response, &settings(&[]));
        assert_eq!(invalidated, expected);
        response.status = 500;
        assert!(groups::invalidated(&request, &response, &settings(&[])).is_empty());
        response.status = 200;
    }
}

fn check_variance(fields: &Fields, queries: &[Option<&str>]) {
    let variance = Variance::by(fields);
    assert_eq!(
        Variance::by(&in_one_line(fields, b"No-Vary-Search")),
        variance
    );
    let Some(variance) = variance else {
        return;
    };
    for one in queries {
        assert!(variance.are_same(*one, *one));
        for other in queries {
            let are_same = variance.are_same(*one, *other);
            assert_eq!(variance.are_same(*other, *one), are_same);
            for third in queries {
                assert!(
                    !are_same
                        || variance.are_same(*one, *third) == variance.are_same(*other, *third)
                );
            }
        }
        // Empty parameters are none, and an escape means what it stands for.
        let query = one.unwrap_or_default();
        assert!(variance.are_same(*one, Some(&format!("&{query}&&"))));
        assert!(variance.are_same(*one, Some(&escaped(query))));
    }
}

fn escaped(query: &str) -> String {
    let keep = |byte: u8| matches!(byte, b'&' | b'=' | b'%' | b'+') || byte.is_ascii_hexdigit();
    query
        .bytes()
        .map(|byte| match keep(byte) {
            true => char::from(byte).to_string(),
            false => format!("%{byte:02x}"),
        })
        .collect()
}
