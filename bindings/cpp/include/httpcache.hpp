/// httpcache.hpp - the HTTP cache (RFC 9111) of httpcache.h, for C++17. Nothing but headers; link
/// with -lhttpcache.
///
///     hc::cache cache("directory");
///     hc::response page = cache.fetch("https://example.org/");
///     std::cout << page.status() << '\n' << page.body();
///
/// Rules that hold for every class, stated once:
///
///  Objects    cache, options, request, response, exchange and walk own one object of the C
///  library.
///             They are moved, and only a request is copied. They go in any order: what depends on
///             another object keeps it alive. close() destroys early, and again does nothing. Using
///             what was closed or moved from throws hc::error with errc::misuse. get() lends the C
///             object, for what is not wrapped here.
///  Borrowing  Each string_view, field_list, view and pointer is borrowed from the object that was
///             asked, and valid until that object is destroyed or changed, whatever is deleted from
///             the cache meanwhile.
///  Strings    Are copied on the way in, and may hold any byte unless it is said otherwise; names
///             are ASCII, URLs ASCII or UTF-8.
///  Errors     Every failed call throws hc::error, and nothing else is thrown but std::bad_alloc,
///             and by cache::rekey() and its like what your own function threw. Once a cache is
///             open, no fault of the cache itself is an error: it forwards, does not store, passes
///             through. Calls that look into the cache or after it say when it fails.
///  Time       Durations are std::chrono's, rounded up to milliseconds; instants are of
///             std::chrono's system_clock. A negative duration and an instant before 1970 are
///             errc::argument.
///  Threads    A cache may be used from all threads at once, any other object from one at a time,
///             not always the same; const makes no difference to that. request::cancel() is for
///             all threads, while none changes the request.
///  Callbacks  Run inside your calls, on the thread of the call. They may use the cache, except
///             those that say which requests are the same. What they throw never passes through
///             the C library.
///  fork       A cache opened before fork() works in the child. Options, requests, and responses
///             that you made work too. Exchanges, walks, and responses made from a cache, may only
///             be destroyed there; using them is errc::misuse.
#ifndef HTTPCACHE_HPP
#define HTTPCACHE_HPP

#include "httpcache/cache.hpp"
#include "httpcache/error.hpp"
#include "httpcache/exchange.hpp"
#include "httpcache/field.hpp"
#include "httpcache/key.hpp"
#include "httpcache/options.hpp"
#include "httpcache/query.hpp"
#include "httpcache/request.hpp"
#include "httpcache/response.hpp"
#include "httpcache/time.hpp"
#include "httpcache/walk.hpp"

#endif
