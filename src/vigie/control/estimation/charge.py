"""The charge followed: since when it is as it is, what the battery is owed, how far it was emptied."""

import math
from typing import NamedTuple

from vigie.control.commands import Mains
from vigie.control.estimation.currents import line_v
from vigie.control.estimation.settings import ChargeRules
from vigie.control.estimation.timing import BLIND_S, lasting_s, since
from vigie.control.signals import Contact, Measurement
from vigie.units import SECONDS_PER_HOUR

FLOATING_S = SECONDS_PER_HOUR
"""A battery that takes no current at the charger's voltage for this long is charged."""
OWED_BY_DISCHARGE = 4.0
OWED_BY_REST = 1.0 / 24.0
"""Seconds at the charger's voltage that a second of discharge, and of anything else but that, asks for afterwards."""
REFERENCE_C = 25.0
"""Batteries' and chargers' voltages are meant at this temperature."""
EMPTY_S = 10.0
"""A battery under its lowest voltage for this long was emptied; a shorter dip is a load that starts."""


class ChargeState(NamedTuple):
    """Since when things have been as they are; monotonic plant seconds, NaN when they are not."""

    seen_s: float
    """When the charge could last be judged."""
    recharged_s: float
    """When the battery was last seen charged."""
    silent_s: float
    """A charger that should charge does not."""
    still_s: float
    """On the charger without current, at whatever voltage."""
    rising_s: float
    """Charged under the charger's voltage."""
    owed_s: float
    """How long the battery must still stand at the charger's voltage to be charged (a duration)."""
    floating_s: float
    """At the charger's voltage, without current."""
    tapering_s: float
    """At the charger's voltage with a current that has not fallen."""
    peak_a: float
    """Largest current of this charge; 0 when it was not seen to begin, under the charger's voltage."""
    empty_s: float
    """The battery is under its lowest voltage."""
    emptied_v: float
    """Lowest voltage of a battery that was emptied, until it is charged again; NaN when it was not."""


def resumed_charge(now_s: float, recharged_s: float, emptied_v: float) -> ChargeState:
    """Return the charge of a battery that was last seen charged at ``recharged_s``, and emptied to ``emptied_v`` since.

    NaN when it was not emptied.
    """
    nan = math.nan
    return ChargeState(now_s, recharged_s, nan, nan, nan, math.inf, nan, nan, 0.0, nan, emptied_v)


def can_judge_charge(mains: Mains, measurement: Measurement) -> bool:
    """Return whether this period's readings say anything about a charge."""
    return mains != Mains.UNKNOWN and measurement.charge.is_valid and measurement.battery.is_valid


def is_charger_due(mains: Mains, measurement: Measurement) -> bool:
    """Return whether a charger, were it there, would charge now."""
    return mains == Mains.PRESENT and measurement.contacts.r2 == Contact.CLOSED


def compensation_v(measurement: Measurement, rules: ChargeRules) -> float:
    """Return what a charger that follows the temperature adds at the battery's; 0 where no thermometer tells it."""
    colder_k = REFERENCE_C - measurement.temperature.celsius
    return 0.0 if math.isnan(colder_k) else rules.compensation_v_per_k * colder_k


def held_v(measurement: Measurement, rules: ChargeRules) -> float:
    """Return the least voltage that a charger holds at the battery's temperature."""
    lowered_v = rules.charger_low_v + min(compensation_v(measurement, rules), 0.0)
    return max(lowered_v, min(rules.charger_dead_v, rules.charger_low_v))


def followed_charge(before: ChargeState, mains: Mains, measurement: Measurement, rules: ChargeRules) -> ChargeState:
    """Return the charge after this period: how long it has been as it is.

    What a battery gave or lost it is owed, as time at the charger's voltage: it was charged when nothing is owed any
    more, or when it took no current at that voltage for an hour on end. So neither a closing of R2 for minutes nor a
    charge that outages keep breaking off ends an undercharge, and a rest of a day needs but an hour.
    """
    now_s = measurement.now_s
    if not can_judge_charge(mains, measurement):
        return before
    is_blind = now_s - before.seen_s > BLIND_S
    elapsed_s = 0.0 if is_blind else now_s - before.seen_s
    owed_s = min(before.owed_s, rules.recharged_s)
    if not is_charger_due(mains, measurement):
        owed_s += elapsed_s * (OWED_BY_REST if mains == Mains.PRESENT else OWED_BY_DISCHARGE)
        return _off_charge(before, owed_s, now_s)
    if is_blind:
        before = _off_charge(before, owed_s, now_s)
    current_a = measurement.charge.current_a
    has_current = current_a >= rules.charging_a
    is_held = line_v(measurement) >= held_v(measurement, rules)
    is_bulk = has_current and not is_held
    peak_a = max(before.peak_a, current_a) if is_bulk or before.peak_a > 0.0 else 0.0
    has_not_fallen = has_current and peak_a > 0.0 and current_a >= rules.charge_tapered * peak_a
    owed_s = max(owed_s - elapsed_s, 0.0) if is_held else owed_s + elapsed_s * OWED_BY_REST
    floating_s = since(before.floating_s, is_held and not has_current, now_s)
    if lasting_s(floating_s, now_s) >= FLOATING_S:
        owed_s = 0.0
    return ChargeState(
        now_s,
        before.recharged_s if owed_s > 0.0 else now_s,
        since(before.silent_s, not has_current and line_v(measurement) < rules.charger_dead_v, now_s),
        since(before.still_s, not has_current, now_s),
        since(before.rising_s, is_bulk, now_s),
        owed_s,
        floating_s,
        since(before.tapering_s, is_held and has_not_fallen, now_s),
        peak_a,
        before.empty_s,
        before.emptied_v,
    )


def _off_charge(before: ChargeState, owed_s: float, now_s: float) -> ChargeState:
    """Return the state of a battery that no charger charges now."""
    nan = math.nan
    return ChargeState(
        now_s, before.recharged_s, nan, nan, nan, owed_s, nan, nan, 0.0, before.empty_s, before.emptied_v
    )


def followed_emptying(before: ChargeState, measurement: Measurement, rules: ChargeRules) -> ChargeState:
    """Return the charge that remembers how far the battery was emptied, until it is charged again."""
    if not measurement.battery.is_valid:
        return before
    voltage_v, now_s = measurement.battery.bus_v, measurement.now_s
    if voltage_v > rules.under_v and math.isnan(before.empty_s) and math.isnan(before.emptied_v):
        return before
    empty_s = since(before.empty_s, voltage_v <= rules.under_v, now_s)
    lowest_v = math.nan if before.recharged_s == now_s else before.emptied_v
    if lasting_s(empty_s, now_s) >= EMPTY_S:
        lowest_v = voltage_v if math.isnan(lowest_v) else min(lowest_v, voltage_v)
    return ChargeState(
        before.seen_s,
        before.recharged_s,
        before.silent_s,
        before.still_s,
        before.rising_s,
        before.owed_s,
        before.floating_s,
        before.tapering_s,
        before.peak_a,
        empty_s,
        lowest_v,
    )
