"""The one equation of charging: how much current a filling takes at a set-point and a current limit.

Here currents into the battery are positive: nothing in this module discharges.
"""

from typing import NamedTuple

from vigie.battery.parameters import BatteryParameters, BatteryWear
from vigie.battery.side_reactions import GASSING_PER_CELL_V, gassing_a
from vigie.battery.voltage import SURFACE_SHARE, charge_ohm, emf_slope_v, emf_v
from vigie.battery.wells import FULLEST
from vigie.units import CELLS

_MOST_ITERATIONS = 80
_CLOSE_ENOUGH = 1e-9
"""Volts or amperes off the binding limit. (A small step is no proof: near full every step is small.)"""
_IMPOSSIBLE_V = 24.0
"""Here gassing takes any current; beyond it the search only needs to know that it is too high."""


class Charger(NamedTuple):
    """What stands at the other end of the charging line."""

    set_v: float
    """Voltage the charger holds at its own terminals."""
    limit_a: float
    """Current it never exceeds."""
    line_ohm: float
    """Line from the charger to the battery, shunt included."""


class ChargeStep(NamedTuple):
    """What is known of a charging step before its current: straight lines and constants."""

    x1_at_rest: float
    """Available filling at the end of the step without any charge."""
    x1_per_a: float
    surface_kept_v: float
    """What is left of the old surface charge at the end of the step."""
    surface_keep: float
    """Share that is left, 0..1."""
    scale_ohm: float
    ohmic_ohm: float
    temperature_c: float


class ChargePoint(NamedTuple):
    """Where a charging step ends."""

    stored_a: float
    """Main current, the part that is stored."""
    gassing_a: float
    voltage_v: float
    """At the battery's terminals, end of the step."""
    is_limited: bool
    """True while the current limit holds, false at constant voltage."""


class _Trial(NamedTuple):
    voltage_v: float
    gassing_a: float
    excess: float
    excess_per_a: float
    is_limited: bool


def _trial(
    parameters: BatteryParameters, wear: BatteryWear, step: ChargeStep, charger: Charger, stored_a: float
) -> _Trial:
    """Say how far ``stored_a`` is past what the charger gives; rises strictly with ``stored_a``."""
    x1 = step.x1_at_rest + step.x1_per_a * stored_a
    over_v = 1.0 - SURFACE_SHARE * (1.0 - step.surface_keep)
    ohm = charge_ohm(step.scale_ohm, step.ohmic_ohm, x1)
    voltage_v = emf_v(parameters, x1) + (step.surface_kept_v + stored_a * ohm) / over_v
    bent_ohm = stored_a * step.scale_ohm * FULLEST / (FULLEST - x1) ** 2 * step.x1_per_a
    v_per_a = emf_slope_v(parameters, x1) * step.x1_per_a + (ohm + bent_ohm) / over_v
    if voltage_v > _IMPOSSIBLE_V:
        return _Trial(voltage_v, 0.0, voltage_v - 0.5 * _IMPOSSIBLE_V, v_per_a, True)
    gas_a = gassing_a(parameters, wear, voltage_v, step.temperature_c)
    total_per_a = 1.0 + gas_a * GASSING_PER_CELL_V / CELLS * v_per_a
    over_set_v = voltage_v + charger.line_ohm * (stored_a + gas_a) - charger.set_v
    over_limit_a = stored_a + gas_a - charger.limit_a
    if over_limit_a > over_set_v:
        return _Trial(voltage_v, gas_a, over_limit_a, total_per_a, True)
    return _Trial(voltage_v, gas_a, over_set_v, v_per_a + charger.line_ohm * total_per_a, False)


def charge_point(parameters: BatteryParameters, wear: BatteryWear, step: ChargeStep, charger: Charger) -> ChargePoint:
    """Solve for the current at which the charger's voltage or its limit is met at the END of the step.

    Implicit, hence stable for any step; Newton's method inside a bracket, bisection where it is slow.
    A battery that stands higher than the set-point takes nothing (0 A: a charger does not sink).

    >>> from vigie.battery.parameters import NEW, agm
    >>> empty = ChargeStep(0.2, 0.0, 0.0, 1.0, 0.1, 0.03, 25.0)
    >>> point = charge_point(agm(6.0), NEW, empty, Charger(14.4, 1.5, 0.0))
    >>> round(point.stored_a, 3), point.is_limited
    (1.5, True)
    """
    low_a = 0.0
    high_a = 1e6
    if step.x1_per_a > 0.0:
        high_a = (FULLEST - step.x1_at_rest) / step.x1_per_a * (1.0 - 1e-9)
    trial = _trial(parameters, wear, step, charger, 0.0)
    if trial.excess >= 0.0 or high_a <= 0.0:
        return ChargePoint(0.0, 0.0, trial.voltage_v, False)
    stored_a = min(charger.limit_a, -trial.excess / trial.excess_per_a, high_a)
    moved_a = high_a
    for _ in range(_MOST_ITERATIONS):
        trial = _trial(parameters, wear, step, charger, stored_a)
        if abs(trial.excess) < _CLOSE_ENOUGH:
            break
        if trial.excess > 0.0:
            high_a = stored_a
        else:
            low_a = stored_a
        next_a = stored_a - trial.excess / trial.excess_per_a
        if not low_a <= next_a <= high_a or abs(next_a - stored_a) > 0.5 * moved_a:
            next_a = 0.5 * (low_a + high_a)
        moved_a = abs(next_a - stored_a)
        stored_a = next_a
    return ChargePoint(stored_a, trial.gassing_a, trial.voltage_v, trial.is_limited)
