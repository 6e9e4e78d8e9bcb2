"""What the journal knows of the time before a start. What cannot be read of it is unknown, and never ends the start."""

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple, TypeVar

from vigie.config.sections import StartMode
from vigie.control.alarms.rules import Rule
from vigie.control.commands import Mode, Reason
from vigie.control.modes.table import spec_of
from vigie.control.signals import Relay
from vigie.controller.period import NO_PAST, Past
from vigie.errors import JournalError
from vigie.telemetry.alarm_book import restorable
from vigie.telemetry.damage import CorruptJournal, is_of_the_machine
from vigie.telemetry.events import CONTROLLER, LATCH_KINDS, MAINS, OVER_TEMPERATURE, HoldOff, LatchMoved, OutageMoved
from vigie.telemetry.reader import JournalReader
from vigie.telemetry.records import Event, EventKind, is_instant

T = TypeVar("T")


class Recollection(NamedTuple):
    """The past as far as it is known."""

    past: Past
    newest_utc_ms: int | None
    """The latest instant the journal holds."""
    damaged: tuple[str, ...]
    """The parts that could not be read, each with its reason."""


class _Memory:
    """Asks the journal one thing after the other; an answer that fails costs itself alone."""

    def __init__(self, reader: JournalReader) -> None:
        self.reader = reader
        self.damaged: list[str] = []

    def ask(self, part: str, question: Callable[[JournalReader], T], otherwise: T) -> T:
        """Return the answer, ``otherwise`` where it cannot be read."""
        try:
            return question(self.reader)
        except Exception as error:  # whatever a damaged file brings about must not keep the contacts unwatched
            is_damage = isinstance(error, CorruptJournal) or not isinstance(error, JournalError)
            if is_damage and not is_of_the_machine(error):
                self.damaged.append(f"{part}: {error or repr(error)}")
            return otherwise


def past_of(reader: JournalReader, start: StartMode, rules: Sequence[Rule] = ()) -> Recollection:
    """Return what the journal says of the time before this start; ``rules`` are those of the alarms to take up.

    A journal that is not there remembers nothing.
    """
    memory = _Memory(reader)
    if reader.path.is_file() and reader.path.stat().st_size == 0:
        memory.damaged.append(f"{reader.path.name}: the file is empty")
    mode, mode_by = memory.ask("mode", lambda journal: _mode(journal, start), (_first(start), NO_PAST.mode_by))
    past = NO_PAST._replace(
        mode=mode,
        mode_by=mode_by,
        switchings=memory.ask("movements of the contacts", _switchings, NO_PAST.switchings),
        switched_a=memory.ask("wear of the contacts", _switched_a, NO_PAST.switched_a),
        is_over_temperature=memory.ask("over-temperature latch", _is_over_temperature, False),
        r1_opened_utc_s=memory.ask("beginning of a drill", _r1_opened_utc_s, None),
        full_utc_s=memory.ask("last full charge", _full_utc_s, None),
        alarms=memory.ask("alarms", lambda journal: journal.newest_of_each(EventKind.ALARM), {}),
        outage=memory.ask("outage", _outage, None),
        charge=memory.ask("charge", lambda journal: journal.last_event((EventKind.CHARGE,), "battery"), None),
        was_stopped=memory.ask("last end", _was_stopped, True),
    )
    hold_off_s, hold_off_utc_s = memory.ask("hold-off", _hold_off, (NO_PAST.hold_off_s, NO_PAST.hold_off_utc_s))
    past = past._replace(hold_off_s=hold_off_s, hold_off_utc_s=hold_off_utc_s)
    alarms, unreadable = restorable(rules, past.alarms)
    memory.damaged += [f"alarm {name}: {why}" for name, why in unreadable.items()]
    newest_utc_ms = memory.ask("latest instant", _newest_utc_ms, None)
    past = past._replace(alarms=alarms, seen_utc_s=(newest_utc_ms or 0) / 1_000)
    return Recollection(past, newest_utc_ms, tuple(dict.fromkeys(memory.damaged)))


def _first(start: StartMode) -> Mode:
    return NO_PAST.mode if start == StartMode.LAST else Mode(start)


def _mode(journal: JournalReader, start: StartMode) -> tuple[Mode, str]:
    last = journal.last_mode() if start == StartMode.LAST else None
    if last is None:
        return _first(start), NO_PAST.mode_by
    if last[0].upper() not in Mode.__members__:
        raise CorruptJournal(f"there is no mode {last[0]!r}")
    mode = Mode[last[0].upper()]
    return (mode, last[1]) if spec_of(mode).is_resumed else (Mode.OBSERVE, NO_PAST.mode_by)


def _switchings(journal: JournalReader) -> tuple[int, ...]:
    counts = journal.switching_counts()
    return tuple(counts.get(relay.name, 0) for relay in Relay)


def _switched_a(journal: JournalReader) -> tuple[float, ...]:
    sums = tuple(journal.switched_a().get(relay.name, 0.0) for relay in Relay)
    if not all(math.isfinite(total) and total >= 0.0 for total in sums):
        raise CorruptJournal(f"sums of currents {sums} A cannot be")
    return sums


def _is_over_temperature(journal: JournalReader) -> bool:
    latch = journal.last_event(LATCH_KINDS, OVER_TEMPERATURE)
    return latch is not None and LatchMoved.of(latch).is_set


def _r1_opened_utc_s(journal: JournalReader) -> float | None:
    r1 = journal.last_switching("R1")
    return r1.utc_ms / 1_000 if r1 is not None and r1.after == "open" else None


def _full_utc_s(journal: JournalReader) -> float | None:
    r2 = journal.last_switching("R2")
    if r2 is None or r2.after != "open" or r2.reason != Reason.FULL.name.lower():
        return None
    return r2.utc_ms / 1_000


def _hold_off(journal: JournalReader) -> tuple[float, float]:
    """Return the newest hold-off told with a loss, its end or a start, and when; zeros when none is told."""
    told = (
        journal.last_event((EventKind.FAULT, EventKind.FAULT_CLEARED), MAINS),
        journal.last_event((EventKind.START,), CONTROLLER),
    )
    newest_utc_s, hold_off_s = 0.0, 0.0
    for event in told:
        hold_off = None if event is None else HoldOff.of(event)
        if event is not None and hold_off is not None:
            newest_utc_s, hold_off_s = max((newest_utc_s, hold_off_s), (event.utc_ms / 1_000, hold_off.seconds))
    return hold_off_s, newest_utc_s


def _outage(journal: JournalReader) -> Event | None:
    event = journal.last_of_kind(EventKind.OUTAGE)
    try:
        if event is not None:
            OutageMoved.of(event)
    except (ValueError, TypeError, OverflowError) as error:
        raise CorruptJournal(f"its record {dict(event.data) if event else {}} cannot be") from error
    return event


def _was_stopped(journal: JournalReader) -> bool:
    run = journal.last_event((EventKind.START, EventKind.STOP), CONTROLLER)
    return run is None or run.kind == EventKind.STOP


def _newest_utc_ms(journal: JournalReader) -> int | None:
    newest_utc_ms = journal.newest_utc_ms()
    if newest_utc_ms is not None and not is_instant(newest_utc_ms):
        raise CorruptJournal(f"{newest_utc_ms} ms cannot be")
    return newest_utc_ms
