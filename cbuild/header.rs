//! Writes `include/httpcache.h`, or checks that the committed one is what would be written.
//!
//! cbindgen writes constants, then types, then functions. A header that is read from top to bottom wants them
//! by subject, so cbindgen runs once for each module of `src/ffi` and the parts are joined in order.
//!
//! `cargo run --example header -- write | check`

#![allow(
    clippy::indexing_slicing,
    clippy::expect_used,
    reason = "a tool stops where it fails"
)]

use std::error::Error;
use std::fs;
use std::path::Path;
use std::process::ExitCode;

/// The parts in order: module of `src/ffi`, and the line above it.
const PARTS: &[(&str, &str)] = &[
    ("objects", "objects"),
    ("error", "statuses and errors"),
    ("version", "versions [any]"),
    (
        "options",
        "options: numbered keys, so that a new option is never a new symbol [one]",
    ),
    ("cache", "the cache [any]"),
    ("field", "header fields"),
    ("request", "requests [one]"),
    ("key", "which requests are the same"),
    ("response", "responses [one]"),
    (
        "exchange",
        "using the cache with your own HTTP client: no network inside [one]",
    ),
    (
        "fetch",
        "using the cache with the library's transport: libcurl, unless replaced",
    ),
    ("query", "looking into the cache: what is asked for"),
    ("iterator", "walking the stored responses [one]"),
    ("maintenance", "looking after the cache"),
    (
        "transport",
        "replacing the transport; a second tier that may grow faster than the rest",
    ),
];

fn main() -> ExitCode {
    let mode = std::env::args().nth(1).unwrap_or_default();
    match run(&mode) {
        Ok(message) => {
            println!("{message}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("header: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(mode: &str) -> Result<String, Box<dyn Error>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let path = root.join("include/httpcache.h");
    let header = header(root)?;
    match mode {
        "write" => {
            fs::write(&path, header)?;
            Ok("include/httpcache.h is written".into())
        }
        "check" if fs::read_to_string(&path)? == header => {
            Ok("include/httpcache.h is current".into())
        }
        "check" => Err("include/httpcache.h differs from src/ffi: run `make header`".into()),
        _ => Err("say `write` or `check`".into()),
    }
}

fn header(root: &Path) -> Result<String, Box<dyn Error>> {
    let version = env!("CARGO_PKG_VERSION");
    let numbers: Vec<u32> = version
        .split('.')
        .map(str::parse)
        .collect::<Result<_, _>>()?;
    let number = numbers.iter().fold(0, |number, part| number << 8 | part);
    let mut text = fs::read_to_string(root.join("cbuild/header_head.h"))?;
    text.push_str(&format!(
        "#ifndef HTTPCACHE_H\n#define HTTPCACHE_H\n\n#include <stddef.h>\n#include <stdint.h>\n\n\
         #define HC_VERSION \"{version}\"\n\
         #define HC_VERSION_NUMBER 0x{number:06x} /* 0xXXYYZZ: major, minor, patch */\n\
         #define HC_NTS ((size_t)-1) /* as a length: the string ends at its NUL */\n\n\
         #ifdef __cplusplus\nextern \"C\" {{\n#endif\n",
    ));
    for (module, title) in PARTS {
        text.push_str(&format!("\n/* ---- {title} ---- */\n\n"));
        text.push_str(&part(root, module)?);
    }
    text.push_str("\n#ifdef __cplusplus\n}\n#endif\n\n#endif /* HTTPCACHE_H */\n");
    Ok(text)
}

fn part(root: &Path, module: &str) -> Result<String, Box<dyn Error>> {
    let source = root.join(format!("src/ffi/{module}.rs"));
    let mut config = cbindgen::Config::from_file(root.join("cbuild/cbindgen.toml"))?;
    config.export.include = exported(&fs::read_to_string(&source)?);
    let bindings = cbindgen::Builder::new()
        .with_src(&source)
        .with_config(config)
        .generate()?;
    let mut written = Vec::new();
    bindings.write(&mut written);
    Ok(tidy(&String::from_utf8(written)?))
}

/// cbindgen leaves out what no function of the part names; every public type of a part is meant.
fn exported(source: &str) -> Vec<String> {
    let public = |line: &str| {
        let rest = ["pub enum ", "pub struct ", "pub type "]
            .iter()
            .find_map(|start| line.strip_prefix(start))?;
        Some(rest.split([' ', ';', '{']).next()?.to_owned())
    };
    source.lines().filter_map(public).collect()
}

/// The width of the header's lines.
const WIDTH: usize = 108;

/// Rust's safety sections say to Rust what the head of the header says to C; a short comment stands behind
/// what it is about; a function takes as few lines as fit.
fn tidy(part: &str) -> String {
    let mut tidied: Vec<String> = Vec::new();
    let mut comment: Option<Vec<String>> = None;
    let mut lines = part.lines();
    while let Some(line) = lines.next() {
        match line.trim() {
            "/*" => {
                let text = lines
                    .by_ref()
                    .map(str::trim)
                    .take_while(|line| *line != "*/");
                comment = Some(without_safety(&text.collect::<Vec<_>>()));
            }
            "" if tidied
                .last()
                .is_none_or(|last| last.is_empty() || is_opaque(last)) => {}
            _ => tidied.extend(commented(line, comment.take().unwrap_or_default())),
        }
    }
    tidied.join("\n").trim_end().to_owned() + "\n"
}

/// The list of opaque types is one block.
fn is_opaque(line: &str) -> bool {
    line.starts_with("typedef struct hc_") && !line.ends_with('{')
}

fn without_safety(lines: &[&str]) -> Vec<String> {
    let safety = lines
        .iter()
        .position(|line| *line == "# Safety")
        .unwrap_or(lines.len());
    lines[..safety]
        .join("\n")
        .trim()
        .lines()
        .map(str::to_owned)
        .collect()
}

fn commented(line: &str, comment: Vec<String>) -> Vec<String> {
    let indent = " ".repeat(line.len() - line.trim_start().len());
    let declaration = wrapped(line);
    if let [text] = comment.as_slice() {
        let is_member = !indent.is_empty() || is_opaque(line);
        let behind = format!("{line} /* {text} */");
        if is_member && behind.len() <= WIDTH && !line.ends_with('{') {
            return vec![behind];
        }
    }
    let last = comment.len().saturating_sub(1);
    let mut lines: Vec<String> = Vec::new();
    for (at, text) in comment.iter().enumerate() {
        let start = if at == 0 { "/*" } else { " *" };
        let space = if text.is_empty() { "" } else { " " };
        let end = if at == last { " */" } else { "" };
        lines.push(format!("{indent}{start}{space}{text}{end}"));
    }
    lines.extend(declaration);
    lines
}

/// Breaks a declaration after a comma, its further parameters under the first.
fn wrapped(line: &str) -> Vec<String> {
    let Some(open) = line.find('(').filter(|_| line.len() > WIDTH) else {
        return vec![line.to_owned()];
    };
    // The parameters of a pointer to function stand in its second parentheses.
    let open = line.find(")(").map_or(open, |at| at + 1);
    let indent = " ".repeat(open + 1);
    let mut lines = vec![line[..=open].to_owned()];
    for parameter in line[open + 1..].split_inclusive(", ") {
        let last = lines.last_mut().expect("there is a first line");
        if last.len() + parameter.trim_end().len() > WIDTH {
            *last = last.trim_end().to_owned();
            lines.push(format!("{indent}{parameter}"));
        } else {
            last.push_str(parameter);
        }
    }
    lines
}
