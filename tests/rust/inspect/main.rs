//! Looking into the cache and after it.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test stops where it fails"
)]

mod expiration;
mod looking;
mod support;
mod update;
mod verify;
