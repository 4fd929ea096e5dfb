//! The caller's own say in what is stored and kept.

use std::sync::Arc;

use super::{Request, Response};

/// What a filter says of a response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It may be stored, or stay.
    Keep,
    /// It is not stored, or does not stay.
    Refuse,
    /// The filter failed, with this status: nothing new is stored, and what is stored stays.
    Failed(i32),
}

type Judge = dyn Fn(&Arc<Request>, Response) -> Verdict + Send + Sync;

/// A filter, asked after all other rules. Thread: any.
#[derive(Clone, Default)]
pub struct Filter {
    judge: Option<Arc<Judge>>,
}

impl Filter {
    /// One that asks `judge`, which gets the request and a response of its own to read.
    pub fn new(judge: impl Fn(&Arc<Request>, Response) -> Verdict + Send + Sync + 'static) -> Self {
        Filter {
            judge: Some(Arc::new(judge)),
        }
    }

    /// Whether there is one.
    pub fn calls_back(&self) -> bool {
        self.judge.is_some()
    }

    /// Asks, if there is something to ask; the response is made only then.
    pub(super) fn ask(
        &self,
        request: &Arc<Request>,
        response: impl FnOnce() -> Option<Response>,
    ) -> Verdict {
        let Some(judge) = &self.judge else {
            return Verdict::Keep;
        };
        response().map_or(Verdict::Keep, |response| judge(request, response))
    }
}
