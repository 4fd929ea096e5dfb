//! What the connections of one origin share: counts, versions, gates.

use std::collections::HashMap;
use std::net::{Shutdown, TcpStream};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// No wait is longer, so that a mistake in a test ends it.
const PATIENCE: Duration = Duration::from_secs(20);

#[derive(Default)]
pub struct State {
    shared: Mutex<Shared>,
    changed: Condvar,
}

#[derive(Default)]
struct Shared {
    stopped: bool,
    accepted: u64,
    streams: HashMap<u64, TcpStream>,
    requests: HashMap<String, u64>,
    versions: HashMap<String, u64>,
    gates: HashMap<String, Gate>,
}

#[derive(Default)]
struct Gate {
    open: bool,
    waiting: usize,
    passed: usize,
}

impl State {
    /// Takes in a new connection; `None` when the origin has stopped.
    pub fn enter(&self, stream: &TcpStream) -> Option<u64> {
        let mut shared = self.lock();
        if shared.stopped {
            return None;
        }
        shared.accepted += 1;
        let number = shared.accepted;
        shared.streams.insert(number, stream.try_clone().ok()?);
        Some(number)
    }

    pub fn leave(&self, number: u64) {
        self.lock().streams.remove(&number);
        self.changed.notify_all();
    }

    pub fn stop(&self) {
        let mut shared = self.lock();
        shared.stopped = true;
        for stream in shared.streams.values() {
            let _ = stream.shutdown(Shutdown::Both);
        }
        drop(shared);
        self.changed.notify_all();
    }

    pub fn connections(&self) -> u64 {
        self.lock().accepted
    }

    pub fn open_connections(&self) -> usize {
        self.lock().streams.len()
    }

    /// Counts a request; says how many there were.
    pub fn count(&self, target: &str) -> u64 {
        let mut shared = self.lock();
        let count = shared.requests.entry(target.to_owned()).or_default();
        *count += 1;
        *count
    }

    pub fn requests(&self, target: &str) -> u64 {
        self.lock()
            .requests
            .get(target)
            .copied()
            .unwrap_or_default()
    }

    pub fn version(&self, name: &str) -> u64 {
        *self.lock().versions.entry(name.to_owned()).or_insert(1)
    }

    pub fn change(&self, name: &str) -> u64 {
        let mut shared = self.lock();
        let version = shared.versions.entry(name.to_owned()).or_insert(1);
        *version += 1;
        *version
    }

    /// Waits at a gate, then does `action`.
    pub fn pass<T>(&self, gate: &str, action: impl FnOnce() -> T) -> T {
        self.with_gate(gate, |gate| gate.waiting += 1);
        self.wait(|shared| shared.gates.get(gate).is_some_and(|gate| gate.open));
        let result = action();
        self.with_gate(gate, |gate| {
            gate.waiting -= 1;
            gate.passed += 1;
        });
        result
    }

    pub fn open(&self, gate: &str, passed: usize) {
        self.with_gate(gate, |gate| gate.open = true);
        self.wait(|shared| {
            shared
                .gates
                .get(gate)
                .is_some_and(|gate| gate.passed >= passed)
        });
    }

    pub fn wait_for(&self, gate: &str, count: usize) {
        let waiting = |shared: &Shared| shared.gates.get(gate).map_or(0, |gate| gate.waiting);
        self.wait(|shared| waiting(shared) >= count);
    }

    fn with_gate(&self, gate: &str, change: impl FnOnce(&mut Gate)) {
        change(self.lock().gates.entry(gate.to_owned()).or_default());
        self.changed.notify_all();
    }

    fn wait(&self, until: impl Fn(&Shared) -> bool) {
        let deadline = Instant::now() + PATIENCE;
        let mut shared = self.lock();
        while !shared.stopped && !until(&shared) {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return;
            }
            let woken = self.changed.wait_timeout(shared, left);
            shared = woken.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    fn lock(&self) -> MutexGuard<'_, Shared> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
