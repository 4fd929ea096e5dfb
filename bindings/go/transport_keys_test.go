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

func TestVariantsAreSelected(t *testing.T) {
	c, _ := client(t, nil)
	o := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "max-age=60")
		w.Header().Set("Vary", "Accept-Language")
		io.WriteString(w, r.Header.Get("Accept-Language"))
	})
	for _, source := range []httpcache.Source{httpcache.SourceOrigin, httpcache.SourceFresh} {
		for _, language := range []string{"de", "en"} {
			_, got := askFor(t, c, o.URL, source, field{"Accept-Language", language})
			equal(t, "body", got, language)
		}
	}
}

func TestFieldsOfTheConnectionAreNotStored(t *testing.T) {
	c, _ := client(t, nil)
	o := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "max-age=60")
		w.Header().Set("Connection", "X-Hop")
		w.Header().Set("X-Hop", "1")
		w.Header().Add("X-End", "2")
		w.Header().Add("X-End", "3")
	})
	askFor(t, c, o.URL, httpcache.SourceOrigin)
	resp, _ := askFor(t, c, o.URL, httpcache.SourceFresh)
	equal(t, "of the connection", len(resp.Header["X-Hop"])+len(resp.Header["Connection"]), 0)
	equal(t, "of the message", strings.Join(resp.Header["X-End"], " "), "2 3")
}

func TestWhatNetHTTPDecompressedIsStoredSo(t *testing.T) {
	c, _ := client(t, nil)
	o := serve(t, compressed)
	for _, source := range []httpcache.Source{httpcache.SourceOrigin, httpcache.SourceFresh} {
		resp, got := askFor(t, c, o.URL, source)
		equal(t, "body", got, "plain text")
		equal(t, "coding", resp.Header.Get("Content-Encoding"), "")
	}
	for _, source := range []httpcache.Source{httpcache.SourceOrigin, httpcache.SourceFresh} {
		resp, got := askFor(t, c, o.URL, source, field{"Accept-Encoding", "gzip"})
		equal(t, "is compressed", strings.HasPrefix(got, "\x1f\x8b"), true)
		equal(t, "coding", resp.Header.Get("Content-Encoding"), "gzip")
	}
}

func TestRequestsAreNotChanged(t *testing.T) {
	clock := newClock()
	c, _ := client(t, clock)
	o := fresh(t)
	askFor(t, c, o.URL, httpcache.SourceOrigin)
	clock.pass(time.Hour)
	r := newRequest(t, "GET", o.URL, nil)
	ask(t, c, r, httpcache.SourceRevalidated)
	equal(t, "fields", len(r.Header), 0)
	_, informed := r.Context().Value(struct{}{}).(any)
	equal(t, "context", informed, false)
}

func TestAFieldThatIsSuppressedStaysSo(t *testing.T) {
	c, _ := client(t, nil)
	o := serve(t, func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, r.Header["User-Agent"]) })
	r := newRequest(t, "GET", o.URL, nil)
	r.Header["User-Agent"] = nil
	_, got := ask(t, c, r, httpcache.SourceOrigin)
	equal(t, "User-Agent", got, "[]")
}

func TestAnotherHostIsAnotherURL(t *testing.T) {
	c, _ := client(t, nil)
	o := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "max-age=60")
		io.WriteString(w, r.Host)
	})
	for _, source := range []httpcache.Source{httpcache.SourceOrigin, httpcache.SourceFresh} {
		for _, host := range []string{"a.test", "b.test"} {
			r := newRequest(t, "GET", o.URL, nil)
			r.Host = host
			_, got := ask(t, c, r, source)
			equal(t, "body", got, host)
		}
	}
}

func TestCredentialsInTheURLAreKeptApart(t *testing.T) {
	c, _ := client(t, nil)
	o := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "max-age=60")
		user, _, _ := r.BasicAuth()
		io.WriteString(w, user)
	})
	for _, source := range []httpcache.Source{httpcache.SourceOrigin, httpcache.SourceFresh} {
		for _, user := range []string{"", "a", "b"} {
			_, got := askFor(t, c, strings.Replace(o.URL, "//", "//"+user+":x@", 1), source)
			equal(t, "body", got, user)
		}
	}
}

// echo answers with the method and the content of a request, fresh for a minute.
func echo(t *testing.T) *origin {
	return serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "max-age=60")
		io.WriteString(w, r.Method+" ")
		io.Copy(w, r.Body)
	})
}

func TestTheContentOfOtherMethodsThatAreStoredIsPartOfTheirKey(t *testing.T) {
	override := field{"X-HTTP-Method-Override", "GET"}
	for name, of := range map[string]struct {
		options *httpcache.Options
		method  string
		fields  []field
	}{
		"listed":     {by(func(o *httpcache.Options) { o.Methods = []string{"GET", "QUERY"} }), "QUERY", nil},
		"overridden": {&httpcache.Options{}, "POST", []field{override}},
	} {
		t.Run(name, func(t *testing.T) {
			c := (&httpcache.Transport{Cache: open(t, of.options)}).Client()
			o := echo(t)
			for _, source := range []httpcache.Source{httpcache.SourceOrigin, httpcache.SourceFresh} {
				for _, content := range []string{"a", "b"} {
					_, got := ask(t, c, newRequest(t, of.method, o.URL, strings.NewReader(content), of.fields...), source)
					equal(t, "body", got, of.method+" "+content)
				}
			}
		})
	}
}

func TestContentTooLargeForAKeyIsSentAndNotStored(t *testing.T) {
	const size = 3 << 20
	c, cache := client(t, nil)
	o := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "max-age=60")
		if r.ContentLength != 0 {
			n, err := io.Copy(&pattern{size: size}, r.Body)
			fmt.Fprint(w, n, err)
		}
	})
	askFor(t, c, o.URL, httpcache.SourceOrigin)
	for _, r := range []*http.Request{
		newRequest(t, "GET", o.URL, &pattern{size: size}),
		newRequest(t, "GET", o.URL, &pattern{size: size}),
		newRequest(t, "POST", o.URL, &pattern{size: size}, field{"X-HTTP-Method-Override", "DELETE"}),
	} {
		_, got := ask(t, c, r, httpcache.SourceOrigin)
		equal(t, "received", got, fmt.Sprint(size, nil))
		equal(t, "stores", stats(t, cache).Stores, 1)
	}
	// It was unsafe, and large or not it invalidates.
	askFor(t, c, o.URL, httpcache.SourceOrigin)
}
