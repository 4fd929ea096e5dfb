//! Settings that are lists or names.

use std::sync::Arc;

use super::url_rules::{PatternKind, UrlRules};
use super::{Expiry, Settings};
use crate::error::{Error, Kind, Result};
use crate::http::fields::{is_token, quoted};
use crate::key::matching::{MatchedFields, Unordered};
use crate::key::names::{Names, field_name};
use crate::transport::Authority;

/// The numbers of the lists and names, as in the C header.
#[allow(missing_docs, reason = "each is a list of the struct below")]
pub mod list {
    pub const METHOD: i32 = 200;
    pub const STATUS: i32 = 201;
    pub const IGNORED: i32 = 202;
    pub const MATCH_FIELD: i32 = 203;
    pub const TARGETED_FIELD: i32 = 206;
    pub const UNORDERED_FIELD: i32 = 208;
    pub const PARTITION: i32 = 300;
    pub const CACHE_NAME: i32 = 301;
    pub const CA_FILE: i32 = 311;
}

/// Settings that are lists or names.
#[derive(Clone, Debug)]
pub struct Lists {
    /// Methods whose responses are stored; `None`: GET and HEAD, and with `cache_control` what RFC 9111 allows.
    pub methods: Option<Vec<String>>,
    /// Status codes that are stored; `None`: 200, and with `cache_control` what RFC 9111 §3 allows.
    pub statuses: Option<Vec<u16>>,
    /// Names left out of the key, and never on the disk.
    pub ignored: Names,
    /// Request fields that are part of the key.
    pub matched: MatchedFields,
    /// Request fields whose order and letter case do not count.
    pub unordered: Unordered,
    /// Targeted fields, the most specific first (RFC 9213).
    pub targeted_fields: Vec<String>,
    /// Expiries of status codes; the last one that fits holds.
    pub status_rules: Vec<StatusRule>,
    /// Expiries by URL; the first rule that matches holds.
    pub url_rules: Arc<UrlRules>,
    /// Who this cache is in `Cache-Status` (RFC 9211 §2).
    pub cache_name: String,
}

/// The expiry of a status code or of a class of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StatusRule {
    /// A code (404), or a class by its first digit (4).
    pub status: u16,
    /// Its expiry.
    pub expiry: Expiry,
}

const DEFAULT_NAME: &str = "httpcache";

impl Default for Lists {
    fn default() -> Self {
        Lists {
            methods: None,
            statuses: None,
            ignored: Names::default(),
            matched: MatchedFields::default(),
            unordered: Unordered::default(),
            targeted_fields: Vec::new(),
            status_rules: Vec::new(),
            url_rules: Arc::default(),
            cache_name: DEFAULT_NAME.to_owned(),
        }
    }
}

impl Lists {
    fn match_field(&mut self, name: String) {
        match &mut self.matched {
            MatchedFields::All => {}
            MatchedFields::None => self.matched = MatchedFields::Listed(vec![name]),
            MatchedFields::Listed(names) => {
                names.push(name);
                names.sort_unstable();
                names.dedup();
            }
        }
    }
}

impl StatusRule {
    fn fits(&self, status: u16) -> bool {
        self.status == status || self.status == status / 100
    }
}

impl Settings {
    /// Adds an item to a list, which begins as its default.
    pub fn add(&mut self, number: i32, item: &[u8]) -> Result<()> {
        let refuse =
            |what: &str| Error::new(Kind::Argument, format!("{} is no {what}", quoted(item)));
        let text = std::str::from_utf8(item)
            .ok()
            .filter(|_| is_token(item))
            .map(str::to_owned);
        let lists = Arc::make_mut(&mut self.lists);
        match number {
            list::METHOD => {
                let method = text.ok_or_else(|| refuse("method"))?;
                let methods = lists.methods.get_or_insert_with(default_methods);
                methods.push(method);
            }
            list::STATUS => {
                let status = text.and_then(|text| text.parse().ok());
                let status = status.filter(|status| (200..=999).contains(status));
                let status = status.ok_or_else(|| refuse("status code from 200 to 999"))?;
                let statuses = lists.statuses.get_or_insert_with(default_statuses);
                statuses.push(status);
            }
            list::IGNORED => lists.ignored.add(item)?,
            list::MATCH_FIELD => lists.match_field(field_name(item)?),
            list::UNORDERED_FIELD => lists.unordered.names.push(field_name(item)?),
            list::TARGETED_FIELD => {
                let name = text.ok_or_else(|| refuse("field name"))?;
                lists.targeted_fields.push(name);
            }
            _ => return Err(unknown(number)),
        }
        Ok(())
    }

    /// Empties a list.
    pub fn clear(&mut self, number: i32) -> Result<()> {
        let lists = Arc::make_mut(&mut self.lists);
        match number {
            list::METHOD => lists.methods = Some(Vec::new()),
            list::STATUS => lists.statuses = Some(Vec::new()),
            list::IGNORED => lists.ignored.clear(),
            list::MATCH_FIELD => lists.matched = MatchedFields::None,
            list::UNORDERED_FIELD => lists.unordered.names.clear(),
            list::TARGETED_FIELD => lists.targeted_fields.clear(),
            _ => return Err(unknown(number)),
        }
        Ok(())
    }

    /// The items of a list as it stands, its default where nothing was added.
    pub fn items(&self, number: i32) -> Result<Vec<String>> {
        let lists = &self.lists;
        Ok(match number {
            list::METHOD => lists.methods.clone().unwrap_or_else(default_methods),
            list::STATUS => {
                let statuses = lists.statuses.clone().unwrap_or_else(default_statuses);
                statuses.iter().map(u16::to_string).collect()
            }
            list::IGNORED => lists.ignored.iter().map(str::to_owned).collect(),
            list::MATCH_FIELD => match &lists.matched {
                MatchedFields::Listed(names) => names.clone(),
                MatchedFields::None | MatchedFields::All => Vec::new(),
            },
            list::UNORDERED_FIELD => lists.unordered.names.clone(),
            list::TARGETED_FIELD => lists.targeted_fields.clone(),
            _ => return Err(unknown(number)),
        })
    }

    /// Sets a name; `None`: its default.
    pub fn set_name(&mut self, number: i32, value: Option<&[u8]>) -> Result<()> {
        match number {
            list::PARTITION => self.partition = partition(value)?,
            list::CA_FILE => self.trust(authority(value)?),
            list::CACHE_NAME => self.set_cache_name(value.unwrap_or(DEFAULT_NAME.as_bytes()))?,
            _ => return Err(unknown(number)),
        }
        Ok(())
    }

    fn set_cache_name(&mut self, value: &[u8]) -> Result<()> {
        let name = std::str::from_utf8(value).ok();
        let name = name.filter(|name| name.bytes().all(|b| matches!(b, b' '..=b'~')));
        let Some(name) = name.filter(|name| !name.is_empty()) else {
            let message = "the name of the cache is empty or not printable ASCII";
            return Err(Error::new(Kind::Argument, message));
        };
        Arc::make_mut(&mut self.lists).cache_name = name.to_owned();
        Ok(())
    }

    /// Gives a status code, or a class of them by its first digit, an expiry of its own.
    pub fn set_status_expiry(&mut self, status: i32, value: i64) -> Result<()> {
        let code = u16::try_from(status).ok();
        let Some(code) = code.filter(|code| matches!(code, 2..=9 | 200..=999)) else {
            let message =
                format!("{status} is no status code from 200 to 999, nor the first digit of one");
            return Err(Error::new(Kind::Argument, message));
        };
        check_expiry(value, || format!("status {status}"))?;
        let rules = &mut Arc::make_mut(&mut self.lists).status_rules;
        rules.retain(|rule| rule.status != code);
        if value != super::UNSET {
            let expiry = Expiry::from_duration(value);
            rules.push(StatusRule {
                status: code,
                expiry,
            });
        }
        Ok(())
    }

    /// Adds a rule for the URLs that match a pattern, behind those before.
    pub fn add_url_rule(&mut self, kind: i32, pattern: &[u8], value: i64) -> Result<()> {
        let kind = PatternKind::of(kind)?;
        check_expiry(value, || format!("the rule {}", quoted(pattern)))?;
        let rules = &mut Arc::make_mut(&mut self.lists).url_rules;
        Arc::make_mut(rules).add(kind, pattern, Expiry::from_duration(value))
    }

    /// The expiry that was given to a status code, or else to its class.
    pub fn status_expiry(&self, status: u16) -> Option<Expiry> {
        let rules = &self.lists.status_rules;
        let own = rules.iter().find(|rule| rule.status == status);
        own.or_else(|| rules.iter().find(|rule| rule.fits(status)))
            .map(|rule| rule.expiry)
    }
}

fn check_expiry(value: i64, of: impl FnOnce() -> String) -> Result<()> {
    if value >= 0 || matches!(value, super::UNSET | super::NEVER | super::DO_NOT_CACHE) {
        return Ok(());
    }
    let message = format!("the expiry of {} is negative: {value}", of());
    Err(Error::new(Kind::Argument, message))
}

fn default_methods() -> Vec<String> {
    vec!["GET".to_owned(), "HEAD".to_owned()]
}

fn default_statuses() -> Vec<u16> {
    vec![200]
}

/// A partition; none where it is empty.
pub(super) fn partition(value: Option<&[u8]>) -> Result<Option<Arc<[u8]>>> {
    const MOST_BYTES: usize = 4096;
    let value = value.filter(|value| !value.is_empty());
    if value.is_some_and(|value| value.len() > MOST_BYTES) {
        let message = format!("the partition has more than {MOST_BYTES} bytes");
        return Err(Error::new(Kind::Argument, message));
    }
    Ok(value.map(Arc::from))
}

/// The authorities in a file; none where its name is empty.
pub(super) fn authority(value: Option<&[u8]>) -> Result<Option<Arc<Authority>>> {
    let path = value.filter(|value| !value.is_empty());
    path.map(|path| Authority::read(path).map(Arc::new))
        .transpose()
}

pub(super) fn unknown(number: i32) -> Error {
    let message = format!("list or name {number} is not known here");
    Error::new(Kind::Unsupported, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_read_as_they_stand() {
        let mut settings = Settings::default();
        let items = |settings: &Settings, list| settings.items(list).unwrap();
        assert_eq!(items(&settings, list::METHOD), ["GET", "HEAD"]);
        assert_eq!(items(&settings, list::STATUS), ["200"]);
        assert_eq!(items(&settings, list::IGNORED).len(), 9);
        assert!(items(&settings, list::TARGETED_FIELD).is_empty());
        for (list, item) in [
            (list::METHOD, "POST"),
            (list::STATUS, "404"),
            (list::IGNORED, "$..session id"),
            (list::TARGETED_FIELD, "CDN-Cache-Control"),
        ] {
            settings.add(list, item.as_bytes()).unwrap();
            assert_eq!(items(&settings, list).last().unwrap(), item);
            settings.clear(list).unwrap();
            assert!(items(&settings, list).is_empty());
        }
        let refused = settings.items(list::CACHE_NAME).unwrap_err();
        assert_eq!(refused.kind(), Kind::Unsupported);
    }
}
