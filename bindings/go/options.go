package httpcache

/*
#include "shim.h"
*/
import "C"

import "time"

// A Switch is a choice that may be left to what holds otherwise.
type Switch int8

// The positions of a [Switch].
const (
	Default Switch = iota // What holds otherwise: the cache's own setting, or the library's.
	On
	Off
)

// Durability says what a crash of the machine may take away. It is recorded when a directory is made; another one
// later is [ErrMismatch].
type Durability int8

// The durabilities.
const (
	AsMade Durability = iota // The directory's own; Safe for a new one.
	Fast                     // All that is stored is discarded after an unclean reboot.
	Safe                     // The last moments may be lost.
	Synced                   // What is reported as Stored is durable.
)

// A Place is what the directory given to [Open] means.
type Place int8

// The places.
const (
	// The cache directory.
	PlaceDirectory Place = iota
	// A name in the directory of this user's caches, $XDG_CACHE_HOME or ~/.cache; "" is "http_cache".
	PlaceUser
	// A directory, or "" for $TMPDIR or /tmp, in which a temporary one is made: it goes with the last that has it open.
	PlaceTemporary
)

// A LogLevel says how grave a log line is.
type LogLevel int32

// The levels, from the gravest.
const (
	LogError   LogLevel = C.HC_LOG_ERROR   // The cache lost something, or works as pass-through.
	LogWarning LogLevel = C.HC_LOG_WARNING // Something is not as it should be.
	LogInfo    LogLevel = C.HC_LOG_INFO    // What happens now and then.
	LogDebug   LogLevel = C.HC_LOG_DEBUG   // What happens on each call.
)

// RequestOptions are the options that a cache and each single request have. The zero value of each leaves the choice
// to what holds otherwise: to the cache in a [Request], to the default named here in [Options].
//
// Durations count whole milliseconds, part of one as one. A negative one is [ErrArgument] except where it says more.
type RequestOptions struct {
	// How long a response stays fresh after it was received. Unset: never stale without CacheControl; with it
	// heuristics (RFC 9111 4.2.2).
	Expiry Expiry
	// How long after it became stale a response is used when the origin fails (RFC 5861 4); Forever: however
	// stale; negative: not at all, which is the default.
	StaleIfError time.Duration
	// How long after it became stale a response is used while it is revalidated behind the caller's back (RFC 5861
	// 3), where the response names no time itself; Forever: however stale; negative: not at all, which is the
	// default.
	StaleWhileRevalidate time.Duration
	// Nothing is reused before the origin said that it is valid. Off by default.
	AlwaysRevalidate Switch
	// Revalidate now; what has no validator is fetched anew. Off by default.
	Refresh Switch
	// Do not use what is stored, and replace it. Off by default.
	ForceRefresh Switch
	// Where the beginning of a response is stored (RFC 9111 3.3), the origin is asked for the rest alone. Fetch and
	// Transport join them; after Lookup see Response.Continued. Off by default.
	Complete Switch
	// Never forward: what cannot be answered is a 504 (RFC 9111 5.2.1.7). Off by default.
	OnlyIfCached Switch
	// Neither read nor written: requests go past the cache. Off by default.
	Bypass Switch
	// Read, and never written. What unsafe requests change this Cache does not serve any more until it is stored
	// anew. Off by default.
	ReadOnly Switch

	// Part of the key: a user, a tenant; at most 4096 bytes. Responses of one partition answer no request of another.
	// NoPartition, of a Request: none, whatever the cache has.
	Partition   string
	NoPartition bool
	// What is stored with this on answers whoever asks with this on, whatever credentials either sent, and those who
	// send none. Off by default.
	ShareCredentials Switch
	// Part of the key, and heeded by Fetch: it is verified that the origin is who its URL says (TLS). On by default.
	VerifyTLS Switch
	// Part of the key, and heeded by Fetch: a file of certificates in PEM that vouch for origins, in place of the
	// system's. It is read at once; its content counts. NoCAFile, of a Request: the system's, whatever the cache has.
	CAFile   string
	NoCAFile bool

	// Of Fetch alone: until a connection stands (default 10 s), until the header section is in (30 s), between
	// two pieces of a body (30 s), to the end of the body (Forever).
	ConnectTimeout, HeadTimeout, IdleTimeout, TotalTimeout time.Duration
	// Of Fetch alone: follow redirects, each hop through the cache. On by default.
	Follow Switch
	// Of Fetch alone: how many redirects are followed; beyond it ErrRedirect. Default 30.
	MaxRedirects int
	// Of Fetch alone: follow redirects from https to http. Off by default.
	AllowDowngrade Switch
	// Of Fetch alone: send once more when a reused connection died before any byte. On by default.
	Retry Switch
}

// Options configure a cache. The zero value of each field is its default.
type Options struct {
	// What holds for the requests that do not say otherwise.
	RequestOptions

	// RFC 9111 decides, from the response's fields, what is stored and how long it is fresh. Without it the
	// settings alone decide, and what the origin says counts for nothing.
	CacheControl bool
	// With CacheControl: the cache serves several users (RFC 9111 1), and is not private.
	Shared bool
	// With CacheControl, the percentage of Date - Last-Modified that is the freshness lifetime where nothing else
	// says one. Default 10, at most 100; negative: none.
	HeuristicPercent int
	// With CacheControl: a response that says "immutable" never becomes stale, whatever else it says. Without this
	// that holds for one that names no lifetime, in a private cache (RFC 8246).
	ImmutableForever bool
	// With CacheControl: the names of targeted fields, as "CDN-Cache-Control", the most specific first (RFC 9213).
	TargetedFields []string

	// Methods whose responses are stored. Default: GET and HEAD.
	Methods []string
	// Status codes that are stored. Default: 200; with CacheControl what RFC 9111 3 allows.
	Statuses []int
	// Names of fields, of parameters of URLs and forms, and of members of JSON (or paths of them: "$.a.b",
	// "$..name"): their values are left out of the key, and never reach the disk. They come to DefaultIgnored, unless
	// ClearIgnored takes these away first.
	Ignored      []string
	ClearIgnored bool
	// That an ignored name is there counts, though not its value.
	IgnoredPresenceCounts bool
	// Names of request fields that are part of the key, beside those that Vary selects by; or all of them, but those
	// that are ignored and those about the transfer, conditions, ranges and caching.
	MatchFields    []string
	MatchAllFields bool
	// Names of request fields whose lists mean the same in any order and letter case, beside Accept, Accept-Charset,
	// Accept-Encoding and Accept-Language; or all of them.
	UnorderedFields    []string
	AllFieldsUnordered bool
	// Beside a response all fields of its request are stored, and the body, without what Ignored keeps from the disk.
	// On by default; Off: only what Vary needs.
	KeepRequest Switch
	// An expiry of their own for responses of a status code, or of a class of them by its first digit, which holds
	// before Expiry: {404: ExpireAfter(time.Minute), 5: DoNotCache}. No instants.
	StatusExpiry map[int]Expiry
	// Expiries by URL: of the rules that match one, the first holds, before StatusExpiry and Expiry.
	URLRules []URLRule
	// Unsafe methods that succeed take away what is stored of their URL (RFC 9111 4.4). Default: with CacheControl.
	Invalidate Switch
	// No-Vary-Search says which parameters of a URL count for nothing.
	NoVarySearch bool
	// Cache-Groups and Cache-Group-Invalidation are honoured (RFC 9875).
	Groups bool
	// Of variants by language, one that is stored is chosen where Accept-Language wants none more.
	SelectLanguage bool
	// Cache-Status is added to what is handed on (RFC 9211), in which this cache is CacheName: printable ASCII,
	// "httpcache" by default.
	CacheStatus bool
	CacheName   string

	// What the directory given to Open means.
	Place Place
	// Query parameters are sorted by name in the key, and sent as given. Default: not with CacheControl.
	SortQuery Switch
	// What a crash of the machine may take away.
	Durability Durability
	// Larger bodies pass through unstored, in bytes. Default: no limit.
	MaxResponseBytes int64
	// Variants kept of one primary key, at most 4096; the oldest goes first. Default 64.
	MaxVariants int
	// Longer URLs are ErrTooLarge, in bytes. Default 65536.
	MaxURLBytes int
	// Of Fetch alone: the header section of an answer, in bytes (default 262144), and how many fields it has
	// (1000); beyond them ErrTooLarge.
	MaxHeadBytes, MaxFields int
	// Threads of the library, which call no function of the Options, commit what is stored, and revalidate for Fetch
	// behind the caller's back (with functions: before it returns). On by default; Off: the library starts no thread,
	// see Cache.Work. Of caches with the same directory, the first one says who commits.
	Workers Switch

	// Filter is asked, after all other rules, before a response is stored (once its body is complete) and each
	// time one is reused or freshened. What it refuses is not stored, or is deleted and answered with this last
	// time. Where it fails or panics nothing is stored or deleted, and Log tells why. Request and response are
	// lent: a body that was not read when Filter returns is closed. It is called by several goroutines at once,
	// and may call the cache.
	Filter func(*Request, *Response) (bool, error)
	// KeyFunc writes the key of each request, in place of what the library makes it of; the partition, credentials and
	// Vary still tell requests apart. Where it fails or panics, or writes nothing or more than 64 KiB, the request goes
	// past the cache, which is counted, and Log tells why. The request is a copy, with its options but for Partition and
	// CAFile. It is called by several goroutines at once, and may not ask the cache that it makes keys for: ErrMisuse.
	KeyFunc func(r *Request, key *KeySink) error
	// Normalize changes a copy of each request, from which alone the key is made, and which Vary compares; what is sent
	// stays as it is, and its credentials still tell requests apart. Options that are changed count for nothing.
	// Otherwise as KeyFunc, which is shown that copy.
	Normalize func(copy *Request) error
	// Now is the clock of the cache and of all that is stored in it; nil is the system's. It is called by several
	// goroutines at once. A clock that panics is the system's for that time.
	Now func() time.Time
	// Log takes lines without their end and without secrets, up to LogLevel (default LogWarning). It is called by
	// several goroutines at once; a panic in it is dropped. Where it is nil, only a failure of the other
	// functions is logged, by package log.
	Log      func(level LogLevel, line string)
	LogLevel LogLevel
}

// URLRule is the expiry of the URLs that a pattern matches, which is one of two.
type URLRule struct {
	// "[scheme://]host[:port][/path]": "*", "?" and "[a-z]" in the host, to its end, and in the path, from its
	// beginning. "*" alone matches all.
	Glob string
	// A regular expression, searched for in the whole URL.
	Regexp string
	// DoNotCache keeps the cache out of it, Unset leaves it to the rules that follow. No instants.
	Expiry Expiry
}
