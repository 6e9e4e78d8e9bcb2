"""The cells of another program's log: numbers with a point or a comma, instants in the ways loggers write them."""

import math
import re
from datetime import UTC, datetime, tzinfo
from typing import NamedTuple

_LAST_S = 253_402_300_800.0
_EPOCHS = ((1e8, 1e11, 1.0), (1e11, 1e14, 1e-3), (1e14, 1e17, 1e-6))
"""Seconds, milliseconds, microseconds since 1970: from 1973 on they cannot be mistaken for each other."""
_DATE = re.compile(r"(\d{1,4})([./-])(\d{1,2})\2(\d{1,4})[T ,]*(.*)")
_CLOCK = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,](\d+))?)?\s*([ap]m)?", re.IGNORECASE)


class Reading(NamedTuple):
    """How to understand times and signs."""

    zone: tzinfo = UTC
    """Of times without an offset."""
    is_month_first: bool | None = None
    """Of dates such as 03/04/2026; None refuses those that could be either."""
    is_discharge_positive: bool = False


def number(text: str) -> float:
    """Return a number that may have a decimal comma.

    >>> number("12,75"), number("-0.5")
    (12.75, -0.5)

    Raises:
        ValueError: it is none, or not finite.
    """
    try:
        value = float(text.replace(",", ".") if "." not in text else text)
    except ValueError:
        raise ValueError(f"{text[:40]!r} is not a number") from None
    if not math.isfinite(value):
        raise ValueError(f"{text[:40]!r} is not a finite number")
    return value


def is_number(text: str) -> bool:
    """Return whether a text is a number."""
    try:
        number(text)
    except ValueError:
        return False
    return True


def instant_s(text: str, reading: Reading, after_s: float = -math.inf) -> float:
    """Return seconds since 1970 UTC. ``after_s`` decides between the two passes of the hour that autumn repeats.

    >>> instant_s("2026-11-22 15:30", Reading()), instant_s("22.11.2026 15:30:00,5", Reading())
    (1795361400.0, 1795361400.5)

    Raises:
        ValueError: it is no instant that can be understood.
    """
    try:
        value = number(text)
    except ValueError:
        return _calendar_s(text, reading, after_s)
    for low, high, second in _EPOCHS:
        if low <= value < high:
            return value * second
    raise ValueError(f"time {text!r} is no date, and no count of seconds or milliseconds since 1970")


def _calendar_s(text: str, reading: Reading, after_s: float) -> float:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = _dated(text, reading)
    if moment.tzinfo is not None:
        utc_s = moment.timestamp()
    else:
        utc_s, again_s = (moment.replace(tzinfo=reading.zone, fold=fold).timestamp() for fold in (0, 1))
        utc_s = again_s if utc_s <= after_s < again_s else utc_s
    if not 0 <= utc_s < _LAST_S:
        raise ValueError(f"time {text!r} is before 1970")
    return utc_s


def _dated(text: str, reading: Reading) -> datetime:
    told = _DATE.fullmatch(text)
    clock = _CLOCK.fullmatch(told[5].strip() or "0:00") if told else None
    if told is None or clock is None:
        raise ValueError(f"time {text[:40]!r} is no date and time")
    first, second, last = int(told[1]), int(told[3]), int(told[4])
    if first > 31:
        year, month, day = first, second, last
    else:
        is_month_first = reading.is_month_first
        if told[2] == "." or first > 12:
            is_month_first = False
        elif second > 12:
            is_month_first = True
        if is_month_first is None and first != second:
            raise ValueError(f"date {text[:40]!r}: day or month first? say --dates dmy or mdy")
        (month, day), year = ((first, second) if is_month_first else (second, first)), last + 2000 * (last < 100)
    hour = int(clock[1])
    if clock[5]:
        hour = hour % 12 + 12 * (clock[5].lower() == "pm")
    micro = round(float(f"0.{clock[4] or 0}") * 1e6)
    return datetime(year, month, day, hour, int(clock[2]), int(clock[3] or 0), min(micro, 999_999))  # noqa: DTZ001 - in the reading's zone
