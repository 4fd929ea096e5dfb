package httpcache_test

import (
	"os"
	"path/filepath"
	"testing"

	"libhttpcache/httpcache"
)

func at(place httpcache.Place) *httpcache.Options { return &httpcache.Options{Place: place} }

// entries counts what lies in a directory.
func entries(t *testing.T, directory string) int {
	t.Helper()
	all, err := os.ReadDir(directory)
	check(t, err)
	return len(all)
}

func isDirectory(t *testing.T, path ...string) {
	t.Helper()
	info, err := os.Stat(filepath.Join(path...))
	check(t, err)
	equal(t, "is a directory", info.IsDir(), true)
}

func TestANameLiesAmongTheCachesOfTheUser(t *testing.T) {
	home := t.TempDir()
	t.Setenv("XDG_CACHE_HOME", "")
	t.Setenv("HOME", home)
	put(t, openIn(t, "mine", at(httpcache.PlaceUser)), get(url), answer(200, "body"), httpcache.Stored)
	isDirectory(t, home, ".cache", "mine")
	equal(t, "body", bodyOf(t, openIn(t, filepath.Join(home, ".cache", "mine"), nil), get(url)), "body")
	openIn(t, "", at(httpcache.PlaceUser))
	isDirectory(t, home, ".cache", "http_cache")

	elsewhere := t.TempDir()
	t.Setenv("XDG_CACHE_HOME", elsewhere)
	openIn(t, "mine", at(httpcache.PlaceUser))
	isDirectory(t, elsewhere, "mine")
}

func TestWithoutAHomeThereIsNoCacheOfTheUser(t *testing.T) {
	for _, name := range []string{"XDG_CACHE_HOME", "HOME"} {
		t.Setenv(name, "") // Which is set back.
		check(t, os.Unsetenv(name))
	}
	isError(t, second(httpcache.Open("mine", at(httpcache.PlaceUser))), httpcache.ErrUnsupported)
}

func TestWhatIsTemporaryGoesWhenItIsClosed(t *testing.T) {
	parent := t.TempDir()
	one, other := openIn(t, parent, at(httpcache.PlaceTemporary)), openIn(t, parent, at(httpcache.PlaceTemporary))
	put(t, one, get(url), &httpcache.Answer{Status: 200, Body: body(300001)}, httpcache.Stored)
	x := lookup(t, other, get(url))
	equal(t, "of another", x.Decision(), httpcache.Forward)
	equal(t, "both", entries(t, parent), 2)
	check(t, other.Close())
	check(t, x.Close())
	equal(t, "the one", entries(t, parent), 1)
	x, err := one.Lookup(get(url))
	check(t, err)
	check(t, one.Close())
	isPattern(t, x.Response().Body, 300001)
	check(t, x.Response().Body.Close())
	check(t, x.Close())
	equal(t, "none", entries(t, parent), 0)
}

func TestTheSystemSaysWhereTemporaryOnesAre(t *testing.T) {
	parent := t.TempDir()
	t.Setenv("TMPDIR", parent)
	transport, err := httpcache.NewTransport("", at(httpcache.PlaceTemporary))
	check(t, err)
	equal(t, "directories", entries(t, parent), 1)
	put(t, transport.Cache, get(url), answer(200, "body"), httpcache.Stored)
	equal(t, "is found", contains(t, transport.Cache, keyOf(t, transport.Cache, get(url))), true)
	check(t, transport.Close())
	equal(t, "none", entries(t, parent), 0)
}
