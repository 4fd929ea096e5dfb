"""The adapter and the content of requests: what is told apart by it, and what passes by because it cannot be."""

import array
import io

import pytest
import requests

from httpcache import Expiry
from httpcache.requests import CacheAdapter


@pytest.fixture
def mounted(open_cache):
    sessions = []

    def mount(**options):
        session = requests.Session()
        session.trust_env = False
        session.mount("http://", CacheAdapter(open_cache(cache_control=True, **options)))
        sessions.append(session)
        return session

    yield mount
    for session in sessions:
        session.close()


@pytest.fixture
def session(mounted):
    return mounted()


def generated(content):
    yield content[:1].encode()
    yield content[1:].encode()


# What Requests takes as content, made anew for each request; and what of it is sent.
HELD = {
    "bytes": lambda word: {"data": word.encode()},
    "bytearray": lambda word: {"data": bytearray(word.encode())},
    "text": lambda word: {"data": f"\u20ac {word}"},
    "form": lambda word: {"data": {"q": word}},
    "pairs": lambda word: {"data": [("q", word), ("r", "1")]},
    "json": lambda word: {"json": {"q": word}},
    # The boundary is another each time, and is not part of the key.
    "files": lambda word: {"files": {"f": ("name", io.BytesIO(word.encode()))}},
}
READ_ONCE = {
    "file": lambda word: {"data": io.BytesIO(word.encode())},
    "text file": lambda word: {"data": io.StringIO(word)},
    "generator": lambda word: {"data": generated(word)},
    "iterator": lambda word: {"data": iter([word.encode()])},
    "memoryview": lambda word: {"data": memoryview(word.encode())},
    "array": lambda word: {"data": array.array("B", word.encode())},
}
METHODS = pytest.mark.parametrize("method", ["POST", "QUERY", "GET"])


def kinds(of):
    return pytest.mark.parametrize("content", of.values(), ids=of)


@kinds({**HELD, **READ_ONCE})
def test_content_reaches_the_origin(session, origin, content):
    response = session.post(origin("echo/"), **content("word"))
    assert response.status_code == 200
    assert b"word" in response.content
    assert not response.from_cache


@METHODS
@kinds(HELD)
def test_content_is_part_of_the_key(mounted, origin, content, method):
    session = mounted(methods=["GET", "POST", "QUERY"])
    url = origin("echo/", Cache_Control="max-age=60")
    assert not session.request(method, url).from_cache
    for from_cache in (False, True):
        for word in ("first", "other"):
            response = session.request(method, url, **content(word))
            assert response.from_cache is from_cache
            assert word.encode() in response.content
    assert session.request(method, url).from_cache


@METHODS
@kinds(READ_ONCE)
def test_content_that_is_read_but_once_is_never_answered_from_the_cache(mounted, cache, origin, content, method):
    session = mounted(methods=["GET", "POST", "QUERY"])
    url = origin("echo/", Cache_Control="max-age=60")
    for word in ("first", "other", "first"):
        response = session.request(method, url, **content(word))
        assert not response.from_cache
        assert word.encode() in response.content
    # Nor does its answer become that of a request without content.
    response = session.request(method, url)
    assert not response.from_cache
    assert b"first" not in response.content


@kinds({**HELD, **READ_ONCE})
def test_content_of_any_kind_invalidates(session, origin, content):
    url = origin("echo/", Cache_Control="max-age=60")
    session.get(url)
    assert session.get(url).from_cache
    session.post(url, **content("word"))
    assert not session.get(url).from_cache


def test_an_override_with_content_that_is_read_but_once(mounted, origin):
    session = mounted(methods=["GET", "POST", "QUERY"])
    url = origin("echo/", Cache_Control="max-age=60")
    for word in (b"first", b"other"):
        response = session.post(url, data=iter([word]), headers={"X-HTTP-Method-Override": "QUERY"})
        assert not response.from_cache
        assert word in response.content


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_cache_that_never_forwards_does_not_forward_content_either(mounted, origin, method):
    session = mounted(only_if_cached=True)
    url = origin("echo/")
    assert session.request(method, url, data=iter([b"word"])).status_code == 504
    assert origin.count(url) == 0


def test_content_that_is_read_but_once_reaches_the_origin_where_stale_may_be_used(mounted, origin):
    session = mounted(stale_if_error=Expiry.NEVER)
    url = origin("echo/", Cache_Control="max-age=60")
    session.get(url)
    assert b"word" in session.post(url, data=iter([b"word"])).content
    assert not session.get(url).from_cache


@pytest.mark.parametrize("kind", [bytes, bytearray])
def test_what_is_revalidated_is_what_was_asked(mounted, clock, origin, kind, monkeypatch):
    """The caller has his answer before the origin is asked, and changes his buffer."""
    session = mounted(methods=["POST"])
    url = origin("echo/", Cache_Control="max-age=60, stale-while-revalidate=600")
    content = kind(b"first")
    session.post(url, data=content)
    clock.pass_(100)
    adapter = session.get_adapter(url)
    original, asked = adapter._revalidate, []

    def later(*arguments):
        asked.append(arguments)

    monkeypatch.setattr(adapter, "_revalidate", later)
    assert b"first" in session.post(url, data=content).content
    if kind is bytearray:
        content[:] = b"other"
    original(*asked[0])
    for thread in list(adapter._revalidating):
        thread.join(30)
    response = session.post(url, data=b"first")
    assert (response.from_cache, response.is_expired) == (True, False)
    assert b"first" in response.content
    assert origin.count(url) == 2
