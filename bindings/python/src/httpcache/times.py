"""Instants and durations, and the expiries with a name."""

from __future__ import annotations

import enum
import math
from datetime import datetime, timedelta, timezone
from typing import Union

from ._native import lib
from .errors import argument

EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)


class Expiry(enum.Enum):
    """The expiries with a name, each distinct from every duration and every instant."""

    #: Stored if it has a validator, revalidated on each use.
    IMMEDIATELY = lib.HC_EXPIRE_IMMEDIATELY
    #: Never stale. Of a limit: none, however stale or long.
    NEVER = lib.HC_NEVER_EXPIRE
    #: Neither read nor written.
    DO_NOT_CACHE = lib.HC_DO_NOT_CACHE
    #: No value: the next in the order of precedence.
    UNSET = lib.HC_UNSET


_NAMED = {each.value for each in Expiry}

#: A duration is a :class:`~datetime.timedelta` or a number of seconds.
Duration = Union[timedelta, float, Expiry]


def native_duration(value: Duration) -> int:
    """Milliseconds, or the number of a named expiry."""
    if isinstance(value, Expiry):
        return int(value.value)
    if isinstance(value, bool) or not isinstance(value, (int, float, timedelta)):
        raise TypeError(f"a duration is a timedelta, seconds or an Expiry, not {type(value).__name__}")
    seconds = value.total_seconds() if isinstance(value, timedelta) else value
    # The named values are negative numbers, so a negative duration is refused before it becomes one.
    if not (math.isfinite(seconds) and seconds >= 0):
        raise argument(f"a duration of {seconds} seconds")
    return native_number(round(seconds * 1000))


def native_instant(value: datetime | Expiry) -> int:
    """Milliseconds since the epoch. A naive datetime is local time, as everywhere in Python."""
    if isinstance(value, Expiry):
        return int(value.value)
    if not isinstance(value, datetime):
        raise TypeError(f"an instant is a datetime or an Expiry, not {type(value).__name__}")
    try:
        elapsed = value.astimezone(timezone.utc) - EPOCH
    except (OverflowError, ValueError) as error:
        raise argument(f"{value} is out of range") from error
    if elapsed < timedelta(0):
        raise argument(f"{value} lies before 1970")
    return elapsed // timedelta(milliseconds=1)


def native_number(value: int) -> int:
    if not isinstance(value, int):
        raise TypeError(f"not an int: {value!r}")
    if not -(2**63) <= value < 2**63:
        raise argument(f"{value} does not fit into 64 bits")
    return value


def instant(milliseconds: int) -> datetime | Expiry | None:
    """An instant that the library tells. ``None``: there is none."""
    if milliseconds == lib.HC_UNSET:
        return None
    if milliseconds == lib.HC_NEVER_EXPIRE:
        return Expiry.NEVER
    try:
        return EPOCH + timedelta(milliseconds=milliseconds)
    except OverflowError:
        return datetime.max.replace(tzinfo=timezone.utc)


def duration(milliseconds: int) -> timedelta | Expiry | None:
    """A duration that the library tells. ``None``: there is none."""
    if milliseconds == lib.HC_UNSET:
        return None
    if milliseconds == lib.HC_NEVER_EXPIRE:
        return Expiry.NEVER
    return plain_duration(milliseconds)


def plain_duration(milliseconds: int) -> timedelta:
    try:
        return timedelta(milliseconds=milliseconds)
    except OverflowError:
        return timedelta.max


def given_duration(milliseconds: int) -> timedelta | Expiry:
    """A duration as it was given. One of no length is ``Expiry.IMMEDIATELY``."""
    return Expiry(milliseconds) if milliseconds in _NAMED else plain_duration(milliseconds)
