//! Pairs of a form (application/x-www-form-urlencoded): sorted by name as it is written, those of one name in their
//! order.

use std::borrow::Cow;

use super::super::names::Treatment;
use super::super::placeholder::{MARK, Placeholder};
use super::{MOST_ITEMS, Normal, Rules};

/// A pair as it is written. `k` has no value, `k=` an empty one.
struct Pair<'a> {
    name: &'a [u8],
    value: Option<&'a [u8]>,
}

/// The pairs that count, in normal order and each behind it an `&`: no pair is told from an empty one.
pub fn normal(body: &[u8], rules: &Rules) -> Option<Normal> {
    let mut pairs = pairs(body, rules)?;
    pairs.sort_by_key(|pair| pair.name);
    let mut normal = Normal {
        text: Vec::with_capacity(body.len() + 1),
        credentials: Vec::new(),
    };
    for pair in pairs {
        let name = decoded(pair.name);
        let treatment = rules.names.of_parameter(&name);
        if rules.names.authenticates(&name) {
            normal.add_credential(&name, pair.value.unwrap_or_default());
        }
        if treatment == Treatment::Ignored && !rules.presence_counts {
            continue;
        }
        push(&mut normal.text, &pair, treatment, rules)?;
        normal.text.push(b'&');
    }
    Some(normal)
}

/// All pairs in their order.
pub fn redacted(body: &[u8], rules: &Rules) -> Option<Vec<u8>> {
    let mut text = Vec::new();
    for (number, pair) in pairs(body, rules)?.iter().enumerate() {
        if number > 0 {
            text.push(b'&');
        }
        let treatment = rules.names.of_parameter(&decoded(pair.name));
        push(&mut text, pair, treatment, rules)?;
    }
    Some(text)
}

fn pairs<'a>(body: &'a [u8], rules: &Rules) -> Option<Vec<Pair<'a>>> {
    // What holds a NUL is no form, and could be taken for a placeholder.
    if !rules.is_redacted && body.contains(&MARK) {
        return None;
    }
    let count = body.iter().filter(|byte| **byte == b'&').count() + 1;
    if count > MOST_ITEMS {
        return None;
    }
    let mut pairs = Vec::with_capacity(count);
    pairs.extend(body.split(|byte| *byte == b'&').map(pair));
    Some(pairs)
}

fn pair(written: &[u8]) -> Pair<'_> {
    let equals = written.iter().position(|byte| *byte == b'=');
    let (name, value) = equals
        .and_then(|at| written.split_at_checked(at))
        .unwrap_or((written, b""));
    let value = value.split_first().map(|(_, value)| value);
    Pair { name, value }
}

/// Writes a pair; `None` where a placeholder is for a value that is needed.
fn push(text: &mut Vec<u8>, pair: &Pair, treatment: Treatment, rules: &Rules) -> Option<()> {
    text.extend_from_slice(pair.name);
    let value = pair.value.unwrap_or_default();
    let was = if rules.is_redacted && value.contains(&MARK) {
        Some(Placeholder::read_whole(value)?)
    } else {
        None
    };
    let placeholder = match (treatment, was) {
        (Treatment::Ignored, _) => Placeholder::Ignored,
        (Treatment::Secret, Some(was @ Placeholder::Secret(_))) => was,
        (_, Some(_)) => return None,
        (Treatment::Secret, None) if pair.value.is_some() => {
            Placeholder::of_secret(rules.secret, value)
        }
        (_, None) => {
            if pair.value.is_some() {
                text.push(b'=');
                text.extend_from_slice(value);
            }
            return Some(());
        }
    };
    text.push(b'=');
    placeholder.push(text);
    Some(())
}

/// A name without its escapes; a `%` without two digits stands for itself.
fn decoded(name: &[u8]) -> Cow<'_, [u8]> {
    if !name.contains(&b'+') {
        return percent_decoded(name);
    }
    let spaced: Vec<u8> = name
        .iter()
        .map(|byte| if *byte == b'+' { b' ' } else { *byte })
        .collect();
    Cow::Owned(percent_decoded(&spaced).into_owned())
}

/// The same where `+` stands for itself.
pub fn percent_decoded(name: &[u8]) -> Cow<'_, [u8]> {
    if !name.contains(&b'%') {
        return Cow::Borrowed(name);
    }
    let mut decoded = Vec::with_capacity(name.len());
    let mut rest = name;
    while let Some((byte, behind)) = rest.split_first() {
        let escape = (*byte == b'%').then(|| behind.split_first_chunk::<2>());
        match escape
            .flatten()
            .and_then(|(pair, rest)| Some((hex(pair)?, rest)))
        {
            Some((byte, behind)) => {
                decoded.push(byte);
                rest = behind;
            }
            None => {
                decoded.push(*byte);
                rest = behind;
            }
        }
    }
    Cow::Owned(decoded)
}

fn hex(pair: &[u8; 2]) -> Option<u8> {
    let [high, low] = pair.map(|digit| char::from(digit).to_digit(16));
    u8::try_from(high? << 4 | low?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_decoded() {
        for (name, expected) in [
            ("a", "a"),
            ("a+b%20c", "a b c"),
            ("%61pi_%6Bey", "api_key"),
            ("%", "%"),
            ("%4", "%4"),
            ("%4g%41", "%4gA"),
            ("%2B%25", "+%"),
            ("%+1", "% 1"),
        ] {
            assert_eq!(*decoded(name.as_bytes()), *expected.as_bytes(), "{name}");
        }
        assert_eq!(*percent_decoded(b"a+%41"), b"a+A"[..]);
    }
}
