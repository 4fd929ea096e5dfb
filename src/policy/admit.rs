//! Whether the cache has a part in a request (§2, §4), before anything is looked up.

use super::precondition::FOR_THE_ORIGIN;
use super::range::Asked;
use super::reason::Reason;
use crate::http::{Method, Request};
use crate::key::{MethodClass, method_override};
use crate::settings::{Expiry, Settings};

/// Whether the cache has a part in a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Admission {
    /// It is looked up under a key of this class, and its answer may be stored.
    LookUp(MethodClass, Asked),
    /// It is not looked up; its answer may be stored as that to a GET (RFC 9110 §9.3.3).
    AnswersGet,
    /// It goes past the cache, for this reason.
    Pass(Reason),
}

/// Decides it.
pub fn admit(request: &Request, settings: &Settings) -> Admission {
    if settings.bypass || settings.expiry == Expiry::DoNotCache {
        return Admission::Pass(Reason::Bypass);
    }
    let method = request.method.as_str();
    let fields = &request.fields;
    if matches!(method, "CONNECT" | "TRACE") {
        return Admission::Pass(Reason::Method);
    }
    if fields.contains(b"Upgrade") || FOR_THE_ORIGIN.iter().any(|name| fields.contains(name)) {
        return Admission::Pass(Reason::Request);
    }
    let class = match class_of(request, settings) {
        Some(class) => class,
        None if may_answer_get(request, settings) => return Admission::AnswersGet,
        None => return Admission::Pass(Reason::Method),
    };
    // A part of what a tunnelled method gets is no part of what a GET gets.
    if class == MethodClass::Other && fields.contains(b"Range") && method_override(fields).is_some()
    {
        return Admission::Pass(Reason::Range);
    }
    // RFC 9110 §14.2: Range has a meaning for GET alone.
    let asked = if method == "GET" {
        Asked::by(fields)
    } else {
        Asked::Whole
    };
    if asked == Asked::Other {
        return Admission::Pass(Reason::Range);
    }
    Admission::LookUp(class, asked)
}

/// The class of what is stored for a request; `None` where its method keeps it out of the cache.
fn class_of(request: &Request, settings: &Settings) -> Option<MethodClass> {
    let method = request.method.as_str();
    let is_listed = |method: &str| match &settings.lists.methods {
        Some(methods) => methods.iter().any(|listed| listed == method),
        None => matches!(method, "GET" | "HEAD"),
    };
    if let Some(other) = method_override(&request.fields) {
        if [method, other]
            .iter()
            .any(|method| is_always_unsafe(method))
        {
            return None;
        }
        // An override makes another request of a POST; a tunnelled method never does so for RFC 9111.
        let is_tunnel = method == "POST";
        let may = is_listed(other) && (is_tunnel || is_listed(method));
        let is_kept = may && !(is_tunnel && settings.cache_control);
        return is_kept.then_some(MethodClass::Other);
    }
    match method {
        // RFC 9110 §9.3.2: what answers a GET answers a HEAD. Without cache_control they are matched apart.
        "GET" => is_listed("GET").then_some(MethodClass::Get),
        "HEAD" if settings.cache_control => is_listed("HEAD").then_some(MethodClass::Get),
        "HEAD" => is_listed("HEAD").then_some(MethodClass::Head),
        other if is_always_unsafe(other) => None,
        other => is_listed(other).then_some(MethodClass::Other),
    }
}

/// Whether a method changes its resource whatever lists of methods say.
fn is_always_unsafe(method: &str) -> bool {
    matches!(method, "PUT" | "PATCH" | "DELETE")
}

/// RFC 9110 §9.3.3: the answer to a POST may be one to a later GET, and RFC 5789 §2 says the same of PATCH.
fn may_answer_get(request: &Request, settings: &Settings) -> bool {
    let is_tunnel = method_override(&request.fields).is_some();
    settings.cache_control
        && settings.lists.methods.is_none()
        && !is_tunnel
        && matches!(request.method.as_str(), "POST" | "PATCH")
}

/// Whether a request changes the state of its resource: then its success invalidates what is stored (§4.4). A
/// method that the user lists is answered from the store, and so changes nothing.
pub fn is_unsafe(request: &Request, settings: &Settings) -> bool {
    if class_of(request, settings).is_some() {
        return false;
    }
    let is_safe = |other: &str| Method::new(other.as_bytes()).is_ok_and(|other| other.is_safe());
    let is_tunnelled = method_override(&request.fields).is_some_and(|other| !is_safe(other));
    !request.method.is_safe() || is_tunnelled
}

#[cfg(test)]
mod tests {
    use super::*;

    fn admitted(method: &str, lines: &[(&str, &str)], settings: &Settings) -> Admission {
        let mut request = Request::new(method.as_bytes(), b"http://h/").unwrap();
        for (name, value) in lines {
            request
                .fields
                .add(name.as_bytes(), value.as_bytes())
                .unwrap();
        }
        admit(&request, settings)
    }

    fn by_rfc() -> Settings {
        Settings {
            cache_control: true,
            ..Settings::default()
        }
    }

    #[test]
    fn methods_have_their_classes() {
        let whole = |class| Admission::LookUp(class, Asked::Whole);
        let pass = Admission::Pass(Reason::Method);
        let mut listed = Settings::default();
        listed.add(200, b"POST").unwrap();
        for (method, plain, with_rfc, with_list) in [
            (
                "GET",
                whole(MethodClass::Get),
                whole(MethodClass::Get),
                whole(MethodClass::Get),
            ),
            (
                "HEAD",
                whole(MethodClass::Head),
                whole(MethodClass::Get),
                whole(MethodClass::Head),
            ),
            (
                "POST",
                pass,
                Admission::AnswersGet,
                whole(MethodClass::Other),
            ),
            ("PATCH", pass, Admission::AnswersGet, pass),
            ("PUT", pass, pass, pass),
            ("OPTIONS", pass, pass, pass),
            ("TRACE", pass, pass, pass),
            ("get", pass, pass, pass),
        ] {
            assert_eq!(
                admitted(method, &[], &Settings::default()),
                plain,
                "{method}"
            );
            assert_eq!(admitted(method, &[], &by_rfc()), with_rfc, "{method}");
            assert_eq!(admitted(method, &[], &listed), with_list, "{method}");
        }
    }

    #[test]
    fn an_overridden_method_counts() {
        let other = Admission::LookUp(MethodClass::Other, Asked::Whole);
        let pass = Admission::Pass(Reason::Method);
        for (method, by, plain, with_rfc) in [
            ("POST", "GET", other, pass),
            ("POST", "DELETE", pass, pass),
            ("GET", "HEAD", other, other),
            ("GET", "DELETE", pass, pass),
            ("PUT", "GET", pass, pass),
        ] {
            for name in [
                "X-HTTP-Method-Override",
                "X-HTTP-Method",
                "x-method-override",
            ] {
                let lines = [(name, by)];
                assert_eq!(
                    admitted(method, &lines, &Settings::default()),
                    plain,
                    "{method} {by}"
                );
                assert_eq!(
                    admitted(method, &lines, &by_rfc()),
                    with_rfc,
                    "{method} {by}"
                );
            }
        }
    }

    #[test]
    fn a_part_of_what_is_tunnelled_is_no_part_of_a_get() {
        let pass = Admission::Pass(Reason::Range);
        let lines = [("X-HTTP-Method", "HEAD"), ("Range", "bytes=0-1")];
        for (method, expected) in [("GET", pass), ("POST", pass)] {
            let admitted = admitted(method, &lines, &Settings::default());
            assert_eq!(admitted, expected, "{method}");
        }
    }

    #[test]
    fn overrides_that_disagree_are_nobodys() {
        let lines = [("X-HTTP-Method", "GET"), ("X-HTTP-Method-Override", "HEAD")];
        for method in ["GET", "POST"] {
            let admitted = admitted(method, &lines, &Settings::default());
            assert_eq!(admitted, Admission::Pass(Reason::Method), "{method}");
        }
    }

    #[test]
    fn what_is_the_origins_affair_goes_past() {
        for name in ["If-Match", "If-Unmodified-Since", "Upgrade"] {
            let passed = admitted("GET", &[(name, "x")], &by_rfc());
            assert_eq!(passed, Admission::Pass(Reason::Request), "{name}");
        }
        let several = admitted("GET", &[("Range", "bytes=0-1,2-3")], &by_rfc());
        assert_eq!(several, Admission::Pass(Reason::Range));
        let never = Settings {
            expiry: Expiry::DoNotCache,
            ..by_rfc()
        };
        assert_eq!(
            admitted("GET", &[], &never),
            Admission::Pass(Reason::Bypass)
        );
    }

    #[test]
    fn methods_that_change_are_unsafe_whatever_is_listed_and_overridden() {
        let mut listed = Settings::default();
        for method in ["POST", "PUT", "DELETE", "QUERY"] {
            listed.add(200, method.as_bytes()).unwrap();
        }
        for (method, by, plain, with_list) in [
            ("POST", None, true, false),
            ("PUT", None, true, true),
            ("PUT", Some("GET"), true, true),
            ("POST", Some("DELETE"), true, true),
            ("GET", Some("QUERY"), false, false),
            ("GET", Some("SEARCH"), false, false),
            ("GET", Some("?"), true, true),
        ] {
            let mut request = Request::new(method.as_bytes(), b"http://h/").unwrap();
            if let Some(by) = by {
                let name = b"X-HTTP-Method-Override";
                request.fields.add(name, by.as_bytes()).unwrap();
            }
            for (settings, expected) in [(&Settings::default(), plain), (&listed, with_list)] {
                assert_eq!(is_unsafe(&request, settings), expected, "{method} {by:?}");
            }
        }
    }

    #[test]
    fn what_bypasses_the_cache_passes() {
        let bypass = Settings {
            bypass: true,
            ..by_rfc()
        };
        for method in ["GET", "POST"] {
            let passed = admitted(method, &[], &bypass);
            assert_eq!(passed, Admission::Pass(Reason::Bypass));
        }
    }
}
