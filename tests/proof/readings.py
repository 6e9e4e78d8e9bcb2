"""Everything a period can measure, in classes: one member per region between two thresholds, one on each threshold."""

import math
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

from tests.proof.undecided import AllOf, Draw, Unasked, Undecided
from tests.unit.control.process_images import CLOSED, OPEN, lost, mean, measured
from vigie.control.modes.table import SPECS
from vigie.control.signals import ChannelMean, Contact, Contacts, Measurement, Status, Temperature
from vigie.control.supervisor import SupervisorSettings
from vigie.units import SECONDS_PER_DAY

SWEEPS = 10
HEALTHY_V = 12.8
NAN = math.nan
STILL_S = 99.0


class Circuit(NamedTuple):
    """What V1 and V2 say; ``is_valid`` false with numbers is a frozen channel, without numbers a lost one."""

    battery_v: float
    is_battery_valid: bool
    charge_v: float
    charge_a: float
    lowest_a: float
    """Of the period's sweeps."""
    is_charge_valid: bool
    is_charge_fitted: bool


class Load(NamedTuple):
    """What V3 says over a period's sweeps, and whether V3 and V2 have stood still for too long to stand alone."""

    bus_v: float
    lowest_v: float
    is_valid: bool
    is_fitted: bool
    is_still: bool = False
    is_charge_still: bool = False

    @property
    def still_s(self) -> float:
        return STILL_S if self.is_still else 0.0

    @property
    def charge_still_s(self) -> float:
        return STILL_S if self.is_charge_still else 0.0


class Heat(NamedTuple):
    """What the thermometer says, and whether the period that asks it is hurried."""

    celsius: float
    status: int
    is_hurried: bool = False


class Lines(NamedTuple):
    """What the lines of R1 and R2 read; not readable, they count as told, and the measurement as failed.

    And what the estimation says of the last full charge, which may be anything.
    """

    r1: Contact
    r2: Contact
    is_readable: bool
    full_age_s: float = math.inf


class Members(NamedTuple):
    """The classes, most ordinary first: a story shows the first that is possible."""

    circuit: tuple[Circuit, ...]
    load: tuple[Load, ...]
    heat: tuple[Heat, ...]
    lines: tuple[Lines, ...]


CIRCUIT, LOAD, HEAT, LINES = range(4)


def regions(cuts: Iterable[float], per_region: int = 1, beyond: float = 1.0) -> list[float]:
    """Return the cuts themselves and values inside each region that they bound, ``beyond`` past the outer two.

    >>> regions([12.0, 13.0])
    [11.5, 12.0, 12.5, 13.0, 13.5]
    """
    ordered = sorted(set(cuts))
    bounds = [ordered[0] - beyond, *ordered, ordered[-1] + beyond]
    values = list(ordered)
    for low, high in pairwise(bounds):
        values += [low + (high - low) * (index + 1) / (per_region + 1) for index in range(per_region)]
    return sorted(values)


def battery_cuts(settings: SupervisorSettings) -> frozenset[float]:
    of_modes = (
        getattr(getattr(settings.modes, spec.name), threshold.setting)
        for spec in SPECS
        for threshold in spec.thresholds
    )
    return frozenset([settings.interlocks.floor_v, settings.interlocks.proof_v, *of_modes])


def current_cuts(settings: SupervisorSettings) -> frozenset[float]:
    return frozenset([-settings.mains.discharging_a, settings.mains.charging_a])


def load_cuts(settings: SupervisorSettings) -> frozenset[float]:
    return frozenset([settings.interlocks.load_floor_v, settings.mains.supply_present_v])


def heat_cuts(settings: SupervisorSettings) -> frozenset[float]:
    limit_c = settings.interlocks.temperature_limit_c
    return frozenset([limit_c, limit_c - settings.interlocks.temperature_release_k])


def circuits(settings: SupervisorSettings) -> tuple[Circuit, ...]:
    """Return V1 and V2 together, because the control compares them with each other."""
    cuts = battery_cuts(settings)
    batteries = [(v, True) for v in regions(cuts)] + [(v, False) for v in regions(cuts)] + [(NAN, False)]
    volts, amperes = regions(cuts, 3), regions(current_cuts(settings))
    gives_a = min(amperes)
    pairs = [(a, low) for a in amperes for low in {a, gives_a}]
    charges = [(v, a, low, is_valid, True) for v in volts for a, low in pairs for is_valid in (True, False)]
    charges += [(NAN, NAN, NAN, False, True), (NAN, NAN, NAN, False, False)]
    members = [
        Circuit(battery_v, is_battery_valid, *charge) for battery_v, is_battery_valid in batteries for charge in charges
    ]
    return tuple(sorted(members, key=_strangeness))


def _strangeness(member: Circuit) -> tuple[float, ...]:
    faults = 2 * (not member.is_battery_valid) + (not member.is_charge_valid) + 3 * (not member.is_charge_fitted)
    volts = [9.0 if math.isnan(v) else abs(v - HEALTHY_V) for v in (member.battery_v, member.charge_v)]
    amperes = 9.0 if math.isnan(member.charge_a) else abs(member.charge_a - 0.5)
    gives = 0.0 if math.isnan(member.lowest_a) else member.charge_a - member.lowest_a
    return (float(faults), gives, round(volts[0], 6), round(volts[1], 6), round(amperes, 6))


def loads(settings: SupervisorSettings) -> tuple[Load, ...]:
    """Return V3: its mean, and its lowest sweep."""
    supply_v = settings.mains.supply_present_v
    members = []
    for bus_v in [*regions(load_cuts(settings)), 0.0, 13.6]:
        for low_v in (bus_v, supply_v, min(bus_v, supply_v) - 3.0):
            if low_v <= bus_v:
                members += [Load(bus_v, low_v, True, True), Load(bus_v, low_v, False, True)]
    members += [Load(NAN, NAN, False, True), Load(NAN, NAN, False, False)]
    stillness = [(v3, v2) for v3 in (False, True) for v2 in (False, True)]
    members = [m._replace(is_still=v3, is_charge_still=v2) for m in members for v3, v2 in stillness]
    return tuple(sorted(set(members), key=_oddity))


def _oddity(member: Load) -> tuple[float, ...]:
    stillness = 2 * member.is_still + member.is_charge_still
    return (not member.is_valid, not member.is_fitted, stillness, _depth(member), member.bus_v - member.lowest_v)


def _depth(member: Load) -> float:
    return 99.0 if math.isnan(member.bus_v) else abs(member.bus_v - 13.6)


def heats(settings: SupervisorSettings) -> tuple[Heat, ...]:
    known = sorted(regions(heat_cuts(settings), beyond=40.0), key=lambda celsius: abs(celsius - 25.0))
    wrong = (Status.ABSENT, Status.FAILED, Status.IMPLAUSIBLE)
    good = [Heat(celsius, 0, is_hurried) for is_hurried in (False, True) for celsius in known]
    return (*good, *(Heat(NAN, int(status)) for status in wrong))


def age_cuts(settings: SupervisorSettings) -> tuple[float, ...]:
    """Return what the control compares the age of the last full charge with, in seconds."""
    maintain = settings.modes.maintain
    return 0.0, maintain.weak_within_days * SECONDS_PER_DAY, maintain.longest_rest_days * SECONDS_PER_DAY


def lines(settings: SupervisorSettings) -> tuple[Lines, ...]:
    both = [(r1, r2) for r1 in (CLOSED, OPEN) for r2 in (CLOSED, OPEN)]
    read = [(is_readable, r1, r2) for is_readable in (True, False) for r1, r2 in both]
    ages = sorted({math.inf, *age_cuts(settings), *(cut / 2.0 for cut in age_cuts(settings))}, reverse=True)
    return tuple(Lines(r1, r2, is_readable, age_s) for age_s in ages for is_readable, r1, r2 in read)


def members(settings: SupervisorSettings) -> Members:
    return Members(circuits(settings), loads(settings), heats(settings), lines(settings))


def is_valid(circuit: Circuit, load: Load, heat: Heat, line: Lines) -> bool:
    """Return whether filter and loop would call this period's measurement valid."""
    return (
        circuit.is_battery_valid
        and (circuit.is_charge_valid or not circuit.is_charge_fitted)
        and (load.is_valid or not load.is_fitted)
        and heat.status in (Status.GOOD, Status.ABSENT)
        and line.is_readable
    )


class Image:
    """The process image with every reading undecided."""

    def __init__(self, draw: Draw, settings: SupervisorSettings, now_s: float) -> None:
        self.members = members(settings)
        for index, group in enumerate(self.members):
            assert draw.group(len(group)) == index
        self._draw = draw
        volts, amperes = battery_cuts(settings), current_cuts(settings)
        battery_v = self._known(CIRCUIT, "battery_v", "V1's voltage", volts)
        charge_v = self._known(CIRCUIT, "charge_v", "V2's voltage", volts)
        charge_a = self._known(CIRCUIT, "charge_a", "V2's current", amperes)
        load_v = self._known(LOAD, "bus_v", "V3's voltage", load_cuts(settings))
        lowest_a = self._known(CIRCUIT, "lowest_a", "V2's lowest current", amperes)
        lowest_v = self._known(LOAD, "lowest_v", "V3's lowest voltage", load_cuts(settings))
        still = frozenset([settings.mains.alone_still_s])
        load_still_s = self._known(LOAD, "still_s", "how long V3 stands still", still)
        charge_still_s: Any = self._known(LOAD, "charge_still_s", "how long V2 stands still", still)
        status = self._known(HEAT, "status", "the thermometer's status", None)
        good = [
            Undecided(draw, CIRCUIT, "V1 is good", tuple(m.is_battery_valid for m in self.members.circuit), None),
            Undecided(draw, CIRCUIT, "V2 is good", tuple(m.is_charge_valid for m in self.members.circuit), None),
            self._known(LOAD, "is_valid", "V3 is good", None),
        ]
        is_answered = AllOf(
            draw,
            good[0],
            self._judged(CIRCUIT, lambda m: m.is_charge_valid or not m.is_charge_fitted),
            self._judged(LOAD, lambda m: m.is_valid or not m.is_fitted),
            self._judged(HEAT, lambda m: m.status in (Status.GOOD, Status.ABSENT)),
            self._known(LINES, "is_readable", "the lines are readable", None),
        )
        self.measurement = _unasked_but_for(
            measured(now_s),
            now_s=now_s,
            battery=_channel("battery", bus_v=battery_v, is_valid=good[0]),
            charge=_channel(
                "charge",
                bus_v=charge_v,
                current_a=charge_a,
                lowest_a=lowest_a,
                is_valid=good[1],
                still_s=charge_still_s,
            ),
            load=_channel("load", bus_v=load_v, lowest_v=lowest_v, is_valid=good[2], still_s=load_still_s),
            temperature=Temperature(
                self._known(HEAT, "celsius", "the temperature", heat_cuts(settings)),  # type: ignore[arg-type]
                status,  # type: ignore[arg-type]
            ),
            contacts=_unasked_but_for(
                Contacts(CLOSED, CLOSED, CLOSED, OPEN),
                r1=self._known(LINES, "r1", "R1's line", None),
                r2=self._known(LINES, "r2", "R2's line", None),
            ),
            is_valid=is_answered,
            doubt=0,  # it only names why a measurement is none
            is_hurried=self._known(HEAT, "is_hurried", "whether a fall has begun it", None),
            full_age_s=self._known(LINES, "full_age_s", "the last full charge", frozenset(age_cuts(settings))),
        )

    def _known(self, group: int, field: str, name: str, cuts: frozenset[float] | None) -> Undecided:
        values = tuple(getattr(member, field) for member in self.members[group])
        return Undecided(self._draw, group, name, values, cuts)

    def _judged(self, group: int, judge: Any) -> Undecided:
        return Undecided(self._draw, group, "validity", tuple(judge(m) for m in self.members[group]), None)

    def mask(self, group: int, condition: Any) -> int:
        """Return the mask of the members of a group that meet a condition."""
        return sum(1 << index for index, member in enumerate(self.members[group]) if condition(member))

    def first(self, masks: Sequence[int]) -> tuple[Circuit, Load, Heat, Lines]:
        """Return the most ordinary readings that are possible."""
        circuit, load, heat, line = (mask & -mask for mask in masks[:4])
        known = self.members
        return (
            known.circuit[circuit.bit_length() - 1],
            known.load[load.bit_length() - 1],
            known.heat[heat.bit_length() - 1],
            known.lines[line.bit_length() - 1],
        )

    def strangeness(self, masks: Sequence[int]) -> float:
        """Return how far from ordinary the first of the possible readings is."""
        return sum((mask & -mask).bit_length() / len(group) for group, mask in zip(self.members, masks, strict=False))


def _unasked_but_for(known: Any, **fields: Any) -> Any:
    return known._replace(**{name: fields.get(name, Unasked(f"Measurement.{name}")) for name in known._fields})


def _channel(channel: str, **fields: Any) -> ChannelMean:
    unasked = {name: Unasked(f"{channel}.{name}") for name in ChannelMean._fields}
    return ChannelMean(**{**unasked, **fields})


def concrete(circuit: Circuit, load: Load, heat: Heat, line: Lines, now_s: float) -> Measurement:
    """Return the readings as an ordinary process image."""

    def channel(
        bus_v: float, current_a: float, lowest_v: float, lowest_a: float, is_good: bool, still_s: float = 0.0
    ) -> ChannelMean:
        if math.isnan(bus_v):
            return lost()
        known = mean(bus_v, current_a)
        return known._replace(lowest_v=lowest_v, lowest_a=lowest_a, is_valid=is_good, still_s=still_s)

    return measured(now_s, r1=line.r1, r2=line.r2, is_valid=is_valid(circuit, load, heat, line))._replace(
        battery=channel(circuit.battery_v, 0.0, circuit.battery_v, 0.0, circuit.is_battery_valid),
        charge=channel(
            circuit.charge_v,
            circuit.charge_a,
            circuit.charge_v,
            circuit.lowest_a,
            circuit.is_charge_valid,
            load.charge_still_s,
        ),
        load=channel(load.bus_v, 0.5, load.lowest_v, 0.5, load.is_valid, load.still_s),
        temperature=Temperature(heat.celsius, heat.status),
        is_hurried=heat.is_hurried,
        full_age_s=line.full_age_s,
    )
