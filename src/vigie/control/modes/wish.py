"""What a mode wants; the interlocks decide what it gets."""

from typing import Annotated, NamedTuple

from vigie.control.commands import Phase, Reason
from vigie.control.signals import Contact, Wiring
from vigie.units import setting


class Wish(NamedTuple):
    """A mode's phase after this period's reading, and the contacts it would like."""

    phase: Phase
    r1: Contact
    r2: Contact
    r1_reason: Reason
    r2_reason: Reason


class Hands(NamedTuple):
    """What a person has set by hand, and until when it counts."""

    r1: Contact
    r2: Contact
    until_s: float


class ModeInputs(NamedTuple):
    """What a mode sees of a period."""

    now_s: float
    phase: Phase
    phase_since_s: float
    battery_v: float
    """Mean battery voltage of the period; NaN passes no threshold."""
    r1_open_s: float
    """How long R1 has been open; negative when it is closed."""
    hands: Hands
    wiring: Wiring
    full_age_s: float
    """How long ago the battery was last shown full; 0 while it is, infinite where nobody knows."""


class Passing(NamedTuple):
    """Whether the threshold that ends a mode's phase is passed, and since when."""

    is_passing: bool
    since_s: float


def passing_after(before: Passing, is_passing: bool, now_s: float) -> Passing:
    """Return it after a period that passed the threshold or did not."""
    return before if is_passing and before.is_passing else Passing(is_passing, now_s)


def charge_and_rest(phase: Phase, battery_v: float, upper_v: float, lower_v: float) -> Wish:
    """Return the wish of charging above ``upper_v`` and resting until under ``lower_v``, R1 closed throughout.

    Args:
        phase: CHARGE or REST.
        battery_v: mean battery voltage of the period.
        upper_v: R2 opens above.
        lower_v: R2 closes below.
    """
    if phase == Phase.REST and battery_v < lower_v:
        return r1_closed(Phase.CHARGE, Contact.CLOSED, Reason.LOWER_VOLTAGE_REACHED)
    if phase == Phase.REST or battery_v > upper_v:
        return r1_closed(Phase.REST, Contact.OPEN, Reason.UPPER_VOLTAGE_REACHED)
    return r1_closed(Phase.CHARGE, Contact.CLOSED, Reason.CHARGING)


def r1_closed(phase: Phase, r2: Contact, reason: Reason) -> Wish:
    """Return the wish of R2 as given and R1 closed, for one reason."""
    return Wish(phase, Contact.CLOSED, r2, reason, reason)


class MinimumTimes(NamedTuple):
    """How long R2 stays put, and a threshold is passed, before protect or cycle may move a contact.

    A refused discharge closes R2 at once, and no interlock waits for any of this.
    """

    closed_s: Annotated[
        float,
        setting(
            "Least time R2 stays closed before a mode opens it (0: the literal text of the modes)",
            unit="s",
            ge=0,
            le=86_400,
        ),
    ] = 60.0
    open_s: Annotated[
        float,
        setting("Least time R2 stays open before a mode closes it", unit="s", ge=0, le=86_400),
    ] = 60.0
    passed_s: Annotated[
        float,
        setting(
            "A mode's voltage threshold counts once it has been passed for this long (0: the literal text of the "
            "modes, one mean value decides)",
            unit="s",
            ge=0,
            le=600,
        ),
    ] = 5.0
