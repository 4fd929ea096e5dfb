//! Holds the sources to the dependency rule: each room of `src/` knows only those below it, foreign libraries
//! and `unsafe` have one place each, and the rooms that decide touch neither a clock nor the world.

use std::fs;
use std::path::{Path, PathBuf};

/// Each room, and those it may name besides itself. `error` may be named by all.
const ROOMS: &[(&str, &[&str])] = &[
    ("error", &[]),
    ("http", &[]),
    ("key", &["http"]),
    ("record", &["http", "key"]),
    ("policy", &["http", "key", "record", "settings"]),
    ("storage", &[]),
    ("transport", &["http"]),
    // One table of options: it names the settings that a transfer and a directory take.
    ("settings", &["storage", "transport"]),
    (
        "cache",
        &["http", "key", "policy", "record", "storage", "settings"],
    ),
    (
        "fetch",
        &["http", "policy", "cache", "transport", "settings"],
    ),
    (
        "ffi",
        &["http", "policy", "cache", "fetch", "transport", "settings"],
    ),
];

/// Rooms that are functions of their arguments.
const PURE: &[&str] = &["http", "key", "policy", "record"];
const IMPURE: &[&str] = &[
    "SystemTime::now",
    "Instant::now",
    "std::fs",
    "std::env",
    "std::thread",
    "TcpStream",
    "ToSocketAddrs",
];

/// What may be named only below one directory.
const FOREIGN: &[(&str, &str)] = &[
    ("lmdb::", "src/storage/lmdb/"),
    ("lmdb_sys", "src/storage/lmdb/"),
    ("curl::", "src/transport/curl/"),
    ("curl_sys", "src/transport/curl/"),
];

const UNSAFE: &[&str] = &["src/ffi/", "src/storage/lmdb/", "src/transport/curl/"];

/// A source file without what its tests need.
struct Source {
    /// Its path from the root, with forward slashes.
    path: String,
    code: String,
}

impl Source {
    fn new(path: &str, text: &str) -> Self {
        let mut lines: Vec<&str> = text.lines().collect();
        let is_tests =
            |pair: &[&str]| pair[0] == "#[cfg(test)]" && pair[1].starts_with("mod tests {");
        if let Some(start) = lines.windows(2).position(is_tests) {
            lines.truncate(start);
        }
        let code = lines
            .iter()
            .map(|line| line.split("//").next().unwrap_or_default());
        Source {
            path: path.to_owned(),
            code: code.collect::<Vec<_>>().join("\n"),
        }
    }

    fn room(&self) -> &str {
        let rest = self.path.trim_start_matches("src/");
        rest.split('/')
            .next()
            .unwrap_or_default()
            .trim_end_matches(".rs")
    }

    /// The first names of all paths that begin with `crate::`, also of those in braces.
    fn named(&self) -> Vec<String> {
        let mut names = Vec::new();
        for (at, start) in self.code.match_indices("crate::") {
            let rest = &self.code[at + start.len()..];
            match rest.strip_prefix('{') {
                Some(list) => names.extend(top_level(list)),
                None => names.push(first_name(rest)),
            }
        }
        names
    }

    fn faults(&self) -> Vec<String> {
        let mut faults = Vec::new();
        let mut fault = |what: String| faults.push(format!("{}: {what}", self.path));
        let room = self.room();
        match ROOMS.iter().find(|(name, _)| *name == room) {
            Some((_, allowed)) => {
                let is_room = |name: &str| ROOMS.iter().any(|(room, _)| *room == name);
                let may = |name: &str| name == room || name == "error" || allowed.contains(&name);
                for name in self
                    .named()
                    .iter()
                    .filter(|name| is_room(name) && !may(name))
                {
                    fault(format!("{room} does not know {name}"));
                }
            }
            None if room == "lib" => {}
            None => fault(format!("{room} is no room of the rule")),
        }
        for word in IMPURE
            .iter()
            .filter(|word| PURE.contains(&room) && self.names(word))
        {
            fault(format!(
                "{room} decides by its arguments alone, not by {word}"
            ));
        }
        for (word, place) in FOREIGN.iter().filter(|(word, _)| self.names(word)) {
            if !self.path.starts_with(place) {
                fault(format!("only {place} names {word}"));
            }
        }
        let is_unsafe = ["unsafe {", "unsafe fn", "unsafe impl", "unsafe extern"];
        if is_unsafe.iter().any(|word| self.names(word))
            && !UNSAFE.iter().any(|place| self.path.starts_with(place))
        {
            fault("unsafe has no place here".to_owned());
        }
        faults
    }

    /// Whether `word` stands in the code, and not as the end of a longer name or of a path.
    fn names(&self, word: &str) -> bool {
        self.code.match_indices(word).any(|(at, _)| {
            let before = self.code[..at].chars().next_back();
            !before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == ':')
        })
    }
}

fn first_name(path: &str) -> String {
    path.trim_start()
        .chars()
        .take_while(|c| c.is_alphanumeric() || *c == '_')
        .collect()
}

/// The first names of the members of a list that ends at its closing brace.
fn top_level(list: &str) -> Vec<String> {
    let mut names = vec![first_name(list)];
    let mut depth = 0;
    for (at, c) in list.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => names.push(first_name(&list[at + 1..])),
            _ => {}
        }
    }
    names
}

fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = Vec::new();
    let mut directories = vec![root.join("src")];
    while let Some(directory) = directories.pop() {
        for entry in fs::read_dir(&directory).expect("a directory of sources") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                directories.push(path);
            } else if is_source(&path) {
                let name = path
                    .strip_prefix(root)
                    .expect("below the root")
                    .to_string_lossy()
                    .into_owned();
                found.push(Source::new(
                    &name,
                    &fs::read_to_string(&path).expect("a source"),
                ));
            }
        }
    }
    found
}

/// Files that hold nothing but tests may do what tests need.
fn is_source(path: &PathBuf) -> bool {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    path.extension().is_some_and(|extension| extension == "rs") && !stem.ends_with("tests")
}

#[test]
fn each_room_knows_only_those_below_it() {
    let faults: Vec<String> = sources().iter().flat_map(Source::faults).collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn every_room_is_there() {
    let sources = sources();
    for (room, _) in ROOMS {
        assert!(
            sources.iter().any(|source| source.room() == *room),
            "{room} has no file"
        );
    }
}

#[test]
fn what_breaks_the_rule_is_seen() {
    for (path, text, what) in [
        (
            "src/http/url.rs",
            "use crate::key::Key;",
            "http does not know key",
        ),
        (
            "src/storage/mod.rs",
            "use crate::{error::Error, http::Url};",
            "storage does not know http",
        ),
        (
            "src/storage/mod.rs",
            "fn f(x: crate::cache::Cache) {}",
            "storage does not know cache",
        ),
        (
            "src/policy/decide.rs",
            "let now = SystemTime::now();",
            "policy decides by its arguments",
        ),
        (
            "src/cache/mod.rs",
            "use lmdb_sys::mdb_env_create;",
            "only src/storage/lmdb/ names lmdb_sys",
        ),
        (
            "src/fetch/mod.rs",
            "curl::init();",
            "only src/transport/curl/ names curl::",
        ),
        (
            "src/cache/mod.rs",
            "let x = unsafe { *p };",
            "unsafe has no place here",
        ),
        ("src/attic/mod.rs", "", "attic is no room"),
    ] {
        let faults = Source::new(path, text).faults();
        assert!(
            faults.iter().any(|fault| fault.contains(what)),
            "{text}: {faults:?}"
        );
    }
}

#[test]
fn what_keeps_the_rule_is_let_through() {
    for (path, text) in [
        (
            "src/ffi/fetch.rs",
            "use crate::fetch::fetch; let x = unsafe { *p };",
        ),
        (
            "src/transport/curl/mod.rs",
            "use curl::easy::Easy2; use crate::transport::curl::head;",
        ),
        (
            "src/cache/mod.rs",
            "// unsafe { } and lmdb_sys in a comment",
        ),
        (
            "src/http/url.rs",
            "#[cfg(test)]\nmod tests {\n    use crate::cache::Cache;\n}",
        ),
    ] {
        let faults = Source::new(path, text).faults();
        assert!(faults.is_empty(), "{text}: {faults:?}");
    }
}
