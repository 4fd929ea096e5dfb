//! The targets, as the tests of the corpora have them too.

#[path = "../../support/fuzz/mod.rs"]
pub mod targets;
