//! The content of a request as the key compares it, and as it may lie on the disk.
//!
//! Content of three formats is compared by what it says: JSON, forms, and forms in parts. Any other one, and what is
//! in doubt, is compared byte by byte. No value that is secret or ignored is in what is made of it here.

mod canonical;
mod form;
mod json;
mod media_type;
mod multipart;
#[cfg(test)]
mod tests;
mod tree;
mod walk;

use super::names::Names;
use super::placeholder;
use crate::http::Fields;
use crate::http::fields::trim;
use media_type::Format;

/// The bytes up to which content is taken apart.
pub const MOST_BYTES: usize = 10 << 20;
/// The members, elements and pairs up to which it is: what is made of each takes some memory.
const MOST_ITEMS: usize = 1_000_000;
/// The bytes up to which content is kept beside a stored response.
pub const MOST_KEPT: usize = 64 << 10;

/// How content is compared. A part of the key: the numbers are a promise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Kind {
    /// There is none.
    None = 0,
    /// Byte by byte.
    Raw = 1,
    /// By the value it is a text of (RFC 8259).
    Json = 2,
    /// By its pairs, whatever the order of those with different names.
    Form = 3,
    /// By its parts, whatever the boundary (RFC 7578).
    Multipart = 4,
}

/// The content of a request as the key compares it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Content {
    /// How.
    pub kind: Kind,
    /// `Content-Type`: type and names of parameters in lower case, without white space, and without the boundary
    /// where parts are compared.
    pub media_type: Vec<u8>,
    /// `Content-Encoding`, in lower case and without white space.
    pub coding: Vec<u8>,
    /// The blake3 hash of the normal form.
    pub digest: [u8; 32],
    /// What authenticates in it, in normal order: each name in lower case and each value behind its length.
    pub credentials: Vec<u8>,
}

/// The content of a request as it may lie on the disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Redacted {
    /// With placeholders for the values that are secret or ignored; [`reread`] knows them.
    Bytes(Vec<u8>),
    /// A keyed hash: it is long, or what it holds is not known.
    Hash([u8; 16]),
}

/// What tells a reader how to treat what it reads.
struct Rules<'a> {
    names: &'a Names,
    secret: &'a [u8; 32],
    /// What is ignored leaves a placeholder.
    presence_counts: bool,
    /// The text is one of ours, and has placeholders.
    is_redacted: bool,
}

/// What a reader makes of content.
#[derive(Default)]
struct Normal {
    text: Vec<u8>,
    credentials: Vec<u8>,
}

impl Normal {
    fn add_credential(&mut self, name: &[u8], value: &[u8]) {
        super::push_part(&mut self.credentials, &name.to_ascii_lowercase());
        super::push_part(&mut self.credentials, value);
    }
}

/// Reads the content of a request. With `presence_counts` it matters whether an ignored name is there at all.
pub fn read(
    body: &[u8],
    fields: &Fields,
    names: &Names,
    presence_counts: bool,
    secret: &[u8; 32],
) -> Content {
    let rules = Rules {
        names,
        secret,
        presence_counts,
        is_redacted: false,
    };
    let head = Head::of(body, fields);
    head.content(body, &rules)
        .unwrap_or_else(|| head.raw(body, Kind::Raw))
}

/// Reads what [`redacted`] made of content: its kind, fields and digest are those that [`read`] has for the content
/// itself, without credentials. `None` where the names have changed and a value would be needed that was not kept.
pub fn reread(
    kept: &[u8],
    fields: &Fields,
    names: &Names,
    presence_counts: bool,
    secret: &[u8; 32],
) -> Option<Content> {
    let rules = Rules {
        names,
        secret,
        presence_counts,
        is_redacted: true,
    };
    let content = Head::of(kept, fields).content(kept, &rules)?;
    Some(Content {
        credentials: Vec::new(),
        ..content
    })
}

/// What may be kept of the content of a request.
pub fn redacted(body: &[u8], fields: &Fields, names: &Names, secret: &[u8; 32]) -> Redacted {
    let rules = Rules {
        names,
        secret,
        presence_counts: true,
        is_redacted: false,
    };
    let kept = match Head::of(body, fields).format {
        Format::Empty => Some(Vec::new()),
        Format::Json => json::parse(body, false)
            .and_then(|tree| canonical::normal(&tree, &rules))
            .map(|normal| normal.text),
        Format::Form => form::redacted(body, &rules),
        Format::Multipart(boundary) => multipart::redacted(body, &boundary, &rules),
        Format::Other if body.len() <= MOST_KEPT => Some(body.to_vec()),
        Format::Other | Format::Unclear => None,
    };
    match kept {
        Some(kept) if kept.len() <= MOST_KEPT => Redacted::Bytes(kept),
        _ => Redacted::Hash(placeholder::hash(secret, body)),
    }
}

/// What is said of content outside it.
struct Head {
    format: Format,
    media_type: Vec<u8>,
    coding: Vec<u8>,
}

impl Head {
    fn of(body: &[u8], fields: &Fields) -> Self {
        let mut head = Head {
            format: Format::Empty,
            media_type: Vec::new(),
            coding: Vec::new(),
        };
        if body.is_empty() {
            return head;
        }
        (head.format, head.media_type) = media_type::read(fields);
        head.coding = coding(fields);
        if !head.coding.is_empty() || body.len() > MOST_BYTES {
            head.format = Format::Unclear;
        }
        head
    }

    /// `None` where it is not what its type says, or not known by its type.
    fn content(&self, body: &[u8], rules: &Rules) -> Option<Content> {
        let (kind, normal) = match &self.format {
            Format::Empty => return Some(self.raw(body, Kind::None)),
            Format::Other => return Some(self.raw(body, Kind::Raw)),
            Format::Unclear => return None,
            Format::Json => {
                let tree = json::parse(body, rules.is_redacted)?;
                (Kind::Json, canonical::normal(&tree, rules)?)
            }
            Format::Form => (Kind::Form, form::normal(body, rules)?),
            Format::Multipart(boundary) => {
                (Kind::Multipart, multipart::normal(body, boundary, rules)?)
            }
        };
        let mut content = self.raw(&normal.text, kind);
        content.credentials = normal.credentials;
        if kind == Kind::Multipart {
            content.media_type = media_type::without_boundary(&self.media_type);
        }
        Some(content)
    }

    fn raw(&self, text: &[u8], kind: Kind) -> Content {
        Content {
            kind,
            media_type: self.media_type.clone(),
            coding: self.coding.clone(),
            digest: *blake3::hash(text).as_bytes(),
            credentials: Vec::new(),
        }
    }
}

/// Letter case means nothing in the names of codings (RFC 9110 §8.4.1).
fn coding(fields: &Fields) -> Vec<u8> {
    let value = fields.joined(b"Content-Encoding").unwrap_or_default();
    let codings = value.split(|byte| *byte == b',').map(trim);
    let codings: Vec<_> = codings.filter(|coding| !coding.is_empty()).collect();
    codings.join(&b","[..]).to_ascii_lowercase()
}
