"""Conditional requests: ours to the origin and the caller's to us (RFC 9111 4.3, RFC 9110 13)."""

import dates
import fields
from settings import Undecided

CONDITIONS = frozenset(("if-none-match", "if-modified-since"))
FOR_THE_ORIGIN = ("if-match", "if-unmodified-since")

FRESHENS, FITS_NOTHING = "freshens", "fits nothing"


def has_validator(record):
    """Whether there is something to ask the origin about."""
    for name in ("etag", "last-modified"):
        if len(fields.lines(record.fields, name)) > 1:
            raise Undecided(f"several {name} lines")
    if fields.has(record.fields, "etag") and fields.etag_of(record.fields) is None:
        raise Undecided("an entity tag that is none")
    if fields.has(record.fields, "last-modified") and _modified(record) is None:
        raise Undecided("a Last-Modified that cannot be read")
    return fields.has(record.fields, "etag") or fields.has(record.fields, "last-modified")


def _modified(record):
    return dates.parse(fields.lines(record.fields, "last-modified")[0], dates.at(record.response_time))


def conditions(record):
    """The conditions that validate a record (RFC 9111 4.3.1), by name; None says that there must be none."""
    etag = fields.combined(record.fields, "etag")
    modified = fields.combined(record.fields, "last-modified")
    return {"If-None-Match": etag, "If-Modified-Since": modified}


def not_modified(record, request):
    """Whether the caller has what a stored 200 holds already (RFC 9111 4.3.2)."""
    if record.status != 200:
        return False
    if fields.has(request.fields, "if-none-match"):
        return _none_match(record, request)
    values = fields.lines(request.fields, "if-modified-since")
    since = dates.parse(values[0], dates.at(record.response_time)) if len(values) == 1 else None
    if since is None:
        return False
    if fields.has(record.fields, "last-modified"):
        modified = _modified(record)
        if modified is None:
            raise Undecided("a Last-Modified that cannot be read")
        return modified <= since
    if record.date % 1000:
        raise Undecided("the second in which a response was received, as a date")
    return record.date // 1000 + dates.T0 <= since


def _none_match(record, request):
    listed = fields.split_list(fields.combined(request.fields, "if-none-match"))
    if listed == ["*"]:
        return True
    if "*" in listed:
        raise Undecided("a * in a list")
    mine = fields.etag_of(record.fields)
    if mine is None:
        if fields.has(record.fields, "etag"):
            raise Undecided("an entity tag that is none")
        return False
    tags = [fields.parse_etag(text) for text in listed]
    if None in tags:
        raise Undecided("an entity tag that is none, of the caller")
    return any(mine.weak_match(tag) for tag in tags)


def judge_head(record, answer):
    """Whether a 200 to HEAD is of the stored response (RFC 9111 4.3.5)."""
    for name in ("etag", "last-modified"):
        if fields.has(answer.fields, name) and fields.lines(answer.fields, name) != fields.lines(record.fields, name):
            return False
    if fields.has(answer.fields, "content-length"):
        if not fields.has(record.fields, "content-length"):
            raise Undecided("a length of HEAD, and none in the stored response")
        return fields.lines(answer.fields, "content-length") == fields.lines(record.fields, "content-length")
    return True


def judge_304(record, answer):
    """What a 304 to our condition says of the record it was made from (RFC 9111 4.3.4, feature D2)."""
    if fields.has(answer.fields, "etag"):
        new = fields.etag_of(answer.fields)
        if new is None:
            raise Undecided("an entity tag that is none, in a 304")
        mine = fields.etag_of(record.fields)
        if mine is None:
            if not new.weak:
                return FITS_NOTHING
            raise Undecided("a weak entity tag for a response without one")
        same = mine.strong_match(new) if not new.weak else mine.weak_match(new)
        return FRESHENS if same else FITS_NOTHING
    if fields.has(answer.fields, "last-modified"):
        if not fields.has(record.fields, "last-modified"):
            raise Undecided("a Last-Modified for a response without one")
        same = fields.lines(answer.fields, "last-modified") == fields.lines(record.fields, "last-modified")
        if not same:
            raise Undecided("another Last-Modified in a 304 without entity tag")
        return FRESHENS
    return FRESHENS
