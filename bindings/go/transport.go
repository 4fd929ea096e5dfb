package httpcache

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"time"
)

// A Transport is an [http.RoundTripper] that answers from a cache, and else through another RoundTripper: the network,
// its timeouts and its cancellation are Go's. Redirects are the http.Client's, so each hop goes through the cache. It
// is safe for use by several goroutines.
//
// A response that comes from the origin is stored while its body is read, and only if that is read to its end. Faults of
// the cache reach nobody: the answer is then the origin's. [InfoOf] and [FromCache] tell where a response came from.
//
// A stale response that may be used while it is revalidated (RFC 5861 3) is answered at once, and the origin is asked
// behind the caller's back: with the values of the request's context, but until RevalidationTimeout or [Transport.Close].
// Whatever fails there changes nothing.
//
// A request's own conditions and its Range are answered from the cache too: with a 304, a 206 or a 416.
//
// The cache is asked for what the request says. Where Base adds "Accept-Encoding: gzip" by itself and decompresses, as
// http.Transport does, it is the decompressed body that is stored.
type Transport struct {
	// Cache is required. After it was closed each request is ErrClosed.
	Cache *Cache
	// Base sends what is to be sent; nil is http.DefaultTransport.
	Base http.RoundTripper
	// RevalidationTimeout is how long a revalidation behind a caller's back may take, body included; 0 is one
	// minute.
	RevalidationTimeout time.Duration

	behind  revalidations
	isOwner bool // Of Cache.
}

// NewTransport makes a transport over http.DefaultTransport with a cache of its own in a directory. nil options have RFC
// 9111 decide, as in a browser's private cache: CacheControl. Close the transport when it is no longer used.
func NewTransport(directory string, o *Options) (*Transport, error) {
	if o == nil {
		o = &Options{CacheControl: true}
	}
	c, err := Open(directory, o)
	if err != nil {
		return nil, err
	}
	return &Transport{Cache: c, isOwner: true}, nil
}

// Client makes an http.Client over the transport.
func (t *Transport) Client() *http.Client { return &http.Client{Transport: t} }

// CloseIdleConnections closes those of Base, for http.Client.CloseIdleConnections.
func (t *Transport) CloseIdleConnections() {
	if base, can := t.base().(interface{ CloseIdleConnections() }); can {
		base.CloseIdleConnections()
	}
}

func (t *Transport) base() http.RoundTripper {
	if t.Base == nil {
		return http.DefaultTransport
	}
	return t.Base
}

// maxKeptBody is how much content of a request is held, in bytes, where it is part of the key; it is sent again where an
// answer is to be repeated.
const maxKeptBody = 1 << 20

// RoundTrip answers a request.
func (t *Transport) RoundTrip(r *http.Request) (*http.Response, error) {
	if t.Cache == nil {
		closeBody(r.Body)
		return nil, &Error{Status: ErrArgument, Message: "the transport has no cache"}
	}
	if t.behind.closed.Load() {
		closeBody(r.Body)
		return nil, ErrClosed
	}
	if !isForCache(r) {
		return t.base().RoundTrip(r)
	}
	asked := &Request{Method: r.Method, URL: targetOf(r), Fields: FieldsOf(r.Header)}
	if t.Cache.readsBody(r) {
		body, rest, err := keepBody(r.Body)
		if err != nil {
			return nil, err
		}
		asked.Body = body
		if rest != nil {
			// Too large for a key; only what it invalidates concerns the cache.
			asked.Expiry = DoNotCache
			r = withBody(r, rest)
		}
	}
	x, err := t.Cache.Lookup(asked)
	if err != nil {
		if err == ErrClosed {
			closeUnread(r, asked.Body)
			return nil, err
		}
		// What the cache does not take, as a URL that is too long, Base may.
		return t.base().RoundTrip(sendable(r, asked.Body))
	}
	p := x.Response()
	if p == nil {
		return t.forward(r, x, asked.Body)
	}
	closeUnread(r, asked.Body)
	reason := ""
	if x.Decision() == StaleRevalidate {
		reason = x.Reason()
		t.revalidate(r, x, asked.Body)
	} else {
		x.Close()
	}
	return answerOf(r, p, sourceOf(p, x.Decision()), reason), nil
}

// isForCache reports whether a request is one whose answer may be read and stored: no tunnel, and no other protocol.
func isForCache(r *http.Request) bool {
	return r.URL != nil && (r.URL.Scheme == "http" || r.URL.Scheme == "https") && r.Method != http.MethodConnect &&
		r.Method != http.MethodTrace && len(r.Header["Upgrade"]) == 0
}

// targetOf is the target URI (RFC 9110 7.1). net/http does not send what stands before an "@".
func targetOf(r *http.Request) string {
	if r.URL.User == nil && r.URL.Fragment == "" && (r.Host == "" || r.Host == r.URL.Host) {
		return r.URL.String()
	}
	u := *r.URL
	u.User, u.Fragment, u.RawFragment = nil, "", ""
	if r.Host != "" {
		u.Host = r.Host
	}
	return u.String()
}

// readsBody reports whether the content of a request may be part of its key. That of others, whose answers are not stored,
// stays where it is.
func (c *Cache) readsBody(r *http.Request) bool {
	switch {
	case r.Body == nil || r.Body == http.NoBody:
		return false
	case r.Method == "" || r.Method == http.MethodGet || r.Method == http.MethodHead:
		return true
	}
	for _, method := range c.methods {
		if method == r.Method {
			return true
		}
	}
	// A POST may stand for another method.
	for _, name := range [...]string{"X-Http-Method-Override", "X-Http-Method", "X-Method-Override"} {
		if len(r.Header[name]) > 0 {
			return true
		}
	}
	return false
}

// keepBody reads content. rest: all of it again, where it is too large to be held.
func keepBody(content io.ReadCloser) (body []byte, rest io.ReadCloser, err error) {
	body, err = io.ReadAll(io.LimitReader(content, maxKeptBody+1))
	if err == nil && len(body) > maxKeptBody {
		return nil, struct {
			io.Reader
			io.Closer
		}{io.MultiReader(bytes.NewReader(body), content), content}, nil
	}
	closeBody(content)
	return body, nil, err
}

func closeBody(body io.Closer) {
	if body != nil {
		body.Close()
	}
}

// closeUnread closes the content of a request that is not sent; what was kept was closed then.
func closeUnread(r *http.Request, kept []byte) {
	if kept == nil {
		closeBody(r.Body)
	}
}

// withBody is a copy of a request, which a RoundTripper may not change.
func withBody(r *http.Request, body io.ReadCloser) *http.Request {
	sent := r.WithContext(r.Context())
	sent.Body = body
	return sent
}

// sendable gives a request its content again, where that was read.
func sendable(r *http.Request, body []byte) *http.Request {
	if body == nil {
		return r
	}
	sent := withBody(r, io.NopCloser(bytes.NewReader(body)))
	sent.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(body)), nil }
	return sent
}

// forward sends what the exchange wants sent, and reports the answer. The exchange becomes the body's, or is closed.
func (t *Transport) forward(r *http.Request, x *Exchange, body []byte) (*http.Response, error) {
	for again := false; ; again = true {
		resp, err := t.base().RoundTrip(forwarded(r, x.Forward(), body))
		if err != nil {
			return afterFailure(r, x, err)
		}
		if resp.Body == nil {
			resp.Body = http.NoBody
		}
		if resp.StatusCode == http.StatusSwitchingProtocols {
			x.Close()
			return resp, nil
		}
		reason := x.Reason()
		outcome, err := x.Begin(&Answer{resp.StatusCode, reasonOf(resp), FieldsOf(resp.Header), nil})
		switch p := x.Response(); {
		case err == nil && outcome == Repeat && !again:
			drop(resp.Body)
		case err != nil || p == nil:
			// A head that the cache does not take is not the caller's error.
			x.Close()
			return informed(r, resp, &Info{Source: SourceOrigin, Reason: reason}), nil
		case outcome == Storing:
			store(r, resp, x)
			handOn(resp, p)
			return informed(r, resp, &Info{Source: SourceOrigin, Reason: reason}), nil
		case outcome == NotStored:
			reason = x.Reason()
			x.Close()
			handOn(resp, p)
			return informed(r, resp, &Info{Source: SourceOrigin, Reason: reason}), nil
		default:
			drop(resp.Body)
			x.Close()
			return answerOf(r, p, sourceOf(p, x.Decision()), reason), nil
		}
	}
}

// store has the body stored while it is read. Nobody reads a body of nothing: that one is stored at once.
func store(r *http.Request, resp *http.Response, x *Exchange) {
	if resp.ContentLength == 0 || resp.Body == http.NoBody || r.Method == http.MethodHead {
		x.End()
		x.Close()
		return
	}
	resp.Body = &storingBody{ReadCloser: resp.Body, exchange: x, left: resp.ContentLength}
}

// forwarded is the request as it goes to the origin: with the fields of the exchange's, and the rest as it came.
func forwarded(r *http.Request, forward *Request, body []byte) *http.Request {
	sent := sendable(r, body)
	if sent == r {
		sent = r.WithContext(r.Context())
	}
	sent.Header = make(http.Header, len(forward.Fields)+1)
	for _, f := range forward.Fields {
		sent.Header[f.Name] = append(sent.Header[f.Name], f.Value)
	}
	// A name without values keeps net/http from adding a field of its own.
	for name, values := range r.Header {
		if len(values) == 0 {
			sent.Header[name] = nil
		}
	}
	return sent
}

// afterFailure answers with what is stored where that may be used though it is stale. That the caller cancelled is no
// failure of the origin.
func afterFailure(r *http.Request, x *Exchange, err error) (*http.Response, error) {
	defer x.Close()
	if errors.Is(r.Context().Err(), context.Canceled) {
		return nil, err
	}
	reason := x.Reason()
	if usable, _ := x.Failure(); usable && x.Response() != nil {
		return answerOf(r, x.Response(), SourceStale, reason), nil
	}
	return nil, err
}

// drop gives up an origin's body. A short one is read, so that the connection can be used again.
func drop(body io.ReadCloser) {
	io.CopyN(io.Discard, body, 4096)
	body.Close()
}

// reasonOf is the reason phrase of "404 Not Found".
func reasonOf(resp *http.Response) string {
	_, reason, _ := strings.Cut(resp.Status, " ")
	return reason
}
