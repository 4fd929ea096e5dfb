package httpcache

/*
#include "shim.h"
*/
import "C"

import (
	"context"
	"errors"
	"io/fs"
	"syscall"
	"time"
)

// A Status says what kind of failure an [Error] is. It is an error itself, so that
//
//	errors.Is(err, httpcache.ErrFull)
//
// asks for the kind.
type Status int32

// The kinds of failure. Those of the store come from [Open], or from reading a stored body that is damaged; those of
// the way to the origin come from [Cache.Fetch].
const (
	ErrArgument     Status = C.HC_E_ARGUMENT      // An argument is not what the call takes.
	ErrMisuse       Status = C.HC_E_MISUSE        // The call came out of order.
	ErrUnsupported  Status = C.HC_E_UNSUPPORTED   // The option or the feature is not in the library that runs.
	ErrNoMemory     Status = C.HC_E_NO_MEMORY     // Memory could not be reserved.
	ErrInternal     Status = C.HC_E_INTERNAL      // A bug in the library; close the object.
	ErrConflict     Status = C.HC_E_CONFLICT      // Two options contradict each other.
	ErrMismatch     Status = C.HC_E_MISMATCH      // An option contradicts what the directory was made with.
	ErrIO           Status = C.HC_E_IO            // Reading or writing failed.
	ErrFull         Status = C.HC_E_FULL          // The disk or a quota is full.
	ErrCorrupt      Status = C.HC_E_CORRUPT       // What is stored is damaged.
	ErrNewerFormat  Status = C.HC_E_NEWER_FORMAT  // The directory was written by a newer version.
	ErrBusy         Status = C.HC_E_BUSY          // Another process holds the directory.
	ErrReadOnly     Status = C.HC_E_READ_ONLY     // The file system can be read but not written.
	ErrPermission   Status = C.HC_E_PERMISSION    // The system refuses access.
	ErrNotDirectory Status = C.HC_E_NOT_DIRECTORY // The path leads to something that is no directory.
	ErrForeignOwner Status = C.HC_E_FOREIGN_OWNER // The directory belongs to another user.
	ErrSymlink      Status = C.HC_E_SYMLINK       // The directory is a symbolic link.
	ErrURL          Status = C.HC_E_URL           // The URL cannot be requested.
	ErrField        Status = C.HC_E_FIELD         // A field name or value is malformed.
	ErrTooLarge     Status = C.HC_E_TOO_LARGE     // A limit was exceeded.
	ErrMethod       Status = C.HC_E_METHOD        // The method is no token.
	ErrTransport    Status = C.HC_E_TRANSPORT     // The exchange with the origin failed in another way than those below.
	ErrTimeout      Status = C.HC_E_TIMEOUT       // The origin took too long.
	ErrCancelled    Status = C.HC_E_CANCELLED     // The caller cancelled.
	ErrResolve      Status = C.HC_E_RESOLVE       // The host name could not be resolved.
	ErrConnect      Status = C.HC_E_CONNECT       // No connection could be made.
	ErrTLS          Status = C.HC_E_TLS           // TLS could not be set up, or the peer is not who it should be.
	ErrProtocol     Status = C.HC_E_PROTOCOL      // The origin's answer is broken or was cut off.
	ErrRedirect     Status = C.HC_E_REDIRECT      // Too many redirects, or one that may not be followed.
	ErrCallback     Status = C.HC_E_CALLBACK      // A callback failed.
)

// Error says in English what the status means.
func (s Status) Error() string { return C.GoString(C.hc_strerror(C.hc_status(s))) }

// An Error is why a call failed. Every error of this package is one, except those that a reader handed on.
type Error struct {
	Status  Status // The kind of failure.
	Message string // What failed and why, with its subject and without secrets.
	Cause   string // Whose number CauseNumber is: "errno", "lmdb", "curl", "callback", or "" where there is none.
	// The number below the error.
	CauseNumber int
	under       error
}

// ErrClosed is the error of a call on what was closed before. It is also [fs.ErrClosed] and [ErrMisuse].
var ErrClosed error = &Error{Status: ErrMisuse, Message: "already closed", under: fs.ErrClosed}

// Error gives the message.
func (e *Error) Error() string { return "httpcache: " + e.Message }

// Unwrap gives the status.
func (e *Error) Unwrap() error { return e.Status }

// Timeout reports whether the origin took too long, as of a net.Error.
func (e *Error) Timeout() bool { return e.Status == ErrTimeout }

// Temporary is the same, for net.Error.
func (e *Error) Temporary() bool { return e.Timeout() }

// Is reports whether target is what lies below this error: a context's error, an errno, or its kind as package fs
// knows it.
func (e *Error) Is(target error) bool {
	if errno, ok := target.(syscall.Errno); ok {
		return e.Cause == "errno" && e.CauseNumber == int(errno)
	}
	if target == fs.ErrPermission {
		return e.Status == ErrPermission
	}
	return e.under != nil && errors.Is(e.under, target)
}

// newError copies and frees an error of the library.
func newError(status C.hc_status, err *C.hc_error) error {
	e := &Error{Status: Status(status), Message: Status(status).Error()}
	if err != nil {
		var number C.int32_t
		e.Message = C.GoString(C.hc_error_message(err))
		if cause := C.hc_error_cause(err, &number); cause != nil {
			e.Cause, e.CauseNumber = C.GoString(cause), int(number)
		}
		C.hc_error_free(err)
	}
	return e
}

// ofContext is an error of the library, or of the context where that was the reason.
func ofContext(ctx context.Context, err error) error {
	if errors.Is(err, ErrCancelled) && ctx.Err() != nil {
		return contextError(ctx)
	}
	if deadline, has := ctx.Deadline(); has && errors.Is(err, ErrTimeout) && !time.Now().Before(deadline) {
		err.(*Error).under = context.DeadlineExceeded
	}
	return err
}

// contextError is the error of a call that its context ended.
func contextError(ctx context.Context) error {
	if ctx.Err() == context.Canceled {
		return &Error{Status: ErrCancelled, Message: "the caller cancelled", under: context.Canceled}
	}
	// A deadline may have passed before the context noticed.
	return &Error{Status: ErrTimeout, Message: "the caller's deadline has passed", under: context.DeadlineExceeded}
}
