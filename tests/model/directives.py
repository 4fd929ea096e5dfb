"""Cache-Control (RFC 9111 5.2): what its lines say, however badly they are written."""

import re

import fields

INFINITE = 2147483648
"""What a larger number of seconds is taken for (RFC 9111 1.2.2)."""

_DIRECTIVE = re.compile(r"([^=\s]*)(\s*)(?:=(.*))?", re.S)
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"', re.S)


class Argument:
    """One occurrence of a directive: its argument, and whether it could be read."""

    def __init__(self, text, valid):
        self.text, self.valid = text, valid


class Directives:
    """The directives of all lines of Cache-Control, by name in lower case."""

    def __init__(self, lines):
        self._found = {}
        for member in fields.split_list(", ".join(lines)):
            name, argument = _read(member)
            self._found.setdefault(name, []).append(argument)

    def __contains__(self, name):
        """Whether a directive is there. Those without argument count with one too."""
        return name in self._found

    def arguments(self, name):
        """All occurrences."""
        return self._found.get(name, [])

    def seconds(self, name):
        """The seconds a directive names. None: it is not there. Invalid: it cannot be read, or two
        occurrences contradict each other."""
        found = self.arguments(name)
        if not found:
            return None
        values = {delta_seconds(a.text) if a.valid and a.text is not None else None for a in found}
        return values.pop() if len(values) == 1 and None not in values else Invalid

    def unqualified(self, name):
        """Whether the directive stands without a list of names in at least one place."""
        return any(not names_of(a) for a in self.arguments(name))

    def names(self, name):
        """The field names that qualify a directive, in lower case."""
        return {n for a in self.arguments(name) for n in names_of(a)}


class _Invalid:
    def __repr__(self):
        return "Invalid"


Invalid = _Invalid()
"""A number that cannot be read."""


def _read(member):
    found = _DIRECTIVE.match(member)
    name, space, argument = found.group(1), found.group(2), found.group(3)
    if found.end() != len(member) or (space and argument is not None):
        return name.lower(), Argument(None, False)
    if argument is None:
        return name.lower(), Argument(None, True)
    quoted = _QUOTED.fullmatch(argument)
    if quoted:
        return name.lower(), Argument(re.sub(r"\\(.)", r"\1", quoted.group(1), flags=re.S), True)
    return name.lower(), Argument(argument, fields.is_token(argument))


def names_of(argument):
    """The field names in an argument, in lower case."""
    if argument.text is None:
        return []
    return [m.lower() for m in fields.split_list(argument.text)]


def delta_seconds(text):
    """The value of delta-seconds (RFC 9111 1.2.2), or None."""
    if not text or any(c not in "0123456789" for c in text):
        return None
    return min(int(text), INFINITE)


def of_response(response_fields):
    """The directives of a response."""
    return Directives(fields.lines(response_fields, "cache-control"))


def of_request(request_fields):
    """The directives of a request. Pragma counts where there is no Cache-Control (RFC 9111 5.4)."""
    if fields.has(request_fields, "cache-control"):
        return Directives(fields.lines(request_fields, "cache-control"))
    pragma = [m.lower() for v in fields.lines(request_fields, "pragma") for m in fields.split_list(v)]
    return Directives(["no-cache"] if "no-cache" in pragma else [])
