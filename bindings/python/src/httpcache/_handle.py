"""Native objects as Python holds them: destroyed once, used by one thread at a time."""

from __future__ import annotations

import threading
from typing import Any

from ._native import ffi, lib
from .errors import MisuseError, call, closed


class Handle:
    """A native object of the kind that one thread at a time may use.

    ``with handle:`` claims it for a call. A second thread that comes meanwhile, or a callback that comes
    back from inside of the call, gets a :class:`MisuseError`; nobody waits, so nobody can wait for ever.

    Closing only drops the reference. A call that still runs in another thread holds one of its own, and
    the object is destroyed when that call returns. So the pointer is kept in no variable but here.
    """

    __slots__ = ("_lock", "_what", "pointer")

    def __init__(self, pointer: Any, what: str, destroy: Any = None) -> None:
        self.pointer = pointer if destroy is None else ffi.gc(pointer, destroy)
        self._what = what
        self._lock = threading.Lock()

    def __enter__(self) -> None:
        if not self._lock.acquire(blocking=False):
            raise MisuseError(lib.HC_E_MISUSE, f"the {self._what} is in use by another call")
        if self.pointer is None:
            self._lock.release()
            self.check_open()

    def __exit__(self, *_: object) -> None:
        self._lock.release()

    @property
    def closed(self) -> bool:
        return self.pointer is None

    def check_open(self) -> None:
        if self.pointer is None:
            raise closed(self._what)

    def close(self) -> None:
        self.pointer = None

    def revoke(self) -> None:
        """Ends the use of a lent object, after the call that may be using it in another thread."""
        with self._lock:
            self.pointer = None


def create(function: Any, destroy: Any, kind: Any, *arguments: Any) -> Any:
    """Calls a function that writes an object before its error output; returns the pointer."""
    out = ffi.new(kind)
    try:
        call(function, *arguments, out)
    except BaseException:
        # A KeyboardInterrupt comes when the call has returned, and then the object is there.
        destroy(out[0])
        raise
    finally:
        del arguments
    return out[0]


CACHE = ffi.typeof("hc_cache **")
EXCHANGE = ffi.typeof("hc_exchange **")
ITER = ffi.typeof("hc_iter **")
REQUEST = ffi.typeof("hc_request **")
RESPONSE = ffi.typeof("hc_response **")


class Closing:
    """What is closed by hand, by ``with``, or when it is collected, whichever comes first."""

    _handle: Handle

    @property
    def closed(self) -> bool:
        """Whether it was closed."""
        return self._handle.closed

    def close(self) -> None:
        """Destroys the native object. Any thread may, and again is nothing."""
        self._handle.close()

    def __enter__(self) -> Any:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
