//! The key of a stored request by other settings than it was stored with. What is known of it only as a keyed hash
//! stays that hash; where a value would be needed that was not kept, there is no new key.

use super::body::{self, Kind};
use super::matching::{MatchedFields, Matching};
use super::names::Treatment;
use super::placeholder::Placeholder;
use super::{MethodClass, Part, PrimaryKey, encoded, fields, method, redact, url};
use crate::http::Request;

/// A request as it is stored.
pub struct Asked {
    /// Method, URL without its query, and fields with placeholders. The content is apart.
    pub request: Request,
    /// The URL, with placeholders.
    pub url: String,
    /// Whether all fields were stored.
    pub has_all_fields: bool,
    /// How TLS was verified, as the key holds it.
    pub verification: Option<Vec<u8>>,
    /// The content.
    pub content: AskedContent,
}

/// What is stored of a request's content.
pub enum AskedContent {
    /// There was none.
    None,
    /// It, with placeholders.
    Redacted(Vec<u8>),
    /// Nothing that could be read again.
    Unknown,
}

/// A key taken apart.
struct Taken<'a> {
    class: MethodClass,
    parts: Vec<(u8, &'a [u8])>,
}

/// The key that a request has now which had the key `before`; `None` where it cannot be known.
pub fn again(
    before: &[u8],
    asked: &Asked,
    matching: &Matching<'_>,
    secret: &[u8; 32],
) -> Option<PrimaryKey> {
    let taken = take_apart(before)?;
    let canonical = url::canonical(&asked.url, matching, secret);
    let mut parts = Vec::new();
    // What does not depend on the settings of the key moves as it is.
    let partition = taken.part(Part::Partition).map(<[u8]>::to_vec);
    parts.extend(partition.map(|value| (Part::Partition, value)));
    if matching.own_key.is_none() {
        let verification = asked.verification.clone();
        parts.extend(verification.map(|value| (Part::Verification, value)));
        if !may_be_read_again(&asked.url, matching) {
            return None;
        }
        if let Some(content) = content(&taken, asked, matching, secret)? {
            parts.push((Part::Content, content));
        }
        if !fields_are_known(asked, matching) {
            return None;
        }
        let matched = fields::matched(&asked.request.fields, matching, secret);
        parts.extend(matched.map(|value| (Part::Fields, value)));
        if taken.class == MethodClass::Other {
            let kept = taken.part(Part::Method).map(<[u8]>::to_vec);
            let known = kept.or_else(|| asked.has_all_fields.then(|| method(&asked.request)));
            parts.push((Part::Method, known?));
        }
    }
    if let Some(range) = taken.part(Part::Range) {
        parts.push((Part::Range, range.to_vec()));
    }
    Some(PrimaryKey::new(&canonical, taken.class, &parts, matching))
}

/// Whether a key is one of a partition; what cannot be read is taken for one.
pub fn is_of_partition(key: &[u8]) -> bool {
    take_apart(key).is_none_or(|taken| taken.part(Part::Partition).is_some())
}

/// Whether no value is needed of a URL that was not kept.
fn may_be_read_again(url: &str, matching: &Matching<'_>) -> bool {
    let query = url.split_once('?').map_or("", |(_, query)| query);
    query.split('&').all(|parameter| {
        let (name, value) = url::split(parameter);
        let value = value.unwrap_or_default();
        match redact::of_encoded(matching.names, name.as_bytes()) {
            Treatment::Ignored => true,
            Treatment::Secret => {
                Placeholder::read_whole(value.as_bytes()) != Some(Placeholder::Ignored)
            }
            Treatment::Plain => Placeholder::read_whole(value.as_bytes()).is_none(),
        }
    })
}

/// The same of the fields that are matched.
fn fields_are_known(asked: &Asked, matching: &Matching<'_>) -> bool {
    if *matching.fields == MatchedFields::None {
        return true;
    }
    asked.has_all_fields
        && asked.request.fields.iter().all(|(name, value)| {
            let is_matched = match matching.fields {
                MatchedFields::Listed(names) => names
                    .iter()
                    .any(|other| other.as_bytes().eq_ignore_ascii_case(name)),
                _ => true,
            };
            let is_known = match matching.names.of_field(name) {
                Treatment::Ignored => true,
                Treatment::Secret => Placeholder::read_whole(value) != Some(Placeholder::Ignored),
                Treatment::Plain => Placeholder::read_whole(value).is_none(),
            };
            !is_matched || is_known
        })
}

/// What stands for the content in the new key, if there is any. Content that was compared byte by byte is so by
/// whichever settings.
fn content(
    taken: &Taken<'_>,
    asked: &Asked,
    matching: &Matching<'_>,
    secret: &[u8; 32],
) -> Option<Option<Vec<u8>>> {
    let before = taken.part(Part::Content);
    match &asked.content {
        AskedContent::None => Some(None),
        AskedContent::Redacted(kept) => {
            let fields = &asked.request.fields;
            let presence_counts = matching.presence_counts;
            let content = body::reread(kept, fields, matching.names, presence_counts, secret)?;
            Some(Some(encoded(&content)))
        }
        AskedContent::Unknown => {
            let is_raw = before.and_then(<[u8]>::first) == Some(&(Kind::Raw as u8));
            is_raw.then(|| before.map(<[u8]>::to_vec))
        }
    }
}

impl Taken<'_> {
    fn part(&self, part: Part) -> Option<&[u8]> {
        let found = self.parts.iter().find(|(number, _)| *number == part as u8);
        found.map(|(_, value)| *value)
    }
}

fn take_apart(text: &[u8]) -> Option<Taken<'_>> {
    let (&[version, _kind], rest) = text.split_first_chunk()?;
    if version != super::VERSION {
        return None;
    }
    let (_, rest) = take_part(rest)?;
    let (&class, mut rest) = rest.split_first()?;
    let mut parts = Vec::new();
    while let Some((&number, behind)) = rest.split_first() {
        let value;
        (value, rest) = take_part(behind)?;
        parts.push((number, value));
    }
    let class = MethodClass::ALL
        .into_iter()
        .find(|known| *known as u8 == class)?;
    Some(Taken { class, parts })
}

fn take_part(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let (len, rest) = text.split_first_chunk()?;
    rest.split_at_checked(usize::try_from(u64::from_le_bytes(*len)).ok()?)
}
