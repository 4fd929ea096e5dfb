package httpcache

import "sync/atomic"

// A guard counts the calls that use an object of the library, so that closing it never waits for them and never takes
// it from under them: the last one to leave frees it.
type guard struct{ state atomic.Int32 } // Twice the number of calls, and 1 once it is closed.

// enter begins a call; false: the object is closed.
func (g *guard) enter() bool {
	for {
		state := g.state.Load()
		if state&1 != 0 {
			return false
		}
		if g.state.CompareAndSwap(state, state+2) {
			return true
		}
	}
}

// leave ends a call; true: the caller frees the object.
func (g *guard) leave() bool { return g.state.Add(-2) == 1 }

func (g *guard) isClosed() bool { return g.state.Load()&1 != 0 }

// close refuses further calls. first: it was not closed before; free: the caller frees the object.
func (g *guard) close() (first, free bool) {
	for {
		state := g.state.Load()
		if state&1 != 0 {
			return false, false
		}
		if g.state.CompareAndSwap(state, state|1) {
			return true, state == 0
		}
	}
}
