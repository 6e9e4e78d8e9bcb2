"""What `vigie export` writes is a recording as it stands: no settings name its columns."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from vigie.errors import RecordingError
from vigie.plant.recorded_settings import ColumnSettings, RecordedSettings
from vigie.plant.recording import Recording, Sample, read_recording
from vigie.telemetry.export import Extract, TableName, column_names

BEGAN = datetime(2026, 11, 1, tzinfo=UTC)
ROWS: list[dict[str, Any]] = [
    {"battery_bus_v": 12.8, "charge_current_a": 0.35, "load_current_a": 1.0, "mains": "present", "temperature_c": 21.5},
    {"battery_bus_v": 12.6, "charge_current_a": -0.0, "load_current_a": 1.0, "mains": "absent", "temperature_c": 21.5},
    {"battery_bus_v": None, "charge_current_a": None, "load_current_a": 1.0, "mains": "unknown", "temperature_c": 21.6},
    {"battery_bus_v": 12.5, "charge_current_a": -0.9, "load_current_a": 0.9, "mains": "cut", "temperature_c": 21.7},
]


def exported(table: TableName, only: tuple[str, ...] = ()) -> tuple[list[str], list[list[Any]]]:
    """Return header and rows as an export of these values has them."""
    names = column_names(Extract(table, 0, 1, only))
    rows = []
    for second, values in enumerate(ROWS):
        utc = BEGAN + timedelta(seconds=second)
        known = {"utc": utc, "utc_ms": round(utc.timestamp() * 1000), **values}
        known |= {f"{name}_mean": value for name, value in values.items()}
        known |= {"battery_current_a_mean": values["charge_current_a"]}
        rows.append([known.get(name) for name in names])
    return names, rows


def csv_file(folder: Path, names: list[str], rows: list[list[Any]]) -> Path:
    def cell(value: Any) -> str:
        return "" if value is None else value.isoformat() if isinstance(value, datetime) else str(value)

    path = folder / "export.csv"
    path.write_text("\n".join(",".join(map(cell, row)) for row in [names, *rows]) + "\n", encoding="utf-8")
    return path


def parquet_file(folder: Path, names: list[str], rows: list[list[Any]]) -> Path:
    path = folder / "export.parquet"
    columns = [pa.array(column) for column in zip(*rows, strict=True)]
    columns[0] = columns[0].cast(pa.timestamp("ms", tz="UTC"))
    pq.write_table(pa.table(columns, names=names), path)
    return path


def read(path: Path) -> Recording:
    return read_recording(RecordedSettings(path=str(path)))


@pytest.mark.parametrize("written", [csv_file, parquet_file])
def test_single_periods_are_the_battery_also_where_it_feeds_the_loads_past_v2(tmp_path: Path, written: Any) -> None:
    recording = read(written(tmp_path, *exported("raw")))
    began_s = BEGAN.timestamp()
    assert list(recording.samples()) == [
        Sample(began_s, 12.8, 0.35, 21.5),
        Sample(began_s + 1, 12.6, -1.0, 21.5),
        Sample(began_s + 3, 12.5, -0.9, 21.7),
    ]


def test_minutes_of_a_journal_and_hours_of_an_imported_log_are_their_means(tmp_path: Path) -> None:
    minutes = read(csv_file(tmp_path, *exported("minute")))
    assert [sample.current_a for sample in minutes.samples()] == [0.35, -0.0, -0.9]
    held = ("battery_bus_v", "battery_current_a")
    hours = read(csv_file(tmp_path, *exported("hour", held)))
    assert [sample.voltage_v for sample in hours.samples()] == [12.8, 12.6, 12.5]
    assert hours.temperatures == []


def test_columns_that_the_settings_name_win(tmp_path: Path) -> None:
    path = csv_file(tmp_path, *exported("raw"))
    columns = ColumnSettings("utc_ms", "battery_bus_v", "load_current_a", "")
    recording = read_recording(RecordedSettings(str(path), columns))
    assert [sample.current_a for sample in recording.samples()] == [-1.0, -1.0, -0.9]


def test_events_and_broken_parquet_say_what_is_wrong(tmp_path: Path) -> None:
    events = csv_file(tmp_path, column_names(Extract("events", 0, 1)), [])
    with pytest.raises(RecordingError, match="or an export of Vigie"):
        read(events)
    broken = tmp_path / "broken.parquet"
    broken.write_bytes(b"PAR1 and nothing else")
    with pytest.raises(RecordingError, match="Parquet"):
        read(broken)
