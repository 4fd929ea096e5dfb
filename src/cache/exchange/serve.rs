//! What is handed on from the store.

use super::Exchange;
use super::selected::Selected;
use crate::cache::body::Body;
use crate::cache::{Info, Recorded, Response};
use crate::error::Result;
use crate::http::ResponseHead;
use crate::key::Key;
use crate::policy::precondition;
use crate::policy::range::{self, Asked, ContentRange, Part};
use crate::policy::update::{of_not_modified, remove_named, set, set_age};

impl Exchange {
    /// Hands on a stored response, or what of it the caller asks for, and with it whatever of it is in memory.
    pub(super) fn serve(&mut self, selected: Box<Selected>, revalidated: bool) -> Result<()> {
        let stored = &selected.found.stored.head;
        let id = stored.id;
        let recorded = Recorded {
            id,
            mark: stored.mark,
        };
        let info = Info {
            from_cache: true,
            revalidated,
            continued: false,
            key: Some(Key {
                row: selected.key.row,
                variant: stored.variant,
            }),
            recorded: Some(recorded).filter(|recorded| recorded.mark == self.mark),
            freshness: Some(selected.freshness),
            elapsed: 0,
        };
        let judged = self.stored_to_judge(&selected, info);
        let (mut head, body) = self.content_of(selected, revalidated)?;
        self.say_status(&mut head, &info)?;
        self.handed_on = Some(Response::new(head, info, body, self.context()));
        self.judge_reused(id, judged);
        Ok(())
    }

    fn content_of(
        &self,
        selected: Box<Selected>,
        revalidated: bool,
    ) -> Result<(ResponseHead, Body)> {
        let settings = self.settings();
        let asks = &self.request.http.fields;
        let received_at = selected.freshness.received_at;
        let has_it = precondition::is_conditional(asks)
            && selected.found.stored.response.status == 200
            && precondition::is_not_modified(
                asks,
                &selected.found.stored.response.fields,
                received_at,
            );
        let stored_range = selected.content_range();
        let wanted = match self.asked {
            Asked::One(range) => selected.part_of(range).ok_or(selected.body_len()),
            _ => Err(0),
        };
        let Selected {
            found,
            said,
            freshness,
            ..
        } = *selected;
        let stored_len = found.stored.head.body_len;
        let mut head = found.stored.response;
        if settings.cache_control {
            if !revalidated && !settings.shared {
                remove_named(&mut head.fields, &said.directives.no_cache);
            }
            // §5.1
            set_age(&mut head.fields, freshness.age(self.now))?;
        }
        if has_it {
            let mut not_modified = ResponseHead::new(304, b"Not Modified")?;
            not_modified.fields = of_not_modified(&head.fields);
            return Ok((not_modified, Body::memory(Vec::new())));
        }
        // RFC 9110 §9.3.2: a HEAD that a stored GET answers has its fields and no content.
        if self.is_head() {
            return Ok((head, Body::memory(Vec::new())));
        }
        let body = match found.file {
            None => Body::memory(found.body),
            Some(file) => Body::File(file),
        };
        let is_part_of_whole = matches!(self.asked, Asked::One(_)) && head.status == 200;
        match (wanted, stored_range) {
            (Ok(part), None) if is_part_of_whole => part_of(head, body, part, 0, Some(stored_len)),
            (Err(complete), None) if is_part_of_whole => unsatisfiable(complete),
            (Ok(part), Some(stored))
                if stored.part.holds(&part) && stored.part.size() == stored_len =>
            {
                part_of(head, body, part, stored.part.first, stored.complete)
            }
            _ => Ok((head, body)),
        }
    }

    /// Hands on a 504 (§5.2.1.7).
    pub(super) fn serve_unsatisfiable(&mut self) -> Result<()> {
        let mut head = ResponseHead::new(504, b"Gateway Timeout")?;
        let body = Body::memory(Vec::new());
        let info = Info::default();
        self.say_status(&mut head, &info)?;
        self.handed_on = Some(Response::new(head, info, body, self.context()));
        Ok(())
    }
}

/// A 206 with a part of a stored body, which itself begins at byte `from` of the whole (RFC 9110 §15.3.7).
fn part_of(
    mut head: ResponseHead,
    body: Body,
    part: Part,
    from: u64,
    complete: Option<u64>,
) -> Result<(ResponseHead, Body)> {
    let mut partial = ResponseHead::new(206, b"Partial Content")?;
    let range = ContentRange::value(part, complete);
    set(&mut head.fields, b"Content-Range", &range)?;
    set(
        &mut head.fields,
        b"Content-Length",
        &part.size().to_string(),
    )?;
    partial.fields = head.fields;
    let body = body.part(part.first.saturating_sub(from), part.size());
    Ok((partial, body))
}

/// A 416 (RFC 9110 §15.5.17).
fn unsatisfiable(complete: u64) -> Result<(ResponseHead, Body)> {
    let mut head = ResponseHead::new(416, b"Range Not Satisfiable")?;
    let range = range::unsatisfiable(complete);
    set(&mut head.fields, b"Content-Range", &range)?;
    Ok((head, Body::memory(Vec::new())))
}
