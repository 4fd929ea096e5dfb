"""Answers of the origin for generated cases, the broken ones among them."""

SECONDS = (0, 1, 5, 10, 30, 59, 60, 61, 100, 3600)

_BAD_SECONDS = ("abc", "-1", "-60", "1.5", "60s", "s60", "", "'60'", "+60", "0x10", "6 0", "\"", "60 s", "\"60", "=60")
_BAD_DATES = ("0", "-1", "", "never", "{date %d}x", "Tue, 14 Nov 2023 22:20:00 UTC", "Tue, 14 Nov 2023 22:20:00 AEST",
              "Tue 14 Nov 2023 22:20:00 GMT", "Tue,  14 Nov 2023 22:20:00 GMT", "Tue, 14-Nov-2023 22:20:00 GMT",
              "Tue, 14 Nov 2023 22.20.00 GMT", "Tue, 14 Nov 2023 9:20:00 GMT", "Tue, 31 Feb 2024 22:20:00 GMT",
              "Tue, 14 Nov 2023 24:20:00 GMT", "2023-11-14T22:20:00Z", "1700000400", "Tue, 14 Nov 2023 22:20 GMT",
              "Tue, 14 Foo 2023 22:20:00 GMT", "Tue, 14 Nov 2023 22:20:00", "14 Nov 2023 22:20:00 GMT")
_AGES = ("0", "1", "5", "10", "30", "59", "60", "61", "100", "3600", "2147483647", "2147483648", "99999999999999999999",
         "abc", "-5", "5.0", "7200, 0", "5, 100", "0, 100", "abc, 10", "", "007", "1e3", "5;a=1", "5 5")
_NOISE = ('ext="max-age=5, no-store"', "foo", "foo=bar", 'foo="a\\"b, no-cache"', "", "max-ages=1", "x-no-store",
          "no-transform", 'community="UCI"', "nostore")
_ETAGS = ('"a"', '"b"', 'W/"a"', 'W/"b"', '""', '"a,b"')

# How often, in a hundred, an answer has what a theme is about.
_FLAGS = {
    "no-cache": {"validation": 8, "storing": 8, "stale": 4}, "no-store": {"storing": 20},
    "private": {"storing": 20, "credentials": 15}, "public": {"storing": 20, "credentials": 35},
    "must-revalidate": {"stale": 9, "credentials": 20, "storing": 6},
    "proxy-revalidate": {"stale": 9}, "immutable": {"requests": 15, "lifetime": 8, "validation": 8},
    "must-understand": {"storing": 15}, "stale-while-revalidate": {"stale": 35},
    "stale-if-error": {"stale": 45, "validation": 10}}


def date(chance, second):
    """A date in one of its three forms."""
    form = chance.weighted({"date": 8, "date850": 1, "asctime": 1})
    text = "{%s %d}" % (form, second)
    return text


def expires(chance, second):
    """Expires at a second, or what is no date, or one of two digits for another century."""
    if chance.percent(8):
        return "{date850 %d}" % -800_000_000
    return chance.of(_BAD_DATES).replace("%d", str(second)) if chance.percent(20) else date(chance, second)


def number(chance, value):
    """A number of seconds as it is written: mostly well."""
    kind = chance.weighted({"plain": 80, "zeros": 4, "quoted": 6, "bad": 8, "huge": 2})
    if kind == "zeros":
        return "00%d" % value
    if kind == "quoted":
        return '"%d"' % value
    if kind == "huge":
        return chance.of(("2147483647", "2147483648", "2147483649", "99999999999999999999999"))
    return chance.of(_BAD_SECONDS) if kind == "bad" else str(value)


def _cased(chance, name):
    return chance.weighted({name: 90, name.upper(): 5, name.title(): 5})


def _lifetime(chance, theme, second):
    """Directives and fields that say how long."""
    said, fields = [], []
    life = chance.of(SECONDS + (5, 10, 10, 30, 30, 60, 60, 60, 100))
    kind = chance.weighted({"max-age": 50, "expires": 20, "both": 8, "s-maxage": 10, "none": 12})
    exact = not chance.percent(60 if theme == "lifetime" else 8)
    if kind in ("max-age", "both"):
        said.append("max-age=" + (str(life) if exact else number(chance, life)))
    if kind == "s-maxage" or chance.percent(6):
        value = chance.of(SECONDS)
        said.append("s-maxage=" + (str(value) if exact else number(chance, value)))
    if kind in ("expires", "both"):
        after = chance.of(SECONDS + (-1, -3600))
        value = date(chance, second + after) if exact else expires(chance, second + after)
        fields.append(["Expires", value])
        if not exact and chance.percent(6):
            fields.append(["Expires", date(chance, second + chance.of(SECONDS))])
    if not exact and said and chance.percent(15):
        said.append(chance.of(said) if chance.percent(50) else "max-age=%d" % chance.of(SECONDS))
    return said, fields


def _flags(chance, theme):
    said = []
    for name, likely in _FLAGS.items():
        if not chance.percent(likely.get(theme, 2)):
            continue
        if name.startswith("stale-"):
            name += "=%d" % chance.of((0, 1, 5, 10, 60))
        elif name in ("no-cache", "private") and chance.percent(35):
            name += chance.of(('="x-secret"', '="X-Secret, x-other"', "=x-secret", '="x-absent"'))
        elif chance.percent(6):
            name += chance.of(("=1", '="x"', "=yes"))
        said.append(name)
    return said


def _cache_control(chance, theme, second):
    said, fields = _lifetime(chance, theme, second)
    said += _flags(chance, theme)
    said = [_cased(chance, m.split("=", 1)[0]) + m[len(m.split("=", 1)[0]):] for m in said]
    if chance.percent(12):
        said.append(chance.of(_NOISE))
    said = chance.shuffled(said)
    # What leaves a quoted string open would take what follows with it.
    said.sort(key=lambda m: m.count('"') % 2)
    if not said:
        return fields
    comma = chance.weighted({", ": 80, ",": 10, " , ": 5, ", ,": 5})
    open_quote = said[-1].count('"') % 2
    if len(said) > 1 and not open_quote and chance.percent(20):
        cut = 1 + chance.below(len(said) - 1)
        fields.append(["Cache-Control", comma.join(said[:cut])])
        fields.append(["cache-control", comma.join(said[cut:])])
    else:
        fields.append(["Cache-Control", comma.join(said)])
    return chance.shuffled(fields)


def _dates(chance, theme, second):
    fields = []
    if chance.percent(85):
        skew = chance.weighted({0: 60, -1: 8, -10: 8, -60: 4, -3600: 3, 1: 4, 10: 4, 3600: 2})
        second += skew if theme == "age" or chance.percent(30) else 0
        bad = chance.percent(5)
        fields.append(["Date", "yesterday" if bad else date(chance, second)])
    if chance.percent(70 if theme == "age" else 10):
        fields.append(["Age", chance.of(_AGES) if chance.percent(60) else str(chance.below(70))])
        if chance.percent(8):
            fields.append(["Age", chance.of(_AGES)])
    return second, fields


def validators(chance, second):
    """ETag, Last-Modified, both or none."""
    kind = chance.weighted({"etag": 40, "modified": 20, "both": 25, "none": 15})
    fields = []
    if kind in ("etag", "both"):
        fields.append(["ETag", chance.of(_ETAGS)])
    if kind in ("modified", "both"):
        fields.append(["Last-Modified", date(chance, second - chance.of((10, 100, 600, 1000, 36_000, -10)))])
    return fields


def _vary(chance, theme):
    if not chance.percent(85 if theme == "vary" else 3):
        return []
    lines = chance.weighted({
        ("X-A",): 30, ("X-A, X-B",): 15, ("X-A", "X-B"): 6, ("x-b",): 10, ("*",): 4, ("X-A, *",): 3,
        ("Accept-Language",): 12, ("Cookie",): 8, ("X-A, ,X-B ",): 3, ("X A",): 2, ("X-A", "*"): 2,
        ("Authorization",): 2, ("X-A; q=1",): 2})
    return [["Vary", line] for line in lines]


STATUSES = {200: 40, 203: 3, 204: 3, 299: 3, 300: 2, 301: 6, 302: 4, 303: 2, 307: 2, 308: 3, 400: 3, 401: 2, 403: 3,
            404: 8, 405: 1, 407: 2, 410: 4, 412: 2, 414: 2, 416: 2, 429: 3, 451: 1, 500: 3, 501: 1, 502: 2, 503: 4,
            504: 2, 599: 2}


def whole(chance, theme, at, body):
    """A whole answer at a time, in milliseconds."""
    likely = {"storing": 70, "settings": 30}.get(theme, 6)
    status = chance.weighted(STATUSES) if chance.percent(likely) else 200
    second, fields = _dates(chance, theme, at // 1000)
    fields += _cache_control(chance, theme, second)
    fields += validators(chance, second) + _vary(chance, theme)
    if status in (429, 500, 503) and chance.percent(40):
        fields.append(["Retry-After", chance.of(("0", "10", "59", "60", "120"))])
    fields.append(["X-Body", body])
    if chance.percent(30):
        fields.append(["Content-Type", "text/plain"])
    if chance.percent(20):
        fields.append(["X-Secret", "s" + body])
    if chance.percent(10):
        fields += [["Connection", "x-hop"], ["X-Hop", "1"]]
    if status in (204, 407, 412, 416):
        body = ""
    elif chance.percent(20):
        fields.append(["Content-Length", str(len(body))])
    return {"at": at, "status": status, "fields": fields, "body": body}


def not_modified(chance, theme, at, record_fields):
    """A 304 to a response with these fields."""
    second, fields = _dates(chance, theme, at // 1000)
    if chance.percent(60):
        fields += _cache_control(chance, theme, second)
    for name, value in record_fields:
        if name.lower() == "etag" and chance.percent(75):
            strong = value[2:] if value.startswith("W/") else value
            fields.append(["ETag", chance.weighted({value: 60, strong: 10, "W/" + strong: 10, '"other"': 15,
                                                    'W/"other"': 5})])
        if name.lower() == "last-modified" and chance.percent(50):
            fields.append(["Last-Modified", value])
    if chance.percent(30):
        fields += [["X-New", "n%d" % at], ["x-body", "freshened"]]
    if chance.percent(15):
        fields += [["Content-Type", "image/png"], ["Content-Encoding", "gzip"], ["Content-Length", "12345"]]
    if chance.percent(20):
        fields += _vary(chance, theme)
    return {"at": at, "status": 304, "fields": fields}
