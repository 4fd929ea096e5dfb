//! A glob for URLs: a host part up to the first `/`, which is matched whole and without regard to case, and behind it
//! the beginning of a path.

use super::wildcards::{Extent, Token, Wildcards, tokens};
use crate::http::Url;
use crate::http::url::{normal_host, normal_part, normal_path};

/// A glob.
#[derive(Debug)]
pub(super) struct Glob {
    /// `None`: any.
    scheme: Option<Wildcards>,
    pub(super) host: Host,
    /// `None`: any.
    port: Option<Wildcards>,
    pub(super) path: Wildcards,
}

/// The hosts of a glob.
#[derive(Debug)]
pub(super) enum Host {
    Any,
    One(String),
    Like(Wildcards),
}

/// A URL taken apart for globs.
pub(super) struct Target<'a> {
    scheme: &'a str,
    pub(super) host: &'a str,
    port: &'a str,
    /// Path and query.
    pub(super) path: &'a str,
}

impl<'a> Target<'a> {
    pub(super) fn of(url: &'a Url) -> Self {
        let authority = url.authority();
        let (host, port) = match authority.rsplit_once(':') {
            // Not a colon of an IPv6 address.
            Some((host, port)) if !port.ends_with(']') => (host, port),
            _ if url.scheme() == "https" => (authority, "443"),
            _ => (authority, "80"),
        };
        Target {
            scheme: url.scheme(),
            host,
            port,
            path: url.as_str().get(url.origin().len()..).unwrap_or_default(),
        }
    }
}

impl Glob {
    /// Reads a glob; an error says what is wrong with it.
    pub(super) fn parse(pattern: &str) -> Result<Self, String> {
        if pattern.bytes().any(|b| b.is_ascii_control() || b == b'\\') {
            return Err("a control character or a backslash in it".to_owned());
        }
        let pattern = if pattern.is_empty() { "*" } else { pattern };
        let scheme_end = pattern
            .find("://")
            .filter(|at| !pattern.get(..*at).unwrap_or_default().contains('/'));
        let (scheme, rest) = match scheme_end {
            Some(at) => (pattern.get(..at), pattern.get(at + 3..).unwrap_or_default()),
            None => (None, pattern),
        };
        let path_at = rest.find('/').unwrap_or(rest.len());
        let (authority, path) = rest.split_at_checked(path_at).unwrap_or((rest, ""));
        let (host, port) = split_port(authority)?;
        Ok(Glob {
            scheme: scheme.map(read_scheme).transpose()?,
            host: read_host(host)?,
            port: port.map(read_port).transpose()?,
            path: read_path(path)?,
        })
    }

    pub(super) fn is_match(&self, target: &Target<'_>) -> bool {
        let is_whole = |wildcards: &Option<Wildcards>, text: &str| {
            wildcards
                .as_ref()
                .is_none_or(|wildcards| wildcards.match_text(text, Extent::Whole))
        };
        let is_host = match &self.host {
            Host::Any => true,
            Host::One(host) => host == target.host,
            // A wildcard stands for no colon, and so for no part of an IPv6 address.
            Host::Like(host) => {
                !target.host.starts_with('[') && host.match_text(target.host, Extent::Whole)
            }
        };
        is_host
            && is_whole(&self.port, target.port)
            && is_whole(&self.scheme, target.scheme)
            && self.path.match_text(target.path, Extent::Prefix)
    }
}

/// Splits before the port. A colon between brackets is one of a set, or of an IPv6 address.
fn split_port(authority: &str) -> Result<(&str, Option<&str>), String> {
    let mut is_inside = false;
    let mut colon = None;
    for (at, byte) in authority.bytes().enumerate() {
        match byte {
            b'[' => is_inside = true,
            b']' => is_inside = false,
            b'@' if !is_inside => {
                return Err("what it says before an @ is never part of what is matched".to_owned());
            }
            b':' if !is_inside && colon.replace(at).is_some() => {
                return Err("a second : in its host part".to_owned());
            }
            _ => {}
        }
    }
    let Some(colon) = colon else {
        return Ok((authority, None));
    };
    let (host, port) = authority
        .split_at_checked(colon)
        .unwrap_or((authority, ":"));
    // RFC 3986 §6.2.3: an empty port is none.
    Ok((host, port.get(1..).filter(|port| !port.is_empty())))
}

fn has_wildcards(text: &str) -> bool {
    text.contains(['*', '?', '['])
}

fn read_scheme(scheme: &str) -> Result<Wildcards, String> {
    let read = tokens(scheme, true)?;
    let is_scheme = |text: &str| {
        text.bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.'))
    };
    let is_good = !scheme.is_empty()
        && read.iter().all(|token| match token {
            Token::Text(text) => is_scheme(text),
            _ => true,
        });
    if !is_good {
        return Err("its scheme is missing or malformed".to_owned());
    }
    Wildcards::new(read)
}

fn read_port(port: &str) -> Result<Wildcards, String> {
    let wrong = || "its port is not a number between 1 and 65535".to_owned();
    let mut read = tokens(port, false)?;
    if !has_wildcards(port) {
        let is_digits = port.bytes().all(|b| b.is_ascii_digit());
        let number = port.parse::<u16>().ok().filter(|number| *number > 0);
        let number = number.filter(|_| is_digits).ok_or_else(wrong)?;
        read = vec![Token::Text(number.to_string())];
    }
    let is_number = |token: &Token| match token {
        Token::Text(text) => text.bytes().all(|b| b.is_ascii_digit()),
        _ => true,
    };
    if read.iter().all(is_number) {
        Wildcards::new(read)
    } else {
        Err(wrong())
    }
}

fn read_host(host: &str) -> Result<Host, String> {
    if host.is_empty() {
        return Err("its host is missing (* stands for any)".to_owned());
    }
    // No set may hold a colon, so that this is an IPv6 address.
    let is_address = host.starts_with('[') && host.contains(':');
    if is_address || !has_wildcards(host) {
        let normal = normal_host(host.as_bytes());
        return normal
            .map(Host::One)
            .ok_or_else(|| "its host is malformed".to_owned());
    }
    let labels: Result<Vec<String>, String> = host.split('.').map(read_label).collect();
    let read = tokens(&labels?.join("."), true)?;
    for token in &read {
        let Token::Text(text) = token else { continue };
        // What the URL Standard forbids in a host.
        if let Some(wrong) = text.chars().find(|c| "%#<>]^| ".contains(*c)) {
            return Err(format!("no host has {wrong:?} in it"));
        }
    }
    let wildcards = Wildcards::new(read)?;
    Ok(if wildcards.is_anything() {
        Host::Any
    } else {
        Host::Like(wildcards)
    })
}

/// A label of a host that has wildcards, as it stands in URLs.
fn read_label(label: &str) -> Result<String, String> {
    if label.is_ascii() {
        return Ok(label.to_owned());
    }
    let normal = normal_host(label.as_bytes()).filter(|_| !has_wildcards(label));
    normal.ok_or_else(|| {
        "a label of its host that is not ASCII is malformed, or has wildcards".to_owned()
    })
}

fn read_path(path: &str) -> Result<Wildcards, String> {
    let mut read = tokens(path, false)?;
    for (at, token) in read.iter_mut().enumerate() {
        let Token::Text(text) = token else { continue };
        if text.contains('#') {
            return Err("a fragment is never part of what is matched".to_owned());
        }
        let mut normal = normal_part(text.as_bytes());
        if at == 0 {
            // What follows the last slash may go on, so that a dot there is no segment yet.
            let end = normal.rfind('/').map_or(0, |at| at + 1);
            let (whole, begun) = normal.split_at_checked(end).unwrap_or(("", &normal));
            if !whole.is_empty() {
                normal = normal_path(whole.as_bytes()) + begun;
            }
        }
        *text = normal;
    }
    Wildcards::new(read)
}
