/* httpcache.h - an HTTP cache (RFC 9111) behind a C ABI.
 *
 * A hit is three calls: fill a request, hc_lookup, hc_exchange_free. With the library's own transport
 * it is one: hc_fetch. Rules that hold for every function below are stated here, once:
 *
 *  Objects    All types but hc_field and the structs that begin with struct_size are opaque. _new and
 *             _open create, _free and _close destroy, on any thread and in any order: what depends on
 *             another object keeps it alive. Destroying NULL does nothing.
 *  Ownership  An object written to `T **out` is yours to destroy. A returned pointer, and each pointer
 *             in a view, is borrowed from the object that was asked and valid until that object is
 *             destroyed or changed, whatever is deleted from the cache meanwhile. One with a length of 0
 *             beside it is NULL or may be read. The library never frees memory of yours, and you never
 *             free memory of the library's.
 *  Strings    Inputs are (pointer, length) and are copied. Pass HC_NTS as the length of a
 *             NUL-terminated one, NULL with 0 for an empty one. Outputs are NUL-terminated, with their
 *             length beside them where they may hold any byte. Names are ASCII, URLs ASCII or UTF-8,
 *             field values are bytes, file names are NUL-terminated.
 *  Errors     0 is success, a positive status an answer that is no error, a negative one an error. Any
 *             result but 0 sets object outputs to NULL. `hc_error **err` may be NULL; if not, it is set
 *             to NULL on success and on failure to an error that you free. A required pointer that is
 *             NULL is HC_E_ARGUMENT; `view`, `outcome` and the length or number beside a returned
 *             pointer are not required. There is no thread-local state.
 *  The store  never breaks a caller. Once hc_open has succeeded, where the cache itself fails (disk
 *             full, damage, another process), hc_lookup says HC_FORWARD, hc_store says HC_NOT_STORED,
 *             hc_fetch passes through, and a counter (hc_stats.errors) and a log line tell. These calls
 *             fail only for what the caller or the origin did. Those that look into the cache or after
 *             it say when it fails.
 *  Time       int64_t milliseconds: since the Unix epoch for instants (names ending in _at), plain for
 *             durations. A negative one is HC_E_ARGUMENT, except the named values below.
 *  Threads    [any]: from any thread, at once. [one]: one thread at a time per object, not always the
 *             same. All functions of hc_cache are [any], all others are [one] for each object passed.
 *  Waiting    [wait]: may wait for the network, the disk or another thread; release an interpreter lock
 *             around it.
 *  Callbacks  `user` comes first. They run inside your calls, on the calling thread, never under a lock
 *             or a transaction of the library. They may call the library, but must not destroy the
 *             object of the call they run in, throw, or longjmp. `destroy` runs exactly once, after the
 *             last use, also when the call that took it failed; it may be NULL.
 *  fork       A cache opened before fork() works in the child: it notices and reopens itself, and sees
 *             what was flushed. Options, requests and responses that you built are plain data and work
 *             too. Exchanges, walks and the responses made from a cache may only be destroyed there;
 *             using them is HC_E_MISUSE.
 *  Growth     In a struct that begins with struct_size you set struct_size = sizeof(the struct); the
 *             library touches no more than that. hc_field never changes. Numbers are never reused.
 *
 * Which verb may follow which decision of hc_lookup (any other is HC_E_MISUSE and changes nothing):
 *
 *   decision           hand on          send                     then exactly one of
 *   HC_FORWARD         -                hc_exchange_forward      hc_store | hc_store_begin | hc_store_failure
 *   HC_FRESH           the view         -                        -
 *   HC_STALE           the view         -                        -
 *   HC_STALE_REVALIDATE  the view       hc_exchange_forward      hc_store | hc_store_begin | hc_store_failure
 *   HC_REVALIDATE      -                hc_exchange_forward      hc_store | hc_store_begin | hc_store_failure
 *   HC_UNSATISFIABLE   the view (504)   -                        -
 *
 *   outcome            hand on          then
 *   HC_NOT_STORED      the view's head, the origin's body        -
 *   HC_STORED          the view         -
 *   HC_FRESHENED       the view         -
 *   HC_USED_STALE      the view         -   (drop the origin's body)
 *   HC_STORING         the view's head, the origin's body        hc_store_write ..., then exactly one of
 *                                                                hc_store_end | hc_store_failure
 *   HC_REPEAT          -                hc_exchange_forward again, then as after HC_FORWARD
 *
 * An exchange may be freed at any point; what was not ended is not stored.
 */
#ifndef HTTPCACHE_H
#define HTTPCACHE_H

#include <stddef.h>
#include <stdint.h>

#define HC_VERSION "0.1.0"
#define HC_VERSION_NUMBER 0x000100 /* 0xXXYYZZ: major, minor, patch */
#define HC_NTS ((size_t)-1) /* as a length: the string ends at its NUL */

#ifdef __cplusplus
extern "C" {
#endif

/* ---- objects ---- */

typedef struct hc_cache hc_cache; /* An open cache; share it between threads. [any] */
typedef struct hc_error hc_error; /* Why a call failed; never changes. [any] */
typedef struct hc_exchange hc_exchange; /* One request on its way through the cache. [one] */
typedef struct hc_iter hc_iter; /* A walk over the stored responses. [one] */
typedef struct hc_options hc_options; /* Configuration of a cache; hc_open copies it. [one] */
typedef struct hc_request hc_request; /* Method, URL, fields, body and options of a request. [one] */
typedef struct hc_response hc_response; /* Status, fields, body, and what the cache knows of them. [one] */
typedef struct hc_sink hc_sink; /* Where a callback writes what it was asked for. [one] */

/* ---- statuses and errors ---- */

/* What a call can answer. Blocks of numbers: 0 and above are no errors, -1 to -9 the call itself,
 * -10 to -19 the store (hc_open, and reading a stored body that is damaged), -20 to -29 messages, -30 to
 * -39 the way to the origin. */
typedef enum {
    HC_OK = 0, /* Success. */
    HC_DONE = 1, /* No more bytes. */
    HC_NOT_FOUND = 2, /* There is none. */
    HC_E_ARGUMENT = -1, /* An argument is not what the call takes. */
    HC_E_MISUSE = -2, /* The call came out of order. */
    HC_E_UNSUPPORTED = -3, /* The option or the feature is not in this build. */
    HC_E_NO_MEMORY = -4, /* Memory could not be reserved. */
    HC_E_INTERNAL = -5, /* A bug in the library; destroy the object. */
    HC_E_CONFLICT = -6, /* Two options contradict each other. */
    HC_E_MISMATCH = -7, /* An option contradicts what the cache directory was made with. */
    HC_E_IO = -10, /* Reading or writing failed. */
    HC_E_FULL = -11, /* The disk or a quota is full. */
    HC_E_CORRUPT = -12, /* What is stored is damaged. */
    HC_E_NEWER_FORMAT = -13, /* The directory was written by a newer version. */
    HC_E_BUSY = -14, /* Another process, or another copy of the library in this one, holds it. */
    HC_E_READ_ONLY = -15, /* The file system can be read but not written. */
    HC_E_PERMISSION = -16, /* The system refuses access. */
    HC_E_NOT_DIRECTORY = -17, /* The path leads to something that is no directory. */
    HC_E_FOREIGN_OWNER = -18, /* The directory belongs to another user. */
    HC_E_SYMLINK = -19, /* The directory is a symbolic link. */
    HC_E_URL = -20, /* The URL cannot be requested. */
    HC_E_FIELD = -21, /* A field name or value is malformed. */
    HC_E_TOO_LARGE = -22, /* A limit was exceeded. */
    HC_E_METHOD = -23, /* The method is no token. */
    HC_E_TRANSPORT = -30, /* The exchange with the origin failed in another way than those below. */
    HC_E_TIMEOUT = -31, /* The origin took too long. */
    HC_E_CANCELLED = -32, /* The caller cancelled. */
    HC_E_RESOLVE = -33, /* The host name could not be resolved. */
    HC_E_CONNECT = -34, /* No connection could be made. */
    HC_E_TLS = -35, /* TLS could not be set up, or the peer is not who it should be. */
    HC_E_PROTOCOL = -36, /* The origin's answer is broken or was cut off. */
    HC_E_REDIRECT = -37, /* Too many redirects, or one that may not be followed. */
    HC_E_CALLBACK = -40, /* A callback failed. */
} hc_status_code;

/* The result of a call: one of hc_status_code. */
typedef int32_t hc_status;

/* What a status says, in English. Static, never NULL. [any] */
const char *hc_strerror(hc_status status);

/* The status the failed call returned. 0 for NULL. */
hc_status hc_error_status(const hc_error *e);

/* What failed and why, with its subject and without secrets. "" for NULL. */
const char *hc_error_message(const hc_error *e);

/* The number below the error, and whose number it is: "errno", "lmdb", "curl" or "callback". NULL when
 * there is none; then `*number` is 0. `number` may be NULL. */
const char *hc_error_cause(const hc_error *e, int32_t *number);

/* Destroys an error. */
void hc_error_free(hc_error *e);

/* ---- versions [any] ---- */

/* The version of the library that runs, as "major.minor.patch". Static. [any] */
const char *hc_version(void);

/* The same as a number to compare with HC_VERSION_NUMBER: 0xXXYYZZ. [any] */
uint32_t hc_version_number(void);

/* Whether this build has a feature: "lmdb" (the store), "fetch" (hc_fetch over libcurl). 0 for any other
 * name and for NULL. [any] */
int hc_has_feature(const char *name);

/* ---- options: numbered keys, so that a new option is never a new symbol [one] ---- */

/* Expiries and durations with a name. No arithmetic on times comes near them. */
typedef enum {
    HC_EXPIRE_IMMEDIATELY = 0, /* Stored if it has a validator, revalidated on each use. */
    /* No value: the next in the order of precedence. Of a time in a view: there is none. */
    HC_UNSET = -2147483647,
    HC_NEVER_EXPIRE = -2147483646, /* Never stale. Of a limit: none, however stale or long. */
    HC_DO_NOT_CACHE = -2147483645, /* Neither read nor written. */
} hc_time;

/* Options of hc_options_set; those marked * also of hc_request_set. */
typedef enum {
    /* 0 or 1. RFC 9111 decides from the response's fields; with 0 the settings alone decide.
     * Default 0. */
    HC_OPT_CACHE_CONTROL = 100,
    /* 0 or 1. With CACHE_CONTROL: the cache serves several users (RFC 9111 1), and is not private.
     * Default 0. */
    HC_OPT_SHARED = 101,
    /* ms, or a named value. * How long a response stays fresh after it was received. Unset: never
     * stale without CACHE_CONTROL; with it heuristics (RFC 9111 4.2.2). Default unset. */
    HC_OPT_EXPIRE_AFTER = 102,
    /* Instant. * The same as an instant; the last of the two that is set holds. Default none. */
    HC_OPT_EXPIRE_AT = 103,
    /* 0 to 100. With CACHE_CONTROL, the percentage of Date - Last-Modified that is the lifetime where
     * nothing else says one (RFC 9111 4.2.2). Default 10. */
    HC_OPT_HEURISTIC_PERCENT = 104,
    /* ms, or HC_NEVER_EXPIRE: however stale. * How long after it became stale a response is used when
     * the origin fails (RFC 5861 4). Default 0. */
    HC_OPT_STALE_IF_ERROR = 105,
    /* ms, or HC_NEVER_EXPIRE. * How long after it became stale a response is used while it is
     * revalidated (RFC 5861 3), where the response names no time itself. Default 0. */
    HC_OPT_STALE_WHILE_REVALIDATE = 106,
    /* 0 or 1. * Nothing is reused before the origin said that it is valid. Default 0. */
    HC_OPT_ALWAYS_REVALIDATE = 107,
    HC_OPT_REFRESH = 108, /* 0 or 1. * Revalidate now; without a validator, fetch anew. Default 0. */
    HC_OPT_FORCE_REFRESH = 109, /* 0 or 1. * Do not use what is stored, and replace it. Default 0. */
    /* 0 or 1. * Never forward: what cannot be answered is a 504 (RFC 9111 5.2.1.7). Default 0. */
    HC_OPT_ONLY_IF_CACHED = 110,
    /* 0 or 1. * Neither read nor written: requests go past the cache. What unsafe ones change is invalidated all the
     * same. Default 0. */
    HC_OPT_BYPASS = 111,
    /* 0 or 1. * Read, and never written: nothing is stored, freshened or invalidated, nor deleted but by hc_delete and
     * its like, and hc_open works also where nothing can be written, as on a read-only mount. What unsafe requests
     * change this hc_cache does not serve any more until it is stored anew. Default 0. */
    HC_OPT_READ_ONLY = 112,
    /* 0 or 1. Every request field is part of the key, but those that HC_LIST_IGNORED names and those about the
     * transfer, conditions, ranges and caching. Default 0. */
    HC_OPT_MATCH_ALL_FIELDS = 113,
    /* 0 or 1. That an ignored name is there counts, though not its value. Default 0. */
    HC_OPT_IGNORED_PRESENCE_COUNTS = 114,
    /* 0 or 1. Unsafe methods that succeed take away what is stored of their URL (RFC 9111 4.4). Default
     * CACHE_CONTROL. */
    HC_OPT_INVALIDATE = 116,
    /* 0 or 1. * A response is reused whatever credentials it was fetched with, and whoever asks. With 0, one that was
     * fetched with Authorization, or another default name of HC_LIST_IGNORED, answers only requests of the same
     * credentials. Default 0. */
    HC_OPT_SHARE_CREDENTIALS = 117,
    /* 0 or 1. No-Vary-Search says which parameters of a URL count for nothing. Default 0. */
    HC_OPT_NO_VARY_SEARCH = 118,
    /* 0 or 1. Cache-Groups and Cache-Group-Invalidation are honoured (RFC 9875). Default 0. */
    HC_OPT_GROUPS = 119,
    /* Bytes, or HC_NEVER_EXPIRE. Larger bodies pass through unstored. Default none. */
    HC_OPT_MAX_RESPONSE_BYTES = 121,
    /* 0 fast: discarded after an unclean reboot; 1 safe: the last moments may be lost; 2 synced:
     * HC_STORED is durable. Recorded when the directory is made; another value later is
     * HC_E_MISMATCH, unset takes the directory's. Default 1. */
    HC_OPT_DURABILITY = 122,
    /* 1 to 4096. Variants kept of one primary key, the oldest goes first. Default 64. */
    HC_OPT_MAX_VARIANTS = 123,
    /* 0 or 1. 0: the library starts no thread, and what is stored is committed in your calls, see hc_work. 1: it
     * starts some that call nothing of yours: one for each directory commits what is stored, and ends when there
     * was nothing to do for a second; hc_fetch revalidates on others (RFC 5861 3), and where the cache has a clock,
     * a log, a filter, another function or a transport of yours, before it returns. Of caches with the same
     * directory, the first one says who commits. Default 1. */
    HC_OPT_WORKERS = 125,
    /* What hc_open's path means. 0: the cache directory. 1: a name in the directory of this user's caches,
     * $XDG_CACHE_HOME or ~/.cache; NULL is "http_cache". 2: a directory, or NULL for $TMPDIR or /tmp, in which a
     * temporary one is made: it goes with the last that has it open, this process or a child that it forked. Default 0. */
    HC_OPT_PLACE = 126,
    /* 0 or 1. Of variants by language, one that is stored is chosen where Accept-Language wants none more.
     * Default 0. */
    HC_OPT_SELECT_LANGUAGE = 127,
    /* ms, or HC_NEVER_EXPIRE. * hc_fetch, until the header section is in. Default 30000. */
    HC_OPT_HEAD_TIMEOUT = 130,
    HC_OPT_CONNECT_TIMEOUT = 131, /* ms, or HC_NEVER_EXPIRE. * Until a connection stands. Default 10000. */
    HC_OPT_MAX_REDIRECTS = 132, /* 0 to 1000. * Redirects followed; beyond it HC_E_REDIRECT. Default 30. */
    /* 0 or 1. * It is verified that the origin is who its URL says (TLS). Part of the key. Default 1. */
    HC_OPT_VERIFY_TLS = 133,
    HC_OPT_IDLE_TIMEOUT = 135, /* ms, or HC_NEVER_EXPIRE. * Between two pieces of a body. Default 30000. */
    HC_OPT_TOTAL_TIMEOUT = 136, /* ms, or HC_NEVER_EXPIRE. * To the end of the body. Default none. */
    HC_OPT_ALLOW_DOWNGRADE = 137, /* 0 or 1. * Follow redirects from https to http. Default 0. */
    /* Bytes, from 1024. The header section of an answer; beyond it HC_E_TOO_LARGE. Default 262144. */
    HC_OPT_MAX_HEAD_BYTES = 139,
    HC_OPT_MAX_FIELDS = 140, /* From 1. Fields of an answer; beyond it HC_E_TOO_LARGE. Default 1000. */
    HC_OPT_FOLLOW = 141, /* 0 or 1. * hc_fetch follows redirects, each hop through the cache. Default 1. */
    /* 0 or 1. * Send once more when a reused connection died before any byte. Default 1. */
    HC_OPT_RETRY = 142,
    /* 0 or 1. Query parameters are sorted by name in the key; sent as given. Default not CACHE_CONTROL. */
    HC_OPT_SORT_QUERY = 143,
    HC_OPT_MAX_URL_BYTES = 144, /* Bytes, 16 to 16777216. Longer URLs are HC_E_TOO_LARGE. Default 65536. */
    /* 0 or 1. Cache-Status is added to what is handed on (RFC 9211). Default 0. */
    HC_OPT_CACHE_STATUS = 145,
    /* 0 or 1. With CACHE_CONTROL: a response that says `immutable` never becomes stale, whatever else it says.
     * Without this that holds for one that names no lifetime, in a private cache (RFC 8246). Default 0. */
    HC_OPT_IMMUTABLE_FOREVER = 146,
    /* 0 or 1. * Where the beginning of a response is stored (RFC 9111 3.3), the origin is asked for the rest
     * alone. hc_fetch joins them. With hc_lookup see HC_CONTINUED, which you have to heed then. Default 0. */
    HC_OPT_COMPLETE = 147,
    /* 0 or 1. Beside a response all fields of its request are stored, and the body, up to 64 KiB each and without
     * what HC_LIST_IGNORED keeps from the disk. 0: only the fields that Vary names, and a keyed hash of the body.
     * Default 1. */
    HC_OPT_KEEP_REQUEST = 148,
    /* 0 or 1. The lists of all request fields mean the same in any order and letter case. Default 0. */
    HC_OPT_UNORDERED_FIELDS = 149,
} hc_option_key;

/* Lists of hc_options_add, hc_options_clear and hc_options_item, and names of hc_options_set_string; those marked *
 * also of hc_request_set_string. */
typedef enum {
    HC_LIST_METHOD = 200, /* Methods whose responses are stored. Default GET, HEAD. */
    /* Status codes that are stored, in decimal. Default 200; with CACHE_CONTROL and none added, what RFC
     * 9111 3 allows. Never stored are 1xx, 304, 407, 412 and 416; 206 as the RFC says (3.3). */
    HC_LIST_STATUS = 201,
    /* Names that count for nothing: of request fields, of parameters of URLs and forms, and of members at the top of
     * JSON; or paths of members that lie deeper ("$.a.b", "$..name", "$.list[*].name"). Their values are left out of
     * the key, and never reach the disk, in the request and in the fields of the response. Fields are compared without
     * case; of another spelling of a parameter the key keeps a keyed hash. Default what authenticates: Authorization,
     * Proxy-Authorization, X-API-Key, X-Auth-Token, X-API-Token, X-Access-Token, access_token, api_key, apikey; a stored
     * response is selected by those who sent the same of these, unless you add them yourself, and see
     * HC_OPT_SHARE_CREDENTIALS. A response is not stored (HC_NOT_STORED, "redaction") whose Location,
     * Content-Location, Link or Refresh holds such a value, or userinfo. Fields that say how a response is reused
     * (Vary, Date, ...), Set-Cookie and its body are stored as they are. */
    HC_LIST_IGNORED = 202,
    /* Names of request fields that are part of the key, beside those that Vary selects by. Default none. */
    HC_LIST_MATCH_FIELD = 203,
    /* Names of targeted fields, the most specific first (RFC 9213). Needs CACHE_CONTROL. Default none. */
    HC_LIST_TARGETED_FIELD = 206,
    /* Names of request fields whose lists mean the same in any order and letter case, beside Accept, Accept-Charset,
     * Accept-Encoding and Accept-Language. Default none. */
    HC_LIST_UNORDERED_FIELD = 208,
    /* At most 4096 bytes. * Part of the key: a user, a tenant. Responses of one partition answer no request of
     * another. Default none. */
    HC_STR_PARTITION = 300,
    /* Who this cache is in Cache-Status (RFC 9211 2): printable ASCII. Default "httpcache". */
    HC_STR_CACHE_NAME = 301,
    /* A path. * A file of certificates in PEM that vouch for origins, in place of the system's. hc_fetch reads it
     * again; its content when it is set is part of the key. Default none. */
    HC_STR_CA_FILE = 311,
} hc_list_key;

/* What language a pattern for URLs is written in. What is matched is the normalised URL, without userinfo and
 * fragment. */
typedef enum {
    /* `[scheme://]host[:port][/path]`. `*` stands for any number of characters, `?` for one, `[a-z]` and `[!a-z]` for
     * one of some. Of the host, to its end and without regard to case; no wildcard stands for a `/`, `:` or `@`, and
     * `*` alone for any host. Port and scheme are compared where they are given. Of path and query the beginning, with
     * case; there wildcards stand for a `/` too. An empty glob matches all. */
    HC_GLOB = 1,
    /* A regular expression, searched for in the whole URL in time linear in its length: ^ and $ anchor it, (?i)
     * ignores case; there are no look-around and no backreferences. */
    HC_REGEX = 2,
} hc_pattern;

/* How grave a log line is. */
typedef enum {
    HC_LOG_ERROR = 1, /* The cache lost something, or works as pass-through. */
    HC_LOG_WARNING = 2, /* Something is not as it should be. */
    HC_LOG_INFO = 3, /* What happens now and then. */
    HC_LOG_DEBUG = 4, /* What happens on each call. */
} hc_log_level;

/* An option's number: one of hc_option_key. */
typedef int32_t hc_option;

/* Now, in milliseconds since the Unix epoch. May be called from several threads at once. */
typedef int64_t (*hc_clock_fn)(void *user);

/* Runs once, after the last use of `user`. */
typedef void (*hc_destroy_fn)(void *user);

/* Takes one line without its end and without secrets. May be called from several threads at once. */
typedef void (*hc_log_fn)(void *user, int32_t level, const char *message, size_t len);

/* Whether a response may be stored, and may stay: 1 yes, 0 no; a negative status says that the filter failed.
 * `request` and `response` are lent for the call; hc_response_body gives the whole body. May be called from
 * several threads at once. */
typedef int32_t (*hc_filter_fn)(void *user, const hc_request *request, hc_response *response);

/* Makes options that hold the defaults. NULL: out of memory. */
hc_options *hc_options_new(void);

/* Sets the option `key`. HC_E_UNSUPPORTED: the number is not known; HC_E_ARGUMENT: the value is out of
 * its range; either way nothing changes. */
hc_status hc_options_set(hc_options *o, hc_option key, int64_t value, hc_error **err);

/* Adds an item to a list of hc_list_key, which begins as its default. HC_E_UNSUPPORTED: the list is not known;
 * HC_E_ARGUMENT: the item is none of its kind. */
hc_status hc_options_add(hc_options *o, hc_option list, const char *item, size_t item_len, hc_error **err);

/* The item at place `i` of a list of hc_list_key, as it stands or by default. NULL: it has no more, or is not
 * known. Lent until the options are changed or freed. */
const char *hc_options_item(const hc_options *o, hc_option list, size_t i);

/* Empties a list of hc_list_key: its default too is gone. HC_E_UNSUPPORTED: the list is not known. */
hc_status hc_options_clear(hc_options *o, hc_option list, hc_error **err);

/* Sets a name of hc_list_key; NULL: its default. HC_E_UNSUPPORTED: it is not known; HC_E_ARGUMENT: the value is none
 * of its kind; HC_E_IO: the file it names cannot be read. */
hc_status hc_options_set_string(hc_options *o, hc_option name, const char *value, size_t value_len,
                                hc_error **err);

/* Gives responses of a status code, or of a class of them by its first digit, an expiry of their own, which
 * holds before that of the cache. `expire_after` is in ms or a named value; HC_UNSET takes it back. What a request
 * says (its own expiry, and without CACHE_CONTROL its max-age) comes first, and with CACHE_CONTROL what the
 * response says. */
hc_status hc_options_status_expiry(hc_options *o, int32_t status, int64_t expire_after, hc_error **err);

/* Adds a rule for the URLs that match a pattern of `kind`, one of hc_pattern: of the rules that match, the first one
 * added holds. `expire_after` is in ms or a named value: HC_DO_NOT_CACHE keeps the cache out of it, HC_UNSET leaves it to
 * the rules that follow. What comes before hc_options_status_expiry comes before this too, and
 * this before that. HC_E_ARGUMENT: the pattern is none of its kind, or
 * takes too much memory. */
hc_status hc_options_add_url_rule(hc_options *o, int32_t kind, const char *pattern, size_t pattern_len,
                                  int64_t expire_after, hc_error **err);

/* Replaces the clock of the cache and of everything stored in it. NULL: the system's. */
hc_status hc_options_clock(hc_options *o, hc_clock_fn clock, void *user, hc_destroy_fn destroy);

/* Takes log lines up to `level`. NULL: none are made. */
hc_status hc_options_log(hc_options *o, int32_t level, hc_log_fn log, void *user, hc_destroy_fn destroy);

/* Has `filter` asked, after all other rules, before a response is stored (once its body is complete) and each
 * time one is reused or freshened. What it refuses is not stored, or is deleted and answered with this last
 * time. One that fails stores nothing, deletes nothing, and leaves a log line. NULL: none is asked. */
hc_status hc_options_filter(hc_options *o, hc_filter_fn filter, void *user, hc_destroy_fn destroy);

/* Destroys options. Caches opened with them are not concerned. */
void hc_options_free(hc_options *o);

/* ---- the cache [any] ---- */

/* What the cache counted since it was opened, and what lies on disk. */
typedef struct {
    size_t struct_size; /* sizeof(hc_stats), set by you. */
    uint64_t responses; /* Rows of stored responses, of all processes. */
    uint64_t bytes; /* Bytes on disk, as the file system counts them, of all processes. */
    uint64_t hits; /* Lookups answered fresh from the store. */
    uint64_t misses; /* Lookups that found nothing to use. */
    uint64_t stale_hits; /* Answers that were stale. */
    uint64_t revalidations; /* Stored responses that a 304 confirmed. */
    uint64_t stores; /* Responses stored. */
    uint64_t errors; /* Faults of the cache itself; each was passed through and logged. */
} hc_stats;

/* Opens the cache in the directory `path`, making it if there is none (mode 0700, its files 0600). `o`
 * may be NULL. HC_OPT_PLACE says what else `path` may be. Opened twice in a process, a directory is one store. [any] [wait]
 *
 * Statuses that name a refused path: HC_E_NOT_DIRECTORY, HC_E_SYMLINK, HC_E_FOREIGN_OWNER,
 * HC_E_PERMISSION, HC_E_READ_ONLY, HC_E_FULL, HC_E_NEWER_FORMAT, HC_E_BUSY, HC_E_MISMATCH,
 * HC_E_UNSUPPORTED (a network file system, another process-id namespace). HC_E_CONFLICT names two
 * options. An unreadable data file is moved aside, with a log line, and the cache starts empty. */
hc_status hc_open(const char *path, const hc_options *o, hc_cache **out, hc_error **err);

/* Gives up your reference, and commits what still waits: that takes as long as it takes, and at most about two seconds
 * for another process that writes. What could not be committed then is lost; hc_flush tells. Waits for no thread of
 * yours. The store closes when the exchanges and responses made from it are gone too. [any] */
void hc_close(hc_cache *c);

/* Waits until everything stored and deleted so far, by any thread, is durable and seen by all processes, at most
 * `timeout` ms (HC_NEVER_EXPIRE: without limit): HC_E_TIMEOUT. Any other error is why a change since the last flush
 * was lost (HC_E_FULL, HC_E_BUSY, HC_E_IO); that is said once. What was stored before it returned HC_OK survives the
 * death of the process and, unless HC_OPT_DURABILITY is 0, of the machine. [any] [wait] */
hc_status hc_flush(hc_cache *c, int64_t timeout, hc_error **err);

/* Commits on this thread what waits to be committed, for about `budget` ms (HC_NEVER_EXPIRE: to the end), and at
 * least one transaction of at most about 4 MiB: HC_DONE when nothing is left, HC_OK when something is. For
 * HC_OPT_WORKERS 0, when you are idle. If you never call it, what is stored is committed when 8 MiB or 2048
 * changes wait, by hc_flush, and when the store closes; until then other processes do not see it. [any] [wait] */
hc_status hc_work(hc_cache *c, int64_t budget, hc_error **err);

/* Fills `io` with what was counted. [any] [wait] */
hc_status hc_get_stats(hc_cache *c, hc_stats *io, hc_error **err);

/* ---- header fields ---- */

/* A header field, as it lies in the object it was borrowed from. Name and value are each followed by a
 * NUL; a value may hold any byte but CR, LF and NUL. */
typedef struct {
    const char *name; /* The name, as the origin or you wrote it. */
    size_t name_len; /* Its length. */
    const char *value; /* The value. */
    size_t value_len; /* Its length. */
} hc_field;

/* ---- requests [one] ---- */

/* Makes a request. The URL is http or https and absolute; it is normalised (RFC 3986 6), its fragment
 * dropped, and what stands before an "@" becomes an Authorization field. A host in other letters than ASCII is
 * written by IDNA, and what else is not ASCII is percent-encoded. HC_E_METHOD, HC_E_URL. */
hc_status hc_request_new(const char *method, size_t method_len, const char *url, size_t url_len,
                         hc_request **out, hc_error **err);

/* Makes a copy, with its options: of a request that was lent to you, in order to keep it. That the one is cancelled
 * does not cancel the other. */
hc_status hc_request_copy(const hc_request *r, hc_request **out, hc_error **err);

/* Makes `r` a new request of the same options, so that one object serves many. Exchanges and responses
 * made from it before do not change. After an error `r` is as it was. */
hc_status hc_request_assign(hc_request *r, const char *method, size_t method_len, const char *url,
                            size_t url_len, hc_error **err);

/* Adds a field at the end. White space around the value is dropped. What is lent from `r` itself is to be copied
 * first. HC_E_FIELD: the name is no token, or the value holds CR, LF or NUL. */
hc_status hc_request_add(hc_request *r, const char *name, size_t name_len, const char *value,
                         size_t value_len, hc_error **err);

/* Adds `n` fields at the end in one call, for callers to whom each call is dear. `text` holds name, value, name,
 * value, ... with nothing between, `lengths` their 2 * `n` lengths. As hc_request_add, and after an error none
 * was added. */
hc_status hc_request_add_fields(hc_request *r, const char *text, const uint32_t *lengths, size_t n,
                                hc_error **err);

/* Removes all fields of a name. HC_NOT_FOUND: there was none. */
hc_status hc_request_remove(hc_request *r, const char *name, size_t name_len);

/* Sets the body, replacing one that was set before. */
hc_status hc_request_set_body(hc_request *r, const void *data, size_t len, hc_error **err);

/* Sets an option for this request alone; only those marked *. HC_UNSET: the cache's own holds again. */
hc_status hc_request_set(hc_request *r, hc_option key, int64_t value, hc_error **err);

/* Sets a name of hc_list_key for this request alone; only those marked *. NULL: the request has none, whatever the
 * cache has. Errors as of hc_options_set_string. */
hc_status hc_request_set_string(hc_request *r, hc_option name, const char *value, size_t value_len,
                                hc_error **err);

/* The value that hc_request_set gave an option of this request. HC_NOT_FOUND: none, the cache's own holds.
 * HC_E_UNSUPPORTED: the number is not known. */
hc_status hc_request_option(const hc_request *r, hc_option key, int64_t *value);

/* Ends, with HC_E_CANCELLED, the hc_fetch that waits for the answer to `r` and the reading of its body, also
 * those that begin later, until hc_request_assign. Not what is answered from the cache. [any] */
void hc_request_cancel(const hc_request *r);

/* Whether hc_request_cancel was called: 0 or 1. For a transport of yours, which gives up then. 0 for NULL. [any] */
int hc_request_is_cancelled(const hc_request *r);

/* The method. NULL for NULL. */
const char *hc_request_method(const hc_request *r);

/* The URL, normalised. NULL for NULL. */
const char *hc_request_url(const hc_request *r);

/* The fields in order, `*n` of them. NULL for NULL. */
const hc_field *hc_request_fields(const hc_request *r, size_t *n);

/* The body, `*len` bytes. NULL for NULL. */
const void *hc_request_body(const hc_request *r, size_t *len);

/* Destroys a request. */
void hc_request_free(hc_request *r);

/* ---- which requests are the same ---- */

/* Holds any key and its NUL. */
#define HC_KEY_SIZE 128

/* Writes to `key` what tells `request` from others, with hc_sink_write and its like: at least 1 byte, at most 64 KiB.
 * A negative status, no byte, or more of them: the request goes past the cache, and that is counted and logged. The
 * request is lent for the call. May be called from several threads at once. */
typedef hc_status (*hc_key_fn)(void *user, const hc_request *request, hc_sink *key);

/* Changes a copy of a request, from which alone the key is made, and which Vary compares; what is sent stays as it is,
 * and its credentials still tell requests apart. A negative status: the request goes past the cache, and that is
 * counted and logged. May be called from several threads at once. */
typedef hc_status (*hc_normalize_fn)(void *user, hc_request *copy);

/* How far a long piece of work is: `done` of `total`, which may grow meanwhile. Any answer but 0 ends it with
 * HC_E_CANCELLED. */
typedef int32_t (*hc_progress_fn)(void *user, uint64_t done, uint64_t total);

/* What hc_rekey came to. */
typedef struct {
    size_t struct_size; /* sizeof(hc_rekeyed), set by you. */
    uint64_t moved; /* Stored responses that have a new key. */
    /* Of those whose new key another one had already: the fresher one was kept, which is the one received later. */
    uint64_t collided;
    /* Stored responses that stay under their old key, for want of a value that was not kept, or because a function of
     * yours failed. */
    uint64_t left;
} hc_rekeyed;

/* Has `make` write the key of each request, in place of URL, parameters, body, fields and verification; the partition
 * (HC_STR_PARTITION), credentials and Vary still tell requests apart. It must not ask a cache that was opened with
 * these options: that is HC_E_MISUSE. NULL: the library makes them. */
hc_status hc_options_key(hc_options *o, hc_key_fn make, void *user, hc_destroy_fn destroy);

/* Has `change` change a copy of each request before its key is made. As of hc_options_key it must not ask a cache of
 * these options. NULL: none is asked. */
hc_status hc_options_normalize(hc_options *o, hc_normalize_fn change, void *user, hc_destroy_fn destroy);

/* Writes the next bytes of the key. HC_E_TOO_LARGE: it has more than 64 KiB, and will not be taken. */
hc_status hc_sink_write(hc_sink *s, const void *data, size_t len);

/* Writes the key that a request would have without a function: of the one that was lent, or of a copy that was
 * changed. */
hc_status hc_sink_write_default_key(hc_sink *s, const hc_request *r);

/* Writes the URL of a request as it would stand in a key: with sorted parameters, those that are ignored left out, and
 * secrets hashed. This and the next two write their length too, so that parts written one after another are not mixed
 * up. */
hc_status hc_sink_write_url(hc_sink *s, const hc_request *r);

/* Writes what would stand in a key for the body of a request: its kind, type and a hash of its normal form. */
hc_status hc_sink_write_body(hc_sink *s, const hc_request *r);

/* Writes the value of a field of a request as it would stand in a key, that there is none too. HC_NOT_FOUND: there is
 * none. HC_E_ARGUMENT: the name is no token. */
hc_status hc_sink_write_field(hc_sink *s, const hc_request *r, const char *name, size_t name_len);

/* Writes the key that what is stored for `r` has, whichever variant it is, to `key`, which holds HC_KEY_SIZE bytes:
 * printable, with a NUL. HC_NOT_FOUND: the cache has no part in such a request. HC_E_CALLBACK: a function of yours
 * failed. [any] */
hc_status hc_key(hc_cache *c, const hc_request *r, char *key, hc_error **err);

/* Writes to `id`, which holds HC_KEY_SIZE bytes, what names the settings that this cache makes keys by: printable, with a
 * NUL. It is stored beside each response. [any] */
hc_status hc_key_settings(hc_cache *c, char *id, hc_error **err);

/* Makes anew the keys of what was stored under other settings of the key, so that it is found again: after another
 * HC_LIST_IGNORED, HC_LIST_MATCH_FIELD and their like, HC_OPT_SORT_QUERY, or another function. `from` names the settings
 * meant, as hc_key_settings does, with a space between several; NULL: all but this cache's, also those of other programs
 * that have the directory. One function of yours is not told from another: where it took the place of another, name this
 * cache's. The keys are made from the stored requests, which hold no secrets: what is known of a value only as a keyed
 * hash moves as that. A function of yours is shown REDACTED in their place, and is not asked where fields or the body
 * were not kept. Goes on beside other use, and may be cancelled or killed at any moment: what was moved is moved, and the
 * next call does the rest. `progress` may be NULL; `io` may be NULL and is filled in any case. [any] [wait] */
hc_status hc_rekey(hc_cache *c, const char *from, size_t from_len, hc_progress_fn progress, void *user,
                   hc_rekeyed *io, hc_error **err);

/* ---- responses [one] ---- */

/* What a view's flags say, or-ed. */
typedef enum {
    HC_FROM_CACHE = 1, /* The response comes from the cache. */
    /* The origin said, for this answer, that the stored response is still valid (304). */
    HC_REVALIDATED = 2,
    HC_EXPIRED = 4, /* It is stale, at the cache's clock, when the view was filled. */
    /* The origin's body is the rest: hand on the body of hc_exchange_response, which is what was stored, and then
     * the origin's. Only with HC_OPT_COMPLETE, and after HC_STORING and HC_NOT_STORED. */
    HC_CONTINUED = 8,
    HC_IS_ALIAS = 16, /* In walks: it is no response but a redirect that leads to one. */
    /* In walks: a record that cannot be read. Nothing else of it is known but its key; the status is 0. */
    HC_UNREADABLE = 32,
} hc_view_flag;

/* A response in one flat piece. All pointers are borrowed from the object the view was filled from. */
typedef struct {
    size_t struct_size; /* sizeof(hc_view), set by you. */
    int32_t decision; /* Of hc_lookup: one of hc_decision. Of other calls as it was. */
    /* Of hc_store, hc_store_begin, hc_store_failure and hc_fetch: one of hc_outcome. Else 0. */
    int32_t outcome;
    int32_t status; /* The status code; 0: there is nothing to hand on yet, and the rest is 0 or NULL. */
    uint32_t flags; /* hc_view_flag, or-ed. */
    const hc_field *fields; /* The fields in order, repeats kept. */
    size_t field_count; /* How many. */
    const char *text; /* One block in which all names and values lie. */
    size_t text_len; /* Its length. */
    /* The whole body if it lies in memory; else NULL, see hc_response_read and hc_response_body. */
    const void *body;
    size_t body_len; /* Its length. */
    int64_t body_size; /* Bytes of the whole body; -1: not known yet. */
    const char *reason; /* The reason phrase. */
    const char *url; /* The final URL. */
    int64_t created_at; /* When it was received or last freshened; HC_UNSET: it is not stored. */
    int64_t expires_at; /* When it becomes stale; HC_NEVER_EXPIRE; HC_UNSET: it is not stored. */
    int64_t age; /* Its current age, ms (RFC 9111 4.2.3). */
    int64_t freshness_lifetime; /* ms; HC_NEVER_EXPIRE; HC_UNSET: it is not stored. */
    int64_t elapsed; /* How long the origin took to the header section, ms; 0 where it was not asked. */
} hc_view;

/* Makes a response of an origin's answer, to hand to hc_store or hc_store_begin. HC_E_ARGUMENT: the
 * status is not between 100 and 999. `reason` may be NULL with 0. */
hc_status hc_response_new(int32_t status, const char *reason, size_t reason_len, hc_response **out,
                          hc_error **err);

/* Makes `p` a new response without fields and body, so that one object serves many. For a response that
 * you built or that a transport fills, not for one that was read from the cache: HC_E_MISUSE. */
hc_status hc_response_assign(hc_response *p, int32_t status, const char *reason, size_t reason_len,
                             hc_error **err);

/* Adds a field at the end. White space around the value is dropped. HC_E_FIELD: the name is no token, or
 * the value holds CR, LF or NUL. HC_E_MISUSE: the response is not one you built. */
hc_status hc_response_add(hc_response *p, const char *name, size_t name_len, const char *value,
                          size_t value_len, hc_error **err);

/* Adds `n` fields at the end in one call, for callers to whom each call is dear. `text` holds name, value, name,
 * value, ... with nothing between, `lengths` their 2 * `n` lengths. As hc_response_add, and after an error none
 * was added. */
hc_status hc_response_add_fields(hc_response *p, const char *text, const uint32_t *lengths, size_t n,
                                 hc_error **err);

/* Sets the body, for hc_store. HC_E_MISUSE: the response is not one you built. */
hc_status hc_response_set_body(hc_response *p, const void *data, size_t len, hc_error **err);

/* Fills `io` with all that is known of the response. */
hc_status hc_response_view(hc_response *p, hc_view *io);

/* The status code. 0 for NULL. */
int32_t hc_response_status(const hc_response *p);

/* Whether it comes from the cache: 0 or 1. 0 for NULL. */
int hc_response_from_cache(const hc_response *p);

/* The value of a field, `*len` bytes: its lines joined with ", " (RFC 9110 5.3), of Set-Cookie the first
 * only. NULL: there is none. `len` may be NULL. */
const char *hc_response_get(hc_response *p, const char *name, size_t name_len, size_t *len);

/* The whole body, loaded once, whatever was read before. HC_E_MISUSE: part of an origin's body was read and,
 * because it is not being stored, is gone. [wait] */
hc_status hc_response_body(hc_response *p, const void **data, size_t *len, hc_error **err);

/* Reads the next bytes of the body into `buffer`, at most `capacity`; `*n` says how many. HC_DONE with 0 at
 * the end. May be short. [wait] */
hc_status hc_response_read(hc_response *p, void *buffer, size_t capacity, size_t *n, hc_error **err);

/* The key of this variant, printable. NULL: it is not stored. */
const char *hc_response_key(hc_response *p);

/* The request that it answers, as you gave it; borrowed, and gone with the response. Of a response from hc_get or a walk
 * the stored one, with REDACTED in the place of what is not stored: it is for reading, not for sending. NULL: it is not
 * known, or you built the response. */
const hc_request *hc_response_request(const hc_response *p);

/* The key of the final response that this stored redirect leads to, printable, as it was when it was first asked for.
 * NULL: it is no stored redirect, none of those who followed it got to a stored response, or what it led to is gone.
 * [wait] */
const char *hc_response_alias_of(hc_response *p);

/* The redirect that was followed as number `i`, from 0, to a response of hc_fetch; it is lent as long as that one lives.
 * NULL: no more were followed. The body of one that is not stored may be gone: HC_E_MISUSE when it is read. */
hc_response *hc_response_history(hc_response *p, size_t i);

/* Destroys a response. An origin's body that was not read to its end is not stored. */
void hc_response_free(hc_response *p);

/* ---- using the cache with your own HTTP client: no network inside [one] ---- */

/* What hc_lookup decides. The table at the head of this file says what follows. */
typedef enum {
    HC_FORWARD = 0, /* Nothing usable is stored: send hc_exchange_forward, then report the answer. */
    HC_FRESH = 1, /* The view is the answer. */
    HC_STALE = 2, /* The view is the answer; it is stale, and that is allowed (RFC 9111 4.2.4). */
    /* The same; and it is to be revalidated behind the caller's back: send hc_exchange_forward, on any thread
     * and at any time, then report the answer (RFC 5861 3). One caller a variant gets this, until its exchange
     * is freed. Take the response to hand on with hc_exchange_response before the answer is reported. */
    HC_STALE_REVALIDATE = 3,
    /* Send hc_exchange_forward, it is conditional (RFC 9111 4.3.1), then report the answer. */
    HC_REVALIDATE = 4,
    /* Only-if-cached, and nothing to answer with: the view is a 504 (RFC 9111 5.2.1.7). */
    HC_UNSATISFIABLE = 5,
} hc_decision;

/* What became of an origin's answer. */
typedef enum {
    HC_NOT_STORED = 0, /* Not stored. */
    HC_STORED = 1, /* Stored. */
    HC_FRESHENED = 2, /* A 304 freshened the stored response (RFC 9111 4.3.4). */
    HC_USED_STALE = 3, /* The origin failed; the stored response is used though it is stale (RFC 5861 4). */
    HC_STORING = 4, /* It is to be stored: write the body. */
    /* The 304 fits nothing that is stored: send the request once more, without conditions. */
    HC_REPEAT = 5,
} hc_outcome;

/* Decides how the cache answers `r`; see the table at the head. `view` says what to hand on and may be
 * NULL. The request time is taken here. [any] [wait] */
hc_status hc_lookup(hc_cache *c, const hc_request *r, hc_view *view, hc_exchange **out, hc_error **err);

/* What hc_lookup decided: one of hc_decision. HC_FORWARD for NULL. */
int32_t hc_exchange_decision(const hc_exchange *x);

/* The request to send: yours, with the conditions that are needed. NULL when there is nothing to send, or no
 * more. */
const hc_request *hc_exchange_forward(hc_exchange *x);

/* Why the request is forwarded, as a token of RFC 9211 2.2 ("uri-miss", "vary-miss", "stale", ...), or why
 * an answer was not stored. "" where neither is so. Static. */
const char *hc_exchange_reason(const hc_exchange *x);

/* The decision in words, a line for each step: the key, what was selected, its age and lifetime, the reason with
 * its section of the RFC. It holds no URL, field value or credential. Valid until the next call on `x`. NULL for
 * NULL. */
const char *hc_exchange_explain(hc_exchange *x);

/* The response to hand on as an object of its own, for reading its body and for other threads; it outlives
 * `x`. HC_NOT_FOUND while there is none, or it is the origin's and not wholly stored. */
hc_status hc_exchange_response(hc_exchange *x, hc_response **out, hc_error **err);

/* Reports the origin's whole answer. `*outcome` is one of hc_outcome but HC_STORING; the view is what to hand
 * on. The response time is taken here. A body shorter or longer than its Content-Length is not stored. [wait] */
hc_status hc_store(hc_exchange *x, const hc_response *origin, int32_t *outcome, hc_view *view,
                   hc_error **err);

/* Reports the head of the origin's answer; its body follows in pieces. Only HC_STORING wants it written. The
 * response time is taken here. [wait] */
hc_status hc_store_begin(hc_exchange *x, const hc_response *head, int32_t *outcome, hc_view *view,
                         hc_error **err);

/* Stores the next bytes of the body. HC_DONE: it is no longer stored; what is written from now on is
 * dropped. [wait] */
hc_status hc_store_write(hc_exchange *x, const void *data, size_t len, hc_error **err);

/* Ends the body. `*outcome` is HC_STORED, or HC_NOT_STORED where the body is short of its Content-Length or
 * longer, or the cache failed. [wait] */
hc_status hc_store_end(hc_exchange *x, int32_t *outcome, hc_error **err);

/* Reports that the origin could not be reached, or broke off after hc_store_begin. The view is the stored
 * response where it may be used though it is stale (RFC 5861 4). HC_NOT_FOUND: nothing may be used. [wait] */
hc_status hc_store_failure(hc_exchange *x, hc_view *view, hc_error **err);

/* Destroys an exchange. What was not ended is not stored. */
void hc_exchange_free(hc_exchange *x);

/* ---- using the cache with the library's transport: libcurl, unless replaced ---- */

/* Answers `r` from the cache or through the transport, and returns once the header section is there. `view`
 * may be NULL. The origin's body is stored as it is read: a response freed before its end stores nothing.
 * Redirects are followed (HC_OPT_FOLLOW), each hop through the cache; hc_response_history has them. Once all of
 * them and the final response are stored, those who follow are led there at once, to the same answer.
 * HC_E_UNSUPPORTED: this build has no libcurl, and no transport was given. [any] [wait]
 *
 * Failures of the origin where nothing stale may be used: HC_E_RESOLVE, HC_E_CONNECT, HC_E_TLS, HC_E_TIMEOUT,
 * HC_E_PROTOCOL, HC_E_TRANSPORT, HC_E_REDIRECT, HC_E_TOO_LARGE, HC_E_CALLBACK. */
hc_status hc_fetch(hc_cache *c, const hc_request *r, hc_view *view, hc_response **out, hc_error **err);

/* ---- looking into the cache: what is asked for ---- */

/* Which stored responses, or-ed: any of these kinds. 0: all that can be read. */
typedef enum {
    HC_MATCH_EXPIRED = 1, /* Those that are stale. */
    HC_MATCH_FRESH = 2, /* Those that are fresh. */
    /* Records that cannot be read. No other condition than `url` holds for them. */
    HC_MATCH_UNREADABLE = 4,
    HC_MATCH_ALIASES = 8, /* Redirects that lead to a stored response. */
} hc_match;

/* By what a walk is sorted: one of these, and HC_DESCENDING or-ed to it for the other way round. Any order but
 * HC_ORDER_KEY alone reads all rows before the first step, and holds 64 bytes of memory for each response that is found,
 * but for no more than `limit`. */
typedef enum {
    /* By key: the responses of one URL stand together, in no order that means anything otherwise. */
    HC_ORDER_KEY = 0,
    HC_ORDER_EXPIRY = 1, /* By when they become stale; those that never do come last. */
    HC_ORDER_SIZE = 2, /* By the bytes of their bodies. */
    HC_ORDER_CREATED = 3, /* By when they were received or last freshened. */
    HC_DESCENDING = 16, /* The other way round. */
} hc_order;

/* What is asked for: all conditions must hold, and one that is 0 or NULL is none. Strings end with a NUL, and are copied. */
typedef struct {
    size_t struct_size; /* sizeof(hc_query), set by you. */
    uint32_t match; /* hc_match, or-ed. */
    uint32_t order; /* hc_order. */
    int64_t created_before; /* Received or last freshened before this instant. */
    int64_t expires_before; /* Stale from an instant before this one. */
    const char *method; /* Whose request had this method, in this letter case. */
    /* All that is stored of this URL: of all methods, variants, partitions and credentials, and also where parameters of
     * it that are ignored are others. It is normalised as that of a request is. */
    const char *url;
    /* Whose URL this glob matches, written as in hc_options_add_url_rule. What is not stored of a URL reads REDACTED. */
    const char *url_glob;
    uint64_t limit; /* At most so many. */
} hc_query;

/* ---- walking the stored responses [one] ---- */

/* Begins a walk over what `q` asks for; NULL: all that can be read. Nothing is read yet. Between two steps it holds no
 * transaction and no lock: what is stored or deleted meanwhile may or may not be met, and what is met is as it is then.
 * HC_E_ARGUMENT names what is wrong with the query. [any] */
hc_status hc_iter_new(hc_cache *c, const hc_query *q, hc_iter **out, hc_error **err);

/* The next stored response, or HC_DONE. `view` and `out` may be NULL. The view is valid until the next step, and its URL
 * and fields are as they are stored. The body is read only where `out` is given, which is yours to free. A record that
 * cannot be read, where the query asks for such, has the flag HC_UNREADABLE and no response: `out` is NULL then. So it is
 * of an alias, with HC_IS_ALIAS: key, URL and times are those of the redirect, and hc_response_alias_of says of that one
 * where it leads. Aliases come after all responses, by their keys. An error is one of the store; the next step goes on.
 * [wait] */
hc_status hc_iter_next(hc_iter *it, hc_view *view, hc_response **out, hc_error **err);

/* The key of what the last step met, printable; valid until the next one. NULL: there is none. Of a record that cannot be
 * read it may be that of all variants. */
const char *hc_iter_key(const hc_iter *it);

/* The request of what the last step met, as hc_response_request gives it; borrowed, and valid until the next one. NULL: it
 * is not known. */
const hc_request *hc_iter_request(const hc_iter *it);

/* Ends a walk. */
void hc_iter_free(hc_iter *it);

/* ---- looking after the cache ---- */

/* What hc_update came to. */
typedef struct {
    size_t struct_size; /* sizeof(hc_updated), set by you. */
    uint64_t copied; /* Stored responses that were taken over. */
    uint64_t older; /* Those that are not newer than what was there. */
    uint64_t skipped; /* Those that were left, as hc_update says. */
} hc_updated;

/* What hc_verify looked at, and what did not fit. */
typedef struct {
    size_t struct_size; /* sizeof(hc_verification), set by you. */
    uint64_t records; /* Records that were looked at. */
    uint64_t bodies; /* Files of bodies that were read. */
    uint64_t damaged_records; /* Records that cannot be read, the bodies in them included. */
    uint64_t damaged_bodies; /* Files of bodies that are damaged or gone, of records that are sound. */
    /* Lists of variants that cannot be read, or do not name the variants that there are. */
    uint64_t damaged_lists;
    /* Small rows beside the responses that cannot be read, and a wrong number of lists. */
    uint64_t damaged_marks;
    /* Bodies of which no row says that they are in use, so that they may be removed as orphans. */
    uint64_t unheld_bodies;
    uint64_t dangling_bodies; /* Rows of bodies whose record is no longer there. */
    /* Files of bodies that no row names. They do no harm but for the room they take. */
    uint64_t orphan_bodies;
    /* Rows that say that a URL has a key of yours under which nothing is stored any more. They do no harm. */
    uint64_t dangling_marks;
    uint64_t mended; /* How many of all these were taken away or put right. */
} hc_verification;

/* The stored response that a key names, whether it is fresh or not: of those of a key of hc_key the newest, or the one of
 * hc_response_key. HC_NOT_FOUND: there is none that can be read. `out` may be NULL: then it is only said whether there is
 * one. [any] [wait] */
hc_status hc_get(hc_cache *c, const char *key, size_t key_len, hc_response **out, hc_error **err);

/* Deletes what is stored under a key: all variants of one of hc_key, or the one of hc_response_key. `*n` is how many
 * there were. HC_NOT_FOUND: there was none. This, hc_delete_where and hc_clear delete also with HC_OPT_READ_ONLY;
 * HC_E_READ_ONLY: nothing can be written there, as on a read-only mount. Who has a body open reads on. [any] [wait] */
hc_status hc_delete(hc_cache *c, const char *key, size_t key_len, uint64_t *n, hc_error **err);

/* Deletes the stored responses that `q` asks for, `*n` of them, which may be none. With `limit` those that come first in
 * its order. HC_E_ARGUMENT: it asks for nothing less than all, which hc_clear deletes. [any] [wait] */
hc_status hc_delete_where(hc_cache *c, const hc_query *q, uint64_t *n, hc_error **err);

/* Deletes everything, `*n` responses, some at a time, beside whatever else uses the cache: what is stored meanwhile may
 * stay. [any] [wait] */
hc_status hc_clear(hc_cache *c, uint64_t *n, hc_error **err);

/* Gives all stored responses another expiry, whatever gave them theirs, and says in `*n` how many had another one before.
 * `expire_after` is as of HC_OPT_EXPIRE_AFTER, and counts from now; HC_UNSET: what the options of this cache and its URL
 * rules would have given each when it was received. With HC_OPT_CACHE_CONTROL what a response says itself still comes
 * first. HC_E_ARGUMENT: HC_DO_NOT_CACHE, for which there is hc_clear. HC_E_READ_ONLY: HC_OPT_READ_ONLY is set. Some are
 * changed at a time, beside other use. [any] [wait] */
hc_status hc_reset_expiration(hc_cache *c, int64_t expire_after, uint64_t *n, hc_error **err);

/* Stores `p` as the answer to `r`, in place of what is stored of the same variant, as told: what RFC 9111, the lists and
 * the filter say of storing is not asked. For what is imported, or moved by hand. `created_at` is when it was received;
 * HC_UNSET: now. `expires_at` is when it becomes stale, or HC_NEVER_EXPIRE; HC_UNSET: what the options of the cache say. A
 * response that was read is stored too, and a large body is copied in pieces. HC_NOT_FOUND: the cache has no part in such a
 * request, as hc_key says too, and nothing is stored. [any] [wait]
 *
 * HC_E_ARGUMENT: what no request would find, or what must not be stored: the status is 1xx, 206, 304, 407, 412 or 416,
 * Vary is *, the body has another length than Content-Length, or the response names a URL with a secret in it.
 * HC_E_TOO_LARGE: over HC_OPT_MAX_RESPONSE_BYTES or its kin. HC_E_READ_ONLY: HC_OPT_READ_ONLY is set. */
hc_status hc_put(hc_cache *c, const hc_request *r, const hc_response *p, int64_t created_at,
                 int64_t expires_at, hc_error **err);

/* Takes over into `to` what is stored in `from` and newer than what `to` has: under the keys that the options of `to` make,
 * with the times and the expiry it has. Each cache keeps hashes of credentials, partitions and secrets under a secret of its
 * own; what only such a hash tells from others is left, for it may be somebody's, and so is what cannot be read, or is over
 * HC_OPT_MAX_RESPONSE_BYTES of `to`. Where `from` is a copy of the directory of `to`, the secret is the same, and nothing is
 * left for that. Goes on beside other use of both, and may be cancelled or killed at any moment: what was taken over stays.
 * `progress` may be NULL; `io` may be NULL and is filled in any case. HC_E_ARGUMENT: both are one cache. HC_E_READ_ONLY:
 * HC_OPT_READ_ONLY is set in `to`. [any] [wait] */
hc_status hc_update(hc_cache *to, hc_cache *from, hc_progress_fn progress, void *user, hc_updated *io,
                    hc_error **err);

/* Looks at everything that is stored: reads each record and each body and compares their checksums, and looks whether each
 * row that leads to one does. HC_OK with what was found in `io`, which may be all right or not; it is filled in any case,
 * and may be NULL. With `mend` 0 nothing is changed. With 1 what is damaged is taken away, and lists and rows that lead to
 * what is sound are put right. Never is anything sound taken away. Goes on beside other use, and may be cancelled or killed
 * at any moment. `progress` may be NULL. HC_E_READ_ONLY: `mend` is 1, and HC_OPT_READ_ONLY is set or nothing can be written.
 * [any] [wait] */
hc_status hc_verify(hc_cache *c, int32_t mend, hc_progress_fn progress, void *user, hc_verification *io,
                    hc_error **err);

/* ---- replacing the transport; a second tier that may grow faster than the rest ---- */

/* Sends `r`, fills `head` with hc_response_assign and hc_response_add, and writes to `*transfer` what read and
 * finish get. Failure: HC_E_RESOLVE, HC_E_CONNECT, HC_E_TLS, HC_E_TIMEOUT, HC_E_PROTOCOL, HC_E_CANCELLED or
 * HC_E_TRANSPORT; any other negative status is HC_E_CALLBACK with it as cause. Called from several threads at
 * once. */
typedef hc_status (*hc_start_fn)(void *user, const hc_request *r, hc_response *head, void **transfer);

/* Reads at most `capacity` bytes of the body; `*n` says how many. HC_DONE with 0 at the end of a complete
 * message; one that was cut off is a failure. May be short. Waits. */
typedef hc_status (*hc_read_fn)(void *transfer, void *buffer, size_t capacity, size_t *n);

/* Ends a transfer, complete or not; once for each start that succeeded. */
typedef void (*hc_finish_fn)(void *transfer);

/* A way to the origin in the shape of a pull: hc_fetch starts it, reading the response drives it. */
typedef struct {
    size_t struct_size; /* sizeof(hc_transport), set by you. */
    void *user; /* Passed to start. */
    hc_destroy_fn destroy; /* Runs once, after the last use of the table. */
    hc_start_fn start; /* Begins a transfer. */
    hc_read_fn read; /* Reads of a transfer. */
    hc_finish_fn finish; /* Ends a transfer. */
} hc_transport;

/* Replaces libcurl under hc_fetch. The table is copied. HC_E_ARGUMENT: start, read or finish is NULL. */
hc_status hc_options_transport(hc_options *o, const hc_transport *table);

#ifdef __cplusplus
}
#endif

#endif /* HTTPCACHE_H */
