"""The charge one may expect, as PromQL: straight lines between points that the battery model or a data sheet gives.

All currents are per ampere-hour of nominal capacity (C), all times are hours since the charge began.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from vigie.battery.charge import Charger
from vigie.battery.parameters import NEW, Battery, agm
from vigie.battery.step import resting, step_on_charger

CHARGER_V = 13.6
LIMIT_PER_AH = 0.2
AMBIENT_C = 25.0
_C20_AH = 7.0
_LINE_OHM = 0.05
_STEP_S = 60.0
TIMES_H = (0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 3.5, 4.0, 5.0, 6.0, 8.0, 12.0, 24.0)


class Point(NamedTuple):
    """One point of a charge."""

    hours: float
    volts: float
    current_per_ah: float


SHEET = (
    Point(0.0, 13.5, 0.20),
    Point(3.5, 14.5, 0.20),
    Point(4.5, 14.5, 0.13),
    Point(6.0, 14.5, 0.08),
    Point(8.0, 14.5, 0.05),
    Point(10.0, 14.5, 0.03),
    Point(12.0, 14.5, 0.02),
    Point(20.0, 14.5, 0.012),
)
"""Read off the chart in the client's data sheet: wholly discharged, 2.4 V a cell, 0.2 C, 25 degC."""


def modelled(start_soc: float) -> tuple[Point, ...]:
    """Return the charge of a new battery at 13.6 V, 0.2 C and 25 degC from ``start_soc`` 0..1, by the twin's model.

    >>> empty = modelled(0.0)
    >>> round(empty[-1].volts, 1), empty[0].current_per_ah
    (13.6, 0.2)
    """
    battery, state = Battery(agm(_C20_AH), NEW), resting(start_soc, AMBIENT_C)
    charger = Charger(CHARGER_V, LIMIT_PER_AH * _C20_AH, _LINE_OHM)
    points, now_h = [], 0.0
    for hours in TIMES_H:
        while True:
            step = step_on_charger(battery, state, charger, AMBIENT_C, _STEP_S)
            state, now_h = step.state, now_h + _STEP_S / 3600.0
            if now_h > hours:
                break
        points.append(Point(hours, round(step.voltage_v, 3), round(-step.current_a / _C20_AH, 4)))
    return tuple(points)


def over_time(values: Sequence[tuple[float, float]], hours: str) -> str:
    """Return PromQL for straight lines through ``values`` (hours and value), where ``hours`` is PromQL for the hours.

    >>> over_time([(0.0, 1.0), (2.0, 0.5)], "h")
    '1 - 0.25 * clamp(h, 0, 2)'
    """
    text = f"{values[0][1]:.4g}"
    for (from_h, before), (to_h, after) in pairwise(values):
        slope = (after - before) / (to_h - from_h)
        if slope:
            since = f"{hours} - {from_h:g}" if from_h else hours
            text += f" {'-' if slope < 0 else '+'} {abs(slope):.4g} * clamp({since}, 0, {to_h - from_h:g})"
    return text
