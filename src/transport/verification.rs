//! How it is verified who an origin is.

use std::ffi::{CString, OsStr};
use std::io::Read;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::OpenOptionsExt;
use std::sync::Arc;

use crate::error::{Error, Kind, Result};
use crate::http::fields::quoted;

/// How TLS is verified.
#[derive(Clone, Debug)]
pub struct Verification {
    /// Whether it is at all.
    pub is_on: bool,
    /// Who vouches for origins; `None`: the system's authorities.
    pub authority: Option<Arc<Authority>>,
}

/// Certificate authorities in a file.
#[derive(Debug)]
pub struct Authority {
    /// The file.
    pub path: CString,
    /// The hash of what was in it when it was set.
    pub digest: [u8; 32],
}

impl Default for Verification {
    fn default() -> Self {
        Verification {
            is_on: true,
            authority: None,
        }
    }
}

impl Verification {
    /// What tells it from the usual way in a key; `None` for the usual way.
    pub fn in_key(&self) -> Option<Arc<[u8]>> {
        let authority = self.authority.as_ref().filter(|_| self.is_on);
        match (self.is_on, authority) {
            (true, None) => None,
            (false, _) => Some(Arc::from([0])),
            (true, Some(authority)) => Some([&[1], &authority.digest[..]].concat().into()),
        }
    }
}

impl Authority {
    /// Reads a file of certificates in PEM.
    pub fn read(path: &[u8]) -> Result<Self> {
        const MOST_BYTES: u64 = 16 << 20;
        let refuse = |kind, why: &str| {
            let message = format!("the file of certificates {} {why}", quoted(path));
            Error::new(kind, message)
        };
        let c_path = CString::new(path).map_err(|_| refuse(Kind::Argument, "holds a NUL"))?;
        let unreadable =
            |error: std::io::Error| refuse(Kind::Io, &format!("cannot be read: {error}"));
        // A pipe would wait for whoever writes to it.
        let mut options = std::fs::OpenOptions::new();
        let options = options.read(true).custom_flags(libc::O_NONBLOCK);
        let file = options.open(OsStr::from_bytes(path)).map_err(unreadable)?;
        if !file.metadata().map_err(unreadable)?.is_file() {
            return Err(refuse(Kind::Io, "is no regular file"));
        }
        let mut text = Vec::new();
        let mut limited = file.take(MOST_BYTES + 1);
        limited.read_to_end(&mut text).map_err(unreadable)?;
        if text.len() as u64 > MOST_BYTES {
            return Err(refuse(Kind::Argument, "has more than 16 MiB"));
        }
        Ok(Authority {
            path: c_path,
            digest: *blake3::hash(&text).as_bytes(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_verified_in_another_way_has_another_key() {
        let mut verification = Verification::default();
        assert_eq!(verification.in_key(), None);
        let folder = tempfile::tempdir().unwrap();
        let authority = |name: &str, text: &str| {
            let path = folder.path().join(name);
            std::fs::write(&path, text).unwrap();
            Some(Arc::new(
                Authority::read(path.as_os_str().as_bytes()).unwrap(),
            ))
        };
        verification.authority = authority("one", "a");
        let one = verification.in_key();
        verification.authority = authority("same", "a");
        assert_eq!(verification.in_key(), one);
        verification.authority = authority("other", "b");
        let other = verification.in_key();
        assert!(one.is_some() && one != other);
        verification.is_on = false;
        let off = verification.in_key();
        assert!(off.is_some() && off != one && off != other);
    }

    #[test]
    fn a_file_that_cannot_be_read_is_named() {
        let error = Authority::read(b"/nonexistent/ca.pem").unwrap_err();
        assert_eq!(error.kind(), Kind::Io);
        assert!(error.message().contains("/nonexistent/ca.pem"), "{error}");
        assert_eq!(Authority::read(b"/").unwrap_err().kind(), Kind::Io);
        assert_eq!(Authority::read(b"a\0b").unwrap_err().kind(), Kind::Argument);
    }
}
