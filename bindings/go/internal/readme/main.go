package main

import (
	"fmt"
	"io"
	"log"
	"os"

	"libhttpcache/httpcache"
)

func main() {
	transport, err := httpcache.NewTransport("cache", nil)
	if err != nil {
		log.Fatal(err)
	}
	defer transport.Close()
	client := transport.Client() // An *http.Client.
	for _, url := range os.Args[1:] {
		resp, err := client.Get(url)
		if err != nil {
			log.Fatal(err)
		}
		n, err := io.Copy(os.Stdout, resp.Body) // Stored while it is read.
		resp.Body.Close()
		fmt.Fprintln(os.Stderr, resp.Status, n, "bytes from the", httpcache.InfoOf(resp).Source, err)
	}
}
