//! Who has the directory open: each process holds a locked file named by its process id.

use std::fs;
use std::io::{self, Read, Write};
use std::os::fd::{AsRawFd, RawFd};
use std::path::{Path, PathBuf};

use super::files;
use super::lmdb::system;
use crate::error::{Error, Kind, Result};

const PREFIX: &str = "process-";

/// This process's mark; removed when dropped.
pub(super) struct Presence {
    file: fs::File,
    path: PathBuf,
}

impl Presence {
    /// Marks the directory as opened by this process, and says whether other processes have it open too.
    /// The marks of dead ones are removed. The caller holds the lock for opening.
    ///
    /// [`Kind::Busy`]: another copy of the library in this process has it open. [`Kind::Unsupported`]: a
    /// process that has it open lives in another process-id namespace.
    pub(super) fn claim(directory: &Path, namespace: u64) -> Result<(Self, bool)> {
        let own = format!("{PREFIX}{}", std::process::id());
        let mut others = false;
        for name in living(directory)? {
            let path = directory.join(&name);
            let theirs = read_namespace(&path).unwrap_or(namespace);
            if theirs != namespace && theirs != 0 && namespace != 0 {
                return Err(foreign(directory));
            }
            if name == own {
                return Err(Error::new(
                    Kind::Busy,
                    format!(
                        "another copy of libhttpcache in this process has {} open",
                        directory.display()
                    ),
                ));
            }
            others = true;
        }
        let path = directory.join(own);
        let mut file = files::create_new(&path)?;
        // Without the lock the others would take this process for dead.
        let locked = system::lock_opening(&file).and_then(|is_locked| {
            if !is_locked {
                return Err(io::ErrorKind::Interrupted.into());
            }
            file.write_all(format!("namespace {namespace}\n").as_bytes())
        });
        if locked.is_err() {
            let _ = fs::remove_file(&path);
        }
        files::at("locking", &path, locked)?;
        Ok((Presence { file, path }, others))
    }

    /// Whether another process has the directory open now. The caller holds the lock for opening.
    pub(super) fn has_company(&self, directory: &Path) -> Result<bool> {
        let own = self.path.file_name();
        Ok(living(directory)?
            .iter()
            .any(|name| own != Some(name.as_ref())))
    }

    /// The descriptor that keeps the lock, which a forked child inherits.
    pub(super) fn descriptor(&self) -> RawFd {
        self.file.as_raw_fd()
    }
}

impl Drop for Presence {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path);
    }
}

/// Whether any process has the directory open. The caller holds the lock for opening.
pub(super) fn is_used(directory: &Path) -> Result<bool> {
    Ok(!living(directory)?.is_empty())
}

/// The names of the marks that are held. Those that are not are removed.
fn living(directory: &Path) -> Result<Vec<String>> {
    let mut living = Vec::new();
    for name in files::names(directory)? {
        if !name.starts_with(PREFIX) {
            continue;
        }
        let path = directory.join(&name);
        let Some(file) = files::open(&path)? else {
            continue;
        };
        if files::at("locking", &path, system::lock_opening(&file))? {
            files::remove(&path)?;
        } else {
            living.push(name);
        }
    }
    Ok(living)
}

fn read_namespace(path: &Path) -> Option<u64> {
    let mut text = String::new();
    files::open(path)
        .ok()??
        .take(64)
        .read_to_string(&mut text)
        .ok()?;
    text.strip_prefix("namespace ")?.trim_end().parse().ok()
}

fn foreign(directory: &Path) -> Error {
    let why = "is open in another process-id namespace (another container); their processes cannot \
               see each other, so a directory can serve only one of them at a time";
    Error::new(Kind::Unsupported, format!("{} {why}", directory.display()))
}

/// What of the machine a directory depends on.
#[derive(Clone, Debug)]
pub(super) struct Surroundings {
    /// The boot id; empty when the system does not tell.
    pub boot: String,
    /// The inode of the process-id namespace; 0 when the system does not tell.
    pub namespace: u64,
}

impl Surroundings {
    /// An error where the system would tell and cannot just now: without descriptors left, a cache whose boot is not
    /// known would be taken for one that was open when the machine went down.
    pub(super) fn of_this_process() -> Result<Self> {
        use std::os::unix::fs::MetadataExt;
        const BOOT: &str = "/proc/sys/kernel/random/boot_id";
        let boot = match fs::read_to_string(BOOT) {
            Err(error) if !is_untold(&error) => Err(error),
            told => Ok(told.unwrap_or_default()),
        };
        let boot = files::at("reading", Path::new(BOOT), boot)?;
        let namespace = fs::metadata("/proc/self/ns/pid").map_or(0, |metadata| metadata.ino());
        Ok(Surroundings {
            boot: boot.trim().to_owned(),
            namespace,
        })
    }
}

fn is_untold(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::NotFound | io::ErrorKind::PermissionDenied
    )
}
