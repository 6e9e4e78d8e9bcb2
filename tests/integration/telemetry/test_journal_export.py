import csv
import io
import subprocess
import sys
import tracemalloc
from datetime import UTC, datetime
from pathlib import Path

import pytest

from vigie.errors import JournalError, VigieError
from vigie.telemetry import export
from vigie.telemetry.export import Extract, TableName
from vigie.telemetry.journal import JournalSettings
from vigie.telemetry.parquet import export_parquet
from vigie.telemetry.reader import JournalReader
from vigie.telemetry.store import Store

from .samples import START_MS, record

END_MS = START_MS + 10**9


@pytest.fixture
def filled(path: Path, reader: JournalReader) -> JournalReader:
    store = Store(path, JournalSettings(raw_days=0))
    store.write([record(s, is_valid=s != 3) for s in range(12_000)], [], False)
    store.close()
    return reader


def csv_of(
    reader: JournalReader, begin_ms: int = START_MS, end_ms: int = END_MS, table: TableName = "raw"
) -> tuple[str, int]:
    """Return the text, and the rows the last report counted."""
    out = io.StringIO()
    count = max(export.export_csv(reader, out, Extract(table, begin_ms, end_ms)), default=0)
    return out.getvalue(), count


def rows_of(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_csv_has_iso_time_units_in_its_names_and_every_row_once(filled: JournalReader) -> None:
    text, count = csv_of(filled)
    assert count == 12_000
    rows = rows_of(text)
    assert [int(row["utc_ms"]) for row in rows] == [START_MS + 1000 * s for s in range(12_000)]
    assert rows[1]["utc"] == datetime.fromtimestamp(START_MS / 1000 + 1, UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
    assert float(rows[0]["battery_bus_v"]) == 12.9
    assert rows[0]["mode"] == "protect"


def test_csv_leaves_an_invalid_value_empty(filled: JournalReader) -> None:
    (row,) = rows_of(csv_of(filled, START_MS + 3000, START_MS + 4000)[0])
    assert (row["battery_bus_v"], row["is_valid"], row["battery_rejected"]) == ("", "0", "10")


def test_the_end_of_a_range_is_not_included(filled: JournalReader) -> None:
    assert csv_of(filled, START_MS + 1000, START_MS + 3000)[1] == 2


def test_minutes_and_hours_are_exported_with_least_mean_and_most(filled: JournalReader) -> None:
    text, count = csv_of(filled, table="minute")
    assert count == 199
    row = rows_of(text)[0]
    assert [row[f"battery_bus_v_{kind}"] for kind in ("min", "mean", "max")] == ["12.9"] * 3
    assert (row["periods"], row["failed"]) == ("60", "1")
    assert csv_of(filled, table="hour")[1] == 3


def test_an_empty_range_is_a_header(filled: JournalReader) -> None:
    text, count = csv_of(filled, 0, 1)
    assert count == 0
    assert text.startswith("utc,utc_ms,is_valid,")
    assert text.count("\n") == 1


def test_parquet_tells_the_same_as_csv(filled: JournalReader, tmp_path: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet", reason="pyarrow (extra lab) is not installed")
    raw = Extract("raw", START_MS, END_MS)
    assert max(export_parquet(filled, tmp_path / "raw.parquet", raw, {"site": "mill"})) == 12_000
    table = parquet.read_table(tmp_path / "raw.parquet")
    assert table.column_names == export.column_names(raw)
    assert table["utc"][1].as_py() == datetime.fromtimestamp(START_MS / 1000 + 1, UTC)
    assert table["battery_bus_v"].to_pylist()[2:5] == [12.9, None, 12.9]
    assert table["r1_is_closed"][0].as_py() == 1
    assert table.schema.metadata[b"vigie.site"] == b"mill"
    assert table.schema.field("battery_bus_v").metadata == {b"unit": b"V"}
    hour = Extract("hour", START_MS, END_MS)
    assert max(export_parquet(filled, tmp_path / "hour.parquet", hour, {})) == 3
    assert parquet.read_schema(tmp_path / "hour.parquet").field("load_current_a_max").metadata == {b"unit": b"A"}


def test_without_pyarrow_the_extra_is_named(
    filled: JournalReader, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(VigieError, match="extra 'lab'"):
        next(export_parquet(filled, tmp_path / "raw.parquet", Extract("raw", START_MS, END_MS), {}))
    assert not (tmp_path / "raw.parquet").exists()


def test_an_unknown_resolution_names_those_there_are(filled: JournalReader) -> None:
    with pytest.raises(JournalError, match="'day' is none of raw, minute, hour, events"):
        next(export.batches(filled, Extract("day", 0, 1)))  # type: ignore[arg-type]


def test_export_holds_one_batch_in_memory_however_long_the_range(
    filled: JournalReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export, "_BATCH_ROWS", 500)

    class Nowhere(io.StringIO):
        def write(self, text: str, /) -> int:
            return len(text)

    def peak(end_ms: int) -> int:
        tracemalloc.start()
        max(export.export_csv(filled, Nowhere(), Extract("raw", START_MS, end_ms)))
        top = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return top

    assert peak(END_MS) < 1.5 * peak(START_MS + 1_500_000)


def test_telemetry_brings_no_heavy_library_into_the_controller() -> None:
    script = (
        "import sys; import vigie.telemetry.journal, vigie.telemetry.reader, vigie.telemetry.export, "
        "vigie.telemetry.exporter; "
        "print([m for m in ('numpy', 'pyarrow', 'flask', 'socketio', 'pandas') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
