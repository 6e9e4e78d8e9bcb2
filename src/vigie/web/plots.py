"""Charts drawn by the server: a band from least to most and the mean as a line, over evenly spaced marks."""

import math
from collections.abc import Mapping
from typing import NamedTuple

from vigie.telemetry.reader import Series

WIDTH, HEIGHT = 960.0, 240.0
STEPS_X, STEPS_Y = 4, 4


class PlottedLine(NamedTuple):
    """One quantity as SVG paths in a box of WIDTH x HEIGHT, with what a table says of it."""

    name: str
    band: str
    line: str
    low: float | None
    mean: float | None
    high: float | None


class Plot(NamedTuple):
    """Lines on a common scale; the marks lie evenly from the top (left) to the bottom (right)."""

    lines: list[PlottedLine]
    marks: list[float]
    decimals: int
    times_utc_ms: list[int]


def plot_of(series: Mapping[str, Series], from_utc_ms: int, to_utc_ms: int) -> Plot:
    """Draw series of one unit over the same span."""
    values = [value for one in series.values() for edge in (one.minimum, one.maximum) for value in edge]
    known = [value for value in values if value is not None]
    marks, decimals = scale(min(known, default=0.0), max(known, default=1.0))
    times = [from_utc_ms + (to_utc_ms - from_utc_ms) * step // STEPS_X for step in range(STEPS_X + 1)]
    lines = [_line(name, one, (from_utc_ms, to_utc_ms), (marks[-1], marks[0])) for name, one in series.items()]
    return Plot(lines, marks, decimals, times)


def scale(low: float, high: float) -> tuple[list[float], int]:
    """Return round marks from above ``high`` to below ``low``, and the decimals they need.

    >>> scale(10.8, 14.41)
    ([15.0, 14.0, 13.0, 12.0, 11.0, 10.0], 0)
    >>> scale(13.61, 13.62)
    ([13.62, 13.615, 13.61], 3)
    """
    span = max(high - low, 1e-3 * max(abs(high), 1.0))
    rough = span / STEPS_Y
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(factor * power for factor in (1.0, 2.0, 2.5, 5.0, 10.0) if factor * power >= rough * (1 - 1e-9))
    bottom, top = math.floor(low / step + 1e-6), math.ceil(high / step - 1e-6)
    top += top == bottom
    decimals = max(0, next(digits for digits in range(12) if abs(round(step, digits) - step) < step * 1e-6))
    return [round(step * count, decimals) for count in range(top, bottom - 1, -1)], decimals


def _line(name: str, series: Series, span_ms: tuple[int, int], span: tuple[float, float]) -> PlottedLine:
    band, line = [], []
    for run in _runs(series):
        upper = [_point(series.utc_ms[place], series.maximum[place], span_ms, span) for place in run]
        lower = [_point(series.utc_ms[place], series.minimum[place], span_ms, span) for place in reversed(run)]
        band.append("M" + "L".join([*upper, *lower]) + "Z")
        middle = [_point(series.utc_ms[place], series.mean[place], span_ms, span) for place in run]
        line.append("M" + "L".join(middle if len(middle) > 1 else middle * 2))
    lows, means, highs = (
        [value for value in edge if value is not None] for edge in (series.minimum, series.mean, series.maximum)
    )
    mean = sum(means) / len(means) if means else None
    return PlottedLine(name, "".join(band), "".join(line), min(lows, default=None), mean, max(highs, default=None))


def _runs(series: Series) -> list[list[int]]:
    """Return the places of each stretch without a gap."""
    runs: list[list[int]] = [[]]
    for place, mean in enumerate(series.mean):
        if mean is None:
            runs.append([])
        else:
            runs[-1].append(place)
    return [run for run in runs if run]


def _point(utc_ms: int, value: float | None, span_ms: tuple[int, int], span: tuple[float, float]) -> str:
    x = min(WIDTH, max(0.0, (utc_ms - span_ms[0]) / (span_ms[1] - span_ms[0]) * WIDTH))
    y = HEIGHT - ((value or 0.0) - span[0]) / (span[1] - span[0]) * HEIGHT
    return f"{x:.1f} {y:.1f}"
