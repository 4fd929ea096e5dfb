//! What is expected against what is.

use httpcache::cache::Response;
use httpcache::http;
use httpcache::settings::UNSET;

use super::format::{Body, Fields, Seen, Setting};
use super::text::Texts;
use super::{Checked, T0, caches};

/// An error that tells both, unless they are equal.
pub fn equal<T: PartialEq + std::fmt::Debug>(what: &str, actual: T, expected: T) -> Checked<()> {
    if actual == expected {
        return Ok(());
    }
    Err(format!("{what} is {actual:?}, not {expected:?}"))
}

/// Header fields: all of them, those of some names, names that are not there, and text in their values.
pub fn fields(what: &str, actual: &http::Fields, expected: &Fields, texts: &Texts) -> Checked<()> {
    let lines = |name: &str| -> Vec<String> { actual.all(name.as_bytes()).map(readable).collect() };
    for (name, _) in &expected.has {
        let same_name = |(other, _): &&(String, String)| other.eq_ignore_ascii_case(name);
        let values = expected.has.iter().filter(same_name);
        let values: Checked<Vec<_>> = values.map(|(_, value)| texts.value(value)).collect();
        let values = values?.iter().map(|value| readable(value)).collect();
        equal(&format!("{what}: {name}"), lines(name), values)?;
    }
    for name in &expected.lacks {
        equal(&format!("{what}: {name}"), lines(name), Vec::new())?;
    }
    for (wanted, members) in [(true, &expected.holds), (false, &expected.omits)] {
        for (name, part) in members {
            let (joined, part) = (lines(name).join(", "), readable(&texts.value(part)?));
            if joined.contains(&part) != wanted {
                let verb = if wanted { "does not hold" } else { "holds" };
                return Err(format!(
                    "{what}: {name} is {joined:?}, which {verb} {part:?}"
                ));
            }
        }
    }
    let Some(all) = &expected.fields else {
        return Ok(());
    };
    let mut expected = Vec::new();
    for (name, value) in all {
        expected.push((name.to_ascii_lowercase(), readable(&texts.value(value)?)));
    }
    let lines = actual
        .iter()
        .map(|(name, value)| (readable(name).to_ascii_lowercase(), readable(value)));
    equal(&format!("{what}: the fields"), lines.collect(), expected)
}

fn readable(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| char::from(*byte)).collect()
}

/// What is handed on. `origins` is the body that the origin sent, for where the library has none.
pub fn response(
    actual: Option<&Response>,
    whole: Option<Response>,
    origins: &[u8],
    expected: Option<&Seen>,
    texts: &Texts,
) -> Checked<()> {
    let (actual, expected) = match (actual, expected) {
        (None, None) => return Ok(()),
        (Some(actual), None) => return equal("what is handed on", Some(actual.head.status), None),
        (None, Some(_)) => return Err("there is nothing to hand on".to_owned()),
        (Some(actual), Some(expected)) => (actual, expected),
    };
    if let Some(status) = expected.status {
        equal("status", actual.head.status, status)?;
    }
    if let Some(reason) = &expected.reason {
        let actual = readable(actual.head.reason.to_bytes());
        equal("reason phrase", actual, reason.clone())?;
    }
    fields("response", &actual.head.fields, &expected.fields, texts)?;
    if let Some(body) = &expected.body {
        check_body(whole, origins, body)?;
    }
    if let Some(url) = &expected.url {
        let actual = actual.url().map(|url| url.as_str().to_owned());
        equal("url", actual, Some(texts.url(&**url).into_owned()))?;
    }
    check_times(actual, expected)
}

fn check_body(whole: Option<Response>, origins: &[u8], expected: &Body) -> Checked<()> {
    let loaded = match whole {
        Some(mut whole) => Some(whole.load_body().map_err(|error| error.to_string())?),
        None => None,
    };
    let bytes = loaded.as_ref().map_or(origins, |bytes| bytes.as_slice());
    let expected = expected.bytes();
    if bytes == expected {
        return Ok(());
    }
    let short = |bytes: &[u8]| {
        let begin = bytes.get(..bytes.len().min(80)).unwrap_or_default();
        String::from_utf8_lossy(begin).into_owned()
    };
    let told = equal("body", short(bytes), short(&expected));
    told.and_then(|()| equal("length of the body", bytes.len(), expected.len()))?;
    Err("body differs after its first bytes".to_owned())
}

fn check_times(actual: &Response, expected: &Seen) -> Checked<()> {
    let (times, info) = (actual.times(), &actual.info);
    if let Some(from_cache) = expected.from_cache {
        equal("from_cache", info.from_cache, from_cache)?;
    }
    if let Some(revalidated) = expected.revalidated {
        equal("revalidated", info.revalidated, revalidated)?;
    }
    if let Some(expired) = expected.expired {
        equal("expired", times.is_expired, expired)?;
    }
    if let Some(age) = expected.age {
        equal("age", times.age, age)?;
    }
    for (what, actual, expected, from) in [
        ("lifetime", times.freshness_lifetime, &expected.lifetime, 0),
        ("created_at", times.created_at, &expected.created_at, T0),
        ("expires_at", times.expires_at, &expected.expires_at, T0),
    ] {
        let expected = match expected {
            Some(Setting::Number(number)) => from + number,
            Some(Setting::Name(name)) => caches::named(name)?,
            None => continue,
        };
        let told = |value: i64| if value < 0 { value } else { value - from };
        equal(what, told(actual.unwrap_or(UNSET)), told(expected))?;
    }
    Ok(())
}
