//! Which members of JSON the paths of [`Names`](super::super::names::Names) name, found on the way down.

use std::rc::Rc;

use super::super::path::{Path, Step};

/// How far each path has come above a value.
#[derive(Clone, Debug)]
pub struct Walk<'a> {
    places: Rc<Vec<Place<'a>>>,
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
            places: Rc::new(paths.iter().map(place).collect()),
        }
    }

    /// How a member of an object is named.
    pub fn names(&self, name: &[u8]) -> Named {
        let ends = self.places.iter().filter_map(|place| place.at(name));
        ends.filter(|place| place.left.is_empty())
            .map(|place| match place.is_exact {
                true => Named::Exactly,
                false => Named::InAnyCase,
            })
            .max()
            .unwrap_or(Named::Not)
    }

    /// To what is below a member.
    pub fn member(&self, name: &[u8]) -> Self {
        let stays = |place: &Place| place.is_anywhere() && place.at(name).is_none();
        if self.places.iter().all(stays) {
            return self.clone();
        }
        let mut below = Vec::new();
        for place in self.places.iter() {
            if place.is_anywhere() {
                push(&mut below, *place);
            }
            if let Some(next) = place.at(name).filter(|next| !next.left.is_empty()) {
                push(&mut below, next);
            }
        }
        Walk {
            places: Rc::new(below),
        }
    }

    /// To an element of an array.
    pub fn element(&self) -> Self {
        if self.places.iter().all(Place::is_anywhere) {
            return self.clone();
        }
        let mut below = Vec::new();
        for place in self.places.iter() {
            match place.left.split_first() {
                Some((Step::Elements, left)) => push(&mut below, Place { left, ..*place }),
                Some((Step::Descendant(_), _)) => push(&mut below, *place),
                _ => {}
            }
        }
        Walk {
            places: Rc::new(below),
        }
    }
}

impl<'a> Place<'a> {
    /// What it waits for may lie however deep.
    fn is_anywhere(&self) -> bool {
        matches!(self.left.first(), Some(Step::Descendant(_)))
    }

    /// Behind the step that names this member, if the next one does.
    fn at(&self, name: &[u8]) -> Option<Self> {
        let (step, left) = self.left.split_first()?;
        let (Step::Member(wanted) | Step::Descendant(wanted)) = step else {
            return None;
        };
        let wanted = wanted.as_bytes();
        wanted.eq_ignore_ascii_case(name).then(|| Place {
            left,
            is_exact: self.is_exact && wanted == name,
        })
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
                name => (walk.names(name.as_bytes()), walk.member(name.as_bytes())),
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
            walk = walk.member(b"a");
        }
        assert_eq!(walk.places.len(), 100);
    }
}
