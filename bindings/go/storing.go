package httpcache

import "io"

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
