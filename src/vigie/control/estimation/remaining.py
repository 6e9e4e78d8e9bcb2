"""How long the battery carries the loads as they are now."""

import math
from typing import NamedTuple

from vigie.battery.parameters import BatteryParameters
from vigie.battery.runtime import believed_runtime_s
from vigie.control.estimation.belief import (
    MOST_ERROR,
    BeliefState,
    believed_c,
    capacity_error,
    depth_of,
    full_ah,
    line_of,
    share_of,
)
from vigie.control.estimation.estimated import Estimated, UnknownWhy, unknown, within
from vigie.control.estimation.line import READING_ERROR, filling_at, filling_error
from vigie.control.signals import Measurement

SMOOTH_S = 60.0
LEAST_A = 0.01
"""Loads under this are none."""
LONGEST_S = 30.0 * 86_400.0
"""Nobody can say more: self-discharge and the meter's zero decide."""
FIRST_V, MEAN_V, LAST_V = 13.0, 12.2, 11.5
"""Of a discharge: on the mains the loads' power is taken to stay, and these make currents of it."""


class LoadState(NamedTuple):
    """The loads, smoothed over a minute; NaN before they were read."""

    power_w: float
    current_a: float
    """Out of the battery; only while it is on its own."""


def no_load() -> LoadState:
    """Return the state before the loads were read."""
    return LoadState(math.nan, math.nan)


def followed_load(
    before: LoadState, measurement: Measurement, out_a: float, voltage_v: float, elapsed_s: float
) -> LoadState:
    """Return the loads after a period.

    Args:
        before: after the period before.
        measurement: of this period.
        out_a: what the battery gives; NaN while it is not on its own, or no meter shows it.
        voltage_v: of the battery; NaN when it was not read.
        elapsed_s: since the period before.
    """
    power_w = measurement.load.power_w if measurement.load.is_valid else out_a * voltage_v
    return LoadState(
        _smoothed(before.power_w, power_w, elapsed_s),
        _smoothed(before.current_a, out_a, elapsed_s) if not math.isnan(out_a) else math.nan,
    )


def _smoothed(before: float, now: float, elapsed_s: float) -> float:
    if math.isnan(before) or math.isnan(now):
        return now
    return before + (now - before) * elapsed_s / (SMOOTH_S + elapsed_s)


def remaining_s(
    belief: BeliefState, load: LoadState, temperature_c: float, block: BatteryParameters, end_v: float
) -> Estimated:
    """Return the seconds until the battery stands at ``end_v``, with what the loads draw now.

    With the mains there: were it lost now.
    """
    if block.c20_ah <= 0.0:
        return unknown(UnknownWhy.CAPACITY_NOT_SET)
    middle_a = load.current_a
    least_a, most_a = middle_a, middle_a
    if math.isnan(middle_a):
        if math.isnan(load.power_w):
            return unknown(UnknownWhy.LOAD_NOT_READ)
        least_a, middle_a, most_a = load.power_w / FIRST_V, load.power_w / MEAN_V, load.power_w / LAST_V
    if middle_a < LEAST_A:
        return unknown(UnknownWhy.NOTHING_DRAWN)
    x1, error = belief.soc, belief.soc_error
    share, share_error = belief.capacity_share, belief.capacity_error
    if belief.is_drawing:
        line = line_of(belief, block)
        x1, error = filling_at(line, belief.z), max(filling_error(line, belief.z), READING_ERROR)
        share = share_of(line, block)
        share_error = min(share_error, capacity_error(depth_of(belief, line)))
    else:
        x1 += (1.0 - block.available_share) * belief.difference_ah / full_ah(block, share)
    if math.isnan(x1) or error > MOST_ERROR:
        return unknown(UnknownWhy.CHARGE_NOT_KNOWN)
    celsius = believed_c(temperature_c)
    difference_ah = belief.difference_ah
    middle_s = believed_runtime_s(block, x1, difference_ah, share, middle_a, end_v, celsius)
    low_s = believed_runtime_s(block, x1 - error, difference_ah, share * (1.0 - share_error), most_a, end_v, celsius)
    high_s = believed_runtime_s(block, x1 + error, difference_ah, share * (1.0 + share_error), least_a, end_v, celsius)
    return within(min(middle_s, LONGEST_S), min(low_s, LONGEST_S), min(high_s, LONGEST_S))
