package httpcache_test

import (
	"io"
	"net/http"
	"os"
	"regexp"
	"strconv"
	"testing"

	"libhttpcache/httpcache"
)

const gibibyte = 1 << 30

// peak is the peak of the memory of this process, in bytes, since it was reset.
func peak(t *testing.T) int64 {
	t.Helper()
	found := regexp.MustCompile(`VmHWM:\s+(\d+) kB`).FindStringSubmatch(read(t, "/proc/self/status"))
	if found == nil {
		t.Fatal("no VmHWM")
	}
	n, err := strconv.ParseInt(found[1], 10, 64)
	check(t, err)
	return n << 10
}

// inConstantMemory does something, and checks by how much the memory grew meanwhile.
func inConstantMemory(t *testing.T, do func()) {
	t.Helper()
	// 5 resets the peak to what is in use.
	check(t, os.WriteFile("/proc/self/clear_refs", []byte("5"), 0))
	before := peak(t)
	do()
	if grew := peak(t) - before; grew > 64<<20 {
		t.Errorf("the memory grew by %d MiB", grew>>20)
	}
}

// A buffered piece of the pattern is cheaper than copying by io.Copy's 32 KiB under the race detector.
func copyAll(t *testing.T, to io.Writer, from io.Reader) int64 {
	t.Helper()
	n, err := io.CopyBuffer(struct{ io.Writer }{to}, struct{ io.Reader }{from}, make([]byte, 1<<20))
	check(t, err)
	return n
}

func TestAGibibyteInPieces(t *testing.T) {
	c := open(t, nil)
	inConstantMemory(t, func() {
		x := begin(t, c, url)
		copyAll(t, x, &pattern{size: gibibyte})
		outcome, err := x.End()
		check(t, err)
		equal(t, "outcome", outcome, httpcache.Stored)
		check(t, x.Close())
	})
	inConstantMemory(t, func() {
		p := lookup(t, c, get(url)).Response()
		equal(t, "size", p.Size, gibibyte)
		equal(t, "length", copyAll(t, &pattern{size: gibibyte}, p.Body), gibibyte)
		check(t, p.Body.Close())
	})
}

func TestAGibibyteThroughATransport(t *testing.T) {
	c, _ := client(t, nil)
	o := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "max-age=60")
		copyAll(t, w, &pattern{size: gibibyte})
	})
	for _, source := range []httpcache.Source{httpcache.SourceOrigin, httpcache.SourceFresh} {
		inConstantMemory(t, func() {
			resp, err := c.Get(o.URL)
			check(t, err)
			equal(t, "source", httpcache.InfoOf(resp).Source, source)
			equal(t, "length", copyAll(t, &pattern{size: gibibyte}, resp.Body), gibibyte)
			check(t, resp.Body.Close())
		})
	}
}
