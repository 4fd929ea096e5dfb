"""Fetching with the library's own HTTP client."""

import socket
import threading
from datetime import timedelta

import pytest

import httpcache
from httpcache import Decision, Expiry, Request, RequestOptions
from support import decision


def get(cache, url, fields=(), **options):
    with Request("GET", url, fields, options=RequestOptions(**options)) as request:
        return cache.fetch(request)


def test_a_miss_then_a_hit(cache, origin):
    url = origin("text/hello", Cache_Control="max-age=60", X_A="1")
    with cache.fetch(url) as response:
        assert (response.status, response.url, response.from_cache) == (200, url, False)
        assert response.get("x-a") == "1"
        assert response.elapsed >= timedelta(0)
        assert response.read() == b"hello"
        assert response.key
    with cache.fetch(url) as response:
        assert (response.from_cache, response.is_expired, response.revalidated) == (True, False, False)
        assert response.body == b"hello"
        assert response.freshness_lifetime == timedelta(minutes=1)
    assert origin.count(url) == 1


def test_a_revalidation(cache, origin):
    url = origin("version/python-fetch?etag=strong")
    with cache.fetch(url) as response:
        first = response.read()
    with cache.fetch(url) as response:
        assert (response.from_cache, response.revalidated) == (True, True)
        assert response.read() == first
    origin.change("python-fetch")
    with cache.fetch(url) as response:
        assert not response.from_cache
        assert response.read() != first


def test_a_body_that_is_not_read_to_its_end_is_not_stored(cache, origin):
    url = origin("body/3000000", Cache_Control="max-age=60")
    with cache.fetch(url) as response:
        assert response.body_size == 3_000_000
        assert response.read(1000)
    assert decision(cache, url) is Decision.FORWARD


def test_the_whole_body_of_an_origin_that_is_being_stored(cache, origin):
    url = origin("body/300000", Cache_Control="max-age=60")
    with cache.fetch(url) as response:
        start = response.read(1000)
        assert response.body[: len(start)] == start
        assert len(response.body) == 300_000
    assert decision(cache, url) is Decision.FRESH


def test_redirects_are_followed(cache, origin):
    url = origin("redirect/2")
    with cache.fetch(url) as response:
        assert response.status == 200
        assert response.url.startswith(f"{origin.url}/redirect/0")
    with get(cache, url, follow=False) as response:
        assert response.status == 302
    with pytest.raises(httpcache.RedirectError):
        get(cache, url, max_redirects=1)


def test_a_request_with_a_body(cache, origin):
    with Request("POST", origin("echo/"), {"X-A": "1"}, b"question") as request:
        with cache.fetch(request) as response:
            echoed = response.read()
    assert b"X-A: 1\r\n" in echoed
    assert echoed.endswith(b"question")


@pytest.fixture
def nobody():
    """A port on which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{probe.getsockname()[1]}/"


def test_an_origin_that_is_not_there(cache, nobody):
    with pytest.raises(httpcache.ConnectError) as caught:
        cache.fetch(nobody)
    assert isinstance(caught.value, httpcache.TransportError)
    assert isinstance(caught.value, ConnectionError)
    assert caught.value.cause.source == "curl"
    assert caught.value.cause.number > 0


def test_a_host_that_has_no_name(cache):
    with pytest.raises(httpcache.ResolveError):
        cache.fetch("http://no-such-host.invalid/")


@pytest.mark.parametrize("target", ["raw/nonsense", "close"])
def test_an_answer_that_is_broken(cache, origin, target):
    with pytest.raises(httpcache.TransportError):
        get(cache, origin(target), retry=False)


def test_a_body_that_is_cut_off(cache, origin):
    url = origin("body/100000?stop=1000&then=close", Cache_Control="max-age=60")
    with cache.fetch(url) as response, pytest.raises(httpcache.ProtocolError):
        response.read()
    assert decision(cache, url) is Decision.FORWARD


def test_an_origin_that_takes_too_long(cache, origin):
    url = origin("body/1000?stop=0&then=stall&gate=python-slow")
    with pytest.raises(httpcache.TimeoutError) as caught:
        get(cache, url, head_timeout=0.05)
    assert isinstance(caught.value, TimeoutError)
    origin.ask("open/python-slow")


def test_stale_is_used_where_the_origin_fails(cache, clock, origin):
    url = origin("version/python-stale?etag=strong", Cache_Control="max-age=60")
    with cache.fetch(url) as response:
        body = response.read()
    with cache.lookup(url) as exchange:
        assert exchange.body == body
    clock.pass_(100)
    with cache.lookup(url) as exchange:
        assert exchange.decision is Decision.REVALIDATE
    with get(cache, url, {"Cache-Control": "max-stale"}, stale_if_error=Expiry.NEVER) as response:
        assert (response.from_cache, response.is_expired, response.revalidated) == (True, True, False)


def test_waiting_lets_other_threads_run(cache, origin):
    """The first fetch waits until the second thread has been through: with the lock held it never would."""
    url = origin("body/10?gate=python-gate")
    bodies = []
    thread = threading.Thread(target=lambda: bodies.append(cache.fetch(url).body))
    thread.start()
    origin.ask("waiting/python-gate?count=1")
    assert bodies == []
    origin.ask("open/python-gate")
    thread.join(30)
    assert len(bodies[0]) == 10


@pytest.mark.parametrize("read", [False, True])
def test_a_fetch_is_cancelled_from_another_thread(cache, origin, read):
    gate = f"python-cancel-{read}"
    target = "raw/?send=HTTP/1.1 200 OK%0d%0a%0d%0abody&" if read else "body/10?"
    request = Request("GET", origin(f"{target}gate={gate}"))

    def cancel():
        origin.ask(f"waiting/{gate}?count=1")
        request.cancel()

    thread = threading.Thread(target=cancel)
    thread.start()
    with pytest.raises(httpcache.CancelledError):
        cache.fetch(request).read()
    thread.join()
    origin.ask(f"open/{gate}")
    with pytest.raises(httpcache.CancelledError):
        cache.fetch(request).read()


def test_many_threads_fetch(cache, origin):
    url = origin("body/100000", Cache_Control="max-age=60")
    sizes = []

    def work():
        for _ in range(20):
            with cache.fetch(url) as response:
                sizes.append(len(response.read()))

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sizes == [100_000] * 160
