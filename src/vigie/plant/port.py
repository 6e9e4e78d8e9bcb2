"""The one port to an installation. The rig, the twin and a recording implement it with equal rank."""

from collections.abc import Mapping
from typing import Protocol

from vigie.control.signals import Channel, Contact, Contacts, Relay, Sweep, Temperature
from vigie.errors import VigieError


class Plant(Protocol):
    """An installation: its meter, its thermometer and its contacts.

    ``read_sweep``, ``read_temperature`` and ``read_ambient`` are called by the bus thread; they may block, the loop has
    a deadline.
    ``read_contacts`` and ``switch`` are called by the loop's thread, also while the bus thread is stuck.
    """

    name: str
    """``rig``, ``emulated`` (a rig over boards that are none), ``twin`` or ``recorded``."""

    def read_sweep(self) -> Sweep:
        """Read all channels once. A channel that fails is FAILED in the sweep, the others still count.

        Raises:
            BusError: the bus as a whole is gone.
        """
        ...

    def read_temperature(self) -> Temperature:
        """Read the battery temperature; never blocks for the sensor's conversion time."""
        ...

    def read_ambient(self) -> Temperature:
        """Read the temperature of the air around the battery, in the same way; ABSENT where nothing measures it."""
        ...

    def read_contacts(self) -> Contacts:
        """Read the contacts back from the lines.

        Raises:
            RelayError: a line cannot be read.
        """
        ...

    def switch(self, relay: Relay, contact: Contact) -> None:
        """Move one contact and verify the line took the level. Switching to the present state is a no-op.

        Raises:
            RelayError: the line did not take the level.
        """
        ...

    def errors(self) -> Mapping[Channel, VigieError]:
        """Return the last error of each channel that failed in the newest sweep, for messages."""
        ...

    def close(self) -> None:
        """Release what is held. Never moves a contact."""
        ...
