"""Rows out of the journal, as CSV or Parquet, a batch at a time."""

import csv
import importlib
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal, NamedTuple, TextIO

from vigie.errors import JournalError, VigieError
from vigie.telemetry.reader import JournalReader
from vigie.telemetry.records import iso_utc
from vigie.telemetry.schema import KEYS_PER_MS, period_si, rollup_si

Resolution = Literal["raw", "minute", "hour"]
Row = tuple[Any, ...]
_BATCH_ROWS = 5000


class _Source(NamedTuple):
    table: str
    key: str
    per_ms: int
    columns: list[tuple[str, str]]


_SOURCES = {
    "raw": _Source("period", "key", KEYS_PER_MS, period_si()),
    "minute": _Source("minute", "start_utc_ms", 1, rollup_si()),
    "hour": _Source("hour", "start_utc_ms", 1, rollup_si()),
}


def column_names(resolution: Resolution) -> list[str]:
    """Return the exported columns: ``utc`` (ISO 8601), ``utc_ms``, then values with their unit in the name."""
    return ["utc", *(name for _, name in _SOURCES[resolution].columns)]


def batches(
    reader: JournalReader, from_utc_ms: int, to_utc_ms: int, resolution: Resolution = "raw"
) -> Iterator[list[Row]]:
    """Yield the rows of a range, oldest first, a few thousand at a time.

    Each batch is a question of its own, so that a slow receiver never holds the journal's log back.
    ``to_utc_ms`` is not included. Minutes and hours not complete yet are not exported.

    Raises:
        JournalError: the journal cannot be read, or ``resolution`` is none of raw, minute, hour.
    """
    if resolution not in _SOURCES:
        raise JournalError(f"resolution {resolution!r} is none of {', '.join(_SOURCES)}")
    table, key, per_ms, columns = _SOURCES[resolution]
    statement = (
        f"SELECT {key}, {', '.join(expression for expression, _ in columns)} FROM {table} "  # noqa: S608
        f"WHERE {key} > ? AND {key} < ? ORDER BY {key} LIMIT {_BATCH_ROWS}"
    )
    after = from_utc_ms * per_ms - 1
    while True:
        with reader.connection() as connection:
            rows = connection.execute(statement, (after, to_utc_ms * per_ms)).fetchall()
        if not rows:
            return
        after = rows[-1][0]
        yield [(iso_utc(row[1]), *row[1:]) for row in rows]


def csv_text(reader: JournalReader, from_utc_ms: int, to_utc_ms: int, resolution: Resolution = "raw") -> Iterator[str]:
    """Yield the same rows as CSV, header first; empty cells where there was no valid value.

    Raises:
        JournalError: see :func:`batches`.
    """
    rows = batches(reader, from_utc_ms, to_utc_ms, resolution)
    first = next(rows, [])
    yield _csv([tuple(column_names(resolution)), *first])
    for batch in rows:
        yield _csv(batch)


def _csv(rows: list[Row]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()


def export_csv(
    reader: JournalReader, out: TextIO, from_utc_ms: int, to_utc_ms: int, resolution: Resolution = "raw"
) -> int:
    """Write the range as CSV and return the number of rows.

    Raises:
        JournalError: see :func:`batches`.
    """
    lines = 0
    for text in csv_text(reader, from_utc_ms, to_utc_ms, resolution):
        out.write(text)
        lines += text.count("\n")
    return lines - 1


def export_parquet(
    reader: JournalReader, path: Path, from_utc_ms: int, to_utc_ms: int, resolution: Resolution = "raw"
) -> int:
    """Write the range as Parquet (``utc`` is a timestamp) and return the number of rows.

    Raises:
        JournalError: see :func:`batches`.
        VigieError: pyarrow is not installed.
    """
    try:
        # By name: the controller process must be able to import this module without pyarrow.
        arrow = importlib.import_module("pyarrow")
        parquet = importlib.import_module("pyarrow.parquet")
    except ImportError as error:
        raise VigieError("Parquet needs pyarrow: install vigie with its extra 'lab', or export CSV") from error
    names = column_names(resolution)
    schema = arrow.schema([(name, _arrow_type(arrow, name)) for name in names])
    rows = 0
    with parquet.ParquetWriter(path, schema) as writer:
        for batch in batches(reader, from_utc_ms, to_utc_ms, resolution):
            columns = dict(zip(names, map(list, zip(*batch, strict=True)), strict=True))
            columns["utc"] = columns["utc_ms"]
            writer.write_table(arrow.table(columns, schema=schema))
            rows += len(batch)
    return rows


def _arrow_type(arrow: Any, name: str) -> Any:  # noqa: ANN401 - pyarrow is imported by name
    if name == "utc":
        return arrow.timestamp("ms", tz="UTC")
    if name in ("mode", "phase", "mains"):
        return arrow.string()
    plain = name.removesuffix("_min").removesuffix("_mean").removesuffix("_max")
    return arrow.float64() if plain.endswith(("_v", "_a", "_w", "_c")) else arrow.int64()
