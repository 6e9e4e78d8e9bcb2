"""The last 24 hours for the home page: the battery's voltage as a band, who fed the loads as bars, events in words."""

from typing import NamedTuple

from vigie.control.signals import Channel
from vigie.errors import JournalError
from vigie.telemetry.reader import JournalReader, Series
from vigie.telemetry.records import Event, EventKind

SPAN_MS = 24 * 3_600_000
POINTS = 240
BARS = 96
WIDTH, HEIGHT = 960.0, 100.0
ON_BATTERY_A = -0.1
"""A charge circuit below this current means that the battery feeds the loads."""
TOLD = tuple(kind for kind in EventKind if kind is not EventKind.COMMAND)


class Bar(NamedTuple):
    """Who fed the loads during one slice: ``mains``, ``battery`` (at some time), ``nothing`` known."""

    utc_ms: int
    fed_by: str


class History(NamedTuple):
    """What the home page's strip shows; ``error`` says why it cannot."""

    from_utc_ms: int
    to_utc_ms: int
    band: str
    line: str
    low_v: float | None
    high_v: float | None
    bars: list[Bar]
    events: list[Event]
    error: str | None


def history_of(reader: JournalReader, to_utc_ms: int) -> History:
    """Read the 24 hours before ``to_utc_ms``; a journal that cannot be read is said so, never drawn empty."""
    start = to_utc_ms - SPAN_MS
    try:
        voltage = reader.series("bus_v", Channel.BATTERY, start, to_utc_ms, POINTS)
        current = reader.series("current_a", Channel.CHARGE, start, to_utc_ms, BARS * 4)
        events = reader.events(start, to_utc_ms, TOLD, 8)
    except JournalError as error:
        return History(start, to_utc_ms, "", "", None, None, [], [], str(error))
    lows = [value for value in voltage.minimum if value is not None]
    highs = [value for value in voltage.maximum if value is not None]
    low_v, high_v = (min(lows), max(highs)) if lows and highs else (None, None)
    band, line = ("", "") if low_v is None or high_v is None else _draw(voltage, start, low_v, high_v)
    return History(start, to_utc_ms, band, line, low_v, high_v, _bars(current, start), events, None)


def _runs(series: Series) -> list[list[int]]:
    """Return the indices of each stretch of points without a gap."""
    runs: list[list[int]] = [[]]
    longest_ms = 3 * SPAN_MS // POINTS
    for index, mean in enumerate(series.mean):
        if mean is None or (runs[-1] and series.utc_ms[index] - series.utc_ms[runs[-1][-1]] > longest_ms):
            runs.append([])
        if mean is not None:
            runs[-1].append(index)
    return [run for run in runs if run]


def _draw(series: Series, start: int, low_v: float, high_v: float) -> tuple[str, str]:
    """Return the SVG paths of the min/max band and of the mean, in a box of WIDTH x HEIGHT."""
    margin_v = max(0.05, (high_v - low_v) * 0.1)
    span_v = high_v - low_v + 2 * margin_v

    def point(index: int, value: float | None) -> str:
        x = (series.utc_ms[index] - start) / SPAN_MS * WIDTH
        y = HEIGHT - ((value or 0.0) - low_v + margin_v) / span_v * HEIGHT
        return f"{x:.1f} {y:.1f}"

    band, line = [], []
    for run in _runs(series):
        upper = [point(index, series.maximum[index]) for index in run]
        lower = [point(index, series.minimum[index]) for index in reversed(run)]
        band.append("M" + "L".join([*upper, *lower]) + "Z")
        line.append("M" + "L".join(point(index, series.mean[index]) for index in run))
    return "".join(band), "".join(line)


def _bars(current: Series, start: int) -> list[Bar]:
    slice_ms = SPAN_MS // BARS
    fed_by = ["nothing"] * BARS
    for utc_ms, low, mean in zip(current.utc_ms, current.minimum, current.mean, strict=True):
        index = min(BARS - 1, max(0, (utc_ms - start) // slice_ms))
        lowest = low if low is not None else mean
        if lowest is None:
            continue
        if lowest < ON_BATTERY_A:
            fed_by[index] = "battery"
        elif fed_by[index] == "nothing":
            fed_by[index] = "mains"
    return [Bar(start + index * slice_ms, name) for index, name in enumerate(fed_by)]
