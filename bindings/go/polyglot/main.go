// Polyglot asks for URLs through a cache that programs in other languages use at the same time.
//
//	polyglot CACHE_DIRECTORY
//
// It reads commands from its standard input, one a line, and answers each with one line:
//
//	get URL                       ok SOURCE STATUS LENGTH CRC32 MICROSECONDS
//	refresh URL                   the same, of a request with Cache-Control: no-cache
//	run PREFIX N SECONDS SEED     ok COUNT HITS WRONG ERRORS
//	hits URL N                    ok N NANOSECONDS
//
// or with "error MESSAGE".
package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"
	"unsafe"

	"libhttpcache/httpcache"
)

var errUsage = errors.New("say get URL, refresh URL, run PREFIX N SECONDS SEED, or hits URL N")

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: polyglot CACHE_DIRECTORY")
		os.Exit(2)
	}
	transport, err := httpcache.NewTransport(os.Args[1], nil)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	serve(transport, os.Stdin, os.Stdout)
	transport.Close()
}

// serve answers each line of in with one line, which is written at once.
func serve(transport *httpcache.Transport, in io.Reader, out io.Writer) {
	p := &program{transport.Cache, transport.Client()}
	lines := bufio.NewScanner(in)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		answer, err := p.do(strings.Fields(lines.Text()))
		if err != nil {
			answer = "error " + strings.ReplaceAll(err.Error(), "\n", " ")
		}
		io.WriteString(out, answer+"\n")
	}
}

type program struct {
	cache  *httpcache.Cache
	client *http.Client
}

func (p *program) do(words []string) (string, error) {
	switch {
	case len(words) == 2 && (words[0] == "get" || words[0] == "refresh"):
		return p.get(words[1], words[0] == "refresh")
	case len(words) == 5 && words[0] == "run":
		return p.run(words[1], words[2:])
	case len(words) == 3 && words[0] == "hits":
		return p.hits(words[1], words[2])
	}
	return "", errUsage
}

// ask gives the response, whose body is read and closed.
func (p *program) ask(url string, refresh bool) (*http.Response, []byte, error) {
	request, err := http.NewRequest(http.MethodGet, url, nil)
	if err != nil {
		return nil, nil, err
	}
	if refresh {
		request.Header.Set("Cache-Control", "no-cache")
	}
	response, err := p.client.Do(request)
	if err != nil {
		return nil, nil, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	return response, body, err
}

var sources = map[httpcache.Source]string{
	httpcache.SourceOrigin:        "MISS",
	httpcache.SourceFresh:         "HIT",
	httpcache.SourceRevalidated:   "REVALIDATED",
	httpcache.SourceStale:         "STALE",
	httpcache.SourceUnsatisfiable: "MISS",
}

func (p *program) get(url string, refresh bool) (string, error) {
	began := time.Now()
	response, body, err := p.ask(url, refresh)
	took := time.Since(began)
	if err == nil {
		// The next program that is asked is to see it.
		err = p.cache.Flush(time.Minute)
	}
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("ok %s %d %d %08x %d", sources[httpcache.InfoOf(response).Source], response.StatusCode,
		len(body), crc32.ChecksumIEEE(body), took.Microseconds()), nil
}

func (p *program) run(prefix string, words []string) (string, error) {
	n, err := strconv.ParseUint(words[0], 10, 32)
	if err != nil || n == 0 {
		return "", errUsage
	}
	seconds, err := strconv.ParseFloat(words[1], 64)
	if err != nil {
		return "", err
	}
	random, err := strconv.ParseUint(words[2], 10, 64)
	if err != nil {
		return "", err
	}
	var count, hits, wrong, failed int
	for end := time.Now().Add(time.Duration(seconds * float64(time.Second))); time.Now().Before(end); count++ {
		// Knuth's MMIX generator; its high bits are the good ones.
		random = random*6364136223846793005 + 1442695040888963407
		i, refresh := random>>33%n, random>>29&15 == 0
		response, body, err := p.ask(prefix+strconv.FormatUint(i, 10), refresh)
		switch {
		case err != nil:
			failed++
			continue
		case !isRight(body):
			wrong++
		}
		if httpcache.FromCache(response) {
			hits++
		}
	}
	return fmt.Sprintf("ok %d %d %d %d", count, hits, wrong, failed), nil
}

// isRight reports whether the first line is the checksum of what follows.
func isRight(body []byte) bool {
	line, rest, found := bytes.Cut(body, []byte("\n"))
	return found && string(line) == fmt.Sprintf("%08x", crc32.ChecksumIEEE(rest))
}

func (p *program) hits(url, count string) (string, error) {
	n, err := strconv.Atoi(count)
	if err != nil {
		return "", err
	}
	began := cpuTime()
	for i := 0; i < n; i++ {
		if err := p.hit(url); err != nil {
			return "", err
		}
	}
	return fmt.Sprintf("ok %d %d", n, cpuTime()-began), nil
}

func (p *program) hit(url string) error {
	exchange, err := p.cache.Lookup(&httpcache.Request{
		Method: "GET", URL: url, Fields: httpcache.Fields{{Name: "Accept", Value: "*/*"}}})
	if err != nil {
		return err
	}
	defer exchange.Close()
	if exchange.Decision() != httpcache.Fresh {
		return fmt.Errorf("not fresh: %v", exchange.Decision())
	}
	response := exchange.Response()
	if response.Status == 0 || response.Fields.Get("Content-Type") == "" {
		return errors.New("no status or no Content-Type")
	}
	_, err = response.ReadBody()
	return err
}

// cpuTime is the CPU time of this process in nanoseconds. Package syscall has no clock_gettime of its own.
func cpuTime() int64 {
	const clockProcessCPUTimeID = 2
	var t syscall.Timespec
	syscall.Syscall(syscall.SYS_CLOCK_GETTIME, clockProcessCPUTimeID, uintptr(unsafe.Pointer(&t)), 0)
	return t.Nano()
}
