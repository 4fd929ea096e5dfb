//! Revalidation behind a caller's back (RFC 5861 §3), on a thread that calls nothing of the host's.

use std::sync::Arc;

use super::{Fetched, forward};
use crate::cache::{Cache, Exchange};
use crate::transport::{Background, Transport};

/// So many threads at once; what comes beyond them is revalidated in front of its caller.
const MOST_THREADS: usize = 4;

/// Starts to revalidate; gives the exchange back where that cannot be done here: the host forbids threads, or has
/// callbacks that would run on this one, or there are too many already.
pub(super) fn revalidate(
    cache: &Arc<Cache>,
    background: Option<Background>,
    exchange: Exchange,
) -> Option<Exchange> {
    let may = cache.settings().workers > 0 && !cache.calls_back();
    let Some(background) = background.filter(|_| may) else {
        return Some(exchange);
    };
    let Some(work) = cache.begin_work(MOST_THREADS) else {
        return Some(exchange);
    };
    let transport = background.transport;
    // Where no thread can be had it is as if the origin could not be reached.
    (background.spawn)(Box::new(move || {
        finish(transport, exchange);
        drop(work);
    }));
    None
}

fn finish(transport: &dyn Transport, exchange: Exchange) {
    let decision = exchange.decision();
    // Nobody waits for this answer: that it fails changes nothing.
    let Ok(Fetched { mut response, .. }) = forward(transport, exchange, decision) else {
        return;
    };
    let mut piece = [0; 16 * 1024];
    while response.read(&mut piece).is_ok_and(|n| n > 0) {}
}
