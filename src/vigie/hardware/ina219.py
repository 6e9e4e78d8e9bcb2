"""The INA219 current and voltage monitor (TI SBOS448G), over combined I2C transfers.

Only the shunt and bus registers are used; current is ``shunt_v / shunt_ohm`` and power ``bus_v * current``,
computed by the caller. The chip senses the bus voltage between IN- and GND and stands 26 V at most; its
32 V range is used so that anything over 16 V is seen and not clipped.
"""

import errno
from enum import IntEnum, IntFlag
from typing import NamedTuple

from vigie.errors import ChipError
from vigie.hardware.i2c import NOT_ANSWERED, I2cBus, Messages, RegisterReads, register_writes

CONFIGURATION, SHUNT, BUS, POWER, CURRENT, CALIBRATION = range(6)
"""Register pointers."""

LOWEST_ADDRESS, HIGHEST_ADDRESS = 0x40, 0x4F
"""What the address pins A0 and A1 can make of it."""

SHUNT_LSB_V = 10e-6
BUS_LSB_V = 4e-3
BUS_FULL_SCALE_V = 26.0
"""What the chip's pins bear; the register goes on to 32 V."""
FULL_SCALE_SHUNT = 32_000
"""Shunt register at the end of the +-320 mV range."""

_RESET = 0x8000
_RANGE_32_V = 1 << 13
_GAIN_EIGHTH = 0b11 << 11
_CONTINUOUS_SHUNT_AND_BUS = 0b111
_OVF = 0b01
_CNVR = 0b10
_CALIBRATION_WORD = 4096
"""0.1 mA at 0.1 Ohm. Nothing is computed from it, but it is 0 after a reset, even if the configuration word is ours."""


class Averaging(IntEnum):
    """Conversions averaged in the chip, by the code of its ADC fields (SBOS448G table 5)."""

    BITS_12 = 0b0011
    TIMES_32 = 0b1101
    TIMES_64 = 0b1110
    TIMES_128 = 0b1111


_TYPICAL_CONVERSION_S = {
    Averaging.BITS_12: 532e-6,
    Averaging.TIMES_32: 17.02e-3,
    Averaging.TIMES_64: 34.05e-3,
    Averaging.TIMES_128: 68.10e-3,
}
_SLOWEST = 586 / 532
"""Largest over typical time of a 12-bit conversion (SBOS448G page 5)."""


class Flag(IntFlag):
    """What is wrong with a reading; 0 is a good one."""

    OVERFLOW = 1
    """OVF: the chip's own arithmetic overflowed."""
    STALE = 2
    """CNVR clear: no conversion has ended since the last read."""
    SATURATED = 4
    """The shunt voltage is at full scale; the true current is larger."""
    RESET = 8
    """The chip was found reset and was configured again just before this reading."""


_OVERFLOW, _STALE, _SATURATED, _RESET_SEEN = (int(flag) for flag in Flag)  # IntFlag's | is slow


class MeterReading(NamedTuple):
    """One reading of one chip."""

    bus_v: float
    """Voltage from IN- to GND, in steps of 4 mV."""
    shunt_v: float
    """Voltage from IN- to IN+, signed, in steps of 10 uV."""
    flags: int
    """Bits of :class:`Flag`."""


def configuration_word(averaging: Averaging) -> int:
    """Return the configuration register: 32 V, +-320 mV, ``averaging`` on both ADCs, continuous.

    >>> hex(configuration_word(Averaging.TIMES_32))
    '0x3eef'
    """
    return _RANGE_32_V | _GAIN_EIGHTH | averaging << 7 | averaging << 3 | _CONTINUOUS_SHUNT_AND_BUS


class Ina219:
    """One INA219. Not thread-safe; calls block for the transfer, at worst for the bus timeout.

    The chip is configured at its first use and whenever it is found reset, so it may come and go.
    """

    def __init__(self, bus: I2cBus, address: int, averaging: Averaging = Averaging.TIMES_32) -> None:
        """Describe the chip at ``address`` (0x40..0x4F); nothing is sent yet."""
        if not LOWEST_ADDRESS <= address <= HIGHEST_ADDRESS:
            raise ValueError(f"INA219 address 0x{address:02x} outside 0x{LOWEST_ADDRESS:02x}..0x{HIGHEST_ADDRESS:02x}")
        self.address = address
        self._bus = bus
        self._average(averaging)
        # Reading the power register clears CNVR, so that CNVR set means: converted since the last read.
        self._reads = RegisterReads(address, (SHUNT, BUS, POWER), ">hHH")
        self._bus_look = RegisterReads(address, (BUS,), ">H")
        self._shunt_look = RegisterReads(address, (SHUNT,), ">h")
        self._marks = RegisterReads(address, (CONFIGURATION, CALIBRATION), ">HH")
        self._is_present = False
        self._was_configured = False
        self._pending = 0

    def read(self) -> MeterReading:
        """Read shunt and bus voltage in one transfer.

        Raises:
            ChipError: the chip did not answer, after retries, a reopened bus and a reset.
            BusError: the bus itself cannot be opened or has gone.
        """
        if not self._is_present:
            self.verify()
        try:
            self._bus.transfer(self._reads.messages)
        except OSError as error:
            self._recover(self._reads.messages, error)
        shunt, bus, _ = self._reads.words()
        flags, self._pending = self._pending, 0
        if bus & _OVF:
            flags |= _OVERFLOW
        if not bus & _CNVR:
            flags |= _STALE
        if shunt >= FULL_SCALE_SHUNT or shunt <= -FULL_SCALE_SHUNT:
            flags |= _SATURATED
        return MeterReading((bus >> 3) * BUS_LSB_V, shunt * SHUNT_LSB_V, flags)

    def look_at_bus_v(self) -> float:
        """Read the bus voltage as it stands, fresh or not, and leave CNVR to the next :meth:`read`.

        Raises:
            OSError: the transfer failed; nothing is tried again.
            BusError: the bus itself cannot be opened or has gone.
        """
        self._bus.transfer(self._bus_look.messages)
        return (self._bus_look.words()[0] >> 3) * BUS_LSB_V

    def look_at_shunt_v(self) -> float:
        """Read the shunt voltage in the same way.

        Raises:
            OSError, BusError: as :meth:`look_at_bus_v`.
        """
        self._bus.transfer(self._shunt_look.messages)
        return self._shunt_look.words()[0] * SHUNT_LSB_V

    def set_averaging(self, averaging: Averaging) -> None:
        """Average otherwise from now on; the conversion under way begins anew.

        Raises:
            ChipError: the chip did not answer; it is set up when it does again.
            BusError: the bus itself cannot be opened or has gone.
        """
        self._average(averaging)
        if not self._is_present:
            return
        words = register_writes(self.address, ((CONFIGURATION, self._configuration),))
        try:
            self._bus.transfer(words)
        except OSError as error:
            self._recover(words, error)

    def verify(self) -> bool:
        """Read the configuration back; return False when the chip was not set up and has been now.

        When it had been set up before, it was reset: the next reading then carries ``Flag.RESET``.
        Cheap enough for once a period.

        Raises:
            ChipError: the chip did not answer.
            BusError: the bus itself cannot be opened or has gone.
        """
        try:
            self._bus.transfer(self._marks.messages)
        except OSError as error:
            if not self._is_present:  # perhaps it is not there for good: it is asked once
                raise self._lost(error) from error
            self._recover(self._marks.messages, error)
        is_ours = self._marks.words() == (self._configuration, _CALIBRATION_WORD)
        if not is_ours:
            try:
                self._reset_chip()
            except OSError as error:
                self._recover(self._reset, error)
        self._is_present = self._was_configured = True
        return is_ours

    def _average(self, averaging: Averaging) -> None:
        self.conversion_s = 2 * _SLOWEST * _TYPICAL_CONVERSION_S[averaging]
        """Longest time between two fresh readings: shunt and bus convert in turn."""
        self._configuration = configuration_word(averaging)
        self._reset = register_writes(
            self.address,
            ((CONFIGURATION, _RESET), (CONFIGURATION, self._configuration), (CALIBRATION, _CALIBRATION_WORD)),
        )

    def _recover(self, messages: Messages, first: OSError) -> None:
        """Climb the ladder with a transfer that failed: retry, reopen the bus, reset the chip, give up.

        On a bus that is held each rung takes the whole timeout, so the last one is left out: the others need the time.
        """
        last = first
        is_held = first.errno == errno.ETIMEDOUT
        rungs = (None, None, self._bus.reopen, self._reset_chip)
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
            self._pending |= _RESET_SEEN

    def _lost(self, error: OSError) -> ChipError:
        self._is_present = False
        return ChipError(
            f"INA219 at 0x{self.address:02x} on {self._bus.path} {_symptom(error)}; "
            f"check the HAT's seat, its address links and 'i2cdetect -y 1'"
        )


def _symptom(error: OSError) -> str:
    if error.errno in NOT_ANSWERED:
        return "does not answer"
    return f"cannot be read ({error.strerror})"
