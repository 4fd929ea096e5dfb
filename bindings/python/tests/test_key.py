"""Which requests are the same: settings, the own key function, normalising, and keys made anew."""

import gc
import itertools
import signal
import threading
import weakref
from datetime import datetime, timedelta, timezone

import pytest

import httpcache
from httpcache import (
    Decision,
    Expiry,
    MisuseError,
    Options,
    Outcome,
    Request,
    RequestOptions,
    body_key,
    default_key,
    field_key,
    url_key,
)
from support import FRESH, URL, body, decision, store


def key_of(cache, url=URL, fields=(), content=b"", **options):
    method = "POST" if content else "GET"
    with Request(method, url, fields, content, RequestOptions(**options)) as request:
        return cache.key(request)


def put(cache, request, content=b"body"):
    with request, cache.lookup(request) as exchange:
        return exchange.store(200, FRESH, content)


def path(request):
    return request.url.split("://")[1].partition("/")[2] or "/"


# ---- keys ----


@pytest.mark.parametrize(
    ("options", "one", "other", "same"),
    [
        ({}, ("?b=2&a=1", {}), ("?a=1&b=2", {}), True),
        ({}, ("?foo=bar", {}), ("?foo=qux", {}), False),
        # The three requests of the documents.
        ({"ignored": ["foo"]}, ("", {}), ("?foo=bar", {}), True),
        ({"ignored": ["foo"]}, ("?foo=qux", {}), ("?foo=bar", {}), True),
        ({"ignored": ["foo"], "ignored_presence_counts": True}, ("", {}), ("?foo=bar", {}), False),
        ({"ignored": ["foo"], "ignored_presence_counts": True}, ("?foo=qux", {}), ("?foo=bar", {}), True),
        ({}, ("", {"Accept": "a"}), ("", {"Accept": "b"}), True),
        ({"match_fields": ["Accept"]}, ("", {"Accept": "a"}), ("", {"Accept": "b"}), False),
        ({"match_fields": ["Accept"]}, ("", {"Accept": "a, b"}), ("", {"Accept": "B,a"}), True),
        ({"match_fields": ["X"]}, ("", {"X": "a, b"}), ("", {"X": "b, a"}), False),
        ({"match_fields": ["X"], "unordered_field_names": ["X"]}, ("", {"X": "a, b"}), ("", {"X": "b, a"}), True),
        ({"match_fields": ["X"], "unordered_field_names": ["Y"]}, ("", {"X": "a, b"}), ("", {"X": "b, a"}), False),
        ({"match_fields": ["X"], "unordered_fields": True}, ("", {"X": "a, b"}), ("", {"X": "b, a"}), True),
        ({"match_all_fields": True}, ("", {"Y": "a"}), ("", {"Y": "b"}), False),
        ({"match_all_fields": True, "ignored": ["Y"]}, ("", {"Y": "a"}), ("", {"Y": "b"}), True),
    ],
)
def test_what_the_settings_say_is_the_same_has_one_key(open_cache, options, one, other, same):
    cache = open_cache(**options)
    keys = [key_of(cache, URL + url, fields) for url, fields in (one, other)]
    assert None not in keys
    assert (keys[0] == keys[1]) is same
    put(cache, Request("GET", URL + one[0], one[1]))
    assert decision(cache, URL + other[0], other[1]) is (Decision.FRESH if same else Decision.FORWARD)


def test_ignored_members_of_content(open_cache):
    cache = open_cache(methods=["GET", "POST"], ignored=["auth-token"])
    json = {"Content-Type": "application/json"}
    keys = [key_of(cache, fields=json, content=b'{"auth-token": "%d", "a": 1}' % n) for n in range(2)]
    assert keys[0] == keys[1]
    assert key_of(cache, fields=json, content=b'{"a": 2}') not in keys


def test_a_key_is_that_of_the_stored_response_and_looks_up_nothing(cache):
    key = cache.key(URL)
    assert key.isprintable()
    store(cache)
    assert cache.stats().hits == 0
    with cache.lookup(URL) as exchange, exchange.response() as response:
        assert response.key.startswith(key)


def test_what_the_cache_has_no_part_in_has_no_key(cache):
    with Request("POST", URL) as request:
        assert cache.key(request) is None
    assert key_of(cache, expire_after=Expiry.DO_NOT_CACHE) is None


def test_partitions_are_apart(open_cache):
    cache = open_cache(partition="mine")
    for partition in (None, "other", b"\xff", ""):
        put(cache, Request("GET", URL, options=RequestOptions(partition=partition)), repr(partition).encode())
    for partition in (None, "other", b"\xff", ""):
        with Request("GET", URL, options=RequestOptions(partition=partition)) as request:
            assert body(cache, request) == repr(partition).encode()
    assert key_of(cache, partition="mine") == cache.key(URL)
    # As other languages have it.
    assert key_of(cache, partition="Zoë") == key_of(cache, partition="Zoë".encode())


def test_how_tls_is_verified_is_part_of_the_key(open_cache, tmp_path):
    one, two = tmp_path / "one.pem", tmp_path / "two.pem"
    one.write_text("one")
    two.write_text("two")
    url = "https://h.test/"
    usual = [key_of(open_cache(), url)]
    others = [key_of(open_cache(), url, **options) for options in ({"verify_tls": False}, {"ca_file": one})]
    assert len({*usual, *others, key_of(open_cache(), url, ca_file=str(two))}) == 4
    theirs = open_cache(ca_file=one, verify_tls=True)
    assert theirs.key(url) == others[1]
    assert key_of(theirs, url, ca_file="") == usual[0]
    with pytest.raises(httpcache.InputOutputError, match="nowhere"):
        open_cache(ca_file=tmp_path / "nowhere.pem")


def test_credentials_are_shared_where_it_is_said(open_cache):
    cache, bob = open_cache(), {"Authorization": "bob"}
    put(cache, Request("GET", URL, {"Authorization": "alice"}))
    assert decision(cache, URL, bob) is Decision.FORWARD
    assert decision(open_cache(share_credentials=True), URL, bob) is Decision.FRESH
    with Request("GET", URL, bob, options=RequestOptions(share_credentials=True)) as request:
        assert body(cache, request) == b"body"


def test_an_option_of_a_request_can_be_read():
    instant = datetime(2030, 1, 2, tzinfo=timezone.utc)
    given = {
        "expire_after": timedelta(seconds=1.5),
        "stale_if_error": Expiry.NEVER,
        "refresh": True,
        "verify_tls": False,
        "max_redirects": 5,
    }
    with Request("GET", URL, options=RequestOptions(**given)) as request:
        assert {name: request.option(name) for name in given} == given
        assert request.option("verify_tls") is False
        assert request.option("bypass") is None
        # The other way to say an expiry.
        assert request.option("expire_at") is None
    with Request("GET", URL, options=RequestOptions(expire_at=instant)) as request:
        assert request.option("expire_at") == instant
        request.assign("HEAD", URL + "other")
        assert (request.method, request.url, request.option("expire_at")) == ("HEAD", URL + "other", instant)
    for expiry in (Expiry.IMMEDIATELY, Expiry.DO_NOT_CACHE, Expiry.NEVER):
        with Request("GET", URL, options=RequestOptions(expire_after=expiry)) as request:
            assert request.option("expire_after") is expiry


# ---- a key function ----


def test_requests_of_one_key_are_the_same(open_cache):
    cache = open_cache(key_fn=path)
    store(cache, "http://a.test/x")
    assert body(cache, "http://b.test/x") == b"body"
    assert decision(cache, "http://a.test/y") is Decision.FORWARD
    assert cache.key("http://a.test/x") == cache.key("https://b.test/x")


def test_partition_credentials_and_vary_still_tell_them_apart(open_cache):
    cache = open_cache(key_fn=path)
    put(cache, Request("GET", URL, {"Authorization": "alice"}))
    assert decision(cache) is Decision.FORWARD
    assert key_of(cache, partition="mine") != cache.key(URL)
    with Request("GET", URL, {"A": "b"}) as request, cache.lookup(request) as exchange:
        exchange.store(200, {**FRESH, "Vary": "A"})
    assert decision(cache, URL, {"A": "c"}) is Decision.FORWARD


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (lambda r: "ä", lambda r: "ä".encode(), True),
        (lambda r: ["a", b"b"], lambda r: "ab", True),
        (lambda r: (part for part in "ab"), lambda r: b"ab", True),
        (url_key, lambda r: [url_key(r)], True),
        (url_key, body_key, False),
        (lambda r: field_key(r, "A"), lambda r: field_key(r, b"a"), True),
        (lambda r: field_key(r, "A"), lambda r: field_key(r, "C"), False),
        (lambda r: [field_key(r, "A"), field_key(r, "C")], lambda r: [field_key(r, "C"), field_key(r, "A")], False),
        (
            lambda r: url_key(Request("GET", URL + "?b=2&a=1")),
            lambda r: url_key(Request("GET", URL + "?a=1&b=2")),
            True,
        ),
        (lambda r: "x" * 65536, lambda r: ["x"] * 65536, True),
    ],
)
def test_a_key_is_made_of_text_bytes_and_parts(tmp_path, one, other, same):
    keys = []
    for number, function in enumerate((one, other)):
        with httpcache.Cache(tmp_path / str(number), Options(key_fn=function)) as cache:
            keys.append(key_of(cache, fields={"A": "b", "C": "d"}))
    assert (keys[0] == keys[1]) is same


def test_it_sees_the_request_and_its_options(open_cache):
    seen = []

    def key(request):
        seen.append((request.method, request.url, request.get("A"), request.body, request.option("expire_after")))
        kept.append(request)
        return "key"

    kept = []
    cache = open_cache(key_fn=key, methods=["POST"])
    key_of(cache, URL, {"A": "b"}, b"content", expire_after=5)
    assert seen == [("POST", URL, "b", b"content", timedelta(seconds=5))]
    # It is a copy, and may be kept.
    assert kept[0].url == URL


def gzip_or_nothing(request):
    """The example of the documents."""
    has_gzip = "gzip" in request.get("Accept-Encoding", "")
    request.remove("Accept-Encoding")
    if has_gzip:
        request.add("Accept-Encoding", "gzip")


def gzip_key(request):
    gzip_or_nothing(request)
    return default_key(request)


@pytest.mark.parametrize("function", [{"key_fn": gzip_key}, {"normalize": gzip_or_nothing}])
def test_the_example_of_the_documents(open_cache, function):
    cache = open_cache(match_fields=["Accept-Encoding"], **function)
    sent = {"Accept-Encoding": "gzip, compress, br"}
    with Request("GET", URL, sent) as request, cache.lookup(request) as exchange:
        assert exchange.forward.fields == list(sent.items())
        exchange.store(200, FRESH, b"zipped")
        assert request.fields == list(sent.items())
    assert decision(cache, URL, {"Accept-Encoding": "br, gzip"}) is Decision.FRESH
    assert decision(cache, URL, {"Accept-Encoding": "br"}) is Decision.FORWARD
    put(cache, Request("GET", URL, {"Accept-Encoding": "br"}), b"plain")
    assert body(cache) == b"plain"


def test_the_default_key_is_that_of_the_settings(open_cache):
    cache = open_cache(key_fn=default_key, ignored=["foo"])
    keys = [cache.key(URL + query) for query in ("", "?foo=bar", "?foo=qux", "?bar=qux")]
    assert keys[0] == keys[1] == keys[2] != keys[3]


# ---- what fails ----

FAILURES = {
    "an exception": (lambda r: 1 / 0, ZeroDivisionError),
    "nothing": (lambda r: None, TypeError),
    "a number": (lambda r: 7, TypeError),
    "a part that is a number": (lambda r: ["a", 7], TypeError),
    "a list in a list": (lambda r: [["a"]], TypeError),
    "a lone surrogate": (lambda r: "\ud800", UnicodeEncodeError),
    "a field name that is none": (lambda r: field_key(r, "a b"), httpcache.ArgumentError),
    "a field name that is a number": (lambda r: field_key(r, 1), TypeError),
    "the key of a URL": (lambda r: default_key(URL), TypeError),
    "a request that is closed": (lambda r: (url_key(r), r.close())[:1], httpcache.ClosedError),
    "too many bytes": (lambda r: "x" * 65537, httpcache.TooLargeError),
    "bytes without an end": (lambda r: itertools.repeat("x" * 1000), httpcache.TooLargeError),
    "no callable": (42, TypeError),
    "wrong arity": (lambda: "a", TypeError),
    "no byte": (lambda r: "", None),
    "no part": (lambda r: [], None),
}


@pytest.mark.parametrize("name", FAILURES)
def test_a_key_function_that_fails_has_the_request_go_past_the_cache(open_cache, caplog, name):
    function, error = FAILURES[name]
    store(open_cache())
    cache = open_cache(key_fn=function)
    with cache.lookup(URL) as exchange:
        assert (exchange.decision, exchange.reason) == (Decision.FORWARD, "key")
        assert type(exchange.key_error) is (error or type(None))
        assert exchange.filter_error is None
        assert exchange.store(200, FRESH) is Outcome.NOT_STORED
    assert cache.stats().errors == 1
    assert ("the key function failed" in caplog.text) is (error is not None)
    with pytest.raises(httpcache.CallbackError) as caught:
        cache.key(URL)
    assert type(caught.value.__cause__) is (error or type(None))
    assert body(open_cache()) == b"body"


def test_a_normaliser_that_fails_does_so_too(open_cache, caplog):
    def change(request):
        request.add("no name", "x")

    cache = open_cache(normalize=change)
    with cache.lookup(URL) as exchange:
        assert exchange.decision is Decision.FORWARD
        assert isinstance(exchange.key_error, httpcache.FieldError)
    assert "the function that normalises requests failed" in caplog.text
    with pytest.raises(httpcache.CallbackError) as caught:
        cache.key(URL)
    assert isinstance(caught.value.__cause__, httpcache.FieldError)


def test_it_fails_on_the_way_of_a_fetch(open_cache, origin):
    error = ValueError("mine")

    def key(request):
        raise error

    url = origin("text/hello", Cache_Control="max-age=60")
    cache = open_cache(key_fn=key)
    for _ in range(2):
        with cache.fetch(url) as response:
            assert (response.read(), response.from_cache, response.key_error) == (b"hello", False, error)
    assert origin.count(url) == 2


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit, GeneratorExit])
@pytest.mark.parametrize("kind", ["key_fn", "normalize"])
def test_what_ends_the_program_is_raised_by_the_call(open_cache, kind, error):
    def function(request):
        raise error

    cache = open_cache(**{kind: function})
    for use in (cache.lookup, cache.key):
        with pytest.raises(error):
            use(URL)


@pytest.mark.parametrize("kind", ["key_fn", "normalize"])
def test_it_must_not_ask_its_own_cache(open_cache, kind):
    def function(request):
        for use in (cache.lookup, cache.key):
            with pytest.raises(MisuseError):
                use(URL + "inner")
        return "key"

    cache = open_cache(**{kind: function})
    store(cache)
    assert decision(cache) is Decision.FRESH
    assert cache.stats().errors == 0


def test_it_may_ask_another_cache(open_cache, tmp_path):
    with httpcache.Cache(tmp_path / "other", Options(cache_control=True)) as other:
        store(other, body=b"tenant")
        cache = open_cache(key_fn=lambda request: [body(other), default_key(request)])
        store(cache)
        assert decision(cache) is Decision.FRESH


def test_an_error_inside_of_it_stays_there(open_cache, tmp_path):
    def fail(request):
        raise ValueError("inner")

    with httpcache.Cache(tmp_path / "other", Options(key_fn=fail)) as other:

        def key(request):
            with other.lookup(URL) as exchange:
                assert str(exchange.key_error) == "inner"
            return "key"

        with open_cache(key_fn=key).lookup(URL) as exchange:
            assert exchange.key_error is None


# ---- normalising ----


def test_a_copy_is_changed_in_url_method_fields_and_body(open_cache):
    def change(request):
        assert (request.method, request.body) == ("POST", b"content")
        request.assign("GET", URL + "all")
        request.add("A", "b")
        request.set_body(b"x")

    cache = open_cache(normalize=change, methods=["GET", "POST"], match_fields=["A"])
    one, two = (key_of(cache, f"{URL}{n}", {"A": str(n)}, b"content") for n in range(2))
    assert one == two
    with Request("POST", URL + "0", body=b"content") as request, cache.lookup(request) as exchange:
        assert exchange.forward == ("POST", URL + "0", [], b"content")
        assert (request.url, request.body) == (URL + "0", b"content")


def test_vary_compares_what_was_made_of_it(open_cache):
    cache = open_cache(normalize=lambda request: request.remove("A"))
    with Request("GET", URL, {"A": "1"}) as request, cache.lookup(request) as exchange:
        exchange.store(200, {**FRESH, "Vary": "A"})
    assert decision(cache, URL, {"A": "2"}) is Decision.FRESH


def test_the_copy_is_lent_for_the_call(open_cache):
    lent = []
    cache = open_cache(normalize=lent.append)
    cache.key(URL)
    for use in (lambda r: r.url, lambda r: r.add("A", "b"), lambda r: r.cancel(), lambda r: cache.lookup(r)):
        with pytest.raises(httpcache.ClosedError):
            use(lent[0])
    lent[0].close()


def test_the_key_function_gets_what_was_normalised(open_cache):
    seen = []
    cache = open_cache(normalize=lambda r: r.add("A", "b"), key_fn=lambda r: seen.append(r.get("A")) or "key")
    cache.key(URL)
    assert seen == ["b"]


# ---- threads and lifetime ----


@pytest.mark.parametrize("kind", ["key_fn", "normalize"])
def test_threads_are_inside_at_once(open_cache, kind):
    meet = threading.Barrier(4, timeout=30)

    def function(request):
        meet.wait()
        return path(request)

    cache = open_cache(**{kind: function})
    found = []
    threads = [threading.Thread(target=lambda n=n: found.append(store(cache, f"{URL}{n}"))) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert found == [Outcome.STORED] * 4


def test_the_functions_go_with_the_last_that_needs_them(directory):
    class Owner:
        def __init__(self):
            options = Options(key_fn=self.key, normalize=self.change)
            self.cache = httpcache.Cache(directory, options)

        def key(self, request):
            return "key"

        def change(self, request):
            pass

    owner = Owner()
    gone = weakref.ref(owner)
    exchange = owner.cache.lookup(URL)
    owner.cache.close()
    del owner
    gc.collect()
    assert exchange.store(200) is Outcome.STORED
    exchange.close()
    del exchange
    gc.collect()
    assert gone() is None


# ---- keys made anew ----


def test_keys_are_made_anew(open_cache):
    before = open_cache(cache_control=False)
    for url in ("?foo=1", "?foo=2", "other"):
        store(before, URL + url, url.encode(), fields=())
    after = open_cache(cache_control=False, ignored=["foo"])
    assert before.key_settings != after.key_settings
    assert decision(after, URL + "?foo=3") is Decision.FORWARD
    told = []
    assert after.rekey(progress=lambda done, total: told.append((done, total))) == (2, 1, 0)
    assert told
    assert told == sorted(told)
    assert decision(after, URL + "?foo=3") is Decision.FRESH
    assert after.rekey() == (0, 0, 0)


def test_to_the_keys_of_a_function_and_back(open_cache):
    def key(request):
        if request.url == URL:
            raise ValueError("no path")
        return path(request)

    before = open_cache()
    store(before, URL)
    store(before, "http://a.test/x")
    own = open_cache(key_fn=key)
    assert own.rekey() == httpcache.Rekeyed(moved=1, collided=0, left=1)
    assert body(own, "http://b.test/x") == b"body"
    assert before.rekey() == (1, 0, 0)
    assert body(before, "http://a.test/x") == b"body"


def test_the_settings_that_are_meant_can_be_named(open_cache):
    caches = [open_cache(), open_cache(match_fields=["A"]), open_cache(match_fields=["B"])]
    for number, cache in enumerate(caches):
        store(cache, f"{URL}{number}")
    last = open_cache(match_fields=["C"])
    assert last.rekey(caches[0].key_settings).moved == 1
    assert last.rekey([cache.key_settings for cache in caches]).moved == 2


@pytest.mark.parametrize(
    ("progress", "error"),
    [
        (lambda done, total: False, httpcache.CancelledError),
        (lambda done, total: 1 / 0, ZeroDivisionError),
        (lambda done, total: signal.raise_signal(signal.SIGINT), KeyboardInterrupt),
        (lambda: True, TypeError),
        (42, TypeError),
    ],
)
def test_it_can_be_ended_and_gone_on_with(open_cache, progress, error):
    store(open_cache(), URL + "?foo=1")
    after = open_cache(ignored=["foo"])
    with pytest.raises(error):
        after.rekey(progress=progress)
    after.rekey()
    assert body(after, URL + "?foo=2") == b"body"


@pytest.mark.parametrize(
    ("former", "error"),
    [("", httpcache.ArgumentError), ("nonsense", httpcache.ArgumentError), (7, TypeError), ([7], TypeError)],
)
def test_settings_that_are_none(cache, former, error):
    with pytest.raises(error):
        cache.rekey(former)
