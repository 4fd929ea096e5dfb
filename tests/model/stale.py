"""When a stale response may be used (RFC 9111 4.2.4, RFC 5861; features D3, D5, D6)."""

import directives
import freshness
from settings import IMMEDIATELY, NEVER, Undecided

_ERRORS = frozenset((500, 502, 503, 504))
_NO_ERRORS = frozenset((401, 403, 407, 410))


def forbidden(record, settings):
    """Whether the response itself forbids it (RFC 9111 5.2.2)."""
    if not settings.cc:
        return False
    said = directives.of_response(record.fields)
    if "must-revalidate" in said or needs_validation(record, settings):
        return True
    return settings.shared and ("proxy-revalidate" in said or "s-maxage" in said)


def needs_validation(record, settings):
    """Whether the response may never be reused without validation: `no-cache` (RFC 9111 5.2.2.4)."""
    if not settings.cc:
        return False
    said = directives.of_response(record.fields)
    return "no-cache" in said and (settings.shared or said.unqualified("no-cache"))


def hidden_names(record, settings):
    """The fields that are not handed on without validation: `no-cache="name"` in a private cache."""
    if not settings.cc or settings.shared:
        return set()
    return directives.of_response(record.fields).names("no-cache")


def within(over, window):
    """Whether a response that exceeded its lifetime by `over` is inside a window of milliseconds."""
    return window == NEVER or over <= window


def asked_seconds(asked, name):
    """The milliseconds that a directive of a request names, or None."""
    seconds = asked.seconds(name)
    if seconds is directives.Invalid:
        raise Undecided(f"a {name} of a request that cannot be read")
    return None if seconds is None else seconds * 1000


def by_max_stale(asked, over):
    """Whether the request takes a response that is this stale (RFC 9111 5.2.1.2)."""
    if "max-stale" not in asked:
        return False
    if all(a.text is None and a.valid for a in asked.arguments("max-stale")):
        return True
    window = asked_seconds(asked, "max-stale")
    return window is not None and over <= window


def while_revalidate(record, asked, settings, over):
    """Whether it is used at once and revalidated in the background (RFC 5861 3)."""
    if forbidden(record, settings) or "no-cache" in asked or "max-age" in asked or "min-fresh" in asked:
        return False
    if settings.get("always_revalidate") or settings.get("refresh"):
        return False
    window = None
    if settings.cc:
        said = directives.of_response(record.fields)
        window = said.seconds("stale-while-revalidate")
        if window is directives.Invalid:
            raise Undecided("a stale-while-revalidate that cannot be read")
        window = None if window is None else window * 1000
    if window is None:
        written = record.expiry in (IMMEDIATELY, 0)
        if written != (settings.own_expiry() in (IMMEDIATELY, 0)):
            raise Undecided("immediately, at one request and not at the other")
        life = freshness.lifetime(record, settings)
        if written and life.source == "setting":
            return False
        if written and life.ms == 0:
            raise Undecided("immediately, and a response that says the same")
        if isinstance(record.expiry, tuple) and record.expiry[1] <= record.response_time:
            raise Undecided("whether an instant in the past is immediately")
        window = settings.get("stale_while_revalidate")
    return window != 0 and within(over, window)


def if_error(record, asked, settings, over):
    """Whether it is used when the origin fails (RFC 5861 4): any of those who may say so is enough."""
    if forbidden(record, settings):
        return False
    windows = [asked_seconds(asked, "stale-if-error"), settings.get("stale_if_error") or None]
    if settings.cc:
        said = directives.of_response(record.fields).seconds("stale-if-error")
        if said is directives.Invalid:
            raise Undecided("a stale-if-error that cannot be read")
        windows.append(None if said is None else said * 1000)
    # A window of nothing is none.
    verdicts = {w != 0 and within(over, w) for w in windows if w is not None}
    if len(verdicts) == 2:
        raise Undecided("two windows of stale-if-error that contradict each other")
    return True in verdicts


def is_error(status, settings):
    """Whether an answer is a failure of the origin (feature D5)."""
    listed = settings.listed
    if listed is not None and status in listed:
        return False
    if status in _ERRORS:
        return True
    # A redirect, or another kind of success, is an answer.
    return not settings.cc and status >= 400 and status not in _NO_ERRORS


