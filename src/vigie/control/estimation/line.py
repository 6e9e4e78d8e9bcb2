"""One straight line through a discharge: start and capacity of a two-well battery, whatever its loads do.

With the prior's share c and rate k the difference of the wells in ampere-hours does not depend on the capacity Q. The
available filling then falls as ``x1 = start - slope z``, where z is the charge drawn from the available well, in units
of C20, and the slope is C20/Q. The fit is least squares with two priors; its sums are all it remembers.
"""

import math
from typing import NamedTuple

LOOKS_PER_C20 = 20.0
"""Readings nearer than 5 % of C20 to each other say the same once more."""
READING_ERROR = 0.023
"""Of the available filling read off a voltage under load, its shape alone: with it the fit's own errors are those of
20 real discharges."""
OFFSET_ERROR = 0.03
"""Of the same, what is the same all along: a block's voltages against those of the prior."""


class LineSums(NamedTuple):
    """Of all readings of a discharge, each weighted by what was drawn since the one before, in units of C20."""

    weight: float
    z: float
    zz: float
    x: float
    zx: float


class LinePrior(NamedTuple):
    """What is believed before a discharge, with one standard deviation each."""

    start: float
    start_error: float
    slope: float
    slope_error: float


class DischargeLine(NamedTuple):
    """The fit."""

    start: float
    slope: float
    start_variance: float
    covariance: float
    slope_variance: float


def no_sums() -> LineSums:
    """Return the sums of no reading."""
    return LineSums(0.0, 0.0, 0.0, 0.0, 0.0)


def with_reading(sums: LineSums, z: float, x1: float, weight: float) -> LineSums:
    """Return the sums with one more reading."""
    return LineSums(
        sums.weight + weight,
        sums.z + weight * z,
        sums.zz + weight * z * z,
        sums.x + weight * x1,
        sums.zx + weight * z * x1,
    )


def fitted(prior: LinePrior, sums: LineSums) -> DischargeLine:
    """Return the line; the prior's own without a reading.

    >>> sums = no_sums()
    >>> for step in range(1, 9):
    ...     sums = with_reading(sums, 0.05 * step, 1.0 - 1.25 * 0.05 * step, 0.05)
    >>> line = fitted(LinePrior(0.98, 0.05, 1.1, 0.3), sums)
    >>> round(line.start, 2), round(line.slope, 2)
    (1.0, 1.24)
    """
    precision = LOOKS_PER_C20 / (READING_ERROR * READING_ERROR)
    start_precision = 1.0 / (prior.start_error * prior.start_error)
    slope_precision = 1.0 / (prior.slope_error * prior.slope_error)
    a = start_precision + precision * sums.weight
    b = 0.0 - precision * sums.z
    d = slope_precision + precision * sums.zz
    right = prior.start * start_precision + precision * sums.x
    below = prior.slope * slope_precision - precision * sums.zx
    determinant = a * d - b * b
    return DischargeLine(
        (d * right - b * below) / determinant,
        (a * below - b * right) / determinant,
        d / determinant,
        0.0 - b / determinant,
        a / determinant,
    )


def filling_at(line: DischargeLine, z: float) -> float:
    """Return the available filling after ``z``."""
    return line.start - line.slope * z


def filling_error(line: DischargeLine, z: float) -> float:
    """Return one standard deviation of :func:`filling_at`."""
    variance = line.start_variance - 2.0 * z * line.covariance + z * z * line.slope_variance
    return math.sqrt(max(variance, 0.0))
