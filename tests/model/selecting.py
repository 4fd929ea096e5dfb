"""Which stored response a request selects (RFC 9111 4.1), and between whose requests one is shared (3.5)."""

import directives
import fields
from settings import Undecided

STAR = "*"

_PREFERENCES = ("accept", "accept-charset", "accept-encoding", "accept-language")
_CREDENTIALS = ("authorization", "proxy-authorization", "x-api-key", "x-auth-token", "x-api-token",
                "x-access-token")


def vary(response_fields):
    """The names that Vary lists, in lower case; STAR where nothing ever matches (feature A7)."""
    names = set()
    for line in fields.lines(response_fields, "vary"):
        for member in fields.split_list(line):
            if member == "*" or not fields.is_token(member):
                return STAR
            names.add(member.lower())
    return frozenset(names)


def selecting_values(request_fields, names):
    """What a request says in the fields that Vary names, so that what matches is equal."""
    return tuple((name, _normal(request_fields, name)) for name in sorted(names))


def _normal(request_fields, name):
    value = fields.combined(request_fields, name)
    if value is None:
        return None
    if name == "cookie":
        pairs = [p.strip() for line in fields.lines(request_fields, name) for p in line.split(";")]
        return tuple(sorted((p for p in pairs if p), key=lambda p: p.split("=", 1)[0]))
    members = [m.strip() for m in value.split(",")]
    if name in _PREFERENCES:
        return tuple(sorted(m.lower() for m in members))
    return tuple(members)


def mark(request_fields):
    """Who asks: all that authenticates (feature C11)."""
    return tuple((name, tuple(fields.lines(request_fields, name)))
                 for name in _CREDENTIALS if fields.has(request_fields, name))


def shared_with_all(record, settings):
    """Whether a response may answer others than the one who asked (RFC 9111 3.5)."""
    if not (settings.cc and settings.shared):
        return False
    return is_for_all(directives.of_response(record.fields))


def is_for_all(said):
    """Whether the directives of a response let a shared cache store it though the request authenticates."""
    if "public" in said or "must-revalidate" in said:
        return True
    if said.seconds("s-maxage") is directives.Invalid:
        raise Undecided("whether an s-maxage that cannot be read lets others have the response")
    return "s-maxage" in said


def is_allowed(record, request_fields, settings):
    """Whether the credentials of a request are those of the record."""
    return record.mark == mark(request_fields) or shared_with_all(record, settings)


def matches(record, request_fields):
    """Whether the selecting fields of a request are those of the record."""
    return record.vary != STAR and record.selecting == selecting_values(request_fields, record.vary)
