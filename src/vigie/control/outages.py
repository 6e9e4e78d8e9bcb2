"""The outage log: real outages, drills and charger faults told apart, and what each cost the battery.

One record is open at a time. It begins with the period that shows it and ends when the mains (or the charge) has been
back for ``back_s``, dated to the instant it came back.
"""

import math
from enum import IntEnum
from typing import NamedTuple

from vigie.control.commands import Mains
from vigie.control.estimation.currents import drawn_a
from vigie.control.mains import MainsSettings
from vigie.control.signals import Contact, Measurement
from vigie.control.supervisor import Decision, State
from vigie.units import SECONDS_PER_HOUR


class OutageLogSettings(NamedTuple):
    """What counts as an outage, and how it is measured. Constants: they make outages of different sites comparable."""

    back_s: float = 10.0
    """The mains is back when it has stayed for this long: a flicker is one outage, not twenty."""
    dark_v: float = 10.0
    """Loads with less than this have no voltage; under every floor a drill may have (10.5 V)."""
    low_v: float = 12.9
    """A battery below this must take charge: a full one rests about there."""
    no_charge_s: float = 600.0
    """So long without charge, with mains, contact and a low battery, is a charger fault."""
    longest_gap_s: float = 120.0
    """Across a longer gap between two periods no charge is counted: two of the longest periods (60 s)."""


class OutageRules(NamedTuple):
    """The log's settings, with what the recognition of the mains has already."""

    back_s: float
    settling_s: float
    dark_v: float
    charging_a: float
    low_v: float
    no_charge_s: float
    longest_gap_s: float


def outage_rules(log: OutageLogSettings, mains: MainsSettings) -> OutageRules:
    """Return the numbers the log needs out of checked settings."""
    return OutageRules(
        log.back_s, mains.settling_s, log.dark_v, mains.charging_a, log.low_v, log.no_charge_s, log.longest_gap_s
    )


class OutageKind(IntEnum):
    """Why the battery did not get its mains."""

    OUTAGE = 0
    """The 230 V failed."""
    DRILL = 1
    """R1 was open: our doing."""
    CHARGER_FAULT = 2
    """The mains is there and a battery that needs charge gets none (charger, or R2's line); over when R2 opens, too."""


class Outage(NamedTuple):
    """One record."""

    kind: OutageKind
    began_s: float
    """Monotonic plant time; may lie before the program's start."""
    ended_s: float
    """NaN while it lasts."""
    lowest_v: float
    """Lowest battery voltage; NaN when it was never read."""
    charge_out_ah: float
    energy_out_wh: float
    dark_s: float
    """How long the loads had no voltage."""
    rest_dark_s: float
    """How much of it R2 was open: the battery was not asked yet."""
    end_v: float
    """Battery voltage last read in it."""
    was_enough: bool
    """The battery, once connected, never let the loads lose their voltage, as far as was seen."""


class OutageState(NamedTuple):
    """What is remembered from period to period."""

    is_open: bool
    outage: Outage
    """The open record; without meaning when none is open."""
    last_s: float
    """Time of the period before."""
    back_since_s: float
    """Since when the open record's cause is gone; NaN while it is not."""
    lacking_since_s: float
    """Since when a low battery has been without charge; NaN while it is not."""


class _Wanted(IntEnum):
    """What a period's readings say should be on record."""

    NOTHING = 0
    AS_BEFORE = 1
    OUTAGE = 2
    DRILL = 3
    CHARGER_FAULT = 4


def initial_outages(now_s: float) -> OutageState:
    """Return the state of a log with nothing open."""
    return OutageState(False, _blank(OutageKind.OUTAGE, now_s), now_s, math.nan, math.nan)


def resumed_outages(
    kind: OutageKind,
    began_s: float,
    lowest_v: float,
    charge_out_ah: float,
    energy_out_wh: float,
    dark_s: float,
    rest_dark_s: float,
    end_v: float,
    now_s: float,
) -> OutageState:
    """Return the state of a log whose record was open when the program stopped; what passed since is not known.

    Args:
        kind: as it was recorded.
        began_s: on the present clock, so usually before ``now_s`` and often negative.
        lowest_v: so far; NaN when not known. So is ``end_v``.
        charge_out_ah: so far, as are the next two.
        energy_out_wh: see above.
        dark_s: see above.
        rest_dark_s: see above.
        end_v: battery voltage last recorded.
        now_s: monotonic plant time.
    """
    was_enough = dark_s <= rest_dark_s
    outage = Outage(
        kind, began_s, math.nan, lowest_v, charge_out_ah, energy_out_wh, dark_s, rest_dark_s, end_v, was_enough
    )
    return OutageState(True, outage, now_s, math.nan, math.nan)


def follow(
    state: OutageState, after: State, decision: Decision, measurement: Measurement, settings: OutageRules
) -> tuple[OutageState, int, int, Outage]:
    """Follow the log through one period.

    Args:
        state: from the period before.
        after: the supervisor's state after this period's step.
        decision: of this period.
        measurement: the period's process image.
        settings: of the log.

    Returns:
        The next state; 1 when a record began (it is the state's ``outage``), else 0; 1 when one ended, else 0; and the
        one that ended (without meaning when none did). A drill that turns out to be an outage ends and begins at once.
    """
    now_s = measurement.now_s
    lacking_s = _lacking_since_s(state.lacking_since_s, after, decision, measurement, settings)
    wanted = _wanted(after, decision, now_s, lacking_s, settings)
    if not state.is_open:
        if wanted == _Wanted.NOTHING or wanted == _Wanted.AS_BEFORE:
            return OutageState(False, state.outage, now_s, math.nan, lacking_s), 0, 0, state.outage
        begun = _begun(wanted, after, state.last_s, lacking_s, decision, measurement, settings)
        return begun, 1, 0, state.outage
    if wanted == _Wanted.NOTHING:
        back_s = now_s if math.isnan(state.back_since_s) else state.back_since_s
        if now_s - back_s < settings.back_s and state.outage.kind != OutageKind.CHARGER_FAULT:
            return OutageState(True, state.outage, now_s, back_s, lacking_s), 0, 0, state.outage
        return OutageState(False, state.outage, now_s, math.nan, lacking_s), 0, 1, _ended(state.outage, back_s)
    if wanted == _Wanted.AS_BEFORE or _kind(wanted) == state.outage.kind:
        outage = _carried(state.outage, now_s - state.last_s, decision.mains, measurement, settings)
        back_s = state.back_since_s if wanted == _Wanted.AS_BEFORE else math.nan
        return OutageState(True, outage, now_s, back_s, lacking_s), 0, 0, outage
    begun = _begun(wanted, after, state.last_s, lacking_s, decision, measurement, settings)
    ended_s = begun.outage.began_s if math.isnan(state.back_since_s) else state.back_since_s
    return begun, 1, 1, _ended(state.outage, max(ended_s, state.outage.began_s))


def _blank(kind: OutageKind, began_s: float) -> Outage:
    return Outage(kind, began_s, math.nan, math.nan, 0.0, 0.0, 0.0, 0.0, math.nan, True)


def _kind(wanted: _Wanted) -> OutageKind:
    if wanted == _Wanted.DRILL:
        return OutageKind.DRILL
    return OutageKind.OUTAGE if wanted == _Wanted.OUTAGE else OutageKind.CHARGER_FAULT


def _wanted(after: State, decision: Decision, now_s: float, lacking_since_s: float, settings: OutageRules) -> _Wanted:
    if decision.mains == Mains.CUT:
        return _Wanted.DRILL
    if decision.mains == Mains.UNKNOWN:
        return _Wanted.AS_BEFORE
    if decision.mains == Mains.ABSENT:
        is_settling = after.supply.is_after_drill and now_s - after.relays.r1.since_s < settings.settling_s
        return _Wanted.AS_BEFORE if is_settling else _Wanted.OUTAGE
    if now_s - lacking_since_s >= settings.no_charge_s:
        return _Wanted.CHARGER_FAULT
    return _Wanted.NOTHING


def _lacking_since_s(
    since_s: float, after: State, decision: Decision, measurement: Measurement, settings: OutageRules
) -> float:
    """Return since when V3 has proven the mains, R2 been closed, the battery low, and V2 without charge."""
    charge = measurement.charge
    if decision.mains == Mains.UNKNOWN or not (charge.is_valid and measurement.load.is_valid):
        return since_s
    can_charge = decision.mains == Mains.PRESENT and measurement.contacts.r2 == Contact.CLOSED
    if not can_charge or charge.current_a >= settings.charging_a:
        return math.nan
    battery_v = measurement.battery.bus_v
    if not measurement.battery.is_valid or charge.bus_v > battery_v:
        battery_v = charge.bus_v
    if not battery_v < settings.low_v:
        return math.nan
    since_s = measurement.now_s if math.isnan(since_s) else since_s
    return max(since_s, after.relays.r2.since_s)


def _begun(
    wanted: _Wanted,
    after: State,
    last_s: float,
    lacking_since_s: float,
    decision: Decision,
    measurement: Measurement,
    settings: OutageRules,
) -> OutageState:
    """Return the state with a new record, begun when its cause did."""
    now_s = measurement.now_s
    began_s = after.supply.since_s
    r1 = after.relays.r1
    is_by_r1 = r1.contact == Contact.OPEN if wanted == _Wanted.DRILL else after.supply.is_after_drill
    if wanted == _Wanted.CHARGER_FAULT:
        began_s = lacking_since_s
    elif is_by_r1:
        began_s = r1.since_s
    outage = _carried(_blank(_kind(wanted), began_s), now_s - last_s, decision.mains, measurement, settings)
    return OutageState(True, outage, now_s, math.nan, lacking_since_s)


def _carried(outage: Outage, elapsed_s: float, mains: Mains, measurement: Measurement, settings: OutageRules) -> Outage:
    """Return the record with one more period that took ``elapsed_s``."""
    counted_s = elapsed_s if 0.0 < elapsed_s <= settings.longest_gap_s else 0.0
    battery = measurement.battery
    charge = measurement.charge
    load = measurement.load
    lowest_v = outage.lowest_v
    end_v = outage.end_v
    if battery.is_valid:
        end_v = battery.bus_v
        lowest_v = end_v if math.isnan(lowest_v) else min(lowest_v, end_v)
    out_a = _out_a(mains, measurement, settings.charging_a)
    source_v = charge.bus_v if charge.is_valid else battery.bus_v
    energy_out_wh = outage.energy_out_wh
    if out_a > 0.0 and not math.isnan(source_v):
        energy_out_wh += out_a * source_v * counted_s / SECONDS_PER_HOUR
    is_dark = load.is_valid and load.bus_v < settings.dark_v
    is_resting = measurement.contacts.r2 == Contact.OPEN
    dark_s = outage.dark_s + (counted_s if is_dark else 0.0)
    rest_dark_s = outage.rest_dark_s + (counted_s if is_dark and is_resting else 0.0)
    return Outage(
        outage.kind,
        outage.began_s,
        math.nan,
        lowest_v,
        outage.charge_out_ah + out_a * counted_s / SECONDS_PER_HOUR,
        energy_out_wh,
        dark_s,
        rest_dark_s,
        end_v,
        outage.was_enough and (is_resting or not is_dark),
    )


def _out_a(mains: Mains, measurement: Measurement, charging_a: float) -> float:
    """Return the current out of the battery, 0 where no meter shows it."""
    out_a = drawn_a(mains, measurement, charging_a)
    return 0.0 if math.isnan(out_a) else out_a


def _ended(outage: Outage, ended_s: float) -> Outage:
    return Outage(
        outage.kind,
        outage.began_s,
        ended_s,
        outage.lowest_v,
        outage.charge_out_ah,
        outage.energy_out_wh,
        outage.dark_s,
        outage.rest_dark_s,
        outage.end_v,
        outage.was_enough,
    )
