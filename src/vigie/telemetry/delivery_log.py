"""What delivery keeps in the journal's own file: how far it has come, what was refused, how it goes.

A commit here is not flushed to the disk by itself: after a power cut the cursor is found as it was a moment before,
and the same periods are sent again.
"""

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

from vigie.errors import JournalError
from vigie.telemetry.delivery_schema import BEFORE_ALL, NO_LIMIT
from vigie.telemetry.journal_file import JournalFile
from vigie.telemetry.rows import Row
from vigie.telemetry.schema import HOUR_MS, KEYS_PER_MS, period_columns

FRESH_MS = 180_000
"""What delivery told of itself counts for this long; then the journal is asked instead."""

_ROWS = f"SELECT {', '.join(period_columns())} FROM period WHERE key > ? AND key <= ? ORDER BY key LIMIT ?"  # noqa: S608
_ROW_BEFORE = f"SELECT {', '.join(period_columns())} FROM period WHERE key <= ? ORDER BY key DESC LIMIT 1"  # noqa: S608

_COUNT = "SELECT count(*) FROM period WHERE key > ? AND key <= ?"
_HOURS = "SELECT min(start_utc_ms), sum(periods) FROM hour WHERE start_utc_ms >= ? AND start_utc_ms < ?"


class Cursor(NamedTuple):
    """How far delivery has come: everything up to ``key`` in the pass ``step_id``, and all passes before it."""

    step_id: int
    key: int


START = Cursor(0, BEFORE_ALL)


class Chunk(NamedTuple):
    """A piece of the journal in the order of its calendar, of one pass."""

    before: Row | None
    """The row before the first one, so that what ends can be told from what was never there."""
    sent: tuple[Row, ...]
    """Rows of the first row's own millisecond that were delivered earlier."""
    rows: tuple[Row, ...]
    end: Cursor
    """The cursor once these rows are settled."""
    is_all: bool
    """Nothing waits behind it."""


class DeliveryStanding(NamedTuple):
    """How delivery goes, as it tells itself."""

    url: str = ""
    reached_step_id: int = START.step_id
    """With ``reached_key`` the cursor delivery has come to; the saved one stays behind it for safety."""
    reached_key: int = START.key
    waiting_periods: int = 0
    lag_s: float = 0.0
    merged_periods: int = 0
    """Periods of one millisecond that a store can keep only one of, since the beginning."""
    last_ok_utc_ms: int | None = None
    last_error: str = ""
    updated_utc_ms: int = 0
    is_settings: bool = False
    """The error stays until somebody changes a setting: address, certificate or login."""


class Aside(NamedTuple):
    """A stretch of the journal the store has refused for good."""

    from_key: int
    to_key: int
    series: str
    """The one series that was refused, empty for all of them."""
    samples: int
    status: int
    """HTTP status; 0 when it was never sent."""
    words: str
    url: str
    first_utc_ms: int
    """When it was refused, on the machine's calendar."""
    last_utc_ms: int
    is_wanted: bool = False
    """Somebody asked to send it again."""
    id: int = 0


class DeliveryState(NamedTuple):
    """How delivery is doing, for people and alarms."""

    url: str
    """Where it last sent to; empty when nothing was ever sent."""
    delivered_utc_ms: int | None
    """The newest period delivered, on the plant's calendar."""
    waiting_periods: int
    lag_s: float
    """The longest a period has waited lately between its end and the store's yes, or how long the oldest waits."""
    set_aside: int
    """Stretches the store has refused for good."""
    lost_periods: int
    """Periods that retention deleted before they were delivered."""
    merged_periods: int
    last_ok_utc_ms: int | None
    """When the store last took something, on the machine's calendar."""
    last_error: str
    """Why nothing is taken now; empty while all is well."""
    updated_utc_ms: int
    """When this was written, on the machine's calendar; an old date: delivery does not run."""
    is_settings: bool = False
    """The error stays until somebody changes a setting: address, certificate or login."""


_STANDING = DeliveryStanding._fields
_ASIDE = Aside._fields
_SELECT_ASIDE = f"SELECT {', '.join(_ASIDE)} FROM delivery_aside"  # noqa: S608 - own names only
_INSERT_ASIDE = f"INSERT INTO delivery_aside ({', '.join(_ASIDE[:-1])}) VALUES ({', '.join('?' * (len(_ASIDE) - 1))})"  # noqa: S608


class DeliveryLog(JournalFile):
    """Delivery's part of a journal: see :class:`JournalFile` for what every method may raise."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, "delivery")

    def begin(self) -> tuple[Cursor, DeliveryStanding]:
        """Return how far delivery has come and how it went; a journal new to delivery is sent from its beginning."""
        with self.transaction() as connection:
            connection.execute(
                "INSERT OR IGNORE INTO delivery VALUES (1, ?, ?, '', ?, ?, 0, 0.0, 0, 0, NULL, '', 0, 0)",
                (*START, *START),
            )
            row = connection.execute(f"SELECT step_id, key, {', '.join(_STANDING)} FROM delivery").fetchone()  # noqa: S608
        return Cursor(*row[:2]), DeliveryStanding(*row[2:])

    def read(self, after: Cursor, limit: int) -> Chunk:
        """Return at most ``limit`` rows that follow the cursor; it may lead into the next pass without any row.

        Rows of one millisecond are never torn apart, unless there are more of them than ``limit``.
        """
        with self.snapshot() as connection:
            step, to_key = _pass_of(connection, after.step_id)
            rows = connection.execute(_ROWS, (after.key, to_key, limit + 1)).fetchall()
            if len(rows) > limit:
                rows = _whole_instants(rows[:-1], rows[-1])
                return _chunk(connection, rows, Cursor(after.step_id, rows[-1][0] or 0), is_all=False)
            end = Cursor(after.step_id, rows[-1][0] if rows else after.key)
            return _chunk(connection, rows, step or end, is_all=step is None)

    def was_set_back(self, cursor: Cursor) -> bool:
        """Return whether the calendar was set back after the pass the cursor is in."""
        with self.snapshot() as connection:
            return _pass_of(connection, cursor.step_id)[0] is not None

    def read_stretch(self, after_key: int, to_key: int, limit: int) -> Chunk:
        """Return rows between two keys, whatever passes they are of; the end's ``step_id`` has no meaning."""
        with self.snapshot() as connection:
            rows = connection.execute(_ROWS, (after_key, to_key, limit + 1)).fetchall()
            is_all = len(rows) <= limit
            if not is_all:
                rows = _whole_instants(rows[:-1], rows[-1])
            return _chunk(connection, rows, Cursor(0, rows[-1][0] if rows else to_key), is_all=is_all)

    def save(self, was: Cursor, cursor: Cursor, standing: DeliveryStanding, refused: Sequence[Aside] = ()) -> None:
        """Keep how far delivery has come, how it goes and what was refused on the way, all or nothing.

        Raises:
            JournalError: also when the cursor in the file is not where it ``was``: it is another file, or another
                delivery works on it.
        """
        changes = ", ".join(f"{name} = ?" for name in _STANDING)
        with self.transaction() as connection:
            changed = connection.execute(
                f"UPDATE delivery SET step_id = ?, key = ?, {changes} WHERE step_id = ? AND key = ?",  # noqa: S608
                (*cursor, *standing, *was),
            )
            if not changed.rowcount:
                raise JournalError("somebody else has moved the journal or delivery's cursor in it: reading it anew")
            for aside in refused:
                _put_aside(connection, aside)
            connection.execute("DELETE FROM step_back WHERE id < ?", (cursor.step_id,))

    def asides(self) -> list[Aside]:
        """Return what was refused for good, oldest first."""
        with self.lent() as connection:
            rows = connection.execute(f"{_SELECT_ASIDE} ORDER BY id").fetchall()
        return [_aside(row) for row in rows]

    def wanted(self) -> Aside | None:
        """Return the first stretch that somebody asked to send again."""
        with self.lent() as connection:
            row = connection.execute(f"{_SELECT_ASIDE} WHERE is_wanted ORDER BY id LIMIT 1").fetchone()
        return None if row is None else _aside(row)

    def want_again(self) -> int:
        """Ask to send everything again that was refused; return how many stretches that is."""
        with self.transaction() as connection:
            return connection.execute("UPDATE delivery_aside SET is_wanted = 1").rowcount

    def want_from(self, utc_ms: int, url: str, now_utc_ms: int) -> None:
        """Ask to send everything again that ended since an instant, delivered or not."""
        with self.transaction() as connection:
            (to_key,) = connection.execute("SELECT coalesce(max(key), 0) FROM period").fetchone()
            aside = Aside(
                utc_ms * KEYS_PER_MS, to_key, "", 0, 0, "asked for", url, now_utc_ms, now_utc_ms, is_wanted=True
            )
            connection.execute(_INSERT_ASIDE, aside[:-1])

    def shorten(self, aside: Aside, end_key: int, refused: Sequence[Aside] = ()) -> None:
        """Note that a wanted stretch has been sent again up to ``end_key``, and what of it was refused once more."""
        with self.transaction() as connection:
            if end_key >= aside.to_key:
                connection.execute("DELETE FROM delivery_aside WHERE id = ?", (aside.id,))
            else:
                connection.execute("UPDATE delivery_aside SET from_key = ? WHERE id = ?", (end_key + 1, aside.id))
            for one in refused:
                _put_aside(connection, one)

    def forget(self) -> int:
        """Give up everything that was refused; return how many stretches that was."""
        with self.transaction() as connection:
            return connection.execute("DELETE FROM delivery_aside").rowcount

    def newest_utc_ms(self) -> int | None:
        """Return the instant of the newest period, None when there is none."""
        with self.lent() as connection:
            (key,) = connection.execute("SELECT max(key) FROM period").fetchone()
        return None if key is None else int(key) // KEYS_PER_MS

    def waiting(self, cursor: Cursor) -> int:
        """Return how many periods wait behind a cursor."""
        with self.snapshot() as connection:
            count = 0
            while True:
                step, to_key = _pass_of(connection, cursor.step_id)
                count += _count(connection, cursor.key, to_key)
                if step is None:
                    return count
                cursor = step

    def state(self, now_utc_ms: int) -> DeliveryState:
        """Return how delivery is doing at ``now_utc_ms`` of the machine."""
        with self.lent() as connection:
            row = connection.execute(
                f"SELECT lost_periods, {', '.join(_STANDING)}, "  # noqa: S608 - own names only
                "(SELECT count(*) FROM delivery_aside WHERE NOT is_wanted), (SELECT max(key) FROM period) FROM delivery"
            ).fetchone()
        if row is None:
            return DeliveryState("", None, self.waiting(START), 0.0, 0, 0, 0, None, "", 0)
        lost, standing = row[0], DeliveryStanding(*row[1:-2])
        cursor = Cursor(standing.reached_step_id, standing.reached_key)
        aside_count, newest_key = row[-2:]
        delivered = None if cursor.key == BEFORE_ALL else cursor.key // KEYS_PER_MS
        waiting, lag_s = standing.waiting_periods, standing.lag_s
        if standing.last_error or not 0 <= now_utc_ms - standing.updated_utc_ms <= FRESH_MS:
            waiting = self.waiting(cursor)
            if waiting and delivered is not None and newest_key is not None:
                lag_s = max(lag_s, (newest_key // KEYS_PER_MS - delivered) / 1000)
        return DeliveryState(
            standing.url, delivered, waiting, lag_s, aside_count, lost, standing.merged_periods,
            standing.last_ok_utc_ms, standing.last_error, standing.updated_utc_ms, bool(standing.is_settings),
        )  # fmt: skip


def _pass_of(connection: sqlite3.Connection, step_id: int) -> tuple[Cursor | None, int]:
    """Return where the pass after ``step_id`` begins (None: it is still to come), and the last key of this one."""
    row = connection.execute(
        "SELECT id, key, before_key FROM step_back WHERE id > ? ORDER BY id LIMIT 1", (step_id,)
    ).fetchone()
    if row is not None:
        return Cursor(row[0], row[1] - 1), int(row[2])
    row = connection.execute("SELECT reached_key FROM step_back WHERE id = ?", (step_id,)).fetchone()
    return None, NO_LIMIT if row is None or row[0] is None else int(row[0])


def _count(connection: sqlite3.Connection, after_key: int, to_key: int) -> int:
    """Return how many rows lie above a key, up to another; about, where the calendar passed an hour twice.

    Months of them may wait, hundreds of megabytes: whole hours are told by their roll-ups.
    """
    span = (after_key, to_key)
    (first_key,) = connection.execute("SELECT min(key) FROM period WHERE key > ? AND key <= ?", span).fetchone()
    if first_key is None:
        return 0
    (last_key,) = connection.execute("SELECT max(key) FROM period WHERE key > ? AND key <= ?", span).fetchone()
    next_hour_ms = -(-first_key // (KEYS_PER_MS * HOUR_MS)) * HOUR_MS
    until_ms = last_key // (KEYS_PER_MS * HOUR_MS) * HOUR_MS
    from_ms, rolled = connection.execute(_HOURS, (next_hour_ms, until_ms)).fetchone()
    if from_ms is None:
        return int(connection.execute(_COUNT, span).fetchone()[0])
    (before,) = connection.execute(_COUNT, (after_key, from_ms * KEYS_PER_MS - 1)).fetchone()
    (behind,) = connection.execute(_COUNT, (until_ms * KEYS_PER_MS - 1, to_key)).fetchone()
    return int(before + rolled + behind)


def _whole_instants(rows: list[Row], following: Row) -> list[Row]:
    """Leave rows at the end for the next time when their millisecond goes on behind them."""
    instant = (following[0] or 0) // KEYS_PER_MS
    whole = list(rows)
    while whole and (whole[-1][0] or 0) // KEYS_PER_MS == instant:
        whole.pop()
    return whole or rows


def _chunk(connection: sqlite3.Connection, rows: Sequence[Row], end: Cursor, *, is_all: bool) -> Chunk:
    before, sent = None, []
    if rows:
        first_key = rows[0][0] or 0
        instant_key = first_key // KEYS_PER_MS * KEYS_PER_MS
        sent = connection.execute(_ROWS, (instant_key - 1, first_key - 1, KEYS_PER_MS)).fetchall()
        before = connection.execute(_ROW_BEFORE, (instant_key - 1,)).fetchone()
    return Chunk(before, tuple(sent), tuple(rows), end, is_all)


def _put_aside(connection: sqlite3.Connection, aside: Aside) -> None:
    """Keep a refused stretch; one that goes on right behind another of the same kind becomes part of it.

    What is kept already was sent and refused once more.
    """
    (is_known,) = connection.execute(
        "SELECT EXISTS (SELECT 1 FROM delivery_aside WHERE series IN ('', ?) AND from_key <= ? AND to_key >= ? "
        "AND NOT is_wanted)",
        (aside.series, aside.from_key, aside.to_key),
    ).fetchone()
    if is_known:
        return
    row = connection.execute(
        f"{_SELECT_ASIDE} WHERE series = ? AND status = ? AND url = ? AND to_key < ? AND NOT is_wanted "
        "ORDER BY to_key DESC LIMIT 1",
        (aside.series, aside.status, aside.url, aside.from_key),
    ).fetchone()
    earlier = None if row is None else _aside(row)
    if earlier is None or _is_between(connection, earlier.to_key, aside.from_key):
        connection.execute(_INSERT_ASIDE, aside[:-1])
        return
    connection.execute(
        "UPDATE delivery_aside SET to_key = ?, samples = ?, words = ?, last_utc_ms = ? WHERE id = ?",
        (aside.to_key, earlier.samples + aside.samples, aside.words, aside.last_utc_ms, earlier.id),
    )


def _is_between(connection: sqlite3.Connection, after_key: int, before_key: int) -> bool:
    """Return whether the journal has rows between two keys."""
    question = "SELECT EXISTS (SELECT 1 FROM period WHERE key > ? AND key < ?)"
    return bool(connection.execute(question, (after_key, before_key)).fetchone()[0])


def _aside(row: Sequence[object]) -> Aside:
    aside = Aside._make(row)
    return aside._replace(is_wanted=bool(aside.is_wanted))


def read_state(path: Path, now_utc_ms: int) -> DeliveryState:
    """Return how the delivery from a journal is doing, see :meth:`DeliveryLog.state`."""
    with closing(DeliveryLog(path)) as log:
        return log.state(now_utc_ms)
