"""The alarms of a process: the engine's steps told as events, and read back from events after a restart.

Who acknowledged or shelved and why are words; the engine knows numbers only, so they are kept here.
"""

import math
from collections.abc import Collection, Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

from vigie.control.alarms.board import Board, step_board, with_state
from vigie.control.alarms.catalogue import Alarm, Protection, Severity, Standing
from vigie.control.alarms.engine import AlarmState, Change, acknowledge, normal, restored, shelve, unshelve
from vigie.control.alarms.row import AlarmRow
from vigie.control.alarms.rules import Rule
from vigie.control.alarms.table import ALARM_ROWS, detail, row_named
from vigie.telemetry.alarm_moved import AlarmMoved
from vigie.telemetry.records import Event, EventKind
from vigie.telemetry.report import AlarmReport

NOBODY = ""
_MANY = 1_000
"""Remembered instants from which those no alarm keeps any more are forgotten."""


class Instant(NamedTuple):
    """One moment on both axes."""

    now_s: float
    """Monotonic plant time."""
    utc_ms: int
    """Plant's calendar."""

    def calendar_ms(self, at_s: float) -> int | None:
        """Return the calendar of another monotonic instant, None for NaN."""
        return None if math.isnan(at_s) else round(self.utc_ms + (at_s - self.now_s) * 1_000)

    def monotonic_s(self, utc_ms: float | None) -> float:
        """Return the monotonic time of another calendar instant, NaN for None."""
        return math.nan if utc_ms is None else self.now_s + (utc_ms - self.utc_ms) / 1_000


class _Note(NamedTuple):
    who: str
    why: str


class AlarmBook:
    """The alarms of one process. Not thread-safe: one thread keeps it."""

    def __init__(
        self, rules: Sequence[Rule], newest: Mapping[str, Event], at: Instant, voice: str = "controller"
    ) -> None:
        """Begin with the alarms as the journal left them.

        Args:
            rules: one per alarm of this process.
            newest: the newest ALARM event of each alarm, by the alarm's name.
            at: now.
            voice: who says what nobody in particular did.
        """
        self._voice = voice
        self._rules = tuple(rules)
        self._index = {rule.alarm.name.lower(): index for index, rule in enumerate(self._rules)}
        self._notes: dict[int, _Note] = {}
        self._in_force: Collection[Protection] = ()
        self._words: dict[Alarm, list[str]] = {}
        self._values: Mapping[str, float] = {}
        """Of the newest period, by the alarm's name."""
        self._calendar: dict[float, int] = {}
        """The calendar of each instant an alarm keeps, as it was then: a clock that is set changes no history."""
        states = [normal()] * len(self._rules)
        first_out, first_s = -1, math.inf
        for name, event in newest.items():
            index = self._index.get(name)
            if index is None or event.after == Standing.NORMAL.name.lower():
                continue
            moved = AlarmMoved.of(event)
            states[index] = _restored(moved, at)
            self._remember(states[index], moved)
            if moved.change in {Change.ACKNOWLEDGED, Change.SHELVED}:
                self._notes[index] = _Note(moved.who, moved.why)
            if ALARM_ROWS[rules[index].alarm].is_said_in_words and moved.detail:
                self._words[rules[index].alarm] = list(moved.detail)
            if moved.is_first_out and states[index].raised_s < first_s:
                first_out, first_s = index, states[index].raised_s
        self._board = Board(tuple(states), first_out)

    def value(self, alarm: Alarm) -> float:
        """Return the worst value of an alarm that is present; 0 when it is not."""
        state = self._board.states[self._index[alarm.name.lower()]]
        return state.value if state.is_present and not math.isnan(state.value) else 0.0

    def period(
        self,
        values: Mapping[str, float],
        in_force: Collection[Protection],
        at: Instant,
        readings: Mapping[str, float] = MappingProxyType({}),
        words: Mapping[Alarm, Sequence[str]] = MappingProxyType({}),
    ) -> list[Event]:
        """Take the values of a period and what protects now; return what changed.

        Args:
            values: by the alarm's lower-case name, one for each rule.
            in_force: what protects now.
            at: the period.
            readings: go with each change, for whoever is told of it.
            words: what alarms are about whose values are counts of something only words can say.
        """
        self._in_force = in_force
        self._values = values
        for alarm, about in words.items():
            if about:  # they stay with an alarm that is over and not acknowledged
                self._words[alarm] = [one.replace(",", ";") for one in about]
        before = self._board
        self._board, changes = step_board(before, self._rules, tuple(values[name] for name in self._index), at.now_s)
        moves = [self._moved(before.states[index], index, change, at) for index, change in changes]
        return [moved._replace(readings=readings).event(at.utc_ms) for moved in moves]

    def acknowledge(self, alarm: str | None, who: str, why: str, at: Instant) -> list[Event]:
        """Take note of one alarm, or of all (None); an empty list when nothing was to be noted."""
        wanted = range(len(self._rules)) if alarm is None else [self._index[alarm]]
        events = []
        for index in wanted:
            before = self._board.states[index]
            state, change = acknowledge(before, self._rules[index], at.now_s)
            if change != Change.NONE:
                events.append(self._set_by(index, state, change, _Note(who, why), at))
        return events

    def shelve(self, alarm: str, lasts_s: float, who: str, why: str, at: Instant) -> list[Event]:
        """Put one alarm aside for a time."""
        index = self._index[alarm]
        state, change = shelve(self._board.states[index], at.now_s + lasts_s, at.now_s)
        return [] if change == Change.NONE else [self._set_by(index, state, change, _Note(who, why), at)]

    def unshelve(self, alarm: str, who: str, why: str, at: Instant) -> list[Event]:
        """Take one alarm off its shelf; an empty list when it lies on none."""
        index = self._index[alarm]
        state, change = unshelve(self._board.states[index], at.now_s)
        return [] if change == Change.NONE else [self._set_by(index, state, change, _Note(who, why), at)]

    def knows(self, alarm: str) -> bool:
        """Return whether that alarm is one of this process."""
        return alarm in self._index

    def reports(self, at: Instant) -> list[AlarmReport]:
        """Return every alarm that is not at rest, most urgent first."""
        found = [(index, state) for index, state in enumerate(self._board.states) if state.standing != Standing.NORMAL]
        found.sort(key=lambda pair: (-self._rules[pair[0]].severity, pair[0]))
        return [self._report(index, state, at) for index, state in found]

    def counts(self) -> Mapping[Severity, int]:
        """Return how many alarms are present and not shelved, by severity."""
        counted = dict.fromkeys(Severity, 0)
        for rule, state in zip(self._rules, self._board.states, strict=True):
            if state.is_present and state.standing != Standing.SHELVED:
                counted[rule.severity] += 1
        return counted

    def _set_by(self, index: int, state: AlarmState, change: Change, note: _Note, at: Instant) -> Event:
        before = self._board.states[index]
        self._board = with_state(self._board, self._rules, index, state)
        self._notes[index] = note
        return self._moved(before, index, change, at, note).event(at.utc_ms)

    def _remember(self, state: AlarmState, moved: AlarmMoved) -> None:
        known = (
            (state.raised_s, moved.raised_utc_ms),
            (state.returned_s, moved.returned_utc_ms),
            (state.shelved_until_s, moved.shelved_until_utc_ms),
        )
        self._calendar |= {at_s: utc_ms for at_s, utc_ms in known if utc_ms is not None}

    def _utc_ms(self, at_s: float, at: Instant) -> int | None:
        if math.isnan(at_s):
            return None
        if at_s not in self._calendar:
            self._calendar[at_s] = at.utc_ms + round((at_s - at.now_s) * 1_000)
        return self._calendar[at_s]

    def _moved(
        self, before: AlarmState, index: int, change: Change, at: Instant, note: _Note | None = None
    ) -> AlarmMoved:
        rule, state = self._rules[index], self._board.states[index]
        report = self._report(index, state, at)
        if state.standing == Standing.NORMAL and len(self._calendar) > _MANY:
            kept = {
                one for each in self._board.states for one in (each.raised_s, each.returned_s, each.shelved_until_s)
            }
            self._calendar = {at_s: utc_ms for at_s, utc_ms in self._calendar.items() if at_s in kept}
        if note is None and state.standing in {Standing.UNACKNOWLEDGED, Standing.NORMAL}:
            self._notes.pop(index, None)
        who, why = note or (NOBODY, "")
        return AlarmMoved(
            rule.alarm.name.lower(),
            before.standing,
            state.standing,
            change,
            who or self._voice,
            why,
            report["severity"],
            report["raised_utc_ms"],
            report["returned_utc_ms"],
            report["value"],
            report["limit"],
            report["unit"],
            report["protection"],
            report["shelved_until_utc_ms"],
            report["times"],
            tuple(report["detail"]),
            state.is_present,
            report["is_first_out"],
            state.value,
            {},
        )

    def _reading(self, row: AlarmRow) -> float | None:
        """Return what is now of a value that is read, not counted."""
        name = row.name if row.reading_of is None else row.reading_of.name.lower()
        value = self._values.get(name, math.nan)
        return round(value, 4) if row.unit in READ and math.isfinite(value) else None

    def _report(self, index: int, state: AlarmState, at: Instant) -> AlarmReport:
        rule = self._rules[index]
        row = ALARM_ROWS[rule.alarm]
        note = self._notes.get(index, _Note(NOBODY, ""))
        is_protecting = state.is_present and rule.protection in self._in_force
        protection = rule.protection if is_protecting else Protection.NONE
        names = self._words.get(rule.alarm) or list(detail(row, state.value))
        is_number = bool(row.unit) and math.isfinite(state.value)
        return {
            "alarm": row.name,
            "severity": rule.severity.name.lower(),
            "standing": state.standing.name.lower(),
            "is_present": state.is_present,
            "is_chattering": state.is_chattering,
            "is_first_out": index == self._board.first_out,
            "raised_utc_ms": self._utc_ms(state.raised_s, at) or at.utc_ms,
            "returned_utc_ms": self._utc_ms(state.returned_s, at),
            "value": round(state.value, 4) if is_number else None,
            "now": self._reading(row) if is_number else None,
            "limit": rule.limit if is_number else None,
            "unit": row.unit,
            "detail": names,
            "protection": protection.name.lower(),
            "shelved_until_utc_ms": self._utc_ms(state.shelved_until_s, at),
            "by": note.who,
            "why": note.why,
            "times": state.raises,
        }


READ = {"degC", "K", "V", "A"}
"""Units of readings: what is counted, a time or a share, is at its worst now."""


def restorable(rules: Sequence[Rule], newest: Mapping[str, Event]) -> tuple[dict[str, Event], dict[str, str]]:
    """Return the events that an :class:`AlarmBook` can go on from, and by alarm why the others cannot be used."""
    good, unusable = {}, {}
    mine = {rule.alarm.name.lower() for rule in rules}
    for name, event in newest.items():
        try:
            value = AlarmMoved.of(event).raw
            if name in mine and (row := row_named(name)) is not None:
                detail(row, value)
        except (KeyError, ValueError, TypeError, OverflowError) as error:
            unusable[name] = event.text if event.kind != EventKind.ALARM else f"{event.after!r}, {error!r}"
        else:
            good[name] = event
    return good, unusable


def _restored(moved: AlarmMoved, at: Instant) -> AlarmState:
    """Return an alarm as its last change left it."""
    return restored(
        moved.after,
        moved.is_present,
        at.monotonic_s(moved.raised_utc_ms),
        at.monotonic_s(moved.returned_utc_ms),
        moved.raw,
        moved.times,
        at.monotonic_s(moved.shelved_until_utc_ms),
    )
