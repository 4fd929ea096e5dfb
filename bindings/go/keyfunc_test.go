package httpcache_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"testing"

	"libhttpcache/httpcache"
)

// byPath makes one key of all hosts.
func byPath(r *httpcache.Request, key *httpcache.KeySink) error {
	_, path, _ := strings.Cut(strings.TrimPrefix(r.URL, "http://"), "/")
	_, err := key.WriteString("/" + path)
	return err
}

// simplify tells nothing apart by Accept-Encoding but gzip.
func simplify(r *httpcache.Request) error {
	hasGzip := strings.Contains(r.Fields.Get("Accept-Encoding"), "gzip")
	var fields httpcache.Fields
	for _, f := range r.Fields {
		if !strings.EqualFold(f.Name, "Accept-Encoding") {
			fields = append(fields, f)
		}
	}
	if hasGzip {
		fields.Add("Accept-Encoding", "gzip")
	}
	r.Fields = fields
	return nil
}

func accepting(encodings string) *httpcache.Request {
	return get(url, field{"Accept-Encoding", encodings})
}

func TestAKeyFuncMakesTheKey(t *testing.T) {
	c := open(t, &httpcache.Options{KeyFunc: byPath})
	put(t, c, get("http://a.test/x"), answer(200, "x"), httpcache.Stored)
	equal(t, "body", bodyOf(t, c, get("http://b.test/x")), "x")
	equal(t, "another path", decision(t, c, get("http://a.test/y")), httpcache.Forward)
	equal(t, "another partition", decision(t, c, &httpcache.Request{URL: "http://a.test/x",
		RequestOptions: httpcache.RequestOptions{Partition: "p"}}), httpcache.Forward)
}

func TestAKeyFuncSeesTheRequest(t *testing.T) {
	asked := 0
	c := open(t, &httpcache.Options{Methods: []string{"POST"}, KeyFunc: func(r *httpcache.Request, key *httpcache.KeySink) error {
		asked++
		equal(t, "method", r.Method, "POST")
		equal(t, "URL", r.URL, url+"?a=1")
		equal(t, "field", r.Fields.Get("X-A"), "1")
		equal(t, "body", string(r.Body), "body")
		equal(t, "option", r.Expiry, httpcache.Never)
		n, err := io.WriteString(key, "key")
		equal(t, "written", n, 3)
		return err
	}})
	keyOf(t, c, &httpcache.Request{Method: "POST", URL: url + "?a=1", Fields: httpcache.Fields{{"X-A", "1"}}, Body: []byte("body"),
		RequestOptions: httpcache.RequestOptions{Expiry: httpcache.Never}})
	equal(t, "asked", asked, 1)
}

func TestAKeyFuncMayUseTheKeysOfTheLibrary(t *testing.T) {
	json := field{"Content-Type", "application/json"}
	post := func(u, body string, fields ...field) *httpcache.Request {
		return &httpcache.Request{Method: "POST", URL: u, Fields: fields, Body: []byte(body)}
	}
	c := open(t, &httpcache.Options{Methods: []string{"POST"}, KeyFunc: func(r *httpcache.Request, key *httpcache.KeySink) error {
		if err := key.WriteURL(r); err != nil {
			return err
		}
		if err := key.WriteBody(r); err != nil {
			return err
		}
		is, err := key.WriteField(r, "x-a")
		equal(t, "has a field", is, len(r.Fields) == 2)
		return err
	}})
	key := keyOf(t, c, post(url+"?b=1&a=2", `{"p": 1, "q": 2}`, json))
	equal(t, "the same", keyOf(t, c, post(url+"?a=2&b=1&api_key=x", `{"q":2,"p":1}`, json)), key)
	for what, r := range map[string]*httpcache.Request{
		"URL":   post(url+"?b=1&a=3", `{"p": 1, "q": 2}`, json),
		"body":  post(url+"?b=1&a=2", `{"p": 1, "q": 3}`, json),
		"field": post(url+"?b=1&a=2", `{"p": 1, "q": 2}`, json, field{"X-A", ""}),
	} {
		equal(t, "another "+what, keyOf(t, c, r) != key, true)
	}
}

func TestAKeyFuncMayMakeTheLibrarysKeyOfAChangedRequest(t *testing.T) {
	c := open(t, &httpcache.Options{MatchFields: []string{"Accept-Encoding"}, KeyFunc: func(r *httpcache.Request, key *httpcache.KeySink) error {
		if err := simplify(r); err != nil {
			return err
		}
		return key.WriteDefaultKey(r)
	}})
	gzip := keyOf(t, c, accepting("gzip, compress, br"))
	equal(t, "gzip", keyOf(t, c, accepting("br, gzip")), gzip)
	equal(t, "none", keyOf(t, c, accepting("br")) != gzip, true)
	equal(t, "no field", keyOf(t, c, accepting("br")), keyOf(t, c, get(url)))
}

func TestNormalizeChangesWhatKeyAndVaryCompare(t *testing.T) {
	c := open(t, &httpcache.Options{Normalize: simplify})
	x := lookup(t, c, accepting("gzip, compress, br"))
	equal(t, "sent", x.Forward().Fields.Get("Accept-Encoding"), "gzip, compress, br")
	check(t, second(x.Store(answer(200, "zipped", field{"Vary", "Accept-Encoding"}))))
	equal(t, "body", bodyOf(t, c, accepting("br, gzip")), "zipped")
	equal(t, "without gzip", decision(t, c, accepting("br")), httpcache.Forward)
}

func TestNormalizeMayChangeAllOfTheCopy(t *testing.T) {
	c := open(t, &httpcache.Options{Methods: []string{"GET", "POST"}, MatchAllFields: true, Normalize: func(r *httpcache.Request) error {
		equal(t, "body", len(r.Body), 1)
		*r = httpcache.Request{URL: url + "all", Fields: httpcache.Fields{{"X-B", "1"}}}
		return nil
	}})
	post := func(u, body string, fields ...field) *httpcache.Request {
		return &httpcache.Request{Method: "POST", URL: u, Fields: fields, Body: []byte(body)}
	}
	equal(t, "key", keyOf(t, c, post(url+"1", "a", field{"X-A", "1"})), keyOf(t, c, post(url+"2", "b")))
	equal(t, "errors", stats(t, c).Errors, 0)
}

// What a function does instead of its work; the last is the kind of error that the cache tells then.
var faults = map[string]struct {
	fail   func() error
	status httpcache.Status
}{
	"an error":             {func() error { return errors.New("no luck") }, httpcache.ErrCallback},
	"an error of the kind": {func() error { return fmt.Errorf("no luck: %w", httpcache.ErrTimeout) }, httpcache.ErrTimeout},
	"a panic":              {func() error { panic("no luck") }, httpcache.ErrCallback},
	"the goroutine's end":  {func() error { runtime.Goexit(); return nil }, httpcache.ErrCallback},
}

func TestAFunctionForKeysThatFailsIsPassedBy(t *testing.T) {
	for of, options := range map[string]func(fail func() error) *httpcache.Options{
		"key": func(fail func() error) *httpcache.Options {
			return &httpcache.Options{KeyFunc: func(r *httpcache.Request, key *httpcache.KeySink) error {
				if err := byPath(r, key); err != nil {
					return err
				}
				return fail()
			}}
		},
		"normalize": func(fail func() error) *httpcache.Options {
			return &httpcache.Options{Normalize: func(r *httpcache.Request) error { return fail() }}
		},
	} {
		for name, fault := range faults {
			t.Run(of+" by "+name, func(t *testing.T) {
				var log lines
				failing := false
				o := options(func() error {
					if failing {
						return fault.fail()
					}
					return nil
				})
				o.Log = log.add
				c := open(t, o)
				put(t, c, get(url), answer(200, "body"), httpcache.Stored)
				failing = true
				put(t, c, get(url), answer(200, "other"), httpcache.NotStored)
				equal(t, "errors", stats(t, c).Errors, 1)
				equal(t, "is logged", log.holds("the function that") && log.holds(fmt.Sprint(int32(fault.status))), true)
				_, err := c.Key(get(url))
				isError(t, err, httpcache.ErrCallback)
				failing = false
				equal(t, "body", bodyOf(t, c, get(url)), "body")
			})
		}
	}
}

func TestACopyThatIsNoRequestIsPassedBy(t *testing.T) {
	var log lines
	c := open(t, &httpcache.Options{Log: log.add, Normalize: func(r *httpcache.Request) error {
		r.URL = "nonsense"
		return nil
	}})
	put(t, c, get(url), answer(200, "body"), httpcache.NotStored)
	equal(t, "is logged", log.holds("the function that normalises requests failed: httpcache: "), true)
}

func TestAKeyHasBetween1ByteAnd64KiB(t *testing.T) {
	var size int
	var said error
	c := open(t, &httpcache.Options{Log: new(lines).add, KeyFunc: func(_ *httpcache.Request, key *httpcache.KeySink) error {
		_, said = key.Write(make([]byte, size))
		return nil
	}})
	for _, size = range []int{1, 65536} {
		keyOf(t, c, get(url))
		check(t, said)
	}
	for _, size = range []int{0, 65537} {
		_, err := c.Key(get(url))
		isError(t, err, httpcache.ErrCallback)
	}
	isError(t, said, httpcache.ErrTooLarge)
}

func TestASinkIsClosedAfterwards(t *testing.T) {
	var kept *httpcache.KeySink
	c := open(t, &httpcache.Options{KeyFunc: func(r *httpcache.Request, key *httpcache.KeySink) error {
		kept = key
		equal(t, "no request", errors.Is(key.WriteURL(nil), httpcache.ErrArgument), true)
		_, err := key.WriteField(r, "a b")
		equal(t, "no name", errors.Is(err, httpcache.ErrArgument), true)
		return byPath(r, key)
	}})
	keyOf(t, c, get(url))
	isError(t, second(kept.Write([]byte("x"))), httpcache.ErrClosed)
	isError(t, second(kept.WriteString("x")), httpcache.ErrClosed)
	isError(t, kept.WriteDefaultKey(get(url)), httpcache.ErrClosed)
	isError(t, kept.WriteURL(get(url)), httpcache.ErrClosed)
	isError(t, kept.WriteBody(get(url)), httpcache.ErrClosed)
	isError(t, second(kept.WriteField(get(url), "A")), httpcache.ErrClosed)
}

// askAll asks a cache in every way that makes a key, and gives the errors.
func askAll(c *httpcache.Cache) []error {
	return []error{second(c.Lookup(get(url))), second(c.Key(get(url))), second(c.Fetch(background, get(url))),
		second(c.Rekey(background, nil, nil))}
}

func TestAFunctionForKeysMustNotAskItsOwnCache(t *testing.T) {
	var own *httpcache.Cache
	asked := 0
	ask := func() error {
		asked++
		for _, err := range askAll(own) {
			isError(t, err, httpcache.ErrMisuse)
		}
		return nil
	}
	for name, o := range map[string]*httpcache.Options{
		"KeyFunc": {KeyFunc: func(r *httpcache.Request, key *httpcache.KeySink) error {
			if err := ask(); err != nil {
				return err
			}
			return byPath(r, key)
		}},
		"Normalize": {Normalize: func(*httpcache.Request) error { return ask() }},
	} {
		t.Run(name, func(t *testing.T) {
			own = open(t, o)
			asked = 0
			put(t, own, get(url), answer(200, "body"), httpcache.Stored)
			equal(t, "asked", asked, 1)
			equal(t, "body", bodyOf(t, own, get(url)), "body")
			equal(t, "errors", stats(t, own).Errors, 0)
		})
	}
}

// The other cache's function and filter run on goroutines of their own.
func TestAFunctionForKeysMustNotAskItsOwnCacheThroughOthers(t *testing.T) {
	var own, between *httpcache.Cache
	said := make(map[string]error)
	between = open(t, &httpcache.Options{
		KeyFunc: func(r *httpcache.Request, key *httpcache.KeySink) error {
			said["key"] = second(own.Key(get(url)))
			return byPath(r, key)
		},
		Filter: func(*httpcache.Request, *httpcache.Response) (bool, error) {
			said["filter"] = second(own.Key(get(url)))
			return true, nil
		},
	})
	own = open(t, &httpcache.Options{KeyFunc: func(r *httpcache.Request, key *httpcache.KeySink) error {
		put(t, between, get(r.URL), answer(200, ""), httpcache.Stored)
		return byPath(r, key)
	}})
	keyOf(t, own, get(url))
	isError(t, said["key"], httpcache.ErrMisuse)
	isError(t, said["filter"], httpcache.ErrMisuse)
	// And from elsewhere each is asked as ever.
	keyOf(t, own, get(url+"elsewhere"))
}

func TestAFunctionForKeysIsAskedByManyAtOnce(t *testing.T) {
	const goroutines = 8
	var meeting sync.WaitGroup
	meeting.Add(goroutines)
	c := open(t, &httpcache.Options{Normalize: simplify, KeyFunc: func(r *httpcache.Request, key *httpcache.KeySink) error {
		meeting.Done()
		meeting.Wait()
		return byPath(r, key)
	}})
	keys := make([]string, goroutines)
	var all sync.WaitGroup
	for i := range keys {
		all.Add(1)
		go func(i int) {
			defer all.Done()
			var err error
			if keys[i], err = c.Key(get(fmt.Sprintf("http://h%d.test/%d", i, i%2))); err != nil {
				t.Error(err)
			}
		}(i)
	}
	all.Wait()
	for i := range keys {
		equal(t, "key", keys[i], keys[i%2])
	}
	equal(t, "are two", keys[0] != keys[1], true)
}

func TestAFunctionForKeysIsLetGoWithItsCache(t *testing.T) {
	gone := make(chan bool, 1)
	func() {
		held := new([1 << 10]byte)
		runtime.SetFinalizer(held, func(any) { gone <- true })
		hold := func(r *httpcache.Request, key *httpcache.KeySink) error { held[0]++; return byPath(r, key) }
		c, err := httpcache.Open(t.TempDir(), &httpcache.Options{
			KeyFunc: hold, Normalize: func(*httpcache.Request) error { held[1]++; return nil },
		})
		check(t, err)
		keyOf(t, c, get(url))
		check(t, c.Close())
		runtime.KeepAlive(held)
	}()
	for i := 0; i < 500; i++ {
		runtime.GC()
		select {
		case <-gone:
			return
		default:
		}
	}
	t.Error("it is held")
}

func TestAKeyFuncIsHeardByATransport(t *testing.T) {
	o := fresh(t)
	base := &http.Transport{}
	t.Cleanup(base.CloseIdleConnections)
	c := (&httpcache.Transport{Base: base, Cache: open(t, by(func(o *httpcache.Options) {
		o.KeyFunc = func(r *httpcache.Request, key *httpcache.KeySink) error {
			u, _, _ := strings.Cut(r.URL, "?")
			_, err := key.WriteString(u)
			return err
		}
	}))}).Client()
	askFor(t, c, o.URL+"/?a=1", httpcache.SourceOrigin)
	askFor(t, c, o.URL+"/?a=2", httpcache.SourceFresh)
}
