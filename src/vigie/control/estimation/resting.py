"""The battery at rest, behind an open R2 with the mains there, and the voltage it settles at."""

import math
from typing import NamedTuple

from vigie.control.commands import Mains
from vigie.control.estimation.estimated import Estimated, UnknownWhy, unknown, within
from vigie.control.estimation.timing import BLIND_S, since
from vigie.control.signals import Contact, Measurement
from vigie.units import SECONDS_PER_HOUR

SETTLED_S = 4.0 * SECONDS_PER_HOUR
"""A voltage says something of the charge after so long without current."""
SMOOTH_S = 600.0
ERROR_V = 0.02
"""A settled voltage still creeps, and V1 is as good as its calibration."""


class RestState(NamedTuple):
    """Since when it rests; monotonic plant seconds, NaN while it does not."""

    since_s: float
    seen_s: float
    smooth_v: float
    settled_v: float
    """Of the rest that lasts; NaN before it has settled."""


def resumed_rest(now_s: float) -> RestState:
    """Return the state of a battery of which nothing is known."""
    return RestState(math.nan, now_s, math.nan, math.nan)


def followed_rest(before: RestState, mains: Mains, measurement: Measurement) -> RestState:
    """Return the rest after a period; one without evidence changes nothing, a gap begins it anew."""
    now_s = measurement.now_s
    if mains == Mains.UNKNOWN or not measurement.battery.is_valid:
        return before
    if mains != Mains.PRESENT or measurement.contacts.r2 != Contact.OPEN:
        return RestState(math.nan, now_s, math.nan, math.nan)
    voltage_v = measurement.battery.bus_v
    is_blind = now_s - before.seen_s > BLIND_S
    since_s = since(math.nan if is_blind else before.since_s, True, now_s)
    elapsed_s = max(now_s - before.seen_s, 0.0)
    smooth_v = voltage_v
    if not is_blind and not math.isnan(before.smooth_v):
        smooth_v = before.smooth_v + (voltage_v - before.smooth_v) * elapsed_s / (SMOOTH_S + elapsed_s)
    settled_v = smooth_v if now_s - since_s >= SETTLED_S else math.nan
    return RestState(since_s, now_s, smooth_v, settled_v)


def rest_v(state: RestState) -> Estimated:
    """Return the voltage the rest has settled at."""
    if math.isnan(state.since_s):
        return unknown(UnknownWhy.NOT_AT_REST)
    if math.isnan(state.settled_v):
        return unknown(UnknownWhy.REST_TOO_SHORT)
    return within(state.settled_v, state.settled_v - ERROR_V, state.settled_v + ERROR_V)
