//! The target of a request: what the origin is told to do.

/// Path and query of a request, decoded.
pub struct Target {
    pub path: Vec<Vec<u8>>,
    pub query: Vec<(String, Vec<u8>)>,
}

impl Target {
    pub fn parse(target: &str) -> Self {
        // The absolute form, as a proxy gets it.
        let target = match target.split_once("://") {
            Some((_, rest)) if !target.starts_with('/') => {
                rest.find('/').map_or("/", |at| &rest[at..])
            }
            _ => target,
        };
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let path = path
            .trim_start_matches('/')
            .split('/')
            .map(|s| decode(s.as_bytes()))
            .collect();
        let query = query
            .split('&')
            .filter(|pair| !pair.is_empty())
            .map(|pair| {
                let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
                (name.to_owned(), decode(value.as_bytes()))
            });
        Target {
            path,
            query: query.collect(),
        }
    }

    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a [u8]> {
        self.query
            .iter()
            .filter(move |(n, _)| n == name)
            .map(|(_, value)| value.as_slice())
    }

    pub fn bytes(&self, name: &str) -> Option<&[u8]> {
        self.query
            .iter()
            .find(|(n, _)| n == name)
            .map(|(_, value)| value.as_slice())
    }

    pub fn text(&self, name: &str) -> Option<&str> {
        self.bytes(name)
            .and_then(|value| std::str::from_utf8(value).ok())
    }

    pub fn number(&self, name: &str) -> Option<u64> {
        self.text(name)?.parse().ok()
    }

    pub fn flag(&self, name: &str) -> bool {
        self.bytes(name).is_some_and(|value| value != b"0")
    }

    /// A part of the path as text.
    pub fn part(&self, at: usize) -> &str {
        self.path
            .get(at)
            .and_then(|part| std::str::from_utf8(part).ok())
            .unwrap_or_default()
    }

    /// Everything after the first part.
    pub fn rest(&self) -> Vec<u8> {
        self.path.get(1..).unwrap_or_default().join(&b'/')
    }
}

/// Percent-decodes; an incomplete escape stands for itself.
pub fn decode(text: &[u8]) -> Vec<u8> {
    let digit = |at: usize| text.get(at).and_then(|b| (*b as char).to_digit(16));
    let mut bytes = Vec::with_capacity(text.len());
    let mut at = 0;
    while let Some(byte) = text.get(at) {
        match (byte, digit(at + 1), digit(at + 2)) {
            (b'%', Some(high), Some(low)) => {
                bytes.push((high * 16 + low) as u8);
                at += 3;
            }
            _ => {
                bytes.push(*byte);
                at += 1;
            }
        }
    }
    bytes
}

/// Percent-encodes everything but the unreserved characters (RFC 3986 §2.3).
pub fn encode(bytes: &[u8]) -> String {
    let escape = |byte: &u8| match byte {
        byte if byte.is_ascii_alphanumeric() || b"-._~".contains(byte) => {
            (*byte as char).to_string()
        }
        byte => format!("%{byte:02X}"),
    };
    bytes.iter().map(escape).collect()
}
