"""From a period to the values of the alarms: what the readings say of mains, charger, battery and sensors."""

import math
from typing import NamedTuple

from vigie.control.alarms.charge import WatchSettings, WatchState, charger_off_v, emptied_v, low_v
from vigie.control.alarms.proofs import (
    ProofSettings,
    diode_fault,
    followed_hot_charge,
    hot_charge,
    meters_that_stand_alone,
    no_hot_charge,
    wiring_fault,
)
from vigie.control.alarms.settings import AlarmSettings
from vigie.control.alarms.values import AlarmValues, Place
from vigie.control.commands import Mains, Reason
from vigie.control.estimation.charge import ChargeState, can_judge_charge, compensation_v, is_charger_due
from vigie.control.estimation.settings import charge_rules
from vigie.control.estimation.timing import lasting_s
from vigie.control.interlocks import InterlockSettings
from vigie.control.mains import MainsSettings
from vigie.control.signals import ChannelMean, Measurement, Status, Wiring
from vigie.control.supervisor import Decision, State
from vigie.units import SECONDS_PER_DAY, SECONDS_PER_HOUR

STARTING_S = 60.0
"""Chips found reset this soon after the start were switched on with everything else."""
TOLD_S = SECONDS_PER_HOUR
"""A start by the watchdog is told for this long, and until it is acknowledged."""
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


def watch_settings(
    alarms: AlarmSettings,
    interlocks: InterlockSettings,
    mains: MainsSettings,
    wiring: Wiring = Wiring.LINE,
    *,
    has_diode: bool = False,
) -> WatchSettings:
    """Return the numbers the watch needs out of checked settings."""
    return WatchSettings(
        alarms.charger_v,
        mains.settling_s,
        interlocks.temperature_limit_c,
        charge_rules(alarms, mains),
        ProofSettings(wiring, has_diode, mains),
    )


def initial_watch(now_s: float) -> WatchState:
    """Return a watch that begins now."""
    return WatchState(now_s, no_hot_charge())


def observe(
    watch: WatchState,
    charge: ChargeState,
    state: State,
    decision: Decision,
    measurement: Measurement,
    surroundings: Surroundings,
    settings: WatchSettings,
) -> tuple[WatchState, AlarmValues]:
    """Return what a period says to every alarm of the controller.

    Args:
        watch: from the period before.
        charge: as the estimation followed it through this period.
        state: of the supervisor, after this period's step.
        decision: of this period.
        measurement: of this period.
        surroundings: what else is known.
        settings: limits.

    Returns:
        The next watch and the values; NaN where it cannot tell.
    """
    now_s = measurement.now_s
    proof = settings.proof
    hot = followed_hot_charge(watch.hot_charge, state, measurement, decision.mains, proof)
    is_on_charger = can_judge_charge(decision.mains, measurement) and is_charger_due(decision.mains, measurement)
    is_bus_lost = surroundings.bus_is_lost == 1.0
    is_starting = now_s - watch.began_s < STARTING_S
    temperature_c = measurement.temperature.celsius
    nan = math.nan
    over_v = nan
    if measurement.battery.is_valid:
        over_v = measurement.battery.bus_v - max(compensation_v(measurement, settings.charge), 0.0)
    load_v = measurement.load.bus_v if measurement.load.is_valid else nan
    lost = nan if is_bus_lost else float(places_with(measurement, int(_LOST)))
    reset = 0.0 if is_starting else float(channels_with(measurement, Status.RESET, False))
    restart = surroundings.watchdog_restart if now_s - watch.began_s < TOLD_S else 0.0
    weak_cell = 1.0 if state.relays.r2.reason == Reason.WEAK_CELL else 0.0
    silent_s, off_v, rising_s, tapering_s = nan, nan, nan, nan
    if is_on_charger:
        silent_s, off_v = lasting_s(charge.silent_s, now_s), charger_off_v(charge, measurement, settings)
        rising_s, tapering_s = lasting_s(charge.rising_s, now_s), lasting_s(charge.tapering_s, now_s)
    # A call of more than thirty arguments compiles only while each of them is without a condition.
    values = AlarmValues(
        battery_too_hot=hot_c(state.latch.is_set, temperature_c, settings.temperature_limit_c),
        battery_warm=temperature_c,
        battery_over_ambient=temperature_c - measurement.ambient.celsius,
        battery_over_voltage=over_v,
        battery_under_voltage=low_v(decision, measurement, settings.charge),
        battery_emptied=emptied_v(charge, decision, measurement, settings.charge),
        charge_not_stopped=hot_charge(hot, state, measurement, proof),
        weak_cell=weak_cell,
        loads_dark=load_v,
        mains_lost=mains_absent(state, decision, now_s, settings.settling_s),
        charger_absent=silent_s,
        charger_set_point=off_v,
        charge_not_rising=rising_s / SECONDS_PER_HOUR,
        charge_not_tapering=tapering_s / SECONDS_PER_HOUR,
        undercharge=(now_s - charge.recharged_s) / SECONDS_PER_DAY,
        loads_over_range=float(channels_with(measurement, Status.SATURATED, False)),
        sensor_lost=lost,
        sensor_implausible=float(places_with(measurement, int(Status.IMPLAUSIBLE))),
        sensor_frozen=float(frozen(state, decision, measurement, proof.mains)),
        meter_reset=reset,
        meter_bus_lost=surroundings.bus_is_lost,
        readings_contradict=float(measurement.doubt),
        relay_line_failed=surroundings.relay_line_faults,
        r1_disobeyed=surroundings.r1_truth,
        r2_disobeyed=surroundings.r2_truth,
        r1_worn=surroundings.r1_wear,
        r2_worn=surroundings.r2_wear,
        switching_often=surroundings.switchings_last_hour,
        wiring_contradicted=wiring_fault(measurement, decision.mains, proof),
        diode_missing=diode_fault(measurement, proof),
        pi_under_voltage=surroundings.pi_under_voltage,
        pi_throttled=surroundings.pi_is_throttled,
        clock_not_synchronised=surroundings.clock_unsynchronised,
        disk_nearly_full=surroundings.disk_used_share,
        journal_gap=surroundings.journal_fault,
        journal_damaged=surroundings.journal_damage,
        settings_refused=surroundings.settings_faults,
        watchdog_restart=restart,
    )
    return WatchState(watch.began_s, hot), values


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


def places_with(measurement: Measurement, bits: int) -> int:
    """Return the places, as bits, that are not valid and show one of ``bits``."""
    places = channels_with(measurement, bits, True)
    if measurement.temperature.status & bits:
        places |= 1 << int(Place.THERMOMETER)
    if measurement.ambient.status & bits:
        places |= 1 << int(Place.AMBIENT)
    return places


def frozen(state: State, decision: Decision, measurement: Measurement, mains: MainsSettings) -> int:
    """Return the meters, as bits, that repeat their value for too long."""
    places = channels_with(measurement, Status.FROZEN, True)
    is_charge_alone, is_load_alone = meters_that_stand_alone(state, decision, measurement, mains)
    if is_charge_alone:
        places |= 2
    if is_load_alone:
        places |= 4
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
