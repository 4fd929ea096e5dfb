"""What is not meant to be done: an exception of Python's or ours, and never a crash. Each case is a test."""

import copy
import io
import math
import pickle
import re
import threading
from datetime import datetime, timedelta, timezone

import pytest

import httpcache
from httpcache import (
    ArgumentError,
    Cache,
    ClosedError,
    Exchange,
    Expiry,
    FieldError,
    MethodError,
    MisuseError,
    Options,
    Order,
    Place,
    Query,
    Request,
    RequestOptions,
    Response,
    URLError,
)
from support import FRESH, URL, body, store


@pytest.fixture
def world(cache):
    """One of each object, and the cache holds the URL."""

    class World:
        pass

    store(cache)
    world = World()
    world.cache = cache
    world.request = Request("GET", URL, FRESH)
    world.fresh = cache.lookup(URL)
    world.miss = cache.lookup(URL + "miss")
    world.begun = cache.lookup(URL + "begun")
    world.begun.begin(200, FRESH)
    world.response = world.fresh.response()
    world.walk = cache.walk()
    yield world
    for each in (world.request, world.fresh, world.miss, world.begun, world.response, world.walk):
        each.close()


# ---- use after close ----

AFTER_CLOSE = {
    "cache.lookup": lambda w: (w.cache.close(), w.cache.lookup(URL)),
    "cache.lookup of a request": lambda w: (w.cache.close(), w.cache.lookup(w.request)),
    "cache.fetch": lambda w: (w.cache.close(), w.cache.fetch(URL)),
    "cache.key": lambda w: (w.cache.close(), w.cache.key(URL)),
    "cache.key_settings": lambda w: (w.cache.close(), w.cache.key_settings),
    "cache.rekey": lambda w: (w.cache.close(), w.cache.rekey()),
    "cache.flush": lambda w: (w.cache.close(), w.cache.flush()),
    "cache.stats": lambda w: (w.cache.close(), w.cache.stats()),
    "cache.walk": lambda w: (w.cache.close(), w.cache.walk()),
    "cache.get": lambda w: (w.cache.close(), w.cache.get(w.response.key)),
    "cache.get of a request": lambda w: (w.cache.close(), w.cache.get(w.request)),
    "key in cache": lambda w: (w.cache.close(), w.response.key in w.cache),
    "cache.delete": lambda w: (w.cache.close(), w.cache.delete(w.response.key)),
    "cache.delete_where": lambda w: (w.cache.close(), w.cache.delete_where(Query(limit=1))),
    "cache.clear": lambda w: (w.cache.close(), w.cache.clear()),
    "cache.reset_expiration": lambda w: (w.cache.close(), w.cache.reset_expiration(1)),
    "cache.put": lambda w: (w.cache.close(), w.cache.put(URL, 200)),
    "cache.update": lambda w: (w.cache.close(), w.cache.update(w.cache)),
    "cache.work": lambda w: (w.cache.close(), w.cache.work()),
    "cache.verify": lambda w: (w.cache.close(), w.cache.verify()),
    "put of a closed response": lambda w: (w.response.close(), w.cache.put_response(URL, w.response)),
    "put for a closed request": lambda w: (w.request.close(), w.cache.put(w.request, 200)),
    "get of a closed request": lambda w: (w.request.close(), w.cache.get(w.request)),
    "delete of a closed request": lambda w: (w.request.close(), w.cache.delete(w.request)),
    "walk": lambda w: (w.walk.close(), next(w.walk)),
    "walk iterated": lambda w: (w.walk.close(), list(w.walk)),
    "response.request": lambda w: (w.response.close(), w.response.request),
    "request.method": lambda w: (w.request.close(), w.request.method),
    "request.url": lambda w: (w.request.close(), w.request.url),
    "request.fields": lambda w: (w.request.close(), w.request.fields),
    "request.body": lambda w: (w.request.close(), w.request.body),
    "request.assign": lambda w: (w.request.close(), w.request.assign("GET", URL)),
    "request.get": lambda w: (w.request.close(), w.request.get("A")),
    "request.option": lambda w: (w.request.close(), w.request.option("bypass")),
    "key of a closed request": lambda w: (w.request.close(), w.cache.key(w.request)),
    "request.add": lambda w: (w.request.close(), w.request.add("A", "b")),
    "request.remove": lambda w: (w.request.close(), w.request.remove("A")),
    "request.set_body": lambda w: (w.request.close(), w.request.set_body(b"")),
    "request.cancel": lambda w: (w.request.close(), w.request.cancel()),
    "lookup of a closed request": lambda w: (w.request.close(), w.cache.lookup(w.request)),
    "fetch of a closed request": lambda w: (w.request.close(), w.cache.fetch(w.request)),
    "exchange.decision": lambda w: (w.fresh.close(), w.fresh.decision),
    "exchange.status": lambda w: (w.fresh.close(), w.fresh.status),
    "exchange.fields": lambda w: (w.fresh.fields, w.fresh.close(), w.fresh.fields),
    "exchange.get": lambda w: (w.fresh.close(), w.fresh.get("A")),
    "exchange.body": lambda w: (w.fresh.close(), w.fresh.body),
    "exchange.forward": lambda w: (w.miss.close(), w.miss.forward),
    "exchange.reason": lambda w: (w.miss.close(), w.miss.reason),
    "exchange.explain": lambda w: (w.fresh.close(), w.fresh.explain()),
    "exchange.response": lambda w: (w.fresh.close(), w.fresh.response()),
    "exchange.created_at": lambda w: (w.fresh.close(), w.fresh.created_at),
    "exchange.store": lambda w: (w.miss.close(), w.miss.store(200)),
    "exchange.begin": lambda w: (w.miss.close(), w.miss.begin(200)),
    "exchange.write": lambda w: (w.begun.close(), w.begun.write(b"a")),
    "exchange.end": lambda w: (w.begun.close(), w.begun.end()),
    "exchange.failure": lambda w: (w.miss.close(), w.miss.failure()),
    "response.status": lambda w: (w.response.close(), w.response.status),
    "response.fields": lambda w: (w.response.close(), w.response.fields),
    "response.key": lambda w: (w.response.close(), w.response.key),
    "response.body": lambda w: (w.response.close(), w.response.body),
    "response.body that was read": lambda w: (w.response.body, w.response.close(), w.response.body),
    "response.readinto": lambda w: (w.response.close(), w.response.readinto(bytearray(1))),
    "response.read": lambda w: (w.response.close(), w.response.read(1)),
    "response.readall": lambda w: (w.response.close(), w.response.readall()),
    "response.age": lambda w: (w.response.close(), w.response.age),
}


@pytest.mark.parametrize("name", AFTER_CLOSE)
def test_use_after_close(world, name):
    with pytest.raises(ClosedError) as caught:
        AFTER_CLOSE[name](world)
    assert "closed" in str(caught.value)
    assert isinstance(caught.value, (MisuseError, ValueError))


@pytest.mark.parametrize("use", [io.RawIOBase.readline, next, io.RawIOBase.__enter__, io.BufferedReader])
def test_use_of_a_closed_response_as_a_file(world, use):
    world.response.close()
    with pytest.raises(ValueError, match="closed"):
        use(world.response)


@pytest.mark.parametrize("name", ["cache", "request", "fresh", "miss", "begun", "response"])
def test_closing_twice_is_nothing(world, name):
    each = getattr(world, name)
    each.close()
    each.close()
    assert each.closed
    assert "closed" in repr(each)


@pytest.mark.parametrize("name", ["cache", "request", "fresh", "response"])
def test_closing_inside_of_with(world, name):
    with getattr(world, name) as each:
        each.close()
    assert each.closed


# ---- calls out of order ----

OUT_OF_ORDER = {
    "store after fresh": lambda w: w.fresh.store(200),
    "begin after fresh": lambda w: w.fresh.begin(200),
    "failure after fresh": lambda w: w.fresh.failure(),
    "write after fresh": lambda w: w.fresh.write(b"a"),
    "end after fresh": lambda w: w.fresh.end(),
    "write before begin": lambda w: w.miss.write(b"a"),
    "end before begin": lambda w: w.miss.end(),
    "store twice": lambda w: (w.miss.store(200), w.miss.store(200)),
    "begin twice": lambda w: w.begun.begin(200),
    "store after begin": lambda w: w.begun.store(200),
    "end twice": lambda w: (w.begun.end(), w.begun.end()),
    "write after end": lambda w: (w.begun.end(), w.begun.write(b"a")),
    "failure twice": lambda w: (w.miss.failure(), w.miss.failure()),
    "store after failure": lambda w: (w.miss.failure(), w.miss.store(200)),
}


@pytest.mark.parametrize("name", OUT_OF_ORDER)
def test_calls_out_of_order(world, name):
    with pytest.raises(MisuseError) as caught:
        OUT_OF_ORDER[name](world)
    assert not isinstance(caught.value, ClosedError)
    assert body(world.cache) == b"body"


# ---- arguments ----

ARGUMENTS = {
    "NUL in a path": (lambda w: Cache("a\0b"), ArgumentError),
    "empty path": (lambda w: Cache(""), httpcache.Error),
    "no path": (lambda w: Cache(None), TypeError),
    "no path for a directory": (lambda w: Cache(None, Options(place=Place.DIRECTORY)), TypeError),
    "a place that is none": (lambda w: Cache("x", Options(place=3)), ArgumentError),
    "a place by name": (lambda w: Cache("x", Options(place="user")), TypeError),
    "a walk of no query": (lambda w: w.cache.walk({"limit": 1}), TypeError),
    "deleting without a query": (lambda w: w.cache.delete_where(None), ArgumentError),
    "deleting without a condition": (lambda w: w.cache.delete_where(Query()), ArgumentError),
    "deleting with an order alone": (
        lambda w: w.cache.delete_where(Query(order=Order.SIZE, descending=True)),
        ArgumentError,
    ),
    "work for less than nothing": (lambda w: w.cache.work(-1), ArgumentError),
    "work for no number": (lambda w: w.cache.work("long"), TypeError),
    "put for no URL": (lambda w: w.cache.put("nonsense", 200), URLError),
    "put for nothing": (lambda w: w.cache.put(None, 200), TypeError),
    "put of what is never stored": (lambda w: w.cache.put(URL, 304), ArgumentError),
    "put of what is no response": (lambda w: w.cache.put_response(URL, 200), TypeError),
    "put received at no time": (lambda w: w.cache.put(URL, 200, created_at=Expiry.NEVER), TypeError),
    "put received at a number": (lambda w: w.cache.put(URL, 200, created_at=1.0), TypeError),
    "put received before all": (
        lambda w: w.cache.put(URL, 200, created_at=datetime(1969, 1, 1, tzinfo=timezone.utc)),
        ArgumentError,
    ),
    "put stale by another name": (lambda w: w.cache.put(URL, 200, expires_at=Expiry.IMMEDIATELY), TypeError),
    "update from itself": (lambda w: w.cache.update(w.cache), ArgumentError),
    "update from a path": (lambda w: w.cache.update("x"), TypeError),
    "another expiry that is none": (lambda w: w.cache.reset_expiration(Expiry.DO_NOT_CACHE), ArgumentError),
    "another expiry before now": (lambda w: w.cache.reset_expiration(-1), ArgumentError),
    "another expiry by name": (lambda w: w.cache.reset_expiration("soon"), TypeError),
    "get of a URL": (lambda w: w.cache.get(URL), ArgumentError),
    "get of no text": (lambda w: w.cache.get(""), ArgumentError),
    "get of nothing": (lambda w: w.cache.get(None), TypeError),
    "get of bytes": (lambda w: w.cache.get(b"key"), TypeError),
    "get of other letters": (lambda w: w.cache.get("\u20ac"), ArgumentError),
    "get of a key and more": (lambda w: w.cache.get(w.response.key + "\0"), ArgumentError),
    "nothing in the cache": (lambda w: None in w.cache, TypeError),
    "URL in the cache": (lambda w: URL in w.cache, ArgumentError),
    "delete of a URL": (lambda w: w.cache.delete(URL), ArgumentError),
    "delete of nothing": (lambda w: w.cache.delete(None), TypeError),
    "number for a path": (lambda w: Cache(3), TypeError),
    "path with a lone surrogate": (lambda w: Cache("\ud800"), UnicodeEncodeError),
    "options of a request for a cache": (lambda w: Cache("x", RequestOptions()), AttributeError),
    "NUL in a URL": (lambda w: Request("GET", URL + "a\0b"), URLError),
    "NUL in a method": (lambda w: Request("GE\0T", URL), MethodError),
    "NUL in a field name": (lambda w: w.request.add("A\0", "b"), FieldError),
    "NUL in a field value": (lambda w: w.request.add("A", "b\0c"), FieldError),
    "NUL in a field of a new request": (lambda w: Request("GET", URL, {"A": "b\0"}), FieldError),
    "NUL in a field of an answer": (lambda w: w.miss.store(200, {"A": "b\0"}), FieldError),
    "NUL in a reason phrase": (lambda w: w.miss.store(200, reason="a\0b"), httpcache.Error),
    "line end in a field value": (lambda w: w.request.add("A", "b\r\nC: d"), FieldError),
    "empty field name": (lambda w: w.request.add("", "b"), FieldError),
    "colon in a field name": (lambda w: w.request.add("A:", "b"), FieldError),
    "field value that is no byte": (lambda w: w.request.add("A", "\u20ac"), ArgumentError),
    "field value that is a number": (lambda w: w.request.add("A", 1), TypeError),
    "fields that are no pairs": (lambda w: Request("GET", URL, ["abc"]), ValueError),
    "fields that are a number": (lambda w: Request("GET", URL, 7), TypeError),
    "relative URL": (lambda w: Request("GET", "/path"), URLError),
    "URL of another scheme": (lambda w: Request("GET", "ftp://h.test/"), URLError),
    "URL without a host": (lambda w: Request("GET", "http:///path"), URLError),
    "URL with a lone surrogate": (lambda w: Request("GET", "http://h.test/\ud800"), URLError),
    "URL with a space in its host": (lambda w: Request("GET", "http://h test/"), URLError),
    "empty URL": (lambda w: Request("GET", ""), URLError),
    "no URL": (lambda w: Request("GET", None), TypeError),
    "empty method": (lambda w: Request("", URL), MethodError),
    "method with a space": (lambda w: Request("GET /", URL), MethodError),
    "no method": (lambda w: Request(None, URL), TypeError),
    "text for a body": (lambda w: Request("POST", URL, body="text"), TypeError),
    "nothing for a body": (lambda w: w.request.set_body(None), TypeError),
    "text for a piece": (lambda w: w.begun.write("text"), TypeError),
    "nothing for a piece": (lambda w: w.begun.write(None), TypeError),
    "text for a stored body": (lambda w: w.miss.store(200, (), "text"), TypeError),
    "memory in strides": (
        lambda w: w.begun.write(memoryview(b"abcd")[::2]),
        (BufferError, ValueError, TypeError),
    ),
    "status 0": (lambda w: w.miss.store(0), ArgumentError),
    "status 1000": (lambda w: w.miss.store(1000), ArgumentError),
    "status -1": (lambda w: w.miss.store(-1), ArgumentError),
    "interim status": (lambda w: w.miss.begin(103), ArgumentError),
    "status over 32 bits": (lambda w: w.miss.store(2**40), OverflowError),
    "text for a status": (lambda w: w.miss.store("200"), TypeError),
    "another request of no URL": (lambda w: w.request.assign("GET", "/path"), URLError),
    "another request of no method": (lambda w: w.request.assign("", URL), MethodError),
    "option that there is not": (lambda w: w.request.option("expire"), ArgumentError),
    "option that a request has not": (lambda w: w.request.option("cache_control"), ArgumentError),
    "option that cannot be read": (lambda w: w.request.option("partition"), ArgumentError),
    "partition that is a number": (lambda w: Request("GET", URL, options=RequestOptions(partition=1)), TypeError),
    "partition that is long": (
        lambda w: Request("GET", URL, options=RequestOptions(partition="x" * 4097)),
        ArgumentError,
    ),
    "key of nothing": (lambda w: w.cache.key(None), TypeError),
    "lookup of nothing": (lambda w: w.cache.lookup(None), TypeError),
    "lookup of a response": (lambda w: w.cache.lookup(w.response), TypeError),
    "fetch of a number": (lambda w: w.cache.fetch(1), TypeError),
    "lookup of what is no URL": (lambda w: w.cache.lookup("h.test"), URLError),
    "negative timeout": (lambda w: w.cache.flush(-1), ArgumentError),
    "timeout that is no number": (lambda w: w.cache.flush("soon"), TypeError),
    "read-only buffer": (lambda w: w.response.readinto(b"abc"), (TypeError, BufferError)),
    "text for a buffer": (lambda w: w.response.readinto("abc"), TypeError),
    "name of a field that is a number": (lambda w: w.response.get(1), AttributeError),
    "an exchange made by hand": (lambda w: Exchange(), TypeError),
    "a response made by hand": (lambda w: Response(), TypeError),
    "pickle of a cache": (lambda w: pickle.dumps(w.cache), TypeError),
    "pickle of a request": (lambda w: pickle.dumps(w.request), TypeError),
    "pickle of an exchange": (lambda w: pickle.dumps(w.fresh), TypeError),
    "copy of a cache": (lambda w: copy.copy(w.cache), TypeError),
    "deep copy of an exchange": (lambda w: copy.deepcopy(w.fresh), TypeError),
    "assignment to status": (lambda w: setattr(w.response, "status", 404), AttributeError),
}


@pytest.mark.parametrize("name", ARGUMENTS)
def test_arguments(world, name):
    misuse, error = ARGUMENTS[name]
    with pytest.raises(error):
        misuse(world)
    assert body(world.cache) == b"body"


OPTIONS = {
    "negative expiry": ({"expire_after": -1}, ArgumentError),
    "negative timedelta": ({"expire_after": timedelta(seconds=-1)}, ArgumentError),
    "the number of a named expiry": ({"expire_after": timedelta(milliseconds=-2147483646)}, ArgumentError),
    "expiry that is no number": ({"expire_after": math.nan}, ArgumentError),
    "infinite expiry": ({"expire_after": math.inf}, ArgumentError),
    "expiry over 64 bits": ({"expire_after": 1e30}, ArgumentError),
    "expiry that is true": ({"expire_after": True}, TypeError),
    "expiry that is text": ({"expire_after": "1 day"}, TypeError),
    "instant before 1970": ({"expire_at": datetime(1960, 1, 1, tzinfo=timezone.utc)}, ArgumentError),
    "instant that is a number": ({"expire_at": 5}, TypeError),
    "first of all instants": ({"expire_at": datetime.min}, ArgumentError),
    "percentage over 100": ({"heuristic_percent": 101}, ArgumentError),
    "no variants": ({"max_variants": 0}, ArgumentError),
    "durability that is none": ({"durability": 3}, ArgumentError),
    "bytes over 64 bits": ({"max_response_bytes": 2**70}, ArgumentError),
    "method with a space": ({"methods": ["GE T"]}, ArgumentError),
    "methods that are text": ({"methods": "GET"}, TypeError),
    "methods that are a number": ({"methods": 1}, TypeError),
    "status that is none": ({"statuses": [99]}, ArgumentError),
    "status that is text": ({"statuses": ["fine"]}, ArgumentError),
    "an ignored path that is none": ({"ignored": ["$.a["]}, ArgumentError),
    "NUL in a field name": ({"targeted_fields": ["A\0"], "cache_control": True}, ArgumentError),
    "an empty name of a field": ({"match_fields": [""]}, ArgumentError),
    "fields that are text": ({"match_fields": "Accept"}, TypeError),
    "fields that are true": ({"match_fields": True}, TypeError),
    "name of a field that is none": ({"unordered_field_names": ["a b"]}, ArgumentError),
    "partition that is long": ({"partition": "x" * 4097}, ArgumentError),
    "partition with a lone surrogate": ({"partition": "\ud800"}, UnicodeEncodeError),
    "certificates that are not there": ({"ca_file": "nowhere.pem"}, httpcache.InputOutputError),
    "certificates that are a number": ({"ca_file": 1}, TypeError),
    "NUL in the name of a file": ({"ca_file": "a\0b"}, httpcache.Error),
    "NUL in a name": ({"cache_name": "a\0b"}, ArgumentError),
    "name beyond ISO 8859-1": ({"cache_name": "\u20ac"}, ArgumentError),
    "negative expiry of a status": ({"status_expiry": {404: -1}}, ArgumentError),
    "expiry of a status that is none": ({"status_expiry": {1000: 1}}, ArgumentError),
    "glob without a host": ({"url_rules": {"/a": 1}}, ArgumentError),
    "expression that is too clever": ({"url_rules": {re.compile("(?=a)"): 1}}, ArgumentError),
    "negative expiry of a rule": ({"url_rules": {"*": -1}}, ArgumentError),
    "rule of a number": ({"url_rules": {1: 1}}, TypeError),
    "rule of bytes": ({"url_rules": {re.compile(b"a"): 1}}, TypeError),
    "shared without cache_control": ({"shared": True}, httpcache.Error),
    "flag of 2": ({"cache_control": 2}, ArgumentError),
    "flag of text": ({"cache_control": "yes"}, TypeError),
    "an expiry that a limit has not": ({"idle_timeout": Expiry.DO_NOT_CACHE}, ArgumentError),
}


@pytest.mark.parametrize("name", OPTIONS)
def test_options(directory, name):
    options, error = OPTIONS[name]
    with pytest.raises(error):
        Cache(directory, Options(**options))
    Cache(directory).close()


def test_an_option_that_there_is_not():
    with pytest.raises(TypeError):
        Options(expire=1)


def test_options_do_not_change():
    with pytest.raises(AttributeError):
        Options().cache_control = True


def test_a_filter_that_cannot_be_called(open_cache, caplog):
    cache = open_cache(filter=42)
    with cache.lookup(URL) as exchange:
        assert exchange.store(200) is httpcache.Outcome.NOT_STORED
        assert isinstance(exchange.filter_error, TypeError)


QUERIES = {
    "no kind": ({"match": 0}, ArgumentError),
    "another kind": ({"match": 16}, ArgumentError),
    "a large kind": ({"match": 1 << 32}, ArgumentError),
    "a kind by name": ({"match": "expired"}, TypeError),
    "another order": ({"limit": 1, "order": 4}, ArgumentError),
    "the flag for an order": ({"limit": 1, "order": 16}, ArgumentError),
    "an order by name": ({"limit": 1, "order": "size"}, ArgumentError),
    "no limit": ({"limit": 0}, ArgumentError),
    "a negative limit": ({"limit": -1}, ArgumentError),
    "a large limit": ({"limit": 1 << 64}, ArgumentError),
    "half a limit": ({"limit": 1.5}, TypeError),
    "the first instant": ({"created_before": datetime(1970, 1, 1, tzinfo=timezone.utc)}, ArgumentError),
    "less than a millisecond": ({"created_before": datetime(1970, 1, 1, 0, 0, 0, 999, timezone.utc)}, ArgumentError),
    "an instant before all": ({"expires_before": datetime(1969, 1, 1, tzinfo=timezone.utc)}, ArgumentError),
    "a number for an instant": ({"created_before": 1.0}, TypeError),
    "an expiry for an instant": ({"expires_before": Expiry.NEVER}, TypeError),
    "a NUL in a URL": ({"url": URL + "\0a"}, ArgumentError),
    "a NUL in a glob": ({"url_glob": "a\0b"}, ArgumentError),
    "a NUL in a method": ({"method": "GET\0"}, ArgumentError),
    "a lone surrogate": ({"url": URL + "\ud800"}, ArgumentError),
    "bytes for a URL": ({"url": URL.encode()}, TypeError),
    "no URL": ({"url": "nonsense"}, URLError),
    "no glob": ({"url_glob": "h["}, ArgumentError),
}


@pytest.mark.parametrize("name", QUERIES)
def test_what_cannot_be_asked_for(world, name):
    """What the library would take for no condition deletes nothing either."""
    conditions, error = QUERIES[name]
    for ask in (world.cache.walk, world.cache.delete_where):
        with pytest.raises(error):
            ask(Query(**conditions))
    assert body(world.cache) == b"body"


@pytest.mark.parametrize("now", [None, "noon", math.nan, math.inf, -1e30, 1e30])
def test_a_clock_that_tells_no_time(open_cache, now, caplog):
    cache = open_cache(clock=lambda: now)
    assert store(cache) is httpcache.Outcome.STORED
    assert "the clock failed" in caplog.text


# ---- use by two threads at once ----


@pytest.mark.parametrize("use", ["read", "status", "body", "key"])
def test_a_response_in_use_by_another_thread(cache, origin, use):
    response = cache.fetch(origin(f"raw/?send=HTTP/1.1 200 OK%0d%0a%0d%0a&gate=python-{use}&more=end"))
    read = []
    thread = threading.Thread(target=lambda: read.append(response.read(10)))
    thread.start()
    origin.ask(f"waiting/python-{use}?count=1")
    while not response._handle._lock.locked():
        pass
    with pytest.raises(MisuseError, match="in use"):
        getattr(response, use)() if use == "read" else getattr(response, use)
    # Closing is allowed; the call that goes on in the other thread goes on to its end.
    response.close()
    origin.ask(f"open/python-{use}")
    thread.join(30)
    assert read == [b"end"]


# ---- errors as values ----


@pytest.mark.parametrize("kind", sorted(httpcache.errors.BY_STATUS.values(), key=lambda kind: kind.__name__))
def test_an_error_survives_pickling(kind):
    error = kind(-99, "message", httpcache.Cause("errno", 5))
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is kind
    assert (again.status, again.message, again.cause, str(again)) == (-99, "message", ("errno", 5), "message")


def test_a_status_that_is_not_known_is_an_error_all_the_same():
    with pytest.raises(httpcache.Error) as caught:
        httpcache.errors.raise_status(-9999)
    assert type(caught.value) is httpcache.Error
    assert caught.value.status == -9999
