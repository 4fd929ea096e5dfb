//! The stored response as bytes: a fixed head, the key, MessagePack fields, and the body or where it lies.
//!
//! A record that cannot be read, of whatever reason, is `None`: a miss.

pub mod alias;
mod head;
mod meta;
mod names;
mod request;
mod request_names;
pub mod variants;

use std::ops::Range;

use xxhash_rust::xxh3::xxh3_64;

pub use head::{Expires, HEAD_SIZE, Head, Stamp};
pub use request::{StoredBody, StoredRequest};

use crate::error::Result;
use crate::http::ResponseHead;

/// Bodies up to this many bytes lie in the record, larger ones in a file of their own.
pub const INLINE_LIMIT: usize = 64 * 1024;

/// What a request said in one selecting field when the response was stored; `None`: it had none.
pub type Selecting = Vec<(String, Option<Vec<u8>>)>;

/// A stored response, to be written.
pub struct Record<'a> {
    /// The fixed part. Its lengths and checksums are filled in by [`Record::encode`].
    pub head: Head,
    /// The encoding of the primary key.
    pub key: &'a [u8],
    /// Status, reason and fields.
    pub response: &'a ResponseHead,
    /// What selects this variant.
    pub selecting: &'a Selecting,
    /// The request it answers, as [`StoredRequest::encode`] wrote it; empty: it is not known.
    pub request: &'a [u8],
    /// The body, if it lies in the record.
    pub body: &'a [u8],
}

/// A stored response, read and verified.
#[derive(Clone, Debug)]
pub struct Stored {
    /// The fixed part.
    pub head: Head,
    /// Status, reason and fields.
    pub response: ResponseHead,
    /// What selects this variant.
    pub selecting: Selecting,
    /// Where the request lies in the record, unread.
    pub request: Range<usize>,
    /// Where the body lies in the record; empty when it is a file.
    pub body: Range<usize>,
}

impl Record<'_> {
    /// The record's bytes.
    pub fn encode(&self) -> Result<Vec<u8>> {
        // About as much as it takes: growing would copy a large one several times.
        let fields = self.response.fields.text().len();
        let size = HEAD_SIZE + self.key.len() + fields + self.body.len();
        let mut bytes = Vec::with_capacity(size + 256);
        bytes.resize(HEAD_SIZE, 0);
        bytes.extend_from_slice(self.key);
        meta::encode(self, &mut bytes)?;
        let mut head = self.head;
        head.key_len = self.key.len() as u32;
        head.meta_len = (bytes.len() - HEAD_SIZE - self.key.len()) as u32;
        if !head.body_is_file {
            head.body_len = self.body.len() as u64;
            head.body_sum = xxh3_64(self.body);
        }
        head.encode(&mut bytes);
        bytes.extend_from_slice(self.body);
        Ok(bytes)
    }
}

impl Stored {
    /// The key in a record.
    pub fn key_of(bytes: &[u8]) -> Option<&[u8]> {
        let head = Head::decode(bytes)?;
        bytes.get(HEAD_SIZE..HEAD_SIZE.checked_add(head.key_len as usize)?)
    }

    /// A record's bytes with other times and another expiry; `None`: it cannot be read.
    pub fn restamped(bytes: &[u8], stamp: Stamp) -> Option<Vec<u8>> {
        let head = Head::decode(bytes)?;
        let mut restamped = bytes.to_vec();
        let meta_end = HEAD_SIZE + head.key_len as usize + head.meta_len as usize;
        Head { stamp, ..head }.encode(restamped.get_mut(..meta_end)?);
        Some(restamped)
    }

    /// Reads a record of the primary key `key`, verifying all of it.
    pub fn decode(bytes: &[u8], key: &[u8]) -> Option<Stored> {
        let head = Head::decode(bytes)?;
        let key_end = HEAD_SIZE.checked_add(head.key_len as usize)?;
        let meta_end = key_end.checked_add(head.meta_len as usize)?;
        if bytes.get(HEAD_SIZE..key_end)? != key {
            return None;
        }
        let body = bytes.get(meta_end..)?;
        let body_fits = head.body_is_file && body.is_empty()
            || body.len() as u64 == head.body_len && xxh3_64(body) == head.body_sum;
        if !body_fits {
            return None;
        }
        let meta = meta::decode(bytes.get(key_end..meta_end)?, head.status)?;
        Some(Stored {
            head,
            response: meta.response,
            selecting: meta.selecting,
            request: key_end + meta.request.start..key_end + meta.request.end,
            body: meta_end..bytes.len(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn response(fields: &[(&str, &str)]) -> ResponseHead {
        let mut response = ResponseHead::new(200, b"OK").unwrap();
        for (name, value) in fields {
            response
                .fields
                .add(name.as_bytes(), value.as_bytes())
                .unwrap();
        }
        response
    }

    fn example() -> (ResponseHead, Selecting) {
        let response = response(&[
            ("Content-Type", "text/plain"),
            ("etag", "\"x\""),
            ("X-Own", "a"),
            ("x-own", "b"),
            ("VARY", "accept"),
        ]);
        (
            response,
            vec![
                ("accept".into(), Some(b"a".to_vec())),
                ("origin".into(), None),
            ],
        )
    }

    const STAMP: Stamp = Stamp {
        request_time: 1,
        response_time: 2,
        initial_age: 4,
        expires: Expires::At(3),
        is_explicit: true,
    };

    fn encoded() -> Vec<u8> {
        let (response, selecting) = example();
        let head = Head {
            status: 200,
            stamp: STAMP,
            body_is_file: false,
            key_len: 0,
            meta_len: 0,
            body_len: 0,
            body_sum: 0,
            mark: [7; 16],
            id: [9; 16],
            variant: [8; 16],
        };
        let (key, body) = (b"key".as_slice(), b"body".as_slice());
        let record = Record {
            head,
            key,
            response: &response,
            selecting: &selecting,
            request: b"request",
            body,
        };
        record.encode().unwrap()
    }

    #[test]
    fn what_is_encoded_is_decoded() {
        let bytes = encoded();
        let stored = Stored::decode(&bytes, b"key").unwrap();
        let (response, selecting) = example();
        assert_eq!(stored.response, response);
        assert_eq!(stored.selecting, selecting);
        let head = stored.head;
        assert_eq!(head.stamp, STAMP);
        assert_eq!(
            (head.mark, head.id, head.variant),
            ([7; 16], [9; 16], [8; 16])
        );
        assert_eq!(&bytes[stored.request], b"request");
        assert_eq!(&bytes[stored.body], b"body");
    }

    #[test]
    fn another_stamp_is_all_that_changes() {
        let other = Stamp {
            expires: Expires::Never,
            is_explicit: false,
            ..STAMP
        };
        let restamped = Stored::restamped(&encoded(), other).unwrap();
        let (before, after) = (encoded(), Stored::decode(&restamped, b"key").unwrap());
        assert_eq!(after.head.stamp, other);
        assert_eq!(&restamped[HEAD_SIZE..], &before[HEAD_SIZE..]);
        assert_eq!(Stored::restamped(&restamped, STAMP).unwrap(), before);
        assert_eq!(Stored::restamped(&before[1..], STAMP), None);
    }

    #[test]
    fn a_record_of_before_has_no_request() {
        let part = rmp_serde::to_vec(&("", Vec::<u8>::new(), Vec::<u8>::new())).unwrap();
        // The reason is bytes, not text.
        let part = [&part[..1], &[0xc4, 0], &part[2..]].concat();
        let meta = meta::decode(&part, 200).unwrap();
        assert_eq!(meta.request, part.len()..part.len());
    }

    #[test]
    fn another_key_is_no_hit() {
        assert!(Stored::decode(&encoded(), b"kez").is_none());
        assert!(Stored::decode(&encoded(), b"").is_none());
    }

    #[test]
    fn no_damage_goes_unseen() {
        let good = encoded();
        for at in 0..good.len() {
            let mut bad = good.clone();
            bad[at] ^= 0x40;
            assert!(Stored::decode(&bad, b"key").is_none(), "byte {at}");
            assert!(Stored::decode(&good[..at], b"key").is_none(), "cut at {at}");
        }
        let longer = [good.as_slice(), b"x"].concat();
        assert!(Stored::decode(&longer, b"key").is_none());
    }

    proptest! {
        #[test]
        fn any_bytes_are_a_record_or_none(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            prop_assert!(Stored::decode(&bytes, b"key").is_none());
        }

        #[test]
        fn any_meta_with_a_right_checksum_is_read_or_none(
            meta in proptest::collection::vec(any::<u8>(), 0..200),
        ) {
            // Reading must not trust lengths even where the checksum holds.
            let _ = meta::decode(&meta, 200);
        }
    }
}
