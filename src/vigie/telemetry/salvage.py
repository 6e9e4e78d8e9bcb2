"""What can still be read of a damaged journal, row by row, and brought into the one that is written now."""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, suppress
from pathlib import Path
from typing import Any, NamedTuple

from vigie.errors import JournalError
from vigie.telemetry import rollups
from vigie.telemetry.damage import CorruptJournal, is_of_the_machine, lenient_text
from vigie.telemetry.reader import event_of
from vigie.telemetry.records import Event
from vigie.telemetry.schema import KEYS_PER_MS

LOWEST, HIGHEST = -(2**63), 2**63 - 1
_BATCH = 2000
_BUSY_TIMEOUT_S = 30.0
_DEEPEST = 80
"""Halvings of a stretch that cannot be read; the whole range of keys has 64."""
_EVENTS = 2**40
"""Never as many events: numbers this much lower put those that are brought back before all others."""
_SECOND = 1000 * KEYS_PER_MS
_EVENT_COLUMNS = "utc_ms, kind, subject, before, after, reason, who, text, data"
Row = tuple[Any, ...]


class SalvagedTable(NamedTuple):
    """A table to bring back."""

    table: str
    key: str
    finest: int
    """A stretch of keys as short as this is not searched further."""


SOURCES = (
    SalvagedTable("event", "id", 1),
    SalvagedTable("period", "key", _SECOND),
    SalvagedTable("minute", "start_utc_ms", 60_000),
    SalvagedTable("hour", "start_utc_ms", 3_600_000),
)


def newest_events(path: Path) -> list[Event]:
    """Return the newest event of each kind about each subject, oldest first, as far as they can be read."""
    events: list[tuple[int, Event]] = []
    with suppress(sqlite3.Error, ValueError, OSError), closing(_opened(path)) as file:
        pairs = file.execute("SELECT max(id), kind, subject FROM event GROUP BY kind, subject").fetchall()
        for number, _, _ in pairs:
            with suppress(sqlite3.Error, CorruptJournal):
                row = file.execute(f"SELECT {_EVENT_COLUMNS} FROM event WHERE id = ?", (number,)).fetchone()  # noqa: S608
                if row is not None and not _is_garbled(row):
                    events.append((number, event_of(row)))
    return [event for _, event in sorted(events, key=lambda pair: pair[0])]


def salvage(source: Path, target: Path) -> dict[str, int]:
    """Bring what can be read of ``source`` into ``target``; return how many rows of each table it did not have.

    ``target`` may be written meanwhile: each transaction is short. What it has stays as it is, so doing it twice does
    no more than doing it once.

    Raises:
        JournalError: one of the files cannot be used; what was brought back before stays.
    """
    try:
        with closing(_opened(source)) as file, closing(_written(target)) as journal:
            (lowest,) = journal.execute("SELECT min(0, coalesce(min(id), 0)) FROM event").fetchone()
            return {one.table: _brought(file, journal, one, lowest - _EVENTS) for one in SOURCES}
    except sqlite3.Error as error:
        raise JournalError(f"{source} cannot be brought back into {target}: {error}") from error


def _opened(path: Path) -> sqlite3.Connection:
    if not path.is_file():
        raise JournalError(f"there is no file {path}")
    connection = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, isolation_level=None)
    connection.text_factory = lenient_text
    return connection


def _written(path: Path) -> sqlite3.Connection:
    if not path.is_file():
        raise JournalError(f"no journal at {path}: the controller has not run yet")
    return sqlite3.connect(
        f"{path.resolve().as_uri()}?mode=rw", uri=True, isolation_level=None, timeout=_BUSY_TIMEOUT_S
    )


def _brought(file: sqlite3.Connection, journal: sqlite3.Connection, source: SalvagedTable, shift: int) -> int:
    columns = [row[1] for row in journal.execute(f"PRAGMA table_info({source.table})")]
    with suppress(sqlite3.DatabaseError):
        there = {row[1] for row in file.execute(f"PRAGMA table_info({source.table})")}
        columns = [column for column in columns if column in there]
    count, batch = 0, []
    for row in readable(file, source, columns):
        batch.append(row)
        if len(batch) == _BATCH:
            count += _kept(journal, source, columns, batch, shift)
            batch = []
    return count + _kept(journal, source, columns, batch, shift)


def readable(file: sqlite3.Connection, source: SalvagedTable, columns: Sequence[str]) -> Iterator[Row]:
    """Yield the rows of a table that can be read, each once: from both ends, and by halving what is left between."""
    names = ", ".join(columns)
    select = f"SELECT {names} FROM {source.table} WHERE {source.key} BETWEEN ? AND ? ORDER BY {source.key}"  # noqa: S608
    stretches = [(LOWEST, HIGHEST, 0)]
    while stretches:
        first, last, depth = stretches.pop()
        is_whole = False
        for row in _until_damage(file, f"{select} DESC", (first, last)):
            if row is None:
                break
            yield row
            last = row[0] - 1
        else:
            is_whole = True
        if is_whole or first > last:
            continue
        for row in _until_damage(file, select, (first, last)):
            if row is None:
                break
            yield row
            first = row[0] + 1
        if first <= last and last - first >= source.finest and depth < _DEEPEST:
            middle = (first + last) // 2
            stretches += [(first, middle, depth + 1), (middle + 1, last, depth + 1)]


def _until_damage(file: sqlite3.Connection, query: str, span: tuple[int, int]) -> Iterator[Row | None]:
    """Yield rows, and None at the end when it is damage that ended them."""
    try:
        yield from file.execute(query, span)
    except (sqlite3.Error, ValueError) as error:
        if is_of_the_machine(error):
            raise
        yield None


def _is_garbled(row: Row) -> bool:
    return any(isinstance(cell, str) and "\ufffd" in cell for cell in row)


def _kept(
    journal: sqlite3.Connection, source: SalvagedTable, columns: Sequence[str], batch: Sequence[Row], shift: int
) -> int:
    """Add rows in one transaction; return how many were new."""
    before = journal.total_changes
    journal.execute("BEGIN IMMEDIATE")
    try:
        if source.table == "event":
            _keep_events(journal, columns, batch, shift)
        else:
            places = ", ".join("?" * len(columns))
            insert = f"INSERT OR IGNORE INTO {source.table} ({', '.join(columns)}) VALUES ({places})"  # noqa: S608
            for row in batch:
                with suppress(sqlite3.IntegrityError):  # a damaged cell no column takes costs its row
                    journal.execute(insert, row)
        count = journal.total_changes - before
        if source.table == "period":
            rollups.roll(journal, set().union(*(rollups.buckets_of(row[0] // KEYS_PER_MS) for row in batch)))
    except BaseException:
        journal.execute("ROLLBACK")
        raise
    journal.execute("COMMIT")
    return count


def _keep_events(journal: sqlite3.Connection, columns: Sequence[str], batch: Sequence[Row], shift: int) -> None:
    """Put events before all others: their numbers say in which order they came, and nobody is told of them again."""
    same = " AND ".join(f"{column} = ?" for column in columns[1:])
    insert = f"INSERT OR IGNORE INTO event ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))})"  # noqa: S608
    for row in batch:
        is_there = journal.execute(f"SELECT 1 FROM event WHERE {same}", row[1:]).fetchone()  # noqa: S608
        if not (is_there or _is_garbled(row)) and abs(row[0]) < _EVENTS:
            with suppress(sqlite3.IntegrityError):
                journal.execute(insert, (row[0] + shift, *row[1:]))
