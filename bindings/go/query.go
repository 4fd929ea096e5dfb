package httpcache

/*
#include <stdlib.h>
#include "shim.h"
*/
import "C"

import (
	"strings"
	"time"
	"unsafe"
)

// An Order is by what a [Walk] is sorted. Any but ByKey reads all rows before the first step, and holds 64 bytes of
// memory for each response that is found, but for no more than Query.Limit.
type Order int8

// The orders.
const (
	ByKey     Order = C.HC_ORDER_KEY     // The responses of one URL stand together, in no order that means anything otherwise.
	ByExpiry  Order = C.HC_ORDER_EXPIRY  // By when they become stale; those that never do come last.
	BySize    Order = C.HC_ORDER_SIZE    // By the bytes of their bodies.
	ByCreated Order = C.HC_ORDER_CREATED // By when they were received or last freshened.
)

// A Query says which stored responses are meant. All conditions must hold, and the zero value of each is none; without
// any it means all that can be read.
type Query struct {
	// Those that are stale, those that are fresh, records that cannot be read (for which no other condition than URL
	// holds), redirects that lead to a stored response: any of these that are set.
	Expired, Fresh, Unreadable, Aliases bool
	// Received or last freshened before this instant.
	CreatedBefore time.Time
	// Stale from an instant before this one.
	ExpiresBefore time.Time
	// Whose request had this method, in this letter case.
	Method string
	// All that is stored of this URL: of all methods, variants, partitions and credentials, and also where parameters of
	// it that are ignored are others. It is normalised as that of a request is.
	URL string
	// Whose URL this glob matches, written as URLRule.Glob. What is not stored of a URL reads REDACTED.
	URLGlob string
	// At most so many, those that come first in the order.
	Limit int

	Order      Order
	Descending bool // The order is the other way round.
}

// make makes the library's query; release gives back what it lends.
func (q *Query) make() (made *C.hc_query, release func(), err error) {
	if q == nil {
		q = &Query{}
	}
	switch {
	case q.Limit < 0:
		return nil, nil, &Error{Status: ErrArgument, Message: "the limit of a query is negative"}
	case strings.Contains(q.Method+q.URL+q.URLGlob, "\x00"):
		return nil, nil, &Error{Status: ErrArgument, Message: "a condition of a query holds a NUL"}
	}
	made = &C.hc_query{struct_size: C.sizeof_hc_query, limit: C.uint64_t(q.Limit), order: C.uint32_t(q.Order)}
	if made.created_before, err = instantOf(q.CreatedBefore); err != nil {
		return nil, nil, err
	}
	if made.expires_before, err = instantOf(q.ExpiresBefore); err != nil {
		return nil, nil, err
	}
	for kind, is := range map[C.uint32_t]bool{
		C.HC_MATCH_EXPIRED: q.Expired, C.HC_MATCH_FRESH: q.Fresh, C.HC_MATCH_UNREADABLE: q.Unreadable,
		C.HC_MATCH_ALIASES: q.Aliases,
	} {
		if is {
			made.match |= kind
		}
	}
	if q.Descending {
		made.order |= C.HC_DESCENDING
	}
	made.method, made.url, made.url_glob = condition(q.Method), condition(q.URL), condition(q.URLGlob)
	return made, func() {
		C.free(unsafe.Pointer(made.method))
		C.free(unsafe.Pointer(made.url))
		C.free(unsafe.Pointer(made.url_glob))
	}, nil
}

// condition is a text in C memory, since the query that leads to it is handed to C itself.
func condition(text string) *C.char {
	if text == "" {
		return nil
	}
	return C.CString(text)
}

// instantOf rounds up: what was at a whole millisecond is before what is a part of one later.
func instantOf(t time.Time) (C.int64_t, error) {
	if t.IsZero() {
		return 0, nil
	}
	ms := t.Add(time.Millisecond - 1).UnixMilli()
	// To the library 0 is no condition, which would ask for more than was said.
	if ms <= 0 {
		return 0, &Error{Status: ErrArgument, Message: "an instant of a query is not after 1970 began"}
	}
	return C.int64_t(ms), nil
}
