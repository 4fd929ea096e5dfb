package httpcache

/*
#include "shim.h"
*/
import "C"

import (
	"errors"
	"fmt"
	"runtime/cgo"
	"runtime/debug"
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
)

var errGoexit = errors.New("it ended its goroutine")

// apart runs a function of the user on a goroutine of its own. Above the C frames of the calling one neither a panic
// nor runtime.Goexit, as of testing.T.FailNow, may unwind the stack.
func apart(f func() error) error {
	ended := make(chan error, 1)
	go func() {
		err := errGoexit
		defer func() {
			if reason := recover(); reason != nil {
				err = fmt.Errorf("it panicked: %v\n%s", reason, debug.Stack())
			}
			ended <- err
		}()
		err = f()
	}()
	return <-ended
}

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
