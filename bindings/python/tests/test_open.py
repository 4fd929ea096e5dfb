"""Opening a cache with options."""

import logging
import os
import re
import stat
from datetime import datetime, timedelta, timezone

import pytest

import httpcache
from httpcache import Decision, Durability, Expiry, Options, Outcome, Request, RequestOptions
from support import FRESH, URL, body, decision, store


def test_a_cache_is_a_private_directory(directory):
    with httpcache.Cache(directory) as cache:
        assert cache.path == str(directory)
        assert stat.S_IMODE(directory.stat().st_mode) == 0o700
        assert repr(cache) == f"<httpcache.Cache {str(directory)!r}>"
    assert repr(cache).endswith(" closed>")


@pytest.mark.parametrize("kind", [str, os.fsencode, lambda path: path])
def test_a_path_is_what_python_takes_for_one(directory, kind):
    with httpcache.Cache(kind(directory)) as cache:
        assert store(cache) is Outcome.STORED
    assert directory.is_dir()


def test_a_name_of_any_bytes(tmp_path):
    name = os.path.join(os.fsencode(tmp_path), b"caf\xc3\xa9-\xff")
    with httpcache.Cache(name) as cache:
        assert os.fsencode(cache.path) == name
    assert os.path.isdir(name)


def test_what_is_stored_is_there_the_next_time(open_cache):
    with open_cache() as cache:
        store(cache)
    assert body(open_cache()) == b"body"


def test_two_of_one_directory_are_one_store(open_cache):
    store(open_cache())
    assert body(open_cache()) == b"body"


def test_without_cache_control_the_settings_decide(open_cache):
    cache = open_cache()
    assert store(cache, fields={"Cache-Control": "no-store"}) is Outcome.STORED
    assert decision(cache) is Decision.FRESH


def test_with_cache_control_the_fields_decide(cache):
    assert store(cache, fields={"Cache-Control": "no-store"}) is Outcome.NOT_STORED


@pytest.mark.parametrize("lifetime", [60, 60.0, timedelta(minutes=1), 59.9999])
def test_a_duration_is_seconds_or_a_timedelta(open_cache, clock, lifetime):
    cache = open_cache(expire_after=lifetime)
    store(cache, fields=())
    with cache.lookup(URL) as exchange:
        assert exchange.freshness_lifetime == timedelta(minutes=1)
    clock.pass_(59)
    assert decision(cache) is Decision.FRESH
    clock.pass_(2)
    assert decision(cache) is Decision.FORWARD


@pytest.mark.parametrize(
    ("expiry", "outcome", "later"),
    [
        (Expiry.NEVER, Outcome.STORED, Decision.FRESH),
        (Expiry.UNSET, Outcome.STORED, Decision.FRESH),
        (Expiry.IMMEDIATELY, Outcome.STORED, Decision.REVALIDATE),
        (0, Outcome.STORED, Decision.REVALIDATE),
        (Expiry.DO_NOT_CACHE, Outcome.NOT_STORED, Decision.FORWARD),
    ],
)
def test_the_named_expiries(open_cache, expiry, outcome, later):
    cache = open_cache(expire_after=expiry)
    assert store(cache, fields={"ETag": '"a"'}) is outcome
    assert decision(cache) is later


@pytest.mark.parametrize("zone", [timezone.utc, timezone(timedelta(hours=5)), None])
def test_an_expiry_may_be_an_instant(open_cache, clock, zone):
    at = datetime.fromtimestamp(clock.now + 60, zone)
    cache = open_cache(expire_at=at)
    store(cache, fields=())
    with cache.lookup(URL) as exchange:
        assert exchange.expires_at == at.astimezone(timezone.utc)


def test_a_response_that_never_expires_says_so(open_cache):
    cache = open_cache()
    store(cache, fields=())
    with cache.lookup(URL) as exchange:
        assert exchange.expires_at is Expiry.NEVER
        assert exchange.freshness_lifetime is Expiry.NEVER


def test_an_instant_beyond_those_of_python_is_its_last(open_cache):
    cache = open_cache(expire_after=10**13)
    store(cache, fields=())
    with cache.lookup(URL) as exchange:
        assert exchange.expires_at == datetime.max.replace(tzinfo=timezone.utc)


def test_a_request_has_options_of_its_own(open_cache):
    cache = open_cache(expire_after=60)
    never = RequestOptions(expire_after=Expiry.DO_NOT_CACHE)
    with Request("GET", URL, options=never) as request, cache.lookup(request) as exchange:
        assert exchange.store(200, FRESH, b"body") is Outcome.NOT_STORED
    reader = RequestOptions(read_only=True)
    with Request("GET", URL, options=reader) as request, cache.lookup(request) as exchange:
        assert exchange.store(200, FRESH, b"body") is Outcome.NOT_STORED
    store(cache)
    with Request("GET", URL, options=reader) as request, cache.lookup(request) as exchange:
        assert exchange.decision is Decision.FRESH
    past = RequestOptions(bypass=True)
    with Request("GET", URL, options=past) as request, cache.lookup(request) as exchange:
        assert exchange.decision is Decision.FORWARD
    offline = RequestOptions(only_if_cached=True)
    with Request("GET", URL + "?other", options=offline) as request, cache.lookup(request) as exchange:
        assert exchange.decision is Decision.UNSATISFIABLE
        assert exchange.status == 504


def test_all_options_at_once(directory):
    options = Options(
        cache_control=True,
        expire_after=timedelta(hours=1),
        heuristic_percent=20,
        stale_if_error=Expiry.NEVER,
        only_if_cached=False,
        bypass=False,
        read_only=False,
        max_response_bytes=Expiry.NEVER,
        durability=Durability.FAST,
        max_variants=8,
        head_timeout=5,
        connect_timeout=Expiry.NEVER,
        max_redirects=3,
        idle_timeout=1.5,
        total_timeout=60,
        allow_downgrade=False,
        max_head_bytes=4096,
        max_fields=50,
        follow=False,
        retry=True,
        sort_query=True,
        shared=False,
        stale_while_revalidate=5,
        always_revalidate=False,
        refresh=False,
        force_refresh=False,
        invalidate=True,
        no_vary_search=True,
        groups=True,
        workers=False,
        select_language=True,
        cache_status=True,
        immutable_forever=True,
        complete=True,
        keep_request=False,
        ignored=["page"],
        clear_ignored=False,
        methods=["GET", "HEAD"],
        statuses=[200, 404],
        targeted_fields=("CDN-Cache-Control",),
        cache_name="mine",
        status_expiry={404: timedelta(minutes=1), 5: Expiry.DO_NOT_CACHE},
        url_rules={"*.h.test/a": 1, re.compile("^https:", re.I): Expiry.NEVER},
        max_url_bytes=1000,
        logger=logging.getLogger("mine"),
        log_level=logging.DEBUG,
    )
    with httpcache.Cache(directory, options) as cache:
        store(cache, URL + "?b=1&a=2")
        assert decision(cache, URL + "?a=2&b=1") is Decision.FRESH
        with pytest.raises(httpcache.TooLargeError):
            cache.lookup(URL + "x" * 1000)


def test_lists_of_methods_and_statuses(open_cache):
    cache = open_cache(methods=["POST"], statuses=iter([404]), cache_status=True, cache_name="mine")
    assert store(cache) is Outcome.NOT_STORED
    with Request("POST", URL, body=b"question") as request:
        with cache.lookup(request) as exchange:
            assert exchange.store(404) is Outcome.STORED
        with cache.lookup(request) as exchange:
            assert exchange.decision is Decision.FRESH
            assert exchange.get("Cache-Status").startswith("mine;")
    with Request("POST", URL, body=b"another") as request, cache.lookup(request) as exchange:
        assert exchange.decision is Decision.FORWARD


def test_the_first_rule_for_a_url_holds(open_cache):
    rules = {re.compile("/PRIVATE/", re.I): Expiry.DO_NOT_CACHE, "*/unset": Expiry.UNSET, "*": 5}
    cache = open_cache(url_rules=rules)
    assert store(cache, "http://h.test/private/x", fields=()) is Outcome.NOT_STORED
    store(cache, "http://h.test/unset", fields=())
    with cache.lookup("http://h.test/unset") as exchange:
        assert exchange.freshness_lifetime == timedelta(seconds=5)


def test_what_is_ignored_is_added_to_what_authenticates(open_cache):
    names = "Authorization Proxy-Authorization X-API-Key X-Auth-Token X-API-Token X-Access-Token"
    assert httpcache.default_ignored() == (*names.split(), "access_token", "api_key", "apikey")
    # A link with such a value in it would have to be altered.
    links = {name: [("Link", f"</?{name}=1>; rel=next")] for name in ("page", "api_key", "other")}
    for options, refused in (
        ({}, {"api_key"}),
        ({"ignored": ["page"]}, {"api_key", "page"}),
        ({"ignored": ["page"], "clear_ignored": True}, {"page"}),
    ):
        cache = open_cache(**options)
        stored = {name: store(cache, f"{URL}{name}", fields=fields) for name, fields in links.items()}
        assert {name for name, outcome in stored.items() if outcome is Outcome.NOT_STORED} == refused


def test_a_status_has_an_expiry_of_its_own(open_cache):
    cache = open_cache(statuses=[200, 404], status_expiry={404: 5})
    store(cache, status=404, fields=())
    with cache.lookup(URL) as exchange:
        assert exchange.freshness_lifetime == timedelta(seconds=5)


def test_the_cache_logs_where_python_does(directory, caplog):
    (directory).mkdir(mode=0o700)
    with httpcache.Cache(directory) as cache:
        store(cache)
    data = next(directory.glob("g-*/data.mdb"))
    data.write_bytes(b"\xff" * data.stat().st_size)
    with httpcache.Cache(directory) as cache:
        assert decision(cache) is Decision.FORWARD
    assert [record.name for record in caplog.records] == ["httpcache"]
    assert "aside" in caplog.text


def test_the_log_may_be_silenced(directory, caplog):
    with httpcache.Cache(directory) as cache:
        store(cache)
    data = next(directory.glob("g-*/data.mdb"))
    data.write_bytes(b"\xff" * data.stat().st_size)
    silent = Options(log_level=logging.CRITICAL)
    with httpcache.Cache(directory, silent):
        pass
    assert not [record for record in caplog.records if record.levelno < logging.ERROR]


@pytest.mark.parametrize(
    ("prepare", "kind", "builtin"),
    [
        (lambda path: path.write_bytes(b""), httpcache.NotDirectoryError, NotADirectoryError),
        (lambda path: path.symlink_to(path.parent), httpcache.SymlinkError, httpcache.StoreError),
    ],
)
def test_a_path_that_is_refused(directory, prepare, kind, builtin):
    prepare(directory)
    with pytest.raises(kind) as caught:
        httpcache.Cache(directory)
    assert isinstance(caught.value, builtin)
    assert str(directory) in caught.value.message


def test_a_directory_keeps_its_durability(directory):
    httpcache.Cache(directory, Options(durability=Durability.FAST)).close()
    with pytest.raises(httpcache.MismatchError):
        httpcache.Cache(directory, Options(durability=Durability.SYNCED))


def test_flush_and_stats(cache):
    store(cache)
    decision(cache)
    decision(cache, URL + "missing")
    cache.flush()
    cache.flush(timedelta(seconds=10))
    stats = cache.stats()
    assert (stats.responses, stats.stores, stats.hits, stats.misses, stats.errors) == (1, 1, 1, 2, 0)
    assert stats.bytes > 0


def test_a_clock_that_fails_is_replaced_by_the_systems(open_cache, caplog):
    def clock():
        raise RuntimeError("no time")

    cache = open_cache(clock=clock)
    assert store(cache) is Outcome.STORED
    with cache.lookup(URL) as exchange:
        assert abs(exchange.created_at - datetime.now(timezone.utc)) < timedelta(minutes=1)
    assert "the clock failed" in caplog.text
