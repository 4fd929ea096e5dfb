"""Header fields on their way in and out.

A field is a pair of name and value. As text they are ISO 8859-1, byte for byte, as in :mod:`http.client`;
on the way in bytes are taken as well.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, List, Tuple, Union

from ._native import ffi
from .errors import argument

Text = Union[str, bytes]
Fields = Union[Mapping[str, Text], Iterable[Tuple[Text, Text]]]
FieldList = List[Tuple[str, str]]

_FIELD_SIZE = ffi.sizeof("hc_field")
_LENGTHS = ffi.typeof("uint32_t[]")


def encode(text: Text, what: str) -> bytes:
    if isinstance(text, bytes):
        return text
    if not isinstance(text, str):
        raise TypeError(f"the {what} is str or bytes, not {type(text).__name__}")
    try:
        return text.encode("latin-1")
    except UnicodeEncodeError as error:
        raise argument(f"the {what} holds a character outside of ISO 8859-1") from error


def pack(fields: Fields) -> tuple[bytes, Any, int]:
    """What hc_request_add_fields and hc_response_add_fields take."""
    pairs = fields.items() if isinstance(fields, Mapping) else fields
    parts: list[bytes] = []
    for pair in pairs:
        name, value = pair
        parts.append(encode(name, "field name"))
        parts.append(encode(value, "field value"))
    return b"".join(parts), ffi.new(_LENGTHS, [len(part) for part in parts]), len(parts) // 2


def unpack(fields: Any, count: int, text: Any, text_len: int) -> FieldList:
    """The fields of a view: they lie in one block, which is copied once and cut by their places in it."""
    if count == 0:
        return []
    block = ffi.buffer(text, text_len)[:].decode("latin-1")
    start = int(ffi.cast("uintptr_t", text))
    # An hc_field is four words, and never changes: a name, its length, a value, its length.
    words = memoryview(ffi.buffer(fields, count * _FIELD_SIZE)).cast("P").tolist()
    return [
        (block[name - start : name - start + name_len], block[value - start : value - start + value_len])
        for name, name_len, value, value_len in zip(*[iter(words)] * 4)
    ]


def get(fields: FieldList, name: str) -> str | None:
    """The value of a field: its lines joined (RFC 9110 5.3), of Set-Cookie the first only."""
    wanted = name.lower()
    lines = [value for each, value in fields if each.lower() == wanted]
    if not lines:
        return None
    return lines[0] if wanted == "set-cookie" else ", ".join(lines)
