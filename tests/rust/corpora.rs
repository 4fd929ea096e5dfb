//! Each fuzz target over its corpus: seeds, and what fuzzing found. `make fuzz` looks for more.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test stops where it fails"
)]

#[path = "../support/fuzz/mod.rs"]
mod targets;

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::Path;

/// Fewer inputs than these would show little.
const LEAST: usize = 8;

fn replay(target: &str, run: fn(&[u8])) {
    let corpora = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz/corpora");
    let mut inputs = 0;
    for entry in std::fs::read_dir(corpora.join(target)).unwrap() {
        let path = entry.unwrap().path();
        let input = std::fs::read(&path).unwrap();
        if let Err(panic) = catch_unwind(AssertUnwindSafe(|| run(&input))) {
            eprintln!("{target}: {}", path.display());
            resume_unwind(panic);
        }
        inputs += 1;
    }
    println!("{target}: {inputs} inputs");
    assert!(inputs >= LEAST, "{target}: {inputs} inputs only");
}

macro_rules! targets {
    ($($name:ident),*) => {
        $(
            #[test]
            fn $name() {
                replay(stringify!($name), targets::$name::run);
            }
        )*

        #[test]
        fn each_corpus_has_a_target() {
            let mut targets = vec![$(stringify!($name).to_owned()),*];
            targets.sort();
            for directory in ["corpora", "targets"] {
                let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz").join(directory);
                let mut names: Vec<String> = std::fs::read_dir(path)
                    .unwrap()
                    .map(|entry| entry.unwrap().path())
                    .map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned())
                    .collect();
                names.sort();
                assert_eq!(names, targets, "{directory}");
            }
        }
    };
}

targets!(
    cache_control,
    content,
    dates,
    etag_lists,
    exchange,
    range,
    record,
    structured,
    url,
    vary
);
