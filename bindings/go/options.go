package httpcache

/*
#include "shim.h"
*/
import "C"

import (
	"log"
	"runtime/cgo"
	"time"
)

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
	// Never forward: what cannot be answered is a 504 (RFC 9111 5.2.1.7). Off by default.
	OnlyIfCached Switch

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
	// With CacheControl, the percentage of Date - Last-Modified that is the freshness lifetime where nothing else
	// says one. Default 10, at most 100; negative: none.
	HeuristicPercent int
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

	// Filter is asked, after all other rules, before a response is stored (once its body is complete) and each
	// time one is reused or freshened. What it refuses is not stored, or is deleted and answered with this last
	// time. Where it fails or panics nothing is stored or deleted, and Log tells why. Request and response are
	// lent: a body that was not read when Filter returns is closed. It is called by several goroutines at once,
	// and may call the cache.
	Filter func(*Request, *Response) (bool, error)
	// Now is the clock of the cache and of all that is stored in it; nil is the system's. It is called by several
	// goroutines at once. A clock that panics is the system's for that time.
	Now func() time.Time
	// Log takes lines without their end and without secrets, up to LogLevel (default LogWarning). It is called by
	// several goroutines at once; a panic in it is dropped. Where it is nil, only a failure of Filter or Now is
	// logged, by package log.
	Log      func(level LogLevel, line string)
	LogLevel LogLevel
}

// append adds pairs of an option's number and its value to s.
func (o *RequestOptions) append(s []int64) []int64 {
	switch e := o.Expiry; e.kind {
	case expiryAt:
		s = append(s, C.HC_OPT_EXPIRE_AT, notNegative(e.ms))
	case expiryAfter, expiryNamed:
		s = append(s, C.HC_OPT_EXPIRE_AFTER, e.ms)
	}
	if o.StaleIfError < 0 {
		s = append(s, C.HC_OPT_STALE_IF_ERROR, 0)
	} else {
		s = appendDuration(s, C.HC_OPT_STALE_IF_ERROR, o.StaleIfError)
	}
	s = appendDuration(s, C.HC_OPT_CONNECT_TIMEOUT, o.ConnectTimeout)
	s = appendDuration(s, C.HC_OPT_HEAD_TIMEOUT, o.HeadTimeout)
	s = appendDuration(s, C.HC_OPT_IDLE_TIMEOUT, o.IdleTimeout)
	s = appendDuration(s, C.HC_OPT_TOTAL_TIMEOUT, o.TotalTimeout)
	s = appendSwitch(s, C.HC_OPT_ONLY_IF_CACHED, o.OnlyIfCached)
	s = appendSwitch(s, C.HC_OPT_FOLLOW, o.Follow)
	s = appendNumber(s, C.HC_OPT_MAX_REDIRECTS, int64(o.MaxRedirects))
	s = appendSwitch(s, C.HC_OPT_ALLOW_DOWNGRADE, o.AllowDowngrade)
	return appendSwitch(s, C.HC_OPT_RETRY, o.Retry)
}

func (o *Options) append(s []int64) []int64 {
	s = o.RequestOptions.append(s)
	if o.CacheControl {
		s = append(s, C.HC_OPT_CACHE_CONTROL, 1)
	}
	if o.HeuristicPercent < 0 {
		s = append(s, C.HC_OPT_HEURISTIC_PERCENT, 0)
	} else {
		s = appendNumber(s, C.HC_OPT_HEURISTIC_PERCENT, int64(o.HeuristicPercent))
	}
	s = appendSwitch(s, C.HC_OPT_SORT_QUERY, o.SortQuery)
	if o.Durability != AsMade {
		s = append(s, C.HC_OPT_DURABILITY, int64(o.Durability-Fast))
	}
	s = appendNumber(s, C.HC_OPT_MAX_RESPONSE_BYTES, o.MaxResponseBytes)
	s = appendNumber(s, C.HC_OPT_MAX_VARIANTS, int64(o.MaxVariants))
	s = appendNumber(s, C.HC_OPT_MAX_URL_BYTES, int64(o.MaxURLBytes))
	s = appendNumber(s, C.HC_OPT_MAX_HEAD_BYTES, int64(o.MaxHeadBytes))
	return appendNumber(s, C.HC_OPT_MAX_FIELDS, int64(o.MaxFields))
}

func appendDuration(s []int64, option int64, d time.Duration) []int64 {
	if d == 0 {
		return s
	}
	return append(s, option, milliseconds(d))
}

func appendNumber(s []int64, option, n int64) []int64 {
	if n == 0 {
		return s
	}
	return append(s, option, notNegative(n))
}

func appendSwitch(s []int64, option int64, w Switch) []int64 {
	switch w {
	case Default:
		return s
	case On:
		return append(s, option, 1)
	case Off:
		return append(s, option, 0)
	}
	return append(s, option, -1)
}

// notNegative keeps a negative number of the caller from being one of the library's named values.
func notNegative(n int64) int64 {
	if n < 0 {
		return -1
	}
	return n
}

// make makes the library's options; free them with hc_options_free.
func (o *Options) make() (*C.hc_options, error) {
	made := C.hc_options_new()
	if made == nil {
		return nil, newError(C.HC_E_NO_MEMORY, nil)
	}
	settings := o.append(nil)
	for i := 0; i < len(settings); i += 2 {
		var err *C.hc_error
		status := C.hc_options_set(made, C.hc_option(settings[i]), C.int64_t(settings[i+1]), &err)
		if status != C.HC_OK {
			C.hc_options_free(made)
			return nil, newError(status, err)
		}
	}
	level, say := o.LogLevel, o.Log
	if level == 0 {
		level = LogWarning
	}
	if say != nil {
		C.hcgo_options_log(made, C.int32_t(level), C.uintptr_t(cgo.NewHandle(logger(say))))
	} else {
		say = func(_ LogLevel, line string) { log.Print("httpcache: ", line) }
	}
	if o.Filter != nil {
		C.hcgo_options_filter(made, C.uintptr_t(cgo.NewHandle(&filter{o.Filter, say})))
	}
	if o.Now != nil {
		C.hcgo_options_clock(made, C.uintptr_t(cgo.NewHandle(&clock{o.Now, say})))
	}
	return made, nil
}
