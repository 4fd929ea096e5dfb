//! The exchange around a transport: look up, send what is to be sent, report what came.

mod arriving;
mod background;
mod redirect;
mod walk;

use std::sync::Arc;

use self::arriving::Arriving;
use self::walk::Walk;
use crate::cache::{Body, Cache, Decision, Exchange, Outcome, Request, Response};
use crate::error::{Kind, Result};
use crate::transport::{Background, Reply, Transport};

/// A response, and how the cache came to it.
pub struct Fetched {
    /// The response. Its body is stored while it is read.
    pub response: Response,
    /// What was decided before anything was sent.
    pub decision: Decision,
    /// What became of the origin's answer; [`Outcome::NotStored`] where it was not asked.
    pub outcome: Outcome,
}

/// Answers `request` from the cache or through `transport`, following redirects as the settings say. What is
/// revalidated behind the caller's back is so in the `background`, if there is one.
pub fn fetch(
    cache: &Arc<Cache>,
    transport: &dyn Transport,
    background: Option<Background>,
    request: &Arc<Request>,
) -> Result<Fetched> {
    let settings = cache.settings().with(&request.overrides);
    let mut request = request.clone();
    let mut walk = Walk::default();
    loop {
        let fetched = fetch_one(cache, transport, background, &request)?;
        let next = match redirect::target(&request, &fetched.response.head, &settings)? {
            Some(next) => next,
            None => return Ok(walk.end(fetched)),
        };
        request = walk.follow(&request, fetched, next, &settings)?;
    }
}

fn fetch_one(
    cache: &Arc<Cache>,
    transport: &dyn Transport,
    background: Option<Background>,
    request: &Arc<Request>,
) -> Result<Fetched> {
    let exchange = *cache.lookup(request)?;
    let decision = exchange.decision();
    if decision == Decision::StaleRevalidate
        && let Some(response) = exchange.response()?
    {
        let stale = Fetched {
            response,
            decision,
            outcome: Outcome::NotStored,
        };
        let Some(given_back) = background::revalidate(cache, background, exchange) else {
            return Ok(stale);
        };
        // In front of the caller it is an answer only if it took the place of the stale one.
        return match forward(transport, given_back, decision) {
            Err(error) if error.kind() == Kind::Cancelled => Err(error),
            Err(_) => Ok(stale),
            Ok(fetched) if fetched.outcome == Outcome::NotStored => Ok(stale),
            Ok(fetched) => Ok(fetched),
        };
    }
    forward(transport, exchange, decision)
}

/// Sends what is to be sent, and reports what came.
fn forward(
    transport: &dyn Transport,
    mut exchange: Exchange,
    decision: Decision,
) -> Result<Fetched> {
    while let Some(forward) = exchange.forward().cloned() {
        let mut settings = exchange.settings().transfer.clone();
        settings.cancellation = forward.cancellation.clone();
        let reply = match transport.start(&forward.http, &settings) {
            Ok(reply) => reply,
            // Who no longer wants an answer wants no stale one.
            Err(error) if error.kind() == Kind::Cancelled => return Err(error),
            Err(error) => {
                return if exchange.fail()? {
                    Ok(Fetched::from(exchange, decision, Outcome::UsedStale))
                } else {
                    Err(error)
                };
            }
        };
        match exchange.begin(&reply.head)? {
            Outcome::Repeat => {}
            outcome => return Ok(answered(exchange, reply, decision, outcome)),
        }
    }
    Ok(Fetched::from(exchange, decision, Outcome::NotStored))
}

fn answered(exchange: Exchange, reply: Reply, decision: Decision, outcome: Outcome) -> Fetched {
    match outcome {
        Outcome::Storing | Outcome::NotStored => {
            let Some(described) = exchange.handed_on() else {
                return Fetched::from(exchange, decision, outcome);
            };
            // The exchange keeps what it hands on too, for whoever asks for the whole body later.
            let mut response = described.with_body(Body::Origins(None));
            let announced = described.body_size();
            let beginning = exchange.beginning().filter(|_| response.info.continued);
            // The reader sees one body.
            response.info.continued = false;
            let storing = (outcome == Outcome::Storing).then_some(exchange);
            let arriving = Arriving::new(reply.body, beginning, storing, announced);
            response.set_arriving(Box::new(arriving));
            Fetched {
                response,
                decision,
                outcome,
            }
        }
        // The content of a 304 or of a failed answer is of no use; what is on its way is dropped.
        _ => Fetched::from(exchange, decision, outcome),
    }
}

impl Fetched {
    fn from(mut exchange: Exchange, decision: Decision, outcome: Outcome) -> Self {
        let nothing = || Response::built(Default::default());
        Fetched {
            response: exchange.take_handed_on().unwrap_or_else(nothing),
            decision,
            outcome,
        }
    }
}
