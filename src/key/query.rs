//! The query in the key: parameters sorted by name, so that their order counts for nothing.

use std::borrow::Cow;

use crate::http::Url;

/// The URL as the key holds it. Sorting is stable: parameters of one name keep their order, and only `&`
/// separates, so that no two different lists become one.
pub fn sorted(url: &Url, sort: bool) -> Cow<'_, str> {
    let Some(query) = url.query().filter(|query| sort && query.contains('&')) else {
        return Cow::Borrowed(url.as_str());
    };
    let parameters = query.as_bytes().split(|b| *b == b'&');
    if parameters.is_sorted_by_key(name) {
        return Cow::Borrowed(url.as_str());
    }
    let mut parameters: Vec<&str> = query.split('&').collect();
    parameters.sort_by_key(|parameter| name(parameter.as_bytes()));
    Cow::Owned(format!("{}?{}", url.without_query(), parameters.join("&")))
}

fn name(parameter: &[u8]) -> &[u8] {
    let end = parameter.iter().position(|b| *b == b'=');
    end.and_then(|end| parameter.get(..end))
        .unwrap_or(parameter)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sorting_is_by_name_and_stable() {
        for (given, expected) in [
            ("http://h/?b=2&a=1", "http://h/?a=1&b=2"),
            ("http://h/?b=2&a=2&b=1&a=1", "http://h/?a=2&a=1&b=2&b=1"),
            ("http://h/?b&a=&", "http://h/?&a=&b"),
            ("http://h/?z", "http://h/?z"),
            ("http://h/", "http://h/"),
        ] {
            let url = Url::parse(given.as_bytes()).unwrap().0;
            assert_eq!(sorted(&url, true), expected);
            assert_eq!(sorted(&url, false), given);
        }
    }
}
