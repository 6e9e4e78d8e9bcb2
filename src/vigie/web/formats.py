"""Values as people read them, in the page's language. ``static/js/format.js`` writes the same texts in the browser."""

import math
from collections.abc import Callable
from datetime import datetime
from decimal import ROUND_HALF_UP, Context, Decimal
from typing import Any

from babel.dates import LOCALTZ, format_datetime
from babel.numbers import format_decimal
from flask_babel import get_locale, gettext

from vigie.wording import figures
from vigie.wording.durations import about as about_s
from vigie.wording.languages import day_mark
from vigie.wording.words import describe_name

NOTHING = figures.NOTHING
"""Stands for a number that is not known: a unit follows it. Everything else says :func:`no_value`."""
NO_BREAK = "\u00a0"
_EXACT = Context(prec=400)
FLOW_A = 0.02
"""Below this current nothing is said to flow: twenty times the meter's offset."""


def timezone_name() -> str:
    """Return the installation's time zone, the zone of every time on a page; ``UTC`` when it has no name."""
    return str(getattr(LOCALTZ, "key", None) or getattr(LOCALTZ, "zone", None) or "UTC")


def no_value() -> str:
    """Return what is said where nothing is known."""
    return gettext("no value")


def number(value: float | None, decimals: int = 0) -> str:
    """Return ``value`` with a fixed count of decimals, a true minus sign, and no negative zero."""
    if value is None or not math.isfinite(value):
        return NOTHING
    # The shortest digits of a number, half of the last place away from zero: as browsers round (ECMA-402).
    rounded = Decimal(repr(float(value))).quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP, _EXACT) or 0
    pattern = "#,##0" + ("." + "0" * decimals if decimals else "")
    return format_decimal(rounded, pattern, locale=get_locale()).replace("-", "−")


def duration(seconds: float | None) -> str:
    """Return a duration in its two largest units, cut and not rounded: "2 h 05 min", "3 d 4 h"."""
    if seconds is None:
        return no_value()
    return figures.duration(seconds, gettext).replace(" ", NO_BREAK)


def about(seconds: float | None) -> str:
    """Return a round duration without what is zero in it: "7 h", "1 h 20 min"."""
    return no_value() if seconds is None else about_s(seconds, gettext("d"))


def size(count: float | None) -> str:
    """Return a count of bytes in decimal multiples."""
    if count is None:
        return no_value()
    for exponent, prefix in ((9, "G"), (6, "M"), (3, "k")):
        if count >= 10**exponent:
            return f"{number(count / 10**exponent, 1)}{NO_BREAK}{prefix}{gettext('B')}"
    return f"{number(count)}{NO_BREAK}{gettext('B')}"


def day_pattern() -> str:
    """Return how a day and its month are written on one line."""
    return f"d{day_mark(str(get_locale()))}{NO_BREAK}MMM"


def instant(utc_ms: float | None, now_utc_ms: float | None) -> str:
    """Return a time of day, behind the date when it is not of ``now_utc_ms``'s day; a narrow place parts them."""
    if utc_ms is None:
        return no_value()
    moment = datetime.fromtimestamp(utc_ms / 1000, LOCALTZ)
    clock = format_datetime(moment, "HH:mm", locale=get_locale())
    if now_utc_ms is not None and datetime.fromtimestamp(now_utc_ms / 1000, LOCALTZ).date() == moment.date():
        return clock
    return f"{format_datetime(moment, day_pattern(), locale=get_locale())} {clock}"


def time_of_day(utc_s: float) -> str:
    """Return a time of day to the second."""
    return str(format_datetime(datetime.fromtimestamp(utc_s, LOCALTZ), "HH:mm:ss", locale=get_locale()))


def date(utc_ms: float) -> str:
    """Return a day and its month."""
    return str(format_datetime(datetime.fromtimestamp(utc_ms / 1000, LOCALTZ), day_pattern(), locale=get_locale()))


def since(utc_ms: float | None, now_utc_ms: float | None) -> str:
    """Return when something began and how long ago that is."""
    if utc_ms is None or now_utc_ms is None:
        return no_value()
    return f"{instant(utc_ms, now_utc_ms)} ({duration((now_utc_ms - utc_ms) / 1000)})"


def flow(current_a: float | None) -> str:
    """Return in one word what a current into the battery does."""
    if current_a is None:
        return no_value()
    if abs(current_a) < FLOW_A:
        return gettext("at rest")
    return gettext("charging") if current_a > 0 else gettext("discharging")


_QUANTITIES = {"degC": ("°C", 1), "K": ("K", 1), "V": ("V", 2), "A": ("A", 2), "%": ("%", 1), "1/h": ("/h", 0)}
_SECONDS = {"s": 1, "h": 3600, "d": 86_400}


def quantity(value: float | None, unit: str) -> str:
    """Return a value with its unit, as alarms name it: ``degC``, ``V``, ``%`` (of a share), ``s``, ``h``, ``d``."""
    if value is None:
        return no_value()
    if unit in _SECONDS:
        return duration(value * _SECONDS[unit])
    symbol, decimals = _QUANTITIES.get(unit, (unit, 1))
    return f"{number(value * 100 if unit == '%' else value, decimals)}{NO_BREAK}{symbol}".rstrip()


def yes_no(value: bool | None) -> str:
    """Return the word for a truth value that may be unknown."""
    return no_value() if value is None else gettext("yes") if value else gettext("no")


def _named(kind: str, value: Any) -> str:  # noqa: ANN401 - a name or a list of names off the wire
    if value is None:
        return no_value()
    names = [value] if isinstance(value, str) else value
    return ", ".join(describe_name(kind, name, gettext) for name in names or ["good"])


_PLAIN: dict[str, Callable[[Any], str]] = {
    "flow": flow,
    "yesno": yes_no,
    "bytes": size,
    "duration": duration,
    "about": about,
    "text": lambda value: no_value() if value is None else str(value),
    "fault": lambda value: gettext("no error") if value is None else str(value),
    "ghz": lambda value: number(None if value is None else value / 1e9, 2),
    "milli": lambda value: number(None if value is None else value * 1000, 2),
}


def write(value: Any, form: str, now_utc_ms: float | None) -> str:  # noqa: ANN401 - any field of a snapshot
    """Return ``value`` in the form a ``data-fmt`` attribute names.

    Forms: ``n0``..``n3`` (decimals), ``milli`` (thousandths), ``ghz``, ``bytes``, ``duration`` and ``about`` (s),
    ``instant``,
    ``since`` and ``remaining`` (times against ``now_utc_ms``), ``flow``, ``yesno``, ``text``, ``fault`` (a text, and
    good when there is none), ``word:<kind>``, ``of:<unit>`` (a value with its unit).
    """
    if form in _PLAIN:
        return _PLAIN[form](value)
    if form.startswith("word:"):
        return _named(form.removeprefix("word:"), value)
    if form.startswith("of:"):
        return quantity(value, form.removeprefix("of:"))
    if form == "since":
        return since(value, now_utc_ms)
    if form == "instant":
        return instant(value, now_utc_ms)
    if form == "remaining":
        return no_value() if value is None or now_utc_ms is None else duration((value - now_utc_ms) / 1000)
    return number(value, int(form.removeprefix("n")))
