"""What readings prove of the installation: what R2 cuts, the bypass diode, a hot battery whose charge goes on.

Each answer is 1 for a fault, 0 for a proof that there is none, NaN while nothing shows it.
"""

import math
from typing import NamedTuple

from vigie.control.commands import Mains, Reason
from vigie.control.mains import MainsSettings, is_still, repeats_itself
from vigie.control.signals import Contact, Measurement, Wiring
from vigie.control.supervisor import Decision, State

DARK_V = 3.0
"""The loads have no voltage at all."""
CARRYING_V = 11.5
"""A battery at or above this would have lit the loads."""
LEAST_DROP_V = 0.15
MOST_DROP_V = 1.5
"""A Schottky diode that carries the loads loses between these, its wires included (0.3 to 0.5 V by itself)."""
NO_DIODE_V = 2.0
"""Loads so far under the battery get nothing from it."""
CURRENT_S = 10.0
CLOSED_S = 300.0
HELD_S = 600.0
"""So long a current, a closed R2, an open R2 whose battery stays at the charger's voltage, are no passing matter."""
HELD_V = 0.05
"""A battery whose charge has stopped falls by more than this in the time."""


class ProofSettings(NamedTuple):
    """What is said of the installation."""

    wiring: Wiring
    has_diode: bool
    mains: MainsSettings


class HotCharge(NamedTuple):
    """What is remembered of a charge that should have stopped; NaN while there is nothing to remember."""

    flowing_s: float
    """Since when current flows through an R2 that was told to open, battery hot."""
    closed_s: float
    """Since when R2 stands closed, mains there, battery hot."""
    charged_v: float
    """Of V2 when R2 was last closed and the mains there."""


def no_hot_charge() -> HotCharge:
    """Return the memory of a watch that has seen nothing."""
    return HotCharge(math.nan, math.nan, math.nan)


def followed_hot_charge(
    before: HotCharge, state: State, measurement: Measurement, mains: Mains, settings: ProofSettings
) -> HotCharge:
    """Return what is remembered after a period."""
    now_s = measurement.now_s
    charge = measurement.charge
    is_present = mains == Mains.PRESENT
    is_open = measurement.contacts.r2 == Contact.OPEN
    is_hot = state.latch.is_set
    has_current = charge.is_valid and charge.current_a >= settings.mains.charging_a
    charged_v = charge.bus_v if charge.is_valid and is_present and not is_open else before.charged_v
    return HotCharge(
        _since(before.flowing_s, is_hot and is_open and has_current, now_s),
        _since(before.closed_s, is_hot and not is_open and is_present, now_s),
        charged_v,
    )


def hot_charge(now: HotCharge, state: State, measurement: Measurement, settings: ProofSettings) -> float:
    """Return 1 while a hot battery goes on being charged, 0 otherwise."""
    if not state.latch.is_set:
        return 0.0
    now_s = measurement.now_s
    if now_s - now.flowing_s >= CURRENT_S or now_s - now.closed_s >= CLOSED_S:
        return 1.0
    r2 = state.relays.r2
    charge = measurement.charge
    is_long_open = r2.contact == Contact.OPEN and now_s - r2.since_s >= HELD_S
    if not (is_long_open and measurement.contacts.r2 == Contact.OPEN and charge.is_valid):
        return 0.0
    is_held = charge.bus_v >= settings.mains.supply_present_v and charge.bus_v >= now.charged_v - HELD_V
    return 1.0 if is_held else 0.0


def wiring_fault(measurement: Measurement, mains: Mains, settings: ProofSettings) -> float:
    """Return whether R2 carries the backup although ``charge_only`` says that it cuts only the charge.

    Without the supply, what the loads draw comes through V2 where R2 is in the line, and past it where it is not.
    """
    if settings.wiring != Wiring.CHARGE_ONLY:
        return 0.0
    battery = measurement.battery
    charge = measurement.charge
    load = measurement.load
    is_away = mains == Mains.ABSENT or mains == Mains.CUT
    if not (is_away and battery.is_valid and charge.is_valid and load.is_valid):
        return math.nan
    if measurement.contacts.r2 == Contact.OPEN:
        is_dark = measurement.contacts.r1 == Contact.OPEN and load.bus_v < DARK_V and battery.bus_v >= CARRYING_V
        return 1.0 if is_dark else math.nan
    if load.current_a < 2.0 * settings.mains.discharging_a or load.bus_v >= settings.mains.supply_present_v:
        return math.nan
    return 1.0 if charge.current_a <= -0.5 * load.current_a else 0.0


def diode_fault(measurement: Measurement, settings: ProofSettings) -> float:
    """Return whether the bypass diode is missing, from a period in which the mains went while R2 was open.

    With the diode the battery gives at once, through V2, and V3 stands a diode's drop under it. Without, V3 falls.
    """
    if not settings.has_diode or settings.wiring != Wiring.LINE:
        return 0.0
    battery = measurement.battery
    charge = measurement.charge
    load = measurement.load
    if not (battery.is_valid and charge.is_valid and load.is_valid):
        return math.nan
    is_bridged = measurement.contacts.r2 == Contact.CLOSED
    if is_bridged or load.lowest_v >= settings.mains.supply_present_v or battery.bus_v < CARRYING_V:
        return math.nan
    drop_v = battery.bus_v - load.lowest_v
    if drop_v > NO_DIODE_V:
        return 1.0
    is_given = charge.lowest_a <= -settings.mains.discharging_a
    return 0.0 if is_given and LEAST_DROP_V <= drop_v <= MOST_DROP_V else math.nan


def meters_that_stand_alone(
    state: State, decision: Decision, measurement: Measurement, settings: MainsSettings
) -> tuple[bool, bool]:
    """Return whether V2, and whether V3, is not heard on the mains because it repeats itself.

    V3 is told of once that has kept R2 from being open: a V3 without load may repeat itself while R2 is closed.
    """
    still = Reason.METER_STANDS_STILL
    is_told = decision.r2_reason == still or state.relays.r2.reason == still
    is_load_still = measurement.load.is_valid and is_still(measurement.load, settings)
    return repeats_itself(measurement, settings), is_told and is_load_still


def _since(before_s: float, is_so: bool, now_s: float) -> float:
    if not is_so:
        return math.nan
    return now_s if math.isnan(before_s) else before_s
