"""Requests, answers and stored responses as the model holds them."""

import dates
import fields
import freshness
import selecting


def _expanded(lines):
    return [[name, dates.expand(value).strip(" \t")] for name, value in lines]


class Request:
    """A request, and the options set for it alone."""

    def __init__(self, url, method="GET", lines=(), options=None):
        self.url, self.method = url, method
        self.fields = _expanded(lines)
        self.options = dict(options or {})


class Answer:
    """What the origin says. `failure`: it says nothing."""

    def __init__(self, status=200, lines=(), body="", failure=False):
        self.status, self.body, self.failure = status, body, failure
        self.fields = _expanded(lines)


class Record:
    """A stored response."""

    def __init__(self, request, answer, request_time, response_time, expiry, expiry_source, asked_max_age):
        self.status, self.body = answer.status, answer.body
        self.fields = stored_fields(answer.fields)
        self.mark = selecting.mark(request.fields)
        self.filed_under(request)
        self.received(answer, request_time, response_time, expiry, expiry_source, asked_max_age)
        # Whether a response that was stored later may have taken its place.
        self.doubtful = False

    def filed_under(self, request):
        """The variant is the one that this request selects."""
        self.vary = selecting.vary(self.fields)
        self.selecting = () if self.vary == selecting.STAR else selecting.selecting_values(
            request.fields, self.vary)

    def received(self, answer, request_time, response_time, expiry, expiry_source, asked_max_age):
        """The times and the expiry are those of this answer, whole or 304."""
        self.request_time, self.response_time = request_time, response_time
        if not fields.has(answer.fields, "date") and fields.has(self.fields, "date"):
            # What confirms a response gets the Date of its receipt, in whole seconds (RFC 9110 6.6.1).
            response_time -= response_time % 1000
        self.date = freshness.received_date(answer.fields, response_time)
        self.age_value = freshness.received_age(answer.fields)
        self.expiry, self.expiry_source = expiry, expiry_source
        self.asked_max_age = asked_max_age

    def replaces(self, other):
        """Whether both are the same variant."""
        return (self.vary, self.selecting, self.mark) == (other.vary, other.selecting, other.mark)


def stored_fields(lines):
    """The fields of a response that are stored (RFC 9111 3.1)."""
    return fields.without(lines, fields.HOP_BY_HOP | fields.connection_names(lines))


# Of a 304 these say nothing of the stored body (RFC 9111 3.2, feature D2).
_KEPT = frozenset(("content-length", "content-encoding", "content-type", "content-range"))


def freshened_fields(stored, new):
    """The stored fields, with those of a 304 in their place (RFC 9111 3.2)."""
    new = fields.without(stored_fields(new), _KEPT)
    return fields.without(stored, {name.lower() for name, _ in new}) + new
