"""Manual (the client's au_ma): a person sets each contact; expires back to observe."""

from typing import Annotated, NamedTuple

from vigie.control.commands import Phase, Reason
from vigie.control.modes.wish import Wish
from vigie.control.signals import Contact
from vigie.units import setting


class ManualSettings(NamedTuple):
    """How long a person may be in charge."""

    default_s: Annotated[
        float,
        setting("Manual mode lasts this long unless the command says otherwise", unit="s", ge=60, le=86_400),
    ] = 1_800.0
    longest_s: Annotated[float, setting("Manual mode never lasts longer", unit="s", ge=60, le=86_400)] = 7_200.0


class Hands(NamedTuple):
    """What the person has set, and until when it counts."""

    r1: Contact
    r2: Contact
    until_s: float


def wish(hands: Hands) -> Wish:
    """Return the person's contacts as a wish."""
    return Wish(Phase.STEADY, hands.r1, hands.r2, Reason.MANUAL_WISH, Reason.MANUAL_WISH)
