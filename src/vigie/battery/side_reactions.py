"""Currents that store nothing: gassing on charge and self-discharge."""

from math import exp

from vigie.battery.parameters import BatteryParameters, BatteryWear
from vigie.units import CELLS

GASSING_PER_CELL_V = 11.0
GASSING_PER_K = 0.06
_HOURS_PER_MONTH = 730.5


def gassing_a(parameters: BatteryParameters, wear: BatteryWear, voltage_v: float, temperature_c: float) -> float:
    """Return the gassing current on charge at ``voltage_v`` (12 V block) and ``temperature_c``, in amperes.

    Exponential in the cell voltage and the temperature (Schiffer et al., J. Power Sources 168:66, 2007).
    The exponent is bounded so that an impossible voltage stays a number.

    >>> from vigie.battery.parameters import NEW, agm
    >>> round(1000 * gassing_a(agm(100.0), NEW, 6 * 2.23, 25.0), 3)
    10.0
    """
    exponent = GASSING_PER_CELL_V * (voltage_v / CELLS - 2.23) + GASSING_PER_K * (temperature_c - 25.0)
    at_reference = parameters.c20_ah * parameters.gassing_a_per_ah * (1.0 + 4.0 * wear.water_loss)
    return at_reference * exp(min(exponent, 30.0))


def self_discharge_a(parameters: BatteryParameters, charge_ah: float, temperature_c: float) -> float:
    """Return the self-discharge of a battery that holds ``charge_ah`` when full; doubles every 10 K.

    >>> from vigie.battery.parameters import agm
    >>> round(1000 * self_discharge_a(agm(7.0), 7.305, 25.0), 3)
    0.3
    """
    share_per_h = parameters.self_discharge_per_month / _HOURS_PER_MONTH
    return float(charge_ah * share_per_h * 2.0 ** ((temperature_c - 25.0) / 10.0))
