package httpcache

/*
#include "shim.h"
*/
import "C"

import (
	"context"
	"io"
	"net/http"
	"time"
	"unsafe"
)

// A Response is what is to be handed on. All but the body is a plain value, as it was when the head was there; only
// Body needs to be closed.
type Response struct {
	Status int    // The status code.
	Reason string // The reason phrase.
	URL    string // The final URL.
	Fields Fields // The fields in order, repeats kept.

	// The body, which is never nil but where it is the origin's and that is in the caller's hands (after
	// NotStored and Storing, unless Continued). Read and Close may be called at once; a Read after Close is ErrClosed.
	Body io.ReadCloser
	Size int64 // Bytes of the whole body; -1: not known yet.

	FromCache   bool // It comes from the cache.
	Revalidated bool // The origin said, for this answer, that the stored response is still valid (304).
	Expired     bool // It is stale.
	// The origin's body is but the rest: hand on Body, which was stored, and then the origin's. Only with Complete,
	// and after NotStored and Storing.
	Continued bool

	CreatedAt         time.Time     // When it was received or last freshened; zero: it is not stored.
	ExpiresAt         Expiry        // When it becomes stale: an instant, Never, or Unset: it is not stored.
	Age               time.Duration // Its current age (RFC 9111 4.2.3).
	FreshnessLifetime time.Duration // Or Forever; 0 where ExpiresAt is Unset.
	Elapsed           time.Duration // How long the origin took to the header section; 0: it was not asked.

	// Of Get and of a Walk: the request that it answers, as it is stored, with REDACTED in the place of what is not: for
	// reading, not for sending. nil: it is not known, and of Lookup and Fetch, whose caller has it.
	Request *Request
	// Of a Walk: it is no response but a redirect that leads to one; it is a record that cannot be read, of which nothing
	// is known but its key.
	Alias, Unreadable bool

	key    string
	from   *Exchange // Where the key comes from.
	memory memoryBody
}

// Key is the key of this variant, printable; "" where it is not stored, or not yet. It is known as long as the exchange
// is open that the response is of, and the body of one that Fetch gave.
func (p *Response) Key() string {
	if b, is := p.Body.(*storedBody); is && p.key == "" {
		p.key = b.key()
	}
	if p.key == "" && p.from != nil {
		p.key = p.from.key()
	}
	return p.key
}

// ReadBody reads what is left of the body, and closes it.
func (p *Response) ReadBody() ([]byte, error) {
	if p.Body == nil {
		return nil, &Error{Status: ErrMisuse, Message: "the body is the origin's"}
	}
	defer p.Body.Close()
	if m, ok := p.Body.(*memoryBody); ok {
		return m.rest()
	}
	// One byte more than what is known, so that the end is seen without growing.
	data := make([]byte, 0, 512)
	if p.Size >= 0 && p.Size < 1<<30 {
		data = make([]byte, 0, p.Size+1)
	}
	for {
		n, err := p.Body.Read(data[len(data):cap(data)])
		data = data[:len(data)+n]
		if err == io.EOF {
			return data, nil
		}
		if err != nil {
			return data, err
		}
		if len(data) == cap(data) {
			data = append(data, 0)[:len(data)]
		}
	}
}

// newResponse makes a response of what a call found, and takes its C response.
func newResponse(ctx context.Context, r *C.hcgo_result) *Response {
	p := headOf(&r.view)
	if r.response != nil {
		p.key = C.GoString(C.hc_response_key(r.response))
	}
	switch {
	case r.view.body != nil && (r.view.body_len <= C.HCGO_IN_MEMORY || r.response == nil):
		p.memory.data = copyBytes(r.view.body, r.view.body_len)
	case r.response != nil:
		p.Body = newStoredBody(ctx, r.response)
		return p
	case p.Size != 0:
		// Never taken for an empty body.
		p.memory.err = &Error{Status: ErrIO, Message: "the stored body cannot be read"}
	}
	p.Body = &p.memory
	C.hc_response_free(r.response)
	return p
}

// lentResponse is a response of which the library stays the owner. Its body must be closed before the owner goes on.
func lentResponse(p *C.hc_response) *Response {
	var view C.hc_view
	C.hcgo_view(p, &view)
	response := headOf(&view)
	response.key = C.GoString(C.hc_response_key(p))
	response.Body = &lentBody{response: p}
	return response
}

func headOf(view *C.hc_view) *Response {
	p := &Response{
		Status:      int(view.status),
		Reason:      reasonText(view.reason, int(view.status)),
		URL:         C.GoString(view.url),
		Fields:      copyBlock(view.fields, view.field_count, view.text, view.text_len),
		Size:        int64(view.body_size),
		FromCache:   view.flags&C.HC_FROM_CACHE != 0,
		Revalidated: view.flags&C.HC_REVALIDATED != 0,
		Expired:     view.flags&C.HC_EXPIRED != 0,
		Continued:   view.flags&C.HC_CONTINUED != 0,
		Alias:       view.flags&C.HC_IS_ALIAS != 0,
		ExpiresAt:   expiryOf(int64(view.expires_at)),
		Age:         duration(int64(view.age)),
		Elapsed:     duration(int64(view.elapsed)),
	}
	p.FreshnessLifetime = duration(int64(view.freshness_lifetime))
	if view.created_at != C.HC_UNSET {
		p.CreatedAt = time.UnixMilli(int64(view.created_at))
	}
	return p
}

// reasonText copies a reason phrase; the usual ones need no copy.
func reasonText(text *C.char, status int) string {
	if usual := http.StatusText(status); usual == C.GoString(text) {
		return usual
	}
	return C.GoString(text)
}

// pointerOf is where p begins; it is never empty here.
func pointerOf(p []byte) unsafe.Pointer { return unsafe.Pointer(&p[0]) }
