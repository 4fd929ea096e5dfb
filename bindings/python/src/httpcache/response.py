"""Responses to read from."""

from __future__ import annotations

import io
from typing import Any

from . import _callbacks
from ._handle import Handle
from ._native import ffi, lib
from ._view import Viewed, new_view, text_of
from .errors import call, raise_status
from .request import RequestView, view

_PIECE = 256 * 1024
_SIZE = ffi.typeof("size_t *")


class Response(Viewed, io.RawIOBase):
    """A response with its body, which is read as a file. One thread at a time.

    :meth:`read` and :meth:`readinto` wait for the origin's body and store it on its way; a response of
    :meth:`Cache.fetch` that is closed before its end is not stored. What the cache knows is as of now:
    a response gets its key and its times once it is stored, and ``is_expired`` changes with the clock.

    Made by :meth:`Cache.fetch`, :meth:`Cache.get`, :meth:`Exchange.response` and walks. It outlives them all.
    """

    def __init__(self, handle: Handle, callbacks: _callbacks.Callbacks) -> None:
        super().__init__()
        self._handle = handle
        self._callbacks = callbacks
        self._view = new_view()
        self._body: bytes | None = None

    def _filled(self) -> Any:
        status = lib.hc_response_view(self._handle.pointer, self._view)
        if status < 0:
            raise_status(status)
        return self._view

    @property
    def reason(self) -> str:
        """The reason phrase."""
        with self._handle:
            return text_of(self._filled().reason)

    @property
    def key(self) -> str | None:
        """The key of this variant, printable; ``None``: it is not stored."""
        with self._handle:
            return text_of(lib.hc_response_key(self._handle.pointer)) or None

    @property
    def request(self) -> RequestView | None:
        """The request that it answers; ``None``: it is not known. Of :meth:`Cache.get` and walks it is the stored one,
        with REDACTED in the place of what is not stored: for reading, not for sending."""
        with self._handle:
            request = lib.hc_response_request(self._handle.pointer)
            return None if request == ffi.NULL else view(request)

    @property
    def body_size(self) -> int | None:
        """Bytes of the whole body; ``None``: not known yet."""
        with self._handle:
            size = int(self._filled().body_size)
            return None if size < 0 else size

    @property
    def body(self) -> bytes:
        """The whole body, loaded once, whatever was read before.

        Raises :class:`MisuseError` where part of an origin's body was read and, because it is not being
        stored, is gone.
        """
        if self._body is None:
            data, size = ffi.new("void **"), ffi.new(_SIZE)
            with self._handle:
                self._call(lib.hc_response_body, data, size)
                self._body = ffi.buffer(data[0], size[0])[:] if size[0] else b""
        self._handle.check_open()
        return self._body

    def readable(self) -> bool:
        self._handle.check_open()
        return True

    def readinto(self, buffer: Any) -> int:
        """Reads the next bytes of the body; 0 at its end. May be short."""
        count = ffi.new(_SIZE)
        with self._handle, ffi.from_buffer(buffer, require_writable=True) as data:
            self._call(lib.hc_response_read, data, len(data), count)
        return int(count[0])

    def readall(self) -> bytes:
        """Reads to the end of the body."""
        pieces: list[bytes] = []
        piece = bytearray(_PIECE)
        while True:
            size = self.readinto(piece)
            if size == 0:
                return b"".join(pieces)
            pieces.append(bytes(memoryview(piece)[:size]))

    def _call(self, function: Any, *arguments: Any) -> None:
        try:
            call(function, self._handle.pointer, *arguments)
        finally:
            self._note(_callbacks.settle())

    def close(self) -> None:
        """Destroys the response. An origin's body that was not read to its end is not stored."""
        # Where the constructor was given nonsense, the finaliser of io comes here all the same.
        handle = getattr(self, "_handle", None)
        if handle is not None:
            handle.close()
        super().close()

    def __repr__(self) -> str:
        if self.closed:
            return "<httpcache.Response closed>"
        return f"<httpcache.Response {self.status} {self.url}>"


def lent(pointer: Any, callbacks: _callbacks.Callbacks) -> Response:
    """A response that belongs to the library and is there for the time of a callback."""
    return Response(Handle(pointer, "response"), callbacks)
