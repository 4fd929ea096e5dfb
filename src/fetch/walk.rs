//! From one redirect to the next: what was passed, and an alias where one leads on.

use std::sync::Arc;

use super::{Fetched, redirect};
use crate::cache::aliases::{Lead, Trail};
use crate::cache::{Decision, Request, Response};
use crate::error::Result;
use crate::settings::Settings;

/// The redirects that were followed so far.
#[derive(Default)]
pub(super) struct Walk {
    history: Vec<Response>,
    /// While all of them are stored.
    trail: Option<Trail>,
    /// An alias led all the way from the first one.
    is_known: bool,
}

impl Walk {
    /// Goes on behind a redirect; gives the request to answer next.
    pub(super) fn follow(
        &mut self,
        request: &Request,
        fetched: Fetched,
        next: Request,
        settings: &Settings,
    ) -> Result<Arc<Request>> {
        redirect::check_limit(self.history.len() + 1, settings)?;
        if self.history.is_empty() {
            self.trail = Trail::of(request, settings);
        }
        let redirect = fetched.response.settled(redirect::MOST_CONTENT);
        let led = match fetched.decision {
            Decision::Fresh => {
                let left = settings
                    .max_redirects
                    .saturating_sub(self.history.len() + 1);
                lead(&redirect, &next, settings, left)
            }
            _ => None,
        };
        self.pass(redirect);
        let Some((between, last)) = led else {
            return Ok(Arc::new(next));
        };
        self.is_known = self.history.len() == 1;
        between.into_iter().for_each(|redirect| self.pass(redirect));
        Ok(last)
    }

    fn pass(&mut self, redirect: Response) {
        self.trail = self.trail.take().and_then(|trail| trail.behind(&redirect));
        self.history.push(redirect);
    }

    /// Hands on the final response.
    pub(super) fn end(self, mut fetched: Fetched) -> Fetched {
        // Where the final one was there, nothing changed.
        let is_there = self.is_known && fetched.decision == Decision::Fresh;
        if let Some(trail) = self.trail.filter(|_| !is_there) {
            fetched.response.set_trail(trail);
        }
        fetched.response.set_history(self.history);
        fetched
    }
}

/// The redirects to which an alias leads from a stored one, and the request for the final response; `None` where there
/// are more of them than `left`, too.
fn lead(
    redirect: &Response,
    next: &Request,
    settings: &Settings,
    left: usize,
) -> Option<(Vec<Response>, Arc<Request>)> {
    let mut lead = Lead::from(redirect, settings).filter(|lead| lead.left() <= left)?;
    let mut request = Arc::new(next.clone());
    let mut between = Vec::new();
    while lead.left() > 0 {
        let answer = lead.answer(&request)?;
        let next = redirect::target(&request, &answer.head, settings).ok()??;
        between.push(answer);
        request = Arc::new(next);
    }
    lead.ends_at(&request).then_some((between, request))
}
