//! The scenarios of `tests/scenarios` over the engine's own interface, each on a cache of its own, and what holds
//! for all of them. Each is one test: arguments are parts of the ids to run.

#![allow(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test stops where it fails"
)]

#[path = "../support/scenario/mod.rs"]
mod scenario;

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use scenario::{Caches, Scenario};

const LEAST_SCENARIOS: usize = 250;

struct Tally {
    passed: usize,
    failed: usize,
}

impl Tally {
    fn take(&mut self, name: &str, result: Result<(), String>) {
        match result {
            Ok(()) => {
                self.passed += 1;
                println!("test {name} ... ok");
            }
            Err(wrong) => {
                self.failed += 1;
                println!("test {name} ... FAILED\n    {wrong}");
            }
        }
    }
}

fn main() -> ExitCode {
    let wanted: Vec<String> = std::env::args()
        .skip(1)
        .filter(|word| !word.starts_with('-'))
        .collect();
    let is_wanted = |id: &str| wanted.is_empty() || wanted.iter().any(|part| id.contains(&**part));
    let mut tally = Tally {
        passed: 0,
        failed: 0,
    };
    let mut all = Vec::new();
    for path in files() {
        let mut take = |one: Result<Scenario, (String, String)>| match one {
            Ok(one) => all.push((path.clone(), one)),
            Err((id, wrong)) => tally.take(&id, Err(format!("{}: {wrong}", path.display()))),
        };
        if let Err(wrong) = scenario::read(File::open(&path).unwrap(), &mut take) {
            tally.take(&path.display().to_string(), Err(wrong));
        }
    }
    let mut caches = Caches::new(false);
    for (_, one) in all.iter().filter(|(_, one)| is_wanted(&one.id)) {
        tally.take(&one.id, scenario::run(one, &mut caches));
    }
    if wanted.is_empty() {
        tally.take("ids_are_unique_and_readable", check_ids(&all));
        tally.take("anchors_are_well_formed", check_anchors(&all));
        tally.take("there_are_enough", check_count(all.len()));
        tally.take("examples_have_their_scenarios", check_examples(&all));
    }
    let word = if tally.failed == 0 { "ok" } else { "FAILED" };
    // In the words of the harness, so that these are counted too.
    println!(
        "test result: {word}. {} passed; {} failed",
        tally.passed, tally.failed
    );
    ExitCode::from(u8::from(tally.failed > 0 || tally.passed == 0))
}

fn files() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scenarios");
    let entries = fs::read_dir(folder).unwrap();
    let mut files: Vec<_> = entries
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "json"))
        .collect();
    files.sort();
    files
}

fn check_ids(all: &[(PathBuf, Scenario)]) -> Result<(), String> {
    let mut seen = BTreeMap::new();
    for (path, one) in all {
        let is_word = |part: &str| {
            !part.is_empty()
                && part
                    .bytes()
                    .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
        };
        if !one.id.split('-').all(is_word) {
            return Err(format!("{:?} is not lower case with hyphens", one.id));
        }
        if let Some(other) = seen.insert(&one.id, path) {
            let (here, there) = (path.display(), other.display());
            return Err(format!("{} is in {there} and in {here}", one.id));
        }
    }
    Ok(())
}

fn check_anchors(all: &[(PathBuf, Scenario)]) -> Result<(), String> {
    for (_, one) in all {
        if !one.anchor.split(", ").all(is_anchor) {
            return Err(format!("{}: the anchor {:?} is none", one.id, one.anchor));
        }
        if !one.about.ends_with('.') || one.about.len() < 20 || one.about.starts_with("Also") {
            return Err(format!("{}: \"about\" is no sentence", one.id));
        }
    }
    Ok(())
}

/// `RFC 9111 4.2.3`, `No-Vary-Search 5.2`, or the row of a feature: `feature B9`.
fn is_anchor(anchor: &str) -> bool {
    const TEXTS: [&str; 9] = [
        "RFC 9111 ",
        "RFC 9110 ",
        "RFC 9112 ",
        "RFC 5861 ",
        "RFC 8246 ",
        "RFC 9211 ",
        "RFC 9213 ",
        "RFC 9875 ",
        "No-Vary-Search ",
    ];
    let is_number = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    if let Some(row) = anchor.strip_prefix("feature ") {
        return row.starts_with(|first: char| ('A'..='H').contains(&first)) && is_number(&row[1..]);
    }
    TEXTS
        .iter()
        .find_map(|text| anchor.strip_prefix(text))
        .is_some_and(|section| section.split('.').all(is_number))
}

/// The documents whose examples the README lists.
const LISTED: [&str; 2] = ["000", "002"];

/// Each example names scenarios that there are, and each scenario of these documents is one of an example.
fn check_examples(all: &[(PathBuf, Scenario)]) -> Result<(), String> {
    let readme = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scenarios/README.md");
    let text = fs::read_to_string(readme).unwrap();
    let ids: BTreeSet<&str> = all.iter().map(|(_, one)| &*one.id).collect();
    for document in LISTED {
        let (row, prefix) = (format!("| {document} |"), format!("seed-{document}-"));
        let mut listed = BTreeSet::new();
        for line in text.lines().filter(|line| line.starts_with(&row)) {
            let scenarios = line.trim_end_matches(['|', ' ']).rsplit('|').next();
            let named = scenarios.unwrap_or_default().split(", ");
            for name in named.map(|name| name.trim().trim_matches('`')) {
                if !name.starts_with(&prefix) || !ids.contains(name) {
                    return Err(format!("{name:?} is no scenario, in {line}"));
                }
                listed.insert(name);
            }
        }
        let of_document = ids.iter().filter(|id| id.starts_with(&prefix));
        if let Some(id) = of_document.into_iter().find(|id| !listed.contains(*id)) {
            return Err(format!("{id} is of no example in the README"));
        }
        if listed.is_empty() {
            return Err(format!("no example of {document} is listed"));
        }
    }
    Ok(())
}

fn check_count(count: usize) -> Result<(), String> {
    if count >= LEAST_SCENARIOS {
        return Ok(());
    }
    Err(format!("{count} scenarios, fewer than {LEAST_SCENARIOS}"))
}
