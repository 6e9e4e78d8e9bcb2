"""Classes and clamped ages are exact: the real control, on any numbers and calendar, stays in what is explored."""

import bisect
import math
import random
from collections.abc import Iterable
from typing import Any

from tests.proof.explore import Restart
from tests.proof.reactions import shared
from tests.proof.readings import (
    Circuit,
    Heat,
    Image,
    Lines,
    Load,
    battery_cuts,
    concrete,
    current_cuts,
    heat_cuts,
    is_valid,
    load_cuts,
)
from tests.proof.replay import adopted
from tests.proof.states import LONG, Ages, Control, Kept, Leaf, orders, passed, renewed, settled
from tests.property.sequences import UNCALIBRATED
from tests.unit.control.process_images import CLOSED, OPEN
from vigie.control import supervisor
from vigie.control.commands import Mode
from vigie.control.filtering import ChannelsSettings, FilterSettings, initial_filter_state, summarise
from vigie.control.signals import Contacts, Reading, Status, Sweep, Temperature, Wiring
from vigie.control.supervisor import State, SupervisorSettings

PERIODS = 3000


def region(value: float, cuts: Iterable[float]) -> int:
    """Return which region between the cuts, or which cut, a value lies in; -1 for no value."""
    ordered = sorted(cuts)
    if math.isnan(value):
        return -1
    return bisect.bisect_left(ordered, value) + bisect.bisect_right(ordered, value)


class Classifier:
    """Finds the class of any readings."""

    def __init__(self, image: Image, settings: SupervisorSettings) -> None:
        self.settings = settings
        judges: tuple[Any, ...] = (self.circuit, self.load, self.heat, tuple)
        groups = zip(judges, image.members, strict=True)
        self.known = [
            {judge(member): 1 << index for index, member in reversed(list(enumerate(members)))}
            for judge, members in groups
        ]

    def circuit(self, c: Circuit) -> tuple[object, ...]:
        volts = battery_cuts(self.settings)
        order = (c.charge_v > c.battery_v) - (c.charge_v < c.battery_v)
        amperes = current_cuts(self.settings)
        gives = c.lowest_a <= -self.settings.mains.discharging_a
        regions = region(c.battery_v, volts), region(c.charge_v, volts), region(c.charge_a, amperes), gives
        return (*regions, order, c.is_battery_valid, c.is_charge_valid, c.is_charge_fitted)

    def load(self, v3: Load) -> tuple[object, ...]:
        supply_v = self.settings.mains.supply_present_v
        is_steady = v3.lowest_v >= supply_v
        judged = region(v3.bus_v, load_cuts(self.settings)), is_steady, v3.is_valid, v3.is_fitted
        return (*judged, v3.is_still, v3.is_charge_still)

    def heat(self, heat: Heat) -> tuple[object, ...]:
        return region(heat.celsius, heat_cuts(self.settings)), heat.status, heat.is_hurried

    def masks(self, circuit: Circuit, load: Load, heat: Heat, line: Lines) -> tuple[int, ...]:
        judged: tuple[object, ...] = (self.circuit(circuit), self.load(load), self.heat(heat), tuple(line))
        return tuple(known[key] for known, key in zip(self.known, judged, strict=True))


def drawn(rng: random.Random, settings: SupervisorSettings) -> tuple[Circuit, Load, Heat, Lines]:
    """Return readings anywhere, often good ones so that the run goes far."""
    volts, supply_v = sorted(battery_cuts(settings)), settings.mains.supply_present_v
    is_good = rng.random() < 0.6
    battery_v = rng.choice([*volts, rng.uniform(11.0, 14.0), rng.uniform(11.0, 14.0)])
    charge_v = rng.choice([*volts, battery_v, battery_v, rng.uniform(11.0, 14.0)])
    charge_a = rng.choice([*current_cuts(settings), 0.0, rng.uniform(-1.0, 1.0), rng.uniform(-0.1, 0.1)])
    load_v = rng.choice([*load_cuts(settings), 13.6, 13.6, rng.uniform(supply_v, 14.0), rng.uniform(0.0, 14.0)])
    lowest_v = load_v - rng.choice([0.0, 0.0, rng.uniform(0.0, 3.0)])
    lowest_a = min(charge_a, rng.choice([charge_a, charge_a, -1.0]))
    is_valid = [is_good or rng.random() < 0.8 for _ in range(3)]
    circuit = Circuit(battery_v, is_valid[0], charge_v, charge_a, lowest_a, is_valid[1], True)
    if not is_valid[0] and rng.random() < 0.5:
        circuit = circuit._replace(battery_v=math.nan)
    if not is_valid[1] and rng.random() < 0.5:
        circuit = circuit._replace(
            charge_v=math.nan, charge_a=math.nan, lowest_a=math.nan, is_charge_fitted=rng.random() < 0.5
        )
    load = Load(load_v, lowest_v, is_valid[2], True)
    if not is_valid[2] and rng.random() < 0.5:
        load = Load(math.nan, math.nan, False, rng.random() < 0.5)
    load = load._replace(is_still=rng.random() < 0.1, is_charge_still=rng.random() < 0.1)
    heat = Heat(rng.choice([25.0, 25.0, 25.0, *heat_cuts(settings), rng.uniform(20.0, 55.0)]), 0, rng.random() < 0.2)
    if not is_good and rng.random() < 0.1:
        heat = Heat(math.nan, int(rng.choice([Status.ABSENT, Status.FAILED])))
    line = Lines(CLOSED, CLOSED, True)
    return circuit, load, heat, line


def remembered(state: State, now_s: float, control: Control) -> tuple[Kept, Ages]:
    """Return what is kept of a real state with a calendar."""
    is_manual = state.plan.mode == Mode.MANUAL
    hands, longest = state.plan.hands, control.longest
    kept = Kept(
        state.plan.mode,
        state.plan.phase,
        hands.r1 if is_manual else None,
        hands.r2 if is_manual else None,
        state.relays.r1.contact,
        state.relays.r2.contact,
        state.supply.is_after_drill,
        state.latch.is_set,
        state.latch.is_acknowledged,
        state.latch.recent,
    )
    ages = Ages(
        min(int(now_s - state.relays.r1.since_s), longest.r1),
        min(int(now_s - state.relays.r2.since_s), longest.r2),
        max(int(hands.until_s - now_s), 0) if is_manual else 0,
    )
    return kept, settled(kept, ages, longest)


def walked(control: Control, seed: int) -> tuple[int, int]:
    """Live long with the real functions; return the kept states and the leaves that were met."""
    rng = random.Random(seed)
    classifier = Classifier(control.image, control.settings)
    now_s = 0.0
    state = adopted(Restart(Mode.OBSERVE, CLOSED, CLOSED, 0, False), now_s)
    number, ages = control.adopted(Mode.OBSERVE, CLOSED, CLOSED, 0, False)
    met: set[tuple[int, int]] = set()
    for _ in range(PERIODS):
        elapsed = rng.choice([1, 1, 1, 2, 3, LONG])
        now_s += elapsed
        ages = passed(control.kepts[number], ages, elapsed, control.longest)
        for order in rng.sample(orders(), rng.choice([0, 0, 0, 1, 2])):
            state, answer = supervisor.obey(state, order, control.settings, now_s)
            ordered = next(one for one in control.ordered(number) if one.order == order)
            assert ordered.answer == answer
            number, ages = ordered.after, renewed(ages, ordered.moved)
        readings = drawn(rng, control.settings)
        kept = control.kepts[number]
        r1, r2 = (rng.choice([contact, contact, OPEN, CLOSED]) for contact in (kept.r1, kept.r2))
        line = Lines(r1, r2, True, rng.choice([full.full_age_s for full in control.image.members.lines]))
        readings = (*readings[:3], line)
        masks = classifier.masks(*readings)
        state, decision = supervisor.step(state, concrete(*readings, now_s), control.settings)
        hold = 2 if decision.hold_off_s > 0.0 else 1
        taken = [leaf for leaf in control.leaves(number) if _is_in((*masks, hold), leaf) and leaf.takes(ages)]
        assert len(taken) == 1, "the leaves of a state part all readings"
        assert taken[0].decision == decision._replace(hold_off_s=0.0)
        met.add((number, control.leaves(number).index(taken[0])))
        number = taken[0].after
        ages = settled(control.kepts[number], renewed(ages, taken[0].moved), control.longest)
        assert (control.kepts[number], ages) == remembered(state, now_s, control)
    return len({kept for kept, _ in met}), len(met)


def _is_in(masks: tuple[int, ...], leaf: Leaf) -> bool:
    return all(a & b for a, b in zip(reversed(masks), reversed((*leaf.masks, leaf.holds)), strict=True))


def test_the_real_control_on_any_readings_and_times_does_what_was_explored() -> None:
    for wiring in Wiring:
        kepts, leaves = walked(shared(wiring, False).control, seed=1)
        assert kepts > 30
        assert leaves > 700


def test_a_period_counts_as_valid_just_when_the_filter_says_so() -> None:
    rng = random.Random(2)
    settings = shared(Wiring.LINE, False).control.settings
    for _ in range(300):
        circuit, load, heat, line = drawn(rng, settings)
        sweep = Sweep(
            _reading(circuit.battery_v, 0.0, circuit.is_battery_valid, True),
            _reading(circuit.charge_v, circuit.charge_a, circuit.is_charge_valid, circuit.is_charge_fitted),
            _reading(load.bus_v, 0.5, load.is_valid, load.is_fitted),
            _reading(math.nan, math.nan, False, False),
        )
        channels = ChannelsSettings(
            UNCALIBRATED,
            UNCALIBRATED._replace(is_fitted=circuit.is_charge_fitted),
            UNCALIBRATED._replace(is_fitted=load.is_fitted),
            UNCALIBRATED,
        )
        _, image = summarise(
            initial_filter_state(),
            (sweep,) * 10,
            Temperature(heat.celsius, heat.status),
            Temperature(math.nan, int(Status.ABSENT)),
            Contacts(line.r1, line.r2, CLOSED, OPEN),
            1.0,
            channels,
            FilterSettings(),
        )
        assert image.is_valid == is_valid(circuit, load, heat, line)


def _reading(bus_v: float, current_a: float, is_good: bool, is_fitted: bool) -> Reading:
    if is_good:
        return Reading(bus_v, current_a * 0.1, 0)
    return Reading(math.nan, math.nan, int(Status.FAILED if is_fitted else Status.ABSENT))
