//! `Content-Type`: which of the formats content is of, and what is compared of the field.

use crate::http::Fields;
use crate::http::fields::{LONGEST_READ, is_token, trim};

/// What content is by its type.
#[derive(Debug, PartialEq, Eq)]
pub enum Format {
    /// There is none.
    Empty,
    Json,
    Form,
    /// With its boundary.
    Multipart(Vec<u8>),
    /// A type that says that it is none of these.
    Other,
    /// One of these may be in it, and it cannot be read as one.
    Unclear,
}

/// `name=value` behind a `;` (RFC 9110 §5.6.6).
#[derive(Debug, PartialEq, Eq)]
pub struct Parameter<'a> {
    name: Vec<u8>,
    /// As it is written.
    written: &'a [u8],
}

impl<'a> Parameter<'a> {
    /// Whether this is its name.
    pub fn is(&self, name: &str) -> bool {
        self.name == name.as_bytes()
    }

    /// Without quotes, where it has some and holds no escape.
    pub fn value(&self) -> Option<&'a [u8]> {
        let Some(inner) = self.written.strip_prefix(b"\"") else {
            return Some(self.written);
        };
        let inner = inner.strip_suffix(b"\"")?;
        (!inner.contains(&b'\\')).then_some(inner)
    }
}

/// Reads the field: the format, and what is compared.
pub fn read(fields: &Fields) -> (Format, Vec<u8>) {
    let mut lines = fields.all(b"Content-Type");
    let first = match (lines.next(), lines.next()) {
        // Without a type anything may be in it.
        (None, _) => return (Format::Unclear, Vec::new()),
        (Some(first), None) if first.len() <= LONGEST_READ => first,
        _ => {
            let joined = fields.joined(b"Content-Type").unwrap_or_default();
            return (Format::Unclear, joined.into_owned());
        }
    };
    read_value(first)
}

/// Reads a value of the field.
pub fn read_value(value: &[u8]) -> (Format, Vec<u8>) {
    match split(value) {
        Some((essence, parameters)) => {
            let normal = normal(&essence, parameters.iter());
            (format(&essence, &parameters), normal)
        }
        None => (Format::Unclear, value.to_vec()),
    }
}

/// A type in normal form without the boundary that it has.
pub fn without_boundary(media_type: &[u8]) -> Vec<u8> {
    match split(media_type) {
        Some((essence, parameters)) => {
            let others = parameters.iter().filter(|other| !other.is("boundary"));
            normal(&essence, others)
        }
        None => media_type.to_vec(),
    }
}

fn format(essence: &[u8], parameters: &[Parameter]) -> Format {
    let has = |word: &[u8]| essence.windows(word.len()).any(|part| part == word);
    if essence == b"application/json" || essence.ends_with(b"+json") {
        return match only(parameters, "charset") {
            Ok(None) => Format::Json,
            Ok(Some(charset)) if charset.eq_ignore_ascii_case(b"utf-8") => Format::Json,
            _ => Format::Unclear,
        };
    }
    if essence == b"application/x-www-form-urlencoded" {
        return Format::Form;
    }
    if essence == b"multipart/form-data" {
        return match only(parameters, "boundary") {
            Ok(Some(boundary)) if is_boundary(boundary) => Format::Multipart(boundary.to_vec()),
            _ => Format::Unclear,
        };
    }
    // Kin of the three, such as text/json, holds the same secrets under the same names.
    if has(b"json") || has(b"urlencoded") || essence.starts_with(b"multipart/") {
        return Format::Unclear;
    }
    Format::Other
}

/// The value of the parameter of this name; an error where there are several, or where it cannot be read.
fn only<'a>(parameters: &[Parameter<'a>], name: &str) -> Result<Option<&'a [u8]>, ()> {
    let mut found = parameters.iter().filter(|other| other.is(name));
    match (found.next(), found.next()) {
        (None, _) => Ok(None),
        (Some(one), None) => one.value().map(Some).ok_or(()),
        _ => Err(()),
    }
}

/// RFC 2046 §5.1.1.
fn is_boundary(boundary: &[u8]) -> bool {
    let is_allowed = |byte: &u8| byte.is_ascii_alphanumeric() || b"'()+_,-./:=? ".contains(byte);
    (1..=70).contains(&boundary.len())
        && boundary.iter().all(is_allowed)
        && !boundary.ends_with(b" ")
}

/// The type in lower case, and its parameters.
fn split(value: &[u8]) -> Option<(Vec<u8>, Vec<Parameter<'_>>)> {
    let end = value.iter().position(|byte| *byte == b';');
    let (essence, rest) = value.split_at_checked(end.unwrap_or(value.len()))?;
    let essence = trim(essence).to_ascii_lowercase();
    let slash = essence.iter().position(|byte| *byte == b'/')?;
    let is_type = is_token(essence.get(..slash)?) && is_token(essence.get(slash + 1..)?);
    let parameters = parameters(rest)?;
    is_type.then_some((essence, parameters))
}

fn normal<'a>(essence: &[u8], parameters: impl Iterator<Item = &'a Parameter<'a>>) -> Vec<u8> {
    let mut normal = essence.to_vec();
    for parameter in parameters {
        for part in [b";", &parameter.name[..], b"=", parameter.written] {
            normal.extend_from_slice(part);
        }
    }
    normal
}

/// Parameters, each behind a `;`.
pub fn parameters(mut rest: &[u8]) -> Option<Vec<Parameter<'_>>> {
    let mut parameters = Vec::new();
    loop {
        rest = trim(rest);
        if rest.is_empty() {
            return Some(parameters);
        }
        rest = trim(rest.strip_prefix(b";")?);
        if rest.is_empty() || rest.starts_with(b";") {
            continue;
        }
        let equals = rest.iter().position(|byte| *byte == b'=')?;
        let (name, value) = rest.split_at_checked(equals)?;
        let value = value.get(1..)?;
        let end = match value.first() {
            Some(b'"') => quoted_length(value)?,
            _ => value
                .iter()
                .position(|byte| matches!(byte, b';' | b' ' | b'\t'))
                .unwrap_or(value.len()),
        };
        let written;
        (written, rest) = value.split_at_checked(end)?;
        if !is_token(name) || !(is_token(written) || written.starts_with(b"\"")) {
            return None;
        }
        parameters.push(Parameter {
            name: name.to_ascii_lowercase(),
            written,
        });
    }
}

/// The length of the quoted string that a value begins with (RFC 9110 §5.6.4).
fn quoted_length(value: &[u8]) -> Option<usize> {
    let mut is_escaped = false;
    for (at, byte) in value.iter().enumerate().skip(1) {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' => is_escaped = true,
            b'"' => return Some(at + 1),
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_one(value: &str) -> (Format, String) {
        let mut fields = Fields::new();
        fields.add(b"Content-Type", value.as_bytes()).unwrap();
        let (format, normal) = read(&fields);
        (format, String::from_utf8(normal).unwrap())
    }

    #[test]
    fn formats_are_told_by_their_type() {
        let multipart = |boundary: &str| Format::Multipart(boundary.into());
        for (value, format) in [
            ("application/json", Format::Json),
            ("Application/JSON; Charset=\"UTF-8\"", Format::Json),
            ("application/json;charset=utf-8;x=1", Format::Json),
            ("application/problem+json", Format::Json),
            ("application/json; charset=utf-16", Format::Unclear),
            (
                "application/json; charset=utf-8; charset=x",
                Format::Unclear,
            ),
            ("application/json; charset=\"utf\\-8\"", Format::Unclear),
            ("application/json, text/plain", Format::Unclear),
            ("text/json", Format::Unclear),
            ("application/x-ndjson", Format::Unclear),
            ("application/x-www-form-urlencoded", Format::Form),
            ("application/x-www-form-urlencoded;charset=x", Format::Form),
            ("multipart/form-data; boundary=a-b", multipart("a-b")),
            ("multipart/form-data; BOUNDARY=\"a b\"", multipart("a b")),
            ("multipart/form-data; boundary=\"a \"", Format::Unclear),
            ("multipart/form-data; boundary=\"\"", Format::Unclear),
            ("multipart/form-data; boundary=\"a#\"", Format::Unclear),
            (
                "multipart/form-data; boundary=a;boundary=b",
                Format::Unclear,
            ),
            ("multipart/form-data", Format::Unclear),
            ("multipart/mixed; boundary=a", Format::Unclear),
            ("text/plain", Format::Other),
            ("application/octet-stream;", Format::Other),
            ("json", Format::Unclear),
            ("/json", Format::Unclear),
            ("a/b; c", Format::Unclear),
            ("a/b; c=\"d", Format::Unclear),
            ("a/b; c=\"d\"e", Format::Unclear),
            ("", Format::Unclear),
        ] {
            assert_eq!(read_one(value).0, format, "{value}");
        }
        let long = format!("multipart/form-data; boundary={}", "a".repeat(71));
        assert_eq!(read_one(&long).0, Format::Unclear);
        let mut twice = Fields::new();
        for _ in 0..2 {
            twice.add(b"Content-Type", b"application/json").unwrap();
        }
        assert_eq!(read(&twice).0, Format::Unclear);
        assert_eq!(read(&Fields::new()).0, Format::Unclear);
    }

    #[test]
    fn letter_case_and_white_space_of_a_type_count_for_nothing() {
        for (value, normal) in [
            (
                "Application/JSON ; Charset=UTF-8 ;",
                "application/json;charset=UTF-8",
            ),
            ("A/B;X=\"; Y\" ;; z=1", "a/b;x=\"; Y\";z=1"),
            ("no type", "no type"),
        ] {
            assert_eq!(read_one(value).1, normal);
        }
        assert_eq!(
            without_boundary(b"multipart/form-data;boundary=a;x=1"),
            b"multipart/form-data;x=1"
        );
    }
}
