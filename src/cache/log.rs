//! Log lines, handed to the host. They name subjects and hold no secrets: no query, no field value.

use std::sync::Arc;

/// How grave a line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(i32)]
pub enum Level {
    /// The cache lost something, or works as pass-through.
    Error = 1,
    /// Something is not as it should be.
    Warning = 2,
    /// What happens now and then.
    Info = 3,
    /// What happens on each call.
    Debug = 4,
}

type Write = dyn Fn(i32, &str) + Send + Sync;

/// Where log lines go. Thread: any.
#[derive(Clone, Default)]
pub struct Log {
    write: Option<(i32, Arc<Write>)>,
}

impl Log {
    /// Goes nowhere.
    pub fn none() -> Self {
        Self::default()
    }

    /// Hands on lines up to `level`.
    pub fn new(level: i32, write: impl Fn(i32, &str) + Send + Sync + 'static) -> Self {
        Log {
            write: Some((level, Arc::new(write))),
        }
    }

    /// Whether lines go anywhere.
    pub fn calls_back(&self) -> bool {
        self.write.is_some()
    }

    /// Writes a line, which is made only if it is wanted.
    pub fn write(&self, level: Level, line: impl FnOnce() -> String) {
        if let Some((most, write)) = &self.write
            && level as i32 <= *most
        {
            write(level as i32, &line());
        }
    }
}
