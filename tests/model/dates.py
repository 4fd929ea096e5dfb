"""HTTP-date (RFC 9110 5.6.7), as a cache reads it (RFC 9111 4.2)."""

import calendar
import re
import time

T0 = 1700000000
"""The second at which every scenario begins."""

def at(ms):
    """The second at which a scenario's clock shows so many milliseconds."""
    return T0 + ms // 1000


_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_LONG_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_MONTH_NUMBER = {name.lower(): number for number, name in enumerate(_MONTHS, 1)}

_TIME = r"([0-9]{2}):([0-9]{2}):([0-9]{2})"
# A cache matches names without regard to case, and takes no other zone for GMT (RFC 9111 4.2).
_IMF = re.compile(
    rf"(?:{'|'.join(_DAYS)}), ([0-9]{{2}}) ({'|'.join(_MONTHS)}) ([0-9]{{4}}) {_TIME} GMT", re.I)
_RFC850 = re.compile(
    rf"(?:{'|'.join(_LONG_DAYS)}), ([0-9]{{2}})-({'|'.join(_MONTHS)})-([0-9]{{2}}) {_TIME} GMT", re.I)
_ASCTIME = re.compile(
    rf"(?:{'|'.join(_DAYS)}) ({'|'.join(_MONTHS)}) ([0-9]{{2}}| [0-9]) {_TIME} ([0-9]{{4}})", re.I)
_TEMPLATE = re.compile(r"\{(date|date850|asctime) (-?[0-9]+)\}")


def parse(text, now):
    """The seconds since the epoch that `text` names, or None. `now` (seconds) settles a two-digit year."""
    found = _IMF.fullmatch(text)
    if found:
        day, month, year, hour, minute, second = found.groups()
        return _seconds(int(year), month, day, hour, minute, second)
    found = _RFC850.fullmatch(text)
    if found:
        day, month, year, hour, minute, second = found.groups()
        return _seconds(_full_year(int(year), now), month, day, hour, minute, second)
    found = _ASCTIME.fullmatch(text)
    if found:
        month, day, hour, minute, second, year = found.groups()
        return _seconds(int(year), month, day, hour, minute, second)
    return None


def _full_year(short, now):
    # More than 50 years ahead is the most recent year in the past with the same digits.
    this_year = time.gmtime(now).tm_year
    year = this_year - this_year % 100 + short
    return year - 100 if year > this_year + 50 else year


def _seconds(year, month, day, hour, minute, second):
    month, day = _MONTH_NUMBER[month.lower()], int(day)
    hour, minute, second = int(hour), int(minute), int(second)
    if not 1 <= day <= calendar.monthrange(max(year, 1), month)[1]:
        return None
    if hour > 23 or minute > 59 or second > 59 or year < 1:
        return None
    return calendar.timegm((year, month, day, hour, minute, second))


def imf_fixdate(seconds):
    """`seconds` since the epoch in the preferred form."""
    t = time.gmtime(seconds)
    return "%s, %02d %s %04d %02d:%02d:%02d GMT" % (
        _DAYS[t.tm_wday], t.tm_mday, _MONTHS[t.tm_mon - 1], t.tm_year, t.tm_hour, t.tm_min, t.tm_sec)


def rfc850(seconds):
    """`seconds` since the epoch in the form with a two-digit year."""
    t = time.gmtime(seconds)
    return "%s, %02d-%s-%02d %02d:%02d:%02d GMT" % (
        _LONG_DAYS[t.tm_wday], t.tm_mday, _MONTHS[t.tm_mon - 1], t.tm_year % 100,
        t.tm_hour, t.tm_min, t.tm_sec)


def asctime(seconds):
    """`seconds` since the epoch in the form of asctime()."""
    t = time.gmtime(seconds)
    return "%s %s %2d %02d:%02d:%02d %04d" % (
        _DAYS[t.tm_wday], _MONTHS[t.tm_mon - 1], t.tm_mday, t.tm_hour, t.tm_min, t.tm_sec, t.tm_year)


_FORMS = {"date": imf_fixdate, "date850": rfc850, "asctime": asctime}


def expand(text):
    """A field value of a scenario with the dates that stand for `{date N}` and its kin."""
    return _TEMPLATE.sub(lambda m: _FORMS[m.group(1)](T0 + int(m.group(2))), text)
