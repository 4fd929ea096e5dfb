//! Validation (§4.3): the conditions that are sent, and which stored response a 304 speaks of.

use super::precondition::is_entity_tag;
use crate::error::Result;
use crate::http::Fields;

/// The validators of a response (RFC 9110 §8.8).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Validators<'a> {
    /// The entity tag, with its quotes and, if it is weak, `W/`.
    pub etag: Option<&'a [u8]>,
    /// The Last-Modified value.
    pub last_modified: Option<&'a [u8]>,
}

/// What a 304 says about the response whose validators were sent (§4.3.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotModified {
    /// It is the one: freshen it.
    Same,
    /// It is another one, which is not stored.
    Other,
}

impl<'a> Validators<'a> {
    /// The validators in a response's fields.
    pub fn of(fields: &'a Fields) -> Self {
        Validators {
            etag: fields.first(b"ETag").filter(|etag| !etag.is_empty()),
            last_modified: fields
                .first(b"Last-Modified")
                .filter(|date| !date.is_empty()),
        }
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.etag.is_none() && self.last_modified.is_none()
    }

    /// Adds the conditions to a request that has none of its own (§4.3.1).
    pub fn add_conditions(&self, request: &mut Fields) -> Result<()> {
        if let Some(etag) = self.etag {
            request.add(b"If-None-Match", etag)?;
        }
        if let Some(date) = self.last_modified {
            request.add(b"If-Modified-Since", date)?;
        }
        Ok(())
    }

    /// Which response a 304 speaks of, of which there is one candidate (§4.3.4).
    pub fn identified_by(&self, not_modified: &Fields) -> NotModified {
        let theirs = Validators::of(not_modified);
        let is_same = match (theirs.etag, self.etag) {
            // A strong validator must be the same to the byte (RFC 9110 §8.8.3.2).
            (Some(theirs), Some(ours)) if !is_weak(theirs) => theirs == ours,
            (Some(theirs), Some(ours)) => opaque(theirs) == opaque(ours),
            (Some(theirs), None) => is_weak(theirs),
            // Without a validator in it, it can only mean the one that was sent.
            (None, _) => true,
        };
        if is_same {
            NotModified::Same
        } else {
            NotModified::Other
        }
    }
}

/// Whether the answer to a HEAD describes the stored response to a GET, of `stored_len` bytes (§4.3.5).
pub fn is_described_by(stored: &Fields, stored_len: u64, head: &Fields) -> bool {
    let same = |name: &'static [u8]| {
        head.first(name)
            .is_none_or(|theirs| stored.first(name) == Some(theirs))
    };
    let length = head.first(b"Content-Length");
    let same_length = length.is_none_or(|length| length == stored_len.to_string().as_bytes());
    same(b"ETag") && same(b"Last-Modified") && same_length
}

/// The strong entity tag of a response: only parts that carry the same one are parts of one representation
/// (§3.4).
pub fn strong_etag(fields: &Fields) -> Option<&[u8]> {
    fields
        .first(b"ETag")
        .filter(|etag| !is_weak(etag) && is_entity_tag(etag))
}

fn is_weak(etag: &[u8]) -> bool {
    etag.starts_with(b"W/")
}

/// An entity tag without what says that it is weak.
pub(super) fn opaque(etag: &[u8]) -> &[u8] {
    etag.strip_prefix(b"W/").unwrap_or(etag)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_304_identifies_by_its_validator() {
        let fields = |etag: &str| {
            let mut fields = Fields::new();
            if !etag.is_empty() {
                fields.add(b"ETag", etag.as_bytes()).unwrap();
            }
            fields
        };
        for (ours, theirs, expected) in [
            ("\"a\"", "\"a\"", NotModified::Same),
            ("\"a\"", "\"b\"", NotModified::Other),
            ("W/\"a\"", "\"a\"", NotModified::Other),
            ("\"a\"", "W/\"a\"", NotModified::Same),
            ("W/\"a\"", "W/\"a\"", NotModified::Same),
            ("W/\"a\"", "W/\"b\"", NotModified::Other),
            ("\"a\"", "", NotModified::Same),
            ("", "", NotModified::Same),
            ("", "\"b\"", NotModified::Other),
        ] {
            let (ours, theirs) = (fields(ours), fields(theirs));
            let identified = Validators::of(&ours).identified_by(&theirs);
            assert_eq!(identified, expected, "{ours:?} {theirs:?}");
        }
    }
}
