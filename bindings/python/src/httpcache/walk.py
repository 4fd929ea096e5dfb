"""Looking into the cache: what is asked for, and what is met."""

from __future__ import annotations

import enum
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from . import _callbacks
from ._handle import RESPONSE, Closing, Handle
from ._native import ffi, lib
from ._view import new_view, text_of
from .errors import argument, call
from .fields import FieldList, get, unpack
from .request import RequestView, view
from .response import Response
from .times import Expiry, duration, instant, native_instant, native_number, plain_duration


class Match(enum.IntFlag):
    """Which stored responses, or-ed: any of these kinds."""

    #: Those that are stale.
    EXPIRED = lib.HC_MATCH_EXPIRED
    #: Those that are fresh.
    FRESH = lib.HC_MATCH_FRESH
    #: Records that cannot be read. No other condition than ``url`` holds for them.
    UNREADABLE = lib.HC_MATCH_UNREADABLE
    #: Redirects that lead to a stored response.
    ALIASES = lib.HC_MATCH_ALIASES


class Order(enum.IntEnum):
    """By what a walk is sorted.

    Any order but ``KEY`` alone reads all rows before the first step, and holds 64 bytes of memory for each response
    that is found, but for no more than the limit.
    """

    #: By key: the responses of one URL stand together, in no order that means anything otherwise.
    KEY = lib.HC_ORDER_KEY
    #: By when they become stale; those that never do come last.
    EXPIRY = lib.HC_ORDER_EXPIRY
    #: By the bytes of their bodies.
    SIZE = lib.HC_ORDER_SIZE
    #: By when they were received or last freshened.
    CREATED = lib.HC_ORDER_CREATED


@dataclass(frozen=True)
class Query:
    """What a walk or a deletion asks for: all conditions must hold, and one that is ``None`` is none.

    Give them by name. A naive datetime is local time.
    """

    #: Which stored responses. Default all that can be read.
    match: Match | None = None
    #: Received or last freshened before this instant.
    created_before: datetime | None = None
    #: Stale from an instant before this one.
    expires_before: datetime | None = None
    #: Whose request had this method, in this letter case.
    method: str | None = None
    #: All that is stored of this URL: of all methods, variants, partitions and credentials, and also where parameters
    #: of it that are ignored are others.
    url: str | None = None
    #: Whose URL this glob matches, written as in ``Options.url_rules``. What is not stored of a URL reads REDACTED.
    url_glob: str | None = None
    #: At most so many, from 1.
    limit: int | None = None
    #: By what they are sorted.
    order: Order = Order.KEY
    #: The other way round.
    descending: bool = False


class Stored(NamedTuple):
    """A stored response as a walk met it. It stays when the walk goes on or is closed."""

    #: Its key, printable, as of :attr:`Response.key`. Of a record that cannot be read it may be that of all variants.
    key: str
    #: A record that cannot be read: nothing else of it is known.
    is_unreadable: bool
    #: No response but a redirect that leads to one.
    is_alias: bool
    #: The status code; 0: it cannot be read.
    status: int
    #: The reason phrase.
    reason: str
    #: The final URL.
    url: str
    #: The fields in order, repeats kept.
    fields: FieldList
    #: Bytes of the whole body; ``None``: it cannot be read.
    body_size: int | None
    #: Whether it was stale when it was met, at the cache's clock.
    is_expired: bool
    #: When it was received or last freshened; ``None``: it cannot be read.
    created_at: datetime | None
    #: When it becomes stale, or ``Expiry.NEVER``; ``None``: it cannot be read.
    expires_at: datetime | Expiry | None
    #: Its age when it was met (RFC 9111 4.2.3).
    age: timedelta
    #: How long it is fresh, or ``Expiry.NEVER``; ``None``: it cannot be read.
    freshness_lifetime: timedelta | Expiry | None
    #: Its request, with REDACTED in the place of what is not stored: for reading, not for sending. ``None``: it is not
    #: known.
    request: RequestView | None
    #: Where the walk was asked for bodies, the response, which is the caller's to close; else ``None``.
    response: Response | None

    def get(self, name: str, default: str | None = None) -> str | None:
        """The value of a field: its lines joined with ", " (RFC 9110 5.3), of Set-Cookie the first."""
        value = get(self.fields, name)
        return default if value is None else value


class Walk(Closing):
    """An iterator over the stored responses that were asked for, made by :meth:`Cache.walk`. One thread at a time.

    Between two steps it holds no transaction and no lock: what is stored or deleted meanwhile may or may not be met,
    and what is met is as it is then. It keeps the store open until it is closed. After a :class:`StoreError` the next
    step goes on.
    """

    def __init__(self, handle: Handle, bodies: bool, callbacks: _callbacks.Callbacks) -> None:
        self._handle = handle
        self._bodies = bodies
        self._callbacks = callbacks

    def __iter__(self) -> Iterator[Stored]:
        return self

    def __next__(self) -> Stored:
        met = new_view()
        out = ffi.new(RESPONSE)
        with self._handle:
            try:
                status = call(lib.hc_iter_next, self._handle.pointer, met, out if self._bodies else ffi.NULL)
                if status == lib.HC_DONE:
                    raise StopIteration
                return _stored(self._handle.pointer, met, self._take(out))
            finally:
                # What an interrupt kept from being taken.
                lib.hc_response_free(out[0])
                _callbacks.settle()

    def _take(self, out: Any) -> Response | None:
        if out[0] == ffi.NULL:
            return None
        # An interrupt may come on any of these lines: what is owned here must not be freed there.
        pointer = out[0]
        out[0] = ffi.NULL
        return Response(Handle(pointer, "response", lib.hc_response_free), self._callbacks)

    def __repr__(self) -> str:
        return f"<httpcache.Walk{' closed' if self.closed else ''}>"


def _stored(walk: Any, met: Any, response: Response | None) -> Stored:
    request = lib.hc_iter_request(walk)
    created_at: Any = instant(met.created_at)
    return Stored(
        key=text_of(lib.hc_iter_key(walk)),
        is_unreadable=bool(met.flags & lib.HC_UNREADABLE),
        is_alias=bool(met.flags & lib.HC_IS_ALIAS),
        status=int(met.status),
        reason=text_of(met.reason),
        url=text_of(met.url),
        fields=unpack(met.fields, met.field_count, met.text, met.text_len),
        body_size=None if met.body_size < 0 else int(met.body_size),
        is_expired=bool(met.flags & lib.HC_EXPIRED),
        created_at=created_at,
        expires_at=instant(met.expires_at),
        age=plain_duration(met.age),
        freshness_lifetime=duration(met.freshness_lifetime),
        request=None if request == ffi.NULL else view(request),
        response=response,
    )


def native_query(query: Query | None) -> tuple[Any, list[Any]]:
    """A query as the library takes it, and the texts that it refers to, which are to stay as long.

    The library takes 0 for no condition; so nothing that is said may come to that.
    """
    if query is None:
        return ffi.NULL, []
    if not isinstance(query, Query):
        raise TypeError(f"what is asked for is a Query, not {type(query).__name__}")
    native = ffi.new("hc_query *")
    native.struct_size = ffi.sizeof("hc_query")
    if query.match is not None:
        native.match = _between(query.match, 2**32 - 1, "match")
    native.order = _order(query.order) | (lib.HC_DESCENDING if query.descending else 0)
    native.created_before = _before(query.created_before, "created_before")
    native.expires_before = _before(query.expires_before, "expires_before")
    if query.limit is not None:
        native.limit = _between(query.limit, 2**63 - 1, "limit")
    texts = []
    for name in ("method", "url", "url_glob"):
        text = getattr(query, name)
        if text is not None:
            texts.append(ffi.new("char[]", _text(text, name)))
            setattr(native, name, texts[-1])
    return native, texts


def _between(value: int, most: int, name: str) -> int:
    if not 1 <= native_number(value) <= most:
        raise argument(f"{name} does not take {value!r}")
    return int(value)


def _order(order: Order) -> int:
    try:
        return int(Order(order))
    except ValueError as error:
        raise argument(f"order does not take {order!r}") from error


def _before(value: datetime | None, name: str) -> int:
    if value is None:
        return 0
    if not isinstance(value, datetime):
        raise TypeError(f"{name} is a datetime, not {type(value).__name__}")
    milliseconds = native_instant(value)
    if milliseconds == 0:
        raise argument(f"{name}: nothing is before {value}")
    return milliseconds


def _text(text: str, name: str) -> bytes:
    if not isinstance(text, str):
        raise TypeError(f"{name} is str, not {type(text).__name__}")
    if "\0" in text:
        raise argument(f"{name} holds a NUL")
    try:
        return text.encode()
    except UnicodeEncodeError as error:
        raise argument(f"{name} holds a lone surrogate") from error
