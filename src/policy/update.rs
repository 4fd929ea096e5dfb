//! Fields on their way through the cache: what is stored of them (§3.1), and what a 304 changes (§3.2).

use std::cmp::Ordering;

use super::Millis;
use super::directives::Qualified;
use crate::error::Result;
use crate::http::fields::trim;
use crate::http::{Fields, date};

/// Fields of one connection (RFC 9110 §7.6.1) or between one client and one proxy (§3.1): not stored.
const HOP_BY_HOP: [&[u8]; 10] = [
    b"Connection",
    b"Keep-Alive",
    b"Proxy-Connection",
    b"Proxy-Authenticate",
    b"Proxy-Authentication-Info",
    b"Proxy-Authorization",
    b"TE",
    b"Trailer",
    b"Transfer-Encoding",
    b"Upgrade",
];

/// Fields that describe the stored content, which a 304 does not bring (§3.2).
const OF_THE_CONTENT: [&[u8]; 4] = [
    b"Content-Length",
    b"Content-Encoding",
    b"Content-Type",
    b"Content-Range",
];

/// Removes what is not stored and not handed on: fields of the connection, and those it names (§3.1).
pub fn remove_hop_by_hop(fields: &mut Fields) {
    let named = named_by_connection(fields);
    fields.retain(|name, _| !is_any(name, &HOP_BY_HOP) && !is_among(name, &named));
}

/// The names of fields here that `Connection` names, for [`is_among`]. A peer may name very many that are not here.
fn named_by_connection(fields: &Fields) -> Vec<Vec<u8>> {
    if !fields.contains(b"Connection") {
        return Vec::new();
    }
    let mut here: Vec<(&[u8], bool)> = fields.iter().map(|(name, _)| (name, false)).collect();
    here.sort_unstable_by(|(one, _), (other, _)| without_case(one, other));
    here.dedup_by(|(one, _), (other, _)| one.eq_ignore_ascii_case(other));
    let lines = fields.all(b"Connection");
    for token in lines.flat_map(|line| line.split(|b| *b == b',')).map(trim) {
        let at = here.binary_search_by(|(name, _)| without_case(name, token));
        if let Some((_, is_named)) = at.ok().and_then(|at| here.get_mut(at)) {
            *is_named = true;
        }
    }
    here.retain(|(_, is_named)| *is_named);
    here.iter()
        .map(|(name, _)| name.to_ascii_lowercase())
        .collect()
}

/// The stored fields after a 304 received `now` (§3.2): each field it brings replaces those of its name. What says
/// how old the stored response was counts no more: the age is that since the validation (§4.2).
pub fn freshened(stored: &Fields, not_modified: &Fields, now: Millis) -> Result<Fields> {
    let mut brought = not_modified.clone();
    remove_hop_by_hop(&mut brought);
    brought.retain(|name, _| !is_any(name, &OF_THE_CONTENT));
    if !brought.contains(b"Date") && stored.contains(b"Date") {
        // RFC 9110 §6.6.1: a message without a Date gets that of its receipt.
        brought.push(b"Date", date::format(now).as_bytes())?;
    }
    let is_kept = |name: &[u8]| !brought.contains(name) && !name.eq_ignore_ascii_case(b"Age");
    put_together(stored, is_kept, &brought)
}

/// The fields of a part put together with one that arrived (§3.4): each field that this brings replaces those of
/// its name.
pub fn combined(stored: &Fields, arrived: &Fields) -> Result<Fields> {
    put_together(stored, |name| !arrived.contains(name), arrived)
}

fn put_together(
    stored: &Fields,
    is_kept: impl Fn(&[u8]) -> bool,
    others: &Fields,
) -> Result<Fields> {
    // And for the Age that is set where it is handed on.
    let room = stored.text().len() + others.text().len() + 32;
    let mut fields = Fields::with_capacity(stored.len() + others.len() + 1, room);
    let kept = stored.iter().filter(|(name, _)| is_kept(name));
    for (name, value) in kept.chain(others.iter()) {
        fields.push(name, value)?;
    }
    Ok(fields)
}

/// The fields of a 304 that a stored response answers (RFC 9110 §15.4.5): what a 200 would say of itself, and not
/// what it says of its content.
pub fn of_not_modified(fields: &Fields) -> Fields {
    const OF_THE_REPRESENTATION: [&[u8]; 8] = [
        b"Content-Length",
        b"Content-Encoding",
        b"Content-Type",
        b"Content-Range",
        b"Content-Language",
        b"Content-MD5",
        b"Accept-Ranges",
        b"Digest",
    ];
    let mut kept = fields.clone();
    let has_etag = fields.contains(b"ETag");
    kept.retain(|name, _| {
        let is_date = has_etag && name.eq_ignore_ascii_case(b"Last-Modified");
        !is_date && !is_any(name, &OF_THE_REPRESENTATION)
    });
    kept
}

/// Removes the fields that a reader must not get without validation (§5.2.2.4).
pub fn remove_named(fields: &mut Fields, named: &Qualified) {
    if let Qualified::Fields(names) = named {
        let mut names: Vec<&[u8]> = names.iter().map(String::as_bytes).collect();
        names.sort_unstable();
        fields.retain(|name, _| !is_among(name, &names));
    }
}

/// Sets a field to one value.
pub fn set(fields: &mut Fields, name: &[u8], value: &str) -> Result<()> {
    fields.remove(name);
    fields.push(name, value.as_bytes())
}

/// Sets the Age that a reused response carries (§5.1), in whole seconds.
pub fn set_age(fields: &mut Fields, age: Millis) -> Result<()> {
    set(fields, b"Age", &(age / 1000).to_string())
}

/// Whether a name is one of these, which are sorted and in lower case: a peer may name very many.
fn is_among(name: &[u8], names: &[impl AsRef<[u8]>]) -> bool {
    let found = names.binary_search_by(|other| without_case(other.as_ref(), name));
    found.is_ok()
}

fn without_case(one: &[u8], other: &[u8]) -> Ordering {
    let lower = u8::to_ascii_lowercase;
    one.iter().map(lower).cmp(other.iter().map(lower))
}

fn is_any(name: &[u8], names: &[impl AsRef<[u8]>]) -> bool {
    names
        .iter()
        .any(|other| name.eq_ignore_ascii_case(other.as_ref()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(lines: &[(&str, &str)]) -> Fields {
        let mut fields = Fields::new();
        for (name, value) in lines {
            fields.add(name.as_bytes(), value.as_bytes()).unwrap();
        }
        fields
    }

    #[test]
    fn fields_of_the_connection_go() {
        let mut given = fields(&[
            ("Connection", "X-Hop, close, X-HOP ,,"),
            ("x-hop", "1"),
            ("connection", "other,x-ho,x-hopp"),
            ("Other", "1"),
            ("X-Hop", "2"),
            ("Transfer-Encoding", "chunked"),
            ("Set-Cookie", "a"),
            ("Set-Cookie", "b"),
        ]);
        remove_hop_by_hop(&mut given);
        assert_eq!(given, fields(&[("Set-Cookie", "a"), ("Set-Cookie", "b")]));
    }

    #[test]
    fn a_304_replaces_all_but_what_describes_the_content() {
        let stored = fields(&[
            ("A", "1"),
            ("A", "2"),
            ("Content-Type", "text/plain"),
            ("B", "1"),
        ]);
        let brought = fields(&[
            ("a", "3"),
            ("Content-Type", "x"),
            ("Connection", "close"),
            ("C", "1"),
        ]);
        let expected = fields(&[
            ("Content-Type", "text/plain"),
            ("B", "1"),
            ("a", "3"),
            ("C", "1"),
        ]);
        assert_eq!(freshened(&stored, &brought, 0).unwrap(), expected);
    }

    #[test]
    fn what_was_validated_is_as_old_as_its_validation() {
        let stored = fields(&[("Date", "x"), ("Age", "7")]);
        let given = fields(&[("Date", "Thu, 01 Jan 1970 00:00:01 GMT")]);
        assert_eq!(freshened(&stored, &Fields::new(), 1999).unwrap(), given);
        let other = fields(&[("Date", "y"), ("Age", "8")]);
        assert_eq!(freshened(&stored, &other, 1999).unwrap(), other);
        assert_eq!(
            freshened(&Fields::new(), &Fields::new(), 0).unwrap(),
            Fields::new()
        );
    }

    #[test]
    fn age_is_one_and_whole() {
        let mut aged = fields(&[("Age", "5"), ("age", "6")]);
        set_age(&mut aged, 7999).unwrap();
        assert_eq!(aged, fields(&[("Age", "7")]));
    }
}
