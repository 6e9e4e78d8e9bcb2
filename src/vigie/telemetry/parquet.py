"""Rows of a journal as Parquet: columns that analysis programs read at once, with units and origin in the file."""

import importlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO

from vigie.errors import VigieError
from vigie.telemetry.export import Extract, batches, column_names, quantity_of
from vigie.telemetry.reader import JournalReader

_GROUP_ROWS = 30_000
_UNITS = {"_v": "V", "_a": "A", "_w": "W", "_c": "degC", "_ms": "ms"}
_WORDS = ("mode", "phase", "mains", "kind", "subject", "before", "after", "reason", "who", "text", "data")


def export_parquet(
    reader: JournalReader, sink: Path | BinaryIO, extract: Extract, about: Mapping[str, str]
) -> Iterator[int]:
    """Write the rows (``utc`` is a timestamp); yield how many are read after each batch.

    ``sink`` need not be seekable. ``about`` goes into the file's own metadata, each under ``vigie.<name>``; every
    column says its unit. The file is complete when the iterator is exhausted.

    Raises:
        JournalError: see :func:`vigie.telemetry.export.batches`.
        VigieError: pyarrow is not installed.
    """
    arrow, parquet = _arrow()
    schema = _schema(arrow, extract, about)
    waiting: list[Any] = []
    count = 0
    with parquet.ParquetWriter(sink, schema, compression="zstd") as writer:
        for rows in batches(reader, extract):
            waiting.append(_batch(arrow, schema, rows))
            count += len(rows)
            if sum(batch.num_rows for batch in waiting) >= _GROUP_ROWS:
                writer.write_table(arrow.Table.from_batches(waiting))
                waiting.clear()
            yield count
        if waiting:
            writer.write_table(arrow.Table.from_batches(waiting))


def _arrow() -> tuple[Any, Any]:
    try:
        # By name: the controller process must be able to import its neighbours without pyarrow.
        return importlib.import_module("pyarrow"), importlib.import_module("pyarrow.parquet")
    except ImportError as error:
        raise VigieError("Parquet needs pyarrow: install vigie with its extra 'lab', or export CSV") from error


def _batch(arrow: Any, schema: Any, rows: list[tuple[Any, ...]]) -> Any:  # noqa: ANN401 - pyarrow is imported by name
    kinds = schema.types[1:]
    columns = [arrow.array(values, kind) for values, kind in zip(zip(*rows, strict=True), kinds, strict=True)]
    return arrow.RecordBatch.from_arrays([columns[0].cast(schema.types[0]), *columns], schema=schema)


def _schema(arrow: Any, extract: Extract, about: Mapping[str, str]) -> Any:  # noqa: ANN401
    fields = [_field(arrow, name) for name in column_names(extract)]
    return arrow.schema(fields, {f"vigie.{name}": value for name, value in about.items()})


def _field(arrow: Any, name: str) -> Any:  # noqa: ANN401
    if name == "utc":
        return arrow.field(name, arrow.timestamp("ms", tz="UTC"))
    if name in _WORDS:
        return arrow.field(name, arrow.string())
    plain = quantity_of(name)
    unit = next((unit for suffix, unit in _UNITS.items() if plain.endswith(suffix)), "")
    kind = arrow.float64() if unit not in {"", "ms"} else arrow.int64()
    return arrow.field(name, kind, metadata={"unit": unit} if unit else None)
