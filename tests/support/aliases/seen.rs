//! What a user sees of a fetch that follows redirects.

use std::sync::Arc;

use httpcache::cache::{Cache, Request, Response};
use httpcache::error::Kind;
use httpcache::fetch::fetch;
use httpcache::transport::Transport;

/// What a user sees of one response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    pub status: u16,
    pub fields: String,
    pub body: Result<String, Kind>,
    pub url: String,
    pub from_cache: bool,
    pub key: Option<String>,
    pub times: [Option<i64>; 4],
}

/// All that a user sees of a fetch: the redirects that were followed, and the final response.
pub type Answer = Result<(Vec<Seen>, Seen), Kind>;

fn seen(response: &mut Response) -> Seen {
    let times = response.times();
    let body = response.load_body();
    let lines = response.head.fields.iter().map(|(name, value)| {
        let (name, value) = (
            String::from_utf8_lossy(name),
            String::from_utf8_lossy(value),
        );
        format!("{name}: {value}\n")
    });
    Seen {
        status: response.head.status,
        fields: lines.collect(),
        body: match body {
            Ok(body) => Ok(String::from_utf8_lossy(body.as_slice()).into_owned()),
            Err(error) => Err(error.kind()),
        },
        url: response.url().unwrap().as_str().to_owned(),
        from_cache: response.info.from_cache,
        key: response.info.key.map(|key| key.to_string()),
        times: [
            times.created_at,
            times.expires_at,
            Some(times.age),
            times.freshness_lifetime,
        ],
    }
}

/// Fetches, and reads all there is.
pub fn ask(cache: &Arc<Cache>, transport: &dyn Transport, request: &Request) -> Answer {
    let fetched = fetch(cache, transport, None, &Arc::new(request.clone()));
    let mut response = fetched.map_err(|error| error.kind())?.response;
    let mut history = response.take_history();
    let history = history.iter_mut().map(seen).collect();
    Ok((history, seen(&mut response)))
}
