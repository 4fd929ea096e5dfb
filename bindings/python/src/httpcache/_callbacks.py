"""What the library calls back: the filter, the clock, the log.

C gets a number, never a Python object. What belongs to the number is kept alive by the cache, and by the
exchanges and responses made from it, so a filter that refers to its own cache is collected with it.

No exception crosses C. What one leaves behind is kept for its thread, and the method that made the call
picks it up by :func:`settle`.
"""

from __future__ import annotations

import itertools
import logging
import threading
import time
import traceback
import weakref
from typing import TYPE_CHECKING, Any, Callable

from ._native import ffi, immortal, lib
from .times import native_number

if TYPE_CHECKING:
    from .request import RequestView
    from .response import Response

    Filter = Callable[[RequestView, Response], bool]

Clock = Callable[[], float]

LEVELS = {
    lib.HC_LOG_ERROR: logging.ERROR,
    lib.HC_LOG_WARNING: logging.WARNING,
    lib.HC_LOG_INFO: logging.INFO,
    lib.HC_LOG_DEBUG: logging.DEBUG,
}

_FILTER_FAILED = -1

_numbers = itertools.count(1)
_known: weakref.WeakValueDictionary[int, Callbacks] = weakref.WeakValueDictionary()
_left: dict[int, BaseException] = {}


class Callbacks:
    """The callbacks of one cache. Any thread may be the one that they run on."""

    def __init__(self, filter: Filter | None, clock: Clock | None, logger: logging.Logger) -> None:
        self.filter = filter
        self.clock = clock
        self.logger = logger
        self.number = next(_numbers)
        _known[self.number] = self

    @property
    def user(self) -> Any:
        return ffi.cast("void *", self.number)

    def ask(self, request: Any, response: Any) -> int:
        from .request import view
        from .response import lent

        assert self.filter is not None
        thread = threading.get_ident()
        # The filter may call the cache itself; those calls must not pick up what an earlier filter left.
        earlier = _left.pop(thread, None)
        response = lent(response, self)
        try:
            return 1 if self.filter(view(request), response) else 0
        except BaseException as error:
            _leave(error)
            self.logger.error("the filter failed", exc_info=error)
            return _FILTER_FAILED
        finally:
            response._handle.revoke()
            if earlier is not None:
                _left.setdefault(thread, earlier)

    def now(self) -> int:
        assert self.clock is not None
        try:
            return native_number(round(self.clock() * 1000))
        except BaseException as error:
            if not isinstance(error, Exception):
                _leave(error)
            self.logger.error("the clock failed; the system's is used", exc_info=error)
            return round(time.time() * 1000)


def settle() -> Exception | None:
    """What callbacks left for this thread: returns the filter's exception, raises an interrupt."""
    if not _left:
        return None
    left = _left.pop(threading.get_ident(), None)
    if left is None or isinstance(left, Exception):
        return left
    raise left


def _leave(error: BaseException) -> None:
    thread = threading.get_ident()
    # An interrupt of the program is not forgotten for a filter that fails after it.
    if not isinstance(error, Exception) or isinstance(_left.get(thread), (type(None), Exception)):
        _left[thread] = error


def _caught(kind: Any, error: BaseException, trace: Any) -> None:
    """Gets what is raised around the callbacks: a signal's handler may run on any of these lines."""
    if isinstance(error, Exception):
        traceback.print_exception(kind, error, trace)
    else:
        _leave(error)


def _find(user: Any) -> Callbacks | None:
    # Destructors that run while all is collected may come after what they belong to.
    return _known.get(int(ffi.cast("uintptr_t", user)))


def _filter(user: Any, request: Any, response: Any) -> int:
    callbacks = _find(user)
    return _FILTER_FAILED if callbacks is None else callbacks.ask(request, response)


def _clock(user: Any) -> int:
    callbacks = _find(user)
    return round(time.time() * 1000) if callbacks is None else callbacks.now()


def _log(user: Any, level: int, message: Any, length: int) -> None:
    callbacks = _find(user)
    if callbacks is not None:
        text = ffi.unpack(message, length).decode("utf-8", "replace")
        callbacks.logger.log(LEVELS.get(level, logging.DEBUG), "%s", text)


filter_callback = immortal(ffi.callback("hc_filter_fn", _filter, error=_FILTER_FAILED, onerror=_caught))
clock_callback = immortal(ffi.callback("hc_clock_fn", _clock, onerror=_caught))
log_callback = immortal(ffi.callback("hc_log_fn", _log, onerror=_caught))
