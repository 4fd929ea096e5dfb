package httpcache_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"libhttpcache/httpcache"
)

// client makes an http.Client with a cache of its own.
func client(t *testing.T, clock *testClock) (*http.Client, *httpcache.Cache) {
	t.Helper()
	o := &httpcache.Options{CacheControl: true}
	if clock != nil {
		o.Now = clock.now
	}
	c := open(t, o)
	// A transport of its own: connections do not outlive the test's server.
	base := &http.Transport{}
	t.Cleanup(base.CloseIdleConnections)
	return (&httpcache.Transport{Cache: c, Base: base}).Client(), c
}

func newRequest(t *testing.T, method, u string, body io.Reader, fields ...field) *http.Request {
	t.Helper()
	r, err := http.NewRequest(method, u, body)
	check(t, err)
	for _, f := range fields {
		r.Header.Add(f.Name, f.Value)
	}
	return r
}

// ask sends a request and reads the answer, whose source it checks.
func ask(t *testing.T, c *http.Client, r *http.Request, want httpcache.Source) (*http.Response, string) {
	t.Helper()
	resp, err := c.Do(r)
	check(t, err)
	got := readAll(t, resp)
	equal(t, "source", httpcache.InfoOf(resp).Source, want)
	equal(t, "from cache", httpcache.FromCache(resp),
		want == httpcache.SourceFresh || want == httpcache.SourceRevalidated || want == httpcache.SourceStale)
	return resp, got
}

func askFor(t *testing.T, c *http.Client, u string, want httpcache.Source, fields ...field) (*http.Response, string) {
	t.Helper()
	return ask(t, c, newRequest(t, "GET", u, nil, fields...), want)
}

// fresh answers with what is fresh for a minute, has a validator, and says how often it was asked.
func fresh(t *testing.T) *origin {
	var o *origin
	o = serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "max-age=60")
		w.Header().Set("ETag", `"a"`)
		if r.Header.Get("If-None-Match") == `"a"` {
			w.WriteHeader(http.StatusNotModified)
			return
		}
		fmt.Fprintf(w, "%s %d", r.Method, o.asked.Load())
	})
	return o
}

func TestTransportMissHitRevalidated(t *testing.T) {
	clock := newClock()
	c, _ := client(t, clock)
	o := fresh(t)
	resp, got := askFor(t, c, o.URL, httpcache.SourceOrigin)
	equal(t, "reason", httpcache.InfoOf(resp).Reason, "uri-miss")
	equal(t, "body", got, "GET 1")
	clock.pass(time.Second)
	resp, got = askFor(t, c, o.URL, httpcache.SourceFresh)
	equal(t, "body", got, "GET 1")
	equal(t, "status", resp.Status, "200 OK")
	equal(t, "code", resp.StatusCode, 200)
	equal(t, "length", resp.ContentLength, 5)
	equal(t, "protocol", resp.Proto, "HTTP/1.1")
	equal(t, "Age", resp.Header.Get("Age"), "1")
	equal(t, "requested URL", resp.Request.URL.String(), o.URL)
	info := httpcache.InfoOf(resp)
	equal(t, "age", info.Age, time.Second)
	equal(t, "lifetime", info.FreshnessLifetime, time.Minute)
	equal(t, "expires at", info.ExpiresAt, httpcache.ExpireAt(clock.now().Add(59*time.Second)))
	clock.pass(time.Hour)
	resp, got = askFor(t, c, o.URL, httpcache.SourceRevalidated)
	equal(t, "body", got, "GET 1")
	equal(t, "status", resp.StatusCode, 200)
	askFor(t, c, o.URL, httpcache.SourceFresh)
	askFor(t, c, o.URL, httpcache.SourceRevalidated, field{"Cache-Control", "no-cache"})
	equal(t, "asked", o.asked.Load(), 3)
}

func TestNewTransportFollowsRFC9111(t *testing.T) {
	transport, err := httpcache.NewTransport(t.TempDir(), nil)
	check(t, err)
	defer transport.Cache.Close()
	o := serve(t, func(w http.ResponseWriter, r *http.Request) { w.Header().Set("Cache-Control", "no-store") })
	for i := 0; i < 2; i++ {
		resp, err := transport.Client().Get(o.URL)
		check(t, err)
		readAll(t, resp)
	}
	equal(t, "asked", o.asked.Load(), 2)
	transport.Client().CloseIdleConnections()
}

func TestTransportStoresOnlyWhatIsReadToItsEnd(t *testing.T) {
	const size = 300001
	for name, chunked := range map[string]bool{"with a length": false, "in chunks": true} {
		t.Run(name, func(t *testing.T) {
			c, _ := client(t, nil)
			o := serve(t, func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Cache-Control", "max-age=60")
				if !chunked {
					w.Header().Set("Content-Length", fmt.Sprint(size))
				}
				io.Copy(w, &pattern{size: size})
			})
			resp, err := c.Get(o.URL)
			check(t, err)
			check(t, second(io.ReadFull(resp.Body, make([]byte, size/2))))
			check(t, resp.Body.Close())
			_, got := askFor(t, c, o.URL, httpcache.SourceOrigin)
			isPattern(t, strings.NewReader(got), size)
			_, got = askFor(t, c, o.URL, httpcache.SourceFresh)
			isPattern(t, strings.NewReader(got), size)
		})
	}
}

func TestTransportStoresWhatIsReadByItsLength(t *testing.T) {
	// The end comes with no byte of the body, and nobody asks for it.
	transport := &httpcache.Transport{Cache: open(t, nil), Base: base(func(*http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: 200, Header: http.Header{}, Body: io.NopCloser(strings.NewReader("body")), ContentLength: 4}, nil
	})}
	resp, err := transport.Client().Get(url)
	check(t, err)
	check(t, second(io.ReadFull(resp.Body, make([]byte, 4))))
	check(t, resp.Body.Close())
	askFor(t, transport.Client(), url, httpcache.SourceFresh)
}

func TestTransportStoresABodyOfNothingThatNobodyReads(t *testing.T) {
	c, _ := client(t, nil)
	o := serve(t, func(w http.ResponseWriter, r *http.Request) { w.Header().Set("Cache-Control", "max-age=60") })
	resp, err := c.Get(o.URL)
	check(t, err)
	check(t, resp.Body.Close())
	resp, _ = askFor(t, c, o.URL, httpcache.SourceFresh)
	equal(t, "length", resp.ContentLength, 0)
}

func TestTransportDoesNotStoreWhatBrokeOff(t *testing.T) {
	for _, length := range []string{"10", ""} {
		t.Run("length "+length, func(t *testing.T) {
			c, cache := client(t, nil)
			o := serve(t, func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Cache-Control", "max-age=60")
				if length != "" {
					w.Header().Set("Content-Length", length)
				}
				io.WriteString(w, "cut")
				w.(http.Flusher).Flush()
				panic(http.ErrAbortHandler)
			})
			resp, err := c.Get(o.URL)
			check(t, err)
			defer resp.Body.Close()
			isError(t, second(io.ReadAll(resp.Body)), io.ErrUnexpectedEOF)
			equal(t, "stored", stats(t, cache).Responses, 0)
		})
	}
}

func TestUnsafeMethodsInvalidateAndTheirBodiesAreStreamed(t *testing.T) {
	const size = 3 << 20 // More than is ever held of a body.
	c, _ := client(t, nil)
	o := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "max-age=60")
		if r.Method == "POST" {
			n, err := io.Copy(&pattern{size: size}, r.Body)
			fmt.Fprint(w, n, err)
		}
	})
	askFor(t, c, o.URL, httpcache.SourceOrigin)
	askFor(t, c, o.URL, httpcache.SourceFresh)
	_, got := ask(t, c, newRequest(t, "POST", o.URL, &pattern{size: size}), httpcache.SourceOrigin)
	equal(t, "received", got, fmt.Sprint(size, nil))
	askFor(t, c, o.URL, httpcache.SourceOrigin)
}

func TestTheContentOfAGetIsPartOfItsKey(t *testing.T) {
	c, _ := client(t, nil)
	o := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "max-age=60")
		io.Copy(w, r.Body)
	})
	for _, content := range []string{"a", "b"} {
		for _, source := range []httpcache.Source{httpcache.SourceOrigin, httpcache.SourceFresh} {
			_, got := ask(t, c, newRequest(t, "GET", o.URL, strings.NewReader(content)), source)
			equal(t, "body", got, content)
		}
	}
	large := bytes.Repeat([]byte("x"), 1<<20+1)
	for i := 0; i < 2; i++ {
		_, got := ask(t, c, newRequest(t, "GET", o.URL, bytes.NewReader(large)), httpcache.SourceOrigin)
		equal(t, "length", len(got), len(large))
	}
}

func TestHeadIsAnsweredByWhatAGetStored(t *testing.T) {
	c, _ := client(t, nil)
	o := fresh(t)
	askFor(t, c, o.URL, httpcache.SourceOrigin)
	resp, got := ask(t, c, newRequest(t, "HEAD", o.URL, nil), httpcache.SourceFresh)
	equal(t, "body", got, "")
	equal(t, "length", resp.ContentLength, 5)
	resp, _ = ask(t, c, newRequest(t, "HEAD", o.URL+"/other", nil), httpcache.SourceOrigin)
	equal(t, "status", resp.StatusCode, 200)
}

func TestRedirectsAreStoredHopByHop(t *testing.T) {
	c, _ := client(t, nil)
	o := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "max-age=60")
		if r.URL.Path == "/from" {
			http.Redirect(w, r, "/to", http.StatusMovedPermanently)
		}
	})
	askFor(t, c, o.URL+"/from", httpcache.SourceOrigin)
	resp, _ := askFor(t, c, o.URL+"/from", httpcache.SourceFresh)
	equal(t, "path", resp.Request.URL.Path, "/to")
	equal(t, "asked", o.asked.Load(), 2)
}

func TestOnlyIfCachedNeverReachesTheOrigin(t *testing.T) {
	c, _ := client(t, nil)
	o := fresh(t)
	resp, _ := askFor(t, c, o.URL, httpcache.SourceUnsatisfiable, field{"Cache-Control", "only-if-cached"})
	equal(t, "status", resp.StatusCode, http.StatusGatewayTimeout)
	equal(t, "asked", o.asked.Load(), 0)
}

func TestOneTransportManyGoroutines(t *testing.T) {
	c, _ := client(t, nil)
	o := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "max-age=60")
		io.WriteString(w, strings.Repeat(r.URL.Path, 1000))
	})
	var all sync.WaitGroup
	for i := 0; i < 8; i++ {
		all.Add(1)
		go func() {
			defer all.Done()
			for k := 0; k < 40; k++ {
				path := fmt.Sprint("/", k%7)
				resp, err := c.Get(o.URL + path)
				if err != nil {
					t.Error(err)
					return
				}
				if got := readAll(t, resp); got != strings.Repeat(path, 1000) {
					t.Errorf("%s: %d bytes", path, len(got))
				}
			}
		}()
	}
	all.Wait()
}

func TestCancellationIsTheCallersAndNoFailure(t *testing.T) {
	clock := newClock()
	c, _ := client(t, clock)
	arrived, release := make(chan struct{}, 1), make(chan struct{})
	var o *origin
	o = serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "max-age=60, stale-if-error=9999")
		if o.asked.Load() > 1 {
			arrived <- struct{}{}
			<-release
		}
	})
	defer close(release)
	askFor(t, c, o.URL, httpcache.SourceOrigin)
	clock.pass(time.Minute * 2)
	ctx, cancel := context.WithCancel(background)
	go func() { <-arrived; cancel() }()
	_, err := c.Do(newRequest(t, "GET", o.URL, nil).WithContext(ctx))
	isError(t, err, context.Canceled)
	// That the origin was too slow for a deadline is one.
	ctx, cancel = context.WithTimeout(background, 50*time.Millisecond)
	defer cancel()
	ask(t, c, newRequest(t, "GET", o.URL, nil).WithContext(ctx), httpcache.SourceStale)
}

// A base is a RoundTripper that a function stands for.
type base func(*http.Request) (*http.Response, error)

func (b base) RoundTrip(r *http.Request) (*http.Response, error) { return b(r) }

var errBase = errors.New("the network is down")

// closing counts how often a body is closed.
type closing struct {
	io.Reader
	closed int
}

func (c *closing) Close() error { c.closed++; return nil }
