package httpcache

/*
#include "shim.h"
*/
import "C"

import (
	"context"
	"runtime/cgo"
)

// A progress tells how far a call is, and why it is to end.
type progress struct {
	ctx   context.Context
	heard func(done, total uint64) error
	err   error
}

// watch makes a call that tells how far it is, unless its context is over.
func watch(
	ctx context.Context, heard func(done, total uint64) error, call func(C.uintptr_t, **C.hc_error) C.hc_status,
) error {
	if ctx.Err() != nil {
		return contextError(ctx)
	}
	if heard == nil {
		heard = func(uint64, uint64) error { return nil }
	}
	told := &progress{ctx: ctx, heard: heard}
	handle := cgo.NewHandle(told)
	defer handle.Delete()
	var failure *C.hc_error
	status := call(C.uintptr_t(handle), &failure)
	if status == C.HC_OK {
		return nil
	}
	err := newError(status, failure)
	if told.err != nil {
		return told.err
	}
	return err
}

// tell reports whether the call goes on.
func (p *progress) tell(done, total uint64) bool {
	var ended error
	if err := apart(func() error { ended = p.heard(done, total); return nil }); err != nil {
		ended = &Error{Status: ErrCallback, Message: "progress failed: " + err.Error()}
	}
	if ended == nil && p.ctx.Err() != nil {
		ended = contextError(p.ctx)
	}
	p.err = ended
	return ended == nil
}
