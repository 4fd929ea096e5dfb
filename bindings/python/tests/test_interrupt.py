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


def test_a_fetch_that_is_interrupted_leaves_nothing_open(cache, origin):
    url = origin("body/100000?gate=python-interrupt", Cache_Control="max-age=60")
    open_before = len(os.listdir("/proc/self/fd"))

    def interrupt():
        origin.ask("waiting/python-interrupt?count=1")
        signal.raise_signal(signal.SIGINT)
        origin.ask("open/python-interrupt")

    thread = threading.Thread(target=interrupt)
    thread.start()
    with pytest.raises(KeyboardInterrupt) as caught:
        cache.fetch(url)
    thread.join()
    caught.value.__traceback__ = None
    del caught
    gc.collect()
    assert decision(cache, url) is Decision.FORWARD
    # The connection of a body that nobody can read any more was closed with it.
    assert len(os.listdir("/proc/self/fd")) <= open_before + 1
    with cache.fetch(url) as response:
        assert len(response.read()) == 100_000


@pytest.mark.parametrize("where", ["clock", "filter", "log"])
def test_an_interrupt_inside_of_a_callback_is_raised_by_the_call(open_cache, where):
    armed = []

    def strike(*_):
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
