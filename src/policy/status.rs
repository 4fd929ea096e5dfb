//! The Cache-Status member of this cache (RFC 9211).

use sfv::{Integer, ItemSerializer, KeyRef, RefBareItem, StringRef, TokenRef};

use super::Millis;
use super::reason::Reason;

/// How a cache came to what it hands on (RFC 9211 §2).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Handling {
    /// The stored response answered, without the request being forwarded.
    pub is_hit: bool,
    /// Why the request was forwarded.
    pub forwarded_for: Option<Reason>,
    /// What the origin answered.
    pub forward_status: Option<u16>,
    /// How long the response stays fresh.
    pub ttl: Option<Millis>,
    /// The answer is stored.
    pub is_stored: bool,
}

impl Handling {
    /// The member, with the cache's name; `None` where the name is no string of a Structured Field.
    pub fn member(&self, cache_name: &str) -> Option<String> {
        let name: RefBareItem<'_> = match TokenRef::from_str(cache_name) {
            Ok(token) => token.into(),
            Err(_) => StringRef::from_str(cache_name).ok()?.into(),
        };
        let key = |name| KeyRef::from_str(name).ok();
        let mut member = ItemSerializer::new().bare_item(name);
        if self.is_hit {
            member = member.parameter(key("hit")?, true);
        }
        if let Some(reason) = self.forwarded_for {
            member = member.parameter(key("fwd")?, TokenRef::from_str(forward(reason)).ok()?);
        }
        if let Some(status) = self.forward_status {
            member = member.parameter(key("fwd-status")?, Integer::from(status));
        }
        if let Some(ttl) = self.ttl {
            // §2.4: whole seconds, of which there may be as many as an Integer has room for.
            const MOST: i64 = 999_999_999_999_999;
            let seconds = ttl.div_euclid(1000).clamp(-MOST, MOST);
            member = member.parameter(key("ttl")?, Integer::try_from(seconds).ok()?);
        }
        if self.is_stored {
            member = member.parameter(key("stored")?, true);
        }
        Some(member.finish())
    }
}

/// The token for a reason (RFC 9211 §2.2).
fn forward(reason: Reason) -> &'static str {
    match reason {
        Reason::Bypass => "bypass",
        Reason::Method => "method",
        Reason::UriMiss => "uri-miss",
        Reason::VaryMiss => "vary-miss",
        Reason::Partial => "partial",
        Reason::Request | Reason::Range => "request",
        Reason::Stale | Reason::Group => "stale",
        _ => "miss",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_member_says_how_the_response_came_about() {
        let hit = Handling {
            is_hit: true,
            ttl: Some(10_999),
            ..Handling::default()
        };
        assert_eq!(hit.member("httpcache").unwrap(), "httpcache;hit;ttl=10");
        let miss = Handling {
            forwarded_for: Some(Reason::UriMiss),
            forward_status: Some(200),
            is_stored: true,
            ..Handling::default()
        };
        let expected = "\"a \\\"b\\\"\";fwd=uri-miss;fwd-status=200;stored";
        assert_eq!(miss.member("a \"b\"").unwrap(), expected);
        let stale = Handling {
            is_hit: true,
            ttl: Some(-1),
            ..Handling::default()
        };
        assert_eq!(stale.member("c").unwrap(), "c;hit;ttl=-1");
        assert_eq!(Handling::default().member("\u{fc}"), None);
    }
}
