//! Another expiry for everything that is stored.

use super::delete::submit;
use super::pages::Pages;
use super::row::{Held, Place, Readable};
use crate::cache::{Cache, shelf};
use crate::error::{Error, Kind, Result};
use crate::policy::directives::Seconds;
use crate::policy::freshness::stamp;
use crate::policy::said::Said;
use crate::record::{Expires, Head, Stamp, Stored};
use crate::settings::Expiry;
use crate::storage::{BodyId, Table, Transaction};

/// A record that is to have another expiry, if it is still as it was looked at.
struct Stamped {
    place: Place,
    id: BodyId,
    before: Stamp,
    after: Stamp,
}

impl Cache {
    /// Gives all stored responses another expiry, some in each transaction, and says how many had another one before.
    /// `expiry` is as [`crate::settings::option::EXPIRE_AFTER`] takes it: a duration counts from now; unset is what the
    /// settings of this cache would have given it when it was received.
    pub fn reset_expiration(&self, expiry: i64) -> Result<u64> {
        let expiry = Expiry::read(expiry, "expire_after")?;
        if expiry == Expiry::DoNotCache {
            let message = "expire_after: what is stored cannot be what is not; delete it";
            return Err(Error::new(Kind::Argument, message));
        }
        self.check_writable()?;
        let store = self.current_store()?;
        let now = self.now();
        let mut changed = 0;
        let mut pages = Pages::all();
        loop {
            let (mut stamped, mut size) = (Vec::new(), 0);
            let goes_on = pages.next(&store, &mut |place, value| {
                if let Held::Response(readable) = Held::read(self, &place, value) {
                    let before = readable.stored.head.stamp;
                    let after = self.stamp_again(&readable, expiry, now);
                    if before != after {
                        size += value.len();
                        let id = readable.stored.head.id;
                        stamped.push(Stamped {
                            place,
                            id,
                            before,
                            after,
                        });
                    }
                }
                Ok(())
            })?;
            if !stamped.is_empty() {
                changed += submit(&store, size, move |txn| write(txn, &stamped))?;
            }
            if !goes_on {
                return Ok(changed);
            }
        }
    }

    fn stamp_again(&self, readable: &Readable, expiry: Expiry, now: i64) -> Stamp {
        let before = readable.stored.head.stamp;
        let (expires, is_explicit) = match expiry {
            Expiry::Never => (Expires::Never, true),
            Expiry::After(duration) => (Expires::At(now.saturating_add(duration)), true),
            Expiry::At(instant) => (Expires::At(instant), true),
            Expiry::Unset | Expiry::DoNotCache => {
                let stamp = self.stamp_by_settings(readable, &before);
                (stamp.expires, stamp.is_explicit)
            }
        };
        Stamp {
            expires,
            is_explicit,
            ..before
        }
    }

    /// As if it were received again when it was.
    fn stamp_by_settings(&self, readable: &Readable, before: &Stamp) -> Stamp {
        let request = readable.request.as_ref();
        let ruled = request.and_then(|request| self.settings().ruled_by(&request.http.url));
        let settings = ruled.as_ref().unwrap_or(self.settings());
        let response = &readable.stored.response;
        let said = Said::by(&response.fields, settings);
        let (asked_at, received_at) = (before.request_time, before.response_time);
        stamp(
            response,
            &said,
            Seconds::Absent,
            asked_at,
            received_at,
            settings,
        )
    }
}

fn write(txn: &mut Transaction<'_>, stamped: &[Stamped]) -> Result<u64> {
    let mut written = 0;
    for one in stamped {
        let value = txn.get(Table::Records, one.place.row())?;
        let head = value.and_then(Head::decode);
        let is_as_before = |head: &Head| head.id == one.id && head.stamp == one.before;
        let (Some(value), Some(head)) = (value, head.filter(is_as_before)) else {
            continue;
        };
        let Some(record) = Stored::restamped(value, one.after) else {
            continue;
        };
        shelf::rewrite(txn, one.place.row(), record, &head)?;
        written += 1;
    }
    Ok(written)
}
