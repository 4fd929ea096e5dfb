package httpcache_test

import (
	"strings"
	"testing"
	"time"

	"libhttpcache/httpcache"
)

// by makes options by which RFC 9111 decides, changed.
func by(change func(*httpcache.Options)) *httpcache.Options {
	o := &httpcache.Options{CacheControl: true}
	change(o)
	return o
}

// Each option changes what a cache does with one response: what it does without is in the second column.
func TestOptionsOfACacheAreHeard(t *testing.T) {
	minute := field{"Cache-Control", "max-age=60"}
	tagged := field{"ETag", `"a"`}
	old := field{"Last-Modified", "Sun, 13 Sep 2020 12:26:40 GMT"}
	for _, o := range []struct {
		name          string
		with, without httpcache.Decision
		set           func(*httpcache.Options)
		stored        *httpcache.Answer
		later         time.Duration
		asks          *httpcache.Request
	}{
		{"Shared", httpcache.Forward, httpcache.Fresh, func(o *httpcache.Options) { o.Shared = true },
			answer(200, "", field{"Cache-Control", "private, max-age=60"}), 0, get(url)},
		{"StaleWhileRevalidate", httpcache.StaleRevalidate, httpcache.Revalidate, func(o *httpcache.Options) { o.StaleWhileRevalidate = time.Hour },
			answer(200, "", minute, tagged), 2 * time.Minute, get(url)},
		{"AlwaysRevalidate", httpcache.Revalidate, httpcache.Fresh, func(o *httpcache.Options) { o.AlwaysRevalidate = httpcache.On },
			answer(200, "", minute, tagged), 0, get(url)},
		{"Refresh", httpcache.Revalidate, httpcache.Fresh, func(o *httpcache.Options) { o.Refresh = httpcache.On },
			answer(200, "", minute, tagged), 0, get(url)},
		{"ForceRefresh", httpcache.Forward, httpcache.Fresh, func(o *httpcache.Options) { o.ForceRefresh = httpcache.On },
			answer(200, "", minute, tagged), 0, get(url)},
		{"Bypass", httpcache.Forward, httpcache.Fresh, func(o *httpcache.Options) { o.Bypass = httpcache.On },
			answer(200, "", minute), 0, get(url)},
		{"ReadOnly", httpcache.Forward, httpcache.Fresh, func(o *httpcache.Options) { o.ReadOnly = httpcache.On },
			answer(200, "", minute), 0, get(url)},
		{"NoVarySearch", httpcache.Fresh, httpcache.Forward, func(o *httpcache.Options) { o.NoVarySearch = true },
			answer(200, "", minute, field{"No-Vary-Search", `params=("a")`}), 0, get(url + "?a=2")},
		{"ImmutableForever", httpcache.Fresh, httpcache.Revalidate, func(o *httpcache.Options) { o.ImmutableForever = true },
			answer(200, "", field{"Cache-Control", "max-age=60, immutable"}, tagged), time.Hour, get(url)},
		{"TargetedFields", httpcache.Fresh, httpcache.Revalidate, func(o *httpcache.Options) { o.TargetedFields = []string{"X-Control"} },
			answer(200, "", minute, tagged, field{"X-Control", "max-age=600"}), 2 * time.Minute, get(url)},
		{"SelectLanguage", httpcache.Fresh, httpcache.Forward, func(o *httpcache.Options) { o.SelectLanguage = true },
			answer(200, "", minute, field{"Vary", "Accept-Language"}, field{"Content-Language", "en"}), 0,
			get(url+"?a=1", field{"Accept-Language", "en, fr;q=0.5"})},
		{"Statuses", httpcache.Forward, httpcache.Fresh, func(o *httpcache.Options) { o.Statuses = []int{404} },
			answer(200, "", minute), 0, get(url)},
		{"Statuses of others", httpcache.Fresh, httpcache.Forward, func(o *httpcache.Options) { o.CacheControl, o.Statuses = false, []int{200, 503} },
			answer(503, ""), 0, get(url)},
		{"StatusExpiry", httpcache.Revalidate, httpcache.Fresh, func(o *httpcache.Options) {
			o.StatusExpiry = map[int]httpcache.Expiry{200: httpcache.ExpireAfter(time.Second), 2: httpcache.Never}
		}, answer(200, "", tagged, old), time.Minute, get(url)},
		{"StatusExpiry of none", httpcache.Fresh, httpcache.Fresh, func(o *httpcache.Options) {
			o.StatusExpiry = map[int]httpcache.Expiry{200: httpcache.Unset}
		}, answer(200, "", tagged, old), time.Minute, get(url)},
		{"URLRules", httpcache.Revalidate, httpcache.Fresh, func(o *httpcache.Options) {
			o.URLRules = []httpcache.URLRule{{Regexp: "nowhere", Expiry: httpcache.DoNotCache}, {Glob: "*", Expiry: httpcache.ExpireAfter(time.Second)}}
		}, answer(200, "", tagged, old), time.Minute, get(url)},
		{"URLRules that forbid", httpcache.Forward, httpcache.Fresh, func(o *httpcache.Options) {
			o.URLRules = []httpcache.URLRule{{Glob: "*"}, {Regexp: "^http", Expiry: httpcache.DoNotCache}}
		}, answer(200, "", minute), 0, get(url)},
		{"Ignored", httpcache.Forward, httpcache.Fresh, func(o *httpcache.Options) { o.Ignored = []string{"page"} },
			answer(200, "", minute, field{"Link", "</?page=2>; rel=next"}), 0, get(url)},
		{"ClearIgnored", httpcache.Fresh, httpcache.Forward, func(o *httpcache.Options) { o.ClearIgnored = true },
			answer(200, "", minute, field{"Link", "</?api_key=2>; rel=next"}), 0, get(url)},
		{"KeepRequest", httpcache.Fresh, httpcache.Fresh, func(o *httpcache.Options) { o.KeepRequest = httpcache.Off },
			answer(200, "", minute), 0, get(url)},
		{"Methods", httpcache.Forward, httpcache.Fresh, func(o *httpcache.Options) { o.Methods = []string{"HEAD", "QUERY"} },
			answer(200, "", minute), 0, get(url)},
	} {
		for _, is := range []bool{true, false} {
			name, want, options := o.name, o.with, by(o.set)
			if !is {
				name, want, options = "not "+o.name, o.without, by(func(*httpcache.Options) {})
			}
			t.Run(name, func(t *testing.T) {
				clock := newClock()
				options.Now = clock.now
				c := open(t, options)
				first := &httpcache.Request{URL: strings.Replace(o.asks.URL, "a=2", "a=1", 1), Fields: o.asks.Fields}
				if strings.Contains(o.name, "Language") {
					first.Fields = httpcache.Fields{{Name: "Accept-Language", Value: "en"}}
				}
				x := lookup(t, c, first)
				check(t, second(x.Store(o.stored)))
				check(t, x.Close())
				clock.pass(o.later)
				equal(t, "decision", decision(t, c, o.asks), want)
			})
		}
	}
}

func TestOptionsOfARequestAreHeard(t *testing.T) {
	c := open(t, by(func(*httpcache.Options) {}))
	put(t, c, get(url), answer(200, "", field{"Cache-Control", "max-age=60"}, field{"ETag", `"a"`}), httpcache.Stored)
	for want, set := range map[httpcache.Decision]func(*httpcache.RequestOptions){
		httpcache.Fresh:      func(*httpcache.RequestOptions) {},
		httpcache.Revalidate: func(o *httpcache.RequestOptions) { o.Refresh = httpcache.On },
		httpcache.Forward:    func(o *httpcache.RequestOptions) { o.ForceRefresh = httpcache.On },
	} {
		r := get(url)
		set(&r.RequestOptions)
		equal(t, "decision", decision(t, c, r), want)
	}
}

func TestInvalidationIsAChoice(t *testing.T) {
	for invalidate, want := range map[httpcache.Switch]httpcache.Decision{
		httpcache.Default: httpcache.Forward, httpcache.On: httpcache.Forward, httpcache.Off: httpcache.Fresh,
	} {
		c := open(t, by(func(o *httpcache.Options) { o.Invalidate = invalidate }))
		put(t, c, get(url), answer(200, "", field{"Cache-Control", "max-age=60"}), httpcache.Stored)
		put(t, c, &httpcache.Request{Method: "PUT", URL: url}, answer(204, ""), httpcache.NotStored)
		equal(t, "decision", decision(t, c, get(url)), want)
	}
}

func TestGroupsAreInvalidatedTogether(t *testing.T) {
	for groups, want := range map[bool]httpcache.Decision{true: httpcache.Forward, false: httpcache.Fresh} {
		c := open(t, by(func(o *httpcache.Options) { o.Groups = groups }))
		put(t, c, get(url+"a"), answer(200, "", field{"Cache-Control", "max-age=60"}, field{"Cache-Groups", `"g"`}), httpcache.Stored)
		put(t, c, &httpcache.Request{Method: "POST", URL: url + "b"},
			answer(200, "", field{"Cache-Group-Invalidation", `"g"`}), httpcache.NotStored)
		equal(t, "decision", decision(t, c, get(url+"a")), want)
	}
}

func TestCacheStatusNamesTheCache(t *testing.T) {
	for name, want := range map[string]string{"": "httpcache;hit;", "edge 1": `"edge 1";hit;`} {
		c := open(t, by(func(o *httpcache.Options) { o.CacheStatus, o.CacheName = true, name }))
		put(t, c, get(url), answer(200, "", field{"Cache-Control", "max-age=60"}), httpcache.Stored)
		status := lookup(t, c, get(url)).Response().Fields.Get("Cache-Status")
		if !strings.HasPrefix(status, want) {
			t.Errorf("Cache-Status %q, want %q", status, want)
		}
	}
	c := open(t, by(func(*httpcache.Options) {}))
	put(t, c, get(url), answer(200, "", field{"Cache-Control", "max-age=60"}), httpcache.Stored)
	equal(t, "without", lookup(t, c, get(url)).Response().Fields.Get("Cache-Status"), "")
}

func TestTheNamesThatAreIgnoredByDefault(t *testing.T) {
	names := strings.Join(httpcache.DefaultIgnored(), " ")
	equal(t, "names", names, "Authorization Proxy-Authorization X-API-Key X-Auth-Token X-API-Token X-Access-Token "+
		"access_token api_key apikey")
}
