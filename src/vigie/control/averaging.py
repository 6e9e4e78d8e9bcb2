"""The mean of a period's readings without the odd ones: one flipped bit in one of ten sweeps decides nothing."""

import math
from typing import NamedTuple

ODD_MADS = 9.0
"""A value is odd this many median absolute deviations from the median (six standard deviations of plain noise)."""

ODD_SHARE = 4
"""At most one value in so many is odd. More that differ are a change, and a change is averaged in."""


class Average(NamedTuple):
    """What a period's values of one quantity come to."""

    mean: float
    spread: float
    """Sample standard deviation of the values averaged in."""
    lowest: float
    """Of all values, the odd ones too: what must not be missed asks this."""
    highest: float
    odd: int
    """Values left out."""


def averaged(values: list[float], floor: float) -> Average:
    """Average one or more values, the odd ones left out.

    Sums are taken of the differences to the median, so that millivolts are not lost in volts.

    Args:
        values: in any order.
        floor: no value nearer to the median than this is odd; a few steps of the converter.

    >>> averaged([12.72, 12.72, 12.72, 14.768, 12.72], 0.02)
    Average(mean=12.72, spread=0.0, lowest=12.72, highest=14.768, odd=1)
    """
    ordered = sorted(values)
    count = len(ordered)
    median = ordered[count // 2]
    limit = max(floor, ODD_MADS * sorted([abs(value - median) for value in ordered])[count // 2])
    odd = 0
    for value in ordered:
        if abs(value - median) > limit:
            odd += 1
    if odd > count // ODD_SHARE:
        odd = 0
        limit = math.inf
    total = 0.0
    squares = 0.0
    for value in ordered:
        difference = value - median
        if abs(difference) <= limit:
            total += difference
            squares += difference * difference
    kept = count - odd
    return Average(median + total / kept, _spread(squares, total, kept), ordered[0], ordered[-1], odd)


def _spread(squares: float, total: float, count: int) -> float:
    if count < 2:
        return 0.0
    variance = (squares - total * total / count) / (count - 1)
    return math.sqrt(variance) if variance > 0.0 else 0.0
