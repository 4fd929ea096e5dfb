//! Where a cache lies: in a directory that the path names, or in one that is found for it.

use std::path::{Component, Path, PathBuf};

use crate::error::{Error, Kind, Result};

/// The name of a cache in the user's cache directory that was given none.
const DEFAULT_NAME: &str = "http_cache";

/// What the path that a cache is opened with means.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Place {
    /// The cache directory itself.
    #[default]
    Path = 0,
    /// A name in the directory where this user's programs keep their caches.
    UserCache = 1,
    /// The directory in which a temporary one is made, which goes with its last user.
    Temporary = 2,
}

/// What the environment says, by the name of a variable.
pub(crate) type Variable<'a> = &'a dyn Fn(&str) -> Option<PathBuf>;

impl Place {
    pub(super) fn numbered(number: i64) -> Option<Self> {
        [Place::Path, Place::UserCache, Place::Temporary]
            .into_iter()
            .find(|place| *place as i64 == number)
    }

    /// The cache directory, or the one in which a temporary one is to be made. `None` is no path.
    ///
    /// [`Kind::Argument`]: the path is missing, or is no name. [`Kind::Unsupported`]: the environment does not tell
    /// where the user's caches are.
    pub(crate) fn resolve(self, path: Option<&Path>, variable: Variable<'_>) -> Result<PathBuf> {
        match self {
            Place::Path => match path {
                None => Err(Error::new(Kind::Argument, "path is NULL")),
                Some(path) if path.as_os_str().is_empty() => {
                    Err(Error::new(Kind::Argument, "the path of the cache is empty"))
                }
                Some(path) => Ok(path.to_owned()),
            },
            Place::UserCache => {
                let name = path.unwrap_or(Path::new(DEFAULT_NAME));
                check_name(name)?;
                Ok(user_caches(variable)?.join(name))
            }
            Place::Temporary => {
                let parent = path.map(Path::to_owned).or_else(|| variable("TMPDIR"));
                let parent = parent.filter(|parent| !parent.as_os_str().is_empty());
                Ok(parent.unwrap_or_else(|| PathBuf::from("/tmp")))
            }
        }
    }
}

fn check_name(name: &Path) -> Result<()> {
    let mut components = name.components();
    let is_name = matches!(
        (components.next(), components.next()),
        (Some(Component::Normal(only)), None) if only == name.as_os_str()
    );
    if is_name {
        return Ok(());
    }
    let message = format!(
        "{}: in the user's cache directory a cache has a name, and no path",
        name.display()
    );
    Err(Error::new(Kind::Argument, message))
}

/// Where the system keeps what programs can make again, as the XDG Base Directory Specification and Apple say.
fn user_caches(variable: Variable<'_>) -> Result<PathBuf> {
    // A relative one is to be ignored, says the specification.
    let absolute = |name| variable(name).filter(|path| path.is_absolute());
    let below_home = if cfg!(target_os = "macos") {
        "Library/Caches"
    } else {
        ".cache"
    };
    absolute("XDG_CACHE_HOME")
        .or_else(|| Some(absolute("HOME")?.join(below_home)))
        .ok_or_else(|| {
            let message = "where the user's caches are is not known: neither XDG_CACHE_HOME nor HOME is set to an \
                           absolute path";
            Error::new(Kind::Unsupported, message)
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolve(place: Place, path: Option<&str>, set: &[(&str, &str)]) -> Result<PathBuf> {
        let variable = |name: &str| {
            let found = set.iter().find(|(other, _)| *other == name);
            found.map(|(_, value)| PathBuf::from(value))
        };
        place.resolve(path.map(Path::new), &variable)
    }

    #[test]
    fn a_path_is_the_directory() {
        assert_eq!(
            resolve(Place::Path, Some("a/b"), &[]).unwrap(),
            Path::new("a/b")
        );
        for path in [None, Some("")] {
            assert_eq!(
                resolve(Place::Path, path, &[]).unwrap_err().kind(),
                Kind::Argument
            );
        }
    }

    #[test]
    #[cfg(not(target_os = "macos"))]
    fn a_name_lies_where_the_user_keeps_caches() {
        let home = ("HOME", "/people/u");
        for (name, set, expected) in [
            (Some("n"), &[home][..], "/people/u/.cache/n"),
            (None, &[home], "/people/u/.cache/http_cache"),
            (Some("n"), &[home, ("XDG_CACHE_HOME", "/x")], "/x/n"),
            (
                Some("n"),
                &[home, ("XDG_CACHE_HOME", "x")],
                "/people/u/.cache/n",
            ),
            (
                Some("n"),
                &[home, ("XDG_CACHE_HOME", "")],
                "/people/u/.cache/n",
            ),
        ] {
            assert_eq!(
                resolve(Place::UserCache, name, set).unwrap(),
                Path::new(expected)
            );
        }
    }

    #[test]
    fn what_is_no_name_is_refused() {
        for name in ["", ".", "..", "a/b", "/a", "a/", "./a"] {
            let error = resolve(Place::UserCache, Some(name), &[("HOME", "/h")]).unwrap_err();
            assert_eq!(error.kind(), Kind::Argument, "{name}");
        }
    }

    #[test]
    fn without_a_home_the_error_says_what_is_missing() {
        for set in [&[][..], &[("HOME", "h")]] {
            let error = resolve(Place::UserCache, Some("n"), set).unwrap_err();
            assert_eq!(error.kind(), Kind::Unsupported);
            assert!(error.message().contains("HOME"), "{error}");
        }
    }

    #[test]
    fn what_is_temporary_lies_where_the_system_says() {
        for (path, set, expected) in [
            (None, &[][..], "/tmp"),
            (None, &[("TMPDIR", "/t")], "/t"),
            (None, &[("TMPDIR", "")], "/tmp"),
            (Some("/p"), &[("TMPDIR", "/t")], "/p"),
        ] {
            assert_eq!(
                resolve(Place::Temporary, path, set).unwrap(),
                Path::new(expected)
            );
        }
    }
}
