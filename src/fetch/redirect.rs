//! Redirects (RFC 9110 §15.4): each hop is a request of its own, looked up and stored by its own URL.

use crate::cache::Request;
use crate::error::{Error, Kind, Result};
use crate::http::response::is_redirect;
use crate::http::{Method, ResponseHead, Url};
use crate::settings::Settings;

/// Bytes of a redirect's content that are read in order that it may be stored, and kept.
pub const MOST_CONTENT: usize = 64 * 1024;

/// The request that follows an answer; `None` when the answer is no redirect to follow.
pub fn target(
    request: &Request,
    response: &ResponseHead,
    settings: &Settings,
) -> Result<Option<Request>> {
    let location = response
        .fields
        .first(b"Location")
        .filter(|_| is_redirect(response.status) && settings.follow);
    let Some(location) = location else {
        return Ok(None);
    };
    let from = &request.http.url;
    let Some((url, authorization)) = from.join(location) else {
        let message = format!(
            "{}: its redirect leads to no http or https URL",
            from.origin()
        );
        return Err(Error::new(Kind::Redirect, message));
    };
    if from.scheme() == "https" && url.scheme() == "http" && !settings.allow_downgrade {
        let message = format!("{}: its redirect leads from https to http", from.origin());
        return Err(Error::new(Kind::Redirect, message));
    }
    let mut next = request.clone();
    change_method(&mut next, response.status)?;
    if !keeps_credentials(from, &url) {
        let names = &settings.lists.ignored;
        next.http
            .fields
            .retain(|name, _| !names.is_for_one_origin(name));
    }
    if let Some(value) = authorization {
        next.http.fields.remove(b"Authorization");
        next.http.fields.add(b"Authorization", value.as_bytes())?;
    }
    next.http.fields.remove(b"Host");
    next.http.url = url;
    Ok(Some(next))
}

/// An error when more redirects were followed than allowed.
pub fn check_limit(followed: usize, settings: &Settings) -> Result<()> {
    if followed <= settings.max_redirects {
        return Ok(());
    }
    let message = format!("more than {} redirects", settings.max_redirects);
    Err(Error::new(Kind::Redirect, message))
}

/// §15.4.2 to §15.4.4: as every client does, POST becomes GET, and after a 303 all but HEAD does.
fn change_method(request: &mut Request, status: u16) -> Result<()> {
    let method = request.http.method.as_str();
    let becomes_get = match status {
        303 => method != "HEAD",
        301 | 302 => method == "POST",
        _ => false,
    };
    if !becomes_get || method == "GET" {
        return Ok(());
    }
    request.http.method = Method::new(b"GET")?;
    request.http.body.clear();
    for name in [
        &b"Content-Type"[..],
        b"Content-Length",
        b"Content-Encoding",
        b"Content-Language",
    ] {
        request.http.fields.remove(name);
    }
    Ok(())
}

/// Credentials go to the origin they are for, and to the same host when it moves from http to https.
fn keeps_credentials(from: &Url, to: &Url) -> bool {
    let is_upgrade = from.scheme() == "http"
        && to.scheme() == "https"
        && from.authority() == to.authority()
        && !has_port(from);
    from.origin() == to.origin() || is_upgrade
}

fn has_port(url: &Url) -> bool {
    let after_bracket = url.authority().rsplit(']').next().unwrap_or_default();
    after_bracket.contains(':')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn follow(method: &str, url: &str, status: u16, location: &str) -> Result<Option<Request>> {
        let mut request = Request::new(method.as_bytes(), url.as_bytes()).unwrap();
        request
            .http
            .fields
            .add(b"Authorization", b"Basic x")
            .unwrap();
        request.http.fields.add(b"Cookie", b"a=b").unwrap();
        request.http.body = b"content".to_vec();
        let mut response = ResponseHead::new(status, b"").unwrap();
        response
            .fields
            .add(b"Location", location.as_bytes())
            .unwrap();
        target(&request, &response, &Settings::default())
    }

    #[test]
    fn credentials_stay_with_their_origin() {
        for (from, location, kept) in [
            ("http://h/", "/b", true),
            ("http://h/", "https://h/", true),
            ("http://h:8080/", "https://h:8080/", false),
            ("http://h/", "http://h:81/", false),
            ("http://h/", "http://g/", false),
        ] {
            let next = follow("GET", from, 302, location).unwrap().unwrap();
            assert_eq!(
                next.http.fields.contains(b"Authorization"),
                kept,
                "{from} {location}"
            );
            assert_eq!(
                next.http.fields.contains(b"Cookie"),
                kept,
                "{from} {location}"
            );
        }
        let next = follow("GET", "http://h/", 302, "http://u:p@g/")
            .unwrap()
            .unwrap();
        assert_eq!(
            next.http.fields.first(b"Authorization"),
            Some(&b"Basic dTpw"[..])
        );
    }

    #[test]
    fn methods_change_as_rfc_9110_says() {
        for (method, status, expected, has_body) in [
            ("POST", 301, "GET", false),
            ("POST", 303, "GET", false),
            ("PUT", 303, "GET", false),
            ("HEAD", 303, "HEAD", true),
            ("POST", 307, "POST", true),
            ("PUT", 302, "PUT", true),
        ] {
            let next = follow(method, "http://h/", status, "/b").unwrap().unwrap();
            assert_eq!(next.http.method.as_str(), expected);
            assert_eq!(!next.http.body.is_empty(), has_body, "{method} {status}");
        }
    }

    #[test]
    fn what_may_not_be_followed_is_an_error() {
        for location in [
            "file:///etc/passwd",
            "ftp://h/",
            "gopher://h/",
            "ldap://h/",
            "http://h:x/",
        ] {
            let error = follow("GET", "http://h/", 302, location).unwrap_err();
            assert_eq!(error.kind(), Kind::Redirect, "{location}");
        }
        let error = follow("GET", "https://h/", 302, "http://h/").unwrap_err();
        assert_eq!(error.kind(), Kind::Redirect);
        assert!(follow("GET", "http://h/", 304, "/b").unwrap().is_none());
    }
}
