"""What exchanges and responses have in common: the view of what is handed on."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from ._callbacks import Failure
from ._handle import Handle
from ._native import ffi, lib
from .fields import FieldList, get, unpack
from .times import Expiry, duration, instant, plain_duration

_VIEW = ffi.typeof("hc_view *")
_SIZE = ffi.sizeof("hc_view")


def new_view() -> Any:
    view = ffi.new(_VIEW)
    view.struct_size = _SIZE
    return view


class Viewed:
    """Status, fields, and what the cache knows of a response. Durations are timedeltas, instants UTC."""

    _handle: Handle
    _view: Any
    _fields: FieldList | None = None
    #: What the filter raised, the last time that it did; else ``None``.
    filter_error: Exception | None = None
    #: What the key function or the one that normalises raised, the last time that one did; else ``None``.
    key_error: Exception | None = None

    def _filled(self) -> Any:
        """The view, which must be read while the handle is claimed."""
        return self._view

    def _note(self, failure: Failure | None) -> None:
        if failure is not None:
            setattr(self, failure.attribute, failure.error)

    @property
    def status(self) -> int:
        """The status code; 0: there is nothing to hand on yet."""
        with self._handle:
            return int(self._filled().status)

    @property
    def url(self) -> str:
        """The final URL."""
        with self._handle:
            return text_of(self._filled().url)

    @property
    def fields(self) -> FieldList:
        """The fields in order, repeats kept."""
        with self._handle:
            if self._fields is None:
                view = self._filled()
                self._fields = unpack(view.fields, view.field_count, view.text, view.text_len)
            return self._fields

    def get(self, name: str, default: str | None = None) -> str | None:
        """The value of a field: its lines joined with ", " (RFC 9110 5.3), of Set-Cookie the first."""
        value = get(self.fields, name)
        return default if value is None else value

    @property
    def from_cache(self) -> bool:
        """Whether it comes from the cache."""
        return self._flag(lib.HC_FROM_CACHE)

    @property
    def revalidated(self) -> bool:
        """Whether the origin said, for this answer, that the stored response is still valid (304)."""
        return self._flag(lib.HC_REVALIDATED)

    @property
    def is_expired(self) -> bool:
        """Whether it is stale at the cache's clock."""
        return self._flag(lib.HC_EXPIRED)

    def _flag(self, flag: int) -> bool:
        with self._handle:
            return bool(self._filled().flags & flag)

    @property
    def created_at(self) -> datetime | None:
        """When it was received or last freshened; ``None``: it is not stored."""
        with self._handle:
            created: Any = instant(self._filled().created_at)
            return created  # type: ignore[no-any-return]

    @property
    def expires_at(self) -> datetime | Expiry | None:
        """When it becomes stale, or ``Expiry.NEVER``; ``None``: it is not stored."""
        with self._handle:
            return instant(self._filled().expires_at)

    @property
    def age(self) -> timedelta:
        """Its current age (RFC 9111 4.2.3)."""
        with self._handle:
            return plain_duration(self._filled().age)

    @property
    def freshness_lifetime(self) -> timedelta | Expiry | None:
        """How long it is fresh, or ``Expiry.NEVER``; ``None``: it is not stored."""
        with self._handle:
            return duration(self._filled().freshness_lifetime)

    @property
    def elapsed(self) -> timedelta:
        """How long the origin took to the header section; zero where it was not asked."""
        with self._handle:
            return plain_duration(self._filled().elapsed)


def text_of(text: Any) -> str:
    return "" if text == ffi.NULL else ffi.string(text).decode("latin-1")
