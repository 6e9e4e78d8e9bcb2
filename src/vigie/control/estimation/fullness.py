"""Is the battery full: held at the charger's voltage with a current that is small, or falls no more, for long."""

import math
from enum import IntEnum
from typing import NamedTuple

from vigie.control.commands import Mains
from vigie.control.estimation.charge import can_judge_charge, held_v, is_charger_due
from vigie.control.estimation.currents import line_v
from vigie.control.estimation.settings import EstimationRules
from vigie.control.estimation.timing import BLIND_S, lasting_s, since
from vigie.control.signals import Measurement

SMOOTH_S = 900.0
"""Noise of the meter is no fall of the current."""
FALLEN_SHARE = 0.1
FALLEN_A = 0.003
"""A current falls while it loses this share, and more than the meter's step, within the time asked for."""


class Fullness(IntEnum):
    """What is proven of the charge."""

    UNKNOWN = 0
    """Neither was seen since the start."""
    NOT_FULL = 1
    FULL = 2
    """It was full, and nothing was drawn since."""


class FullnessState(NamedTuple):
    """Since when the charge current says so; monotonic plant seconds, NaN when it does not."""

    fullness: Fullness
    full_since_s: float
    last_full_s: float
    """When it was last seen full."""
    seen_s: float
    smooth_a: float
    small_since_s: float
    lowest_a: float
    """Where the current last stood when it had fallen."""
    level_since_s: float


def resumed_fullness(now_s: float, last_full_s: float) -> FullnessState:
    """Return the state of a battery of which nothing is proven yet, but when it was last seen full (NaN: unknown)."""
    nan = math.nan
    return FullnessState(Fullness.UNKNOWN, nan, last_full_s, now_s, nan, nan, nan, nan)


def full_age_s(state: FullnessState, now_s: float) -> float:
    """Return how long ago the battery was last seen full: 0 while it is, infinity where nobody knows."""
    return math.inf if math.isnan(state.last_full_s) else max(now_s - state.last_full_s, 0.0)


def followed_fullness(
    before: FullnessState, mains: Mains, measurement: Measurement, rules: EstimationRules
) -> FullnessState:
    """Return what is proven after this period; one without evidence changes nothing."""
    if not can_judge_charge(mains, measurement):
        return before
    now_s = measurement.now_s
    if mains != Mains.PRESENT:
        return _broken_off(before, Fullness.NOT_FULL, now_s)
    if not is_charger_due(mains, measurement):
        return _broken_off(before, before.fullness, now_s)
    current_a = measurement.charge.current_a
    if line_v(measurement) < held_v(measurement, rules.charge):
        has_current = current_a >= rules.charge.charging_a
        return _broken_off(before, Fullness.NOT_FULL if has_current else before.fullness, now_s)
    if now_s - before.seen_s > BLIND_S:
        before = _broken_off(before, before.fullness, now_s)
    elapsed_s = max(now_s - before.seen_s, 0.0)
    smooth_a = current_a
    if not math.isnan(before.smooth_a):
        smooth_a = before.smooth_a + (current_a - before.smooth_a) * elapsed_s / (SMOOTH_S + elapsed_s)
    is_small = rules.full_below_a > 0.0 and smooth_a < rules.full_below_a
    small_since_s = since(before.small_since_s, is_small, now_s)
    lowest_a, level_since_s = before.lowest_a, before.level_since_s
    if math.isnan(lowest_a) or smooth_a < lowest_a - max(FALLEN_SHARE * lowest_a, FALLEN_A):
        lowest_a, level_since_s = smooth_a, now_s
    longest_s = max(lasting_s(small_since_s, now_s), lasting_s(level_since_s, now_s))
    is_full = longest_s >= rules.full_after_s
    return FullnessState(
        Fullness.FULL if is_full else before.fullness,
        since(before.full_since_s, is_full or before.fullness == Fullness.FULL, now_s),
        now_s if is_full else before.last_full_s,
        now_s,
        smooth_a,
        small_since_s,
        lowest_a,
        level_since_s,
    )


def _broken_off(before: FullnessState, fullness: Fullness, now_s: float) -> FullnessState:
    nan = math.nan
    full_since_s = before.full_since_s if fullness == Fullness.FULL else nan
    return FullnessState(fullness, full_since_s, before.last_full_s, now_s, nan, nan, nan, nan)
