"""Observe (the client's au_ob, the default): both contacts closed, measure only."""

from vigie.control.commands import Phase, Reason
from vigie.control.modes.wish import Wish
from vigie.control.signals import Contact


def wish() -> Wish:
    """Return the wish of a mode that only watches."""
    return Wish(Phase.STEADY, Contact.CLOSED, Contact.CLOSED, Reason.OBSERVING, Reason.OBSERVING)
