//! What a forked child inherits and must leave as it is.

use std::mem::ManuallyDrop;
use std::ops::Deref;

use crate::storage::registry;

/// A value that is dropped in the process that made it. In a forked child it is never dropped: closing
/// what it holds would take the parent's locks away.
pub(in crate::storage) struct OfProcess<T> {
    value: ManuallyDrop<T>,
    forks: u64,
}

impl<T> OfProcess<T> {
    pub(in crate::storage) fn new(value: T) -> Self {
        OfProcess {
            value: ManuallyDrop::new(value),
            forks: registry::forks(),
        }
    }

    /// Whether this process made the value.
    #[inline]
    pub(in crate::storage) fn is_current(&self) -> bool {
        self.forks == registry::forks()
    }
}

impl<T> Deref for OfProcess<T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        &self.value
    }
}

impl<T> Drop for OfProcess<T> {
    fn drop(&mut self) {
        if self.is_current() {
            // SAFETY: this is the only place that drops it, and nothing uses it afterwards.
            unsafe { ManuallyDrop::drop(&mut self.value) };
        }
    }
}
