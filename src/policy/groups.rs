//! Groups of stored responses that are made invalid together (RFC 9875).

use sfv::{BareItem, List, ListEntry, Parser};

use super::admit::is_unsafe;
use super::said::is_readable;
use crate::http::{Fields, Request, ResponseHead};
use crate::settings::Settings;

/// So many groups of one response are looked at: each costs a read on every lookup. RFC 9875 §2 asks for 32.
const MOST: usize = 64;

/// The groups a stored response belongs to (§2); none where the field cannot be read.
pub fn of(fields: &Fields) -> Vec<String> {
    names(fields, b"Cache-Groups")
}

/// The groups whose members an answer makes invalid (§3): only one to an unsafe request can, and that succeeded.
pub fn invalidated(request: &Request, response: &ResponseHead, settings: &Settings) -> Vec<String> {
    let is_success = (200..400).contains(&response.status);
    if !settings.groups || !is_success || !is_unsafe(request, settings) {
        return Vec::new();
    }
    names(&response.fields, b"Cache-Group-Invalidation")
}

/// A List of Strings. Parameters mean nothing yet and are passed over.
fn names(fields: &Fields, name: &[u8]) -> Vec<String> {
    let Some(value) = fields.joined(name).filter(|value| is_readable(value)) else {
        return Vec::new();
    };
    let Ok(list): Result<List, _> = Parser::new(&value).parse() else {
        return Vec::new();
    };
    let names: Option<Vec<String>> = list
        .iter()
        .map(|entry| match entry {
            ListEntry::Item(item) => match &item.bare_item {
                BareItem::String(name) => Some(name.as_str().to_owned()),
                _ => None,
            },
            ListEntry::InnerList(_) => None,
        })
        .collect();
    let mut names = names.unwrap_or_default();
    names.truncate(MOST);
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(status: u16, name: &str, value: &str) -> ResponseHead {
        let mut head = ResponseHead::new(status, b"").unwrap();
        head.fields.add(name.as_bytes(), value.as_bytes()).unwrap();
        head
    }

    #[test]
    fn groups_are_strings() {
        let groups = |value: &str| of(&head(200, "Cache-Groups", value).fields);
        assert_eq!(groups("\"a\", \"B c\";x=1"), ["a", "B c"]);
        for value in ["a", "\"a\", b", "\"a", "(\"a\")", "1", ""] {
            assert!(groups(value).is_empty(), "{value}");
        }
    }

    #[test]
    fn only_an_unsafe_request_that_succeeds_invalidates() {
        let invalidated = |method: &str, status, groups| {
            let request = Request::new(method.as_bytes(), b"http://h/").unwrap();
            let settings = Settings {
                groups,
                cache_control: true,
                ..Settings::default()
            };
            let response = head(status, "Cache-Group-Invalidation", "\"a\"");
            invalidated(&request, &response, &settings).len()
        };
        assert_eq!(invalidated("POST", 200, true), 1);
        assert_eq!(invalidated("POST", 303, true), 1);
        assert_eq!(invalidated("POST", 200, false), 0);
        assert_eq!(invalidated("POST", 500, true), 0);
        assert_eq!(invalidated("GET", 200, true), 0);
    }
}
