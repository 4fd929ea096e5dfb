package httpcache_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"libhttpcache/httpcache"
)

var background = context.Background()

// An origin is a real server that counts.
type origin struct {
	*httptest.Server
	asked atomic.Int64
}

func serve(t *testing.T, answer http.HandlerFunc) *origin {
	t.Helper()
	o := new(origin)
	o.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		o.asked.Add(1)
		answer(w, r)
	}))
	t.Cleanup(o.Close)
	return o
}

func fetch(t *testing.T, c *httpcache.Cache, r *httpcache.Request) (*httpcache.Response, string) {
	t.Helper()
	p, err := c.Fetch(background, r)
	check(t, err)
	got, err := p.ReadBody()
	check(t, err)
	return p, string(got)
}

func TestFetchMissHitRevalidated(t *testing.T) {
	clock := newClock()
	c := open(t, &httpcache.Options{CacheControl: true, Now: clock.now})
	o := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "max-age=60")
		w.Header().Set("ETag", `"a"`)
		if r.Header.Get("If-None-Match") == `"a"` {
			w.WriteHeader(304)
			return
		}
		io.WriteString(w, "body of "+r.Header.Get("X-Q"))
	})
	r := get(o.URL+"/", field{"X-Q", "q"})
	for i, want := range []struct{ cached, revalidated bool }{{}, {true, false}, {true, true}} {
		p, got := fetch(t, c, r)
		equal(t, "body", got, "body of q")
		equal(t, "status", p.Status, 200)
		equal(t, "from cache", p.FromCache, want.cached)
		equal(t, "revalidated", p.Revalidated, want.revalidated)
		if i == 1 {
			equal(t, "URL", p.URL, o.URL+"/")
			equal(t, "has a key", p.Key() != "", true)
			clock.pass(time.Hour)
		}
	}
	equal(t, "asked", o.asked.Load(), 2)
}

func TestFetchStoresWhatIsReadToItsEnd(t *testing.T) {
	const size = 1 << 20
	c := open(t, nil)
	o := serve(t, func(w http.ResponseWriter, r *http.Request) { io.Copy(w, &pattern{size: size}) })
	p, err := c.Fetch(background, get(o.URL))
	check(t, err)
	equal(t, "size", p.Size, -1)
	check(t, second(io.ReadFull(p.Body, make([]byte, 1000))))
	check(t, p.Body.Close())
	equal(t, "abandoned", decision(t, c, get(o.URL)), httpcache.Forward)
	for _, cached := range []bool{false, true} {
		p, err = c.Fetch(background, get(o.URL))
		check(t, err)
		equal(t, "from cache", p.FromCache, cached)
		isPattern(t, p.Body, size)
		equal(t, "has a key", p.Key() != "", true)
		check(t, p.Body.Close())
	}
}

func TestFetchSendsMethodAndBody(t *testing.T) {
	c := open(t, &httpcache.Options{CacheControl: true})
	o := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "max-age=60")
		io.WriteString(w, r.Method+" ")
		io.Copy(w, r.Body)
	})
	fetch(t, c, get(o.URL))
	_, got := fetch(t, c, &httpcache.Request{Method: "POST", URL: o.URL, Body: []byte("x\x00y")})
	equal(t, "echo", got, "POST x\x00y")
	equal(t, "is invalidated", decision(t, c, get(o.URL)) == httpcache.Fresh, false)
}

func TestFetchBodiesOfNothingAndOfMuch(t *testing.T) {
	for _, size := range []int64{0, 100 << 20} {
		t.Run(fmt.Sprint(size), func(t *testing.T) {
			c := open(t, nil)
			o := serve(t, func(w http.ResponseWriter, r *http.Request) { io.Copy(w, &pattern{size: size}) })
			for i := 0; i < 2; i++ {
				p, err := c.Fetch(background, get(o.URL))
				check(t, err)
				isPattern(t, p.Body, size)
				check(t, p.Body.Close())
			}
			equal(t, "asked", o.asked.Load(), 1)
		})
	}
}

func TestFetchFailures(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	check(t, err)
	nobody := "http://" + listener.Addr().String()
	listener.Close()
	release := make(chan struct{})
	o := serve(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/stall":
			<-release
		case "/loop":
			http.Redirect(w, r, "/loop", http.StatusFound)
		case "/cut":
			w.Header().Set("Content-Length", "10")
			io.WriteString(w, "cut")
		}
	})
	defer close(release)
	for _, m := range []misuse{
		{"nobody listens", httpcache.ErrConnect, func(t *testing.T, c *httpcache.Cache) error {
			err := second(c.Fetch(background, get(nobody)))
			equal(t, "the message names the origin", strings.Contains(err.Error(), listener.Addr().String()), true)
			return err
		}},
		{"no head in time", httpcache.ErrTimeout, func(t *testing.T, c *httpcache.Cache) error {
			r := get(o.URL + "/stall")
			r.HeadTimeout = 50 * time.Millisecond
			err := second(c.Fetch(background, r))
			var timeout net.Error
			equal(t, "is a timeout", errors.As(err, &timeout) && timeout.Timeout(), true)
			return err
		}},
		{"a deadline", context.DeadlineExceeded, func(t *testing.T, c *httpcache.Cache) error {
			ctx, cancel := context.WithTimeout(background, 50*time.Millisecond)
			defer cancel()
			return second(c.Fetch(ctx, get(o.URL+"/stall")))
		}},
		{"cancelled meanwhile", context.Canceled, func(t *testing.T, c *httpcache.Cache) error {
			ctx, cancel := context.WithCancel(background)
			time.AfterFunc(50*time.Millisecond, cancel)
			return second(c.Fetch(ctx, get(o.URL+"/stall")))
		}},
		{"cut off", httpcache.ErrProtocol, func(t *testing.T, c *httpcache.Cache) error {
			p, err := c.Fetch(background, get(o.URL+"/cut"))
			check(t, err)
			return second(p.ReadBody())
		}},
		{"redirected for ever", httpcache.ErrRedirect, func(t *testing.T, c *httpcache.Cache) error {
			r := get(o.URL + "/loop")
			r.MaxRedirects = 3
			return second(c.Fetch(background, r))
		}},
	} {
		t.Run(m.name, func(t *testing.T) {
			c := open(t, nil)
			isError(t, m.do(t, c), m.kind)
			equal(t, "stored", stats(t, c).Responses, 0)
		})
	}
}

func TestFetchDoesNotFollowWhereItIsToldNotTo(t *testing.T) {
	o := serve(t, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/other", http.StatusFound) })
	r := get(o.URL)
	r.Follow = httpcache.Off
	p, _ := fetch(t, open(t, nil), r)
	equal(t, "status", p.Status, 302)
}

func TestACancelledContextEndsTheBody(t *testing.T) {
	ctx, cancel := context.WithCancel(background)
	defer cancel()
	o := serve(t, func(w http.ResponseWriter, r *http.Request) { io.Copy(w, &pattern{size: 1 << 20}) })
	p, err := open(t, nil).Fetch(ctx, get(o.URL))
	check(t, err)
	defer p.Body.Close()
	check(t, second(io.ReadFull(p.Body, make([]byte, 1000))))
	cancel()
	isError(t, second(io.Copy(io.Discard, p.Body)), context.Canceled)
}

func TestFetchAnswersStaleWhereTheOriginIsGone(t *testing.T) {
	clock := newClock()
	o := serve(t, func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, strings.Repeat("x", 100)) })
	options := &httpcache.Options{Now: clock.now}
	options.Expiry, options.StaleIfError = httpcache.ExpireAfter(time.Second), httpcache.Forever
	c := open(t, options)
	fetch(t, c, get(o.URL))
	o.Close()
	clock.pass(time.Hour)
	p, got := fetch(t, c, get(o.URL))
	equal(t, "length", len(got), 100)
	equal(t, "expired", p.Expired, true)
	r := get(o.URL)
	r.StaleIfError = -1
	_, err := c.Fetch(background, r)
	isError(t, err, httpcache.ErrConnect)
}
