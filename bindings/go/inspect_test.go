package httpcache_test

import (
	"fmt"
	"io"
	"sort"
	"strings"
	"sync"
	"testing"
	"time"

	"libhttpcache/httpcache"
)

// walk begins a walk, and closes it when the test ends.
func walk(t testing.TB, c *httpcache.Cache, q *httpcache.Query) *httpcache.Walk {
	t.Helper()
	w, err := c.Walk(q)
	check(t, err)
	t.Cleanup(func() { w.Close() })
	return w
}

// met is all that a walk meets.
func met(t testing.TB, c *httpcache.Cache, q *httpcache.Query) []*httpcache.Response {
	t.Helper()
	w := walk(t, c, q)
	var all []*httpcache.Response
	for {
		p, err := w.Next()
		if err == io.EOF {
			check(t, w.Close())
			return all
		}
		check(t, err)
		all = append(all, p)
	}
}

// letters are the last letters of the URLs that a walk meets, in its order.
func letters(t testing.TB, c *httpcache.Cache, q *httpcache.Query) string {
	t.Helper()
	var all []byte
	for _, p := range met(t, c, q) {
		if p.Unreadable {
			all = append(all, '!')
		} else {
			all = append(all, p.URL[len(p.URL)-1])
		}
	}
	return string(all)
}

func sorted(text string) string {
	all := strings.Split(text, "")
	sort.Strings(all)
	return strings.Join(all, "")
}

// filled opens a cache with three responses: "a", which is stale and large, and "b" and "c", which are fresh.
func filled(t *testing.T) (c *httpcache.Cache, start time.Time) {
	clock := newClock()
	start = clock.now()
	c = open(t, &httpcache.Options{
		RequestOptions: httpcache.RequestOptions{Expiry: httpcache.ExpireAfter(time.Minute)}, Now: clock.now})
	put(t, c, get(url+"a"), &httpcache.Answer{Status: 200, Body: body(300001)}, httpcache.Stored)
	clock.pass(30 * time.Second)
	put(t, c, get(url+"b"), answer(200, "x"), httpcache.Stored)
	put(t, c, get(url+"b?c"), answer(200, "xx"), httpcache.Stored)
	clock.pass(31 * time.Second)
	return c, start
}

// putVariants stores two variants of one URL.
func putVariants(t *testing.T, c *httpcache.Cache) {
	for _, language := range []string{"en", "de"} {
		put(t, c, get(url, field{"Accept-Language", language}),
			answer(200, language, field{"Vary", "Accept-Language"}), httpcache.Stored)
	}
}

// deletes checks how many a call deleted, or changed.
func deletes(t testing.TB, want uint64) func(uint64, error) {
	return func(n uint64, err error) {
		t.Helper()
		check(t, err)
		equal(t, "how many", n, want)
	}
}

func contains(t testing.TB, c *httpcache.Cache, key string) bool {
	t.Helper()
	is, err := c.Contains(key)
	check(t, err)
	return is
}

func TestAWalkShowsWhatAHitShows(t *testing.T) {
	clock := newClock()
	c := open(t, &httpcache.Options{
		RequestOptions: httpcache.RequestOptions{Expiry: httpcache.ExpireAfter(time.Minute)}, Now: clock.now})
	r := get(url+"?api_key=secret", field{"X-B", "1"})
	a := answer(200, "body", field{"X-A", "1"}, field{"X-A", "2"})
	a.Reason = "Fine"
	put(t, c, r, a, httpcache.Stored)
	start := clock.now()
	clock.pass(61 * time.Second)
	all := met(t, c, nil)
	if len(all) != 1 {
		t.Fatalf("%d responses", len(all))
	}
	p := all[0]
	equal(t, "status", p.Status, 200)
	equal(t, "reason", p.Reason, "Fine")
	equal(t, "fields", fmt.Sprint(p.Fields), "[{X-A 1} {X-A 2}]")
	equal(t, "from cache", p.FromCache, true)
	equal(t, "expired", p.Expired, true)
	equal(t, "alias", p.Alias, false)
	equal(t, "unreadable", p.Unreadable, false)
	equal(t, "created at", p.CreatedAt.Equal(start), true)
	equal(t, "expires at", p.ExpiresAt, httpcache.ExpireAt(start.Add(time.Minute)))
	equal(t, "age", p.Age, 61*time.Second)
	equal(t, "lifetime", p.FreshnessLifetime, time.Minute)
	equal(t, "size", p.Size, 4)
	equal(t, "the secret is there", strings.Contains(p.URL, "secret"), false)
	equal(t, "method", p.Request.Method, "GET")
	equal(t, "URL", p.Request.URL, p.URL)
	equal(t, "field", p.Request.Fields.Get("x-b"), "1")
	equal(t, "key", strings.HasPrefix(p.Key(), keyOf(t, c, r)), true)
	isError(t, second(p.ReadBody()), httpcache.ErrMisuse)
}

func TestWhatIsMetIsWhatIsAskedFor(t *testing.T) {
	c, start := filled(t)
	for _, row := range []struct {
		name string
		q    *httpcache.Query
		want string
	}{
		{"nil", nil, "abc"},
		{"nothing", &httpcache.Query{}, "abc"},
		{"all kinds", &httpcache.Query{Expired: true, Fresh: true}, "abc"},
		{"Expired", &httpcache.Query{Expired: true}, "a"},
		{"Fresh", &httpcache.Query{Fresh: true}, "bc"},
		{"Aliases", &httpcache.Query{Aliases: true}, ""},
		{"Unreadable", &httpcache.Query{Unreadable: true}, ""},
		{"CreatedBefore", &httpcache.Query{CreatedBefore: start.Add(time.Millisecond)}, "a"},
		{"CreatedBefore the instant", &httpcache.Query{CreatedBefore: start}, ""},
		{"CreatedBefore a part of a millisecond", &httpcache.Query{CreatedBefore: start.Add(1)}, "a"},
		{"ExpiresBefore", &httpcache.Query{ExpiresBefore: start.Add(61 * time.Second)}, "a"},
		{"URL", &httpcache.Query{URL: "HTTP://H.test:80/./b"}, "b"},
		{"URLGlob", &httpcache.Query{URLGlob: "*/b"}, "bc"},
		{"Method", &httpcache.Query{Method: "GET"}, "abc"},
		{"Method of another case", &httpcache.Query{Method: "get"}, ""},
		{"several", &httpcache.Query{URLGlob: "*/b", Expired: true}, ""},
	} {
		t.Run(row.name, func(t *testing.T) { equal(t, "met", sorted(letters(t, c, row.q)), row.want) })
	}
}

func TestAWalkHasAnOrderAndALimit(t *testing.T) {
	c, _ := filled(t)
	equal(t, "by size", letters(t, c, &httpcache.Query{Order: httpcache.BySize}), "bca")
	equal(t, "the largest first", letters(t, c, &httpcache.Query{Order: httpcache.BySize, Descending: true}), "acb")
	equal(t, "the two smallest", letters(t, c, &httpcache.Query{Order: httpcache.BySize, Limit: 2}), "bc")
	equal(t, "the first to expire", letters(t, c, &httpcache.Query{Order: httpcache.ByExpiry, Limit: 1}), "a")
	equal(t, "the oldest", letters(t, c, &httpcache.Query{Order: httpcache.ByCreated, Limit: 1}), "a")
	equal(t, "the newest", letters(t, c, &httpcache.Query{Order: httpcache.ByCreated, Descending: true, Limit: 2}) != "a", true)
	equal(t, "some", len(letters(t, c, &httpcache.Query{Limit: 2})), 2)
	there, back := letters(t, c, nil), letters(t, c, &httpcache.Query{Descending: true})
	for i := range there {
		equal(t, "the other way round", back[i], there[len(there)-1-i])
	}
}

func TestBodiesAreReadWhereTheyAreAskedFor(t *testing.T) {
	c, _ := filled(t)
	w := walk(t, c, &httpcache.Query{Order: httpcache.BySize})
	var all []*httpcache.Response
	for {
		p, err := w.NextWithBody()
		if err == io.EOF {
			break
		}
		check(t, err)
		all = append(all, p)
	}
	check(t, w.Close())
	deletes(t, 3)(c.Clear())
	equal(t, "responses", len(all), 3)
	for i, want := range []string{"x", "xx"} {
		got, err := all[i].ReadBody()
		check(t, err)
		equal(t, "body", string(got), want)
	}
	isPattern(t, all[2].Body, 300001)
	check(t, all[2].Body.Close())
}

func TestAWalkEndsAndStaysThere(t *testing.T) {
	c := open(t, nil)
	put(t, c, get(url), answer(200, "x"), httpcache.Stored)
	w := walk(t, c, nil)
	check(t, second(w.Next()))
	for i := 0; i < 2; i++ {
		p, err := w.Next()
		equal(t, "end", err == io.EOF, true)
		equal(t, "is nothing", p == nil, true)
	}
}

func TestAWalkOutlivesItsCache(t *testing.T) {
	c, _ := filled(t)
	w := walk(t, c, nil)
	check(t, second(w.Next()))
	check(t, c.Close())
	check(t, second(w.NextWithBody()))
	check(t, second(w.Next()))
	equal(t, "end", second(w.Next()) == io.EOF, true)
}

func TestWhatIsDeletedOnTheWayEndsNothing(t *testing.T) {
	c, _ := filled(t)
	for _, p := range met(t, c, nil) {
		deletes(t, 1)(c.Delete(p.Key()))
	}
	equal(t, "left", stats(t, c).Responses, 0)
}

func TestAKeyFindsWhatIsStored(t *testing.T) {
	c := open(t, nil)
	key := keyOf(t, c, get(url))
	p, err := c.Get(key)
	check(t, err)
	equal(t, "nothing is found", p == nil, true)
	equal(t, "contains", contains(t, c, key), false)
	putVariants(t, c)
	misses := stats(t, c).Misses
	p, err = c.Get(key)
	check(t, err)
	equal(t, "contains", contains(t, c, key) && contains(t, c, p.Key()), true)
	equal(t, "is the whole key", p.Key() != key, true)
	equal(t, "from cache", p.FromCache, true)
	got, err := p.ReadBody()
	check(t, err)
	equal(t, "request", p.Request.Fields.Get("Accept-Language"), string(got))
	same, err := c.Get(p.Key())
	check(t, err)
	again, err := same.ReadBody()
	check(t, err)
	equal(t, "body", string(again), string(got))
	equal(t, "is counted", stats(t, c).Hits+stats(t, c).Misses, misses)
}

func TestWhatIsStaleIsFoundToo(t *testing.T) {
	c, _ := filled(t)
	p, err := c.Get(keyOf(t, c, get(url+"a")))
	check(t, err)
	equal(t, "expired", p.Expired, true)
	isPattern(t, p.Body, 300001)
	check(t, p.Body.Close())
}

func TestAKeyDeletesWhatIsStored(t *testing.T) {
	c := open(t, nil)
	key := keyOf(t, c, get(url))
	deletes(t, 0)(c.Delete(key))
	putVariants(t, c)
	p, err := c.Get(key)
	check(t, err)
	deletes(t, 1)(c.Delete(p.Key()))
	equal(t, "the one", contains(t, c, p.Key()), false)
	equal(t, "the other", contains(t, c, key), true)
	deletes(t, 1)(c.Delete(key))
	putVariants(t, c)
	deletes(t, 2)(c.Delete(key))
	equal(t, "left", stats(t, c).Responses, 0)
}

func TestConditionsDeleteWhatIsStored(t *testing.T) {
	c, _ := filled(t)
	put(t, c, get("http://other.test/d"), answer(200, ""), httpcache.Stored)
	deletes(t, 1)(c.DeleteWhere(&httpcache.Query{Order: httpcache.BySize, Descending: true, Limit: 1}))
	equal(t, "without the largest", sorted(letters(t, c, nil)), "bcd")
	deletes(t, 0)(c.DeleteWhere(&httpcache.Query{Expired: true}))
	deletes(t, 1)(c.DeleteWhere(&httpcache.Query{URL: url + "b"}))
	equal(t, "without a URL", sorted(letters(t, c, nil)), "cd")
	deletes(t, 1)(c.DeleteWhere(&httpcache.Query{URLGlob: "h.test"}))
	equal(t, "without a host", letters(t, c, nil), "d")
}

func TestEverythingIsDeleted(t *testing.T) {
	c, _ := filled(t)
	deletes(t, 3)(c.Clear())
	deletes(t, 0)(c.Clear())
	equal(t, "met", letters(t, c, nil), "")
	put(t, c, get(url+"b"), answer(200, "again"), httpcache.Stored)
	equal(t, "body", bodyOf(t, c, get(url+"b")), "again")
}

func TestACacheThatOnlyReadsDeletesWhenItIsTold(t *testing.T) {
	directory := t.TempDir()
	put(t, openIn(t, directory, nil), get(url), answer(200, ""), httpcache.Stored)
	c := openIn(t, directory, &httpcache.Options{RequestOptions: httpcache.RequestOptions{ReadOnly: httpcache.On}})
	deletes(t, 1)(c.Clear())
}

func TestWhatCannotBeReadIsToldOf(t *testing.T) {
	directory := t.TempDir()
	c := openIn(t, directory, nil)
	put(t, c, get(url), answer(200, "body"), httpcache.Stored)
	check(t, c.Close())
	damageRecords(t, directory)

	c = openIn(t, directory, nil)
	equal(t, "readable", letters(t, c, nil), "")
	unreadable := &httpcache.Query{Unreadable: true}
	for _, next := range []func(*httpcache.Walk) (*httpcache.Response, error){
		(*httpcache.Walk).Next, (*httpcache.Walk).NextWithBody,
	} {
		p, err := next(walk(t, c, unreadable))
		check(t, err)
		equal(t, "unreadable", p.Unreadable, true)
		equal(t, "has a key", p.Key() != "", true)
		equal(t, "request", p.Request == nil, true)
		equal(t, "expires at", p.ExpiresAt, httpcache.Unset)
		isError(t, second(p.ReadBody()), httpcache.ErrCorrupt)
		found, err := c.Get(p.Key())
		check(t, err)
		equal(t, "is not found", found == nil, true)
	}
	deletes(t, 1)(c.DeleteWhere(unreadable))
	equal(t, "left", letters(t, c, unreadable), "")
}

func TestAWalkThatNobodyClosedIsCollected(t *testing.T) {
	directory := t.TempDir()
	func() {
		c, err := httpcache.Open(directory, nil)
		check(t, err)
		put(t, c, get(url), &httpcache.Answer{Status: 200, Body: body(300001)}, httpcache.Stored)
		w, err := c.Walk(nil)
		check(t, err)
		p, err := w.NextWithBody()
		check(t, err)
		check(t, second(p.Body.Read(make([]byte, 10))))
	}()
	equal(t, "is collected", collected(directory), true)
}

func TestManyWalkStoreAndDeleteAtOnce(t *testing.T) {
	c := open(t, nil)
	shared := walk(t, c, nil)
	var all sync.WaitGroup
	for i := 0; i < 8; i++ {
		all.Add(1)
		go func(i int) {
			defer all.Done()
			host := fmt.Sprint(i, ".test")
			for k := 0; k < 20; k++ {
				put(t, c, get(fmt.Sprint("http://", host, "/", k)), answer(200, ""), httpcache.Stored)
				letters(t, c, &httpcache.Query{Limit: 10})
				if _, err := shared.Next(); err != nil && err != io.EOF {
					t.Error(err)
				}
			}
			deletes(t, 20)(c.DeleteWhere(&httpcache.Query{URLGlob: host}))
		}(i)
	}
	all.Wait()
	deletes(t, 0)(c.Clear())
	equal(t, "errors", stats(t, c).Errors, 0)
}

func TestAWalkIsClosedWhileOthersStep(t *testing.T) {
	c, _ := filled(t)
	w := walk(t, c, nil)
	var started, all sync.WaitGroup
	for i := 0; i < 4; i++ {
		started.Add(1)
		all.Add(1)
		go func() {
			defer all.Done()
			for first := true; ; first = false {
				_, err := w.Next()
				if first {
					started.Done()
				}
				if err != nil && err != io.EOF {
					isError(t, err, httpcache.ErrClosed)
					return
				}
			}
		}()
	}
	started.Wait()
	check(t, w.Close())
	all.Wait()
}
