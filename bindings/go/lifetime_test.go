package httpcache_test

import (
	"fmt"
	"io"
	"runtime"
	"sync"
	"testing"
	"time"

	"libhttpcache/httpcache"
)

// collected reports whether garbage collection closes all files of a directory.
func collected(directory string) bool {
	for i := 0; i < 500; i++ {
		runtime.GC()
		if openFiles(directory) == 0 {
			return true
		}
	}
	return false
}

func TestWhatNobodyClosedIsCollected(t *testing.T) {
	directory := t.TempDir()
	func() {
		c, err := httpcache.Open(directory, &httpcache.Options{Now: newClock().now})
		check(t, err)
		x, err := c.Lookup(get(url))
		check(t, err)
		check(t, second(x.Store(&httpcache.Answer{Status: 200, Body: body(300001)})))
		hit, err := c.Lookup(get(url))
		check(t, err)
		check(t, second(hit.Response().Body.Read(make([]byte, 10))))
		begun, err := c.Lookup(get(url + "begun"))
		check(t, err)
		check(t, second(begun.Begin(answer(200, ""))))
		check(t, second(begun.Write(body(300001))))
	}()
	equal(t, "is collected", collected(directory), true)
	c := openIn(t, directory, nil)
	equal(t, "stored", len(bodyOf(t, c, get(url))), 300001)
	equal(t, "begun", decision(t, c, get(url+"begun")), httpcache.Forward)
}

// Objects that depend on one another, each closed by hand or left to the collector, in every order.
func TestObjectsGoInAnyOrder(t *testing.T) {
	orders := [][]int{{}}
	for n := 0; n < 4; n++ {
		var longer [][]int
		for _, order := range orders {
			for at := 0; at <= len(order); at++ {
				next := append(append(append([]int{}, order[:at]...), n), order[at:]...)
				longer = append(longer, next)
			}
		}
		orders = longer
	}
	directory := t.TempDir()
	for i, order := range orders {
		u := fmt.Sprint(url, i)
		c, err := httpcache.Open(directory, nil)
		check(t, err)
		put(t, c, get(u), &httpcache.Answer{Status: 200, Body: body(70000)}, httpcache.Stored)
		hit, err := c.Lookup(get(u))
		check(t, err)
		begun, err := c.Lookup(get(u + "begun"))
		check(t, err)
		check(t, second(begun.Begin(answer(200, ""))))
		objects := []io.Closer{c, hit, begun, hit.Response().Body}
		c, hit, begun = nil, nil, nil
		for k, n := range order {
			if k != i%4 {
				check(t, objects[n].Close())
			}
			objects[n] = nil
		}
		runtime.GC()
	}
	equal(t, "orders", len(orders), 24)
	equal(t, "is collected", collected(directory), true)
}

func TestClosingWhileOthersWork(t *testing.T) {
	for round := 0; round < 20; round++ {
		c := open(t, nil)
		put(t, c, get(url), &httpcache.Answer{Status: 200, Body: body(70000)}, httpcache.Stored)
		var started, all sync.WaitGroup
		for i := 0; i < 4; i++ {
			started.Add(1)
			all.Add(1)
			go func() {
				defer all.Done()
				for first := true; ; first = false {
					x, err := c.Lookup(get(url))
					if first {
						started.Done()
					}
					if err != nil {
						isError(t, err, httpcache.ErrClosed)
						return
					}
					if _, err := x.Response().ReadBody(); err != nil {
						t.Error(err)
					}
					x.Close()
				}
			}()
		}
		started.Wait()
		check(t, c.Close())
		all.Wait()
	}
}

func TestAnExchangeUsedByManyGoroutines(t *testing.T) {
	c := open(t, nil)
	x := begin(t, c, url)
	var all sync.WaitGroup
	for i := 0; i < 8; i++ {
		all.Add(1)
		go func() {
			defer all.Done()
			for k := 0; k < 100; k++ {
				if _, err := x.Write(make([]byte, 1000)); err != nil {
					t.Error(err)
				}
				_, _, _, _ = x.Reason(), x.Forward(), x.Response(), x.Decision()
			}
		}()
	}
	all.Wait()
	outcome, err := x.End()
	check(t, err)
	equal(t, "outcome", outcome, httpcache.Stored)
	equal(t, "length", len(bodyOf(t, c, get(url))), 800000)
}

func TestABodyReadAndClosedByMany(t *testing.T) {
	c := open(t, nil)
	put(t, c, get(url), &httpcache.Answer{Status: 200, Body: body(1 << 20)}, httpcache.Stored)
	p := lookup(t, c, get(url)).Response()
	var all sync.WaitGroup
	for i := 0; i < 4; i++ {
		all.Add(1)
		go func() {
			defer all.Done()
			for b := make([]byte, 1000); ; {
				if _, err := p.Body.Read(b); err != nil {
					isError(t, err, httpcache.ErrClosed)
					return
				}
				if p.Body.Close() == nil {
					return
				}
			}
		}()
	}
	all.Wait()
}

func TestManyThreadsOneCache(t *testing.T) {
	c := open(t, nil)
	var all sync.WaitGroup
	for i := 0; i < 8; i++ {
		all.Add(1)
		go func(i int) {
			defer all.Done()
			for k := 0; k < 50; k++ {
				u := fmt.Sprint(url, k%10)
				x, err := c.Lookup(get(u))
				if err != nil {
					t.Error(err)
					return
				}
				if x.Decision() == httpcache.Fresh {
					if got, err := x.Response().ReadBody(); err != nil || string(got) != u {
						t.Errorf("%s: %q, %v", u, got, err)
					}
				} else if _, err := x.Store(answer(200, u)); err != nil {
					t.Error(err)
				}
				x.Close()
			}
		}(i)
	}
	all.Wait()
	equal(t, "stored", stats(t, c).Responses, 10)
	check(t, c.Flush(time.Minute))
}
