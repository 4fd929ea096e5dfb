"""Where a cache lies: among the caches of the user, or in a directory that goes with it."""

import os

import pytest

import httpcache
from httpcache import ArgumentError, Cache, Decision, Options, Place, UnsupportedError
from support import URL, decision, in_child, store


def owners(path):
    return sum("owner" in files for _, _, files in os.walk(path))


def at(place, **options):
    return Options(place=place, cache_control=True, **options)


def test_a_name_lies_among_the_caches_of_the_user(tmp_path, monkeypatch):
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    with Cache("mine", at(Place.USER)) as cache:
        assert cache.path == "mine"
        store(cache)
    with Cache(tmp_path / ".cache" / "mine", Options(cache_control=True)) as cache:
        assert decision(cache) is Decision.FRESH
    with Cache(options=at(Place.USER)) as cache:
        assert cache.path is None
        assert (tmp_path / ".cache" / "http_cache" / "owner").exists()


def test_the_environment_says_where_they_are(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    with Cache("mine", at(Place.USER)):
        assert os.listdir(tmp_path) == ["mine"]


def test_without_a_home_the_error_says_so(monkeypatch):
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.delenv("HOME", raising=False)
    with pytest.raises(UnsupportedError, match="HOME"):
        Cache("mine", at(Place.USER))


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "/tmp/a"])
def test_what_is_no_name_is_refused(name):
    with pytest.raises(ArgumentError, match="name"):
        Cache(name, at(Place.USER))


def test_what_is_temporary_goes_when_it_is_closed(tmp_path):
    one = Cache(tmp_path, at(Place.TEMPORARY))
    other = Cache(tmp_path, at(Place.TEMPORARY))
    assert owners(tmp_path) == 2
    store(one, URL, b"x" * 200_000)
    assert decision(one) is Decision.FRESH
    assert decision(other) is Decision.FORWARD
    one.close()
    assert owners(tmp_path) == 1
    other.close()
    assert os.listdir(tmp_path) == []


def test_it_stays_while_something_made_from_it_is_open(tmp_path):
    with Cache(tmp_path, at(Place.TEMPORARY)) as cache:
        store(cache)
        walk = cache.walk()
    assert owners(tmp_path) == 1
    assert next(walk).url == URL
    walk.close()
    assert os.listdir(tmp_path) == []


def test_the_system_says_where_temporary_ones_are(tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    with Cache(options=at(Place.TEMPORARY)):
        assert owners(tmp_path) == 1
    assert os.listdir(tmp_path) == []


def test_a_child_keeps_what_is_temporary(tmp_path):
    def work():
        assert decision(cache) is Decision.FRESH
        cache.close()
        assert owners(tmp_path) == 1

    with Cache(tmp_path, at(Place.TEMPORARY)) as cache:
        store(cache)
        cache.flush()
        assert in_child(work) == 0
        assert decision(cache) is Decision.FRESH
    assert owners(tmp_path) == 0


def test_a_place_is_one_of_three():
    assert [each.value for each in Place] == [0, 1, 2]
    assert httpcache.Options().place is None
