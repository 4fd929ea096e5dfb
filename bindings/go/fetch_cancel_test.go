package httpcache_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"libhttpcache/httpcache"
)

// stalling begins to answer "/body" with five bytes, answers "/head" not at all, and tells when such a request came and
// when its connection ended.
func stalling(t *testing.T) (o *origin, came, ended chan struct{}) {
	came, ended = make(chan struct{}, 10), make(chan struct{}, 10)
	o = serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/body" {
			io.WriteString(w, "first")
			w.(http.Flusher).Flush()
		}
		came <- struct{}{}
		<-r.Context().Done()
		ended <- struct{}{}
	})
	return o, came, ended
}

func TestCancellingAFetchEndsItOnTheNetworkToo(t *testing.T) {
	o, came, ended := stalling(t)
	ctx, cancel := context.WithCancel(background)
	go func() { <-came; cancel() }()
	_, err := open(t, nil).Fetch(ctx, get(o.URL+"/head"))
	isError(t, err, context.Canceled)
	isError(t, err, httpcache.ErrCancelled)
	<-ended
}

func TestCancellingEndsAReadThatWaits(t *testing.T) {
	o, came, ended := stalling(t)
	ctx, cancel := context.WithCancel(background)
	c := open(t, nil)
	p, err := c.Fetch(ctx, get(o.URL+"/body"))
	check(t, err)
	defer p.Body.Close()
	check(t, second(io.ReadFull(p.Body, make([]byte, 5))))
	<-came
	time.AfterFunc(time.Millisecond, cancel)
	isError(t, second(p.Body.Read(make([]byte, 5))), context.Canceled)
	<-ended
	isError(t, second(p.Body.Read(make([]byte, 5))), context.Canceled)
	equal(t, "stored", stats(t, c).Responses, 0)
}

func TestClosingABodyEndsAReadThatWaits(t *testing.T) {
	o, came, ended := stalling(t)
	p, err := open(t, nil).Fetch(background, get(o.URL+"/body"))
	check(t, err)
	check(t, second(io.ReadFull(p.Body, make([]byte, 5))))
	<-came
	read := make(chan error)
	go func() {
		_, err := p.Body.Read(make([]byte, 5))
		read <- err
	}()
	check(t, p.Body.Close())
	isError(t, <-read, httpcache.ErrClosed)
	<-ended
}

func TestADeadlineHoldsForABody(t *testing.T) {
	o, _, ended := stalling(t)
	ctx, cancel := context.WithTimeout(background, 200*time.Millisecond)
	defer cancel()
	p, err := open(t, nil).Fetch(ctx, get(o.URL+"/body"))
	check(t, err)
	defer p.Body.Close()
	_, err = io.Copy(io.Discard, p.Body)
	isError(t, err, context.DeadlineExceeded)
	isError(t, err, httpcache.ErrTimeout)
	<-ended
}

// Each hop has the library's timeout to itself: the deadline is that of all of them.
func TestADeadlineHoldsForAllRedirects(t *testing.T) {
	o := serve(t, func(w http.ResponseWriter, r *http.Request) {
		select {
		case <-r.Context().Done():
		case <-time.After(100 * time.Millisecond):
			http.Redirect(w, r, "/?"+time.Now().String(), http.StatusFound)
		}
	})
	ctx, cancel := context.WithTimeout(background, 150*time.Millisecond)
	defer cancel()
	_, err := open(t, nil).Fetch(ctx, get(o.URL))
	isError(t, err, context.DeadlineExceeded)
	if asked := o.asked.Load(); asked > 5 {
		t.Errorf("asked %d times", asked)
	}
}

func TestADeadlineIsTheOriginsFailureAndACancellationTheCallers(t *testing.T) {
	clock := newClock()
	options := &httpcache.Options{Now: clock.now}
	options.Expiry, options.StaleIfError = httpcache.ExpireAfter(time.Second), httpcache.Forever
	c := open(t, options)
	came := make(chan struct{}, 10)
	var asked atomic.Int64
	o := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if asked.Add(1) > 1 {
			came <- struct{}{}
			<-r.Context().Done()
		}
		io.WriteString(w, "body")
	})
	fetch(t, c, get(o.URL))
	clock.pass(time.Hour)
	ctx, cancel := context.WithCancel(background)
	go func() { <-came; cancel() }()
	_, err := c.Fetch(ctx, get(o.URL))
	isError(t, err, context.Canceled)
	ctx, cancel = context.WithTimeout(background, 50*time.Millisecond)
	defer cancel()
	p, err := c.Fetch(ctx, get(o.URL))
	check(t, err)
	got, err := p.ReadBody()
	equal(t, "expired", p.Expired, true)
	equal(t, "body", string(got), "body")
	// The context is over, the body in memory.
	check(t, err)
}

func TestCancellingHarmsNobodyElse(t *testing.T) {
	o, came, _ := stalling(t)
	c := open(t, nil)
	put(t, c, get(o.URL+"/stored"), answer(200, "stored"), httpcache.Stored)
	ctx, cancel := context.WithCancel(background)
	waiting := make(chan error)
	go func() {
		_, err := c.Fetch(background, get(o.URL+"/head"))
		waiting <- err
	}()
	<-came
	cancelled := make(chan error)
	go func() {
		_, err := c.Fetch(ctx, get(o.URL+"/head?"))
		cancelled <- err
	}()
	<-came
	cancel()
	isError(t, <-cancelled, context.Canceled)
	_, got := fetch(t, c, get(o.URL+"/stored"))
	equal(t, "stored", got, "stored")
	o.CloseClientConnections()
	if err := <-waiting; errors.Is(err, httpcache.ErrCancelled) || err == nil {
		t.Error("the other one:", err)
	}
}

func TestFetchRevalidatesBehindTheCallersBack(t *testing.T) {
	for name, options := range map[string]*httpcache.Options{
		"on a thread": {CacheControl: true},
		"where the cache has a callback": {CacheControl: true, Filter: func(*httpcache.Request, *httpcache.Response) (bool, error) {
			return true, nil
		}},
		"where no threads are wanted": {CacheControl: true, Workers: httpcache.Off},
	} {
		t.Run(name, func(t *testing.T) {
			o := serve(t, func(w http.ResponseWriter, r *http.Request) {
				if r.Header.Get("If-None-Match") != "" {
					w.Header().Set("Cache-Control", "max-age=60")
					w.WriteHeader(http.StatusNotModified)
					return
				}
				w.Header().Set("Cache-Control", "max-age=0, stale-while-revalidate=60")
				w.Header().Set("ETag", `"a"`)
				io.WriteString(w, "body")
			})
			c := open(t, options)
			fetch(t, c, get(o.URL))
			ctx, cancel := context.WithCancel(background)
			p, err := c.Fetch(ctx, get(o.URL))
			cancel()
			check(t, err)
			equal(t, "from cache", p.FromCache, true)
			check(t, p.Body.Close())
			check(t, c.Flush(time.Minute))
			equal(t, "asked", o.asked.Load(), 2)
			equal(t, "body", bodyOf(t, c, get(o.URL)), "body")
		})
	}
}
