"""Requests of generated cases, and when they come: at the edges of what is stored."""

import dates
import directives
import fields
import freshness
from settings import NEVER

URLS = ("http://h.test/a", "http://h.test/a", "http://h.test/b", "http://h.test/b", "http://h.test/a?q=1",
        "https://h.test/a")
LAST_CENTURY = -800_000_000
"""Seconds from the start of a scenario to the year 1998."""

_EDGES = (-1001, -1000, -999, -1, 0, 1, 999, 1000, 1001)
_PAUSES = (0, 0, 1, 400, 999, 1000, 5000, 5000, 10_000, 30_000, 59_999, 60_000, 3_600_000)

_OPTIONS = {
    "refresh": (1,), "force_refresh": (1,), "only_if_cached": (1,), "always_revalidate": (1,),
    "expire_after": (1000, 30_000, 120_000, "never", "immediately", "do_not_cache", "unset"),
    "expire_at": (0, 30_000, 200_000), "stale_if_error": (1, 1000, 60_000, "never", 0),
    "stale_while_revalidate": (1, 1000, 60_000, "never", 0)}


def moment(chance, now, records, settings):
    """When the next request comes: after a pause, or where something stored changes what it is worth."""
    edges = []
    for record in records:
        life = freshness.lifetime(record, settings)
        until = freshness.expires_at(record, life)
        age = freshness.initial_age(record)
        ends = [record.response_time - age + 1000 * n for n in (5, 10, 60)]
        if until != NEVER:
            windows = _windows(record, settings) or [1000, 5000, 10_000]
            ends += [until] * 4 + [until + chance.of(windows) for _ in range(6)]
            ends += [until - chance.of((1000, 5000, 10_000)) for _ in range(3)]
        edges += ends
    if edges and chance.percent(75):
        at = chance.of(edges) + chance.of(_EDGES)
        if at >= now:
            return at
    if records and chance.percent(3):
        # The clock was set back.
        return max(records[-1].response_time - chance.of((1, 1000, 59_999, 60_000, 60_001, 3_600_000)), -10**9)
    return now + chance.of(_PAUSES)


def _windows(record, settings):
    said = directives.of_response(record.fields)
    found = [settings.get(name) for name in ("stale_if_error", "stale_while_revalidate")]
    for name in ("stale-if-error", "stale-while-revalidate"):
        seconds = said.seconds(name)
        if seconds is not None and seconds is not directives.Invalid:
            found.append(seconds * 1000)
    return [ms for ms in found if ms and ms != NEVER]


def request(chance, theme, at, record, settings):
    """A request at a time, with an eye on a stored response (or None)."""
    others = 70 if theme == "invalidation" else 5
    asked = {"url": chance.of(URLS) if chance.percent(others) else URLS[0]}
    lines = _vary_fields(chance, theme) + _credentials(chance, theme)
    method = _method(chance, theme)
    if method != "GET":
        asked["method"] = method
    limits = []
    if method in ("GET", "HEAD") and (record is not None or chance.percent(20)):
        limits = _limits(chance, theme, at, record, settings)
    if limits:
        name = chance.weighted({"Cache-Control": 9, "cache-control": 1})
        if len(limits) > 1 and chance.percent(20):
            lines += [[name, limit] for limit in limits]
        else:
            lines.append([name, ", ".join(limits)])
    if chance.percent(8 if theme == "requests" else 1):
        lines.append(["Pragma", chance.of(("no-cache", "no-cache", "NO-CACHE", "foo"))])
    if chance.percent(70 if theme == "conditions" else 4):
        lines += conditions(chance, at, record)
    options = _options(chance, theme)
    if options:
        asked["options"] = options
    if lines:
        asked["fields"] = chance.shuffled(lines)
    return asked


def _method(chance, theme):
    if chance.percent(45 if theme == "invalidation" else 2):
        return chance.of(("POST", "PUT", "DELETE", "PATCH", "FOO", "OPTIONS", "PROPFIND", "SEARCH", "REPORT"))
    return "HEAD" if chance.percent(12 if theme == "validation" else 4) else "GET"


def _vary_fields(chance, theme):
    if theme != "vary":
        return [["X-A", "1"]] if chance.percent(3) else []
    lines = []
    for name, values in (("X-A", ("1", "2", "1, 2", "1 ,2", "1,  2", "")), ("x-b", ("1", "2", "A", "a")),
                         ("Accept-Language", ("en, de", "de,en", "De, en", "fr", "en;q=0.5, de")),
                         ("Cookie", ("a=1; b=2", "b=2; a=1", "a=2"))):
        if chance.percent(50):
            lines.append([name, chance.of(values)])
            if name == "X-A" and chance.percent(10):
                lines.append([name, "2"])
    return lines


def _credentials(chance, theme):
    if not chance.percent(65 if theme == "credentials" else 2):
        return []
    return [list(chance.weighted({
        ("Authorization", "Basic YQ=="): 8, ("Authorization", "Basic Yg=="): 3, ("X-API-Key", "k"): 1,
        ("authorization", "Basic YQ=="): 1, ("Cookie", "a=1"): 1}))]


def _limits(chance, theme, at, record, settings):
    if not chance.percent({"requests": 85, "stale": 40, "settings": 15}.get(theme, 5)):
        return []
    age, over = 30_000, 5000
    if record is not None:
        life = freshness.lifetime(record, settings)
        age = freshness.current_age(record, at)
        over = freshness.staleness(record, life, at)
        over = 5000 if over is None else over
    near = chance.of((-1, 0, 0, 1))
    whole = {"max-age": age, "max-stale": over, "min-fresh": -over, "stale-if-error": over}
    said = []
    kinds = {"max-age": 24, "max-stale": 20, "min-fresh": 16, "no-cache": 12, "no-store": 5, "only-if-cached": 12,
             "stale-if-error": 24 if theme == "stale" else 6, "max-stale-any": 6, "foo": 2}
    for _ in range(chance.weighted({1: 70, 2: 25, 3: 5})):
        kind = chance.weighted(kinds)
        if kind in whole:
            seconds = max(0, whole[kind] // 1000 + near)
            said.append("%s=%d" % (kind, 0 if kind == "max-age" and chance.percent(15) else seconds))
        else:
            said.append("max-stale" if kind == "max-stale-any" else kind)
    # Twice the same directive says nothing new.
    return list({m.split("=")[0]: m for m in said}.values())


def conditions(chance, at, record):
    """Conditions of the caller's own (RFC 9110 13.1)."""
    if chance.percent(6):
        return [[chance.of(("If-Match", "If-Unmodified-Since")), '"a"' if chance.percent(50) else "{date 0}"]]
    lines = []
    kind = chance.weighted({"none-match": 50, "since": 35, "both": 15})
    if kind in ("none-match", "both"):
        tags = ['"a"', '"b"', 'W/"a"', 'W/"b"', '"a,b"', '"c"']
        mine = None if record is None else fields.combined(record.fields, "etag")
        if mine is not None and chance.percent(50):
            tags.append(mine)
            tags = tags[-1:] * 4 + tags
        listed = [chance.of(tags) for _ in range(chance.weighted({1: 60, 2: 25, 3: 15}))]
        lines.append(["If-None-Match", "*" if chance.percent(6) else ", ".join(listed)])
    if kind in ("since", "both"):
        second = at // 1000
        if record is not None:
            values = fields.lines(record.fields, "last-modified") or fields.lines(record.fields, "date")
            second = dates.parse(values[0], dates.T0) if values else None
            second = at // 1000 if second is None else second - dates.T0
        form = chance.weighted({"{date %d}": 7, "{date850 %d}": 1, "{asctime %d}": 1, "x%d": 1})
        if chance.percent(3):
            form, second = "{date850 %d}", LAST_CENTURY
        lines.append(["If-Modified-Since", form % (second + chance.of((-1, 0, 0, 1, 100)))])
    return lines


def _options(chance, theme):
    options = {}
    if not chance.percent({"settings": 45, "stale": 20, "validation": 15, "requests": 15}.get(theme, 5)):
        return options
    for _ in range(chance.weighted({1: 80, 2: 20})):
        name = chance.weighted({
            "refresh": 5, "force_refresh": 3, "only_if_cached": 3, "always_revalidate": 3,
            "expire_after": 14 if theme == "settings" else 4, "expire_at": 3, "stale_if_error": 5,
            "stale_while_revalidate": 3})
        if name.startswith("expire_") and any(n.startswith("expire_") for n in options):
            continue
        options[name] = chance.of(_OPTIONS[name])
    return options
