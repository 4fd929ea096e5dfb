package httpcache

/*
#include "shim.h"
*/
import "C"

import (
	"math"
	"time"
)

// Forever is the duration without an end: of a timeout no limit, of staleness however stale, of a freshness lifetime
// never stale.
const Forever time.Duration = math.MaxInt64

// An Expiry says when a response becomes stale: a duration after it was received, an instant, or one of the named
// ones below. The zero Expiry is [Unset]. Expiries are compared with ==.
type Expiry struct {
	kind int8
	ms   int64
}

const (
	expiryUnset = iota
	expiryNamed
	expiryAfter
	expiryAt
)

// The expiries with a name.
var (
	// No value: the next in the order of precedence holds. Of a response: it is not stored.
	Unset = Expiry{}
	// Stored if the response has a validator, and revalidated on each use.
	Immediately = Expiry{expiryNamed, C.HC_EXPIRE_IMMEDIATELY}
	// Never stale.
	Never = Expiry{expiryNamed, C.HC_NEVER_EXPIRE}
	// Neither read nor written.
	DoNotCache = Expiry{expiryNamed, C.HC_DO_NOT_CACHE}
)

// ExpireAfter is a duration after the response was received. Part of a millisecond counts as a whole one, 0 is
// [Immediately] and [Forever] is [Never]. A negative one is refused with [ErrArgument] where it is used.
func ExpireAfter(d time.Duration) Expiry {
	switch d {
	case 0:
		return Immediately
	case Forever:
		return Never
	}
	return Expiry{expiryAfter, milliseconds(d)}
}

// ExpireAt is an instant, in whole milliseconds. One before 1970 is refused with [ErrArgument] where it is used.
func ExpireAt(t time.Time) Expiry { return Expiry{expiryAt, t.UnixMilli()} }

// Time gives the instant, and whether the expiry is one.
func (e Expiry) Time() (time.Time, bool) {
	if e.kind != expiryAt {
		return time.Time{}, false
	}
	return time.UnixMilli(e.ms), true
}

// Duration gives the duration, and whether the expiry is one.
func (e Expiry) Duration() (time.Duration, bool) { return duration(e.ms), e.kind == expiryAfter }

// String describes the expiry.
func (e Expiry) String() string {
	switch {
	case e == Unset:
		return "unset"
	case e == Immediately:
		return "immediately"
	case e == Never:
		return "never"
	case e == DoNotCache:
		return "do not cache"
	case e.kind == expiryAt:
		return time.UnixMilli(e.ms).UTC().Format(time.RFC3339Nano)
	}
	return "after " + duration(e.ms).String()
}

// milliseconds rounds up, so that what is short does not become "immediately". All that is negative becomes -1: the
// library's named values are negative numbers, and nobody means one of them by a duration.
func milliseconds(d time.Duration) int64 {
	switch {
	case d == Forever:
		return C.HC_NEVER_EXPIRE
	case d < 0:
		return -1
	case d > Forever-time.Millisecond:
		return int64(d / time.Millisecond)
	}
	return int64((d + time.Millisecond - 1) / time.Millisecond)
}

// duration is a number of milliseconds of the library; what time.Duration cannot hold is Forever.
func duration(ms int64) time.Duration {
	if ms == C.HC_NEVER_EXPIRE || ms > int64(Forever/time.Millisecond) {
		return Forever
	}
	if ms < 0 {
		return 0
	}
	return time.Duration(ms) * time.Millisecond
}

// expiryOf is an instant of a view.
func expiryOf(ms int64) Expiry {
	switch ms {
	case C.HC_UNSET:
		return Unset
	case C.HC_NEVER_EXPIRE:
		return Never
	}
	return Expiry{expiryAt, ms}
}
