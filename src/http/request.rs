//! A request as it is sent to the origin: method, URL, fields, body.

use std::borrow::Cow;

use super::fields::{self, Fields};
use super::url::Url;
use crate::error::{Error, Kind, Result};

/// A request method: any token, compared with case (RFC 9110 §9.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Method(Cow<'static, str>);

/// A request as it is sent to the origin.
#[derive(Clone, Debug)]
pub struct Request {
    /// The method.
    pub method: Method,
    /// The normalised URL, without userinfo and fragment.
    pub url: Url,
    /// The fields in order.
    pub fields: Fields,
    /// The content; empty when there is none.
    pub body: Vec<u8>,
}

impl Method {
    /// Takes a method; anything but a token is an error.
    pub fn new(method: &[u8]) -> Result<Self> {
        match method {
            b"GET" => return Ok(Method(Cow::Borrowed("GET"))),
            b"HEAD" => return Ok(Method(Cow::Borrowed("HEAD"))),
            _ => {}
        }
        match std::str::from_utf8(method) {
            Ok(text) if fields::is_token(method) => Ok(Method(Cow::Owned(text.to_owned()))),
            _ => Err(Error::new(
                Kind::Method,
                format!(
                    "method {} is not a token (RFC 9110 §9.1)",
                    fields::quoted(method)
                ),
            )),
        }
    }

    /// The method's name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it is one that asks for nothing but a representation: GET or HEAD.
    pub fn is_retrieval(&self) -> bool {
        matches!(self.as_str(), "GET" | "HEAD")
    }

    /// Whether it is safe (RFC 9110 §9.2.1, and the registry's safe methods that carry content).
    pub fn is_safe(&self) -> bool {
        matches!(
            self.as_str(),
            "GET" | "HEAD" | "OPTIONS" | "TRACE" | "QUERY" | "PROPFIND" | "REPORT" | "SEARCH"
        )
    }
}

impl Request {
    /// Makes a request without fields and content. What stands before an `@` in the URL becomes an
    /// `Authorization` field, so that it is a credential like any other.
    pub fn new(method: &[u8], url: &[u8]) -> Result<Self> {
        let method = Method::new(method)?;
        let (url, authorization) = Url::parse(url)?;
        let mut fields = Fields::new();
        if let Some(value) = authorization {
            fields.add(b"Authorization", value.as_bytes())?;
        }
        Ok(Request {
            method,
            url,
            fields,
            body: Vec::new(),
        })
    }
}
