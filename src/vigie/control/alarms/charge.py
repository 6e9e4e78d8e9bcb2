"""The charge as the watch follows it: since when it is as it is, what the battery is owed, how far it was emptied."""

import math
from typing import NamedTuple

from vigie.control.alarms.proofs import HotCharge, ProofSettings
from vigie.control.commands import Mains
from vigie.control.signals import Contact, Measurement
from vigie.control.supervisor import Decision
from vigie.units import SECONDS_PER_DAY, SECONDS_PER_HOUR

BLIND_S = 300.0
"""After readings were away for longer, what was timed before is forgotten."""
FLOATING_S = SECONDS_PER_HOUR
"""A battery that takes no current at the charger's voltage for this long is charged."""
SETTLED_S = SECONDS_PER_DAY
"""A battery without current shows after this long whether a charger holds it: its surface charge is gone."""
OWED_BY_DISCHARGE = 4.0
OWED_BY_REST = 1.0 / 24.0
"""Seconds at the charger's voltage that a second of discharge, and of anything else but that, asks for afterwards."""
REFERENCE_C = 25.0
"""Batteries' and chargers' voltages are meant at this temperature."""
EMPTY_S = 10.0
"""A battery under its lowest voltage for this long was emptied; a shorter dip is a load that starts."""


class WatchSettings(NamedTuple):
    """Limits the watch needs itself; numbers only."""

    charger_v: float
    charger_low_v: float
    charger_dead_v: float
    charge_tapered: float
    recharged_s: float
    charging_a: float
    settling_s: float
    temperature_limit_c: float
    compensation_v_per_k: float
    under_v: float
    proof: ProofSettings


class WatchState(NamedTuple):
    """Since when things have been as they are; monotonic plant seconds, NaN when they are not."""

    began_s: float
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
    hot_charge: HotCharge


def can_judge_charge(decision: Decision, measurement: Measurement) -> bool:
    """Return whether this period's readings say anything about a charge."""
    return decision.mains != Mains.UNKNOWN and measurement.charge.is_valid and measurement.battery.is_valid


def is_charger_due(decision: Decision, measurement: Measurement) -> bool:
    """Return whether a charger, were it there, would charge now."""
    return decision.mains == Mains.PRESENT and measurement.contacts.r2 == Contact.CLOSED


def line_v(measurement: Measurement) -> float:
    """Return the battery's voltage with R2 closed: the higher of V1 and V2, for an uncalibrated V1 reads low."""
    return max(measurement.battery.bus_v, measurement.charge.bus_v)


def followed_charge(
    watch: WatchState, decision: Decision, measurement: Measurement, settings: WatchSettings
) -> WatchState:
    """Return the watch after this period: how long the charge has been as it is.

    What a battery gave or lost it is owed, as time at the charger's voltage: it was charged when nothing is owed any
    more, or when it took no current at that voltage for an hour on end. So neither a closing of R2 for minutes nor a
    charge that outages keep breaking off ends an undercharge, and a rest of a day needs but an hour.
    """
    now_s = measurement.now_s
    if not can_judge_charge(decision, measurement):
        return watch
    is_blind = now_s - watch.seen_s > BLIND_S
    elapsed_s = 0.0 if is_blind else now_s - watch.seen_s
    owed_s = min(watch.owed_s, settings.recharged_s)
    if not is_charger_due(decision, measurement):
        owed_s += elapsed_s * (OWED_BY_REST if decision.mains == Mains.PRESENT else OWED_BY_DISCHARGE)
        return _off_charge(watch, owed_s, now_s)
    if is_blind:
        watch = _off_charge(watch, owed_s, now_s)
    current_a = measurement.charge.current_a
    has_current = current_a >= settings.charging_a
    is_held = line_v(measurement) >= held_v(measurement, settings)
    is_bulk = has_current and not is_held
    peak_a = max(watch.peak_a, current_a) if is_bulk or watch.peak_a > 0.0 else 0.0
    has_not_fallen = has_current and peak_a > 0.0 and current_a >= settings.charge_tapered * peak_a
    owed_s = max(owed_s - elapsed_s, 0.0) if is_held else owed_s + elapsed_s * OWED_BY_REST
    floating_s = since(watch.floating_s, is_held and not has_current, now_s)
    if lasting_s(floating_s, now_s) >= FLOATING_S:
        owed_s = 0.0
    return WatchState(
        watch.began_s,
        now_s,
        watch.recharged_s if owed_s > 0.0 else now_s,
        since(watch.silent_s, not has_current and line_v(measurement) < settings.charger_dead_v, now_s),
        since(watch.still_s, not has_current, now_s),
        since(watch.rising_s, is_bulk, now_s),
        owed_s,
        floating_s,
        since(watch.tapering_s, is_held and has_not_fallen, now_s),
        peak_a,
        watch.empty_s,
        watch.emptied_v,
        watch.hot_charge,
    )


def _off_charge(watch: WatchState, owed_s: float, now_s: float) -> WatchState:
    """Return the watch of a battery that no charger charges now."""
    nan = math.nan
    return WatchState(
        watch.began_s,
        now_s,
        watch.recharged_s,
        nan,
        nan,
        nan,
        owed_s,
        nan,
        nan,
        0.0,
        watch.empty_s,
        watch.emptied_v,
        watch.hot_charge,
    )


def followed_emptying(watch: WatchState, measurement: Measurement, settings: WatchSettings) -> WatchState:
    """Return the watch that remembers how far the battery was emptied, until it is charged again."""
    if not measurement.battery.is_valid:
        return watch
    voltage_v, now_s = measurement.battery.bus_v, measurement.now_s
    empty_s = since(watch.empty_s, voltage_v <= settings.under_v, now_s)
    lowest_v = math.nan if watch.recharged_s == now_s else watch.emptied_v
    if lasting_s(empty_s, now_s) >= EMPTY_S:
        lowest_v = voltage_v if math.isnan(lowest_v) else min(lowest_v, voltage_v)
    return WatchState(
        watch.began_s,
        watch.seen_s,
        watch.recharged_s,
        watch.silent_s,
        watch.still_s,
        watch.rising_s,
        watch.owed_s,
        watch.floating_s,
        watch.tapering_s,
        watch.peak_a,
        empty_s,
        lowest_v,
        watch.hot_charge,
    )


def with_hot_charge(watch: WatchState, hot_charge: HotCharge) -> WatchState:
    """Return the watch with what it remembers of a hot battery's charge."""
    return WatchState(
        watch.began_s,
        watch.seen_s,
        watch.recharged_s,
        watch.silent_s,
        watch.still_s,
        watch.rising_s,
        watch.owed_s,
        watch.floating_s,
        watch.tapering_s,
        watch.peak_a,
        watch.empty_s,
        watch.emptied_v,
        hot_charge,
    )


def low_v(decision: Decision, measurement: Measurement, settings: WatchSettings) -> float:
    """Return the battery's voltage, NaN where it is not low but nothing charges the battery.

    An empty battery recovers as soon as its loads are gone, and is as empty as before.
    """
    if not measurement.battery.is_valid:
        return math.nan
    voltage_v = measurement.battery.bus_v
    is_charging = (
        can_judge_charge(decision, measurement)
        and is_charger_due(decision, measurement)
        and measurement.charge.current_a >= settings.charging_a
    )
    if voltage_v <= settings.under_v or is_charging or voltage_v >= held_v(measurement, settings):
        return voltage_v
    return math.nan


def emptied_v(watch: WatchState, decision: Decision, measurement: Measurement, settings: WatchSettings) -> float:
    """Return how far the battery was emptied, its voltage when it was not; NaN while that is still going on."""
    if decision.mains != Mains.PRESENT or not measurement.battery.is_valid:
        return math.nan
    if not math.isnan(watch.emptied_v):
        return watch.emptied_v
    voltage_v = measurement.battery.bus_v
    return voltage_v if voltage_v > settings.under_v else math.nan


def compensation_v(measurement: Measurement, settings: WatchSettings) -> float:
    """Return what a charger that follows the temperature adds at the battery's; 0 where no thermometer tells it."""
    colder_k = REFERENCE_C - measurement.temperature.celsius
    return 0.0 if math.isnan(colder_k) else settings.compensation_v_per_k * colder_k


def held_v(measurement: Measurement, settings: WatchSettings) -> float:
    """Return the least voltage that a charger holds at the battery's temperature."""
    lowered_v = settings.charger_low_v + min(compensation_v(measurement, settings), 0.0)
    return max(lowered_v, min(settings.charger_dead_v, settings.charger_low_v))


def charger_off_v(watch: WatchState, measurement: Measurement, settings: WatchSettings) -> float:
    """Return how far the charger is from its voltage, 0 where that cannot be seen.

    A charger may follow the temperature or not: nothing is told between what the two hold.
    Above, any excess can only come from a charger. Below, a battery that takes current is being charged, and one that
    takes none may have lost its charger: only a voltage that still stands over ``charger_dead_v`` after a day is held.
    """
    voltage_v = line_v(measurement)
    shift_v = compensation_v(measurement, settings)
    highest_v = settings.charger_v + max(shift_v, 0.0)
    lowest_v = settings.charger_v + min(shift_v, 0.0)
    if voltage_v >= highest_v:
        return voltage_v - highest_v
    is_settled = lasting_s(watch.still_s, measurement.now_s) >= SETTLED_S
    if is_settled and voltage_v >= settings.charger_dead_v:
        return max(lowest_v - voltage_v, 0.0)
    return 0.0


def since(before_s: float, is_so: bool, now_s: float) -> float:
    """Return since when something is so, NaN while it is not."""
    if not is_so:
        return math.nan
    return now_s if math.isnan(before_s) else before_s


def lasting_s(since_s: float, now_s: float) -> float:
    """Return how long something has been so, 0 while it is not."""
    return 0.0 if math.isnan(since_s) else now_s - since_s
