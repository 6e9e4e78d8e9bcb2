"""Where a fault finds the installation: the mode, how far the mode has got, and what R2 cuts."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from vigie.control.commands import Mode
from vigie.control.signals import Contact, Wiring

OPEN, CLOSED = Contact.OPEN, Contact.CLOSED
Order = Mapping[str, Any]
"""Fields of a command, but for its id and dates."""


class Situation(NamedTuple):
    """A mode that has come to where it is interesting."""

    name: str
    mode: Mode
    """That the controller resumes at its start."""
    soc: float
    """Of the battery at the start."""
    r1: Contact
    r2: Contact
    orders: tuple[Order, ...] = ()
    """Given after the start, one a period."""
    is_discharge: bool = False
    """With CHARGE_ONLY R2 is open too."""
    is_found: bool = False
    """The contacts stand like this at the start already: reaching it takes the mode days."""

    def contacts(self, wiring: Wiring) -> tuple[Contact, Contact]:
        """Return R1 and R2 as they stand when the situation is reached."""
        return self.r1, OPEN if self.is_discharge and wiring == Wiring.CHARGE_ONLY else self.r2

    @property
    def kind(self) -> str:
        """What promises distinguish: which contact is open."""
        if self.r1 == OPEN:
            return "R1 open"
        return "R2 open" if self.r2 == OPEN else "closed"


CHARGING = Situation("observe, charging", Mode.OBSERVE, 0.5, CLOSED, CLOSED)
FLOATING = Situation("observe, full", Mode.OBSERVE, 1.0, CLOSED, CLOSED)
PROTECT_CHARGING = Situation("protect, charging", Mode.PROTECT, 0.3, CLOSED, CLOSED)
PROTECT_RESTING = Situation("protect, resting", Mode.PROTECT, 0.95, CLOSED, OPEN)
CYCLE_CHARGING = Situation("cycle, charging", Mode.CYCLE, 0.3, CLOSED, CLOSED)
CYCLE_RESTING = Situation("cycle, resting", Mode.CYCLE, 0.8, CLOSED, OPEN)
CYCLE_DISCHARGING = Situation(
    "cycle, discharging",
    Mode.OBSERVE,
    0.95,
    OPEN,
    CLOSED,
    ({"action": "set_mode", "mode": "cycle"},),
    is_discharge=True,
)
MAINTAIN_RESTING = Situation("maintain, resting", Mode.MAINTAIN, 0.95, CLOSED, OPEN, is_found=True)
BY_HAND: Order = {"action": "set_mode", "mode": "manual", "manual_s": 7200}
MANUAL_R2_OPEN = Situation(
    "manual, R2 open", Mode.OBSERVE, 0.7, CLOSED, OPEN,
    (BY_HAND, {"action": "set_contact", "relay": "R2", "contact": "open"}),
)  # fmt: skip
MANUAL_R1_OPEN = Situation(
    "manual, R1 open", Mode.OBSERVE, 0.9, OPEN, CLOSED,
    (BY_HAND, {"action": "set_contact", "relay": "R1", "contact": "open"}),
)  # fmt: skip

EVERYWHERE = (
    CHARGING,
    FLOATING,
    PROTECT_CHARGING,
    PROTECT_RESTING,
    CYCLE_CHARGING,
    CYCLE_DISCHARGING,
    CYCLE_RESTING,
    MAINTAIN_RESTING,
    MANUAL_R2_OPEN,
    MANUAL_R1_OPEN,
)
