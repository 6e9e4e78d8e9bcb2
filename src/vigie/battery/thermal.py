"""Heat: one mass, one resistance to the air around it."""

from math import exp

from vigie.battery.parameters import BatteryParameters

HOTTEST_C = 200.0
"""A runaway is stopped here, far beyond anything the electrical equations hold for."""


def temperature_after_c(
    parameters: BatteryParameters, temperature_c: float, heat_w: float, ambient_c: float, dt_s: float
) -> float:
    """Return the temperature after ``dt_s`` (any length) of constant heat, in degC.

    >>> from vigie.battery.parameters import agm
    >>> round(temperature_after_c(agm(7.0), 25.0, 1.0, 25.0, 1e9), 3)
    31.0
    >>> round(temperature_after_c(agm(7.0), 25.0, 2450.0, 25.0, 0.001), 3)
    25.001
    """
    settled_c = ambient_c + heat_w * parameters.thermal_resistance_k_per_w
    tau_s = parameters.heat_capacity_j_per_k * parameters.thermal_resistance_k_per_w
    return min(settled_c + (temperature_c - settled_c) * exp(-dt_s / tau_s), HOTTEST_C)
