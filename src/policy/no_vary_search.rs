//! Which parameters of a URL's query make another response, as `No-Vary-Search` says
//! (draft-ietf-httpbis-no-vary-search).

use sfv::{BareItem, Dictionary, ListEntry, Parser};

use super::said::structured;
use crate::http::Fields;
use crate::http::fields::LONGEST_READ;

/// What a response says of the parameters of its URL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Variance {
    ignored: Ignored,
    order_counts: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Ignored {
    These(Vec<Vec<u8>>),
    AllBut(Vec<Vec<u8>>),
}

impl Variance {
    /// Reads the field; `None` where it is absent, says nothing, or cannot be read: then every byte counts.
    pub fn by(fields: &Fields) -> Option<Self> {
        let value = structured(fields, b"No-Vary-Search")?;
        let dictionary: Dictionary = Parser::new(&value).parse().ok()?;
        let order_counts = match dictionary.get("key-order") {
            None => true,
            Some(entry) => !boolean(entry)?,
        };
        let except = dictionary.get("except");
        let ignored = match dictionary.get("params") {
            None => Ignored::These(Vec::new()),
            Some(entry @ ListEntry::InnerList(_)) => Ignored::These(strings(entry)?),
            Some(entry) if boolean(entry)? => Ignored::AllBut(match except {
                None => Vec::new(),
                Some(entry) => strings(entry)?,
            }),
            Some(_) => Ignored::These(Vec::new()),
        };
        // Exceptions have a meaning only where all others are ignored.
        if except.is_some() && !matches!(ignored, Ignored::AllBut(_)) {
            return None;
        }
        let says_nothing = order_counts && ignored == Ignored::These(Vec::new());
        (!says_nothing).then_some(Variance {
            ignored,
            order_counts,
        })
    }

    /// Whether two queries of one path mean the same response. Very long ones do where they are equal.
    pub fn are_same(&self, one: Option<&str>, other: Option<&str>) -> bool {
        let is_long = |query: Option<&str>| query.is_some_and(|query| query.len() > LONGEST_READ);
        if is_long(one) || is_long(other) {
            return one == other;
        }
        self.counted(one) == self.counted(other)
    }

    /// The parameters that count, decoded.
    fn counted(&self, query: Option<&str>) -> Vec<(Vec<u8>, Vec<u8>)> {
        let parameters = query.unwrap_or_default().split('&');
        let mut counted: Vec<_> = parameters
            .filter(|parameter| !parameter.is_empty())
            .map(|parameter| {
                let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
                (decoded(name), decoded(value))
            })
            .filter(|(name, _)| match &self.ignored {
                Ignored::These(names) => names.binary_search(name).is_err(),
                Ignored::AllBut(names) => names.binary_search(name).is_ok(),
            })
            .collect();
        if !self.order_counts {
            counted.sort_by(|(one, _), (other, _)| one.cmp(other));
        }
        counted
    }
}

fn boolean(entry: &ListEntry) -> Option<bool> {
    match entry {
        ListEntry::Item(item) => item.bare_item.as_boolean(),
        ListEntry::InnerList(_) => None,
    }
}

/// An inner list of strings and nothing else. They name parameters as a query writes them.
fn strings(entry: &ListEntry) -> Option<Vec<Vec<u8>>> {
    let ListEntry::InnerList(list) = entry else {
        return None;
    };
    let names = list.items.iter().map(|item| match &item.bare_item {
        BareItem::String(name) => Some(decoded(name.as_str())),
        _ => None,
    });
    let mut names: Vec<Vec<u8>> = names.collect::<Option<_>>()?;
    // Searched by halves: a query may have as many parameters as this has names.
    names.sort_unstable();
    Some(names)
}

/// As forms are decoded: `+` is a space, and percent-encoded bytes are themselves.
fn decoded(text: &str) -> Vec<u8> {
    let mut bytes = text.as_bytes().iter();
    let mut decoded = Vec::with_capacity(text.len());
    while let Some(&byte) = bytes.next() {
        decoded.push(match byte {
            b'+' => b' ',
            b'%' => match hex(bytes.as_slice()) {
                Some(value) => {
                    bytes.nth(1);
                    value
                }
                None => byte,
            },
            byte => byte,
        });
    }
    decoded
}

fn hex(digits: &[u8]) -> Option<u8> {
    let digits = std::str::from_utf8(digits.get(..2)?).ok()?;
    let are_hex = digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    are_hex.then(|| u8::from_str_radix(digits, 16).ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    fn variance(value: &str) -> Option<Variance> {
        let mut fields = Fields::new();
        fields.add(b"No-Vary-Search", value.as_bytes()).unwrap();
        Variance::by(&fields)
    }

    #[test]
    fn queries_are_the_same_where_the_response_says_so() {
        for (value, one, other, same) in [
            ("params", "a=1", "b=2", true),
            ("params", "a=1", "", true),
            ("params, except=(\"id\")", "id=1&a=1", "b=2&id=1", true),
            ("params, except=(\"id\")", "id=1", "id=2", false),
            ("params=(\"a\" \"b\")", "a=1&c=3", "c=3&b=9", true),
            ("params=(\"a\")", "a=1&b=1", "a=1&b=2", false),
            ("params=(\"a b\")", "a+b=1&c", "c&a%20b=2", true),
            ("params=(\"a%20b\")", "a+b=1", "", true),
            ("key-order", "a=1&b=2", "b=2&a=1", true),
            ("key-order", "a=1&a=2", "a=2&a=1", false),
            ("key-order, params=(\"x\")", "a=1&x&b=2", "b=2&a=1", true),
            ("params=(\"x\")", "a=1&b=2", "b=2&a=1", false),
            ("params=(\"x\")", "a=%31", "a=1", true),
            ("params=(\"x\")", "a=%3", "a=%3", true),
            ("params=(\"x\")", "A=1", "a=1", false),
        ] {
            let variance = variance(value).unwrap();
            let query = |text: &'static str| (!text.is_empty()).then_some(text);
            let found = variance.are_same(query(one), query(other));
            assert_eq!(found, same, "{value}: {one} {other}");
        }
    }

    #[test]
    fn what_says_nothing_or_cannot_be_read_changes_nothing() {
        for value in [
            "",
            "params=?0",
            "key-order=?0",
            "params=()",
            "params=1",
            "params=(a)",
            "params=(1)",
            "params=\"a\"",
            "except=(\"a\")",
            "params=(\"a\"), except=(\"a\")",
            "params, except=\"a\"",
            "key-order=1",
            "params=(\"a\"",
        ] {
            assert_eq!(variance(value), None, "{value}");
        }
    }
}
