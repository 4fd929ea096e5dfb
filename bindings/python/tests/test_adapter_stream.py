"""The adapter while a body is on its way, and when the origin fails."""

import socket
import threading

import pytest
import requests
import urllib3

from httpcache import Decision, Expiry
from httpcache.requests import CacheAdapter
from support import decision


@pytest.fixture
def mounted(open_cache):
    sessions = []

    def mount(cache=None, **options):
        session = requests.Session()
        session.trust_env = False
        session.mount("http://", CacheAdapter(cache or open_cache(cache_control=True, **options)))
        sessions.append(session)
        return session

    yield mount
    for session in sessions:
        session.close()


@pytest.mark.parametrize("framing", ["", "?chunked"])
@pytest.mark.parametrize("size", [100, 10_000, None])
def test_a_body_in_pieces_is_stored_at_its_end(mounted, cache, origin, framing, size):
    session = mounted(cache)
    url = origin(f"body/300000{framing}", Cache_Control="max-age=60")
    with session.get(url, stream=True) as response:
        assert response.key is None
        first = b""
        for piece in response.iter_content(size):
            assert size is None or len(piece) <= size
            first += piece
        assert response.key
        assert not response.from_cache
    with session.get(url, stream=True) as response:
        assert response.from_cache
        assert b"".join(response.iter_content(size)) == first
    assert len(first) == 300_000


@pytest.mark.parametrize("framing", ["", "?chunked"])
@pytest.mark.parametrize("read", [0, 10, 299_999])
def test_a_body_that_is_given_up_is_not_stored(mounted, cache, origin, read, framing):
    session = mounted(cache)
    url = origin(f"body/300000{framing}", Cache_Control="max-age=60")
    with session.get(url, stream=True) as response:
        assert len(response.raw.read(read)) == read
    assert decision(cache, url) is Decision.FORWARD
    assert not session.get(url).from_cache


def test_a_body_of_which_each_byte_was_read_is_stored(mounted, cache, origin):
    session = mounted(cache)
    url = origin("body/300000", Cache_Control="max-age=60")
    with session.get(url, stream=True) as response:
        assert len(response.raw.read(300_000)) == 300_000
    assert decision(cache, url) is Decision.FRESH


def test_a_body_that_is_collected_is_not_stored(mounted, cache, origin):
    session = mounted(cache)
    url = origin("body/300000", Cache_Control="max-age=60")
    response = session.get(url, stream=True)
    response.raw.read(10)
    del response
    assert decision(cache, url) is Decision.FORWARD


def test_chunks_are_handed_on_as_they_come(mounted, cache, origin):
    """The second chunk is sent only when the first has been read."""
    session = mounted(cache)
    send = (
        "HTTP/1.1 200 OK%0d%0aCache-Control: max-age=60%0d%0aTransfer-Encoding: chunked%0d%0a%0d%0a5%0d%0afirst%0d%0a"
    )
    url = origin(f"raw/?send={send}&gate=python-chunks&more=6%0d%0asecond%0d%0a0%0d%0a%0d%0a")
    with session.get(url, stream=True) as response:
        content = response.iter_content(10_000)
        assert next(content) == b"first"
        origin.ask("open/python-chunks")
        assert list(content) == [b"second"]
    assert session.get(url).from_cache
    assert session.get(url).content == b"firstsecond"


@pytest.mark.parametrize("way", ["read", "read1", "stream", "lines", "text", "content"])
def test_all_ways_to_read(mounted, cache, origin, way):
    session = mounted(cache)
    url = origin("text/one%0atwo%0athree", Cache_Control="max-age=60")
    for from_cache in (False, True):
        with session.get(url, stream=True) as response:
            read = {
                "read": lambda r=response: r.raw.read(),
                "read1": lambda r=response: b"".join(iter(lambda: r.raw.read1(4), b"")),
                "stream": lambda r=response: b"".join(r.raw.stream(4)),
                "lines": lambda r=response: b"\n".join(r.iter_lines()),
                "text": lambda r=response: r.text.encode(),
                "content": lambda r=response: r.content,
            }[way]
            assert read() == b"one\ntwo\nthree"
            assert response.from_cache is from_cache


@pytest.mark.parametrize("framing", ["", "&chunked"])
def test_a_body_that_is_cut_off_fails_as_ever_and_is_not_stored(mounted, cache, origin, framing):
    session = mounted(cache)
    url = origin(f"body/100000?stop=70000&then=close{framing}", Cache_Control="max-age=60")
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        session.get(url)
    assert decision(cache, url) is Decision.FORWARD


def test_a_body_that_takes_too_long_fails_as_ever(mounted, cache, origin):
    session = mounted(cache)
    url = origin("body/100000?stop=100&then=stall", Cache_Control="max-age=60")
    with pytest.raises(requests.exceptions.ConnectionError):
        session.get(url, timeout=(10, 0.1))
    assert decision(cache, url) is Decision.FORWARD


@pytest.fixture
def gone():
    """An origin that answers once and is then no more."""
    listener = socket.create_server(("127.0.0.1", 0))

    def answer():
        connection, _ = listener.accept()
        listener.close()
        with connection:
            connection.recv(65536)
            connection.sendall(
                b'HTTP/1.1 200 OK\r\nETag: "a"\r\nCache-Control: max-age=60\r\n'
                b"Content-Length: 4\r\nConnection: close\r\n\r\nbody"
            )

    thread = threading.Thread(target=answer)
    thread.start()
    yield f"http://127.0.0.1:{listener.getsockname()[1]}/"
    listener.close()
    thread.join(30)


def test_stale_is_used_where_there_is_no_origin(mounted, clock, gone):
    session = mounted(stale_if_error=Expiry.NEVER)
    assert session.get(gone).content == b"body"
    clock.pass_(100)
    stale = session.get(gone)
    assert (stale.content, stale.from_cache, stale.is_expired, stale.revalidated) == (
        b"body",
        True,
        True,
        False,
    )


def test_the_failure_is_the_callers_where_nothing_may_be_used(mounted, clock, gone):
    session = mounted()
    session.get(gone)
    clock.pass_(100)
    with pytest.raises(requests.ConnectionError):
        session.get(gone)


@pytest.fixture
def instead(monkeypatch):
    """Has another target of the origin answer."""
    original = requests.adapters.HTTPAdapter.send

    def send_instead(url):
        def send(self, request, *arguments):
            other = request.copy()
            other.url = url
            return original(self, other, *arguments)

        monkeypatch.setattr(requests.adapters.HTTPAdapter, "send", send)

    return send_instead


def test_stale_is_used_where_the_origin_takes_too_long(mounted, clock, origin, instead):
    session = mounted(stale_if_error=Expiry.NEVER)
    url = origin("text/hello", Cache_Control="max-age=60")
    session.get(url)
    clock.pass_(100)
    instead(origin("text/hello?gate=python-late"))
    stale = session.get(url, timeout=0.1)
    assert (stale.text, stale.from_cache) == ("hello", True)
    origin.ask("open/python-late")


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_stale_is_used_where_the_origin_says_it_fails(mounted, clock, origin, instead, status):
    session = mounted(stale_if_error=Expiry.NEVER)
    url = origin(f"version/python-{status}?etag=strong", Cache_Control="max-age=60")
    content = session.get(url).content
    clock.pass_(100)
    instead(origin(f"status/{status}"))
    stale = session.get(url)
    assert (stale.status_code, stale.content, stale.from_cache, stale.is_expired) == (
        200,
        content,
        True,
        True,
    )


def test_a_304_of_another_response_has_the_request_repeated(mounted, cache, origin, monkeypatch):
    session = mounted(cache)
    url = origin("version/python-repeat?etag=strong", Cache_Control="no-cache")
    first = session.get(url).content
    sent = []
    original = requests.adapters.HTTPAdapter.send

    def send(self, request, *arguments):
        sent.append("If-None-Match" in request.headers)
        response = original(self, request, *arguments)
        if response.status_code == 304:
            response.raw.headers = urllib3.HTTPHeaderDict({"ETag": '"other"'})
        return response

    monkeypatch.setattr(requests.adapters.HTTPAdapter, "send", send)
    again = session.get(url)
    assert (again.content, again.status_code, again.from_cache) == (first, 200, False)
    assert sent == [True, False]


def test_an_answer_that_the_cache_does_not_take_is_handed_on(mounted, cache, origin):
    session = mounted(cache)
    url = origin("raw/?send=HTTP/1.1 200 OK%0d%0aBad%20Name: x%0d%0aContent-Length: 4%0d%0a%0d%0abody")
    response = session.get(url)
    assert not response.from_cache
    assert response.content in (b"body", b"")


def test_a_folded_field_is_one_line(mounted, cache, origin):
    session = mounted(cache)
    fold = "HTTP/1.1 200 OK%0d%0aCache-Control: max-age=60%0d%0aX: one%0d%0a two%0d%0aContent-Length: 4%0d%0a%0d%0abody"
    url = origin(f"raw/?send={fold}")
    session.get(url)
    response = session.get(url)
    assert response.from_cache
    assert response.headers["X"] == "one two"


def test_a_cache_that_fails_while_a_body_is_read_breaks_nothing(mounted, cache, origin, monkeypatch):
    session = mounted(cache)
    url = origin("body/300000", Cache_Control="max-age=60")
    with session.get(url, stream=True) as response:
        response.raw.read(10)
        response.raw._tee._exchange.close()
        assert len(response.raw.read()) == 299_990


def revalidated(session):
    for thread in list(session.get_adapter("http://h/")._revalidating):
        thread.join(30)


@pytest.mark.parametrize("changed", [False, True])
def test_stale_is_answered_and_revalidated_behind_the_callers_back(mounted, cache, clock, origin, changed):
    session = mounted(cache)
    name = f"python-behind-{changed}"
    url = origin(f"version/{name}?etag=strong", Cache_Control="max-age=60, stale-while-revalidate=60")
    first = session.get(url).content
    clock.pass_(100)
    if changed:
        origin.change(name)
    stale = session.get(url)
    assert (stale.content, stale.from_cache, stale.is_expired, stale.revalidated) == (first, True, True, False)
    revalidated(session)
    fresh = session.get(url)
    assert (fresh.from_cache, fresh.is_expired) == (True, False)
    assert (fresh.content == first) is not changed
    assert origin.count(url) == 2


def test_a_revalidation_that_fails_behind_the_callers_back_is_no_error(mounted, cache, clock, origin, instead, caplog):
    session = mounted(cache)
    url = origin("version/python-behind-failed?etag=strong", Cache_Control="max-age=60, stale-while-revalidate=60")
    first = session.get(url).content
    clock.pass_(100)
    instead(origin("close"))
    with caplog.at_level("INFO", logger="httpcache"):
        for _ in range(2):
            assert session.get(url).content == first
            revalidated(session)
    assert caplog.text.count("revalidating failed") == 2


def test_many_threads_share_a_session(mounted, cache, origin):
    session = mounted(cache)
    urls = [origin(f"body/{10_000 + n}", Cache_Control="max-age=60") for n in range(10)]
    wrong = []

    def work(start):
        for n in range(30):
            url = urls[(start + n) % 10]
            if len(session.get(url).content) != 10_000 + (start + n) % 10:
                wrong.append(url)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert cache.stats().errors == 0
