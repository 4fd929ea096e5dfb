package httpcache_test

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"testing"

	"libhttpcache/httpcache"
)

// begin looks u up, which is a miss, and begins to store.
func begin(t testing.TB, c *httpcache.Cache, u string, fields ...field) *httpcache.Exchange {
	t.Helper()
	x := lookup(t, c, get(u))
	outcome, err := x.Begin(answer(200, "", fields...))
	check(t, err)
	equal(t, "outcome", outcome, httpcache.Storing)
	return x
}

func TestBodiesInPieces(t *testing.T) {
	c := open(t, nil)
	for _, size := range []int64{0, 1, 100, 65535, 65536, 65537, 1 << 20} {
		for _, piece := range []int64{7, 1000, 65536, 1 << 20} {
			t.Run(fmt.Sprintf("%d by %d", size, piece), func(t *testing.T) {
				u := fmt.Sprintf("%s%d/%d", url, size, piece)
				x := begin(t, c, u)
				_, err := io.CopyBuffer(struct{ io.Writer }{x}, struct{ io.Reader }{&pattern{size: size}}, make([]byte, piece))
				check(t, err)
				equal(t, "before the end", decision(t, c, get(u)), httpcache.Forward)
				outcome, err := x.End()
				check(t, err)
				equal(t, "outcome", outcome, httpcache.Stored)
				equal(t, "size", x.Response().Size, size)
				isPattern(t, x.Response().Body, size)

				p := lookup(t, c, get(u)).Response()
				defer p.Body.Close()
				for left := size; ; {
					n, err := p.Body.Read(make([]byte, piece))
					left -= int64(n)
					if err == io.EOF {
						equal(t, "left", left, 0)
						break
					}
					check(t, err)
				}
				equal(t, "body", bodyOf(t, c, get(u)) == string(body(size)), true)
			})
		}
	}
}

func body(size int64) []byte {
	b, _ := io.ReadAll(&pattern{size: size})
	return b
}

func TestAHundredMebibytes(t *testing.T) {
	const size = 100 << 20
	c := open(t, nil)
	whole := body(size)
	put(t, c, get(url), &httpcache.Answer{Status: 200, Body: whole}, httpcache.Stored)
	x := lookup(t, c, get(url))
	equal(t, "size", x.Response().Size, size)
	got, err := x.Response().ReadBody()
	check(t, err)
	equal(t, "is the same", bytes.Equal(got, whole), true)
}

func TestABodyOfNothing(t *testing.T) {
	c := open(t, nil)
	put(t, c, get(url), &httpcache.Answer{Status: 200}, httpcache.Stored)
	p := lookup(t, c, get(url)).Response()
	equal(t, "size", p.Size, 0)
	got, err := p.ReadBody()
	check(t, err)
	if got == nil || len(got) != 0 {
		t.Errorf("body %v", got)
	}
}

func TestABodyIsAsLongAsAnnounced(t *testing.T) {
	c := open(t, nil)
	for text, want := range map[string]httpcache.Outcome{
		"ab": httpcache.NotStored, "abc": httpcache.Stored, "abcd": httpcache.NotStored,
	} {
		t.Run(text, func(t *testing.T) {
			x := begin(t, c, url+text, field{"Content-Length", "3"})
			n, err := io.Copy(x, strings.NewReader(text))
			check(t, err)
			equal(t, "taken", n, int64(len(text)))
			outcome, err := x.End()
			check(t, err)
			equal(t, "outcome", outcome, want)
			equal(t, "is stored", decision(t, c, get(url+text)) == httpcache.Fresh, want == httpcache.Stored)
		})
	}
}

func TestWhatIsAbandonedIsNotStored(t *testing.T) {
	c := open(t, nil)
	for name, abandon := range map[string]func(*httpcache.Exchange){
		"closed": func(x *httpcache.Exchange) { check(t, x.Close()) },
		"failed": func(x *httpcache.Exchange) {
			usable, err := x.Failure()
			check(t, err)
			equal(t, "usable", usable, false)
		},
	} {
		t.Run(name, func(t *testing.T) {
			x := begin(t, c, url)
			_, err := io.Copy(x, &pattern{size: 300001})
			check(t, err)
			abandon(x)
			equal(t, "decision", decision(t, c, get(url)), httpcache.Forward)
			equal(t, "stores", stats(t, c).Stores, 0)
		})
	}
}

func TestAResponseOutlivesTheExchangeAndTheCache(t *testing.T) {
	for _, size := range []int64{10, 300001} {
		t.Run(fmt.Sprint(size), func(t *testing.T) {
			c := open(t, nil)
			put(t, c, get(url), &httpcache.Answer{Status: 200, Body: body(size)}, httpcache.Stored)
			x := lookup(t, c, get(url))
			p := x.Response()
			check(t, x.Close())
			check(t, c.Close())
			isPattern(t, p.Body, size)
			check(t, p.Body.Close())
		})
	}
}
