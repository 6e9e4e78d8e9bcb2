"""The web process's own two alarms: the controller is silent, messages are refused."""

import math
import threading
from collections.abc import Callable, Mapping
from typing import Any

from vigie.clock import machine_monotonic_s, machine_utc_s
from vigie.control.alarms import engine
from vigie.control.alarms.catalogue import Alarm, Standing
from vigie.control.alarms.engine import AlarmState, Change
from vigie.control.alarms.rules import Quantity, Rule
from vigie.errors import CommandRefused, JournalError
from vigie.telemetry.outbox import AlarmEvent, Outbox

Number = float | int | str


class Outpost:
    """Watches controller and mail with the controller's own alarm engine; every change goes to the journal.

    Its states survive a restart by the newest event of each alarm. Safe from any thread.
    """

    def __init__(
        self,
        rules: tuple[Rule, ...],
        outbox: Outbox,
        note: Callable[[AlarmEvent], None],
        silence_s: Callable[[], float],
        is_mail_in_trouble: Callable[[], bool],
        monotonic_s: Callable[[], float] = machine_monotonic_s,
        utc_s: Callable[[], float] = machine_utc_s,
    ) -> None:
        """Join the parts.

        Args:
            rules: of ``control.alarms.rules.web_rules``.
            outbox: where its earlier events are.
            note: takes each change (``Dispatcher.note``).
            silence_s: for how long nothing has come from the controller; infinity when nothing ever came.
            is_mail_in_trouble: whether messages cannot be handed over.
            monotonic_s: machine's monotonic seconds.
            utc_s: machine's calendar.
        """
        self._rules = {_name(rule): rule for rule in rules}
        self._states = {name: engine.normal() for name in self._rules}
        self._words: dict[str, tuple[str, str]] = {}
        self._outbox = outbox
        self._note = note
        self._silence_s = silence_s
        self._is_mail_in_trouble = is_mail_in_trouble
        self._monotonic_s = monotonic_s
        self._utc_s = utc_s
        self._started_s = monotonic_s()
        self._is_restored = False
        self._untold: list[AlarmEvent] = []
        self._lock = threading.Lock()

    def step(self) -> None:
        """Look once; call it every second or so."""
        now_s = self._monotonic_s()
        with self._lock:
            self._restore(now_s)
            for name, rule in self._rules.items():
                before = self._states[name]
                after, change = engine.step(before, rule, self._value(rule.quantity, now_s), now_s)
                self._take(name, before, after, change)
        self._tell()

    def is_mine(self, alarm: str | None) -> bool:
        """Return whether an alarm is one of these."""
        return alarm in self._rules

    def acknowledge(self, alarm: str | None, who: str, why: str = "") -> bool:
        """Take note of one of these alarms, or of all with None; return whether there was anything to note."""
        now_s = self._monotonic_s()
        with self._lock:
            names = list(self._rules) if alarm is None else [self._known(alarm)]
            changes = []
            for name in names:
                before = self._states[name]
                after, change = engine.acknowledge(before, self._rules[name], now_s)
                changes.append(change)
                self._take(name, before, after, change, who, why)
        self._tell()
        return any(change != Change.NONE for change in changes)

    def shelve(self, alarm: str, shelve_s: float, who: str, why: str) -> bool:
        """Put one of these alarms aside for ``shelve_s`` seconds; return whether that did anything."""
        now_s = self._monotonic_s()
        with self._lock:
            before = self._states[self._known(alarm)]
            after, change = engine.shelve(before, now_s + shelve_s, now_s)
            self._take(alarm, before, after, change, who, why)
        self._tell()
        return change != Change.NONE

    def unshelve(self, alarm: str, who: str, why: str = "") -> bool:
        """Take one of these alarms off its shelf; return whether it was on it."""
        with self._lock:
            before = self._states[self._known(alarm)]
            after, change = engine.unshelve(before, self._monotonic_s())
            self._take(alarm, before, after, change, who, why)
        self._tell()
        return change != Change.NONE

    def reports(self) -> list[dict[str, Any]]:
        """Return those that are not normal as JSON of ``messages.AlarmReport``, most urgent first."""
        with self._lock:
            standing = [
                (rule, self._report(name, rule, self._states[name]))
                for name, rule in self._rules.items()
                if self._states[name].standing != Standing.NORMAL
            ]
        return [report for _, report in sorted(standing, key=lambda one: -one[0].severity)]

    def _known(self, alarm: str) -> str:
        if alarm not in self._rules:
            raise CommandRefused(f"alarm {alarm!r} is none of the web process's own: {', '.join(self._rules)}")
        return alarm

    def _value(self, quantity: Quantity, now_s: float) -> float:
        if quantity == Quantity.CONTROLLER_SILENT_S:
            return min(self._silence_s(), now_s - self._started_s)  # a web process just started has waited for nobody
        return float(self._is_mail_in_trouble())

    def _take(
        self, name: str, before: AlarmState, after: AlarmState, change: Change, who: str = "", why: str = ""
    ) -> None:
        self._states[name] = after
        if change == Change.NONE:
            return
        if who:
            self._words[name] = (who, why)
        elif change in {Change.RAISED, Change.RETRIGGERED, Change.ESCALATED}:
            self._words.pop(name, None)
        report = self._report(name, self._rules[name], after)
        left_out = {"alarm", "standing", "by", "why", "detail"}
        data: dict[str, Number] = {
            key: int(value) if isinstance(value, bool) else value
            for key, value in report.items()
            if key not in left_out and value is not None
        }
        self._untold.append(
            AlarmEvent(
                0, int(self._utc_s() * 1000), name, before.standing.name.lower(), after.standing.name.lower(),
                change.name.lower(), who, why, {**data, "detail": ""},
            )
        )  # fmt: skip

    def _tell(self) -> None:
        """Pass changes on, outside the lock: the journal may make one wait, a page must not."""
        with self._lock:
            events, self._untold = self._untold, []
        for event in events:
            self._note(event)

    def _report(self, name: str, rule: Rule, state: AlarmState) -> dict[str, Any]:
        by, why = self._words.get(name, ("", ""))
        return {
            "alarm": name,
            "severity": rule.severity.name.lower(),
            "standing": state.standing.name.lower(),
            "is_present": state.is_present,
            "is_chattering": state.is_chattering,
            "is_first_out": False,
            "raised_utc_ms": self._calendar(state.raised_s) or int(self._utc_s() * 1000),
            "returned_utc_ms": self._calendar(state.returned_s),
            "value": state.value if math.isfinite(state.value) else None,
            "limit": rule.limit,
            "unit": "s" if rule.quantity == Quantity.CONTROLLER_SILENT_S else "",
            "detail": [],
            "protection": rule.protection.name.lower(),
            "shelved_until_utc_ms": self._calendar(state.shelved_until_s),
            "by": by,
            "why": why,
            "times": state.raises,
        }

    def _calendar(self, at_s: float) -> int | None:
        if math.isnan(at_s):
            return None
        return int((self._utc_s() - self._monotonic_s() + at_s) * 1000)

    def _restore(self, now_s: float) -> None:
        """Take the alarms up where the journal has them, once it can be read."""
        if self._is_restored:
            return
        try:
            events = {name: self._outbox.last_event(name) for name in self._rules}
        except JournalError:
            return
        self._is_restored = True
        for name, event in events.items():
            if event is not None and self._states[name].standing == Standing.NORMAL:
                self._states[name] = self._restored(event, now_s)
                self._words[name] = (event.who, event.why)

    def _restored(self, event: AlarmEvent, now_s: float) -> AlarmState:
        offset_s = now_s - self._utc_s()

        def at_s(key: str) -> float:
            value = event.data.get(key)
            return float(value) / 1000 + offset_s if isinstance(value, int | float) else math.nan

        name = event.after.upper()
        if name not in Standing.__members__ or Standing[name] == Standing.NORMAL:
            return engine.normal()
        return engine.restored(
            Standing[name],
            bool(event.data.get("is_present")),
            at_s("raised_utc_ms"),
            at_s("returned_utc_ms"),
            _number(event.data, "value"),
            int(_number(event.data, "times", 1.0)),
            at_s("shelved_until_utc_ms"),
        )


def _name(rule: Rule) -> str:
    return Alarm(rule.alarm).name.lower()


def _number(data: Mapping[str, Number], key: str, otherwise: float = math.nan) -> float:
    value = data.get(key)
    return float(value) if isinstance(value, int | float) else otherwise
