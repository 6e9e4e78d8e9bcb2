"""A small installation with a truth of its own: is the mains there, are the loads dark?"""

import math

from tests.property.sequences import SWEEPS
from vigie.control.signals import Contact, Contacts, Reading, Status, Sweep, Wiring

OPEN = Contact.OPEN
CLOSED = Contact.CLOSED
SUPPLY_V = 13.6
INNER_OHM = 0.2


class Bench:
    """Mains, supply, charger, battery and loads; the contacts conduct as they were told, but for a dead R2."""

    def __init__(self, wiring: Wiring, found: Contacts, rest_v: float, load_a: float, is_r2_dead: bool) -> None:
        self.wiring = wiring
        self.contacts = found
        self.rest_v = rest_v
        self.load_a = load_a
        self.is_r2_dead = is_r2_dead
        self.has_mains = True

    @property
    def is_supplied(self) -> bool:
        return self.has_mains and self.contacts.r1 == CLOSED

    @property
    def does_r2_conduct(self) -> bool:
        return self.contacts.r2 == CLOSED and not self.is_r2_dead

    @property
    def is_backed(self) -> bool:
        return self.wiring == Wiring.CHARGE_ONLY or self.does_r2_conduct

    @property
    def are_loads_dark(self) -> bool:
        return not self.is_supplied and not self.is_backed

    @property
    def battery_a(self) -> float:
        """Current into the battery."""
        if self.is_supplied:
            return (SUPPLY_V - self.rest_v) / INNER_OHM if self.does_r2_conduct else 0.0
        return -self.load_a if self.is_backed else 0.0

    def pass_time(self, elapsed_s: float) -> None:
        """Let the battery follow its current, quickly enough for a story of some tens of periods."""
        self.rest_v += self.battery_a * elapsed_s * 2e-4
        self.rest_v = min(max(self.rest_v, 10.5), 13.55)

    def sweep(self) -> Sweep:
        """Read V1, V2 and V3 as they are now."""
        battery_v = self.rest_v + self.battery_a * INNER_OHM
        charge_a = self.battery_a if self.does_r2_conduct else 0.0
        load_v = SUPPLY_V if self.is_supplied else (battery_v - 0.1 if self.is_backed else 0.0)
        return Sweep(
            Reading(battery_v, 0.0, 0),
            Reading(battery_v, charge_a * 0.1, 0),
            Reading(load_v, self.load_a * 0.1, 0),
            Reading(math.nan, math.nan, int(Status.ABSENT)),
        )

    def period(self, has_mains: bool, changes_after: int) -> list[Sweep]:
        """Take a period's sweeps; the mains becomes ``has_mains`` after so many of them."""
        sweeps = []
        for index in range(SWEEPS):
            if index == changes_after:
                self.has_mains = has_mains
            sweeps.append(self.sweep())
        self.has_mains = has_mains
        return sweeps
