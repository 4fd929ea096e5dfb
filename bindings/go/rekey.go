package httpcache

/*
#include "shim.h"
*/
import "C"

import (
	"context"
	"strings"
	"unsafe"
)

// Rekeyed is what [Cache.Rekey] came to.
type Rekeyed struct {
	Moved uint64 // Stored responses that have a new key.
	// Of those whose new key another one had already: the fresher one was kept, which is the one received later.
	Collided uint64
	// Stored responses that stay under their old key, for want of a value that was not kept, or because a KeyFunc or
	// Normalize failed.
	Left uint64
}

// Rekey makes anew the keys of what was stored under other settings of the key, so that it is found again: after another
// Ignored, MatchFields and their like, SortQuery, or another KeyFunc or Normalize. from are the settings meant, as
// KeySettings names them; nil: all but this cache's, also those of other programs that have the directory. The keys are
// made from the stored requests, which hold no secrets: a function is shown REDACTED in their place.
//
// It goes on beside other use, and is ended by its context, or by an error of progress, which it then gives. What was
// moved by then is moved and counted, and the next call does the rest. progress is told how many of all that are there
// were seen, of a total that may grow meanwhile; it may be nil, and may call the cache.
func (c *Cache) Rekey(ctx context.Context, from []string, progress func(done, total uint64) error) (Rekeyed, error) {
	if err := c.enter(); err != nil {
		return Rekeyed{}, err
	}
	defer c.leave()
	if from != nil && len(from) == 0 {
		return Rekeyed{}, &Error{Status: ErrArgument, Message: "from names no settings"}
	}
	var names *C.char
	joined := strings.Join(from, " ")
	if from != nil {
		// Of one byte more, since no pointer is none.
		names = (*C.char)(unsafe.Pointer(&append([]byte(joined), 0)[0]))
	}
	counted := C.hc_rekeyed{struct_size: C.sizeof_hc_rekeyed}
	err := watch(ctx, progress, func(handle C.uintptr_t, failure **C.hc_error) C.hc_status {
		return C.hcgo_rekey(c.cache, names, C.size_t(len(joined)), handle, &counted, failure)
	})
	return Rekeyed{uint64(counted.moved), uint64(counted.collided), uint64(counted.left)}, err
}
