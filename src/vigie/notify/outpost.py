"""The web process's own alarms: the controller is silent, messages or measurements are refused."""

import math
import threading
from collections.abc import Callable, Mapping

from vigie.clock import machine_monotonic_s, machine_utc_s
from vigie.control.alarms.catalogue import Alarm
from vigie.control.alarms.rules import Rule
from vigie.errors import CommandRefused, JournalError
from vigie.telemetry.alarm_book import AlarmBook, Instant
from vigie.telemetry.outbox import AlarmEvent, Outbox
from vigie.telemetry.records import Event, EventKind
from vigie.telemetry.report import AlarmReport


class Outpost:
    """Watches controller and mail with the controller's own alarm engine; every change goes to the journal.

    Its alarms survive a restart by the newest event of each. Safe from any thread.
    """

    def __init__(
        self,
        rules: tuple[Rule, ...],
        outbox: Outbox,
        note: Callable[[AlarmEvent], None],
        silence_s: Callable[[], float],
        troubles: Mapping[Alarm, Callable[[], bool]],
        monotonic_s: Callable[[], float] = machine_monotonic_s,
        utc_s: Callable[[], float] = machine_utc_s,
    ) -> None:
        """Join the parts.

        Args:
            rules: of ``control.alarms.rules.web_rules``.
            outbox: where its earlier events are.
            note: takes each change (``Dispatcher.note``).
            silence_s: for how long nothing has come from the controller; infinity when nothing ever came.
            troubles: questions the values of the other alarms are the answers to; one left out is never in trouble.
            monotonic_s: machine's monotonic seconds.
            utc_s: machine's calendar.
        """
        self._rules = rules
        self._names = [rule.alarm.name.lower() for rule in rules]
        self._outbox = outbox
        self._note = note
        self._silence_s = silence_s
        self._troubles = troubles
        self._monotonic_s = monotonic_s
        self._utc_s = utc_s
        self._started_s = monotonic_s()
        self._lock = threading.Lock()
        self._book = AlarmBook(rules, {}, self._now(), "web")
        self._is_restored = False

    def step(self) -> None:
        """Look once; call it every second or so."""
        at = self._now()
        values = dict.fromkeys(self._names, math.nan)
        # a web process that has just started has waited for nobody
        values[Alarm.CONTROLLER_LOST.name.lower()] = min(self._silence_s(), at.now_s - self._started_s)
        for alarm, is_in_trouble in self._troubles.items():
            values[alarm.name.lower()] = float(is_in_trouble())
        with self._lock:
            self._restore(at)
            events = self._book.period(values, (), at)
        self._tell(events)

    def close(self) -> None:
        """Close the journal; a step that still comes opens it again."""
        self._outbox.close()

    def is_mine(self, alarm: str | None) -> bool:
        """Return whether an alarm is one of these."""
        return alarm in self._names

    def acknowledge(self, alarm: str | None, who: str, why: str = "") -> bool:
        """Take note of one of these alarms, or of all with None; return whether there was anything to note."""
        with self._lock:
            events = self._book.acknowledge(None if alarm is None else self._known(alarm), who, why, self._now())
        return self._tell(events)

    def shelve(self, alarm: str, shelve_s: float, who: str, why: str) -> bool:
        """Put one of these alarms aside for ``shelve_s`` seconds; return whether that did anything."""
        with self._lock:
            events = self._book.shelve(self._known(alarm), shelve_s, who, why, self._now())
        return self._tell(events)

    def unshelve(self, alarm: str, who: str, why: str = "") -> bool:
        """Take one of these alarms off its shelf; return whether it was on it."""
        with self._lock:
            events = self._book.unshelve(self._known(alarm), who, why, self._now())
        return self._tell(events)

    def reports(self) -> list[AlarmReport]:
        """Return those that are not at rest, most urgent first."""
        with self._lock:
            return self._book.reports(self._now())

    def _now(self) -> Instant:
        return Instant(self._monotonic_s(), round(self._utc_s() * 1_000))

    def _known(self, alarm: str) -> str:
        if alarm not in self._names:
            raise CommandRefused(f"alarm {alarm!r} is none of the web process's own: {', '.join(self._names)}")
        return alarm

    def _restore(self, at: Instant) -> None:
        """Take the alarms up where the journal has them, once it can be read."""
        if self._is_restored:
            return
        try:
            newest = [self._outbox.last_event(name) for name in self._names]
        except JournalError:
            return
        self._is_restored = True
        if not self._book.reports(at):
            known = {event.alarm: _as_journalled(event) for event in newest if event is not None}
            self._book = AlarmBook(self._rules, known, at, "web")

    def _tell(self, events: list[Event]) -> bool:
        """Write the changes down, outside the lock: a slow disk must not hold up a page."""
        for one in events:
            self._note(
                AlarmEvent(0, one.utc_ms, one.subject, one.before, one.after, one.reason, one.who, one.text, one.data)
            )
        return bool(events)


def _as_journalled(event: AlarmEvent) -> Event:
    return Event(
        event.utc_ms, EventKind.ALARM, event.alarm, event.before, event.after, event.change, event.who, event.why,
        event.data,
    )  # fmt: skip
