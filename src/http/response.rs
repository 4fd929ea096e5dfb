//! The head of a response: status, reason and fields.

use std::borrow::Cow;
use std::ffi::{CStr, CString};

use super::fields::{Fields, trim};
use super::request::Method;
use crate::error::{Error, Kind, Result};

/// The head of a response. Its content travels beside it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ResponseHead {
    /// The status code, 100 to 999; 0 while it is not set.
    pub status: u16,
    /// The reason phrase: bytes, often empty.
    pub reason: Cow<'static, CStr>,
    /// The fields in order.
    pub fields: Fields,
}

/// How long a message's content is, as its head says (RFC 9112 §6.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framing {
    /// Exactly so many bytes.
    Length(u64),
    /// The coding, or the end of the connection, says where it ends.
    Unannounced,
    /// The head contradicts itself; what follows is not to be stored.
    Contradictory,
}

impl ResponseHead {
    /// Makes a head without fields.
    pub fn new(status: u16, reason: &[u8]) -> Result<Self> {
        if !(100..=999).contains(&status) {
            return Err(Error::new(
                Kind::Argument,
                format!("status code {status} is not between 100 and 999"),
            ));
        }
        let has_line_end = reason.iter().any(|b| matches!(b, b'\r' | b'\n'));
        let reason = match usual_reason(status) {
            Some(usual) if usual.to_bytes() == reason => Cow::Borrowed(usual),
            _ if reason.is_empty() => Cow::Borrowed(c""),
            _ => match CString::new(reason) {
                Ok(reason) if !has_line_end => Cow::Owned(reason),
                _ => {
                    return Err(Error::new(
                        Kind::Field,
                        "the reason phrase holds CR, LF or NUL",
                    ));
                }
            },
        };
        Ok(ResponseHead {
            status,
            reason,
            fields: Fields::new(),
        })
    }

    /// How long the content of this answer to a request of `method` is (RFC 9112 §6.3).
    pub fn framing(&self, method: &Method) -> Framing {
        let announced = announced(&self.fields);
        if announced == Framing::Contradictory {
            return announced;
        }
        let codings: Vec<&[u8]> = self.fields.all(b"Transfer-Encoding").collect();
        if !codings.is_empty() {
            // Both at once may be an attempt at request smuggling (RFC 9112 §6.1). A coding that nobody removed
            // would be stored as if it were the content's. What is no coding at all changes no content, and then
            // the end of the connection is the end of the message (§6.3).
            let mut members = codings.iter().flat_map(|line| line.split(|b| *b == b','));
            let is_sound = match codings.as_slice() {
                [only] if only.eq_ignore_ascii_case(b"chunked") => true,
                _ => !members.any(is_coding),
            };
            return if is_sound && announced == Framing::Unannounced {
                announced
            } else {
                Framing::Contradictory
            };
        }
        if method.as_str() == "HEAD" || self.status < 200 || matches!(self.status, 204 | 304) {
            return Framing::Length(0);
        }
        announced
    }
}

/// Whether answers of this status send the client elsewhere by their Location (RFC 9110 §15.4).
pub fn is_redirect(status: u16) -> bool {
    matches!(status, 301 | 302 | 303 | 307 | 308)
}

/// Whether it is a registered transfer coding (RFC 9112 §7).
fn is_coding(member: &[u8]) -> bool {
    const CODINGS: [&[u8]; 6] = [
        b"chunked",
        b"compress",
        b"deflate",
        b"gzip",
        b"x-compress",
        b"x-gzip",
    ];
    let name = member.split(|b| *b == b';').next().unwrap_or_default();
    let name = trim(name);
    CODINGS
        .iter()
        .any(|coding| name.eq_ignore_ascii_case(coding))
}

/// The phrase RFC 9110 §15 gives to a status code that is often stored.
fn usual_reason(status: u16) -> Option<&'static CStr> {
    Some(match status {
        200 => c"OK",
        203 => c"Non-Authoritative Information",
        204 => c"No Content",
        300 => c"Multiple Choices",
        301 => c"Moved Permanently",
        302 => c"Found",
        304 => c"Not Modified",
        308 => c"Permanent Redirect",
        404 => c"Not Found",
        410 => c"Gone",
        504 => c"Gateway Timeout",
        _ => return None,
    })
}

/// Whether a message says two lengths of its content, or one that is none (RFC 9112 §6.3: whoever receives an answer
/// with nothing else to go by discards it).
pub fn has_no_length_to_go_by(fields: &Fields) -> bool {
    announced(fields) == Framing::Contradictory
}

/// What a message says of its length by itself.
fn announced(fields: &Fields) -> Framing {
    let mut lengths = fields.all(b"Content-Length").map(content_length);
    match lengths.next() {
        None => Framing::Unannounced,
        Some(Some(first)) if lengths.all(|other| other == Some(first)) => Framing::Length(first),
        Some(_) => Framing::Contradictory,
    }
}

/// One Content-Length line; equal members of a list count as one (RFC 9110 §8.6).
fn content_length(value: &[u8]) -> Option<u64> {
    let mut members = value
        .split(|b| *b == b',')
        .map(|member| number(trim(member)));
    let first = members.next().flatten()?;
    members.all(|other| other == Some(first)).then_some(first)
}

/// Digits and nothing else.
fn number(digits: &[u8]) -> Option<u64> {
    if digits.is_empty() {
        return None;
    }
    digits.iter().try_fold(0u64, |number, digit| {
        let digit = char::from(*digit).to_digit(10)?;
        number.checked_mul(10)?.checked_add(u64::from(digit))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn framing(method: &[u8], status: u16, lines: &[(&str, &str)]) -> Framing {
        let mut head = ResponseHead::new(status, b"").unwrap();
        for (name, value) in lines {
            head.fields.add(name.as_bytes(), value.as_bytes()).unwrap();
        }
        head.framing(&Method::new(method).unwrap())
    }

    #[test]
    fn framing_follows_rfc_9112() {
        let length = "Content-Length";
        let coding = ("Transfer-Encoding", "chunked");
        for (lines, expected) in [
            (&[][..], Framing::Unannounced),
            (&[(length, "5")], Framing::Length(5)),
            (&[(length, "5"), (length, "5")], Framing::Length(5)),
            (&[(length, "5, 5")], Framing::Length(5)),
            (&[(length, "5"), (length, "6")], Framing::Contradictory),
            (&[(length, "5, 6")], Framing::Contradictory),
            (&[(length, "-1")], Framing::Contradictory),
            (&[(length, "+1")], Framing::Contradictory),
            (&[(length, "")], Framing::Contradictory),
            (&[(length, "99999999999999999999")], Framing::Contradictory),
            (&[(length, "005"), (length, "5 ,\t05")], Framing::Length(5)),
            (&[(length, "5,")], Framing::Contradictory),
            (&[coding], Framing::Unannounced),
            (&[coding, (length, "5")], Framing::Contradictory),
            (
                &[("Transfer-Encoding", "gzip, chunked")],
                Framing::Contradictory,
            ),
            (&[coding, coding], Framing::Contradictory),
            (&[("Transfer-Encoding", "x-gzip")], Framing::Contradictory),
            (&[("Transfer-Encoding", "nonsense")], Framing::Unannounced),
            (
                &[("Transfer-Encoding", "nonsense"), (length, "5")],
                Framing::Contradictory,
            ),
        ] {
            assert_eq!(framing(b"GET", 200, lines), expected, "{lines:?}");
        }
        assert_eq!(framing(b"HEAD", 200, &[(length, "5")]), Framing::Length(0));
        assert_eq!(framing(b"GET", 304, &[(length, "5")]), Framing::Length(0));
    }
}
