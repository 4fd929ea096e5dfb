//! Looking into the cache, and looking after it. No transaction outlives a step of any of these, and what they are asked
//! to do they say when they cannot: here a fault of the store is the caller's error, for he asked for nothing else.

mod aliases;
mod best;
mod bodies;
mod delete;
mod expiration;
mod get;
mod keys;
mod pages;
mod query;
mod row;
mod update;
mod verify;
mod walk;

use std::sync::Arc;

pub use self::query::{Kinds, Order, Query, UrlGlob};
pub use self::update::Updated;
pub use self::verify::Verification;
pub use self::walk::{Item, Walk};

use super::Cache;

impl Cache {
    /// Walks the stored responses that a query asks for. Nothing is read before the first step.
    pub fn walk(self: &Arc<Self>, query: Query) -> Walk {
        Walk::new(self, query)
    }
}
