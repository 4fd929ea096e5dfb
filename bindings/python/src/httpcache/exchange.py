"""One request on its way through the cache, with an HTTP client of the caller's own."""

from __future__ import annotations

import enum
from typing import Any, Union

from . import _callbacks
from ._handle import RESPONSE, Closing, Handle, create
from ._native import ffi, lib
from ._view import Viewed, text_of
from .errors import call
from .fields import Fields, encode, pack
from .request import RequestView, view
from .response import Response

Data = Union[bytes, bytearray, memoryview]

_OUTCOME = ffi.typeof("int32_t *")


class Decision(enum.IntEnum):
    """What :meth:`Cache.lookup` decides."""

    #: Nothing usable is stored: send ``forward``, then report the answer.
    FORWARD = lib.HC_FORWARD
    #: The stored response is the answer.
    FRESH = lib.HC_FRESH
    #: The stored response is the answer; it is stale, and that is allowed (RFC 9111 4.2.4).
    STALE = lib.HC_STALE
    #: The same; and it is to be revalidated behind the caller's back: take ``response()``, then send
    #: ``forward``, on any thread and at any time, and report the answer (RFC 5861 3). One caller gets this for a
    #: response, until its exchange is closed.
    STALE_REVALIDATE = lib.HC_STALE_REVALIDATE
    #: Send ``forward``, it is conditional (RFC 9111 4.3.1), then report the answer.
    REVALIDATE = lib.HC_REVALIDATE
    #: Only-if-cached, and nothing to answer with: a 504 is the answer (RFC 9111 5.2.1.7).
    UNSATISFIABLE = lib.HC_UNSATISFIABLE


class Outcome(enum.IntEnum):
    """What became of an origin's answer."""

    #: Not stored. Hand on this head and the origin's body; see :attr:`Exchange.continued`.
    NOT_STORED = lib.HC_NOT_STORED
    #: Stored. Hand on either.
    STORED = lib.HC_STORED
    #: A 304 freshened the stored response (RFC 9111 4.3.4). Hand on the stored one.
    FRESHENED = lib.HC_FRESHENED
    #: The origin failed; hand on the stored response though it is stale (RFC 5861 4).
    USED_STALE = lib.HC_USED_STALE
    #: It is to be stored: write the body while it is handed on; see :attr:`Exchange.continued`.
    STORING = lib.HC_STORING
    #: The 304 fits nothing that is stored: send ``forward`` again, then report as before.
    REPEAT = lib.HC_REPEAT


class Exchange(Viewed, Closing):
    """One request on its way through the cache. One thread at a time.

    ``decision`` says what follows. After FORWARD, REVALIDATE and STALE_REVALIDATE send :attr:`forward`, and then report
    exactly one of: the whole answer (:meth:`store`); its head, the body following in pieces
    (:meth:`begin`, :meth:`write`, :meth:`end`); that there is none (:meth:`failure`). A call out of this
    order is a :class:`MisuseError` and changes nothing. Nothing here touches the network.

    Status, fields and the rest are those of what is to be handed on, as of the last call.

    An exchange may be closed at any point; what was not ended is not stored.
    """

    def __init__(self, handle: Handle, view: Any, callbacks: _callbacks.Callbacks) -> None:
        self._handle = handle
        self._view = view
        self._callbacks = callbacks

    @property
    def decision(self) -> Decision:
        """What the lookup decided."""
        with self._handle:
            return Decision(self._view.decision)

    @property
    def forward(self) -> RequestView | None:
        """The request to send: the caller's, with the conditions that are needed. ``None``: there is none."""
        with self._handle:
            request = lib.hc_exchange_forward(self._handle.pointer)
            return None if request == ffi.NULL else view(request)

    @property
    def reason(self) -> str:
        """Why the request is forwarded, as a token of RFC 9211 2.2 ("uri-miss", "stale", ...), or why an
        answer was not stored. Else empty."""
        with self._handle:
            return str(ffi.string(lib.hc_exchange_reason(self._handle.pointer)).decode())

    def explain(self) -> str:
        """The decision in words, a line for each step; without URL, field value or credential."""
        with self._handle:
            return text_of(lib.hc_exchange_explain(self._handle.pointer))

    @property
    def continued(self) -> bool:
        """Whether the origin's body is but the rest: hand on :attr:`body`, or that of :meth:`response`, which was
        stored, and then the origin's. Only with ``complete``, and after NOT_STORED and STORING; only the rest is
        written."""
        return self._flag(lib.HC_CONTINUED)

    @property
    def body(self) -> bytes | None:
        """The whole body of what is handed on; ``None`` while that is the origin's, and not stored. Where it is
        :attr:`continued`, what was stored of it."""
        with self._handle:
            if self._view.body != ffi.NULL:
                return bytes(ffi.buffer(self._view.body, self._view.body_len)[:])
        response = self.response()
        if response is None:
            return None
        with response:
            return response.body

    def response(self) -> Response | None:
        """What is handed on as an object of its own, to read its body in pieces; it outlives the exchange.

        ``None`` while there is none, or it is the origin's and not wholly stored. Where it is :attr:`continued`,
        its body is what was stored.
        """
        with self._handle:
            pointer = create(lib.hc_exchange_response, lib.hc_response_free, RESPONSE, self._handle.pointer)
        if pointer == ffi.NULL:
            return None
        return Response(Handle(pointer, "response", lib.hc_response_free), self._callbacks)

    def store(self, status: int, fields: Fields = (), body: Data = b"", *, reason: str = "") -> Outcome:
        """Reports the origin's whole answer. Waits.

        A body shorter or longer than its Content-Length is not stored.
        """
        return self._report(lib.hc_store, answer(status, fields, body, reason))

    def begin(self, status: int, fields: Fields = (), *, reason: str = "") -> Outcome:
        """Reports the head of the origin's answer. Only STORING wants the body written. Waits."""
        return self._report(lib.hc_store_begin, answer(status, fields, None, reason))

    def write(self, data: Data) -> bool:
        """Stores the next bytes of the body. Waits.

        False: it is no longer stored, and what is written from now on is dropped.
        """
        with self._handle, ffi.from_buffer(data) as piece:
            return bool(call(lib.hc_store_write, self._handle.pointer, piece, len(piece)) == lib.HC_OK)

    def end(self) -> Outcome:
        """Ends the body. Waits.

        STORED, or NOT_STORED where the body is short of its Content-Length or longer, the filter refused
        it, or the cache failed.
        """
        outcome = ffi.new(_OUTCOME)
        # The view is of the head, and this verb fills none: what it lent is taken before it ends.
        fields = self.fields
        with self._handle:
            self._settle(lib.hc_store_end, outcome)
            self._fields = fields
            if outcome[0] == lib.HC_STORED:
                self._view.flags &= ~lib.HC_CONTINUED
            return Outcome(outcome[0])

    def failure(self) -> bool:
        """Reports that the origin could not be reached, or broke off after :meth:`begin`.

        Says whether the stored response is to be handed on though it is stale (RFC 5861 4).
        """
        with self._handle:
            return bool(self._settle(lib.hc_store_failure, self._view) == lib.HC_OK)

    def _report(self, function: Any, origin: Handle) -> Outcome:
        outcome = ffi.new(_OUTCOME)
        with self._handle, origin:
            self._settle(function, origin.pointer, outcome, self._view)
        return Outcome(outcome[0])

    def _settle(self, function: Any, *arguments: Any) -> int:
        self._fields = None
        try:
            return call(function, self._handle.pointer, *arguments)
        finally:
            self._note(_callbacks.settle())

    def __repr__(self) -> str:
        if self.closed:
            return "<httpcache.Exchange closed>"
        return f"<httpcache.Exchange {self.decision.name}>"


def answer(status: int, fields: Fields, body: Data | None, reason: str) -> Handle:
    """An origin's answer, as the library takes it."""
    phrase = encode(reason, "reason phrase")
    pointer = create(lib.hc_response_new, lib.hc_response_free, RESPONSE, status, phrase, len(phrase))
    origin = Handle(pointer, "response", lib.hc_response_free)
    if fields:
        text, lengths, count = pack(fields)
        call(lib.hc_response_add_fields, origin.pointer, text, lengths, count)
    if body is not None:
        with ffi.from_buffer(body) as data:
            call(lib.hc_response_set_body, origin.pointer, data, len(data))
    return origin
