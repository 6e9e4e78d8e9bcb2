import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import get_type_hints

import pytest
from pydantic import TypeAdapter, ValidationError

from vigie.clock import machine_monotonic_s
from vigie.errors import JournalError
from vigie.telemetry import schema
from vigie.telemetry.events import DroppedRows
from vigie.telemetry.journal import Journal, JournalSettings
from vigie.telemetry.reader import JournalReader
from vigie.telemetry.records import Event, EventKind
from vigie.telemetry.waiting import Waiting

from .samples import START_MS, record, switching, wait_until

Start = Callable[..., Journal]
SLOW = JournalSettings(batch_s=600.0)


def query(path: Path, statement: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(statement).fetchall()


def test_every_period_is_kept(start_journal: Start, path: Path) -> None:
    journal = start_journal()
    for second in range(100):
        journal.record(record(second))
    journal.close()
    kept = [key for (key,) in query(path, "SELECT utc_ms FROM period_si ORDER BY 1")]
    assert kept == [START_MS + 1000 * second for second in range(100)]
    assert journal.state().rows == 100


def test_ordinary_periods_wait_for_the_batch(start_journal: Start, reader: JournalReader) -> None:
    journal = start_journal(JournalSettings(batch_s=1.0))
    wait_until(lambda: journal.state().is_writing)
    begin_s = machine_monotonic_s()
    journal.record(record())
    wait_until(lambda: journal.state().rows == 1)
    assert machine_monotonic_s() - begin_s > 0.9
    assert reader.newest_utc_ms() == START_MS


def test_an_event_is_committed_at_once_with_what_waits(start_journal: Start, reader: JournalReader) -> None:
    journal = start_journal(SLOW)
    journal.record(record())
    journal.note(switching(0.0, "R2"))
    wait_until(lambda: journal.state().rows == 1)
    assert reader.events(0, START_MS + 1) == [switching(0.0, "R2")]
    assert reader.newest_utc_ms() == START_MS


def test_whoever_wants_an_event_on_record_can_wait_for_it(
    start_journal: Start, reader: JournalReader, path: Path
) -> None:
    journal = start_journal(SLOW)
    for second in range(20):
        journal.note(switching(float(second), "R2"))
        assert journal.is_written(5.0)
        assert len(reader.events(0, START_MS * 2)) == second + 1
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        journal.note(switching(30.0, "R2"))
        assert not journal.is_written(0.2)
        other.execute("ROLLBACK")


def test_the_writer_does_not_wait_for_the_batch_when_half_the_memory_is_used(start_journal: Start) -> None:
    journal = start_journal(JournalSettings(batch_s=600.0, waiting_periods=60))
    wait_until(lambda: journal.state().is_writing)
    for second in range(30):
        journal.record(record(second))
    wait_until(lambda: journal.state().rows == 30)
    assert journal.state().lost_periods == 0


def test_a_calendar_that_comes_by_the_same_instants_again_loses_no_row(start_journal: Start, path: Path) -> None:
    journal = start_journal()
    for lap in range(3):
        for second in range(50):
            again = record(second)
            journal.record(again._replace(measurement=again.measurement._replace(now_s=lap * 50.0 + second)))
    journal.close()
    assert query(path, "SELECT count(*), count(DISTINCT utc_ms) FROM period_si") == [(150, 50)]
    steps = query(path, "SELECT kind, data FROM event")
    assert steps == [("clock", '{"step_s":-50.0}')] * 2


def test_a_calendar_that_stands_still_loses_no_row(start_journal: Start, path: Path) -> None:
    journal = start_journal()
    for _ in range(300):
        journal.record(record(0.0))
    journal.close()
    assert query(path, "SELECT count(*) FROM period") == [(300,)]


def test_a_jump_of_the_calendar_is_noted_with_its_size(start_journal: Start, reader: JournalReader) -> None:
    journal = start_journal()
    journal.record(record(0.0))
    ahead = record(3601.0)
    journal.record(ahead._replace(measurement=ahead.measurement._replace(now_s=1.0)))
    journal.close()
    (event,) = reader.events(0, START_MS * 2)
    assert event.kind is EventKind.CLOCK
    assert event.data == {"step_s": 3600.0}
    assert event.after == "2026-09-21T15:00:01.000Z"


def test_a_pause_that_both_clocks_agree_on_is_no_jump(start_journal: Start, reader: JournalReader) -> None:
    journal = start_journal()
    journal.record(record(0.0))
    journal.record(record(3600.0))
    journal.close()
    assert reader.events(0, START_MS * 2) == []


def test_a_start_before_the_newest_row_is_noted(start_journal: Start, reader: JournalReader) -> None:
    first = start_journal()
    first.record(record(86_400.0))
    first.close()
    second = start_journal()
    second.record(record(0.0))
    second.close()
    (event,) = reader.events(0, START_MS * 2)
    assert (event.kind, event.data) == (EventKind.CLOCK, {"step_s": -86_400.0})


def test_close_writes_what_waits_and_may_be_called_twice(start_journal: Start, path: Path) -> None:
    journal = start_journal(SLOW)
    journal.record(record())
    journal.close()
    journal.close()
    assert query(path, "SELECT count(*) FROM period") == [(1,)]


def test_what_no_table_can_hold_is_dropped_and_told_and_stops_nothing_else(
    start_journal: Start, reader: JournalReader
) -> None:
    journal = start_journal()
    journal.record(record(0.0)._replace(commanded=None))  # type: ignore[arg-type]
    wait_until(lambda: journal.state().lost_periods == 1)
    journal.record(record(1.0))
    wait_until(lambda: journal.state().rows == 1)
    (event,) = reader.events(0, START_MS * 2, [EventKind.GAP])
    assert event.data["periods"] == 1


def test_a_calendar_gone_mad_raises_nothing(start_journal: Start) -> None:
    journal = start_journal()
    for utc_ms in (0, -(10**15), 10**16, 10**30, START_MS):
        journal.record(record()._replace(utc_ms=utc_ms))
    wait_until(lambda: journal.state().waiting_periods == 0)
    journal.record(record(1))
    wait_until(lambda: journal.state().rows > 0)


def test_an_event_no_table_can_hold_stops_nothing_else(start_journal: Start, reader: JournalReader) -> None:
    journal = start_journal()
    journal.note(switching(0, "R1")._replace(subject=None))  # type: ignore[arg-type]
    wait_until(lambda: "cannot be stored" in (journal.state().error or ""))
    journal.note(switching(1, "R2"))
    journal.close()
    assert switching(1, "R2") in reader.events(0, START_MS * 2)


def test_event_data_of_any_kind_is_kept_as_text(start_journal: Start, reader: JournalReader) -> None:
    journal = start_journal()
    odd = Event(START_MS, EventKind.FAULT, "meter", "", "", "", "", "odd", {"at": Path("/dev")})  # type: ignore[dict-item]
    journal.note(odd)
    journal.close()
    assert reader.events(0, START_MS + 1)[0].data == {"at": "/dev"}


def test_each_commit_is_durable_and_deleted_rows_are_not_wiped(start_journal: Start) -> None:
    journal = start_journal()
    wait_until(lambda: journal.state().is_writing)
    store = journal._store
    assert store is not None
    pragmas = {name: store._connection.execute(f"PRAGMA {name}").fetchone()[0]
               for name in ("journal_mode", "synchronous", "secure_delete")}  # fmt: skip
    assert pragmas == {"journal_mode": "wal", "synchronous": 2, "secure_delete": 0}


def test_a_newer_journal_is_refused_with_both_versions(start_journal: Start, path: Path) -> None:
    start_journal().close()
    newer = len(schema.MIGRATIONS) + 1
    query(path, f"PRAGMA user_version = {newer}")
    journal = start_journal()
    journal.record(record())
    wait_until(lambda: journal.state().error is not None)
    error = journal.state().error or ""
    assert f"version {newer}" in error
    assert "install the newer program" in error
    assert not journal.state().is_writing
    with pytest.raises(JournalError, match=f"version {newer}"):
        JournalReader(path).newest_utc_ms()


def test_a_file_of_another_program_is_left_alone(start_journal: Start, path: Path) -> None:
    query(path, "CREATE TABLE theirs (a)")
    before = path.read_bytes()
    journal = start_journal()
    wait_until(lambda: journal.state().error is not None)
    assert "another program" in (journal.state().error or "")
    journal.close()
    assert path.read_bytes() == before


def test_a_journal_deleted_while_it_runs_is_begun_again(start_journal: Start, path: Path) -> None:
    journal = start_journal()
    journal.record(record(0.0))
    wait_until(lambda: journal.state().rows == 1)
    for part in path.parent.glob(path.name + "*"):
        part.unlink()
    journal.record(record(1.0))
    journal.close()
    assert query(path, "SELECT utc_ms FROM period_si") == [(START_MS + 1000,)]


def test_settings_have_help_and_defaults_within_their_ranges() -> None:
    adapter = TypeAdapter(JournalSettings)
    assert adapter.validate_python({}) == JournalSettings()
    for hint in get_type_hints(JournalSettings, include_extras=True).values():
        assert hint.__metadata__[0].description
    with pytest.raises(ValidationError):
        adapter.validate_python({"batch_s": 0})


def test_events_beyond_their_limit_are_counted_in_the_gap(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vigie.telemetry.waiting._EVENTS_LIMIT", 3)
    waiting = Waiting(60, machine_monotonic_s)
    for second in range(5):
        waiting.add_event(switching(second, "R2"))
    batch = waiting.take()
    assert batch.events == [switching(second, "R2") for second in (2, 3, 4)]
    assert batch.gap == DroppedRows(START_MS, START_MS + 1000, 0, 2)


def test_what_is_put_back_comes_first_again_and_the_oldest_goes_first() -> None:
    waiting = Waiting(60, machine_monotonic_s)
    for second in range(50):
        waiting.add_period(record(second))
    batch = waiting.take()
    for second in range(50, 70):
        waiting.add_period(record(second))
    assert waiting.counts() == (70, 0), "what is being written counts, and cannot be dropped"
    waiting.put_back(batch)
    assert waiting.counts() == (60, 10)
    again = waiting.take()
    assert [period.utc_ms for period in again.periods] == [START_MS + 1000 * s for s in range(10, 70)]
    assert again.gap == DroppedRows(START_MS, START_MS + 9000, 10, 0)


def test_a_journal_of_the_first_version_is_carried_on(start_journal: Start, reader: JournalReader, path: Path) -> None:
    columns = len(schema.period_columns()) - 2
    with closing(sqlite3.connect(path)) as connection:
        for statement in schema.MIGRATIONS[0]:
            connection.execute(statement)
        connection.execute(f"PRAGMA application_id = {schema.APPLICATION_ID}")
        connection.execute("PRAGMA user_version = 1")
        connection.execute(
            f"INSERT INTO period VALUES ({', '.join('?' * columns)})", schema.period_row(record())[:columns]
        )
        connection.commit()
    journal = start_journal()
    journal.record(record(1.0))
    journal.close()
    rows = query(path, "SELECT utc_ms, battery_bus_v, ambient_c FROM period_si ORDER BY 1")
    assert rows == [(START_MS, 12.9, None), (START_MS + 1000, 12.9, 21.5)]
    assert reader.series("ambient_c", None, START_MS, START_MS + 2000, 2).mean[-1] == 21.5
