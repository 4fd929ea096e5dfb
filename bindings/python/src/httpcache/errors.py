"""What goes wrong, as exceptions: one class for each status of ``httpcache.h``.

All are :class:`Error`. Those for a value that the caller gave are also :class:`ValueError`, and others
have the built-in exception of their kind as a second base where Python has one.
"""

from __future__ import annotations

import builtins
from typing import Any, NamedTuple, NoReturn

from ._ending import run
from ._native import ffi, lib


class Cause(NamedTuple):
    """The number below an error, and whose it is: "errno", "lmdb", "curl" or "callback"."""

    source: str
    number: int


class Error(Exception):
    """A call failed. ``status`` is the number of ``httpcache.h``, ``message`` says what failed and why."""

    def __init__(self, status: int, message: str, cause: Cause | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.cause = cause

    # As the result of another process it arrives whole.
    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.status, self.message, self.cause)


class ArgumentError(Error, ValueError):
    """An argument is not what the call takes."""


class MisuseError(Error):
    """The call came out of order, from a second thread at once, or with an exchange or response from before a fork."""


class ClosedError(MisuseError, ValueError):
    """The object was closed."""


class UnsupportedError(Error):
    """The option or the feature is not in this build of the library."""


class NoMemoryError(Error, MemoryError):
    """Memory could not be reserved."""


class InternalError(Error):
    """A bug in the library; close the object."""


class ConflictError(Error):
    """Two options contradict each other."""


class MismatchError(Error):
    """An option contradicts what the cache directory was made with."""


class StoreError(Error):
    """The cache directory cannot be opened, or a stored body cannot be read."""


class InputOutputError(StoreError):
    """Reading or writing failed."""


class FullError(StoreError):
    """The disk or a quota is full."""


class CorruptError(StoreError):
    """What is stored is damaged."""


class NewerFormatError(StoreError):
    """The directory was written by a newer version."""


class BusyError(StoreError):
    """Another process, or another copy of the library in this one, holds the directory."""


class ReadOnlyError(StoreError):
    """The file system can be read but not written."""


class PermissionError(StoreError, builtins.PermissionError):
    """The system refuses access."""


class NotDirectoryError(StoreError, NotADirectoryError):
    """The path leads to something that is no directory."""


class ForeignOwnerError(StoreError):
    """The directory belongs to another user."""


class SymlinkError(StoreError):
    """The directory is a symbolic link."""


class URLError(Error, ValueError):
    """The URL cannot be requested."""


class FieldError(Error, ValueError):
    """A field name or value is malformed."""


class TooLargeError(Error):
    """A limit was exceeded."""


class MethodError(Error, ValueError):
    """The method is no token."""


class TransportError(Error):
    """The exchange with the origin failed."""


class TimeoutError(TransportError, builtins.TimeoutError):
    """The origin, or what :meth:`Cache.flush` waits for, took too long."""


class CancelledError(TransportError):
    """The caller cancelled."""


class ResolveError(TransportError):
    """The host name could not be resolved."""


class ConnectError(TransportError, ConnectionError):
    """No connection could be made."""


class TLSError(TransportError):
    """TLS could not be set up, or the peer is not who it should be."""


class ProtocolError(TransportError):
    """The origin's answer is broken or was cut off."""


class RedirectError(TransportError):
    """Too many redirects, or one that may not be followed."""


class CallbackError(Error):
    """A callback failed."""


BY_STATUS: dict[int, type[Error]] = {
    lib.HC_E_ARGUMENT: ArgumentError,
    lib.HC_E_MISUSE: MisuseError,
    lib.HC_E_UNSUPPORTED: UnsupportedError,
    lib.HC_E_NO_MEMORY: NoMemoryError,
    lib.HC_E_INTERNAL: InternalError,
    lib.HC_E_CONFLICT: ConflictError,
    lib.HC_E_MISMATCH: MismatchError,
    lib.HC_E_IO: InputOutputError,
    lib.HC_E_FULL: FullError,
    lib.HC_E_CORRUPT: CorruptError,
    lib.HC_E_NEWER_FORMAT: NewerFormatError,
    lib.HC_E_BUSY: BusyError,
    lib.HC_E_READ_ONLY: ReadOnlyError,
    lib.HC_E_PERMISSION: PermissionError,
    lib.HC_E_NOT_DIRECTORY: NotDirectoryError,
    lib.HC_E_FOREIGN_OWNER: ForeignOwnerError,
    lib.HC_E_SYMLINK: SymlinkError,
    lib.HC_E_URL: URLError,
    lib.HC_E_FIELD: FieldError,
    lib.HC_E_TOO_LARGE: TooLargeError,
    lib.HC_E_METHOD: MethodError,
    lib.HC_E_TRANSPORT: TransportError,
    lib.HC_E_TIMEOUT: TimeoutError,
    lib.HC_E_CANCELLED: CancelledError,
    lib.HC_E_RESOLVE: ResolveError,
    lib.HC_E_CONNECT: ConnectError,
    lib.HC_E_TLS: TLSError,
    lib.HC_E_PROTOCOL: ProtocolError,
    lib.HC_E_REDIRECT: RedirectError,
    lib.HC_E_CALLBACK: CallbackError,
}

_OUT = ffi.typeof("hc_error **")


def closed(what: str) -> ClosedError:
    return ClosedError(lib.HC_E_MISUSE, f"the {what} is closed")


def argument(message: str) -> ArgumentError:
    return ArgumentError(lib.HC_E_ARGUMENT, message)


def raise_status(status: int, error: Any = ffi.NULL) -> NoReturn:
    """Raises what a call reported, and destroys the native error."""
    kind = BY_STATUS.get(status, Error)
    if error == ffi.NULL:
        raise kind(status, ffi.string(lib.hc_strerror(status)).decode())
    error = ffi.gc(error, lib.hc_error_free)
    number = ffi.new("int32_t *")
    source = lib.hc_error_cause(error, number)
    cause = None if source == ffi.NULL else Cause(ffi.string(source).decode(), number[0])
    raise kind(status, ffi.string(lib.hc_error_message(error)).decode("utf-8", "replace"), cause)


def call(function: Any, *arguments: Any) -> int:
    """Calls a function whose last argument is its error output, and raises what it reports."""
    error = ffi.new(_OUT)
    status: int = run(function, arguments, error)
    if status < 0:
        # The traceback keeps this frame, and must not keep the native objects with it.
        del arguments
        raise_status(status, error[0])
    return status
