"""A body of 1 GiB through a cache; a program of its own, so that its memory is its own.

stream.py pieces DIRECTORY          stored in pieces, read in pieces
stream.py adapter DIRECTORY URL     through a session, which stores it, and again from the cache
stream.py fetch DIRECTORY URL       through the library's own client, and again from the cache
"""

import sys
import zlib

import requests

import httpcache
from httpcache import Outcome
from httpcache.requests import CacheAdapter
from support import FRESH, URL, peak, pieces

SIZE = 2**30


class Sum:
    """What a body is, without the body."""

    def __init__(self):
        self.size = self.crc = 0

    def add(self, piece):
        self.size += len(piece)
        self.crc = zlib.crc32(piece, self.crc)


def through_pieces(cache):
    given, taken = Sum(), Sum()
    with cache.lookup(URL) as exchange:
        assert exchange.begin(200, FRESH) is Outcome.STORING
        for piece in pieces(SIZE):
            given.add(piece)
            assert exchange.write(piece)
        assert exchange.end() is Outcome.STORED
    yield given
    buffer = bytearray(2**20)
    with cache.lookup(URL) as exchange, exchange.response() as response:
        while size := response.readinto(buffer):
            taken.add(memoryview(buffer)[:size])
    yield taken


def through_adapter(cache, url):
    with requests.Session() as session:
        session.trust_env = False
        session.mount("http://", CacheAdapter(cache))
        for from_cache in (False, True):
            taken = Sum()
            with session.get(url, stream=True) as response:
                for piece in response.iter_content(2**20):
                    taken.add(piece)
                assert response.from_cache is from_cache
                assert response.key
            yield taken


def through_fetch(cache, url):
    for from_cache in (False, True):
        taken = Sum()
        with cache.fetch(url) as response:
            assert response.from_cache is from_cache
            while piece := response.read(2**20):
                taken.add(piece)
        yield taken


def main():
    way, directory, *rest = sys.argv[1:]
    with httpcache.Cache(directory, httpcache.Options(cache_control=True)) as cache:
        before = peak()
        first, second = {"pieces": through_pieces, "adapter": through_adapter, "fetch": through_fetch}[way](
            cache, *rest
        )
        print(first.size == second.size == SIZE, first.crc == second.crc, (peak() - before) // 2**20)


if __name__ == "__main__":
    main()
