"""The resistance at steps of the current: a trend over the years, not a property of one moment.

Right after a float a step reads up to three times too much; so only those count that begin in a discharge whose surface
charge is gone, or in a long rest.
"""

import math
from typing import NamedTuple

from vigie.control.estimation.estimated import Estimated, UnknownWhy, unknown, within
from vigie.units import SECONDS_PER_HOUR

LONGEST_PERIOD_S = 5.0
"""Slower periods do not see what belongs to the step alone."""
STEP_A = 0.3
STEADY_SHARE = 0.1
STEADY_A = 0.02
BEFORE = 3
"""Periods the current must have been steady for before a step."""
RESTED_S = SECONDS_PER_HOUR
GONE_SHARE = 0.03
GONE_S = 300.0
"""The surface charge is gone once this share of C20 was drawn; where C20 is not told, after this time."""
LEAST_OHM, MOST_OHM = 0.001, 5.0
PER_K = 0.008
REFERENCE_C = 25.0
ERROR_OF_ONE = 0.1
LEAST_ERROR = 0.03
"""Of a single step, and of the median of several."""


class ResistanceState(NamedTuple):
    """What stood before a step, and the newest values; NaN where there is none."""

    before_n: int
    before_a: float
    before_v: float
    step_a: float
    """Before the step that is being looked at; NaN when there is none."""
    step_v: float
    newest_ohm: tuple[float, float, float, float, float]
    """At 25 degC, the newest first."""
    middle_ohm: float
    spread_ohm: float


def no_resistance() -> ResistanceState:
    """Return the state before any step was seen."""
    nan = math.nan
    return ResistanceState(0, nan, nan, nan, nan, (nan, nan, nan, nan, nan), nan, nan)


def followed_steps(
    before: ResistanceState, current_a: float, voltage_v: float, temperature_c: float, elapsed_s: float, is_fit: bool
) -> ResistanceState:
    """Return the steps after a period.

    Args:
        before: after the period before.
        current_a: into the battery; NaN when it is not known.
        voltage_v: at its terminals; NaN when it is not known.
        temperature_c: of the battery; NaN when it is not known.
        elapsed_s: since the period before.
        is_fit: what stood before this period may begin a step.
    """
    if math.isnan(current_a) or math.isnan(voltage_v) or not 0.0 < elapsed_s <= LONGEST_PERIOD_S:
        return _with(before, 0, math.nan, math.nan, math.nan, math.nan)
    if not math.isnan(before.step_a):  # the period of the step itself has passed: this one shows what came of it
        change_a = current_a - before.step_a
        seen = _with(before, 1, current_a, voltage_v, math.nan, math.nan)
        if abs(change_a) < STEP_A:
            return seen
        warmer_k = 0.0 if math.isnan(temperature_c) else REFERENCE_C - temperature_c
        ohm = (voltage_v - before.step_v) / change_a / max(1.0 + PER_K * warmer_k, 0.2)
        return _added(seen, ohm) if LEAST_OHM <= ohm <= MOST_OHM else seen
    off_a = abs(current_a - before.before_a)
    if before.before_n >= BEFORE and off_a >= STEP_A and is_fit:
        return _with(before, 0, math.nan, math.nan, before.before_a, before.before_v)
    if before.before_n == 0 or off_a > max(STEADY_SHARE * abs(before.before_a), STEADY_A):
        return _with(before, 1, current_a, voltage_v, math.nan, math.nan)
    count = min(before.before_n + 1, BEFORE)
    mean_a = before.before_a + (current_a - before.before_a) / count
    mean_v = before.before_v + (voltage_v - before.before_v) / count
    return _with(before, count, mean_a, mean_v, math.nan, math.nan)


def resistance_ohm(state: ResistanceState) -> Estimated:
    """Return the median of the newest steps, at 25 degC."""
    if math.isnan(state.middle_ohm):
        return unknown(UnknownWhy.NO_STEP_YET)
    return within(state.middle_ohm, state.middle_ohm - state.spread_ohm, state.middle_ohm + state.spread_ohm)


def _with(
    state: ResistanceState, count: int, before_a: float, before_v: float, step_a: float, step_v: float
) -> ResistanceState:
    return ResistanceState(
        count, before_a, before_v, step_a, step_v, state.newest_ohm, state.middle_ohm, state.spread_ohm
    )


def _added(state: ResistanceState, ohm: float) -> ResistanceState:
    old = state.newest_ohm
    newest = (ohm, old[0], old[1], old[2], old[3])
    known = [value for value in newest if not math.isnan(value)]
    known.sort()
    middle = 0.5 * (known[(len(known) - 1) // 2] + known[len(known) // 2])
    spread = ERROR_OF_ONE * middle
    if len(known) > 2:
        spread = max(0.5 * (known[-1] - known[0]), LEAST_ERROR * middle)
    return ResistanceState(
        state.before_n, state.before_a, state.before_v, state.step_a, state.step_v, newest, middle, spread
    )
