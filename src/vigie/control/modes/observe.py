"""Observe (the default): both contacts closed, measure only."""

from vigie.control.commands import Mode, Phase, Reason
from vigie.control.modes.spec import STEADY, ModeSpec
from vigie.control.modes.wish import ModeInputs, Wish
from vigie.control.signals import Contact


def wish(seen: ModeInputs) -> Wish:
    """Return the wish of a mode that only watches."""
    return Wish(Phase.STEADY, Contact.CLOSED, Contact.CLOSED, Reason.OBSERVING, Reason.OBSERVING)


SPEC = ModeSpec(
    Mode.OBSERVE,
    client_name="au_ob",
    wish=wish,
    phases=STEADY,
    decides_by_readings=False,
    is_resumed=False,
    is_by_hand=False,
)
