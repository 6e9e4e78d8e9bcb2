"""What a mode wants; the interlocks decide what it gets."""

from typing import Annotated, NamedTuple

from vigie.control.commands import Phase, Reason
from vigie.control.signals import Contact
from vigie.units import setting


class Wish(NamedTuple):
    """A mode's phase after this period's reading, and the contacts it would like."""

    phase: Phase
    r1: Contact
    r2: Contact
    r1_reason: Reason
    r2_reason: Reason


class MinimumTimes(NamedTuple):
    """How long R2 stays put before protect or cycle may move it again; a refused discharge closes it at once."""

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
