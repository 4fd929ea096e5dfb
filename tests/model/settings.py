"""The settings of a cache and of a request, and the expiry they make (features A1 to A4, B10).

A time is a number of milliseconds or one of the named values."""

import dates
import directives
import fields

NEVER, UNSET, DO_NOT_CACHE, IMMEDIATELY = "never", "unset", "do_not_cache", "immediately"

HEURISTICALLY_CACHEABLE = frozenset((200, 203, 204, 206, 300, 301, 308, 404, 405, 410, 414, 501))
"""RFC 9110 15.1."""

NEVER_STORED = frozenset((304, 407, 412, 416))
"""Answers about a request and not about its target (feature B2)."""

BUSY_LIMIT = 60_000
"""How long errors that will pass are kept where nobody said how long (feature B10)."""


class Undecided(Exception):
    """The texts leave open what is to happen. What comes after it is no test."""


class Settings:
    """Options of a cache, or those with what a request changes of them."""

    def __init__(self, options, listed=None, status_expiry=None, request_options=None):
        self.cache = {k: v for k, v in options.items() if v != UNSET}
        self.request = {k: v for k, v in (request_options or {}).items() if v != UNSET}
        # The status codes the user listed, or None.
        self.listed = listed
        self.status_expiry = {k: v for k, v in (status_expiry or {}).items() if v != UNSET}

    def for_request(self, options):
        """The settings under which a request runs."""
        return Settings(self.cache, self.listed, self.status_expiry, options)

    def get(self, name, default=0):
        """An option: the request's own, else the cache's."""
        return self.request.get(name, self.cache.get(name, default))

    @property
    def cc(self):
        """Whether RFC 9111 decides from the fields."""
        return bool(self.cache.get("cache_control", 0))

    @property
    def shared(self):
        """Whether the cache serves several users."""
        return bool(self.cache.get("shared", 0))

    @property
    def invalidates(self):
        """Whether unsafe methods take away what is stored (feature B8)."""
        return bool(self.cache.get("invalidate", 1 if self.cc else 0))

    def own_expiry(self):
        """The expiry that was set for the request, else that of the cache."""
        own = _expiry_of(self.request)
        return own if own != UNSET else _expiry_of(self.cache)

    def do_not_cache(self):
        """Whether nothing is read or written: a setting outside of the precedence (feature A3)."""
        return self.own_expiry() == DO_NOT_CACHE

    def expiry(self, request_directives, status):
        """The expiry that the settings give a response, and whose it is: the request's, the status's, the cache's."""
        own = _expiry_of(self.request)
        asked = request_directives.seconds("max-age")
        if asked is directives.Invalid:
            raise Undecided("a max-age of a request that cannot be read")
        if asked is not None and not self.cc:
            return asked * 1000, "request"
        if own != UNSET:
            return own, "request"
        by_status = self.status_expiry.get(str(status), self.status_expiry.get(str(status // 100)))
        if by_status is not None:
            return by_status, "status"
        return _expiry_of(self.cache), "cache"


def _expiry_of(options):
    """What expire_after or expire_at says: the last of the two that is set."""
    found = UNSET
    for name, value in options.items():
        if name == "expire_after":
            found = value
        elif name == "expire_at":
            found = ("at", value)
    return found


def is_busy(status):
    """Errors that will pass (feature B10)."""
    return 500 <= status <= 599 or status == 429


def retry_after(response_fields, at):
    """The milliseconds that Retry-After names (RFC 9110 10.2.3), or None."""
    value = fields.combined(response_fields, "retry-after")
    if value is None:
        return None
    seconds = directives.delta_seconds(value)
    if seconds is not None:
        return seconds * 1000
    date = dates.parse(value, dates.at(at))
    if date is None:
        raise Undecided("a Retry-After that cannot be read")
    return max(0, (date - dates.T0) * 1000 - at)
