//! The C API: translates, and decides nothing. One file per object, in the order of the header.

#![allow(non_camel_case_types, reason = "the names are those of C")]

pub mod objects;

pub mod error;
pub mod version;

pub mod options;

pub mod cache;

pub mod field;
pub mod request;

pub mod key;

pub mod response;

pub mod exchange;

pub mod fetch;

pub mod iterator;
pub mod maintenance;
pub mod query;

pub mod transport;

mod guard;
