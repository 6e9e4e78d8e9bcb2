"""What meter chips of one family share: setting up, finding resets, and the ladder against a bus that fails."""

import errno
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import ClassVar

from vigie.errors import ChipError, WrongChipError
from vigie.hardware.i2c import NOT_ANSWERED, I2cBus, Messages, RegisterReads, register_writes
from vigie.hardware.meter import RESET, Averaging, Capability

CONFIGURATION, SHUNT, BUS, POWER, CURRENT, CALIBRATION = range(6)
"""Register pointers."""

RESET_BIT = 0x8000
"""In the configuration register."""


class RegisterMeter(ABC):
    """One chip. Not thread-safe; calls block for the transfer, at worst for the bus timeout.

    The chip is configured at its first use and whenever it is found reset, so it may come and go.
    """

    capability: ClassVar[Capability]
    _calibration: ClassVar[int]
    """Nothing is computed from it, but it is 0 after a reset, even if the configuration word is ours."""
    _bus_shift: ClassVar[int] = 0
    """Bits under the voltage in the bus register."""

    def __init__(self, bus: I2cBus, address: int, averaging: Averaging = Averaging.TIMES_32) -> None:
        """Describe the chip at ``address``; nothing is sent yet."""
        name, there = self.capability.name, self.capability.addresses
        if address not in there:
            raise ValueError(f"{name} address 0x{address:02x} outside 0x{there[0]:02x}..0x{there[-1]:02x}")
        self.address = address
        self._bus = bus
        self._average(averaging)
        self._bus_look = RegisterReads(address, (BUS,), ">H")
        self._shunt_look = RegisterReads(address, (SHUNT,), ">h")
        self._marks = RegisterReads(address, (CONFIGURATION, CALIBRATION), ">HH")
        self._is_present = False
        self._was_configured = False
        self._pending = 0

    def look_at_bus_v(self) -> float:
        """Read the bus voltage as it stands, fresh or not, and leave its freshness to the next ``read``.

        Raises:
            OSError: the transfer failed; nothing is tried again.
            BusError: the bus itself cannot be opened or has gone.
        """
        self._bus.transfer(self._bus_look.messages)
        return (self._bus_look.words()[0] >> self._bus_shift) * self.capability.bus_step_v

    def look_at_shunt_v(self) -> float:
        """Read the shunt voltage in the same way.

        Raises:
            OSError, BusError: as :meth:`look_at_bus_v`.
        """
        self._bus.transfer(self._shunt_look.messages)
        return self._shunt_look.words()[0] * self.capability.shunt_step_v

    def set_averaging(self, averaging: Averaging) -> None:
        """Average otherwise from now on; the conversion under way begins anew.

        Raises:
            ChipError: the chip did not answer; it is set up when it does again.
            BusError: the bus itself cannot be opened or has gone.
        """
        self._average(averaging)
        if self._is_present:
            self._send(register_writes(self.address, ((CONFIGURATION, self._configuration),)))

    def verify(self) -> bool:
        """Read the configuration back; return False when the chip was not set up and has been now.

        When it had been set up before, it was reset: the next reading then carries ``Flag.RESET``.
        Cheap enough for once a period.

        Raises:
            ChipError: the chip did not answer; WrongChipError: it is another one.
            BusError: the bus itself cannot be opened or has gone.
        """
        try:
            self._bus.transfer(self._marks.messages)
        except OSError as error:
            if not self._is_present:  # perhaps it is not there for good: it is asked once
                raise self._lost(error) from error
            self._recover(self._marks.messages, error)
        configuration, calibration = self._marks.words()
        is_ours = (configuration, calibration) == (self._configuration, self._calibration)
        if not is_ours:
            self._identify(configuration)
            try:
                self._reset_chip()
            except OSError as error:
                self._recover(self._reset, error)
        self._is_present = self._was_configured = True
        return is_ours

    def begin_fine_shunt(self) -> float:
        """Convert the shunt as finely as the chip can; return the seconds until a look at it shows that.

        The chip is not as it was set up any more: only a new driver may use it afterwards.

        Raises:
            OSError, BusError: as :meth:`look_at_bus_v`.
        """
        word, wait_s = self._fine_shunt()
        self._bus.transfer(register_writes(self.address, ((CONFIGURATION, word),)))
        return wait_s

    @abstractmethod
    def _configuration_word(self, averaging: Averaging) -> int: ...

    @abstractmethod
    def _fine_shunt(self) -> tuple[int, float]:
        """Return the configuration for the finest shunt reading, and how long it takes."""

    @abstractmethod
    def _identify(self, configuration: int) -> None:
        """Raise WrongChipError when the chip, whose configuration register reads so, is of another kind."""

    def _average(self, averaging: Averaging) -> None:
        self.conversion_s = self.capability.conversion_s[averaging]
        """Longest time between two fresh readings: shunt and bus convert in turn."""
        self._configuration = self._configuration_word(averaging)
        self._reset = register_writes(
            self.address,
            ((CONFIGURATION, RESET_BIT), (CONFIGURATION, self._configuration), (CALIBRATION, self._calibration)),
        )

    def _send(self, messages: Messages) -> None:
        try:
            self._bus.transfer(messages)
        except OSError as error:
            self._recover(messages, error)

    def _recover(self, messages: Messages, first: OSError) -> None:
        """Climb the ladder with a transfer that failed: retry, reopen the bus, reset the chip, give up.

        On a bus that is held each rung takes the whole timeout, so the last one is left out: the others need the time.
        """
        last = first
        is_held = first.errno == errno.ETIMEDOUT
        rungs: tuple[Callable[[], object] | None, ...] = (None, None, self._bus.reopen, self._reset_chip)
        for rung in rungs[:3] if is_held else rungs:
            try:
                if rung is not None:
                    rung()
                self._bus.transfer(messages)
            except OSError as error:
                last = error
            else:
                return
        raise self._lost(last) from last

    def _reset_chip(self) -> None:
        self._bus.transfer(self._reset)
        if self._was_configured:
            self._pending |= RESET

    def _lost(self, error: OSError) -> ChipError:
        self._is_present = False
        return ChipError(
            f"{self.capability.name} at 0x{self.address:02x} on {self._bus.path} {_symptom(error)}; "
            f"check the HAT's seat, its address links and 'i2cdetect -y 1'"
        )

    def _another(self, evidence: str) -> WrongChipError:
        self._is_present = False
        return WrongChipError(
            f"the chip at 0x{self.address:02x} on {self._bus.path} is no {self.capability.name} ({evidence}); "
            "name the chip that is fitted (rig.meter) or correct the address"
        )


def _symptom(error: OSError) -> str:
    if error.errno in NOT_ANSWERED:
        return "does not answer"
    return f"cannot be read ({error.strerror})"
