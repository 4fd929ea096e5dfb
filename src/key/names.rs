//! Names of parameters and fields that are not like others: those left out of the key, and those whose values are
//! secrets.

use super::path::Path;
use crate::error::{Error, Kind, Result};
use crate::http::fields::{is_token, quoted};

/// The names that authenticate: left out of the key unless the list is cleared, part of the mark unless the user
/// lists them himself, and secret.
pub const CREDENTIALS: [&str; 9] = [
    "Authorization",
    "Proxy-Authorization",
    "X-API-Key",
    "X-Auth-Token",
    "X-API-Token",
    "X-Access-Token",
    "access_token",
    "api_key",
    "apikey",
];

/// Names whose values are secret and yet tell requests apart: they stand in the key as keyed hashes.
pub const SECRETS: [&str; 17] = [
    "token",
    "password",
    "passwd",
    "secret",
    "client_secret",
    "refresh_token",
    "id_token",
    "assertion",
    "sig",
    "signature",
    "X-Amz-Signature",
    "X-Amz-Credential",
    "X-Amz-Security-Token",
    "X-Goog-Signature",
    "X-Vault-Token",
    "Private-Token",
    "Cookie",
];

/// What the value of a name is to the key and to the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Treatment {
    /// As any other.
    Plain,
    /// In the key as a keyed hash, and never on the disk.
    Secret,
    /// Not in the key, and never on the disk.
    Ignored,
}

/// The names that a cache treats in their own way. Of fields they are compared without case; of parameters the key
/// ignores only what is spelled alike, and the disk keeps no spelling.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Names {
    /// [`CREDENTIALS`] are ignored.
    with_default: bool,
    /// What the user listed himself.
    own: Vec<String>,
    /// The same for members of JSON that lie deeper.
    paths: Vec<Path>,
    /// Which first bytes and lengths there are at all, in any letter case: most names are told by these.
    seen: Seen,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Seen {
    lengths: u64,
    /// One bit for each first letter; the last one is for all that is none.
    firsts: u32,
}

impl Default for Names {
    fn default() -> Self {
        let mut names = Names {
            with_default: true,
            own: Vec::new(),
            paths: Vec::new(),
            seen: Seen {
                lengths: 0,
                firsts: 0,
            },
        };
        names.see_all();
        names
    }
}

impl Names {
    /// Adds a name, or the path of a member of JSON, which begins with `$`.
    pub fn add(&mut self, item: &[u8]) -> Result<()> {
        let refuse = |why: &str| {
            let message = format!("the ignored name {} {why}", quoted(item));
            Error::new(Kind::Argument, message)
        };
        if item.is_empty() {
            return Err(refuse("is empty"));
        }
        if item.len() > MOST_BYTES {
            return Err(refuse("has more than 1024 bytes"));
        }
        let text = std::str::from_utf8(item).map_err(|_| refuse("is not UTF-8"))?;
        if text.contains('\0') {
            return Err(refuse("holds a NUL"));
        }
        if text.starts_with('$') {
            let path = Path::parse(text).map_err(refuse)?;
            self.paths.push(path);
        } else {
            self.own.push(text.to_owned());
            self.see_all();
        }
        Ok(())
    }

    /// Takes all names away, the default ones too.
    pub fn clear(&mut self) {
        self.with_default = false;
        self.own.clear();
        self.paths.clear();
        self.see_all();
    }

    /// The list as it stands: the default first.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        let default = CREDENTIALS.into_iter().filter(|_| self.with_default);
        let own = self.own.iter().map(String::as_str);
        default
            .chain(own)
            .chain(self.paths.iter().map(Path::as_str))
    }

    /// The paths of members of JSON that are ignored.
    pub fn paths(&self) -> &[Path] {
        &self.paths
    }

    /// Whether the name may be one that is not like others; most are told by their beginning and their length.
    pub(super) fn may_be_known(&self, name: &[u8]) -> bool {
        self.seen.may_be(name)
    }

    /// What a parameter is: of a query, a form, or a member at the top of JSON. The name is decoded.
    pub fn of_parameter(&self, name: &[u8]) -> Treatment {
        if !self.seen.may_be(name) {
            return Treatment::Plain;
        }
        let is = |other: &str| other.as_bytes() == name;
        let is_ignored = self.own.iter().any(|own| is(own))
            || (self.with_default && CREDENTIALS.into_iter().any(is));
        if is_ignored {
            return Treatment::Ignored;
        }
        // The name is that of a field of requests, and of nothing else.
        if self.is_secret(name) && !name.eq_ignore_ascii_case(b"Cookie") {
            Treatment::Secret
        } else {
            Treatment::Plain
        }
    }

    /// What a member of JSON is that does not lie at the top, by its name alone.
    pub fn of_member(&self, name: &[u8]) -> Treatment {
        match self.of_parameter(name) {
            Treatment::Ignored => Treatment::Secret,
            other => other,
        }
    }

    /// What a field is.
    pub fn of_field(&self, name: &[u8]) -> Treatment {
        if !self.seen.may_be(name) {
            return Treatment::Plain;
        }
        if self.is_listed(name) {
            return Treatment::Ignored;
        }
        if self.is_secret(name) {
            Treatment::Secret
        } else {
            Treatment::Plain
        }
    }

    /// Whether the value under this name is part of the mark: it authenticates, and the user did not say that it
    /// counts for nothing.
    pub fn authenticates(&self, name: &[u8]) -> bool {
        self.seen.may_be(name)
            && is_one_of(name, &CREDENTIALS)
            && !self
                .own
                .iter()
                .any(|own| own.as_bytes().eq_ignore_ascii_case(name))
    }

    /// Whether a field is for the origin alone to which it is sent.
    pub fn is_for_one_origin(&self, name: &[u8]) -> bool {
        self.of_field(name) != Treatment::Plain || is_one_of(name, &CREDENTIALS)
    }

    /// Whether the value is kept from the disk, however the name is spelled.
    fn is_secret(&self, name: &[u8]) -> bool {
        self.is_listed(name) || is_one_of(name, &SECRETS)
    }

    fn is_listed(&self, name: &[u8]) -> bool {
        (self.with_default && is_one_of(name, &CREDENTIALS))
            || self
                .own
                .iter()
                .any(|own| own.as_bytes().eq_ignore_ascii_case(name))
    }

    fn see_all(&mut self) {
        self.seen = Seen {
            lengths: 0,
            firsts: 0,
        };
        // The mark knows the credentials also where the list was cleared.
        let known = CREDENTIALS.into_iter().chain(SECRETS);
        for name in known.chain(self.own.iter().map(String::as_str)) {
            self.seen.lengths |= Seen::length(name.as_bytes());
            self.seen.firsts |= Seen::first(name.as_bytes());
        }
    }
}

/// Longer names are none.
const MOST_BYTES: usize = 1024;

impl Seen {
    fn may_be(&self, name: &[u8]) -> bool {
        self.lengths & Seen::length(name) != 0 && self.firsts & Seen::first(name) != 0
    }

    fn length(name: &[u8]) -> u64 {
        1 << name.len().min(63)
    }

    fn first(name: &[u8]) -> u32 {
        match name.first() {
            Some(letter) if letter.is_ascii_alphabetic() => {
                1 << (letter.to_ascii_lowercase() - b'a')
            }
            _ => 1 << 31,
        }
    }
}

fn is_one_of(name: &[u8], list: &[&str]) -> bool {
    list.iter()
        .any(|other| other.as_bytes().eq_ignore_ascii_case(name))
}

/// Takes the name of a field, in lower case.
pub fn field_name(item: &[u8]) -> Result<String> {
    let text = std::str::from_utf8(item).ok().filter(|_| is_token(item));
    text.map(str::to_ascii_lowercase).ok_or_else(|| {
        let message = format!("{} is no field name (RFC 9110 §5.1)", quoted(item));
        Error::new(Kind::Argument, message)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_is_ignored_and_secrets_are_hashed() {
        let names = Names::default();
        for (name, parameter, field) in [
            ("access_token", Treatment::Ignored, Treatment::Ignored),
            ("ACCESS_TOKEN", Treatment::Secret, Treatment::Ignored),
            ("Authorization", Treatment::Ignored, Treatment::Ignored),
            ("token", Treatment::Secret, Treatment::Secret),
            ("Token", Treatment::Secret, Treatment::Secret),
            ("cookie", Treatment::Plain, Treatment::Secret),
            ("tokens", Treatment::Plain, Treatment::Plain),
            ("", Treatment::Plain, Treatment::Plain),
            ("page", Treatment::Plain, Treatment::Plain),
        ] {
            assert_eq!(names.of_parameter(name.as_bytes()), parameter, "{name}");
            assert_eq!(names.of_field(name.as_bytes()), field, "{name}");
        }
        assert_eq!(names.of_member(b"api_key"), Treatment::Secret);
        assert_eq!(names.iter().count(), CREDENTIALS.len());
    }

    #[test]
    fn added_names_extend_the_default_and_clearing_empties_it() {
        let mut names = Names::default();
        names.add(b"auth-token").unwrap();
        assert_eq!(names.of_parameter(b"auth-token"), Treatment::Ignored);
        assert_eq!(names.of_parameter(b"Auth-Token"), Treatment::Secret);
        assert_eq!(names.of_field(b"Auth-Token"), Treatment::Ignored);
        assert_eq!(names.of_parameter(b"api_key"), Treatment::Ignored);
        names.clear();
        assert_eq!(names.of_parameter(b"auth-token"), Treatment::Plain);
        assert_eq!(names.of_parameter(b"api_key"), Treatment::Plain);
        assert_eq!(names.of_field(b"Authorization"), Treatment::Plain);
        assert_eq!(names.of_parameter(b"password"), Treatment::Secret);
    }

    #[test]
    fn what_authenticates_does_so_unless_the_user_ignores_it() {
        let mut names = Names::default();
        assert!(names.authenticates(b"authorization"));
        assert!(names.authenticates(b"API_KEY"));
        assert!(!names.authenticates(b"cookie"));
        names.add(b"api_key").unwrap();
        assert!(!names.authenticates(b"api_key"));
        names.clear();
        assert!(names.authenticates(b"Authorization"));
    }

    #[test]
    fn refused_ones_are_named() {
        let mut names = Names::default();
        for item in [&b""[..], b"\xff", b"a\0b", b"$", b"$.", &[b'a'; 1025]] {
            let error = names.add(item).unwrap_err();
            assert_eq!(error.kind(), Kind::Argument);
        }
        assert_eq!(names, Names::default());
    }
}
