//! Generations: `CURRENT` names the one directory below the cache directory that holds the data file and
//! the bodies. Whatever cannot be trusted is replaced by a new, empty one.
//!
//! Everything here runs while the lock for opening is held.

use std::fs;
use std::path::{Path, PathBuf};

use super::lmdb::Environment;
use super::lmdb::header::{Verdict, examine};
use super::presence::Surroundings;
use super::{Durability, bodies, files};
use crate::error::{Error, Kind, Result};

const CURRENT: &str = "CURRENT";
const PREFIX: &str = "g-";
const DAMAGED: &str = "damaged-";
/// In a generation of the level fast: the boot during which it was last open.
const BOOT: &str = "boot";
/// In a generation of the level fast: all of it is on the disk, and nobody has it open.
const CLEAN: &str = "clean";

/// What a generation is opened with.
pub(super) struct Opening<'o> {
    /// The cache directory.
    pub root: &'o Path,
    /// How safely commits are kept.
    pub durability: Durability,
    /// Address space for the data file at first, in bytes.
    pub map: usize,
    /// The machine.
    pub surroundings: &'o Surroundings,
    /// Whether no other process has the directory open.
    pub alone: bool,
    /// What is to be said about it afterwards.
    pub notes: &'o mut Vec<String>,
}

/// An open generation.
pub(super) struct Generation {
    pub path: PathBuf,
    pub environment: Environment,
}

impl Opening<'_> {
    /// Opens the current generation, or a new one when there is none that can be trusted.
    pub(super) fn open(&mut self) -> Result<Generation> {
        let Some(number) = self.current()? else {
            if !self.alone {
                let why = "what it holds is missing, while other processes use it";
                return Err(Error::new(
                    Kind::Corrupt,
                    format!("{}: {why}", self.root.display()),
                ));
            }
            let next = self.highest()? + 1;
            return self.create(next);
        };
        if self.alone && self.is_lost(number)? {
            self.notes.push(format!(
                "{}: the machine went down while the cache was open, and its level is fast; the cache \
                 starts empty",
                self.root.display()
            ));
            return self.create(number + 1);
        }
        match self.open_numbered(number) {
            Err(error) if error.kind() == Kind::Corrupt && self.alone => {
                self.set_aside(number, &error)?;
                self.create(number + 1)
            }
            opened => opened,
        }
    }

    /// Opens the current generation as it is, for reading alone.
    ///
    /// [`Kind::Corrupt`]: there is none that can be trusted.
    pub(super) fn open_to_read(&self) -> Result<Generation> {
        let untrusted = |why: &str| {
            let message = format!("{}: {why}, and nothing can be written", self.root.display());
            Error::new(Kind::Corrupt, message)
        };
        let number = self
            .current()?
            .ok_or_else(|| untrusted("it holds no rows"))?;
        if self.is_lost(number)? {
            return Err(untrusted("its level is fast, and it was not closed"));
        }
        let path = self.path(number);
        let map = self.examine(&path)?;
        let environment = Environment::open_to_read(&path, self.durability, map)?;
        Ok(Generation { path, environment })
    }

    /// Makes a new generation in place of all others.
    pub(super) fn start_over(&mut self) -> Result<Generation> {
        let next = self.highest()? + 1;
        self.create(next)
    }

    /// Removes generations that are not the current one, what was left unfinished, and bodies that no
    /// row refers to. Nobody else has the directory open.
    pub(super) fn sweep(&self, current: &Generation) -> Result<()> {
        let keep = current.path.file_name();
        for name in files::names(self.root)? {
            let stale = name.starts_with(files::ASIDE)
                || (number(&name).is_some() && keep != Some(name.as_ref()));
            if stale {
                files::remove_all(&self.root.join(name))?;
            }
        }
        for name in files::names(&current.path)? {
            if name.starts_with(files::ASIDE) {
                files::remove(&current.path.join(name))?;
            }
        }
        let bodies = current.path.join("bodies");
        for name in files::names(&bodies)? {
            let stale = match bodies::id_of(&name) {
                Some(id) => current
                    .environment
                    .read(|snapshot| Ok(snapshot.get(super::Table::Bodies, &id)?.is_none()))?,
                None => name.starts_with(bodies::UNFINISHED) || name.starts_with(files::ASIDE),
            };
            if stale {
                files::remove(&bodies.join(name))?;
            }
        }
        Ok(())
    }

    /// The number in `CURRENT`, if that generation is there.
    fn current(&self) -> Result<Option<u64>> {
        let text = files::read_small(&self.root.join(CURRENT), 64)?.unwrap_or_default();
        let number = std::str::from_utf8(&text)
            .ok()
            .and_then(|text| number(text.trim_end()));
        match number {
            Some(number) if files::is_directory(&self.path(number))? => Ok(Some(number)),
            _ => Ok(None),
        }
    }

    fn highest(&self) -> Result<u64> {
        let names = files::names(self.root)?;
        let numbers = names
            .iter()
            .filter_map(|name| number(name).or_else(|| name.strip_prefix(DAMAGED)?.parse().ok()));
        Ok(numbers.max().unwrap_or(0))
    }

    fn path(&self, number: u64) -> PathBuf {
        self.root.join(format!("{PREFIX}{number}"))
    }

    /// Makes a generation aside, gives it its name, and makes it the current one.
    fn create(&mut self, number: u64) -> Result<Generation> {
        let aside = self.root.join(files::aside_name()?);
        let made = self.make(&aside);
        if made.is_err() {
            let _ = files::remove_all(&aside);
        }
        let environment = made?;
        let path = self.path(number);
        files::remove_all(&path)?;
        files::at("naming", &path, fs::rename(&aside, &path))?;
        files::sync_directory(self.root)?;
        files::replace(self.root, CURRENT, format!("{PREFIX}{number}\n").as_bytes())?;
        Ok(Generation { path, environment })
    }

    fn make(&self, path: &Path) -> Result<Environment> {
        files::at("creating", path, files::create_directory(path))?;
        for name in ["bodies"].map(|name| path.join(name)) {
            files::at("creating", &name, files::create_directory(&name))?;
        }
        // LMDB would make its files as the umask says.
        for name in ["data.mdb", "lock.mdb"] {
            files::create_new(&path.join(name))?;
        }
        if matches!(self.durability, Durability::Fast) {
            files::replace(path, BOOT, self.surroundings.boot.as_bytes())?;
        }
        let environment = Environment::open(path, self.durability, self.map, true)?;
        environment.sync()?;
        files::sync_directory(path)?;
        Ok(environment)
    }

    fn open_numbered(&self, number: u64) -> Result<Generation> {
        let path = self.path(number);
        let map = self.prepare(&path)?;
        let environment = Environment::open(&path, self.durability, map, self.alone)?;
        if matches!(self.durability, Durability::Fast) && self.alone {
            // In this order: a crash in between leaves the generation as trustworthy as it is.
            files::replace(&path, BOOT, self.surroundings.boot.as_bytes())?;
            files::remove(&path.join(CLEAN))?;
            files::sync_directory(&path)?;
        }
        Ok(Generation { path, environment })
    }

    /// Checks the data file, and says how much address space it is given.
    fn prepare(&self, path: &Path) -> Result<usize> {
        let map = self.examine(path)?;
        let bodies = path.join("bodies");
        if !files::is_directory(&bodies)? {
            files::at("creating", &bodies, files::create_directory(&bodies))?;
        }
        Ok(map)
    }

    fn examine(&self, path: &Path) -> Result<usize> {
        let data = path.join("data.mdb");
        let Some(file) = files::open(&data)? else {
            return Err(unreadable(&data, "it is missing"));
        };
        let metadata = files::at("opening", &data, file.metadata())?;
        files::owned(&data, &metadata)?;
        // While others have the file open it was checked by the first of them, and is changing.
        if self.alone {
            match files::at("reading", &data, examine(&file))? {
                Verdict::Damaged(why) => return Err(unreadable(&data, why)),
                Verdict::Empty | Verdict::Sound => {}
            }
        }
        let twice = usize::try_from(metadata.len())
            .unwrap_or(usize::MAX)
            .saturating_mul(2);
        Ok(self
            .map
            .max(twice.checked_next_power_of_two().unwrap_or(twice)))
    }

    /// Keeps a generation that cannot be read for whoever wants to look at it: the last one only.
    fn set_aside(&mut self, number: u64, error: &Error) -> Result<()> {
        for name in files::names(self.root)? {
            if name.starts_with(DAMAGED) {
                files::remove_all(&self.root.join(name))?;
            }
        }
        let damaged = self.root.join(format!("{DAMAGED}{number}"));
        files::at("naming", &damaged, fs::rename(self.path(number), &damaged))?;
        self.notes.push(format!(
            "{}; moved aside to {}, the cache starts empty",
            error.message(),
            damaged.display()
        ));
        Ok(())
    }

    /// Whether the generation was open, unsynced, when the machine went down.
    fn is_lost(&self, number: u64) -> Result<bool> {
        if !matches!(self.durability, Durability::Fast) {
            return Ok(false);
        }
        let path = self.path(number);
        if files::open(&path.join(CLEAN))?.is_some() {
            return Ok(false);
        }
        let boot = files::read_small(&path.join(BOOT), 256)?.unwrap_or_default();
        Ok(boot.is_empty() || boot != self.surroundings.boot.as_bytes())
    }
}

impl Generation {
    /// Puts everything on the disk and says so. Nobody else has the directory open.
    pub(super) fn mark_clean(&self) -> Result<()> {
        self.environment.sync()?;
        files::replace(&self.path, CLEAN, b"")
    }
}

fn number(name: &str) -> Option<u64> {
    name.strip_prefix(PREFIX)?.parse().ok()
}

fn unreadable(data: &Path, why: &str) -> Error {
    Error::new(
        Kind::Corrupt,
        format!("data file {} cannot be read ({why})", data.display()),
    )
}
