"""An HTTP cache (RFC 9111) that programs of several languages and processes can share.

    >>> with httpcache.Cache("cache", httpcache.Options(cache_control=True)) as cache:
    ...     with cache.fetch("https://example.org/") as response:
    ...         print(response.status, response.from_cache, len(response.body))

:class:`Cache` opens a directory. :meth:`Cache.fetch` answers with the library's own HTTP client,
:meth:`Cache.lookup` serves any other one, and ``httpcache.requests`` is an adapter for Requests.
"""

from ._native import ffi as _ffi
from ._native import lib as _lib
from .cache import Cache, Rekeyed, Stats
from .errors import (
    ArgumentError,
    BusyError,
    CallbackError,
    CancelledError,
    Cause,
    ClosedError,
    ConflictError,
    ConnectError,
    CorruptError,
    Error,
    FieldError,
    ForeignOwnerError,
    FullError,
    InputOutputError,
    InternalError,
    MethodError,
    MismatchError,
    MisuseError,
    NewerFormatError,
    NoMemoryError,
    NotDirectoryError,
    PermissionError,
    ProtocolError,
    ReadOnlyError,
    RedirectError,
    ResolveError,
    StoreError,
    SymlinkError,
    TimeoutError,
    TLSError,
    TooLargeError,
    TransportError,
    UnsupportedError,
    URLError,
)
from .exchange import Decision, Exchange, Outcome
from .keys import KeyPart, body_key, default_key, field_key, url_key
from .maintenance import Updated, Verification
from .options import Durability, Options, Place, RequestOptions, default_ignored
from .request import Request, RequestView
from .response import Response
from .times import Expiry
from .walk import Match, Order, Query, Stored, Walk

__version__ = _ffi.string(_lib.hc_version()).decode()


def has_feature(name: str) -> bool:
    """Whether the library was built with a feature: "lmdb" (the store), "fetch" (Cache.fetch)."""
    return bool(_lib.hc_has_feature(name.encode("utf-8", "replace").split(b"\0")[0]))


__all__ = [
    "ArgumentError",
    "BusyError",
    "Cache",
    "CallbackError",
    "CancelledError",
    "Cause",
    "ClosedError",
    "ConflictError",
    "ConnectError",
    "CorruptError",
    "Decision",
    "Durability",
    "Error",
    "Exchange",
    "Expiry",
    "FieldError",
    "ForeignOwnerError",
    "FullError",
    "InputOutputError",
    "InternalError",
    "KeyPart",
    "Match",
    "MethodError",
    "MismatchError",
    "MisuseError",
    "NewerFormatError",
    "NoMemoryError",
    "NotDirectoryError",
    "Options",
    "Order",
    "Outcome",
    "PermissionError",
    "Place",
    "ProtocolError",
    "Query",
    "ReadOnlyError",
    "RedirectError",
    "Rekeyed",
    "Request",
    "RequestOptions",
    "RequestView",
    "ResolveError",
    "Response",
    "Stats",
    "StoreError",
    "Stored",
    "SymlinkError",
    "TLSError",
    "TimeoutError",
    "TooLargeError",
    "TransportError",
    "URLError",
    "UnsupportedError",
    "Updated",
    "Verification",
    "Walk",
    "body_key",
    "default_ignored",
    "default_key",
    "field_key",
    "has_feature",
    "url_key",
]
