//! The one thread of a store: it commits what was submitted, off the caller's path, and ends when there is nothing to
//! do for a while. It blocks all signals, and calls nothing of the host's.

use std::sync::{Arc, Weak};

use super::lmdb::{Inside, system};
use super::queue::Queue;
use super::shared::Shared;

/// Enough for any change, in bytes; hosts may have little address space.
const STACK: usize = 1 << 20;

/// Starts it; says whether it could be.
pub(super) fn start(shared: &Arc<Shared>) -> bool {
    let (queue, shared) = (Arc::clone(&shared.queue), Arc::downgrade(shared));
    let thread = std::thread::Builder::new()
        .name("httpcache".to_owned())
        .stack_size(STACK);
    // The thread inherits what is blocked here: the host's signals are for the host's threads.
    system::with_signals_blocked(|| thread.spawn(move || work(queue, shared))).is_ok()
}

fn work(queue: Arc<Queue>, shared: Weak<Shared>) {
    let _gone = Gone(&queue);
    let Ok(_inside) = Inside::change() else {
        return;
    };
    while let Some(leading) = queue.lead_as_committer() {
        // Who closes the store waits for the lead, and then finds no other owner.
        let Some(shared) = shared.upgrade() else {
            return;
        };
        shared.commit_batch(&leading, None);
        drop(shared);
        drop(leading);
    }
}

/// Tells the queue that the thread is no more, however it ended.
struct Gone<'q>(&'q Queue);

impl Drop for Gone<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.has_no_committer();
        }
    }
}
