"""The one port to an installation. The rig, the twin and a recording implement it with equal rank."""

from collections.abc import Callable, Mapping
from typing import Protocol

from vigie.control.signals import Channel, Contact, Contacts, Reading, Relay, Sweep, Temperature
from vigie.errors import VigieError

HasFallen = Callable[[Reading, Reading], bool]
"""Says of V2's shunt voltage and V3's bus voltage whether the next period is to begin at once; others may be NaN."""

LOOK_EVERY_S = 0.0175
"""From one look at V2 and V3 to the next while somebody watches: 57 a second."""


class Plant(Protocol):
    """An installation: its meter, its thermometer and its contacts.

    ``read_sweep``, ``read_temperature``, ``read_ambient``, ``set_watchful`` and ``watch`` are called by the bus thread;
    they may block, the loop has a deadline.
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

    def set_watchful(self, is_watchful: bool) -> None:
        """Make readings follow the truth within milliseconds, or be as precise as they can be; as it is: a no-op."""
        ...

    def watch(self, until_s: float, has_fallen: HasFallen) -> bool:
        """Wait until ``until_s`` of the clock, looking at V2 and V3 every ``LOOK_EVERY_S`` or as often as they change.

        Returns:
            True as soon as ``has_fallen``; a sweep that follows is a reading of its own. False at ``until_s``.

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
