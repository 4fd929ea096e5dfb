//! What is handed on from the store.

use super::Exchange;
use crate::cache::body::Body;
use crate::cache::shelf::Found;
use crate::cache::{Info, Response};
use crate::error::Result;
use crate::http::ResponseHead;
use crate::key::Key;
use crate::policy::freshness::Freshness;
use crate::policy::update::with_age;

impl Exchange {
    /// Hands on a stored response, and with it whatever of it is in memory.
    pub(super) fn serve(&mut self, found: Box<Found>, revalidated: bool) -> Result<()> {
        let Found {
            stored, body, file, ..
        } = *found;
        let freshness = Freshness::of(&stored.response, &stored.head.stamp, self.settings());
        let id = stored.head.id;
        let body = match file {
            // RFC 9110 §9.3.2: a HEAD that a stored GET answers has its fields and no content.
            _ if self.request.http.method.as_str() == "HEAD" => Body::memory(Vec::new()),
            None => Body::memory(body),
            Some(file) => Body::File(file),
        };
        let mut head = stored.response;
        if self.settings().cache_control {
            // §5.1
            head.fields = with_age(&head.fields, freshness.age(self.now))?;
        }
        let key = self.key.as_ref().map(|key| Key {
            row: key.row,
            variant: stored.head.variant,
        });
        let info = Info {
            from_cache: true,
            revalidated,
            key,
            freshness: Some(freshness),
            elapsed: 0,
        };
        self.handed_on = Some(Response::new(head, info, body, self.context()));
        self.judge_reused(id);
        Ok(())
    }

    /// Hands on a 504 (§5.2.1.7).
    pub(super) fn serve_unsatisfiable(&mut self) -> Result<()> {
        let head = ResponseHead::new(504, b"Gateway Timeout")?;
        let body = Body::memory(Vec::new());
        self.handed_on = Some(Response::new(head, Info::default(), body, self.context()));
        Ok(())
    }
}
