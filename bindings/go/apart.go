package httpcache

/*
#include "shim.h"
*/
import "C"

import (
	"errors"
	"fmt"
	"runtime"
	"runtime/debug"
	"sync"
	"sync/atomic"
)

var (
	errGoexit = errors.New("it ended its goroutine")
	errInside = &Error{Status: ErrMisuse, Message: "a function that says which requests are the same asks its own cache"}
)

// apart runs a function of the user on a goroutine of its own. Above the C frames of the calling one neither a panic
// nor runtime.Goexit, as of testing.T.FailNow, may unwind the stack.
func apart(f func() error) error { return apartIn(whatIsMade(), f) }

func apartIn(in *making, f func() error) error {
	ended := make(chan error, 1)
	go func() {
		err := errGoexit
		defer func() {
			if reason := recover(); reason != nil {
				err = fmt.Errorf("it panicked: %v\n%s", reason, debug.Stack())
			}
			ended <- err
		}()
		if in != nil {
			defer in.begin()()
		}
		err = f()
	}()
	return <-ended
}

// A making is a key that is being made by a function of the user, for the cache of that matcher. Who asks the same cache
// meanwhile, himself or through others, would be asked for another key, without end. The library would know him by his
// thread, but that is not the one of the call.
type making struct {
	by    *matcher
	outer *making // What the caller is making a key for.
}

var (
	makings sync.Map // By thread; each is locked to the goroutine that makes the key.
	makers  atomic.Int64
)

func (in *making) begin() (end func()) {
	runtime.LockOSThread()
	thread := C.hcgo_thread()
	makings.Store(thread, in)
	makers.Add(1)
	return func() {
		makers.Add(-1)
		makings.Delete(thread)
		runtime.UnlockOSThread()
	}
}

// whatIsMade is what the calling goroutine is making; nil: nothing.
func whatIsMade() *making {
	if makers.Load() == 0 {
		return nil
	}
	in, _ := makings.Load(C.hcgo_thread())
	of, _ := in.(*making)
	return of
}

// isAsked reports whether the calling goroutine is within one of the matcher's functions.
func (m *matcher) isAsked() bool {
	if m == nil {
		return false
	}
	for in := whatIsMade(); in != nil; in = in.outer {
		if in.by == m {
			return true
		}
	}
	return false
}
