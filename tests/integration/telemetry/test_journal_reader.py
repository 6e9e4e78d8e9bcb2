import os
import sqlite3
import threading
from pathlib import Path

import pytest

from vigie.control.signals import Channel
from vigie.errors import JournalError
from vigie.telemetry.journal import JournalSettings
from vigie.telemetry.reader import JournalReader, Series
from vigie.telemetry.records import Event, EventKind, PeriodRecord
from vigie.telemetry.store import Store

from .samples import START_MS, record, switching


def store_periods(path: Path, records: list[PeriodRecord], events: list[Event] | None = None) -> None:
    store = Store(path, JournalSettings(raw_days=0))
    store.write(records, events or [], False)
    store._connection.close()


def battery(reader: JournalReader, begin_s: float, end_s: float, points: int) -> Series:
    return reader.series(
        "bus_v", Channel.BATTERY, START_MS + round(begin_s * 1000), START_MS + round(end_s * 1000), points
    )


def lengths(series: Series) -> set[int]:
    return {len(series.utc_ms), len(series.minimum), len(series.mean), len(series.maximum)}


def test_few_periods_come_one_by_one_at_their_own_instants(path: Path, reader: JournalReader) -> None:
    store_periods(path, [record(s, 12.0 + s / 100) for s in range(10)])
    series = battery(reader, 0, 10, 100)
    assert series.utc_ms == [START_MS + 1000 * s for s in range(10)]
    assert series.mean == pytest.approx([12.0 + s / 100 for s in range(10)])
    assert series.resolution == "raw"


def test_missing_periods_are_a_gap_and_not_joined(path: Path, reader: JournalReader) -> None:
    store_periods(path, [record(s) for s in (*range(10), *range(60, 70))])
    series = battery(reader, 0, 100, 100)
    assert series.mean.count(None) == 1
    assert series.mean[10] is None
    assert series.utc_ms == sorted(series.utc_ms)


def test_an_invalid_period_is_none_and_not_zero(path: Path, reader: JournalReader) -> None:
    store_periods(path, [record(0, 12.5), record(1, is_valid=False), record(2, 12.5)])
    assert battery(reader, 0, 3, 100).mean == [12.5, None, 12.5]


@pytest.mark.parametrize(("span_s", "points"), [(900, 60), (900, 899), (901, 250), (777, 1), (900, 3)])
def test_no_more_points_than_asked_for_and_jitter_makes_no_gap(
    path: Path, reader: JournalReader, span_s: int, points: int
) -> None:
    store_periods(path, [record(s + (s * 37 % 11) / 1000) for s in range(900)])
    series = battery(reader, 0, span_s, points)
    assert lengths(series) == {len(series.utc_ms)}
    assert len(series.utc_ms) <= points
    assert None not in series.mean


def test_a_single_spike_survives_in_every_resolution(path: Path, reader: JournalReader) -> None:
    periods = [record(10.0 * n, 11.2 if n == 2321 else 12.9) for n in range(3 * 8640)]
    store_periods(path, periods)
    for days, points, resolution in ((3, 40, "hour"), (3, 700, "minute"), (0.3, 1000, "raw")):
        series = battery(reader, 0, days * 86_400, points)
        assert series.resolution == resolution
        assert [v for v in series.minimum if v is not None and v < 12] == [11.2]
        assert len(series.utc_ms) <= points


def test_empty_buckets_are_none_in_roll_ups_too(path: Path, reader: JournalReader) -> None:
    store_periods(path, [record(60.0 * m) for m in (*range(100), *range(200, 301))])
    series = battery(reader, 0, 300 * 60, 300)
    assert series.resolution == "minute"
    assert [value is None for value in series.mean] == [100 <= m < 200 for m in range(300)]


@pytest.mark.parametrize(("points", "resolution"), [(100, "minute"), (2, "hour")])
def test_a_chart_is_never_behind_the_newest_period(
    path: Path, reader: JournalReader, points: int, resolution: str
) -> None:
    store_periods(path, [record(s, 12.0 if s < 7230 else 13.0) for s in range(7235)])
    series = battery(reader, 0, 7260, points)
    assert series.resolution == resolution
    assert series.maximum[-1] == 13.0


def test_the_mean_of_a_bucket_is_weighted_by_its_periods(path: Path, reader: JournalReader) -> None:
    store_periods(path, [record(0, 10.0), *(record(60.0 + s, 13.0) for s in range(3)), record(120, 11.0)])
    assert battery(reader, 0, 120, 1).mean == [pytest.approx((10.0 + 3 * 13.0) / 4)]


def test_where_raw_rows_are_gone_the_minutes_are_shown(path: Path, reader: JournalReader) -> None:
    store_periods(path, [record(10.0 * n) for n in range(1000)])
    with sqlite3.connect(path) as connection:
        connection.execute("DELETE FROM period WHERE key < (SELECT max(key) FROM period)")
    connection.close()
    assert battery(reader, 0, 1800, 1000).resolution == "minute"
    with sqlite3.connect(path) as connection:
        connection.execute("DELETE FROM minute")
    connection.close()
    series = battery(reader, 0, 1800, 1000)
    assert series.resolution == "hour"
    assert series.mean == [pytest.approx(12.9)]


def test_a_range_before_the_first_row_is_all_gap(path: Path, reader: JournalReader) -> None:
    store_periods(path, [record(0)])
    assert set(battery(reader, -7200, -3600, 10).mean) <= {None}


def test_temperature_belongs_to_no_channel(path: Path, reader: JournalReader) -> None:
    store_periods(path, [record(0)])
    assert reader.series("temperature_c", None, START_MS, START_MS + 1, 1).mean == [23.438]
    with pytest.raises(JournalError, match="temperature_c or ambient_c of none"):
        reader.series("temperature_c", Channel.BATTERY, START_MS, START_MS + 1, 1)


@pytest.mark.parametrize(
    ("quantity", "begin", "end", "points", "message"),
    [("volts", 0, 1, 10, "bus_v, current_a, power_w"), ("bus_v", 5, 5, 10, "empty"),
     ("bus_v", 0, 1, 0, "outside 1..10000"), ("bus_v", 0, 1, 10_001, "outside 1..10000")],
)  # fmt: skip
def test_a_question_that_makes_no_sense_is_refused(
    path: Path, reader: JournalReader, quantity: str, begin: int, end: int, points: int, message: str
) -> None:
    store_periods(path, [record(0)])
    with pytest.raises(JournalError, match=message):
        reader.series(quantity, Channel.LOAD, begin, end, points)


def test_events_come_newest_first_of_the_kinds_asked_for(path: Path, reader: JournalReader) -> None:
    start = Event(START_MS, EventKind.START, "controller", "", "", "", "systemd", "started", {"pid": 4})
    store_periods(path, [], [start, switching(1, "R2"), switching(2, "R2", "closed"), switching(3, "R1")])
    everything = reader.events(0, START_MS + 9999)
    assert [event.subject for event in everything] == ["R1", "R2", "R2", "controller"]
    assert everything[-1] == start
    assert reader.events(0, START_MS + 9999, [EventKind.START]) == [start]
    assert reader.events(0, START_MS + 9999, limit=1) == [switching(3, "R1")]
    assert reader.events(START_MS + 1000, START_MS + 2000) == [switching(1, "R2")]


def test_the_journal_remembers_switchings_and_mode(path: Path, reader: JournalReader) -> None:
    def chosen(second: int, mode: str) -> Event:
        return Event(START_MS + second, EventKind.MODE, "mode", "observe", mode, "", "anna", "", {})

    store_periods(path, [], [switching(1, "R2"), chosen(9, "protect"), switching(3, "R1"), chosen(2, "cycle"),
                             switching(2, "R2", "closed")])  # fmt: skip
    assert reader.switching_counts() == {"R1": 1, "R2": 2}
    assert reader.last_mode() == ("cycle", "anna", START_MS + 2)
    assert reader.last_switching("R2") == switching(2, "R2", "closed")
    assert reader.last_switching("R4") is None
    assert reader.last_event((EventKind.FAULT, EventKind.SWITCHING), "R1") == switching(3, "R1")
    assert reader.last_event((EventKind.FAULT, EventKind.FAULT_CLEARED), "R1") is None


def test_an_empty_journal_has_no_newest_no_mode_no_switchings(path: Path, reader: JournalReader) -> None:
    store_periods(path, [])
    assert reader.newest_utc_ms() is None
    assert reader.last_mode() is None
    assert reader.switching_counts() == {}
    assert battery(reader, 0, 60, 10).mean == []


def test_no_file_yet_says_so(reader: JournalReader, path: Path) -> None:
    with pytest.raises(JournalError, match=f"no journal at {path}: the controller has not run yet"):
        reader.newest_utc_ms()
    assert not path.exists()


def test_a_file_that_is_no_database_says_so(reader: JournalReader, path: Path) -> None:
    path.write_bytes(b"not a database at all" * 100)
    with pytest.raises(JournalError, match="cannot be read: file is not a database"):
        reader.events(0, 1)


def test_reading_never_writes(path: Path, reader: JournalReader) -> None:
    store_periods(path, [record(0)])
    with reader.connection() as connection, pytest.raises(sqlite3.OperationalError, match="readonly"):
        connection.execute("DELETE FROM period")


def test_a_journal_begun_again_is_read_from_the_new_file(path: Path, reader: JournalReader) -> None:
    store_periods(path, [record(0)])
    assert reader.newest_utc_ms() == START_MS
    path.rename(path.with_name("aside"))
    store_periods(path, [record(5)])
    assert reader.newest_utc_ms() == START_MS + 5000


def test_many_threads_read_at_once(path: Path, reader: JournalReader) -> None:
    store_periods(path, [record(s) for s in range(600)])
    found: list[int] = []

    def ask() -> None:
        for _ in range(20):
            found.append(len(battery(reader, 0, 600, 100).utc_ms))

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [100] * 160
    assert len(reader._idle) <= 8


@pytest.mark.skipif(os.geteuid() != 0, reason="becoming another user needs root: sudo make test")
def test_another_user_without_a_right_to_write_reads_a_journal_that_lies_still(tmp_path: Path) -> None:
    folder = tmp_path / "kept"
    folder.mkdir()
    store_periods(folder / "journal.sqlite", [record(7)])
    for parent in (folder, *list(folder.parents)[:-1]):
        parent.chmod(parent.stat().st_mode | 0o055)
    (folder / "journal.sqlite").chmod(0o644)
    reader = JournalReader(folder / "journal.sqlite")
    os.seteuid(65_534)
    try:
        assert reader.newest_utc_ms() == START_MS + 7000
    finally:
        os.seteuid(0)
        reader.close()
