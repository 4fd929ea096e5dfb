"""A body that is stored while somebody reads it."""

from __future__ import annotations

import io
import logging
from collections.abc import Generator, Iterator
from typing import Any, Callable

from . import errors
from .exchange import Exchange, Outcome
from .response import Response

_PIECE = 64 * 1024
_log = logging.getLogger("httpcache")


class Tee(io.RawIOBase):
    """Reads an origin's body as it was sent, undecoded, and writes it to an exchange on the way.

    ``origin`` is a urllib3 response. ``stored`` is called with the stored response once all of it was
    read, ``failed`` with what the filter raised. Whatever the cache does, the bytes go on to the reader.
    """

    def __init__(
        self,
        origin: Any,
        exchange: Exchange,
        stored: Callable[[Response], None],
        failed: Callable[[Exception | None], None],
    ) -> None:
        super().__init__()
        self._origin = origin
        self._exchange = exchange
        self._stored = stored
        self._failed = failed
        self._source: Iterator[bytes] | None = None
        self._rest = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        """Reads the next bytes, at most one piece as the origin sent it."""
        view = memoryview(buffer).cast("B")
        if not self._rest:
            self._rest = memoryview(self._next(max(len(view), 1)))
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
            if not self._origin.chunked:
                piece: bytes = self._origin.read(amount, decode_content=False)
            else:
                # Chunks are handed on as they come, never waited for until there are so many bytes.
                self._source = self._source or self._origin.stream(_PIECE, decode_content=False)
                piece = next(self._source, b"")
        except Exception:
            self._report(self._exchange.failure)
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
                exchange.close()
                self._origin.close()
                self._origin.release_conn()
        super().close()
