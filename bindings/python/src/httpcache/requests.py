"""The cache under `Requests <https://requests.readthedocs.io>`_: an adapter to mount on a session.

    session = requests.Session()
    adapter = httpcache.requests.CacheAdapter("cache")
    session.mount("https://", adapter)
    session.mount("http://", adapter)

The network stays that of Requests: connections, proxies, TLS, retries. A session's responses then have the
attributes ``from_cache``, ``revalidated``, ``is_expired``, ``created_at``, ``expires_at`` (also as
``expires``), ``key``, ``filter_error`` and ``key_error``.
"""

from __future__ import annotations

import logging
import os
import re
import threading
import weakref
from collections.abc import Generator
from typing import Any

import requests
import urllib3
from requests.adapters import HTTPAdapter
from requests.utils import urldefragauth

from . import errors
from ._body import Stored, Tee
from .cache import Cache
from .exchange import Decision, Exchange, Outcome
from .options import Options, RequestOptions
from .request import Request
from .response import Response
from .times import Expiry

_PIECE = 64 * 1024
_FOLD = re.compile(r"[ \t]*\r?\n[ \t]+")
_PASSING = RequestOptions(expire_after=Expiry.DO_NOT_CACHE)
_log = logging.getLogger("httpcache")


class CacheAdapter(HTTPAdapter):
    """An :class:`~requests.adapters.HTTPAdapter` that asks a cache first. Any thread may use it.

    ``cache`` is a :class:`Cache`, which stays the caller's, or the directory of one, which is opened with
    ``options`` (default: ``Options(cache_control=True)``, RFC 9111 decides) and closed with the adapter.
    The other arguments are those of HTTPAdapter.

    Bodies are stored while they are read; a response that is closed before its end is not stored. The
    cache never breaks a request: what it does not take goes to the origin and back unstored. So does a
    request whose body is neither bytes nor text (a file, an iterator), and, over https, one with a client
    certificate: its answer is not for others. What was fetched with ``verify=False``, or with a file of
    certificates, answers only what is verified so.
    """

    def __init__(
        self, cache: Cache | str | bytes | os.PathLike[Any], options: Options | None = None, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self._owns_cache = not isinstance(cache, Cache)
        self._revalidating: set[threading.Thread] = set()
        if isinstance(cache, Cache):
            if options is not None:
                raise TypeError("a cache that is open has its options")
            self.cache = cache
        else:
            self.cache = Cache(cache, options or Options(cache_control=True))

    def send(
        self,
        request: requests.PreparedRequest,
        stream: bool = False,
        timeout: Any = None,
        verify: Any = True,
        cert: Any = None,
        proxies: Any = None,
    ) -> requests.Response:
        """Answers a request from the cache, or from the origin through it."""

        def forward(request: requests.PreparedRequest) -> requests.Response:
            # Streamed always: the body is stored while it is read, by Session.send where it is not to be
            # streamed.
            return super(CacheAdapter, self).send(request, True, timeout, verify, cert, proxies)

        is_secure = str(request.url).lower().startswith("https:")
        exchange = None
        if cert is None or not is_secure:
            exchange = self._look_up(request, _trust(verify) if is_secure else None)
        if exchange is None:
            return _mark(forward(request))
        try:
            return self._answer(request, exchange, forward)
        except BaseException:
            exchange.close()
            raise

    def close(self) -> None:
        """Closes the connections, and the cache if the adapter opened it."""
        super().close()
        if self._owns_cache:
            self.cache.close()

    def __getstate__(self) -> Any:
        raise TypeError("a CacheAdapter is not pickled: make one in the other process")

    def _look_up(self, request: requests.PreparedRequest, options: RequestOptions | None) -> Exchange | None:
        """The exchange; ``None``: the cache cannot take this request, and has no part in it."""
        method, body = str(request.method), request.body
        if body is None:
            body = b""
        elif isinstance(body, str):
            body = body.encode("utf-8")
        elif not isinstance(body, (bytes, bytearray)):
            # A body that can be read but once tells no request from another, so nothing is read or stored for
            # it. The cache must know of the request all the same: an unsafe one invalidates.
            body, options = b"", _PASSING
        try:
            # User and password of the URL are in the fields already.
            url = urldefragauth(str(request.url))
            with Request(method, url, request.headers.items(), body, options) as asked:
                return self.cache.lookup(asked)
        except errors.ClosedError:
            raise
        except errors.Error as error:
            _log.info("%s passes the cache by: %s", method, error)
            return None

    def _answer(self, request: requests.PreparedRequest, exchange: Exchange, forward: Any) -> requests.Response:
        if exchange.decision is Decision.STALE_REVALIDATE:
            response = self._stored(request, exchange)
            again = request.copy()
            if isinstance(again.body, bytearray):
                # The caller has his answer, and may change it before it is sent.
                again.body = bytes(again.body)
            self._revalidate(again, exchange, forward)
            return response
        if exchange.decision not in (Decision.FORWARD, Decision.REVALIDATE):
            return self._stored(request, exchange, ends=True)
        while True:
            try:
                response = forward(_conditional(request, exchange))
            except (requests.ConnectionError, requests.Timeout):
                if exchange.failure():
                    return self._stored(request, exchange, ends=True)
                raise
            response.request = request
            outcome = _report(exchange, response)
            if exchange.continued:
                return self._continued(request, exchange, response)
            if outcome is Outcome.STORING:
                return _while_read(_mark(response), exchange)
            if outcome is Outcome.NOT_STORED:
                exchange.close()
                return _mark(response, key_error=exchange.key_error)
            # The origin's body is not wanted. Read to its end, its connection can be used again; one of
            # unknown length is not waited for.
            if response.raw.headers.get("Content-Length") == "0" or response.status_code == 304:
                response.raw.read(decode_content=False)
            response.close()
            if outcome is not Outcome.REPEAT:
                return self._stored(request, exchange, ends=True)

    def _revalidate(self, request: requests.PreparedRequest, exchange: Exchange, forward: Any) -> None:
        """Asks the origin behind the caller's back (RFC 5861 3). A failure is nobody's error: it stays stale."""

        def work() -> None:
            try:
                with exchange:
                    outcome = Outcome.REPEAT
                    while outcome is Outcome.REPEAT:
                        response = forward(_conditional(request, exchange))
                        outcome = _report(exchange, response)
                        if outcome is Outcome.STORING:
                            response = _while_read(response, exchange)
                        with response:
                            # What is stored is stored by being read, and a connection is free after its answer.
                            for _ in response.raw.stream(_PIECE, decode_content=False):
                                pass
            except Exception as error:
                _log.info("revalidating failed: %s", error)
            finally:
                self._revalidating.discard(threading.current_thread())

        # A daemon: the end of the program does not wait for an origin that does not answer.
        thread = threading.Thread(target=work, name="httpcache revalidation", daemon=True)
        self._revalidating.add(thread)
        try:
            thread.start()
        except RuntimeError as error:
            # No thread can be had, or the interpreter ends; another caller will revalidate.
            _log.info("not revalidated: %s", error)
            self._revalidating.discard(thread)
            exchange.close()

    def _continued(
        self, request: requests.PreparedRequest, exchange: Exchange, rest: requests.Response
    ) -> requests.Response:
        """The whole response: its beginning was stored, and the rest comes from the origin."""
        beginning = exchange.response()
        assert beginning is not None
        whole: requests.Response = self.build_response(request, rest.raw)
        whole.status_code, whole.reason = beginning.status, beginning.reason
        whole.headers = requests.structures.CaseInsensitiveDict(_headers_of(beginning))
        return _while_read(_mark(whole), exchange, beginning)

    def _stored(self, request: requests.PreparedRequest, exchange: Exchange, ends: bool = False) -> requests.Response:
        """The response that the cache hands on, as Requests has them."""
        stored = exchange.response()
        assert stored is not None
        stored.filter_error = exchange.filter_error
        if ends:
            exchange.close()
        raw = urllib3.HTTPResponse(
            body=Stored(stored),
            headers=_headers_of(stored),
            status=stored.status,
            reason=stored.reason,
            version=11,
            preload_content=False,
            decode_content=False,
            request_method=request.method,
            enforce_content_length=False,
        )
        response: requests.Response = self.build_response(request, raw)
        return _mark(response, stored)


def _trust(verify: Any) -> RequestOptions | None:
    """How an origin is verified is part of the key."""
    if verify is False:
        return RequestOptions(verify_tls=False)
    return RequestOptions(ca_file=verify) if isinstance(verify, (str, os.PathLike)) else None


def _headers_of(response: Response) -> urllib3.HTTPHeaderDict:
    headers = urllib3.HTTPHeaderDict()
    for name, value in response.fields:
        headers.add(name, value)
    return headers


def _conditional(request: requests.PreparedRequest, exchange: Exchange) -> requests.PreparedRequest:
    """The request to send: what the exchange adds to the caller's are conditions."""
    forward = exchange.forward
    assert forward is not None
    added = [(name, value) for name, value in forward.fields if name not in request.headers]
    if added:
        request = request.copy()
        request.headers.update(added)
    return request


def _report(exchange: Exchange, response: requests.Response) -> Outcome:
    """Reports the head of the origin's answer. One that the cache does not take is not stored."""
    # A folded line is one line (RFC 9112 5.2); older versions of Python leave it as it came.
    fields = [(name, _FOLD.sub(" ", value)) for name, value in response.raw.headers.items()]
    try:
        return exchange.begin(response.status_code, fields, reason=response.reason or "")
    except errors.Error as error:
        _log.info("an answer is not stored: %s", error)
        return Outcome.NOT_STORED


def _while_read(
    response: requests.Response, exchange: Exchange, beginning: Response | None = None
) -> requests.Response:
    """Has the body of a response stored while it is read, behind the beginning of it that is stored."""
    origin = response.raw
    # The body must not keep alive what it is the body of: a response that is dropped ends its transfer.
    reader = weakref.ref(response)

    def stored(kept: Response) -> None:
        marked: Any = reader()
        if marked is not None:
            _mark(marked, kept)
            # It is still what the origin just sent.
            marked.from_cache = False

    def failed(error: Exception | None) -> None:
        marked: Any = reader()
        if marked is not None:
            marked.filter_error = error

    tee = Tee(origin, exchange, stored, failed, beginning)
    response.raw = _Teed(tee, origin, response.request.method, beginning)
    return response


class _Teed(urllib3.HTTPResponse):
    """The origin's response, read through a tee."""

    def __init__(self, tee: Tee, origin: Any, method: str | None, beginning: Response | None) -> None:
        super().__init__(
            body=tee,
            headers=_headers_of(beginning) if beginning else origin.headers,
            status=beginning.status if beginning else origin.status,
            reason=beginning.reason if beginning else origin.reason,
            version=origin.version,
            preload_content=False,
            # Requests reads the cookies from here.
            original_response=getattr(origin, "_original_response", None),
            request_method=method,
            enforce_content_length=False,
        )
        self._tee = tee

    def stream(self, amt: int | None = 2**16, decode_content: bool | None = None) -> Generator[bytes, None, None]:
        # Read as a file, pieces would be waited for until there are `amt` bytes of them; a chunked body
        # is handed on as it comes, as without the cache.
        if self.chunked and "Content-Encoding" not in self.headers:
            return self._tee.pieces(amt)
        return super().stream(amt, decode_content)


def _mark(
    response: requests.Response, stored: Response | None = None, key_error: Exception | None = None
) -> requests.Response:
    """Gives a response the attributes that say what the cache knows of it."""
    marked: Any = response
    marked.from_cache = stored is not None and stored.from_cache
    marked.revalidated = stored is not None and stored.revalidated
    marked.is_expired = stored is not None and stored.is_expired
    marked.created_at = stored and stored.created_at
    marked.expires_at = marked.expires = stored and stored.expires_at
    marked.key = stored and stored.key
    marked.filter_error = stored and stored.filter_error
    marked.key_error = key_error
    return response


__all__ = ["CacheAdapter"]
