package httpcache

/*
#include "shim.h"
*/
import "C"

import (
	"context"
	"io"
	"runtime"
	"sync"
)

// A Walk goes over stored responses:
//
//	walk, err := cache.Walk(&httpcache.Query{Expired: true})
//	...
//	defer walk.Close()
//	for {
//		p, err := walk.Next()
//		if err == io.EOF {
//			break
//		}
//		...
//		fmt.Println(p.Key(), p.URL, p.Size)
//	}
//
// Between two steps it holds nothing of the store: what is stored or deleted meanwhile may or may not be met, and what
// is met is as it is then. It goes on when its cache is closed. Its calls wait for one another.
type Walk struct {
	mu   sync.Mutex
	walk *C.hc_iter // nil: closed.
}

// Walk begins a walk over what q asks for; nil: all that can be read. Nothing is read yet. ErrArgument and ErrURL say
// what is wrong with q. Close the walk.
func (c *Cache) Walk(q *Query) (*Walk, error) {
	if !c.guard.enter() {
		return nil, ErrClosed
	}
	defer c.leave()
	query, release, err := q.make()
	if err != nil {
		return nil, err
	}
	defer release()
	w := new(Walk)
	var failure *C.hc_error
	if status := C.hc_iter_new(c.cache, query, &w.walk, &failure); status != C.HC_OK {
		return nil, newError(status, failure)
	}
	runtime.SetFinalizer(w, (*Walk).Close)
	return w, nil
}

// Next gives the next stored response without its body, whose Read says so; io.EOF at the end. Any other error is one of
// the store, and the next step goes on.
func (w *Walk) Next() (*Response, error) { return w.step(false) }

// NextWithBody gives the next stored response with its body, which is to be closed, and is otherwise as Next.
func (w *Walk) NextWithBody() (*Response, error) { return w.step(true) }

func (w *Walk) step(withBody bool) (*Response, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.walk == nil {
		return nil, ErrClosed
	}
	m := takeMessage()
	defer m.put()
	body := C.int(0)
	if withBody {
		body = 1
	}
	switch status := C.hcgo_iter_next(w.walk, body, &m.result); status {
	case C.HC_OK:
		return w.met(&m.result), nil
	case C.HC_DONE:
		return nil, io.EOF
	default:
		return nil, newError(status, m.result.error)
	}
}

// met is what the last step met.
func (w *Walk) met(r *C.hcgo_result) *Response {
	var p *Response
	switch {
	case r.view.flags&C.HC_UNREADABLE != 0:
		p = &Response{Size: -1, Unreadable: true}
		p.memory.err = &Error{Status: ErrCorrupt, Message: "the stored response cannot be read"}
		p.Body = &p.memory
	case r.response == nil:
		p = headOf(&r.view)
		p.memory.err = &Error{Status: ErrMisuse, Message: "the body was left out: NextWithBody and Get read it"}
		p.Body = &p.memory
	default:
		p = newResponse(context.Background(), r)
	}
	p.key = C.GoString(C.hc_iter_key(w.walk))
	p.Request = copyRequest(C.hc_iter_request(w.walk))
	return p
}

// Close ends the walk; what it met goes on. A second Close is ErrClosed.
func (w *Walk) Close() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.walk == nil {
		return ErrClosed
	}
	runtime.SetFinalizer(w, nil)
	C.hc_iter_free(w.walk)
	w.walk = nil
	return nil
}
