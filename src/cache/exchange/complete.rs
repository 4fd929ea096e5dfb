//! A response whose beginning is stored: the origin is asked for the rest alone (§3.3, §3.4).

use std::sync::Arc;

use super::Exchange;
use super::selected::Selected;
use crate::cache::Request;
use crate::cache::body::Body;
use crate::error::Result;
use crate::http::ResponseHead;
use crate::key::MethodClass;
use crate::policy::decide::{Decision, only_if_cached, reuse};
use crate::policy::precondition;
use crate::policy::range::{Asked, ContentRange, Part};
use crate::policy::update::{combined, set};
use crate::policy::validate::strong_etag;

impl Exchange {
    /// The stored beginning of what the request asks for, where the user wants it completed.
    pub(super) fn find_prefix(&self) -> Option<Box<Selected>> {
        let settings = self.settings();
        let http = &self.request.http;
        let asks_for_all = self.asked == Asked::Whole
            && http.method.as_str() == "GET"
            && self.class == MethodClass::Get
            && !precondition::is_conditional(&http.fields);
        if !settings.complete || !asks_for_all || only_if_cached(&self.directives, settings) {
            return None;
        }
        let selected = self.find(self.key_for(MethodClass::Part)).ok()?;
        let (decision, _) = reuse(
            &selected.candidate(),
            &self.directives,
            settings,
            self.request_time,
        );
        let part = selected.content_range()?.part;
        let is_usable =
            decision == Decision::Fresh && part.first == 0 && part.size() == selected.body_len();
        is_usable.then_some(selected)
    }

    /// The request to send on a miss: the caller's, or one for what is not stored of it.
    pub(super) fn request_for_the_rest(&self) -> Result<Arc<Request>> {
        let Some(prefix) = &self.prefix else {
            return Ok(self.request.clone());
        };
        let mut request = Request::clone(&self.request);
        let fields = &mut request.http.fields;
        set(fields, b"Range", &format!("bytes={}-", prefix.body_len()))?;
        fields.remove(b"If-Range");
        if let Some(etag) = strong_etag(&prefix.found.stored.response.fields) {
            fields.add(b"If-Range", etag)?;
        }
        Ok(Arc::new(request))
    }

    /// Whether an answer can be handed on as it is, or behind what is stored; if not, the whole is to be asked for.
    /// Only the same strong validator says that both are parts of one representation.
    pub(super) fn continues(&mut self, head: &ResponseHead) -> bool {
        let Some(prefix) = self.prefix.take_if(|_| matches!(head.status, 206 | 416)) else {
            // Another answer than a part is one to the request itself.
            self.prefix = None;
            return true;
        };
        let stored = &prefix.found.stored.response.fields;
        let etag = strong_etag(stored);
        let rest = ContentRange::by(&head.fields).filter(|_| head.status == 206);
        let is_rest = rest.is_some_and(|rest| {
            let known = prefix.content_range().and_then(|range| range.complete);
            rest.part.first == prefix.body_len()
                && rest.complete == Some(rest.part.last + 1)
                && known.is_none_or(|known| rest.complete == Some(known))
        });
        let fits = is_rest && etag.is_some() && etag == strong_etag(&head.fields);
        if fits {
            self.prefix = Some(prefix);
        }
        fits
    }

    /// The stored beginning, for reading, where the origin's body is the rest.
    pub fn beginning(&self) -> Option<Body> {
        self.prefix.as_ref().map(|prefix| prefix.body())
    }

    /// Hands on the head of the complete response in place of that of its rest.
    pub(super) fn hand_on_continued(&mut self) -> Result<()> {
        let (Some(prefix), Some(response)) = (&self.prefix, &self.handed_on) else {
            return Ok(());
        };
        let range = ContentRange::by(&response.head.fields);
        let length = range.map_or(0, |range| {
            Part {
                first: 0,
                ..range.part
            }
            .size()
        });
        let mut fields = combined(&prefix.found.stored.response.fields, &response.head.fields)?;
        fields.remove(b"Content-Range");
        set(&mut fields, b"Content-Length", &length.to_string())?;
        let mut whole = response.with_body(Body::Origins(Some(length)));
        whole.head = ResponseHead::new(200, b"OK")?;
        whole.head.fields = fields;
        whole.info.continued = true;
        self.handed_on = Some(whole);
        Ok(())
    }
}
