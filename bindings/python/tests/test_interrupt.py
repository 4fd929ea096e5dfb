"""Ctrl-C: what waits returns first, then KeyboardInterrupt is raised, and nothing leaks."""

import gc
import os
import signal
import threading

import pytest

from httpcache import Decision
from support import FRESH, URL, body, decision, store


@pytest.fixture(autouse=True)
def default_handler():
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def interrupted_fetch(cache, origin, name):
    url = origin(f"body/100000?gate=python-interrupt-{name}", Cache_Control="max-age=60")

    def interrupt():
        origin.ask(f"waiting/python-interrupt-{name}?count=1")
        signal.raise_signal(signal.SIGINT)
        origin.ask(f"open/python-interrupt-{name}")

    thread = threading.Thread(target=interrupt)
    thread.start()
    with pytest.raises(KeyboardInterrupt):
        cache.fetch(url)
    thread.join()
    return url


@pytest.mark.parametrize("has_clock", [False, True])
def test_a_fetch_that_is_interrupted_leaves_nothing_open(open_cache, clock, origin, has_clock):
    """The handler runs when the call has returned, or in a callback if there is one."""
    cache = open_cache(cache_control=True, clock=clock if has_clock else None)
    interrupted_fetch(cache, origin, f"{has_clock}-0")
    gc.collect()
    before = len(os.listdir("/proc/self/fd"))
    urls = [interrupted_fetch(cache, origin, f"{has_clock}-{number}") for number in range(1, 11)]
    gc.collect()
    # What a client keeps to use again is not one connection for each that was given up.
    assert len(os.listdir("/proc/self/fd")) < before + 10
    for url in urls:
        assert decision(cache, url) is Decision.FORWARD
    with cache.fetch(urls[0]) as response:
        assert len(response.read()) == 100_000


@pytest.mark.parametrize("where", ["clock", "filter", "log"])
def test_an_interrupt_inside_of_a_callback_is_raised_by_the_call(open_cache, where):
    armed = []

    def strike(*_, **__):
        if armed:
            armed.clear()
            signal.raise_signal(signal.SIGINT)
        return True

    class Logger:
        log = error = staticmethod(strike)

    def clock():
        if where == "clock":
            strike()
        return 1_700_000_000.0

    def filter(request, response):
        if where == "filter":
            return strike()
        if where == "log" and armed:
            raise ValueError("to be logged")
        return True

    cache = open_cache(cache_control=True, clock=clock, filter=filter, logger=Logger())
    store(cache)
    armed.append(True)
    with pytest.raises(KeyboardInterrupt):
        cache.lookup(URL)
    assert not armed
    assert body(cache) == b"body"
    with cache.lookup(URL + "2") as exchange:
        armed.append(True)
        with pytest.raises(KeyboardInterrupt):
            exchange.store(200, FRESH)
    assert body(cache) == b"body"
