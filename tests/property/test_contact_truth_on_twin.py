"""The watch over the contacts on the simulated installation: never a false accusation, and every fault it can name."""

import math
import random
from collections.abc import Callable, Iterator
from typing import NamedTuple

import pytest

from tests.property.test_compiled_agrees import bits
from tests.unit.control.process_images import AT_ONCE, TRUSTED, mode_settings
from vigie.clock import SimulatedClock
from vigie.control.commands import Mode
from vigie.control.contact_truth import ContactFault, Truth, TruthSettings, TruthState, check, initial_truth
from vigie.control.filtering import ChannelSettings, ChannelsSettings, FilterSettings, initial_filter_state, summarise
from vigie.control.interlocks import InterlockSettings, Latch
from vigie.control.mains import MainsSettings
from vigie.control.modes.wish import MinimumTimes
from vigie.control.outages import Outage, OutageLogSettings, follow, initial_outages, outage_rules
from vigie.control.signals import Contact, Contacts, Measurement, Relay, Wiring
from vigie.control.supervisor import Action, Decision, Order, State, SupervisorSettings, adopted, obey, step
from vigie.control.wear import WearSettings, switched, worn
from vigie.plant.faults import Fault, FaultKind, ListedFate
from vigie.plant.installation import Installation
from vigie.plant.outages import OutageSettings, OutageSource
from vigie.plant.site import BatterySettings, ChargerSettings, InstallationSettings, LoadSettings
from vigie.plant.twin import MeterSettings, Twin, TwinSettings
from vigie.simulation.compiled import compiled

OPEN, CLOSED = Contact.OPEN, Contact.CLOSED
LINE, CHARGE_ONLY = Wiring.LINE, Wiring.CHARGE_ONLY
SWEEPS = 3
PLAIN = ChannelSettings(True, 1.0, 0.0, 1.0, 0.1, 0.0, 0.0, 20.0, 3.2)
CHANNELS = ChannelsSettings(PLAIN._replace(gain=1.03125, offset_v=0.4), PLAIN, PLAIN, PLAIN._replace(is_fitted=False))
FILTER = FilterSettings(sweeps=SWEEPS, least_good=2)
OUTAGE_RULES = outage_rules(OutageLogSettings(), MainsSettings())
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
            AT_ONCE,
            InterlockSettings(),
            mode_settings(),
            times or MinimumTimes(),
        )
        self.period_s = period_s
        self.random = random.Random(seed)
        self.told = Contacts(*found, CLOSED, OPEN)
        self.wires = FAULTS[wires]
        self.connect()
        self.state = adopted(self.told, mode, 0.0, 0.0, Latch(False, False, 0), TRUSTED)
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
        self.filtered, image = summarise(
            self.filtered, tuple(sweeps), temperature, ambient, before, now_s, CHANNELS, FILTER
        )
        self.state, decision = step(self.state, image, self.control)
        self.told = decision.contacts
        self.truth = check(
            self.truth, before, self.told, image, decision.mains, self.control.wiring, self.truth_settings
        )
        self.outages, _, ended, outage = follow(self.outages, self.state, decision, image, OUTAGE_RULES)
        if before != self.told:
            self.connect()
        moment = Moment(now_s, self.truth, self.told, before, outage if ended else None, decision, image, self.state)
        self.clock.sleep_until(began_s + self.period_s)
        return moment

    def lives(self, seconds: float) -> Iterator[Moment]:
        end_s = self.clock.now_s() + seconds
        while self.clock.now_s() < end_s:
            yield self.period()


class Named(NamedTuple):
    """What was said of the contacts, and how long after the first switching (or the call, when none came before)."""

    r1: ContactFault
    r2: ContactFault
    after_s: float


def detected(world: World, seconds: float, *, cycles_every_s: float = math.inf) -> list[Named]:
    """Let a world live and return each change of what is said; ``cycles_every_s`` begins a drill again and again."""
    changes: list[Named] = []
    began_s = world.clock.now_s()
    switched_s = math.nan
    next_s = began_s + 60.0
    for moment in world.lives(seconds):
        if cycles_every_s < math.inf and moment.now_s >= next_s:
            next_s += cycles_every_s
            world.enters(Mode.OBSERVE)
            world.enters(Mode.CYCLE)
        if math.isnan(switched_s) and moment.before != moment.told:
            switched_s = moment.now_s
        said = (moment.truth.r1.fault, moment.truth.r2.fault)
        if said != (changes[-1][:2] if changes else (ContactFault.NONE, ContactFault.NONE)):
            changes.append(Named(*said, moment.now_s - (began_s if math.isnan(switched_s) else switched_s)))
    return changes


def every(period_s: float) -> OutageSettings:
    return OutageSettings(
        kind=OutageSource.RANDOM, every_s=400.0 * max(period_s, 1.0), lasting_s=30.0 * max(period_s, 1.0)
    )


@pytest.mark.parametrize("period_s", [1.0, 10.0, 60.0])
@pytest.mark.parametrize("mode", [Mode.OBSERVE, Mode.PROTECT, Mode.CYCLE, Mode.MANUAL])
@pytest.mark.parametrize("wiring", list(Wiring))
def test_a_healthy_installation_is_never_accused(wiring: Wiring, mode: Mode, period_s: float) -> None:
    seed = 7 * int(period_s) + mode
    world = World(wiring, Mode.OBSERVE, outages=every(period_s), period_s=period_s, seed=seed)
    judged = 0
    for moment in world.lives(1500.0 * period_s):
        if mode == Mode.MANUAL and world.random.random() < 0.01:
            world.sets(world.random.choice([Relay.R1, Relay.R2]), world.random.choice([OPEN, CLOSED]))
        elif mode != Mode.MANUAL and world.random.random() < 0.002:
            world.enters(Mode.OBSERVE)
            world.enters(mode)
        for contact in (moment.truth.r1, moment.truth.r2):
            assert contact.fault == ContactFault.NONE, moment
            judged += contact.verdict == Truth.OBEYED
    assert judged > 750


FLICKER = Fault(FaultKind.MAINS_FLICKER, value=1.7, start_s=120.0, end_s=2000.0)
OTHERS = [
    FLICKER,
    FLICKER._replace(value=3.3),
    Fault(FaultKind.BATTERY_OPEN, start_s=600.0),
    Fault(FaultKind.CELL_SHORTED, start_s=600.0),
    Fault(FaultKind.CHARGER_SET_POINT, value=12.8, start_s=600.0),
    Fault(FaultKind.LOADS_OVER, value=5.0, start_s=600.0),
]


@pytest.mark.parametrize("fault", OTHERS, ids=[f"{fault.kind.name.lower()} {fault.value}" for fault in OTHERS])
@pytest.mark.parametrize("wiring", list(Wiring))
def test_what_is_wrong_with_mains_charger_battery_or_loads_is_not_the_contacts_fault(
    wiring: Wiring, fault: Fault
) -> None:
    world = World(wiring, Mode.PROTECT, outages=every(1.0))
    world.installation.fate = ListedFate([fault])
    assert detected(world, 2400.0) == []


@pytest.mark.parametrize("wiring", list(Wiring))
def test_a_dead_charger_gets_no_contact_a_name(wiring: Wiring) -> None:
    world = World(wiring, Mode.PROTECT, outages=every(1.0))
    world.installation.fate = ListedFate([Fault(FaultKind.CHARGER_DEAD, start_s=600.0)])
    said = {(one.r1, one.r2) for one in detected(world, 3600.0)}
    assert said <= {(ContactFault.NONE, ContactFault.NONE), (ContactFault.NONE, ContactFault.NO_EFFECT)}


NONE, NO_EFFECT, WELDED = ContactFault.NONE, ContactFault.NO_EFFECT, ContactFault.WELDED
DEAD, SWAPPED, REVERSED = ContactFault.DEAD, ContactFault.SWAPPED, ContactFault.REVERSED
TABLE = [
    # fault, wiring, mode, what is said in turn, named within so many seconds of the first switching
    ("r2 welded", LINE, Mode.PROTECT, [(NONE, WELDED)], 10.0),
    ("r2 welded", CHARGE_ONLY, Mode.PROTECT, [(NONE, WELDED)], 10.0),
    ("r2 dead", LINE, Mode.PROTECT, [(NONE, NO_EFFECT), (NONE, DEAD)], 3600.0),  # named in the outage
    ("r2 dead", CHARGE_ONLY, Mode.PROTECT, [(NONE, NO_EFFECT)], 40.0),
    ("swapped", LINE, Mode.PROTECT, [(SWAPPED, SWAPPED)], 240.0),
    ("swapped", CHARGE_ONLY, Mode.PROTECT, [(SWAPPED, SWAPPED)], 240.0),
    ("r1 welded", LINE, Mode.CYCLE, [(WELDED, NONE)], 10.0),
    ("r1 welded", CHARGE_ONLY, Mode.CYCLE, [(WELDED, NONE)], 10.0),
    ("swapped", LINE, Mode.CYCLE, [(SWAPPED, SWAPPED)], 10.0),
    ("r1 dead", LINE, Mode.CYCLE, [], 0.0),  # an outage looks the same
    ("r1 dead", CHARGE_ONLY, Mode.CYCLE, [], 0.0),
]


@pytest.mark.parametrize(("fault", "wiring", "mode", "said", "within_s"), TABLE)
def test_a_fault_is_named_soon_after_the_first_switching_where_readings_allow(
    fault: str, wiring: Wiring, mode: Mode, said: list[tuple[ContactFault, ContactFault]], within_s: float
) -> None:
    outage = OutageSettings(kind=OutageSource.LISTED, listed=((5100.0, 120.0),))
    world = World(wiring, Mode.PROTECT if mode == Mode.PROTECT else Mode.OBSERVE, outages=outage)
    assert detected(world, 1500.0) == []
    world.breaks(fault)
    changes = detected(world, 4000.0, cycles_every_s=1800.0 if mode == Mode.CYCLE else math.inf)
    assert [one[:2] for one in changes] == said
    assert all(one.after_s <= within_s for one in changes), changes


@pytest.mark.parametrize(("soc", "wiring"), [(0.66, LINE), (0.66, CHARGE_ONLY), (1.0, LINE)])
def test_an_r1_of_the_wrong_kind_is_named_when_the_program_first_closes_it(soc: float, wiring: Wiring) -> None:
    changes = detected(World(wiring, Mode.OBSERVE, wires="r1 reversed", found=(OPEN, CLOSED), soc=soc), 120.0)
    assert [one[:2] for one in changes] == [(REVERSED, NONE)]
    assert changes[0].after_s <= 10.0


@pytest.mark.parametrize("wiring", list(Wiring))
def test_an_r2_of_the_wrong_kind_is_named_when_the_program_first_closes_it(wiring: Wiring) -> None:
    changes = detected(World(wiring, Mode.OBSERVE, wires="r2 reversed", found=(CLOSED, OPEN)), 120.0)
    assert [one[:2] for one in changes] == [(NONE, REVERSED)]
    assert changes[0].after_s <= 40.0


@pytest.mark.parametrize("wiring", list(Wiring))
def test_the_log_knows_each_outage_and_drill_of_the_twin_and_what_it_took(wiring: Wiring) -> None:
    spells = ((1000.0, 300.0), (3000.0, 20.5), (6000.0, 900.0))
    world = World(wiring, Mode.OBSERVE, outages=OutageSettings(kind=OutageSource.LISTED, listed=spells), load_a=0.5)
    ended: list[Outage] = []
    for moment in world.lives(8000.0):
        if 4000.0 <= moment.now_s < 4001.0:
            world.sets(Relay.R1, OPEN)
        if 4600.0 <= moment.now_s < 4601.0:
            world.sets(Relay.R1, CLOSED)
        if moment.ended is not None:
            ended.append(moment.ended)
    assert [(one.kind.name, round(one.began_s, -1)) for one in ended] == [
        ("OUTAGE", 1000.0),
        ("OUTAGE", 3000.0),
        ("DRILL", 4000.0),
        ("OUTAGE", 6000.0),
    ]
    for one, lasted_s in zip(ended, (300.0, 20.5, 600.0, 900.0), strict=True):
        assert one.ended_s - one.began_s == pytest.approx(lasted_s, abs=3.0)
        assert one.charge_out_ah == pytest.approx(0.5 * lasted_s / HOUR, rel=0.02, abs=0.5 * 2.0 / HOUR)
        assert one.energy_out_wh == pytest.approx(12.6 * one.charge_out_ah, rel=0.03)
        assert one.was_enough


@pytest.mark.long
def test_compiled_and_plain_watch_and_log_agree_period_by_period() -> None:
    quick_check, quick_follow = compiled(check), compiled(follow)
    settings = OUTAGE_RULES
    for wiring in Wiring:
        world = World(wiring, Mode.PROTECT, outages=every(1.0), wires="swapped")
        truth, outages = initial_truth(), initial_outages(0.0)
        for moment in world.lives(900.0):
            image, decision = moment.measurement, moment.decision
            truth = quick_check(truth, moment.before, moment.told, image, decision.mains, wiring, world.truth_settings)
            assert bits(truth) == bits(moment.truth)
            outages, *_ = quick_follow(outages, moment.state, decision, image, settings)
            assert bits(outages) == bits(world.outages)
    wear = compiled(switched)(worn(3, 1.0, WearSettings()), -1.4, WearSettings())
    assert wear == switched(worn(3, 1.0, WearSettings()), -1.4, WearSettings())
