package httpcache_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"libhttpcache/httpcache"
)

const digits = "0123456789"

// serveDigits serves ten bytes as net/http does: with a validator, conditions and ranges.
func serveDigits(t *testing.T) *origin {
	modified := time.UnixMilli(1_600_000_000_000)
	return serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "max-age=60")
		w.Header().Set("ETag", `"a"`)
		http.ServeContent(w, r, "digits.txt", modified, strings.NewReader(digits))
	})
}

// What the caller asks of what is stored, which is the whole of it.
var partial = []struct {
	name   string
	fields []field
	status string
	length int64
	body   string
}{
	{"its own tag", []field{{"If-None-Match", `"a"`}}, "304 Not Modified", 0, ""},
	{"another tag", []field{{"If-None-Match", `"b"`}}, "200 OK", 10, digits},
	{"its own date", []field{{"If-Modified-Since", "Sun, 13 Sep 2020 12:26:40 GMT"}}, "304 Not Modified", 0, ""},
	{"an older date", []field{{"If-Modified-Since", "Sun, 13 Sep 2015 12:26:40 GMT"}}, "200 OK", 10, digits},
	{"a range", []field{{"Range", "bytes=2-4"}}, "206 Partial Content", 3, "234"},
	{"the last bytes", []field{{"Range", "bytes=-3"}}, "206 Partial Content", 3, "789"},
	{"no such range", []field{{"Range", "bytes=10-"}}, "416 Requested Range Not Satisfiable", 0, ""},
	{"a range of its tag", []field{{"Range", "bytes=2-4"}, {"If-Range", `"a"`}}, "206 Partial Content", 3, "234"},
	{"a range of another", []field{{"Range", "bytes=2-4"}, {"If-Range", `"b"`}}, "200 OK", 10, digits},
}

func TestConditionsAndRangesAreAnsweredFresh(t *testing.T) {
	c, _ := client(t, nil)
	o := serveDigits(t)
	askFor(t, c, o.URL, httpcache.SourceOrigin)
	for _, p := range partial {
		t.Run(p.name, func(t *testing.T) {
			resp, got := askFor(t, c, o.URL, httpcache.SourceFresh, p.fields...)
			equal(t, "code", resp.StatusCode, atoi(t, p.status[:3]))
			equal(t, "length", resp.ContentLength, p.length)
			equal(t, "body", got, p.body)
			if resp.StatusCode != http.StatusRequestedRangeNotSatisfiable {
				equal(t, "status", resp.Status, p.status)
				equal(t, "tag", resp.Header.Get("ETag"), `"a"`)
			}
		})
	}
	equal(t, "asked", o.asked.Load(), 1)
}

func TestConditionsAndRangesAreAnsweredWhenRevalidated(t *testing.T) {
	clock := newClock()
	c, _ := client(t, clock)
	o := serveDigits(t)
	askFor(t, c, o.URL, httpcache.SourceOrigin)
	for _, p := range partial {
		t.Run(p.name, func(t *testing.T) {
			clock.pass(time.Hour)
			resp, err := c.Do(newRequest(t, "GET", o.URL, nil, p.fields...))
			check(t, err)
			got := readAll(t, resp)
			equal(t, "code", resp.StatusCode, atoi(t, p.status[:3]))
			if resp.StatusCode/100 == 2 {
				equal(t, "body", got, p.body)
				equal(t, "length", resp.ContentLength, p.length)
			}
		})
	}
}

func TestConditionsOfTheCallersReachTheOriginWhereNothingIsStored(t *testing.T) {
	c, _ := client(t, nil)
	o := serveDigits(t)
	resp, got := askFor(t, c, o.URL, httpcache.SourceOrigin, field{"If-None-Match", `"a"`})
	equal(t, "code", resp.StatusCode, 304)
	equal(t, "body", got, "")
	resp, got = askFor(t, c, o.URL, httpcache.SourceOrigin, field{"Range", "bytes=2-4"})
	equal(t, "code", resp.StatusCode, 206)
	equal(t, "body", got, "234")
	_, got = askFor(t, c, o.URL, httpcache.SourceFresh, field{"Range", "bytes=2-4"})
	equal(t, "stored body", got, "234")
}

func TestARangeOfALargeStoredBody(t *testing.T) {
	const size = 300001
	c, _ := client(t, nil)
	o := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "max-age=60")
		http.ServeContent(w, r, "", time.Time{}, strings.NewReader(string(body(size))))
	})
	askFor(t, c, o.URL, httpcache.SourceOrigin)
	resp, got := askFor(t, c, o.URL, httpcache.SourceFresh, field{"Range", "bytes=100000-299999"})
	equal(t, "code", resp.StatusCode, 206)
	equal(t, "length", resp.ContentLength, 200000)
	equal(t, "body", got == string(body(size)[100000:300000]), true)
}
