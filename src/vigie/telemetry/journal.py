"""The journal: every period and every event, in one SQLite file, written by a thread nobody waits for."""

import math
import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from vigie.clock import machine_monotonic_s, machine_utc_s
from vigie.errors import JournalError
from vigie.telemetry import damage
from vigie.telemetry.events import CalendarStepped, DroppedRows, FaultBegan, FaultCause
from vigie.telemetry.records import Event, PeriodRecord
from vigie.telemetry.retention import JournalSettings
from vigie.telemetry.salvage import newest_events
from vigie.telemetry.store import Store
from vigie.telemetry.unwritten import Unwritten
from vigie.telemetry.waiting import Batch, Waiting

__all__ = ["Journal", "JournalSettings", "JournalStatus"]

_RETRY_S = 5.0
_STEP_S = 2.0
"""Calendar against monotonic clock, from one period to the next: more than this is a step."""

_TOLD_S = 3600.0
"""For so long damage that was found counts as present; the alarm stays until somebody acknowledges it."""

_ADVICE = {
    sqlite3.SQLITE_BUSY: "it is locked by another program: close that program",
    sqlite3.SQLITE_FULL: "the disk is full: free some space",
    sqlite3.SQLITE_READONLY: "the file or its disk is read-only: check the disk and the permissions",
    sqlite3.SQLITE_CANTOPEN: "the file cannot be opened: check that its disk is there and not read-only",
    sqlite3.SQLITE_IOERR: "the disk reports an error: check that it is not full, or replace it",
}


class JournalStatus(NamedTuple):
    """How the journal is doing."""

    path: str
    bytes: int
    """File and write-ahead log, after the last commit."""
    is_writing: bool
    """The last attempt to write succeeded."""
    error: str | None
    """What is wrong, or what was found wrong at start and cured."""
    waiting_periods: int
    lost_periods: int
    """Periods dropped since start because they could not be written in time."""
    rows: int
    """Periods written since start."""
    damage: tuple[str, ...] = ()
    """What was found damaged within the last hour, in words."""


class Journal:
    """Writes periods in batches and events at once; keeps them in memory while the disk refuses.

    A power cut loses at most the last ``batch_s`` seconds of periods, never an event that was committed
    and never the file.
    """

    def __init__(
        self,
        path: Path,
        settings: JournalSettings,
        monotonic_s: Callable[[], float] = machine_monotonic_s,
        utc_s: Callable[[], float] = machine_utc_s,
        *,
        keeps_undelivered: bool = False,
    ) -> None:
        """Take the file and its settings.

        Args:
            path: the file; it is made when it is not there.
            settings: how it is written and what is kept.
            monotonic_s: machine's monotonic seconds.
            utc_s: machine's calendar.
            keeps_undelivered: a central store is to get every period: what it has not got yet is kept for
                ``undelivered_days``.
        """
        self._path = Path(path)
        self._settings = settings
        self._keeps_undelivered = keeps_undelivered
        self._utc_s = utc_s
        self._monotonic_s = monotonic_s
        self._waiting = Waiting(settings.waiting_periods, monotonic_s)
        self._thread = threading.Thread(target=self._run, name="journal", daemon=True)
        self._store: Store | None = None
        self._look: damage.DamageSearch | None = None
        self._was_open = False
        self._aside: Path | None = None
        """A journal set aside whose newest events the new one has not got yet."""
        self._damages: tuple[tuple[float, str], ...] = ()
        """When what was found damaged; replaced whole, for other threads read it."""
        self._unwritten = Unwritten(self._path)
        self._left: DroppedRows | None = None
        """What a controller before this one held when it ended, and nobody has told yet."""
        self._previous: PeriodRecord | None = None
        self._error: str | None = None
        self._notice: str | None = None
        self._bytes = 0
        self._rows = 0

    def start(self) -> None:
        """Start the writer; it opens the file. What is wrong with the file is told by :meth:`state`."""
        self._thread.start()

    def record(self, record: PeriodRecord) -> None:
        """Queue a period. Never blocks on the disk, never raises."""
        step_s = 0.0
        if self._previous is not None:
            calendar_s = (record.utc_ms - self._previous.utc_ms) / 1000.0
            step_s = calendar_s - (record.measurement.now_s - self._previous.measurement.now_s)
        is_stepped = math.isfinite(step_s) and abs(step_s) > _STEP_S
        if is_stepped and self._previous is not None:
            self._waiting.add_event(CalendarStepped(self._previous.utc_ms, step_s).event(record.utc_ms))
        self._previous = record
        self._waiting.add_period(record, is_stepped)

    def note(self, event: Event) -> None:
        """Queue an event; it is committed at once. Never blocks on the disk, never raises."""
        self._waiting.add_event(event)

    def found_damaged(self, what: str) -> None:
        """Take note of damage: it is an event, and for an hour part of :meth:`state`."""
        self._damages = (*self._damages, (self._monotonic_s(), what))
        self.note(FaultBegan("journal", "", "damaged", what).event(self._calendar_ms()))

    def state(self) -> JournalStatus:
        """Return how the journal is doing; asks memory only."""
        waiting, lost = self._waiting.counts()
        now_s = self._monotonic_s()
        return JournalStatus(
            path=str(self._path),
            bytes=self._bytes,
            is_writing=self._store is not None and self._error is None,
            error=self._error or self._notice,
            waiting_periods=waiting,
            lost_periods=lost,
            rows=self._rows,
            damage=tuple(dict.fromkeys(what for at_s, what in self._damages if now_s - at_s < _TOLD_S)),
        )

    def is_written(self, timeout_s: float) -> bool:
        """Wait until every event noted so far is on the disk; False where the disk does not take them in time."""
        return self._error is None and self._waiting.settled(timeout_s)

    def close(self, timeout_s: float = 10.0) -> None:
        """Write what waits and close the file; give up after ``timeout_s`` when the disk does not answer."""
        self._waiting.close()
        if self._thread.is_alive():
            self._thread.join(timeout_s)

    def _run(self) -> None:
        self._left = self._unwritten.recall()
        is_well = self._commit()
        while not self._waiting.is_closed:
            if is_well:
                self._waiting.wait(self._settings.batch_s)
            else:
                self._waiting.pause(min(_RETRY_S, self._settings.batch_s))
            is_well = self._commit()
        self._commit()
        if self._look is not None:
            self._look.stop()
        self._close_store()

    def _commit(self) -> bool:
        """Write everything that waits; return whether the disk took it."""
        batch = self._waiting.take()
        try:
            self._demand_whole()
            self._write(batch)
        except Exception as error:  # whatever a damaged file brings about, the writer lives on
            self._close_store()
            self._give_back(batch, error)
            held = self._waiting.held()
            self._unwritten.note(held.joined(self._left) if held is not None else self._left)
            return False
        self._waiting.done()
        self._left = None
        self._unwritten.note(None)
        self._rows += len(batch.periods)
        self._error = None
        return True

    def _demand_whole(self) -> None:
        if self._look is not None and self._look.verdict:
            raise damage.CorruptJournal(f"journal {self._path} is corrupt: {' '.join(self._look.verdict.split())}")
        if self._look is not None and self._look.odd_events:
            odd_events, self._look.odd_events = self._look.odd_events, ""
            self.found_damaged(odd_events)

    def _give_back(self, batch: Batch, error: Exception) -> None:
        """Keep what could not be written, but for what can never be; set a damaged file aside."""
        if damage.is_corruption(error):
            verdict = str(error)
        elif isinstance(error, JournalError) or (damage.is_of_the_machine(error) and not damage.is_read_only(error)):
            verdict = ""
        else:
            if self._look is not None:
                self._look.stop()
            verdict = damage.found_in(self._path)
            if not verdict and not damage.is_of_the_machine(error):
                # The file is whole: one record no table can hold must not stop all the others.
                self._waiting.discard(batch)
                self._error = f"journal {self._path}: rows dropped, they cannot be stored: {error!r}"
                return
        self._waiting.put_back(batch)
        self._error = _explain(self._path, error)
        if verdict:
            self._set_aside(verdict)

    def _write(self, batch: Batch) -> None:
        if self._store is not None and not self._store.is_same_file():
            self._close_store()
        if self._store is None:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._store = Store(
                self._path, self._settings, is_first=not self._was_open, keeps_undelivered=self._keeps_undelivered
            )
            if not self._was_open:
                self._look = damage.DamageSearch(self._path, self._waiting.wake)
            self._was_open = True
        events = [*self._carried_over(), *self._step_since_file(batch, self._store), *batch.events]
        events += [gap.event(self._calendar_ms()) for gap in (batch.gap, self._left) if gap is not None]
        if batch.periods or events:
            self._store.write(batch.periods, events, batch.is_stepped)
        self._aside = None
        self._bytes = self._store.size_bytes()

    def _step_since_file(self, batch: Batch, store: Store) -> list[Event]:
        """Return a CLOCK event when the first periods since start lie before what the file already holds."""
        newest_ms = store.newest_utc_ms() if batch.periods and not self._rows else None
        if newest_ms is None:
            return []
        first_ms = batch.periods[0].utc_ms
        step_s = (first_ms - newest_ms) / 1000.0
        return [CalendarStepped(newest_ms, step_s).event(first_ms)] if step_s < -_STEP_S else []

    def _carried_over(self) -> list[Event]:
        """Return the newest events of a journal that was set aside: what the next start must know is in them."""
        return newest_events(self._aside) if self._aside is not None else []

    def _set_aside(self, verdict: str) -> None:
        """Set a damaged file aside; the next commit starts a new one."""
        if self._look is not None:
            self._look.stop()
            self._look = None
        try:
            self._aside = aside = damage.set_aside(self._path, self._utc_s())
        except OSError as refusal:
            self._error = f"journal {self._path} is corrupt and cannot be moved aside: {refusal}"
            return
        self._notice = f"journal {self._path} was corrupt: it is kept as {aside.name}, a new one was started"
        self._error = self._notice
        self._damages = (*self._damages, (self._monotonic_s(), f"{aside.name}: {verdict}"))
        damaged = FaultBegan("journal", "", aside.name, self._notice, FaultCause(verdict), who="")
        self._waiting.add_event(damaged.event(self._calendar_ms()))

    def _calendar_ms(self) -> int:
        return int(self._utc_s() * 1000) if self._previous is None else self._previous.utc_ms

    def _close_store(self) -> None:
        if self._store is not None:
            store, self._store = self._store, None
            try:
                store.close()
            except sqlite3.Error as error:
                self._error = _explain(self._path, error)


def _explain(path: Path, error: Exception) -> str:
    if isinstance(error, JournalError):
        return str(error)
    code = getattr(error, "sqlite_errorcode", None)
    advice = _ADVICE.get(code & 0xFF) if code is not None else None
    return f"journal {path}: {advice} ({error})" if advice else f"journal {path}: {error}"
