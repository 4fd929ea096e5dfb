from __future__ import annotations

import os
import subprocess
from pathlib import Path
from urllib.parse import quote
from urllib.request import ProxyHandler, build_opener

import pytest

import httpcache

REPOSITORY = Path(__file__).resolve().parents[3]
ORIGIN = os.environ.get("HTTPCACHE_ORIGIN") or REPOSITORY / "target" / "debug" / "examples" / "origin"

_opener = build_opener(ProxyHandler({}))


class Clock:
    """A clock that moves when it is told to."""

    def __init__(self) -> None:
        self.now = 1_700_000_000.0

    def __call__(self) -> float:
        return self.now

    def pass_(self, seconds: float) -> None:
        self.now += seconds


class Origin:
    """The origin of the tests; each test asks it for targets of its own."""

    def __init__(self) -> None:
        self.process = subprocess.Popen([ORIGIN], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        self.url = f"http://127.0.0.1:{self.process.stdout.readline().strip()}"
        self.mark = ""

    def __call__(self, target: str, **fields: str) -> str:
        """The URL of a target, with response fields of the caller's."""
        parameters = [f"of={self.mark}"]
        parameters += [f"field={quote(name.replace('_', '-') + ':' + value)}" for name, value in fields.items()]
        return f"{self.url}/{target}{'&' if '?' in target else '?'}{'&'.join(parameters)}"

    def ask(self, target: str) -> int:
        with _opener.open(f"{self.url}/{target}", timeout=30) as response:
            return int(response.read())

    def change(self, name: str) -> None:
        with _opener.open(f"{self.url}/change/{name}", data=b"", timeout=30) as response:
            response.read()

    def count(self, url: str) -> int:
        """How often a URL was asked for."""
        return self.ask(f"requests?target={quote(url[len(self.url) :], safe='')}")

    def stop(self) -> None:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.close()
        self.process.wait(timeout=30)
        self.process.stdout.close()


@pytest.fixture(scope="session")
def one_origin():
    origin = Origin()
    yield origin
    origin.stop()


@pytest.fixture
def origin(one_origin, request):
    one_origin.mark = quote(request.node.name, safe="")
    return one_origin


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def directory(tmp_path) -> Path:
    return tmp_path / "cache"


@pytest.fixture
def open_cache(directory, clock):
    """Opens caches that are closed after the test."""
    opened = []

    def open_(**options):
        options.setdefault("clock", clock)
        cache = httpcache.Cache(directory, httpcache.Options(**options))
        opened.append(cache)
        return cache

    yield open_
    for cache in opened:
        cache.close()


@pytest.fixture
def cache(open_cache):
    return open_cache(cache_control=True)
