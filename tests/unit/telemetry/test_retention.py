"""What is deleted when, by days, by what has been delivered, and by the size cap."""

import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import closing

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vigie.telemetry.delivery_schema import BEFORE_ALL
from vigie.telemetry.retention import DAY_MS, JournalSettings, believed_now_ms, trim, used_bytes
from vigie.telemetry.schema import KEYS_PER_MS, MIGRATIONS

NOW_MS = 20_000 * DAY_MS
MONTHS = JournalSettings(raw_days=30, undelivered_days=90)
EVERY_DAY = range(1, 121)
"""Days ago of the rows most tests begin with."""


def key(days_ago: float) -> int:
    return round(NOW_MS - days_ago * DAY_MS) * KEYS_PER_MS


@pytest.fixture
def journal() -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        for step in MIGRATIONS:
            for statement in step:
                connection.execute(statement)
        put(connection, EVERY_DAY)
        yield connection


def put(connection: sqlite3.Connection, days_ago: Iterable[float]) -> None:
    connection.execute("BEGIN")
    connection.executemany("INSERT INTO period (key) VALUES (?)", [(key(day),) for day in days_ago])
    connection.execute("COMMIT")


def deliver(connection: sqlite3.Connection, up_to_key: int, step_id: int = 0) -> None:
    """Let delivery have come to a key."""
    connection.execute("DELETE FROM delivery")
    place = (step_id, up_to_key)
    connection.execute(
        "INSERT INTO delivery VALUES (1, ?, ?, '', ?, ?, 0, 0.0, 0, 0, NULL, '', 0, 0)", (*place, *place)
    )


def set_aside(connection: sqlite3.Connection, from_day: float, to_day: float, *, is_wanted: bool = False) -> None:
    connection.execute(
        "INSERT INTO delivery_aside VALUES (NULL, ?, ?, '', 1, 400, 'no', '', 0, 0, ?)",
        (key(from_day), key(to_day), is_wanted),
    )


def days(connection: sqlite3.Connection) -> list[int]:
    """Return how many days ago the rows are that are left, newest first."""
    keys = [found for (found,) in connection.execute("SELECT key FROM period ORDER BY key DESC")]
    return [round((NOW_MS - found // KEYS_PER_MS) / DAY_MS) for found in keys]


def lost(connection: sqlite3.Connection) -> int:
    return int(connection.execute("SELECT lost_periods FROM delivery").fetchone()[0])


def test_without_remote_write_a_cursor_left_behind_keeps_nothing(journal: sqlite3.Connection) -> None:
    deliver(journal, key(60))
    set_aside(journal, 80, 70)
    trim(journal, MONTHS, NOW_MS, 1000)
    assert days(journal) == list(range(1, 31))


def test_what_is_delivered_goes_after_raw_days_and_the_rest_waits(journal: sqlite3.Connection) -> None:
    deliver(journal, key(60))
    trim(journal, MONTHS, NOW_MS, 1000, keeps_undelivered=True)
    assert days(journal) == list(range(1, 60))
    deliver(journal, key(1))
    trim(journal, MONTHS, NOW_MS, 1000, keeps_undelivered=True)
    assert days(journal) == list(range(1, 31))
    assert lost(journal) == 0


def test_what_is_not_delivered_within_its_limit_goes_and_is_counted(journal: sqlite3.Connection) -> None:
    deliver(journal, key(110))
    trim(journal, MONTHS, NOW_MS, 1000, keeps_undelivered=True)
    assert days(journal) == list(range(1, 91))
    assert lost(journal) == 109 - 90


@pytest.mark.parametrize("undelivered_days", [0, 5])
def test_a_limit_under_raw_days_changes_nothing(journal: sqlite3.Connection, undelivered_days: int) -> None:
    deliver(journal, BEFORE_ALL)
    trim(journal, MONTHS._replace(undelivered_days=undelivered_days), NOW_MS, 1000, keeps_undelivered=True)
    assert days(journal) == list(range(1, 31))
    assert lost(journal) == 90


def test_nothing_goes_that_delivery_has_not_even_begun_with(journal: sqlite3.Connection) -> None:
    trim(journal, MONTHS, NOW_MS, 1000, keeps_undelivered=True)
    assert days(journal) == list(range(1, 91))


def test_rows_kept_for_ever_stay_whatever_was_delivered(journal: sqlite3.Connection) -> None:
    deliver(journal, key(1))
    trim(journal, MONTHS._replace(raw_days=0), NOW_MS, 1000, keeps_undelivered=True)
    assert days(journal) == list(EVERY_DAY)


def test_what_was_refused_or_is_wanted_again_stays_and_what_lies_between_goes(journal: sqlite3.Connection) -> None:
    deliver(journal, key(1))
    set_aside(journal, 95, 85)
    set_aside(journal, 50, 45, is_wanted=True)
    set_aside(journal, 48, 44)
    trim(journal, MONTHS, NOW_MS, 1000, keeps_undelivered=True)
    assert days(journal) == [*range(1, 31), *range(44, 51), *range(85, 91)]
    journal.execute("DELETE FROM delivery_aside")
    trim(journal, MONTHS, NOW_MS, 1000, keeps_undelivered=True)
    assert days(journal) == list(range(1, 31))


def test_a_pass_of_the_calendar_that_waits_is_kept_on_its_own(journal: sqlite3.Connection) -> None:
    """From 100 to 40 days ago, back to 60 and on from there: delivered is the first pass up to 50 days ago."""
    journal.execute("INSERT INTO step_back VALUES (1, ?, ?, NULL)", (key(60), key(40)))
    deliver(journal, key(50))
    trim(journal, MONTHS, NOW_MS, 1000, keeps_undelivered=True)
    assert days(journal) == list(range(1, 61))
    deliver(journal, key(55), step_id=1)
    trim(journal, MONTHS, NOW_MS, 1000, keeps_undelivered=True)
    assert days(journal) == list(range(1, 55))


def test_a_bite_is_never_larger_than_asked_for(journal: sqlite3.Connection) -> None:
    deliver(journal, key(1))
    set_aside(journal, 115, 110)
    left = []
    for _ in range(4):
        trim(journal, MONTHS._replace(undelivered_days=200), NOW_MS, 30, keeps_undelivered=True)
        left.append(len(days(journal)))
    assert left == [90, 60, 36, 36]


PER_DAY = 700
CAPPED = JournalSettings(raw_days=30, undelivered_days=90, size_cap_mb=1)


def fill(journal: sqlite3.Connection, day_numbers: Iterable[int]) -> None:
    """Make it larger than the cap."""
    put(journal, (day + n / 1000 for day in day_numbers for n in range(1, PER_DAY)))
    assert used_bytes(journal) > 1_000_000


def shrink(journal: sqlite3.Connection, settings: JournalSettings = CAPPED) -> None:
    for _ in range(1000):
        if used_bytes(journal) <= 1_000_000:
            return
        trim(journal, settings, NOW_MS, 500, keeps_undelivered=True)
    pytest.fail("the cap did not have the last word")


def test_the_cap_has_the_last_word_over_what_is_not_delivered(journal: sqlite3.Connection) -> None:
    deliver(journal, BEFORE_ALL)
    fill(journal, range(1, 120))
    shrink(journal)
    left = days(journal)
    assert left[0] == 1
    assert left[-1] < 90
    assert lost(journal) == len(EVERY_DAY) + 119 * (PER_DAY - 1) - len(left)


def test_under_the_cap_what_is_delivered_goes_first(journal: sqlite3.Connection) -> None:
    deliver(journal, key(5))
    set_aside(journal, 80, 77)
    fill(journal, range(1, 80))
    before = Counter(days(journal))
    shrink(journal)
    left = Counter(days(journal))
    assert all(left[day] == before[day] for day in (1, 2, 3, 4, 78, 79))
    assert sum(left[day] for day in range(40, 77)) == 0
    assert sum(left[day] for day in range(5, 31)) > 0
    assert lost(journal) == 0


def test_the_cap_takes_what_lies_ahead_first_when_that_is_farther(journal: sqlite3.Connection) -> None:
    deliver(journal, key(-1001))
    fill(journal, [*range(-1000, -960), *range(1, 41)])
    shrink(journal)
    left = days(journal)
    assert 1 in left
    assert -1000 not in left


@given(
    cursor=st.integers(0, 130),
    asides=st.lists(st.tuples(st.integers(0, 130), st.integers(0, 130)), max_size=5),
    passes=st.lists(st.tuples(st.integers(0, 130), st.integers(0, 130)), max_size=3),
    raw=st.integers(0, 60),
    undelivered=st.integers(0, 140),
)
def test_a_row_goes_exactly_when_its_days_are_over_and_nobody_waits_for_it(
    cursor: int, asides: list[tuple[int, int]], passes: list[tuple[int, int]], raw: int, undelivered: int
) -> None:
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as journal:
        for step in MIGRATIONS:
            for statement in step:
                journal.execute(statement)
        put(journal, EVERY_DAY)
        deliver(journal, key(cursor))
        for one, other in asides:
            set_aside(journal, max(one, other), min(one, other))
        for at, before in passes:
            journal.execute(
                "INSERT INTO step_back VALUES (NULL, ?, ?, NULL)", (key(max(at, before)), key(min(at, before)))
            )
        waiting = journal.execute("SELECT after_key, to_key FROM delivery_waiting").fetchall()
        waiting += journal.execute("SELECT from_key - 1, to_key FROM delivery_aside").fetchall()

        def is_kept(day: int) -> bool:
            limit = raw
            if any(after < key(day) <= to for after, to in waiting):
                limit = max(raw, undelivered)
            return raw == 0 or day <= limit

        trim(journal, JournalSettings(raw_days=raw, undelivered_days=undelivered), NOW_MS, 1000, keeps_undelivered=True)
        assert days(journal) == [day for day in EVERY_DAY if is_kept(day)]


def put_hours(connection: sqlite3.Connection, first_day: float, last_day: float) -> None:
    """Let the journal have recorded every hour from one day to another (days ago)."""
    columns = [row[1] for row in connection.execute("PRAGMA table_info(hour)")]
    hours = range(round(last_day * 24), round(first_day * 24))
    connection.executemany(
        f"INSERT INTO hour ({', '.join(columns)}) VALUES (?{', 0' * (len(columns) - 1)})",
        [(NOW_MS - (hour + 1) * DAY_MS // 24,) for hour in hours],
    )


def test_a_calendar_that_has_run_for_a_week_is_believed(journal: sqlite3.Connection) -> None:
    put_hours(journal, 40, 0)
    assert believed_now_ms(journal, NOW_MS) == NOW_MS


@pytest.mark.parametrize("days_ahead", [60, 400])
@pytest.mark.parametrize("hours", [2, 100])
def test_a_wrong_calendar_deletes_nothing_however_far_it_is_ahead(
    journal: sqlite3.Connection, days_ahead: int, hours: int
) -> None:
    put_hours(journal, 120, 0)
    put_hours(journal, -days_ahead + hours / 24, -days_ahead)
    wrong_ms = NOW_MS + days_ahead * DAY_MS
    before = days(journal)
    settings = JournalSettings(raw_days=130, undelivered_days=130)
    trim(journal, settings, wrong_ms, 10_000, believed_ms=believed_now_ms(journal, wrong_ms))
    assert days(journal) == before
    trim(journal, settings, wrong_ms, 10_000)
    assert len(days(journal)) < len(before)


def test_the_calendar_that_is_right_again_is_believed_at_once(journal: sqlite3.Connection) -> None:
    put_hours(journal, 40, 0)
    put_hours(journal, -400 + 2 / 24, -400)
    assert believed_now_ms(journal, NOW_MS) == NOW_MS


def test_after_months_without_power_the_new_calendar_is_believed_within_a_week(journal: sqlite3.Connection) -> None:
    put_hours(journal, 120, 100)
    put_hours(journal, 6.9, 0)
    assert believed_now_ms(journal, NOW_MS) < NOW_MS - 80 * DAY_MS
    put_hours(journal, 7.1, 6.9)
    assert believed_now_ms(journal, NOW_MS) == NOW_MS
