package httpcache_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"libhttpcache/httpcache"
)

// whileRevalidating answers with what is fresh for a minute, and may be used for an hour more while it is revalidated.
// From the second request on it does what then does first.
func whileRevalidating(t *testing.T, then func(http.ResponseWriter, *http.Request)) *origin {
	var o *origin
	o = serve(t, func(w http.ResponseWriter, r *http.Request) {
		n := o.asked.Load()
		if n > 1 && then != nil {
			then(w, r)
		}
		w.Header().Set("Cache-Control", "max-age=60, stale-while-revalidate=3600")
		fmt.Fprint(w, "answer ", n)
	})
	return o
}

func transportOf(c *http.Client) *httpcache.Transport { return c.Transport.(*httpcache.Transport) }

// staleClient has read what o answers, which is stale by now.
func staleClient(t *testing.T, o *origin) (*http.Client, *httpcache.Cache, *testClock) {
	t.Helper()
	clock := newClock()
	c, cache := client(t, clock)
	askFor(t, c, o.URL, httpcache.SourceOrigin)
	clock.pass(2 * time.Minute)
	return c, cache, clock
}

func TestStaleIsAnsweredAtOnceAndTheNextSeesTheNew(t *testing.T) {
	release := make(chan struct{})
	o := whileRevalidating(t, func(http.ResponseWriter, *http.Request) { <-release })
	c, _, _ := staleClient(t, o)
	resp, got := askFor(t, c, o.URL, httpcache.SourceStale)
	equal(t, "body", got, "answer 1")
	equal(t, "reason", httpcache.InfoOf(resp).Reason, "stale")
	equal(t, "age", httpcache.InfoOf(resp).Age, 2*time.Minute)
	close(release)
	transportOf(c).WaitBehind()
	_, got = askFor(t, c, o.URL, httpcache.SourceFresh)
	equal(t, "body", got, "answer 2")
	equal(t, "asked", o.asked.Load(), 2)
}

func TestWhatIsStillValidIsFreshenedBehindTheCallersBack(t *testing.T) {
	clock := newClock()
	c, cache := client(t, clock)
	o := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "max-age=60, stale-while-revalidate=3600")
		w.Header().Set("ETag", `"a"`)
		if r.Header.Get("If-None-Match") == `"a"` {
			w.WriteHeader(http.StatusNotModified)
			return
		}
		io.Copy(w, &pattern{size: 300001})
	})
	for _, source := range []httpcache.Source{httpcache.SourceOrigin, httpcache.SourceStale, httpcache.SourceFresh} {
		_, got := askFor(t, c, o.URL, source)
		isPattern(t, strings.NewReader(got), 300001)
		transportOf(c).WaitBehind()
		if source == httpcache.SourceOrigin {
			clock.pass(2 * time.Minute)
		}
	}
	equal(t, "asked", o.asked.Load(), 2)
	equal(t, "revalidations", stats(t, cache).Revalidations, 1)
}

func TestALargeStaleBodyIsReadWhileItIsReplaced(t *testing.T) {
	clock := newClock()
	c, _ := client(t, clock)
	var o *origin
	o = serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "max-age=60, stale-while-revalidate=3600")
		io.Copy(w, &pattern{size: 300000 + o.asked.Load()})
	})
	askFor(t, c, o.URL, httpcache.SourceOrigin)
	clock.pass(2 * time.Minute)
	resp, err := c.Get(o.URL)
	check(t, err)
	transportOf(c).WaitBehind()
	isPattern(t, resp.Body, 300001)
	check(t, resp.Body.Close())
	_, got := askFor(t, c, o.URL, httpcache.SourceFresh)
	isPattern(t, strings.NewReader(got), 300002)
}

func TestManyReadersOfWhatIsStaleAskOnce(t *testing.T) {
	release := make(chan struct{})
	o := whileRevalidating(t, func(http.ResponseWriter, *http.Request) { <-release })
	c, _, _ := staleClient(t, o)
	var all sync.WaitGroup
	for i := 0; i < 20; i++ {
		all.Add(1)
		go func() {
			defer all.Done()
			resp, err := c.Get(o.URL)
			if err != nil {
				t.Error(err)
				return
			}
			equal(t, "source", httpcache.InfoOf(resp).Source, httpcache.SourceStale)
			equal(t, "body", readAll(t, resp), "answer 1")
		}()
	}
	all.Wait()
	close(release)
	transportOf(c).WaitBehind()
	equal(t, "asked", o.asked.Load(), 2)
}

func TestAFailureBehindTheCallersBackChangesNothing(t *testing.T) {
	for name, fail := range map[string]func(http.ResponseWriter, *http.Request){
		"no answer": func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
		"cut off": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Cache-Control", "max-age=60")
			w.Header().Set("Content-Length", "10")
			io.WriteString(w, "cut")
			panic(http.ErrAbortHandler)
		},
		"not to be stored": func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusBadGateway)
			io.Copy(w, &pattern{size: 300001})
			panic(http.ErrAbortHandler)
		},
	} {
		t.Run(name, func(t *testing.T) {
			o := whileRevalidating(t, fail)
			c, cache, clock := staleClient(t, o)
			for asked := int64(2); asked < 4; asked++ {
				_, got := askFor(t, c, o.URL, httpcache.SourceStale)
				equal(t, "body", got, "answer 1")
				transportOf(c).WaitBehind()
				// The client sends what broke off before an answer once more.
				if o.asked.Load() < asked {
					t.Errorf("asked %d times, want %d", o.asked.Load(), asked)
				}
			}
			equal(t, "stored", stats(t, cache).Responses, 1)
			clock.pass(2 * time.Hour)
			if resp, err := c.Get(o.URL); err == nil {
				equal(t, "too late, from cache", httpcache.FromCache(resp), false)
				resp.Body.Close()
			}
		})
	}
}

type contextKey struct{}

func TestARevalidationIsNotTheCallers(t *testing.T) {
	clock := newClock()
	cache := open(t, &httpcache.Options{CacheControl: true, Now: clock.now})
	begun, release := make(chan context.Context, 2), make(chan struct{}, 2)
	release <- struct{}{}
	transport := &httpcache.Transport{Cache: cache, Base: base(func(r *http.Request) (*http.Response, error) {
		begun <- r.Context()
		<-release
		content, err := io.ReadAll(r.Body)
		check(t, err)
		h := http.Header{"Cache-Control": {"max-age=60, stale-while-revalidate=3600"}}
		return &http.Response{StatusCode: 200, Header: h, Body: io.NopCloser(strings.NewReader(
			r.URL.Path + " " + r.Header.Get("X-Q") + " " + string(content))), ContentLength: -1}, r.Context().Err()
	})}
	request := func(ctx context.Context) *http.Request {
		return newRequest(t, "GET", url+"path", strings.NewReader("content"), field{"X-Q", "q"}).WithContext(ctx)
	}
	ask(t, transport.Client(), request(background), httpcache.SourceOrigin)
	<-begun
	clock.pass(2 * time.Minute)
	ctx, cancel := context.WithTimeout(context.WithValue(background, contextKey{}, "value"), time.Hour)
	r := request(ctx)
	ask(t, transport.Client(), r, httpcache.SourceStale)
	cancel()
	// The caller's again.
	r.URL.Path, r.Body = "/other", nil
	r.Header.Set("X-Q", "other")
	of := <-begun
	equal(t, "value", of.Value(contextKey{}) == "value", true)
	check(t, of.Err())
	deadline, has := of.Deadline()
	equal(t, "has a deadline of its own", has && time.Until(deadline) <= time.Minute, true)
	release <- struct{}{}
	transport.WaitBehind()
	if of.Err() == nil {
		t.Error("the context of what is over goes on")
	}
	_, got := ask(t, transport.Client(), request(background), httpcache.SourceFresh)
	equal(t, "body", got, "/path q content")
}

// hanging answers once, and from then on when the request's context has ended.
func hanging(t *testing.T) (transport *httpcache.Transport, clock *testClock, begun chan struct{}) {
	clock, begun = newClock(), make(chan struct{}, 100)
	directory := t.TempDir()
	transport, err := httpcache.NewTransport(directory, &httpcache.Options{CacheControl: true, Now: clock.now})
	check(t, err)
	var known sync.Map
	transport.Base = base(func(r *http.Request) (*http.Response, error) {
		if _, is := known.LoadOrStore(r.URL.Path, true); is {
			begun <- struct{}{}
			<-r.Context().Done()
			return nil, r.Context().Err()
		}
		h := http.Header{"Cache-Control": {"max-age=60, stale-while-revalidate=3600"}}
		return &http.Response{StatusCode: 200, Header: h, Body: http.NoBody}, nil
	})
	t.Cleanup(func() { transport.Close() })
	return transport, clock, begun
}

func TestCloseEndsWhatGoesOnBehind(t *testing.T) {
	transport, clock, begun := hanging(t)
	askFor(t, transport.Client(), url, httpcache.SourceOrigin)
	clock.pass(2 * time.Minute)
	askFor(t, transport.Client(), url, httpcache.SourceStale)
	<-begun
	check(t, transport.Close())
	isError(t, second(transport.Cache.Stats()), httpcache.ErrClosed)
}

func TestCloseLeavesACacheOfTheCallersOpen(t *testing.T) {
	cache := open(t, nil)
	transport := &httpcache.Transport{Cache: cache}
	check(t, transport.Close())
	stats(t, cache)
}

func TestShutdownWaits(t *testing.T) {
	release := make(chan struct{})
	o := whileRevalidating(t, func(http.ResponseWriter, *http.Request) { <-release })
	c, cache, _ := staleClient(t, o)
	askFor(t, c, o.URL, httpcache.SourceStale)
	shut := make(chan error)
	go func() { shut <- transportOf(c).Shutdown(background) }()
	close(release)
	check(t, <-shut)
	equal(t, "body", bodyOf(t, cache, get(o.URL)), "answer 2")
}

func TestShutdownWaitsNoLongerThanItsContext(t *testing.T) {
	transport, clock, begun := hanging(t)
	askFor(t, transport.Client(), url, httpcache.SourceOrigin)
	clock.pass(2 * time.Minute)
	askFor(t, transport.Client(), url, httpcache.SourceStale)
	<-begun
	ctx, cancel := context.WithCancel(background)
	cancel()
	isError(t, transport.Shutdown(ctx), context.Canceled)
}

func TestARevalidationHasALimit(t *testing.T) {
	transport, clock, begun := hanging(t)
	transport.RevalidationTimeout = time.Millisecond
	askFor(t, transport.Client(), url, httpcache.SourceOrigin)
	clock.pass(2 * time.Minute)
	for i := 0; i < 2; i++ {
		askFor(t, transport.Client(), url, httpcache.SourceStale)
		<-begun
		transport.WaitBehind()
	}
}

func TestRevalidationsAreNotWithoutNumber(t *testing.T) {
	const most = 64
	transport, clock, begun := hanging(t)
	for i := 0; i <= most; i++ {
		askFor(t, transport.Client(), fmt.Sprint(url, i), httpcache.SourceOrigin)
	}
	clock.pass(2 * time.Minute)
	for i := 0; i <= most; i++ {
		askFor(t, transport.Client(), fmt.Sprint(url, i), httpcache.SourceStale)
	}
	for i := 0; i < most; i++ {
		<-begun
	}
	equal(t, "beyond them", len(begun), 0)
	// The one that was not revalidated is the next one's.
	equal(t, "decision", decision(t, transport.Cache, get(fmt.Sprint(url, most))), httpcache.StaleRevalidate)
}
