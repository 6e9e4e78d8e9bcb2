"""Whoever follows the journal by its keys sees every row, however the calendar runs."""

import sqlite3
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vigie.telemetry.delivery_log import START, Cursor, DeliveryLog, DeliveryStanding
from vigie.telemetry.journal import JournalSettings
from vigie.telemetry.records import PeriodRecord
from vigie.telemetry.store import Store

from .samples import START_MS, record


def at(utc_ms: int) -> PeriodRecord:
    return record()._replace(utc_ms=START_MS + utc_ms)


def keys_in(path: Path) -> set[int]:
    with closing(sqlite3.connect(path)) as connection:
        return {key for (key,) in connection.execute("SELECT key FROM period")}


def marks(path: Path) -> list[tuple[int, int, int | None]]:
    with closing(sqlite3.connect(path)) as connection:
        rows = connection.execute("SELECT key / 64, before_key / 64, reached_key / 64 FROM step_back ORDER BY id")
        return [tuple(None if value is None else value - START_MS for value in row) for row in rows]


def drained(log: DeliveryLog, cursor: Cursor, limit: int = 7) -> tuple[Cursor, list[int]]:
    seen: list[int] = []
    while True:
        chunk = log.read(cursor, limit)
        seen += [row[0] or 0 for row in chunk.rows]
        cursor = chunk.end
        if chunk.is_all:
            return cursor, seen


def test_a_calendar_that_runs_forward_leaves_no_mark(path: Path) -> None:
    with closing(Store(path, JournalSettings())) as store:
        store.write([at(0), at(1000), at(1000), at(2000)], [], False)
    with closing(Store(path, JournalSettings())) as store:
        store.write([at(2500)], [], False)
    assert marks(path) == []


def test_a_step_back_is_marked_until_it_has_caught_up(path: Path) -> None:
    with closing(Store(path, JournalSettings())) as store:
        store.write([at(0), at(1000), at(2000)], [], False)
        store.write([at(500), at(1500)], [], True)
        assert marks(path) == [(500, 2000, 1500)]
        store.write([at(2500)], [], False)
        assert marks(path) == [(500, 2000, None)]


def test_a_step_back_across_a_restart_is_marked(path: Path) -> None:
    with closing(Store(path, JournalSettings())) as store:
        store.write([at(5000)], [], False)
    with closing(Store(path, JournalSettings())) as store:
        store.write([at(1000), at(2000)], [], False)
    with closing(Store(path, JournalSettings())) as store:
        store.write([at(3000)], [], False)
    assert marks(path) == [(1000, 5000, 3000)]


def test_a_write_that_fails_leaves_no_mark(path: Path) -> None:
    with closing(Store(path, JournalSettings())) as store:
        store.write([at(5000)], [], False)
        broken = at(2000)._replace(mode="cycle")  # type: ignore[arg-type]
        with pytest.raises(ValueError, match="cycle"):
            store.write([at(1000), broken], [], True)
        store.write([at(6000)], [], False)
    assert marks(path) == []


def test_rows_that_come_in_under_the_cursor_are_seen(path: Path) -> None:
    with closing(Store(path, JournalSettings())) as store, closing(DeliveryLog(path)) as log:
        store.write([at(0), at(1000), at(9000)], [], False)
        cursor, seen = drained(log, START)
        store.write([at(500)], [], True)
        cursor, more = drained(log, cursor)
        seen += more
        store.write([at(600), at(700)], [], False)  # above the newest row, under the highest
        cursor, more = drained(log, cursor)
        assert [key // 64 - START_MS for key in more] == [600, 700]
        seen += more
        store.write([at(9500)], [], False)
        cursor, more = drained(log, cursor)
        assert set(seen) | set(more) == keys_in(path)


def test_rows_of_one_millisecond_stay_together(path: Path) -> None:
    with closing(Store(path, JournalSettings())) as store, closing(DeliveryLog(path)) as log:
        store.write([at(0), at(1), at(1), at(1), at(2)], [], False)
        chunk = log.read(START, 2)
        assert len(chunk.rows) == 1
        chunk = log.read(chunk.end, 3)
        assert len(chunk.rows) == 3
        assert not chunk.is_all


def test_a_follower_between_them_learns_what_the_instant_has_already(path: Path) -> None:
    with closing(Store(path, JournalSettings())) as store, closing(DeliveryLog(path)) as log:
        store.write([at(0), at(1)], [], False)
        cursor, _ = drained(log, START)
        store.write([at(1)], [], False)
        chunk = log.read(cursor, 5)
        assert (len(chunk.sent), len(chunk.rows)) == (1, 1)
        assert chunk.before is not None
        assert (chunk.before[0] or 0) // 64 == START_MS


MEMORY = "/dev/shm" if Path("/dev/shm").is_dir() else None
writes = st.tuples(
    st.just("write"),
    st.sampled_from([-40, -9, -3, 0, 1, 5, 40]),
    st.lists(st.sampled_from([0, 0, 1, 1, 3, 7]), min_size=1),
)
steps = st.lists(
    st.one_of(writes, st.tuples(st.sampled_from(["restart", "read", "drain", "drain", "save"]))),
    min_size=4,
    max_size=30,
)


@given(steps=steps, limit=st.integers(1, 9))
@settings(max_examples=150, deadline=None)
def test_however_the_calendar_jumps_nothing_slips_under_the_cursor(steps: list[tuple], limit: int) -> None:
    """Writes with any jumps, restarts, a follower that reads now and then and is killed now and then."""
    with TemporaryDirectory(dir=MEMORY) as folder:
        path = Path(folder) / "journal.sqlite"
        store, now_ms = Store(path, JournalSettings()), 1000
        with closing(DeliveryLog(path)) as log:
            saved, _ = log.begin()
            cursor, seen = saved, set[int]()
            for step in steps:
                if step[0] == "write":
                    now_ms += step[1]
                    records = []
                    for advance in step[2]:
                        now_ms += advance
                        records.append(at(now_ms))
                    store.write(records, [], step[1] < 0)
                elif step[0] == "restart":
                    store.close()
                    store, cursor = Store(path, JournalSettings()), log.begin()[0]
                elif step[0] == "drain":
                    cursor, rows = drained(log, cursor, limit)
                    seen |= set(rows)
                elif step[0] == "read":
                    chunk = log.read(cursor, limit)
                    cursor = chunk.end
                    seen |= {row[0] or 0 for row in chunk.rows}
                else:
                    log.save(saved, cursor, DeliveryStanding())
                    saved = cursor
            cursor, rest = drained(log, cursor, limit)
            assert seen | set(rest) == keys_in(path)
            assert log.waiting(cursor) == 0
        store.close()
