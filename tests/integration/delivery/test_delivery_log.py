"""What delivery keeps in the journal's file."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.integration.telemetry.samples import START_MS, record
from vigie.errors import JournalError
from vigie.telemetry import retention, schema
from vigie.telemetry.delivery_log import FRESH_MS, START, Aside, Cursor, DeliveryLog, DeliveryStanding
from vigie.telemetry.journal import JournalSettings
from vigie.telemetry.store import Store

NOW_MS = START_MS + 100_000


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.sqlite"


@pytest.fixture
def log(path: Path) -> Iterator[DeliveryLog]:
    with closing(Store(path, JournalSettings())) as store:
        store.write([record(second) for second in range(10)], [], False)
    with closing(DeliveryLog(path)) as log:
        yield log


def key(second: float) -> int:
    return (START_MS + round(second * 1000)) * schema.KEYS_PER_MS


def standing(end: Cursor, **more: Any) -> DeliveryStanding:
    return DeliveryStanding("http://store", end.step_id, end.key, **more)


def aside(first: float, last: float, series: str = "", status: int = 400) -> Aside:
    return Aside(key(first), key(last) + 63, series, 5, status, "no", "http://store", NOW_MS, NOW_MS)


@pytest.mark.parametrize("version", [1, 2, 3])
def test_a_journal_of_an_earlier_program_keeps_its_rows_and_is_delivered_from_its_beginning(
    path: Path, version: int
) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as old:
        for step in schema.MIGRATIONS[:version]:
            for statement in step:
                old.execute(statement)
        old.execute(f"PRAGMA application_id = {schema.APPLICATION_ID}")
        old.execute(f"PRAGMA user_version = {version}")
        columns = [row[1] for row in old.execute("PRAGMA table_info(period)")]
        for second in (0, 2, 1):
            row = dict(zip(schema.period_columns(), schema.period_row(record(second)), strict=True))
            marks = ", ".join("?" * len(columns))
            old.execute(f"INSERT INTO period VALUES ({marks})", [row[column] for column in columns])
    with closing(DeliveryLog(path)) as log, pytest.raises(JournalError, match="the controller makes it when it starts"):
        log.begin()
    with closing(Store(path, JournalSettings())) as store:
        store.write([record(1.5)], [], True)
    with closing(DeliveryLog(path)) as log:
        cursor, _ = log.begin()
        chunk = log.read(cursor, 100)
        assert [(row[0] or 0) // 64 - START_MS for row in chunk.rows] == [0, 1000, 1500, 2000]
        assert log.read(chunk.end, 100).rows[0][0] == key(1.5)  # from the step back on


def test_nothing_is_counted_or_lost_while_nothing_is_delivered(path: Path) -> None:
    with closing(Store(path, JournalSettings())) as store, closing(DeliveryLog(path)) as log:
        store.write([record(second) for second in range(5)], [], False)
        assert log.state(NOW_MS).waiting_periods == 5
        assert log.state(NOW_MS).delivered_utc_ms is None


def test_the_cursor_comes_back_as_it_was_saved(path: Path, log: DeliveryLog) -> None:
    was, _ = log.begin()
    assert was == START
    end = log.read(was, 4).end
    log.save(was, end, standing(end, waiting_periods=6, lag_s=1.5, merged_periods=2, updated_utc_ms=NOW_MS))
    with closing(DeliveryLog(path)) as other:
        cursor, told = other.begin()
    assert (cursor, told.url, told.merged_periods) == (end, "http://store", 2)
    state = log.state(NOW_MS)
    assert (state.delivered_utc_ms, state.waiting_periods, state.lag_s) == (START_MS + 3000, 6, 1.5)


def test_old_news_of_delivery_are_not_believed(log: DeliveryLog) -> None:
    was, _ = log.begin()
    end = log.read(was, 4).end
    log.save(was, end, standing(end, lag_s=1.0, updated_utc_ms=NOW_MS))
    assert log.state(NOW_MS + FRESH_MS).waiting_periods == 0
    state = log.state(NOW_MS + FRESH_MS + 1)
    assert (state.waiting_periods, state.lag_s) == (6, 6.0)
    assert log.state(NOW_MS - 1).waiting_periods == 6  # written in the future


def test_two_deliveries_do_not_move_one_cursor(path: Path, log: DeliveryLog) -> None:
    was, _ = log.begin()
    log.save(was, log.read(was, 4).end, DeliveryStanding())
    with closing(DeliveryLog(path)) as other, pytest.raises(JournalError, match="somebody else has moved"):
        other.save(was, other.read(was, 2).end, DeliveryStanding())
    assert log.begin()[0] == log.read(was, 4).end


def test_what_retention_deletes_undelivered_is_counted(path: Path, log: DeliveryLog) -> None:
    was, _ = log.begin()
    log.save(was, log.read(was, 4).end, DeliveryStanding())
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("DELETE FROM period WHERE key < ?", (key(3),))
        assert log.state(NOW_MS).lost_periods == 0
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("DELETE FROM period WHERE key < ?", (key(7),))
    assert log.state(NOW_MS).lost_periods == 3  # 4, 5 and 6; 3 was delivered


def test_rows_of_an_earlier_calendar_that_were_delivered_are_not_lost(path: Path, log: DeliveryLog) -> None:
    was, _ = log.begin()
    end = log.read(was, 100).end
    log.save(was, end, DeliveryStanding())
    with closing(Store(path, JournalSettings())) as store:
        store.write([record(-50), record(-49)], [], True)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("DELETE FROM period WHERE key > ?", (key(5),))
    assert log.state(NOW_MS).lost_periods == 0
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("DELETE FROM period WHERE key < 0 OR key = ?", (key(-50),))
    assert log.state(NOW_MS).lost_periods == 1


@pytest.mark.parametrize("hour_days", [0, 1])
def test_every_waiting_period_is_counted_with_or_without_its_roll_up(
    path: Path, hour_days: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "PROOF_HOURS", 2)  # or the calendar would be believed after a week
    seconds = [*range(0, 50_000, 50), *range(90_000, 140_000, 50)]
    with closing(Store(path, JournalSettings(raw_days=0, hour_days=hour_days))) as store:
        for at in range(0, len(seconds), 100):
            store.write([record(second) for second in seconds[at : at + 100]], [], False)
    with closing(DeliveryLog(path)) as log, closing(sqlite3.connect(path)) as connection:
        (hours,) = connection.execute("SELECT count(*) FROM hour").fetchone()
        assert (hours < 27) == (hour_days == 1)
        (cursor, _), left = log.begin(), len(seconds)
        while left:
            assert log.waiting(cursor) == left
            chunk = log.read(cursor, 97)
            cursor, left = chunk.end, left - len(chunk.rows)
        assert log.waiting(cursor) == 0


def test_neighbours_of_one_refusal_become_one_stretch(log: DeliveryLog) -> None:
    was, _ = log.begin()
    log.save(was, was, DeliveryStanding(), [aside(0, 2), aside(3, 4), aside(6, 7), aside(8, 8, status=409)])
    assert [(a.from_key, a.to_key, a.samples) for a in log.asides()] == [
        (key(0), key(4) + 63, 10),
        (key(6), key(7) + 63, 5),
        (key(8), key(8) + 63, 5),
    ]
    assert log.state(NOW_MS).set_aside == 3


def test_series_refused_alone_are_kept_apart(log: DeliveryLog) -> None:
    was, _ = log.begin()
    log.save(was, was, DeliveryStanding(), [aside(0, 2, "a"), aside(3, 4, "b"), aside(3, 4, "a")])
    assert [(a.series, a.samples) for a in log.asides()] == [("a", 10), ("b", 5)]


def test_what_was_refused_can_be_asked_for_again_and_given_up(log: DeliveryLog) -> None:
    was, _ = log.begin()
    log.save(was, was, DeliveryStanding(), [aside(0, 2), aside(6, 7)])
    assert log.wanted() is None
    assert log.want_again() == 2
    assert log.state(NOW_MS).set_aside == 0
    first = log.wanted()
    assert first is not None
    log.shorten(first, key(1), [aside(1, 1)])
    again = log.wanted()
    assert again is not None
    assert (again.id, again.from_key) == (first.id, key(1) + 1)
    log.shorten(again, again.to_key)
    assert [(a.from_key, a.is_wanted) for a in log.asides()] == [(key(6), True), (key(1), False)]
    assert log.forget() == 2
    assert log.asides() == []


def test_everything_since_an_instant_can_be_asked_for_again(log: DeliveryLog) -> None:
    log.want_from(START_MS + 4000, "http://store", NOW_MS)
    wanted = log.wanted()
    assert wanted is not None
    chunk = log.read_stretch(wanted.from_key - 1, wanted.to_key, 100)
    assert [(row[0] or 0) // 64 - START_MS for row in chunk.rows] == [4000, 5000, 6000, 7000, 8000, 9000]
    assert chunk.is_all


def test_somebody_elses_write_is_noticed(path: Path, log: DeliveryLog) -> None:
    assert log.has_changed()
    assert not log.has_changed()
    log.begin()
    assert not log.has_changed()
    with closing(Store(path, JournalSettings())) as store:
        store.write([record(20)], [], False)
    assert log.has_changed()
    assert not log.has_changed()


def test_a_file_that_was_replaced_is_opened_anew(path: Path, log: DeliveryLog) -> None:
    log.begin()
    generation = log.generation
    path.rename(path.with_name("corrupt"))
    with pytest.raises(JournalError, match="no journal at"):
        log.has_changed()
    Store(path, JournalSettings()).close()
    assert log.begin()[0] == START
    assert log.generation == generation + 1


def test_a_file_that_is_no_journal_is_named(tmp_path: Path) -> None:
    path = tmp_path / "poem"
    path.write_text("Shall I compare thee to a summer's day?" * 100)
    with closing(DeliveryLog(path)) as log, pytest.raises(JournalError, match="poem cannot be read"):
        log.begin()
    assert Cursor(0, 0) > START
