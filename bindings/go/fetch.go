package httpcache

/*
#include "shim.h"
*/
import "C"

import (
	"context"
	"runtime"
	"sync"
	"time"
)

// Fetch answers r from the cache or from the origin, through the library's own transport (libcurl), and returns once
// the header section is there; close the response's body. What comes from the origin is stored as it is read: a body
// that was closed before its end is not stored. ErrUnsupported: the library was built without libcurl.
//
// The context ends the waiting for the origin and the reading of its body, within about 50 ms and on the network too.
// What is answered from the cache needs no waiting. A deadline is also a TotalTimeout: an origin that was too slow for
// it has failed, which is what StaleIfError is for. Where the caller cancels nothing stale is used.
//
// A stale response that may be used while it is revalidated is answered at once. The library revalidates it on a thread
// of its own, or, where the Options have functions, before Fetch returns; [Cache.Flush] waits for that.
//
// Where the origin fails and nothing stale may be used the error is ErrResolve, ErrConnect, ErrTLS, ErrTimeout,
// ErrProtocol, ErrTransport, ErrRedirect or ErrTooLarge.
func (c *Cache) Fetch(ctx context.Context, r *Request) (*Response, error) {
	if ctx.Err() != nil {
		return nil, contextError(ctx)
	}
	if err := c.enter(); err != nil {
		return nil, err
	}
	defer c.leave()
	m := takeMessage()
	defer m.put()
	asked, err := m.asking(ctx, r, c.within)
	if err != nil {
		return nil, err
	}
	asked.endWith(ctx)
	if status := C.hcgo_fetch(c.cache, asked.request, &m.result); status != C.HC_OK {
		asked.end()
		return nil, ofContext(ctx, newError(status, m.result.error))
	}
	p := newResponse(ctx, &m.result)
	if body, is := p.Body.(*storedBody); is && !p.FromCache {
		body.asked = asked
	} else {
		asked.end()
	}
	return p, nil
}

// asking makes the library's request, with what is left until the context's deadline.
func (m *message) asking(ctx context.Context, r *Request, within time.Duration) (*asking, error) {
	if err := m.setRequest(r); err != nil {
		return nil, err
	}
	options := r.RequestOptions
	if options.TotalTimeout == 0 {
		options.TotalTimeout = within
	}
	if deadline, has := ctx.Deadline(); has {
		left := time.Until(deadline)
		if left <= 0 {
			return nil, contextError(ctx)
		}
		if options.TotalTimeout == 0 || left < options.TotalTimeout {
			options.TotalTimeout = left
		}
	}
	if err := m.setOptions(&options); err != nil {
		return nil, err
	}
	text, lengths, n := m.text()
	body, size := bytesOf(r.Body)
	settings, count := m.pairs()
	a := &asking{over: make(chan struct{})}
	var failure *C.hc_error
	status := C.hcgo_make_request(text, lengths, n, body, size, settings, count, &a.request, &failure)
	runtime.KeepAlive(r)
	if status != C.HC_OK {
		return nil, newError(status, failure)
	}
	return a, nil
}

// An asking is a request of the library from when it is sent until its answer was read. Any goroutine may cancel it.
type asking struct {
	mu      sync.Mutex
	request *C.hc_request // nil: it is over.
	over    chan struct{}
}

// grace is how much later than the library's timeout a context's deadline is looked at. Only of redirects, each of which
// has that timeout to itself, is anything left by then.
const grace = 100 * time.Millisecond

// endWith cancels the request when the context ends first.
func (a *asking) endWith(ctx context.Context) {
	if ctx.Done() == nil {
		return
	}
	go func() {
		select {
		case <-a.over:
			return
		case <-ctx.Done():
		}
		if _, has := ctx.Deadline(); has && ctx.Err() == context.DeadlineExceeded {
			// To the library's timeout, due now too, it is the origin that failed.
			select {
			case <-a.over:
				return
			case <-time.After(grace):
			}
		}
		a.cancel()
	}()
}

func (a *asking) cancel() {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.request != nil {
		C.hc_request_cancel(a.request)
	}
}

func (a *asking) end() {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.request != nil {
		C.hc_request_free(a.request)
		a.request = nil
		close(a.over)
	}
}
