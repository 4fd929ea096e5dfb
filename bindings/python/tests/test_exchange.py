"""The life of an exchange without any network."""

from datetime import datetime, timedelta, timezone

import pytest

from httpcache import Decision, Outcome, Request
from support import FRESH, URL, body, decision, store

POLICIES = pytest.mark.parametrize("cache_control", [False, True])


@POLICIES
def test_a_miss_is_forwarded_stored_and_then_a_hit(open_cache, clock, cache_control):
    cache = open_cache(cache_control=cache_control)
    with Request("GET", "HTTP://H.test:80/a/../", {"Accept": "*/*"}) as request:
        assert (request.method, request.url) == ("GET", URL)
        with cache.lookup(request) as exchange:
            assert exchange.decision is Decision.FORWARD
            assert exchange.reason == "uri-miss"
            assert exchange.forward == ("GET", URL, [("Accept", "*/*")], b"")
            assert (exchange.status, exchange.fields, exchange.body) == (0, [], None)
            assert exchange.response() is None
            assert exchange.store(200, {**FRESH, "X-A": "1"}, b"body", reason="Fine") is Outcome.STORED
            assert not exchange.from_cache
            assert exchange.body == b"body"
        clock.pass_(10)
        with cache.lookup(request) as exchange:
            assert exchange.decision is Decision.FRESH
            assert exchange.forward is None
            assert exchange.reason == ""
            assert (exchange.status, exchange.url, exchange.body) == (200, URL, b"body")
            assert exchange.get("x-a") == "1"
            assert exchange.get("x-b") is None
            assert exchange.get("x-b", "none") == "none"
            assert (exchange.from_cache, exchange.revalidated, exchange.is_expired) == (True, False, False)
            assert exchange.created_at == datetime.fromtimestamp(clock.now - 10, timezone.utc)
            assert exchange.age == timedelta(seconds=10)
            assert exchange.elapsed == timedelta(0)
            with exchange.response() as response:
                assert response.reason == "Fine"
                assert response.key
                assert response.body_size == 4
                assert response.read() == b"body"


@POLICIES
def test_fields_come_back_as_they_were(open_cache, cache_control):
    cache = open_cache(cache_control=cache_control)
    fields = [
        ("Cache-Control", "max-age=60"),
        ("X-b", "2"),
        ("x-B", "1"),
        ("X-Empty", ""),
        ("X-b", "2"),
        ("X-Raw", "".join(map(chr, range(0x80, 0x100))) + "\t|"),
        ("Set-Cookie", "a=1"),
        ("Set-Cookie", "b=2"),
    ]
    store(cache, fields=fields)
    with cache.lookup(URL) as exchange:
        assert [field for field in exchange.fields if field[0] != "Age"] == fields
        assert exchange.get("X-B") == "2, 1, 2"
        assert exchange.get("set-cookie") == "a=1"


def test_fields_may_be_a_mapping_pairs_or_bytes(cache):
    as_bytes = [(b"Cache-Control", b"max-age=60"), ("X-A", b"\xe9")]
    store(cache, fields=iter(as_bytes))
    with cache.lookup(URL) as exchange:
        assert exchange.get("X-A") == "\xe9"


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
def test_a_body_is_what_has_bytes(cache, kind):
    content = bytes(range(256))
    store(cache, body=kind(content))
    assert body(cache) == content


@pytest.mark.parametrize("size", [0, 1, 65535, 65536, 65537, 3_000_000])
def test_bodies_of_all_sizes(cache, size):
    content = bytes(i % 251 for i in range(1000)) * (size // 1000 + 1)
    store(cache, body=content[:size])
    assert body(cache) == content[:size]


def test_a_304_freshens(cache, clock):
    store(cache, fields={"ETag": '"a"', **FRESH})
    clock.pass_(100)
    with cache.lookup(URL) as exchange:
        assert exchange.decision is Decision.REVALIDATE
        assert ("If-None-Match", '"a"') in exchange.forward.fields
        assert exchange.store(304, {"ETag": '"a"', **FRESH}) is Outcome.FRESHENED
        assert (exchange.status, exchange.body) == (200, b"body")
        assert (exchange.from_cache, exchange.revalidated) == (True, True)
    assert decision(cache) is Decision.FRESH


def test_a_304_of_another_response_has_the_request_repeated(cache, clock):
    store(cache, fields={"ETag": '"a"', **FRESH})
    clock.pass_(100)
    with cache.lookup(URL) as exchange:
        assert exchange.begin(304, {"ETag": '"b"'}) is Outcome.REPEAT
        assert exchange.forward.fields == []
        assert exchange.store(200, FRESH, b"anew") is Outcome.STORED
    assert body(cache) == b"anew"


@pytest.mark.parametrize("report", ["failure", "store"])
def test_stale_is_used_where_the_origin_fails(open_cache, clock, report):
    cache = open_cache(expire_after=60, stale_if_error=60)
    store(cache)
    clock.pass_(100)
    with cache.lookup(URL) as exchange:
        if report == "failure":
            assert exchange.failure()
        else:
            assert exchange.store(503) is Outcome.USED_STALE
        assert (exchange.status, exchange.body, exchange.is_expired) == (200, b"body", True)
    clock.pass_(100)
    with cache.lookup(URL) as exchange:
        assert not exchange.failure()
        assert exchange.response() is None


def test_stale_is_used_where_the_request_allows_it(cache, clock):
    store(cache)
    clock.pass_(100)
    assert decision(cache, fields={"Cache-Control": "max-stale"}) is Decision.STALE


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
def test_an_unsafe_method_invalidates(cache, method):
    store(cache)
    with Request(method, URL, body=b"data") as request, cache.lookup(request) as exchange:
        assert exchange.forward.body == b"data"
        assert exchange.store(200) is Outcome.NOT_STORED
    assert decision(cache) is Decision.FORWARD


@pytest.mark.parametrize(
    ("url", "normalised"),
    [("http://h.test/a b", "http://h.test/a%20b"), ("http://h.test/\u20ac#f", "http://h.test/%E2%82%AC")],
)
def test_a_url_is_normalised(url, normalised):
    with Request("GET", url) as request:
        assert request.url == normalised


def test_stale_is_used_while_it_is_revalidated(cache, clock):
    store(cache, fields={"ETag": '"a"', "Cache-Control": "max-age=60, stale-while-revalidate=60"})
    clock.pass_(100)
    with cache.lookup(URL) as exchange:
        assert exchange.decision is Decision.STALE_REVALIDATE
        response = exchange.response()
        assert ("If-None-Match", '"a"') in exchange.forward.fields
        # One of the callers revalidates.
        assert decision(cache) is Decision.STALE
        assert exchange.store(304, {"ETag": '"a"', **FRESH}) is Outcome.FRESHENED
        assert exchange.forward is None
    assert response.read() == b"body"
    response.close()
    assert decision(cache) is Decision.FRESH


def test_a_decision_is_explained(cache):
    store(cache)
    with cache.lookup(URL) as exchange:
        assert "fresh" in exchange.explain()
        assert URL not in exchange.explain()


def test_variants(cache):
    for language in ("de", "fr"):
        with Request("GET", URL, {"Accept-Language": language}) as request:
            with cache.lookup(request) as exchange:
                exchange.store(200, {"Vary": "Accept-Language", **FRESH}, language.encode())
    with Request("GET", URL, {"Accept-Language": "de"}) as request, cache.lookup(request) as exchange:
        assert exchange.body == b"de"
    assert decision(cache, fields={"Accept-Language": "it"}) is Decision.FORWARD


def test_a_head_is_answered_by_what_a_get_stored(cache):
    store(cache)
    with Request("HEAD", URL) as request, cache.lookup(request) as exchange:
        assert exchange.decision is Decision.FRESH
        assert exchange.body == b""


def test_a_request_changes_and_its_exchanges_do_not(cache):
    with Request("GET", URL, {"A": "1"}) as request:
        with cache.lookup(request) as exchange:
            request.add("B", b"2")
            request.set_body(b"body")
            assert request.fields == [("A", "1"), ("B", "2")]
            assert request.body == b"body"
            assert request.remove("a")
            assert not request.remove("a")
            assert request.fields == [("B", "2")]
            assert exchange.forward.fields == [("A", "1")]
        assert repr(request) == f"<httpcache.Request GET {URL}>"


def test_a_response_outlives_its_exchange_and_the_cache(cache):
    content = bytes(200_000)
    store(cache, body=content)
    with cache.lookup(URL) as exchange:
        response = exchange.response()
    cache.close()
    with response:
        assert response.read() == content
        assert repr(response) == f"<httpcache.Response 200 {URL}>"
    assert repr(response) == "<httpcache.Response closed>"
