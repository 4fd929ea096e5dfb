"""The end of the interpreter, and the threads that go on to it.

Daemon threads are stopped by the interpreter where they next ask for its lock. One that is stopped as a
callback begins is unwound through the library, and that ends the process with an abort. So calls are
counted, and before the interpreter ends it is waited, for a short while, until none runs any more.
"""

from __future__ import annotations

import atexit
import os
import threading
import time
from typing import Any

_PATIENCE = 2.0

_get_ident = threading.get_ident
_running: set[int] = set()
_is_ending = False


def run(function: Any, arguments: Any, error: Any) -> Any:
    """Runs a call of the library that may call back."""
    thread = _get_ident()
    if thread in _running:
        # A call inside of a callback of another one, which stands for both.
        return function(*arguments, error)
    if _is_ending and threading.current_thread().daemon:
        while True:
            time.sleep(3600)
    _running.add(thread)
    try:
        return function(*arguments, error)
    finally:
        _running.discard(thread)
        del arguments


def _end() -> None:
    global _is_ending
    _is_ending = True
    end = time.monotonic() + _PATIENCE
    while _running and time.monotonic() < end:
        time.sleep(0.001)


atexit.register(_end)
os.register_at_fork(after_in_child=_running.clear)
