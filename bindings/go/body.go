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
	"unsafe"
)

// A memoryBody is a body in Go's memory.
type memoryBody struct {
	mu     sync.Mutex
	data   []byte
	err    error // What stands in its place.
	closed bool
}

func (b *memoryBody) Read(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case b.closed:
		return 0, ErrClosed
	case b.err != nil:
		return 0, b.err
	case len(b.data) == 0:
		return 0, io.EOF
	}
	n := copy(p, b.data)
	b.data = b.data[n:]
	return n, nil
}

// rest gives what was not read, without another copy.
func (b *memoryBody) rest() ([]byte, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed {
		return nil, ErrClosed
	}
	if b.err != nil {
		return nil, b.err
	}
	data := b.data
	b.data = nil
	if data == nil {
		data = []byte{}
	}
	return data, nil
}

func (b *memoryBody) Close() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed {
		return ErrClosed
	}
	b.closed, b.data = true, nil
	return nil
}

// A storedBody is read from the library: from a file of the store, or from the origin while it is stored.
type storedBody struct {
	guard    guard
	mu       sync.Mutex // The library takes one call at a time for each response.
	ctx      context.Context
	response *C.hc_response
	asked    *asking // What is on its way from the origin; nil: the body is in the store.
}

func newStoredBody(ctx context.Context, p *C.hc_response) *storedBody {
	b := &storedBody{ctx: ctx, response: p}
	runtime.SetFinalizer(b, (*storedBody).Close)
	return b
}

func (b *storedBody) Read(p []byte) (int, error) {
	if !b.guard.enter() {
		return 0, ErrClosed
	}
	defer b.leave()
	if b.ctx.Err() != nil {
		return 0, contextError(b.ctx)
	}
	if len(p) == 0 {
		return 0, nil
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	var n C.size_t
	var err *C.hc_error
	status := C.hc_response_read(b.response, pointerOf(p), C.size_t(len(p)), &n, &err)
	if status == C.HC_OK {
		return int(n), nil
	}
	if b.asked != nil {
		b.asked.end()
	}
	if status == C.HC_DONE {
		return int(n), io.EOF
	}
	failure := newError(status, err)
	if status == C.HC_E_CANCELLED && b.guard.isClosed() {
		return int(n), ErrClosed
	}
	return int(n), ofContext(b.ctx, failure)
}

func (b *storedBody) key() string {
	if !b.guard.enter() {
		return ""
	}
	defer b.leave()
	b.mu.Lock()
	defer b.mu.Unlock()
	return C.GoString(C.hc_response_key(b.response))
}

// Close never waits for a Read: that one is cancelled, and frees when it leaves.
func (b *storedBody) Close() error {
	first, free := b.guard.close()
	if !first {
		return ErrClosed
	}
	runtime.SetFinalizer(b, nil)
	if free {
		b.free()
	} else if b.asked != nil {
		b.asked.cancel()
	}
	return nil
}

func (b *storedBody) leave() {
	if b.guard.leave() {
		b.free()
	}
}

func (b *storedBody) free() {
	C.hc_response_free(b.response)
	if b.asked != nil {
		b.asked.end()
	}
}

// A lentBody is read from a response that is the library's. Its memory may go as soon as the body is closed, which so
// waits for a Read.
type lentBody struct {
	mu       sync.Mutex
	response *C.hc_response
	loaded   bool
	rest     []byte // In C memory.
}

func (b *lentBody) Read(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.response == nil {
		return 0, ErrClosed
	}
	if !b.loaded {
		var data unsafe.Pointer
		var size C.size_t
		var err *C.hc_error
		if status := C.hc_response_body(b.response, &data, &size, &err); status != C.HC_OK {
			return 0, newError(status, err)
		}
		b.loaded, b.rest = true, unsafe.Slice((*byte)(data), int(size))
	}
	if len(b.rest) == 0 {
		return 0, io.EOF
	}
	n := copy(p, b.rest)
	b.rest = b.rest[n:]
	return n, nil
}

func (b *lentBody) Close() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.response == nil {
		return ErrClosed
	}
	b.response, b.rest = nil, nil
	return nil
}
