package httpcache

import (
	"io"
	"net/http"
	"strconv"
)

// A storingBody stores an origin's body while the caller reads it. What it reads and how it fails is the origin's; what
// the store says concerns nobody.
type storingBody struct {
	io.ReadCloser
	exchange *Exchange
	left     int64 // Bytes that are still to come; negative: not known.
}

func (b *storingBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if n > 0 {
		b.exchange.Write(p[:n])
		b.left -= int64(n)
	}
	switch {
	case err == io.EOF:
		b.exchange.End()
		b.exchange.Close()
	case err != nil:
		b.exchange.Close() // What broke off is not stored.
	case n > 0 && b.left == 0:
		// Those who know the length do not read on to its end.
		b.exchange.End()
	}
	return n, err
}

func (b *storingBody) Close() error {
	err := b.ReadCloser.Close()
	b.exchange.Close() // What was not read to its end is not stored.
	return err
}

// handOn gives an origin's response the head that the cache hands on, and what was stored of its beginning.
func handOn(resp *http.Response, p *Response) {
	resp.Header = p.Fields.Header()
	if p.Continued {
		resp.Status, resp.StatusCode = strconv.Itoa(p.Status)+" "+p.Reason, p.Status
		resp.ContentLength = p.Size
		resp.Body = &continuedBody{io.MultiReader(p.Body, resp.Body), p.Body, resp.Body}
	}
}

// A continuedBody is a stored beginning, and then the rest from the origin.
type continuedBody struct {
	io.Reader
	beginning, rest io.Closer
}

func (b *continuedBody) Close() error {
	b.beginning.Close()
	return b.rest.Close()
}
