package httpcache

import (
	"context"
	"io"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// maxRevalidations is how many go on at once behind the callers' backs. What comes beyond them is not revalidated:
	// the next one who asks is told to.
	maxRevalidations         = 64
	defaultRevalidationLimit = time.Minute
)

// revalidations are what a Transport does behind its callers' backs.
type revalidations struct {
	mu      sync.Mutex
	all     sync.WaitGroup
	running int
	closed  atomic.Bool
	ending  context.Context // Ends with the transport; nil: none was begun.
	endAll  context.CancelFunc
}

// begin gives the context of one more, which ends with the limit and with the transport, and not with the caller. false:
// there are too many, or the transport is closed.
func (v *revalidations) begin(caller context.Context, limit time.Duration) (ctx context.Context, end func(), ok bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.closed.Load() || v.running == maxRevalidations {
		return nil, nil, false
	}
	if v.ending == nil {
		v.ending, v.endAll = context.WithCancel(context.Background())
	}
	if limit == 0 {
		limit = defaultRevalidationLimit
	}
	within, cancel := context.WithTimeout(v.ending, limit)
	v.running++
	v.all.Add(1)
	return detached{within, caller}, func() {
		cancel()
		v.mu.Lock()
		v.running--
		v.mu.Unlock()
		v.all.Done()
	}, true
}

// close refuses further ones; false: it did before.
func (v *revalidations) close() bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	return !v.closed.Swap(true)
}

// cancel ends those that go on.
func (v *revalidations) cancel() {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.endAll != nil {
		v.endAll()
	}
}

// A detached context has the values of one and the end of another.
type detached struct {
	context.Context
	values context.Context
}

func (d detached) Value(key any) any { return d.values.Value(key) }

// revalidate sends what the exchange wants sent behind the caller's back, and reports the answer. It takes the exchange.
func (t *Transport) revalidate(r *http.Request, x *Exchange, body []byte) {
	ctx, end, ok := t.behind.begin(r.Context(), t.RevalidationTimeout)
	if !ok {
		x.Close()
		return
	}
	// The request is the caller's again once he has closed the body of the answer.
	sent := r.Clone(ctx)
	sent.Body, sent.GetBody, sent.Cancel = nil, nil, nil
	go func() {
		defer end()
		resp, err := t.forward(sent, x, body)
		if err != nil {
			return
		}
		if _, is := resp.Body.(*storingBody); is {
			io.Copy(io.Discard, resp.Body)
		}
		resp.Body.Close()
	}()
}

// Close ends what the transport does behind its callers' backs, waits for that, and closes the Cache if [NewTransport]
// opened it. Each later request is ErrClosed, as is a second Close. Bodies that are being read go on.
func (t *Transport) Close() error {
	if !t.behind.close() {
		return ErrClosed
	}
	return t.finish()
}

// Shutdown is [Transport.Close] after all revalidations behind the callers' backs have come to their end, or after ctx
// has, whose error it then gives. Programs that run but for a moment leave fresh responses behind with it.
func (t *Transport) Shutdown(ctx context.Context) error {
	if !t.behind.close() {
		return ErrClosed
	}
	done := make(chan struct{})
	go func() {
		t.behind.all.Wait()
		close(done)
	}()
	var ended error
	select {
	case <-done:
	case <-ctx.Done():
		ended = contextError(ctx)
	}
	if err := t.finish(); err != nil {
		return err
	}
	return ended
}

func (t *Transport) finish() error {
	t.behind.cancel()
	t.behind.all.Wait()
	if t.isOwner {
		return t.Cache.Close()
	}
	return nil
}
