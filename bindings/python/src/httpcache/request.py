"""Requests."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

from ._handle import REQUEST, Closing, Handle, create
from ._native import ffi, lib
from .errors import URLError, call, closed, raise_status
from .fields import FieldList, Fields, Text, encode, get, pack
from .options import RequestOptions, read, texts, values


class RequestView(NamedTuple):
    """A request as it stood: what is to be sent, or what a filter is asked about."""

    method: str
    url: str
    fields: FieldList
    body: bytes


class Request(Closing):
    """Method, URL, fields, body and options of a request. One thread at a time, but for :meth:`cancel`.

    The URL is http or https and absolute. It is normalised (RFC 3986 6), its fragment dropped, and what
    stands before an "@" becomes an Authorization field. Raises :class:`MethodError`, :class:`URLError`,
    :class:`FieldError`.

    One object may serve many lookups; exchanges and responses made from it do not change with it.
    """

    def __init__(
        self,
        method: str,
        url: str,
        fields: Fields = (),
        body: bytes | bytearray | memoryview = b"",
        options: RequestOptions | None = None,
    ) -> None:
        method_bytes, url_bytes = encode(method, "method"), _url(url)
        pointer = create(
            lib.hc_request_new,
            lib.hc_request_free,
            REQUEST,
            method_bytes,
            len(method_bytes),
            url_bytes,
            len(url_bytes),
        )
        self._handle = Handle(pointer, "request", lib.hc_request_free)
        # Cancelling goes together with the fetch that is cancelled, and not with a change.
        self._change = threading.Lock()
        if fields:
            text, lengths, count = pack(fields)
            call(lib.hc_request_add_fields, pointer, text, lengths, count)
        if len(body):
            self.set_body(body)
        if options is not None:
            for key, value in values(options):
                call(lib.hc_request_set, pointer, key, value)
            for key, text, length in texts(options):
                call(lib.hc_request_set_string, pointer, key, text, length)

    @classmethod
    def _of(cls, handle: Handle) -> Request:
        request = cls.__new__(cls)
        request._handle = handle
        request._change = threading.Lock()
        return request

    def assign(self, method: str, url: str) -> None:
        """Makes this a new request of the same options: without fields and body."""
        method_bytes, url_bytes = encode(method, "method"), _url(url)
        with self._handle, self._change:
            call(
                lib.hc_request_assign,
                self._handle.pointer,
                method_bytes,
                len(method_bytes),
                url_bytes,
                len(url_bytes),
            )

    def add(self, name: Text, value: Text) -> None:
        """Adds a field at the end. White space around the value is dropped."""
        name, value = encode(name, "field name"), encode(value, "field value")
        with self._handle, self._change:
            call(lib.hc_request_add, self._handle.pointer, name, len(name), value, len(value))

    def remove(self, name: Text) -> bool:
        """Removes all fields of a name; says whether there was one."""
        name = encode(name, "field name")
        with self._handle, self._change:
            status = lib.hc_request_remove(self._handle.pointer, name, len(name))
        if status < 0:
            raise_status(status)
        return bool(status == lib.HC_OK)

    def set_body(self, body: bytes | bytearray | memoryview) -> None:
        """Sets the body, replacing one that was set before."""
        with self._handle, self._change, ffi.from_buffer(body) as data:
            call(lib.hc_request_set_body, self._handle.pointer, data, len(data))

    def cancel(self) -> None:
        """Ends the fetch that waits for the answer, and the reading of its body: :class:`CancelledError`.

        From any thread. It holds for what begins later too; what is answered from the cache is not concerned.
        """
        self._handle.check_open()
        with self._change:
            lib.hc_request_cancel(self._handle.pointer or ffi.NULL)

    @property
    def method(self) -> str:
        """The method."""
        with self._handle:
            return _method(self._handle.pointer)

    @property
    def url(self) -> str:
        """The URL, normalised."""
        with self._handle:
            return _url_of(self._handle.pointer)

    @property
    def fields(self) -> FieldList:
        """The fields in order, repeats kept."""
        with self._handle:
            return _fields(self._handle.pointer)

    def get(self, name: str, default: str | None = None) -> str | None:
        """The value of a field: its lines joined with ", " (RFC 9110 5.3)."""
        value = get(self.fields, name)
        return default if value is None else value

    def option(self, name: str) -> Any:
        """What the request has set for itself of an option of :class:`RequestOptions`; ``None``: nothing.

        Not ``partition`` and ``ca_file``, which cannot be read.
        """
        with self._handle:
            return read(self._handle.pointer, name)

    @property
    def body(self) -> bytes:
        """The body, as a copy."""
        with self._handle:
            return _body(self._handle.pointer)

    def __repr__(self) -> str:
        if self.closed:
            return "<httpcache.Request closed>"
        return f"<httpcache.Request {self.method} {self.url}>"


def asked(request: Request | str) -> Request:
    """A request that is one, or a GET of a URL."""
    if isinstance(request, Request):
        return request
    if isinstance(request, str):
        return Request("GET", request)
    raise TypeError(f"a request is a Request or a URL, not {type(request).__name__}")


def view(request: Any) -> RequestView:
    """A copy of a request that is borrowed from elsewhere."""
    return RequestView(_method(request), _url_of(request), _fields(request), _body(request))


def copy_of(request: Any) -> Request:
    """A request of its own, with the options, made of one that is borrowed."""
    pointer = create(lib.hc_request_copy, lib.hc_request_free, REQUEST, request)
    return Request._of(Handle(pointer, "request", lib.hc_request_free))


@contextmanager
def lent(request: Any) -> Iterator[Request]:
    """A request that belongs to the library and is there for the time of a callback."""
    borrowed = Request._of(Handle(request, "request"))
    try:
        yield borrowed
    finally:
        with borrowed._change:
            borrowed._handle.revoke()


def _url(url: str) -> bytes:
    if not isinstance(url, str):
        raise TypeError(f"the URL is str, not {type(url).__name__}")
    try:
        return url.encode("utf-8")
    except UnicodeEncodeError as error:
        raise URLError(lib.HC_E_URL, "the URL holds a lone surrogate") from error


def _method(request: Any) -> str:
    return _string(lib.hc_request_method(request))


def _url_of(request: Any) -> str:
    return _string(lib.hc_request_url(request))


def _string(text: Any) -> str:
    if text == ffi.NULL:
        raise closed("request")
    return str(ffi.string(text).decode("latin-1"))


def _fields(request: Any) -> FieldList:
    count = ffi.new("size_t *")
    fields = lib.hc_request_fields(request, count)
    return [
        (
            ffi.unpack(each.name, each.name_len).decode("latin-1"),
            ffi.unpack(each.value, each.value_len).decode("latin-1"),
        )
        for each in (fields[i] for i in range(count[0]))
    ]


def _body(request: Any) -> bytes:
    size = ffi.new("size_t *")
    body = lib.hc_request_body(request, size)
    return bytes(ffi.buffer(body, size[0])[:]) if size[0] else b""
