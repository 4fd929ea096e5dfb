//! The cache directory itself: made, or checked before anything in it is touched.

use std::ffi::OsStr;
use std::fs::{self, File, Metadata, Permissions};
use std::io;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use super::lmdb::system;
use super::registry::Identity;
use super::{files, owner};
use crate::error::{Error, Kind, Result};

/// File systems over a network: locks and shared maps do not work on them as LMDB needs it.
const NETWORK: [(u64, &str); 10] = [
    (0x6969, "NFS"),
    (0xFF53_4D42, "CIFS"),
    (0xFE53_4D42, "SMB2"),
    (0x517B, "SMB"),
    (0x0102_1997, "9P"),
    (0x5346_414F, "AFS"),
    (0x6B41_4653, "AFS"),
    (0x00C3_6400, "Ceph"),
    (0x7375_7245, "Coda"),
    (0x0BD0_0BD0, "Lustre"),
];
const FUSE: u64 = 0x6573_5546;
/// File systems over a network that a process of the user's serves.
const NETWORK_FUSE: [&str; 7] = [
    "fuse.sshfs",
    "fuse.glusterfs",
    "fuse.s3fs",
    "fuse.rclone",
    "fuse.gcsfuse",
    "fuse.davfs",
    "fuse.ceph",
];

/// A directory that may be used, held open.
pub(super) struct Root {
    /// The path as it was given, without what is superfluous at its end.
    pub path: PathBuf,
    /// What the path led to.
    pub identity: Identity,
}

impl Root {
    /// Makes the directory and its parents if they are missing, and checks whose it is, where it lies and
    /// who may write in it.
    pub(super) fn enter(path: &Path) -> Result<Self> {
        let path: PathBuf = path.components().collect();
        if path.as_os_str().is_empty() {
            return Err(Error::new(
                Kind::Argument,
                "the path of the cache directory is empty",
            ));
        }
        create(&path)?;
        let metadata = files::at("opening", &path, fs::symlink_metadata(&path))?;
        check_kind(&path, &metadata)?;
        let directory = files::at("opening", &path, files::open_directory(&path))?;
        let metadata = files::at("opening", &path, directory.metadata())?;
        files::owned(&path, &metadata)?;
        check_file_system(&path, &directory, &metadata)?;
        close_to_others(&path, &directory, &metadata)?;
        Ok(Root {
            path,
            identity: identity(&metadata),
        })
    }

    /// Whether the path still leads to the directory that was checked.
    pub(super) fn check_unmoved(&self) -> Result<()> {
        let metadata = files::at("opening", &self.path, fs::symlink_metadata(&self.path))?;
        if identity(&metadata) == self.identity {
            return Ok(());
        }
        let why = format!("{} was exchanged while it was opened", self.path.display());
        Err(Error::new(Kind::Busy, why))
    }
}

fn identity(metadata: &Metadata) -> Identity {
    Identity {
        device: metadata.dev(),
        inode: metadata.ino(),
    }
}

fn create(path: &Path) -> Result<()> {
    let missing = |path: &Path| {
        files::if_there(fs::symlink_metadata(path)).map(|metadata| metadata.is_none())
    };
    let mut made = Vec::new();
    let mut next = Some(path);
    while let Some(path) = next.filter(|path| !path.as_os_str().is_empty()) {
        if !files::at("opening", path, missing(path))? {
            break;
        }
        made.push(path);
        next = path.parent();
    }
    for path in made.into_iter().rev() {
        match files::create_directory(path) {
            // Somebody else was faster, which is as good.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            created => files::at("creating", path, created)?,
        }
    }
    Ok(())
}

fn check_kind(path: &Path, metadata: &Metadata) -> Result<()> {
    if metadata.is_symlink() {
        let target = fs::canonicalize(path).map_or_else(
            |_| "the real path".to_owned(),
            |target| format!("the real path, {}", target.display()),
        );
        let why = format!("{} is a symbolic link; give {target}", path.display());
        return Err(Error::new(Kind::Symlink, why));
    }
    if !metadata.is_dir() {
        let why = format!("{} is not a directory", path.display());
        return Err(Error::new(Kind::NotDirectory, why));
    }
    Ok(())
}

fn check_file_system(path: &Path, directory: &File, metadata: &Metadata) -> Result<()> {
    let kind = files::at("opening", path, system::file_system_kind(directory))?;
    let name = match NETWORK.iter().find(|(number, _)| *number == kind) {
        Some((_, name)) => (*name).to_owned(),
        None if kind == FUSE => match fuse_name(metadata.dev()) {
            Some(name) if NETWORK_FUSE.contains(&name.as_str()) => name,
            _ => return Ok(()),
        },
        None => return Ok(()),
    };
    let why = format!(
        "{} lies on a network file system ({name}); a cache needs a local one",
        path.display()
    );
    Err(Error::new(Kind::Unsupported, why))
}

/// What kind of file system is mounted under a device number.
fn fuse_name(device: u64) -> Option<String> {
    let device = format!("{}:{}", libc::major(device), libc::minor(device));
    let mounts = fs::read_to_string("/proc/self/mountinfo").ok()?;
    mounts.lines().find_map(|mount| {
        let (place, kind) = mount.split_once(" - ")?;
        (place.split(' ').nth(2)? == device).then(|| kind.split(' ').next().map(str::to_owned))?
    })
}

/// Takes the right to write from everybody else. A directory that others share and that holds other
/// things, as `/tmp` does, is not taken from them.
fn close_to_others(path: &Path, directory: &File, metadata: &Metadata) -> Result<()> {
    if metadata.mode() & 0o022 == 0 {
        return Ok(());
    }
    let names = files::at("reading", path, fs::read_dir(path))?;
    let names: Vec<_> = names.flatten().map(|entry| entry.file_name()).collect();
    if !names.is_empty() && !names.iter().any(|name| name == OsStr::new(owner::NAME)) {
        let why = format!(
            "{} can be written by other users and holds other things; give a directory of its own",
            path.display()
        );
        return Err(Error::new(Kind::Argument, why));
    }
    files::at(
        "closing",
        path,
        directory.set_permissions(Permissions::from_mode(0o700)),
    )
}
