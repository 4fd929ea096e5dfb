"""What the library calls back: the filter, the functions of the key, the clock, the log.

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
from typing import TYPE_CHECKING, Any, Callable, NamedTuple, Optional

from ._native import ffi, immortal, lib
from .times import native_number

if TYPE_CHECKING:
    from .keys import Key
    from .request import Request, RequestView
    from .response import Response

    Filter = Callable[[RequestView, Response], bool]
    KeyFunction = Callable[[Request], Key]
    Normalizer = Callable[[Request], object]

Clock = Callable[[], float]
Progress = Callable[[int, int], Optional[bool]]

LEVELS = {
    lib.HC_LOG_ERROR: logging.ERROR,
    lib.HC_LOG_WARNING: logging.WARNING,
    lib.HC_LOG_INFO: logging.INFO,
    lib.HC_LOG_DEBUG: logging.DEBUG,
}

_FAILED = -1

_numbers = itertools.count(1)
_known: weakref.WeakValueDictionary[int, Known] = weakref.WeakValueDictionary()


class Failure(NamedTuple):
    """What a callback raised, and the attribute under which exchanges and responses tell it."""

    attribute: str
    error: BaseException


_left: dict[int, Failure] = {}


class Known:
    """What the library has the number of."""

    def __init__(self) -> None:
        self.number = next(_numbers)
        _known[self.number] = self

    @property
    def user(self) -> Any:
        return ffi.cast("void *", self.number)


class Callbacks(Known):
    """The callbacks of one cache. Any thread may be the one that they run on."""

    def __init__(
        self,
        filter: Filter | None,
        key_fn: KeyFunction | None,
        normalize: Normalizer | None,
        clock: Clock | None,
        logger: logging.Logger,
    ) -> None:
        super().__init__()
        self.filter = filter
        self.key_fn = key_fn
        self.normalize = normalize
        self.clock = clock
        self.logger = logger

    def ask(self, request: Any, response: Any) -> int:
        from .request import view
        from .response import lent

        def work() -> int:
            assert self.filter is not None
            handed = lent(response, self)
            try:
                return 1 if self.filter(view(request), handed) else 0
            finally:
                handed._handle.revoke()

        return self._guarded("filter", "filter_error", work)

    def make_key(self, request: Any, sink: Any) -> int:
        from .keys import write
        from .request import copy_of

        def work() -> int:
            assert self.key_fn is not None
            write(sink, self.key_fn(copy_of(request)))
            return 0

        return self._guarded("key function", "key_error", work)

    def change(self, copy: Any) -> int:
        from .request import lent

        def work() -> int:
            assert self.normalize is not None
            with lent(copy) as request:
                self.normalize(request)
            return 0

        return self._guarded("function that normalises requests", "key_error", work)

    def _guarded(self, what: str, attribute: str, work: Callable[[], int]) -> int:
        thread = threading.get_ident()
        # A callback may call a cache itself; those calls must not pick up what an earlier callback left.
        earlier = _left.pop(thread, None)
        try:
            return work()
        except BaseException as error:
            _leave(error, attribute)
            self.logger.error("the %s failed", what, exc_info=error)
            return _FAILED
        finally:
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


class Observer(Known):
    """Who is told how far a long piece of work is."""

    def __init__(self, progress: Progress) -> None:
        super().__init__()
        self.progress = progress
        self.error: BaseException | None = None

    def tell(self, done: int, total: int) -> int:
        try:
            return 1 if self.progress(done, total) is False else 0
        except BaseException as error:
            self.error = error
            return 1


def settle() -> Failure | None:
    """What callbacks left for this thread: returns the exception of one, raises an interrupt."""
    if not _left:
        return None
    left = _left.pop(threading.get_ident(), None)
    if left is None or isinstance(left.error, Exception):
        return left
    raise left.error


def _leave(error: BaseException, attribute: str = "filter_error") -> None:
    thread = threading.get_ident()
    left = _left.get(thread)
    # An interrupt of the program is not forgotten for a callback that fails after it.
    if not isinstance(error, Exception) or left is None or isinstance(left.error, Exception):
        _left[thread] = Failure(attribute, error)


def _caught(kind: Any, error: BaseException, trace: Any) -> None:
    """Gets what is raised around the callbacks: a signal's handler may run on any of these lines."""
    if isinstance(error, Exception):
        traceback.print_exception(kind, error, trace)
    else:
        _leave(error)


def _find(user: Any) -> Any:
    # Destructors that run while all is collected may come after what they belong to.
    return _known.get(int(ffi.cast("uintptr_t", user)))


def _filter(user: Any, request: Any, response: Any) -> int:
    callbacks = _find(user)
    return _FAILED if callbacks is None else callbacks.ask(request, response)


def _key(user: Any, request: Any, sink: Any) -> int:
    callbacks = _find(user)
    return _FAILED if callbacks is None else callbacks.make_key(request, sink)


def _normalize(user: Any, copy: Any) -> int:
    callbacks = _find(user)
    return _FAILED if callbacks is None else callbacks.change(copy)


def _progress(user: Any, done: int, total: int) -> int:
    observer = _find(user)
    return 1 if observer is None else observer.tell(done, total)


def _clock(user: Any) -> int:
    callbacks = _find(user)
    return round(time.time() * 1000) if callbacks is None else callbacks.now()


def _log(user: Any, level: int, message: Any, length: int) -> None:
    callbacks = _find(user)
    if callbacks is not None:
        text = ffi.unpack(message, length).decode("utf-8", "replace")
        callbacks.logger.log(LEVELS.get(level, logging.DEBUG), "%s", text)


filter_callback = immortal(ffi.callback("hc_filter_fn", _filter, error=_FAILED, onerror=_caught))
key_callback = immortal(ffi.callback("hc_key_fn", _key, error=_FAILED, onerror=_caught))
normalize_callback = immortal(ffi.callback("hc_normalize_fn", _normalize, error=_FAILED, onerror=_caught))
progress_callback = immortal(ffi.callback("hc_progress_fn", _progress, error=1, onerror=_caught))
clock_callback = immortal(ffi.callback("hc_clock_fn", _clock, onerror=_caught))
log_callback = immortal(ffi.callback("hc_log_fn", _log, onerror=_caught))
