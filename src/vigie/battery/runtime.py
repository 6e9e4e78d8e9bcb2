"""How long a battery lasts at a constant current: the closed form of the two wells."""

from math import exp, inf

from vigie.battery.parameters import Battery, BatteryParameters, BatteryWear
from vigie.battery.step import BatteryState
from vigie.battery.voltage import discharge_ohm, filling_at_emf
from vigie.battery.wells import FULLEST, Wells, charge_when_full_ah, state_of_charge
from vigie.units import SECONDS_PER_HOUR

_MOST_ITERATIONS = 40
_CLOSE_ENOUGH_H = 1e-10


def filling_at_end(battery: Battery, current_a: float, end_v: float, temperature_c: float) -> float:
    """Return the available filling at which the terminals stand at ``end_v`` under ``current_a``.

    0 where the voltage stays above ``end_v`` until the well is empty.

    >>> from vigie.battery.parameters import NEW, agm
    >>> round(filling_at_end(Battery(agm(6.0), NEW), 0.0, 12.95, 25.0), 4)
    1.0
    """
    parameters = battery.parameters
    return filling_at_emf(parameters, end_v + current_a * discharge_ohm(parameters, battery.wear, temperature_c))


def filling_after(battery: Battery, state: BatteryState, current_a: float, time_s: float) -> float:
    """Return the available filling after ``time_s`` of discharge at ``current_a``; may be below 0.

    >>> from vigie.battery.parameters import NEW, agm
    >>> from vigie.battery.step import resting
    >>> round(filling_after(Battery(agm(7.0), NEW), resting(0.9, 25.0), 0.749, 3600.0), 4)
    0.7158
    """
    parameters = battery.parameters
    share = parameters.available_share
    hours = time_s / SECONDS_PER_HOUR
    charge_ah = charge_when_full_ah(parameters, battery.wear, state.temperature_c)
    decay = exp(-parameters.diffusion_per_h * hours)
    driven = current_a / (share * charge_ah * parameters.diffusion_per_h)
    difference = (state.wells.x1 - state.wells.x2 + driven) * decay - driven
    soc = state_of_charge(state.wells, share) - current_a * hours / charge_ah
    return soc + (1.0 - share) * difference


def runtime_s(battery: Battery, state: BatteryState, current_a: float, end_v: float) -> float:
    """Return the seconds until the terminals fall to ``end_v`` at a constant discharge ``current_a``.

    Infinite at 0 A. Temperature stays, surface charge is left out (it is gone within 1 % of C20).

    >>> from vigie.battery.parameters import NEW, agm
    >>> from vigie.battery.step import resting
    >>> round(runtime_s(Battery(agm(7.0), NEW), resting(1.0, 25.0), 0.35, 10.5) / 3600.0, 1)
    20.3
    """
    if current_a <= 0.0:
        return inf
    at_end = filling_at_end(battery, current_a, end_v, state.temperature_c)
    if state.wells.x1 <= at_end:
        return 0.0
    parameters = battery.parameters
    share = parameters.available_share
    rate_per_h = parameters.diffusion_per_h
    bound = 1.0 - share
    soc_per_h = current_a / charge_when_full_ah(parameters, battery.wear, state.temperature_c)
    driven = soc_per_h / (share * rate_per_h)
    above = state.wells.x1 - state.wells.x2 + driven
    left = state_of_charge(state.wells, share) - bound * driven - at_end
    # Without its exponential the filling is a straight line: from its end Newton never overshoots.
    hours = max(left / soc_per_h, 0.0)
    for _ in range(_MOST_ITERATIONS):
        fading = bound * above * exp(-rate_per_h * hours)
        step_h = (left - soc_per_h * hours + fading) / (soc_per_h + rate_per_h * fading)
        hours += step_h
        if abs(step_h) <= _CLOSE_ENOUGH_H:
            break
    return max(hours, 0.0) * SECONDS_PER_HOUR


def believed_runtime_s(
    parameters: BatteryParameters,
    x1: float,
    difference_ah: float,
    capacity_share: float,
    current_a: float,
    end_v: float,
    temperature_c: float,
) -> float:
    """Return :func:`runtime_s` of a battery as it is believed to stand; call it thrice for a band.

    Longer with ``x1`` and ``capacity_share``, shorter with ``current_a``; infinite at 0 A.

    Args:
        parameters: what it was made to be.
        x1: available filling, 0..1.
        difference_ah: of the wells, ``Q (x1 - x2)``: below 0 while it is discharged, 0 after a long rest.
        capacity_share: what is left of the capacity, above 0; 1 is a new one.
        current_a: on discharge, 0 or above.
        end_v: voltage at which it counts as empty.
        temperature_c: of the battery.

    >>> from vigie.battery.parameters import agm
    >>> round(believed_runtime_s(agm(7.0), 1.0, 0.0, 1.0, 0.35, 10.5, 25.0) / 3600.0, 1)
    20.3
    """
    wear = BatteryWear(0.0, 0.0, 0.0, 1.0 - capacity_share)
    charge_ah = charge_when_full_ah(parameters, wear, temperature_c)
    x1 = min(max(x1, 0.0), FULLEST)
    x2 = min(max(x1 - difference_ah / charge_ah, 0.0), FULLEST)
    return runtime_s(Battery(parameters, wear), BatteryState(Wells(x1, x2), 0.0, temperature_c), current_a, end_v)
