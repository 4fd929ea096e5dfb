//! A stored redirect to which an alias leads: answered with as if it had been looked up.

use std::sync::Arc;

use super::Exchange;
use crate::cache::shelf::{Found, Who};
use crate::cache::{Cache, Request, Response};
use crate::key::{PrimaryKey, ROW_SIZE, URL_SIZE};
use crate::policy::admit::{Admission, admit};
use crate::policy::decide::Decision;
use crate::policy::range::Asked;
use crate::record::Stored;

impl Exchange {
    /// The answer to `request`, of which is known that the only response stored under its key is `record`; `None` where a
    /// lookup might come to something else than that this is fresh.
    pub(in crate::cache) fn answer_of(
        cache: &Arc<Cache>,
        request: &Arc<Request>,
        row: &[u8; ROW_SIZE],
        record: &[u8],
    ) -> Option<Response> {
        let mut exchange = Self::begin_with(cache, request).ok()?;
        let Admission::LookUp(class, Asked::Whole) = admit(&request.http, exchange.settings())
        else {
            return None;
        };
        let text = Stored::key_of(record)?.to_vec();
        let stored = Stored::decode(record, &text).filter(|stored| !stored.head.body_is_file)?;
        exchange.class = class;
        exchange.mark = stored.head.mark;
        let secret = cache.secret()?;
        let (fields, settings) = (&request.http.fields, exchange.settings());
        if !Who::new(fields, exchange.mark, &secret, settings).is_selecting(&stored) {
            return None;
        }
        let mut uri = [0; URL_SIZE];
        uri.copy_from_slice(row.first_chunk::<URL_SIZE>()?);
        let key = PrimaryKey {
            row: *row,
            uri,
            text,
        };
        let selected = exchange
            .select(key, Box::new(Found::new(stored, record, false)))
            .ok()?;
        let (decision, _) = exchange.decide_on(selected);
        if decision != Decision::Fresh {
            return None;
        }
        exchange.decision = decision;
        let selected = exchange.selected.take()?;
        exchange.serve(selected, false).ok()?;
        exchange.take_handed_on()
    }
}
