//! The file `owner`: what the directory is and how it is to be used, read before anything else in it.

use std::path::Path;

use super::{Durability, files};
use crate::error::{Error, Kind, Result};

/// The name of the file.
pub(super) const NAME: &str = "owner";

/// The format that this version of the library writes.
const FORMAT: u32 = 1;

/// What the file says.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Owner {
    /// How safely commits are kept.
    pub durability: Durability,
    /// The boot during which the directory was made.
    pub boot: String,
    /// The process-id namespace in which it was made.
    pub namespace: u64,
    /// A digest of the secret, so that a lost or exchanged one is noticed.
    pub secret: String,
}

impl Owner {
    /// Reads the file. `None` when it is not there; `Some(None)` when it cannot be understood.
    ///
    /// [`Kind::NewerFormat`]: a newer version of the library wrote it.
    pub(super) fn read(directory: &Path) -> Result<Option<Option<Self>>> {
        let path = directory.join(NAME);
        let Some(bytes) = files::read_small(&path, 4096)? else {
            return Ok(None);
        };
        let Ok(text) = String::from_utf8(bytes) else {
            return Ok(Some(None));
        };
        match value(&text, "format").and_then(|format| format.parse::<u32>().ok()) {
            Some(FORMAT) => Ok(Some(Self::parse(&text))),
            Some(newer) if newer > FORMAT => Err(Error::new(
                Kind::NewerFormat,
                format!(
                    "{} has format {newer}; this version of libhttpcache knows format {FORMAT}",
                    directory.display()
                ),
            )),
            _ => Ok(Some(None)),
        }
    }

    fn parse(text: &str) -> Option<Self> {
        Some(Owner {
            durability: Durability::named(value(text, "durability")?)?,
            boot: value(text, "boot")?.to_owned(),
            namespace: value(text, "namespace")?.parse().ok()?,
            secret: value(text, "secret")?.to_owned(),
        })
    }

    /// Writes the file.
    pub(super) fn write(&self, directory: &Path) -> Result<()> {
        let Owner {
            durability,
            boot,
            namespace,
            secret,
        } = self;
        let text = format!(
            "format {FORMAT}\ndurability {}\nboot {boot}\nnamespace {namespace}\nsecret {secret}\n",
            durability.name()
        );
        files::replace(directory, NAME, text.as_bytes())
    }
}

/// The value of a line; lines with other names are for other versions.
fn value<'t>(text: &'t str, name: &str) -> Option<&'t str> {
    text.lines()
        .find_map(|line| line.strip_prefix(name)?.strip_prefix(' '))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let directory = tempfile::tempdir().unwrap();
        assert_eq!(Owner::read(directory.path()).unwrap(), None);
        let owner = Owner {
            durability: Durability::Synced,
            boot: "b".into(),
            namespace: 7,
            secret: "ab".into(),
        };
        owner.write(directory.path()).unwrap();
        assert_eq!(Owner::read(directory.path()).unwrap(), Some(Some(owner)));
    }

    #[test]
    fn newer_is_refused_and_nonsense_is_nothing() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join(NAME);
        std::fs::write(&path, "format 2\n").unwrap();
        assert_eq!(
            Owner::read(directory.path()).unwrap_err().kind(),
            Kind::NewerFormat
        );
        for text in [
            &b""[..],
            b"\xff",
            b"format x\n",
            b"format 1\ndurability safest\n",
        ] {
            std::fs::write(&path, text).unwrap();
            assert_eq!(
                Owner::read(directory.path()).unwrap(),
                Some(None),
                "{text:?}"
            );
        }
    }
}
