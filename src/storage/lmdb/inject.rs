//! Codes that LMDB could return, in place of those that it does: in tests alone. Each call of LMDB that can fail asks
//! here first, by its name.

/// The code that this call returns instead of being made.
#[cfg(not(test))]
#[inline(always)]
pub(super) fn injected(_call: &'static str) -> Option<i32> {
    None
}

#[cfg(test)]
pub(super) use self::plan::injected;

/// What fails: of the whole process, so that a test that uses it runs in a process of its own.
#[cfg(test)]
#[cfg_attr(
    not(feature = "fetch"),
    allow(dead_code, reason = "the tests that use it are not there")
)]
pub(crate) mod plan {
    use std::sync::{Mutex, PoisonError};

    /// What LMDB can answer besides errors of the system.
    pub(crate) const CODES: [(&str, i32); 8] = [
        ("MAP_FULL", lmdb_sys::MDB_MAP_FULL),
        ("READERS_FULL", lmdb_sys::MDB_READERS_FULL),
        ("TXN_FULL", lmdb_sys::MDB_TXN_FULL),
        ("BAD_RSLOT", lmdb_sys::MDB_BAD_RSLOT),
        ("MAP_RESIZED", lmdb_sys::MDB_MAP_RESIZED),
        ("PANIC", lmdb_sys::MDB_PANIC),
        ("CORRUPTED", lmdb_sys::MDB_CORRUPTED),
        ("VERSION_MISMATCH", lmdb_sys::MDB_VERSION_MISMATCH),
    ];

    static PLAN: Mutex<Option<Plan>> = Mutex::new(None);

    struct Plan {
        at: u64,
        code: i32,
        for_ever: bool,
        calls: Vec<&'static str>,
    }

    /// From now on the call of this number fails, counted from 1; 0: none.
    pub(crate) fn arm(at: u64, code: i32, for_ever: bool) {
        *lock() = Some(Plan {
            at,
            code,
            for_ever,
            calls: Vec::new(),
        });
    }

    /// The calls since it was armed, by name.
    pub(crate) fn disarm() -> Vec<&'static str> {
        lock().take().map(|plan| plan.calls).unwrap_or_default()
    }

    pub(in crate::storage::lmdb) fn injected(call: &'static str) -> Option<i32> {
        let mut plan = lock();
        let plan = plan.as_mut()?;
        plan.calls.push(call);
        let number = plan.calls.len() as u64;
        let fails = plan.at != 0 && (number == plan.at || (number > plan.at && plan.for_ever));
        fails.then_some(plan.code)
    }

    fn lock() -> std::sync::MutexGuard<'static, Option<Plan>> {
        PLAN.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
