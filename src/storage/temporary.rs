//! Cache directories that go with their last user.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::locks::OpenLock;
use super::{files, owner, presence};
use crate::error::Result;

const PREFIX: &str = "httpcache-temporary-";

/// A name in `parent` that no other process or thread takes. What processes that died have left there is removed.
pub(super) fn new_path(parent: &Path) -> Result<PathBuf> {
    sweep(parent);
    let name = format!("{PREFIX}{}", files::hex(&files::random::<8>()?));
    Ok(parent.join(name))
}

/// Removes a directory that nobody else has open. The caller holds the lock for opening it.
pub(super) fn remove(path: &Path, _lock: &OpenLock) -> Result<()> {
    files::remove_all(path)
}

/// What cannot be removed now is a later one's to remove.
fn sweep(parent: &Path) {
    for name in files::names(parent).unwrap_or_default() {
        if name.starts_with(PREFIX) {
            let _ = remove_if_left(&parent.join(name));
        }
    }
}

fn remove_if_left(path: &Path) -> Result<()> {
    // In a directory that others may write in, nobody can exchange what is this user's own.
    let metadata = files::at("opening", path, std::fs::symlink_metadata(path))?;
    files::owned(path, &metadata)?;
    if !metadata.is_dir() {
        return Ok(());
    }
    if files::read_small(&path.join(owner::NAME), 1)?.is_none() {
        // It is only just being made.
        return Ok(());
    }
    let lock = OpenLock::acquire(path, Duration::ZERO)?;
    if presence::is_used(path)? {
        return Ok(());
    }
    remove(path, &lock)
}
