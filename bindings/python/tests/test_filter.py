"""The filter: what it sees, what its answer does, and what becomes of its exceptions."""

import logging
from urllib.parse import quote

import pytest

import httpcache
from httpcache import ClosedError, Decision, MisuseError, Outcome, Request
from support import FRESH, URL, body, decision, store


class Judge:
    """A filter that says what it is told to say, and notes what it was asked."""

    def __init__(self, verdict=True):
        self.verdict = verdict
        self.asked = []
        self.lent = []

    def __call__(self, request, response):
        self.lent.append(response)
        self.asked.append((request, response.status, response.fields, response.body, response.from_cache))
        if isinstance(self.verdict, BaseException):
            raise self.verdict
        return self.verdict


@pytest.fixture
def judge():
    return Judge()


@pytest.fixture
def judged(open_cache, judge):
    return open_cache(filter=judge, expire_after=60, stale_if_error=httpcache.Expiry.NEVER)


@pytest.mark.parametrize("size", [0, 1, 1000, 3_000_000])
def test_what_it_refuses_is_not_stored(judged, judge, size):
    judge.verdict = False
    content = bytes(size)
    with judged.lookup(URL) as exchange:
        assert exchange.store(200, {"A": "b"}, content) is Outcome.NOT_STORED
        assert exchange.reason == "filter"
        assert exchange.filter_error is None
    assert judge.asked == [(("GET", URL, [], b""), 200, [("A", "b")], content, False)]
    assert judged.stats().responses == 0
    judge.verdict = True
    assert store(judged) is Outcome.STORED


@pytest.mark.parametrize("size", [10, 200_000])
def test_what_it_refuses_later_is_answered_once_more_and_deleted(judged, judge, size):
    store(judged, body=bytes(size))
    judge.verdict = False
    with judged.lookup(URL) as exchange:
        assert exchange.decision is Decision.FRESH
        assert exchange.body == bytes(size)
        assert exchange.created_at is None
    assert judge.asked[-1][4]
    assert decision(judged) is Decision.FORWARD


def test_it_is_asked_of_what_a_304_freshened_and_of_stale_answers(judged, judge, clock):
    store(judged, fields={"ETag": '"a"'})
    clock.pass_(100)
    judge.asked.clear()
    with judged.lookup(URL) as exchange:
        assert exchange.store(304, {"ETag": '"a"'}) is Outcome.FRESHENED
    assert len(judge.asked) == 1
    clock.pass_(100)
    judge.verdict = False
    with judged.lookup(URL) as exchange:
        assert exchange.failure()
        assert exchange.body == b"body"
    assert decision(judged) is Decision.FORWARD


@pytest.mark.parametrize(("verdict", "outcome"), [(1, "STORED"), ("yes", "STORED"), (None, "NOT_STORED")])
def test_its_answer_is_taken_as_true_or_false(judged, judge, verdict, outcome):
    judge.verdict = verdict
    assert store(judged).name == outcome


@pytest.mark.parametrize("error", [ValueError("mine"), KeyError(), MemoryError(), StopIteration(), AssertionError()])
def test_one_that_raises_stores_nothing_and_deletes_nothing(judged, judge, error, caplog):
    judge.verdict = error
    with judged.lookup(URL) as exchange:
        assert exchange.store(200, FRESH, b"body") is Outcome.NOT_STORED
        assert exchange.filter_error is error
    assert "the filter failed" in caplog.text
    assert type(error).__name__ in caplog.text
    judge.verdict = True
    store(judged)
    judge.verdict = error
    with judged.lookup(URL) as exchange:
        assert exchange.decision is Decision.FRESH
        assert exchange.body == b"body"
        assert exchange.filter_error is error
    judge.verdict = True
    with judged.lookup(URL) as exchange:
        assert exchange.decision is Decision.FRESH
        assert exchange.filter_error is None


def test_its_exception_is_seen_after_a_body_in_pieces(judged, judge):
    error = judge.verdict = ValueError("mine")
    with judged.lookup(URL) as exchange:
        exchange.begin(200)
        exchange.write(b"body")
        assert exchange.filter_error is None
        assert exchange.end() is Outcome.NOT_STORED
        assert exchange.filter_error is error


def test_its_exception_is_seen_after_a_fetch(judged, judge, origin):
    error = judge.verdict = ValueError("mine")
    url = origin("text/hello")
    with judged.fetch(url) as response:
        assert response.read() == b"hello"
        assert response.read() == b""
        assert response.filter_error is error
        assert response.key is None
    judge.verdict = True
    with judged.fetch(url) as response:
        assert response.read() == b"hello"
    judge.verdict = error
    with judged.fetch(url) as response:
        assert response.from_cache
        assert response.filter_error is error


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit, GeneratorExit])
def test_what_ends_the_program_is_raised_by_the_call(judged, judge, error):
    judge.verdict = error()
    with judged.lookup(URL) as exchange, pytest.raises(error) as caught:
        exchange.store(200, FRESH, b"body")
    assert caught.value is judge.verdict
    judge.verdict = True
    store(judged)
    judge.verdict = error()
    with pytest.raises(error):
        judged.lookup(URL)
    judge.verdict = True
    assert body(judged) == b"body"


def test_it_may_use_the_cache(open_cache):
    seen = []

    def filter(request, response):
        if request.url == URL:
            seen.append(decision(cache, URL + "other"))
            store(cache, URL + "other")
        return True

    cache = open_cache(filter=filter)
    store(cache)
    assert seen == [Decision.FORWARD]
    assert decision(cache) is Decision.FRESH
    assert seen == [Decision.FORWARD, Decision.FRESH]


def test_the_error_of_a_filter_inside_of_a_filter_stays_there(open_cache):
    inner = []

    def filter(request, response):
        if request.url == URL:
            with cache.lookup(URL + "other") as exchange:
                exchange.store(200)
                inner.append(exchange.filter_error)
            return True
        raise ValueError("inner")

    cache = open_cache(filter=filter)
    with cache.lookup(URL) as exchange:
        assert exchange.store(200) is Outcome.STORED
        assert exchange.filter_error is None
    assert [str(error) for error in inner] == ["inner"]


def test_the_error_of_an_earlier_filter_of_the_same_call_is_kept(open_cache, origin):
    """The redirection is reused with a filter that raises, and then the filter of its target looks up."""
    armed, nested = [], []

    def filter(request, response):
        if armed and response.status == 302:
            raise ValueError("of the redirection")
        if armed and "other" not in request.url:
            with cache.lookup(request.url.replace("text/end", "text/other")) as exchange:
                nested.append(exchange.filter_error)
        return True

    cache = open_cache(filter=filter, cache_control=True)
    end = quote(origin("text/end", Cache_Control="max-age=60"), safe="")
    url = origin(f"redirect/0?to={end}", Cache_Control="max-age=60")
    with cache.fetch(url) as response:
        response.read()
    armed.append(True)
    with cache.fetch(url) as response:
        assert (response.from_cache, response.status) == (True, 200)
        assert str(response.filter_error) == "of the redirection"
    assert nested == [None]


def test_it_cannot_use_the_exchange_of_the_call_it_runs_in(open_cache):
    caught = []

    def filter(request, response):
        for misuse in (exchange.end, exchange.failure, lambda: exchange.status, exchange.response):
            with pytest.raises(MisuseError, match="in use"):
                misuse()
            caught.append(misuse)
        exchange.close()
        return True

    cache = open_cache(filter=filter)
    exchange = cache.lookup(URL)
    assert exchange.store(200, FRESH, b"body") is Outcome.STORED
    assert len(caught) == 4
    assert exchange.closed
    cache.lookup(URL + "2").close()


def test_what_it_was_lent_is_closed_afterwards(judged, judge):
    store(judged)
    lent = judge.lent[0]
    for use in (lambda: lent.status, lambda: lent.read(1), lambda: lent.key, lambda: lent.body):
        with pytest.raises(ClosedError):
            use()
    lent.close()


def test_it_may_close_what_it_was_lent(open_cache):
    cache = open_cache(filter=lambda request, response: not response.close())
    assert store(cache) is Outcome.STORED


def test_it_may_close_the_cache(open_cache):
    cache = open_cache(filter=lambda request, response: not cache.close())
    with cache.lookup(URL) as exchange:
        assert exchange.store(200) is Outcome.STORED
    assert cache.closed


def test_it_reads_the_request_body(open_cache):
    bodies = []
    cache = open_cache(filter=lambda request, response: bodies.append(request.body) or True)
    with Request("GET", URL, body=b"question") as request, cache.lookup(request) as exchange:
        exchange.store(200)
    assert bodies == [b"question"]


def test_a_logger_that_fails_breaks_nothing(open_cache, capfd):
    class Broken(logging.Logger):
        def log(self, *arguments, **named):
            raise RuntimeError("no log")

        error = log

    cache = open_cache(filter=Judge(ValueError("mine")), logger=Broken("broken"))
    assert store(cache) is Outcome.NOT_STORED
    assert "no log" in capfd.readouterr().err
