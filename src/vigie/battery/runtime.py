"""How long a battery lasts at a constant current: the closed form of the two wells."""

from math import exp, inf

from vigie.battery.parameters import Battery
from vigie.battery.step import BatteryState
from vigie.battery.voltage import discharge_ohm, emf_v
from vigie.battery.wells import charge_when_full_ah, state_of_charge
from vigie.units import SECONDS_PER_HOUR

_HALVINGS = 60


def filling_at_end(battery: Battery, current_a: float, end_v: float, temperature_c: float) -> float:
    """Return the available filling at which the terminals stand at ``end_v`` under ``current_a``.

    0 where the voltage stays above ``end_v`` until the well is empty.

    >>> from vigie.battery.parameters import NEW, agm
    >>> round(filling_at_end(Battery(agm(6.0), NEW), 0.0, 12.95, 25.0), 4)
    1.0
    """
    parameters = battery.parameters
    emf_at_end_v = end_v + current_a * discharge_ohm(parameters, battery.wear, temperature_c)
    low = 0.0
    high = 2.0
    for _ in range(_HALVINGS):
        middle = 0.5 * (low + high)
        if emf_v(parameters, middle) > emf_at_end_v:
            high = middle
        else:
            low = middle
    return low


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
    charge_ah = charge_when_full_ah(battery.parameters, battery.wear, state.temperature_c)
    soc = state_of_charge(state.wells, battery.parameters.available_share)
    low_s = 0.0
    high_s = soc * charge_ah / current_a * SECONDS_PER_HOUR
    for _ in range(_HALVINGS):
        middle_s = 0.5 * (low_s + high_s)
        if filling_after(battery, state, current_a, middle_s) > at_end:
            low_s = middle_s
        else:
            high_s = middle_s
    return low_s
