package httpcache

/*
#include "shim.h"
*/
import "C"

import (
	"context"
	"runtime"
	"sync"
)

// A Decision is how the cache answers a request. It says which verb of the [Exchange] may follow; any other is
// [ErrMisuse] and changes nothing.
//
//	Forward, Revalidate         send Exchange.Forward, then one of Store, Begin, Failure
//	Fresh, Stale, Unsatisfiable hand on Exchange.Response
//	StaleRevalidate             both: first hand on Exchange.Response, then send Exchange.Forward, and so on
type Decision int32

// The decisions.
const (
	Forward Decision = C.HC_FORWARD // Nothing usable is stored.
	Fresh   Decision = C.HC_FRESH   // The stored response is the answer.
	Stale   Decision = C.HC_STALE   // The same; it is stale, and that is allowed (RFC 9111 4.2.4).
	// The same; and it is to be revalidated behind the caller's back, on any goroutine and at any time (RFC 5861 3).
	// One caller a variant is told so until its Exchange is closed. Take the Response before the answer is reported.
	StaleRevalidate Decision = C.HC_STALE_REVALIDATE
	Revalidate      Decision = C.HC_REVALIDATE    // The request to send is conditional (RFC 9111 4.3.1).
	Unsatisfiable   Decision = C.HC_UNSATISFIABLE // Only-if-cached, and nothing to answer with: a 504.
)

// String gives the name.
func (d Decision) String() string {
	return nameOf(int(d), "Forward", "Fresh", "Stale", "StaleRevalidate", "Revalidate", "Unsatisfiable")
}

// An Outcome is what became of an origin's answer.
//
//	NotStored                    hand on the head of Exchange.Response and the origin's body; see Response.Continued
//	Stored, Freshened, UsedStale hand on Exchange.Response, and drop the origin's body
//	Storing                      hand on as NotStored, and Write the body; then one of End, Failure
//	Repeat                       send Exchange.Forward again, then as after the decision Forward
type Outcome int32

// The outcomes.
const (
	NotStored Outcome = C.HC_NOT_STORED // Not stored.
	Stored    Outcome = C.HC_STORED     // Stored.
	Freshened Outcome = C.HC_FRESHENED  // A 304 freshened the stored response (RFC 9111 4.3.4).
	UsedStale Outcome = C.HC_USED_STALE // The origin failed; a stale response is used (RFC 5861 4).
	Storing   Outcome = C.HC_STORING    // It is to be stored: write the body.
	Repeat    Outcome = C.HC_REPEAT     // The 304 fits nothing that is stored.
)

// String gives the name.
func (o Outcome) String() string {
	return nameOf(int(o), "NotStored", "Stored", "Freshened", "UsedStale", "Storing", "Repeat")
}

func nameOf(n int, names ...string) string {
	if n < 0 || n >= len(names) {
		return "unknown"
	}
	return names[n]
}

// An Exchange is one request on its way through the cache, for programs with an HTTP client of their own. Its calls
// wait for one another. What was begun and not ended when it is closed is not stored.
type Exchange struct {
	mu       sync.Mutex
	own      *owner // nil: closed.
	decision Decision
	reason   string
	forward  *Request
	response *Response
	ended    bool // The response is in the store, and not yet read from there.
	taken    bool // The response is the caller's to close.
}

// An owner frees an exchange that nobody closed. Owners are used again, because setting a finaliser costs a good part
// of a hit.
type owner struct{ exchange *C.hc_exchange }

var owners = sync.Pool{New: func() any {
	o := new(owner)
	runtime.SetFinalizer(o, (*owner).free)
	return o
}}

func (o *owner) free() {
	if o.exchange != nil {
		C.hc_exchange_free(o.exchange)
		o.exchange = nil
	}
}

// newExchange makes an exchange of what a lookup found.
func newExchange(m *message) *Exchange {
	x := &Exchange{own: owners.Get().(*owner), decision: Decision(m.result.view.decision)}
	x.own.exchange = m.result.exchange
	if m.result.view.status != 0 {
		x.response = newResponse(context.Background(), &m.result)
		x.response.from = x
	}
	switch x.decision {
	case Forward, Revalidate, StaleRevalidate:
		x.refresh()
	}
	return x
}

// refresh takes over what the exchange says of itself, most of which is of no use on a hit.
func (x *Exchange) refresh() {
	x.reason = C.GoString(C.hc_exchange_reason(x.own.exchange))
	x.forward = copyRequest(C.hc_exchange_forward(x.own.exchange))
}

// Decision is what Lookup decided.
func (x *Exchange) Decision() Decision { return x.decision }

// Reason is why the request is forwarded, as a token of RFC 9211 2.2 ("uri-miss", "vary-miss", "stale", ...), or why an
// answer was not stored; "" where neither is so.
func (x *Exchange) Reason() string {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.reason
}

// Forward is the request to send: the one that was looked up, with the conditions that are needed. nil where there is
// nothing to send, or no more.
func (x *Exchange) Forward() *Request {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.forward
}

// Response is what to hand on; nil while there is nothing. It outlives the exchange; close its body. Each call gives the
// same one, until an answer is reported.
func (x *Exchange) Response() *Response {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.ended && x.own != nil {
		x.ended = false
		var r C.hcgo_result
		if C.hcgo_response(x.own.exchange, &r) == C.HC_OK {
			x.response = newResponse(context.Background(), &r)
		} else {
			C.hc_error_free(r.error)
		}
	}
	x.taken = x.response != nil
	return x.response
}

// Explain tells the decision in words, a line for each step: the key, what was selected, its age and lifetime, the reason
// with its section of the RFC. It holds no URL, field value or credential. "" after Close.
func (x *Exchange) Explain() string {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.own == nil {
		return ""
	}
	return C.GoString(C.hc_exchange_explain(x.own.exchange))
}

// Store reports the origin's whole answer. A body shorter or longer than its Content-Length is not stored.
func (x *Exchange) Store(a *Answer) (Outcome, error) {
	return x.report(a, func(m *message) C.hc_status {
		text, lengths, n := m.text()
		body, size := bytesOf(a.Body)
		return C.hcgo_store(x.own.exchange, C.int32_t(a.Status), text, lengths, n, body, size, &m.result)
	})
}

// Begin reports the head of the origin's answer; its body follows in pieces. Only Storing wants it written.
func (x *Exchange) Begin(a *Answer) (Outcome, error) {
	return x.report(a, func(m *message) C.hc_status {
		text, lengths, n := m.text()
		return C.hcgo_store_begin(x.own.exchange, C.int32_t(a.Status), text, lengths, n, &m.result)
	})
}

func (x *Exchange) report(a *Answer, send func(*message) C.hc_status) (Outcome, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.own == nil {
		return NotStored, ErrClosed
	}
	m := takeMessage()
	defer m.put()
	if err := m.setAnswer(a); err != nil {
		return NotStored, err
	}
	status := send(m)
	runtime.KeepAlive(a)
	if status != C.HC_OK {
		return NotStored, newError(status, m.result.error)
	}
	outcome := Outcome(m.result.outcome)
	x.follow(&m.result, outcome)
	if outcome == NotStored && x.response != nil && x.response.Body == nil && a.Body != nil {
		x.response.Body = &memoryBody{data: a.Body}
	}
	return outcome, nil
}

// follow takes over what to hand on.
func (x *Exchange) follow(r *C.hcgo_result, outcome Outcome) {
	if r.view.status != 0 {
		x.giveUp()
		x.response = newResponse(context.Background(), r)
		x.response.from = x
		if (outcome == NotStored || outcome == Storing) && !x.response.Continued {
			x.response.Body = nil
		}
	}
	x.refresh()
}

// Write stores the next bytes of the body. It always takes all of them: where the body is no longer stored, because it
// is longer than was announced or the cache failed, they are dropped, and End says NotStored.
func (x *Exchange) Write(p []byte) (int, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.own == nil {
		return 0, ErrClosed
	}
	data, size := bytesOf(p)
	var err *C.hc_error
	if status := C.hc_store_write(x.own.exchange, data, size, &err); status != C.HC_OK && status != C.HC_DONE {
		return 0, newError(status, err)
	}
	return len(p), nil
}

// End ends the body. The outcome is Stored, or NotStored where the body is not as long as its Content-Length, or the
// cache failed.
func (x *Exchange) End() (Outcome, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.own == nil {
		return NotStored, ErrClosed
	}
	var outcome C.int32_t
	var err *C.hc_error
	if status := C.hc_store_end(x.own.exchange, &outcome, &err); status != C.HC_OK {
		return NotStored, newError(status, err)
	}
	x.refresh()
	x.ended = Outcome(outcome) == Stored
	return Outcome(outcome), nil
}

// Failure reports that the origin could not be reached, or broke off after Begin. It says whether the stored response
// may be used though it is stale (RFC 5861 4): then Response is the answer.
func (x *Exchange) Failure() (bool, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.own == nil {
		return false, ErrClosed
	}
	m := takeMessage()
	defer m.put()
	switch status := C.hcgo_store_failure(x.own.exchange, &m.result); status {
	case C.HC_OK:
		x.follow(&m.result, UsedStale)
		return true, nil
	case C.HC_NOT_FOUND:
		x.giveUp()
		x.refresh()
		return false, nil
	default:
		return false, newError(status, m.result.error)
	}
}

// key asks for the key of what is handed on, which is an object of its own to the library.
func (x *Exchange) key() string {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.own == nil {
		return ""
	}
	var p *C.hc_response
	if C.hc_exchange_response(x.own.exchange, &p, nil) != C.HC_OK {
		return ""
	}
	defer C.hc_response_free(p)
	return C.GoString(C.hc_response_key(p))
}

// Close gives up the exchange; what was not ended is not stored. A second Close is ErrClosed.
func (x *Exchange) Close() error {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.own == nil {
		return ErrClosed
	}
	x.own.free()
	owners.Put(x.own)
	x.own = nil
	if !x.taken {
		x.closeBody()
	}
	return nil
}

// giveUp lets go of a response that another one follows.
func (x *Exchange) giveUp() {
	if !x.taken {
		x.closeBody()
	}
	x.response, x.taken = nil, false
}

func (x *Exchange) closeBody() {
	if x.response != nil && x.response.Body != nil {
		x.response.Body.Close()
	}
}
