"""What is damage to a journal and what is trouble of the machine it lies on; looking for damage; setting it aside."""

import os
import sqlite3
import threading
from collections.abc import Callable
from contextlib import closing, suppress
from datetime import UTC, datetime
from pathlib import Path

from vigie.errors import JournalError
from vigie.telemetry.records import EventKind
from vigie.telemetry.schema import MIGRATIONS

_OF_THE_MACHINE = frozenset({
    sqlite3.SQLITE_PERM, sqlite3.SQLITE_ABORT, sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_NOMEM,
    sqlite3.SQLITE_READONLY, sqlite3.SQLITE_INTERRUPT, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PROTOCOL, sqlite3.SQLITE_NOLFS, sqlite3.SQLITE_AUTH,
})  # fmt: skip
"""What SQLite says of disk, memory, permissions and other programs, none of which says anything about the content."""
_SMALL_TABLES = ("open_bucket", "step_back", "delivery", "delivery_aside", "outbox_mark", "outbox_alarm", "state_name")
_MANY = 10_000
_FORMATS = {1, 2}
"""To write and to read a database: rollback journal and write-ahead log."""
_BACKGROUND = 10
"""Niceness of a look through the whole file; with 19 it gets no time at all on a busy machine, not even to stop."""
_STOP_S = 5.0


class CorruptJournal(JournalError):
    """The file, or the part of it that was asked for, is damaged."""


def is_of_the_machine(error: BaseException) -> bool:
    """Tell whether disk, memory or another program is in the way: the content may be whole."""
    code = getattr(error, "sqlite_errorcode", None)
    return isinstance(error, OSError | MemoryError) or (code is not None and code & 0xFF in _OF_THE_MACHINE)


def is_corruption(error: BaseException) -> bool:
    """Tell whether SQLite itself says that the file's content is damaged."""
    code = getattr(error, "sqlite_errorcode", None)
    return isinstance(error, CorruptJournal) or (
        code is not None and code & 0xFF in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
    )


def is_read_only(error: BaseException) -> bool:
    """Tell whether SQLite refuses to write: because of permissions, or of what the file's header says."""
    code = getattr(error, "sqlite_errorcode", None)
    return code is not None and code & 0xFF == sqlite3.SQLITE_READONLY


def lenient_text(raw: bytes) -> str:
    """Decode a cell whose bytes may be damaged: one letter must not cost the whole answer."""
    return raw.decode("utf-8", "replace")


def has_schema_of(connection: sqlite3.Connection, version: int) -> bool:
    """Tell whether the file has exactly the tables that a version's migrations make."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as fresh:
        for statement in (statement for step in MIGRATIONS[:version] for statement in step):
            fresh.execute(statement)
        return _schema(fresh) == _schema(connection)


def _schema(connection: sqlite3.Connection) -> set[tuple[str, str, str]]:
    query = "SELECT type, name, sql FROM sqlite_schema WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%'"
    return set(connection.execute(query))


def found_in(path: Path, look: "DamageSearch | None" = None) -> str:
    """Look through a whole journal, which takes its time; return what is damaged, empty when nothing is.

    Without ``look`` this process must have no connection to it: closing the file opened here takes away the locks that
    SQLite holds on it, and the next program to close it would delete the log under the one that writes.
    """
    try:
        if look is None:
            with path.open("rb") as raw:
                formats = raw.read(100)[18:20]
            if formats and not set(formats) <= _FORMATS:
                return f"its header asks for formats {', '.join(map(str, formats))}; there are 1 and 2"
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, isolation_level=None)) as file:
            file.execute("PRAGMA cache_size = -256").fetchone()
            if look is not None:
                look.lend(file)
            verdict = _verdict(file)
            if look is not None and not verdict:
                look.odd_events = _odd_events(file)
            return verdict
    except Exception as error:  # whatever a damaged file brings about is what is looked for
        return "" if is_of_the_machine(error) else str(error) or repr(error)


def _verdict(connection: sqlite3.Connection) -> str:
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version <= len(MIGRATIONS) and not has_schema_of(connection, version):
        return f"its tables are not those of version {version}"
    for check in ("quick_check(1)", "integrity_check(event)"):
        (verdict,) = connection.execute(f"PRAGMA {check}").fetchone()
        if verdict != "ok":
            return str(verdict)
    for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'").fetchall():
        if name in _SMALL_TABLES:  # what the writer itself reads back
            connection.execute(f"SELECT * FROM {name} LIMIT {_MANY}").fetchall()  # noqa: S608 - own names only
    return ""


def _odd_events(connection: sqlite3.Connection) -> str:
    """Return in words how many events say nothing any more; empty when none does, or when it has been told before."""
    places = ", ".join("?" * len(EventKind))
    query = f"SELECT count(*), min(id) FROM event WHERE kind NOT IN ({places}) OR NOT json_valid(data)"  # noqa: S608
    count, first = connection.execute(query, [str(kind) for kind in EventKind]).fetchone()
    words = f"events that cannot be read: {count}, the first is number {first}"
    is_told = connection.execute("SELECT 1 FROM event WHERE subject = 'journal' AND text = ?", (words,)).fetchone()
    return words if count and not is_told else ""


class DamageSearch:
    """One look through a whole journal in a thread of its own, below everything else."""

    def __init__(self, path: Path, on_damage: Callable[[], None]) -> None:
        """Begin; ``on_damage`` is called in the thread when something was found."""
        self._path = path
        self._on_damage = on_damage
        self._lock = threading.Lock()
        self._file: sqlite3.Connection | None = None
        self._is_stopped = False
        self.verdict = ""
        """What was found damaged; empty until then."""
        self.odd_events = ""
        """What is wrong with single events of a file that is whole."""
        self._thread = threading.Thread(target=self._run, name="journal look", daemon=True)
        self._thread.start()

    def lend(self, file: sqlite3.Connection) -> None:
        """Take note of the connection that :meth:`stop` interrupts."""
        with self._lock:
            self._file = file
            if self._is_stopped:
                file.interrupt()

    def stop(self) -> None:
        """Break it off, so that the file can be closed cleanly."""
        with self._lock:
            self._is_stopped = True
            if self._file is not None:
                with suppress(sqlite3.Error):  # it is done and closed
                    self._file.interrupt()
        self._thread.join(_STOP_S)

    def _run(self) -> None:
        with suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _BACKGROUND)
        verdict = found_in(self._path, self)
        if not self._is_stopped:
            self.verdict = verdict
            if verdict or self.odd_events:
                self._on_damage()


def asides_of(path: Path) -> list[Path]:
    """Return the journals that were set aside beside ``path``, oldest first."""
    found = path.parent.glob(f"{path.name}.corrupt-*")
    return sorted(one for one in found if not one.name.endswith(("-wal", "-shm")))


def set_aside(path: Path, utc_s: float) -> Path:
    """Rename a damaged journal and its log to a dated name nothing has; return it.

    Raises:
        OSError: it cannot be renamed.
    """
    stamp = datetime.fromtimestamp(utc_s, UTC).strftime("%Y%m%dT%H%M%SZ")
    aside = path.with_name(f"{path.name}.corrupt-{stamp}")
    number = 1
    while aside.exists():
        number += 1
        aside = path.with_name(f"{path.name}.corrupt-{stamp}-{number}")
    for suffix in ("-wal", "-shm", ""):
        part = path.with_name(path.name + suffix)
        if part.exists():
            part.rename(aside.with_name(aside.name + suffix))
    return aside
