"""One contact: what was found of it period by period, what is believed, and which fault that amounts to."""

import math
from enum import IntEnum
from typing import NamedTuple

from vigie.control.signals import Contact

LEAST_PERIODS = 3
"""A finding lasts when this many periods running agree, and ``proof_s`` has passed."""


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


def remembered(fault: ContactFault, open_without_sign: Finding, closed_without_sign: Finding) -> ContactTruth:
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


def heard(
    contact: ContactTruth, told: Contact, finding: Finding, now_s: float, proof_s: float, answer_s: float
) -> ContactTruth:
    """Return the contact after one period's finding: counted until it lasts, then believed.

    What conducted after it was told to open has not opened: a current that ends later has ended for another reason.
    """
    has_conducted = told == Contact.OPEN and contact.verdict == Truth.NO_EFFECT
    if finding == Finding.UNKNOWN or (finding == Finding.BLOCKS and has_conducted):
        is_due = contact.switched_s > -math.inf and now_s - contact.switched_s >= answer_s
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
    if periods < LEAST_PERIODS or now_s - seen_s < proof_s:
        return counted
    return found(counted, told, finding, now_s)


def _is_expected(finding: Finding, told: Contact) -> bool:
    return finding == (Finding.CONDUCTS if told == Contact.CLOSED else Finding.BLOCKS)


def _is_fault(finding: Finding, told: Contact) -> bool:
    return finding != Finding.UNKNOWN and not _is_expected(finding, told)


def found(contact: ContactTruth, told: Contact, finding: Finding, now_s: float) -> ContactTruth:
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


def switched(contact: ContactTruth, told: Contact, finding: Finding, now_s: float) -> ContactTruth:
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


def named(contact: ContactTruth, is_swapped: bool, now_s: float) -> ContactTruth:
    """Return the contact with the fault its findings amount to."""
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
