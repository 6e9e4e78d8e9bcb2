"""How far a contact's life is used up, by what it has switched."""

import math
from typing import Annotated, NamedTuple

from vigie.units import setting


class WearSettings(NamedTuple):
    """What a contact is built for.

    PiRelay-V2 (SB Components, README): 7 A at 230 V AC, 10 A at up to 30 V DC. How many operations is not published.
    """

    rated_operations: Annotated[
        float, setting("Movements a contact is good for (an assumption: the maker names none)", ge=1000, le=1e8)
    ] = 100_000.0
    rated_current_a: Annotated[
        float,
        setting("Current a contact may switch at 12 V; a higher mean shortens its life", unit="A", ge=0.1, le=100),
    ] = 10.0
    warn_share: float = 0.8
    """Share of its life after which a contact is called worn: a constant, for the life itself is an assumption."""


class Wear(NamedTuple):
    """What a contact has done so far."""

    operations: int
    """Movements, opening and closing each one."""
    switched_a_sum: float
    """Sum of the currents it moved under, as far as they were measured (R1's never are: they are at 230 V)."""
    share: float
    """Of its rated life, 0..1 and beyond."""


def worn(operations: int, switched_a_sum: float, settings: WearSettings) -> Wear:
    """Return the wear of a contact that has moved ``operations`` times.

    Counted against the rated operations; a mean current above the rated one is taken to shorten life in proportion.

    >>> worn(25_000, 10_000.0, WearSettings()).share
    0.25
    >>> worn(25_000, 500_000.0, WearSettings()).share
    0.5
    """
    life = settings.rated_operations
    share = operations / life
    if switched_a_sum > operations * settings.rated_current_a:
        share = switched_a_sum / settings.rated_current_a / life
    return Wear(operations, switched_a_sum, share)


def switched(wear: Wear, current_a: float, settings: WearSettings) -> Wear:
    """Return the wear after one more movement.

    Args:
        wear: before it.
        current_a: through the contact just before it moved, either sign; NaN when it is not measured.
        settings: what the contact is built for.
    """
    added_a = 0.0 if math.isnan(current_a) else abs(current_a)
    return worn(wear.operations + 1, wear.switched_a_sum + added_a, settings)
