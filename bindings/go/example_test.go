package httpcache_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	urls "net/url"
	"os"
	"strings"
	"testing"

	"libhttpcache/httpcache"
)

func Example() {
	origin := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "max-age=60")
		io.WriteString(w, "hello")
	}))
	defer origin.Close()
	directory, _ := os.MkdirTemp("", "httpcache")
	defer os.RemoveAll(directory)

	transport, err := httpcache.NewTransport(directory, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer transport.Close()
	client := transport.Client()
	for i := 0; i < 2; i++ {
		resp, err := client.Get(origin.URL)
		if err != nil {
			fmt.Println(err)
			return
		}
		body, _ := io.ReadAll(resp.Body)
		resp.Body.Close()
		fmt.Println(resp.Status, string(body), httpcache.InfoOf(resp).Source)
	}
	// Output:
	// 200 OK hello origin
	// 200 OK hello fresh
}

// A client of one's own: here the origin's answers are made up.
func ExampleCache_Lookup() {
	directory, _ := os.MkdirTemp("", "httpcache")
	defer os.RemoveAll(directory)
	cache, err := httpcache.Open(directory, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer cache.Close()
	for i := 0; i < 2; i++ {
		exchange, err := cache.Lookup(&httpcache.Request{URL: "http://example.test/"})
		if err != nil {
			fmt.Println(err)
			return
		}
		defer exchange.Close()
		if exchange.Decision() == httpcache.Forward {
			// Here exchange.Forward() is sent.
			outcome, err := exchange.Begin(&httpcache.Answer{Status: 200})
			if err != nil || outcome != httpcache.Storing {
				continue
			}
			io.Copy(exchange, strings.NewReader("in pieces"))
			outcome, _ = exchange.End()
			fmt.Println(outcome)
			continue
		}
		body, _ := exchange.Response().ReadBody()
		fmt.Println(exchange.Decision(), string(body))
	}
	// Output:
	// Stored
	// Fresh in pieces
}

func ExampleOptions_filter() {
	directory, _ := os.MkdirTemp("", "httpcache")
	defer os.RemoveAll(directory)
	cache, err := httpcache.Open(directory, &httpcache.Options{
		Filter: func(r *httpcache.Request, p *httpcache.Response) (bool, error) {
			body, err := p.ReadBody()
			return !strings.Contains(string(body), "try again later"), err
		},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer cache.Close()
	exchange, err := cache.Lookup(&httpcache.Request{URL: "http://example.test/"})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer exchange.Close()
	outcome, err := exchange.Store(&httpcache.Answer{Status: 200, Body: []byte("try again later")})
	fmt.Println(outcome, exchange.Reason(), err)
	// Output:
	// NotStored filter <nil>
}

// Three ways to say that requests are the same.
func ExampleCache_Key() {
	directory, _ := os.MkdirTemp("", "httpcache")
	defer os.RemoveAll(directory)
	areSame := func(o *httpcache.Options, one, other *httpcache.Request) bool {
		cache, err := httpcache.Open(directory, o)
		if err != nil {
			fmt.Println(err)
			return false
		}
		defer cache.Close()
		key, _ := cache.Key(one)
		again, _ := cache.Key(other)
		return key == again
	}
	one := &httpcache.Request{URL: "http://a.test/?page=1&session=x"}
	other := &httpcache.Request{URL: "http://a.test/?session=y&page=1"}
	fmt.Println(areSame(nil, one, other), areSame(&httpcache.Options{Ignored: []string{"session"}}, one, other))

	// Any mirror of the origin will do.
	withoutHost := func(r *httpcache.Request, key *httpcache.KeySink) error {
		u, err := urls.Parse(r.URL)
		if err != nil {
			return err
		}
		_, err = key.WriteString(r.Method + " " + u.RequestURI())
		return err
	}
	mirror := &httpcache.Request{URL: "http://b.test/?page=1&session=x"}
	fmt.Println(areSame(nil, one, mirror), areSame(&httpcache.Options{KeyFunc: withoutHost}, one, mirror))

	// The origin tells nothing apart but gzip.
	simplified := func(copy *httpcache.Request) error {
		accepted := "identity"
		if strings.Contains(copy.Fields.Get("Accept-Encoding"), "gzip") {
			accepted = "gzip"
		}
		copy.Fields = httpcache.Fields{{Name: "Accept-Encoding", Value: accepted}}
		return nil
	}
	gzip := &httpcache.Request{URL: one.URL, Fields: httpcache.Fields{{Name: "Accept-Encoding", Value: "gzip, br"}}}
	zstd := &httpcache.Request{URL: one.URL, Fields: httpcache.Fields{{Name: "Accept-Encoding", Value: "zstd, gzip"}}}
	matching := httpcache.Options{MatchFields: []string{"Accept-Encoding"}}
	simplifying := matching
	simplifying.Normalize = simplified
	fmt.Println(areSame(&matching, gzip, zstd), areSame(&simplifying, gzip, zstd))
	// Output:
	// false true
	// false true
	// false true
}

// The program of README.md is one that is compiled with the rest.
func TestTheReadmesProgramCompiles(t *testing.T) {
	readme := read(t, "README.md")
	_, program, found := strings.Cut(readme, "```go\n")
	program, _, ended := strings.Cut(program, "```\n")
	if !found || !ended {
		t.Fatal("no program in README.md")
	}
	equal(t, "is the program in internal/readme", program == read(t, "internal/readme/main.go"), true)
}
