package httpcache_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"libhttpcache/httpcache"
)

// keyOf is the key of a request that the cache has a part in.
func keyOf(t testing.TB, c *httpcache.Cache, r *httpcache.Request) string {
	t.Helper()
	key, err := c.Key(r)
	check(t, err)
	if key == "" {
		t.Error("there is no key")
	}
	return key
}

func TestTheOptionsSayWhichRequestsAreTheSame(t *testing.T) {
	foo, qux := get(url+"?foo=bar"), get(url+"?foo=qux")
	pq, qp := get(url, field{"X-A", "p, q"}), get(url, field{"X-A", "Q, p"})
	type set = func(*httpcache.Options)
	for _, c := range []struct {
		name       string
		set        set
		one, other *httpcache.Request
		same       bool
	}{
		{"another order", func(*httpcache.Options) {}, get(url + "?a=1&b=2"), get("HTTP://H.test:80/?b=2&a=1"), true},
		{"an order that counts", func(o *httpcache.Options) { o.SortQuery = httpcache.Off }, get(url + "?a=1&b=2"), get(url + "?b=2&a=1"), false},
		{"a parameter", func(*httpcache.Options) {}, foo, qux, false},
		{"Ignored", func(o *httpcache.Options) { o.Ignored = []string{"foo"} }, foo, qux, true},
		{"Ignored that is not there", func(o *httpcache.Options) { o.Ignored = []string{"foo"} }, foo, get(url), true},
		{"IgnoredPresenceCounts", func(o *httpcache.Options) { o.Ignored, o.IgnoredPresenceCounts = []string{"foo"}, true }, foo, qux, true},
		{"presence that counts", func(o *httpcache.Options) { o.Ignored, o.IgnoredPresenceCounts = []string{"foo"}, true }, foo, get(url), false},
		{"a field", func(*httpcache.Options) {}, pq, qp, true},
		{"MatchFields", func(o *httpcache.Options) { o.MatchFields = []string{"X-B", "x-a"} }, pq, qp, false},
		{"MatchAllFields", func(o *httpcache.Options) { o.MatchAllFields = true }, pq, qp, false},
		{"UnorderedFields", func(o *httpcache.Options) { o.MatchAllFields, o.UnorderedFields = true, []string{"X-A"} }, pq, qp, true},
		{"AllFieldsUnordered", func(o *httpcache.Options) { o.MatchAllFields, o.AllFieldsUnordered = true, true }, pq, qp, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := &httpcache.Options{}
			c.set(o)
			cache := open(t, o)
			equal(t, "same", keyOf(t, cache, c.one) == keyOf(t, cache, c.other), c.same)
		})
	}
}

func TestAKeyIsTheBeginningOfThatOfWhatIsStored(t *testing.T) {
	c := open(t, nil)
	key := keyOf(t, c, get(url))
	put(t, c, get(url), answer(200, "x"), httpcache.Stored)
	equal(t, "beginning", lookup(t, c, get(url)).Response().Key()[:len(key)], key)
	equal(t, "misses", stats(t, c).Misses, 1)
}

func TestWhatTheCacheHasNoPartInHasNoKey(t *testing.T) {
	c := open(t, nil)
	for _, r := range []*httpcache.Request{{Method: "POST", URL: url}, with(func(r *httpcache.Request) { r.Bypass = httpcache.On })} {
		key, err := c.Key(r)
		check(t, err)
		equal(t, "key", key, "")
	}
}

func TestAPartitionAnswersNoOther(t *testing.T) {
	c := open(t, &httpcache.Options{RequestOptions: httpcache.RequestOptions{Partition: "mine"}})
	of := map[string]*httpcache.Request{
		"mine":  get(url, field{"X-A", "a field before"}),
		"other": with(func(r *httpcache.Request) { r.Partition = "other" }),
		"none":  with(func(r *httpcache.Request) { r.NoPartition = true }),
	}
	for name, r := range of {
		put(t, c, r, answer(200, name), httpcache.Stored)
	}
	for name, r := range of {
		equal(t, "body", bodyOf(t, c, r), name)
	}
	said := get(url, field{"X-A", "a field before"})
	said.Partition = "mine"
	equal(t, "body", bodyOf(t, c, said), "mine")
	equal(t, "stored", stats(t, c).Responses, 3)
}

func TestHowTLSIsVerifiedIsPartOfTheKey(t *testing.T) {
	directory := t.TempDir()
	file := func(name string) string {
		path := filepath.Join(directory, name)
		check(t, os.WriteFile(path, []byte(name), 0o600))
		return path
	}
	one, two := file("one"), file("two")
	cache := filepath.Join(directory, "cache")
	c := openIn(t, cache, nil)
	key := func(of *httpcache.Cache, o httpcache.RequestOptions) string {
		return keyOf(t, of, &httpcache.Request{URL: "https://h.test/", RequestOptions: o})
	}
	usual := key(c, httpcache.RequestOptions{})
	ofOne := key(c, httpcache.RequestOptions{CAFile: one})
	equal(t, "verified", key(c, httpcache.RequestOptions{VerifyTLS: httpcache.On}), usual)
	equal(t, "unverified is apart", key(c, httpcache.RequestOptions{VerifyTLS: httpcache.Off}) != usual, true)
	equal(t, "certificates are apart", ofOne != usual, true)
	equal(t, "other certificates are apart", key(c, httpcache.RequestOptions{CAFile: two}) != ofOne, true)
	equal(t, "both are", key(c, httpcache.RequestOptions{Partition: "p", CAFile: one}) != ofOne, true)
	with := openIn(t, cache, &httpcache.Options{RequestOptions: httpcache.RequestOptions{CAFile: one}})
	equal(t, "of the cache", key(with, httpcache.RequestOptions{}), ofOne)
	equal(t, "of the system", key(with, httpcache.RequestOptions{NoCAFile: true}), usual)
}

func TestCredentialsKeepApartUnlessTheyAreShared(t *testing.T) {
	for share, want := range map[httpcache.Switch]httpcache.Decision{
		httpcache.Default: httpcache.Forward, httpcache.Off: httpcache.Forward, httpcache.On: httpcache.Fresh,
	} {
		c := open(t, nil)
		alices, bobs := get(url, field{"Authorization", "alice"}), get(url, field{"Authorization", "bob"})
		alices.ShareCredentials, bobs.ShareCredentials = share, share
		put(t, c, alices, answer(200, ""), httpcache.Stored)
		equal(t, "decision", decision(t, c, bobs), want)
		o := httpcache.RequestOptions{ShareCredentials: share}
		c = open(t, &httpcache.Options{RequestOptions: o})
		put(t, c, get(url, field{"Authorization", "alice"}), answer(200, ""), httpcache.Stored)
		equal(t, "of the cache", decision(t, c, get(url, field{"Authorization", "bob"})), want)
	}
}

// What is set is read as it was set, in a filter and in what is to be forwarded.
func TestTheOptionsOfARequestAreShown(t *testing.T) {
	for _, o := range []httpcache.RequestOptions{
		{},
		{Expiry: httpcache.ExpireAfter(time.Minute), StaleIfError: -1, StaleWhileRevalidate: httpcache.Forever},
		{Expiry: httpcache.Never, StaleIfError: time.Hour, StaleWhileRevalidate: -1},
		{Expiry: httpcache.Immediately, AlwaysRevalidate: httpcache.On, Refresh: httpcache.Off, ForceRefresh: httpcache.On},
		{Expiry: httpcache.ExpireAt(time.UnixMilli(1_800_000_000_000)), Complete: httpcache.On, OnlyIfCached: httpcache.Off},
		{Bypass: httpcache.Off, ReadOnly: httpcache.Off, ShareCredentials: httpcache.On, VerifyTLS: httpcache.Off},
		{ConnectTimeout: time.Second, HeadTimeout: 2 * time.Second, IdleTimeout: 3 * time.Second, TotalTimeout: httpcache.Forever},
		{Follow: httpcache.Off, MaxRedirects: 7, AllowDowngrade: httpcache.On, Retry: httpcache.Off},
	} {
		var seen []httpcache.RequestOptions
		c := open(t, &httpcache.Options{Filter: func(r *httpcache.Request, _ *httpcache.Response) (bool, error) {
			seen = append(seen, r.RequestOptions)
			return true, nil
		}})
		x := lookup(t, c, &httpcache.Request{URL: url, RequestOptions: o})
		equal(t, "forwarded", x.Forward().RequestOptions, o)
		check(t, second(x.Store(answer(200, "", field{"ETag", `"a"`}))))
		equal(t, "filters", len(seen), 1)
		equal(t, "filtered", seen[0], o)
	}
}
