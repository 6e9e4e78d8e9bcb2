"""A board of relays on GPIO lines: the one place that knows coils from contacts.

A relay's load may be wired over its normally open (NO) or its normally closed (NC) contact; callers speak
of the contact that carries the load, this module computes the coil and the level of the line.
"""

from collections.abc import Sequence
from enum import IntEnum
from typing import NamedTuple

from vigie.errors import RelayError
from vigie.hardware.gpio import GpioLines

PIRELAY_V2 = ("GPIO19", "GPIO13", "GPIO6", "GPIO5")
"""SB Components PiRelay-V2, relays 1..4 (header pins 35, 33, 31, 29). Lines 3 and 4 are pulled up at boot."""

PIRELAY_V1 = ("GPIO22", "GPIO27", "GPIO17", "GPIO4")
"""SB Components PiRelay, relays 1..4 (header pins 15, 13, 11, 7). Relay 4 clashes with 1-Wire on GPIO4."""


class ContactKind(IntEnum):
    """Which of the relay's contacts carries the load, that is what an idle coil means."""

    NO = 0
    """Normally open: the circuit is cut without power."""
    NC = 1
    """Normally closed: the circuit is connected without power."""


class RelayWiring(NamedTuple):
    """One relay: its line and the contact in use."""

    name: str
    """For messages."""
    line: str
    """GPIO line name; empty when the relay is not fitted."""
    contact: ContactKind


class RelayBoard:
    """Relays over lines that were claimed without moving any. Not thread-safe."""

    def __init__(self, wiring: Sequence[RelayWiring], lines: GpioLines, *, is_active_high: bool = True) -> None:
        """Take over ``lines``, which must be those of the fitted relays of ``wiring``, in that order."""
        fitted = [relay for relay in wiring if relay.line]
        if tuple(relay.line for relay in fitted) != lines.names:
            raise ValueError(f"lines {lines.names} are not those of the relays {fitted}")
        self._wiring = tuple(wiring)
        self._lines = lines
        self._is_active_high = is_active_high
        self._index = tuple(lines.names.index(relay.line) if relay.line else -1 for relay in wiring)

    def read_closed(self) -> tuple[bool, ...]:
        """Read back from each line whether its contact is closed; one that is not fitted reads open.

        Raises:
            RelayError: the lines cannot be read.
        """
        levels = self._lines.read()
        return tuple(
            index >= 0 and is_closed_at(levels[index], relay.contact, is_active_high=self._is_active_high)
            for relay, index in zip(self._wiring, self._index, strict=True)
        )

    def switch(self, relay: int, *, closed: bool) -> None:
        """Close or open the contact of relay ``relay`` (0 is the first) and read it back; one that is so stays.

        Raises:
            RelayError: not fitted, refused by the kernel, or the line did not take the level.
        """
        wiring = self._wiring[relay]
        index = self._index[relay]
        if index < 0:
            raise RelayError(f"relay {wiring.name} has no line and cannot be moved; give it one in the settings")
        level = level_for(closed, wiring.contact, is_active_high=self._is_active_high)
        self._lines.write(index, level)
        if self._lines.read()[index] != level:
            raise RelayError(
                f"relay {wiring.name} did not move: line {wiring.line} was set {_word(level)} and reads "
                f"{_word(not level)}; check the board and what else drives this pin"
            )

    def close(self) -> None:
        """Give the lines back; no contact moves on a kernel that keeps its outputs."""
        self._lines.close()


def is_closed_at(is_high: bool, contact: ContactKind, *, is_active_high: bool = True) -> bool:
    """Return whether the contact in use connects its circuit at this level of its line.

    >>> is_closed_at(False, ContactKind.NC)
    True
    """
    is_energised = is_high == is_active_high
    return is_energised != (contact is ContactKind.NC)


def level_for(closed: bool, contact: ContactKind, *, is_active_high: bool = True) -> bool:
    """Return the level of the line, true for high, that closes or opens the contact in use."""
    is_energised = closed != (contact is ContactKind.NC)
    return is_energised == is_active_high


def _word(is_high: bool) -> str:
    return "high" if is_high else "low"
