"""A response whose beginning is stored is completed: the origin is asked for the rest alone."""

import pytest
import requests

import httpcache
from httpcache import Decision, Outcome, Request, RequestOptions
from httpcache.requests import CacheAdapter
from support import URL, body, decision

SIZES = pytest.mark.parametrize("stored", [5, 200_000])
FIELDS = {"Cache-Control": "max-age=60", "ETag": '"a"'}
SIZE = 300_001
#: What the origin's generator makes.
WHOLE = bytes((i * 2654435761 >> 24) & 255 for i in range(SIZE))


@pytest.fixture
def cache(open_cache):
    return open_cache(cache_control=True, complete=True)


@pytest.fixture
def session(cache):
    with requests.Session() as session:
        session.trust_env = False
        session.mount("http://", CacheAdapter(cache))
        yield session


@pytest.fixture
def ranges(monkeypatch):
    """The ranges that the origin was asked for."""
    asked = []
    original = requests.adapters.HTTPAdapter.send

    def send(self, request, *arguments):
        asked.append(request.headers.get("Range"))
        return original(self, request, *arguments)

    monkeypatch.setattr(requests.adapters.HTTPAdapter, "send", send)
    return asked


def begin(session, url, stored):
    response = session.get(url, headers={"Range": f"bytes=0-{stored - 1}"})
    assert (response.status_code, len(response.content)) == (206, stored)


@SIZES
@pytest.mark.parametrize("framing", ["", "&chunked"])
def test_the_adapter_hands_on_the_beginning_and_the_rest(session, origin, ranges, stored, framing):
    url = origin(f"body/{SIZE}?ranges{framing}", ETag='"a"', Cache_Control="max-age=60")
    begin(session, url, stored)
    # Given up before its end it is no more than it was.
    read = min(stored + 1, 100_000)
    with session.get(url, stream=True) as response:
        assert response.raw.read(read) == WHOLE[:read]
    for from_cache in (False, True):
        response = session.get(url)
        assert response.content == WHOLE
        assert (response.status_code, response.reason, response.from_cache) == (200, "OK", from_cache)
        assert response.headers["Content-Length"] == str(SIZE)
        assert "Content-Range" not in response.headers
        assert "Range" not in response.request.headers
        assert response.key
    assert ranges == [f"bytes=0-{stored - 1}", f"bytes={stored}-", f"bytes={stored}-"]


@SIZES
@pytest.mark.parametrize("size", [1000, 250_000, None])
def test_a_completed_response_is_streamed(session, origin, stored, size):
    url = origin(f"body/{SIZE}?ranges&chunked", ETag='"a"', Cache_Control="max-age=60")
    begin(session, url, stored)
    with session.get(url, stream=True) as response:
        pieces = list(response.iter_content(size))
        assert response.raw.headers["Content-Length"] == str(SIZE)
        assert response.raw.status == 200
    assert size is None or max(map(len, pieces)) <= size
    assert b"".join(pieces) == WHOLE
    assert session.get(url).from_cache


def test_a_rest_that_is_not_stored_is_handed_on_behind_the_beginning(open_cache, origin):
    stored = 80_000
    cache = open_cache(cache_control=True, complete=True, max_response_bytes=90_000)
    url = origin(f"body/{SIZE}?ranges", ETag='"a"', Cache_Control="max-age=60")
    with requests.Session() as session:
        session.trust_env = False
        session.mount("http://", CacheAdapter(cache))
        begin(session, url, stored)
        response = session.get(url)
        assert response.content == WHOLE
        assert (response.status_code, response.from_cache, response.key) == (200, False, None)
    assert decision(cache, url) is Decision.FORWARD


def test_a_rest_that_is_cut_off_fails_as_ever(session, cache, origin):
    url = origin(f"body/{SIZE}?ranges&stop=1000&then=close", ETag='"a"', Cache_Control="max-age=60")
    begin(session, url, 900)
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        session.get(url)
    assert decision(cache, url) is Decision.FORWARD


def test_a_beginning_of_something_else_is_not_completed(session, origin, ranges, monkeypatch):
    url = origin(f"body/{SIZE}?ranges", ETag='"a"', Cache_Control="max-age=60")
    begin(session, url, 5)
    original = requests.adapters.HTTPAdapter.send

    def changed(self, request, *arguments):
        response = original(self, request, *arguments)
        response.raw.headers["ETag"] = '"b"'
        return response

    monkeypatch.setattr(requests.adapters.HTTPAdapter, "send", changed)
    response = session.get(url)
    assert (response.status_code, response.content) == (200, WHOLE)
    assert ranges == ["bytes=0-4", "bytes=5-", None]


@SIZES
def test_an_exchange_hands_on_the_beginning(open_cache, stored):
    cache = open_cache(cache_control=True)
    content = bytes(i % 251 for i in range(1000)) * 301
    part = {"Content-Range": f"bytes 0-{stored - 1}/{len(content)}", **FIELDS}
    with Request("GET", URL, {"Range": f"bytes=0-{stored - 1}"}) as request, cache.lookup(request) as exchange:
        assert exchange.store(206, part, content[:stored]) is Outcome.STORED
        assert not exchange.continued
    with Request("GET", URL, options=RequestOptions(complete=True)) as request, cache.lookup(request) as exchange:
        assert ("Range", f"bytes={stored}-") in exchange.forward.fields
        assert not exchange.continued
        rest = {"Content-Range": f"bytes {stored}-{len(content) - 1}/{len(content)}", **FIELDS}
        assert exchange.begin(206, rest) is Outcome.STORING
        assert exchange.continued
        assert exchange.status == 200
        assert exchange.get("Content-Length") == str(len(content))
        assert exchange.body == content[:stored]
        with exchange.response() as beginning:
            assert beginning.read() == content[:stored]
        assert exchange.write(content[stored:])
        assert exchange.end() is Outcome.STORED
        assert not exchange.continued
        assert exchange.get("Content-Length") == str(len(content))
        assert exchange.body == content
    assert body(cache) == content


def test_a_fetch_joins_them(cache, origin):
    url = origin(f"body/{SIZE}?ranges", ETag='"a"', Cache_Control="max-age=60")
    with Request("GET", url, {"Range": "bytes=0-99"}) as request, cache.fetch(request) as response:
        assert (response.status, len(response.body)) == (206, 100)
    with cache.fetch(url) as response:
        assert (response.status, response.read()) == (200, WHOLE)
    assert decision(cache, url) is Decision.FRESH


def test_without_the_option_the_whole_is_asked_for(open_cache, origin, ranges):
    url = origin(f"body/{SIZE}?ranges", ETag='"a"', Cache_Control="max-age=60")
    with requests.Session() as session:
        session.trust_env = False
        session.mount("http://", CacheAdapter(open_cache(cache_control=True)))
        begin(session, url, 100)
        assert session.get(url).content == WHOLE
    assert ranges == ["bytes=0-99", None]
    assert httpcache.Options().complete is None
