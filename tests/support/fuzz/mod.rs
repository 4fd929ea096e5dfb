//! What the fuzz targets assert of any input. The corpora are replayed by the same functions in `cargo test`.
//!
//! An input is text, one thing a line, so that a seed can be written and a finding can be read.

pub mod cache_control;
pub mod content;
pub mod dates;
pub mod etag_lists;
pub mod exchange;
pub mod range;
pub mod record;
pub mod script;
pub mod structured;
pub mod talk;
pub mod url;
pub mod vary;

use httpcache::http::Fields;

/// The lines of an input.
pub fn lines(data: &[u8]) -> impl Iterator<Item = &[u8]> {
    data.split(|byte| *byte == b'\n')
}

/// A line as a field: what stands before its colon, and what stands behind it.
pub fn field(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let colon = line.iter().position(|byte| *byte == b':')?;
    Some((&line[..colon], &line[colon + 1..]))
}

/// The fields in some lines. What is no field is passed over.
pub fn fields<'a>(lines: impl Iterator<Item = &'a [u8]>) -> Fields {
    let mut fields = Fields::new();
    for (name, value) in lines.filter_map(field) {
        let _ = fields.add(name, value);
    }
    fields
}

/// The same fields, each with another value; `None` where one of these may not stand in a field.
pub fn with_values(fields: &Fields, change: impl Fn(&[u8]) -> Vec<u8>) -> Option<Fields> {
    let mut changed = Fields::new();
    for (name, value) in fields.iter() {
        changed.add(name, &change(value)).ok()?;
    }
    Some(changed)
}

/// The same fields, those of one name in one line (RFC 9110 §5.3).
pub fn in_one_line(fields: &Fields, name: &[u8]) -> Fields {
    let mut joined = Fields::new();
    if let Some(value) = fields.joined(name) {
        joined.add(name, &value).unwrap();
    }
    for (other, value) in fields.iter() {
        if !other.eq_ignore_ascii_case(name) {
            joined.add(other, value).unwrap();
        }
    }
    joined
}

/// Whether each quoted string in a value ends in it.
pub fn is_balanced(value: &[u8]) -> bool {
    let (mut is_quoted, mut is_escaped) = (false, false);
    for byte in value {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' if is_quoted => is_escaped = true,
            b'"' => is_quoted = !is_quoted,
            _ => {}
        }
    }
    !is_quoted
}
