//! What tells the time: an input, so that tests need not wait for it.

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

/// A source of the time in milliseconds since the Unix epoch. Thread: any.
#[derive(Clone, Default)]
pub enum Clock {
    /// The system's.
    #[default]
    System,
    /// The host's. What it says before 1970 counts as 0.
    Callback(Arc<dyn Fn() -> i64 + Send + Sync>),
}

impl Clock {
    /// Whether it is the host's.
    pub fn calls_back(&self) -> bool {
        matches!(self, Clock::Callback(_))
    }

    /// Now.
    pub fn now(&self) -> i64 {
        match self {
            Clock::System => {
                let since = SystemTime::now()
                    .duration_since(UNIX_EPOCH)
                    .unwrap_or_default();
                i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
            }
            Clock::Callback(call) => call().max(0),
        }
    }
}
