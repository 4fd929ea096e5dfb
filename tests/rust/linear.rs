//! Reading a field takes work in proportion to its length: of 1 MiB at most 20 times the instructions of 64 KiB, where
//! 16 would be exact, and no more than about 10 ms take: so a URL of 64 KiB, the longest that is looked up unless more
//! is allowed, and content, which is read three times, 12 times as much.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test stops where it fails"
)]

#[path = "../support/growth.rs"]
mod growth;

use std::hint::black_box;
use std::path::Path;
use std::sync::{Arc, LazyLock};

use httpcache::cache::{Cache, Options, Request, Response};
use httpcache::http::fields::trim;
use httpcache::http::{self, Fields, Method, ResponseHead, Url};
use httpcache::key::body;
use httpcache::key::matching::Matching;
use httpcache::key::names::Names;
use httpcache::key::redact;
use httpcache::key::selecting::{self, Vary, vary};
use httpcache::key::{MethodClass, identify, language};
use httpcache::policy::directives::{RequestDirectives, ResponseDirectives, Seconds};
use httpcache::policy::freshness::{explicit_lifetime, stamp};
use httpcache::policy::no_vary_search::Variance;
use httpcache::policy::precondition::{is_not_modified, is_same_for_range};
use httpcache::policy::range::{Asked, ContentRange};
use httpcache::policy::said::Said;
use httpcache::policy::{groups, invalidate, update};
use httpcache::settings::{Settings, option};

use growth::{check, counted, in_lines, long, one, with};

const NOW: i64 = 1_700_000_000_000;

fn by_rfc() -> Settings {
    let mut settings = Settings::default();
    settings.set(option::CACHE_CONTROL, 1).unwrap();
    settings
}

macro_rules! cases {
    ($($name:ident: $prepare:expr => $run:expr;)*) => {
        $(
            #[test]
            fn $name() {
                check(stringify!($name), $prepare, $run);
            }
        )*
    };
}

fn directives(fields: &Fields) {
    black_box(ResponseDirectives::read(fields));
    black_box(RequestDirectives::read(fields));
}

fn located(
    begin: &'static str,
    repeated: &'static str,
    end: &'static str,
) -> impl Fn(usize) -> Fields {
    move |size| one("Location", &long(begin, repeated, end, size))
}

fn redacted(fields: &Fields) {
    black_box(redact::must_be_altered(fields, &Names::default()));
}

fn cache_control(
    begin: &'static str,
    repeated: &'static str,
    end: &'static str,
) -> impl Fn(usize) -> Fields {
    move |size| one("Cache-Control", &long(begin, repeated, end, size))
}

cases! {
    cache_control_commas: cache_control("", ",", "") => directives;
    cache_control_unknown: cache_control("", "x,", "") => directives;
    cache_control_max_age: cache_control("", "max-age=1,", "") => directives;
    cache_control_digits: cache_control("max-age=", "9", "") => directives;
    cache_control_equals: cache_control("", "=", "") => directives;
    cache_control_spaces: cache_control("a", " \t", "b") => directives;
    cache_control_spaces_and_commas: cache_control("", " ,\t", "") => directives;
    cache_control_quoted: cache_control("x=\"", "a,", "\"") => directives;
    cache_control_unterminated: cache_control("", "x=\"a,", "") => directives;
    cache_control_backslashes: cache_control("max-age=\"", "\\", "\"") => directives;
    cache_control_quotes: cache_control("", "\"", "") => directives;
    cache_control_no_cache_of_many: cache_control("no-cache=\"", "a,", "\"") => directives;
    cache_control_many_no_cache: cache_control("", "no-cache=\"a\",", "") => directives;
    cache_control_many_private: cache_control("", "private=\"a,b\",", "") => directives;
    cache_control_name: cache_control("", "a", "") => directives;
    cache_control_lines: |size| in_lines("Cache-Control", b"no-cache=\"a\"", size) => directives;
    pragma: |size| one("Pragma", &long("", "x, ", "", size)) => directives;
}

fn settings_with_targeted() -> Settings {
    let mut settings = by_rfc();
    settings.add(206, b"T").unwrap();
    settings
}

fn targeted(fields: &Fields) {
    black_box(Said::by(fields, &settings_with_targeted()));
}

cases! {
    targeted_keys: |size| one("T", &counted("", |n| format!("k{n},"), "max-age=1", size)) => targeted;
    targeted_one_key: |size| one("T", &long("", "max-age=1,", "a", size)) => targeted;
    targeted_string: |size| one("T", &long("no-cache=\"", "a,", "\"", size)) => targeted;
    targeted_escapes: |size| one("T", &long("no-cache=\"", "\\\"", "\"", size)) => targeted;
    targeted_parameters: |size| one("T", &counted("a", |n| format!(";k{n}"), "", size)) => targeted;
    targeted_inner_list: |size| one("T", &long("a=(", "1 ", ")", size)) => targeted;
    targeted_bytes: |size| one("T", &long("a=:", "AAAA", ":", size)) => targeted;
    targeted_broken_at_its_end: |size| one("T", &long("", "a=1, ", "!", size)) => targeted;
    targeted_lines: |size| in_lines("T", b"a=1", size) => targeted;
}

fn variance(fields: &Fields) {
    black_box(Variance::by(fields));
}

fn group_names(fields: &Fields) {
    black_box(groups::of(fields));
}

cases! {
    redact_location_slashes: located("", "/", "@") => redacted;
    redact_location_authorities: located("", "//a,", "@") => redacted;
    redact_location_backslashes: located("", "\\", "") => redacted;
    redact_location_parameters: located("?", "tokex=1&", "") => redacted;
    redact_location_equals: located("?", "=", "") => redacted;
    redact_location_escapes: located("?", "%74", "=1") => redacted;
    redact_location_escaped_names: located("?", "%74okex=1&", "") => redacted;
    redact_request_fields: |size| in_lines("Referer", b"http://h/?token=1", size) => |fields: &Fields| {
        black_box(redact::fields(fields, &matching(), &[1; 32], |_| true));
    };
    redact_shown: |size| long("", "\0a", "", size) => |text: &Vec<u8>| {
        black_box(redact::shown(text));
    };
    no_vary_search_params: |size| one("No-Vary-Search", &counted("params=(", |n| format!("\"{n}\" "), ")", size)) => variance;
    no_vary_search_escapes: |size| one("No-Vary-Search", &long("params=(\"", "%25", "\")", size)) => variance;
    no_vary_search_keys: |size| one("No-Vary-Search", &counted("", |n| format!("k{n},"), "key-order", size)) => variance;
    no_vary_search_query: |size| (
        Variance::by(&one("No-Vary-Search", b"key-order, params=(\"a\")")).unwrap(),
        String::from_utf8(counted("", |n| format!("{n}=%41&"), "", size)).unwrap(),
    ) => |(variance, query)| assert!(variance.are_same(Some(query), Some(query)));
    cache_groups: |size| one("Cache-Groups", &counted("", |n| format!("\"{n}\","), "\"\"", size)) => group_names;
    cache_groups_one: |size| one("Cache-Groups", &long("\"", "\\\\", "\"", size)) => group_names;
    cache_groups_parameters: |size| one("Cache-Groups", &long("\"a\"", ";a=1", "", size)) => group_names;
}

const SECRET: [u8; 32] = [7; 32];
static NAMES: LazyLock<Names> = LazyLock::new(Names::default);

fn matching() -> Matching<'static> {
    Matching::plain(&NAMES)
}

fn variant_id(fields: &Fields, names: &[String]) -> [u8; 16] {
    selecting::variant_id(fields, names, &[0; 16], &matching(), &SECRET)
}

fn names(fields: &Fields) {
    black_box(vary(fields));
}

/// The variant that a request selects by one field.
fn selects(name: &'static str) -> impl Fn(&Fields) {
    move |fields| {
        black_box(selecting::value(fields, name, &matching(), &SECRET));
        black_box(variant_id(fields, &[name.to_owned()]));
        let mut request = http::Request::new(b"GET", b"http://h/").unwrap();
        request.fields = fields.clone();
        black_box(identify(&request, MethodClass::Get, &matching(), &SECRET).mark);
    }
}

fn prefers(fields: &Fields) {
    let stored = one("Content-Language", b"de-AT");
    black_box(language::is_preferred(fields, &stored));
}

cases! {
    vary_names: |size| one("Vary", &counted("", |n| format!("n{n},"), "", size)) => names;
    vary_one_name: |size| one("Vary", &long("", "accept , ", "", size)) => names;
    vary_commas: |size| one("Vary", &long("", ",", "", size)) => names;
    vary_lines: |size| in_lines("Vary", b"a", size) => names;
    variant_of_many_names: |size| {
        let Vary::Fields(names) = vary(&one("Vary", &counted("", |n| format!("n{n},"), "", size))) else {
            return Vec::new();
        };
        names
    } => |names| { black_box(variant_id(&one("n5", b"x"), names)); };
    accept: |size| one("Accept", &counted("", |n| format!("a/{n} ; q=0.5 ,"), "", size)) => selects("accept");
    accept_quoted: |size| one("Accept", &long("", "a;b=\"c,\\\"d\",", "", size)) => selects("accept");
    accept_spaces: |size| one("Accept", &long("a", " ", ",b", size)) => selects("accept");
    accept_spaces_and_commas: |size| one("Accept", &long("", " ,", "", size)) => selects("accept");
    accept_unterminated: |size| one("Accept", &long("\"", "a, ", "", size)) => selects("accept");
    accept_encoding: |size| one("Accept-Encoding", &long("", "gzip, ", "br", size)) => selects("accept-encoding");
    accept_language: |size| one("Accept-Language", &counted("", |n| format!("x{n};q=0.5,"), "de", size)) => selects("accept-language");
    accept_language_weights: |size| one("Accept-Language", &counted("", |n| format!("x{n};q=0.5,"), "de", size)) => prefers;
    accept_language_one_range: |size| one("Accept-Language", &long("", "d", "", size)) => prefers;
    cookies: |size| one("Cookie", &counted("", |n| format!("c{n}=v; "), "", size)) => selects("cookie");
    cookies_of_one_name: |size| one("Cookie", &long("", "a=1;", "", size)) => selects("cookie");
    cookie_name: |size| one("Cookie", &long("", "a", "=1", size)) => selects("cookie");
    cookie_semicolons: |size| one("Cookie", &long("", "; ", "", size)) => selects("cookie");
    other_list: |size| one("X-Own", &long("", "a , ", "", size)) => selects("x-own");
    other_lines: |size| in_lines("X-Own", b"a", size) => selects("x-own");
    authorization: |size| one("Authorization", &long("Basic ", "A", "", size)) => selects("authorization");
}

/// The caller's conditions, against a stored response.
fn conditions(fields: &Fields) {
    let stored = with(
        one("ETag", b"\"none of these\""),
        "Last-Modified",
        b"Sun, 06 Nov 1994 08:49:37 GMT",
    );
    black_box(is_not_modified(fields, &stored, NOW));
    black_box(is_same_for_range(fields, &stored));
}

fn with_long_etag(fields: &Fields) {
    let asks = one("If-None-Match", &b"\"a\", ".repeat(10));
    black_box(is_not_modified(&asks, fields, NOW));
    black_box(is_same_for_range(&one("If-Range", b"\"a\""), fields));
}

fn ranges(fields: &Fields) {
    black_box(Asked::by(fields));
    black_box(ContentRange::by(fields));
}

cases! {
    if_none_match: |size| one("If-None-Match", &counted("", |n| format!("\"{n}\","), "", size)) => conditions;
    if_none_match_weak: |size| one("If-None-Match", &long("", "W/\"a\", ", "", size)) => conditions;
    if_none_match_nonsense: |size| one("If-None-Match", &long("", "W/,", "", size)) => conditions;
    if_none_match_quotes: |size| one("If-None-Match", &long("", "\"", "", size)) => conditions;
    if_none_match_unterminated: |size| one("If-None-Match", &long("\"", "a", "", size)) => conditions;
    if_none_match_commas: |size| one("If-None-Match", &long("", ",", "", size)) => conditions;
    if_none_match_lines: |size| in_lines("If-None-Match", b"\"a\"", size) => conditions;
    if_modified_since: |size| one("If-Modified-Since", &long("Sun, ", "0", " GMT", size)) => conditions;
    if_range: |size| one("If-Range", &long("\"", "a", "\"", size)) => conditions;
    etag: |size| one("ETag", &long("\"", "a", "\"", size)) => with_long_etag;
    range_digits: |size| one("Range", &long("bytes=", "9", "-", size)) => ranges;
    range_spaces: |size| one("Range", &long("bytes=", " ", "0-1", size)) => ranges;
    range_of_many: |size| one("Range", &long("bytes=", "0-1,", "5-6", size)) => ranges;
    range_unit: |size| one("Range", &long("", "b", "=0-1", size)) => ranges;
    content_range: |size| one("Content-Range", &long("bytes 0-", "9", "/*", size)) => ranges;
}

/// A response with these fields.
fn head(fields: Fields) -> ResponseHead {
    let mut head = ResponseHead::new(200, b"").unwrap();
    head.fields = fields;
    head
}

/// What a response says of its age and its lifetime.
fn times(response: &ResponseHead) {
    let settings = by_rfc();
    let said = Said::by(&response.fields, &settings);
    black_box(explicit_lifetime(&response.fields, &said, NOW, &settings));
    black_box(stamp(response, &said, Seconds::Absent, NOW, NOW, &settings));
}

fn framing(response: &ResponseHead) {
    black_box(response.framing(&Method::new(b"GET").unwrap()));
}

/// The URLs that an unsafe request's answer makes invalid.
fn invalidates(response: &ResponseHead) {
    let request = http::Request::new(b"POST", b"http://h/a/b?c").unwrap();
    black_box(invalidate::urls(&request, response, &by_rfc()));
}

fn tagged(fields: Fields) -> Fields {
    with(fields, "ETag", b"\"a\"")
}

fn hop_by_hop(fields: &Fields) {
    let mut fields = fields.clone();
    update::remove_hop_by_hop(&mut fields);
    let mut fields = update::freshened(&fields, &one("ETag", b"\"b\""), NOW).unwrap();
    update::set_age(&mut fields, 5).unwrap();
    black_box(fields);
}

cases! {
    expires: |size| head(one("Expires", &long("Sun, 06 Nov ", "1", " GMT", size))) => times;
    expires_lines: |size| head(in_lines("Expires", b"Sun, 06 Nov 1994 08:49:37 GMT", size)) => times;
    date: |size| head(one("Date", &long("", " ", "x", size))) => times;
    last_modified: |size| head(one("Last-Modified", &long("", "Sun, ", "", size))) => times;
    age: |size| head(one("Age", &long("", "1", "", size))) => times;
    age_list: |size| head(one("Age", &long("", "1, ", "", size))) => times;
    content_length: |size| head(one("Content-Length", &long("5", ", 5", "", size))) => framing;
    content_length_digits: |size| head(one("Content-Length", &long("", "0", "5", size))) => framing;
    transfer_encoding: |size| head(one("Transfer-Encoding", &long("x", ", x;y", "", size))) => framing;
    location: |size| head(one("Location", &long("", "../", "a?b", size))) => invalidates;
    content_location: |size| head(one("Content-Location", &long("http://h/", "%41", "", size))) => invalidates;
    connection: |size| tagged(one("Connection", &counted("", |n| format!("n{n},"), "close", size))) => hop_by_hop;
    unknown_field: |size| tagged(one("X-Own", &long("a", " ", "b", size))) => hop_by_hop;
    white_space: |size| long("", " \t", "", size) => |value| { black_box(trim(value)); };
}

/// From a URL to its keys.
fn keys(url: &[u8]) {
    let Ok(request) = http::Request::new(b"GET", url) else {
        return;
    };
    for sorts_query in [false, true] {
        let matching = Matching {
            sorts_query,
            ..matching()
        };
        black_box(identify(&request, MethodClass::Get, &matching, &SECRET).key);
    }
    black_box(request.url.join(b"../x?y"));
}

fn redacted_url(url: &[u8]) {
    let (url, _) = Url::parse(url).unwrap();
    black_box(redact::url(url.as_str(), &Names::default(), &[1; 32]));
    black_box(redact::is_redacted(&url, &Names::default()));
}

cases! {
    url_redacted: |size| long("http://h/?a", "&token=1", "", size) => |url| redacted_url(url);
    url_redacted_escapes: |size| long("http://h/?a", "&tok%2Ben+=1", "", size) => |url| redacted_url(url);
    url_redacted_name: |size| long("http://h/?", "%2F", "=1", size) => |url| redacted_url(url);
    url_path: |size| long("http://h/", "a", "", size) => |url| keys(url);
    url_segments: |size| long("http://h/", "a/", "", size) => |url| keys(url);
    url_dot_segments: |size| long("http://h/", "a/../", "", size) => |url| keys(url);
    url_dots: |size| long("http://h/", "../", "", size) => |url| keys(url);
    url_escapes: |size| long("http://h/", "%2f", "", size) => |url| keys(url);
    url_needless_escapes: |size| long("http://h/", "%41", "", size) => |url| keys(url);
    url_bytes_to_escape: |size| long("http://h/", "\u{fc}", "", size) => |url| keys(url);
    url_query: |size| counted("http://h/?", |n| format!("{}&", usize::MAX - n), "", size) => |url| keys(url);
    url_query_of_one_name: |size| long("http://h/?b", "&a", "", size) => |url| keys(url);
    url_ampersands: |size| long("http://h/?", "&", "", size) => |url| keys(url);
    url_fragment: |size| long("http://h/#", "?", "", size) => |url| keys(url);
    url_userinfo: |size| long("http://", "u", "@h/", size) => |url| keys(url);
    url_at_signs: |size| long("http://", "@", "h/", size) => |url| keys(url);
    url_host: |size| long("http://", "a", "/", size) => |url| keys(url);
    url_labels: |size| long("http://", "a.", "a/", size) => |url| keys(url);
    url_international_host: |size| long("http://", "\u{fc}", "/", size) => |url| keys(url);
    url_international_labels: |size| long("http://", "\u{fc}.", "a/", size) => |url| keys(url);
    url_punycode: |size| long("http://xn--", "a", "/", size) => |url| keys(url);
    url_numbers: |size| long("http://", "1.", "1/", size) => |url| keys(url);
    url_hex: |size| long("http://0x", "0", "1/", size) => |url| keys(url);
    url_port: |size| long("http://h:", "0", "80/", size) => |url| keys(url);
    url_ipv6: |size| long("http://[", ":", "]/", size) => |url| keys(url);
    url_scheme: |size| long("", "a", "://h/", size) => |url| keys(url);
    reference: |size| long("", "../", "", size) => |reference| {
        let base = Url::parse(b"http://h/a/b/c").unwrap().0;
        black_box(base.join(reference));
    };
}

/// A cache with a response that `Vary` names several fields for.
struct Engine {
    cache: Arc<Cache>,
    _directory: tempfile::TempDir,
}

impl Engine {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let cache = open(&directory.path().join("cache"));
        let engine = Engine {
            cache,
            _directory: directory,
        };
        let fresh = answer(one("Cache-Control", b"max-age=60"));
        engine.exchange(&request(Fields::new()), &fresh);
        engine
    }

    /// Looks up, and stores what is answered.
    fn exchange(&self, request: &Arc<Request>, answer: &Response) {
        let mut exchange = self.cache.lookup(request).unwrap();
        if exchange.forward().is_some() {
            exchange.store(answer).unwrap();
        }
    }
}

fn open(path: &Path) -> Arc<Cache> {
    let mut settings = by_rfc();
    for (number, value) in [
        (option::DURABILITY, 0),
        (option::SELECT_LANGUAGE, 1),
        (option::GROUPS, 1),
        (option::MAX_HEAD_BYTES, 1 << 30),
    ] {
        settings.set(number, value).unwrap();
    }
    let options = Options {
        settings,
        ..Options::default()
    };
    Cache::open(path, options).unwrap()
}

fn request(fields: Fields) -> Arc<Request> {
    let mut request = Request::new(b"GET", b"http://h/").unwrap();
    request.http.fields = fields;
    Arc::new(request)
}

fn answer(fields: Fields) -> Response {
    let vary = b"Accept, Accept-Language, Cookie, X-Own";
    Response::built(head(with(fields, "Vary", vary)))
}

fn asking(fields: Fields) -> (Engine, Arc<Request>, Response) {
    let refused = answer(one("Cache-Control", b"no-store"));
    (Engine::new(), request(fields), refused)
}

fn answering(fields: Fields) -> (Engine, Arc<Request>, Response) {
    let (engine, answer) = (Engine::new(), answer(fields));
    let asks_anew = request(one("Cache-Control", b"no-cache"));
    // Each that is measured finds what the one before it stored; so also the first.
    engine.exchange(&asks_anew, &answer);
    (engine, asks_anew, answer)
}

fn exchange((engine, request, answer): &(Engine, Arc<Request>, Response)) {
    engine.exchange(request, answer);
}

cases! {
    lookup_by_accept: |size| asking(one("Accept", &long("", "a/b;q=0.5, ", "", size))) => exchange;
    lookup_by_accept_language: |size| asking(one("Accept-Language", &long("", "en;q=0.5, ", "", size))) => exchange;
    lookup_by_cookie: |size| asking(one("Cookie", &counted("", |n| format!("c{n}=v; "), "", size))) => exchange;
    lookup_by_cache_control: |size| asking(one("Cache-Control", &long("", "no-cache, ", "", size))) => exchange;
    lookup_by_etags: |size| asking(one("If-None-Match", &long("", "\"a\", ", "", size))) => exchange;
    lookup_by_range: |size| asking(one("Range", &long("bytes=", "0-1,", "2-", size))) => exchange;
    answer_with_cache_control: |size| answering(one("Cache-Control", &long("no-store", ",a=\"b\"", "", size))) => exchange;
    answer_with_vary: |size| answering(one("Vary", &long("", "a, ", "*", size))) => exchange;
    answer_with_groups: |size| answering(one("Cache-Groups", &long("\"a\"", ", \"a\"", "", size))) => exchange;
}

cases! {
    no_vary_search_names_and_query: |size| (
        Variance::by(&one(
            "No-Vary-Search",
            &counted("params=(", |n| format!("\"{n}\" "), ")", size.min(64 * 1024) / 8),
        ))
        .unwrap(),
        String::from_utf8(counted("", |n| format!("x{n}&"), "", size / 8)).unwrap(),
    ) => |(variance, query)| assert!(variance.are_same(Some(query), Some(query)));
    connection_and_fields: |size| with(
        in_lines("X-Own", b"a", size / 16),
        "Connection",
        &counted("", |n| format!("n{n},"), "close", size / 16),
    ) => |fields| {
        let mut fields = fields.clone();
        update::remove_hop_by_hop(&mut fields);
        black_box(fields);
    };
    variant_of_many_names_and_fields: |size| {
        let names: Vec<String> = (0..256).map(|n| format!("n{n}")).collect();
        (names, in_lines("X-Own", b"a", size / 16))
    } => |(names, fields)| {
        black_box(variant_id(fields, names));
    };
    fields_named_by_no_cache: |size| (
        ResponseDirectives::read(&one(
            "Cache-Control",
            &counted("no-cache=\"", |n| format!("n{n},"), "\"", size / 16),
        )),
        in_lines("X-Own", b"a", size / 16),
    ) => |(directives, fields)| {
        let mut fields = fields.clone();
        update::remove_named(&mut fields, &directives.no_cache);
        black_box(fields);
    };
    locations: |size| head(in_lines("Location", b"?x", size / 16)) => |response| {
        let url = [b"http://h/", &b"a".repeat(response.fields.text().len())[..]].concat();
        let request = http::Request::new(b"POST", &url).unwrap();
        black_box(invalidate::urls(&request, response, &by_rfc()));
    };
}

/// Reads content for the key, and makes of it what is kept.
fn content(media_type: &'static str) -> impl Fn(&Vec<u8>) {
    let fields = one("Content-Type", media_type.as_bytes());
    let mut names = Names::default();
    for name in ["own", "$..a..b", "$.a[*].own", "$..a.a.a.c"] {
        names.add(name.as_bytes()).unwrap();
    }
    move |content| {
        black_box(body::read(content, &fields, &names, false, &SECRET));
        black_box(body::redacted(content, &fields, &names, &SECRET));
        black_box(body::reread(content, &fields, &names, true, &SECRET));
    }
}

fn json(content: &Vec<u8>) {
    self::content("application/json")(content);
}

fn form(content: &Vec<u8>) {
    self::content("application/x-www-form-urlencoded")(content);
}

fn parts(content: &Vec<u8>) {
    self::content("multipart/form-data; boundary=--------")(content);
}

/// A text of JSON as deep as one may be, with this around what is within.
fn nested(open: &str, close: &str) -> String {
    format!("{}1{}", open.repeat(120), close.repeat(120))
}

/// A part with this line of its head, and this content.
fn part(disposition: &str, content: &str) -> String {
    format!("----------\r\nContent-Disposition: {disposition}\r\n\r\n{content}\r\n")
}

const NAMED: &str = "form-data; name=a";
const CLOSED: &str = "------------";

cases! {
    content_of_json_members: |size| counted("{", |n| format!("\"{n}\":1,"), "\"a\":1}", size) => json;
    content_of_json_members_backwards: |size| counted("{", |n| format!("\"{}\":1,", usize::MAX - n), "\"a\":1}", size) => json;
    content_of_json_one_prefix: |size| counted("{", |n| format!("\"{}{n}\":1,", "x".repeat(1000)), "\"a\":1}", size) => json;
    content_of_json_elements: |size| long("[", "0,", "0]", size) => json;
    content_of_json_empty_ones: |size| long("[", "{},", "0]", size) => json;
    content_of_json_secrets: |size| long("[", "{\"token\":1},", "0]", size) => json;
    content_of_json_ignored: |size| long("[", "{\"a\":{\"b\":1}},", "0]", size) => json;
    content_of_json_credentials: |size| long("[", "{\"api_key\":1},", "0]", size) => json;
    content_of_json_string: |size| long("\"", "x", "\"", size) => json;
    content_of_json_escapes: |size| long("\"", "\\u001f", "\"", size) => json;
    content_of_json_surrogates: |size| long("\"", "\\ud83d\\ude00", "\"", size) => json;
    content_of_json_unterminated: |size| long("\"", "\\\\", "", size) => json;
    content_of_json_digits: |size| long("1", "0", "", size) => json;
    content_of_json_spaces: |size| long("[", " ", "]", size) => json;
    content_of_json_brackets: |size| long("", "[", "", size) => json;
    content_of_json_deep_arrays: |size| counted("[", |_| nested("[", "]") + ",", "0]", size) => json;
    content_of_json_deep_paths: |size| counted("[", |_| nested("{\"a\":", "}") + ",", "0]", size) => json;
    content_of_json_deep_secrets: |size| counted("[", |_| nested("{\"token\":", "}") + ",", "0]", size) => json;
    content_of_json_deep_credentials: |size| counted("[", |_| nested("{\"api_key\":", "}") + ",", "0]", size) => json;
    content_of_json_below_deep_names: |size| {
        let within = String::from_utf8(counted("{", |n| format!("\"{}\":1,", usize::MAX - n), "\"a\":1}", size)).unwrap();
        nested("{\"z\":0,\"a\":", "}").replace('1', &within).into_bytes()
    } => json;
    content_of_json_names_twice: |size| counted("{", |n| format!("\"{n}\":1,"), "\"0\":1}", size) => json;
    content_of_json_placeholders: |size| long("[", "{\"token\":\0},", "0]", size) => json;
    content_of_form_pairs: |size| counted("", |n| format!("{}=1&", usize::MAX - n), "", size) => form;
    content_of_form_of_one_name: |size| long("b=1", "&a=1", "", size) => form;
    content_of_form_ampersands: |size| long("", "&", "", size) => form;
    content_of_form_equals: |size| long("a", "=", "", size) => form;
    content_of_form_escapes: |size| long("", "%61", "=1", size) => form;
    content_of_form_broken_escapes: |size| long("", "%", "=1", size) => form;
    content_of_form_plus: |size| long("", "+", "=1", size) => form;
    content_of_form_secrets: |size| long("a=1", "&token=1", "", size) => form;
    content_of_form_credentials: |size| long("a=1", "&API_KEY=0123456789abcdef", "", size) => form;
    content_of_parts_many: |size| counted("", |n| part(NAMED, &n.to_string()), CLOSED, size) => parts;
    content_of_parts_secret: |size| counted("", |_| part("form-data; name=token", "1"), CLOSED, size) => parts;
    content_of_parts_one: |size| counted(&part(NAMED, ""), |_| String::from("- -"), "", size) => parts;
    content_of_parts_dashes: |size| long(&part(NAMED, ""), "-------- ", CLOSED, size) => parts;
    content_of_parts_line_ends: |size| long("----------\r\n", "\r\n", CLOSED, size) => parts;
    content_of_parts_lines: |size| long("----------\r\n", "a: b\r\n", CLOSED, size) => parts;
    content_of_parts_parameters: |size| {
        let disposition = counted(NAMED, |n| format!("; n{n}=\"x\""), "", size);
        format!("{}{CLOSED}", part(&String::from_utf8(disposition).unwrap(), "")).into_bytes()
    } => parts;
    content_type: |size| one("Content-Type", &counted("a/b", |n| format!("; n{n}=\"x\""), "", size)) => |fields| {
        black_box(body::read(b"x", fields, &Names::default(), false, &SECRET));
    };
    content_encoding: |size| one("Content-Encoding", &long("a", " , ", "", size)) => |fields| {
        black_box(body::read(b"x", fields, &Names::default(), false, &SECRET));
    };
}
