"""os.fork and multiprocessing: the cache works in parent and child, other objects only in the parent."""

import multiprocessing
import threading

import pytest
import requests

import httpcache
from httpcache import Decision, MisuseError, Options, Outcome, Request
from httpcache.requests import CacheAdapter
from support import FRESH, URL, body, decision, in_child, store

LARGE = bytes(range(256)) * 800


@pytest.fixture
def filled(cache):
    store(cache)
    store(cache, URL + "large", LARGE)
    cache.flush()
    return cache


def use(cache):
    assert body(cache) == b"body"
    assert body(cache, URL + "large") == LARGE
    assert store(cache, URL + "child", LARGE) is Outcome.STORED
    assert body(cache, URL + "child") == LARGE
    cache.flush()
    assert cache.stats().errors == 0


def test_the_cache_works_in_child_and_parent(filled):
    assert in_child(lambda: use(filled)) == 0
    assert body(filled, URL + "child") == LARGE
    use(filled)


def test_a_child_may_close_the_cache(filled):
    assert in_child(lambda: (use(filled), filled.close())) == 0
    use(filled)


def test_a_child_may_fork_as_well(filled):
    def fork_again():
        store(filled, URL + "child")
        filled.flush()
        assert in_child(lambda: use(filled)) == 0
        assert body(filled, URL + "child") == LARGE

    assert in_child(fork_again) == 0
    use(filled)


def test_a_filter_and_a_clock_work_in_the_child(directory, clock):
    asked = []
    options = Options(cache_control=True, filter=lambda *lent: asked.append(lent) or True, clock=clock)
    with httpcache.Cache(directory, options) as cache:
        store(cache)
        cache.flush()

        def use_filter():
            asked.clear()
            assert body(cache) == b"body"
            assert len(asked) == 1
            clock.pass_(100)
            assert decision(cache) is Decision.FORWARD

        assert in_child(use_filter) == 0
        assert body(cache) == b"body"


MISUSE = {
    "exchange.store": lambda w: w["miss"].store(200),
    "exchange.begin": lambda w: w["miss"].begin(200),
    "exchange.failure": lambda w: w["miss"].failure(),
    "exchange.write": lambda w: w["begun"].write(b"a"),
    "exchange.end": lambda w: w["begun"].end(),
    "exchange.response": lambda w: w["fresh"].response(),
    "response.read": lambda w: w["response"].read(1),
    "response.body": lambda w: w["response"].body,
    "response.status": lambda w: w["response"].status,
}


@pytest.fixture
def world(filled):
    world = {
        "cache": filled,
        "request": Request("GET", URL),
        "fresh": filled.lookup(URL + "large"),
        "miss": filled.lookup(URL + "miss"),
        "begun": filled.lookup(URL + "begun"),
    }
    world["begun"].begin(200, FRESH)
    world["begun"].write(LARGE)
    world["response"] = world["fresh"].response()
    return world


@pytest.mark.parametrize("name", MISUSE)
def test_an_object_from_before_is_misuse(world, name):
    def misuse():
        with pytest.raises(MisuseError):
            MISUSE[name](world)
        use(world["cache"])
        for each in world.values():
            each.close()

    assert in_child(misuse) == 0
    goes_on(world)


def test_a_request_from_before_works_in_the_child(world):
    def ask():
        request = world["request"]
        with world["cache"].lookup(request) as exchange:
            assert exchange.body == b"body"
        request.add("Cache-Control", "no-cache")
        with world["cache"].lookup(request) as exchange:
            assert exchange.store(200, FRESH, b"child") is Outcome.STORED
        world["cache"].flush()

    assert in_child(ask) == 0
    assert world["request"].fields == []
    assert body(world["cache"]) == b"child"
    goes_on(world)


def test_objects_from_before_may_be_collected(world):
    assert in_child(world.clear) == 0
    goes_on(world)


def goes_on(world):
    """Whatever the child did, what was begun before goes on in the parent."""
    assert world["begun"].end() is Outcome.STORED
    assert body(world["cache"], URL + "begun") == LARGE
    assert world["response"].read() == LARGE
    assert world["miss"].store(200, FRESH) is Outcome.STORED


def test_a_process_with_threads_may_fork(filled):
    stop = threading.Event()

    def work(number):
        while not stop.is_set():
            store(filled, f"{URL}thread-{number}", LARGE)
            assert body(filled, URL + "large") == LARGE

    threads = [threading.Thread(target=work, args=(number,)) for number in range(3)]
    for thread in threads:
        thread.start()
    try:
        assert [in_child(lambda: use(filled)) for _ in range(5)] == [0] * 5
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    use(filled)


def test_an_object_that_is_in_use_at_the_fork_is_misuse_and_no_deadlock(cache):
    request = Request("GET", URL)

    def misuse():
        with pytest.raises(MisuseError):
            cache.lookup(request)

    with request._handle:
        assert in_child(misuse) == 0


def worker(url):
    """With multiprocessing's fork the global of the parent is there."""
    with SHARED.lookup(url) as exchange:
        if exchange.decision is Decision.FORWARD:
            outcome = exchange.store(200, FRESH, url.encode())
            SHARED.flush()
            return outcome.name
        return exchange.body.decode()


SHARED = None


def test_a_pool_of_processes_shares_a_cache(filled):
    global SHARED
    SHARED = filled
    urls = [f"{URL}{number}" for number in range(20)]
    try:
        with multiprocessing.get_context("fork").Pool(4) as pool:
            assert pool.map(worker, urls) == ["STORED"] * 20
            assert pool.map(worker, urls) == urls
    finally:
        SHARED = None
    assert [body(filled, url) for url in urls] == [url.encode() for url in urls]


def failing(directory):
    httpcache.Cache(directory + "\0")


def test_an_error_comes_back_from_another_process(directory):
    with (
        multiprocessing.get_context("fork").Pool(1) as pool,
        pytest.raises(httpcache.ArgumentError) as caught,
    ):
        pool.apply(failing, [str(directory)])
    assert caught.value.message == "the path holds a NUL"


def test_a_session_works_in_the_child(cache, origin):
    url = origin("body/100000", Cache_Control="max-age=60")
    with requests.Session() as session:
        session.trust_env = False
        session.mount("http://", CacheAdapter(cache))
        content = session.get(url).content
        cache.flush()

        def ask():
            response = session.get(url)
            assert response.from_cache
            assert response.content == content
            assert not session.get(url + "&child").from_cache
            cache.flush()

        assert in_child(ask) == 0
        assert session.get(url + "&child").from_cache


def test_a_body_that_is_being_stored_reaches_the_child_all_the_same(cache, origin):
    """The child goes on to read; what it reads is not stored, and nothing breaks."""
    url = origin("body/100000", Cache_Control="max-age=60")
    with requests.Session() as session:
        session.trust_env = False
        session.mount("http://", CacheAdapter(cache))
        response = session.get(url, stream=True)
        start = response.raw.read(10)

        def read():
            assert len(start) + len(response.raw.read()) == 100_000

        assert in_child(read) == 0
        response.close()
    assert decision(cache, url) is Decision.FORWARD
