package httpcache_test

import (
	"errors"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"libhttpcache/httpcache"
)

// lines collects log lines.
type lines struct {
	mu  sync.Mutex
	all []string
}

func (l *lines) add(_ httpcache.LogLevel, line string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all = append(l.all, line)
}

func (l *lines) holds(text string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Contains(strings.Join(l.all, "\n"), text)
}

func TestAFilterSeesRequestAndResponse(t *testing.T) {
	asked := 0
	c := open(t, &httpcache.Options{Filter: func(r *httpcache.Request, p *httpcache.Response) (bool, error) {
		asked++
		got, err := p.ReadBody()
		equal(t, "method", r.Method, "GET")
		equal(t, "URL", r.URL, url)
		equal(t, "field of the request", r.Fields.Get("X-Q"), "q")
		equal(t, "field of the response", p.Fields.Get("X-A"), "1")
		equal(t, "from cache", p.FromCache, asked == 2)
		equal(t, "body", string(got), "body")
		return true, err
	}})
	r := get(url, field{"X-Q", "q"})
	put(t, c, r, answer(200, "body", field{"X-A", "1"}), httpcache.Stored)
	equal(t, "body", bodyOf(t, c, r), "body")
	equal(t, "asked", asked, 2)
}

func TestAFilterReadsABodyOfAnySize(t *testing.T) {
	const size = 3 << 20
	c := open(t, &httpcache.Options{Filter: func(_ *httpcache.Request, p *httpcache.Response) (bool, error) {
		isPattern(t, p.Body, size)
		return true, nil
	}})
	put(t, c, get(url), &httpcache.Answer{Status: 200, Body: body(size)}, httpcache.Stored)
	equal(t, "length", len(bodyOf(t, c, get(url))), size)
}

func TestWhatAFilterRefusesGoes(t *testing.T) {
	keep := false
	c := open(t, &httpcache.Options{Filter: func(*httpcache.Request, *httpcache.Response) (bool, error) { return keep, nil }})
	put(t, c, get(url), answer(200, "body"), httpcache.NotStored)
	keep = true
	put(t, c, get(url), answer(200, "body"), httpcache.Stored)
	keep = false
	equal(t, "once more", bodyOf(t, c, get(url)), "body")
	equal(t, "then", decision(t, c, get(url)), httpcache.Forward)
	equal(t, "stored", stats(t, c).Responses, 0)
}

func TestAFilterThatFailsChangesNothing(t *testing.T) {
	for name, fail := range map[string]func() (bool, error){
		"an error":            func() (bool, error) { return true, errors.New("no luck") },
		"a panic":             func() (bool, error) { panic("no luck") },
		"a panic of an error": func() (bool, error) { panic(errors.New("no luck")) },
		"a runtime error":     func() (bool, error) { var m map[string]int; m["no luck"] = 1; return true, nil },
		"the goroutine's end": func() (bool, error) { runtime.Goexit(); return true, nil },
	} {
		t.Run(name, func(t *testing.T) {
			var log lines
			failing := true
			c := open(t, &httpcache.Options{Log: log.add, Filter: func(*httpcache.Request, *httpcache.Response) (bool, error) {
				if failing {
					return fail()
				}
				return true, nil
			}})
			put(t, c, get(url), answer(200, "body"), httpcache.NotStored)
			equal(t, "is logged", log.holds("the filter failed"), true)
			failing = false
			put(t, c, get(url), answer(200, "body"), httpcache.Stored)
			failing = true
			equal(t, "first", bodyOf(t, c, get(url)), "body")
			equal(t, "second", bodyOf(t, c, get(url)), "body")
		})
	}
}

func TestAFilterMayCallTheCache(t *testing.T) {
	var c *httpcache.Cache
	c = open(t, &httpcache.Options{Filter: func(*httpcache.Request, *httpcache.Response) (bool, error) {
		x, err := c.Lookup(get(url + "other"))
		if err != nil {
			return false, err
		}
		return x.Decision() == httpcache.Forward, x.Close()
	}})
	put(t, c, get(url), answer(200, "body"), httpcache.Stored)
	equal(t, "body", bodyOf(t, c, get(url)), "body")
}

func TestAFilterIsAskedByManyAtOnce(t *testing.T) {
	const goroutines = 8
	// All meet in the filter: it is called by several at once.
	var meeting sync.WaitGroup
	meeting.Add(goroutines)
	c := open(t, &httpcache.Options{Filter: func(*httpcache.Request, *httpcache.Response) (bool, error) {
		meeting.Done()
		meeting.Wait()
		return true, nil
	}})
	var all sync.WaitGroup
	for i := 0; i < goroutines; i++ {
		all.Add(1)
		go func(u string) {
			defer all.Done()
			x, err := c.Lookup(get(u))
			if err == nil {
				_, err = x.Store(answer(200, u))
				x.Close()
			}
			if err != nil {
				t.Error(err)
			}
		}(url + string(rune('a'+i)))
	}
	all.Wait()
	equal(t, "stored", stats(t, c).Responses, goroutines)
}

func TestWhatAFilterWasLentIsClosedAfterwards(t *testing.T) {
	var kept *httpcache.Response
	c := open(t, &httpcache.Options{Filter: func(_ *httpcache.Request, p *httpcache.Response) (bool, error) {
		kept = p
		return true, nil
	}})
	put(t, c, get(url), answer(200, "body", field{"X-A", "1"}), httpcache.Stored)
	equal(t, "field", kept.Fields.Get("X-A"), "1")
	_, err := kept.Body.Read(make([]byte, 1))
	isError(t, err, httpcache.ErrClosed)
}

func TestAClockOrALogThatPanicsIsNoHarm(t *testing.T) {
	var log lines
	c := open(t, &httpcache.Options{Now: func() time.Time { panic("no time") }, Log: func(level httpcache.LogLevel, line string) {
		log.add(level, line)
		panic("no log")
	}})
	put(t, c, get(url), answer(200, "body"), httpcache.Stored)
	equal(t, "body", bodyOf(t, c, get(url)), "body")
	equal(t, "is logged", log.holds("the clock failed: it panicked: no time"), true)
}
