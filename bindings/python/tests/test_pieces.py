"""Bodies in pieces, in and out."""

import io

import pytest

from httpcache import Decision, MisuseError, Outcome
from support import FRESH, URL, body, decision


@pytest.mark.parametrize("size", [0, 1, 100, 65535, 65536, 65537, 1 << 20])
@pytest.mark.parametrize("piece", [1000, 65536, 1 << 20])
def test_a_body_in_pieces_is_stored_at_its_end(cache, size, piece):
    content = bytes(i % 253 for i in range(size))
    with cache.lookup(URL) as exchange:
        assert exchange.begin(200, FRESH) is Outcome.STORING
        assert (exchange.status, exchange.get("Cache-Control")) == (200, "max-age=60")
        assert exchange.body is None
        for start in range(0, size, piece):
            assert exchange.write(memoryview(content)[start : start + piece])
        assert decision(cache) is Decision.FORWARD
        assert exchange.end() is Outcome.STORED
        assert exchange.body == content
    assert body(cache) == content


@pytest.mark.parametrize("length", [3, 5])
def test_a_body_that_is_not_as_long_as_it_said_is_not_stored(cache, length):
    with cache.lookup(URL) as exchange:
        exchange.begin(200, {"Content-Length": str(length), **FRESH})
        assert exchange.write(b"body") is (length > 4)
        assert exchange.end() is Outcome.NOT_STORED
        assert exchange.reason
        assert exchange.response() is None
    assert decision(cache) is Decision.FORWARD


def test_an_abandoned_body_is_not_stored(cache):
    with cache.lookup(URL) as exchange:
        exchange.begin(200, FRESH)
        exchange.write(b"bo")
    assert decision(cache) is Decision.FORWARD


def test_a_body_that_broke_off_is_not_stored(cache):
    with cache.lookup(URL) as exchange:
        exchange.begin(200, FRESH)
        exchange.write(b"bo")
        assert not exchange.failure()
    assert decision(cache) is Decision.FORWARD


def test_a_body_over_the_limit_passes_by(open_cache):
    cache = open_cache(max_response_bytes=10)
    with cache.lookup(URL) as exchange:
        exchange.begin(200)
        assert exchange.write(b"1234567890")
        assert not exchange.write(b"1")
        assert not exchange.write(b"2")
        assert exchange.end() is Outcome.NOT_STORED


@pytest.fixture(params=[1000, 200_000])
def response(cache, request):
    with cache.lookup(URL) as exchange:
        exchange.store(200, FRESH, bytes(i % 251 for i in range(request.param)))
    with cache.lookup(URL) as exchange, exchange.response() as response:
        yield response


def test_a_response_is_a_file(response):
    content = response.body
    assert response.readable()
    assert not response.writable()
    assert not response.seekable()
    assert response.read(10) == content[:10]
    buffer = bytearray(20)
    assert response.readinto(buffer) == 20
    assert buffer == content[10:30]
    assert response.readinto(bytearray()) == 0
    assert response.read() == content[30:]
    assert response.read() == b""
    assert response.read(1) == b""
    assert response.readinto(buffer) == 0


def test_a_response_may_be_buffered(response):
    content = response.body
    with io.BufferedReader(response) as reader:
        assert reader.peek(1)[:1] == content[:1]
        assert b"".join(iter(lambda: reader.read(777), b"")) == content
    assert response.closed


def test_the_body_is_there_whatever_was_read(response):
    size = response.body_size
    response.read(10)
    assert len(response.body) == size
    assert response.body is response.body
    assert len(response.read()) == size - 10


def test_a_buffer_that_cannot_be_written_to_is_refused(response):
    with pytest.raises((TypeError, BufferError)):
        response.readinto(b"bytes")
    assert response.read(1)


def test_a_piece_may_be_empty(cache):
    with cache.lookup(URL) as exchange:
        exchange.begin(200, {"Content-Length": "2", **FRESH})
        for piece in (b"", b"ab", b""):
            assert exchange.write(piece)
        assert exchange.end() is Outcome.STORED
        with pytest.raises(MisuseError):
            exchange.write(b"c")
