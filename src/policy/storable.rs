//! What may be stored (§3).

use super::admit::{Admission, admit};
use super::directives::RequestDirectives;
use super::freshness::{explicit_lifetime, is_heuristically_cacheable, own_expiry};
use super::reason::Reason;
use super::said::Said;
use super::validate::Validators;
use crate::http::{Request, ResponseHead};
use crate::key::redact;
use crate::key::selecting::{Vary, vary};
use crate::settings::{Expiry, Settings};

/// An origin's answer, and what it answers.
pub struct Answer<'a> {
    /// The request.
    pub request: &'a Request,
    /// What it says in Cache-Control.
    pub directives: &'a RequestDirectives,
    /// The request carried credentials.
    pub has_credentials: bool,
    /// The request asked for one range of bytes.
    pub asks_for_part: bool,
    /// The answer.
    pub response: &'a ResponseHead,
    /// What it says about its caching.
    pub said: &'a Said,
}

/// Whether the answer to a request that was looked up may be stored; if not, why.
pub fn is_storable(answer: &Answer<'_>, settings: &Settings) -> Result<(), Reason> {
    // §5.2.1.5
    if answer.directives.no_store {
        return Err(Reason::NoStore);
    }
    let response = answer.response;
    // §4.1: it could never be reused.
    if vary(&response.fields) == Vary::Any {
        return Err(Reason::Vary);
    }
    if !is_final_and_whole(answer, settings) {
        return Err(Reason::Status);
    }
    if settings.cache_control {
        by_rfc_9111(answer, settings)?;
    }
    if redact::must_be_altered(&response.fields, &settings.lists.ignored) {
        return Err(Reason::Redaction);
    }
    if says_its_expiry(answer, settings) {
        return Ok(());
    }
    match own_expiry(response.status, settings) {
        Expiry::DoNotCache => Err(Reason::Bypass),
        Expiry::After(0) if Validators::of(&response.fields).is_empty() => Err(Reason::NoValidator),
        _ => Ok(()),
    }
}

/// Whether the expiry is said by what comes before the user's: the response where RFC 9111 decides, else the
/// request's own directive.
fn says_its_expiry(answer: &Answer<'_>, settings: &Settings) -> bool {
    if settings.cache_control {
        explicit_lifetime(&answer.response.fields, answer.said, 0, settings).is_some()
    } else {
        answer.directives.max_age.millis().is_some()
    }
}

/// Whether answers of this status can be stored at all: final (§3), none that is about one request's own fields
/// (407, 412, 416), no confirmation (304, §4.3.4), and of the parts only those that were asked for (§3.3).
fn is_final_and_whole(answer: &Answer<'_>, settings: &Settings) -> bool {
    let listed = settings.lists.statuses.as_deref();
    let is_listed = |status| listed.is_some_and(|list| list.contains(&status));
    match answer.response.status {
        0..=199 | 304 | 407 | 412 | 416 => false,
        206 => {
            answer.asks_for_part && (is_listed(206) || (listed.is_none() && settings.cache_control))
        }
        200 => listed.is_none() || is_listed(200),
        // The answer to a request for a part may be about that part.
        _ if answer.asks_for_part => false,
        _ if listed.is_none() => settings.cache_control,
        status => is_listed(status),
    }
}

/// §3
fn by_rfc_9111(answer: &Answer<'_>, settings: &Settings) -> Result<(), Reason> {
    let status = answer.response.status;
    // §4.3.5: an answer to HEAD has no content that could answer a GET.
    if answer.request.method.as_str() == "HEAD" {
        return Err(Reason::Method);
    }
    if !may_keep(answer.said, status, settings) {
        return Err(Reason::NoStore);
    }
    let directives = &answer.said.directives;
    if settings.shared && answer.has_credentials && !directives.allow_sharing() {
        return Err(Reason::Credentials);
    }
    // §4.2.1 asks only whether there is a lifetime; how long it is does not matter here.
    let is_explicit =
        explicit_lifetime(&answer.response.fields, answer.said, 0, settings).is_some();
    let is_private = directives.private.is_whole(false) && !settings.shared;
    let says_so =
        is_explicit || directives.public || is_private || is_heuristically_cacheable(status);
    if says_so { Ok(()) } else { Err(Reason::Status) }
}

/// Whether the answer to a POST or PATCH is one to a later GET (RFC 9110 §9.3.3): it says how long it is fresh, and
/// that it is the representation of the URL it came from.
pub fn answers_get(request: &Request, response: &ResponseHead, settings: &Settings) -> bool {
    if admit(request, settings) != Admission::AnswersGet
        || !(200..300).contains(&response.status)
        || response.status == 206
    {
        return false;
    }
    let said = Said::by(&response.fields, settings);
    let mut locations = response.fields.all(b"Content-Location");
    let location = locations.next().and_then(|value| request.url.join(value));
    let is_itself = location.is_some_and(|(url, userinfo)| {
        userinfo.is_none() && url == request.url && locations.next().is_none()
    });
    is_itself && explicit_lifetime(&response.fields, &said, 0, settings).is_some()
}

/// Whether a cache of these settings may have the response at all: neither no-store (§5.2.2.5) nor, when shared,
/// private (§5.2.2.7). A reader asks this too, of what a cache of other settings stored.
pub fn may_keep(said: &Said, status: u16, settings: &Settings) -> bool {
    let directives = &said.directives;
    let is_others = settings.shared && directives.private.is_whole(true);
    !is_others && !directives.forbid_storing(understands(status))
}

/// Whether this cache knows what the status means for caching (§5.2.2.3): the final codes of RFC 9110 §15.
fn understands(status: u16) -> bool {
    matches!(
        status,
        200..=206 | 300..=305 | 307 | 308 | 400..=417 | 421 | 422 | 426 | 500..=505
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::Fields;

    fn settings(cache_control: bool, shared: bool) -> Settings {
        Settings {
            cache_control,
            shared,
            ..Settings::default()
        }
    }

    fn response(status: u16, lines: &[(&str, &str)]) -> ResponseHead {
        let mut response = ResponseHead::new(status, b"").unwrap();
        for (name, value) in lines {
            response
                .fields
                .add(name.as_bytes(), value.as_bytes())
                .unwrap();
        }
        response
    }

    fn storable_with(
        response: &ResponseHead,
        has_credentials: bool,
        asks_for_part: bool,
        settings: &Settings,
    ) -> Result<(), Reason> {
        let answer = Answer {
            request: &Request::new(b"GET", b"http://h/").unwrap(),
            directives: &RequestDirectives::read(&Fields::new()),
            has_credentials,
            asks_for_part,
            response,
            said: &Said::by(&response.fields, settings),
        };
        is_storable(&answer, settings)
    }

    fn storable(status: u16, line: &str, settings: &Settings) -> Result<(), Reason> {
        let lines: Vec<_> = line.split_once(": ").into_iter().collect();
        storable_with(&response(status, &lines), false, false, settings)
    }

    #[test]
    fn the_policies_differ() {
        use Reason::{NoStore, Status, Vary};
        for (status, line, with, without) in [
            (200, "", Ok(()), Ok(())),
            (200, "Cache-Control: no-store", Err(NoStore), Ok(())),
            (200, "Cache-Control: private", Ok(()), Ok(())),
            (200, "Vary: *", Err(Vary), Err(Vary)),
            (404, "", Ok(()), Err(Status)),
            (500, "", Err(Status), Err(Status)),
            (500, "Cache-Control: max-age=5", Ok(()), Err(Status)),
            (500, "Cache-Control: public", Ok(()), Err(Status)),
            (500, "Cache-Control: private", Ok(()), Err(Status)),
            (500, "Cache-Control: s-maxage=5", Err(Status), Err(Status)),
            (500, "Cache-Control: immutable", Err(Status), Err(Status)),
            (
                302,
                "Expires: Thu, 01 Jan 1970 00:00:00 GMT",
                Ok(()),
                Err(Status),
            ),
            (206, "Cache-Control: max-age=5", Err(Status), Err(Status)),
            (304, "Cache-Control: max-age=5", Err(Status), Err(Status)),
            (416, "Cache-Control: max-age=5", Err(Status), Err(Status)),
            (599, "Cache-Control: max-age=5", Ok(()), Err(Status)),
            (
                200,
                "Cache-Control: no-store, must-understand",
                Ok(()),
                Ok(()),
            ),
            (
                599,
                "Cache-Control: max-age=5, must-understand",
                Err(NoStore),
                Err(Status),
            ),
        ] {
            assert_eq!(
                storable(status, line, &settings(true, false)),
                with,
                "{status} {line}"
            );
            assert_eq!(
                storable(status, line, &settings(false, false)),
                without,
                "{status} {line}"
            );
        }
    }

    #[test]
    fn a_shared_cache_stores_what_is_for_all() {
        use Reason::{Credentials, NoStore, Status};
        let shared = settings(true, true);
        for (status, line, expected) in [
            (200, "Cache-Control: private", Err(NoStore)),
            (200, "Cache-Control: private=\"a\", max-age=5", Err(NoStore)),
            (500, "Cache-Control: s-maxage=5", Ok(())),
            (500, "Cache-Control: immutable", Err(Status)),
        ] {
            assert_eq!(storable(status, line, &shared), expected, "{status} {line}");
        }
        for (line, in_shared) in [
            ("max-age=5", Err(Credentials)),
            ("max-age=5, public", Ok(())),
            ("max-age=5, must-revalidate", Ok(())),
            ("s-maxage=5", Ok(())),
            ("s-maxage=x", Err(Credentials)),
        ] {
            let response = response(200, &[("Cache-Control", line)]);
            assert_eq!(
                storable_with(&response, true, false, &shared),
                in_shared,
                "{line}"
            );
            let private = settings(true, false);
            assert_eq!(
                storable_with(&response, true, false, &private),
                Ok(()),
                "{line}"
            );
        }
    }

    #[test]
    fn a_part_is_stored_for_one_who_asked() {
        let part = response(206, &[("Cache-Control", "max-age=5")]);
        let mut listed = settings(false, false);
        let asked = |settings: &Settings| storable_with(&part, false, true, settings);
        assert_eq!(asked(&settings(true, false)), Ok(()));
        assert_eq!(asked(&listed), Err(Reason::Status));
        listed.add(201, b"206").unwrap();
        assert_eq!(asked(&listed), Ok(()));
        let moved = response(404, &[("Cache-Control", "max-age=5")]);
        let refused = storable_with(&moved, false, true, &settings(true, false));
        assert_eq!(refused, Err(Reason::Status));
    }

    #[test]
    fn a_list_of_statuses_is_the_list() {
        let mut settings = settings(false, false);
        settings.add(201, b"404").unwrap();
        assert_eq!(storable(404, "", &settings), Ok(()));
        assert_eq!(storable(200, "", &settings), Ok(()));
        settings.clear(201).unwrap();
        settings.add(201, b"404").unwrap();
        settings.add(201, b"416").unwrap();
        assert_eq!(storable(200, "", &settings), Err(Reason::Status));
        assert_eq!(storable(416, "", &settings), Err(Reason::Status));
        settings
            .set_status_expiry(404, crate::settings::DO_NOT_CACHE)
            .unwrap();
        assert_eq!(storable(404, "", &settings), Err(Reason::Bypass));
    }

    #[test]
    fn a_url_with_a_secret_in_it_is_not_stored() {
        let mut settings = settings(false, false);
        settings.add(201, b"302").unwrap();
        let location = "Location: http://h/?token=a";
        assert_eq!(storable(302, location, &settings), Err(Reason::Redaction));
        assert_eq!(storable(302, "Location: http://h/?a=b", &settings), Ok(()));
        settings.add(202, b"a").unwrap();
        let reason = storable(302, "Location: http://h/?a=b", &settings);
        assert_eq!(reason, Err(Reason::Redaction));
    }

    #[test]
    fn what_is_stale_at_once_needs_a_validator() {
        let settings = Settings {
            expiry: Expiry::After(0),
            ..Settings::default()
        };
        assert_eq!(storable(200, "", &settings), Err(Reason::NoValidator));
        assert_eq!(storable(200, "ETag: \"x\"", &settings), Ok(()));
    }
}
