"""The configuration of a cache, and what of it a single request may set."""

from __future__ import annotations

import enum
import itertools
import logging
import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any, Callable

from . import _callbacks
from ._handle import Handle
from ._native import ffi, lib
from .errors import NoMemoryError, argument, call, raise_status
from .fields import encode
from .times import (
    Duration,
    Expiry,
    given_duration,
    instant,
    native_duration,
    native_instant,
    native_number,
)


class Durability(enum.IntEnum):
    """What a crash of the machine may cost."""

    #: Everything stored is discarded after an unclean reboot.
    FAST = 0
    #: The last moments may be lost.
    SAFE = 1
    #: What was stored is durable.
    SYNCED = 2


class Place(enum.IntEnum):
    """What the path of a :class:`Cache` means."""

    #: The cache directory.
    DIRECTORY = 0
    #: A name among the caches of this user, in ``$XDG_CACHE_HOME`` or ``~/.cache``; without one "http_cache".
    USER = 1
    #: A directory, or without one ``$TMPDIR`` or ``/tmp``, in which a temporary one is made: it goes with the last that
    #: has it open, this process or a child that it forked.
    TEMPORARY = 2


def _bytes(value: int | Expiry) -> int:
    return int(value.value) if isinstance(value, Expiry) else native_number(value)


def _list(name: str) -> Any:
    return field(default=None, metadata={"list": name})


def _text(name: str, convert: Callable[[Any], bytes]) -> Any:
    return field(default=None, metadata={"text": name, "bytes": convert})


def _option(convert: Callable[[Any], int], read: Callable[[int], Any] = int) -> Any:
    return field(default=None, metadata={"convert": convert, "read": read})


def _flag() -> Any:
    return _option(native_number, bool)


def _partition(value: str | bytes) -> bytes:
    """As other languages have it: text is UTF-8."""
    if isinstance(value, bytes):
        return value
    if not isinstance(value, str):
        raise TypeError(f"a partition is str or bytes, not {type(value).__name__}")
    return value.encode()


def _cache_name(value: str) -> bytes:
    return encode(value, "cache_name")


@dataclass(frozen=True)
class RequestOptions:
    """Options that a request may set for itself; ``None`` takes the cache's.

    Durations are a :class:`~datetime.timedelta` or seconds, or an :class:`Expiry`.
    """

    #: How long a response stays fresh after it was received. Default: never stale without
    #: ``cache_control``; with it heuristics (RFC 9111 4.2.2).
    expire_after: Duration | None = _option(native_duration, given_duration)
    #: The same as an instant. A naive datetime is local time.
    expire_at: datetime | Expiry | None = _option(native_instant, instant)
    #: How long after it became stale a response is used when the origin fails (RFC 5861 4).
    stale_if_error: Duration | None = _option(native_duration, given_duration)
    #: How long after it became stale a response is used while it is revalidated (RFC 5861 3), where the
    #: response names no time itself. Default 0.
    stale_while_revalidate: Duration | None = _option(native_duration, given_duration)
    #: Nothing is reused before the origin said that it is valid. Default no.
    always_revalidate: bool | None = _flag()
    #: Revalidate now; without a validator, fetch anew. Default no.
    refresh: bool | None = _flag()
    #: Do not use what is stored, and replace it. Default no.
    force_refresh: bool | None = _flag()
    #: Never forward: what cannot be answered is a 504 (RFC 9111 5.2.1.7).
    only_if_cached: bool | None = _flag()
    #: Neither read nor written: requests go past the cache. Default no.
    bypass: bool | None = _flag()
    #: Read, and never written. What unsafe requests change this :class:`Cache` does not serve any more until it is
    #: stored anew. Default no.
    read_only: bool | None = _flag()
    #: :meth:`Cache.fetch`, until the header section is in. Default 30 s.
    head_timeout: Duration | None = _option(native_duration, given_duration)
    #: Until a connection stands. Default 10 s.
    connect_timeout: Duration | None = _option(native_duration, given_duration)
    #: Redirects followed, 0 to 1000. Default 30.
    max_redirects: int | None = _option(native_number)
    #: Between two pieces of a body. Default 30 s.
    idle_timeout: Duration | None = _option(native_duration, given_duration)
    #: To the end of the body. Default none.
    total_timeout: Duration | None = _option(native_duration, given_duration)
    #: Follow redirects from https to http. Default no.
    allow_downgrade: bool | None = _flag()
    #: :meth:`Cache.fetch` follows redirects, each hop through the cache. Default yes.
    follow: bool | None = _flag()
    #: Send once more when a reused connection died before any byte. Default yes.
    retry: bool | None = _flag()
    #: Where the beginning of a response is stored (RFC 9111 3.3), the origin is asked for the rest alone.
    #: :meth:`Cache.fetch` and the adapter for Requests join them; after :meth:`Cache.lookup` see
    #: :attr:`Exchange.continued`, which is to be heeded then. Default no.
    complete: bool | None = _flag()
    #: A response is reused whatever credentials it was fetched with, and whoever asks. Default no.
    share_credentials: bool | None = _flag()
    #: It is verified that the origin is who its URL says (TLS). Part of the key. Default yes.
    verify_tls: bool | None = _flag()

    #: Part of the key: a user, a tenant. Text is UTF-8, at most 4096 bytes. An empty one is none, whatever the cache
    #: has. Default none.
    partition: str | bytes | None = _text("HC_STR_PARTITION", _partition)
    #: A file of certificates in PEM that vouch for origins, in place of the system's. Its content is part of the key.
    #: An empty name is none, whatever the cache has. Default none.
    ca_file: str | bytes | os.PathLike[Any] | None = _text("HC_STR_CA_FILE", os.fsencode)


@dataclass(frozen=True)
class Options(RequestOptions):
    """The configuration of a cache; ``None`` takes the default. Give them by name.

    The callbacks run on the thread of the call they belong to, and on several at once. They may use the
    cache. Exceptions of theirs never go through the library; see ``README.md``.
    """

    #: RFC 9111 decides from the response's fields; else the settings alone decide. Default no.
    cache_control: bool | None = _flag()
    #: With ``cache_control``: the cache serves several users (RFC 9111 1), and is not private. Default no.
    shared: bool | None = _flag()
    #: With ``cache_control``, the percentage of Date - Last-Modified that is the lifetime where nothing
    #: else says one, 0 to 100. Default 10.
    heuristic_percent: int | None = _option(native_number)
    #: Every request field is part of the key, but those that ``ignored`` names and those about the transfer,
    #: conditions, ranges and caching. Default no.
    match_all_fields: bool | None = _flag()
    #: That an ignored name is there counts, though not its value. Default no.
    ignored_presence_counts: bool | None = _flag()
    #: The lists of all request fields mean the same in any order and letter case. Default no.
    unordered_fields: bool | None = _flag()
    #: Unsafe methods that succeed take away what is stored of their URL (RFC 9111 4.4). Default: with
    #: ``cache_control``.
    invalidate: bool | None = _flag()
    #: No-Vary-Search says which parameters of a URL count for nothing. Default no.
    no_vary_search: bool | None = _flag()
    #: Cache-Groups and Cache-Group-Invalidation are honoured (RFC 9875). Default no.
    groups: bool | None = _flag()
    #: Larger bodies pass through unstored: bytes, or ``Expiry.NEVER``. Default none.
    max_response_bytes: int | Expiry | None = _option(_bytes)
    #: Recorded when the directory is made; another value later is a :class:`MismatchError`.
    durability: Durability | None = _option(native_number)
    #: Variants kept of one primary key, 1 to 4096. Default 64.
    max_variants: int | None = _option(native_number)
    #: A thread of the library, which calls nothing of yours, commits what is stored; where it is off see
    #: :meth:`Cache.work`. :meth:`Cache.fetch` revalidates on others (RFC 5861 3); where there is a callback, and where
    #: it is off, before it returns. Default yes.
    workers: bool | None = _flag()
    #: What the path of the cache means. Default ``Place.DIRECTORY``.
    place: Place | None = _option(native_number)
    #: Of variants by language, one that is stored is chosen where Accept-Language wants none more. Default no.
    select_language: bool | None = _flag()
    #: The header section of an answer, from 1024. Default 262144.
    max_head_bytes: int | None = _option(native_number)
    #: Fields of an answer. Default 1000.
    max_fields: int | None = _option(native_number)
    #: Query parameters are sorted by name in the key. Default: not with ``cache_control``.
    sort_query: bool | None = _flag()
    #: Longer URLs are a :class:`TooLargeError`, 16 to 16777216. Default 65536.
    max_url_bytes: int | None = _option(native_number)
    #: Cache-Status is added to what is handed on (RFC 9211). Default no.
    cache_status: bool | None = _flag()
    #: With ``cache_control``: a response that says ``immutable`` never becomes stale, whatever else it says.
    immutable_forever: bool | None = _flag()
    #: Beside a response all fields of its request are stored, and the body, without what ``ignored`` keeps from
    #: the disk; without it only what Vary needs. Default yes.
    keep_request: bool | None = _flag()

    #: Methods whose responses are stored. Default GET and HEAD.
    methods: Iterable[str] | None = _list("HC_LIST_METHOD")
    #: Status codes that are stored. Default 200; with ``cache_control`` what RFC 9111 3 allows.
    statuses: Iterable[int] | None = _list("HC_LIST_STATUS")
    #: Names of fields, of parameters of URLs and forms, and of members of JSON, or paths of these ("$.a.b",
    #: "$..name"): their values are left out of the key, and never reach the disk. They come to
    #: :func:`default_ignored`, unless ``clear_ignored`` takes these away first.
    ignored: Iterable[str] | None = _list("HC_LIST_IGNORED")
    clear_ignored: bool = False
    #: Names of targeted fields, the most specific first (RFC 9213). Needs ``cache_control``. Default none.
    targeted_fields: Iterable[str] | None = _list("HC_LIST_TARGETED_FIELD")
    #: Names of request fields that are part of the key, beside those that Vary selects by. Default none.
    match_fields: Iterable[str] | None = _list("HC_LIST_MATCH_FIELD")
    #: Names of request fields whose lists mean the same in any order and letter case. They come to Accept,
    #: Accept-Charset, Accept-Encoding and Accept-Language.
    unordered_field_names: Iterable[str] | None = _list("HC_LIST_UNORDERED_FIELD")
    #: Who this cache is in Cache-Status: printable ASCII. Default "httpcache".
    cache_name: str | None = _text("HC_STR_CACHE_NAME", _cache_name)
    #: Expiries of status codes, or of classes of them by their first digit, before that of the cache.
    status_expiry: Mapping[int, Duration] | None = None
    #: Expiries by URL: of the patterns that match one, the first holds, before ``status_expiry`` and the expiry of
    #: the cache. Text is a glob, ``[scheme://]host[:port][/path]``, with ``*``, ``?`` and ``[a-z]`` in the host, to
    #: its end, and in the path, from its beginning; a compiled :mod:`re` is searched for in the whole URL, as the
    #: library reads its text. ``Expiry.DO_NOT_CACHE`` keeps the cache out of it.
    url_rules: Mapping[str | re.Pattern[str], Duration] | None = None

    #: ``filter(request, response)`` is asked before a response is stored, once its body is complete, and
    #: each time one is reused or freshened; what it refuses is not stored, or does not stay. Both are
    #: lent for the call. One that raises stores nothing and deletes nothing; the exception is logged, and
    #: is ``filter_error`` of the exchange or response at hand.
    filter: _callbacks.Filter | None = None
    #: ``key_fn(request)`` returns what tells a request from others, in place of URL, parameters, body, fields and
    #: verification; the partition, credentials and Vary still tell them apart. That is text (UTF-8), bytes, one of
    #: :func:`default_key`, :func:`url_key`, :func:`body_key` and :func:`field_key`, or several of these: 1 byte to
    #: 64 KiB. The request is a copy. One that raises has the request go past the cache; the exception is logged, and
    #: is ``key_error`` of the exchange or response at hand. It must not ask a cache of these options.
    key_fn: _callbacks.KeyFunction | None = None
    #: ``normalize(request)`` changes a copy of each request, lent for the call, from which alone the key is made, and
    #: which Vary compares; what is sent stays as it is. It fails as ``key_fn`` does, and must ask no cache either.
    normalize: _callbacks.Normalizer | None = None
    #: In place of :func:`time.time`: seconds since the epoch.
    clock: _callbacks.Clock | None = None
    #: Gets what the cache has to say. Default: the logger "httpcache".
    logger: logging.Logger | None = None
    #: The level up to which it says something, of :mod:`logging`. Default: warnings and errors.
    log_level: int = logging.WARNING


def values(options: RequestOptions) -> list[tuple[int, int]]:
    """The numbered options that are set, as the library takes them."""
    found = []
    for each in fields(options):
        value = getattr(options, each.name)
        if value is not None and "convert" in each.metadata:
            found.append((getattr(lib, f"HC_OPT_{each.name.upper()}"), each.metadata["convert"](value)))
    return found


def texts(options: RequestOptions) -> list[tuple[int, Any, int]]:
    """The named options that are set, as the library takes them: an empty one is none."""
    found = []
    for each in fields(options):
        value = getattr(options, each.name)
        if value is not None and "text" in each.metadata:
            text = each.metadata["bytes"](value)
            found.append((getattr(lib, each.metadata["text"]), text or ffi.NULL, len(text)))
    return found


def read(request: Any, name: str) -> Any:
    """What a request has set for itself; ``None``: nothing."""
    for each in fields(RequestOptions):
        if each.name == name and "convert" in each.metadata:
            value = ffi.new("int64_t *")
            status = lib.hc_request_option(request, getattr(lib, f"HC_OPT_{name.upper()}"), value)
            if status < 0:
                raise_status(status)
            return None if status == lib.HC_NOT_FOUND else each.metadata["read"](value[0])
    raise argument(f"a request has no option {name!r} that can be read")


def callbacks_of(options: Options) -> _callbacks.Callbacks:
    logger = options.logger or logging.getLogger("httpcache")
    return _callbacks.Callbacks(options.filter, options.key_fn, options.normalize, options.clock, logger)


def native(options: Options, callbacks: _callbacks.Callbacks) -> Handle:
    """The options as the library has them."""
    handle = native_defaults()
    for key, value in values(options):
        call(lib.hc_options_set, handle.pointer, key, value)
    _set_lists(handle, options)
    user = callbacks.user
    statuses = [lib.hc_options_log(handle.pointer, _level(options), _callbacks.log_callback, user, ffi.NULL)]
    if callbacks.clock is not None:
        statuses.append(lib.hc_options_clock(handle.pointer, _callbacks.clock_callback, user, ffi.NULL))
    if callbacks.filter is not None:
        statuses.append(lib.hc_options_filter(handle.pointer, _callbacks.filter_callback, user, ffi.NULL))
    if callbacks.key_fn is not None:
        statuses.append(lib.hc_options_key(handle.pointer, _callbacks.key_callback, user, ffi.NULL))
    if callbacks.normalize is not None:
        statuses.append(lib.hc_options_normalize(handle.pointer, _callbacks.normalize_callback, user, ffi.NULL))
    for status in statuses:
        if status < 0:
            raise_status(status)
    return handle


def default_ignored() -> tuple[str, ...]:
    """The names of ``Options.ignored`` that are there without being added: those that authenticate."""
    handle = native_defaults()
    items = (lib.hc_options_item(handle.pointer, lib.HC_LIST_IGNORED, i) for i in itertools.count())
    return tuple(ffi.string(item).decode() for item in itertools.takewhile(lambda item: item != ffi.NULL, items))


def native_defaults() -> Handle:
    pointer = lib.hc_options_new()
    if pointer == ffi.NULL:
        raise NoMemoryError(lib.HC_E_NO_MEMORY, "no memory for options")
    return Handle(pointer, "options", lib.hc_options_free)


def _set_lists(handle: Handle, options: Options) -> None:
    # What authenticates stays ignored until somebody says otherwise.
    if options.clear_ignored:
        call(lib.hc_options_clear, handle.pointer, lib.HC_LIST_IGNORED)
    for each in fields(options):
        items = getattr(options, each.name)
        if items is None or "list" not in each.metadata:
            continue
        if isinstance(items, str):
            raise TypeError(f"{each.name} is a list of names, not one")
        number = getattr(lib, each.metadata["list"])
        if number not in (lib.HC_LIST_IGNORED, lib.HC_LIST_UNORDERED_FIELD):
            call(lib.hc_options_clear, handle.pointer, number)
        for item in items:
            text = encode(str(item), each.name)
            call(lib.hc_options_add, handle.pointer, number, text, len(text))
    for name, value, length in texts(options):
        call(lib.hc_options_set_string, handle.pointer, name, value, length)
    for status, expiry in (options.status_expiry or {}).items():
        call(lib.hc_options_status_expiry, handle.pointer, status, native_duration(expiry))
    for pattern, expiry in (options.url_rules or {}).items():
        _add_url_rule(handle, pattern, native_duration(expiry))


def _add_url_rule(handle: Handle, pattern: str | re.Pattern[str], expiry: int) -> None:
    kind, text = lib.HC_GLOB, pattern
    if isinstance(pattern, re.Pattern):
        kind, text = lib.HC_REGEX, pattern.pattern
        if pattern.flags & re.IGNORECASE:
            text = "(?i)" + text
    if not isinstance(text, str):
        raise TypeError(f"a pattern of url_rules is text, not {type(text).__name__}")
    data = text.encode()
    call(lib.hc_options_add_url_rule, handle.pointer, kind, data, len(data), expiry)


def _level(options: Options) -> int:
    """The gravest level that is not logged any more comes after this one."""
    lowest: int = lib.HC_LOG_ERROR
    for level, python in _callbacks.LEVELS.items():
        if python >= options.log_level:
            lowest = max(lowest, level)
    return lowest
