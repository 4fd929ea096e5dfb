//! What may be stored, what may be reused, and what an origin's answer changes. Pure functions of plain data and
//! `now`; each branch names its section of RFC 9111 unless another one is said.

pub mod admit;
pub mod decide;
pub mod directives;
pub mod freshness;
pub mod groups;
pub mod invalidate;
pub mod no_vary_search;
pub mod precondition;
pub mod range;
pub mod reason;
pub mod said;
pub mod stale;
pub mod status;
pub mod storable;
pub mod update;
pub mod validate;

/// Milliseconds since the Unix epoch, or between two instants.
pub type Millis = i64;
