//! Scenarios: scripts of requests, answers and what a user sees, for every implementation and binding. What
//! they may say is in `tests/scenarios/README.md`; this runs them over the engine's own interface.

mod caches;
mod expect;
mod format;
mod functions;
mod run;
mod text;

pub use self::caches::Caches;
#[allow(unused_imports, reason = "not each program names the type")]
pub use self::format::{Scenario, read};
pub use self::run::run;

/// Where a scenario's clock begins: 2023-11-14 22:13:20 UTC.
pub const T0: i64 = 1_700_000_000_000;

/// What is wrong, in words.
pub type Checked<T> = Result<T, String>;
