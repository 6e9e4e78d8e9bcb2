"""A quantity over time in at most so many buckets, from the coarsest table that still shows enough."""

import sqlite3
from itertools import pairwise
from statistics import median
from typing import NamedTuple

from vigie.telemetry.schema import HOUR_MS, KEYS_PER_MS, MINUTE_MS

_LEVELS = (("period", 1), ("minute", MINUTE_MS), ("hour", HOUR_MS))
"""Tables from fine to coarse, and the milliseconds a row stands for."""
_ENOUGH = 2
"""A coarser table with half the points asked for is enough: it halves the rows of the slowest question."""
_GAP_INTERVALS = 3
"""Raw rows farther apart than this many usual intervals are not joined."""
_SAMPLE = 65

_RAW = f"""
SELECT (key / {KEYS_PER_MS} - :begin) / :bucket, min({{column}}), avg({{column}}), max({{column}})
FROM period WHERE key >= :begin * {KEYS_PER_MS} AND key < :end * {KEYS_PER_MS} GROUP BY 1
"""  # noqa: S608 - own names only
# Buckets still open are read from the raw rows, so that a chart is never behind.
_ROLLUP = f"""
SELECT (start_utc_ms - :begin) / :bucket, min(low), sum(mid * weight) / sum(weight), max(high) FROM (
  SELECT start_utc_ms, {{column}}_min AS low, {{column}}_mean AS mid, {{column}}_max AS high,
    CASE WHEN {{column}}_mean IS NOT NULL THEN CAST(periods AS REAL) END AS weight
  FROM {{table}} WHERE start_utc_ms >= :begin AND start_utc_ms < :end
    AND start_utc_ms NOT IN (SELECT start_utc_ms FROM open_bucket WHERE width_ms = {{width_ms}})
  UNION ALL
  SELECT o.start_utc_ms, min(p.{{column}}), avg(p.{{column}}), max(p.{{column}}), CAST(count(p.{{column}}) AS REAL)
  FROM open_bucket AS o JOIN period AS p
    ON p.key >= o.start_utc_ms * {KEYS_PER_MS} AND p.key < (o.start_utc_ms + {{width_ms}}) * {KEYS_PER_MS}
  WHERE o.width_ms = {{width_ms}} AND o.start_utc_ms >= :begin AND o.start_utc_ms < :end GROUP BY 1
) GROUP BY 1
"""  # noqa: S608 - own names only


class Series(NamedTuple):
    """Values over time, oldest first; None where there was no valid value. SI units."""

    utc_ms: list[int]
    """Start of each bucket, or the instant itself when single periods are returned."""
    minimum: list[float | None]
    mean: list[float | None]
    maximum: list[float | None]
    resolution: str
    """``raw``, ``minute`` or ``hour``: the table it was read from."""


class ChartSpan(NamedTuple):
    """What a chart asks for: a stretch of time and the most points it can show."""

    from_utc_ms: int
    to_utc_ms: int
    points: int

    def width_ms(self, multiple_ms: int) -> int:
        """Return the narrowest bucket width, a multiple of ``multiple_ms``, that keeps to ``points``."""
        width_ms = max(1, -(-(self.to_utc_ms - self.from_utc_ms) // (self.points * multiple_ms))) * multiple_ms
        while len(self.starts(width_ms)) > self.points:
            width_ms += multiple_ms
        return width_ms

    def starts(self, width_ms: int) -> range:
        """Return the starts of all buckets, aligned so that they stay put while a chart moves on."""
        return range(self.from_utc_ms - self.from_utc_ms % width_ms, self.to_utc_ms, width_ms)


def read_series(
    connection: sqlite3.Connection, column: str, per_unit: int, span: ChartSpan, gap_ms: int | None = None
) -> Series:
    """Read one column of the raw table, or its roll-ups, over ``span``.

    ``gap_ms``: the rows come when they like and hold a part of the quantities each, so only a longer silence is a gap.
    Without it every period is expected, and one without a valid value is a gap.
    """
    series = _read(connection, column, per_unit, span)
    return series if gap_ms is None else _bridged(series, gap_ms)


def _bridged(series: Series, gap_ms: int) -> Series:
    """Return the points with a value, and one without where none came for longer than ``gap_ms``."""
    kept: list[int] = []
    for place, mean in enumerate(series.mean):
        if mean is None:
            continue
        if kept and series.utc_ms[place] - series.utc_ms[kept[-1]] > gap_ms and place > kept[-1] + 1:
            kept.append(place - 1)
        kept.append(place)
    return Series(
        [series.utc_ms[place] for place in kept],
        [series.minimum[place] for place in kept],
        [series.mean[place] for place in kept],
        [series.maximum[place] for place in kept],
        series.resolution,
    )


def _read(connection: sqlite3.Connection, column: str, per_unit: int, span: ChartSpan) -> Series:
    length_ms = span.to_utc_ms - span.from_utc_ms
    level = sum(_ENOUGH * length_ms >= span.points * width_ms for _, width_ms in _LEVELS[1:])
    for coarser in range(level + 1, len(_LEVELS)):
        if _reaches_back_farther(connection, coarser, level, span):
            level = coarser
    table, width_ms = _LEVELS[level]
    if table == "period":
        return _from_raw(connection, column, per_unit, span)
    statement = _ROLLUP.format(table=table, column=column, width_ms=width_ms)
    return _in_buckets(connection, statement, span, span.width_ms(width_ms), per_unit, table)


def _first_ms(connection: sqlite3.Connection, level: int, span: ChartSpan) -> int | None:
    table, width_ms = _LEVELS[level]
    column, per_ms = ("key", KEYS_PER_MS) if table == "period" else ("start_utc_ms", 1)
    begin_ms = span.from_utc_ms - span.from_utc_ms % width_ms
    (first,) = connection.execute(
        f"SELECT min({column}) FROM {table} WHERE {column} >= ? AND {column} < ?",  # noqa: S608 - own names
        (begin_ms * per_ms, span.to_utc_ms * per_ms),
    ).fetchone()
    return None if first is None else int(first) // per_ms


def _reaches_back_farther(connection: sqlite3.Connection, coarse: int, fine: int, span: ChartSpan) -> bool:
    """Return whether retention has taken rows from the finer table that the coarser one still tells."""
    coarse_ms = _first_ms(connection, coarse, span)
    fine_ms = _first_ms(connection, fine, span)
    if coarse_ms is None:
        return False
    return fine_ms is None or fine_ms >= max(coarse_ms, span.from_utc_ms) + _LEVELS[coarse][1]


def _from_raw(connection: sqlite3.Connection, column: str, per_unit: int, span: ChartSpan) -> Series:
    keys = (span.from_utc_ms * KEYS_PER_MS, span.to_utc_ms * KEYS_PER_MS)
    where = "FROM period WHERE key >= ? AND key < ?"
    newest = connection.execute(f"SELECT key {where} ORDER BY key DESC LIMIT {_SAMPLE}", keys).fetchall()
    intervals = [(later[0] - earlier[0]) / KEYS_PER_MS for later, earlier in pairwise(newest)]
    interval_ms = median(intervals) if intervals else 0.0
    rows = connection.execute(
        f"SELECT key / {KEYS_PER_MS}, {column} {where} ORDER BY key LIMIT ?", (*keys, span.points + 1)
    ).fetchall()
    if len(rows) <= span.points:
        singles = _singles(rows, interval_ms, per_unit)
        if len(singles.utc_ms) <= span.points:
            return singles
    # Two intervals at least, or periods that jitter would leave empty buckets that are no gaps.
    width_ms = span.width_ms(max(1, round(2 * interval_ms)))
    return _in_buckets(connection, _RAW.format(column=column), span, width_ms, per_unit, "raw")


def _singles(rows: list[tuple[int, int | None]], interval_ms: float, per_unit: int) -> Series:
    """Return single periods at their own instants, with a None where some are missing in between."""
    utc_ms: list[int] = []
    values: list[float | None] = []
    for at_ms, value in rows:
        if utc_ms and at_ms - utc_ms[-1] > _GAP_INTERVALS * interval_ms:
            utc_ms.append(utc_ms[-1] + round(interval_ms))
            values.append(None)
        utc_ms.append(at_ms)
        values.append(None if value is None else value / per_unit)
    return Series(utc_ms, values, list(values), list(values), "raw")


def _in_buckets(
    connection: sqlite3.Connection, statement: str, span: ChartSpan, width_ms: int, per_unit: int, resolution: str
) -> Series:
    starts = span.starts(width_ms)
    result = Series(list(starts), [None] * len(starts), [None] * len(starts), [None] * len(starts), resolution)
    bounds = {"begin": starts.start, "end": span.to_utc_ms, "bucket": width_ms}
    for number, minimum, mean, maximum in connection.execute(statement, bounds):
        if mean is not None:
            result.minimum[number] = minimum / per_unit
            result.mean[number] = mean / per_unit
            result.maximum[number] = maximum / per_unit
    return result
