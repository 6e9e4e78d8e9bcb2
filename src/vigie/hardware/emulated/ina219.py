"""An INA219 at register level: what the chip does on the bus, pin voltages in, words out.

It follows the data sheet (TI SBOS448G) where the driver can see it: power-on values, reset bit, conversion
times and averaging, the conversion ready bit and what clears it, quantisation, range ends, overflow.
Each fault of a real chip can be switched on; nothing happens by chance.
"""

from vigie.hardware.emulated.chip import EmulatedChip
from vigie.hardware.ina219 import BUS_LSB_V, SHUNT_LSB_V
from vigie.hardware.register_meter import BUS, CALIBRATION, CONFIGURATION, CURRENT, POWER, SHUNT

POWER_ON_CONFIGURATION = 0x399F

_CNVR = 0b10
_OVF = 0b01
_SHUNT_RANGE_V = (0.04, 0.08, 0.16, 0.32)
_CONVERSION_S = (84e-6, 148e-6, 276e-6, 532e-6)
_AVERAGED_12_BIT_S = (532e-6, 1.06e-3, 2.13e-3, 4.26e-3, 8.51e-3, 17.02e-3, 34.05e-3, 68.10e-3)


class EmulatedIna219(EmulatedChip):
    """One chip."""

    def _power_on(self) -> dict[int, int]:
        return {CONFIGURATION: POWER_ON_CONFIGURATION, SHUNT: 0, BUS: 0, POWER: 0, CURRENT: 0, CALIBRATION: 0}

    def _take(self, register: int, word: int) -> None:
        if register == CALIBRATION:
            self._registers[CALIBRATION] = word & 0xFFFE  # bit 0 does not exist

    def _was_read(self, register: int) -> None:
        if register == POWER:
            self._not_ready()

    def _not_ready(self) -> None:
        self._registers[BUS] &= ~_CNVR

    def _both_s(self) -> float:
        return _adc_s(self.configuration >> 7) + _adc_s(self.configuration >> 3)

    def _finish(self, bus_v: float, shunt_v: float) -> None:
        range_v = _SHUNT_RANGE_V[self.configuration >> 11 & 0b11]
        shunt = round(min(max(shunt_v, -range_v), range_v) / SHUNT_LSB_V)
        bus = round(min(max(bus_v, 0.0), 32.0 if self.configuration >> 13 & 1 else 16.0) / BUS_LSB_V)
        current = shunt * self._registers[CALIBRATION] >> 12  # SBOS448G equation 4: divided by 4096
        power = abs(current) * bus // 5000
        overflow = _OVF if abs(current) > 0x7FFF or power > 0xFFFF else 0
        self._registers[SHUNT] = shunt & 0xFFFF
        self._registers[BUS] = bus << 3 | _CNVR | overflow
        self._registers[CURRENT] = current & 0xFFFF
        self._registers[POWER] = power & 0xFFFF


def _adc_s(code: int) -> float:
    code &= 0b1111
    return _AVERAGED_12_BIT_S[code & 0b111] if code & 0b1000 else _CONVERSION_S[code & 0b11]
