"""What the last discharge took, outage or drill, and what was returned since."""

import math
from typing import NamedTuple

from vigie.control.commands import Mains
from vigie.control.estimation.estimated import Estimated, UnknownWhy, unknown, within
from vigie.control.estimation.settings import EstimationRules
from vigie.control.signals import Measurement
from vigie.units import SECONDS_PER_HOUR

GAIN_ERROR = 0.03
ZERO_ERROR_A = 0.005
"""What a meter of this kind may be off by: its shunt and its zero."""


class DrawnState(NamedTuple):
    """The last discharge."""

    is_running: bool
    began_s: float
    """NaN when none was seen and none is on record."""
    ended_s: float
    """NaN while it runs."""
    back_since_s: float
    """Since when the mains is back in one that still runs; NaN while it is away."""
    last_a: float
    """Last known current out of the battery."""
    out_ah: float
    out_wh: float
    out_s: float
    """Time counted."""
    out_missed_s: float
    """Time in it that could not be counted."""
    back_ah: float
    back_s: float
    is_back_whole: bool
    """The charge was counted from the discharge's end on."""


def no_discharge() -> DrawnState:
    """Return the state of a battery that was not seen to discharge."""
    nan = math.nan
    return DrawnState(False, nan, nan, nan, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, True)


def resumed_discharge(began_s: float, ended_s: float, out_ah: float, out_wh: float, missed_s: float) -> DrawnState:
    """Return the state after a restart, from the record of the last outage or drill.

    Args:
        began_s: on the present clock; so is ``ended_s``, NaN for one that was open.
        ended_s: see above.
        out_ah: counted until the record was written; so is ``out_wh``.
        out_wh: see above.
        missed_s: time since then in which it may have gone on.
    """
    is_running = math.isnan(ended_s)
    return DrawnState(is_running, began_s, ended_s, math.nan, 0.0, out_ah, out_wh, 0.0, missed_s, 0.0, 0.0, is_running)


def followed_discharge(
    before: DrawnState,
    mains: Mains,
    current_a: float,
    voltage_v: float,
    elapsed_s: float,
    measurement: Measurement,
    rules: EstimationRules,
) -> DrawnState:
    """Return the discharge after a period.

    Args:
        before: after the period before.
        mains: of this period.
        current_a: into the battery; NaN when it is not known.
        voltage_v: at its terminals; NaN when it is not known.
        elapsed_s: since the period before, 0 where that is not known.
        measurement: of this period.
        rules: limits.
    """
    now_s, is_long = measurement.now_s, elapsed_s > rules.longest_gap_s
    if is_long:
        current_a = math.nan
    missed_s = elapsed_s if math.isnan(current_a) else 0.0
    if mains != Mains.ABSENT and mains != Mains.CUT:
        return _with_mains(before, mains == Mains.PRESENT, now_s, current_a, elapsed_s, missed_s, rules.back_s)
    if not before.is_running:
        began_s = now_s if is_long else now_s - elapsed_s
        before = DrawnState(True, began_s, math.nan, math.nan, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, True)
    if math.isnan(voltage_v):
        voltage_v = measurement.charge.bus_v if measurement.charge.is_valid else 0.0
    return _without_mains(before, current_a, voltage_v, elapsed_s, missed_s)


def _without_mains(
    before: DrawnState, current_a: float, voltage_v: float, elapsed_s: float, missed_s: float
) -> DrawnState:
    """Return a running discharge after a period of it."""
    is_counted = not math.isnan(current_a)
    out_a = max(0.0 - current_a, 0.0) if is_counted else 0.0
    hours = (elapsed_s - missed_s) / SECONDS_PER_HOUR
    return DrawnState(
        True,
        before.began_s,
        before.ended_s,
        math.nan,
        out_a if is_counted else before.last_a,
        before.out_ah + out_a * hours,
        before.out_wh + out_a * voltage_v * hours,
        before.out_s + (elapsed_s - missed_s),
        before.out_missed_s + (missed_s if math.isnan(before.back_since_s) else 0.0),
        before.back_ah,
        before.back_s,
        before.is_back_whole,
    )


def _with_mains(
    before: DrawnState,
    is_present: bool,
    now_s: float,
    current_a: float,
    elapsed_s: float,
    missed_s: float,
    back_s: float,
) -> DrawnState:
    """Return the last discharge after a period with mains, or in which nobody knows of it; it ends after ``back_s``."""
    in_a = 0.0 if math.isnan(current_a) else max(current_a, 0.0)
    counted_s = elapsed_s - missed_s
    back_since_s = now_s if is_present and math.isnan(before.back_since_s) else before.back_since_s
    has_ended = before.is_running and now_s - back_since_s >= back_s
    return DrawnState(
        before.is_running and not has_ended,
        before.began_s,
        back_since_s if has_ended else before.ended_s,
        back_since_s,
        before.last_a,
        before.out_ah,
        before.out_wh,
        before.out_s,
        before.out_missed_s + (missed_s if before.is_running and math.isnan(before.back_since_s) else 0.0),
        before.back_ah + in_a * counted_s / SECONDS_PER_HOUR,
        before.back_s + (counted_s if in_a > 0.0 else 0.0),
        before.is_back_whole and missed_s == 0.0,
    )


def drawn_ah(state: DrawnState) -> Estimated:
    """Return the charge the last discharge took; what could not be counted widens the band upwards."""
    if math.isnan(state.began_s):
        return unknown(UnknownWhy.NO_DISCHARGE_YET)
    missed_ah = state.last_a * state.out_missed_s / SECONDS_PER_HOUR
    return _counted(state.out_ah, state.out_s, missed_ah)


def drawn_wh(state: DrawnState) -> Estimated:
    """Return the energy the last discharge took."""
    charge = drawn_ah(state)
    if charge.why != UnknownWhy.NONE or state.out_ah <= 0.0:
        return Estimated(0.0, 0.0, 0.0, charge.why) if charge.why == UnknownWhy.NONE else charge
    mean_v = state.out_wh / state.out_ah
    return within(state.out_wh, charge.low * mean_v, charge.high * mean_v)


def returned_ah(state: DrawnState) -> Estimated:
    """Return the charge given back since the last discharge."""
    if math.isnan(state.began_s):
        return unknown(UnknownWhy.NO_DISCHARGE_YET)
    if not state.is_back_whole:
        return unknown(UnknownWhy.STARTED_SINCE)
    return _counted(state.back_ah, state.back_s, 0.0)


def _counted(charge_ah: float, counted_s: float, missed_ah: float) -> Estimated:
    error_ah = GAIN_ERROR * charge_ah + ZERO_ERROR_A * counted_s / SECONDS_PER_HOUR
    return within(charge_ah, max(charge_ah - error_ah, 0.0), charge_ah + error_ah + missed_ah)
