"""What emulated meter chips share on the bus: pointer and words, conversions in time, and the faults of any chip."""

import errno
import math
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Protocol

from vigie.hardware.register_meter import CONFIGURATION, RESET_BIT

Pins = Callable[[], tuple[float, float]]
"""Returns the (bus, shunt) voltages at a chip's inputs."""
_MODE_BITS = 0b111
_CONTINUOUS = 0b111


class BuildChip(Protocol):
    """Makes an emulated chip."""

    def __call__(self, address: int, pins: Pins, monotonic_s: Callable[[], float]) -> "EmulatedChip": ...


class EmulatedChip(ABC):
    """One chip. ``pins`` is asked whenever a conversion ends.

    Only the continuous shunt-and-bus mode converts; in any other mode the result registers stand still.
    """

    def __init__(self, address: int, pins: Pins, monotonic_s: Callable[[], float]) -> None:
        self.address = address
        self.pins = pins
        self._monotonic_s = monotonic_s
        self.is_absent = False
        """Fault: nothing acknowledges at this address."""
        self.is_converting = True
        """Fault when False: the chip answers but its results stand still."""
        self.nacks = 0
        """Fault: this many of the next transfers fail."""
        self.nack_errno = errno.EREMOTEIO
        """What a failing transfer raises."""
        self.resets = 0
        """How often the chip has started from its power-on values."""
        self._pointer = 0
        self._start()

    @property
    def configuration(self) -> int:
        """The configuration register."""
        return self._registers[CONFIGURATION]

    def reset(self) -> None:
        """Start from the power-on values, as after RST, a glitch of the supply, or power."""
        self.resets += 1
        self._start()

    def answer(self) -> None:
        """Acknowledge the address, or raise OSError as the kernel would."""
        if self.is_absent:
            raise OSError(errno.EREMOTEIO, "Remote I/O error")
        if self.nacks > 0:
            self.nacks -= 1
            raise OSError(self.nack_errno, "Remote I/O error")

    def write(self, data: bytes) -> None:
        """Take a pointer byte, and a word when two more bytes follow."""
        self._pointer = data[0] if data else self._pointer
        if len(data) < 3:
            return
        word = data[1] << 8 | data[2]
        if self._pointer == CONFIGURATION:
            self._configure(word)
        else:
            self._take(self._pointer, word)

    def read(self, length: int) -> bytes:
        """Return the pointed register, most significant byte first; repeated when more is asked for."""
        self._convert()
        word = self._registers.get(self._pointer, 0)
        self._was_read(self._pointer)
        return (word.to_bytes(2, "big") * (length // 2 + 1))[:length]

    @abstractmethod
    def _power_on(self) -> dict[int, int]:
        """Return the registers after power-on."""

    def _as_configured(self, word: int) -> int:
        """Return what the configuration register makes of a word written to it."""
        return word

    @abstractmethod
    def _take(self, register: int, word: int) -> None:
        """Write a register other than the configuration."""

    @abstractmethod
    def _was_read(self, register: int) -> None:
        """Clear what reading this register clears."""

    @abstractmethod
    def _not_ready(self) -> None:
        """Clear the conversion-ready bit."""

    @abstractmethod
    def _both_s(self) -> float:
        """Return the time of one averaged shunt and bus conversion, as configured."""

    @abstractmethod
    def _finish(self, bus_v: float, shunt_v: float) -> None:
        """Put the results of a conversion into the registers."""

    def _start(self) -> None:
        self._registers = self._power_on()
        self._begin_conversion()

    def _configure(self, word: int) -> None:
        if word & RESET_BIT:
            self.reset()
            return
        self._convert()
        self._registers[CONFIGURATION] = self._as_configured(word)
        self._not_ready()
        self._begin_conversion()

    def _begin_conversion(self) -> None:
        self._period_s = self._both_s()
        self._ready_s = self._monotonic_s() + self._period_s

    def _convert(self) -> None:
        """Finish the conversion that is due by now; the newest one is all that can be seen."""
        late_s = self._monotonic_s() - self._ready_s
        if late_s < 0.0:
            return
        self._ready_s += (math.floor(late_s / self._period_s) + 1) * self._period_s
        if self.is_converting and self._registers[CONFIGURATION] & _MODE_BITS == _CONTINUOUS:
            self._finish(*self.pins())
