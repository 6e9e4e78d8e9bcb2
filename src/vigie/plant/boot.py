"""How the contacts stand while the computer boots, before any program drives a line."""

from vigie.control.signals import Relay
from vigie.hardware.gpio import PULLED_UP_AT_BOOT
from vigie.hardware.relay_board import RelayWiring, is_closed_at
from vigie.plant.rig import RigSettings, relay_wiring


def is_open_at_boot(settings: RigSettings, relay: Relay) -> bool:
    """Return whether a relay's contact is open then: its line is an input at the pull of a Raspberry Pi."""
    wiring = relay_wiring(settings)[relay]
    return not is_closed_at(boots_high(wiring), wiring.contact, is_active_high=settings.relay_is_active_high)


def boots_high(wiring: RelayWiring) -> bool:
    """Return the level of the relay's line then."""
    return wiring.line in PULLED_UP_AT_BOOT
