"""What the alarms make of the charge that the estimation follows (``control.estimation.charge``)."""

import math
from typing import NamedTuple

from vigie.control.alarms.proofs import HotCharge, ProofSettings
from vigie.control.commands import Mains
from vigie.control.estimation.charge import ChargeState, can_judge_charge, compensation_v, held_v, is_charger_due
from vigie.control.estimation.currents import line_v
from vigie.control.estimation.settings import ChargeRules
from vigie.control.estimation.timing import lasting_s
from vigie.control.signals import Measurement
from vigie.control.supervisor import Decision
from vigie.units import SECONDS_PER_DAY

SETTLED_S = SECONDS_PER_DAY
"""A battery without current shows after this long whether a charger holds it: its surface charge is gone."""


class WatchSettings(NamedTuple):
    """Limits the watch needs itself; numbers only."""

    charger_v: float
    settling_s: float
    temperature_limit_c: float
    charge: ChargeRules
    proof: ProofSettings


class WatchState(NamedTuple):
    """What the alarms remember themselves."""

    began_s: float
    hot_charge: HotCharge


def low_v(decision: Decision, measurement: Measurement, rules: ChargeRules) -> float:
    """Return the battery's voltage, NaN where it is not low but nothing charges the battery.

    An empty battery recovers as soon as its loads are gone, and is as empty as before.
    """
    if not measurement.battery.is_valid:
        return math.nan
    voltage_v = measurement.battery.bus_v
    is_charging = (
        can_judge_charge(decision.mains, measurement)
        and is_charger_due(decision.mains, measurement)
        and measurement.charge.current_a >= rules.charging_a
    )
    if voltage_v <= rules.under_v or is_charging or voltage_v >= held_v(measurement, rules):
        return voltage_v
    return math.nan


def emptied_v(charge: ChargeState, decision: Decision, measurement: Measurement, rules: ChargeRules) -> float:
    """Return how far the battery was emptied, its voltage when it was not; NaN while that is still going on."""
    if decision.mains != Mains.PRESENT or not measurement.battery.is_valid:
        return math.nan
    if not math.isnan(charge.emptied_v):
        return charge.emptied_v
    voltage_v = measurement.battery.bus_v
    return voltage_v if voltage_v > rules.under_v else math.nan


def charger_off_v(charge: ChargeState, measurement: Measurement, settings: WatchSettings) -> float:
    """Return how far the charger is from its voltage, 0 where that cannot be seen.

    A charger may follow the temperature or not: nothing is told between what the two hold.
    Above, any excess can only come from a charger. Below, a battery that takes current is being charged, and one that
    takes none may have lost its charger: only a voltage that still stands over ``charger_dead_v`` after a day is held.
    """
    voltage_v = line_v(measurement)
    shift_v = compensation_v(measurement, settings.charge)
    highest_v = settings.charger_v + max(shift_v, 0.0)
    lowest_v = settings.charger_v + min(shift_v, 0.0)
    if voltage_v >= highest_v:
        return voltage_v - highest_v
    is_settled = lasting_s(charge.still_s, measurement.now_s) >= SETTLED_S
    if is_settled and voltage_v >= settings.charge.charger_dead_v:
        return max(lowest_v - voltage_v, 0.0)
    return 0.0
