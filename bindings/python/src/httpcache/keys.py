"""What a key function makes a key of: ``Options.key_fn``.

    def key(request):
        return default_key(request), request.get("X-Tenant", "")

The parts are written in their order, text as UTF-8 and bytes as they are. Those that the functions below stand for
are written with their lengths, so that one is not taken for the beginning of the next.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Union

from ._native import ffi, lib
from .errors import raise_status
from .fields import Text, encode
from .request import Request


class KeyPart:
    """A part of a key that the library makes, of a request as it is when the key function has returned."""

    __slots__ = ("_arguments", "_function", "_request")

    def __init__(self, function: Any, request: Request, *arguments: Any) -> None:
        if not isinstance(request, Request):
            raise TypeError(f"a part of a key is made of a Request, not of {type(request).__name__}")
        self._function = function
        self._request = request
        self._arguments = arguments

    def _write(self, sink: Any) -> None:
        with self._request._handle:
            _check(self._function(sink, self._request._handle.pointer, *self._arguments))


#: What a key function returns.
Key = Union[str, bytes, KeyPart, Iterable[Union[str, bytes, KeyPart]]]


def default_key(request: Request) -> KeyPart:
    """The key that a request would have without a function."""
    return KeyPart(lib.hc_sink_write_default_key, request)


def url_key(request: Request) -> KeyPart:
    """The URL of a request as it would stand in a key: with sorted parameters, those that are ignored left out, and
    secrets hashed."""
    return KeyPart(lib.hc_sink_write_url, request)


def body_key(request: Request) -> KeyPart:
    """What would stand in a key for the body of a request: its kind, type and a hash of its normal form."""
    return KeyPart(lib.hc_sink_write_body, request)


def field_key(request: Request, name: Text) -> KeyPart:
    """The value of a field of a request as it would stand in a key, that there is none too."""
    text = encode(name, "field name")
    return KeyPart(lib.hc_sink_write_field, request, text, len(text))


def write(sink: Any, key: Key) -> None:
    """Writes what a key function returned."""
    for part in (key,) if isinstance(key, (str, bytes, KeyPart)) else key:
        if isinstance(part, KeyPart):
            part._write(sink)
        elif isinstance(part, (str, bytes)):
            data = part.encode() if isinstance(part, str) else part
            _check(lib.hc_sink_write(sink, data or ffi.NULL, len(data)))
        else:
            raise TypeError(f"a key is made of str, bytes and KeyPart, not of {type(part).__name__}")


def _check(status: int) -> None:
    if status < 0:
        raise_status(status)
