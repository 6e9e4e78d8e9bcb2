"""The watch over the contacts on the simulated installation: never a false accusation, and every fault it can name."""

import math
import random
from collections.abc import Callable, Iterator
from typing import NamedTuple

import pytest

from vigie.clock import SimulatedClock
from vigie.control.commands import Mode
from vigie.control.contact_truth import ContactFault, TruthSettings, TruthState, check, initial_truth
from vigie.control.filtering import ChannelSettings, ChannelsSettings, FilterSettings, initial_filter_state, summarise
from vigie.control.interlocks import InterlockSettings, Latch
from vigie.control.mains import MainsSettings
from vigie.control.modes.cycle import CycleSettings
from vigie.control.modes.manual import ManualSettings
from vigie.control.modes.protect import ProtectSettings
from vigie.control.modes.wish import MinimumTimes
from vigie.control.outages import Outage, OutageLogSettings, follow, initial_outages
from vigie.control.signals import Contact, Contacts, Measurement, Relay, Wiring
from vigie.control.supervisor import Action, Decision, Order, State, SupervisorSettings, adopted, obey, step
from vigie.plant.installation import Installation
from vigie.plant.outages import OutageKind, OutageSettings
from vigie.plant.site import BatterySettings, ChargerSettings, InstallationSettings, LoadSettings
from vigie.plant.twin import MeterSettings, Twin, TwinSettings

OPEN, CLOSED = Contact.OPEN, Contact.CLOSED
LINE, CHARGE_ONLY = Wiring.LINE, Wiring.CHARGE_ONLY
SWEEPS = 3
PLAIN = ChannelSettings(True, 1.0, 0.0, 1.0, 0.1, 0.0, 0.0, 20.0, 3.2)
CHANNELS = ChannelsSettings(PLAIN._replace(gain=1.03125, offset_v=0.4), PLAIN, PLAIN, PLAIN._replace(is_fitted=False))
FILTER = FilterSettings(sweeps=SWEEPS, least_good=2)
HOUR = 3600.0

Wires = Callable[[Contact, Contact], tuple[Contact, Contact]]
"""What R1 and R2 do when told two things."""


def not_(contact: Contact) -> Contact:
    return CLOSED if contact == OPEN else OPEN


FAULTS: dict[str, Wires] = {
    "none": lambda r1, r2: (r1, r2),
    "r1 welded": lambda _r1, r2: (CLOSED, r2),
    "r1 dead": lambda _r1, r2: (OPEN, r2),
    "r1 reversed": lambda r1, r2: (not_(r1), r2),
    "r2 welded": lambda r1, _r2: (r1, CLOSED),
    "r2 dead": lambda r1, _r2: (r1, OPEN),
    "r2 reversed": lambda r1, r2: (r1, not_(r2)),
    "swapped": lambda r1, r2: (r2, r1),
}


class Moment(NamedTuple):
    """What a period came to."""

    now_s: float
    truth: TruthState
    told: Contacts
    before: Contacts
    ended: Outage | None
    decision: Decision
    measurement: Measurement
    state: State


class World:
    """The real control over the twin, with wires that can be wrong."""

    def __init__(
        self,
        wiring: Wiring,
        mode: Mode,
        *,
        outages: OutageSettings | None = None,
        soc: float = 0.66,
        load_a: float = 0.5,
        period_s: float = 1.0,
        seed: int = 1,
        wires: str = "none",
        found: tuple[Contact, Contact] = (CLOSED, CLOSED),
        times: MinimumTimes | None = None,
    ) -> None:
        site = InstallationSettings(
            battery=BatterySettings(c20_ah=7.0, start_soc=soc),
            charger=ChargerSettings(limit_a=1.4),
            load=LoadSettings(current_a=load_a),
            outages=outages or OutageSettings(),
            wiring=wiring,
        )
        self.clock = SimulatedClock(math.inf, 0.0)
        self.installation = Installation(site)
        self.twin = Twin(self.installation, self.clock, TwinSettings(site, MeterSettings(gain_error=0.005), seed=seed))
        self.control = SupervisorSettings(
            wiring,
            False,
            MainsSettings(),
            InterlockSettings(),
            ProtectSettings(),
            CycleSettings(),
            ManualSettings(),
            times or MinimumTimes(),
        )
        self.period_s = period_s
        self.random = random.Random(seed)
        self.told = Contacts(*found, CLOSED, OPEN)
        self.wires = FAULTS[wires]
        self.connect()
        self.state = adopted(self.told, mode, 0.0, 0.0, Latch(False, False))
        self.filtered = initial_filter_state()
        self.truth = initial_truth()
        self.outages = initial_outages(0.0)
        self.truth_settings = TruthSettings()

    def connect(self) -> None:
        """Let the contacts be what the wires make of what they are told."""
        r1, r2 = self.wires(self.told.r1, self.told.r2)
        self.twin.switch(Relay.R1, r1)
        self.twin.switch(Relay.R2, r2)

    def breaks(self, fault: str) -> None:
        self.wires = FAULTS[fault]
        self.connect()

    def order(self, order: Order) -> None:
        self.state, _ = obey(self.state, order, self.control, self.clock.now_s())

    def enters(self, mode: Mode) -> None:
        self.order(Order(Action.SET_MODE, mode, Relay.R1, CLOSED, 7200.0))

    def sets(self, relay: Relay, contact: Contact) -> None:
        self.enters(Mode.MANUAL)
        self.order(Order(Action.SET_CONTACT, Mode.MANUAL, relay, contact, 0.0))

    def period(self) -> Moment:
        began_s = self.clock.now_s()
        sweeps = []
        for index in range(SWEEPS):
            self.clock.sleep_until(began_s + 0.2 * index)
            sweeps.append(self.twin.read_sweep())
        temperature, ambient = self.twin.read_temperature(), self.twin.read_ambient()
        now_s = self.clock.now_s()
        before = self.told
        self.filtered, image = summarise(self.filtered, tuple(sweeps), temperature, ambient, before, now_s, CHANNELS, FILTER)
        self.state, decision = step(self.state, image, self.control)
        self.told = decision.contacts
        self.truth = check(
            self.truth, before, self.told, image, decision.mains, self.control.wiring, self.truth_settings
        )
        self.outages, _, ended, outage = follow(self.outages, self.state, decision, image, OutageLogSettings())
        if before != self.told:
            self.connect()
        moment = Moment(
            now_s, self.truth, self.told, before, outage if ended else None, decision, image, self.state
        )
        self.clock.sleep_until(began_s + self.period_s)
        return moment

    def lives(self, seconds: float) -> Iterator[Moment]:
        end_s = self.clock.now_s() + seconds
        while self.clock.now_s() < end_s:
            yield self.period()


if __name__ == "__main__":
    import time

    world = World(LINE, Mode.PROTECT)
    t = time.process_time()
    n = sum(1 for _ in world.lives(3600.0))
    print((time.process_time() - t) / n * 1e6, "us/period")
