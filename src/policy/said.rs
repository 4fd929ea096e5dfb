//! What a response says about its caching: the first targeted field that is there and can be read (RFC 9213), or
//! else Cache-Control, and with it Expires.

use std::borrow::Cow;

use sfv::{BareItem, Dictionary, ListEntry, Parser};

use super::directives::ResponseDirectives;
use crate::http::Fields;
use crate::http::fields::LONGEST_READ;
use crate::settings::Settings;

/// What a response says about its caching.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Said {
    /// Its directives.
    pub directives: ResponseDirectives,
    /// A targeted field said them, so that Cache-Control and Expires count for nothing (RFC 9213 §2.2).
    pub is_targeted: bool,
}

impl Said {
    /// What a response says to a cache of these settings; without `cache_control` it says nothing.
    pub fn by(fields: &Fields, settings: &Settings) -> Self {
        if !settings.cache_control {
            return Self::default();
        }
        let targeted = &settings.lists.targeted_fields;
        let first = targeted
            .iter()
            .find_map(|name| targeted_directives(fields, name));
        match first {
            Some(directives) => Said {
                directives,
                is_targeted: true,
            },
            None => Said {
                directives: ResponseDirectives::read(fields),
                is_targeted: false,
            },
        }
    }
}

/// The directives of a targeted field: a Dictionary. One that is absent, empty or cannot be parsed is passed over
/// (RFC 9213 §2.1).
fn targeted_directives(fields: &Fields, name: &str) -> Option<ResponseDirectives> {
    let value = structured(fields, name.as_bytes())?;
    let dictionary: Dictionary = Parser::new(&value).parse().ok()?;
    if dictionary.is_empty() {
        return None;
    }
    let mut directives = ResponseDirectives::default();
    for (name, entry) in &dictionary {
        match argument(entry) {
            Argument::None => directives.take(name.as_str(), None),
            Argument::Text(text) => directives.take(name.as_str(), Some(text.as_bytes())),
            Argument::No => {}
        }
    }
    Some(directives)
}

/// The text of a structured field. One that is too long to be read is as one that cannot be parsed; RFC 9651 §3 asks
/// for less.
pub(super) fn structured<'a>(fields: &'a Fields, name: &'a [u8]) -> Option<Cow<'a, [u8]>> {
    fields.joined_up_to(name, LONGEST_READ)
}

enum Argument {
    None,
    Text(String),
    /// The directive is said not to apply.
    No,
}

/// The argument in the form Cache-Control has it. A type that a directive does not take is an invalid argument:
/// a quoted number is none.
fn argument(entry: &ListEntry) -> Argument {
    let ListEntry::Item(item) = entry else {
        return Argument::Text("?".to_owned());
    };
    match &item.bare_item {
        BareItem::Boolean(true) => Argument::None,
        BareItem::Boolean(false) => Argument::No,
        BareItem::Integer(number) => Argument::Text(number.to_string()),
        BareItem::String(text) => quoted_argument(text.as_str()),
        BareItem::Token(token) => Argument::Text(token.as_str().to_owned()),
        _ => Argument::Text("?".to_owned()),
    }
}

fn quoted_argument(text: &str) -> Argument {
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    Argument::Text(if is_number { "?" } else { text }.to_owned())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::super::directives::{Qualified, Seconds};
    use super::*;

    fn said(lines: &[(&str, &str)]) -> Said {
        let mut fields = Fields::new();
        for (name, value) in lines {
            fields.add(name.as_bytes(), value.as_bytes()).unwrap();
        }
        let mut settings = Settings {
            cache_control: true,
            ..Settings::default()
        };
        let lists = Arc::make_mut(&mut settings.lists);
        lists.targeted_fields = vec!["Mine".to_owned(), "CDN-Cache-Control".to_owned()];
        Said::by(&fields, &settings)
    }

    #[test]
    fn the_first_targeted_field_that_can_be_read_counts() {
        let plain = ("Cache-Control", "max-age=1");
        for (lines, expected, is_targeted) in [
            (&[plain][..], 1, false),
            (&[plain, ("CDN-Cache-Control", "max-age=2")], 2, true),
            (
                &[
                    plain,
                    ("CDN-Cache-Control", "max-age=2"),
                    ("mine", "max-age=3"),
                ],
                3,
                true,
            ),
            (&[plain, ("CDN-Cache-Control", "")], 1, false),
            (&[plain, ("CDN-Cache-Control", "max-age=2, &&&")], 1, false),
            (&[plain, ("CDN-Cache-Control", "max-age =2")], 1, false),
            (&[plain, ("CDN-Cache-Control", "max-age= 2")], 1, false),
            (&[plain, ("CDN-Cache-Control", "Max-Age=2")], 1, false),
            (
                &[
                    plain,
                    ("mine", "&"),
                    ("CDN-Cache-Control", "max-age=2;a=b, x"),
                ],
                2,
                true,
            ),
            (
                &[
                    plain,
                    ("CDN-Cache-Control", "x"),
                    ("CDN-Cache-Control", "max-age=4"),
                ],
                4,
                true,
            ),
        ] {
            let said = said(lines);
            assert_eq!(said.directives.max_age, Seconds::Of(expected), "{lines:?}");
            assert_eq!(said.is_targeted, is_targeted, "{lines:?}");
        }
    }

    #[test]
    fn arguments_have_the_types_of_their_directives() {
        let of = |value: &str| said(&[("CDN-Cache-Control", value)]).directives;
        assert_eq!(of("max-age=\"10\"").max_age, Seconds::Invalid);
        assert_eq!(of("max-age=1.5").max_age, Seconds::Invalid);
        assert_eq!(of("max-age=-1").max_age, Seconds::Invalid);
        assert_eq!(of("max-age=(1)").max_age, Seconds::Invalid);
        assert_eq!(of("max-age").max_age, Seconds::Invalid);
        assert_eq!(of("max-age=99999999999").max_age, Seconds::Of(1 << 31));
        assert!(of("no-store, private").no_store);
        assert!(!of("no-store=?0, private").no_store);
        let fields = Qualified::Fields(vec!["a".to_owned()]);
        assert_eq!(of("no-cache=\"a\"").no_cache, fields);
    }
}
