package httpcache_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"testing"
	"time"

	"libhttpcache/httpcache"
)

var ignoringFoo = &httpcache.Options{Ignored: []string{"foo"}}

// changed opens a directory in which one response was stored before "foo" was ignored.
func changed(t *testing.T) (before, after *httpcache.Cache) {
	directory := t.TempDir()
	before = openIn(t, directory, nil)
	put(t, before, get(url+"?foo=1"), answer(200, "body"), httpcache.Stored)
	return before, openIn(t, directory, ignoringFoo)
}

func rekey(t *testing.T, c *httpcache.Cache, from ...string) httpcache.Rekeyed {
	t.Helper()
	rekeyed, err := c.Rekey(background, from, nil)
	check(t, err)
	return rekeyed
}

func settingsOf(t *testing.T, c *httpcache.Cache) string {
	t.Helper()
	id, err := c.KeySettings()
	check(t, err)
	return id
}

func TestWhatWasStoredUnderOtherSettingsIsFoundAgain(t *testing.T) {
	_, after := changed(t)
	equal(t, "before", decision(t, after, get(url)), httpcache.Forward)
	equal(t, "first", rekey(t, after), httpcache.Rekeyed{Moved: 1})
	equal(t, "body", bodyOf(t, after, get(url)), "body")
	equal(t, "second", rekey(t, after), httpcache.Rekeyed{})
}

func TestOfTwoThatAreOneNowTheLaterStays(t *testing.T) {
	directory, clock := t.TempDir(), newClock()
	before := openIn(t, directory, &httpcache.Options{Now: clock.now})
	put(t, before, get(url+"?foo=1"), answer(200, "first"), httpcache.Stored)
	clock.pass(time.Second)
	put(t, before, get(url+"?foo=2"), answer(200, "second"), httpcache.Stored)
	after := openIn(t, directory, &httpcache.Options{Now: clock.now, Ignored: []string{"foo"}})
	equal(t, "rekeyed", rekey(t, after), httpcache.Rekeyed{Moved: 2, Collided: 1})
	equal(t, "body", bodyOf(t, after, get(url)), "second")
}

func TestAnotherKeyFuncIsAnotherSetting(t *testing.T) {
	directory := t.TempDir()
	before := openIn(t, directory, nil)
	put(t, before, get("http://a.test/x"), answer(200, "body"), httpcache.Stored)
	put(t, before, get("http://a.test/fails"), answer(200, ""), httpcache.Stored)
	own := openIn(t, directory, &httpcache.Options{Log: new(lines).add, KeyFunc: func(r *httpcache.Request, key *httpcache.KeySink) error {
		if r.URL == "http://a.test/fails" {
			return errors.New("no luck")
		}
		return byPath(r, key)
	}})
	equal(t, "rekeyed", rekey(t, own), httpcache.Rekeyed{Moved: 1, Left: 1})
	equal(t, "body", bodyOf(t, own, get("http://b.test/x")), "body")
}

func TestOnlyTheSettingsThatAreNamedAreMeant(t *testing.T) {
	before, after := changed(t)
	other := open(t, &httpcache.Options{SortQuery: httpcache.Off})
	ids := []string{settingsOf(t, before), settingsOf(t, after), settingsOf(t, other)}
	equal(t, "are three", ids[0] != ids[1] && ids[1] != ids[2] && ids[2] != ids[0], true)
	equal(t, "others", rekey(t, after, ids[2]), httpcache.Rekeyed{})
	equal(t, "these", rekey(t, after, ids[2], ids[0]), httpcache.Rekeyed{Moved: 1})
}

// many opens a directory in which 600 were stored before "foo" was ignored.
func many(t *testing.T) *httpcache.Cache {
	directory := t.TempDir()
	before := openIn(t, directory, &httpcache.Options{Durability: httpcache.Fast})
	for i := 0; i < 600; i++ {
		put(t, before, get(fmt.Sprint(url, i, "?foo=1")), answer(200, ""), httpcache.Stored)
	}
	return openIn(t, directory, ignoringFoo)
}

func TestRekeyTellsItsProgressAndIsEnded(t *testing.T) {
	mine := errors.New("mine")
	for name, c := range map[string]struct {
		end  func(cancel func()) error
		kind error
	}{
		"by an error":          {func(func()) error { return mine }, mine},
		"by its context":       {func(cancel func()) error { cancel(); return nil }, context.Canceled},
		"by a panic":           {func(func()) error { panic("no luck") }, httpcache.ErrCallback},
		"by a goroutine's end": {func(func()) error { runtime.Goexit(); return nil }, httpcache.ErrCallback},
	} {
		t.Run(name, func(t *testing.T) {
			cache := many(t)
			ctx, cancel := context.WithCancel(context.Background())
			defer cancel()
			calls := 0
			first, err := cache.Rekey(ctx, nil, func(done, total uint64) error {
				calls++
				if done == 0 || done >= total {
					t.Errorf("%d of %d", done, total)
				}
				return c.end(cancel)
			})
			isError(t, err, c.kind)
			equal(t, "calls", calls, 1)
			equal(t, "some were moved", first.Moved > 0 && first.Moved < 600, true)
			last := uint64(0)
			rest, err := cache.Rekey(background, nil, func(done, total uint64) error {
				last = done
				// It may use the cache.
				return second(cache.Key(get(url)))
			})
			check(t, err)
			equal(t, "moved", first.Moved+rest.Moved, 600)
			equal(t, "went on", last > 0, true)
			for i := 0; i < 600; i += 50 {
				equal(t, "decision", decision(t, cache, get(fmt.Sprint(url, i))), httpcache.Fresh)
			}
		})
	}
}
