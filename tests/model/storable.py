"""What may be stored (RFC 9111 3; features B1, B2, B10)."""

import directives
import fields
import selecting
from freshness import explicit_lifetime, received_date
from settings import (DO_NOT_CACHE, HEURISTICALLY_CACHEABLE, IMMEDIATELY, NEVER_STORED, Undecided,
                      is_busy)

_UNDERSTOOD = frozenset((200, 203, 204, 300, 301, 302, 303, 307, 308, 404, 405, 410, 414))
_NOT_UNDERSTOOD = frozenset((299, 399, 499, 599))


def has_validator(response_fields):
    """Whether a response can be validated (RFC 9110 8.8)."""
    return fields.has(response_fields, "etag") or fields.has(response_fields, "last-modified")


def is_storable(request, answer, response_time, settings):
    """Whether the answer to a request may be stored."""
    asked = directives.of_request(request.fields)
    if request.method not in ("GET", "HEAD"):
        return False
    if answer.status < 200 or answer.status in NEVER_STORED or "no-store" in asked:
        return False
    if settings.do_not_cache():
        return False
    listed = settings.listed
    if listed is not None and answer.status not in listed:
        return False
    if settings.cc:
        return _by_fields(request, answer, asked, response_time, settings)
    if listed is None and answer.status != 200:
        return False
    return _by_expiry(answer, asked, settings)


def _by_expiry(answer, asked, settings):
    expiry, _ = settings.expiry(asked, answer.status)
    if expiry == DO_NOT_CACHE:
        return False
    if expiry == 0:
        if asked.seconds("max-age") == 0 and not has_validator(answer.fields):
            raise Undecided("max-age=0 as the expiry that is written, without a validator")
        expiry = IMMEDIATELY
    return expiry != IMMEDIATELY or has_validator(answer.fields)


def _by_fields(request, answer, asked, response_time, settings):
    said = directives.of_response(answer.fields)
    if "must-understand" in said:
        if answer.status in _NOT_UNDERSTOOD:
            return False
        if answer.status not in _UNDERSTOOD:
            raise Undecided("must-understand, with a status that one may understand or not")
    elif "no-store" in said:
        return False
    if settings.shared:
        if "private" in said:
            return False
        if selecting.mark(request.fields) and not selecting.is_for_all(said):
            return False
    marked = "public" in said or ("private" in said and not settings.shared)
    explicit = fields.has(answer.fields, "expires") or "max-age" in said or (
        settings.shared and "s-maxage" in said)
    if not (explicit or marked or answer.status in HEURISTICALLY_CACHEABLE):
        return False
    if not explicit and "public" not in said and answer.status not in HEURISTICALLY_CACHEABLE and (
            not said.unqualified("private")):
        raise Undecided("whether private with field names allows storing")
    date = received_date(answer.fields, response_time)
    named = explicit_lifetime(answer.fields, date, response_time, settings.shared)
    if named is not None:
        if named == 0 and answer.status not in HEURISTICALLY_CACHEABLE and not marked:
            # Present as the RFC asks, and of no use: a cache need not keep it.
            raise Undecided("stale from the start, and nothing else allows it to be stored")
        if named == 0 and not has_validator(answer.fields) and (
                settings.expiry(asked, answer.status)[0] in (IMMEDIATELY, 0)):
            raise Undecided("stale from the start, without a validator, and to be stored with one only")
        return True
    if is_busy(answer.status):
        if marked or "immutable" in said or answer.status in HEURISTICALLY_CACHEABLE:
            raise Undecided("an error without explicit freshness")
        return False
    stored = _by_expiry(answer, asked, settings)
    if "immutable" in said and not stored:
        raise Undecided("immutable without a lifetime, against a setting")
    return stored
