package main

import (
	"fmt"
	"hash/crc32"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"libhttpcache/httpcache"
)

func TestCommands(t *testing.T) {
	origin := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/wrong" {
			fmt.Fprint(w, "00000000\nbody")
			return
		}
		w.Header().Set("Cache-Control", "max-age=60")
		w.Header().Set("ETag", `"a"`)
		if r.Header.Get("If-None-Match") != "" {
			w.WriteHeader(http.StatusNotModified)
			return
		}
		rest := "the body of " + r.URL.Path
		fmt.Fprintf(w, "%08x\n%s", crc32.ChecksumIEEE([]byte(rest)), rest)
	}))
	defer origin.Close()
	transport, err := httpcache.NewTransport(t.TempDir(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer transport.Close()
	for _, c := range []struct{ command, want string }{
		{"get URL/a", `ok MISS 200 23 [0-9a-f]{8} \d+`},
		{"get URL/a", `ok HIT 200 23 [0-9a-f]{8} \d+`},
		{"refresh URL/a", `ok REVALIDATED 200 23 [0-9a-f]{8} \d+`},
		{"run URL/ 5 0.3 7", `ok [1-9]\d* [1-9]\d* 0 0`},
		{"run URL/wrong? 1 0.1 7", `ok ([1-9]\d*) 0 ([1-9]\d*) 0`},
		{"run http://127.0.0.1:1/ 5 0.1 7", `ok ([1-9]\d*) 0 0 ([1-9]\d*)`},
		{"hits URL/a 100", `ok 100 [1-9]\d*`},
		{"hits URL/missing 100", `error not fresh: Forward`},
		{"get nonsense", `error .*`},
		{"nonsense", `error say .*`},
		{"", `error say .*`},
	} {
		t.Run(c.command, func(t *testing.T) {
			var out strings.Builder
			serve(transport, strings.NewReader(strings.ReplaceAll(c.command, "URL", origin.URL)+"\n"), &out)
			found := regexp.MustCompile(`^` + c.want + `\n$`).FindStringSubmatch(out.String())
			if found == nil {
				t.Fatalf("%q, want %s", out.String(), c.want)
			}
			if len(found) == 3 && found[1] != found[2] {
				t.Errorf("%q: not all were counted", out.String())
			}
		})
	}
}
