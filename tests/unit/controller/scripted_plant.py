"""A plant that does what a test says, and a bench with the real loop over it and a clock that never waits."""

import math
import threading
from collections.abc import Mapping
from typing import Any

from tests.unit.control.process_images import mode_settings
from vigie.clock import SimulatedClock
from vigie.control.alarms.rules import rules
from vigie.control.alarms.settings import AlarmSettings
from vigie.control.alarms.watch import watch_settings
from vigie.control.commands import Mode
from vigie.control.contact_truth import TruthSettings
from vigie.control.estimation.settings import EstimationSettings, estimation_rules
from vigie.control.filtering import ChannelSettings, ChannelsSettings, FilterSettings
from vigie.control.interlocks import InterlockSettings
from vigie.control.mains import MainsSettings
from vigie.control.modes.cycle import CycleSettings
from vigie.control.modes.wish import MinimumTimes
from vigie.control.outages import OutageLogSettings, outage_rules
from vigie.control.signals import Channel, Contact, Contacts, Reading, Relay, Status, Sweep, Temperature, Wiring
from vigie.control.supervisor import SupervisorSettings
from vigie.control.wear import WearSettings
from vigie.controller.inbox import Inbox
from vigie.controller.lookout import LookoutSettings
from vigie.controller.loop import Loop, LoopSettings
from vigie.controller.period import NO_PAST, Past, Period
from vigie.controller.status import Labels, SnapshotParts
from vigie.errors import VigieError
from vigie.link.messages import Answer, Command
from vigie.plant.port import LOOK_EVERY_S, HasFallen
from vigie.telemetry.journal import JournalStatus
from vigie.telemetry.records import Event, EventKind
from vigie.telemetry.report import UNKNOWN_FIGURES, HostReport

OPEN, CLOSED = Contact.OPEN, Contact.CLOSED
LONG_AFTER_MS = 10**14
CHANNEL = ChannelSettings(True, 1.0, 0.0, 1.0, 0.1, 0.0, -1.0, 20.0, 3.3)
CHANNELS = ChannelsSettings(CHANNEL, CHANNEL, CHANNEL, CHANNEL._replace(is_fitted=False))
CONTROL = SupervisorSettings(
    Wiring.LINE,
    False,
    MainsSettings(steady_s=0.0, alone_still_s=0.0),
    InterlockSettings(hot_periods=1),
    mode_settings(cycle=CycleSettings(settle_s=0.0)),
    MinimumTimes(0.0, 0.0, 0.0),
)
QUICK = FilterSettings(sweeps=2, least_good=1, sweep_interval_s=0.05)
PARTS = SnapshotParts(
    "twin",
    1.0,
    1.0,
    0,
    Labels("Site", "1", ("V1", "V2", "V3", "V4"), ("none",) * 4, ("R1", "R2", "R3", "R4")),
    CHANNELS,
    CONTROL,
)
HOST = HostReport(UNKNOWN_FIGURES, JournalStatus("j", 0, True, None, 0, 0, 0), 0.0, "0.1.0", "twin")


def lookout(control: SupervisorSettings = CONTROL) -> LookoutSettings:
    """Return the alarms' own defaults over these settings of the supervisor."""
    alarms, contacts = AlarmSettings(), WearSettings()
    return LookoutSettings(
        rules(alarms, control.interlocks, contacts.warn_share),
        watch_settings(alarms, control.interlocks, control.mains),
        TruthSettings(),
        contacts,
        outage_rules(OutageLogSettings(), control.mains),
        control,
        True,
        estimation_rules(EstimationSettings(), 7.0, alarms, control.mains, OutageLogSettings()),
    )


class ScriptedPlant:
    """Reads what its fields say; every movement is kept."""

    name = "twin"

    clock: SimulatedClock | None = None
    is_watchful = False

    def __init__(self, r1: Contact = CLOSED, r2: Contact = CLOSED) -> None:
        self.battery_v = 12.8
        self.charge_a = 0.3
        self.load_v = 13.6
        self.celsius = 25.0
        self.ambient_celsius = 22.0
        self.contacts = [r1, r2, OPEN, OPEN]
        self.moves: list[tuple[Relay, Contact]] = []
        self.closed = False
        self.sweep_error: Exception | None = None
        self.switch_error: dict[Relay, Exception] = {}
        self.contacts_error: Exception | None = None
        self.gate = threading.Event()
        """Cleared, a sweep hangs until it is set again."""
        self.gate.set()

    def read_sweep(self) -> Sweep:
        self.gate.wait(10)
        if self.sweep_error is not None:
            raise self.sweep_error
        absent = Reading(math.nan, math.nan, int(Status.ABSENT))
        return Sweep(
            Reading(self.battery_v, 0.0, 0),
            Reading(self.battery_v + 0.1, self.charge_a * 0.1, 0),
            Reading(self.load_v, 0.05, 0),
            absent,
        )

    def set_watchful(self, is_watchful: bool) -> None:
        self.is_watchful = is_watchful

    def watch(self, until_s: float, has_fallen: HasFallen) -> bool:
        """Look once, and wait: by the bench's clock, which waits for nobody."""
        if self.clock is None:
            return False
        self.clock.sleep_until(min(self.clock.now_s() + LOOK_EVERY_S, until_s))
        if until_s - self.clock.now_s() > 0.0 and has_fallen(*self.looks()):
            return True
        self.clock.sleep_until(until_s)
        return False

    def looks(self) -> tuple[Reading, Reading]:
        """What V2 and V3 show between the sweeps."""
        sweep = self.read_sweep()
        return sweep.charge, sweep.load

    def read_temperature(self) -> Temperature:
        return Temperature(self.celsius, int(Status.GOOD))

    def read_ambient(self) -> Temperature:
        return Temperature(self.ambient_celsius, int(Status.GOOD))

    def read_contacts(self) -> Contacts:
        if self.contacts_error is not None:
            raise self.contacts_error
        return Contacts(*self.contacts)

    def switch(self, relay: Relay, contact: Contact) -> None:
        if relay in self.switch_error:
            raise self.switch_error[relay]
        self.moves.append((relay, contact))
        self.contacts[relay] = contact

    def errors(self) -> Mapping[Channel, VigieError]:
        return {}

    def close(self) -> None:
        self.closed = True


class Notes:
    """A witness that keeps everything it is told."""

    def __init__(self) -> None:
        self.periods: list[Period] = []
        self.events: list[Event] = []

    def period(self, period: Period) -> None:
        self.periods.append(period)

    def event(self, event: Event) -> None:
        self.events.append(event)

    def told(self, kind: EventKind, subject: str = "") -> list[Event]:
        return [event for event in self.events if event.kind == kind and subject in ("", event.subject)]


class Bench:
    """The loop over a scripted plant."""

    def __init__(
        self,
        plant: ScriptedPlant | None = None,
        past: Past = NO_PAST,
        *,
        control: SupervisorSettings = CONTROL,
        settings: LookoutSettings | None = None,
        deadline_s: float = 0.5,
    ) -> None:
        self.plant = plant or ScriptedPlant()
        self.plant.clock = self.clock = SimulatedClock(math.inf, 1_000_000.0)
        self.inbox = Inbox()
        self.notes = Notes()
        self.loop = Loop(
            self.plant,
            self.clock,
            self.inbox,
            [self.notes],
            channels=CHANNELS,
            filtering=QUICK,
            lookout=settings or lookout(control),
            rhythm=LoopSettings(1.0, deadline_s),
            past=past,
        )

    def run(self, periods: int = 1) -> Period:
        """Run periods a second apart and return the last."""
        for _ in range(periods):
            self.clock.sleep_until(math.floor(self.clock.now_s()) + 1.0)
            last = self.loop.run_period()
        return last

    def order(self, action: str, **fields: Any) -> Answer:
        """Give an order and run the period that decides it."""
        answers: list[Answer] = []
        command = command_of(action, **fields)
        person = threading.Thread(target=lambda: answers.append(self.inbox.submit(command)))
        person.start()
        while not self.inbox._waiting:
            pass
        self.run()
        person.join(5)
        return answers[0]

    def in_mode(self, mode: Mode) -> "Bench":
        assert self.order("set_mode", mode=mode.name.lower()).is_accepted
        return self


def command_of(action: str, id: str = "", **fields: Any) -> Command:  # noqa: A002
    whole = {"id": id or f"order-{next(_NUMBERS):06}", "not_after_utc_ms": LONG_AFTER_MS, "who": "anna", **fields}
    return Command.model_validate({"action": action, **whole})


_NUMBERS = iter(range(10**6))
