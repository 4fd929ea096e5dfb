//! The rules that keep the rooms apart, read from the sources themselves.

#![allow(clippy::unwrap_used, reason = "a test stops where it fails")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Each room of `src`, and the rooms it may name. `error` is known to all.
const RULES: &[(&str, &[&str])] = &[
    ("http", &[]),
    ("storage", &[]),
    ("transport", &["http"]),
    // The settings name the types that the rooms below are set with.
    ("settings", &["http", "key", "storage", "transport"]),
    ("key", &["http"]),
    ("record", &["http", "key"]),
    ("policy", &["http", "key", "record", "settings"]),
    (
        "cache",
        &["http", "key", "policy", "record", "settings", "storage"],
    ),
    ("fetch", &["cache", "http", "key", "settings", "transport"]),
    ("ffi", &["cache", "fetch", "http", "key", "transport"]),
];

/// Where `unsafe` may stand.
const UNSAFE: &[&str] = &["ffi/", "storage/lmdb/", "transport/curl/"];

/// Crates that one place alone may name.
const CRATES: &[(&str, &str)] = &[
    ("lmdb::", "storage/lmdb/"),
    ("lmdb_sys::", "storage/lmdb/"),
    ("curl_sys::", "transport/curl/"),
];

fn sources() -> Vec<(PathBuf, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = Vec::new();
    let mut folders = vec![root.clone()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                let text = fs::read_to_string(&path).unwrap();
                found.push((path.strip_prefix(&root).unwrap().to_owned(), text));
            }
        }
    }
    assert!(found.len() > 40, "the sources are read");
    found
}

/// The code without comments, strings' contents aside: enough to read what is named.
fn code(text: &str) -> impl Iterator<Item = &str> {
    text.lines()
        .map(|line| line.split("//").next().unwrap_or_default())
}

fn room(path: &Path) -> String {
    let first = path.iter().next().unwrap().to_string_lossy();
    first.trim_end_matches(".rs").to_owned()
}

fn named_rooms(text: &str) -> BTreeSet<String> {
    let name = |rest: &str| {
        let end = rest
            .find(|c: char| !c.is_ascii_alphanumeric() && c != '_')
            .unwrap_or(rest.len());
        rest.get(..end).unwrap_or_default().to_owned()
    };
    code(text)
        .flat_map(|line| line.split("crate::").skip(1).map(name).collect::<Vec<_>>())
        .filter(|name| RULES.iter().any(|(room, _)| room == name))
        .collect()
}

#[test]
fn rooms_name_only_what_they_may() {
    let mut seen = BTreeSet::new();
    for (path, text) in sources() {
        let room = room(&path);
        let Some((_, allowed)) = RULES.iter().find(|(name, _)| *name == room) else {
            assert!(
                matches!(room.as_str(), "lib" | "error"),
                "{room} has no rule"
            );
            continue;
        };
        seen.insert(room.clone());
        for named in named_rooms(&text) {
            let is_allowed = named == room || allowed.contains(&named.as_str());
            assert!(
                is_allowed,
                "src/{}: {room} may not name {named}",
                path.display()
            );
        }
    }
    assert_eq!(seen.len(), RULES.len(), "every room of the rules exists");
}

#[test]
fn pure_rooms_read_no_clock_and_no_file() {
    const PURE: [&str; 4] = ["http", "key", "record", "policy"];
    const IMPURE: [&str; 4] = ["::now(", "std::fs", "std::env", "TcpStream"];
    for (path, text) in sources() {
        if !PURE.contains(&room(&path).as_str()) {
            continue;
        }
        for word in IMPURE {
            let names = code(&text).any(|line| line.contains(word));
            assert!(!names, "src/{} holds {word}", path.display());
        }
    }
}

#[test]
fn unsafe_code_lives_in_three_places() {
    for (path, text) in sources() {
        let path = path.to_string_lossy().into_owned();
        let has_unsafe = code(&text).any(|line| {
            line.split(|c: char| !c.is_ascii_alphanumeric() && c != '_')
                .any(|word| word == "unsafe")
        });
        let may = UNSAFE.iter().any(|place| path.starts_with(place));
        assert!(may || !has_unsafe, "src/{path} holds unsafe code");
    }
}

#[test]
fn lmdb_and_libcurl_are_named_in_one_place_each() {
    for (path, text) in sources() {
        let path = path.to_string_lossy().into_owned();
        if path.ends_with("tests.rs") {
            continue;
        }
        for (name, place) in CRATES {
            let names = code(&text).any(|line| {
                line.match_indices(name).any(|(at, _)| {
                    let before = line.get(..at).and_then(|before| before.chars().next_back());
                    !before.is_some_and(|c| c.is_ascii_alphanumeric() || c == '_' || c == ':')
                })
            });
            assert!(!names || path.starts_with(place), "src/{path} names {name}");
        }
    }
}

#[test]
fn each_call_of_lmdb_that_can_fail_can_be_made_to() {
    // They return nothing, or cannot fail with a valid argument.
    const SAFE: &[&str] = &[
        "mdb_strerror",
        "mdb_env_get_fd",
        "mdb_txn_reset",
        "mdb_txn_abort",
        "mdb_cursor_close",
    ];
    let mut checked = 0;
    for (path, text) in sources() {
        let calls = text.split("lmdb_sys::").skip(1).filter_map(|rest| {
            let name = rest.split('(').next()?;
            name.starts_with("mdb_").then_some(name)
        });
        for name in calls.filter(|name| !SAFE.contains(name)) {
            let asks = text.contains(&format!("injected(\"{name}\")"));
            assert!(
                asks,
                "src/{}: {name} is made to fail by no test",
                path.display()
            );
            checked += 1;
        }
    }
    assert!(checked > 8, "the calls are found");
}

#[test]
fn the_header_lists_every_option_with_its_default() {
    let header = Path::new(env!("CARGO_MANIFEST_DIR")).join("include/httpcache.h");
    let header = fs::read_to_string(header).unwrap();
    let listed: Vec<(&str, i32)> = header
        .lines()
        .filter_map(|line| {
            let (name, rest) = line.trim().strip_prefix("HC_OPT_")?.split_once(" = ")?;
            Some((name, rest.split(',').next()?.parse().ok()?))
        })
        .collect();
    let specified = &httpcache::settings::OPTIONS;
    assert_eq!(listed.len(), specified.len());
    for (spec, (name, number)) in specified.iter().zip(listed) {
        assert_eq!(
            (spec.name, spec.number),
            (format!("HC_OPT_{name}").as_str(), number)
        );
        let words = comment_of(&header, &format!("{} = {number},", spec.name));
        let default = format!("Default {}.", spec.default);
        assert!(
            words.contains(&default),
            "{}: the header does not say \"{default}\"",
            spec.name
        );
        let star = words.contains(". * ");
        assert_eq!(star, spec.per_request, "{}: its * in the header", spec.name);
    }
}

/// The comment behind a line, or above it.
fn comment_of(header: &str, start: &str) -> String {
    let lines: Vec<&str> = header.lines().map(str::trim).collect();
    let at = lines
        .iter()
        .position(|line| line.starts_with(start))
        .unwrap();
    let (above, from) = lines.split_at(at);
    let line = from.first().unwrap();
    if line.contains("/*") {
        return (*line).to_owned();
    }
    let begin = above
        .iter()
        .rposition(|line| line.starts_with("/*"))
        .unwrap();
    let words = above.iter().skip(begin);
    words
        .map(|line| line.trim_start_matches(['/', '*', ' ']))
        .collect::<Vec<_>>()
        .join(" ")
}
