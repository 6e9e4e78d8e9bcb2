"""The one connection that writes the journal's file; the writer thread is its only user."""

import json
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from vigie.errors import JournalError
from vigie.telemetry import passes, retention, rollups
from vigie.telemetry.damage import CorruptJournal, has_schema_of, is_of_the_machine
from vigie.telemetry.records import Event, PeriodRecord
from vigie.telemetry.retention import JournalSettings
from vigie.telemetry.schema import APPLICATION_ID, KEYS_PER_MS, MIGRATIONS, period_columns, period_row, state_names

_BUSY_TIMEOUT_S = 1.0
_WAL_LIMIT_BYTES = 8_388_608
_SETTLED_MS = 3_600_000
"""Nothing is deleted before the calendar has run this long without a step: a wrong clock deletes nothing."""
_BITE = 2000
_STEPS_TO_COME = 100
"""A version further ahead than this, on tables of this program's, is no newer program's."""

_INSERT_PERIOD = (
    f"INSERT INTO period VALUES ({', '.join('?' * len(period_columns()))}) "  # noqa: S608 - question marks
    "ON CONFLICT (key) DO NOTHING"
)
_INSERT_EVENT = (
    "INSERT INTO event (utc_ms, kind, subject, before, after, reason, who, text, data) "
    "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
)


class Store:
    """An open journal file. Every method may raise :class:`sqlite3.Error`; the file is then as it was."""

    def __init__(
        self, path: Path, settings: JournalSettings, is_first: bool = True, *, keeps_undelivered: bool = False
    ) -> None:
        """Open or create the file, migrate it, and finish its roll-ups.

        ``is_first``: the first time in this process; the file is then checked when its log says that the
        last program to write it did not end cleanly. ``keeps_undelivered``: see :func:`retention.trim`.

        Raises:
            JournalError: the file belongs to a newer version or to another program.
            CorruptJournal: it cannot be read, and neither disk nor another program is the reason.
        """
        self.path = path
        self._settings = settings
        self._keeps_undelivered = keeps_undelivered
        was_unclean = is_first and _size(path.with_name(path.name + "-wal")) > 0
        self._connection = sqlite3.connect(path, timeout=_BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False)
        try:
            self._prepare(was_unclean)
            self._inode = path.stat().st_ino
        except Exception as error:
            self._connection.close()
            if isinstance(error, JournalError) or is_of_the_machine(error):
                raise
            raise CorruptJournal(f"journal {path} is corrupt: {error}") from error
        self._settled_from_ms: int | None = None
        self._last_wish = -1

    def _prepare(self, was_unclean: bool) -> None:
        connection = self._connection
        version = read_version(connection, self.path)
        for pragma in (
            "journal_mode = WAL",
            "synchronous = FULL",
            f"journal_size_limit = {_WAL_LIMIT_BYTES}",
            "secure_delete = OFF",
            "cache_size = -256",  # a writer appends: a larger page cache only costs the controller memory
        ):
            connection.execute(f"PRAGMA {pragma}").fetchone()
        self._migrate(version)
        if was_unclean:
            (verdict,) = connection.execute("PRAGMA quick_check(1)").fetchone()
            if verdict != "ok":
                raise CorruptJournal(f"journal {self.path} is corrupt: {' '.join(verdict.split())}")
        self._name_states()
        self._pass = passes.load(connection)
        self._open = rollups.load_open(connection)
        if self._open:
            with self._transaction():
                rollups.roll(connection, self._open)
                rollups.save_open(connection, self._open, set())
            self._open = set()

    def _migrate(self, version: int) -> None:
        connection = self._connection
        for number, step in enumerate(MIGRATIONS[version:], start=version + 1):
            with self._transaction():
                for statement in step:
                    connection.execute(statement)
                connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
                connection.execute(f"PRAGMA user_version = {number}")

    def _name_states(self) -> None:
        """Bring what numbers of states are called up to this program's; what a newer one has added stays."""
        known = set(self._connection.execute("SELECT state, number, name FROM state_name"))
        missing = [row for row in state_names() if row not in known]
        if missing:
            with self._transaction():
                self._connection.executemany("INSERT OR REPLACE INTO state_name VALUES (?, ?, ?)", missing)

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._connection.execute("COMMIT")
        except BaseException:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            raise

    def newest_utc_ms(self) -> int | None:
        """Return the calendar of the latest period in the file."""
        (key,) = self._connection.execute("SELECT max(key) FROM period").fetchone()
        return None if key is None else key // KEYS_PER_MS

    def is_same_file(self) -> bool:
        """Return whether the path still leads to the file that is open: it may have been deleted or moved."""
        try:
            return self.path.stat().st_ino == self._inode
        except OSError:
            return False

    def write(self, periods: Sequence[PeriodRecord], events: Sequence[Event], is_stepped: bool) -> None:
        """Write all of it in one durable commit, with the roll-ups it completes and a bite of retention.

        ``is_stepped``: the calendar made a step within these periods.
        """
        last_wish, now, still_open, settled_ms = self._last_wish, self._pass, self._open, self._settled_from_ms
        with self._transaction():
            if periods:
                last_wish, now = self._insert(periods)
                still_open = self._roll(periods)
                newest_ms = periods[-1].utc_ms
                if settled_ms is None or is_stepped:
                    settled_ms = newest_ms
                elif newest_ms - settled_ms >= _SETTLED_MS:
                    bite = _BITE + 2 * len(periods)
                    retention.trim(
                        self._connection,
                        self._settings,
                        newest_ms,
                        bite,
                        keeps_undelivered=self._keeps_undelivered,
                        believed_ms=retention.believed_now_ms(self._connection, newest_ms),
                    )
            self._connection.executemany(_INSERT_EVENT, map(_event_row, events))
        self._last_wish, self._pass, self._open, self._settled_from_ms = last_wish, now, still_open, settled_ms

    def _insert(self, periods: Sequence[PeriodRecord]) -> tuple[int, passes.Pass]:
        """Insert each row under the first free key from the one it wishes; return the last wish, and the pass."""
        last_wish, key, keys = self._last_wish, self._pass.last_key or 0, []
        for record in periods:
            first, *values = period_row(record)
            wish = int(first or 0)
            # A calendar that stands still: go on behind the last row instead of trying all keys again.
            key = key + 1 if wish == last_wish else wish
            while self._connection.execute(_INSERT_PERIOD, (key, *values)).rowcount == 0:
                key += 1
            last_wish = wish
            keys.append(key)
        return last_wish, passes.advance(self._connection, self._pass, keys)

    def _roll(self, periods: Sequence[PeriodRecord]) -> set[rollups.Bucket]:
        touched = set(self._open)
        for record in periods:
            touched |= rollups.buckets_of(record.utc_ms)
        still_open = rollups.buckets_of(periods[-1].utc_ms)
        rollups.roll(self._connection, touched - still_open)
        rollups.save_open(self._connection, self._open, still_open)
        return still_open

    def size_bytes(self) -> int:
        """Return what the file and its write-ahead log occupy."""
        return _size(self.path) + _size(self.path.with_name(self.path.name + "-wal"))

    def close(self) -> None:
        """Close the file; a clean close also empties the write-ahead log."""
        self._connection.close()


def read_version(connection: sqlite3.Connection, path: Path) -> int:
    """Return the version of an open journal, 0 for a new and empty file; change nothing.

    Raises:
        JournalError: it is newer than this program, or another program's; says what to do.
        CorruptJournal: its header says so, and its tables are this program's.
    """
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    (owner,) = connection.execute("PRAGMA application_id").fetchone()
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    is_foreign = owner != APPLICATION_ID and tables > 0
    is_newer = version > len(MIGRATIONS)
    is_unlikely = is_foreign or version > len(MIGRATIONS) + _STEPS_TO_COME
    if is_unlikely and has_schema_of(connection, len(MIGRATIONS)):
        raise CorruptJournal(f"journal {path} is corrupt: its header names owner {owner:#x}, version {version}")
    if is_foreign:
        raise JournalError(f"{path} is a database of another program: name another file for the journal")
    if is_newer:
        raise JournalError(
            f"journal {path} has version {version}, this program knows up to {len(MIGRATIONS)}: "
            "install the newer program, or name another file for the journal"
        )
    return int(version)


def _event_row(event: Event) -> tuple[int | str, ...]:
    data = json.dumps(dict(event.data), ensure_ascii=False, separators=(",", ":"), default=str)
    return (
        event.utc_ms, str(event.kind), event.subject, event.before, event.after,
        event.reason, event.who, event.text, data,
    )  # fmt: skip


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0
