package httpcache_test

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"libhttpcache/httpcache"
)

// minutely are options by which a response is fresh for a minute.
func minutely(clock *testClock) *httpcache.Options {
	return &httpcache.Options{
		RequestOptions: httpcache.RequestOptions{Expiry: httpcache.ExpireAfter(time.Minute)}, Now: clock.now}
}

func expiryOf(t testing.TB, c *httpcache.Cache, r *httpcache.Request) httpcache.Expiry {
	t.Helper()
	p, err := c.Get(keyOf(t, c, r))
	check(t, err)
	if p == nil {
		t.Fatal("it is not stored")
	}
	check(t, p.Body.Close())
	return p.ExpiresAt
}

// pair opens two caches, of which from has three responses that to has not.
func pair(t *testing.T) (to, from *httpcache.Cache) {
	clock := newClock()
	to, from = open(t, minutely(clock)), open(t, minutely(clock))
	for _, path := range []string{"a", "b", "c"} {
		put(t, from, get(url+path), answer(200, path), httpcache.Stored)
	}
	return to, from
}

// damageRecords damages all records of the cache in a directory that nobody has open.
func damageRecords(t *testing.T, directory string) {
	t.Helper()
	data, err := filepath.Glob(filepath.Join(directory, "g-*", "data.mdb"))
	check(t, err)
	text := read(t, data...)
	damaged := strings.ReplaceAll(text, "hcR1", "XXXX")
	equal(t, "a record is found", damaged != text, true)
	check(t, os.WriteFile(data[0], []byte(damaged), 0o600))
}

func TestAllThatIsStoredGetsAnotherExpiry(t *testing.T) {
	clock := newClock()
	c := open(t, minutely(clock))
	start := clock.now()
	put(t, c, get(url), answer(200, "body"), httpcache.Stored)
	put(t, c, get(url+"large"), &httpcache.Answer{Status: 200, Body: body(300001)}, httpcache.Stored)
	clock.pass(2 * time.Minute)
	equal(t, "before", decision(t, c, get(url)), httpcache.Forward)
	deletes(t, 2)(c.ResetExpiration(httpcache.ExpireAfter(time.Hour)))
	equal(t, "expiry", expiryOf(t, c, get(url)), httpcache.ExpireAt(start.Add(62*time.Minute)))
	equal(t, "after", decision(t, c, get(url)), httpcache.Fresh)
	deletes(t, 2)(c.ResetExpiration(httpcache.Never))
	deletes(t, 0)(c.ResetExpiration(httpcache.Never))
	equal(t, "expiry", expiryOf(t, c, get(url+"large")), httpcache.Never)
	deletes(t, 2)(c.ResetExpiration(httpcache.Unset))
	equal(t, "expiry", expiryOf(t, c, get(url)), httpcache.ExpireAt(start.Add(time.Minute)))
}

// putAs stores as told.
func putAs(t testing.TB, c *httpcache.Cache, r *httpcache.Request, a *httpcache.Answer, created time.Time, expires httpcache.Expiry) bool {
	t.Helper()
	is, err := c.Put(r, a, created, expires)
	check(t, err)
	return is
}

func TestWhatIsPutIsAHit(t *testing.T) {
	clock := newClock()
	c := open(t, minutely(clock))
	now := clock.now()
	r := get(url, field{"Accept", "a"})
	a := answer(200, "body", field{"Vary", "Accept"}, field{"Cache-Control", "no-store"})
	expires := httpcache.ExpireAt(now.Add(5 * time.Second))
	equal(t, "is put", putAs(t, c, r, a, now.Add(-5*time.Second), expires), true)
	p := lookup(t, c, r).Response()
	equal(t, "created at", p.CreatedAt.Equal(now.Add(-5*time.Second)), true)
	equal(t, "expires at", p.ExpiresAt, expires)
	equal(t, "body", bodyOf(t, c, r), "body")
	equal(t, "of another", decision(t, c, get(url)), httpcache.Forward)
	equal(t, "is put", putAs(t, c, r, a, time.Time{}, httpcache.Unset), true)
	equal(t, "by the options", expiryOf(t, c, r), httpcache.ExpireAt(now.Add(time.Minute)))
	equal(t, "is put", putAs(t, c, r, a, time.Time{}, httpcache.Never), true)
	equal(t, "never", expiryOf(t, c, r), httpcache.Never)
	equal(t, "is put", putAs(t, c, &httpcache.Request{Method: "POST", URL: url}, a, time.Time{}, httpcache.Unset), false)
	equal(t, "responses", stats(t, c).Responses, 1)
}

func TestWhatIsPutHasTheOptionsOfItsRequest(t *testing.T) {
	c := open(t, nil)
	r := with(func(r *httpcache.Request) { r.Partition = "mine" })
	equal(t, "is put", putAs(t, c, r, &httpcache.Answer{Status: 200, Body: body(300001)}, time.Time{}, httpcache.Unset), true)
	equal(t, "of nobody", decision(t, c, get(url)), httpcache.Forward)
	equal(t, "body", len(bodyOf(t, c, r)), 300001)
}

func TestWhatAnotherCacheHasIsTakenOver(t *testing.T) {
	to, from := pair(t)
	put(t, to, get(url+"a"), answer(200, "as new"), httpcache.Stored)
	put(t, from, get(url+"d", field{"Authorization", "Basic YTpi"}), answer(200, ""), httpcache.Stored)
	updated, err := to.Update(background, from, nil)
	check(t, err)
	equal(t, "updated", updated, httpcache.Updated{Copied: 2, Older: 1, Skipped: 1})
	equal(t, "body", bodyOf(t, to, get(url+"a")), "as new")
	equal(t, "body", bodyOf(t, to, get(url+"b")), "b")
	updated, err = to.Update(background, from, nil)
	check(t, err)
	equal(t, "copied again", updated.Copied, 0)
}

func TestASoundCacheIsVerified(t *testing.T) {
	_, c := pair(t)
	put(t, c, get(url+"large"), &httpcache.Answer{Status: 200, Body: body(300001)}, httpcache.Stored)
	v, err := c.Verify(background, nil)
	check(t, err)
	equal(t, "verification", v, httpcache.Verification{Records: 4, Bodies: 1})
}

func TestWhatIsDamagedIsFoundAndMended(t *testing.T) {
	directory := t.TempDir()
	c := openIn(t, directory, nil)
	put(t, c, get(url), answer(200, "body"), httpcache.Stored)
	check(t, c.Close())
	damageRecords(t, directory)

	c = openIn(t, directory, nil)
	unreadable := &httpcache.Query{Unreadable: true}
	v, err := c.Verify(background, nil)
	check(t, err)
	equal(t, "damaged", v.DamagedRecords, 1)
	equal(t, "changed", v.Mended, 0)
	equal(t, "is there", letters(t, c, unreadable), "!")
	v, err = c.Mend(background, nil)
	check(t, err)
	equal(t, "damaged", v.DamagedRecords, 1)
	equal(t, "is mended", v.Mended >= 1, true)
	equal(t, "is there", letters(t, c, unreadable), "")
}

func TestLongCallsTellHowFarTheyAreAndAreEnded(t *testing.T) {
	type told = func(done, total uint64) error
	for name, call := range map[string]func(context.Context, *httpcache.Cache, *httpcache.Cache, told) error{
		"Update": func(ctx context.Context, to, from *httpcache.Cache, progress told) error {
			return second(to.Update(ctx, from, progress))
		},
		"Verify": func(ctx context.Context, _, c *httpcache.Cache, progress told) error {
			return second(c.Verify(ctx, progress))
		},
		"Mend": func(ctx context.Context, _, c *httpcache.Cache, progress told) error {
			return second(c.Mend(ctx, progress))
		},
	} {
		t.Run(name, func(t *testing.T) {
			to, from := pair(t)
			mine := errors.New("mine")
			isError(t, call(background, to, from, func(uint64, uint64) error { return mine }), mine)
			isError(t, call(background, to, from, func(uint64, uint64) error { panic("mine") }), httpcache.ErrCallback)
			ctx, cancel := context.WithCancel(background)
			isError(t, call(ctx, to, from, func(uint64, uint64) error { cancel(); return nil }), context.Canceled)
			isError(t, call(ctx, to, from, nil), context.Canceled)
			calls := 0
			check(t, call(background, to, from, func(done, total uint64) error {
				calls++
				if done > total {
					t.Errorf("%d of %d", done, total)
				}
				return nil
			}))
			equal(t, "is told", calls > 0, true)
		})
	}
}

func TestACacheThatOnlyReadsIsNotChanged(t *testing.T) {
	directory := t.TempDir()
	put(t, openIn(t, directory, nil), get(url), answer(200, ""), httpcache.Stored)
	c := openIn(t, directory, &httpcache.Options{RequestOptions: httpcache.RequestOptions{ReadOnly: httpcache.On}})
	other := open(t, nil)
	isError(t, second(c.ResetExpiration(httpcache.Never)), httpcache.ErrReadOnly)
	isError(t, second(c.Put(get(url), answer(200, ""), time.Time{}, httpcache.Unset)), httpcache.ErrReadOnly)
	isError(t, second(c.Update(background, other, nil)), httpcache.ErrReadOnly)
	isError(t, second(c.Mend(background, nil)), httpcache.ErrReadOnly)
	updated, err := other.Update(background, c, nil)
	check(t, err)
	equal(t, "copied", updated.Copied, 1)
}

func TestWithoutThreadsACallCommits(t *testing.T) {
	directory := t.TempDir()
	c := openIn(t, directory, &httpcache.Options{Workers: httpcache.Off})
	put(t, c, get(url+"parent"), answer(200, "parent"), httpcache.Stored)
	childFinds := func() bool {
		command := exec.Command(os.Args[0])
		command.Env = append(os.Environ(), childVariable+"="+directory)
		return command.Run() == nil
	}
	equal(t, "is seen before", childFinds(), false)
	left, err := c.Work(httpcache.Forever)
	check(t, err)
	equal(t, "something is left", left, false)
	equal(t, "is seen after", childFinds(), true)
}
