package httpcache

/*
#include "shim.h"
*/
import "C"

import (
	"errors"
	"fmt"
	"runtime/cgo"
	"time"
)

// What a handle leads to.
type (
	logger func(LogLevel, string)
	filter struct {
		ask func(*Request, *Response) (bool, error)
		say logger
	}
	clock struct {
		now func() time.Time
		say logger
	}
	// The functions of one cache that say which requests are the same.
	matcher struct {
		key       func(*Request, *KeySink) error
		normalize func(*Request) error
		say       logger
	}
)

func (l logger) line(level LogLevel, line string) {
	// There is nobody left to tell.
	_ = apart(func() error { l(level, line); return nil })
}

//export hcgoFilter
func hcgoFilter(handle C.uintptr_t, r *C.hc_request, p *C.hc_response) C.int32_t {
	f := cgo.Handle(handle).Value().(*filter)
	request, response := copyRequest(r), lentResponse(p)
	defer response.Body.Close()
	keep := false
	err := apart(func() (err error) { keep, err = f.ask(request, response); return err })
	switch {
	case err != nil:
		f.say.line(LogError, fmt.Sprintf("the filter failed: %v", err))
		return C.HC_E_CALLBACK
	case keep:
		return 1
	}
	return 0
}

// ask asks one of the functions. The thread that it runs on is marked as the matcher's.
func (m *matcher) ask(what string, f func() error) C.hc_status {
	err := apartIn(&making{m, whatIsMade()}, f)
	if err == nil {
		return C.HC_OK
	}
	m.say.line(LogError, fmt.Sprintf("%s failed: %v", what, err))
	var status Status
	if errors.As(err, &status) && status < 0 {
		return C.hc_status(status)
	}
	return C.HC_E_CALLBACK
}

//export hcgoKey
func hcgoKey(handle C.uintptr_t, r *C.hc_request, s *C.hc_sink) C.hc_status {
	m := cgo.Handle(handle).Value().(*matcher)
	request, key := copyRequest(r), &KeySink{sink: s}
	defer key.end()
	return m.ask("the function that makes keys", func() error { return m.key(request, key) })
}

//export hcgoNormalize
func hcgoNormalize(handle C.uintptr_t, r *C.hc_request) C.hc_status {
	m := cgo.Handle(handle).Value().(*matcher)
	request := copyRequest(r)
	return m.ask("the function that normalises requests", func() error {
		if err := m.normalize(request); err != nil {
			return err
		}
		return change(r, request)
	})
}

//export hcgoProgress
func hcgoProgress(handle C.uintptr_t, done, total C.uint64_t) C.int32_t {
	p := cgo.Handle(handle).Value().(*progress)
	if p.tell(uint64(done), uint64(total)) {
		return 0
	}
	return 1
}

//export hcgoNow
func hcgoNow(handle C.uintptr_t) C.int64_t {
	c := cgo.Handle(handle).Value().(*clock)
	var now time.Time
	if err := apart(func() error { now = c.now(); return nil }); err != nil {
		c.say.line(LogError, fmt.Sprintf("the clock failed: %v", err))
		now = time.Now()
	}
	return C.int64_t(now.UnixMilli())
}

//export hcgoLog
func hcgoLog(handle C.uintptr_t, level C.int32_t, text *C.char, size C.size_t) {
	cgo.Handle(handle).Value().(logger).line(LogLevel(level), goString(text, size))
}

//export hcgoRelease
func hcgoRelease(handle C.uintptr_t) { cgo.Handle(handle).Delete() }
