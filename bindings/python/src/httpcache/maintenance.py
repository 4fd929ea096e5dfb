"""Looking into a cache, and after it."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple, TypeVar

from . import _callbacks
from ._callbacks import Callbacks, Progress
from ._handle import ITER, RESPONSE, Handle, create
from ._native import ffi, lib
from .errors import CancelledError, call
from .exchange import Data, answer
from .fields import Fields, encode
from .request import Request, asked
from .response import Response
from .times import Duration, Expiry, native_duration, native_instant
from .walk import Query, Walk, native_query


class Updated(NamedTuple):
    """What :meth:`Cache.update` came to."""

    #: Stored responses that were taken over.
    copied: int
    #: Those that are not newer than what was there.
    older: int
    #: Those that were left.
    skipped: int


class Verification(NamedTuple):
    """What :meth:`Cache.verify` looked at, and what did not fit."""

    #: Records that were looked at.
    records: int
    #: Files of bodies that were read.
    bodies: int
    #: Records that cannot be read, the bodies in them included.
    damaged_records: int
    #: Files of bodies that are damaged or gone, of records that are sound.
    damaged_bodies: int
    #: Lists of variants that cannot be read, or do not name the variants that there are.
    damaged_lists: int
    #: Small rows beside the responses that cannot be read, and a wrong number of lists.
    damaged_marks: int
    #: Bodies of which no row says that they are in use, so that they may be removed as orphans.
    unheld_bodies: int
    #: Rows of bodies whose record is no longer there.
    dangling_bodies: int
    #: Files of bodies that no row names. They do no harm but for the room they take.
    orphan_bodies: int
    #: Rows that say that a URL has a key of the caller's under which nothing is stored any more. They do no harm.
    dangling_marks: int
    #: How many of all these were taken away or put right.
    mended: int


_Counts = TypeVar("_Counts", bound=NamedTuple)


class Maintenance:
    """What a :class:`Cache` can be asked about what is stored, beside lookups. It says when the store fails."""

    _callbacks: Callbacks

    def _open(self) -> Any:
        raise NotImplementedError

    def key(self, request: Request | str) -> str | None:
        """The key that what is stored for a request has."""
        raise NotImplementedError

    def walk(self, query: Query | None = None, *, bodies: bool = False) -> Walk:
        """What is stored, one after the other: of what the query asks for, without one all that can be read.

        Where ``bodies`` is true each has a response too, which is the caller's to close.
        """
        # The texts stay as long as the call.
        conditions, _texts = native_query(query)
        try:
            pointer = create(lib.hc_iter_new, lib.hc_iter_free, ITER, self._open(), conditions)
            handle = Handle(pointer, "walk", lib.hc_iter_free)
        finally:
            _callbacks.settle()
        return Walk(handle, bodies, self._callbacks)

    def get(self, key: str | Request) -> Response | None:
        """The stored response that a key names, whether it is fresh or not; ``None``: there is none that can be read.

        A key of :meth:`key` names all variants, of which this is the newest; one of :attr:`Response.key` and
        :attr:`Stored.key` names one. A :class:`Request` stands for its key. A URL is no key: see :meth:`walk`.
        """
        name = self._name(key)
        if name is None:
            return None
        try:
            pointer = create(lib.hc_get, lib.hc_response_free, RESPONSE, self._open(), name, len(name))
            if pointer == ffi.NULL:
                return None
            handle = Handle(pointer, "response", lib.hc_response_free)
        finally:
            _callbacks.settle()
        return Response(handle, self._callbacks)

    def __contains__(self, key: str | Request) -> bool:
        """Whether :meth:`get` would give a response."""
        name = self._name(key)
        if name is None:
            return False
        try:
            return bool(call(lib.hc_get, self._open(), name, len(name), ffi.NULL) == lib.HC_OK)
        finally:
            _callbacks.settle()

    def delete(self, key: str | Request) -> int:
        """Deletes what is stored under a key, as of :meth:`get`: all variants, or the one. Returns how many there were.

        This, :meth:`delete_where` and :meth:`clear` delete also with ``read_only``. Who has a body open reads on.
        """
        name = self._name(key)
        return 0 if name is None else self._count(lib.hc_delete, name, len(name))

    def delete_where(self, query: Query) -> int:
        """Deletes what the query asks for, with a limit those that come first in its order. Returns how many.

        Raises :class:`ArgumentError` where the query has no condition: :meth:`clear` deletes everything.
        """
        conditions, _texts = native_query(query)
        return self._count(lib.hc_delete_where, conditions)

    def clear(self) -> int:
        """Deletes everything, some at a time, beside whatever else uses the cache: what is stored meanwhile may stay.
        Returns how many responses that were."""
        return self._count(lib.hc_clear)

    def reset_expiration(self, expire_after: Duration) -> int:
        """Gives all stored responses another expiry, whatever gave them theirs. Returns how many had another before.

        ``expire_after`` is as of ``Options.expire_after``, and counts from now; ``Expiry.UNSET``: what the options
        would have given each when it was received. With ``cache_control`` what a response says itself still comes
        first. Some are changed at a time.
        """
        return self._count(lib.hc_reset_expiration, native_duration(expire_after))

    def put(
        self,
        request: Request | str,
        status: int,
        fields: Fields = (),
        body: Data = b"",
        *,
        reason: str = "",
        created_at: datetime | None = None,
        expires_at: datetime | Expiry | None = None,
    ) -> bool:
        """Stores an answer to a request, or to a GET of a URL, in place of what is stored of the same variant, as told.

        What RFC 9111, the lists and the filter say of storing is not asked. ``created_at`` is when it was received,
        without it now; ``expires_at`` is when it becomes stale, or ``Expiry.NEVER``, without it what the options say.
        With ``cache_control`` what a response says itself still comes first. Says whether it is stored: the cache may
        have no part in such a request.

        Raises :class:`ArgumentError` for what no request would find, or what must not be stored: the status is 1xx,
        206, 304, 407, 412 or 416, Vary is *, the body has another length than Content-Length, or the answer names a
        URL with a secret in it. :class:`TooLargeError`, :class:`ReadOnlyError`.
        """
        return self._put(request, answer(status, fields, body, reason), created_at, expires_at)

    def put_response(
        self,
        request: Request | str,
        response: Response,
        *,
        created_at: datetime | None = None,
        expires_at: datetime | Expiry | None = None,
    ) -> bool:
        """The same with a response that was read, as of a walk over another cache. A large body is copied in pieces."""
        if not isinstance(response, Response):
            raise TypeError(f"a response is a Response, not {type(response).__name__}")
        return self._put(request, response._handle, created_at, expires_at)

    def _put(
        self,
        request: Request | str,
        response: Handle,
        created_at: datetime | None,
        expires_at: datetime | Expiry | None,
    ) -> bool:
        request = asked(request)
        if isinstance(created_at, Expiry) or expires_at in (Expiry.IMMEDIATELY, Expiry.DO_NOT_CACHE):
            raise TypeError("created_at is a datetime, and expires_at a datetime or Expiry.NEVER")
        times = [native_instant(Expiry.UNSET if at is None else at) for at in (created_at, expires_at)]
        try:
            with request._handle, response:
                cache = self._open()
                status = call(lib.hc_put, cache, request._handle.pointer, response.pointer, *times)
        finally:
            _callbacks.settle()
        return bool(status == lib.HC_OK)

    def update(self, other: Maintenance, progress: Progress | None = None) -> Updated:
        """Takes over what is stored in another cache and newer than what this one has: under the keys that the options
        of this one make, with the times and the expiry it has. Waits.

        What only a hash under a cache's own secret tells from others (credentials, partitions, secrets) is left, for
        it may be somebody's, and so is what cannot be read, or is over ``max_response_bytes``. ``progress`` is as of
        :meth:`rekey`. What was taken over by then stays.
        """
        if not isinstance(other, Maintenance):
            raise TypeError(f"another cache is a Cache, not {type(other).__name__}")
        return self._observed(Updated, progress, lib.hc_update, other._open())

    def verify(self, *, mend: bool = False, progress: Progress | None = None) -> Verification:
        """Looks at everything that is stored: reads each record and each body, and looks whether each row that leads
        to one does. Waits.

        Where ``mend`` is true what is damaged is taken away, and what leads to what is sound is put right; nothing
        sound is taken away. ``progress`` is as of :meth:`rekey`. Raises :class:`ReadOnlyError` where it is to mend, and
        nothing can be written, or ``read_only`` is set.
        """
        return self._observed(Verification, progress, lib.hc_verify, int(bool(mend)))

    def _name(self, key: str | Request) -> bytes | None:
        if isinstance(key, Request):
            found = self.key(key)
            return None if found is None else found.encode()
        if not isinstance(key, str):
            raise TypeError(f"a key is str or stands for a Request, not {type(key).__name__}")
        return encode(key, "key")

    def _count(self, function: Any, *arguments: Any) -> int:
        count = ffi.new("uint64_t *")
        try:
            call(function, self._open(), *arguments, count)
        finally:
            _callbacks.settle()
        return int(count[0])

    def _observed(
        self,
        kind: type[_Counts],
        progress: Progress | None,
        function: Any,
        *arguments: Any,
    ) -> _Counts:
        """Makes a call that tells how far it is, and fills a struct of counts."""
        struct = f"hc_{kind.__name__.lower()}"
        counts = ffi.new(f"{struct} *")
        counts.struct_size = ffi.sizeof(struct)
        observer = _callbacks.Observer(progress or _goes_on)
        try:
            call(function, self._open(), *arguments, _callbacks.progress_callback, observer.user, counts)
        except CancelledError:
            if observer.error is not None:
                raise observer.error from None
            raise
        finally:
            _callbacks.settle()
        return kind(*(getattr(counts, name) for name in kind._fields))


def _goes_on(done: int, total: int) -> None:
    """For who does not ask how far it is: an interrupt of the program is taken here, and ends the work."""
