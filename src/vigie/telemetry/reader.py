"""Reading the journal: series for charts, events, and what the journal remembers of relays and mode."""

import json
import os
import sqlite3
import threading
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from vigie.control.signals import Channel
from vigie.errors import JournalError
from vigie.telemetry.damage import CorruptJournal, is_of_the_machine, lenient_text
from vigie.telemetry.records import Event, EventKind, iso_utc
from vigie.telemetry.schema import AMBIENT, KEYS_PER_MS, ROLLED_PER_CHANNEL, TEMPERATURE
from vigie.telemetry.series import ChartSpan, Series, read_series
from vigie.telemetry.store import read_version

__all__ = ["JournalReader", "Series"]

_BUSY_TIMEOUT_S = 2.0
_PAGES_KIB = 512
"""Of the file kept by a connection, of which there are as many as questions asked at once: SQLite's own 2 MB each fill
over half an hour."""
_POINTS_LIMIT = 10_000
UNREADABLE = "unreadable"
"""Stands after a fault in the place of an event that cannot be read."""
Row = tuple[Any, ...]
_EVENT = "SELECT utc_ms, kind, subject, before, after, reason, who, text, data FROM event"


class JournalReader:
    """Reads a journal another thread or process may be writing. Usable from many threads.

    Every method raises :class:`~vigie.errors.JournalError` when the file is missing, of a newer version, or not a
    journal, and :class:`CorruptJournal` when what was asked for is damaged; the text says which and what to do.
    """

    def __init__(self, path: Path, gap_ms: int | None = None) -> None:
        """Prepare to read ``path``; ``gap_ms`` is for a log whose rows come when they like (:func:`read_series`)."""
        self._path = Path(path)
        self._gap_ms = gap_ms
        self._lock = threading.Lock()
        self._idle: list[_Lent] = []

    @property
    def path(self) -> Path:
        return self._path

    def series(self, quantity: str, channel: Channel | None, from_utc_ms: int, to_utc_ms: int, points: int) -> Series:
        """Return a quantity over ``from_utc_ms`` .. ``to_utc_ms`` (exclusive) in at most ``points`` buckets.

        Args:
            quantity: ``bus_v``, ``current_a``, ``power_w`` of a channel, or ``temperature_c``.
            channel: which channel; None for the temperature.
            from_utc_ms: first instant.
            to_utc_ms: end, not included.
            points: most buckets wanted, 1..10000.

        Raises:
            JournalError: also when the question makes no sense (unknown quantity, empty range).
        """
        column, per_unit = _column(quantity, channel)
        if not from_utc_ms < to_utc_ms:
            raise JournalError(f"range {from_utc_ms}..{to_utc_ms} ms is empty: its end must lie after its start")
        if not 1 <= points <= _POINTS_LIMIT:
            raise JournalError(f"points {points} outside 1..{_POINTS_LIMIT}")
        with self.connection() as connection:
            return read_series(connection, column, per_unit, ChartSpan(from_utc_ms, to_utc_ms, points), self._gap_ms)

    def events(
        self, from_utc_ms: int, to_utc_ms: int, kinds: Collection[EventKind] = (), limit: int = 200
    ) -> list[Event]:
        """Return the newest ``limit`` events of the range, newest first; of all ``kinds`` when none is given."""
        wanted = f" AND kind IN ({', '.join('?' * len(kinds))})" if kinds else ""
        with self.connection() as connection:
            rows = connection.execute(
                f"{_EVENT} WHERE utc_ms >= ? AND utc_ms < ?{wanted} ORDER BY utc_ms DESC, id DESC LIMIT ?",
                (from_utc_ms, to_utc_ms, *map(str, kinds), limit),
            ).fetchall()
        return [_shown(row) for row in rows]

    def oldest_utc_ms(self) -> int | None:
        """Return the calendar of the first thing kept, a whole hour or a period; None when there is none yet."""
        with self.connection() as connection:
            (key,) = connection.execute("SELECT min(key) FROM period").fetchone()
            (hour,) = connection.execute("SELECT min(start_utc_ms) FROM hour").fetchone()
        known = [one for one in (None if key is None else int(key) // KEYS_PER_MS, hour) if one is not None]
        return min(known, default=None)

    def newest_utc_ms(self) -> int | None:
        """Return the calendar of the latest period, None when there is none yet."""
        with self.connection() as connection:
            (key,) = connection.execute("SELECT max(key) FROM period").fetchone()
        return None if key is None else int(key) // KEYS_PER_MS

    def switching_counts(self) -> dict[str, int]:
        """Return how often each relay has moved, by its name; relays that never moved are not in it."""
        with self.connection() as connection:
            return dict(
                connection.execute(
                    "SELECT subject, count(*) FROM event WHERE kind = ? GROUP BY subject",
                    (str(EventKind.SWITCHING),),
                ).fetchall()
            )

    def switched_a(self) -> dict[str, float]:
        """Return the sum of the currents each relay has switched, as far as they were known."""
        with self.connection() as connection:
            rows = connection.execute(
                "SELECT subject, sum(json_extract(data, '$.switched_a')) FROM event "
                "WHERE kind = ? AND json_valid(data) GROUP BY subject",
                (str(EventKind.SWITCHING),),
            ).fetchall()
        return {subject: float(total) for subject, total in rows if total is not None}

    def newest_of_each(self, kind: EventKind) -> dict[str, Event]:
        """Return the last event of a kind about each of its subjects, by order of arrival.

        One that cannot be read is a fault with :data:`UNREADABLE` after it.
        """
        with self.connection() as connection:
            rows = connection.execute(
                f"{_EVENT} WHERE id IN (SELECT max(id) FROM event WHERE kind = ? GROUP BY subject)",  # noqa: S608
                (str(kind),),
            ).fetchall()
        return {row[2]: _shown(row) for row in rows}

    def last_of_kind(self, kind: EventKind) -> Event | None:
        """Return the last event of a kind, by order of arrival."""
        with self.connection() as connection:
            row = connection.execute(f"{_EVENT} WHERE kind = ? ORDER BY id DESC LIMIT 1", (str(kind),)).fetchone()
        return None if row is None else event_of(row)

    def last_mode(self) -> tuple[str, str, int] | None:
        """Return (mode name, who chose it, utc_ms) of the last mode event, by order of arrival."""
        event = self.last_event((EventKind.MODE,), "mode")
        return None if event is None else (event.after, event.who, event.utc_ms)

    def last_switching(self, relay: str) -> Event | None:
        """Return the last movement of a relay (``R1`` .. ``R4``), by order of arrival."""
        return self.last_event((EventKind.SWITCHING,), relay)

    def last_event(self, kinds: Collection[EventKind], subject: str) -> Event | None:
        """Return the last event of any of ``kinds`` about ``subject``, by order of arrival."""
        places = ", ".join("?" * len(kinds))
        with self.connection() as connection:
            row = connection.execute(
                f"{_EVENT} WHERE kind IN ({places}) AND subject = ? ORDER BY id DESC LIMIT 1",
                (*map(str, kinds), subject),
            ).fetchone()
        return None if row is None else event_of(row)

    @contextmanager
    def connection(self) -> Iterator[sqlite3.Connection]:
        """Lend a read-only connection; its errors come out as :class:`JournalError`."""
        lent = self._borrow()
        try:
            yield lent.connection
        except (sqlite3.Error, ValueError, TypeError, OverflowError, MemoryError) as error:
            lent.connection.close()
            raise _refusal(self._path, error) from error
        except BaseException:
            lent.connection.close()
            raise
        with self._lock:
            self._idle.append(lent)

    def close(self) -> None:
        """Close the connections that are not lent; the next question opens a new one."""
        with self._lock:
            while self._idle:
                self._idle.pop().connection.close()

    def _borrow(self) -> "_Lent":
        """Return an idle connection, a new one when there is none to the file the path leads to now."""
        door = self._door()
        with self._lock:
            while self._idle:
                lent = self._idle.pop()
                if lent.door == door:
                    return lent
                lent.connection.close()
        try:
            return _Lent(self._connect(door), door)
        except (sqlite3.Error, ValueError) as error:
            raise _refusal(self._path, error) from error

    def _door(self) -> "_Door":
        try:
            inode = self._path.stat().st_ino
        except OSError as error:
            raise JournalError(f"no journal at {self._path}: the controller has not run yet") from error
        has_log = self._path.with_name(self._path.name + "-wal").exists()
        is_writable = os.access(self._path.parent, os.W_OK, effective_ids=True)
        return _Door(inode, is_still=not has_log and not is_writable)

    def _connect(self, door: "_Door") -> sqlite3.Connection:
        options = "mode=ro&immutable=1" if door.is_still else "mode=ro"
        connection = sqlite3.connect(
            f"{self._path.resolve().as_uri()}?{options}",
            uri=True,
            timeout=_BUSY_TIMEOUT_S,
            isolation_level=None,
            check_same_thread=False,
        )
        connection.text_factory = lenient_text
        try:
            connection.execute(f"PRAGMA cache_size = -{_PAGES_KIB}").fetchone()
            version = read_version(connection, self._path)
        except BaseException:
            connection.close()
            raise
        if version == 0:
            connection.close()
            raise JournalError(f"no journal at {self._path} yet: the controller is just making it")
        return connection


class _Door(NamedTuple):
    """Which file the path leads to, and whether it lies still."""

    inode: int
    is_still: bool
    """Nobody writes it and the folder is read-only: SQLite then cannot make the log it would read."""


class _Lent(NamedTuple):
    connection: sqlite3.Connection
    door: _Door


def _column(quantity: str, channel: Channel | None) -> tuple[str, int]:
    for of_none in (TEMPERATURE, AMBIENT):
        if quantity == of_none.name and channel is None:
            return of_none.column, of_none.per_unit
    for candidate in ROLLED_PER_CHANNEL:
        if candidate.name == quantity and channel is not None:
            return f"{channel.name.lower()}_{candidate.column}", candidate.per_unit
    names = ", ".join(q.name for q in ROLLED_PER_CHANNEL)
    raise JournalError(
        f"no series {quantity!r} of {'no channel' if channel is None else channel.name.lower()}: "
        f"ask for {names} of a channel, or {TEMPERATURE.name} or {AMBIENT.name} of none"
    )


def _refusal(path: Path, error: Exception) -> JournalError:
    kind = JournalError if is_of_the_machine(error) else CorruptJournal
    return kind(f"journal {path} cannot be read: {error}")


def event_of(row: Row) -> Event:
    """Return an event of its cells, which may be damaged: a flipped bit makes bytes of a word or a number.

    Raises:
        CorruptJournal: it is damaged.
    """
    utc_ms, kind, subject, before, after, reason, who, text, data = row
    is_typed = isinstance(utc_ms, int) and all(isinstance(cell, str) for cell in row[1:])
    if not is_typed or any("\ufffd" in word for word in row[2:8]):
        raise CorruptJournal(f"an event cannot be read: {row}")
    try:
        facts = json.loads(data)
        event = Event(utc_ms, EventKind(kind), subject, before, after, reason, who, text, facts)
    except (ValueError, RecursionError) as error:
        raise CorruptJournal(f"an event of {iso_utc(utc_ms)} cannot be read: {error}") from error
    if not isinstance(facts, dict):
        raise CorruptJournal(f"an event of {iso_utc(utc_ms)} cannot be read: {row[1:]}")
    return event


def _shown(row: Row) -> Event:
    """Return an event, or what stands for one that cannot be read."""
    try:
        return event_of(row)
    except CorruptJournal as error:
        return Event(
            row[0] if isinstance(row[0], int) else 0, EventKind.FAULT, "journal", "", UNREADABLE, "", "", str(error), {}
        )
