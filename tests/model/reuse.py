"""How a request is answered (RFC 9111 4; features D3, D7): from the store, or by what is sent."""

import directives
import fields
import freshness
import stale
import validation
from settings import Undecided

FORWARD, FRESH, STALE, STALE_REVALIDATE, REVALIDATE, UNSATISFIABLE = (
    "forward", "fresh", "stale", "stale_revalidate", "revalidate", "unsatisfiable")

SAFE = frozenset(("GET", "HEAD", "OPTIONS", "TRACE", "QUERY", "PROPFIND", "REPORT", "SEARCH"))


def reads_store(request, settings):
    """Whether a stored response may have a part in the answer."""
    # A no-store request may be answered from the store: it forbids writing (RFC 9111 5.2.1.5).
    if request.method not in ("GET", "HEAD") or settings.do_not_cache():
        return False
    return not any(fields.has(request.fields, name) for name in validation.FOR_THE_ORIGIN)


def never_forwards(asked, settings):
    """Whether there is to be no traffic (RFC 9111 5.2.1.7)."""
    return "only-if-cached" in asked or bool(settings.get("only_if_cached"))


def decide(record, asked, settings, now):
    """What becomes of a request for which `record` was selected (None: nothing was)."""
    offline = never_forwards(asked, settings)
    if record is None:
        return UNSATISFIABLE if offline else FORWARD
    if settings.get("force_refresh"):
        if offline:
            raise Undecided("force refresh without traffic")
        return FORWARD
    if _usable_fresh(record, asked, settings, now):
        return FRESH
    found = _usable_stale(record, asked, settings, now, offline)
    if found is not None:
        return found
    if offline:
        return UNSATISFIABLE
    return REVALIDATE if validation.has_validator(record) else FORWARD


def _limits(record, asked, now):
    """Whether the request's own limits are kept: max-age and min-fresh (RFC 9111 5.2.1)."""
    age = freshness.current_age(record, now)
    oldest = stale.asked_seconds(asked, "max-age")
    return oldest is None or age <= oldest


def _fresh_enough(record, life, asked, now):
    remaining = stale.asked_seconds(asked, "min-fresh")
    if remaining is None:
        return True
    over = freshness.staleness(record, life, now)
    return over is None or -over >= remaining


def _must_ask(asked, settings):
    return bool("no-cache" in asked or settings.get("refresh"))


def _usable_fresh(record, asked, settings, now):
    life = freshness.lifetime(record, settings)
    if not freshness.is_fresh(record, life, now) or stale.needs_validation(record, settings):
        return False
    keeps = _limits(record, asked, now) and _fresh_enough(record, life, asked, now)
    if settings.cc and "immutable" in directives.of_response(record.fields):
        return _immutable_is_enough(record, life, asked, settings, keeps)
    if settings.get("always_revalidate") or _must_ask(asked, settings):
        return False
    return keeps


def _immutable_is_enough(record, life, asked, settings, keeps):
    # RFC 8246 2: no conditional request while it is fresh, also where the user reloads.
    asks = _must_ask(asked, settings)
    zero = asked.seconds("max-age") == 0
    if settings.get("always_revalidate"):
        raise Undecided("always revalidate, and immutable")
    if life.source != "fields" and (asks or not keeps):
        raise Undecided("immutable with a lifetime by a setting or a heuristic")
    if life.ms == freshness.NEVER and (asks or not keeps):
        raise Undecided("immutable without a lifetime, on refresh")
    if asks and never_forwards(asked, settings):
        raise Undecided("immutable on refresh without traffic")
    if not keeps and not (zero and "min-fresh" not in asked):
        raise Undecided("immutable, and a limit of the request's other than max-age=0")
    return True


def _usable_stale(record, asked, settings, now, offline):
    life = freshness.lifetime(record, settings)
    over = freshness.staleness(record, life, now)
    if over is None or freshness.is_fresh(record, life, now):
        return _fresh_but_not_usable(record, asked, settings, over, offline)
    if record.response_time - now > freshness.CLOCK_TOLERANCE:
        # Stale, and nobody can say how much.
        if offline or "max-stale" in asked or _windows_open(record, asked, settings, 0):
            raise Undecided("how stale a response from the future is")
        return None
    if settings.get("always_revalidate") or _must_ask(asked, settings):
        return _offline_error(record, asked, settings, over, offline)
    if "min-fresh" in asked:
        if "max-stale" in asked and not stale.forbidden(record, settings):
            raise Undecided("min-fresh and max-stale")
        return _offline_error(record, asked, settings, over, offline)
    by_client = (stale.by_max_stale(asked, over) and _limits(record, asked, now)
                 and not stale.forbidden(record, settings))
    in_window = stale.while_revalidate(record, asked, settings, over)
    if by_client and in_window and not offline:
        raise Undecided("max-stale and stale-while-revalidate")
    if by_client:
        return STALE
    if in_window:
        return STALE if offline else STALE_REVALIDATE
    return _offline_error(record, asked, settings, over, offline)


def _windows_open(record, asked, settings, over):
    return (stale.by_max_stale(asked, over) or stale.while_revalidate(record, asked, settings, over)
            or stale.if_error(record, asked, settings, over))


def _fresh_but_not_usable(record, asked, settings, over, offline):
    if offline and stale.if_error(record, asked, settings, 0 if over is None else over):
        raise Undecided("a fresh response that the request does not want, without traffic")
    return None


def _offline_error(record, asked, settings, over, offline):
    """Without traffic the origin counts as failed (feature D3)."""
    if not offline or not stale.if_error(record, asked, settings, over):
        return None
    if (settings.get("always_revalidate") or _must_ask(asked, settings)
            or "max-age" in asked or "min-fresh" in asked or "max-stale" in asked):
        raise Undecided("stale-if-error without traffic, against a limit of the request")
    return STALE
