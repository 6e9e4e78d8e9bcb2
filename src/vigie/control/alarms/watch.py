"""From a period to the values of the alarms: what the readings say of mains, charger, battery and sensors."""

import math
from typing import NamedTuple

from vigie.control.alarms.quantities import Place
from vigie.control.alarms.settings import AlarmSettings
from vigie.control.commands import Mains
from vigie.control.interlocks import InterlockSettings
from vigie.control.mains import MainsSettings
from vigie.control.signals import ChannelMean, Contact, Measurement, Status
from vigie.control.supervisor import Decision, State
from vigie.units import SECONDS_PER_DAY, SECONDS_PER_HOUR

BLIND_S = 300.0
"""After readings were away for longer, what was timed before is forgotten."""
FLOATING_S = SECONDS_PER_HOUR
"""A battery that takes no current at the charger's voltage for this long is charged."""
SETTLED_S = SECONDS_PER_DAY
"""A battery without current shows after this long whether a charger holds it: its surface charge is gone."""
STARTING_S = 60.0
"""Chips found reset this soon after the start were switched on with everything else."""
TOLD_S = SECONDS_PER_HOUR
"""A start by the watchdog is told for this long, and until it is acknowledged."""
OWED_BY_DISCHARGE = 4.0
OWED_BY_REST = 1.0 / 24.0
"""Seconds at the charger's voltage that a second of discharge, and of anything else but that, asks for afterwards."""
_LOST = Status.FAILED | Status.OVERFLOW | Status.STALE


class Surroundings(NamedTuple):
    """What the process image cannot show. NaN: unknown; questions are answered with 1.0 or 0.0."""

    relay_line_faults: float
    """Bits of the relays whose line does not read what it was told."""
    bus_is_lost: float
    pi_under_voltage: float
    pi_is_throttled: float
    clock_unsynchronised: float
    disk_used_share: float
    """0..1"""
    journal_fault: float
    watchdog_restart: float
    """This run was not preceded by a clean stop."""
    r1_truth: float
    """Kind of fault of the contact, 0 for none."""
    r2_truth: float
    r1_wear: float
    """Share of its life, 0..1."""
    r2_wear: float
    switchings_last_hour: float
    journal_damage: float
    """Parts of the journal that were found damaged lately."""
    settings_faults: float
    """Faults of the settings file, in whose place others are in force."""


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


def watch_settings(alarms: AlarmSettings, interlocks: InterlockSettings, mains: MainsSettings) -> WatchSettings:
    """Return the numbers the watch needs out of checked settings."""
    return WatchSettings(
        alarms.charger_v,
        alarms.charger_v - alarms.charger_tolerance_v,
        alarms.charger_dead_v,
        alarms.charge_tapered,
        alarms.recharged_h * SECONDS_PER_HOUR,
        mains.charging_a,
        mains.settling_s,
        interlocks.temperature_limit_c,
    )


def initial_watch(now_s: float) -> WatchState:
    """Return a watch that begins now and gives the battery the benefit of the doubt: charged now."""
    return resumed_watch(now_s, now_s)


def resumed_watch(now_s: float, recharged_s: float) -> WatchState:
    """Return a watch that begins now and knows when the battery was last seen charged (before ``now_s``)."""
    nan = math.nan
    return WatchState(now_s, now_s, recharged_s, nan, nan, nan, math.inf, nan, nan, 0.0)


def observe(
    watch: WatchState,
    state: State,
    decision: Decision,
    measurement: Measurement,
    surroundings: Surroundings,
    settings: WatchSettings,
) -> tuple[WatchState, tuple[float, ...]]:
    """Return what a period says about every quantity the controller knows.

    Args:
        watch: from the period before.
        state: of the supervisor, after this period's step.
        decision: of this period.
        measurement: of this period.
        surroundings: what else is known.
        settings: limits.

    Returns:
        The next watch and the values by :class:`~vigie.control.alarms.quantities.Quantity`; NaN where it cannot tell.
    """
    now_s = measurement.now_s
    charge = followed_charge(watch, decision, measurement, settings)
    is_on_charger = can_judge_charge(decision, measurement) and is_charger_due(decision, measurement)
    is_bus_lost = surroundings.bus_is_lost == 1.0
    is_starting = now_s - watch.began_s < STARTING_S
    temperature_c = measurement.temperature.celsius
    values = (
        hot_c(state.latch.is_set, temperature_c, settings.temperature_limit_c),
        temperature_c,
        temperature_c - measurement.ambient.celsius,
        measurement.battery.bus_v if measurement.battery.is_valid else math.nan,
        measurement.load.bus_v if measurement.load.is_valid else math.nan,
        mains_absent(state, decision, now_s, settings.settling_s),
        lasting_s(charge.silent_s, now_s) if is_on_charger else math.nan,
        charger_off_v(charge, measurement, settings) if is_on_charger else math.nan,
        lasting_s(charge.rising_s, now_s) / SECONDS_PER_HOUR if is_on_charger else math.nan,
        lasting_s(charge.tapering_s, now_s) / SECONDS_PER_HOUR if is_on_charger else math.nan,
        (now_s - charge.recharged_s) / SECONDS_PER_DAY,
        float(channels_with(measurement, Status.SATURATED, False)),
        math.nan if is_bus_lost else float(places_with(measurement, int(_LOST))),
        float(places_with(measurement, int(Status.IMPLAUSIBLE))),
        float(channels_with(measurement, Status.FROZEN, True)),
        0.0 if is_starting else float(channels_with(measurement, Status.RESET, False)),
        surroundings.bus_is_lost,
        surroundings.relay_line_faults,
        surroundings.r1_truth,
        surroundings.r2_truth,
        surroundings.r1_wear,
        surroundings.r2_wear,
        surroundings.switchings_last_hour,
        surroundings.pi_under_voltage,
        surroundings.pi_is_throttled,
        surroundings.clock_unsynchronised,
        surroundings.disk_used_share,
        surroundings.journal_fault,
        surroundings.watchdog_restart if now_s - watch.began_s < TOLD_S else 0.0,
        surroundings.journal_damage,
        surroundings.settings_faults,
    )
    return charge, values


def hot_c(is_latched: bool, celsius: float, limit_c: float) -> float:
    """Return the battery's temperature, at least the limit, while the over-temperature latch is set; else 0."""
    if not is_latched:
        return 0.0
    return celsius if celsius > limit_c else limit_c


def mains_absent(state: State, decision: Decision, now_s: float, settling_s: float) -> float:
    """Return 1 for a real outage, 0 with mains, NaN in a drill, right after one, and without evidence."""
    if decision.mains == Mains.PRESENT:
        return 0.0
    if decision.mains != Mains.ABSENT:
        return math.nan
    if state.supply.is_after_drill and now_s - state.relays.r1.since_s < settling_s:
        return math.nan
    return 1.0


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
    nan = math.nan
    if not can_judge_charge(decision, measurement):
        return watch
    is_blind = now_s - watch.seen_s > BLIND_S
    elapsed_s = 0.0 if is_blind else now_s - watch.seen_s
    owed_s = min(watch.owed_s, settings.recharged_s)
    if not is_charger_due(decision, measurement):
        owed_s += elapsed_s * (OWED_BY_REST if decision.mains == Mains.PRESENT else OWED_BY_DISCHARGE)
        return WatchState(watch.began_s, now_s, watch.recharged_s, nan, nan, nan, owed_s, nan, nan, 0.0)
    if is_blind:
        watch = WatchState(watch.began_s, now_s, watch.recharged_s, nan, nan, nan, owed_s, nan, nan, 0.0)
    current_a = measurement.charge.current_a
    has_current = current_a >= settings.charging_a
    is_held = line_v(measurement) >= settings.charger_low_v
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
    )


def charger_off_v(watch: WatchState, measurement: Measurement, settings: WatchSettings) -> float:
    """Return how far the charger is from its voltage, 0 where that cannot be seen.

    Above, any excess can only come from a charger. Below, a battery that takes current is being charged, and one that
    takes none may have lost its charger: only a voltage that still stands over ``charger_dead_v`` after a day is held.
    """
    voltage_v = line_v(measurement)
    if voltage_v >= settings.charger_v:
        return voltage_v - settings.charger_v
    is_settled = lasting_s(watch.still_s, measurement.now_s) >= SETTLED_S
    if is_settled and voltage_v >= settings.charger_dead_v:
        return settings.charger_v - voltage_v
    return 0.0


def since(before_s: float, is_so: bool, now_s: float) -> float:
    """Return since when something is so, NaN while it is not."""
    if not is_so:
        return math.nan
    return now_s if math.isnan(before_s) else before_s


def lasting_s(since_s: float, now_s: float) -> float:
    """Return how long something has been so, 0 while it is not."""
    return 0.0 if math.isnan(since_s) else now_s - since_s


def places_with(measurement: Measurement, bits: int) -> int:
    """Return the places, as bits, that are not valid and show one of ``bits``."""
    places = channels_with(measurement, bits, True)
    if measurement.temperature.status & bits:
        places |= 1 << int(Place.THERMOMETER)
    if measurement.ambient.status & bits:
        places |= 1 << int(Place.AMBIENT)
    return places


def channels_with(measurement: Measurement, bits: int, only_invalid: bool) -> int:
    """Return the channels, as bits of :class:`Place`, that show one of ``bits``."""
    places = 0
    if _shows(measurement.battery, bits, only_invalid):
        places |= 1
    if _shows(measurement.charge, bits, only_invalid):
        places |= 2
    if _shows(measurement.load, bits, only_invalid):
        places |= 4
    if _shows(measurement.spare, bits, only_invalid):
        places |= 8
    return places


def _shows(mean: ChannelMean, bits: int, only_invalid: bool) -> bool:
    return (mean.status & bits) != 0 and not (only_invalid and mean.is_valid)
