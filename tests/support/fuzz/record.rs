//! Records and lists of variants as they lie on disk. The first line says which byte is damaged; the rest is taken
//! for fields of a response, for the coded part of a record and of a list (with the checksum they would need), and for
//! a record as a whole.

use httpcache::http::ResponseHead;
use httpcache::record::variants::Variants;
use httpcache::record::{
    Expires, HEAD_SIZE, Head, Record, Selecting, Stamp, Stored, StoredBody, StoredRequest,
};
use xxhash_rust::xxh3::xxh3_64;

use super::{fields, lines};

const KEY: &[u8] = b"\x01key";
const HEAD: Head = Head {
    status: 200,
    stamp: Stamp {
        request_time: 1,
        response_time: 2,
        initial_age: 3,
        expires: Expires::At(4),
        is_explicit: true,
    },
    body_is_file: false,
    key_len: 0,
    meta_len: 0,
    body_len: 0,
    body_sum: 0,
    mark: [5; 16],
    id: [6; 16],
    variant: [7; 16],
};

pub fn run(data: &[u8]) {
    let first = data.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let rest = data.get(first.len() + 1..).unwrap_or_default();
    let at = std::str::from_utf8(first)
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(0);
    assert!(Stored::decode(rest, KEY).is_none() && Variants::decode(rest).is_none());
    check_response(rest, at);
    check_request(rest, at);
    check_coded(rest);
    check_coded_request(rest);
    check_variants(rest, at);
}

fn encode(response: &ResponseHead, selecting: &Selecting, request: &[u8], body: &[u8]) -> Vec<u8> {
    let record = Record {
        head: HEAD,
        key: KEY,
        response,
        selecting,
        request,
        body,
    };
    record.encode().unwrap()
}

/// What is written is read, by its own key alone, and no damage goes unseen.
fn check_response(text: &[u8], at: usize) {
    let mut response = ResponseHead::new(200, b"All right").unwrap();
    response.fields = fields(lines(text));
    let selecting: Selecting = response
        .fields
        .iter()
        .filter_map(|(name, value)| {
            let name = String::from_utf8(name.to_ascii_lowercase()).ok()?;
            let value = (!value.is_empty()).then(|| value.to_vec());
            Some((name, value))
        })
        .collect();
    let bytes = encode(&response, &selecting, text, text);
    let stored = Stored::decode(&bytes, KEY).unwrap();
    assert_eq!(stored.response, response);
    assert_eq!(stored.selecting, selecting);
    assert_eq!(&bytes[stored.body.clone()], text);
    assert_eq!(&bytes[stored.request.clone()], text);
    assert_eq!(
        (
            stored.head.stamp,
            stored.head.mark,
            stored.head.id,
            stored.head.variant
        ),
        (HEAD.stamp, HEAD.mark, HEAD.id, HEAD.variant)
    );
    assert!(Stored::decode(&bytes, b"\x01kez").is_none());
    let at = at % bytes.len();
    for at in [at, bytes.len() - 1] {
        let mut damaged = bytes.clone();
        damaged[at] ^= 1 << (text.len() % 8);
        assert!(Stored::decode(&damaged, KEY).is_none(), "byte {at}");
    }
    assert!(Stored::decode(&bytes[..at], KEY).is_none(), "cut at {at}");
    assert!(Stored::decode(&[&bytes[..], b"\0"].concat(), KEY).is_none());
}

/// A request is read as it was written, and cut short it is none.
fn check_request(text: &[u8], at: usize) {
    let named = fields(lines(text));
    let request = StoredRequest {
        key_settings: [at as u8; 8],
        method: text.iter().take(at % 16).copied().collect(),
        url: text.to_vec(),
        has_all_fields: at.is_multiple_of(2),
        fields: named
            .iter()
            .map(|(name, value)| (name.to_vec(), value.to_vec()))
            .collect(),
        body: match at % 3 {
            0 => StoredBody::None,
            1 => StoredBody::Bytes(text.to_vec()),
            _ => StoredBody::Hash([at as u8; 16]),
        },
    };
    let bytes = request.encode().unwrap();
    assert_eq!(StoredRequest::decode(&bytes).as_ref(), Some(&request));
    let at = at % bytes.len();
    assert_eq!(StoredRequest::decode(&bytes[..at]), None, "cut at {at}");
    let mut damaged = bytes;
    damaged[at] ^= 1 << (text.len() % 8);
    check_coded_request(&damaged);
}

/// What can be read can be written, and is read as the same.
fn check_coded_request(bytes: &[u8]) {
    if let Some(request) = StoredRequest::decode(bytes) {
        let written = request.encode().unwrap();
        assert_eq!(StoredRequest::decode(&written), Some(request));
    }
}

/// A coded part is not believed for its checksum.
fn check_coded(meta: &[u8]) {
    let mut bytes = encode(
        &ResponseHead::new(200, b"").unwrap(),
        &Selecting::new(),
        b"",
        b"",
    );
    bytes.truncate(HEAD_SIZE + KEY.len());
    bytes.extend_from_slice(meta);
    bytes[44..48].copy_from_slice(&(meta.len() as u32).to_le_bytes());
    let sum = xxh3_64(&bytes[..HEAD_SIZE - 8]) ^ xxh3_64(&bytes[HEAD_SIZE..]).rotate_left(1);
    bytes[HEAD_SIZE - 8..HEAD_SIZE].copy_from_slice(&sum.to_le_bytes());
    let head = Head::decode(&bytes).expect("the checksum is right");
    assert_eq!(head.meta_len as usize, meta.len());
    let Some(stored) = Stored::decode(&bytes, KEY) else {
        return;
    };
    // What can be read can be written, and is read as the same.
    let request = &bytes[stored.request.clone()];
    let written = encode(&stored.response, &stored.selecting, request, b"");
    let again = Stored::decode(&written, KEY).unwrap();
    assert_eq!(&written[again.request.clone()], request);
    assert_eq!(again.response, stored.response);
    assert_eq!(again.selecting, stored.selecting);
}

fn check_variants(list: &[u8], at: usize) {
    let mut bytes = b"hcV1".to_vec();
    bytes.extend_from_slice(&xxh3_64(list).to_le_bytes());
    bytes.extend_from_slice(list);
    assert!(Variants::is_list(&bytes) && Stored::decode(&bytes, KEY).is_none());
    let mut variants = Variants::decode(&bytes).unwrap_or_default();
    let (most, names) = (1 + at % 8, vec!["accept".to_owned()]);
    let before = variants.ids.clone();
    let surplus = variants.enter([at as u8; 16], names.clone(), most);
    assert_eq!(variants.ids.last(), Some(&[at as u8; 16]));
    assert!(variants.ids.len() <= most && variants.sets.len() <= most);
    assert!(
        surplus
            .iter()
            .all(|id| before.contains(id) && *id != [at as u8; 16])
    );
    let written = variants.encode().unwrap();
    assert_eq!(Variants::decode(&written).as_ref(), Some(&variants));
    let mut damaged = written.clone();
    let at = at % written.len();
    damaged[at] ^= 0x10;
    assert_eq!(Variants::decode(&damaged), None, "byte {at}");
}
