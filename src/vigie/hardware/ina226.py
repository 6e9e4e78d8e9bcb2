"""The INA226 current and voltage monitor (TI SBOS547), over combined I2C transfers.

As with the INA219 only the shunt and bus registers are used, and the caller computes current and power. There is one
range: +-81.92 mV at the shunt, 36 V at the pins (the register goes on to 40.96 V). The bus voltage is that of the VBUS
pin, which a board joins to IN-. The alert line is not used.
"""

from typing import NamedTuple

from vigie.hardware.i2c import I2cBus, RegisterReads
from vigie.hardware.meter import OVERFLOW, SATURATED, STALE, Averaging, Capability, MeterReading
from vigie.hardware.register_meter import BUS, SHUNT, RegisterMeter

MASK_ENABLE = 0x06
MANUFACTURER_ID, DIE_ID = 0xFE, 0xFF
"""Register pointers that an INA219 has not."""
MANUFACTURER, DIE = 0x5449, 0x2260
"""What the two hold; the last four bits of the die are its revision."""

SHUNT_LSB_V = 2.5e-6
BUS_LSB_V = 1.25e-3
FULL_SCALE_SHUNT = 0x7FFF
"""Shunt register at the positive end; the negative one is a step further."""

_FIXED_BITS = 0x4000
"""Bits 14 to 12 of the configuration are no field and read 100."""
_CONTINUOUS_SHUNT_AND_BUS = 0b111
_CVRF = 0b1000
_OVF = 0b0100
_REVISION = 0x000F


class _Conversion(NamedTuple):
    """Fields of the configuration, and the time of one conversion."""

    average: int
    """AVG: 000 one, 010 sixteen."""
    time: int
    """VBUSCT and VSHCT."""
    samples: int
    longest_s: float
    """tCT, largest value (electrical characteristics)."""


_CONVERSIONS = {
    Averaging.BITS_12: _Conversion(0b000, 0b010, 1, 365e-6),
    Averaging.TIMES_32: _Conversion(0b010, 0b100, 16, 1.21e-3),
    Averaging.TIMES_64: _Conversion(0b010, 0b101, 16, 2.328e-3),
    Averaging.TIMES_128: _Conversion(0b010, 0b110, 16, 4.572e-3),
}


def configuration_word(averaging: Averaging) -> int:
    """Return the configuration register: shunt and bus alike, continuous.

    >>> hex(configuration_word(Averaging.TIMES_32))
    '0x4527'
    """
    average, time, _, _ = _CONVERSIONS[averaging]
    return _FIXED_BITS | average << 9 | time << 6 | time << 3 | _CONTINUOUS_SHUNT_AND_BUS


class Ina226(RegisterMeter):
    """One INA226."""

    capability = Capability(
        name="INA226",
        addresses=range(0x40, 0x50),
        bus_full_scale_v=36.0,
        bus_step_v=BUS_LSB_V,
        shunt_full_scale_v=FULL_SCALE_SHUNT * SHUNT_LSB_V,
        shunt_step_v=SHUNT_LSB_V,
        conversion_s={averaging: 2 * one.samples * one.longest_s for averaging, one in _CONVERSIONS.items()},
        input_ohm=830e3,
        bias_a=20e-6,  # 10 uA each (SBOS547 of 2011); revision B says 0.1 nA, and only calibration knows
        shunt_offset_v=10e-6,
    )
    _calibration = 2048  # 0.00512 / (2.5 uV): a step of current is a step of the shunt and cannot overflow

    def __init__(self, bus: I2cBus, address: int, averaging: Averaging = Averaging.TIMES_32) -> None:
        """Describe the chip at ``address`` (0x40..0x4F); nothing is sent yet."""
        super().__init__(bus, address, averaging)
        # Reading mask/enable clears CVRF. Read first, what it calls new is new in the registers after it.
        self._reads = RegisterReads(address, (MASK_ENABLE, SHUNT, BUS), ">HhH")
        self._ids = RegisterReads(address, (MANUFACTURER_ID, DIE_ID), ">HH")

    def read(self) -> MeterReading:
        """Read shunt and bus voltage in one transfer.

        Raises:
            ChipError: the chip did not answer, after retries, a reopened bus and a reset.
            WrongChipError: another chip did.
            BusError: the bus itself cannot be opened or has gone.
        """
        if not self._is_present:
            self.verify()
        try:
            self._bus.transfer(self._reads.messages)
        except OSError as error:
            self._recover(self._reads.messages, error)
        state, shunt, bus = self._reads.words()
        flags, self._pending = self._pending, 0
        if state & _OVF:
            flags |= OVERFLOW
        if not state & _CVRF:
            flags |= STALE
        if shunt >= FULL_SCALE_SHUNT or shunt < -FULL_SCALE_SHUNT:
            flags |= SATURATED
        return MeterReading(bus * BUS_LSB_V, shunt * SHUNT_LSB_V, flags)

    def _configuration_word(self, averaging: Averaging) -> int:
        return configuration_word(averaging)

    def _fine_shunt(self) -> tuple[int, float]:
        return configuration_word(Averaging.TIMES_128), self.capability.conversion_s[Averaging.TIMES_128]

    def _identify(self, configuration: int) -> None:
        self._send(self._ids.messages)
        manufacturer, die = self._ids.words()
        if (manufacturer, die & ~_REVISION) != (MANUFACTURER, DIE):
            raise self._another(
                f"its ids read 0x{manufacturer:04x} and 0x{die:04x}, 0x{MANUFACTURER:04x} and 0x{DIE:04x} expected"
            )
