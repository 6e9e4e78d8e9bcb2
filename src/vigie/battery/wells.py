"""Charge as two wells: the available one feeds the terminals, the bound one levels out into it.

Kinetic battery model (Manwell and McGowan, Solar Energy 50:399, 1993), in fillings ``x1`` and ``x2``
of the two wells. Current is positive on DISCHARGE.
"""

from math import exp
from typing import NamedTuple

from vigie.battery.parameters import BatteryParameters, BatteryWear
from vigie.units import SECONDS_PER_HOUR

FULLEST = 1.003
"""Filling at which the charge term diverges: no well gets fuller."""


class Wells(NamedTuple):
    """Fillings, 0 empty .. 1 full (a battery on float creeps a few thousandths above 1)."""

    x1: float
    """Available well."""
    x2: float
    """Bound well."""


class WellStep(NamedTuple):
    """What a step of fixed length does to the wells, as straight lines in the current."""

    x1_at_rest: float
    x2_at_rest: float
    x1_per_a: float
    """Loss of ``x1`` per ampere of discharge, above 0."""
    x2_per_a: float
    """Loss of ``x2`` per ampere of discharge, 0 or above."""


def temperature_factor(temperature_c: float) -> float:
    """Return the capacity at ``temperature_c`` over that at 25 degC (10 h rate, makers' curves).

    >>> [round(temperature_factor(t), 3) for t in (40.0, 25.0, 20.0, 0.0, -15.0)]
    [1.03, 1.0, 0.972, 0.86, 0.65]
    """
    if temperature_c >= 25.0:
        return 1.0 + 0.002 * (min(temperature_c, 40.0) - 25.0)
    if temperature_c >= 0.0:
        return 0.86 + 0.0056 * temperature_c
    return max(0.86 + 0.014 * temperature_c, 0.3)


def capacity_share(wear: BatteryWear) -> float:
    """Return what wear leaves of the capacity, 0.01..1.

    >>> from vigie.battery.parameters import NEW
    >>> capacity_share(NEW)
    1.0
    """
    lost = 0.2 * wear.corrosion + wear.sulfate + 1.5 * wear.water_loss + wear.degradation
    return max(1.0 - lost, 0.01)


def charge_when_full_ah(parameters: BatteryParameters, wear: BatteryWear, temperature_c: float) -> float:
    """Return the charge ``Q`` of both wells when full, in Ah.

    >>> from vigie.battery.parameters import NEW, agm
    >>> round(charge_when_full_ah(agm(7.0), NEW, 25.0), 2)
    7.49
    """
    ratio = parameters.capacity_ratio * capacity_share(wear) * temperature_factor(temperature_c)
    return ratio * parameters.c20_ah


def state_of_charge(wells: Wells, available_share: float) -> float:
    """Return the state of charge, 0..1 (1.003 at most).

    >>> round(state_of_charge(Wells(0.2, 0.7), 0.4), 3)
    0.5
    """
    return available_share * wells.x1 + (1.0 - available_share) * wells.x2


def well_step(wells: Wells, parameters: BatteryParameters, charge_ah: float, dt_s: float) -> WellStep:
    """Solve the two wells exactly over ``dt_s`` (any length) at an unknown constant current.

    The difference of the fillings decays by exp(-k dt); the sum of the charges only by the current.
    ``charge_ah`` is the charge of both wells when full.

    >>> from vigie.battery.parameters import agm
    >>> hour = well_step(Wells(0.9, 0.9), agm(7.0), 7.49, 3600.0)
    >>> wells = drawn(hour, 0.749)
    >>> round(state_of_charge(wells, 0.39), 4), round(wells.x1, 4)
    (0.8, 0.7158)
    """
    share = parameters.available_share
    hours = dt_s / SECONDS_PER_HOUR
    decay = exp(-parameters.diffusion_per_h * hours)
    soc = share * wells.x1 + (1.0 - share) * wells.x2
    difference = (wells.x1 - wells.x2) * decay
    soc_per_a = hours / charge_ah
    difference_per_a = (1.0 - decay) / (parameters.diffusion_per_h * share * charge_ah)
    return WellStep(
        soc + (1.0 - share) * difference,
        soc - share * difference,
        soc_per_a + (1.0 - share) * difference_per_a,
        max(soc_per_a - share * difference_per_a, 0.0),
    )


def drawn(step: WellStep, current_a: float) -> Wells:
    """Return the wells after ``step`` at ``current_a`` (positive on discharge)."""
    return Wells(
        step.x1_at_rest - step.x1_per_a * current_a,
        step.x2_at_rest - step.x2_per_a * current_a,
    )
