//! Groups of stored responses that are made invalid together (RFC 9875).

use std::fmt;

use sfv::visitor::{EntryVisitor, Ignored, InnerListVisitor, ItemVisitor, ListVisitor, Never};
use sfv::{BareItemFromInput, Parser};

use super::admit::is_unsafe;
use super::said::structured;
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
    let Some(value) = structured(fields, name) else {
        return Vec::new();
    };
    let list = Parser::new(&value).parse_list_with_visitor(Names(Vec::new()));
    list.unwrap_or_default()
}

/// Takes what is kept of the list while it is read: a peer may name very many.
struct Names(Vec<String>);

#[derive(Debug)]
struct NoString;

impl fmt::Display for NoString {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a member is no String")
    }
}

impl std::error::Error for NoString {}

impl<'de> ListVisitor<'de> for Names {
    type Out = Vec<String>;
    type Error = NoString;

    fn entry(&mut self) -> Result<impl EntryVisitor<'de>, NoString> {
        Ok(self)
    }

    fn finish(self) -> Result<Vec<String>, NoString> {
        Ok(self.0)
    }
}

impl<'de> EntryVisitor<'de> for &mut Names {
    type Error = NoString;

    fn item(self) -> Result<impl ItemVisitor<'de>, NoString> {
        Ok(|item: BareItemFromInput<'de>| match item {
            BareItemFromInput::String(name) => {
                if self.0.len() < MOST {
                    self.0.push(name.as_str().to_owned());
                }
                Ok(Ignored)
            }
            _ => Err(NoString),
        })
    }

    fn inner_list(self) -> Result<impl InnerListVisitor<'de>, NoString> {
        Err::<Never, _>(NoString)
    }
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
        let many = "\"a\",".repeat(MOST);
        assert_eq!(groups(&format!("{many}\"b\"")), ["a"; MOST]);
        assert!(groups(&format!("{many}b")).is_empty());
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
