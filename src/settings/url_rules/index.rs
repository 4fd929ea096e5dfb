//! Which rules may match a URL, found by what their hosts and paths begin and end with.

use std::collections::{BTreeMap, HashMap};
use std::ops::Bound;

use super::glob::{Glob, Host, Target};

/// The numbers of rules by their hosts.
#[derive(Clone, Debug, Default)]
pub(super) struct Index {
    /// By the whole host.
    hosts: HashMap<Box<str>, Paths>,
    /// By how the host ends, from a dot on.
    ends: HashMap<Box<str>, Paths>,
    /// By how the host begins, up to a dot.
    begins: HashMap<Box<str>, Paths>,
    /// Those of which neither is known.
    others: Paths,
}

/// Rules by how their paths begin; each list in the order given.
#[derive(Clone, Debug, Default)]
struct Paths(BTreeMap<Box<[u8]>, Vec<u32>>);

impl Index {
    /// Enters a rule; its number is greater than those before.
    pub(super) fn enter(&mut self, glob: &Glob, number: u32) {
        let paths = match &glob.host {
            Host::Any => &mut self.others,
            Host::One(host) => self.hosts.entry(host.as_str().into()).or_default(),
            Host::Like(host) => {
                let (head, tail) = (host.head(), host.tail());
                let end = tail.find('.').and_then(|dot| tail.get(dot..));
                let begin = head.rfind('.').and_then(|dot| head.get(..=dot));
                match (end, begin) {
                    (Some(end), _) => self.ends.entry(end.into()).or_default(),
                    (None, Some(begin)) => self.begins.entry(begin.into()).or_default(),
                    (None, None) => &mut self.others,
                }
            }
        };
        let begin = glob.path.head().as_bytes();
        paths.0.entry(begin.into()).or_default().push(number);
    }

    /// The first of the rules that `matches`; it is asked of those alone that may match.
    pub(super) fn first(
        &self,
        target: &Target<'_>,
        mut matches: impl FnMut(u32) -> bool,
    ) -> Option<u32> {
        let mut best = None;
        let mut meet = |rules: &[u32]| {
            let earlier = rules
                .iter()
                .copied()
                .take_while(|number| best.is_none_or(|best| *number < best));
            for number in earlier {
                if matches(number) {
                    best = Some(number);
                    break;
                }
            }
        };
        let host = target.host;
        let mut meet_paths = |paths: Option<&Paths>| {
            if let Some(paths) = paths {
                paths.each_prefix(target.path.as_bytes(), &mut meet);
            }
        };
        meet_paths(self.hosts.get(host));
        for (dot, _) in host.match_indices('.') {
            if !self.ends.is_empty() {
                meet_paths(host.get(dot..).and_then(|end| self.ends.get(end)));
            }
            if !self.begins.is_empty() {
                meet_paths(host.get(..=dot).and_then(|begin| self.begins.get(begin)));
            }
        }
        meet_paths(Some(&self.others));
        best
    }
}

impl Paths {
    /// Gives the rules of each beginning that a path has.
    fn each_prefix(&self, path: &[u8], meet: &mut impl FnMut(&[u32])) {
        let mut until = Bound::Included(path);
        while let Some((begin, rules)) = self
            .0
            .range::<[u8], _>((Bound::Unbounded, until))
            .next_back()
        {
            let common = common_prefix(begin, path);
            if common.len() < begin.len() {
                // Nothing longer than what both have in common begins the path and stands before this one.
                until = Bound::Included(common);
                continue;
            }
            meet(rules);
            until = Bound::Excluded(common);
        }
    }
}

fn common_prefix<'a>(one: &[u8], other: &'a [u8]) -> &'a [u8] {
    let len = one.iter().zip(other).take_while(|(a, b)| a == b).count();
    other.get(..len).unwrap_or_default()
}
