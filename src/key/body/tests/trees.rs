//! Values of JSON, and texts of them.

use proptest::prelude::*;
use proptest::sample::select;

/// A value of JSON, with numbers as they are written.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Tree {
    Verbatim(String),
    String(String),
    Array(Vec<Tree>),
    /// Names that differ.
    Object(Vec<(String, Tree)>),
}

impl Tree {
    /// Members in one order.
    pub fn sorted(&self) -> Tree {
        match self {
            Tree::Array(elements) => Tree::Array(elements.iter().map(Tree::sorted).collect()),
            Tree::Object(members) => {
                let mut members: Vec<_> = members
                    .iter()
                    .map(|(name, value)| (name.clone(), value.sorted()))
                    .collect();
                members.sort();
                Tree::Object(members)
            }
            other => other.clone(),
        }
    }

    /// A canary in each string and number below a name that is hidden.
    pub fn with_canaries(&self, is_hidden: bool) -> Tree {
        match self {
            Tree::Array(elements) => {
                let below = elements.iter().map(|value| value.with_canaries(is_hidden));
                Tree::Array(below.collect())
            }
            Tree::Object(members) => {
                let below = members.iter().map(|(name, value)| {
                    let is_hidden = is_hidden || HIDDEN.contains(&&*name.to_ascii_lowercase());
                    (name.clone(), value.with_canaries(is_hidden))
                });
                Tree::Object(below.collect())
            }
            Tree::String(_) if is_hidden => Tree::String("canary".into()),
            Tree::Verbatim(_) if is_hidden => Tree::Verbatim("31415926535".into()),
            other => other.clone(),
        }
    }

    /// A text of it, which of all depends on `style`.
    pub fn text(&self, style: &mut u64) -> String {
        let space = [" ", "", "", "\n\t", "\r"][dice(style, 5)];
        let inner = match self {
            Tree::Verbatim(text) => text.clone(),
            Tree::String(text) => string(text, style),
            Tree::Array(elements) => {
                let elements: Vec<_> = elements.iter().map(|value| value.text(style)).collect();
                format!("[{space}{}]", elements.join(","))
            }
            Tree::Object(members) => {
                let mut members: Vec<_> = members.iter().collect();
                for at in 1..members.len() {
                    members.swap(at, dice(style, at + 1));
                }
                let members: Vec<_> = members
                    .into_iter()
                    .map(|(name, value)| {
                        format!(
                            "{space}{}{space}:{}",
                            string(name, style),
                            value.text(style)
                        )
                    })
                    .collect();
                format!("{{{}{space}}}", members.join(","))
            }
        };
        format!("{space}{inner}{space}")
    }
}

pub const HIDDEN: &[&str] = &["token", "password", "api_key", "own", "below"];

pub fn dice(style: &mut u64, sides: usize) -> usize {
    *style = style
        .wrapping_mul(6364136223846793005)
        .wrapping_add(1442695040888963407);
    (*style >> 33) as usize % sides
}

fn string(text: &str, style: &mut u64) -> String {
    let mut written = String::from("\"");
    for letter in text.chars() {
        let must = matches!(letter, '"' | '\\' | '\0'..='\u{1f}');
        if must || dice(style, 4) == 0 {
            let mut units = [0; 2];
            for unit in letter.encode_utf16(&mut units) {
                written += &match dice(style, 2) {
                    0 => format!("\\u{unit:04x}"),
                    _ => format!("\\u{unit:04X}"),
                };
            }
        } else {
            written.push(letter);
        }
    }
    written + "\""
}

pub fn name() -> impl Strategy<Value = String> {
    const LISTED: &[&str] = &[
        "a", "b", "TOKEN", "token", "Password", "api_key", "API_KEY", "own", "Own", "below",
    ];
    prop_oneof![4 => select(LISTED).prop_map(String::from), 1 => "\\PC{0,3}"]
}

pub fn tree() -> impl Strategy<Value = Tree> {
    let leaf = prop_oneof![
        select(
            &[
                "true",
                "null",
                "1",
                "1.0",
                "-0",
                "1e5",
                "12345678901234567890123"
            ][..]
        )
        .prop_map(|text| Tree::Verbatim(text.into())),
        "[\\x00-\\x20\"\\\\a\u{e9}\u{1f600}]{0,4}".prop_map(Tree::String),
    ];
    leaf.prop_recursive(5, 40, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Tree::Array),
            prop::collection::vec((name(), inner), 0..5).prop_map(|mut members| {
                members.sort();
                members.dedup_by(|one, other| one.0 == other.0);
                Tree::Object(members)
            }),
        ]
    })
}
