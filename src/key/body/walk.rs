//! Which members of JSON the paths of [`Names`](super::super::names::Names) name, found on the way down.

use super::super::path::{Path, Step};

/// How far each path has come above a value.
#[derive(Clone, Debug, Default)]
pub struct Walk<'a> {
    places: Vec<Place<'a>>,
}

/// The steps of a path that are to be matched yet.
#[derive(Clone, Copy, Debug)]
struct Place<'a> {
    left: &'a [Step],
    /// The names so far are spelled as in the path.
    is_exact: bool,
}

/// How a path names a member.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Named {
    /// No path does.
    Not,
    /// With some letters in another case.
    InAnyCase,
    /// As it is spelled.
    Exactly,
}

impl<'a> Walk<'a> {
    /// At the top of a text.
    pub fn new(paths: &'a [Path]) -> Self {
        let place = |path: &'a Path| Place {
            left: path.steps(),
            is_exact: true,
        };
        Walk {
            places: paths.iter().map(place).collect(),
        }
    }

    /// To a member of an object: what is named by it, and the walk below it.
    pub fn member(&self, name: &[u8]) -> (Named, Self) {
        let mut named = Named::Not;
        let mut below = Vec::new();
        for place in &self.places {
            let Some((step, left)) = place.left.split_first() else {
                continue;
            };
            let wanted = match step {
                Step::Member(wanted) => wanted,
                Step::Descendant(wanted) => {
                    push(&mut below, *place);
                    wanted
                }
                Step::Elements => continue,
            };
            if !wanted.as_bytes().eq_ignore_ascii_case(name) {
                continue;
            }
            let is_exact = place.is_exact && wanted.as_bytes() == name;
            if !left.is_empty() {
                push(&mut below, Place { left, is_exact });
            } else if is_exact {
                named = Named::Exactly;
            } else {
                named = named.max(Named::InAnyCase);
            }
        }
        (named, Walk { places: below })
    }

    /// To an element of an array.
    pub fn element(&self) -> Self {
        let mut below = Vec::new();
        for place in &self.places {
            match place.left.split_first() {
                Some((Step::Elements, left)) => push(&mut below, Place { left, ..*place }),
                Some((Step::Descendant(_), _)) => push(&mut below, *place),
                _ => {}
            }
        }
        Walk { places: below }
    }
}

/// Adds a place once: however deep a text is, there are no more of them than steps, in two spellings.
fn push<'a>(places: &mut Vec<Place<'a>>, place: Place<'a>) {
    let is_same =
        |other: &Place| std::ptr::eq(other.left, place.left) && other.is_exact == place.is_exact;
    if !places.iter().any(is_same) {
        places.push(place);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `""` is an element.
    fn named(path: &str, members: &[&str]) -> Named {
        let paths = [Path::parse(path).unwrap()];
        let mut walk = Walk::new(&paths);
        let mut last = Named::Not;
        for member in members {
            (last, walk) = match *member {
                "" => (Named::Not, walk.element()),
                name => walk.member(name.as_bytes()),
            };
        }
        last
    }

    #[test]
    fn paths_name_members() {
        use Named::{Exactly, InAnyCase, Not};
        for (path, members, expected) in [
            ("$.a", &["a"][..], Exactly),
            ("$.a", &["A"], InAnyCase),
            ("$.a", &["b", "a"], Not),
            ("$.a", &["", "a"], Not),
            ("$.a.b", &["a", "b"], Exactly),
            ("$.a.b", &["A", "b"], InAnyCase),
            ("$.a.b", &["a", "", "b"], Not),
            ("$.a[*].b", &["a", "", "b"], Exactly),
            ("$.a[*].b", &["a", "b"], Not),
            ("$..b", &["b"], Exactly),
            ("$..b", &["a", "", "", "c", "B"], InAnyCase),
            ("$..b", &["b", "b"], Exactly),
            ("$..a..b", &["a", "x", "b"], Exactly),
            ("$..a..b", &["A", "a", "b"], Exactly),
            ("$..a..b", &["b", "a"], Not),
            ("$..a.b", &["a", "a", "b"], Exactly),
            ("$..a.b", &["a", "x", "b"], Not),
        ] {
            assert_eq!(named(path, members), expected, "{path} {members:?}");
        }
    }

    #[test]
    fn the_places_do_not_grow_with_the_depth() {
        let path = format!("${}", "..a".repeat(100));
        let paths = [Path::parse(&path).unwrap()];
        let mut walk = Walk::new(&paths);
        for _ in 0..1000 {
            walk = walk.member(b"a").1;
        }
        assert_eq!(walk.places.len(), 100);
    }
}
