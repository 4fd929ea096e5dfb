//! The request that a stored response answers, as it lies in the record: without secrets, and never read on a hit.
//!
//! `[version, id of the key's settings, method, URL, 1 if all fields follow, [name or code, value, ...], kind of body, body]`

use rmp::{decode, encode};

use super::meta::read_bytes;
use super::request_names;
use crate::error::{Error, Kind, Result};

const VERSION: u8 = 1;
const PARTS: u32 = 8;

/// What of a request is stored beside the response to it. Values that never reach the disk are placeholders.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredRequest {
    /// Which settings made the key.
    pub key_settings: [u8; 8],
    /// The method.
    pub method: Vec<u8>,
    /// The URL.
    pub url: Vec<u8>,
    /// Whether all fields were stored, and not only those that selected it.
    pub has_all_fields: bool,
    /// The fields in order. A placeholder begins with a NUL, so that this is no list that could be sent.
    pub fields: Vec<(Vec<u8>, Vec<u8>)>,
    /// The content.
    pub body: StoredBody,
}

/// What of a request's content is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StoredBody {
    /// There was none.
    None,
    /// The content, with placeholders for what never reaches the disk.
    Bytes(Vec<u8>),
    /// A keyed hash: it was too long, or may hold secrets in places that are not known.
    Hash([u8; 16]),
}

impl StoredRequest {
    /// The bytes of the record's part.
    pub fn encode(&self) -> Result<Vec<u8>> {
        let mut bytes = Vec::new();
        self.write(&mut bytes).map_err(|error| {
            let message = format!("a stored request cannot be written: {error}");
            Error::new(Kind::Internal, message)
        })?;
        Ok(bytes)
    }

    fn write(&self, bytes: &mut Vec<u8>) -> std::result::Result<(), encode::ValueWriteError> {
        encode::write_array_len(bytes, PARTS)?;
        encode::write_uint(bytes, u64::from(VERSION))?;
        encode::write_bin(bytes, &self.key_settings)?;
        encode::write_bin(bytes, &self.method)?;
        encode::write_bin(bytes, &self.url)?;
        encode::write_uint(bytes, u64::from(self.has_all_fields))?;
        encode::write_array_len(bytes, (self.fields.len() * 2) as u32)?;
        for (name, value) in &self.fields {
            match request_names::code(name) {
                Some(code) => {
                    encode::write_uint(bytes, u64::from(code))?;
                }
                None => encode::write_bin(bytes, name)?,
            }
            encode::write_bin(bytes, value)?;
        }
        let (kind, body): (u8, &[u8]) = match &self.body {
            StoredBody::None => (0, b""),
            StoredBody::Bytes(body) => (1, body),
            StoredBody::Hash(hash) => (2, hash),
        };
        encode::write_uint(bytes, u64::from(kind))?;
        encode::write_bin(bytes, body)
    }

    /// Reads the part back; `None` when there is none, or none that this version can read.
    pub fn decode(bytes: &[u8]) -> Option<StoredRequest> {
        let mut rest = bytes;
        let version = (decode::read_array_len(&mut rest).ok()? == PARTS)
            .then(|| decode::read_int::<u8, _>(&mut rest).ok())?;
        if version? != VERSION {
            return None;
        }
        let key_settings = read_bytes(&mut rest)?.try_into().ok()?;
        let method = read_bytes(&mut rest)?.to_vec();
        let url = read_bytes(&mut rest)?.to_vec();
        let has_all_fields = match decode::read_int::<u8, _>(&mut rest).ok()? {
            0 => false,
            1 => true,
            _ => return None,
        };
        let fields = read_fields(&mut rest)?;
        let kind = decode::read_int::<u8, _>(&mut rest).ok()?;
        let body = read_bytes(&mut rest)?;
        let body = match kind {
            0 if body.is_empty() => StoredBody::None,
            1 => StoredBody::Bytes(body.to_vec()),
            2 => StoredBody::Hash(body.try_into().ok()?),
            _ => return None,
        };
        rest.is_empty().then_some(StoredRequest {
            key_settings,
            method,
            url,
            has_all_fields,
            fields,
            body,
        })
    }
}

fn read_fields(rest: &mut &[u8]) -> Option<Vec<(Vec<u8>, Vec<u8>)>> {
    let parts = decode::read_array_len(rest).ok()? as usize;
    // Each part takes a byte or more: a count beyond that is not believed.
    if parts % 2 == 1 || parts > rest.len() {
        return None;
    }
    let mut fields = Vec::new();
    for _ in 0..parts / 2 {
        let is_bin = matches!(rest.first(), Some(0xc4..=0xc6));
        let name = if is_bin {
            read_bytes(rest)?.to_vec()
        } else {
            request_names::name(decode::read_int(rest).ok()?)?.into_owned()
        };
        fields.push((name, read_bytes(rest)?.to_vec()));
    }
    Some(fields)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::collection::vec;
    use proptest::prelude::*;

    fn example() -> StoredRequest {
        StoredRequest {
            key_settings: *b"settings",
            method: b"POST".to_vec(),
            url: b"http://h/?token=\0aa".to_vec(),
            has_all_fields: true,
            fields: vec![
                (b"accept".to_vec(), b"text/plain".to_vec()),
                (b"X-Own".to_vec(), b"\xff".to_vec()),
                (b"Cookie".to_vec(), b"\0".to_vec()),
            ],
            body: StoredBody::Hash([7; 16]),
        }
    }

    #[test]
    fn what_is_encoded_is_decoded() {
        for body in [
            StoredBody::None,
            StoredBody::Bytes(Vec::new()),
            StoredBody::Bytes(vec![0; 70_000]),
            StoredBody::Hash([7; 16]),
        ] {
            let request = StoredRequest { body, ..example() };
            let bytes = request.encode().unwrap();
            assert_eq!(StoredRequest::decode(&bytes), Some(request));
        }
    }

    #[test]
    fn what_cannot_be_read_is_none() {
        let good = example().encode().unwrap();
        assert_eq!(StoredRequest::decode(b""), None);
        for end in 0..good.len() {
            assert_eq!(StoredRequest::decode(&good[..end]), None, "cut at {end}");
        }
        assert_eq!(StoredRequest::decode(&[&good[..], b"\0"].concat()), None);
        let mut later = good.clone();
        later[1] = VERSION + 1;
        assert_eq!(StoredRequest::decode(&later), None);
        let mut other = good;
        let kind = other.len() - 19;
        other[kind] = 3;
        assert_eq!(StoredRequest::decode(&other), None);
    }

    proptest! {
        #[test]
        fn any_request_is_read_as_it_was_written(
            method in vec(any::<u8>(), 0..9),
            url in vec(any::<u8>(), 0..300),
            fields in vec(("[a-zA-Z-]{1,20}", vec(any::<u8>(), 0..40)), 0..40),
            body in vec(any::<u8>(), 0..300),
        ) {
            let fields = fields.into_iter().map(|(name, value)| (name.into_bytes(), value));
            let request = StoredRequest {
                key_settings: [1; 8],
                method,
                url,
                has_all_fields: false,
                fields: fields.collect(),
                body: StoredBody::Bytes(body),
            };
            let bytes = request.encode().unwrap();
            prop_assert_eq!(StoredRequest::decode(&bytes), Some(request));
        }

        #[test]
        fn any_bytes_are_a_request_or_none(bytes in vec(any::<u8>(), 0..200)) {
            if let Some(request) = StoredRequest::decode(&bytes) {
                let again = request.encode().unwrap();
                prop_assert_eq!(StoredRequest::decode(&again), Some(request));
            }
        }

        #[test]
        fn a_damaged_request_is_read_or_none(at in any::<usize>(), byte in any::<u8>()) {
            let mut bytes = example().encode().unwrap();
            let at = at % bytes.len();
            bytes[at] = byte;
            let _ = StoredRequest::decode(&bytes);
        }
    }
}
