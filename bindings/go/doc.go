// Package httpcache is an HTTP cache (RFC 9111) in a directory, which programs in several languages and several
// processes share. It binds libhttpcache, which pkg-config finds as "httpcache".
//
// A [Transport] is a cache for net/http: an http.RoundTripper that answers from a [Cache] what it may, stores what comes
// from the origin while it is read, and leaves the network to Go. [Cache.Fetch] goes to the origin by itself, through
// the library's libcurl. [Cache.Lookup] is for other HTTP clients: it decides, and an [Exchange] is told what the origin
// answered; nothing in it touches the network.
//
// There are two policies. By default a program's settings decide how long a response is fresh, and what the origin says
// in Cache-Control and Expires counts for nothing. With Options.CacheControl RFC 9111 decides, as in a browser's private
// cache; [NewTransport] switches that on unless it is given options.
//
// Which requests are the same is said by Options.Ignored and its like, or by functions, Options.KeyFunc and
// Options.Normalize; [Cache.Key] tells what comes of it, and [Cache.Rekey] finds again what was stored before a change.
//
// [Cache.Walk] goes over what is stored, [Cache.Get] gives it by its key, and [Cache.Delete], [Cache.DeleteWhere] and
// [Cache.Clear] take it away.
//
// # Faults of the cache
//
// The store never breaks a caller. Once [Open] has succeeded, a full disk or a damaged file is a forward, an answer that
// is not stored, a counter ([Stats]) and a log line; calls fail for what the caller or the origin did. Those that look
// into the cache or after it say when it fails.
//
// # Closing
//
// What is closed frees its memory and files at once, and may be closed at any time and in any order; another call on it,
// and a second Close, is [ErrClosed]. What nobody closed is closed by the garbage collector some time later.
//
// # Goroutines, processes
//
// A Cache and a Transport are used by any number of goroutines at once, Close included. Calls on one Exchange wait for
// one another. Body.Close never waits for a Read, and ends one that waits for the origin. What a Transport does behind
// its callers' backs (RFC 5861 3) ends with [Transport.Close]; what Fetch does is waited for by [Cache.Flush].
//
// Any number of processes open one directory at the same time. A process started by os/exec inherits nothing and opens
// the directory itself. Go programs cannot fork; C code in one can, and in its child the library's own cache works on.
package httpcache
