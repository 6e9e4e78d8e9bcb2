"""Logs of other programs, each in a journal file of its own: never in the live journal, read by the same code."""

import math
import os
import re
import sqlite3
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

from vigie.clock import machine_utc_s
from vigie.errors import JournalError, VigieError
from vigie.telemetry.events import IMPORT, LogImported
from vigie.telemetry.reader import JournalReader
from vigie.telemetry.records import Event, EventKind, PeriodRecord
from vigie.telemetry.retention import JournalSettings
from vigie.telemetry.schema import MIGRATIONS
from vigie.telemetry.store import Store, read_version

_FOLDER = "imported"
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,59}")
_UNFINISHED = re.compile(r"\.import-(\d+)\.sqlite")
_FOR_EVER = JournalSettings(raw_days=0, minute_days=0, hour_days=0)
_BATCH = 2000
_GAP_SILENCES = 3
_HABIT_TIMES, _HABIT_SHARE = 3, 0.005


class ImportedLog(NamedTuple):
    """One log on the shelf."""

    name: str
    path: Path
    file: str
    """Name of the file it was read from."""
    sha256: str
    first_utc_ms: int
    last_utc_ms: int
    rows: int
    left_out: int
    """Rows, or parts of rows, that could not be used."""
    columns: tuple[str, ...]
    """Quantities it holds: ``battery_bus_v``, ``temperature_c``, ..."""
    gap_ms: int
    """A longer silence is a gap; a shorter one is this logger's way."""
    size_bytes: int
    fault: str = ""
    """Why the file cannot be read; the other fields are then empty."""

    def reader(self) -> JournalReader:
        """Return a reader of it; close it."""
        return JournalReader(self.path, gap_ms=self.gap_ms)


class Origin(NamedTuple):
    """Where a log comes from."""

    name: str
    file: str
    sha256: str
    columns: Sequence[str]


class Writing:
    """A log being written; :attr:`rows` and the times grow. ``left_out`` is for its reader to fill in."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._waiting: list[PeriodRecord] = []
        self._last_ms: dict[str, int] = {}
        self._silences: Counter[tuple[str, int]] = Counter()
        self.first_utc_ms = self.last_utc_ms = 0
        self.rows = self.left_out = 0

    def take(self, record: PeriodRecord) -> None:
        """Write a row, sooner or later."""
        now_ms = record.utc_ms
        for series in _series_of(record):
            silence_s = abs(now_ms - self._last_ms.get(series, now_ms)) / 1000
            self._silences[series, round(2 * math.log2(max(1.0, silence_s)))] += 1
            self._last_ms[series] = now_ms
        self.first_utc_ms = min(now_ms, self.first_utc_ms) if self.rows else now_ms
        self.last_utc_ms = max(now_ms, self.last_utc_ms)
        self.rows += 1
        self._waiting.append(record)
        if len(self._waiting) >= _BATCH:
            self.flush()

    def flush(self) -> None:
        """Write what waits."""
        self._store.write(self._waiting, [], False)
        self._waiting.clear()

    def gap_ms(self) -> int:
        """Return three times the longest silence that comes so often that it is this logger's way."""
        enough = max(_HABIT_TIMES, _HABIT_SHARE * self.rows)
        habits = [length for (_, length), times in self._silences.items() if times >= enough]
        return round(_GAP_SILENCES * 1000 * 2 ** (max(habits, default=0) / 2))


def _series_of(record: PeriodRecord) -> list[str]:
    """Return which of the two series a row has a part of: loggers often write them at a pace of their own."""
    image = record.measurement
    is_electric = any(one.is_valid for one in (image.battery, image.charge, image.load, image.spare))
    is_thermal = math.isfinite(image.temperature.celsius) or math.isfinite(image.ambient.celsius)
    return ["electric"] * is_electric + ["thermal"] * is_thermal


class Shelf:
    """The imported logs of a data folder."""

    def __init__(self, data: Path) -> None:
        self._folder = data / _FOLDER

    def logs(self) -> list[ImportedLog]:
        """Return all of them by name; one that cannot be read says so in :attr:`ImportedLog.fault`."""
        paths = sorted(path for path in self._folder.glob("*.sqlite") if _NAME.fullmatch(path.stem))
        return [_read(path) for path in paths]

    def log(self, name: str) -> ImportedLog:
        """Return one of them.

        Raises:
            JournalError: there is none of this name, or it cannot be read.
        """
        path = self._path(name)
        if not path.is_file():
            known = ", ".join(log.name for log in self.logs()) or "none"
            raise JournalError(f"no imported log {name[:60]!r}; there are: {known}")
        log = _read(path)
        if log.fault:
            raise JournalError(log.fault)
        return log

    def known(self, sha256: str) -> ImportedLog | None:
        """Return the log that was made of a file with these contents."""
        return next((log for log in self.logs() if log.sha256 == sha256), None)

    def remove(self, name: str) -> None:
        """Delete a log.

        Raises:
            JournalError: there is none of this name, or it cannot be deleted.
        """
        path = self._path(name)
        try:
            path.unlink()
        except FileNotFoundError:
            raise JournalError(f"no imported log {name[:60]!r}") from None
        except OSError as error:
            raise JournalError(f"imported log {path} cannot be deleted: {error.strerror}") from error

    @contextmanager
    def writing(self, origin: Origin) -> Iterator[Writing]:
        """Make a log; it is there, whole, when the block has ended, and nothing of it when the block fails.

        Raises:
            VigieError: the name is none, or the folder cannot be written.
        """
        path = self._path(origin.name)
        unfinished = self._folder / f".import-{os.getpid()}.sqlite"
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            self._sweep()
            with closing(Store(unfinished, _FOR_EVER)) as store:
                writing = Writing(store)
                yield writing
                writing.flush()
            _finish(unfinished, _told(origin, writing))
            unfinished.replace(path)
        except (sqlite3.Error, OSError) as error:
            raise VigieError(f"imported log {path} cannot be written: {error}") from error
        finally:
            _delete(unfinished)

    def _path(self, name: str) -> Path:
        if not _NAME.fullmatch(name):
            raise JournalError(f"{name[:60]!r} is no name of a log: a-z, 0-9, - and _, at most 60 of them")
        return self._folder / f"{name}.sqlite"

    def _sweep(self) -> None:
        """Delete what an import that was killed has left."""
        for path in self._folder.glob(".import-*.sqlite"):
            told = _UNFINISHED.fullmatch(path.name)
            if told and not Path(f"/proc/{told[1]}").exists():
                _delete(path)


def name_of(file: Path) -> str:
    """Return a log's name made from its file's.

    >>> name_of(Path("Batterie Keller (2).CSV"))
    'batterie-keller-2'
    """
    return re.sub(r"[^a-z0-9_]+", "-", file.stem.lower()).strip("-_")[:60].strip("-_") or "log"


def _told(origin: Origin, writing: Writing) -> Event:
    now_utc_ms = round(machine_utc_s() * 1000)
    told = LogImported(
        origin.file, origin.sha256, tuple(origin.columns), writing.rows, writing.left_out, writing.gap_ms(), now_utc_ms
    )
    return told.event(writing.first_utc_ms)


def _finish(path: Path, event: Event) -> None:
    """Roll up the last hour and write where the log comes from."""
    with closing(Store(path, _FOR_EVER, is_first=False)) as store:
        store.write([], [event], False)
    _settle(path)


def _migrate(path: Path) -> None:
    """Bring a log that an earlier version of this program made up to the tables of today."""
    with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as connection:
        version = read_version(connection, path)
    if 0 < version < len(MIGRATIONS):
        Store(path, _FOR_EVER).close()
        _settle(path)


def _settle(path: Path) -> None:
    """Leave one file that needs no log beside it."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = DELETE").fetchone()


def _read(path: Path) -> ImportedLog:
    nothing = ImportedLog(path.stem, path, "", "", 0, 0, 0, 0, (), 0, 0)
    try:
        size = path.stat().st_size
        _migrate(path)
        with closing(JournalReader(path)) as reader:
            origin = reader.last_event((EventKind.START,), IMPORT)
            last_ms = reader.newest_utc_ms()
    except (JournalError, OSError, sqlite3.Error) as error:
        return nothing._replace(fault=str(error))
    if origin is None or last_ms is None:
        return nothing._replace(fault=f"{path} holds no imported log: delete it")
    told = LogImported.of(origin)
    return ImportedLog(
        path.stem, path, told.file, told.sha256, origin.utc_ms, last_ms, told.rows, told.left_out, told.columns,
        told.gap_ms, size,
    )  # fmt: skip


def _delete(path: Path) -> None:
    for ending in ("", "-wal", "-shm", "-journal"):
        with suppress(OSError):
            path.with_name(path.name + ending).unlink()
