"""What waits in memory for the journal's writer: bounded, never blocking, counting what it must drop."""

import threading
from collections import deque
from collections.abc import Callable
from typing import NamedTuple

from vigie.telemetry.events import DroppedRows
from vigie.telemetry.records import Event, PeriodRecord

_EVENTS_LIMIT = 10_000


class Batch(NamedTuple):
    """What the writer takes in one go, oldest first."""

    periods: list[PeriodRecord]
    events: list[Event]
    gap: DroppedRows | None
    is_stepped: bool
    """The calendar made a step within these periods."""


class Waiting:
    """Periods and events on their way to the disk. Any thread adds, one thread takes.

    Above ``limit`` periods the oldest are dropped, counted and remembered as a :class:`DroppedRows`; what the
    writer has in its hands comes on top until it is done. Events are few and precious: they have a limit
    of their own.
    """

    def __init__(self, limit: int, monotonic_s: Callable[[], float]) -> None:
        self._limit = limit
        self._monotonic_s = monotonic_s
        self._wake = threading.Condition()
        self._periods: deque[PeriodRecord] = deque()
        self._events: deque[Event] = deque()
        self._gap: DroppedRows | None = None
        self._is_stepped = False
        self._oldest_since_s: float | None = None
        self._taken = 0
        self._taken_events = 0
        self._noted_events = 0
        self._settled_events = 0
        """Of those noted, on the disk or given up; they settle in the order in which they were noted."""
        self._lost_periods = 0
        self._is_closed = False
        self._is_woken = False

    def add_period(self, record: PeriodRecord, is_stepped: bool = False) -> None:
        """Add a period; the writer is woken only when half of the memory is used."""
        with self._wake:
            self._periods.append(record)
            self._is_stepped = self._is_stepped or is_stepped
            if self._oldest_since_s is None:
                self._oldest_since_s = self._monotonic_s()
            if 2 * len(self._periods) >= self._limit:
                self._wake.notify_all()
            self._drop_excess()

    def add_event(self, event: Event) -> None:
        """Add an event and wake the writer."""
        with self._wake:
            self._events.append(event)
            self._noted_events += 1
            self._drop_excess()
            self._wake.notify_all()

    def wake(self) -> None:
        """Wake the writer although nothing new waits."""
        with self._wake:
            self._is_woken = True
            self._wake.notify_all()

    def close(self) -> None:
        """Wake the writer for the last time."""
        with self._wake:
            self._is_closed = True
            self._wake.notify_all()

    @property
    def is_closed(self) -> bool:
        return self._is_closed

    def counts(self) -> tuple[int, int]:
        """Return (periods waiting, periods lost since start)."""
        with self._wake:
            return len(self._periods) + self._taken, self._lost_periods

    def wait(self, batch_s: float) -> None:
        """Block until the oldest period has waited ``batch_s``, an event came, memory is half used, or the end."""
        with self._wake:
            while not (self._is_closed or self._is_woken or self._events or 2 * len(self._periods) >= self._limit):
                due_in_s = batch_s
                if self._oldest_since_s is not None:
                    due_in_s = self._oldest_since_s + batch_s - self._monotonic_s()
                if due_in_s <= 0:
                    return
                self._wake.wait(due_in_s)

    def pause(self, pause_s: float) -> None:
        """Block for ``pause_s`` whatever comes in, but not beyond the end."""
        until_s = self._monotonic_s() + pause_s
        with self._wake:
            while not self._is_closed and (left_s := until_s - self._monotonic_s()) > 0:
                self._wake.wait(left_s)

    def take(self) -> Batch:
        """Hand everything over; it counts as waiting until :meth:`done` or :meth:`put_back`."""
        with self._wake:
            batch = Batch(list(self._periods), list(self._events), self._gap, self._is_stepped)
            self._periods.clear()
            self._events.clear()
            self._gap, self._is_stepped, self._oldest_since_s = None, False, None
            self._is_woken = False
            self._taken, self._taken_events = len(batch.periods), len(batch.events)
            return batch

    def settled(self, timeout_s: float) -> bool:
        """Block until every event noted so far is on the disk or given up; False when that takes longer."""
        until_s = self._monotonic_s() + timeout_s
        with self._wake:
            noted = self._noted_events
            while self._settled_events < noted and (left_s := until_s - self._monotonic_s()) > 0:
                self._wake.wait(left_s)
            return self._settled_events >= noted

    def done(self) -> None:
        """Forget what was taken: it is on the disk."""
        with self._wake:
            self._settle_taken()

    def put_back(self, batch: Batch) -> None:
        """Take back what could not be written."""
        with self._wake:
            self._periods.extendleft(reversed(batch.periods))
            self._events.extendleft(reversed(batch.events))
            if batch.gap is not None:
                self._gap = batch.gap.joined(self._gap)
            self._is_stepped = self._is_stepped or batch.is_stepped
            self._taken = self._taken_events = 0
            if self._periods and self._oldest_since_s is None:
                self._oldest_since_s = self._monotonic_s()
            self._drop_excess()

    def held(self) -> DroppedRows | None:
        """Return what would be lost if this process ended now, None when nothing would."""
        with self._wake:
            held = [record.utc_ms for record in self._periods]
            events = [event.utc_ms for event in self._events]
            if not held and not events:
                return self._gap
            utc_ms = (*held, *events)
            return DroppedRows(min(utc_ms), max(utc_ms), len(held), len(events)).joined(self._gap)

    def discard(self, batch: Batch) -> None:
        """Count what was taken as lost: it can never be written."""
        with self._wake:
            self._settle_taken()
            for record in batch.periods:
                self._lose(record.utc_ms, 1, 0)
            for event in batch.events:
                self._lose(event.utc_ms, 0, 1)

    def _drop_excess(self) -> None:
        while len(self._periods) > self._limit:
            self._lose(self._periods.popleft().utc_ms, 1, 0)
        while len(self._events) > _EVENTS_LIMIT:
            self._lose(self._events.popleft().utc_ms, 0, 1)
            self._settled_events += 1

    def _settle_taken(self) -> None:
        self._settled_events += self._taken_events
        self._taken = self._taken_events = 0
        self._wake.notify_all()

    def _lose(self, utc_ms: int, periods: int, events: int) -> None:
        self._gap = DroppedRows(utc_ms, utc_ms, periods, events).joined(self._gap)
        self._lost_periods += periods
