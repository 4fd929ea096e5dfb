"""The Python part of the test of many languages on one cache: commands from stdin, an answer to each."""

from __future__ import annotations

import sys
import time
import zlib
from collections.abc import Callable, Iterator

import requests

import httpcache
from httpcache.requests import CacheAdapter


class Polyglot:
    def __init__(self, directory: str) -> None:
        self.cache = httpcache.Cache(directory, httpcache.Options(cache_control=True))
        self.session = requests.Session()
        # What the environment says of proxies is not for an origin on the loopback interface.
        self.session.trust_env = False
        for scheme in ("http://", "https://"):
            self.session.mount(scheme, CacheAdapter(self.cache))

    def close(self) -> None:
        self.session.close()
        self.cache.close()

    def ask(self, url: str, refresh: bool = False) -> requests.Response:
        fields = {"Cache-Control": "no-cache"} if refresh else {}
        return self.session.get(url, headers=fields, timeout=30)

    def get(self, url: str, refresh: bool = False) -> str:
        start = time.perf_counter_ns()
        response = self.ask(url, refresh)
        body = response.content
        microseconds = (time.perf_counter_ns() - start) // 1000
        # The next program that is asked is to see it.
        self.cache.flush()
        return f"{source(response)} {response.status_code} {len(body)} {zlib.crc32(body):08x} {microseconds}"

    def refresh(self, url: str) -> str:
        return self.get(url, refresh=True)

    def run(self, prefix: str, count: str, seconds: str, seed: str) -> str:
        asked = hits = wrong = errors = 0
        numbers = random(int(seed))
        end = time.monotonic() + float(seconds)
        while time.monotonic() < end:
            url = f"{prefix}{next(numbers) % int(count)}"
            asked += 1
            try:
                response = self.ask(url, refresh=next(numbers) % 16 == 0)
                body = response.content
            except (requests.RequestException, httpcache.Error):
                errors += 1
                continue
            hits += source(response) == "HIT"
            first, _, rest = body.partition(b"\n")
            wrong += first != b"%08x" % zlib.crc32(rest)
        return f"{asked} {hits} {wrong} {errors}"

    def hits(self, url: str, count: str) -> str:
        start = time.process_time_ns()
        for _ in range(int(count)):
            with httpcache.Request("GET", url, {"Accept": "*/*"}) as request:
                with self.cache.lookup(request) as exchange:
                    if exchange.decision is not httpcache.Decision.FRESH:
                        raise RuntimeError(f"not fresh: {url}")
                    _ = exchange.status, exchange.get("Content-Type"), exchange.body
        return f"{count} {time.process_time_ns() - start}"


def source(response: requests.Response) -> str:
    if not response.from_cache:  # type: ignore[attr-defined]
        return "MISS"
    if response.revalidated:  # type: ignore[attr-defined]
        return "REVALIDATED"
    return "STALE" if response.is_expired else "HIT"  # type: ignore[attr-defined]


def random(seed: int) -> Iterator[int]:
    """A generator of Marsaglia's (xorshift64*): the same numbers in each language."""
    state = seed or 1
    while True:
        state ^= state >> 12
        state = (state ^ (state << 25)) & (2**64 - 1)
        state ^= state >> 27
        yield (state * 0x2545F4914F6CDD1D) % 2**64 >> 33


def main() -> None:
    polyglot = Polyglot(sys.argv[1])
    commands: dict[str, Callable[..., str]] = {
        "get": polyglot.get,
        "refresh": polyglot.refresh,
        "run": polyglot.run,
        "hits": polyglot.hits,
    }
    for line in sys.stdin:
        try:
            name, *arguments = line.split()
            answer = "ok " + commands[name](*arguments)
        except Exception as error:
            answer = "error " + " ".join(f"{type(error).__name__}: {error}".split())
        print(answer, flush=True)
    polyglot.close()


if __name__ == "__main__":
    main()
