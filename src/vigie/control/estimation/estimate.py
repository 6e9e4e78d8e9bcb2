"""One period of estimation: ``estimate(state, measurement, rules) -> (state, BatteryEstimate)``. Pure.

It stands between the process image and the supervisor, and asks nothing but readings: whatever decides may ask it.
"""

import math
from typing import NamedTuple

from vigie.control.commands import Mains
from vigie.control.estimation.belief import (
    BeliefState,
    Moment,
    capacity_ah,
    followed_belief,
    resumed_belief,
    state_of_charge,
)
from vigie.control.estimation.charge import ChargeState, followed_charge, followed_emptying, resumed_charge
from vigie.control.estimation.currents import battery_a, terminal_v
from vigie.control.estimation.drawn import (
    DrawnState,
    drawn_ah,
    drawn_wh,
    followed_discharge,
    no_discharge,
    returned_ah,
)
from vigie.control.estimation.estimated import Estimated, UnknownWhy, unknown
from vigie.control.estimation.fullness import Fullness, FullnessState, followed_fullness, resumed_fullness
from vigie.control.estimation.remaining import LoadState, followed_load, no_load, remaining_s
from vigie.control.estimation.resistance import (
    GONE_S,
    GONE_SHARE,
    RESTED_S,
    ResistanceState,
    followed_steps,
    no_resistance,
    resistance_ohm,
)
from vigie.control.estimation.resting import RestState, followed_rest, rest_v, resumed_rest
from vigie.control.estimation.settings import EstimationRules
from vigie.control.mains import evidence
from vigie.control.signals import Measurement

RECKONED_EVERY_S = 10.0
"""What is told is reckoned so often, and when the mains, the discharge or the fullness changes."""


class BatteryEstimate(NamedTuple):
    """What is believed of the battery after a period. Instants are monotonic plant seconds, NaN when there is none."""

    fullness: Fullness
    full_since_s: float
    last_full_s: float
    is_discharging: bool
    discharge_began_s: float
    """Of the discharge that runs, or the last one."""
    drawn_ah: Estimated
    drawn_wh: Estimated
    returned_ah: Estimated
    """Since it ended."""
    rest_since_s: float
    rest_v: Estimated
    resistance_ohm: Estimated
    """At 25 degC."""
    soc: Estimated
    """0..1 of what the battery holds now."""
    capacity_ah: Estimated
    """20 h rate, 25 degC."""
    load_w: float
    """What the loads draw, smoothed; NaN when it is not known."""
    remaining_s: Estimated
    """Until the battery is empty at this load; with the mains there: were it lost now."""


class EstimationState(NamedTuple):
    """What is remembered from period to period."""

    last_s: float
    mains: Mains
    charge: ChargeState
    fullness: FullnessState
    drawn: DrawnState
    rest: RestState
    resistance: ResistanceState
    load: LoadState
    belief: BeliefState
    told: BatteryEstimate
    told_s: float
    """When it was reckoned; NaN before."""


def initial_estimation(now_s: float) -> EstimationState:
    """Return the state of an estimation that begins now and gives the battery the benefit of the doubt: charged now."""
    return resumed_estimation(
        now_s, resumed_charge(now_s, now_s, math.nan), no_discharge(), math.nan, math.nan, math.nan
    )


def resumed_estimation(
    now_s: float, charge: ChargeState, drawn: DrawnState, soc: float, soc_error: float, last_full_s: float
) -> EstimationState:
    """Return the state after a restart.

    Args:
        now_s: monotonic plant time.
        charge: as the journal tells it.
        drawn: the last discharge, as the journal tells it.
        soc: state of charge; NaN when no record tells it.
        soc_error: of that.
        last_full_s: when it was last seen full; NaN when no record tells it.
    """
    fullness, rest, belief = resumed_fullness(now_s, last_full_s), resumed_rest(now_s), resumed_belief(soc, soc_error)
    resistance, load = no_resistance(), no_load()
    nothing = unknown(UnknownWhy.CHARGE_NOT_KNOWN)
    told = _told(fullness, drawn, rest, resistance, load, nothing, nothing, nothing)
    return EstimationState(
        now_s, Mains.UNKNOWN, charge, fullness, drawn, rest, resistance, load, belief, told, math.nan
    )


def estimate(
    state: EstimationState, measurement: Measurement, rules: EstimationRules
) -> tuple[EstimationState, BatteryEstimate]:
    """Estimate after one period.

    Args:
        state: from the period before (or :func:`initial_estimation`).
        measurement: this period's process image.
        rules: limits.

    Returns:
        The next state and what is believed. A time that does not run forwards counts as no time.
    """
    after = _followed(state, measurement, rules)
    if not _is_due(state, after):
        return after, after.told
    told = _told(
        after.fullness,
        after.drawn,
        after.rest,
        after.resistance,
        after.load,
        state_of_charge(after.belief, rules.block),
        capacity_ah(after.belief, rules.block),
        remaining_s(after.belief, after.load, measurement.temperature.celsius, rules.block, rules.end_v),
    )
    return _telling(after, told), told


def _is_due(state: EstimationState, after: EstimationState) -> bool:
    """Return whether what is told after a period is to be reckoned anew."""
    told = state.told
    if after.mains != state.mains or after.drawn.is_running != told.is_discharging:
        return True
    return after.fullness.fullness != told.fullness or not abs(after.last_s - state.told_s) < RECKONED_EVERY_S


def _telling(state: EstimationState, told: BatteryEstimate) -> EstimationState:
    """Return a state whose estimate was reckoned now."""
    return EstimationState(
        state.last_s,
        state.mains,
        state.charge,
        state.fullness,
        state.drawn,
        state.rest,
        state.resistance,
        state.load,
        state.belief,
        told,
        state.last_s,
    )


def _followed(state: EstimationState, measurement: Measurement, rules: EstimationRules) -> EstimationState:
    """Return the state after a period, still with what was told before."""
    now_s = measurement.now_s
    mains = evidence(measurement, rules.mains)
    elapsed_s = max(now_s - state.last_s, 0.0)
    current_a = battery_a(mains, measurement, rules.charge.charging_a)
    voltage_v = terminal_v(measurement)
    celsius = measurement.temperature.celsius
    is_away = mains == Mains.ABSENT or mains == Mains.CUT
    charge = followed_emptying(
        followed_charge(state.charge, mains, measurement, rules.charge), measurement, rules.charge
    )
    rest = followed_rest(state.rest, mains, measurement)
    drawn = followed_discharge(state.drawn, mains, current_a, voltage_v, elapsed_s, measurement, rules)
    resistance = followed_steps(
        state.resistance, current_a, voltage_v, celsius, elapsed_s, _may_begin_a_step(state, now_s, rules.block.c20_ah)
    )
    load = followed_load(state.load, measurement, 0.0 - current_a if is_away else math.nan, voltage_v, elapsed_s)
    is_charged = charge.recharged_s == now_s and charge.owed_s == 0.0
    moment = _moment(state, measurement, current_a, voltage_v, is_away, not drawn.is_running, is_charged, rules)
    belief = followed_belief(state.belief, moment, rest.settled_v, rules.block)
    fullness = followed_fullness(state.fullness, mains, measurement, rules)
    return EstimationState(
        now_s, mains, charge, fullness, drawn, rest, resistance, load, belief, state.told, state.told_s
    )


def _moment(
    state: EstimationState,
    measurement: Measurement,
    current_a: float,
    voltage_v: float,
    is_away: bool,
    is_over: bool,
    is_charged: bool,
    rules: EstimationRules,
) -> Moment:
    """Return a period as the belief sees it: a reading lost in a discharge is taken as the one before."""
    elapsed_s = max(measurement.now_s - state.last_s, 0.0)
    is_counted = elapsed_s <= rules.longest_gap_s
    if math.isnan(current_a):
        voltage_v = math.nan
        current_a = 0.0
        if not is_over:
            current_a = 0.0 - state.drawn.last_a
        else:
            is_counted = False
    return Moment(
        measurement.now_s,
        elapsed_s if is_counted else 0.0,
        0.0 if is_counted else elapsed_s,
        current_a,
        voltage_v,
        measurement.temperature.celsius,
        is_away,
        is_over,
        is_charged,
    )


def _may_begin_a_step(state: EstimationState, now_s: float, c20_ah: float) -> bool:
    """Return whether what stood before this period was free of surface charge."""
    if state.rest.since_s <= now_s - RESTED_S:
        return True
    if not state.drawn.is_running:
        return False
    if c20_ah > 0.0:
        return state.drawn.out_ah >= GONE_SHARE * c20_ah
    return state.drawn.out_s >= GONE_S


def _told(
    fullness: FullnessState,
    drawn: DrawnState,
    rest: RestState,
    resistance: ResistanceState,
    load: LoadState,
    soc: Estimated,
    capacity: Estimated,
    left_s: Estimated,
) -> BatteryEstimate:
    return BatteryEstimate(
        fullness.fullness,
        fullness.full_since_s,
        fullness.last_full_s,
        drawn.is_running,
        drawn.began_s,
        drawn_ah(drawn),
        drawn_wh(drawn),
        returned_ah(drawn),
        rest.since_s,
        rest_v(rest),
        resistance_ohm(resistance),
        soc,
        capacity,
        load.power_w,
        left_s,
    )
