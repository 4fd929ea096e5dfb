//! Choosing a stored language by the weights of Accept-Language (RFC 9110 §12.5.4, RFC 4647 §3.3.1), in place of
//! the request's exact words.

use crate::http::Fields;
use crate::http::fields::trim;

/// The selecting field that this is about, as `Vary` names it.
pub const FIELD: &str = "accept-language";

/// Whether a stored response is in a language that the request wants as much as any. What it wants less is for the
/// origin to choose, which may have something better.
pub fn is_preferred(request: &Fields, stored: &Fields) -> bool {
    let mut languages = stored.all(b"Content-Language");
    let (Some(language), None) = (languages.next(), languages.next()) else {
        return false;
    };
    let language = trim(language);
    let lines = request.all(b"Accept-Language");
    let (mut most, mut is_among_most) = (0, false);
    for (range, weight) in lines.flat_map(|line| line.split(|b| *b == b',').filter_map(range)) {
        if weight > most {
            (most, is_among_most) = (weight, false);
        }
        is_among_most |= weight == most && matches(range, language);
    }
    most > 0 && is_among_most
}

/// A language range and its weight in thousandths; `None` for what is none.
fn range(member: &[u8]) -> Option<(&[u8], u16)> {
    let mut parts = member.split(|b| *b == b';').map(trim);
    let range = parts.next().filter(|range| !range.is_empty())?;
    let Some(weight) = parts.next() else {
        return Some((range, 1000));
    };
    let value = weight.strip_prefix(b"q=").or(weight.strip_prefix(b"Q="))?;
    let thousandths = thousandths(std::str::from_utf8(value).ok()?)?;
    parts.next().is_none().then_some((range, thousandths))
}

/// RFC 9110 §12.4.2
fn thousandths(weight: &str) -> Option<u16> {
    let (whole, fraction) = weight.split_once('.').unwrap_or((weight, ""));
    if fraction.len() > 3 || !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let digits = fraction.bytes().map(|byte| u16::from(byte - b'0'));
    let thousandths = digits
        .zip([100, 10, 1])
        .map(|(digit, unit)| digit * unit)
        .sum();
    match whole {
        "0" => Some(thousandths),
        "1" if thousandths == 0 => Some(1000),
        _ => None,
    }
}

/// Basic filtering: the tag is the range, or begins with it at a subtag.
fn matches(range: &[u8], tag: &[u8]) -> bool {
    let begins = tag
        .get(..range.len())
        .is_some_and(|begin| begin.eq_ignore_ascii_case(range));
    begins && matches!(tag.get(range.len()), None | Some(b'-'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_language_that_is_wanted_most_is_chosen() {
        let chosen = |wanted: &str, language: &str| {
            let (mut request, mut stored) = (Fields::new(), Fields::new());
            request.add(b"Accept-Language", wanted.as_bytes()).unwrap();
            stored
                .add(b"Content-Language", language.as_bytes())
                .unwrap();
            is_preferred(&request, &stored)
        };
        for (wanted, language) in [
            ("de", "de"),
            ("fr;q=0.5, de;q=1.0", "de"),
            ("fr;q=0.5, DE", "de-AT"),
            ("en, de", "de"),
            ("fr;q=0.4, de;q=0.5", "de"),
        ] {
            assert!(chosen(wanted, language), "{wanted} {language}");
        }
        for (wanted, language) in [
            ("fr, de;q=0.9", "de"),
            ("de-AT", "de"),
            ("d", "de"),
            ("*", "de"),
            ("de;q=0", "de"),
            ("de;q=2", "de"),
            ("de;q=x", "de"),
            ("de", "de, en"),
            ("", "de"),
        ] {
            assert!(!chosen(wanted, language), "{wanted} {language}");
        }
    }
}
