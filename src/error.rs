//! Why a call failed: one error type for every room, so that a fault keeps its subject on its way out.

use std::borrow::Cow;
use std::fmt;

/// What kind of failure it was. Each kind is one negative `hc_status` of the C API.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// An argument is not what the call takes.
    Argument,
    /// The call came out of order.
    Misuse,
    /// The option, or the feature, is not in this build.
    Unsupported,
    /// Memory could not be reserved.
    NoMemory,
    /// A bug in this library.
    Internal,
    /// Two options contradict each other.
    Conflict,
    /// An option contradicts what the cache directory was made with.
    Mismatch,
    /// Reading or writing failed.
    Io,
    /// The disk, or a quota, is full.
    Full,
    /// What is stored is damaged.
    Corrupt,
    /// What is stored was written by a newer version of the library.
    NewerFormat,
    /// Another process, or another copy of the library, holds what is needed.
    Busy,
    /// The place can be read but not written.
    ReadOnly,
    /// The system refuses access.
    Permission,
    /// The path leads to something that is no directory.
    NotDirectory,
    /// The directory belongs to another user.
    ForeignOwner,
    /// The directory is a symbolic link.
    Symlink,
    /// The URL cannot be requested.
    Url,
    /// A field name or value is malformed.
    Field,
    /// A limit was exceeded.
    TooLarge,
    /// The method is no token.
    Method,
    /// The exchange with the origin failed in another way than those below.
    Transport,
    /// The origin took too long.
    Timeout,
    /// The caller cancelled.
    Cancelled,
    /// The host name could not be resolved.
    Resolve,
    /// No connection could be made.
    Connect,
    /// TLS could not be set up, or the peer is not who it should be.
    Tls,
    /// The origin's answer is broken or was cut off.
    Protocol,
    /// Too many redirects, or one that may not be followed.
    Redirect,
    /// A callback failed.
    Callback,
}

/// The number below an error, and whose number it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// `errno` of the operating system.
    Errno(i32),
    /// A return code of LMDB.
    Lmdb(i32),
    /// A `CURLcode` or `CURLMcode`.
    Curl(i32),
    /// What a callback returned.
    Callback(i32),
}

/// Why a call failed, in words that name the subject and hold no secrets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    kind: Kind,
    message: Cow<'static, str>,
    cause: Option<Cause>,
}

/// The result of a call that can fail.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// Makes an error; `message` names what failed and why.
    pub fn new(kind: Kind, message: impl Into<Cow<'static, str>>) -> Self {
        Error {
            kind,
            message: message.into(),
            cause: None,
        }
    }

    /// Makes an error of a failed system call; `what` names the call's subject. The kind follows from
    /// the system's error, so that a full disk is [`Kind::Full`] wherever it is met.
    pub fn io(what: impl fmt::Display, error: &std::io::Error) -> Self {
        let kind = match error.raw_os_error() {
            Some(libc::ENOSPC | libc::EDQUOT) => Kind::Full,
            Some(libc::EROFS) => Kind::ReadOnly,
            Some(libc::EACCES | libc::EPERM) => Kind::Permission,
            Some(libc::ENOTDIR) => Kind::NotDirectory,
            Some(libc::ELOOP) => Kind::Symlink,
            Some(libc::ENOMEM) => Kind::NoMemory,
            _ => Kind::Io,
        };
        Error {
            kind,
            message: format!("{what}: {error}").into(),
            cause: error.raw_os_error().map(Cause::Errno),
        }
    }

    /// Adds the number below the error.
    pub fn with_cause(mut self, cause: Cause) -> Self {
        self.cause = Some(cause);
        self
    }

    /// What kind of failure it was.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// What failed and why, in English.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The number below the error, if there is one.
    pub fn cause(&self) -> Option<Cause> {
        self.cause
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {}
