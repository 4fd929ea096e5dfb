//! The row of an alias: which stored redirects lead from a URL to a stored response.
//!
//! `magic, checksum, [method, id of the key's settings, created at, expires at, [hop, ...], final response]`; each of the
//! last two is `[URL, row of the primary key, variant, id of the record]`.
//!
//! An alias that cannot be read is `None`: the redirects are followed one by one.

use rmp::{decode, encode};
use xxhash_rust::xxh3::xxh3_64;

use super::meta::read_bytes;
use crate::error::{Error, Kind, Result};
use crate::key::credentials::Mark;
use crate::key::{AliasRow, Key, alias_row};

const MAGIC: [u8; 4] = *b"hcA1";
const SUM_END: usize = MAGIC.len() + 8;
const PARTS: u32 = 6;
const NAMED_PARTS: u32 = 4;
const NEVER: i64 = i64::MAX;

/// Longer aliases are none: the redirects are followed one by one.
pub const MOST_BYTES: usize = 64 * 1024;

/// Where a stored redirect leads to, and through which others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alias {
    /// The method of the request that was redirected.
    pub method: Vec<u8>,
    /// Which settings made the keys.
    pub key_settings: [u8; 8],
    /// When it was made, milliseconds since the Unix epoch.
    pub created_at: i64,
    /// When the first of all these responses becomes stale, in the same unit; `None`: never.
    pub expires_at: Option<i64>,
    /// The redirects, in the order in which they were followed; there is one at least.
    pub hops: Vec<Named>,
    /// The final response.
    pub last: Named,
}

/// A stored response that an alias names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    /// Its URL, redacted.
    pub url: Vec<u8>,
    /// Where it is stored.
    pub key: Key,
    /// Which record stood there.
    pub id: [u8; 16],
}

impl Alias {
    /// Where it is stored; `None`: it names no redirect.
    pub fn row(&self, mark: &Mark) -> Option<AliasRow> {
        self.hops.first().map(|hop| alias_row(&hop.key, mark))
    }

    /// The row's value.
    pub fn encode(&self) -> Result<Vec<u8>> {
        let mut value = MAGIC.to_vec();
        value.resize(SUM_END, 0);
        self.write(&mut value).map_err(|error| {
            let message = format!("an alias cannot be written: {error}");
            Error::new(Kind::Internal, message)
        })?;
        let sum = xxh3_64(value.get(SUM_END..).unwrap_or_default());
        if let Some(place) = value.get_mut(MAGIC.len()..SUM_END) {
            place.copy_from_slice(&sum.to_le_bytes());
        }
        Ok(value)
    }

    fn write(&self, bytes: &mut Vec<u8>) -> std::result::Result<(), encode::ValueWriteError> {
        encode::write_array_len(bytes, PARTS)?;
        encode::write_bin(bytes, &self.method)?;
        encode::write_bin(bytes, &self.key_settings)?;
        encode::write_sint(bytes, self.created_at)?;
        let expires_at = self.expires_at.map_or(NEVER, |at| at.min(NEVER - 1));
        encode::write_sint(bytes, expires_at)?;
        encode::write_array_len(bytes, self.hops.len() as u32)?;
        for hop in &self.hops {
            hop.write(bytes)?;
        }
        self.last.write(bytes)
    }

    /// Reads the alias that stands under a row; `None` when it is damaged, or another one's.
    pub fn decode(row: &[u8], value: &[u8]) -> Option<Alias> {
        let sum = value.get(MAGIC.len()..SUM_END)?.first_chunk()?;
        let mut rest = value.get(SUM_END..)?;
        if !value.starts_with(&MAGIC) || xxh3_64(rest) != u64::from_le_bytes(*sum) {
            return None;
        }
        let alias = Self::read(&mut rest)?;
        let first = alias.hops.first()?;
        let is_its_own = row.len() == size_of::<AliasRow>()
            && row.starts_with(&first.key.row)
            && row.ends_with(&first.key.variant);
        (is_its_own && rest.is_empty()).then_some(alias)
    }

    fn read(rest: &mut &[u8]) -> Option<Alias> {
        if decode::read_array_len(rest).ok()? != PARTS {
            return None;
        }
        let method = read_bytes(rest)?.to_vec();
        let key_settings = read_bytes(rest)?.try_into().ok()?;
        let created_at = decode::read_int(rest).ok()?;
        let expires_at = match decode::read_int(rest).ok()? {
            NEVER => None,
            at => Some(at),
        };
        let count = decode::read_array_len(rest).ok()? as usize;
        // Each takes more than a byte: a count beyond that is not believed.
        if count > rest.len() {
            return None;
        }
        let hops = (0..count).map(|_| Named::read(rest)).collect::<Option<_>>();
        Some(Alias {
            method,
            key_settings,
            created_at,
            expires_at,
            hops: hops?,
            last: Named::read(rest)?,
        })
    }
}

impl Named {
    fn write(&self, bytes: &mut Vec<u8>) -> std::result::Result<(), encode::ValueWriteError> {
        encode::write_array_len(bytes, NAMED_PARTS)?;
        encode::write_bin(bytes, &self.url)?;
        encode::write_bin(bytes, &self.key.row)?;
        encode::write_bin(bytes, &self.key.variant)?;
        encode::write_bin(bytes, &self.id)
    }

    fn read(rest: &mut &[u8]) -> Option<Named> {
        if decode::read_array_len(rest).ok()? != NAMED_PARTS {
            return None;
        }
        let url = read_bytes(rest)?.to_vec();
        let key = Key {
            row: read_bytes(rest)?.try_into().ok()?,
            variant: read_bytes(rest)?.try_into().ok()?,
        };
        let id = read_bytes(rest)?.try_into().ok()?;
        Some(Named { url, key, id })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::ROW_SIZE;
    use proptest::prelude::*;

    const MARK: Mark = [3; 16];

    fn named(number: u8) -> Named {
        Named {
            url: format!("http://h/{number}?token=\0").into_bytes(),
            key: Key {
                row: [number; ROW_SIZE],
                variant: [number; 16],
            },
            id: [number; 16],
        }
    }

    fn example(hops: u8, expires_at: Option<i64>) -> Alias {
        Alias {
            method: b"GET".to_vec(),
            key_settings: *b"settings",
            created_at: 1_700_000_000_000,
            expires_at,
            hops: (0..hops).map(named).collect(),
            last: named(hops),
        }
    }

    #[test]
    fn what_is_encoded_is_decoded() {
        for hops in [1, 2, 30] {
            for expires_at in [None, Some(0), Some(-1), Some(i64::MAX - 1)] {
                let alias = example(hops, expires_at);
                let row = alias.row(&MARK).unwrap();
                let value = alias.encode().unwrap();
                assert_eq!(Alias::decode(&row, &value), Some(alias));
            }
        }
    }

    #[test]
    fn no_damage_goes_unseen() {
        let alias = example(2, Some(7));
        let row = alias.row(&MARK).unwrap();
        let good = alias.encode().unwrap();
        for at in 0..good.len() {
            let mut bad = good.clone();
            bad[at] ^= 0x40;
            assert_eq!(Alias::decode(&row, &bad), None, "byte {at}");
            assert_eq!(Alias::decode(&row, &good[..at]), None, "cut at {at}");
        }
    }

    #[test]
    fn it_stands_under_its_own_row_alone() {
        let alias = example(2, None);
        let value = alias.encode().unwrap();
        let row = alias.row(&MARK).unwrap();
        assert!(Alias::decode(&row, &value).is_some());
        for at in [0, ROW_SIZE - 1, row.len() - 1] {
            let mut other = row;
            other[at] ^= 1;
            assert_eq!(Alias::decode(&other, &value), None, "byte {at}");
        }
        assert_eq!(Alias::decode(&row[1..], &value), None);
        assert_eq!(example(0, None).row(&MARK), None);
        assert_eq!(
            Alias::decode(&row, &example(0, None).encode().unwrap()),
            None
        );
    }

    proptest! {
        #[test]
        fn any_bytes_with_a_right_checksum_are_an_alias_or_none(
            bytes in proptest::collection::vec(any::<u8>(), 0..200),
        ) {
            let sum = xxh3_64(&bytes).to_le_bytes();
            let value = [&MAGIC[..], &sum, &bytes].concat();
            prop_assert_eq!(Alias::decode(&[0; size_of::<AliasRow>()], &value), None);
        }
    }
}
