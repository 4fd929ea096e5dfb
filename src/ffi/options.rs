//! Options: numbered keys in an opaque object, so that a new option is never a new symbol.

use std::ffi::{c_char, c_void};
use std::sync::Arc;

use super::error::hc_status;
use super::guard;
use super::objects::{
    Items, Process, RequestViews, ResponseViews, hc_error, hc_options, hc_request, hc_response,
};
use crate::cache::{Clock, Filter, Log, Options, Request, Verdict};

/// An option's number: one of hc_option_key.
pub type hc_option = i32;

/// Expiries and durations with a name. No arithmetic on times comes near them.
#[repr(C)]
pub enum hc_time {
    /// Stored if it has a validator, revalidated on each use.
    HC_EXPIRE_IMMEDIATELY = 0,
    /// No value: the next in the order of precedence. Of a time in a view: there is none.
    HC_UNSET = -2147483647,
    /// Never stale. Of a limit: none, however stale or long.
    HC_NEVER_EXPIRE = -2147483646,
    /// Neither read nor written.
    HC_DO_NOT_CACHE = -2147483645,
}

/// Options of hc_options_set; those marked * also of hc_request_set.
#[repr(C)]
pub enum hc_option_key {
    /// 0 or 1. RFC 9111 decides from the response's fields; with 0 the settings alone decide.
    /// Default 0.
    HC_OPT_CACHE_CONTROL = 100,
    /// 0 or 1. With CACHE_CONTROL: the cache serves several users (RFC 9111 1), and is not private.
    /// Default 0.
    HC_OPT_SHARED = 101,
    /// ms, or a named value. * How long a response stays fresh after it was received. Unset: never
    /// stale without CACHE_CONTROL; with it heuristics (RFC 9111 4.2.2). Default unset.
    HC_OPT_EXPIRE_AFTER = 102,
    /// Instant. * The same as an instant; the last of the two that is set holds. Default none.
    HC_OPT_EXPIRE_AT = 103,
    /// 0 to 100. With CACHE_CONTROL, the percentage of Date - Last-Modified that is the lifetime where
    /// nothing else says one (RFC 9111 4.2.2). Default 10.
    HC_OPT_HEURISTIC_PERCENT = 104,
    /// ms, or HC_NEVER_EXPIRE: however stale. * How long after it became stale a response is used when
    /// the origin fails (RFC 5861 4). Default 0.
    HC_OPT_STALE_IF_ERROR = 105,
    /// ms, or HC_NEVER_EXPIRE. * How long after it became stale a response is used while it is
    /// revalidated (RFC 5861 3), where the response names no time itself. Default 0.
    HC_OPT_STALE_WHILE_REVALIDATE = 106,
    /// 0 or 1. * Nothing is reused before the origin said that it is valid. Default 0.
    HC_OPT_ALWAYS_REVALIDATE = 107,
    /// 0 or 1. * Revalidate now; without a validator, fetch anew. Default 0.
    HC_OPT_REFRESH = 108,
    /// 0 or 1. * Do not use what is stored, and replace it. Default 0.
    HC_OPT_FORCE_REFRESH = 109,
    /// 0 or 1. * Never forward: what cannot be answered is a 504 (RFC 9111 5.2.1.7). Default 0.
    HC_OPT_ONLY_IF_CACHED = 110,
    /// 0 or 1. * Neither read nor written: requests go past the cache. What unsafe ones change is invalidated all the
    /// same. Default 0.
    HC_OPT_BYPASS = 111,
    /// 0 or 1. * Read, and never written: nothing is stored, freshened or invalidated, nor deleted but by hc_delete and
    /// its like, and hc_open works also where nothing can be written, as on a read-only mount. What unsafe requests
    /// change this hc_cache does not serve any more until it is stored anew. Default 0.
    HC_OPT_READ_ONLY = 112,
    /// 0 or 1. Every request field is part of the key, but those that HC_LIST_IGNORED names and those about the
    /// transfer, conditions, ranges and caching. Default 0.
    HC_OPT_MATCH_ALL_FIELDS = 113,
    /// 0 or 1. That an ignored name is there counts, though not its value. Default 0.
    HC_OPT_IGNORED_PRESENCE_COUNTS = 114,
    /// 0 or 1. Unsafe methods that succeed take away what is stored of their URL (RFC 9111 4.4). Default
    /// CACHE_CONTROL.
    HC_OPT_INVALIDATE = 116,
    /// 0 or 1. * A response is reused whatever credentials it was fetched with, and whoever asks. With 0, one that was
    /// fetched with Authorization, or another default name of HC_LIST_IGNORED, answers only requests of the same
    /// credentials. Default 0.
    HC_OPT_SHARE_CREDENTIALS = 117,
    /// 0 or 1. No-Vary-Search says which parameters of a URL count for nothing. Default 0.
    HC_OPT_NO_VARY_SEARCH = 118,
    /// 0 or 1. Cache-Groups and Cache-Group-Invalidation are honoured (RFC 9875). Default 0.
    HC_OPT_GROUPS = 119,
    /// Bytes, or HC_NEVER_EXPIRE. Larger bodies pass through unstored. Default none.
    HC_OPT_MAX_RESPONSE_BYTES = 121,
    /// 0 fast: discarded after an unclean reboot; 1 safe: the last moments may be lost; 2 synced:
    /// HC_STORED is durable. Recorded when the directory is made; another value later is
    /// HC_E_MISMATCH, unset takes the directory's. Default 1.
    HC_OPT_DURABILITY = 122,
    /// 1 to 4096. Variants kept of one primary key, the oldest goes first. Default 64.
    HC_OPT_MAX_VARIANTS = 123,
    /// 0 or 1. 0: the library starts no thread, and what is stored is committed in your calls, see hc_work. 1: it
    /// starts some that call nothing of yours: one for each directory commits what is stored, and ends when there
    /// was nothing to do for a second; hc_fetch revalidates on others (RFC 5861 3), and where the cache has a clock,
    /// a log, a filter, another function or a transport of yours, before it returns. Of caches with the same
    /// directory, the first one says who commits. Default 1.
    HC_OPT_WORKERS = 125,
    /// What hc_open's path means. 0: the cache directory. 1: a name in the directory of this user's caches,
    /// $XDG_CACHE_HOME or ~/.cache; NULL is "http_cache". 2: a directory, or NULL for $TMPDIR or /tmp, in which a
    /// temporary one is made: it goes with the last that has it open, this process or a child that it forked. Default 0.
    HC_OPT_PLACE = 126,
    /// 0 or 1. Of variants by language, one that is stored is chosen where Accept-Language wants none more.
    /// Default 0.
    HC_OPT_SELECT_LANGUAGE = 127,
    /// ms, or HC_NEVER_EXPIRE. * hc_fetch, until the header section is in. Default 30000.
    HC_OPT_HEAD_TIMEOUT = 130,
    /// ms, or HC_NEVER_EXPIRE. * Until a connection stands. Default 10000.
    HC_OPT_CONNECT_TIMEOUT = 131,
    /// 0 to 1000. * Redirects followed; beyond it HC_E_REDIRECT. Default 30.
    HC_OPT_MAX_REDIRECTS = 132,
    /// 0 or 1. * It is verified that the origin is who its URL says (TLS). Part of the key. Default 1.
    HC_OPT_VERIFY_TLS = 133,
    /// ms, or HC_NEVER_EXPIRE. * Between two pieces of a body. Default 30000.
    HC_OPT_IDLE_TIMEOUT = 135,
    /// ms, or HC_NEVER_EXPIRE. * To the end of the body. Default none.
    HC_OPT_TOTAL_TIMEOUT = 136,
    /// 0 or 1. * Follow redirects from https to http. Default 0.
    HC_OPT_ALLOW_DOWNGRADE = 137,
    /// Bytes, from 1024. The header section of an answer; beyond it HC_E_TOO_LARGE. Default 262144.
    HC_OPT_MAX_HEAD_BYTES = 139,
    /// From 1. Fields of an answer; beyond it HC_E_TOO_LARGE. Default 1000.
    HC_OPT_MAX_FIELDS = 140,
    /// 0 or 1. * hc_fetch follows redirects, each hop through the cache. Default 1.
    HC_OPT_FOLLOW = 141,
    /// 0 or 1. * Send once more when a reused connection died before any byte. Default 1.
    HC_OPT_RETRY = 142,
    /// 0 or 1. Query parameters are sorted by name in the key; sent as given. Default not CACHE_CONTROL.
    HC_OPT_SORT_QUERY = 143,
    /// Bytes, 16 to 16777216. Longer URLs are HC_E_TOO_LARGE. Default 65536.
    HC_OPT_MAX_URL_BYTES = 144,
    /// 0 or 1. Cache-Status is added to what is handed on (RFC 9211). Default 0.
    HC_OPT_CACHE_STATUS = 145,
    /// 0 or 1. With CACHE_CONTROL: a response that says `immutable` never becomes stale, whatever else it says.
    /// Without this that holds for one that names no lifetime, in a private cache (RFC 8246). Default 0.
    HC_OPT_IMMUTABLE_FOREVER = 146,
    /// 0 or 1. * Where the beginning of a response is stored (RFC 9111 3.3), the origin is asked for the rest
    /// alone. hc_fetch joins them. With hc_lookup see HC_CONTINUED, which you have to heed then. Default 0.
    HC_OPT_COMPLETE = 147,
    /// 0 or 1. Beside a response all fields of its request are stored, and the body, up to 64 KiB each and without
    /// what HC_LIST_IGNORED keeps from the disk. 0: only the fields that Vary names, and a keyed hash of the body.
    /// Default 1.
    HC_OPT_KEEP_REQUEST = 148,
    /// 0 or 1. The lists of all request fields mean the same in any order and letter case. Default 0.
    HC_OPT_UNORDERED_FIELDS = 149,
}

/// Lists of hc_options_add, hc_options_clear and hc_options_item, and names of hc_options_set_string; those marked *
/// also of hc_request_set_string.
#[repr(C)]
pub enum hc_list_key {
    /// Methods whose responses are stored. Default GET, HEAD.
    HC_LIST_METHOD = 200,
    /// Status codes that are stored, in decimal. Default 200; with CACHE_CONTROL and none added, what RFC
    /// 9111 3 allows. Never stored are 1xx, 304, 407, 412 and 416; 206 as the RFC says (3.3).
    HC_LIST_STATUS = 201,
    /// Names that count for nothing: of request fields, of parameters of URLs and forms, and of members at the top of
    /// JSON; or paths of members that lie deeper ("$.a.b", "$..name", "$.list[*].name"). Their values are left out of
    /// the key, and never reach the disk, in the request and in the fields of the response. Fields are compared without
    /// case; of another spelling of a parameter the key keeps a keyed hash. Default what authenticates: Authorization,
    /// Proxy-Authorization, X-API-Key, X-Auth-Token, X-API-Token, X-Access-Token, access_token, api_key, apikey; a stored
    /// response is selected by those who sent the same of these, unless you add them yourself, and see
    /// HC_OPT_SHARE_CREDENTIALS. A response is not stored (HC_NOT_STORED, "redaction") whose Location,
    /// Content-Location, Link or Refresh holds such a value, or userinfo. Fields that say how a response is reused
    /// (Vary, Date, ...), Set-Cookie and its body are stored as they are.
    HC_LIST_IGNORED = 202,
    /// Names of request fields that are part of the key, beside those that Vary selects by. Default none.
    HC_LIST_MATCH_FIELD = 203,
    /// Names of targeted fields, the most specific first (RFC 9213). Needs CACHE_CONTROL. Default none.
    HC_LIST_TARGETED_FIELD = 206,
    /// Names of request fields whose lists mean the same in any order and letter case, beside Accept, Accept-Charset,
    /// Accept-Encoding and Accept-Language. Default none.
    HC_LIST_UNORDERED_FIELD = 208,
    /// At most 4096 bytes. * Part of the key: a user, a tenant. Responses of one partition answer no request of
    /// another. Default none.
    HC_STR_PARTITION = 300,
    /// Who this cache is in Cache-Status (RFC 9211 2): printable ASCII. Default "httpcache".
    HC_STR_CACHE_NAME = 301,
    /// A path. * A file of certificates in PEM that vouch for origins, in place of the system's. hc_fetch reads it
    /// again; its content when it is set is part of the key. Default none.
    HC_STR_CA_FILE = 311,
}

/// What language a pattern for URLs is written in. What is matched is the normalised URL, without userinfo and
/// fragment.
#[repr(C)]
pub enum hc_pattern {
    /// `[scheme://]host[:port][/path]`. `*` stands for any number of characters, `?` for one, `[a-z]` and `[!a-z]` for
    /// one of some. Of the host, to its end and without regard to case; no wildcard stands for a `/`, `:` or `@`, and
    /// `*` alone for any host. Port and scheme are compared where they are given. Of path and query the beginning, with
    /// case; there wildcards stand for a `/` too. An empty glob matches all.
    HC_GLOB = 1,
    /// A regular expression, searched for in the whole URL in time linear in its length: ^ and $ anchor it, (?i)
    /// ignores case; there are no look-around and no backreferences.
    HC_REGEX = 2,
}

/// How grave a log line is.
#[repr(C)]
pub enum hc_log_level {
    /// The cache lost something, or works as pass-through.
    HC_LOG_ERROR = 1,
    /// Something is not as it should be.
    HC_LOG_WARNING = 2,
    /// What happens now and then.
    HC_LOG_INFO = 3,
    /// What happens on each call.
    HC_LOG_DEBUG = 4,
}

/// Runs once, after the last use of `user`.
pub type hc_destroy_fn = Option<unsafe extern "C" fn(user: *mut c_void)>;
/// Now, in milliseconds since the Unix epoch. May be called from several threads at once.
pub type hc_clock_fn = Option<unsafe extern "C" fn(user: *mut c_void) -> i64>;
/// Takes one line without its end and without secrets. May be called from several threads at once.
pub type hc_log_fn =
    Option<unsafe extern "C" fn(user: *mut c_void, level: i32, message: *const c_char, len: usize)>;

/// Whether a response may be stored, and may stay: 1 yes, 0 no; a negative status says that the filter failed.
/// `request` and `response` are lent for the call; hc_response_body gives the whole body. May be called from
/// several threads at once.
pub type hc_filter_fn = Option<
    unsafe extern "C" fn(
        user: *mut c_void,
        request: *const hc_request,
        response: *mut hc_response,
    ) -> i32,
>;

/// Makes options that hold the defaults. NULL: out of memory.
#[unsafe(no_mangle)]
pub extern "C" fn hc_options_new() -> *mut hc_options {
    guard::value(std::ptr::null_mut(), || {
        guard::lend(hc_options {
            options: Options::default(),
            transport: None,
            items: Items::default(),
        })
    })
}

/// Sets the option `key`. HC_E_UNSUPPORTED: the number is not known; HC_E_ARGUMENT: the value is out of
/// its range; either way nothing changes.
///
/// # Safety
/// `o` is NULL or options that were not freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hc_options_set(
    o: *mut hc_options,
    key: hc_option,
    value: i64,
    err: *mut *mut hc_error,
) -> hc_status {
    guard::status(err, || {
        // SAFETY: the caller passes NULL or live options that no other thread uses now.
        let o = unsafe { guard::object_mut(o, "options")? };
        o.options.settings.set(key, value)?;
        Ok(0)
    })
}

/// Adds an item to a list of hc_list_key, which begins as its default. HC_E_UNSUPPORTED: the list is not known;
/// HC_E_ARGUMENT: the item is none of its kind.
///
/// # Safety
/// `o` is NULL or options that were not freed, `item` is NULL or holds as many bytes as said, `err` is NULL or
/// writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hc_options_add(
    o: *mut hc_options,
    list: hc_option,
    item: *const c_char,
    item_len: usize,
    err: *mut *mut hc_error,
) -> hc_status {
    guard::status(err, || {
        // SAFETY: the caller passes live options that no other thread uses now, and a readable string.
        let (o, item) = unsafe {
            (
                guard::object_mut(o, "options")?,
                guard::text(item, item_len, "item")?,
            )
        };
        o.options.settings.add(list, item)?;
        o.items = Items::default();
        Ok(0)
    })
}

/// The item at place `i` of a list of hc_list_key, as it stands or by default. NULL: it has no more, or is not
/// known. Lent until the options are changed or freed.
///
/// # Safety
/// `o` is NULL or options that were not freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hc_options_item(
    o: *const hc_options,
    list: hc_option,
    i: usize,
) -> *const c_char {
    guard::value(std::ptr::null(), || {
        // SAFETY: the caller passes NULL or live options that no other thread uses now.
        let Ok(o) = (unsafe { guard::object(o, "options") }) else {
            return std::ptr::null();
        };
        o.items.get(&o.options, list, i)
    })
}

/// Empties a list of hc_list_key: its default too is gone. HC_E_UNSUPPORTED: the list is not known.
///
/// # Safety
/// `o` is NULL or options that were not freed, `err` is NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hc_options_clear(
    o: *mut hc_options,
    list: hc_option,
    err: *mut *mut hc_error,
) -> hc_status {
    guard::status(err, || {
        // SAFETY: the caller passes NULL or live options that no other thread uses now.
        let o = unsafe { guard::object_mut(o, "options")? };
        o.options.settings.clear(list)?;
        o.items = Items::default();
        Ok(0)
    })
}

/// Sets a name of hc_list_key; NULL: its default. HC_E_UNSUPPORTED: it is not known; HC_E_ARGUMENT: the value is none
/// of its kind; HC_E_IO: the file it names cannot be read.
///
/// # Safety
/// `o` is NULL or options that were not freed, `value` is NULL or holds as many bytes as said, `err` is NULL or
/// writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hc_options_set_string(
    o: *mut hc_options,
    name: hc_option,
    value: *const c_char,
    value_len: usize,
    err: *mut *mut hc_error,
) -> hc_status {
    guard::status(err, || {
        // SAFETY: the caller passes live options that no other thread uses now, and NULL or a readable string.
        let (o, value) = unsafe {
            (
                guard::object_mut(o, "options")?,
                guard::optional_text(value, value_len, "value")?,
            )
        };
        o.options.settings.set_name(name, value)?;
        Ok(0)
    })
}

/// Gives responses of a status code, or of a class of them by its first digit, an expiry of their own, which
/// holds before that of the cache. `expire_after` is in ms or a named value; HC_UNSET takes it back. What a request
/// says (its own expiry, and without CACHE_CONTROL its max-age) comes first, and with CACHE_CONTROL what the
/// response says.
///
/// # Safety
/// `o` is NULL or options that were not freed, `err` is NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hc_options_status_expiry(
    o: *mut hc_options,
    status: i32,
    expire_after: i64,
    err: *mut *mut hc_error,
) -> hc_status {
    guard::status(err, || {
        // SAFETY: the caller passes NULL or live options that no other thread uses now.
        let o = unsafe { guard::object_mut(o, "options")? };
        o.options.settings.set_status_expiry(status, expire_after)?;
        Ok(0)
    })
}

/// Adds a rule for the URLs that match a pattern of `kind`, one of hc_pattern: of the rules that match, the first one
/// added holds. `expire_after` is in ms or a named value: HC_DO_NOT_CACHE keeps the cache out of it, HC_UNSET leaves it to
/// the rules that follow. What comes before hc_options_status_expiry comes before this too, and
/// this before that. HC_E_ARGUMENT: the pattern is none of its kind, or
/// takes too much memory.
///
/// # Safety
/// `o` is NULL or options that were not freed, `pattern` is NULL or holds as many bytes as said, `err` is NULL or
/// writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hc_options_add_url_rule(
    o: *mut hc_options,
    kind: i32,
    pattern: *const c_char,
    pattern_len: usize,
    expire_after: i64,
    err: *mut *mut hc_error,
) -> hc_status {
    guard::status(err, || {
        // SAFETY: the caller passes live options that no other thread uses now, and a readable string.
        let (o, pattern) = unsafe {
            (
                guard::object_mut(o, "options")?,
                guard::text(pattern, pattern_len, "pattern")?,
            )
        };
        o.options
            .settings
            .add_url_rule(kind, pattern, expire_after)?;
        Ok(0)
    })
}

/// Replaces the clock of the cache and of everything stored in it. NULL: the system's.
///
/// # Safety
/// `o` is NULL or options that were not freed; `clock` may be called with `user` until `destroy` ran.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hc_options_clock(
    o: *mut hc_options,
    clock: hc_clock_fn,
    user: *mut c_void,
    destroy: hc_destroy_fn,
) -> hc_status {
    let user = guard::User::new(user, destroy);
    guard::status(std::ptr::null_mut(), || {
        // SAFETY: the caller passes NULL or live options that no other thread uses now.
        let o = unsafe { guard::object_mut(o, "options")? };
        o.options.clock = clock
            .map(|call| {
                Clock::Callback(Arc::new(move || {
                    // SAFETY: `call` and `user` are valid until `destroy` ran, which `user` sees to.
                    unsafe { call(user.pointer()) }
                }))
            })
            .unwrap_or_default();
        Ok(0)
    })
}

/// Takes log lines up to `level`. NULL: none are made.
///
/// # Safety
/// `o` is NULL or options that were not freed; `log` may be called with `user` until `destroy` ran.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hc_options_log(
    o: *mut hc_options,
    level: i32,
    log: hc_log_fn,
    user: *mut c_void,
    destroy: hc_destroy_fn,
) -> hc_status {
    let user = guard::User::new(user, destroy);
    guard::status(std::ptr::null_mut(), || {
        // SAFETY: the caller passes NULL or live options that no other thread uses now.
        let o = unsafe { guard::object_mut(o, "options")? };
        o.options.log = log.map_or_else(Log::none, |call| {
            Log::new(level, move |level, message: &str| {
                // SAFETY: `call` and `user` are valid until `destroy` ran, which `user` sees to; the
                // message is valid for the call.
                unsafe {
                    call(
                        user.pointer(),
                        level,
                        message.as_ptr().cast(),
                        message.len(),
                    )
                }
            })
        });
        Ok(0)
    })
}

/// Has `filter` asked, after all other rules, before a response is stored (once its body is complete) and each
/// time one is reused or freshened. What it refuses is not stored, or is deleted and answered with this last
/// time. One that fails stores nothing, deletes nothing, and leaves a log line. NULL: none is asked.
///
/// # Safety
/// `o` is NULL or options that were not freed; `filter` may be called with `user` until `destroy` ran.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hc_options_filter(
    o: *mut hc_options,
    filter: hc_filter_fn,
    user: *mut c_void,
    destroy: hc_destroy_fn,
) -> hc_status {
    let user = guard::User::new(user, destroy);
    guard::status(std::ptr::null_mut(), || {
        // SAFETY: the caller passes NULL or live options that no other thread uses now.
        let o = unsafe { guard::object_mut(o, "options")? };
        o.options.filter = filter.map_or_else(Filter::default, |call| {
            Filter::new(move |request: &Arc<Request>, response| {
                let request = hc_request {
                    request: request.clone(),
                    views: RequestViews::default(),
                };
                let mut response = hc_response {
                    process: Process::default(),
                    response,
                    views: ResponseViews::default(),
                };
                // SAFETY: `call` and `user` are valid until `destroy` ran, which `user` sees to; the objects
                // live through the call.
                match unsafe { call(user.pointer(), &request, &mut response) } {
                    0 => Verdict::Refuse,
                    status if status < 0 => Verdict::Failed(status),
                    _ => Verdict::Keep,
                }
            })
        });
        Ok(0)
    })
}

/// Destroys options. Caches opened with them are not concerned.
///
/// # Safety
/// `o` is NULL or options that were not freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hc_options_free(o: *mut hc_options) {
    // SAFETY: it came from hc_options_new and is freed once.
    unsafe { guard::free(o) }
}
