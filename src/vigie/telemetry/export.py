"""Rows out of a journal a batch at a time, as CSV; and what an export will weigh before it is begun."""

import csv
import io
from collections.abc import Iterator
from typing import Any, Literal, NamedTuple, TextIO

from vigie.errors import JournalError
from vigie.telemetry.reader import JournalReader
from vigie.telemetry.records import iso_utc
from vigie.telemetry.schema import HOUR_MS, KEYS_PER_MS, MINUTE_MS, period_si, rollup_si

TableName = Literal["raw", "minute", "hour", "events"]
Row = tuple[Any, ...]

_BATCH_ROWS = 5000
_LAST_ID = 2**63 - 1
_EVENT_COLUMNS = ("utc_ms", "kind", "subject", "before", "after", "reason", "who", "text", "data")
_COUNTED_MS = {"raw": 24 * HOUR_MS, "minute": 31 * 24 * HOUR_MS}
"""Rows of a longer stretch are not counted one by one: that would read the whole of a large table."""
_SAMPLE_ROWS = 50
_PARQUET_BYTES = {"raw": 35, "minute": 80, "hour": 85, "events": 25}
"""Measured per row; the file's own description comes on top."""
_PARQUET_FRAME_BYTES = 25_000


class Extract(NamedTuple):
    """What is taken out of a journal: a table and a stretch of time."""

    table: TableName
    """``raw`` is every period; ``minute`` and ``hour`` have least, mean and most."""
    from_utc_ms: int
    to_utc_ms: int
    """Not included."""
    only: tuple[str, ...] = ()
    """Quantities to keep (``battery_bus_v``, ...), all without: a log of another program holds only some."""


class Estimate(NamedTuple):
    """What an export is going to be."""

    rows: int
    csv_bytes: int
    parquet_bytes: int
    first_utc_ms: int | None
    """Of the first row; None when there is none."""


class _Source(NamedTuple):
    table: str
    keys: tuple[str, ...]
    per_ms: int
    columns: list[tuple[str, str]]


_SOURCES = {
    "raw": _Source("period", ("key",), KEYS_PER_MS, period_si()),
    "minute": _Source("minute", ("start_utc_ms",), 1, rollup_si()),
    "hour": _Source("hour", ("start_utc_ms",), 1, rollup_si()),
    "events": _Source("event", ("utc_ms", "id"), 1, [(name, name) for name in _EVENT_COLUMNS]),
}


def quantity_of(column: str) -> str:
    """Return a column's name without what a roll-up adds.

    >>> quantity_of("battery_bus_v_mean"), quantity_of("utc_ms")
    ('battery_bus_v', 'utc_ms')
    """
    return column.removesuffix("_min").removesuffix("_mean").removesuffix("_max")


def _columns(extract: Extract) -> list[tuple[str, str]]:
    if extract.table not in _SOURCES:
        raise JournalError(f"resolution {extract.table!r} is none of {', '.join(_SOURCES)}")
    columns = _SOURCES[extract.table].columns
    if not extract.only or extract.table == "events":
        return columns
    kept = {"utc_ms", "periods", *extract.only}
    return [column for column in columns if quantity_of(column[1]) in kept]


def column_names(extract: Extract) -> list[str]:
    """Return the exported columns: ``utc`` (ISO 8601), ``utc_ms``, then values with their unit in the name.

    Raises:
        JournalError: there is no such table.
    """
    return ["utc", *(name for _, name in _columns(extract))]


def batches(reader: JournalReader, extract: Extract) -> Iterator[list[Row]]:
    """Yield the rows without their ``utc`` column, oldest first, a few thousand at a time.

    Each batch is a question of its own, so that a slow receiver never holds the journal's log back.
    Minutes and hours not complete yet are not exported.

    Raises:
        JournalError: the journal cannot be read, or there is no such table.
    """
    shown = [expression for expression, _ in _columns(extract)]
    table, keys, per_ms, _ = _SOURCES[extract.table]
    statement = (
        f"SELECT {', '.join([*keys, *shown])} FROM {table} "  # noqa: S608 - own names only
        f"WHERE ({', '.join(keys)}) > ({', '.join('?' * len(keys))}) AND {keys[0]} < ? "
        f"ORDER BY {', '.join(keys)} LIMIT {_BATCH_ROWS}"
    )
    width, end = len(keys), extract.to_utc_ms * per_ms
    after: Row = (extract.from_utc_ms * per_ms - 1, _LAST_ID)[:width]
    while True:
        with reader.connection() as connection:
            rows = connection.execute(statement, (*after, end)).fetchall()
        if not rows:
            return
        after = rows[-1][:width]
        yield [row[width:] for row in rows]


def _with_utc(row: Row) -> Row:
    return (iso_utc(row[0]), *row)


def _csv(rows: list[Row]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()


def export_csv(reader: JournalReader, out: TextIO, extract: Extract) -> Iterator[int]:
    """Write the rows as CSV, header first, empty cells where there was no valid value; yield how many after each batch.

    Raises:
        JournalError: see :func:`batches`.
    """
    rows = batches(reader, extract)
    first = next(rows, [])  # before the header: a journal that cannot be read is not an empty file
    out.write(_csv([tuple(column_names(extract)), *map(_with_utc, first)]))
    count = len(first)
    yield count
    for batch in rows:
        out.write(_csv([_with_utc(row) for row in batch]))
        count += len(batch)
        yield count


def estimate(reader: JournalReader, extract: Extract) -> Estimate:
    """Return how many rows an export will have and about how many bytes.

    Long stretches are reckoned from the hours' counts of periods; short ones are counted.

    Raises:
        JournalError: see :func:`batches`.
    """
    names = column_names(extract)
    rows, first_ms = _count(reader, extract)
    sample = _sample(reader, extract)
    header = len(",".join(names)) + 1
    per_row = len(_csv([_with_utc(row) for row in sample]).encode()) / len(sample) if sample else 0.0
    share = len(names) / (1 + len(_SOURCES[extract.table].columns))
    parquet = _PARQUET_FRAME_BYTES * share + rows * _PARQUET_BYTES[extract.table] * share
    return Estimate(rows, round(header + rows * per_row), round(parquet), first_ms)


def _sample(reader: JournalReader, extract: Extract) -> list[Row]:
    """Return a few of the newest rows."""
    table, keys, per_ms, _ = _SOURCES[extract.table]
    shown = ", ".join(expression for expression, _ in _columns(extract))
    where = f"WHERE {keys[0]} >= ? AND {keys[0]} < ? ORDER BY {keys[0]} DESC LIMIT {_SAMPLE_ROWS}"
    with reader.connection() as connection:
        return connection.execute(
            f"SELECT {shown} FROM {table} {where}",  # noqa: S608 - own names only
            (extract.from_utc_ms * per_ms, extract.to_utc_ms * per_ms),
        ).fetchall()


def first_utc_ms(reader: JournalReader) -> int | None:
    """Return the first instant anything is known of, None when nothing is.

    Raises:
        JournalError: the journal cannot be read.
    """
    with reader.connection() as connection:
        firsts = [
            connection.execute(f"SELECT min({keys[0]}) FROM {table}").fetchone()[0]  # noqa: S608 - own names only
            for table, keys, _, _ in _SOURCES.values()
        ]
    found = [
        first // source.per_ms for first, source in zip(firsts, _SOURCES.values(), strict=True) if first is not None
    ]
    return min(found, default=None)


def _count(reader: JournalReader, extract: Extract) -> tuple[int, int | None]:
    """Return how many rows there are, and when the first is."""
    table, (key, *_), per_ms, _ = _SOURCES[extract.table]
    span = (extract.from_utc_ms * per_ms, extract.to_utc_ms * per_ms)
    where = f"FROM {table} WHERE {key} >= ? AND {key} < ?"
    with reader.connection() as connection:
        first, last = (
            connection.execute(f"SELECT {side}({key}) {where}", span).fetchone()[0] for side in ("min", "max")
        )
        if first is None:
            return 0, None
        first_ms, last_ms = first // per_ms, last // per_ms
        if last_ms - first_ms <= _COUNTED_MS.get(extract.table, last_ms):
            return int(connection.execute(f"SELECT count(*) {where}", span).fetchone()[0]), first_ms
        hours, periods = connection.execute(
            "SELECT count(*), coalesce(sum(periods), 0) FROM hour WHERE start_utc_ms > ? AND start_utc_ms <= ?",
            (first_ms - HOUR_MS, last_ms),
        ).fetchone()
    rows = periods if extract.table == "raw" else min(hours * 60, 1 + (last_ms - first_ms) // MINUTE_MS)
    return int(rows), first_ms
