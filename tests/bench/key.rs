//! K1: what the key of a request costs, as a ratio to one hash of the URL.
//!
//! The reference is blake3 of the URL's bytes, without which there is no key. The key is all that a lookup makes of a
//! request: the canonical URL, its encoding, its row, and whose it is. 120 bytes of URL, four parameters in order, no
//! credentials, no fields. Both run in turn over the same URLs; CPU time, median of the rounds. Beside it, and not in
//! the ratio, stands the reading of the URL, which a request does once when it is made.
//!
//! `cargo bench --bench key`

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a benchmark stops where it fails"
)]

#[path = "shared/mod.rs"]
mod shared;

use std::hint::black_box;

use httpcache::http::{Request, Url};
use httpcache::key::{MethodClass, identify};
use httpcache::settings::Settings;
use shared::measure::{median, per_operation};

const URLS: usize = 1000;
const REPEATS: usize = 20;
const ROUNDS: usize = 41;

fn main() {
    let requests: Vec<Request> = (0..URLS)
        .map(|i| {
            let url = format!(
                "https://api.example.org/v1/collections/items/{i:04}/details/of/this/one\
                 ?fields=name,size,date&lang=en-US&page={:02}&sort=name",
                i % 100
            );
            assert_eq!(url.len(), 120);
            Request::new(b"GET", url.as_bytes()).unwrap()
        })
        .collect();
    let settings = Settings::default();
    let secret = [7; 32];
    let mut times: [Vec<f64>; 3] = Default::default();
    for round in 0..=ROUNDS {
        let hash = per_operation(URLS * REPEATS, || {
            for request in std::iter::repeat_n(&requests, REPEATS).flatten() {
                black_box(blake3::hash(black_box(request.url.as_str().as_bytes())));
            }
        });
        let key = per_operation(URLS * REPEATS, || {
            for request in std::iter::repeat_n(&requests, REPEATS).flatten() {
                let matching = settings.matching();
                let identity = identify(black_box(request), MethodClass::Get, &matching, &secret);
                assert!(!identity.has_credentials);
                black_box(identity);
            }
        });
        let parse = per_operation(URLS * REPEATS, || {
            for request in std::iter::repeat_n(&requests, REPEATS).flatten() {
                black_box(Url::parse(black_box(request.url.as_str().as_bytes())).unwrap());
            }
        });
        // The first round warms all up.
        if round > 0 {
            for (times, time) in times.iter_mut().zip([hash, key, parse]) {
                times.push(time);
            }
        }
    }
    let [hash, key, parse] = times;
    let ratio = median(
        hash.iter()
            .zip(&key)
            .map(|(hash, key)| key / hash)
            .collect(),
    );
    let (hash, key, parse) = (median(hash), median(key), median(parse));
    println!(
        "K1 {ratio:.2} (target 2.0) the key of a URL of 120 bytes with 4 parameters {key:.0} ns; \
         blake3 of the same {hash:.0} ns; reading the URL {parse:.0} ns"
    );
}
