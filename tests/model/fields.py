"""Header fields as an ordered list of [name, value] (RFC 9110 5), and what stands in them."""

import re

_TOKEN = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_ETAG = re.compile(r'(W/)?("[\x21\x23-\x7e\x80-\xff]*")')
_OWS = " \t"


def lines(fields, name):
    """The values of all lines of a name."""
    return [value.strip(_OWS) for have, value in fields if have.lower() == name]


def has(fields, name):
    """Whether there is a line of that name."""
    return any(have.lower() == name for have, _ in fields)


def combined(fields, name):
    """The value of a field: its lines joined (RFC 9110 5.3). None: there is none."""
    values = lines(fields, name)
    return ", ".join(values) if values else None


def without(fields, names):
    """The fields but those of `names` (lower case)."""
    return [line for line in fields if line[0].lower() not in names]


def is_token(text):
    """Whether `text` is a token (RFC 9110 5.6.2)."""
    return _TOKEN.fullmatch(text) is not None


def split_list(text):
    """The members of a comma-separated list (RFC 9110 5.6.1); commas inside quoted strings separate nothing."""
    members, start, quoted, at = [], 0, False, 0
    while at < len(text):
        char = text[at]
        if quoted and char == "\\":
            at += 1
        elif char == '"':
            quoted = not quoted
        elif char == "," and not quoted:
            members.append(text[start:at])
            start = at + 1
        at += 1
    members.append(text[start:])
    return [m.strip(_OWS) for m in members if m.strip(_OWS)]


class ETag:
    """An entity tag (RFC 9110 8.8.3)."""

    def __init__(self, weak, opaque):
        self.weak, self.opaque = weak, opaque

    def strong_match(self, other):
        """RFC 9110 8.8.3.2: both are strong and the same."""
        return not self.weak and not other.weak and self.opaque == other.opaque

    def weak_match(self, other):
        """RFC 9110 8.8.3.2: the same but for being weak."""
        return self.opaque == other.opaque


def parse_etag(text):
    """An entity tag, or None where `text` is none: what is not quoted is not guessed at."""
    found = _ETAG.fullmatch(text)
    return ETag(found.group(1) is not None, found.group(2)) if found else None


def etag_of(fields):
    """The entity tag of a response, or None."""
    values = lines(fields, "etag")
    return parse_etag(values[0]) if len(values) == 1 else None


# RFC 9110 7.6.1, and what belongs to one connection or one proxy (RFC 9111 3.1).
HOP_BY_HOP = frozenset((
    "connection", "keep-alive", "proxy-connection", "te", "transfer-encoding", "upgrade",
    "proxy-authenticate", "proxy-authentication-info", "proxy-authorization"))


def connection_names(fields):
    """The names that Connection lists, which go no further than the connection (RFC 9110 7.6.1)."""
    return frozenset(m.lower() for value in lines(fields, "connection") for m in split_list(value))
