package httpcache

/*
#include "shim.h"
*/
import "C"

import "context"

// A Verification is what [Cache.Verify] and [Cache.Mend] looked at, and what did not fit.
type Verification struct {
	Records        uint64 // Records that were looked at.
	Bodies         uint64 // Files of bodies that were read.
	DamagedRecords uint64 // Records that cannot be read, the bodies in them included.
	DamagedBodies  uint64 // Files of bodies that are damaged or gone, of records that are sound.
	// Lists of variants that cannot be read, or do not name the variants that there are.
	DamagedLists uint64
	// Small rows beside the responses that cannot be read, and a wrong number of lists.
	DamagedMarks uint64
	// Bodies of which no row says that they are in use, so that they may be removed as orphans.
	UnheldBodies   uint64
	DanglingBodies uint64 // Rows of bodies whose record is no longer there.
	// Files of bodies that no row names, and rows that say that a URL has a key of a KeyFunc under which nothing is
	// stored any more. They do no harm but for the room they take.
	OrphanBodies, DanglingMarks uint64
	Mended                      uint64 // How many of all these were taken away or put right.
}

// Verify looks at everything that is stored: it reads each record and each body, and looks whether each row that leads to
// one does. Nothing is changed, and that something is damaged is no error. It goes on beside other use. Its context and
// progress end it, as [Cache.Rekey]; what was found by then is given too.
func (c *Cache) Verify(ctx context.Context, progress func(done, total uint64) error) (Verification, error) {
	return c.verify(ctx, 0, progress)
}

// Mend is Verify, and takes away what is damaged, and puts right what leads to something sound. Nothing sound is ever
// taken away. ErrReadOnly: the cache is ReadOnly, or nothing can be written.
func (c *Cache) Mend(ctx context.Context, progress func(done, total uint64) error) (Verification, error) {
	return c.verify(ctx, 1, progress)
}

func (c *Cache) verify(ctx context.Context, mend C.int32_t, progress func(done, total uint64) error) (Verification, error) {
	if !c.guard.enter() {
		return Verification{}, ErrClosed
	}
	defer c.leave()
	v := C.hc_verification{struct_size: C.sizeof_hc_verification}
	err := watch(ctx, progress, func(handle C.uintptr_t, failure **C.hc_error) C.hc_status {
		return C.hcgo_verify(c.cache, mend, handle, &v, failure)
	})
	return Verification{uint64(v.records), uint64(v.bodies), uint64(v.damaged_records), uint64(v.damaged_bodies),
		uint64(v.damaged_lists), uint64(v.damaged_marks), uint64(v.unheld_bodies), uint64(v.dangling_bodies),
		uint64(v.orphan_bodies), uint64(v.dangling_marks), uint64(v.mended)}, err
}
