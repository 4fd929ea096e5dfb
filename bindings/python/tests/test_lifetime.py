"""Objects are destroyed once: by hand, when they are collected in any order, and at the end of the program."""

import gc
import itertools
import os
import subprocess
import sys
import textwrap
import threading
import weakref

import pytest

import httpcache
from httpcache import Decision, MisuseError, Options, Outcome, Request
from support import FRESH, URL, body, decision, store


def is_open(directory) -> bool:
    """Whether this process has files of a cache directory open, as it has while the store is open."""
    for descriptor in os.listdir("/proc/self/fd"):
        try:
            if os.readlink(f"/proc/self/fd/{descriptor}").startswith(str(directory)):
                return True
        except FileNotFoundError:
            pass
    return False


@pytest.mark.parametrize("order", list(itertools.permutations(range(4))))
@pytest.mark.parametrize("close", [True, False])
def test_objects_go_in_any_order(directory, clock, order, close):
    cache = httpcache.Cache(directory, Options(cache_control=True, clock=clock))
    store(cache, body=bytes(200_000))
    objects = {0: cache, 1: Request("GET", URL), 2: None, 3: None}
    objects[2] = cache.lookup(objects[1])
    objects[3] = objects[2].response()
    del cache
    assert is_open(directory)
    for number in order:
        each = objects.pop(number)
        if close:
            each.close()
        del each
    assert not is_open(directory)


def test_the_collector_closes_what_is_in_a_cycle(directory):

    class Owner:
        def __init__(self):
            self.cache = httpcache.Cache(directory, Options(filter=self.filter))
            self.exchange = self.cache.lookup(URL)
            self.exchange.begin(200)
            self.itself = self

        def filter(self, request, response):
            return self.cache is not None

    gone = weakref.ref(Owner())
    gc.collect()
    assert gone() is None
    assert not is_open(directory)


def test_what_is_collected_unended_is_not_stored(cache):
    exchange = cache.lookup(URL)
    exchange.begin(200, FRESH)
    exchange.write(b"bo")
    del exchange
    assert decision(cache) is Decision.FORWARD


def test_callbacks_live_as_long_as_anything_of_the_cache(directory):
    asked = []

    def filter(request, response):
        asked.append(request.url)
        return True

    with httpcache.Cache(directory, Options(filter=filter)) as cache:
        exchange = cache.lookup(URL)
    del cache, filter
    gc.collect()
    assert exchange.store(200) is Outcome.STORED
    assert asked == [URL]
    exchange.close()


def test_a_closed_cache_serves_the_exchanges_made_from_it(open_cache):
    cache = open_cache()
    with cache.lookup(URL) as exchange:
        cache.close()
        assert exchange.store(200, (), b"body") is Outcome.STORED
    assert body(open_cache()) == b"body"


def test_a_traceback_keeps_open_nothing_that_was_closed(directory):
    cache = httpcache.Cache(directory)
    exchange = cache.lookup(URL)
    with pytest.raises(MisuseError) as caught:
        exchange.end()
    exchange.close()
    cache.close()
    assert caught.value.__traceback__ is not None
    assert not is_open(directory)


def test_a_cache_is_closed_while_others_use_it(open_cache):
    cache = open_cache(cache_control=True)
    store(cache)
    ends = []

    def work():
        try:
            while True:
                assert body(cache) == b"body"
        except httpcache.ClosedError:
            ends.append(True)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for _ in range(200):
        body(cache)
    cache.close()
    for thread in threads:
        thread.join()
    assert ends == [True] * 4


def test_many_objects_leave_nothing(cache):
    store(cache, body=bytes(100_000))
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(1000):
        exchange = cache.lookup(URL)
        response = exchange.response()
        response.read(10)
    del exchange, response
    assert len(os.listdir("/proc/self/fd")) <= before


PROGRAM = """
import sys, threading, time
import httpcache

def filter(request, response):
    return True

options = httpcache.Options(cache_control=True, filter=filter, clock=time.time, log_level=0)
cache = httpcache.Cache(sys.argv[1], options)
exchange = cache.lookup("http://h.test/")
exchange.begin(200, {"Cache-Control": "max-age=60"})
exchange.write(b"body")
with cache.lookup("http://h.test/stored") as another:
    another.store(200, {"Cache-Control": "max-age=60"}, b"body")
"""

ENDS = {
    "nothing is closed": "",
    "a cycle": "me = [exchange, cache]; me.append(me)",
    "an attribute of another module": "sys.modules['threading'].kept = (exchange, cache)",
    "an attribute of the package itself": "httpcache.kept = (exchange, cache)",
    "an attribute of builtins": "import builtins; builtins.kept = (exchange, cache)",
    "a closure of atexit": "import atexit; atexit.register(lambda: exchange.end())",
    "the modules are torn out": "sys.modules.clear()",
    "an exception": "raise SystemExit(0)",
    "a thread that waits": "threading.Thread(target=time.sleep, args=(3600,), daemon=True).start()",
    "a thread that works": textwrap.dedent(
        """
        def work():
            while True:
                cache.lookup('http://h.test/stored').close()
        for _ in range(4):
            threading.Thread(target=work, daemon=True).start()
        """
    ),
}


@pytest.mark.parametrize("name", ENDS)
def test_a_program_ends_with_objects_that_are_open(directory, name):
    result = run(PROGRAM + ENDS[name], directory)
    assert (result.returncode, result.stderr) == (0, "")


def run(code, directory):
    environment = {**os.environ, "PYTHONPATH": ":".join(sys.path)}
    command = [sys.executable, "-X", "faulthandler", "-c", code, str(directory)]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60)


AFTER_THE_MODULES = (
    PROGRAM
    + """
import gc
from httpcache import _callbacks
from httpcache._native import ffi, lib
request = httpcache.Request("GET", "http://h.test/")
# As the interpreter does at its end, and in whatever order.
for name in vars(_callbacks).copy():
    setattr(_callbacks, name, None)
gc.collect()
out = ffi.new("hc_exchange **")
assert lib.hc_lookup(cache._pointer, request._handle.pointer, ffi.NULL, out, ffi.NULL) == 0
"""
)


def test_a_callback_that_comes_when_the_modules_are_gone_is_no_crash(directory):
    result = run(AFTER_THE_MODULES, directory)
    assert result.returncode == 0
