//! Files and directories that only this user may touch, made aside and renamed in. Knows no name of the
//! cache directory's layout.

use std::fs::{self, DirBuilder, File, OpenOptions, Permissions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;

use crate::error::{Error, Kind, Result};

/// What begins the name of everything that is made aside.
pub(super) const ASIDE: &str = "new-";

/// Adds the path to a failed system call.
pub(super) fn at<T>(what: &str, path: &Path, result: io::Result<T>) -> Result<T> {
    result.map_err(|error| Error::io(format_args!("{what} {}", path.display()), &error))
}

/// Takes a file that is not there as `None`.
pub(super) fn if_there<T>(result: io::Result<T>) -> io::Result<Option<T>> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Random bytes of the system.
pub(super) fn random<const N: usize>() -> Result<[u8; N]> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes)
        .map_err(|e| Error::new(Kind::Io, format!("the system gave no random bytes: {e}")))?;
    Ok(bytes)
}

/// Bytes as lower-case hexadecimal digits.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A name for something made aside, which no other process or thread makes.
pub(super) fn aside_name() -> Result<String> {
    Ok(format!(
        "{ASIDE}{}-{}",
        std::process::id(),
        hex(&random::<8>()?)
    ))
}

fn options() -> OpenOptions {
    let mut options = OpenOptions::new();
    options
        .read(true)
        .mode(0o600)
        .custom_flags(libc::O_NOFOLLOW);
    options
}

/// Creates a file that must not exist, readable and writable by this user, whatever the umask.
pub(super) fn create_new(path: &Path) -> Result<File> {
    let file = at(
        "creating",
        path,
        options().write(true).create_new(true).open(path),
    )?;
    let closed = file.set_permissions(Permissions::from_mode(0o600));
    if closed.is_err() {
        let _ = fs::remove_file(path);
    }
    at("creating", path, closed)?;
    Ok(file)
}

/// Opens a file for locking, and creates it when it is not there.
pub(super) fn open_lock(path: &Path) -> Result<File> {
    let opened = options()
        .write(true)
        .create(true)
        .truncate(false)
        .open(path);
    let file = at("opening", path, opened)?;
    at(
        "opening",
        path,
        file.set_permissions(Permissions::from_mode(0o600)),
    )?;
    Ok(file)
}

/// Opens a file that was made before, for reading; `None` when it is not there.
pub(super) fn open(path: &Path) -> Result<Option<File>> {
    at("opening", path, if_there(options().open(path)))
}

/// Opens a directory, not through a symbolic link.
pub(super) fn open_directory(path: &Path) -> io::Result<File> {
    let flags = libc::O_NOFOLLOW | libc::O_DIRECTORY;
    OpenOptions::new().read(true).custom_flags(flags).open(path)
}

/// Creates a directory that only this user may enter, whatever the umask.
pub(super) fn create_directory(path: &Path) -> io::Result<()> {
    DirBuilder::new().mode(0o700).create(path)?;
    fs::set_permissions(path, Permissions::from_mode(0o700))
}

/// Whether there is a directory of that name. What cannot be found out is an error, and not a directory that is
/// missing: another one would be made in its place.
pub(super) fn is_directory(path: &Path) -> Result<bool> {
    let metadata = at("opening", path, if_there(fs::symlink_metadata(path)))?;
    Ok(metadata.is_some_and(|metadata| metadata.is_dir()))
}

/// The bytes of a small file that belongs to this user; `None` when it is not there. At most `limit`
/// bytes are read.
pub(super) fn read_small(path: &Path, limit: u64) -> Result<Option<Vec<u8>>> {
    let Some(file) = open(path)? else {
        return Ok(None);
    };
    owned(path, &at("reading", path, file.metadata())?)?;
    let mut bytes = Vec::new();
    at("reading", path, file.take(limit).read_to_end(&mut bytes))?;
    Ok(Some(bytes))
}

/// Refuses what belongs to another user.
pub(super) fn owned(path: &Path, metadata: &fs::Metadata) -> Result<()> {
    let (owner, user) = (metadata.uid(), super::lmdb::system::effective_user());
    if owner == user {
        return Ok(());
    }
    let why = format!(
        "{} belongs to user {owner}, and this is user {user}",
        path.display()
    );
    Err(Error::new(Kind::ForeignOwner, why))
}

/// Replaces a small file in one step; it is on the disk when this returns.
pub(super) fn replace(directory: &Path, name: &str, bytes: &[u8]) -> Result<()> {
    let aside = directory.join(aside_name()?);
    let path = directory.join(name);
    let mut file = create_new(&aside)?;
    let written = file.write_all(bytes).and_then(|()| file.sync_all());
    let done = written.and_then(|()| fs::rename(&aside, &path));
    if done.is_err() {
        let _ = fs::remove_file(&aside);
    }
    at("writing", &path, done)?;
    sync_directory(directory)
}

/// Writes the names in a directory to the disk.
pub(super) fn sync_directory(path: &Path) -> Result<()> {
    at(
        "syncing",
        path,
        open_directory(path).and_then(|directory| directory.sync_all()),
    )
}

/// Removes a file; one that is not there is fine.
pub(super) fn remove(path: &Path) -> Result<()> {
    at("removing", path, if_there(fs::remove_file(path)).map(drop))
}

/// Removes a file, or a directory with all that is in it; symbolic links are not followed.
pub(super) fn remove_all(path: &Path) -> Result<()> {
    let Some(metadata) = at("removing", path, if_there(fs::symlink_metadata(path)))? else {
        return Ok(());
    };
    if metadata.is_dir() {
        at(
            "removing",
            path,
            if_there(fs::remove_dir_all(path)).map(drop),
        )
    } else {
        remove(path)
    }
}

/// The names in a directory that are valid UTF-8, as all of ours are.
pub(super) fn names(path: &Path) -> Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in at("reading", path, fs::read_dir(path))? {
        let entry = at("reading", path, entry)?;
        names.extend(entry.file_name().into_string().ok());
    }
    Ok(names)
}

/// Bytes of the disk that a directory and all below it take.
pub(super) fn disk_use(path: &Path) -> Result<u64> {
    let mut bytes = 0;
    let mut below = vec![path.to_path_buf()];
    while let Some(path) = below.pop() {
        // What vanishes meanwhile takes no room.
        let Some(metadata) = at("reading", &path, if_there(fs::symlink_metadata(&path)))? else {
            continue;
        };
        bytes += metadata.blocks() * 512;
        if metadata.is_dir() {
            let entries = at("reading", &path, if_there(fs::read_dir(&path)))?;
            let paths = entries
                .into_iter()
                .flatten()
                .flatten()
                .map(|entry| entry.path());
            below.extend(paths);
        }
    }
    Ok(bytes)
}
