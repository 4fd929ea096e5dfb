"""An open cache."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Any, NamedTuple

from . import _callbacks
from . import options as _options
from ._handle import CACHE, EXCHANGE, RESPONSE, Handle, create
from ._native import ffi, lib
from ._view import new_view
from .errors import CallbackError, argument, call, closed
from .exchange import Exchange
from .fields import encode
from .maintenance import Maintenance
from .options import Options, Place
from .request import Request, asked
from .response import Response
from .times import Duration, Expiry, native_duration

_KEY = ffi.typeof("char[128]")


class Stats(NamedTuple):
    """What a cache counted since it was opened, and what lies on disk."""

    #: Stored responses, of all processes.
    responses: int
    #: Bytes on disk, as the file system counts them, of all processes.
    bytes: int
    #: Lookups answered fresh from the store.
    hits: int
    #: Lookups that found nothing to use.
    misses: int
    #: Answers that were stale.
    stale_hits: int
    #: Stored responses that a 304 confirmed.
    revalidations: int
    #: Responses stored.
    stores: int
    #: Faults of the cache itself; each was passed through and logged.
    errors: int


class Rekeyed(NamedTuple):
    """What :meth:`Cache.rekey` came to."""

    #: Stored responses that have a new key.
    moved: int
    #: Of those whose new key another one had already: the fresher one was kept.
    collided: int
    #: Stored responses that stay under their old key, for want of a value that was not kept, or because a function
    #: failed.
    left: int


class Cache(Maintenance):
    """An HTTP cache (RFC 9111) in a directory. Any thread may use it, and several at once.

    Opens the cache in the directory ``path``, making it if there is none (mode 0700, its files 0600).
    ``Options.place`` says what else the path may be, or stand for where there is none. Opened twice in a
    process, a directory is one store. Raises :class:`StoreError`, :class:`MismatchError`,
    :class:`ConflictError`, :class:`UnsupportedError`, :class:`ArgumentError`.

    It works in a child of :func:`os.fork` too. Once it is open it never breaks a caller: where the cache
    itself fails it forwards and stores nothing, counts that in :meth:`stats` and logs it.
    """

    def __init__(self, path: str | bytes | os.PathLike[Any] | None = None, options: Options | None = None) -> None:
        if options is None:
            options = Options()
        name = _path(path, options.place)
        #: What it was opened with.
        self.path = None if name is None else os.fsdecode(name)
        # Not a Handle: all threads may use it at once. Each call holds a reference of its own.
        self._pointer: Any = None
        self._callbacks = _options.callbacks_of(options)
        native = _options.native(options, self._callbacks)
        try:
            pointer = create(lib.hc_open, lib.hc_close, CACHE, ffi.NULL if name is None else name, native.pointer)
            self._pointer = ffi.gc(pointer, lib.hc_close)
        finally:
            _callbacks.settle()

    def _open(self) -> Any:
        pointer = self._pointer
        if pointer is None:
            raise closed("cache")
        return pointer

    def lookup(self, request: Request | str) -> Exchange:
        """Decides how the cache answers a request, or a GET of a URL. Nothing is sent."""
        request, view = asked(request), new_view()
        try:
            with request._handle:
                pointer = create(
                    lib.hc_lookup,
                    lib.hc_exchange_free,
                    EXCHANGE,
                    self._open(),
                    request._handle.pointer,
                    view,
                )
            handle = Handle(pointer, "exchange", lib.hc_exchange_free)
        finally:
            failure = _callbacks.settle()
        exchange = Exchange(handle, view, self._callbacks)
        exchange._note(failure)
        return exchange

    def fetch(self, request: Request | str) -> Response:
        """Answers a request, or a GET of a URL, from the cache or by the library's own HTTP client. Waits.

        Returns once the header section is there; the body is stored as it is read. Redirects are
        followed, each hop through the cache. Raises a :class:`TransportError` or a
        :class:`TooLargeError` where the origin fails and nothing stale may be used, and
        :class:`UnsupportedError` where the library was built without libcurl.
        """
        request = asked(request)
        try:
            with request._handle:
                pointer = create(
                    lib.hc_fetch,
                    lib.hc_response_free,
                    RESPONSE,
                    self._open(),
                    request._handle.pointer,
                    ffi.NULL,
                )
            handle = Handle(pointer, "response", lib.hc_response_free)
        finally:
            failure = _callbacks.settle()
        response = Response(handle, self._callbacks)
        response._note(failure)
        return response

    def key(self, request: Request | str) -> str | None:
        """The key that what is stored for a request has, whichever variant it is; nothing is looked up.

        ``None``: the cache has no part in such a request. Raises :class:`CallbackError`, whose ``__cause__`` is what
        a function of ``options`` raised.
        """
        request, key = asked(request), ffi.new(_KEY)
        failure = None
        try:
            with request._handle:
                try:
                    call(lib.hc_key, self._open(), request._handle.pointer, key)
                finally:
                    failure = _callbacks.settle()
        except CallbackError as error:
            raise error from (failure and failure.error)
        return ffi.string(key).decode() or None

    @property
    def key_settings(self) -> str:
        """What names the settings that this cache makes keys by. It is stored beside each response."""
        name = ffi.new(_KEY)
        call(lib.hc_key_settings, self._open(), name)
        return str(ffi.string(name).decode())

    def rekey(
        self,
        former: str | Iterable[str] | None = None,
        progress: _callbacks.Progress | None = None,
    ) -> Rekeyed:
        """Makes anew the keys of what was stored under other settings, so that it is found again: after another
        ``ignored``, ``match_fields`` and their like, ``sort_query``, or another function. Waits.

        ``former`` are the settings meant, one or several of :attr:`key_settings`; without it all but this cache's,
        also those of other programs that have the directory. The keys are made from the stored requests, which hold
        no secrets: what is known of a value only as a keyed hash moves as that, and functions are shown REDACTED in
        its place. ``progress(done, total)`` is told how far it is; where it returns False that is a
        :class:`CancelledError`, and what it raises is raised. What was moved by then is moved, and the next call does
        the rest.
        """
        names = ffi.NULL if former is None else _names(former)
        length = 0 if former is None else len(names)
        return self._observed(Rekeyed, progress, lib.hc_rekey, names, length)

    def flush(self, timeout: Duration | None = None) -> None:
        """Waits until everything stored and deleted so far, by any thread, is durable and seen by all processes.

        At most ``timeout``: :class:`TimeoutError`. Any other error is why something that was stored since the last
        flush was lost, and is raised once.
        """
        limit = Expiry.NEVER if timeout is None else timeout
        try:
            call(lib.hc_flush, self._open(), native_duration(limit))
        finally:
            _callbacks.settle()

    def work(self, budget: Duration | None = None) -> bool:
        """Commits on this thread what waits to be committed, for about ``budget``, without one to the end.

        For a cache whose option ``workers`` is off, when the program is idle; else a thread of the library does it.
        Says whether something is left.
        """
        limit = Expiry.NEVER if budget is None else budget
        try:
            return bool(call(lib.hc_work, self._open(), native_duration(limit)) == lib.HC_OK)
        finally:
            _callbacks.settle()

    def stats(self) -> Stats:
        """What was counted."""
        stats = ffi.new("hc_stats *")
        stats.struct_size = ffi.sizeof("hc_stats")
        try:
            call(lib.hc_get_stats, self._open(), stats)
        finally:
            _callbacks.settle()
        return Stats(*(getattr(stats, name) for name in Stats._fields))

    @property
    def closed(self) -> bool:
        """Whether it was closed."""
        return self._pointer is None

    def close(self) -> None:
        """Closes the cache; never waits, and again is nothing.

        Exchanges and responses made from it stay usable, and the store closes when they are gone too.
        """
        self._pointer = None

    def __enter__(self) -> Cache:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __reduce__(self) -> Any:
        raise TypeError("a cache is not pickled: open its directory in the other process, or fork")

    def __repr__(self) -> str:
        return f"<httpcache.Cache {self.path!r}{' closed' if self.closed else ''}>"


def _path(path: str | bytes | os.PathLike[Any] | None, place: Place | None) -> bytes | None:
    if path is None and place in (Place.USER, Place.TEMPORARY):
        return None
    name = os.fsencode(path)  # type: ignore[arg-type]
    if b"\0" in name:
        raise argument("the path holds a NUL")
    return name


def _names(former: str | Iterable[str]) -> bytes:
    return encode(former if isinstance(former, str) else " ".join(former), "name of settings")
