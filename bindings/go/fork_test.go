package httpcache_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"libhttpcache/httpcache"
	"libhttpcache/httpcache/internal/forked"
)

// childVariable tells the test program that it is a child, and in which directory it works.
const childVariable = "HTTPCACHE_TEST_DIRECTORY"

func TestMain(m *testing.M) {
	if directory := os.Getenv(childVariable); directory != "" {
		if err := child(directory); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// child finds what its parent stored, and stores something itself.
func child(directory string) error {
	if open := openFiles(directory); open != 0 {
		return fmt.Errorf("%d files of the cache were inherited", open)
	}
	c, err := httpcache.Open(directory, nil)
	if err != nil {
		return err
	}
	defer c.Close()
	x, err := c.Lookup(get(url + "parent"))
	if err != nil {
		return err
	}
	if x.Decision() != httpcache.Fresh {
		return fmt.Errorf("the parent's is %v", x.Decision())
	}
	if x, err = c.Lookup(get(url + "child")); err != nil {
		return err
	}
	if outcome, err := x.Store(answer(200, "child")); err != nil || outcome != httpcache.Stored {
		return fmt.Errorf("the child's is %v: %v", outcome, err)
	}
	return nil
}

// openFiles counts the files of a directory that this process has open.
func openFiles(directory string) int {
	n := 0
	links, _ := filepath.Glob("/proc/self/fd/*")
	for _, link := range links {
		if to, err := os.Readlink(link); err == nil && strings.HasPrefix(to, directory) {
			n++
		}
	}
	return n
}

func TestAChildProcessOpensTheSameDirectory(t *testing.T) {
	directory := t.TempDir()
	c := openIn(t, directory, nil)
	put(t, c, get(url+"parent"), answer(200, "parent"), httpcache.Stored)
	if openFiles(directory) == 0 {
		t.Fatal("no open files are seen")
	}
	command := exec.Command(os.Args[0])
	command.Env = append(os.Environ(), childVariable+"="+directory)
	if out, err := command.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	equal(t, "of the child", bodyOf(t, c, get(url+"child")), "child")
}

func TestACacheWorksInAForkedChildAndInItsParent(t *testing.T) {
	c := open(t, nil)
	put(t, c, get(url+"parent"), answer(200, "parent"), httpcache.Stored)
	x := begin(t, c, url+"begun")
	check(t, second(x.Write([]byte("be"))))
	large := body(300001)
	put(t, c, get(url+"large"), &httpcache.Answer{Status: 200, Body: large}, httpcache.Stored)
	p := lookup(t, c, get(url+"large")).Response()
	w := walk(t, c, nil)
	check(t, second(w.Next()))
	equal(t, "step that failed", forked.Run(c.Pointer(), x.Pointer(), w.Pointer(), url+"parent", url+"child"), 0)
	check(t, second(w.Next()))

	check(t, second(x.Write([]byte("gun"))))
	outcome, err := x.End()
	check(t, err)
	equal(t, "outcome", outcome, httpcache.Stored)
	equal(t, "begun before", bodyOf(t, c, get(url+"begun")), "begun")
	equal(t, "of the child", bodyOf(t, c, get(url+"child")), "child")
	isPattern(t, p.Body, int64(len(large)))
}
