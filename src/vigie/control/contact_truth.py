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
from enum import IntEnum
from typing import Annotated, NamedTuple

from vigie.control.commands import Mains
from vigie.control.contact_evidence import LEAST_SWAPS, Facts, SwapWatch, armed, facts_of, is_backed, watched
from vigie.control.signals import Contact, Contacts, Measurement, Wiring
from vigie.units import setting

LEAST_PERIODS = 3
"""A finding lasts when this many periods running agree, and ``proof_s`` has passed."""


class TruthSettings(NamedTuple):
    """When readings prove something about a contact."""

    flows_a: Annotated[
        float, setting("A current of this size runs through a contact that conducts", unit="A", gt=0, le=2)
    ] = 0.05
    clear_v: Annotated[
        float, setting("Voltages this far apart are different in spite of the meter's errors", unit="V", ge=0.05, le=2)
    ] = 0.3
    takes_charge_below_v: Annotated[
        float, setting("A battery below this takes current from a charger that reaches it", unit="V", ge=11, le=13.5)
    ] = 12.9
    settle_s: Annotated[
        float, setting("Readings count this long after a contact or the mains changed", unit="s", ge=0, le=60)
    ] = 2.0
    start_s: Annotated[
        float, setting("Supply and charger may take this long to give what they are asked", unit="s", ge=0, le=600)
    ] = 30.0
    proof_s: Annotated[float, setting("A finding must last this long to count", unit="s", ge=0, le=600)] = 5.0
    answer_s: Annotated[
        float, setting("Without a finding this long after a switching: cannot tell", unit="s", ge=1, le=3600)
    ] = 60.0


class Truth(IntEnum):
    """What became of a contact's last switching."""

    UNKNOWN = 0
    """Not judged yet."""
    OBEYED = 1
    NO_EFFECT = 2
    CANNOT_TELL = 3
    """The readings looked the same either way."""


class ContactFault(IntEnum):
    """What is wrong with a contact, as far as readings can name it."""

    NONE = 0
    NO_EFFECT = 1
    """It does not do what it is told, or what stands behind it does not; the readings cannot say which."""
    WELDED = 2
    """It conducts whatever it is told."""
    DEAD = 3
    """Nothing goes through whatever it is told."""
    SWAPPED = 4
    """It does what the other one is told."""
    REVERSED = 5
    """It does the opposite of what it is told."""


class Finding(IntEnum):
    """What readings say about a contact."""

    UNKNOWN = 0
    CONDUCTS = 1
    BLOCKS = 2
    NO_SIGN = 3
    """Not what it was told, for a reason the readings leave open."""
    CROSSED = 4
    """Told to move, the other contact moved."""


class ContactTruth(NamedTuple):
    """What is known of one contact."""

    verdict: Truth
    """On its last switching, or on how it was found."""
    fault: ContactFault
    since_s: float
    """When ``fault`` became what it is; NaN since the start."""
    when_open: Finding
    """The last lasting finding while it was told open."""
    when_closed: Finding
    switched_s: float
    """When it was last told to move; minus infinity before."""
    was_contrary: bool
    """It did not do as told just before its last switching either."""
    seen: Finding
    """Found in the last ``seen_periods`` periods, not lasting yet."""
    seen_periods: int
    seen_s: float


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
    swap: SwapWatch


def initial_truth() -> TruthState:
    """Return the state of a watch that has seen nothing."""
    return resumed_truth(ContactFault.NONE, ContactFault.NONE)


def resumed_truth(r1: ContactFault, r2: ContactFault) -> TruthState:
    """Return the state of a watch that was told, after a restart, what was wrong with the contacts before."""
    is_swapped = r1 == ContactFault.SWAPPED or r2 == ContactFault.SWAPPED
    swap = SwapWatch(False, False, LEAST_SWAPS if is_swapped else 0)
    one = _remembered(r1, Finding.NO_SIGN, Finding.UNKNOWN)
    two = _remembered(r2, Finding.UNKNOWN, Finding.NO_SIGN)
    return TruthState(one, two, Mains.UNKNOWN, -math.inf, 0.0, math.nan, False, swap)


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
    mains_since_s = state.mains_since_s
    if mains != state.mains and (state.mains != Mains.UNKNOWN or mains_since_s > -math.inf):
        mains_since_s = now_s
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
    r1 = _heard(state.r1, before.r1, r1_finding, now_s, settings)
    r2 = _heard(state.r2, before.r2, r2_finding, now_s, settings)
    if is_as_told and state.is_backed and facts.is_dark and r2.when_closed == Finding.NO_SIGN:
        r2 = _found(r2, before.r2, Finding.BLOCKS, now_s)  # neither charge nor backup came through
    swap = watched(state.swap, before, facts, mains, now_s - state.r2.switched_s, settings.settle_s, settings.start_s)
    is_swapped = swap.swaps >= LEAST_SWAPS or r1.when_open == Finding.CROSSED
    r1 = _named(r1, is_swapped, now_s)
    r2 = _named(r2, is_swapped, now_s)
    charge_a = state.charge_a
    load_v = state.load_v
    if before.r1 != after.r1 or before.r2 != after.r2:
        charge_a = measurement.charge.current_a if measurement.charge.is_valid else 0.0
        swap = armed(swap, before, after, facts)
        if before.r1 != after.r1:
            is_known = after.r1 == Contact.OPEN and measurement.load.is_valid
            load_v = measurement.load.bus_v if is_known else math.nan
            r1 = _switched(r1, before.r1, r1_finding, now_s)
        if before.r2 != after.r2:
            r2 = _switched(r2, before.r2, r2_finding, now_s)
    has_backup = is_backed(state.is_backed, before, facts)
    return TruthState(r1, r2, mains, mains_since_s, charge_a, load_v, has_backup, swap)


def _r1_finding(state: TruthState, before: Contacts, facts: Facts, settings: TruthSettings) -> Finding:
    r1 = state.r1
    if before.r1 == Contact.CLOSED:
        if facts.is_supplied:
            return Finding.CONDUCTS
        if facts.is_unsupplied and r1.was_contrary:
            return Finding.BLOCKS
        return Finding.UNKNOWN  # dead, or an outage
    if facts.is_unsupplied:
        return Finding.BLOCKS
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
    is_soon = settings.start_s <= for_s <= settings.start_s + settings.answer_s
    is_going_on = r2.seen == Finding.NO_SIGN or r2.when_closed == Finding.NO_SIGN
    if facts.takes_charge and (is_soon or is_going_on):
        return Finding.NO_SIGN
    return Finding.UNKNOWN


def _heard(
    contact: ContactTruth, told: Contact, finding: Finding, now_s: float, settings: TruthSettings
) -> ContactTruth:
    """Return the contact after one period's finding: counted until it lasts, then believed."""
    if finding == Finding.UNKNOWN:
        is_due = contact.switched_s > -math.inf and now_s - contact.switched_s >= settings.answer_s
        if contact.verdict == Truth.UNKNOWN and is_due:
            return _seeing(contact, Truth.CANNOT_TELL, contact.was_contrary, Finding.UNKNOWN, 0, now_s)
        if contact.seen_periods == 0:
            return contact
        return _seeing(contact, contact.verdict, contact.was_contrary, Finding.UNKNOWN, 0, now_s)
    standing = contact.when_closed if told == Contact.CLOSED else contact.when_open
    is_contrary = not _is_expected(finding, told)
    if finding == standing or (finding == Finding.NO_SIGN and _is_fault(standing, told)):
        verdict = Truth.NO_EFFECT if is_contrary else Truth.OBEYED
        if contact.verdict == verdict and contact.seen_periods == 0:
            return contact
        return _seeing(contact, verdict, contact.was_contrary and is_contrary, Finding.UNKNOWN, 0, now_s)
    verdict = contact.verdict if is_contrary else Truth.OBEYED
    periods = contact.seen_periods + 1 if finding == contact.seen else 1
    seen_s = contact.seen_s if finding == contact.seen else now_s
    counted = _seeing(contact, verdict, contact.was_contrary and is_contrary, finding, periods, seen_s)
    if periods < LEAST_PERIODS or now_s - seen_s < settings.proof_s:
        return counted
    return _found(counted, told, finding, now_s)


def _is_expected(finding: Finding, told: Contact) -> bool:
    return finding == (Finding.CONDUCTS if told == Contact.CLOSED else Finding.BLOCKS)


def _is_fault(finding: Finding, told: Contact) -> bool:
    return finding != Finding.UNKNOWN and not _is_expected(finding, told)


def _found(contact: ContactTruth, told: Contact, finding: Finding, now_s: float) -> ContactTruth:
    """Return the contact with a finding that lasts; opposite effects before and after a switching are one fault."""
    is_contrary = not _is_expected(finding, told)
    when_open = finding if told == Contact.OPEN else contact.when_open
    when_closed = finding if told == Contact.CLOSED else contact.when_closed
    if is_contrary and contact.was_contrary:
        when_open = Finding.CONDUCTS
        when_closed = Finding.BLOCKS
    return ContactTruth(
        Truth.NO_EFFECT if is_contrary else Truth.OBEYED,
        contact.fault,
        contact.since_s,
        when_open,
        when_closed,
        contact.switched_s,
        contact.was_contrary,
        Finding.UNKNOWN,
        0,
        now_s,
    )


def _seeing(
    contact: ContactTruth, verdict: Truth, was_contrary: bool, seen: Finding, periods: int, seen_s: float
) -> ContactTruth:
    return ContactTruth(
        verdict,
        contact.fault,
        contact.since_s,
        contact.when_open,
        contact.when_closed,
        contact.switched_s,
        was_contrary,
        seen,
        periods,
        seen_s,
    )


def _switched(contact: ContactTruth, told: Contact, finding: Finding, now_s: float) -> ContactTruth:
    """Return the contact told to move, having been ``told`` and found so in the period that decided it."""
    return ContactTruth(
        Truth.UNKNOWN,
        contact.fault,
        contact.since_s,
        contact.when_open,
        contact.when_closed,
        now_s,
        _is_fault(finding, told),
        Finding.UNKNOWN,
        0,
        now_s,
    )


def _named(contact: ContactTruth, is_swapped: bool, now_s: float) -> ContactTruth:
    fault = fault_of(contact.when_open, contact.when_closed, is_swapped)
    if fault == contact.fault:
        return contact
    return ContactTruth(
        contact.verdict,
        fault,
        now_s,
        contact.when_open,
        contact.when_closed,
        contact.switched_s,
        contact.was_contrary,
        contact.seen,
        contact.seen_periods,
        contact.seen_s,
    )


def fault_of(when_open: Finding, when_closed: Finding, is_swapped: bool) -> ContactFault:
    """Return the one fault that explains what was found in both told states, NO_EFFECT when several do."""
    if is_swapped:
        return ContactFault.SWAPPED
    if when_open == Finding.CONDUCTS:
        if when_closed == Finding.CONDUCTS:
            return ContactFault.WELDED
        return ContactFault.NO_EFFECT if when_closed == Finding.UNKNOWN else ContactFault.REVERSED
    if when_closed == Finding.BLOCKS and when_open == Finding.BLOCKS:
        return ContactFault.DEAD
    if when_open == Finding.NO_SIGN or when_closed == Finding.NO_SIGN or when_closed == Finding.BLOCKS:
        return ContactFault.NO_EFFECT
    return ContactFault.NONE


def _remembered(fault: ContactFault, open_without_sign: Finding, closed_without_sign: Finding) -> ContactTruth:
    """Return the findings that amount to ``fault``."""
    when_open = Finding.UNKNOWN
    when_closed = Finding.UNKNOWN
    if fault == ContactFault.NO_EFFECT:
        when_open = open_without_sign
        when_closed = closed_without_sign
    elif fault == ContactFault.WELDED or fault == ContactFault.REVERSED:
        when_open = Finding.CONDUCTS
        when_closed = Finding.CONDUCTS if fault == ContactFault.WELDED else Finding.BLOCKS
    elif fault == ContactFault.DEAD:
        when_open = Finding.BLOCKS
        when_closed = Finding.BLOCKS
    return ContactTruth(
        Truth.UNKNOWN,
        fault,
        math.nan,
        when_open,
        when_closed,
        -math.inf,
        False,
        Finding.UNKNOWN,
        0,
        0.0,
    )
