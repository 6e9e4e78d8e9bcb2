"""A value with its band, or the reason why there is none."""

import math
from enum import IntEnum
from typing import NamedTuple


class UnknownWhy(IntEnum):
    """Why something cannot be said of the battery; NONE when it can."""

    NONE = 0
    CAPACITY_NOT_SET = 1
    """Nobody told the label's capacity (``battery.c20_ah``)."""
    CHARGE_NOT_KNOWN = 2
    """Neither a whole charge, a settled rest nor enough of a discharge was seen since the start."""
    LOAD_NOT_READ = 3
    NOTHING_DRAWN = 4
    """The loads take so little that no time can be given."""
    NO_DISCHARGE_YET = 5
    STARTED_SINCE = 6
    """The program started after it had begun, and no record tells the rest."""
    NOT_AT_REST = 7
    REST_TOO_SHORT = 8
    NO_STEP_YET = 9
    """No step of the current that could show the resistance."""
    TOO_SHALLOW = 10
    """No discharge was deep enough."""


class Estimated(NamedTuple):
    """A value and the bounds it lies between with about two chances in three."""

    value: float
    """NaN, like the bounds, when it is unknown."""
    low: float
    high: float
    why: UnknownWhy


def unknown(why: UnknownWhy) -> Estimated:
    """Return what stands for a value that cannot be said."""
    return Estimated(math.nan, math.nan, math.nan, why)


def within(value: float, low: float, high: float) -> Estimated:
    """Return a value with its band, which holds it.

    >>> within(3.0, 2.0, 2.5).high
    3.0
    """
    return Estimated(value, min(low, value), max(high, value), UnknownWhy.NONE)
