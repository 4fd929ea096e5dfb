"""The adapter for Requests: what comes from the cache, and what goes to the origin."""

import gzip
import pickle
from datetime import datetime, timedelta, timezone
from urllib.parse import quote

import pytest
import requests
from requests.auth import HTTPBasicAuth

import httpcache
from httpcache import Cache, Decision, Expiry, Options
from httpcache.requests import CacheAdapter
from support import FRESH, decision


@pytest.fixture
def session(cache):
    with requests.Session() as session:
        session.trust_env = False
        session.mount("http://", CacheAdapter(cache))
        yield session


def test_a_miss_then_a_hit(session, origin, clock):
    url = origin("text/hello", Cache_Control="max-age=60", Content_Type="text/plain", X_A="1")
    first = session.get(url)
    assert (first.status_code, first.text, first.from_cache) == (200, "hello", False)
    assert first.created_at == datetime.fromtimestamp(clock.now, timezone.utc)
    assert first.expires_at == first.expires == first.created_at + timedelta(minutes=1)
    clock.pass_(10)
    second = session.get(url)
    assert (second.status_code, second.text, second.from_cache) == (200, "hello", True)
    assert (second.is_expired, second.revalidated, second.filter_error) == (False, False, None)
    assert (second.created_at, second.expires_at, second.key) == (
        first.created_at,
        first.expires_at,
        first.key,
    )
    assert second.headers["X-A"] == "1"
    assert second.headers["Age"] == "10"
    assert second.reason == first.reason
    assert second.url == url
    assert second.request.url == url
    assert second.elapsed > timedelta(0)
    assert origin.count(url) == 1


def test_an_answer_that_is_not_stored_says_so(session, origin):
    response = session.get(origin("text/hello", Cache_Control="no-store"))
    assert response.text == "hello"
    assert (response.from_cache, response.is_expired, response.revalidated) == (False, False, False)
    assert (response.created_at, response.expires_at, response.expires, response.key) == (None,) * 4


@pytest.mark.parametrize("validator", ["etag=strong", "etag=weak", "modified"])
def test_a_revalidation(session, origin, validator):
    name = f"python-adapter-{validator.replace('=', '-')}"
    url = origin(f"version/{name}?{validator}", Cache_Control="no-cache")
    first = session.get(url)
    second = session.get(url)
    assert (second.from_cache, second.revalidated, second.status_code) == (True, True, 200)
    assert second.content == first.content
    # What the caller asked for is what he finds, without the conditions that were added.
    assert "If-None-Match" not in second.request.headers
    assert "If-Modified-Since" not in second.request.headers
    assert second.headers["Origin-Connection"] == first.headers["Origin-Connection"]
    origin.change(name)
    third = session.get(url)
    assert (third.from_cache, third.revalidated) == (False, False)
    assert not {"If-None-Match", "If-Modified-Since"} & set(third.request.headers)
    assert third.content != first.content


def test_conditions_of_the_callers_own_are_answered_to_him(session, origin):
    url = origin("version/python-own?etag=strong", Cache_Control="max-age=60")
    etag = session.get(url).headers["ETag"]
    response = session.get(url + "&other", headers={"If-None-Match": etag})
    assert response.status_code == 304
    assert not response.from_cache


def test_request_directives(session, origin, clock):
    url = origin("text/hello", Cache_Control="max-age=60")
    assert session.get(url, headers={"Cache-Control": "only-if-cached"}).status_code == 504
    session.get(url)
    assert not session.get(url, headers={"Cache-Control": "no-cache"}).from_cache
    assert session.get(url, headers={"Cache-Control": "only-if-cached"}).text == "hello"
    clock.pass_(100)
    stale = session.get(url, headers={"Cache-Control": "max-stale"})
    assert (stale.from_cache, stale.is_expired) == (True, True)
    assert not session.get(url).from_cache


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_an_unsafe_method_reaches_the_origin_and_invalidates(session, origin, method):
    url = origin(f"echo/{method}", Cache_Control="max-age=60")
    session.get(url)
    assert session.get(url).from_cache
    response = session.request(method, url, data=b"data")
    assert response.content.endswith(b"data")
    assert not response.from_cache
    assert not session.get(url).from_cache


def test_a_head_is_answered_by_what_a_get_stored(session, origin):
    url = origin("text/hello", Cache_Control="max-age=60")
    head = session.head(url)
    assert (head.from_cache, head.content) == (False, b"")
    session.get(url)
    head = session.head(url)
    assert (head.from_cache, head.content, head.headers["Content-Length"]) == (True, b"", "5")


def test_redirects_each_hop_through_the_cache(session, origin):
    url = origin(
        f"redirect/0?to={quote(origin('text/end', Cache_Control='max-age=60'), safe='')}",
        Cache_Control="max-age=60",
    )
    first = session.get(url)
    second = session.get(url)
    assert (first.text, second.text) == ("end", "end")
    assert [response.from_cache for response in [*first.history, first]] == [False, False]
    assert [response.from_cache for response in [*second.history, second]] == [True, True]


def test_variants(session, origin):
    url = origin("vary/x?on=Accept-Language", Cache_Control="max-age=60")
    for language in ("de", "fr"):
        session.get(url, headers={"Accept-Language": language})
    german = session.get(url, headers={"Accept-Language": "de"})
    assert german.from_cache
    assert "Accept-Language: de" in german.text


def test_credentials_keep_responses_apart(session, origin):
    url = origin("echo/", Cache_Control="max-age=60")
    session.get(url, auth=HTTPBasicAuth("anna", "secret"))
    assert session.get(url, auth=HTTPBasicAuth("anna", "secret")).from_cache
    assert not session.get(url, auth=HTTPBasicAuth("otto", "secret")).from_cache
    assert not session.get(url).from_cache
    in_url = url.replace("http://", "http://anna:secret@")
    assert session.get(in_url).from_cache


def test_fields_that_are_repeated(session, origin):
    url = origin("text/x?field=Set-Cookie:a%3D1&field=Set-Cookie:b%3D2&field=X:%E9", Cache_Control="max-age=60")
    first = session.get(url)
    assert session.cookies == {"a": "1", "b": "2"}
    session.cookies.clear()
    second = session.get(url)
    assert second.from_cache
    assert second.headers["Set-Cookie"] == first.headers["Set-Cookie"] == "a=1, b=2"
    assert second.headers["X"] == first.headers["X"] == "\xe9"
    assert second.raw.headers.getlist("Set-Cookie") == ["a=1", "b=2"]
    # A cookie that was stored is not set once more.
    assert not session.cookies


def test_a_coded_body_is_stored_as_it_was_sent(session, origin):
    content = quote(gzip.compress(b"hello " * 1000))
    url = origin(f"text/{content}?field=Content-Encoding:gzip", Cache_Control="max-age=60")
    for from_cache in (False, True):
        response = session.get(url)
        assert response.content == b"hello " * 1000
        assert response.from_cache is from_cache
        assert response.headers["Content-Encoding"] == "gzip"
    with session.get(url, stream=True) as response:
        assert response.raw.read(2) == b"\x1f\x8b"


@pytest.mark.parametrize("size", [0, 1, 10_000, 1_000_000])
@pytest.mark.parametrize("framing", ["", "?chunked"])
def test_bodies_of_all_sizes(session, origin, size, framing):
    url = origin(f"body/{size}{framing}", Cache_Control="max-age=60")
    first, second = session.get(url), session.get(url)
    assert len(first.content) == size
    assert first.content == second.content
    assert (first.from_cache, second.from_cache) == (False, True)
    assert first.headers["Origin-Connection"] == second.headers["Origin-Connection"]


def test_a_connection_is_used_again(session, origin):
    numbers = {
        session.get(origin(f"text/{i}", Cache_Control="max-age=60")).headers["Origin-Connection"] for i in range(5)
    }
    assert len(numbers) == 1


def test_a_directory_is_opened_with_rfc_9111_deciding(directory, origin):
    with requests.Session() as session:
        session.trust_env = False
        adapter = CacheAdapter(directory, pool_maxsize=2)
        session.mount("http://", adapter)
        session.get(origin("text/a", Cache_Control="no-store"))
        assert decision(adapter.cache, origin("text/a", Cache_Control="no-store")) is Decision.FORWARD
    assert adapter.cache.closed
    adapter.close()


def test_options_of_the_callers_own(directory, origin):
    url = origin("text/a", Cache_Control="no-store")
    with requests.Session() as session:
        session.trust_env = False
        session.mount("http://", CacheAdapter(str(directory), Options(expire_after=60)))
        session.get(url)
        assert session.get(url).from_cache


def test_a_cache_that_was_given_stays_open(cache):
    CacheAdapter(cache).close()
    assert not cache.closed
    with pytest.raises(TypeError):
        CacheAdapter(cache, Options())


def test_a_never_of_the_cache_is_one_of_the_response(open_cache, origin):
    url = origin("text/a")
    with requests.Session() as session:
        session.trust_env = False
        session.mount("http://", CacheAdapter(open_cache()))
        session.get(url)
        assert session.get(url).expires is Expiry.NEVER


def test_a_filter_and_its_exception(open_cache, origin):
    def filter(request, response):
        if "refuse" in request.url:
            return False
        if "fail" in request.url:
            raise ValueError("mine")
        return True

    with requests.Session() as session:
        session.trust_env = False
        session.mount("http://", CacheAdapter(open_cache(filter=filter)))
        for word, from_cache in (("keep", True), ("refuse", False), ("fail", False)):
            url = origin(f"text/{word}")
            first = session.get(url)
            assert isinstance(first.filter_error, ValueError) is (word == "fail")
            assert session.get(url).from_cache is from_cache


@pytest.mark.parametrize("url", ["http://a_b.test/", "http://h.test/x"])
def test_a_request_that_the_cache_does_not_take_passes_by(cache, url):
    """The network is another adapter's here: nobody answers under that name."""

    class Fixed(CacheAdapter):
        def _look_up(self, request, options):
            request.headers["Bad Name"] = "x"
            return super()._look_up(request, options)

        def get_connection_with_tls_context(self, *arguments, **named):
            raise requests.exceptions.ConnectionError("asked the network")

    with requests.Session() as session:
        session.trust_env = False
        session.mount("http://", Fixed(cache))
        with pytest.raises(requests.ConnectionError, match="asked the network"):
            session.get(url)
    assert cache.stats().misses == 0


@pytest.mark.parametrize("extra", [{"verify": False}, {"verify": "ca.pem"}, {"verify": "."}, {"cert": "client.pem"}])
def test_what_was_fetched_with_another_trust_is_not_for_others(cache, extra, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "ca.pem").write_text("certificates")
    url = "https://h.test/"
    with cache.lookup(url) as exchange:
        exchange.store(200, FRESH, b"trusted")
    asked = []

    class Fixed(CacheAdapter):
        def get_connection_with_tls_context(self, *arguments, **named):
            asked.append(url)
            raise requests.exceptions.ConnectionError("asked the network")

    with requests.Session() as session:
        session.trust_env = False
        session.mount("https://", Fixed(cache))
        assert session.get(url).text == "trusted"
        with pytest.raises(requests.ConnectionError):
            session.get(url, **extra)
    assert asked == [url]


@pytest.mark.parametrize(
    ("verify", "options"), [(False, {"verify_tls": False}), ("ca.pem", {"ca_file": "ca.pem"}), (True, {})]
)
def test_the_same_trust_has_the_same_answer(cache, verify, options, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "ca.pem").write_text("certificates")
    with httpcache.Request("GET", "https://h.test/", options=httpcache.RequestOptions(**options)) as request:
        with cache.lookup(request) as exchange:
            exchange.store(200, FRESH, b"stored")
    with requests.Session() as session:
        session.trust_env = False
        session.mount("https://", CacheAdapter(cache))
        assert session.get("https://h.test/", verify=verify).text == "stored"


def test_a_key_function_that_fails_has_requests_go_past_the_cache(open_cache, origin):
    error = ValueError("mine")

    def key(request):
        raise error

    cache = open_cache(cache_control=True, key_fn=key)
    with requests.Session() as session:
        session.trust_env = False
        session.mount("http://", CacheAdapter(cache))
        for _ in range(2):
            response = session.get(origin("text/a", Cache_Control="max-age=60"))
            assert (response.text, response.from_cache, response.key_error) == ("a", False, error)


def test_a_closed_cache_is_said_so(session, cache, origin):
    cache.close()
    with pytest.raises(httpcache.ClosedError):
        session.get(origin("text/a"))


def test_an_adapter_is_not_pickled(session):
    with pytest.raises(TypeError, match="not pickled"):
        pickle.dumps(session)


def test_a_response_is_pickled_as_ever(session, origin):
    url = origin("text/hello", Cache_Control="max-age=60")
    session.get(url)
    response = pickle.loads(pickle.dumps(session.get(url)))
    assert (response.text, response.status_code) == ("hello", 200)


def test_hooks_see_where_a_response_comes_from(session, origin):
    seen = []
    session.hooks["response"].append(lambda response, **_: seen.append(response.from_cache))
    url = origin("text/hello", Cache_Control="max-age=60")
    session.get(url)
    session.get(url)
    assert seen == [False, True]


def test_two_programs_of_python_share_a_directory(directory, origin):
    url = origin("text/hello", Cache_Control="max-age=60")
    with Cache(directory, Options(cache_control=True)) as fetching, fetching.fetch(url) as response:
        response.read()
    with requests.Session() as session:
        session.trust_env = False
        # The fields that an origin varies on are those of each client; this one varies on none.
        session.mount("http://", CacheAdapter(directory))
        assert session.get(url).from_cache
