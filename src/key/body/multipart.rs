//! The parts of a form (RFC 7578) without the boundary between them.
//!
//! What one reader could take apart in another way than the next is not read at all.

use super::super::names::{Names, Treatment};
use super::super::placeholder::{MARK, Placeholder};
use super::super::push_part;
use super::form::percent_decoded;
use super::media_type::{self, Format, parameters};
use super::{Normal, Rules};
use crate::http::fields::{LONGEST_READ, is_token, trim};

struct Part<'a> {
    /// The lines of its head, as they are written.
    head: &'a [u8],
    name: &'a [u8],
    content: &'a [u8],
    /// It is of a format that has names of its own within.
    may_nest: bool,
    /// What stands for all but its name.
    placeholder: Option<Placeholder>,
}

/// What a part is written as.
#[repr(u8)]
enum Form {
    Whole = 0,
    Secret = 1,
    Ignored = 2,
}

/// The parts that count, in their order.
pub fn normal(body: &[u8], boundary: &[u8], rules: &Rules) -> Option<Normal> {
    let mut normal = Normal::default();
    for part in parts(body, boundary, rules)? {
        if authenticates(rules.names, part.name) {
            normal.add_credential(part.name, part.content);
        }
        let text = &mut normal.text;
        match part.replaced(rules)? {
            None => {
                text.push(Form::Whole as u8);
                push_part(text, part.head);
                push_part(text, part.content);
            }
            Some(Placeholder::Secret(hash)) => {
                text.push(Form::Secret as u8);
                push_part(text, part.name);
                text.extend_from_slice(&hash);
            }
            Some(Placeholder::Ignored) if rules.presence_counts => {
                text.push(Form::Ignored as u8);
                push_part(text, part.name);
            }
            Some(Placeholder::Ignored) => {}
        }
    }
    Some(normal)
}

/// All parts as they came; of those that are secret or ignored the name, and a last line of the head that no part has.
/// `None` also where a part may have secrets within.
pub fn redacted(body: &[u8], boundary: &[u8], rules: &Rules) -> Option<Vec<u8>> {
    let mut text = Vec::new();
    let mut put = |pieces: &[&[u8]]| text.extend(pieces.iter().copied().flatten());
    for part in parts(body, boundary, rules)? {
        put(&[b"--", boundary, b"\r\n"]);
        match part.replaced(rules)? {
            None if part.may_nest => return None,
            None => put(&[part.head, b"\r\n\r\n", part.content, b"\r\n"]),
            Some(placeholder) => {
                let mut line = Vec::new();
                placeholder.push(&mut line);
                put(&[b"Content-Disposition: form-data; name=\"", part.name]);
                put(&[b"\"\r\n", &line, b"\r\n\r\n\r\n"]);
            }
        }
    }
    put(&[b"--", boundary, b"--\r\n"]);
    Some(text)
}

impl Part<'_> {
    /// What stands for the part; `None` within where it is its own self, outside where a placeholder is for what is
    /// needed.
    fn replaced(&self, rules: &Rules) -> Option<Option<Placeholder>> {
        match (treatment(rules.names, self.name), self.placeholder) {
            (Treatment::Ignored, _) => Some(Some(Placeholder::Ignored)),
            (Treatment::Secret, Some(was @ Placeholder::Secret(_))) => Some(Some(was)),
            (_, Some(_)) => None,
            (Treatment::Plain, None) => Some(None),
            (Treatment::Secret, None) => {
                let mut whole = Vec::new();
                push_part(&mut whole, self.head);
                whole.extend_from_slice(self.content);
                Some(Some(Placeholder::of_secret(rules.secret, &whole)))
            }
        }
    }
}

/// A name is as it is written, yet some write escapes into it (RFC 7578 §2): no spelling of a secret is kept.
fn treatment(names: &Names, name: &[u8]) -> Treatment {
    match names.of_parameter(name) {
        Treatment::Plain if names.of_parameter(&percent_decoded(name)) != Treatment::Plain => {
            Treatment::Secret
        }
        treatment => treatment,
    }
}

fn authenticates(names: &Names, name: &[u8]) -> bool {
    names.authenticates(name) || names.authenticates(&percent_decoded(name))
}

fn parts<'a>(body: &'a [u8], boundary: &[u8], rules: &Rules) -> Option<Vec<Part<'a>>> {
    let parts = split(body, boundary)?;
    parts
        .into_iter()
        .map(|part| Part::read(part, rules))
        .collect()
}

/// What lies between the delimiters (RFC 2046 §5.1.1). The first one begins the body and the last one ends it, and
/// nothing looks like one that is none.
fn split<'a>(body: &'a [u8], boundary: &[u8]) -> Option<Vec<&'a [u8]>> {
    let delimiter = [b"--", boundary].concat();
    let borders = borders(&delimiter);
    let mut parts = Vec::new();
    // Where the part begins that is being read.
    let mut part = None;
    let mut matched = 0;
    for (at, byte) in body.iter().enumerate() {
        while matched > 0 && delimiter.get(matched) != Some(byte) {
            matched = borders.get(matched - 1).copied()?;
        }
        matched += usize::from(delimiter.get(matched) == Some(byte));
        if matched < delimiter.len() {
            continue;
        }
        matched = 0;
        let (before, behind) = body.split_at_checked(at + 1)?;
        let before = before.strip_suffix(&delimiter[..])?;
        match part {
            None if before.is_empty() => {}
            None => return None,
            Some(start) => parts.push(before.get(start..)?.strip_suffix(b"\r\n")?),
        }
        match behind {
            [b'-', b'-'] | [b'-', b'-', b'\r', b'\n'] => return Some(parts),
            [b'\r', b'\n', ..] => part = Some(at + 3),
            _ => return None,
        }
    }
    None
}

/// For each beginning of a text the length of the longest shorter one that it ends with: with these a text is
/// searched for in one pass, whatever it is.
fn borders(text: &[u8]) -> Vec<usize> {
    let mut borders: Vec<usize> = vec![0];
    let mut length = 0;
    for byte in text.iter().skip(1) {
        while length > 0 && text.get(length) != Some(byte) {
            length = borders.get(length - 1).copied().unwrap_or_default();
        }
        length += usize::from(text.get(length) == Some(byte));
        borders.push(length);
    }
    borders
}

impl<'a> Part<'a> {
    fn read(part: &'a [u8], rules: &Rules) -> Option<Self> {
        let end = part.windows(4).position(|window| window == b"\r\n\r\n")?;
        let (head, content) = part.split_at_checked(end)?;
        let mut read = Part {
            head,
            name: b"",
            content: content.get(4..)?,
            may_nest: false,
            placeholder: None,
        };
        let mut name = None;
        let mut lines = head.split(|byte| *byte == b'\n').peekable();
        while let Some(line) = lines.next() {
            let is_last = lines.peek().is_none();
            let line = match is_last {
                true => line,
                false => line.strip_suffix(b"\r")?,
            };
            if rules.is_redacted && is_last && line.starts_with(&[MARK]) {
                read.placeholder = Some(Placeholder::read_whole(line)?);
                continue;
            }
            let (field, value) = field(line, rules.names)?;
            if field.eq_ignore_ascii_case(b"Content-Type") {
                read.may_nest |= media_type::read_value(value).0 != Format::Other;
            }
            if field.eq_ignore_ascii_case(b"Content-Disposition")
                && name.replace(name_in(value)?).is_some()
            {
                return None;
            }
        }
        read.name = name?;
        Some(read)
    }
}

/// A line of the head of a part. One that would have a secret in it is none.
fn field<'a>(line: &'a [u8], names: &Names) -> Option<(&'a [u8], &'a [u8])> {
    let colon = line.iter().position(|byte| *byte == b':')?;
    let (name, value) = line.split_at_checked(colon)?;
    let value = value.get(1..)?;
    let is_clear = is_token(name)
        && !value.iter().any(|byte| matches!(byte, b'\r' | 0))
        && names.of_field(name) == Treatment::Plain;
    is_clear.then_some((name, trim(value)))
}

/// The name in a `Content-Disposition` (RFC 7578 §4.2). A backslash escapes for some and stands for itself for
/// others.
fn name_in(value: &[u8]) -> Option<&[u8]> {
    if value.len() > LONGEST_READ || value.contains(&b'\\') {
        return None;
    }
    let end = value.iter().position(|byte| *byte == b';')?;
    let (kind, rest) = value.split_at_checked(end)?;
    if !trim(kind).eq_ignore_ascii_case(b"form-data") {
        return None;
    }
    let mut name = None;
    for parameter in parameters(rest)? {
        if parameter.is("name*") || parameter.is("name") && name.is_some() {
            return None;
        }
        if parameter.is("name") {
            name = Some(parameter.value()?);
        }
    }
    name
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn borders_are_the_longest_ones(text in "[-ab]{1,12}") {
            let text = text.as_bytes();
            for (end, border) in borders(text).into_iter().enumerate() {
                let text = &text[..=end];
                let is_border = |length: &usize| text.ends_with(&text[..*length]);
                prop_assert_eq!(Some(border), (0..text.len()).rev().find(is_border));
            }
        }
    }
}
