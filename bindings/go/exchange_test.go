package httpcache_test

import (
	"strings"
	"testing"
	"time"

	"libhttpcache/httpcache"
)

type field = httpcache.Field

func TestMissStoreHit(t *testing.T) {
	clock := newClock()
	c := open(t, &httpcache.Options{CacheControl: true, Now: clock.now})
	x := lookup(t, c, get(url, field{"Accept", "*/*"}))
	equal(t, "decision", x.Decision(), httpcache.Forward)
	equal(t, "reason", x.Reason(), "uri-miss")
	equal(t, "method sent", x.Forward().Method, "GET")
	equal(t, "URL sent", x.Forward().URL, url)
	equal(t, "field sent", x.Forward().Fields.Get("accept"), "*/*")
	if x.Response() != nil {
		t.Error("a response of a miss")
	}
	a := answer(200, "body", field{"Cache-Control", "max-age=60"}, field{"X-A", "1"}, field{"x-a", "\xff\x80"})
	a.Reason = "Fine"
	outcome, err := x.Store(a)
	check(t, err)
	equal(t, "outcome", outcome, httpcache.Stored)

	clock.pass(2 * time.Second)
	x = lookup(t, c, get(url, field{"Accept", "*/*"}))
	equal(t, "decision", x.Decision(), httpcache.Fresh)
	equal(t, "reason", x.Reason(), "")
	if x.Forward() != nil {
		t.Error("a hit is to be sent")
	}
	p := x.Response()
	equal(t, "status", p.Status, 200)
	equal(t, "reason phrase", p.Reason, "Fine")
	equal(t, "URL", p.URL, url)
	equal(t, "from cache", p.FromCache, true)
	equal(t, "revalidated", p.Revalidated, false)
	equal(t, "expired", p.Expired, false)
	equal(t, "size", p.Size, 4)
	equal(t, "age", p.Age, 2*time.Second)
	equal(t, "lifetime", p.FreshnessLifetime, time.Minute)
	created := clock.now().Add(-2 * time.Second)
	equal(t, "created at", p.CreatedAt.Equal(created), true)
	equal(t, "expires at", p.ExpiresAt, httpcache.ExpireAt(created.Add(time.Minute)))
	equal(t, "first X-A", p.Fields.Get("X-A"), "1")
	equal(t, "all of X-A", len(p.Fields.Values("X-A")), 2)
	equal(t, "raw bytes", p.Fields.Values("X-A")[1], "\xff\x80")
	equal(t, "in net/http", p.Fields.Header()["X-A"][1], "\xff\x80")
	if p.Key() == "" {
		t.Error("no key")
	}
	key := p.Key()
	check(t, x.Close())
	equal(t, "key after closing", p.Key(), key)
	body, err := p.ReadBody()
	check(t, err)
	equal(t, "body", string(body), "body")
}

func TestA304Freshens(t *testing.T) {
	clock := newClock()
	c := open(t, &httpcache.Options{CacheControl: true, Now: clock.now})
	put(t, c, get(url), answer(200, "body", field{"Cache-Control", "max-age=1"}, field{"ETag", `"a"`}), httpcache.Stored)
	clock.pass(time.Minute)
	x := lookup(t, c, get(url))
	equal(t, "decision", x.Decision(), httpcache.Revalidate)
	equal(t, "condition", x.Forward().Fields.Get("If-None-Match"), `"a"`)
	outcome, err := x.Begin(answer(304, "", field{"ETag", `"a"`}, field{"Cache-Control", "max-age=9"}))
	check(t, err)
	equal(t, "outcome", outcome, httpcache.Freshened)
	p := x.Response()
	equal(t, "revalidated", p.Revalidated, true)
	equal(t, "status", p.Status, 200)
	equal(t, "lifetime", p.FreshnessLifetime, 9*time.Second)
	body, err := p.ReadBody()
	check(t, err)
	equal(t, "body", string(body), "body")
}

func TestA304OfAnotherIsRepeated(t *testing.T) {
	clock := newClock()
	c := open(t, &httpcache.Options{CacheControl: true, Now: clock.now})
	put(t, c, get(url), answer(200, "old", field{"Cache-Control", "max-age=1"}, field{"ETag", `"a"`}), httpcache.Stored)
	clock.pass(time.Minute)
	x := lookup(t, c, get(url))
	outcome, err := x.Begin(answer(304, "", field{"ETag", `"other"`}))
	check(t, err)
	equal(t, "outcome", outcome, httpcache.Repeat)
	equal(t, "condition", x.Forward().Fields.Get("If-None-Match"), "")
	outcome, err = x.Store(answer(200, "new", field{"Cache-Control", "max-age=60"}))
	check(t, err)
	equal(t, "outcome", outcome, httpcache.Stored)
	equal(t, "body", bodyOf(t, c, get(url)), "new")
}

func TestAFailureIsAnsweredStale(t *testing.T) {
	clock := newClock()
	o := &httpcache.Options{Now: clock.now}
	o.Expiry, o.StaleIfError = httpcache.ExpireAfter(time.Second), time.Hour
	c := open(t, o)
	put(t, c, get(url), answer(200, "body"), httpcache.Stored)
	for _, failure := range []struct {
		name string
		tell func(*httpcache.Exchange) bool
	}{
		{"no answer", func(x *httpcache.Exchange) bool { ok, err := x.Failure(); return ok && err == nil }},
		{"a 503", func(x *httpcache.Exchange) bool {
			outcome, err := x.Begin(answer(503, ""))
			return outcome == httpcache.UsedStale && err == nil
		}},
	} {
		t.Run(failure.name, func(t *testing.T) {
			clock.pass(time.Minute)
			x := lookup(t, c, get(url))
			equal(t, "is used", failure.tell(x), true)
			p := x.Response()
			equal(t, "expired", p.Expired, true)
			body, err := p.ReadBody()
			check(t, err)
			equal(t, "body", string(body), "body")
		})
	}
	clock.pass(2 * time.Hour)
	x := lookup(t, c, get(url))
	ok, err := x.Failure()
	check(t, err)
	equal(t, "is used too late", ok, false)
	if x.Response() != nil {
		t.Error("a response of a failure")
	}
}

// staleRevalidate gives an exchange whose response may be used while it is revalidated.
func staleRevalidate(t *testing.T, c *httpcache.Cache) *httpcache.Exchange {
	t.Helper()
	r := get(url)
	r.Expiry = httpcache.ExpireAt(time.UnixMilli(1))
	put(t, c, r, &httpcache.Answer{Status: 200, Fields: httpcache.Fields{{Name: "ETag", Value: `"a"`}}, Body: body(300001)}, httpcache.Stored)
	r.StaleWhileRevalidate = httpcache.Forever
	x := lookup(t, c, r)
	equal(t, "decision", x.Decision(), httpcache.StaleRevalidate)
	return x
}

func TestStaleIsHandedOnAndRevalidated(t *testing.T) {
	c := open(t, nil)
	x := staleRevalidate(t, c)
	p := x.Response()
	equal(t, "expired", p.Expired, true)
	equal(t, "condition", x.Forward().Fields.Get("If-None-Match"), `"a"`)
	equal(t, "reason", x.Reason(), "stale")
	// One caller a variant is told so.
	again := get(url)
	again.StaleWhileRevalidate = httpcache.Forever
	equal(t, "meanwhile", decision(t, c, again), httpcache.Stale)
	outcome, err := x.Store(answer(200, "new"))
	check(t, err)
	equal(t, "outcome", outcome, httpcache.Stored)
	got, err := x.Response().ReadBody()
	check(t, err)
	equal(t, "new body", string(got), "new")
	// What was taken before is the caller's.
	isPattern(t, p.Body, 300001)
	check(t, p.Body.Close())
	check(t, x.Close())
}

func TestARevalidationThatIsGivenUpChangesNothing(t *testing.T) {
	for name, giveUp := range map[string]func(*httpcache.Exchange) error{
		"closed": func(x *httpcache.Exchange) error { return x.Close() },
		"failed": func(x *httpcache.Exchange) error {
			defer x.Close()
			usable, err := x.Failure()
			equal(t, "usable", usable || x.Response() != nil, false)
			return err
		},
		"begun": func(x *httpcache.Exchange) error {
			defer x.Close()
			return second(x.Begin(answer(200, "")))
		},
	} {
		t.Run(name, func(t *testing.T) {
			c := open(t, nil)
			check(t, giveUp(staleRevalidate(t, c)))
			again := get(url)
			again.StaleWhileRevalidate = httpcache.Forever
			x := lookup(t, c, again)
			equal(t, "decision", x.Decision(), httpcache.StaleRevalidate)
			isPattern(t, x.Response().Body, 300001)
			check(t, x.Response().Body.Close())
		})
	}
}

func TestAnExchangeExplainsItself(t *testing.T) {
	c := open(t, nil)
	x := lookup(t, c, get(url+"secret"))
	explained := x.Explain()
	equal(t, "says why", strings.Contains(explained, "uri-miss"), true)
	equal(t, "tells the URL", strings.Contains(explained, "secret"), false)
	check(t, second(x.Store(answer(404, ""))))
	equal(t, "says something else then", x.Explain() != explained, true)
	check(t, x.Close())
	equal(t, "after closing", x.Explain(), "")
}

func TestNothingIsToBeSentOnceAnAnswerIsThere(t *testing.T) {
	x := lookup(t, open(t, nil), get(url))
	check(t, second(x.Begin(answer(200, ""))))
	equal(t, "is there still a request", x.Forward() != nil, false)
}

func TestWhatIsEmptyStaysEmpty(t *testing.T) {
	c := open(t, &httpcache.Options{Filter: func(r *httpcache.Request, p *httpcache.Response) (bool, error) {
		equal(t, "content of the request", len(r.Body), 0)
		equal(t, "fields of the request", len(r.Fields), 0)
		got, err := p.ReadBody()
		equal(t, "body", len(got), 0)
		return true, err
	}})
	put(t, c, get(url), answer(200, "", field{"X-Empty", ""}, field{"X-Last", ""}), httpcache.Stored)
	p := lookup(t, c, get(url)).Response()
	equal(t, "values", len(p.Fields.Values("X-Empty")), 1)
	equal(t, "value", p.Fields.Get("X-Empty")+p.Fields.Get("X-Last"), "")
	equal(t, "name", p.Fields[len(p.Fields)-1].Name, "X-Last")
	put(t, c, get(url+"bare"), answer(200, ""), httpcache.Stored)
	equal(t, "fields", len(lookup(t, c, get(url+"bare")).Response().Fields), 0)
}

func TestWhatIsNotStoredIsHandedOnAsItCame(t *testing.T) {
	c := open(t, nil)
	x := lookup(t, c, get(url))
	outcome, err := x.Store(answer(404, "not here", field{"X-A", "1"}))
	check(t, err)
	equal(t, "outcome", outcome, httpcache.NotStored)
	p := x.Response()
	equal(t, "status", p.Status, 404)
	equal(t, "from cache", p.FromCache, false)
	equal(t, "expires at", p.ExpiresAt, httpcache.Unset)
	equal(t, "created at", p.CreatedAt.IsZero(), true)
	equal(t, "key", p.Key(), "")
	body, err := p.ReadBody()
	check(t, err)
	equal(t, "body", string(body), "not here")
	if x.Reason() == "" {
		t.Error("no reason")
	}
}

func TestOnlyIfCachedIs504(t *testing.T) {
	c := open(t, nil)
	r := get(url)
	r.OnlyIfCached = httpcache.On
	x := lookup(t, c, r)
	equal(t, "decision", x.Decision(), httpcache.Unsatisfiable)
	equal(t, "status", x.Response().Status, 504)
}

func TestRequestsAreNormalisedAndUnchanged(t *testing.T) {
	c := open(t, nil)
	r := get("HTTP://H.test:80/a/../#part", field{"X-A", "  1 "})
	put(t, c, r, answer(200, "body"), httpcache.Stored)
	equal(t, "URL", r.URL, "HTTP://H.test:80/a/../#part")
	equal(t, "body", bodyOf(t, c, get(url)), "body")
}

func TestExpiriesOfARequest(t *testing.T) {
	clock := newClock()
	c := open(t, &httpcache.Options{Now: clock.now})
	for name, e := range map[string]struct {
		expiry  httpcache.Expiry
		outcome httpcache.Outcome
		expires httpcache.Expiry
	}{
		"after":       {httpcache.ExpireAfter(time.Minute), httpcache.Stored, httpcache.ExpireAt(clock.now().Add(time.Minute))},
		"at":          {httpcache.ExpireAt(clock.now().Add(time.Hour)), httpcache.Stored, httpcache.ExpireAt(clock.now().Add(time.Hour))},
		"never":       {httpcache.Never, httpcache.Stored, httpcache.Never},
		"forever":     {httpcache.ExpireAfter(httpcache.Forever), httpcache.Stored, httpcache.Never},
		"unset":       {httpcache.Unset, httpcache.Stored, httpcache.Never},
		"doNotCache":  {httpcache.DoNotCache, httpcache.NotStored, httpcache.Unset},
		"immediately": {httpcache.Immediately, httpcache.Stored, httpcache.ExpireAt(clock.now())},
		"rounded up":  {httpcache.ExpireAfter(1), httpcache.Stored, httpcache.ExpireAt(clock.now().Add(time.Millisecond))},
	} {
		t.Run(name, func(t *testing.T) {
			r := get(url + name[:2])
			r.Expiry = e.expiry
			x := lookup(t, c, r)
			outcome, err := x.Store(answer(200, "body", field{"ETag", `"a"`}))
			check(t, err)
			equal(t, "outcome", outcome, e.outcome)
			equal(t, "expires at", x.Response().ExpiresAt, e.expires)
			if e.expires == httpcache.Never {
				equal(t, "lifetime", x.Response().FreshnessLifetime, httpcache.Forever)
			}
		})
	}
}

func TestExpiriesHaveNames(t *testing.T) {
	for expiry, name := range map[httpcache.Expiry]string{
		httpcache.Unset: "unset", httpcache.Immediately: "immediately", httpcache.Never: "never",
		httpcache.DoNotCache: "do not cache", httpcache.ExpireAfter(90 * time.Second): "after 1m30s",
		httpcache.ExpireAt(time.UnixMilli(0)): "1970-01-01T00:00:00Z",
	} {
		equal(t, "name", expiry.String(), name)
	}
	after, is := httpcache.ExpireAfter(time.Second).Duration()
	equal(t, "duration", after, time.Second)
	equal(t, "is a duration", is, true)
	_, is = httpcache.Never.Time()
	equal(t, "never is an instant", is, false)
}

func TestCredentialsAreKeptApart(t *testing.T) {
	c := open(t, nil)
	a, b := get(url, field{"Authorization", "Basic QTph"}), get(url, field{"Authorization", "Basic QjpiCg=="})
	put(t, c, a, answer(200, "of A"), httpcache.Stored)
	equal(t, "B", decision(t, c, b), httpcache.Forward)
	equal(t, "none", decision(t, c, get(url)), httpcache.Forward)
	equal(t, "A", bodyOf(t, c, a), "of A")
	equal(t, "A in the URL", bodyOf(t, c, get("http://A:a@h.test/")), "of A")
}
