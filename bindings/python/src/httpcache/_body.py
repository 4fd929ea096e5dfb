"""Bodies as urllib3 reads them: one that is stored, and one that is being stored by being read.

Like the bodies of :mod:`http.client` they close themselves at their end; urllib3 looks for that.
"""

from __future__ import annotations

import io
import logging
from collections.abc import Generator, Iterator
from typing import Any, Callable

import urllib3

from . import errors
from .exchange import Exchange, Outcome
from .response import Response

_PIECE = 64 * 1024
_log = logging.getLogger("httpcache")


class _Body(io.RawIOBase):
    def readable(self) -> bool:
        return True

    def read1(self, size: int = -1) -> bytes:
        # Reading a raw file is one read of what is below it.
        return self.read(size if size >= 0 else _PIECE) or b""


class Stored(_Body):
    """Reads the body of a stored response."""

    def __init__(self, response: Response) -> None:
        super().__init__()
        self._response = response

    def readinto(self, buffer: Any) -> int:
        if self.closed:
            return 0
        try:
            size = self._response.readinto(buffer)
        except errors.StoreError as error:
            # A body that is damaged is for the reader what one is that broke off.
            raise urllib3.exceptions.ProtocolError(str(error), error) from error
        if size == 0 and len(memoryview(buffer)):
            self.close()
        return size

    def readall(self) -> bytes:
        pieces = []
        while piece := self.read(_PIECE):
            pieces.append(piece)
        return b"".join(pieces)

    def close(self) -> None:
        response = getattr(self, "_response", None)
        if response is not None:
            response.close()
        super().close()


class Tee(_Body):
    """Reads an origin's body as it was sent, undecoded, and writes it to an exchange on the way.

    ``origin`` is a urllib3 response. ``stored`` is called with the stored response once all of it was
    read, ``failed`` with what the filter raised. Whatever the cache does, the bytes go on to the reader.
    Of a body that is continued ``beginning`` is read first, which the exchange has.
    """

    def __init__(
        self,
        origin: Any,
        exchange: Exchange,
        stored: Callable[[Response], None],
        failed: Callable[[Exception | None], None],
        beginning: Response | None = None,
    ) -> None:
        super().__init__()
        self._origin = origin
        self._exchange = exchange
        self._stored = stored
        self._failed = failed
        self._beginning = beginning and Stored(beginning)
        self._source: Iterator[bytes] | None = None
        self._rest = memoryview(b"")

    def readinto(self, buffer: Any) -> int:
        """Reads the next bytes, at most one piece as the origin sent it."""
        view = memoryview(buffer).cast("B")
        if not self._rest:
            self._rest = memoryview(self._next(max(len(view), 1)))
        if not self._rest and len(view):
            self.close()
        size = min(len(view), len(self._rest))
        view[:size] = self._rest[:size]
        self._rest = self._rest[size:]
        return size

    def readall(self) -> bytes:
        return b"".join(self.pieces(_PIECE))

    def pieces(self, amount: int | None) -> Generator[bytes, None, None]:
        """All that is left, in pieces as they come, of at most so many bytes."""
        limit = amount or _PIECE
        while True:
            piece = self._rest or memoryview(self._next(limit))
            if not piece:
                self.close()
                return
            self._rest = piece[limit:]
            yield bytes(piece[:limit])

    def _next(self, amount: int) -> bytes:
        if self.closed:
            return b""
        try:
            if self._beginning is not None:
                known: bytes | None = self._beginning.read(amount)
                if known:
                    return known
                self._beginning = None
            if not self._origin.chunked:
                piece: bytes = self._origin.read(amount, decode_content=False)
            else:
                # Chunks are handed on as they come, never waited for until there are so many bytes.
                self._source = self._source or self._origin.stream(_PIECE, decode_content=False)
                piece = next(self._source, b"")
        except Exception:
            self._exchange.close()
            raise
        if piece:
            self._report(lambda: self._exchange.write(piece))
        else:
            self._report(self._end)
            self._exchange.close()
        return piece

    def _end(self) -> None:
        if self._exchange.end() is Outcome.STORED:
            response = self._exchange.response()
            if response is not None:
                with response:
                    self._stored(response)
        self._failed(self._exchange.filter_error)

    def _report(self, verb: Callable[[], Any]) -> None:
        """The cache does not break the reader, not even where it is in a child of the process before."""
        if self._exchange.closed:
            return
        try:
            verb()
        except errors.Error as error:
            _log.info("a body is not stored: %s", error)
            self._exchange.close()

    def close(self) -> None:
        """Ends reading. What was not read to its end is not stored, and its connection is not used again."""
        if not self.closed:
            exchange = getattr(self, "_exchange", None)
            if exchange is not None:
                # Who knows the length has no need to read on to see the end.
                if self._origin.length_remaining == 0 and not self._rest:
                    self._report(self._end)
                exchange.close()
                if self._beginning is not None:
                    self._beginning.close()
                self._origin.close()
                self._origin.release_conn()
        super().close()
