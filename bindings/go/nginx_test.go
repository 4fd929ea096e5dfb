package httpcache_test

import (
	"bufio"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"libhttpcache/httpcache"
)

// serving starts a server of cbuild/server.sh, says where it is, and stops it at the end of its standard input.
const serving = `
set -eu
. "$1"
trap stop_server EXIT
start_server nginx "$2"
echo "$server_url"
read -r end || true
stop_server
server_statuses
`

// nginx decides by itself what it says of a file: no explicit lifetime, an entity tag, and a date.
func TestNginx(t *testing.T) {
	directory := t.TempDir()
	check(t, os.MkdirAll(filepath.Join(directory, "www"), 0o755))
	check(t, os.MkdirAll(filepath.Join(directory, "tmp"), 0o755))
	// Started by root, nginx reads as somebody else.
	check(t, os.Chmod(filepath.Dir(directory), 0o755))
	page := filepath.Join(directory, "www", "page.txt")
	check(t, os.WriteFile(page, body(300001), 0o644))
	old := time.Now().Add(-1000 * time.Hour)
	check(t, os.Chtimes(page, old, old))

	server, err := filepath.Abs("../../cbuild/server.sh")
	check(t, err)
	command := exec.Command("sh", "-c", serving, "sh", server, directory)
	command.Stderr = os.Stderr
	in, err := command.StdinPipe()
	check(t, err)
	out, err := command.StdoutPipe()
	check(t, err)
	check(t, command.Start())
	lines := bufio.NewReader(out)
	where, err := lines.ReadString('\n')
	check(t, err)
	where = strings.TrimSpace(where) + "/page.txt"

	c, _ := client(t, nil)
	for _, step := range []struct {
		source httpcache.Source
		fields []field
	}{
		{httpcache.SourceOrigin, nil},
		{httpcache.SourceFresh, nil},
		{httpcache.SourceRevalidated, []field{{"Cache-Control", "no-cache"}}},
		{httpcache.SourceFresh, []field{{"Cache-Control", "max-stale"}}},
	} {
		resp, got := askFor(t, c, where, step.source, step.fields...)
		isPattern(t, strings.NewReader(got), 300001)
		equal(t, "length", resp.ContentLength, 300001)
	}
	check(t, os.Remove(page))
	resp, _ := askFor(t, c, where, httpcache.SourceOrigin, field{"Cache-Control", "no-cache"})
	equal(t, "status", resp.StatusCode, 404)

	check(t, in.Close())
	statuses, err := io.ReadAll(lines)
	check(t, err)
	equal(t, "statuses of nginx", string(statuses), "200 304 404")
	check(t, command.Wait())
}
