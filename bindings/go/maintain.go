package httpcache

/*
#include "shim.h"
*/
import "C"

import "context"

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
