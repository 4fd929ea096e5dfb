package httpcache

/*
#include "shim.h"
*/
import "C"

import (
	"runtime"
	"sync"
)

// Key is the key that what is stored for r has, whichever variant it is: printable. "": the cache has no part in such a
// request. ErrCallback: a KeyFunc or Normalize failed.
func (c *Cache) Key(r *Request) (string, error) {
	if err := c.enter(); err != nil {
		return "", err
	}
	defer c.leave()
	m := takeMessage()
	defer m.put()
	if err := m.ask(r); err != nil {
		return "", err
	}
	var key [C.HC_KEY_SIZE]C.char
	text, lengths, n := m.text()
	body, size := bytesOf(r.Body)
	settings, count := m.pairs()
	var failure *C.hc_error
	status := C.hcgo_key(c.cache, text, lengths, n, body, size, settings, count, &key[0], &failure)
	runtime.KeepAlive(r)
	if status < 0 {
		return "", newError(status, failure)
	}
	return C.GoString(&key[0]), nil
}

// KeySettings is what names the settings that this cache makes keys by; it is stored beside each response.
func (c *Cache) KeySettings() (string, error) {
	if !c.guard.enter() {
		return "", ErrClosed
	}
	defer c.leave()
	var id [C.HC_KEY_SIZE]C.char
	var err *C.hc_error
	if status := C.hc_key_settings(c.cache, &id[0], &err); status != C.HC_OK {
		return "", newError(status, err)
	}
	return C.GoString(&id[0]), nil
}

// A KeySink is where Options.KeyFunc writes the key of a request. It is an io.Writer. After KeyFunc has returned each
// call is [ErrClosed]. ErrTooLarge: the key has more than 64 KiB, and will not be taken.
type KeySink struct {
	mu   sync.Mutex
	sink *C.hc_sink // nil: its function has returned.
}

func (s *KeySink) end() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sink = nil
}

// Write writes the next bytes of the key.
func (s *KeySink) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.sink == nil {
		return 0, ErrClosed
	}
	data, size := bytesOf(p)
	if status := C.hc_sink_write(s.sink, data, size); status != C.HC_OK {
		return 0, newError(status, nil)
	}
	return len(p), nil
}

// WriteString writes the next bytes of the key.
func (s *KeySink) WriteString(text string) (int, error) { return s.Write([]byte(text)) }

// WriteDefaultKey writes the key that r would have without a KeyFunc. As of the calls that follow, r is the request that
// is asked for, or another: its method, URL, fields and body.
func (s *KeySink) WriteDefaultKey(r *Request) error {
	_, err := s.writePart(C.HCGO_DEFAULT_KEY, r, "")
	return err
}

// WriteURL writes the URL as it would stand in a key: with sorted parameters, those that are ignored left out, and
// secrets hashed. This and the next two write their length too, so that parts written one after another are not mixed
// up.
func (s *KeySink) WriteURL(r *Request) error {
	_, err := s.writePart(C.HCGO_URL, r, "")
	return err
}

// WriteBody writes what would stand in a key for the body: its kind, type and a hash of its normal form.
func (s *KeySink) WriteBody(r *Request) error {
	_, err := s.writePart(C.HCGO_BODY, r, "")
	return err
}

// WriteField writes the value of a field as it would stand in a key, that there is none too, and reports whether there
// is one. ErrArgument: the name is no token.
func (s *KeySink) WriteField(r *Request, name string) (bool, error) {
	return s.writePart(C.HCGO_FIELD, r, name)
}

func (s *KeySink) writePart(part C.int, r *Request, name string) (bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.sink == nil {
		return false, ErrClosed
	}
	m := takeMessage()
	defer m.put()
	if err := m.setRequest(r); err != nil {
		return false, err
	}
	text, lengths, n := m.text()
	body, size := bytesOf(r.Body)
	field, length := textOf(name)
	var failure *C.hc_error
	status := C.hcgo_sink_write_part(s.sink, part, text, lengths, n, body, size, field, length, &failure)
	runtime.KeepAlive(r)
	if status < 0 {
		return false, newError(status, failure)
	}
	return status == C.HC_OK, nil
}

// change makes a request of the library what r is, but for its options.
func change(to *C.hc_request, r *Request) error {
	m := takeMessage()
	defer m.put()
	if err := m.setRequest(r); err != nil {
		return err
	}
	text, lengths, n := m.text()
	body, size := bytesOf(r.Body)
	var failure *C.hc_error
	status := C.hcgo_change_request(to, text, lengths, n, body, size, &failure)
	runtime.KeepAlive(r)
	if status != C.HC_OK {
		return newError(status, failure)
	}
	return nil
}
