package httpcache

import (
	"context"
	"net/http"
	"strconv"
	"time"
)

// A Source is where a Transport took a response from.
type Source int8

// The sources.
const (
	SourceOrigin        Source = iota // The origin, whether its answer is stored or not.
	SourceFresh                       // The cache, fresh: the origin was not asked.
	SourceRevalidated                 // The cache; the origin confirmed it (304).
	SourceStale                       // The cache, stale: that is allowed, or the origin failed.
	SourceUnsatisfiable               // Nobody: a 504 to a request that only the cache was to answer.
)

// String gives the name.
func (s Source) String() string {
	return nameOf(int(s), "origin", "fresh", "revalidated", "stale", "unsatisfiable")
}

// Info is what a [Transport] knows of a response besides what an http.Response holds.
type Info struct {
	Source Source
	// Why the request was forwarded, be it behind the caller's back, or why the answer was not stored, as
	// Exchange.Reason; "" for a hit.
	Reason string
	// As of a Response; zero where Source is SourceOrigin.
	CreatedAt              time.Time
	ExpiresAt              Expiry
	Age, FreshnessLifetime time.Duration
}

// An http.Response has no room for more, and a header field could be the origin's: so it lies in the context of the
// response's Request, which survives wrappers of the body and of the transport.
type infoKey struct{}

// InfoOf gives what a Transport knows of a response; the zero Info, of the source SourceOrigin, for one that came
// through none.
func InfoOf(resp *http.Response) Info {
	if resp != nil && resp.Request != nil {
		if info, has := resp.Request.Context().Value(infoKey{}).(*Info); has {
			return *info
		}
	}
	return Info{}
}

// FromCache reports whether a Transport answered with a stored response.
func FromCache(resp *http.Response) bool {
	s := InfoOf(resp).Source
	return s == SourceFresh || s == SourceRevalidated || s == SourceStale
}

func informed(r *http.Request, resp *http.Response, info *Info) *http.Response {
	resp.Request = r.WithContext(context.WithValue(r.Context(), infoKey{}, info))
	return resp
}

func sourceOf(p *Response, d Decision) Source {
	switch {
	case p.Revalidated:
		return SourceRevalidated
	case p.Expired || d == Stale || d == StaleRevalidate:
		return SourceStale
	case p.FromCache:
		return SourceFresh
	case d == Unsatisfiable:
		return SourceUnsatisfiable
	}
	return SourceOrigin
}

// answerOf is a response of the cache as one of net/http.
func answerOf(r *http.Request, p *Response, s Source, reason string) *http.Response {
	resp := &http.Response{
		Status:        strconv.Itoa(p.Status) + " " + p.Reason,
		StatusCode:    p.Status,
		Proto:         "HTTP/1.1",
		ProtoMajor:    1,
		ProtoMinor:    1,
		Header:        p.Fields.Header(),
		Body:          p.Body,
		ContentLength: p.Size,
	}
	if p.Reason == "" {
		resp.Status += http.StatusText(p.Status)
	}
	// Of a HEAD the length is that of the content a GET would get.
	if r.Method == http.MethodHead {
		resp.ContentLength = -1
		if n, err := strconv.ParseInt(resp.Header.Get("Content-Length"), 10, 64); err == nil {
			resp.ContentLength = n
		}
	}
	return informed(r, resp, &Info{s, reason, p.CreatedAt, p.ExpiresAt, p.Age, p.FreshnessLifetime})
}
