//! The functions that scenarios name in place of a caller's own.

use std::sync::Arc;

use httpcache::cache::{Filter, KeySink, OwnMatching, Request, Response, Verdict};
use httpcache::http;

use super::Checked;

const FAILED: i32 = -1;
const MOST_FILTERED: usize = 1024;
/// One byte more than a key may have.
const TOO_LONG: usize = 64 * 1024 + 1;

/// The filter of that name.
pub fn filter(name: Option<&str>) -> Checked<Filter> {
    Ok(match name {
        None => Filter::default(),
        Some("at_most_1024_bytes") => Filter::new(|_, response| at_most_1024_bytes(response)),
        Some("fails") => Filter::new(|_, _| Verdict::Failed(FAILED)),
        Some(name) => return Err(format!("{name} is no filter")),
    })
}

fn at_most_1024_bytes(mut response: Response) -> Verdict {
    match response.load_body() {
        Ok(body) if body.as_slice().len() <= MOST_FILTERED => Verdict::Keep,
        Ok(_) => Verdict::Refuse,
        Err(_) => Verdict::Failed(FAILED),
    }
}

/// The functions of these names that say which requests are the same.
pub fn matching(key: Option<&str>, normalise: Option<&str>) -> Checked<OwnMatching> {
    let mut matching = OwnMatching::default();
    if let Some(name) = key {
        let write = key_writer(name)?;
        matching.set_key(Some(move |request: &Arc<Request>, mut sink: KeySink| {
            let written = write(&request.http, &mut sink);
            written.map(|()| sink).ok_or(FAILED)
        }));
    }
    match normalise {
        None => {}
        Some("gzip") => matching.set_normaliser(Some(|mut copy: Request| {
            let simplified = simplify(&mut copy.http);
            simplified.map(|()| Arc::new(copy)).map_err(|_| FAILED)
        })),
        Some("method_and_path") => matching.set_normaliser(Some(|copy: Request| {
            let (method, path) = (copy.http.method.as_str(), path_of(&copy.http));
            let other = Request::new(method.as_bytes(), path.as_bytes());
            other.map(Arc::new).map_err(|_| FAILED)
        })),
        Some("fails") => matching.set_normaliser(Some(|_: Request| Err(FAILED))),
        Some(name) => return Err(format!("{name} normalises nothing")),
    }
    Ok(matching)
}

/// Writes a key; `None`: it fails.
type Write = fn(&http::Request, &mut KeySink) -> Option<()>;

fn key_writer(name: &str) -> Checked<Write> {
    Ok(match name {
        "method_and_path" => |request, sink| {
            let key = format!("{} {}", request.method.as_str(), path_of(request));
            sink.write(key.as_bytes()).ok()
        },
        "url_body_and_accept" => |request, sink| {
            sink.write_url(request).ok()?;
            sink.write_body(request).ok()?;
            sink.write_field(request, b"Accept").ok().map(|_| ())
        },
        "default_of_gzip" => |request, sink| {
            let mut copy = request.clone();
            simplify(&mut copy).ok()?;
            sink.write_default_key(&copy).ok()
        },
        "none" => |_, _| Some(()),
        "too_long" => |_, sink| {
            // It does not mind that it is refused.
            let _ = sink.write(&vec![b'x'; TOO_LONG]);
            Some(())
        },
        "fails" => |_, sink| {
            let _ = sink.write(b"x");
            None
        },
        _ => return Err(format!("{name} makes no keys")),
    })
}

/// The URL up to its query.
fn path_of(request: &http::Request) -> &str {
    let url = request.url.as_str();
    url.split_once('?').map_or(url, |(path, _)| path)
}

/// `Accept-Encoding: gzip` for what holds gzip, and none for what does not.
fn simplify(request: &mut http::Request) -> httpcache::error::Result<()> {
    let holds_gzip = |line: &[u8]| line.windows(4).any(|part| part == b"gzip");
    let has_gzip = request.fields.all(b"Accept-Encoding").any(holds_gzip);
    request.fields.remove(b"Accept-Encoding");
    if has_gzip {
        request.fields.add(b"Accept-Encoding", b"gzip")?;
    }
    Ok(())
}
