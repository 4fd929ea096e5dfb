package httpcache

/*
#cgo pkg-config: httpcache
#include <stdlib.h>
#include "shim.h"
*/
import "C"

import (
	"runtime"
	"strings"
	"time"
	"unsafe"
)

// A Cache is an open cache; share it between goroutines. One that becomes unreachable is closed, unless a function of
// its own Options refers to it.
type Cache struct {
	guard   guard
	cache   *C.hc_cache
	within  time.Duration // Options.TotalTimeout.
	methods []string      // Options.Methods.
	matcher *matcher      // Options.KeyFunc and Normalize.
}

// Open opens the cache in a directory, making it if there is none (mode 0700, its files 0600). Opened twice in a
// process, a directory is one store; it may be open in other processes, of whatever language, at the same time. nil
// options are the defaults, with which the settings alone decide. Options.Place says what else directory may be.
//
// The errors that name a refused directory are ErrNotDirectory, ErrSymlink, ErrForeignOwner, ErrPermission,
// ErrReadOnly, ErrFull, ErrNewerFormat, ErrBusy, ErrMismatch and ErrUnsupported; ErrConflict names two options. An
// unreadable data file is moved aside, with a log line, and the cache starts empty.
func Open(directory string, o *Options) (*Cache, error) {
	if strings.IndexByte(directory, 0) >= 0 {
		return nil, &Error{Status: ErrArgument, Message: "the directory's name holds a NUL"}
	}
	if o == nil {
		o = &Options{}
	}
	options, failure := o.make()
	if failure != nil {
		return nil, failure
	}
	defer C.hc_options_free(options)
	matcher := o.setCallbacks(options)
	var path *C.char
	// Where a place has a default, no name is that.
	if directory != "" || o.Place == PlaceDirectory {
		path = C.CString(directory)
		defer C.free(unsafe.Pointer(path))
	}
	c := &Cache{within: o.TotalTimeout, methods: append([]string(nil), o.Methods...), matcher: matcher}
	var err *C.hc_error
	if status := C.hc_open(path, options, &c.cache, &err); status != C.HC_OK {
		return nil, newError(status, err)
	}
	runtime.SetFinalizer(c, (*Cache).Close)
	return c, nil
}

// Close gives up the cache. Exchanges and responses made from it go on, and the store closes when they are gone too:
// whoever closes the last of them commits what still waits, which takes as long as that, and at most about two seconds
// for another process that writes. A second Close is ErrClosed.
func (c *Cache) Close() error {
	first, free := c.guard.close()
	if !first {
		return ErrClosed
	}
	runtime.SetFinalizer(c, nil)
	if free {
		C.hc_close(c.cache)
	}
	return nil
}

// enter begins a call that may make a key; leave ends it.
func (c *Cache) enter() error {
	if !c.guard.enter() {
		return ErrClosed
	}
	if c.matcher.isAsked() {
		c.leave()
		return errInside
	}
	return nil
}

func (c *Cache) leave() {
	if c.guard.leave() {
		C.hc_close(c.cache)
	}
}

// Flush waits until everything stored so far is durable and seen by all processes, and what [Cache.Fetch] revalidates
// behind its callers' backs is done; at most for timeout: ErrTimeout. Forever is without limit. Any other error is why
// something that was stored since the last Flush was lost (ErrFull, ErrBusy, ErrIO); that is said once.
func (c *Cache) Flush(timeout time.Duration) error {
	if !c.guard.enter() {
		return ErrClosed
	}
	defer c.leave()
	var err *C.hc_error
	if status := C.hc_flush(c.cache, C.int64_t(milliseconds(timeout)), &err); status != C.HC_OK {
		return newError(status, err)
	}
	return nil
}

// Stats are what a cache counted since it was opened, and what lies on disk.
type Stats struct {
	Responses     uint64 // Stored responses, of all processes.
	Bytes         uint64 // Bytes on disk, as the file system counts them, of all processes.
	Hits          uint64 // Lookups answered fresh from the store.
	Misses        uint64 // Lookups that found nothing to use.
	StaleHits     uint64 // Answers that were stale.
	Revalidations uint64 // Stored responses that a 304 confirmed.
	Stores        uint64 // Responses stored.
	Errors        uint64 // Faults of the cache itself; each was passed through and logged.
}

// Stats counts.
func (c *Cache) Stats() (Stats, error) {
	if !c.guard.enter() {
		return Stats{}, ErrClosed
	}
	defer c.leave()
	s := C.hc_stats{struct_size: C.sizeof_hc_stats}
	var err *C.hc_error
	if status := C.hc_get_stats(c.cache, &s, &err); status != C.HC_OK {
		return Stats{}, newError(status, err)
	}
	return Stats{uint64(s.responses), uint64(s.bytes), uint64(s.hits), uint64(s.misses), uint64(s.stale_hits),
		uint64(s.revalidations), uint64(s.stores), uint64(s.errors)}, nil
}

// Lookup decides how the cache answers r; see [Decision] for what follows. It never uses the network. Close the
// exchange.
func (c *Cache) Lookup(r *Request) (*Exchange, error) {
	if err := c.enter(); err != nil {
		return nil, err
	}
	defer c.leave()
	m := takeMessage()
	defer m.put()
	if failure := m.ask(r); failure != nil {
		return nil, failure
	}
	text, lengths, n := m.text()
	body, size := bytesOf(r.Body)
	settings, count := m.pairs()
	status := C.hcgo_lookup(c.cache, text, lengths, n, body, size, settings, count, &m.result)
	runtime.KeepAlive(r)
	if status != C.HC_OK {
		return nil, newError(status, m.result.error)
	}
	return newExchange(m), nil
}

// Version is the version of the library that runs, as "major.minor.patch".
func Version() string { return C.GoString(C.hc_version()) }

// HasFeature reports whether the library that runs has a feature: "lmdb" (the store), "fetch" ([Cache.Fetch] over
// libcurl).
func HasFeature(name string) bool {
	if strings.IndexByte(name, 0) >= 0 {
		return false
	}
	text := C.CString(name)
	defer C.free(unsafe.Pointer(text))
	return C.hc_has_feature(text) != 0
}
