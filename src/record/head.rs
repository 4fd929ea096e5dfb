//! The fixed part of a record, read without decoding. All numbers are little-endian.

use xxhash_rust::xxh3::xxh3_64;

use crate::key::VariantId;
use crate::key::credentials::Mark;

/// Bytes of the fixed part.
pub const HEAD_SIZE: usize = 120;

const MAGIC: [u8; 4] = *b"hcR1";
const NEVER: i64 = i64::MAX;
const SUM_AT: usize = HEAD_SIZE - 8;

const IS_EXPLICIT: u8 = 1;
const BODY_IS_FILE: u8 = 2;

/// When a record becomes stale, as its writer's policy said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expires {
    /// Never.
    Never,
    /// At this instant, milliseconds since the Unix epoch.
    At(i64),
}

/// The times of a stored response, in milliseconds since the Unix epoch, and its expiry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp {
    /// When the request was made that this answers, or that last freshened it.
    pub request_time: i64,
    /// When the response, or the 304 that last freshened it, was received.
    pub response_time: i64,
    /// How old it already was then, in milliseconds (RFC 9111 §4.2.3: corrected_initial_age).
    pub initial_age: i64,
    /// When it becomes stale by the writer's policy.
    pub expires: Expires,
    /// The expiry was set by the user, and so comes before a heuristic.
    pub is_explicit: bool,
}

/// The fixed part of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// The status code.
    pub status: u16,
    /// The times and the expiry.
    pub stamp: Stamp,
    /// The body is a file named by `id`.
    pub body_is_file: bool,
    /// Bytes of the key behind the head.
    pub key_len: u32,
    /// Bytes of the MessagePack part behind the key.
    pub meta_len: u32,
    /// Bytes of the body.
    pub body_len: u64,
    /// xxh3-64 of an inline body; of a file, of its block checksums.
    pub body_sum: u64,
    /// The credentials it was fetched with, as a keyed hash.
    pub mark: Mark,
    /// Random; another one for each response stored, the same when it is freshened.
    pub id: [u8; 16],
    /// The hash of what selects this variant.
    pub variant: VariantId,
}

impl Head {
    /// Writes the head into the first [`HEAD_SIZE`] bytes of a record that holds its key and meta already.
    pub(super) fn encode(&self, record: &mut [u8]) {
        let flags = (u8::from(self.stamp.is_explicit) * IS_EXPLICIT)
            | (u8::from(self.body_is_file) * BODY_IS_FILE);
        let expires = match self.stamp.expires {
            Expires::Never => NEVER,
            Expires::At(instant) => instant.min(NEVER - 1),
        };
        let mut at = 0;
        let mut put = |bytes: &[u8]| {
            if let Some(place) = record.get_mut(at..at + bytes.len()) {
                place.copy_from_slice(bytes);
            }
            at += bytes.len();
        };
        put(&MAGIC);
        put(&self.status.to_le_bytes());
        put(&[flags, 0]);
        put(&self.stamp.request_time.to_le_bytes());
        put(&self.stamp.response_time.to_le_bytes());
        put(&self.stamp.initial_age.to_le_bytes());
        put(&expires.to_le_bytes());
        put(&self.key_len.to_le_bytes());
        put(&self.meta_len.to_le_bytes());
        put(&self.body_len.to_le_bytes());
        put(&self.body_sum.to_le_bytes());
        put(&self.mark);
        put(&self.id);
        put(&self.variant);
        let sum = sum(record, record.len());
        if let Some(place) = record.get_mut(SUM_AT..HEAD_SIZE) {
            place.copy_from_slice(&sum.to_le_bytes());
        }
    }

    /// Reads and verifies the head, the key and the meta of a record; not its body.
    pub fn decode(record: &[u8]) -> Option<Head> {
        let fixed: &[u8; HEAD_SIZE] = record.first_chunk()?;
        let mut rest: &[u8] = fixed;
        if take::<4>(&mut rest)? != MAGIC {
            return None;
        }
        let status = u16::from_le_bytes(take(&mut rest)?);
        let [flags, reserved] = take(&mut rest)?;
        if flags & !(IS_EXPLICIT | BODY_IS_FILE) != 0 || reserved != 0 {
            return None;
        }
        let request_time = i64::from_le_bytes(take(&mut rest)?);
        let response_time = i64::from_le_bytes(take(&mut rest)?);
        let initial_age = i64::from_le_bytes(take(&mut rest)?);
        let expires = match i64::from_le_bytes(take(&mut rest)?) {
            NEVER => Expires::Never,
            instant => Expires::At(instant),
        };
        let stamp = Stamp {
            request_time,
            response_time,
            initial_age,
            expires,
            is_explicit: flags & IS_EXPLICIT != 0,
        };
        let head = Head {
            status,
            stamp,
            body_is_file: flags & BODY_IS_FILE != 0,
            key_len: u32::from_le_bytes(take(&mut rest)?),
            meta_len: u32::from_le_bytes(take(&mut rest)?),
            body_len: u64::from_le_bytes(take(&mut rest)?),
            body_sum: u64::from_le_bytes(take(&mut rest)?),
            mark: take(&mut rest)?,
            id: take(&mut rest)?,
            variant: take(&mut rest)?,
        };
        let meta_end = HEAD_SIZE + head.key_len as usize + head.meta_len as usize;
        let is_sound = meta_end <= record.len()
            && sum(record, meta_end) == u64::from_le_bytes(take(&mut rest)?);
        is_sound.then_some(head)
    }
}

/// The checksum of the head without itself, the key and the meta.
fn sum(record: &[u8], meta_end: usize) -> u64 {
    let fixed = xxh3_64(record.get(..SUM_AT).unwrap_or_default());
    let rest = xxh3_64(record.get(HEAD_SIZE..meta_end).unwrap_or_default());
    fixed ^ rest.rotate_left(1)
}

fn take<const N: usize>(rest: &mut &[u8]) -> Option<[u8; N]> {
    let (taken, left) = rest.split_first_chunk::<N>()?;
    *rest = left;
    Some(*taken)
}
