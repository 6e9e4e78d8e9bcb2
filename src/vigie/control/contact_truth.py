"""Did the contacts do what they were told? What V1, V2 and V3 prove about R1 and R2, period by period.

A line that takes its level says nothing of the contact behind it. What does: a current through R2, the loads' voltage
against the battery's, and (wiring LINE) loads that live while the battery gives nothing. From these a period *finds*
that a contact conducts or blocks, or finds nothing. The last lasting finding in each of the two told states names the
fault:

============  ============  =================================================
told open     told closed   the contact is
============  ============  =================================================
blocks        conducts      healthy
conducts      conducts      welded (or its coil does not let go)
blocks        blocks        dead (or a fuse or wire in its line is broken)
conducts      blocks        reversed: normally open and normally closed mixed up
============  ============  =================================================

What the readings do not say: below ``flows_a`` (a battery on float) R2 shows nothing, for V2 stands at the battery's
voltage either way; R1 that does not close looks like an outage; no charge after R2 closed may be the charger's fault,
so that alone is NO_EFFECT and no name. An outage can hide a fault; it is never taken for one.
"""

import math
from typing import NamedTuple

from vigie.control.commands import Mains
from vigie.control.contact_evidence import LEAST_SWAPS, Facts, SwapWatch, armed, facts_of, is_backed, watched
from vigie.control.contact_findings import (
    ContactFault,
    ContactTruth,
    Finding,
    Truth,
    found,
    heard,
    named,
    remembered,
    switched,
)
from vigie.control.signals import Contact, Contacts, Measurement, Wiring

__all__ = [
    "ContactFault",
    "ContactTruth",
    "Truth",
    "TruthSettings",
    "TruthState",
    "check",
    "initial_truth",
    "resumed_truth",
]


class TruthSettings(NamedTuple):
    """When readings prove something about a contact. Constants: the meter and the relays decide them, nobody's wish."""

    flows_a: float = 0.05
    """A current of this size runs through a contact that conducts: 50 times the offset of an INA219 on 0.1 Ohm."""
    clear_v: float = 0.3
    """Voltages this far apart are different in spite of the errors of two calibrated channels and a wire's drop."""
    takes_charge_below_v: float = 12.9
    """A battery below this takes current from a charger that reaches it: a full one rests about there."""
    settle_s: float = 2.0
    """Readings count this long after a contact or the mains changed: two periods, the first of which saw both."""
    start_s: float = 30.0
    """Supply and charger may take this long to give what they are asked (three times ``mains.settling_s``)."""
    proof_s: float = 5.0
    """A finding must last this long to count: one odd period proves nothing."""
    answer_s: float = 60.0
    """Without a finding this long after a switching: cannot tell. Longer than ``start_s`` and ``proof_s`` together."""


class TruthState(NamedTuple):
    """What is remembered from period to period."""

    r1: ContactTruth
    r2: ContactTruth
    mains: Mains
    mains_since_s: float
    charge_a: float
    """On V2 when a contact last moved."""
    load_v: float
    """On V3 when R1 last opened; NaN while it is closed."""
    is_backed: bool
    """R2 was told closed while the supply was there, so that it had to take over from it."""
    was_lacking: bool
    """When R2 last opened, a low battery took no charge, nor has it since: the charger was out already."""
    swap: SwapWatch


def initial_truth() -> TruthState:
    """Return the state of a watch that has seen nothing."""
    return resumed_truth(ContactFault.NONE, ContactFault.NONE)


def resumed_truth(r1: ContactFault, r2: ContactFault) -> TruthState:
    """Return the state of a watch that was told, after a restart, what was wrong with the contacts before."""
    is_swapped = r1 == ContactFault.SWAPPED or r2 == ContactFault.SWAPPED
    swap = SwapWatch(False, False, LEAST_SWAPS if is_swapped else 0)
    one = remembered(r1, Finding.NO_SIGN, Finding.UNKNOWN)
    two = remembered(r2, Finding.UNKNOWN, Finding.NO_SIGN)
    return TruthState(one, two, Mains.UNKNOWN, -math.inf, 0.0, math.nan, False, False, swap)


def check(
    state: TruthState,
    before: Contacts,
    after: Contacts,
    measurement: Measurement,
    mains: Mains,
    wiring: Wiring,
    settings: TruthSettings,
) -> TruthState:
    """Hold a period's readings against what R1 and R2 were told.

    Args:
        state: from the period before.
        before: commanded while the readings were taken.
        after: commanded by this period's decision.
        measurement: the period's process image.
        mains: this period's evidence.
        wiring: what R2 cuts.
        settings: thresholds and times.

    Returns:
        The next state. A period whose lines do not read as told judges nothing: that fault is told by the line.
    """
    now_s = measurement.now_s
    mains_since_s = _mains_since_s(state, mains, now_s)
    for_s = now_s - max(state.r1.switched_s, state.r2.switched_s, mains_since_s)
    facts = facts_of(
        measurement,
        mains,
        wiring,
        before.r1,
        state.load_v,
        settings.flows_a,
        settings.clear_v,
        settings.takes_charge_below_v,
    )
    is_as_told = measurement.contacts.r1 == before.r1 and measurement.contacts.r2 == before.r2
    r1_finding = Finding.UNKNOWN
    r2_finding = Finding.UNKNOWN
    if is_as_told and for_s >= settings.settle_s:
        r1_finding = _r1_finding(state, before, facts, settings)
        r2_finding = _r2_finding(state, before, facts, for_s, settings)
    r1 = heard(state.r1, before.r1, r1_finding, now_s, settings.proof_s, settings.answer_s)
    r2 = heard(state.r2, before.r2, r2_finding, now_s, settings.proof_s, settings.answer_s)
    if is_as_told and state.is_backed and facts.is_dark and r2.when_closed == Finding.NO_SIGN:
        r2 = found(r2, before.r2, Finding.BLOCKS, now_s)  # neither charge nor backup came through
    r2_for_s = now_s - state.r2.switched_s
    swap = watched(state.swap, before, facts, mains, wiring, r2_for_s, for_s, settings.settle_s, settings.start_s)
    is_swapped = swap.swaps >= LEAST_SWAPS or r1.when_open == Finding.CROSSED
    judged = TruthState(
        named(r1, is_swapped, now_s),
        named(r2, is_swapped, now_s),
        mains,
        mains_since_s,
        state.charge_a,
        state.load_v,
        is_backed(state.is_backed, before, facts),
        state.was_lacking and not facts.is_charging,
        swap,
    )
    if before.r1 == after.r1 and before.r2 == after.r2:
        return judged
    return _moved(judged, before, after, measurement, facts, r1_finding, r2_finding)


def _mains_since_s(state: TruthState, mains: Mains, now_s: float) -> float:
    """Return since when the mains has been so; what the first period finds has always been so."""
    is_first = state.mains == Mains.UNKNOWN and state.mains_since_s == -math.inf
    return state.mains_since_s if mains == state.mains or is_first else now_s


def _moved(
    state: TruthState,
    before: Contacts,
    after: Contacts,
    measurement: Measurement,
    facts: Facts,
    r1_finding: Finding,
    r2_finding: Finding,
) -> TruthState:
    """Return the state after R1, R2 or both have been told to move, with the readings they moved on."""
    now_s = measurement.now_s
    r1 = state.r1
    r2 = state.r2
    load_v = state.load_v
    was_lacking = state.was_lacking
    if before.r1 != after.r1:
        r1 = switched(r1, before.r1, r1_finding, now_s)
        is_known = after.r1 == Contact.OPEN and measurement.load.is_valid
        load_v = measurement.load.bus_v if is_known else math.nan
    if before.r2 != after.r2:
        r2 = switched(r2, before.r2, r2_finding, now_s)
        if after.r2 == Contact.OPEN:
            was_lacking = facts.is_supplied and facts.is_still and facts.takes_charge
    charge_a = measurement.charge.current_a if measurement.charge.is_valid else 0.0
    swap = armed(state.swap, before, after, facts)
    return TruthState(r1, r2, state.mains, state.mains_since_s, charge_a, load_v, state.is_backed, was_lacking, swap)


def _r1_finding(state: TruthState, before: Contacts, facts: Facts, settings: TruthSettings) -> Finding:
    r1 = state.r1
    if before.r1 == Contact.CLOSED:
        if facts.is_supplied:
            return Finding.CONDUCTS
        if facts.is_unsupplied and r1.was_contrary:
            return Finding.BLOCKS
        return Finding.UNKNOWN  # dead, or an outage
    if facts.is_unsupplied:
        proves_nothing = r1.when_open == Finding.CROSSED and before.r2 == Contact.OPEN  # both open: swapped is the same
        return Finding.UNKNOWN if proves_nothing else Finding.BLOCKS
    if not facts.is_supplied:
        return Finding.UNKNOWN
    if facts.is_charging or before.r2 == Contact.OPEN:
        return Finding.CONDUCTS
    has_moved_alone = r1.switched_s > state.r2.switched_s
    if has_moved_alone and facts.is_still and state.charge_a >= 2.0 * settings.flows_a:
        return Finding.CROSSED
    return Finding.NO_SIGN


def _r2_finding(state: TruthState, before: Contacts, facts: Facts, for_s: float, settings: TruthSettings) -> Finding:
    r2 = state.r2
    if facts.is_through_r2:
        return Finding.CONDUCTS
    if not (facts.is_supplied and facts.is_still):
        return Finding.UNKNOWN
    if before.r2 == Contact.OPEN:
        has_stopped = r2.switched_s >= state.r1.switched_s and state.charge_a >= 2.0 * settings.flows_a
        return Finding.BLOCKS if facts.takes_charge or has_stopped else Finding.UNKNOWN
    if r2.switched_s == -math.inf or r2.verdict == Truth.OBEYED or before.r1 == Contact.OPEN:
        return Finding.UNKNOWN  # it has conducted since it was closed: the charger's affair
    is_soon = settings.start_s <= for_s <= settings.start_s + settings.answer_s and not state.was_lacking
    is_going_on = r2.seen == Finding.NO_SIGN or r2.when_closed == Finding.NO_SIGN
    if facts.takes_charge and (is_soon or is_going_on):
        return Finding.NO_SIGN
    return Finding.UNKNOWN
