package httpcache_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"libhttpcache/httpcache"
)

const url = "http://h.test/"

// A testClock stands still until it is told to go on.
type testClock struct{ ms atomic.Int64 }

func newClock() *testClock {
	c := new(testClock)
	c.ms.Store(1_700_000_000_000)
	return c
}

func (c *testClock) now() time.Time       { return time.UnixMilli(c.ms.Load()) }
func (c *testClock) pass(d time.Duration) { c.ms.Add(d.Milliseconds()) }

// open opens a cache in a directory of its own, and closes it when the test ends.
func open(t *testing.T, o *httpcache.Options) *httpcache.Cache {
	t.Helper()
	return openIn(t, t.TempDir(), o)
}

func openIn(t *testing.T, directory string, o *httpcache.Options) *httpcache.Cache {
	t.Helper()
	c, err := httpcache.Open(directory, o)
	check(t, err)
	t.Cleanup(func() {
		if err := c.Close(); err != nil && err != httpcache.ErrClosed {
			t.Error(err)
		}
	})
	return c
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func equal[T comparable](t testing.TB, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s: %v, want %v", what, got, want)
	}
}

// isError checks the kind of an error.
func isError(t testing.TB, err, kind error) {
	t.Helper()
	if !errors.Is(err, kind) {
		t.Errorf("error %v, want %v", err, kind)
	}
}

func get(u string, fields ...httpcache.Field) *httpcache.Request {
	return &httpcache.Request{URL: u, Fields: fields}
}

func lookup(t testing.TB, c *httpcache.Cache, r *httpcache.Request) *httpcache.Exchange {
	t.Helper()
	x, err := c.Lookup(r)
	check(t, err)
	t.Cleanup(func() { x.Close() })
	return x
}

func decision(t testing.TB, c *httpcache.Cache, r *httpcache.Request) httpcache.Decision {
	t.Helper()
	return lookup(t, c, r).Decision()
}

func answer(status int, body string, fields ...httpcache.Field) *httpcache.Answer {
	return &httpcache.Answer{Status: status, Fields: fields, Body: []byte(body)}
}

// put stores an answer to r, and checks what became of it.
func put(t testing.TB, c *httpcache.Cache, r *httpcache.Request, a *httpcache.Answer, want httpcache.Outcome) {
	t.Helper()
	x := lookup(t, c, r)
	outcome, err := x.Store(a)
	check(t, err)
	equal(t, "outcome", outcome, want)
	check(t, x.Close())
}

// bodyOf is the body of what the cache answers fresh.
func bodyOf(t testing.TB, c *httpcache.Cache, r *httpcache.Request) string {
	t.Helper()
	x := lookup(t, c, r)
	equal(t, "decision", x.Decision(), httpcache.Fresh)
	if x.Response() == nil {
		t.Fatal("no response")
	}
	body, err := x.Response().ReadBody()
	check(t, err)
	return string(body)
}

func stats(t testing.TB, c *httpcache.Cache) httpcache.Stats {
	t.Helper()
	s, err := c.Stats()
	check(t, err)
	return s
}

// A pattern is a body of any size that is made while it is read, and checked while it is written. Its period is no
// power of two, so that no piece of it is like the one before.
type pattern struct{ at, size int64 }

const period = 65521

var patternBytes = func() []byte {
	b := make([]byte, 2*period)
	x := uint32(1)
	for i := range b[:period] {
		x = x*1664525 + 1013904223
		b[i] = byte(x >> 24)
	}
	copy(b[period:], b)
	return b
}()

func (p *pattern) Read(b []byte) (int, error) {
	if p.at == p.size {
		return 0, io.EOF
	}
	n := 0
	for n < len(b) && p.at < p.size {
		from := patternBytes[p.at%period:][:period]
		if left := p.size - p.at; left < period {
			from = from[:left]
		}
		k := copy(b[n:], from)
		n, p.at = n+k, p.at+int64(k)
	}
	return n, nil
}

func (p *pattern) Write(b []byte) (int, error) {
	for n := 0; n < len(b); {
		want := patternBytes[p.at%period:][:period]
		if len(want) > len(b)-n {
			want = want[:len(b)-n]
		}
		if p.at+int64(len(want)) > p.size || !bytes.Equal(b[n:n+len(want)], want) {
			return n, fmt.Errorf("wrong bytes near %d", p.at)
		}
		n, p.at = n+len(want), p.at+int64(len(want))
	}
	return len(b), nil
}

// isPattern checks a whole body against the pattern.
func isPattern(t testing.TB, r io.Reader, size int64) {
	t.Helper()
	p := &pattern{size: size}
	_, err := io.Copy(p, r)
	check(t, err)
	equal(t, "length of the body", p.at, size)
}

func atoi(t testing.TB, s string) int {
	t.Helper()
	n, err := strconv.Atoi(s)
	check(t, err)
	return n
}

func readAll(t testing.TB, resp *http.Response) string {
	t.Helper()
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	check(t, err)
	return string(body)
}
