import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from vigie.telemetry.journal import JournalSettings
from vigie.telemetry.schema import MINUTE_MS
from vigie.telemetry.store import Store

from .samples import START_MS, record

DAY_S = 86_400


def query(path: Path, statement: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(statement).fetchall()


def write(path: Path, *batches: list[float], settings: JournalSettings = JournalSettings()) -> None:  # noqa: B008
    store = Store(path, settings)
    for seconds in batches:
        store.write([record(second, battery_v=12.0 + second / 1000) for second in seconds], [], False)
    store.close()


def test_a_complete_minute_holds_least_mean_and_most(path: Path) -> None:
    write(path, [float(s) for s in range(61)])
    (row,) = query(
        path,
        "SELECT utc_ms, periods, failed, battery_bus_v_min, battery_bus_v_mean, battery_bus_v_max, "
        "charge_current_a_mean, temperature_c_mean, spare_bus_v_mean FROM minute_si",
    )
    assert row[:3] == (START_MS, 60, 0)
    assert row[3:] == pytest.approx((12.0, 12.0295, 12.059, -0.25, 23.438, None), abs=1e-4)


def test_an_unfinished_minute_is_not_rolled_and_known_as_open(path: Path) -> None:
    store = Store(path, JournalSettings())
    store.write([record(0.0), record(1.0)], [], False)
    assert query(path, "SELECT count(*) FROM minute") == [(0,)]
    assert query(path, f"SELECT width_ms, start_utc_ms - {START_MS} FROM open_bucket") == [
        (60_000, 0), (3_600_000, 0)
    ]  # fmt: skip
    store.close()


def test_failed_periods_are_counted_and_not_averaged_in(path: Path) -> None:
    store = Store(path, JournalSettings())
    store.write([record(0.0, 12.0), record(1.0, is_valid=False), record(60.0)], [], False)
    store.close()
    assert query(path, "SELECT periods, failed, battery_bus_v_mean FROM minute_si") == [(2, 1, 12.0)]


def test_a_minute_of_failed_periods_only_is_null_and_not_zero(path: Path) -> None:
    store = Store(path, JournalSettings())
    store.write([record(0.0, is_valid=False), record(60.0)], [], False)
    store.close()
    columns = "periods, failed, battery_bus_v_min, battery_bus_v_mean, battery_bus_v_max"
    assert query(path, f"SELECT {columns} FROM minute_si") == [(1, 1, None, None, None)]


def test_a_crash_in_mid_minute_is_made_good_at_the_next_start(path: Path) -> None:
    store = Store(path, JournalSettings())
    store.write([record(float(s), 12.0) for s in range(30)], [], False)
    store._connection.close()  # no clean end: the minute stays open in the file
    Store(path, JournalSettings()).close()
    assert query(path, "SELECT periods FROM minute") == [(30,)]
    write(path, [30.0, 60.0])
    assert query(path, "SELECT periods FROM minute ORDER BY start_utc_ms") == [(31,)]
    assert query(path, "SELECT count(*) FROM open_bucket") == [(2,)]


def test_rolling_again_changes_nothing(path: Path) -> None:
    write(path, [s / 2 for s in range(500)])
    Store(path, JournalSettings()).close()
    once = query(path, "SELECT * FROM minute")
    Store(path, JournalSettings()).close()
    assert query(path, "SELECT * FROM minute") == once
    assert sum(int(str(row[1])) for row in once) == 500


def test_a_calendar_set_back_reopens_the_minutes_it_passes_again(path: Path) -> None:
    write(path, [float(s) for s in range(0, 200, 10)], [float(s) + 5 for s in range(0, 200, 10)], [600.0])
    assert query(path, "SELECT periods FROM minute ORDER BY start_utc_ms") == [(12,), (12,), (12,), (4,)]


def test_an_hour_is_rolled_from_its_raw_rows(path: Path) -> None:
    write(path, [float(s) for s in range(0, 3600, 60)], [3600.0])
    rows = query(path, "SELECT periods, battery_bus_v_min, battery_bus_v_mean, battery_bus_v_max FROM hour_si")
    assert rows == [(60, 12.0, pytest.approx(13.77, abs=1e-4), 15.54)]


def test_raw_rows_past_their_time_are_deleted_and_their_roll_ups_stay(path: Path) -> None:
    settings = JournalSettings(raw_days=1, minute_days=2)
    store = Store(path, settings)
    for minute in range(0, 10 * 1440, 10):
        store.write([record(60.0 * minute)], [], False)
    store.close()
    (raw,) = query(path, "SELECT count(*), min(utc_ms) FROM period_si")
    assert raw == (144 + 1, START_MS + (10 * 1440 - 10 - 1440) * MINUTE_MS)
    assert query(path, "SELECT count(*) FROM minute_si") == [(2 * 144,)]
    assert query(path, "SELECT count(*) FROM hour_si") == [(239,)]


def test_what_is_kept_for_ever_is_kept(path: Path) -> None:
    store = Store(path, JournalSettings(raw_days=0, minute_days=0))
    for day in range(0, 4000, 400):
        store.write([record(day * DAY_S), record(day * DAY_S + 3601)], [], False)
    store.close()
    assert query(path, "SELECT count(*) FROM period") == [(20,)]


def test_deletes_are_bites_that_ride_in_the_batch(path: Path) -> None:
    store = Store(path, JournalSettings(raw_days=1))
    week = [3600.0 * hour for hour in range(2, 202)]  # the calendar is believed after a week
    store.write([record(second) for second in [*map(float, range(6000)), *week]], [], False)
    left = []
    for n in range(4):
        store.write([record(202 * 3600.0 + 10 * n)], [], False)
        left.append(query(path, "SELECT count(*) FROM period")[0][0])
    store.close()
    assert left == [6201 - 2002, 6202 - 4004, 6203 - 6006, 23 + 4]


def test_a_wrong_clock_deletes_nothing_although_it_runs_steadily(path: Path) -> None:
    store = Store(path, JournalSettings(raw_days=1))
    store.write([record(0.0)], [], False)
    store.write([record(4000.0)], [], False)
    store.write([record(9000.0 * DAY_S)], [], True)
    store.write([record(9000.0 * DAY_S + 3000)], [], False)
    assert query(path, "SELECT count(*) FROM period") == [(4,)]
    store.write([record(9000.0 * DAY_S + 3600)], [], False)
    store.close()
    assert query(path, "SELECT count(*) FROM period") == [(5,)]


def test_the_size_cap_deletes_raw_rows_farthest_from_now(path: Path) -> None:
    store = Store(path, JournalSettings(raw_days=0, size_cap_mb=1))
    for batch in range(60):
        store.write([record(300.0 * batch + second) for second in range(300)], [], False)
    store.close()
    ((rows, first),) = query(path, "SELECT count(*), min(utc_ms) FROM period_si")
    assert 3000 < int(str(rows)) < 12_000
    assert int(str(first)) > START_MS
    assert query(path, "SELECT max(utc_ms) FROM period_si") == [(START_MS + (300 * 60 - 1) * 1000,)]
    assert path.stat().st_size < 2_500_000
