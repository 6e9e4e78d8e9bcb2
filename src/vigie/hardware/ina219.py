"""The INA219 current and voltage monitor (TI SBOS448G), over combined I2C transfers.

Only the shunt and bus registers are used; current is ``shunt_v / shunt_ohm`` and power ``bus_v * current``,
computed by the caller. The chip senses the bus voltage between IN- and GND and stands 26 V at most; its
32 V range is used so that anything over 16 V is seen and not clipped.
"""

from vigie.hardware.i2c import I2cBus, RegisterReads
from vigie.hardware.meter import OVERFLOW, SATURATED, STALE, Averaging, Capability, MeterReading
from vigie.hardware.register_meter import BUS, POWER, SHUNT, RegisterMeter

SHUNT_LSB_V = 10e-6
BUS_LSB_V = 4e-3
FULL_SCALE_SHUNT = 32_000
"""Shunt register at the end of the +-320 mV range."""

_RANGE_32_V = 1 << 13
_GAIN_EIGHTH = 0b11 << 11
_CONTINUOUS_SHUNT_AND_BUS = 0b111
_OVF = 0b01
_CNVR = 0b10
_FINE_S = 0.16
"""Longest time of one shunt and bus conversion at 128 samples (SBOS448G page 5), with a margin."""
_NOT_ITS_BITS, _BITS_OF_AN_INA226 = 0xF000, 0x4000
"""Bits 15 to 12 of the configuration: bit 14 does not exist here."""

_ADC = {
    Averaging.BITS_12: 0b0011,
    Averaging.TIMES_32: 0b1101,
    Averaging.TIMES_64: 0b1110,
    Averaging.TIMES_128: 0b1111,
}
"""Codes of both ADC fields (SBOS448G table 5)."""
_TYPICAL_CONVERSION_S = {
    Averaging.BITS_12: 532e-6,
    Averaging.TIMES_32: 17.02e-3,
    Averaging.TIMES_64: 34.05e-3,
    Averaging.TIMES_128: 68.10e-3,
}
_SLOWEST = 586 / 532
"""Largest over typical time of a 12-bit conversion (SBOS448G page 5)."""


def configuration_word(averaging: Averaging) -> int:
    """Return the configuration register: 32 V, +-320 mV, ``averaging`` on both ADCs, continuous.

    >>> hex(configuration_word(Averaging.TIMES_32))
    '0x3eef'
    """
    code = _ADC[averaging]
    return _RANGE_32_V | _GAIN_EIGHTH | code << 7 | code << 3 | _CONTINUOUS_SHUNT_AND_BUS


class Ina219(RegisterMeter):
    """One INA219."""

    capability = Capability(
        name="INA219",
        addresses=range(0x40, 0x50),
        bus_full_scale_v=26.0,
        bus_step_v=BUS_LSB_V,
        shunt_full_scale_v=FULL_SCALE_SHUNT * SHUNT_LSB_V,
        shunt_step_v=SHUNT_LSB_V,
        conversion_s={averaging: 2 * _SLOWEST * once_s for averaging, once_s in _TYPICAL_CONVERSION_S.items()},
        input_ohm=320e3,
        bias_a=40e-6,
        shunt_offset_v=50e-6,
    )
    _calibration = 4096  # 0.1 mA at 0.1 Ohm
    _bus_shift = 3

    def __init__(self, bus: I2cBus, address: int, averaging: Averaging = Averaging.TIMES_32) -> None:
        """Describe the chip at ``address`` (0x40..0x4F); nothing is sent yet."""
        super().__init__(bus, address, averaging)
        # Reading the power register clears CNVR, so that CNVR set means: converted since the last read.
        self._reads = RegisterReads(address, (SHUNT, BUS, POWER), ">hHH")

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
        shunt, bus, _ = self._reads.words()
        flags, self._pending = self._pending, 0
        if bus & _OVF:
            flags |= OVERFLOW
        if not bus & _CNVR:
            flags |= STALE
        if shunt >= FULL_SCALE_SHUNT or shunt <= -FULL_SCALE_SHUNT:
            flags |= SATURATED
        return MeterReading((bus >> 3) * BUS_LSB_V, shunt * SHUNT_LSB_V, flags)

    def _configuration_word(self, averaging: Averaging) -> int:
        return configuration_word(averaging)

    def _fine_shunt(self) -> tuple[int, float]:
        return configuration_word(Averaging.TIMES_128) & ~_GAIN_EIGHTH, _FINE_S  # +-40 mV

    def _identify(self, configuration: int) -> None:
        if configuration & _NOT_ITS_BITS == _BITS_OF_AN_INA226:
            raise self._another(f"its configuration reads 0x{configuration:04x}, as that of an INA226")
