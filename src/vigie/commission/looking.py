"""What the meter chips show, and what a change of it says. Nothing here knows yet which chip is which."""

from collections.abc import Callable, Mapping
from enum import IntEnum
from itertools import combinations
from typing import NamedTuple

from vigie.control.signals import Reading, Status
from vigie.errors import ReadingError
from vigie.wording.dialogue import spoken
from vigie.wording.words import mark

FED_V = 5.0
"""A chip under this has no supply at its pins."""
FLOWS_A = 0.05
STILL_A = 0.02
STEP_V = 0.08
"""A regulated supply does not move by this; one that is replaced by a battery does."""
RELAXES_V = 0.04
"""A battery cut off from its charger falls by this within seconds."""
CERTAIN_V = 0.25
"""So far over the supply's threshold no battery stays that feeds loads."""
_BETWEEN_V = 0.5
"""Between battery and loads, with all the wires, shunts and change-over on the way."""
_USELESS = int(Status.OVERFLOW | Status.STALE | Status.RESET)
_TRIES = 3


class Pins(NamedTuple):
    """Mean of one chip over a few sweeps."""

    bus_v: float
    current_a: float
    """By the shunt as it is wired: IN+ to IN- is positive."""
    is_saturated: bool

    @property
    def is_fed(self) -> bool:
        return self.bus_v >= FED_V

    @property
    def flows(self) -> bool:
        return abs(self.current_a) >= FLOWS_A

    def __str__(self) -> str:
        return f"{self.bus_v:.2f} V {self.current_a:+.3f} A"


Look = Mapping[int, Pins]
"""By address."""


def look(sweep: Callable[[], Mapping[int, Reading]], shunt_ohm: float, sweeps: int = 12) -> Look:
    """Return the mean of ``sweeps`` good sweeps.

    Raises:
        ReadingError: the chips answer but convert nothing.
    """
    good: list[Mapping[int, Reading]] = []
    for _ in range(_TRIES * sweeps):
        readings = sweep()
        if not any(reading.status & _USELESS for reading in readings.values()):
            good.append(readings)
        if len(good) == sweeps:
            break
    else:
        raise ReadingError(
            spoken(
                "only {good} of {all} sweeps were good; check the meter HAT's supply",
                good=len(good),
                all=_TRIES * sweeps,
            )
        )
    return {
        address: Pins(
            sum(readings[address].bus_v for readings in good) / sweeps,
            sum(readings[address].shunt_v for readings in good) / sweeps / shunt_ohm,
            any(readings[address].status & Status.SATURATED for readings in good),
        )
        for address in good[0]
    }


def seen_once(sweep: Mapping[int, Reading], shunt_ohm: float) -> Look:
    """Return one sweep, for when there is no time for a mean."""
    return {address: Pins(one.bus_v, one.shunt_v / shunt_ohm, False) for address, one in sweep.items()}


def described(seen: Look) -> str:
    """Return a look as one line for the report."""
    return ", ".join(f"0x{address:02x} {pins}" for address, pins in seen.items())


class Sources(IntEnum):
    """What feeds the loads."""

    NONE = 0
    MAINS = 1
    """The supply alone: the battery is not connected."""
    BATTERY = 2
    """The battery alone."""
    BOTH = 3
    """The supply, with the battery behind it."""

    @property
    def said(self) -> str:
        """In words."""
        return spoken(_SAID[self])


_SAID = {
    Sources.NONE: mark("nothing: the loads are dark"),
    Sources.MAINS: mark("the supply alone: the battery is not connected"),
    Sources.BATTERY: mark("the battery alone"),
    Sources.BOTH: mark("the supply, with the battery behind it"),
}


def sources(seen: Look, supply_v: float) -> Sources:
    """Tell what feeds the loads; ``supply_v``: what only the supply can reach."""
    if not any(pins.flows for pins in seen.values()):
        return Sources.NONE
    if not is_supplied(seen, supply_v):
        return Sources.BATTERY
    loads = max((pins for pins in seen.values() if pins.flows), key=lambda pins: pins.bus_v)
    others = [pins for pins in seen.values() if pins is not loads and pins.is_fed]
    is_connected = any(abs(pins.current_a) >= STILL_A or pins.bus_v >= supply_v for pins in others)
    return Sources.BOTH if is_connected else Sources.MAINS


def is_supplied(seen: Look, supply_v: float) -> bool:
    """Tell whether the supply feeds the loads.

    Its voltage is there; a battery just charged may show it too, but then the same current flows in two chips.
    """
    carriers = [pins for pins in seen.values() if pins.flows]
    highest_v = max((pins.bus_v for pins in carriers), default=0.0)
    if highest_v < supply_v + CERTAIN_V and any(
        _is_same_current(one, other) for one, other in combinations(carriers, 2)
    ):
        return False
    return highest_v >= supply_v


def _is_same_current(one: Pins, other: Pins) -> bool:
    difference_a = abs(one.current_a) - abs(other.current_a)
    return abs(difference_a) <= 0.005 + 0.03 * abs(one.current_a) and abs(one.bus_v - other.bus_v) <= _BETWEEN_V


def battery_v(seen: Look, fed_by: Sources) -> float:
    """Return a careful estimate of the battery's voltage before the chips are told apart.

    Three chips have a voltage: V1 (low by its resistor), V2 (the battery) and V3 (the loads). On the supply the middle
    one is the battery or lower; on the battery, and with the loads dark, the highest one is the battery.
    """
    volts = sorted(pins.bus_v for pins in seen.values() if pins.is_fed)
    if not volts:
        return 0.0
    return volts[-2] if fed_by in (Sources.BOTH, Sources.MAINS) and len(volts) > 2 else volts[-1]


class Effect(IntEnum):
    """What moving one coil did."""

    NOTHING = 0
    MAINS_OPENED = 1
    MAINS_CLOSED = 2
    BATTERY_OPENED = 3
    BATTERY_CLOSED = 4


def effect(before: Look, after: Look, supply_v: float) -> Effect:
    """Tell what moved between two looks.

    The loads are the chip whose current stays: its voltage steps when supply and battery take turns. A battery that
    is cut off its charger loses the charge current, or relaxes, while the loads feel nothing.
    """
    if any(after[address].is_fed and not before[address].is_fed for address in before):
        return Effect.MAINS_CLOSED if is_supplied(after, supply_v) else Effect.BATTERY_CLOSED
    if any(before[address].is_fed and not after[address].is_fed for address in before):
        return Effect.MAINS_OPENED if is_supplied(before, supply_v) else Effect.BATTERY_OPENED
    lasting = [address for address in before if _is_lasting(before[address], after[address])]
    steps = [after[address].bus_v - before[address].bus_v for address in lasting]
    step_v = max(steps, key=abs, default=0.0)
    if abs(step_v) >= STEP_V:
        return Effect.MAINS_OPENED if step_v < 0.0 else Effect.MAINS_CLOSED
    others = [(before[address], after[address]) for address in before if address not in lasting]
    if any(was.flows and abs(now.current_a) < STILL_A for was, now in others):
        return Effect.BATTERY_OPENED
    if any(now.flows and abs(was.current_a) < STILL_A for was, now in others):
        return Effect.BATTERY_CLOSED
    relaxed = [now.bus_v - was.bus_v for was, now in others if was.is_fed]
    if relaxed and all(change <= -RELAXES_V for change in relaxed):
        return Effect.BATTERY_OPENED
    if relaxed and all(change >= RELAXES_V for change in relaxed):
        return Effect.BATTERY_CLOSED
    return Effect.NOTHING


def _is_lasting(before: Pins, after: Pins) -> bool:
    if not (before.flows and after.flows) or before.current_a * after.current_a < 0.0:
        return False
    small, large = sorted((abs(before.current_a), abs(after.current_a)))
    return small >= 0.6 * large
