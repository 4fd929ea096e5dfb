"""What several tests need."""

from __future__ import annotations

import hashlib
import os
import resource
import sys
from collections.abc import Callable, Iterator

import httpcache

URL = "http://h.test/"
FRESH = {"Cache-Control": "max-age=60"}


def store(cache, url=URL, body=b"body", fields=FRESH, status=200):
    """Has an answer stored, whatever is stored there."""
    with httpcache.Request("GET", url, {"Cache-Control": "no-cache"}) as request:
        with cache.lookup(request) as exchange:
            return exchange.store(status, fields, body)


def decision(cache, url=URL, fields=()):
    with httpcache.Request("GET", url, fields) as request, cache.lookup(request) as exchange:
        return exchange.decision


def body(cache, url=URL):
    """The stored body; None where there is none."""
    with cache.lookup(url) as exchange:
        return exchange.body if exchange.decision is httpcache.Decision.FRESH else None


def in_child(task: Callable[[], None]) -> int:
    """Runs a task in a forked child; its exit status is 0 if nothing was raised."""
    sys.stdout.flush()
    child = os.fork()
    if child == 0:
        status = 1
        try:
            task()
            status = 0
        except BaseException as error:
            import traceback

            traceback.print_exception(type(error), error, error.__traceback__)
        finally:
            os._exit(status)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


PIECE = 1024 * 1024


def pieces(total: int) -> Iterator[bytes]:
    """A body of so many bytes, made as it is asked for, no two pieces alike."""
    piece = bytearray(hashlib.sha256(b"seed").digest() * (PIECE // 32))
    number = 0
    while total > 0:
        piece[:8] = number.to_bytes(8, "big")
        yield bytes(piece[: min(total, PIECE)])
        total -= PIECE
        number += 1


def peak() -> int:
    """The most memory that the process has had, in bytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
