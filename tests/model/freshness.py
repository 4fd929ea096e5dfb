"""Freshness lifetime and current age (RFC 9111 4.2), in milliseconds since the start of a scenario."""

import dates
import directives
import fields
from settings import (BUSY_LIMIT, HEURISTICALLY_CACHEABLE, IMMEDIATELY, NEVER, UNSET, Undecided,
                      is_busy, retry_after)

CLOCK_TOLERANCE = 60_000
"""How far after now a response may have been received before its times are not believed (feature A8)."""


class Lifetime:
    """How long a response is fresh: `ms` or NEVER, and what said so.

    `source` is "fields" (explicit, or `immutable` alone), "setting", "heuristic" or "none". A setting counts
    from the response time, everything else from the origin's making of the response."""

    def __init__(self, ms, source):
        self.ms, self.source = ms, source


def received_date(response_fields, response_time):
    """Date, or the response time where there is none that can be read (RFC 9110 6.6.1)."""
    values = fields.lines(response_fields, "date")
    if len(values) > 1:
        raise Undecided("several Date lines")
    date = dates.parse(values[0], dates.at(response_time)) if values else None
    return response_time if date is None else (date - dates.T0) * 1000


def received_age(response_fields):
    """Age: the first member; what is no number is 0 (RFC 9111 5.1)."""
    value = fields.combined(response_fields, "age")
    if value is None:
        return 0
    first = value.split(",")[0].strip()
    return (directives.delta_seconds(first) or 0) * 1000


def initial_age(record):
    """corrected_initial_age (RFC 9111 4.2.3), with no part below 0."""
    apparent = max(0, record.response_time - record.date)
    delay = max(0, record.response_time - record.request_time)
    return max(apparent, record.age_value + delay)


def current_age(record, now):
    """current_age (RFC 9111 4.2.3)."""
    return initial_age(record) + max(0, now - record.response_time)


def explicit_lifetime(response_fields, date, response_time, shared):
    """What the response itself says (RFC 9111 4.2.1): milliseconds, or None where it says nothing."""
    said = directives.of_response(response_fields)
    for name in ("s-maxage", "max-age") if shared else ("max-age",):
        seconds = said.seconds(name)
        if seconds is directives.Invalid:
            return 0
        if seconds is not None:
            return seconds * 1000
    expires = fields.lines(response_fields, "expires")
    if not expires:
        return None
    at = dates.parse(expires[0], dates.at(response_time)) if len(set(expires)) == 1 else None
    # What cannot be read is a time in the past (RFC 9111 5.3).
    return 0 if at is None else max(0, (at - dates.T0) * 1000 - date)


def heuristic_lifetime(record, percent):
    """A fraction of the time since Last-Modified (RFC 9111 4.2.2), or None where none may be used."""
    said = directives.of_response(record.fields)
    if record.status not in HEURISTICALLY_CACHEABLE and "public" not in said:
        return None
    values = fields.lines(record.fields, "last-modified")
    modified = dates.parse(values[0], dates.at(record.response_time)) if len(values) == 1 else None
    if modified is None:
        return None
    since = max(0, record.date - (modified - dates.T0) * 1000)
    if since % 1000:
        raise Undecided("a heuristic to the millisecond")
    return since * percent // 100


def lifetime(record, settings):
    """How long a stored response is fresh."""
    return lifetime_by_fields(record, settings) if settings.cc else lifetime_by_setting(record)


def lifetime_by_setting(record):
    """CC off: the expiry that was written, and never where there is none (feature A4)."""
    expiry = record.expiry
    if expiry == UNSET:
        expiry = NEVER
    ms = _duration(expiry, record.response_time)
    if is_busy(record.status) and record.expiry_source != "status":
        limited = _busy(ms, record)
        if limited != ms and record.expiry_source == "request":
            raise Undecided("an error, kept longer by what the request asks")
        ms = limited
    return Lifetime(ms, "setting")


def _busy(ms, record):
    limit = retry_after(record.fields, record.response_time)
    if limit is not None and limit > BUSY_LIMIT:
        raise Undecided("a Retry-After beyond the limit")
    limit = BUSY_LIMIT if limit is None else limit
    return limit if ms == NEVER else min(ms, limit)


def _duration(expiry, response_time):
    if expiry == IMMEDIATELY:
        return 0
    if isinstance(expiry, tuple):
        return max(0, expiry[1] - response_time)
    return expiry


def lifetime_by_fields(record, settings):
    """CC on: the fields, else the expiry that was written, else the heuristic (features A3, A4, D4)."""
    is_immutable = "immutable" in directives.of_response(record.fields)
    if is_immutable and settings.get("immutable_forever"):
        # Whatever else it says (the header, of the option).
        return Lifetime(NEVER, "fields")
    explicit = explicit_lifetime(record.fields, record.date, record.response_time, settings.shared)
    if explicit is not None:
        return Lifetime(explicit, "fields")
    if is_immutable and not settings.shared:
        return Lifetime(NEVER, "fields")
    if record.expiry != UNSET:
        found = Lifetime(_duration(record.expiry, record.response_time), "setting")
    else:
        ms = heuristic_lifetime(record, settings.cache.get("heuristic_percent", 10))
        found = Lifetime(0, "none") if ms is None else Lifetime(ms, "heuristic")
    # A max-age of the request never makes it longer (feature A3).
    asked = record.asked_max_age
    if asked is not None and (found.ms == NEVER or asked < found.ms):
        raise Undecided("a max-age of a request, shorter than the lifetime, under RFC 9111")
    return found


def expires_at(record, life):
    """When a response becomes stale: the first moment at which it is not fresh."""
    if life.ms == NEVER:
        return NEVER
    if life.source == "setting":
        if isinstance(record.expiry, tuple):
            return min(record.expiry[1], record.response_time + life.ms)
        return record.response_time + life.ms
    return record.response_time + life.ms - initial_age(record)


def staleness(record, life, now):
    """By how much a response has exceeded its lifetime; below 0 while it is fresh. None: it never will."""
    until = expires_at(record, life)
    return None if until == NEVER else max(now, record.response_time) - until


def is_fresh(record, life, now):
    """response_is_fresh (RFC 9111 4.2)."""
    over = staleness(record, life, now)
    if over is None:
        return True
    return over < 0 and record.response_time - now <= CLOCK_TOLERANCE
