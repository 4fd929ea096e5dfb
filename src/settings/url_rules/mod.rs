//! Expiries by URL: of the rules that match one, the first in the order given holds.

mod glob;
mod index;
mod wildcards;

use std::sync::Arc;

use regex::bytes::{Regex, RegexBuilder};

use self::glob::{Glob, Target};
use self::index::Index;
use super::Expiry;
use crate::error::{Error, Kind, Result};
use crate::http::Url;
use crate::http::fields::quoted;
use crate::http::url::shown;

/// What language a pattern is written in. The numbers are those of `hc_pattern`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(i32)]
pub enum PatternKind {
    /// A glob: a host part and the beginning of a path.
    Glob = 1,
    /// A regular expression, searched for in the whole URL.
    Regex = 2,
}

impl PatternKind {
    /// The kind of this number.
    pub fn of(number: i32) -> Result<Self> {
        [PatternKind::Glob, PatternKind::Regex]
            .into_iter()
            .find(|kind| *kind as i32 == number)
            .ok_or_else(|| {
                let message = format!("{number} is no kind of pattern");
                Error::new(Kind::Argument, message)
            })
    }
}

/// The rule that holds for a URL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ruled {
    /// Which one it is, counted from 0 in the order given.
    pub number: u32,
    /// Its expiry.
    pub expiry: Expiry,
}

/// Rules in the order given.
#[derive(Clone, Debug, Default)]
pub struct UrlRules {
    rules: Vec<Rule>,
    /// Rules that were given, those without value included.
    given: u32,
    globs: Index,
    /// The numbers of the rules with regular expressions.
    regexes: Vec<u32>,
    /// About how many bytes of memory the patterns take.
    weight: usize,
}

#[derive(Clone, Debug)]
struct Rule {
    ruled: Ruled,
    pattern: Pattern,
}

#[derive(Clone, Debug)]
enum Pattern {
    Glob(Arc<Glob>),
    Regex(Regex),
}

const MOST_PATTERN_BYTES: usize = 64 << 10;
const MOST_RULES: u32 = 1 << 20;
/// What all patterns of a cache may take together.
const MOST_WEIGHT: usize = 256 << 20;
/// What one regular expression may take: tried in steps, since only whether it fits is told.
const REGEX_SIZES: [usize; 5] = [4 << 10, 16 << 10, 64 << 10, 256 << 10, 1 << 20];
/// What a search may remember of its states before it forgets them and begins anew.
const REGEX_STATES: usize = 64 << 10;

impl UrlRules {
    /// Whether no rule has a value.
    pub fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }

    /// Adds a rule behind those before. One whose expiry is unset is checked, and decides nothing.
    pub fn add(&mut self, kind: PatternKind, pattern: &[u8], expiry: Expiry) -> Result<()> {
        let refuse = |why: &str| {
            let pattern = match kind {
                PatternKind::Glob => format!("glob {}", shown(pattern)),
                PatternKind::Regex => format!("regular expression {}", quoted(pattern)),
            };
            Error::new(Kind::Argument, format!("{pattern}: {why}"))
        };
        if pattern.len() > MOST_PATTERN_BYTES {
            let why = format!("it has {} bytes, over {MOST_PATTERN_BYTES}", pattern.len());
            return Err(refuse(&why));
        }
        let text = std::str::from_utf8(pattern).map_err(|_| refuse("it is not UTF-8"))?;
        let (pattern, weight) = match kind {
            PatternKind::Glob => {
                let glob = Glob::parse(text).map_err(|why| refuse(&why))?;
                (Pattern::Glob(Arc::new(glob)), 256 + 16 * text.len())
            }
            PatternKind::Regex => {
                let (regex, weight) = compile(text).map_err(|why| refuse(&why))?;
                (Pattern::Regex(regex), weight)
            }
        };
        let weight = self.weight.saturating_add(weight);
        if self.given >= MOST_RULES || weight > MOST_WEIGHT {
            return Err(refuse("with those before, the rules take too much memory"));
        }
        let number = self.given;
        self.given += 1;
        if expiry == Expiry::Unset {
            return Ok(());
        }
        let at = self.rules.len() as u32;
        match &pattern {
            Pattern::Glob(glob) => self.globs.enter(glob, at),
            Pattern::Regex(_) => self.regexes.push(at),
        }
        self.weight = weight;
        self.rules.push(Rule {
            ruled: Ruled { number, expiry },
            pattern,
        });
        Ok(())
    }

    /// The first rule that matches.
    pub fn decide(&self, url: &Url) -> Option<Ruled> {
        let target = Target::of(url);
        let by_glob = self
            .globs
            .first(&target, |at| self.is_match(at, url, &target));
        let by_regex = self
            .regexes
            .iter()
            .copied()
            .take_while(|at| by_glob.is_none_or(|glob| *at < glob))
            .find(|at| self.is_match(*at, url, &target));
        let rule = self.rules.get(by_regex.or(by_glob)? as usize)?;
        Some(rule.ruled)
    }

    fn is_match(&self, at: u32, url: &Url, target: &Target<'_>) -> bool {
        match self.rules.get(at as usize).map(|rule| &rule.pattern) {
            Some(Pattern::Glob(glob)) => glob.is_match(target),
            Some(Pattern::Regex(regex)) => regex.is_match(url.as_str().as_bytes()),
            None => false,
        }
    }
}

/// The expression and about how much memory it takes; an error says what is wrong with it.
fn compile(pattern: &str) -> std::result::Result<(Regex, usize), String> {
    for size in REGEX_SIZES {
        // URLs are ASCII: Unicode would only make classes larger.
        let compiled = RegexBuilder::new(pattern)
            .unicode(false)
            .size_limit(size)
            .dfa_size_limit(REGEX_STATES)
            .build();
        match compiled {
            Ok(regex) => return Ok((regex, size + pattern.len())),
            Err(regex::Error::CompiledTooBig(_)) => {}
            // It shows the whole pattern before; the last line says what is wrong.
            Err(error) => {
                let text = error.to_string();
                let why = text.lines().last().unwrap_or_default();
                return Err(why.trim_start_matches("error: ").to_owned());
            }
        }
    }
    Err("it takes too much memory".to_owned())
}

#[cfg(test)]
mod tests;
