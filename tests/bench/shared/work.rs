//! What is stored and asked for.

/// What a server of today sends, besides Content-Length.
pub const FIELDS: [(&str, &str); 14] = [
    ("Date", "Tue, 03 Mar 2026 10:00:00 GMT"),
    ("Content-Type", "application/json; charset=utf-8"),
    ("Connection", "keep-alive"),
    ("Server", "nginx/1.22.1"),
    (
        "Cache-Control",
        "public, max-age=3600, stale-while-revalidate=60",
    ),
    ("ETag", "\"33a64df551425fcc55e4d42a148795d9f25f89d4\""),
    ("Last-Modified", "Mon, 02 Mar 2026 09:12:44 GMT"),
    (
        "Strict-Transport-Security",
        "max-age=31536000; includeSubDomains",
    ),
    ("X-Content-Type-Options", "nosniff"),
    ("X-Frame-Options", "SAMEORIGIN"),
    ("Referrer-Policy", "strict-origin-when-cross-origin"),
    ("X-Request-Id", "8b1a9953-c461-4296-a827-abf8c47804d7"),
    ("Via", "1.1 edge-7"),
    ("Accept-Ranges", "bytes"),
];

const BEFORE_NUMBER: &str = "/v1/items/";
const DIGITS: usize = 7;

pub fn url(number: usize) -> String {
    format!(
        "https://api.example.org{BEFORE_NUMBER}{number:07}/details?lang=en&page={}",
        number % 7
    )
}

pub fn urls(count: usize) -> Vec<String> {
    (0..count).map(url).collect()
}

/// Which URL stands in a record, so that both sides work on the same records in the same order.
pub fn number_in(record: &[u8]) -> usize {
    let before = BEFORE_NUMBER.as_bytes();
    let at = record
        .windows(before.len())
        .position(|window| window == before)
        .unwrap()
        + before.len();
    let digits = std::str::from_utf8(&record[at..at + DIGITS]).unwrap();
    digits.parse().unwrap()
}

pub fn body(size: usize) -> Vec<u8> {
    (0..size).map(|i| (i * 7 % 251) as u8).collect()
}

/// A small generator is random enough to defeat the processor's caches, and the same in each run.
pub struct Random(u64);

impl Random {
    pub fn new() -> Self {
        Random(0x9e37_79b9_7f4a_7c15)
    }

    pub fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % limit as u64) as usize
    }
}

/// The same order in each run.
pub fn shuffled(count: usize) -> Vec<usize> {
    let mut order: Vec<usize> = (0..count).collect();
    let mut random = Random::new();
    for at in (1..count).rev() {
        order.swap(at, random.below(at + 1));
    }
    order
}
