package httpcache_test

import (
	"compress/gzip"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"libhttpcache/httpcache"
)

func compressed(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "max-age=60")
	w.Header().Set("Vary", "Accept-Encoding")
	w.Header().Set("Content-Encoding", "gzip")
	z := gzip.NewWriter(w)
	io.WriteString(z, "plain text")
	z.Close()
}

func TestAnOriginThatIsGoneIsAnsweredStale(t *testing.T) {
	clock := newClock()
	c, _ := client(t, clock)
	o := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "max-age=60, stale-if-error=600")
		io.WriteString(w, "body")
	})
	askFor(t, c, o.URL, httpcache.SourceOrigin)
	o.Close()
	clock.pass(2 * time.Minute)
	_, got := askFor(t, c, o.URL, httpcache.SourceStale)
	equal(t, "body", got, "body")
	clock.pass(time.Hour)
	if _, err := c.Get(o.URL); err == nil {
		t.Error("an answer from nowhere")
	}
}

func TestA503IsAnsweredStaleAndIts503IsDropped(t *testing.T) {
	clock := newClock()
	cache := open(t, &httpcache.Options{CacheControl: true, Now: clock.now})
	dropped := &closing{Reader: strings.NewReader("sorry")}
	status := 200
	transport := &httpcache.Transport{Cache: cache, Base: base(func(r *http.Request) (*http.Response, error) {
		resp := &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader("body")), ContentLength: -1}
		resp.Header.Set("Cache-Control", "max-age=60, stale-if-error=600")
		if status == 503 {
			resp.Body = dropped
		}
		return resp, nil
	})}
	askFor(t, transport.Client(), url, httpcache.SourceOrigin)
	clock.pass(2 * time.Minute)
	status = 503
	_, got := askFor(t, transport.Client(), url, httpcache.SourceStale)
	equal(t, "body", got, "body")
	equal(t, "closed", dropped.closed, 1)
}

func TestA304ToNoConditionOfOursIsRepeatedOnce(t *testing.T) {
	clock := newClock()
	c, _ := client(t, clock)
	var conditions []string
	o := serve(t, func(w http.ResponseWriter, r *http.Request) {
		conditions = append(conditions, r.Header.Get("If-None-Match"))
		w.Header().Set("Cache-Control", "max-age=60")
		if len(conditions) == 1 {
			w.Header().Set("ETag", `"a"`)
		} else {
			w.Header().Set("ETag", `"b"`)
		}
		if r.Header.Get("If-None-Match") != "" {
			w.WriteHeader(http.StatusNotModified)
			return
		}
		io.WriteString(w, "body")
	})
	askFor(t, c, o.URL, httpcache.SourceOrigin)
	clock.pass(time.Hour)
	_, got := askFor(t, c, o.URL, httpcache.SourceOrigin)
	equal(t, "body", got, "body")
	equal(t, "conditions", strings.Join(conditions, ","), `,"a",`)
	askFor(t, c, o.URL, httpcache.SourceFresh)
}

func TestAnErrorOfTheBaseIsTheCallers(t *testing.T) {
	transport := &httpcache.Transport{Cache: open(t, nil), Base: base(func(*http.Request) (*http.Response, error) { return nil, errBase })}
	_, err := transport.Client().Get(url)
	isError(t, err, errBase)
}

func TestAHeadThatTheCacheDoesNotTakeIsTheCallers(t *testing.T) {
	transport := &httpcache.Transport{Cache: open(t, nil), Base: base(func(*http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: 200, Header: http.Header{"Bad Name": {"x\ny"}}, Body: io.NopCloser(strings.NewReader("body"))}, nil
	})}
	for i := 0; i < 2; i++ {
		resp, got := askFor(t, transport.Client(), url, httpcache.SourceOrigin)
		equal(t, "body", got, "body")
		equal(t, "field", resp.Header["Bad Name"][0], "x\ny")
	}
}

func TestARequestThatTheCacheDoesNotTakeIsTheBases(t *testing.T) {
	var sent []string
	cache := open(t, nil)
	transport := &httpcache.Transport{Cache: cache, Base: base(func(r *http.Request) (*http.Response, error) {
		content := ""
		if r.Body != nil {
			all, _ := io.ReadAll(r.Body)
			content = string(all)
		}
		sent = append(sent, r.Method+" "+r.URL.Scheme+" "+content)
		return &http.Response{StatusCode: 200, Header: http.Header{}, Body: http.NoBody}, nil
	})}
	long := url + strings.Repeat("x", 1<<17)
	for _, r := range []*http.Request{
		newRequest(t, "GET", long, strings.NewReader("content")),
		newRequest(t, "GET", "other://h.test/", nil),
		newRequest(t, "TRACE", url, nil),
		newRequest(t, "GET", url, nil, field{"Upgrade", "websocket"}, field{"Connection", "Upgrade"}),
	} {
		resp, err := transport.RoundTrip(r)
		check(t, err)
		equal(t, "source", httpcache.InfoOf(resp).Source, httpcache.SourceOrigin)
	}
	equal(t, "sent", strings.Join(sent, ","), "GET http content,GET other ,TRACE http ,GET http ")
	equal(t, "stored", stats(t, cache).Responses, 0)
}

func TestBodiesOfRequestsAreClosed(t *testing.T) {
	cache := open(t, nil)
	failing := base(func(r *http.Request) (*http.Response, error) {
		if r.Body != nil {
			r.Body.Close()
		}
		return nil, errBase
	})
	for name, transport := range map[string]*httpcache.Transport{
		"an error":        {Cache: cache, Base: failing},
		"no cache":        {Base: failing},
		"a closed cache":  {Cache: closedCache(t, open(t, nil)), Base: failing},
		"only the cached": {Cache: open(t, &httpcache.Options{RequestOptions: httpcache.RequestOptions{OnlyIfCached: httpcache.On}}), Base: failing},
	} {
		for _, method := range []string{"GET", "POST"} {
			t.Run(name+" "+method, func(t *testing.T) {
				body := &closing{Reader: strings.NewReader("x")}
				r := newRequest(t, method, url, body)
				if resp, err := transport.RoundTrip(r); err == nil {
					readAll(t, resp)
				}
				equal(t, "closed", body.closed, 1)
			})
		}
	}
}

func TestAStoreThatIsFullOrGoneIsNoHarm(t *testing.T) {
	c, cache := client(t, nil)
	cacheTooSmall := open(t, &httpcache.Options{CacheControl: true, MaxResponseBytes: 100})
	small := (&httpcache.Transport{Cache: cacheTooSmall}).Client()
	o := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "max-age=60")
		io.Copy(w, &pattern{size: 300001})
	})
	for i := 0; i < 2; i++ {
		_, got := askFor(t, small, o.URL, httpcache.SourceOrigin)
		isPattern(t, strings.NewReader(got), 300001)
	}
	// Closed while a body is read and stored.
	resp, err := c.Get(o.URL)
	check(t, err)
	check(t, cache.Close())
	isPattern(t, resp.Body, 300001)
	check(t, resp.Body.Close())
}

func TestInfoOfAResponseOfSomebodyElse(t *testing.T) {
	for _, resp := range []*http.Response{nil, {}, {Request: newRequest(t, "GET", url, nil)}} {
		equal(t, "source", httpcache.InfoOf(resp).Source, httpcache.SourceOrigin)
		equal(t, "from cache", httpcache.FromCache(resp), false)
	}
}

func TestABaseWithoutBodies(t *testing.T) {
	cache := open(t, &httpcache.Options{CacheControl: true})
	transport := &httpcache.Transport{Cache: cache, Base: base(func(*http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: 200, Header: http.Header{"Cache-Control": {"max-age=60"}}}, nil
	})}
	for _, source := range []httpcache.Source{httpcache.SourceOrigin, httpcache.SourceFresh} {
		resp, err := transport.RoundTrip(newRequest(t, "GET", url, nil))
		check(t, err)
		equal(t, "body", readAll(t, resp), "")
		equal(t, "source", httpcache.InfoOf(resp).Source, source)
	}
}
