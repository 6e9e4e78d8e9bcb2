"""Durations and decimal numbers as people read them, without the libraries the pages have: a command starts at once."""

import math
from collections.abc import Callable

from vigie.wording.dialogue import language
from vigie.wording.languages import decimal_mark
from vigie.wording.words import mark

NOTHING = "—"


def duration(seconds: float, translate: Callable[[str], str]) -> str:
    """Return a duration in its two largest units, cut and not rounded; pages and commands say the same.

    >>> [duration(seconds, str) for seconds in (59.9, 599, 7500, 273_600)]
    ['59 s', '9 min', '2 h 05 min', '3 d 4 h']
    """
    whole = max(0, int(seconds))
    minutes, hours, days = whole // 60, whole // 3600, whole // 86400
    if not minutes:
        return f"{whole} s"
    if not hours:
        return f"{minutes} min"
    if hours < 48:
        return f"{hours} h {minutes % 60:02d} min"
    return f"{days} {translate(mark('d'))} {hours % 24} h"


def decimal(value: float | None, digits: int) -> str:
    """Return a number with a fixed count of decimals in the language of the dialogue; a dash for one that is not known.

    >>> decimal(12.914, 2), decimal(None, 2)
    ('12.91', '—')
    """
    if value is None or not math.isfinite(value):
        return NOTHING
    return f"{value:.{digits}f}".replace(".", decimal_mark(language()))
