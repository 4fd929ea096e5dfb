"""Looking into a cache, and after it."""

import glob
import threading
from datetime import datetime, timedelta, timezone

import pytest

import httpcache
from httpcache import ClosedError, Decision, Expiry, Match, MisuseError, Options, Order, Outcome, Query, Request
from support import FRESH, URL, decision, in_child, store

START = datetime.fromtimestamp(1_700_000_000, timezone.utc)


def letters(cache, **conditions):
    """The last letters of the URLs that are met, in the order in which they are."""
    return "".join(stored.url[-1] for stored in cache.walk(Query(**conditions)))


def any_order(cache, **conditions):
    return "".join(sorted(letters(cache, **conditions)))


@pytest.fixture
def filled(cache, clock):
    """Three of different sizes; "a" is stale."""
    store(cache, URL + "a", b"xxx")
    clock.pass_(30)
    store(cache, URL + "b", b"x")
    store(cache, URL + "b?c", b"xx")
    clock.pass_(31)
    return cache


def store_languages(cache):
    for language in ("en", "de"):
        with Request("GET", URL, {"Accept-Language": language}) as request, cache.lookup(request) as exchange:
            exchange.store(200, {"Vary": "Accept-Language", **FRESH}, language.encode())


def test_a_walk_shows_what_a_hit_shows(cache, clock):
    fields = {"Accept": "a/b", "Authorization": "secret", "Content-Type": "application/json"}
    with Request("GET", URL + "a", fields, b"[1]") as request, cache.lookup(request) as exchange:
        answer = [*FRESH.items(), ("X-A", "1"), ("X-A", "2")]
        assert exchange.store(200, answer, b"body", reason="Reason") is Outcome.STORED
    clock.pass_(61)
    (stored,) = cache.walk()
    assert (stored.status, stored.reason, stored.url, stored.body_size) == (200, "Reason", URL + "a", 4)
    assert (stored.is_expired, stored.is_alias, stored.is_unreadable) == (True, False, False)
    assert stored.fields[-2:] == [("X-A", "1"), ("X-A", "2")]
    assert (stored.get("x-a"), stored.get("X-B"), stored.get("X-B", "none")) == ("1, 2", None, "none")
    assert (stored.created_at, stored.expires_at) == (START, START + timedelta(seconds=60))
    assert (stored.age, stored.freshness_lifetime) == (timedelta(seconds=61), timedelta(seconds=60))
    assert (stored.request.method, stored.request.url, stored.request.body) == ("GET", URL + "a", b"[1]")
    asked = dict(stored.request.fields)
    assert (asked["Accept"], asked["Authorization"]) == ("a/b", "REDACTED")
    assert stored.response is None
    assert stored.key in cache


def test_what_never_expires_is_met_as_that(open_cache):
    cache = open_cache()
    store(cache)
    (stored,) = cache.walk()
    assert stored.expires_at is stored.freshness_lifetime is Expiry.NEVER


@pytest.mark.parametrize(
    ("conditions", "met"),
    [
        ({}, "abc"),
        ({"match": Match.EXPIRED}, "a"),
        ({"match": Match.FRESH}, "bc"),
        ({"match": Match.FRESH | Match.EXPIRED}, "abc"),
        ({"match": Match.UNREADABLE | Match.ALIASES}, ""),
        ({"created_before": START + timedelta(milliseconds=1)}, "a"),
        ({"created_before": START}, ""),
        ({"expires_before": START + timedelta(seconds=61)}, "a"),
        ({"expires_before": datetime.fromtimestamp(1_700_000_061)}, "a"),
        ({"url": "HTTP://H.test:80/./b"}, "b"),
        ({"url_glob": "*/b"}, "bc"),
        ({"url_glob": "*/b", "method": "GET"}, "bc"),
        ({"url_glob": "*/b", "method": "POST"}, ""),
        ({"url_glob": "*/b", "match": Match.EXPIRED}, ""),
    ],
)
def test_what_is_met_is_what_is_asked_for(filled, conditions, met):
    assert any_order(filled, **conditions) == met
    if conditions:
        assert filled.delete_where(Query(**conditions)) == len(met)
        assert any_order(filled) == "".join(sorted(set("abc") - set(met)))


def test_the_order_is_the_one_asked_for(filled):
    assert letters(filled, order=Order.SIZE) == "bca"
    assert letters(filled, order=Order.SIZE, descending=True) == "acb"
    assert letters(filled, order=Order.SIZE, descending=True, limit=2) == "ac"
    assert letters(filled, order=Order.CREATED, limit=1) == "a"
    assert letters(filled, order=Order.EXPIRY, limit=1) == "a"
    keys = [stored.key for stored in filled.walk()]
    assert keys == sorted(keys)
    assert [stored.key for stored in filled.walk(Query(descending=True))] == keys[::-1]


def test_a_walk_is_an_iterator(filled):
    with filled.walk(Query(order=Order.SIZE)) as walk:
        assert iter(walk) is walk
        assert next(walk).url == URL + "b"
        assert [stored.url for stored in walk] == [URL + "b?c", URL + "a"]
        for _ in range(2):
            with pytest.raises(StopIteration):
                next(walk)
        assert repr(walk) == "<httpcache.Walk>"
    assert walk.closed
    assert repr(walk) == "<httpcache.Walk closed>"
    with pytest.raises(ClosedError):
        next(walk)


def test_bodies_are_there_where_they_are_asked_for(cache):
    large = b"x" * 200_001
    store(cache, URL + "a", large)
    store(cache, URL + "b", b"small")
    met = list(cache.walk(Query(order=Order.SIZE), bodies=True))
    cache.clear()
    assert [stored.body_size for stored in met] == [5, 200_001]
    assert [stored.response.body for stored in met] == [b"small", large]
    assert [stored.response.key for stored in met] == [stored.key for stored in met]
    assert [stored.response.request.url for stored in met] == [URL + "b", URL + "a"]
    for stored in met:
        stored.response.close()


def test_what_is_met_outlives_walk_and_cache(cache):
    store(cache, URL, b"x" * 200_000)
    with cache.walk(bodies=True) as walk:
        stored = next(walk)
    cache.close()
    assert (stored.url, stored.request.url) == (URL, URL)
    assert stored.response.read() == b"x" * 200_000


def test_a_walk_goes_on_while_things_are_deleted(open_cache):
    cache = open_cache(durability=httpcache.Durability.FAST)
    for i in range(300):
        store(cache, URL + str(i))
    met = []
    for stored in cache.walk():
        assert cache.delete(stored.key) == 1
        met.append(stored.url)
    assert sorted(met) == sorted(URL + str(i) for i in range(300))
    assert cache.stats().responses == 0


def test_records_that_cannot_be_read_are_met_where_they_are_asked_for(open_cache, directory):
    with open_cache(cache_control=True) as cache:
        store(cache, URL, b"b" * 100)
    (path,) = glob.glob(f"{directory}/*/data.mdb")
    with open(path, "r+b") as file:
        at = file.read().index(b"b" * 100)
        file.seek(at)
        file.write(b"z")
    cache = open_cache(cache_control=True)
    assert list(cache.walk()) == []
    (stored,) = cache.walk(Query(match=Match.UNREADABLE), bodies=True)
    assert stored.is_unreadable
    assert (stored.status, stored.url, stored.fields, stored.body_size) == (0, "", [], None)
    assert (stored.created_at, stored.expires_at, stored.freshness_lifetime) == (None, None, None)
    assert (stored.request, stored.response) == (None, None)
    assert stored.key not in cache
    assert cache.delete_where(Query(match=Match.UNREADABLE)) == 1
    assert cache.stats().responses == 0


def test_a_response_is_got_by_its_key(cache, clock):
    store(cache, URL + "a")
    key = cache.key(URL + "a")
    with cache.get(key) as response:
        assert (response.status, response.body, response.from_cache, response.url) == (200, b"body", True, URL + "a")
        assert (response.request.method, response.request.url) == ("GET", URL + "a")
        with cache.get(response.key) as same:
            assert same.key == response.key
    with Request("GET", URL + "a") as request:
        assert request in cache
        assert cache.get(request).read() == b"body"
    clock.pass_(100)
    assert cache.get(key).is_expired


def test_where_nothing_is_stored_nothing_is_got(cache):
    key = cache.key(URL)
    assert cache.get(key) is None
    assert key not in cache
    assert cache.delete(key) == 0


def test_a_request_that_the_cache_has_no_part_in_has_nothing_stored(cache):
    store(cache)
    with Request("GET", URL, options=httpcache.RequestOptions(bypass=True)) as request:
        assert cache.key(request) is None
        assert cache.get(request) is None
        assert request not in cache
        assert cache.delete(request) == 0
    assert cache.stats().responses == 1


def test_a_key_names_all_variants_or_one(cache):
    store_languages(cache)
    key = cache.key(URL)
    (one,) = (stored.key for stored in cache.walk() if dict(stored.request.fields)["Accept-Language"] == "en")
    assert cache.get(one).body == b"en"
    assert cache.delete(one) == 1
    assert one not in cache
    assert cache.get(key).body == b"de"
    with Request("GET", URL) as request:
        assert cache.delete(request) == 1
    assert key not in cache


def test_a_key_of_all_variants_deletes_them_all(cache):
    store_languages(cache)
    assert cache.delete(cache.key(URL)) == 2
    assert list(cache.walk()) == []


def test_deleting_at_most_so_many_takes_the_first_in_order(filled):
    assert filled.delete_where(Query(order=Order.SIZE, descending=True, limit=2)) == 2
    assert letters(filled) == "b"


def test_clear_takes_all(filled):
    assert filled.clear() == 3
    assert filled.clear() == 0
    assert list(filled.walk()) == []
    assert decision(filled, URL + "b") is Decision.FORWARD


def test_a_cache_that_is_only_read_is_cleared_all_the_same(cache, open_cache):
    store(cache)
    reader = open_cache(cache_control=True, read_only=True)
    assert reader.clear() == 1
    assert cache.stats().responses == 0


def test_who_has_a_body_open_reads_on(cache):
    store(cache, URL, b"x" * 200_000)
    with cache.get(cache.key(URL)) as response:
        assert cache.clear() == 1
        assert response.body == b"x" * 200_000


def test_everything_gets_another_expiry(open_cache, clock):
    cache = open_cache(expire_after=1)
    for name in "ab":
        store(cache, URL + name, fields=())
    clock.pass_(2)
    assert cache.reset_expiration(60) == 2
    assert {stored.expires_at for stored in cache.walk()} == {START + timedelta(seconds=62)}
    assert cache.reset_expiration(Expiry.NEVER) == 2
    assert {stored.expires_at for stored in cache.walk()} == {Expiry.NEVER}
    assert cache.reset_expiration(Expiry.NEVER) == 0
    assert cache.reset_expiration(Expiry.UNSET) == 2
    assert any_order(cache, match=Match.EXPIRED) == "ab"


def test_what_is_put_is_a_hit(cache):
    with Request("GET", URL, {"Accept": "a"}) as request:
        times = {"created_at": START - timedelta(seconds=5), "expires_at": START + timedelta(seconds=5)}
        assert cache.put(request, 200, {"Vary": "Accept"}, b"body", reason="Reason", **times)
        with cache.lookup(request) as exchange:
            assert (exchange.decision, exchange.body) == (Decision.FRESH, b"body")
            assert {name: getattr(exchange, name) for name in times} == times
            assert exchange.age == timedelta(seconds=5)
    assert decision(cache, fields={"Accept": "b"}) is Decision.FORWARD
    assert cache.put(URL, 200, expires_at=Expiry.NEVER)
    with cache.get(cache.key(URL)) as response:
        assert (response.created_at, response.expires_at, response.body) == (START, Expiry.NEVER, b"")
    with Request("PUT", URL) as request:
        assert not cache.put(request, 200)


def test_what_was_read_is_put_elsewhere(cache, tmp_path, clock):
    store(cache, URL, b"x" * 200_000)
    with httpcache.Cache(tmp_path / "other", Options(cache_control=True, clock=clock)) as other:
        for stored in cache.walk(bodies=True):
            with stored.response as response:
                assert other.put_response(stored.url, response, created_at=stored.created_at)
        (stored,) = other.walk()
        assert (stored.created_at, stored.expires_at) == (START, START + timedelta(seconds=60))
        assert other.get(stored.key).body == b"x" * 200_000


def test_what_another_cache_has_is_taken_over(cache, tmp_path, clock):
    with httpcache.Cache(tmp_path / "other", Options(cache_control=True, clock=clock)) as other:
        store(cache, URL + "a", b"old")
        clock.pass_(1)
        store(other, URL + "a", b"new")
        store(other, URL + "b", b"x" * 200_000)
        with Request("GET", URL + "c", {"Authorization": "Basic YTpi"}) as request, other.lookup(request) as exchange:
            exchange.store(200, FRESH)
        told = []
        assert cache.update(other, lambda *progress: told.append(progress)) == (2, 0, 1)
        assert told[-1] == (3, 3)
        assert cache.update(other) == httpcache.Updated(copied=0, older=2, skipped=1)
    assert [cache.get(cache.key(URL + name)).body for name in "ab"] == [b"new", b"x" * 200_000]


def test_taking_over_ends_where_it_is_told_to(cache, tmp_path, clock):
    with httpcache.Cache(tmp_path / "other", Options(cache_control=True, clock=clock)) as other:
        store(other)
        with pytest.raises(httpcache.CancelledError):
            cache.update(other, lambda done, total: False)
        with pytest.raises(ZeroDivisionError):
            cache.update(other, lambda done, total: 1 / 0)
        assert cache.update(other) == (0, 1, 0)


@pytest.fixture
def damaged(cache, directory):
    """A cache of two, one of which has a body that was damaged behind its back."""
    store(cache, URL + "a")
    store(cache, URL + "b", b"b" * 200_000)
    cache.flush()
    (path,) = (each for each in directory.glob("*/bodies/**/*") if each.is_file() and each.stat().st_size >= 200_000)
    with open(path, "r+b") as file:
        file.seek(100_000)
        file.write(b"z")
    return cache


def test_a_damaged_body_is_found_and_taken_away(damaged):
    found = damaged.verify()
    assert (found.records, found.bodies, found.damaged_bodies, found.mended) == (2, 1, 1, 0)
    assert damaged.stats().responses == 2
    assert damaged.verify(mend=True).mended == 1
    assert damaged.verify()._asdict() == {**dict.fromkeys(httpcache.Verification._fields, 0), "records": 1}
    assert decision(damaged, URL + "a") is Decision.FRESH
    assert decision(damaged, URL + "b") is Decision.FORWARD


def test_verifying_ends_where_it_is_told_to(damaged):
    told = []
    damaged.verify(progress=lambda *progress: told.append(progress))
    assert told[-1][0] == told[-1][1]
    with pytest.raises(httpcache.CancelledError):
        damaged.verify(progress=lambda done, total: False)
    with pytest.raises(ZeroDivisionError):
        damaged.verify(mend=True, progress=lambda done, total: 1 / 0)


def test_a_cache_that_is_only_read_is_verified_and_not_mended(cache, open_cache):
    store(cache)
    reader = open_cache(cache_control=True, read_only=True)
    assert reader.verify().records == 1
    with pytest.raises(httpcache.ReadOnlyError):
        reader.verify(mend=True)


def test_without_threads_the_program_lends_the_time(open_cache):
    cache = open_cache(cache_control=True, workers=False)
    store(cache)
    assert decision(cache) is Decision.FRESH
    assert in_child(lambda: hit(cache, Decision.FORWARD)) == 0
    assert not cache.work(timedelta(seconds=10))
    assert in_child(lambda: hit(cache, Decision.FRESH)) == 0
    assert not cache.work()


def hit(cache, expected):
    assert decision(cache) is expected


def test_an_exchange_and_its_response_know_the_request(cache):
    with Request("GET", URL, {"A": "b"}) as request, cache.lookup(request) as exchange:
        exchange.store(200, FRESH)
        with exchange.response() as response:
            assert (response.request.url, dict(response.request.fields)["A"]) == (URL, "b")


def test_a_second_thread_is_refused_and_walks_run_beside_each_other(filled):
    counts = []
    threads = [threading.Thread(target=lambda: counts.append(len(list(filled.walk(bodies=True))))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert counts == [3] * 4
    walk = filled.walk()
    with walk._handle, pytest.raises(MisuseError):
        next(walk)
    assert len(list(walk)) == 3


def test_the_clock_is_asked_while_walking(directory, clock):
    """What the walk calls back is kept alive by it, when the cache is gone."""
    with httpcache.Cache(directory, Options(cache_control=True, clock=clock)) as cache:
        store(cache)
        walk = cache.walk()
    del cache
    clock.pass_(100)
    (stored,) = walk
    assert stored.is_expired


def test_an_interrupt_that_a_clock_raises_ends_the_step(directory):
    interrupted = []

    def clock():
        if interrupted:
            interrupted.pop()
            raise KeyboardInterrupt
        return 1_700_000_000.0

    with httpcache.Cache(directory, Options(cache_control=True, clock=clock)) as cache:
        store(cache)
        walk = cache.walk(bodies=True)
        interrupted.append(True)
        with pytest.raises(KeyboardInterrupt):
            list(walk)
        interrupted.clear()
        assert len(list(cache.walk())) == 1


def test_a_child_walks_by_itself(filled):
    def work():
        assert any_order(filled) == "abc"
        assert filled.delete_where(Query(url=URL + "a")) == 1
        assert filled.clear() == 2
        filled.flush()

    filled.flush()
    assert in_child(work) == 0
    assert list(filled.walk()) == []
