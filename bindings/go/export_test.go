package httpcache

import "unsafe"

// Pointers of the library, for tests that leave Go.
func (c *Cache) Pointer() unsafe.Pointer    { return unsafe.Pointer(c.cache) }
func (x *Exchange) Pointer() unsafe.Pointer { return unsafe.Pointer(x.own.exchange) }
func (w *Walk) Pointer() unsafe.Pointer     { return unsafe.Pointer(w.walk) }

// WaitBehind waits for what goes on behind the callers' backs.
func (t *Transport) WaitBehind() { t.behind.all.Wait() }
