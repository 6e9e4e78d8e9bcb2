"""An installation in this process: the real control loop and journal over the twin, and the truth beside them."""

import contextlib
import math
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from vigie.assembly.controller import machine_of
from vigie.assembly.past import past_of
from vigie.assembly.witnesses import JournalWitness
from vigie.clock import SimulatedClock
from vigie.config import check
from vigie.config.sections import StartMode
from vigie.control.commands import Mode
from vigie.control.signals import Contact, Relay, Wiring
from vigie.controller.inbox import Inbox
from vigie.controller.loop import Loop
from vigie.controller.period import NO_PAST, Past, Period
from vigie.errors import LinkError, PowerLost, RelayError
from vigie.link.messages import Command
from vigie.plant.faults import Fault, FaultKind, Faulty
from vigie.plant.installation import Installation
from vigie.plant.twin import Twin
from vigie.telemetry.journal import Journal
from vigie.telemetry.reader import JournalReader
from vigie.telemetry.records import Event, EventKind
from vigie.units import SECONDS_PER_DAY

from .disks import Disk
from .situations import Order, Situation

LONG_AFTER_MS = 10**14
MOST_WAITING = 1_000
RETRY_S = 2.0
BUS_PACE_S = 0.005
"""The bus has a thread of its own, which a clock that waits for nobody leaves behind."""
FIRST_UTC_S = 1_700_000_000.0
QUICKLY_PROVEN_S = 20.0
"""The hold-off after a start and a loss, short here; the flickers are swept with the true one (``flicker.py``)."""
BUS_FAULTS = {FaultKind.BUS_LOST, FaultKind.STALLED_BUS}


class Starved(Exception):
    """The machine was too busy to read the simulated bus in time: what is measured does not count."""


class SettableClock(SimulatedClock):
    """A simulated clock whose calendar can be set, as a person or a time server sets a computer's."""

    stepped_s = 0.0

    def utc_s(self) -> float:
        return super().utc_s() + self.stepped_s


class Truth(Installation):
    """The installation as it really is, which the program never sees; keeps how long the loads were dark."""

    longest_dark_s = 0.0
    were_both_open = False
    """R1 and R2 stood open together although R2 carries the backup."""
    _dark_since_s = math.nan

    def advance_to(self, now_s: float) -> None:
        super().advance_to(self.now_s)  # a computer that loses its power is noticed at the instant
        while self.now_s < now_s:
            began_s, is_dark = self.now_s, not self.loads_are_powered
            super().advance_to(min(now_s, self.next_change_s()))
            self._count(is_dark, began_s)

    def set_contact(self, relay: Relay, contact: Contact) -> None:
        super().set_contact(relay, contact)
        both = self.contacts.r1 == self.contacts.r2 == Contact.OPEN
        self.were_both_open |= both and self.settings.wiring == Wiring.LINE

    def _count(self, is_dark: bool, began_s: float) -> None:
        if not is_dark:
            self._dark_since_s = math.nan
            return
        if math.isnan(self._dark_since_s):
            self._dark_since_s = began_s
        self.longest_dark_s = max(self.longest_dark_s, self.now_s - self._dark_since_s)


Story = Iterator[None]
"""What happens to a site, a period at a time: it goes on after each ``yield``."""


class Site:
    """The whole controller but for its processes. A story is told to it by :meth:`live`."""

    def __init__(
        self, folder: Path, wiring: Wiring, situation: Situation, settings: dict[str, Any], disk: Disk
    ) -> None:
        """Build it.

        Args:
            folder: for the journal, unless ``disk`` is another one.
            wiring: what R2 cuts.
            situation: that is to be reached; gives charge and mode at the start.
            settings: section tables laid over the simulated installation's.
            disk: what the journal lies on.
        """
        self.config = check(_tables(wiring, situation, settings), "the fault matrix")
        self.clock = SettableClock(math.inf, FIRST_UTC_S)
        self.truth = Truth(self.config.twin.installation)
        self.twin = Twin(self.truth, self.clock, self.config.twin)
        if situation.is_found:
            self.twin.switch(Relay.R1, situation.r1)
            self.twin.switch(Relay.R2, situation.r2)
        self.release = threading.Event()
        """Set, a stuck bus lets go."""
        self._is_stuck = False
        self.plant = Faulty(self.twin, self.clock, sleep=self._wait_for_release)
        self.disk = disk
        self.path = disk.mounted(folder) / "journal.sqlite"
        self.inbox = Inbox()
        self.events: list[tuple[float, Event]] = []
        self.periods: list[Period] = []
        self.contacts: list[tuple[float, Contact, Contact]] = []
        """R1 and R2 as their lines stand after each period."""
        self.pace_s = 0.0
        """Machine time a period is to take at least; a disk needs it."""
        self._orders = 0
        self._past = NO_PAST._replace(mode=situation.mode, full_utc_s=FIRST_UTC_S - SECONDS_PER_DAY)
        self._start = StartMode(situation.mode) if situation.mode != Mode.OBSERVE else StartMode.LAST
        self._stop = threading.Event()
        self._story: Story = iter(())
        self._down: float | None = None
        self._is_killed = False
        self._journal: Journal | None = None

    @property
    def now_s(self) -> float:
        """Plant seconds."""
        return self.clock.now_s()

    def live(self, story: Story) -> None:
        """Run controllers until the story is over; a computer that dies is waited for and started again."""
        self._story = story
        past = self._past
        while (down_s := self._run(past)) is not None:
            self.clock.sleep_until(self.now_s + down_s)
            self._wait_for_the_computer()
            with contextlib.closing(JournalReader(self.path)) as reader:
                past = past_of(reader, self._start).past

    def go_down(self, lasts_s: float, is_clean: bool) -> None:
        """End this controller after this period, wordless unless ``is_clean``; the next starts ``lasts_s`` later."""
        self._down = lasts_s
        self._is_killed = not is_clean
        self._stop.set()

    def begin(self, faults: tuple[Fault, ...], lasts_s: float) -> None:
        """Let faults begin now, right after a period's sweeps: the worst moment."""
        for fault in faults:
            self.plant.begin(fault._replace(end_s=self.now_s + lasts_s))

    def order(self, order: Order) -> None:
        """Hand in a command; the next period decides it."""
        self._orders += 1
        whole = {"id": f"matrix-{self._orders:06}", "not_after_utc_ms": LONG_AFTER_MS, "who": "matrix", **order}
        with contextlib.suppress(LinkError):  # nobody waits for the answer
            self.inbox.submit(Command.model_validate(whole), timeout_s=0.0)

    def rows(self) -> int:
        """Return the periods the journal holds."""
        with contextlib.closing(JournalReader(self.path)) as reader, reader.connection() as connection:
            return int(connection.execute("SELECT count(*) FROM period").fetchone()[0])

    def clock_events(self) -> list[tuple[float, Event]]:
        """Return the calendar's steps, which only the journal sees, with their instants."""
        with contextlib.closing(JournalReader(self.path)) as reader:
            told = reader.events(0, LONG_AFTER_MS, (EventKind.CLOCK,))
        return [(event.utc_ms / 1_000 - FIRST_UTC_S - self.clock.stepped_s, event) for event in told]

    def period(self, period: Period) -> None:
        """Keep a period, then let the story go on (the loop's witness)."""
        self.periods.append(period)
        lines = self.truth.contacts
        self.contacts.append((self.now_s, lines.r1, lines.r2))
        self._let_the_journal_follow()
        if self._stop.is_set():
            return
        try:
            next(self._story)
        except StopIteration:
            self._stop.set()

    def event(self, event: Event) -> None:
        """Keep an event with its instant."""
        self.events.append((self.now_s, event))
        is_of_the_bus = event.kind == EventKind.FAULT and event.subject == "bus"
        if is_of_the_bus and not BUS_FAULTS & {fault.kind for fault in self.plant.active}:
            raise Starved(event.text)

    def close(self) -> None:
        """Let a stuck bus go and give the disk back."""
        self.release.set()
        self.disk.close()

    def _run(self, past: Past) -> float | None:
        """Run one controller; return after how many seconds the next one starts, None when the story is over."""
        self._down = None
        self._stop.clear()
        self._journal = journal = Journal(self.path, self.config.journal)
        journal.start()
        try:
            self._loop(journal, past).run(self._stop)
        except PowerLost:
            return 0.0
        except RelayError:  # at the start: tried again like a service that does not start
            return RETRY_S
        finally:
            journal.close()
        return self._down

    def _loop(self, journal: Journal, past: Past) -> Loop:
        return Loop(
            self.plant,
            self.clock,
            self.inbox,
            [_Mute(JournalWitness(journal), self), self],
            channels=self.config.channels_settings(),
            filtering=self.config.filter,
            lookout=self.config.lookout_settings(),
            rhythm=self.config.loop,
            machine=lambda: machine_of(self.disk.figures(), journal.state()),
            past=past,
        )

    def _wait_for_the_computer(self) -> None:
        while not self.truth.computer.is_up:
            self.clock.sleep_until(self.now_s + 1.0)
            with contextlib.suppress(PowerLost):
                self.twin.read_contacts()
        self.twin.wait_for_power(threading.Event())

    def let_the_bus_go(self) -> None:
        """End a transfer that hangs, and give its thread the time to end."""
        if self._is_stuck:
            self.pace_s = BUS_PACE_S
        self.release.set()

    def _wait_for_release(self, _: float) -> None:
        self._is_stuck = True
        self.release.wait(30.0)

    def _let_the_journal_follow(self) -> None:
        """Wait for a journal that falls behind a clock that waits for nobody."""
        if self.pace_s:
            time.sleep(self.pace_s)
        while self._journal is not None and self._journal.state().waiting_periods > MOST_WAITING:
            time.sleep(0.005)

    @property
    def is_killed(self) -> bool:
        """The controller ends without being able to say so."""
        return self._is_killed and self._stop.is_set()


class _Mute:
    """The journal's witness; a controller that is killed writes no STOP."""

    def __init__(self, journal: JournalWitness, site: Site) -> None:
        self._journal = journal
        self._site = site

    def period(self, period: Period) -> None:
        self._journal.period(period)

    def event(self, event: Event) -> None:
        if not self._site.is_killed:
            self._journal.event(event)


def _tables(wiring: Wiring, situation: Situation, settings: dict[str, Any]) -> dict[str, dict[str, Any]]:
    installation = {
        "battery": {"c20_ah": 7.0, "start_soc": situation.soc},
        "wiring": wiring.name.lower(),
        "outages": {"kind": "none"},
        **settings.get("installation", {}),
    }
    tables: dict[str, dict[str, Any]] = {
        "plant": {"kind": "twin", "scenario": "standby"},
        "wiring": {"battery_contact": wiring.name.lower()},
        "twin": {"installation": installation},
        "journal": {"batch_s": 0.2},
        "mains": {"steady_s": QUICKLY_PROVEN_S},
    }
    for name, table in settings.items():
        if name != "installation":
            tables.setdefault(name, {}).update(table)
    return tables
