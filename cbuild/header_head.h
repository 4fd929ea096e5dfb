/* httpcache.h - an HTTP cache (RFC 9111) behind a C ABI.
 *
 * A hit is three calls: fill a request, hc_lookup, hc_exchange_free. With the library's own transport
 * it is one: hc_fetch. Rules that hold for every function below are stated here, once:
 *
 *  Objects    All types but hc_field and the structs that begin with struct_size are opaque. _new and
 *             _open create, _free and _close destroy, on any thread and in any order: what depends on
 *             another object keeps it alive. Destroying NULL does nothing.
 *  Ownership  An object written to `T **out` is yours to destroy. A returned pointer, and each pointer
 *             in a view, is borrowed from the object that was asked and valid until that object is
 *             destroyed or changed, whatever is deleted from the cache meanwhile. One with a length of 0
 *             beside it is NULL or may be read. The library never frees memory of yours, and you never
 *             free memory of the library's.
 *  Strings    Inputs are (pointer, length) and are copied. Pass HC_NTS as the length of a
 *             NUL-terminated one, NULL with 0 for an empty one. Outputs are NUL-terminated, with their
 *             length beside them where they may hold any byte. Names are ASCII, URLs ASCII or UTF-8,
 *             field values are bytes, file names are NUL-terminated.
 *  Errors     0 is success, a positive status an answer that is no error, a negative one an error. Any
 *             result but 0 sets object outputs to NULL. `hc_error **err` may be NULL; if not, it is set
 *             to NULL on success and on failure to an error that you free. A required pointer that is
 *             NULL is HC_E_ARGUMENT; `view`, `outcome` and the length or number beside a returned
 *             pointer are not required. There is no thread-local state.
 *  The store  never breaks a caller. Once hc_open has succeeded, where the cache itself fails (disk
 *             full, damage, another process), hc_lookup says HC_FORWARD, hc_store says HC_NOT_STORED,
 *             hc_fetch passes through, and a counter (hc_stats.errors) and a log line tell. These calls
 *             fail only for what the caller or the origin did. Those that look into the cache or after
 *             it say when it fails.
 *  Time       int64_t milliseconds: since the Unix epoch for instants (names ending in _at), plain for
 *             durations. A negative one is HC_E_ARGUMENT, except the named values below.
 *  Threads    [any]: from any thread, at once. [one]: one thread at a time per object, not always the
 *             same. All functions of hc_cache are [any], all others are [one] for each object passed.
 *  Waiting    [wait]: may wait for the network, the disk or another thread; release an interpreter lock
 *             around it.
 *  Callbacks  `user` comes first. They run inside your calls, on the calling thread, never under a lock
 *             or a transaction of the library. They may call the library, but must not destroy the
 *             object of the call they run in, throw, or longjmp. `destroy` runs exactly once, after the
 *             last use, also when the call that took it failed; it may be NULL.
 *  fork       A cache opened before fork() works in the child: it notices and reopens itself, and sees
 *             what was flushed. Options, requests and responses that you built are plain data and work
 *             too. Exchanges, walks and the responses made from a cache may only be destroyed there;
 *             using them is HC_E_MISUSE.
 *  Growth     In a struct that begins with struct_size you set struct_size = sizeof(the struct); the
 *             library touches no more than that. hc_field never changes. Numbers are never reused.
 *
 * Which verb may follow which decision of hc_lookup (any other is HC_E_MISUSE and changes nothing):
 *
 *   decision           hand on          send                     then exactly one of
 *   HC_FORWARD         -                hc_exchange_forward      hc_store | hc_store_begin | hc_store_failure
 *   HC_FRESH           the view         -                        -
 *   HC_STALE           the view         -                        -
 *   HC_STALE_REVALIDATE  the view       hc_exchange_forward      hc_store | hc_store_begin | hc_store_failure
 *   HC_REVALIDATE      -                hc_exchange_forward      hc_store | hc_store_begin | hc_store_failure
 *   HC_UNSATISFIABLE   the view (504)   -                        -
 *
 *   outcome            hand on          then
 *   HC_NOT_STORED      the view's head, the origin's body        -
 *   HC_STORED          the view         -
 *   HC_FRESHENED       the view         -
 *   HC_USED_STALE      the view         -   (drop the origin's body)
 *   HC_STORING         the view's head, the origin's body        hc_store_write ..., then exactly one of
 *                                                                hc_store_end | hc_store_failure
 *   HC_REPEAT          -                hc_exchange_forward again, then as after HC_FORWARD
 *
 * An exchange may be freed at any point; what was not ended is not stored.
 */
