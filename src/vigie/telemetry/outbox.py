"""The outbox: messages on their way to people, in tables of the journal's own file.

The controller makes and migrates the file; the web process only adds to it, in transactions of milliseconds.
A commit here is not flushed to the disk by itself: after a power cut cursor and messages are found together as
they were a moment before, and the same messages are made again under the same message ids.
"""

import json
import sqlite3
import threading
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

from vigie.errors import JournalError
from vigie.telemetry.journal_file import JournalFile
from vigie.telemetry.outbox_schema import STATEMENTS

_ALARM = "alarm"
_CURSOR = "cursor"
_LETTERS_KEPT_MS = 30 * 86_400_000
_BITE = 1000
_EVENT = "SELECT id, utc_ms, subject, before, after, reason, who, text, data FROM event"


NOT_YET_WRITTEN = -1


class AlarmEvent(NamedTuple):
    """An alarm's change as the journal has it."""

    id: int
    """Row in the journal; 0 when the journal may never have it, ``NOT_YET_WRITTEN`` when it will."""
    utc_ms: int
    alarm: str
    before: str
    after: str
    """Name of the standing."""
    change: str
    who: str
    why: str
    data: Mapping[str, float | int | str]


class Letter(NamedTuple):
    """One message to one receiver. Times are milliseconds UTC of the machine, ``happened`` of the plant."""

    message_id: str
    receiver: str
    kind: str
    alarm: str
    """Name of the alarm it tells of, or empty."""
    severity: int
    thread: str
    subject: str
    line: str
    """The message in one line, for a summary."""
    text: str
    html: str
    happened_utc_ms: int
    created_utc_ms: int
    state: str = "waiting"
    """waiting, sent, folded (into a summary), refused or expired."""
    tries: int = 0
    next_try_utc_ms: int = 0
    """0 unless the server put off this very message."""
    settled_utc_ms: int = 0
    last_error: str = ""
    id: int = 0


class TrackedAlarm(NamedTuple):
    """What has been told of an alarm."""

    alarm: str
    standing: str
    severity: int
    """The highest since it was raised."""
    first_utc_ms: int
    """When it was raised after having been normal: the beginning of its thread of messages."""
    raised_utc_ms: int
    """When it was last raised."""
    is_over: bool
    """Its end has been told."""
    is_from_memory: bool
    """Told from the controller's live report, because the journal did not have it in time."""
    reminded_utc_ms: int
    """When somebody was last told that it stands, on the machine's calendar."""
    data: Mapping[str, float | int | str]


_LETTER_COLUMNS = Letter._fields
_LETTER = f"SELECT {', '.join(_LETTER_COLUMNS)} FROM outbox"  # noqa: S608 - own names only
_INSERT_LETTER = (
    f"INSERT OR IGNORE INTO outbox ({', '.join(_LETTER_COLUMNS[:-1])}) "  # noqa: S608 - own names only
    f"VALUES ({', '.join('?' * (len(_LETTER_COLUMNS) - 1))})"
)
_PUT_ALARM = f"INSERT OR REPLACE INTO outbox_alarm VALUES ({', '.join('?' * len(TrackedAlarm._fields))})"  # noqa: S608
_PUT_MARK = "INSERT OR REPLACE INTO outbox_mark VALUES (?, ?)"


class Outbox(JournalFile):
    """The outbox in a journal; usable from several threads. See :class:`JournalFile` for what methods raise."""

    def __init__(self, path: Path | None) -> None:
        """Name the journal; None keeps the outbox in memory, for as long as the disk takes nothing."""
        super().__init__(path or Path(), "outbox")
        self._is_in_memory = path is None
        self._lock = threading.RLock()

    @property
    def identity(self) -> int:
        """Number of the file that was opened last, -1 before."""
        return self._inode

    def cursor(self) -> int:
        """Return the last event that was turned into messages, 0 at the beginning."""
        return int(self.mark(_CURSOR) or 0)

    def new_events(self, after_id: int, limit: int = 100) -> tuple[list[AlarmEvent], int]:
        """Return the alarm events after ``after_id``, oldest first, and the id up to which all have been seen."""
        with self.lent() as connection:
            (end,) = connection.execute("SELECT coalesce(max(id), 0) FROM event").fetchone()
            rows = connection.execute(
                f"{_EVENT} WHERE id > ? AND id <= ? AND +kind = ? ORDER BY id LIMIT ?", (after_id, end, _ALARM, limit)
            ).fetchall()
        events = [_event(row) for row in rows]
        return events, events[-1].id if len(events) == limit else max(int(end), after_id)

    def last_event(self, alarm: str) -> AlarmEvent | None:
        """Return the newest event of an alarm."""
        with self.lent() as connection:
            row = connection.execute(
                f"{_EVENT} WHERE kind = ? AND subject = ? ORDER BY id DESC LIMIT 1", (_ALARM, alarm)
            ).fetchone()
        return None if row is None else _event(row)

    def note(self, event: AlarmEvent) -> None:
        """Write an alarm event of the web process itself."""
        data = json.dumps(dict(event.data), ensure_ascii=False, separators=(",", ":"))
        with self.transaction() as connection:
            connection.execute(
                "INSERT INTO event (utc_ms, kind, subject, before, after, reason, who, text, data) "
                "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    event.utc_ms,
                    _ALARM,
                    event.alarm,
                    event.before,
                    event.after,
                    event.change,
                    event.who,
                    event.why,
                    data,
                ),
            )

    def enqueue(
        self,
        letters: Sequence[Letter],
        alarms: Sequence[TrackedAlarm] = (),
        cursor: tuple[int, int] | None = None,
        marks: Mapping[str, str] = MappingProxyType({}),
    ) -> bool:
        """Keep messages, what they told, and how far the events have been read, all or nothing.

        Args:
            letters: new messages; one whose message id is there already is left out.
            alarms: alarms as they stand now.
            cursor: (what :meth:`cursor` was when the events were read, what it becomes).
            marks: values to remember by name.

        Returns:
            False, and nothing is kept, when another program has moved the cursor meanwhile.
        """
        with self.transaction() as connection:
            if cursor is not None:
                was, becomes = cursor
                row = connection.execute("SELECT value FROM outbox_mark WHERE name = ?", (_CURSOR,)).fetchone()
                if int(row[0] if row else 0) != was:
                    return False
                connection.execute(_PUT_MARK, (_CURSOR, str(becomes)))
            connection.executemany(_INSERT_LETTER, [letter[:-1] for letter in letters])
            connection.executemany(_PUT_ALARM, [_alarm_row(alarm) for alarm in alarms])
            connection.executemany(_PUT_MARK, marks.items())
        return True

    def alarms(self) -> list[TrackedAlarm]:
        """Return the alarms told so far."""
        with self.lent() as connection:
            rows = connection.execute("SELECT * FROM outbox_alarm").fetchall()
        return [TrackedAlarm._make((*row[:5], bool(row[5]), bool(row[6]), row[7], _facts(row[8]))) for row in rows]

    def waiting(self) -> list[Letter]:
        """Return the messages that have not left, oldest first."""
        with self.lent() as connection:
            rows = connection.execute(f"{_LETTER} WHERE state = 'waiting' ORDER BY id").fetchall()
        return [_letter(row) for row in rows]

    def letters(self, limit: int = 100) -> list[Letter]:
        """Return the newest messages of any state, newest first."""
        with self.lent() as connection:
            rows = connection.execute(f"{_LETTER} ORDER BY id DESC LIMIT ?", (limit,)).fetchall()
        return [_letter(row) for row in rows]

    def settle(self, letters: Collection[Letter]) -> None:
        """Write how it stands with messages: their state, tries, next try and last error."""
        with self.transaction() as connection:
            connection.executemany(
                "UPDATE outbox SET state = ?, tries = ?, next_try_utc_ms = ?, settled_utc_ms = ?, last_error = ? "
                "WHERE message_id = ? AND state = 'waiting'",
                [(x.state, x.tries, x.next_try_utc_ms, x.settled_utc_ms, x.last_error, x.message_id) for x in letters],
            )

    def fold(self, summary: Letter, letters: Sequence[Letter]) -> None:
        """Put one summary in the place of several messages."""
        with self.transaction() as connection:
            connection.execute(_INSERT_LETTER, summary[:-1])
            connection.executemany(
                "UPDATE outbox SET state = 'folded', settled_utc_ms = ? WHERE message_id = ?",
                [(summary.created_utc_ms, letter.message_id) for letter in letters],
            )

    def sent_since(self, utc_ms: int) -> list[Letter]:
        """Return the messages handed over since then, oldest first."""
        with self.lent() as connection:
            rows = connection.execute(
                f"{_LETTER} WHERE state = 'sent' AND settled_utc_ms >= ? ORDER BY settled_utc_ms", (utc_ms,)
            ).fetchall()
        return [_letter(row) for row in rows]

    def last_fates(self) -> dict[str, str]:
        """Return by receiver how it ended with the last message that left or was given up: sent, refused, expired."""
        with self.lent() as connection:
            rows = connection.execute(
                "SELECT receiver, state, max(id) FROM outbox WHERE state IN ('sent', 'refused', 'expired') "
                "GROUP BY receiver"
            ).fetchall()
        return {receiver: state for receiver, state, _ in rows}

    def undelivered_since(self, utc_ms: int) -> int:
        """Return how many messages have been given up since then."""
        with self.lent() as connection:
            (count,) = connection.execute(
                "SELECT count(*) FROM outbox WHERE state IN ('refused', 'expired') AND settled_utc_ms >= ?", (utc_ms,)
            ).fetchone()
        return int(count)

    def mark(self, name: str) -> str | None:
        """Return a remembered value."""
        with self.lent() as connection:
            row = connection.execute("SELECT value FROM outbox_mark WHERE name = ?", (name,)).fetchone()
        return None if row is None else str(row[0])

    def trim(self, now_utc_ms: int) -> None:
        """Delete some messages that left more than 30 days ago."""
        with self.transaction() as connection:
            connection.execute(
                "DELETE FROM outbox WHERE id IN (SELECT id FROM outbox WHERE state <> 'waiting' "
                "AND settled_utc_ms < ? LIMIT ?)",
                (now_utc_ms - _LETTERS_KEPT_MS, _BITE),
            )

    def close(self) -> None:
        """Close the file; the next question opens it again. What is in memory is gone."""
        with self._lock:
            super().close()

    @contextmanager
    def lent(self) -> Iterator[sqlite3.Connection]:
        """Lend the connection for one question; others wait."""
        with self._lock:
            try:
                if not self._is_in_memory:
                    with super().lent() as connection:
                        yield connection
                else:
                    yield self._in_memory()
            except (sqlite3.Error, ValueError, TypeError) as error:
                raise JournalError(f"the outbox cannot be used: {error}") from error

    def _in_memory(self) -> sqlite3.Connection:
        if self._connection is None:
            self._connection = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
            for statement in STATEMENTS:
                self._connection.execute(statement)
        return self._connection


def _event(row: tuple[int, int, str, str, str, str, str, str, str]) -> AlarmEvent:
    return AlarmEvent(*row[:-1], _facts(row[-1]))


def _facts(text: str) -> dict[str, float | int | str]:
    """Return an event's data; a damaged one is nothing, and must not hold up all the others."""
    with suppress(ValueError, RecursionError):
        data = json.loads(text)
        return data if isinstance(data, dict) else {}
    return {}


def _letter(row: Sequence[object]) -> Letter:
    return Letter(*row)  # type: ignore[arg-type]


def _alarm_row(alarm: TrackedAlarm) -> tuple[object, ...]:
    return (*alarm[:-1], json.dumps(dict(alarm.data), ensure_ascii=False, separators=(",", ":")))
