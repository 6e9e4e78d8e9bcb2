"""The times of another program's log: what kind of clock a whole file has, and each of its instants."""

import math
import re
import unicodedata
from collections import Counter
from datetime import UTC, datetime, timedelta, tzinfo
from typing import NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from vigie.logfile.reading import DateOrder
from vigie.units import SECONDS_PER_DAY

_LAST_S = 253_402_300_800.0
_EPOCHS = {"s": (1e8, 1e11, 1.0), "ms": (1e11, 1e14, 1e-3), "us": (1e14, 1e17, 1e-6), "ns": (1e17, 1e20, 1e-9)}
"""Units of a count since 1970: from 1973 on they cannot be mistaken for each other."""
_COMPACT = re.compile(
    r"((?:19|20)\d\d)(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])"
    r"(?:[T _-]?([01]\d|2[0-4])([0-5]\d)(?:([0-5]\d)(\d{3})?)?)?(?:\.0+)?"
)
_DATE = re.compile(r"(\d{1,4})([./-])(\d{1,2})\2(\d{1,4})[Tt ,;_]*(.*)")
_CLOCK = re.compile(
    r"(\d{1,2}) ?[:h] ?(\d{2})(?: ?[:m] ?(\d{2})(?:[.,:](\d+))? ?s?)?\s*(?:([ap])\.?m\.?)?", re.IGNORECASE
)
_DAY_WORD = re.compile(r"(\d{1,2})(?:st|[nr]d|th|er)?[-. /]*([a-z]{3,9})\.?[-., /]*(\d{4}|\d{2})\b")
_WORD_DAY = re.compile(r"([a-z]{3,9})\.?[-. /]*(\d{1,2})(?:st|[nr]d|th)?[-., /]+(\d{4})\b")
_WEEKDAY = re.compile(
    r"(?:mon|tue|wed|thu|fri|sat|sun|lun|mar|mer|jeu|ven|sam|dim|mo|di|mi|do|fr|sa|so)[a-z]*[.,]? +(?=\S)"
)
_MONTHS = {
    "jan": 1, "feb": 2, "fev": 2, "mar": 3, "maerz": 3, "avr": 4, "apr": 4, "mai": 5, "may": 5, "juin": 6, "jun": 6,
    "juil": 7, "jul": 7, "aou": 8, "aug": 8, "sep": 9, "oct": 10, "okt": 10, "nov": 11, "dec": 12, "dez": 12,
}  # fmt: skip
_ZONE_BEHIND = re.compile(
    r"(.*\d(?: ?[ap]m)?)\s*\(?((?:UTC|GMT)? ?[+-]\d{1,2}:?(?:\d\d)?|[A-Za-z]{1,5}|[A-Z][A-Za-z_]+/[A-Za-z_/]+)\)?"
)
_ZONES_H = {
    "UTC": 0, "GMT": 0, "Z": 0, "WET": 0, "WEST": 1, "CET": 1, "MEZ": 1, "CEST": 2, "MESZ": 2, "EET": 2, "EEST": 3,
    "EST": -5, "EDT": -4, "CDT": -5, "MST": -7, "MDT": -6, "PST": -8, "PDT": -7,
}  # fmt: skip
_SERIAL_ZERO = datetime(1899, 12, 30)  # noqa: DTZ001 - in the reading's zone
_SERIALS = (25_569.0, 80_000.0)
"""Day numbers of spreadsheets, 1970 to 2119."""


class TimeForm(NamedTuple):
    """What a file's clock is."""

    kind: str
    """``calendar``, ``compact`` (20261122100000), ``serial`` (day numbers), ``relative``, or a unit since 1970."""
    dates: DateOrder = DateOrder.AUTO
    zone: tzinfo = UTC
    start_s: float = 0.0
    """Of a relative clock: the instant at which it shows zero."""
    second: float = 1.0
    """Of a relative clock: seconds of one of its units."""


class Clocks:
    """Watches the time column of a whole file: which kind of clock, and what its dates prove."""

    def __init__(self) -> None:
        self.kinds: Counter[str] = Counter()
        self.orders: Counter[DateOrder] = Counter()
        """Dates that can be read in one order only."""
        self.first: float | None = None
        """What a clock of numbers shows first."""
        self.last = math.nan
        self.sample = ""
        """A date whose order is open."""
        self._has_fraction = False

    def see(self, text: str) -> None:
        """Take a cell, or date and time of day with a space between."""
        kind = _kind_of(text)
        self.kinds[kind] += 1
        if kind in {"serial", "small"}:
            self.last = float(text.replace(",", "."))
            self.first = self.last if self.first is None else self.first
            self._has_fraction = self._has_fraction or not self.last.is_integer()
        elif kind == "calendar" and text[4:5] != "-" and (told := _DATE.fullmatch(_worded(text))):
            self._see_date(told)

    def _see_date(self, told: re.Match[str]) -> None:
        if len(told[1]) > 2 or told[2] == ".":
            return
        orders = [order for order in (DateOrder.DMY, DateOrder.MDY) if _ymd(told, order) is not None]
        if len(told[4]) == 2 and not orders:
            orders = [DateOrder.YMD]
        if len(orders) == 1:
            self.orders[orders[0]] += 1
        elif told[1] != told[3]:
            self.sample = told[0]

    def kind(self, is_counting: bool) -> str:
        """Return the kind most cells are of. ``is_counting``: the column's name has a unit of time."""
        counts = self.kinds.copy()
        small = counts.pop("small", 0) + counts.pop("serial", 0)
        counts += Counter(number=small)
        kind = counts.most_common(1)[0][0] if counts else "calendar"
        if kind != "number":
            return kind
        is_serial = self.kinds["serial"] == small and self._has_fraction and not is_counting
        return "serial" if is_serial else "relative"


def _kind_of(text: str) -> str:
    if _COMPACT.fullmatch(text):
        return "compact"
    try:
        value = float(text.replace(",", "."))
    except ValueError:
        return "calendar"
    return next(
        (unit for unit, (low, high, _) in _EPOCHS.items() if low <= value < high),
        "serial" if _SERIALS[0] <= value < _SERIALS[1] else "small",
    )


def instant_s(text: str, form: TimeForm) -> tuple[float, bool]:
    """Return seconds since 1970 UTC, and whether that hangs on the form's zone: the text has no offset.

    >>> zurich = TimeForm("calendar", DateOrder.DMY)
    >>> instant_s("2026-11-22 15:30+01:00", zurich), instant_s("22/11/2026 15:30:00,5", zurich)
    ((1795357800.0, False), (1795361400.5, True))

    Raises:
        ValueError: it is no instant that can be understood.
    """
    if form.kind == "calendar":
        moment = _moment(text, form.dates)
    elif form.kind == "compact":
        moment = _compact(text)
    else:
        count = _count(text)
        if form.kind == "relative":
            return form.start_s + count * form.second, False
        if form.kind in _EPOCHS:
            low, high, second = _EPOCHS[form.kind]
            if not low <= count < high:
                raise ValueError(f"time {text[:40]!r} is no count of {form.kind} since 1970 as in the other rows")
            return count * second, False
        if not _SERIALS[0] <= count < _SERIALS[1]:
            raise ValueError(f"time {text[:40]!r} is no day number of a spreadsheet as in the other rows")
        moment = _of_serial(count)
    is_local = moment.tzinfo is None
    utc_s = (moment.replace(tzinfo=form.zone) if is_local else moment).timestamp()
    if not 0 <= utc_s < _LAST_S:
        raise ValueError(f"time {text[:40]!r} is before 1970")
    return utc_s, is_local


def _count(text: str) -> float:
    try:
        value = float(text.replace(",", "."))
    except ValueError:
        raise ValueError(f"time {text[:40]!r} is no number as in the other rows") from None
    if not math.isfinite(value):
        raise ValueError(f"time {text[:40]!r} is no finite number")
    return value


def later_pass_s(utc_s: float, zone: tzinfo) -> float:
    """Return the same reading of a clock in the second pass of the hour that autumn repeats; the same without one."""
    return datetime.fromtimestamp(utc_s, zone).replace(fold=1).timestamp()


def _of_serial(days: float) -> datetime:
    second = days * SECONDS_PER_DAY
    # six decimals of a day are 0.09 s
    second = round(second) if abs(second - round(second)) < 0.1 else second
    return _SERIAL_ZERO + timedelta(seconds=second)


def _compact(text: str) -> datetime:
    told = _COMPACT.fullmatch(text)
    if told is None:
        raise ValueError(f"time {text[:40]!r} is no date in digits (20261122100000) as in the other rows")
    day = datetime(int(told[1]), int(told[2]), int(told[3]))  # noqa: DTZ001 - in the reading's zone
    hour, minute, second, milli = (int(part or 0) for part in told.groups()[3:])
    return day + timedelta(hours=hour, minutes=minute, seconds=second, milliseconds=milli)


def _moment(text: str, dates: DateOrder) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        pass
    try:
        return _dated(text, dates)
    except LookupError:
        pass
    told = _ZONE_BEHIND.fullmatch(text)
    try:
        moment = _dated(told[1].strip(), dates) if told else None
    except LookupError:
        moment = None
    if told is None or moment is None:
        raise ValueError(f"time {text[:40]!r} is no date and time")
    return moment.replace(tzinfo=_zone(told[2].strip(), text))


def _zone(name: str, text: str) -> tzinfo:
    offset = re.fullmatch(r"(?:UTC|GMT)? ?([+-])(\d{1,2}):?(\d\d)?", name)
    if offset:
        minutes = int(offset[2]) * 60 + int(offset[3] or 0)
        return datetime.strptime(f"{offset[1]}{minutes // 60:02d}{minutes % 60:02d}", "%z").tzinfo or UTC
    if name.upper() in _ZONES_H:
        hours = _ZONES_H[name.upper()]
        return datetime.strptime(f"{'-' if hours < 0 else '+'}{abs(hours):02d}00", "%z").tzinfo or UTC
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"time {text[:40]!r}: no such zone {name!r}; write UTC or an offset such as +01:00") from None


def _worded(text: str) -> str:
    """Return a date with its month as a number: 22-Nov-2026 as 22.11.2026; without the day of the week."""
    if text[:1].isdigit() and not any(letter.isalpha() for letter in text[:12]):
        return text
    plain = unicodedata.normalize("NFKD", text.lower().replace("märz", "maerz")).encode("ascii", "ignore").decode()
    plain = _WEEKDAY.sub("", plain, count=1) if _WEEKDAY.match(plain) and not _WORD_DAY.match(plain) else plain
    for pattern, day, month in ((_DAY_WORD, 1, 2), (_WORD_DAY, 2, 1)):
        told = pattern.match(plain)
        number = next((_MONTHS[told[month][:n]] for n in (5, 4, 3) if told[month][:n] in _MONTHS), 0) if told else 0
        if told and number:
            return f"{told[day]}.{number}.{told[3]} {plain[told.end() :].strip(' ,tT-')}".strip()
    return plain if plain[:1].isdigit() else text


def _dated(text: str, dates: DateOrder) -> datetime:
    """Return a moment written in another way than ISO 8601.

    Raises:
        LookupError: it has another form.
        ValueError: it has this form, and there is no such day or time.
    """
    told = _DATE.fullmatch(_worded(text))
    clock = _CLOCK.fullmatch(told[5].removesuffix("uhr").removesuffix("Uhr").strip() or "0:00") if told else None
    if told is None or clock is None:
        raise LookupError
    ymd = _ymd(told, DateOrder.DMY if told[2] == "." and dates != DateOrder.YMD else dates)
    if ymd is None:
        raise ValueError(f"time {text[:40]!r}: no such day with day and month in the order of the other rows")
    hour, minute, second = int(clock[1]), int(clock[2]), int(clock[3] or 0)
    if clock[5]:
        hour = hour % 12 + 12 * (clock[5].lower() == "p")
    if minute > 59 or second > 60 or hour * 60 + minute > 24 * 60:
        raise ValueError(f"time {text[:40]!r}: no such hour of a day")
    micro = min(round(float(f"0.{clock[4] or 0}") * 1e6), 999_999)
    day = datetime(*ymd)  # noqa: DTZ001 - in the reading's zone
    return day + timedelta(hours=hour, minutes=minute, seconds=second, microseconds=micro)


def _ymd(told: re.Match[str], order: DateOrder) -> tuple[int, int, int] | None:
    first, second, last = int(told[1]), int(told[3]), int(told[4])
    if len(told[1]) > 2 or order == DateOrder.YMD:
        year, month, day = first, second, last
    else:
        year, (day, month) = last, (second, first) if order == DateOrder.MDY else (first, second)
    year += 2000 * (year < 100)
    try:
        datetime(year, month, day)  # noqa: DTZ001 - only whether there is such a day
    except ValueError:
        return None
    return year, month, day
