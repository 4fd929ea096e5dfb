//! Storing as told: no policy and no filter is asked. What no lookup could find, and what must never be on the disk, is
//! refused all the same.

use std::sync::Arc;

use super::Exchange;
use super::storing::{Arrived, BodySource, entry, joined};
use crate::cache::body::Body;
use crate::cache::{Cache, Request, Response, marks, read_only, shelf};
use crate::error::{Error, Kind, Result};
use crate::http::ResponseHead;
use crate::http::response::Framing;
use crate::key::selecting::{Vary, vary};
use crate::key::{MethodClass, redact};
use crate::policy::admit::{Admission, admit};
use crate::policy::directives::Seconds;
use crate::policy::freshness;
use crate::policy::said::Said;
use crate::policy::update::remove_hop_by_hop;
use crate::record::{Expires, Stamp};
use crate::settings::{NEVER, UNSET};
use crate::storage::{Store, Transaction};

impl Exchange {
    /// Stores a response as the answer to a request; `false`: the cache has no part in such a request. An expiry that is
    /// unset is what the settings say.
    pub(in crate::cache) fn put(
        cache: &Arc<Cache>,
        request: &Arc<Request>,
        response: &Response,
        created_at: i64,
        expires_at: i64,
    ) -> Result<bool> {
        let mut exchange = Exchange::begin_with(cache, request)?;
        let body = exchange.check_to_put(response)?;
        let Admission::LookUp(class, _) = admit(&request.http, exchange.settings()) else {
            return Ok(false);
        };
        if exchange.is_head() && class == MethodClass::Get {
            // RFC 9110 §9.3.2: what has no content answers no GET.
            return Ok(false);
        }
        let store = cache.current_store()?;
        exchange.secret = Some(*store.secret());
        exchange.identify(class)?;
        let stamp = exchange.stamp_to_put(&response.head, created_at, expires_at)?;
        let arrived = joined(&store, [body])?;
        let written = exchange.write_as_told(&store, &response.head, &stamp, &arrived);
        match written {
            Ok(()) => Ok(true),
            Err(error) => arrived.discard(&store).and(Err(error)),
        }
    }

    /// The body to store; an error names what keeps the response from being stored.
    fn check_to_put(&self, response: &Response) -> Result<Body> {
        let refuse = |why: &str| Err(Error::new(Kind::Argument, format!("response: {why}")));
        let settings = self.settings();
        let head = &response.head;
        if settings.read_only {
            return Err(read_only());
        }
        // Whatever the policy, these answer one request alone, or a part of one.
        if matches!(head.status, 0..=199 | 206 | 304 | 407 | 412 | 416) {
            return refuse(&format!("one of status {} is not stored", head.status));
        }
        if vary(&head.fields) == Vary::Any {
            return refuse("no other request is answered by one that varies on everything");
        }
        if redact::must_be_altered(&head.fields, &settings.lists.ignored) {
            return refuse("it names a URL with a value that is kept from the disk");
        }
        let limits = &settings.transfer;
        if head.fields.len() > limits.max_fields || head.fields.text().len() > limits.max_head_bytes
        {
            let message =
                "response: its fields are over HC_OPT_MAX_FIELDS or HC_OPT_MAX_HEAD_BYTES";
            return Err(Error::new(Kind::TooLarge, message));
        }
        let (Some(body), Some(size)) = (response.body().another(), response.body_size()) else {
            let message = "response: its body can be read only once; read it, and build one of it";
            return Err(Error::new(Kind::Misuse, message));
        };
        match head.framing(&self.request.http.method) {
            Framing::Length(announced) if announced != size => {
                return refuse("its body has another length than its Content-Length");
            }
            Framing::Contradictory => return refuse("its lengths contradict each other"),
            _ => {}
        }
        if settings.max_response_bytes.is_some_and(|most| size > most) {
            let message = format!("response: {size} bytes are over HC_OPT_MAX_RESPONSE_BYTES");
            return Err(Error::new(Kind::TooLarge, message));
        }
        Ok(body)
    }

    fn stamp_to_put(&self, head: &ResponseHead, created_at: i64, expires_at: i64) -> Result<Stamp> {
        let created_at = if created_at == UNSET {
            self.now
        } else {
            created_at
        };
        let is_known = expires_at >= 0 || matches!(expires_at, UNSET | NEVER);
        if created_at < 0 || !is_known {
            let name = if is_known { "created_at" } else { "expires_at" };
            let value = if is_known { created_at } else { expires_at };
            let message = format!("{name} is {value}: neither an instant nor a name of one");
            return Err(Error::new(Kind::Argument, message));
        }
        let said = Said::by(&head.fields, self.settings());
        let settings = self.settings();
        let asked = Seconds::Absent;
        let mut stamp = freshness::stamp(head, &said, asked, created_at, created_at, settings);
        if expires_at != UNSET {
            stamp.is_explicit = true;
            stamp.expires = match expires_at {
                NEVER => Expires::Never,
                instant => Expires::At(instant),
            };
        }
        Ok(stamp)
    }

    fn write_as_told(
        &self,
        store: &Store,
        head: &ResponseHead,
        stamp: &Stamp,
        arrived: &Arrived,
    ) -> Result<()> {
        let Some(key) = self.key.clone() else {
            return Err(Error::new(Kind::Internal, "a response to put has no key"));
        };
        let said = Said::by(&head.fields, self.settings());
        let mut kept = head.clone();
        remove_hop_by_hop(&mut kept.fields);
        let redacted = redact::response(&kept, &self.settings().lists.ignored)?;
        let request = self.stored_request(&kept.fields, store.secret())?;
        let who = self.selector(&said);
        let source = BodySource::New(arrived);
        let (entry, _) = entry(store, &key.text, &who, &redacted, stamp, &request, source)?;
        let size = entry.record.len();
        let most = self.settings().max_variants;
        let path = self.path_to_enter(&kept);
        let change = move |txn: &mut Transaction<'_>| {
            if let Some((row, url)) = &path {
                marks::enter_url(txn, row, url)?;
            }
            shelf::enter(txn, &key, &entry, most)
        };
        store.submit(size, Box::new(change))
    }
}
