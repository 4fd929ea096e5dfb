package httpcache_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"libhttpcache/httpcache"
)

func TestOpenMakesTheDirectory(t *testing.T) {
	directory := filepath.Join(t.TempDir(), "deep", "cache")
	if err := os.Mkdir(filepath.Dir(directory), 0o700); err != nil {
		t.Fatal(err)
	}
	openIn(t, directory, nil)
	info, err := os.Stat(directory)
	check(t, err)
	equal(t, "mode", info.Mode().Perm(), 0o700)
}

func TestOpenRefusesPaths(t *testing.T) {
	directory := t.TempDir()
	file, link := filepath.Join(directory, "file"), filepath.Join(directory, "link")
	check(t, os.WriteFile(file, nil, 0o600))
	check(t, os.Mkdir(filepath.Join(directory, "real"), 0o700))
	check(t, os.Symlink(filepath.Join(directory, "real"), link))
	for _, c := range []struct {
		name, path string
		kind       error
	}{
		{"a file", file, httpcache.ErrNotDirectory},
		{"a link", link, httpcache.ErrSymlink},
		{"nothing", "", httpcache.ErrArgument},
		{"a NUL", directory + "\x00x", httpcache.ErrArgument},
		{"below a file", filepath.Join(file, "x"), httpcache.ErrNotDirectory},
	} {
		t.Run(c.name, func(t *testing.T) {
			cache, err := httpcache.Open(c.path, nil)
			isError(t, err, c.kind)
			if cache != nil {
				t.Error("a cache beside an error")
			}
		})
	}
}

func TestStoredResponsesOutliveTheCache(t *testing.T) {
	directory := t.TempDir()
	c := openIn(t, directory, nil)
	put(t, c, get(url), answer(200, "body"), httpcache.Stored)
	check(t, c.Flush(httpcache.Forever))
	check(t, c.Close())
	equal(t, "body", bodyOf(t, openIn(t, directory, nil), get(url)), "body")
}

func TestADirectoryOpenedTwiceIsOneStore(t *testing.T) {
	directory := t.TempDir()
	first, second := openIn(t, directory, nil), openIn(t, directory, nil)
	put(t, first, get(url), answer(200, "body"), httpcache.Stored)
	equal(t, "body", bodyOf(t, second, get(url)), "body")
}

func TestDurabilityIsRecorded(t *testing.T) {
	directory := t.TempDir()
	check(t, openIn(t, directory, &httpcache.Options{Durability: httpcache.Fast}).Close())
	_, err := httpcache.Open(directory, &httpcache.Options{Durability: httpcache.Synced})
	isError(t, err, httpcache.ErrMismatch)
	check(t, openIn(t, directory, nil).Close())
}

func TestStats(t *testing.T) {
	c := open(t, nil)
	put(t, c, get(url), answer(200, "body"), httpcache.Stored)
	bodyOf(t, c, get(url))
	s := stats(t, c)
	equal(t, "responses", s.Responses, 1)
	equal(t, "stores", s.Stores, 1)
	equal(t, "hits", s.Hits, 1)
	equal(t, "misses", s.Misses, 1)
	equal(t, "errors", s.Errors, 0)
	if s.Bytes == 0 {
		t.Error("nothing on disk")
	}
}

func TestLogTakesLines(t *testing.T) {
	var mu sync.Mutex
	var lines []string
	directory := t.TempDir()
	check(t, openIn(t, directory, nil).Close())
	data, err := filepath.Glob(filepath.Join(directory, "g-*", "data.mdb"))
	check(t, err)
	equal(t, "data files", len(data), 1)
	check(t, os.WriteFile(data[0], []byte(strings.Repeat("damaged ", 8192)), 0o600))
	openIn(t, directory, &httpcache.Options{
		LogLevel: httpcache.LogDebug,
		Log: func(level httpcache.LogLevel, line string) {
			mu.Lock()
			defer mu.Unlock()
			if level < httpcache.LogError || level > httpcache.LogDebug || strings.Contains(line, "\n") {
				t.Errorf("level %d, line %q", level, line)
			}
			lines = append(lines, line)
		},
	})
	mu.Lock()
	defer mu.Unlock()
	if len(lines) == 0 {
		t.Error("a damaged file left no line")
	}
}

func TestVersion(t *testing.T) {
	equal(t, "dots", strings.Count(httpcache.Version(), "."), 2)
	equal(t, "lmdb", httpcache.HasFeature("lmdb"), true)
	equal(t, "none", httpcache.HasFeature("no such"), false)
	equal(t, "with a NUL", httpcache.HasFeature("lmdb\x00"), false)
}

func TestErrorsAreWhatGoExpects(t *testing.T) {
	_, err := httpcache.Open("/dev/null/cache", nil)
	var e *httpcache.Error
	if !errors.As(err, &e) {
		t.Fatalf("%T is no *Error", err)
	}
	equal(t, "status", e.Status, httpcache.ErrNotDirectory)
	if !strings.HasPrefix(e.Error(), "httpcache: ") || e.Message == "" {
		t.Errorf("message %q", e.Error())
	}
	_, err = httpcache.Open(filepath.Join(t.TempDir(), strings.Repeat("x", 300)), nil)
	if !errors.Is(err, syscall.ENAMETOOLONG) || errors.Is(err, syscall.ENOENT) {
		t.Errorf("%v is not ENAMETOOLONG", err)
	}
	_, err = open(t, nil).Lookup(get(url, field{"Bad Name", "x"}))
	if !errors.As(err, &e) || !strings.Contains(e.Message, "Bad Name") {
		t.Errorf("%v does not name the field", err)
	}
	isError(t, httpcache.ErrClosed, fs.ErrClosed)
	isError(t, httpcache.ErrClosed, httpcache.ErrMisuse)
	denied := &httpcache.Error{Status: httpcache.ErrPermission}
	isError(t, denied, fs.ErrPermission)
	equal(t, "timeout", (&httpcache.Error{Status: httpcache.ErrTimeout}).Timeout(), true)
}

func TestFlushHasATimeout(t *testing.T) {
	c := open(t, nil)
	isError(t, c.Flush(-time.Second), httpcache.ErrArgument)
	check(t, c.Flush(time.Minute))
}
