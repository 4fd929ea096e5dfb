package httpcache_test

import (
	"fmt"
	"io"
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

// What is stored of the beginning is handed on, and the rest asked for.
func TestABeginningIsCompleted(t *testing.T) {
	const size = 300001
	for _, stored := range []int{5, 200000} {
		t.Run(fmt.Sprint(stored), func(t *testing.T) {
			var ranges []string
			o := serve(t, func(w http.ResponseWriter, r *http.Request) {
				ranges = append(ranges, r.Header.Get("Range"))
				w.Header().Set("Cache-Control", "max-age=60")
				w.Header().Set("ETag", `"a"`)
				http.ServeContent(w, r, "", time.Time{}, strings.NewReader(string(body(size))))
			})
			c := (&httpcache.Transport{Cache: open(t, by(func(o *httpcache.Options) { o.Complete = httpcache.On }))}).Client()
			part := field{"Range", fmt.Sprintf("bytes=0-%d", stored-1)}
			askFor(t, c, o.URL, httpcache.SourceOrigin, part)

			// Given up in the middle it is no more than it was.
			resp, err := c.Get(o.URL)
			check(t, err)
			check(t, second(io.ReadFull(resp.Body, make([]byte, stored+1))))
			check(t, resp.Body.Close())
			for _, source := range []httpcache.Source{httpcache.SourceOrigin, httpcache.SourceFresh} {
				resp, got := askFor(t, c, o.URL, source)
				isPattern(t, strings.NewReader(got), size)
				equal(t, "status", resp.Status, "200 OK")
				equal(t, "code", resp.StatusCode, 200)
				equal(t, "length", resp.ContentLength, size)
				equal(t, "range", resp.Header.Get("Content-Range"), "")
			}
			rest := fmt.Sprintf("bytes=%d-", stored)
			equal(t, "ranges", strings.Join(ranges, " "), part.Value+" "+rest+" "+rest)
		})
	}
}

func TestABeginningOfSomethingElseIsNotCompleted(t *testing.T) {
	var asked int
	o := serve(t, func(w http.ResponseWriter, r *http.Request) {
		asked++
		w.Header().Set("Cache-Control", "max-age=60")
		w.Header().Set("ETag", fmt.Sprintf(`"%d"`, asked))
		http.ServeContent(w, r, "", time.Time{}, strings.NewReader(digits))
	})
	c := (&httpcache.Transport{Cache: open(t, by(func(o *httpcache.Options) { o.Complete = httpcache.On }))}).Client()
	askFor(t, c, o.URL, httpcache.SourceOrigin, field{"Range", "bytes=0-4"})
	_, got := askFor(t, c, o.URL, httpcache.SourceOrigin)
	equal(t, "body", got, digits)
}

func TestABeginningIsHandedOnByAnExchange(t *testing.T) {
	c := open(t, by(func(*httpcache.Options) {}))
	head := func(part string) httpcache.Fields {
		return httpcache.Fields{{Name: "Cache-Control", Value: "max-age=60"}, {Name: "ETag", Value: `"a"`}, {Name: "Content-Range", Value: part}}
	}
	put(t, c, get(url, field{"Range", "bytes=0-4"}),
		&httpcache.Answer{Status: 206, Fields: head("bytes 0-4/10"), Body: []byte("01234")}, httpcache.Stored)
	r := get(url)
	r.Complete = httpcache.On
	x := lookup(t, c, r)
	equal(t, "range", x.Forward().Fields.Get("Range"), "bytes=5-")
	outcome, err := x.Begin(&httpcache.Answer{Status: 206, Fields: head("bytes 5-9/10")})
	check(t, err)
	equal(t, "outcome", outcome, httpcache.Storing)
	p := x.Response()
	equal(t, "continued", p.Continued, true)
	equal(t, "status", p.Status, 200)
	equal(t, "size", p.Size, 10)
	got, err := p.ReadBody()
	check(t, err)
	equal(t, "beginning", string(got), "01234")
	check(t, second(x.Write([]byte("56789"))))
	outcome, err = x.End()
	check(t, err)
	equal(t, "outcome", outcome, httpcache.Stored)
	equal(t, "continued", x.Response().Continued, false)
	equal(t, "whole", bodyOf(t, c, get(url)), digits)
}
