package httpcache_test

import (
	"context"
	"errors"
	"io"
	"math"
	"net/http"
	"strings"
	"testing"
	"time"

	"libhttpcache/httpcache"
)

// Each case is one that a program could do by mistake. It is refused with an error of its kind; the cache works on.
type misuse struct {
	name string
	kind error
	do   func(t *testing.T, c *httpcache.Cache) error
}

func TestMisuse(t *testing.T) {
	other := open(t, nil)
	for _, cases := range [][]misuse{misusedAfterClose, misusedOrder, misusedRequests, misusedQueries, misusedAnswers,
		misusedOptions} {
		for _, m := range cases {
			t.Run(m.name, func(t *testing.T) {
				c := open(t, nil)
				err := m.do(t, c)
				isError(t, err, m.kind)
				var of *httpcache.Error
				if !errors.As(err, &of) || of.Message == "" {
					t.Errorf("%#v is no *Error that says why", err)
				}
				after := get(url + strings.ReplaceAll(m.name, " ", "-"))
				put(t, other, after, answer(200, "after"), httpcache.Stored)
				equal(t, "afterwards", bodyOf(t, other, after), "after")
			})
		}
	}
}

func second[T any](_ T, err error) error { return err }

// closed gives what was closed; large ones are the library's, small ones Go's.
func closedBody(t *testing.T, c *httpcache.Cache, size int64) *httpcache.Response {
	put(t, c, get(url), &httpcache.Answer{Status: 200, Body: body(size)}, httpcache.Stored)
	p := lookup(t, c, get(url)).Response()
	check(t, p.Body.Close())
	return p
}

func closedCache(t *testing.T, c *httpcache.Cache) *httpcache.Cache {
	check(t, c.Close())
	return c
}

func closedExchange(t *testing.T, c *httpcache.Cache) *httpcache.Exchange {
	x := lookup(t, c, get(url))
	check(t, x.Close())
	return x
}

func closedWalk(t *testing.T, c *httpcache.Cache) *httpcache.Walk {
	w := walk(t, c, nil)
	check(t, w.Close())
	return w
}

// sought walks over what a query asks for.
func sought(q *httpcache.Query) func(*testing.T, *httpcache.Cache) error {
	return func(_ *testing.T, c *httpcache.Cache) error { return second(c.Walk(q)) }
}

// expiring gives what is stored another expiry.
func expiring(e httpcache.Expiry) func(*testing.T, *httpcache.Cache) error {
	return func(_ *testing.T, c *httpcache.Cache) error { return second(c.ResetExpiration(e)) }
}

// putting stores as told.
func putting(r *httpcache.Request, a *httpcache.Answer, created time.Time, expires httpcache.Expiry) func(*testing.T, *httpcache.Cache) error {
	return func(_ *testing.T, c *httpcache.Cache) error { return second(c.Put(r, a, created, expires)) }
}

var misusedQueries = []misuse{
	{"no key to get", httpcache.ErrArgument, func(_ *testing.T, c *httpcache.Cache) error { return second(c.Get("")) }},
	{"a key to get that is none", httpcache.ErrArgument, func(_ *testing.T, c *httpcache.Cache) error { return second(c.Get("0f")) }},
	{"a key that is none", httpcache.ErrArgument, func(_ *testing.T, c *httpcache.Cache) error { return second(c.Contains("0f")) }},
	{"a key to delete with a NUL", httpcache.ErrArgument, func(_ *testing.T, c *httpcache.Cache) error { return second(c.Delete("\x00")) }},
	{"deleting by no query", httpcache.ErrArgument, func(_ *testing.T, c *httpcache.Cache) error { return second(c.DeleteWhere(nil)) }},
	{"deleting by a query of no condition", httpcache.ErrArgument, func(_ *testing.T, c *httpcache.Cache) error {
		return second(c.DeleteWhere(&httpcache.Query{Order: httpcache.BySize, Descending: true}))
	}},
	{"deleting by a bad query", httpcache.ErrURL, func(_ *testing.T, c *httpcache.Cache) error {
		return second(c.DeleteWhere(&httpcache.Query{URL: "h.test"}))
	}},
	{"another expiry that is an instant", httpcache.ErrArgument, expiring(httpcache.ExpireAt(time.Now()))},
	{"another expiry that is none", httpcache.ErrArgument, expiring(httpcache.DoNotCache)},
	{"another expiry that is negative", httpcache.ErrArgument, expiring(httpcache.ExpireAfter(-2147483646 * time.Millisecond))},
	{"putting no answer", httpcache.ErrArgument, putting(get(url), nil, time.Time{}, httpcache.Unset)},
	{"putting the answer to no request", httpcache.ErrArgument, putting(nil, answer(200, ""), time.Time{}, httpcache.Unset)},
	{"putting the answer to a bad request", httpcache.ErrURL, putting(get("h.test"), answer(200, ""), time.Time{}, httpcache.Unset)},
	{"putting a 304", httpcache.ErrArgument, putting(get(url), answer(304, ""), time.Time{}, httpcache.Unset)},
	{"putting a bad field", httpcache.ErrField, putting(get(url), answer(200, "", field{"a b", ""}), time.Time{}, httpcache.Unset)},
	{"putting what was received before 1970", httpcache.ErrArgument, putting(get(url), answer(200, ""), time.UnixMilli(-2147483647), httpcache.Unset)},
	{"putting what expired before 1970", httpcache.ErrArgument, putting(get(url), answer(200, ""), time.Time{}, httpcache.ExpireAt(time.UnixMilli(-2147483646)))},
	{"putting what expires after a time", httpcache.ErrArgument, putting(get(url), answer(200, ""), time.Time{}, httpcache.ExpireAfter(1))},
	{"updating from nothing", httpcache.ErrArgument, func(_ *testing.T, c *httpcache.Cache) error {
		return second(c.Update(context.Background(), nil, nil))
	}},
	{"updating from itself", httpcache.ErrArgument, func(_ *testing.T, c *httpcache.Cache) error {
		return second(c.Update(context.Background(), c, nil))
	}},
	{"a negative time to work", httpcache.ErrArgument, func(_ *testing.T, c *httpcache.Cache) error { return second(c.Work(-1)) }},
	{"a query of no URL", httpcache.ErrURL, sought(&httpcache.Query{URL: "h.test"})},
	{"a query of a URL with a NUL", httpcache.ErrArgument, sought(&httpcache.Query{URL: url + "\x00"})},
	{"a query of a method with a NUL", httpcache.ErrArgument, sought(&httpcache.Query{Method: "GET\x00"})},
	{"a query of a glob with a NUL", httpcache.ErrArgument, sought(&httpcache.Query{URLGlob: "*\x00"})},
	{"a query of a bad glob", httpcache.ErrArgument, sought(&httpcache.Query{URLGlob: "h["})},
	{"a query of no order", httpcache.ErrArgument, sought(&httpcache.Query{Order: 9})},
	{"a query of a negative order", httpcache.ErrArgument, sought(&httpcache.Query{Order: -1})},
	{"a query of a negative limit", httpcache.ErrArgument, sought(&httpcache.Query{Limit: -1})},
	{"a query of 1970", httpcache.ErrArgument, sought(&httpcache.Query{CreatedBefore: time.UnixMilli(0)})},
	{"a query before 1970", httpcache.ErrArgument, sought(&httpcache.Query{ExpiresBefore: time.UnixMilli(-7)})},
}

var misusedAfterClose = []misuse{
	{"a cache closed twice", httpcache.ErrClosed, func(t *testing.T, c *httpcache.Cache) error { return closedCache(t, c).Close() }},
	{"lookup in a closed cache", httpcache.ErrClosed, func(t *testing.T, c *httpcache.Cache) error {
		return second(closedCache(t, c).Lookup(get(url)))
	}},
	{"fetch with a closed cache", httpcache.ErrClosed, func(t *testing.T, c *httpcache.Cache) error {
		return second(closedCache(t, c).Fetch(context.Background(), get(url)))
	}},
	{"key of a closed cache", httpcache.ErrClosed, func(t *testing.T, c *httpcache.Cache) error {
		return second(closedCache(t, c).Key(get(url)))
	}},
	{"settings of a closed cache", httpcache.ErrClosed, func(t *testing.T, c *httpcache.Cache) error {
		return second(closedCache(t, c).KeySettings())
	}},
	{"rekeying a closed cache", httpcache.ErrClosed, func(t *testing.T, c *httpcache.Cache) error {
		return second(closedCache(t, c).Rekey(context.Background(), nil, nil))
	}},
	{"walk over a closed cache", httpcache.ErrClosed, func(t *testing.T, c *httpcache.Cache) error {
		return second(closedCache(t, c).Walk(nil))
	}},
	{"get from a closed cache", httpcache.ErrClosed, func(t *testing.T, c *httpcache.Cache) error {
		return second(closedCache(t, c).Get("x"))
	}},
	{"contains of a closed cache", httpcache.ErrClosed, func(t *testing.T, c *httpcache.Cache) error {
		return second(closedCache(t, c).Contains("x"))
	}},
	{"delete from a closed cache", httpcache.ErrClosed, func(t *testing.T, c *httpcache.Cache) error {
		return second(closedCache(t, c).Delete("x"))
	}},
	{"delete by a query from a closed cache", httpcache.ErrClosed, func(t *testing.T, c *httpcache.Cache) error {
		return second(closedCache(t, c).DeleteWhere(&httpcache.Query{Expired: true}))
	}},
	{"clearing a closed cache", httpcache.ErrClosed, func(t *testing.T, c *httpcache.Cache) error {
		return second(closedCache(t, c).Clear())
	}},
	{"another expiry in a closed cache", httpcache.ErrClosed, func(t *testing.T, c *httpcache.Cache) error {
		return second(closedCache(t, c).ResetExpiration(httpcache.Never))
	}},
	{"put into a closed cache", httpcache.ErrClosed, func(t *testing.T, c *httpcache.Cache) error {
		return second(closedCache(t, c).Put(get(url), answer(200, ""), time.Time{}, httpcache.Unset))
	}},
	{"update of a closed cache", httpcache.ErrClosed, func(t *testing.T, c *httpcache.Cache) error {
		return second(closedCache(t, c).Update(context.Background(), open(t, nil), nil))
	}},
	{"update from a closed cache", httpcache.ErrClosed, func(t *testing.T, c *httpcache.Cache) error {
		return second(open(t, nil).Update(context.Background(), closedCache(t, c), nil))
	}},
	{"verifying a closed cache", httpcache.ErrClosed, func(t *testing.T, c *httpcache.Cache) error {
		return second(closedCache(t, c).Verify(context.Background(), nil))
	}},
	{"mending a closed cache", httpcache.ErrClosed, func(t *testing.T, c *httpcache.Cache) error {
		return second(closedCache(t, c).Mend(context.Background(), nil))
	}},
	{"work of a closed cache", httpcache.ErrClosed, func(t *testing.T, c *httpcache.Cache) error {
		return second(closedCache(t, c).Work(0))
	}},
	{"a step of a closed walk", httpcache.ErrClosed, func(t *testing.T, c *httpcache.Cache) error {
		return second(closedWalk(t, c).Next())
	}},
	{"a step with a body of a closed walk", httpcache.ErrClosed, func(t *testing.T, c *httpcache.Cache) error {
		return second(closedWalk(t, c).NextWithBody())
	}},
	{"a walk closed twice", httpcache.ErrClosed, func(t *testing.T, c *httpcache.Cache) error { return closedWalk(t, c).Close() }},
	{"flush of a closed cache", httpcache.ErrClosed, func(t *testing.T, c *httpcache.Cache) error {
		return closedCache(t, c).Flush(time.Second)
	}},
	{"stats of a closed cache", httpcache.ErrClosed, func(t *testing.T, c *httpcache.Cache) error {
		return second(closedCache(t, c).Stats())
	}},
	{"a transport with a closed cache", httpcache.ErrClosed, func(t *testing.T, c *httpcache.Cache) error {
		client := http.Client{Transport: &httpcache.Transport{Cache: closedCache(t, c)}}
		return second(client.Get("http://127.0.0.1:1/"))
	}},
	{"an exchange closed twice", httpcache.ErrClosed, func(t *testing.T, c *httpcache.Cache) error { return closedExchange(t, c).Close() }},
	{"store to a closed exchange", httpcache.ErrClosed, func(t *testing.T, c *httpcache.Cache) error {
		return second(closedExchange(t, c).Store(answer(200, "")))
	}},
	{"begin on a closed exchange", httpcache.ErrClosed, func(t *testing.T, c *httpcache.Cache) error {
		return second(closedExchange(t, c).Begin(answer(200, "")))
	}},
	{"write to a closed exchange", httpcache.ErrClosed, func(t *testing.T, c *httpcache.Cache) error {
		return second(closedExchange(t, c).Write([]byte("x")))
	}},
	{"write of nothing to a closed exchange", httpcache.ErrClosed, func(t *testing.T, c *httpcache.Cache) error {
		return second(closedExchange(t, c).Write(nil))
	}},
	{"end of a closed exchange", httpcache.ErrClosed, func(t *testing.T, c *httpcache.Cache) error {
		return second(closedExchange(t, c).End())
	}},
	{"the failure of a revalidation told twice", httpcache.ErrMisuse, func(t *testing.T, c *httpcache.Cache) error {
		x := staleRevalidate(t, c)
		check(t, second(x.Failure()))
		return second(x.Failure())
	}},
	{"an answer after a revalidation's failure", httpcache.ErrMisuse, func(t *testing.T, c *httpcache.Cache) error {
		x := staleRevalidate(t, c)
		check(t, second(x.Failure()))
		return second(x.Store(answer(200, "")))
	}},
	{"write before a revalidation's answer", httpcache.ErrMisuse, func(t *testing.T, c *httpcache.Cache) error {
		return second(staleRevalidate(t, c).Write([]byte("x")))
	}},
	{"failure of a closed exchange", httpcache.ErrClosed, func(t *testing.T, c *httpcache.Cache) error {
		return second(closedExchange(t, c).Failure())
	}},
	{"write after closing what was begun", httpcache.ErrClosed, func(t *testing.T, c *httpcache.Cache) error {
		x := begin(t, c, url)
		check(t, x.Close())
		return second(x.Write([]byte("x")))
	}},
	{"a small body closed twice", httpcache.ErrClosed, func(t *testing.T, c *httpcache.Cache) error {
		return closedBody(t, c, 10).Body.Close()
	}},
	{"a large body closed twice", httpcache.ErrClosed, func(t *testing.T, c *httpcache.Cache) error {
		return closedBody(t, c, 300001).Body.Close()
	}},
	{"read of a closed small body", httpcache.ErrClosed, func(t *testing.T, c *httpcache.Cache) error {
		return second(closedBody(t, c, 10).Body.Read(make([]byte, 1)))
	}},
	{"read of a closed large body", httpcache.ErrClosed, func(t *testing.T, c *httpcache.Cache) error {
		return second(closedBody(t, c, 300001).Body.Read(make([]byte, 1)))
	}},
	{"whole of a closed small body", httpcache.ErrClosed, func(t *testing.T, c *httpcache.Cache) error {
		return second(closedBody(t, c, 10).ReadBody())
	}},
	{"whole of a closed large body", httpcache.ErrClosed, func(t *testing.T, c *httpcache.Cache) error {
		return second(closedBody(t, c, 300001).ReadBody())
	}},
	{"a request through a closed transport", httpcache.ErrClosed, func(t *testing.T, c *httpcache.Cache) error {
		transport := &httpcache.Transport{Cache: c}
		check(t, transport.Close())
		return second(transport.RoundTrip(newRequest(t, "POST", url, strings.NewReader("x"))))
	}},
	{"a transport closed twice", httpcache.ErrClosed, func(t *testing.T, c *httpcache.Cache) error {
		transport := &httpcache.Transport{Cache: c}
		check(t, transport.Close())
		return transport.Close()
	}},
	{"a transport shut down after closing", httpcache.ErrClosed, func(t *testing.T, c *httpcache.Cache) error {
		transport := &httpcache.Transport{Cache: c}
		check(t, transport.Close())
		return transport.Shutdown(context.Background())
	}},
	{"a body read whole twice", httpcache.ErrClosed, func(t *testing.T, c *httpcache.Cache) error {
		put(t, c, get(url), answer(200, "x"), httpcache.Stored)
		p := lookup(t, c, get(url)).Response()
		check(t, second(p.ReadBody()))
		return second(p.ReadBody())
	}},
}

// hit gives an exchange whose answer is stored.
func hit(t *testing.T, c *httpcache.Cache) *httpcache.Exchange {
	put(t, c, get(url), answer(200, "x"), httpcache.Stored)
	return lookup(t, c, get(url))
}

var misusedOrder = []misuse{
	{"store after a hit", httpcache.ErrMisuse, func(t *testing.T, c *httpcache.Cache) error { return second(hit(t, c).Store(answer(200, ""))) }},
	{"begin after a hit", httpcache.ErrMisuse, func(t *testing.T, c *httpcache.Cache) error { return second(hit(t, c).Begin(answer(200, ""))) }},
	{"write after a hit", httpcache.ErrMisuse, func(t *testing.T, c *httpcache.Cache) error { return second(hit(t, c).Write([]byte("x"))) }},
	{"end after a hit", httpcache.ErrMisuse, func(t *testing.T, c *httpcache.Cache) error { return second(hit(t, c).End()) }},
	{"failure after a hit", httpcache.ErrMisuse, func(t *testing.T, c *httpcache.Cache) error { return second(hit(t, c).Failure()) }},
	{"write before begin", httpcache.ErrMisuse, func(t *testing.T, c *httpcache.Cache) error {
		return second(lookup(t, c, get(url)).Write([]byte("x")))
	}},
	{"end before begin", httpcache.ErrMisuse, func(t *testing.T, c *httpcache.Cache) error {
		return second(lookup(t, c, get(url)).End())
	}},
	{"begin twice", httpcache.ErrMisuse, func(t *testing.T, c *httpcache.Cache) error {
		return second(begin(t, c, url).Begin(answer(200, "")))
	}},
	{"store after begin", httpcache.ErrMisuse, func(t *testing.T, c *httpcache.Cache) error {
		return second(begin(t, c, url).Store(answer(200, "")))
	}},
	{"end twice", httpcache.ErrMisuse, func(t *testing.T, c *httpcache.Cache) error {
		x := begin(t, c, url)
		check(t, second(x.End()))
		return second(x.End())
	}},
	{"write after end", httpcache.ErrMisuse, func(t *testing.T, c *httpcache.Cache) error {
		x := begin(t, c, url)
		check(t, second(x.End()))
		return second(x.Write([]byte("x")))
	}},
	{"failure after end", httpcache.ErrMisuse, func(t *testing.T, c *httpcache.Cache) error {
		x := begin(t, c, url)
		check(t, second(x.End()))
		return second(x.Failure())
	}},
	{"failure twice", httpcache.ErrMisuse, func(t *testing.T, c *httpcache.Cache) error {
		x := lookup(t, c, get(url))
		check(t, second(x.Failure()))
		return second(x.Failure())
	}},
	{"store after failure", httpcache.ErrMisuse, func(t *testing.T, c *httpcache.Cache) error {
		x := lookup(t, c, get(url))
		check(t, second(x.Failure()))
		return second(x.Store(answer(200, "")))
	}},
	{"store twice", httpcache.ErrMisuse, func(t *testing.T, c *httpcache.Cache) error {
		x := lookup(t, c, get(url))
		check(t, second(x.Store(answer(200, ""))))
		return second(x.Store(answer(200, "")))
	}},
	{"store after what is not stored", httpcache.ErrMisuse, func(t *testing.T, c *httpcache.Cache) error {
		x := lookup(t, c, get(url))
		check(t, second(x.Begin(answer(404, ""))))
		return second(x.Store(answer(200, "")))
	}},
	{"reading an origin's body here", httpcache.ErrMisuse, func(t *testing.T, c *httpcache.Cache) error {
		return second(begin(t, c, url).Response().ReadBody())
	}},
}

// asked looks up a request.
func asked(r *httpcache.Request) func(*testing.T, *httpcache.Cache) error {
	return func(_ *testing.T, c *httpcache.Cache) error { return second(c.Lookup(r)) }
}

func with(change func(*httpcache.Request)) *httpcache.Request {
	r := get(url)
	change(r)
	return r
}

var misusedRequests = []misuse{
	{"no request", httpcache.ErrArgument, asked(nil)},
	{"an empty request", httpcache.ErrURL, asked(&httpcache.Request{})},
	{"a relative URL", httpcache.ErrURL, asked(get("/path"))},
	{"a URL without a host", httpcache.ErrURL, asked(get("http://"))},
	{"a URL of another scheme", httpcache.ErrURL, asked(get("ftp://h.test/"))},
	{"a URL with a NUL", httpcache.ErrURL, asked(get("http://h.test/a\x00b"))},
	{"a URL with a line feed", httpcache.ErrURL, asked(get("http://h.test/a\nb"))},
	{"a URL that is no UTF-8", httpcache.ErrURL, asked(get("http://h\xff.test/"))},
	{"a URL with a wrong port", httpcache.ErrURL, asked(get("http://h.test:99999/"))},
	{"a URL that is too long", httpcache.ErrTooLarge, asked(get(url + strings.Repeat("x", 1<<17)))},
	{"a method with a space", httpcache.ErrMethod, asked(&httpcache.Request{Method: "GE T", URL: url})},
	{"a method with a NUL", httpcache.ErrMethod, asked(&httpcache.Request{Method: "GET\x00", URL: url})},
	{"a field without a name", httpcache.ErrField, asked(get(url, field{"", "x"}))},
	{"a field name with a space", httpcache.ErrField, asked(get(url, field{"a b", "x"}))},
	{"a field name with a colon", httpcache.ErrField, asked(get(url, field{"a:", "x"}))},
	{"a field name with a NUL", httpcache.ErrField, asked(get(url, field{"a\x00", "x"}))},
	{"a field value with a NUL", httpcache.ErrField, asked(get(url, field{"a", "x\x00y"}))},
	{"a field value with a line feed", httpcache.ErrField, asked(get(url, field{"a", "x\r\nb: y"}))},
	{"a negative expiry", httpcache.ErrArgument, asked(with(func(r *httpcache.Request) { r.Expiry = httpcache.ExpireAfter(-1) }))},
	{"an expiry of the least number", httpcache.ErrArgument, asked(with(func(r *httpcache.Request) {
		r.Expiry = httpcache.ExpireAfter(math.MinInt64)
	}))},
	{"a duration that is a named value", httpcache.ErrArgument, asked(with(func(r *httpcache.Request) {
		r.Expiry = httpcache.ExpireAfter(-2147483646 * time.Millisecond)
	}))},
	{"the zero time as an expiry", httpcache.ErrArgument, asked(with(func(r *httpcache.Request) { r.Expiry = httpcache.ExpireAt(time.Time{}) }))},
	{"a negative timeout", httpcache.ErrArgument, asked(with(func(r *httpcache.Request) { r.HeadTimeout = -time.Second }))},
	{"a switch of no position", httpcache.ErrArgument, asked(with(func(r *httpcache.Request) { r.Follow = 7 }))},
	{"too many redirects", httpcache.ErrArgument, asked(with(func(r *httpcache.Request) { r.MaxRedirects = 1001 }))},
	{"key of nothing", httpcache.ErrArgument, func(_ *testing.T, c *httpcache.Cache) error { return second(c.Key(nil)) }},
	{"key of a bad URL", httpcache.ErrURL, func(_ *testing.T, c *httpcache.Cache) error { return second(c.Key(get("nonsense"))) }},
	{"a partition that is too long", httpcache.ErrArgument, asked(with(func(r *httpcache.Request) {
		r.Partition = strings.Repeat("x", 4097)
	}))},
	{"a partition and none", httpcache.ErrArgument, asked(with(func(r *httpcache.Request) { r.Partition, r.NoPartition = "x", true }))},
	{"certificates that are not there", httpcache.ErrIO, asked(with(func(r *httpcache.Request) { r.CAFile = "/nowhere/ca.pem" }))},
	{"certificates with a NUL", httpcache.ErrArgument, asked(with(func(r *httpcache.Request) { r.CAFile = "/nowhere\x00" }))},
	{"certificates and none", httpcache.ErrArgument, asked(with(func(r *httpcache.Request) { r.CAFile, r.NoCAFile = "x", true }))},
	{"a switch of credentials of no position", httpcache.ErrArgument, asked(with(func(r *httpcache.Request) { r.ShareCredentials = 3 }))},
	{"rekeying from no settings", httpcache.ErrArgument, func(_ *testing.T, c *httpcache.Cache) error {
		return second(c.Rekey(context.Background(), []string{}, nil))
	}},
	{"rekeying from settings without a name", httpcache.ErrArgument, func(_ *testing.T, c *httpcache.Cache) error {
		return second(c.Rekey(context.Background(), []string{""}, nil))
	}},
	{"rekeying from what names no settings", httpcache.ErrArgument, func(_ *testing.T, c *httpcache.Cache) error {
		return second(c.Rekey(context.Background(), []string{"x\x00"}, nil))
	}},
	{"rekeying that was cancelled before", context.Canceled, func(_ *testing.T, c *httpcache.Cache) error {
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		return second(c.Rekey(ctx, nil, nil))
	}},
	{"fetch of nothing", httpcache.ErrArgument, func(_ *testing.T, c *httpcache.Cache) error {
		return second(c.Fetch(context.Background(), nil))
	}},
	{"fetch of nothing that may be cancelled", httpcache.ErrArgument, func(_ *testing.T, c *httpcache.Cache) error {
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		return second(c.Fetch(ctx, nil))
	}},
	{"fetch of a bad URL", httpcache.ErrURL, func(_ *testing.T, c *httpcache.Cache) error {
		return second(c.Fetch(context.Background(), get("nonsense")))
	}},
	{"fetch that was cancelled before", context.Canceled, func(_ *testing.T, c *httpcache.Cache) error {
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		return second(c.Fetch(ctx, get(url)))
	}},
	{"a negative time to flush", httpcache.ErrArgument, func(_ *testing.T, c *httpcache.Cache) error { return c.Flush(-1) }},
	{"a transport without a cache", httpcache.ErrArgument, func(*testing.T, *httpcache.Cache) error {
		client := http.Client{Transport: &httpcache.Transport{}}
		return second(client.Post(url, "", io.NopCloser(strings.NewReader("x"))))
	}},
}

// stored reports an answer to a miss.
func stored(a *httpcache.Answer) func(*testing.T, *httpcache.Cache) error {
	return func(t *testing.T, c *httpcache.Cache) error { return second(lookup(t, c, get(url)).Store(a)) }
}

var misusedAnswers = []misuse{
	{"no answer", httpcache.ErrArgument, stored(nil)},
	{"an empty answer", httpcache.ErrArgument, stored(&httpcache.Answer{})},
	{"an interim answer", httpcache.ErrArgument, stored(answer(103, ""))},
	{"a negative status", httpcache.ErrArgument, stored(answer(-200, ""))},
	{"a status of 1000", httpcache.ErrArgument, stored(answer(1000, ""))},
	{"a status beyond 32 bits", httpcache.ErrArgument, stored(answer(1<<32+200, ""))},
	{"an answer's field without a name", httpcache.ErrField, stored(answer(200, "", field{"", "x"}))},
	{"an answer's field with a NUL", httpcache.ErrField, stored(answer(200, "", field{"a", "x\x00"}))},
	{"no head", httpcache.ErrArgument, func(t *testing.T, c *httpcache.Cache) error {
		return second(lookup(t, c, get(url)).Begin(nil))
	}},
	{"a head that is interim", httpcache.ErrArgument, func(t *testing.T, c *httpcache.Cache) error {
		return second(lookup(t, c, get(url)).Begin(answer(100, "")))
	}},
}

// opened opens a cache with options.
func opened(o *httpcache.Options) func(*testing.T, *httpcache.Cache) error {
	return func(t *testing.T, _ *httpcache.Cache) error { return second(httpcache.Open(t.TempDir(), o)) }
}

var misusedOptions = []misuse{
	{"a percentage over 100", httpcache.ErrArgument, opened(&httpcache.Options{HeuristicPercent: 101})},
	{"too many variants", httpcache.ErrArgument, opened(&httpcache.Options{MaxVariants: 4097})},
	{"a negative number of variants", httpcache.ErrArgument, opened(&httpcache.Options{MaxVariants: -1})},
	{"a negative size", httpcache.ErrArgument, opened(&httpcache.Options{MaxResponseBytes: -2147483646})},
	{"a head too small", httpcache.ErrArgument, opened(&httpcache.Options{MaxHeadBytes: 1})},
	{"a URL too short", httpcache.ErrArgument, opened(&httpcache.Options{MaxURLBytes: 15})},
	{"a durability there is not", httpcache.ErrArgument, opened(&httpcache.Options{Durability: 9})},
	{"a switch there is not", httpcache.ErrArgument, opened(&httpcache.Options{SortQuery: -1})},
	{"a negative expiry of the cache", httpcache.ErrArgument, opened(&httpcache.Options{
		RequestOptions: httpcache.RequestOptions{Expiry: httpcache.ExpireAfter(-time.Hour)}})},
	{"a method that is no token", httpcache.ErrArgument, opened(&httpcache.Options{Methods: []string{"GET", "QUE RY"}})},
	{"a method that is empty", httpcache.ErrArgument, opened(&httpcache.Options{Methods: []string{""}})},
	{"a method that holds a NUL", httpcache.ErrArgument, opened(&httpcache.Options{Methods: []string{"GET\x00"}})},
	{"a status that is none", httpcache.ErrArgument, opened(&httpcache.Options{Statuses: []int{200, 99}})},
	{"a status that is negative", httpcache.ErrArgument, opened(&httpcache.Options{Statuses: []int{-200}})},
	{"an ignored path that is none", httpcache.ErrArgument, opened(&httpcache.Options{Ignored: []string{"$.a["}})},
	{"a matched field that is none", httpcache.ErrArgument, opened(&httpcache.Options{MatchFields: []string{"a:b"}})},
	{"an unordered field that is none", httpcache.ErrArgument, opened(&httpcache.Options{UnorderedFields: []string{""}})},
	{"a cache of a partition that is too long", httpcache.ErrArgument, opened(&httpcache.Options{
		RequestOptions: httpcache.RequestOptions{Partition: strings.Repeat("x", 4097)}})},
	{"a cache of a partition and of none", httpcache.ErrArgument, opened(&httpcache.Options{
		RequestOptions: httpcache.RequestOptions{Partition: "x", NoPartition: true}})},
	{"a cache of certificates that are not there", httpcache.ErrIO, opened(&httpcache.Options{
		RequestOptions: httpcache.RequestOptions{CAFile: "/nowhere/ca.pem"}})},
	{"a targeted field that is none", httpcache.ErrArgument, opened(&httpcache.Options{TargetedFields: []string{"a:b"}})},
	{"targeted fields without RFC 9111", httpcache.ErrArgument, opened(&httpcache.Options{TargetedFields: []string{"a"}})},
	{"an expiry of no status", httpcache.ErrArgument, opened(&httpcache.Options{
		StatusExpiry: map[int]httpcache.Expiry{100: httpcache.Never}})},
	{"an expiry of a status beyond 32 bits", httpcache.ErrArgument, opened(&httpcache.Options{
		StatusExpiry: map[int]httpcache.Expiry{1<<32 + 200: httpcache.Never}})},
	{"a negative expiry of a status", httpcache.ErrArgument, opened(&httpcache.Options{
		StatusExpiry: map[int]httpcache.Expiry{200: httpcache.ExpireAfter(-2147483646 * time.Millisecond)}})},
	{"an instant for a status", httpcache.ErrArgument, opened(&httpcache.Options{
		StatusExpiry: map[int]httpcache.Expiry{200: httpcache.ExpireAt(time.Now())}})},
	{"a glob without a host", httpcache.ErrArgument, opened(&httpcache.Options{URLRules: []httpcache.URLRule{{Glob: "/a"}}})},
	{"a regular expression that is none", httpcache.ErrArgument, opened(&httpcache.Options{URLRules: []httpcache.URLRule{{Regexp: "("}}})},
	{"two patterns in one rule", httpcache.ErrArgument, opened(&httpcache.Options{URLRules: []httpcache.URLRule{{Glob: "*", Regexp: "a"}}})},
	{"an instant for a rule", httpcache.ErrArgument, opened(&httpcache.Options{
		URLRules: []httpcache.URLRule{{Glob: "*", Expiry: httpcache.ExpireAt(time.Now())}}})},
	{"a name that is not printable", httpcache.ErrArgument, opened(&httpcache.Options{CacheName: "a\nb"})},
	{"a name that holds a NUL", httpcache.ErrArgument, opened(&httpcache.Options{CacheName: "a\x00b"})},
	{"a switch of threads there is not", httpcache.ErrArgument, opened(&httpcache.Options{Workers: 3})},
	{"a directory with a NUL", httpcache.ErrArgument, func(t *testing.T, _ *httpcache.Cache) error {
		return second(httpcache.Open(t.TempDir()+"\x00", nil))
	}},
	{"a directory below a device", httpcache.ErrNotDirectory, func(*testing.T, *httpcache.Cache) error {
		return second(httpcache.Open("/dev/null/cache", nil))
	}},
	{"a place there is not", httpcache.ErrArgument, opened(&httpcache.Options{Place: 9})},
	{"a negative place", httpcache.ErrArgument, opened(&httpcache.Options{Place: -1})},
	{"a directory among the caches of the user", httpcache.ErrArgument, opened(at(httpcache.PlaceUser))},
	{"a transport in no directory", httpcache.ErrArgument, func(*testing.T, *httpcache.Cache) error {
		return second(httpcache.NewTransport("", nil))
	}},
}
