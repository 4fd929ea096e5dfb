//! What the benchmarks share. Each of them uses a part of it.
#![allow(dead_code, reason = "each benchmark uses a part")]

pub mod c_api;
pub mod child;
pub mod instructions;
pub mod measure;
pub mod plan;
pub mod raw;
pub mod work;
