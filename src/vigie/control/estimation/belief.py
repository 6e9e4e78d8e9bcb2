"""What is believed of the battery's charge and capacity, and from what."""

import math
from typing import NamedTuple

from vigie.battery.parameters import NEW, BatteryParameters
from vigie.battery.voltage import discharge_ohm, filling_at_emf
from vigie.battery.wells import temperature_factor
from vigie.control.estimation.estimated import Estimated, UnknownWhy, unknown, within
from vigie.control.estimation.line import (
    OFFSET_ERROR,
    DischargeLine,
    LinePrior,
    LineSums,
    filling_at,
    filling_error,
    fitted,
    no_sums,
    with_reading,
)
from vigie.units import SECONDS_PER_DAY, SECONDS_PER_HOUR

LABEL_SHARE, LABEL_ERROR = 0.85, 0.25
"""Of its label, what a block of unknown age gives (0.64 to 1.06), as long as it was never measured."""
UNREAD_SHARE = 0.04
"""Of C20: before so much is drawn the surface charge speaks."""
READ_EVERY_S = 10.0
CHARGED_ERROR = 0.03
RESTED_ERROR = 0.06
COUNTED_ERROR = 0.1
"""Of a state of charge: seen charged, read off a settled rest, counted from one of these."""
UNKNOWN_ERROR = 0.3
UNSEEN_PER_H = 0.2
"""Of a state of charge, for each hour of which nothing is known."""
MOST_ERROR = 0.2
"""A state of charge less certain than this is none."""
STORED_SHARE = 0.95
"""Of a charge, what a later discharge gives back; the rest is gas and heat."""
ASSUMED_C = 20.0
"""Where no thermometer tells."""
SELF_DISCHARGE_PER_S = 0.03 / (30.0 * SECONDS_PER_DAY)


class BeliefState(NamedTuple):
    """Charge and capacity. Shares of charge are of what the battery holds now, 0..1."""

    soc: float
    """While nothing is drawn; the discharge's start while something is. NaN when it is not known."""
    soc_error: float
    capacity_share: float
    """Of the label times the prior's ratio, as last measured or assumed."""
    capacity_error: float
    """Relative."""
    is_measured: bool
    """A discharge of at least 20 % depth has shown the capacity."""
    difference_ah: float
    """Of the wells."""
    is_drawing: bool
    drawn_c20: float
    """In this discharge, in units of C20 at 25 degC; so is what follows."""
    z: float
    read_at_c20: float
    read_s: float
    sums: LineSums


def resumed_belief(soc: float, soc_error: float) -> BeliefState:
    """Return the belief at a start: a state of charge (NaN when no record tells it), and the label."""
    return BeliefState(soc, soc_error, LABEL_SHARE, LABEL_ERROR, False, 0.0, False, 0.0, 0.0, 0.0, math.nan, no_sums())


def capacity_error(depth: float) -> float:
    """Return the relative error of a capacity that a discharge of ``depth`` (0..1) has shown; the label's when none.

    >>> [capacity_error(depth) for depth in (0.1, 0.2, 0.3, 0.4, 0.9)]
    [0.25, 0.2, 0.15, 0.07, 0.07]
    """
    if depth >= 0.4:
        return 0.07
    if depth >= 0.3:
        return 0.15
    return 0.2 if depth >= 0.2 else LABEL_ERROR


def full_ah(block: BatteryParameters, share: float) -> float:
    """Return the charge both wells hold when full, at 25 degC."""
    return block.c20_ah * block.capacity_ratio * share


def prior_of(belief: BeliefState, block: BatteryParameters) -> LinePrior:
    """Return what is believed of a discharge before its first reading."""
    slope = 1.0 / (block.capacity_ratio * belief.capacity_share)
    is_known = not math.isnan(belief.soc)
    error = belief.soc_error if is_known else UNKNOWN_ERROR
    start = belief.soc if is_known else 0.7
    return LinePrior(
        start, math.sqrt(error * error + OFFSET_ERROR * OFFSET_ERROR), slope, slope * belief.capacity_error
    )


def line_of(belief: BeliefState, block: BatteryParameters) -> DischargeLine:
    """Return the straight line of the discharge so far."""
    return fitted(prior_of(belief, block), belief.sums)


def depth_of(belief: BeliefState, line: DischargeLine) -> float:
    """Return how deep this discharge is, 0..1 of what the battery holds."""
    return belief.drawn_c20 * max(line.slope, 0.1)


class Moment(NamedTuple):
    """A period as the belief sees it."""

    now_s: float
    elapsed_s: float
    """Of known current; 0 where what passed is not known."""
    lost_s: float
    """Of a current nobody saw."""
    current_a: float
    """Into the battery; 0 when it is not known."""
    voltage_v: float
    """At its terminals; NaN when it is not known, or the current with it is not."""
    temperature_c: float
    is_away: bool
    """The battery is on its own: mains absent or cut."""
    is_over: bool
    """No discharge is going on."""
    is_charged: bool


def followed_belief(before: BeliefState, moment: Moment, settled_v: float, block: BatteryParameters) -> BeliefState:
    """Return the belief after a period; unchanged where nobody told the capacity (C20 of 0).

    Args:
        before: after the period before.
        moment: the period.
        settled_v: of a rest; NaN while there is none.
        block: the prior.
    """
    if block.c20_ah <= 0.0:
        return before
    belief = before
    if belief.is_drawing and (moment.is_over or moment.lost_s > 0.0):
        belief = _ended(belief, block)
    if moment.lost_s > 0.0:
        belief = _unseen(belief, moment.lost_s)
    if moment.is_away and not belief.is_drawing:
        belief = _begun(belief, block)
    belief = _moved(belief, moment, block)
    if belief.is_drawing:
        return _read(belief, moment, block)
    return _known(belief, moment.is_charged, settled_v, block)


def _unseen(belief: BeliefState, lost_s: float) -> BeliefState:
    """Return the belief after a time nobody watched, in which the battery may have given its loads what they ask."""
    error = min(belief.soc_error + UNSEEN_PER_H * lost_s / SECONDS_PER_HOUR, UNKNOWN_ERROR)
    return BeliefState(
        belief.soc, error, belief.capacity_share, belief.capacity_error, belief.is_measured, belief.difference_ah,
        belief.is_drawing, belief.drawn_c20, belief.z, belief.read_at_c20, belief.read_s, belief.sums,
    )  # fmt: skip


def _begun(belief: BeliefState, block: BatteryParameters) -> BeliefState:
    z = 0.0 - (1.0 - block.available_share) * belief.difference_ah / block.c20_ah
    return BeliefState(
        belief.soc, belief.soc_error, belief.capacity_share, belief.capacity_error, belief.is_measured,
        belief.difference_ah, True, 0.0, z, 0.0, math.nan, no_sums(),
    )  # fmt: skip


def _ended(belief: BeliefState, block: BatteryParameters) -> BeliefState:
    """Return the belief after a discharge: what is left, and the capacity where it was deep enough to show it."""
    line = line_of(belief, block)
    soc = soc_of_filling(filling_at(line, belief.z), belief.difference_ah, line.slope, block)
    error = filling_error(line, belief.z)
    share, share_error, is_measured = belief.capacity_share, belief.capacity_error, belief.is_measured
    shown = capacity_error(depth_of(belief, line))
    if shown < LABEL_ERROR and (not is_measured or shown <= share_error):
        share, share_error, is_measured = share_of(line, block), shown, True
    is_known = error <= UNKNOWN_ERROR
    return BeliefState(
        min(max(soc, 0.0), 1.0) if is_known else math.nan, max(error, COUNTED_ERROR), share, share_error, is_measured,
        belief.difference_ah, False, 0.0, 0.0, 0.0, math.nan, no_sums(),
    )  # fmt: skip


def _moved(belief: BeliefState, moment: Moment, block: BatteryParameters) -> BeliefState:
    """Return the belief with the charge of a period moved: through the wells, and out of or into the battery."""
    hours = moment.elapsed_s / SECONDS_PER_HOUR
    current_a = moment.current_a
    share, rate_per_h = block.available_share, block.diffusion_per_h
    driven_ah = current_a / (share * rate_per_h)
    decay = math.exp(-rate_per_h * hours)
    difference_ah = (belief.difference_ah - driven_ah) * decay + driven_ah
    unit_ah = block.c20_ah * temperature_factor(believed_c(moment.temperature_c))
    out_ah = 0.0 - current_a * hours
    soc, error = belief.soc, belief.soc_error
    drawn_c20, z = belief.drawn_c20, belief.z
    if belief.is_drawing:
        drawn_c20 += out_ah / unit_ah
        z += (out_ah - (1.0 - share) * (difference_ah - belief.difference_ah)) / unit_ah
    elif not math.isnan(soc):
        whole_ah = full_ah(block, belief.capacity_share)
        stored = STORED_SHARE * current_a * hours / whole_ah if current_a > 0.0 else 0.0
        soc = min(max(soc + stored - SELF_DISCHARGE_PER_S * moment.elapsed_s, 0.0), 1.0)
        error = max(error, COUNTED_ERROR) if stored > 0.0 and belief.soc < 1.0 else error
    return BeliefState(
        soc, error, belief.capacity_share, belief.capacity_error, belief.is_measured, difference_ah,
        belief.is_drawing, drawn_c20, z, belief.read_at_c20, belief.read_s, belief.sums,
    )  # fmt: skip


def _read(belief: BeliefState, moment: Moment, block: BatteryParameters) -> BeliefState:
    """Return the belief with the available filling read off the voltage under load, every few seconds."""
    if math.isnan(moment.voltage_v) or moment.current_a >= 0.0:
        return belief
    is_early = belief.drawn_c20 < UNREAD_SHARE
    if not is_early and moment.now_s - belief.read_s < READ_EVERY_S:
        return belief
    sums = belief.sums
    if not is_early:
        ohm = discharge_ohm(block, NEW, believed_c(moment.temperature_c))
        x1 = filling_at_emf(block, moment.voltage_v - moment.current_a * ohm)
        sums = with_reading(sums, belief.z, x1, max(belief.drawn_c20 - belief.read_at_c20, 0.0))
    return BeliefState(
        belief.soc, belief.soc_error, belief.capacity_share, belief.capacity_error, belief.is_measured,
        belief.difference_ah, True, belief.drawn_c20, belief.z, belief.drawn_c20,
        math.nan if is_early else moment.now_s, sums,
    )  # fmt: skip


def _known(belief: BeliefState, is_charged: bool, settled_v: float, block: BatteryParameters) -> BeliefState:
    """Return the belief with what a whole charge or a settled rest says of it."""
    soc, error, difference_ah = belief.soc, belief.soc_error, belief.difference_ah
    if is_charged:
        soc, error, difference_ah = 1.0, CHARGED_ERROR, 0.0
    elif not math.isnan(settled_v) and (math.isnan(soc) or error >= RESTED_ERROR):
        soc, error = min(filling_at_emf(block, settled_v), 1.0), RESTED_ERROR
    return BeliefState(
        soc, error, belief.capacity_share, belief.capacity_error, belief.is_measured, difference_ah,
        False, 0.0, 0.0, 0.0, math.nan, belief.sums,
    )  # fmt: skip


def believed_c(temperature_c: float) -> float:
    """Return the battery's temperature, or what is assumed where no thermometer tells it."""
    return ASSUMED_C if math.isnan(temperature_c) else temperature_c


def share_of(line: DischargeLine, block: BatteryParameters) -> float:
    """Return the capacity a line's slope shows, as a share of a new block's."""
    return 1.0 / (block.capacity_ratio * max(line.slope, 0.1))


def soc_of_filling(x1: float, difference_ah: float, slope: float, block: BatteryParameters) -> float:
    """Return the state of charge of both wells."""
    return x1 - (1.0 - block.available_share) * difference_ah * max(slope, 0.1) / block.c20_ah


def state_of_charge(belief: BeliefState, block: BatteryParameters) -> Estimated:
    """Return the state of charge, 0..1."""
    if block.c20_ah <= 0.0:
        return unknown(UnknownWhy.CAPACITY_NOT_SET)
    soc, error = belief.soc, belief.soc_error
    if belief.is_drawing:
        line = line_of(belief, block)
        x1, error = filling_at(line, belief.z), filling_error(line, belief.z)
        soc = min(max(soc_of_filling(x1, belief.difference_ah, line.slope, block), 0.0), 1.0)
    if math.isnan(soc) or error > MOST_ERROR:
        return unknown(UnknownWhy.CHARGE_NOT_KNOWN)
    return within(soc, max(soc - error, 0.0), min(soc + error, 1.0))


def capacity_ah(belief: BeliefState, block: BatteryParameters) -> Estimated:
    """Return the capacity at the 20 h rate, from 20 % depth of this discharge or of the best one before."""
    if block.c20_ah <= 0.0:
        return unknown(UnknownWhy.CAPACITY_NOT_SET)
    share, error, is_measured = belief.capacity_share, belief.capacity_error, belief.is_measured
    if belief.is_drawing:
        line = line_of(belief, block)
        shown = capacity_error(depth_of(belief, line))
        if shown < LABEL_ERROR and (not is_measured or shown <= error):
            share, error, is_measured = share_of(line, block), shown, True
    if not is_measured:
        return unknown(UnknownWhy.TOO_SHALLOW)
    return within(share * block.c20_ah, share * block.c20_ah * (1.0 - error), share * block.c20_ah * (1.0 + error))
