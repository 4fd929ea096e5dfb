//! Runs scenarios from files, or `-` for the standard input: files of `tests/scenarios`, or one scenario a line.
//!
//!     scenarios [--fresh] [--quiet] FILE...
//!
//! Scenarios of equal options share a cache, and each has hosts of its own in it; with `--fresh` each has a cache
//! of its own. Failures are printed, `--quiet` only the first hundred, and the sum comes last.

#![allow(
    clippy::indexing_slicing,
    reason = "the tables that are indexed are in sight"
)]

#[path = "scenario/mod.rs"]
mod scenario;

use std::fs::File;
use std::io::{self, Read, Write};
use std::process::ExitCode;

const QUIET_FAILURES: u64 = 100;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (flags, files): (Vec<_>, Vec<_>) =
        arguments.iter().partition(|word| word.starts_with("--"));
    if files.is_empty()
        || flags
            .iter()
            .any(|flag| !["--fresh", "--quiet"].contains(&flag.as_str()))
    {
        eprintln!("usage: scenarios [--fresh] [--quiet] FILE... (or - for the standard input)");
        return ExitCode::from(2);
    }
    let is_quiet = flags.iter().any(|flag| *flag == "--quiet");
    let mut caches = scenario::Caches::new(!flags.iter().any(|flag| *flag == "--fresh"));
    let (mut passed, mut failed) = (0_u64, 0_u64);
    let mut out = io::stdout().lock();
    for file in files {
        let input: Box<dyn Read> = match file.as_str() {
            "-" => Box::new(io::stdin().lock()),
            path => match File::open(path) {
                Ok(file) => Box::new(file),
                Err(error) => {
                    eprintln!("{path}: {error}");
                    return ExitCode::from(2);
                }
            },
        };
        let read = scenario::read(input, &mut |one| {
            let result = one.and_then(|one| {
                scenario::run(&one, &mut caches).map_err(|wrong| (one.id.clone(), wrong))
            });
            match result {
                Ok(()) => passed += 1,
                Err((id, wrong)) => {
                    failed += 1;
                    if !is_quiet || failed <= QUIET_FAILURES {
                        // A closed pipe is seen by the exit status of whoever reads it.
                        let _ = writeln!(out, "FAILED {id}: {wrong}");
                    }
                }
            }
        });
        if let Err(wrong) = read {
            eprintln!("{file}: {wrong}");
            return ExitCode::from(2);
        }
    }
    let word = if failed == 0 { "ok" } else { "FAILED" };
    let _ = writeln!(out, "test result: {word}. {passed} passed; {failed} failed");
    ExitCode::from(u8::from(failed > 0 || passed == 0))
}
