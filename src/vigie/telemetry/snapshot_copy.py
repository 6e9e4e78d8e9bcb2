"""Copies of SQLite files that are being written, and judgements on files that came from elsewhere."""

import errno
import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from vigie.errors import JournalError
from vigie.telemetry.schema import KEYS_PER_MS
from vigie.telemetry.store import read_version

_PAGES_A_STEP = 1024
_BUSY_TIMEOUT_S = 10.0
_DAY_MS = 86_400_000

Progress = Callable[[int, int], None]
"""Told (done, of how many)."""


def copy_database(source: Path, target: Path, progress: Progress = lambda _done, _total: None) -> None:
    """Copy a database as it is at this instant, whoever writes it meanwhile; ``progress`` is told pages.

    Raises:
        JournalError: the source cannot be read, or its content is damaged.
        OSError: the disk of ``target`` is full.
    """
    # Exclusive creation, and readable by the owner alone before the first page is there.
    target.touch(0o600, exist_ok=False)
    try:
        with closing(_opened(source)) as reading, closing(sqlite3.connect(target, isolation_level=None)) as writing:
            # One read transaction from first page to last: without it every commit of the writer starts the copy anew.
            reading.execute("BEGIN")
            reading.execute("SELECT count(*) FROM sqlite_schema").fetchone()
            writing.execute("PRAGMA synchronous = OFF")
            reading.backup(writing, pages=_PAGES_A_STEP, progress=lambda _, left, of: progress(of - left, of))
            reading.execute("ROLLBACK")
            fault = _fault(writing, "quick_check")
    except sqlite3.Error as error:
        target.unlink(missing_ok=True)
        if _code(error) == sqlite3.SQLITE_FULL:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(target.parent)) from error
        if _code(error) in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
            raise JournalError(f"{source} is damaged: {error}") from error
        raise JournalError(f"{source} cannot be copied to {target.parent}: {error}") from error
    if fault is not None:
        raise JournalError(f"{source} is damaged: {fault}")


def keep_last_day_of_periods(path: Path) -> None:
    """Delete the single periods of a copied journal, all but the newest day, and give their space back.

    Minutes, hours, events and messages stay. Periods that no minute holds yet stay too.

    Raises:
        JournalError: the file is no journal.
        OSError: the disk is full.
    """
    try:
        with closing(_opened(path)) as connection:
            if read_version(connection, path) == 0:
                return
            connection.execute("PRAGMA synchronous = OFF")
            connection.execute("PRAGMA journal_mode = DELETE")
            (open_from_ms,) = connection.execute("SELECT min(start_utc_ms) FROM open_bucket").fetchone()
            (newest_key,) = connection.execute("SELECT max(key) FROM period").fetchone()
            if newest_key is not None:
                until_ms = newest_key // KEYS_PER_MS - _DAY_MS
                until_ms = until_ms if open_from_ms is None else min(until_ms, open_from_ms)
                connection.execute("DELETE FROM period WHERE key < ?", (until_ms * KEYS_PER_MS,))
                connection.execute("VACUUM")
    except sqlite3.OperationalError as error:
        if _code(error) == sqlite3.SQLITE_FULL:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path.parent)) from error
        raise JournalError(f"{path} cannot be shortened: {error}") from error


def is_blank(path: Path) -> bool:
    """Return whether a database has no table yet.

    Raises:
        JournalError: it is no database.
    """
    try:
        with closing(_opened(path)) as connection:
            return connection.execute("SELECT 1 FROM sqlite_schema LIMIT 1").fetchone() is None
    except sqlite3.Error as error:
        raise JournalError(f"{path} is no database: {error}") from error


def schema_version(path: Path) -> int:
    """Return the number of a database's schema (``PRAGMA user_version``).

    Raises:
        JournalError: it is no database.
    """
    try:
        with closing(_opened(path)) as connection:
            return int(connection.execute("PRAGMA user_version").fetchone()[0])
    except sqlite3.Error as error:
        raise JournalError(f"{path} is no database: {error}") from error


def check_database(path: Path) -> None:
    """Read every page and index of a database at rest.

    Raises:
        JournalError: it is damaged, or no database.
    """
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?immutable=1", uri=True)) as connection:
            fault = _fault(connection, "integrity_check")
    except sqlite3.Error as error:
        raise JournalError(f"{path.name} is damaged: {error}") from error
    if fault is not None:
        raise JournalError(f"{path.name} is damaged: {fault}")


def check_is_readable_journal(path: Path) -> None:
    """Make sure that this program can use a journal.

    Raises:
        JournalError: it is of a newer version, or no journal; says what to do.
    """
    try:
        with closing(_opened(path)) as connection:
            read_version(connection, path)
    except sqlite3.Error as error:
        raise JournalError(f"{path} is no journal: {error}") from error


def is_in_use(path: Path) -> bool:
    """Tell whether another program has the database open, even one that is idle or in another container.

    A write-ahead log left behind is merged into the file, as the last program to close it would have done.
    """
    if not path.exists():
        return False
    try:
        with closing(sqlite3.connect(path, timeout=0.5, isolation_level=None)) as connection:
            # In exclusive mode a WAL file opens only for a connection that is alone.
            connection.execute("PRAGMA locking_mode = EXCLUSIVE").fetchone()
            connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    except sqlite3.Error as error:
        return _code(error) in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
    return False


def _opened(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(
        f"{path.resolve().as_uri()}?mode=rw", uri=True, timeout=_BUSY_TIMEOUT_S, isolation_level=None
    )


def _fault(connection: sqlite3.Connection, check: str) -> str | None:
    (verdict,) = connection.execute(f"PRAGMA {check}(1)").fetchone()
    return None if verdict == "ok" else str(verdict)


def _code(error: sqlite3.Error) -> int:
    """Return SQLite's primary result code; the sqlite3 module's own errors have none."""
    return int(getattr(error, "sqlite_errorcode", 0)) & 0xFF
