package httpcache

/*
#include "shim.h"
*/
import "C"

import (
	"context"
	"runtime"
	"time"
)

// Get gives the stored response that a key names, whether it is fresh or not: of those of a key of [Cache.Key] the
// newest, or the one of [Response.Key]. nil: there is none that can be read. Close its body. This and the calls that
// follow say when the cache fails. ErrArgument: it is no key.
func (c *Cache) Get(key string) (*Response, error) {
	if !c.guard.enter() {
		return nil, ErrClosed
	}
	defer c.leave()
	m := takeMessage()
	defer m.put()
	text, size := textOf(key)
	switch status := C.hcgo_get(c.cache, text, size, &m.result); status {
	case C.HC_OK:
		request := copyRequest(C.hc_response_request(m.result.response))
		p := newResponse(context.Background(), &m.result)
		p.Request = request
		return p, nil
	case C.HC_NOT_FOUND:
		return nil, nil
	default:
		return nil, newError(status, m.result.error)
	}
}

// Contains reports whether there is a stored response that a key names, as Get would give it.
func (c *Cache) Contains(key string) (bool, error) {
	if !c.guard.enter() {
		return false, ErrClosed
	}
	defer c.leave()
	text, size := textOf(key)
	var err *C.hc_error
	status := C.hc_get(c.cache, text, size, nil, &err)
	if status < 0 {
		return false, newError(status, err)
	}
	return status == C.HC_OK, nil
}

// Delete deletes what is stored under a key: all variants of one of [Cache.Key], or the one of [Response.Key]. It says
// how many there were. This, DeleteWhere and Clear delete also through a cache that is ReadOnly; ErrReadOnly: nothing can
// be written there, as on a read-only mount. Who has a body open reads on.
func (c *Cache) Delete(key string) (uint64, error) {
	text, size := textOf(key)
	return c.count(func(n *C.uint64_t, err **C.hc_error) C.hc_status {
		return C.hc_delete(c.cache, text, size, n, err)
	})
}

// DeleteWhere deletes the stored responses that q asks for, and says how many there were. ErrArgument: it asks for
// nothing less than all, which Clear deletes.
func (c *Cache) DeleteWhere(q *Query) (uint64, error) {
	query, release, err := q.make()
	if err != nil {
		return 0, err
	}
	defer release()
	return c.count(func(n *C.uint64_t, err **C.hc_error) C.hc_status {
		return C.hc_delete_where(c.cache, query, n, err)
	})
}

// Clear deletes everything, some at a time, beside whatever else uses the cache: what is stored meanwhile may stay. It
// says how many responses there were.
func (c *Cache) Clear() (uint64, error) {
	return c.count(func(n *C.uint64_t, err **C.hc_error) C.hc_status {
		return C.hc_clear(c.cache, n, err)
	})
}

// ResetExpiration gives all stored responses another expiry, which counts from now, whatever gave them theirs, and says
// how many had another one before. Unset: what the Options and their URLRules would have given each when it was received.
// With CacheControl what a response says itself still comes first. ErrArgument: an instant, or DoNotCache, for which
// there is Clear. ErrReadOnly: the cache is ReadOnly.
func (c *Cache) ResetExpiration(e Expiry) (uint64, error) {
	ms, err := durationOf(e, "all that is stored")
	if err != nil {
		return 0, err
	}
	return c.count(func(n *C.uint64_t, err **C.hc_error) C.hc_status {
		return C.hc_reset_expiration(c.cache, ms, n, err)
	})
}

// Put stores a as the answer to r, in place of what is stored of the same variant, as told: neither RFC 9111 nor Filter
// is asked. For what is imported, or moved by hand. createdAt is when it was received; zero: now. expiresAt is an instant,
// or Never; Unset: what the Options say. It reports whether the cache has a part in such a request; where not, nothing is
// stored.
//
// ErrArgument: what no request would find, or what must not be stored: the status is 1xx, 206, 304, 407, 412 or 416, Vary
// is *, the body has another length than Content-Length, or a names a URL with a secret in it. ErrTooLarge, ErrReadOnly.
func (c *Cache) Put(r *Request, a *Answer, createdAt time.Time, expiresAt Expiry) (bool, error) {
	created, expires := int64(C.HC_UNSET), int64(C.HC_UNSET)
	if !createdAt.IsZero() {
		created = notNegative(createdAt.UnixMilli())
	}
	switch {
	case expiresAt.kind == expiryAt:
		expires = notNegative(expiresAt.ms)
	case expiresAt == Never:
		expires = C.HC_NEVER_EXPIRE
	case expiresAt != Unset:
		return false, &Error{Status: ErrArgument, Message: "the expiry of a response to put is neither an instant nor Never"}
	}
	if err := c.enter(); err != nil {
		return false, err
	}
	defer c.leave()
	asked, answered := takeMessage(), takeMessage()
	defer asked.put()
	defer answered.put()
	if err := asked.ask(r); err != nil {
		return false, err
	}
	if err := answered.setAnswer(a); err != nil {
		return false, err
	}
	var request *C.hc_request
	var failure *C.hc_error
	text, lengths, n := asked.text()
	body, size := bytesOf(r.Body)
	settings, count := asked.pairs()
	status := C.hcgo_make_request(text, lengths, n, body, size, settings, count, &request, &failure)
	if status == C.HC_OK {
		defer C.hc_request_free(request)
		text, lengths, n = answered.text()
		body, size = bytesOf(a.Body)
		status = C.hcgo_put(c.cache, request, C.int32_t(a.Status), text, lengths, n, body, size,
			C.int64_t(created), C.int64_t(expires), &failure)
	}
	runtime.KeepAlive(r)
	runtime.KeepAlive(a)
	if status < 0 {
		return false, newError(status, failure)
	}
	return status == C.HC_OK, nil
}

// Updated is what [Cache.Update] came to.
type Updated struct {
	Copied  uint64 // Stored responses that were taken over.
	Older   uint64 // Those that are not newer than what was there.
	Skipped uint64 // Those that were left, as Update says.
}

// Update takes over what is stored in from and newer than what c has, under the keys that the Options of c make, with the
// times and the expiry it has. What only a keyed hash of a secret tells from others is left, unless from is a copy of the
// directory of c, and so is what cannot be read, or is over MaxResponseBytes of c.
//
// It goes on beside other use of both. Its context and progress end it, as [Cache.Rekey]; what was taken over by then
// stays, and is counted. ErrArgument: both are one cache. ErrReadOnly: c is ReadOnly.
func (c *Cache) Update(ctx context.Context, from *Cache, progress func(done, total uint64) error) (Updated, error) {
	if from == nil {
		return Updated{}, &Error{Status: ErrArgument, Message: "the cache to take over is nil"}
	}
	if err := c.enter(); err != nil {
		return Updated{}, err
	}
	defer c.leave()
	if !from.guard.enter() {
		return Updated{}, ErrClosed
	}
	defer from.leave()
	counted := C.hc_updated{struct_size: C.sizeof_hc_updated}
	err := watch(ctx, progress, func(handle C.uintptr_t, failure **C.hc_error) C.hc_status {
		return C.hcgo_update(c.cache, from.cache, handle, &counted, failure)
	})
	return Updated{uint64(counted.copied), uint64(counted.older), uint64(counted.skipped)}, err
}

// Work commits, on the thread of the call, what waits to be committed, for about budget, and at least one transaction of
// about 4 MiB; Forever is to the end. It reports whether something is left. For a cache whose Workers are Off, when the
// program is idle. Without it what is stored is committed when 8 MiB or 2048 changes wait, by Flush, and when the store
// closes; until then other processes do not see it.
func (c *Cache) Work(budget time.Duration) (bool, error) {
	if !c.guard.enter() {
		return false, ErrClosed
	}
	defer c.leave()
	var err *C.hc_error
	status := C.hc_work(c.cache, C.int64_t(milliseconds(budget)), &err)
	if status < 0 {
		return false, newError(status, err)
	}
	return status == C.HC_OK, nil
}

// count makes a call that counts what it deletes.
func (c *Cache) count(call func(*C.uint64_t, **C.hc_error) C.hc_status) (uint64, error) {
	if !c.guard.enter() {
		return 0, ErrClosed
	}
	defer c.leave()
	var n C.uint64_t
	var err *C.hc_error
	if status := call(&n, &err); status < 0 {
		return 0, newError(status, err)
	}
	return uint64(n), nil
}
