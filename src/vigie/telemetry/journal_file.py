"""A journal that another program makes and migrates, opened to add to it in transactions of milliseconds."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from vigie.errors import JournalError
from vigie.telemetry.damage import lenient_text
from vigie.telemetry.store import read_version

_BUSY_TIMEOUT_S = 2.0


class JournalFile:
    """The way to one table of a journal and what belongs to it. One thread uses an instance.

    Every method raises :class:`~vigie.errors.JournalError` when the file is missing, too old, or cannot be read or
    written; nothing is changed then. A file that was moved or replaced is left for the new one. A commit is not
    flushed to the disk by itself.
    """

    def __init__(self, path: Path, table: str) -> None:
        self._path = Path(path)
        self._table = table
        self._connection: sqlite3.Connection | None = None
        self._inode = -1
        self._seen_version = -1
        self.generation = 0
        """Counts the times the file was opened: another number may mean another file."""

    def has_changed(self) -> bool:
        """Return whether somebody else has written since the last call. Cheap: reads no page."""
        with self.lent() as connection:
            (version,) = connection.execute("PRAGMA data_version").fetchone()
        is_new, self._seen_version = version != self._seen_version, version
        return bool(is_new)

    @contextmanager
    def lent(self) -> Iterator[sqlite3.Connection]:
        """Lend the connection for one question."""
        connection = self._open()
        try:
            yield connection
        except sqlite3.Error as error:
            self.close()
            raise JournalError(f"journal {self._path} cannot be used for {self._table}: {error}") from error

    @contextmanager
    def snapshot(self) -> Iterator[sqlite3.Connection]:
        """Let several questions see the same state of the file."""
        with self.lent() as connection:
            connection.execute("BEGIN")
            try:
                yield connection
            finally:
                if connection.in_transaction:
                    connection.execute("COMMIT")

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Lend the connection for changes that are kept all or not at all."""
        with self.lent() as connection:
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise

    def close(self) -> None:
        """Close the file; the next question opens it again."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _open(self) -> sqlite3.Connection:
        """Return the connection to the file the path leads to now."""
        try:
            inode = self._path.stat().st_ino
        except OSError as error:
            self.close()
            raise JournalError(f"no journal at {self._path}: the controller has not run yet") from error
        if self._connection is None or inode != self._inode:
            self.close()
            self._connection = _connected(self._path, self._table)
            self._inode, self._seen_version = inode, -1
            self.generation += 1
        return self._connection


def _connected(path: Path, table: str) -> sqlite3.Connection:
    """Open a journal to write, never make one.

    Raises:
        JournalError: it cannot be opened, or has no such table yet.
    """
    try:
        connection = sqlite3.connect(
            f"{path.resolve().as_uri()}?mode=rw", uri=True, timeout=_BUSY_TIMEOUT_S, isolation_level=None,
            check_same_thread=False,
        )  # fmt: skip
    except sqlite3.Error as error:
        raise JournalError(f"journal {path} cannot be opened: {error}") from error
    connection.text_factory = lenient_text
    try:
        read_version(connection, path)
        for pragma in (
            "synchronous = NORMAL",
            "wal_autocheckpoint = 0",  # the controller's writer does it
            "cache_size = -512",
        ):
            connection.execute(f"PRAGMA {pragma}").fetchone()
        (tables,) = connection.execute("SELECT count(*) FROM sqlite_schema WHERE name = ?", (table,)).fetchone()
    except BaseException as error:
        connection.close()
        if isinstance(error, sqlite3.Error):
            raise JournalError(f"journal {path} cannot be read: {error}") from error
        raise
    if not tables:
        connection.close()
        raise JournalError(f"journal {path} has no table {table} yet: the controller makes it when it starts")
    return connection
