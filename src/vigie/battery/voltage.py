"""Terminal voltage of the block: electromotive force, resistances, charge term, surface charge.

Equations fitted to logged discharges, rests and tapers of VRLA blocks and to 33 AGM data sheets
(docs/twin.md names the cases). Current is positive on DISCHARGE.
"""

from math import exp, log

from vigie.battery.parameters import BatteryParameters, BatteryWear
from vigie.battery.wells import FULLEST
from vigie.units import SECONDS_PER_HOUR

SURFACE_CHARGE_TAU_H = 0.3
SURFACE_REST_TAU_H = 3.0
SURFACE_SHARE = 0.3
"""Share of the overvoltage on charge that stays as surface charge."""
SURFACE_CAPACITY = 0.01
"""Surface charge is used up by this share of C20, times e."""
_MOST_ITERATIONS = 40
_CLOSE_ENOUGH = 1e-12


def emf_v(parameters: BatteryParameters, x1: float) -> float:
    """Return the electromotive force at an available filling ``x1`` >= 0, in volts.

    >>> from vigie.battery.parameters import agm
    >>> [round(emf_v(agm(7.0), x), 2) for x in (1.0, 0.5, 0.0)]
    [12.95, 12.2, 10.05]
    """
    return (
        parameters.emf_full_v - parameters.emf_slope_v * (1.0 - x1) + parameters.emf_log_v * log((x1 + 1e-4) / 1.0001)
    )


def emf_slope_v(parameters: BatteryParameters, x1: float) -> float:
    """Return the derivative of :func:`emf_v`, volts per whole filling."""
    return parameters.emf_slope_v + parameters.emf_log_v / (x1 + 1e-4)


def filling_at_emf(parameters: BatteryParameters, wanted_v: float) -> float:
    """Return the available filling whose electromotive force is ``wanted_v``; 0 under that of the empty well.

    >>> from vigie.battery.parameters import agm
    >>> [round(filling_at_emf(agm(7.0), emf_v(agm(7.0), x)), 9) for x in (1.2, 1.0, 0.3, 0.001, 0.0)]
    [1.2, 1.0, 0.3, 0.001, 0.0]
    """
    below_v = parameters.emf_full_v - wanted_v
    x1 = 1.0
    if below_v > 0.0:  # both terms fall, so each alone bounds the filling from below
        x1 = max(1.0 - below_v / parameters.emf_slope_v, 1.0001 * exp(-below_v / parameters.emf_log_v) - 1e-4, 0.0)
    for _ in range(_MOST_ITERATIONS):
        step = (wanted_v - emf_v(parameters, x1)) / emf_slope_v(parameters, x1)
        if x1 + step <= 0.0:
            return 0.0
        x1 += step
        if abs(step) <= _CLOSE_ENOUGH:
            break
    return x1


def discharge_ohm(parameters: BatteryParameters, wear: BatteryWear, temperature_c: float) -> float:
    """Return the resistance on discharge; it falls 0.8 % of its 25 degC value a kelvin.

    >>> from vigie.battery.parameters import NEW, agm
    >>> round(discharge_ohm(agm(6.0), NEW, 25.0), 3), round(discharge_ohm(agm(6.0), NEW, 0.0), 3)
    (0.1, 0.12)
    """
    aged = 1.0 + 0.5 * wear.corrosion + wear.sulfate + 3.0 * wear.water_loss
    cold = max(1.0 + 0.008 * (25.0 - temperature_c), 0.2)
    return parameters.resistance_ohm_ah / parameters.c20_ah * aged * cold


def charge_scale_ohm(parameters: BatteryParameters, wear: BatteryWear) -> float:
    """Return the scale of the charge term; multiply by x1 / (1.003 - x1) for its resistance.

    >>> from vigie.battery.parameters import NEW, agm
    >>> round(charge_scale_ohm(agm(6.0), NEW), 3)
    0.1
    """
    aged = 1.0 + 0.5 * wear.corrosion + 2.0 * wear.sulfate
    return parameters.charge_resistance_ohm_ah / parameters.c20_ah * aged


def charge_ohm(scale_ohm: float, ohmic_ohm: float, x1: float) -> float:
    """Return the whole resistance on charge at a filling ``x1`` below 1.003.

    >>> round(charge_ohm(0.1, 0.03, 0.5015), 3)
    0.13
    """
    return ohmic_ohm + scale_ohm * x1 / (FULLEST - x1)


def surface_keep_on_charge(dt_s: float) -> float:
    """Return what is left after ``dt_s`` of the distance to the surface charge's end value, 0..1."""
    return exp(-dt_s / (SURFACE_CHARGE_TAU_H * SECONDS_PER_HOUR))


def surface_v_off_charge(surface_v: float, current_a: float, c20_ah: float, dt_s: float) -> float:
    """Return the surface charge after ``dt_s`` of rest or discharge (``current_a`` >= 0).

    It decays with 3 h at rest, and faster as charge is drawn.

    >>> round(surface_v_off_charge(1.0, 0.0, 7.0, 3 * 3600.0), 4)
    0.3679
    >>> round(surface_v_off_charge(1.0, 7.0, 7.0, 36.0), 4)
    0.3667
    """
    hours = dt_s / SECONDS_PER_HOUR
    return surface_v * exp(-hours / SURFACE_REST_TAU_H - current_a * hours / (SURFACE_CAPACITY * c20_ah))
