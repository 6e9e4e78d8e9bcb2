"""An INA226 at register level, by its data sheet (TI SBOS547), with the faults of any emulated chip.

The alert line is not there: mask/enable keeps what is written to it and shows CVRF and OVF, nothing more.
"""

from vigie.hardware.emulated.chip import EmulatedChip
from vigie.hardware.ina226 import (
    BUS_LSB_V,
    DIE,
    DIE_ID,
    MANUFACTURER,
    MANUFACTURER_ID,
    MASK_ENABLE,
    SHUNT_LSB_V,
)
from vigie.hardware.register_meter import BUS, CALIBRATION, CONFIGURATION, CURRENT, POWER, SHUNT

POWER_ON_CONFIGURATION = 0x4127
ALERT_LIMIT = 0x07

_CVRF = 0b1000
_OVF = 0b0100
_FIXED_BITS, _FIELDS = 0x4000, 0x0FFF
_ALERT_FUNCTIONS = 0xFC03
"""Bits of mask/enable that can be written."""
_AVERAGES = (1, 4, 16, 64, 128, 256, 512, 1024)
_CONVERSION_S = (140e-6, 204e-6, 332e-6, 588e-6, 1.1e-3, 2.116e-3, 4.156e-3, 8.244e-3)


class EmulatedIna226(EmulatedChip):
    """One chip."""

    def _power_on(self) -> dict[int, int]:
        results = dict.fromkeys((SHUNT, BUS, POWER, CURRENT, CALIBRATION, MASK_ENABLE, ALERT_LIMIT), 0)
        return {CONFIGURATION: POWER_ON_CONFIGURATION, **results, MANUFACTURER_ID: MANUFACTURER, DIE_ID: DIE}

    def _as_configured(self, word: int) -> int:
        return _FIXED_BITS | word & _FIELDS

    def _take(self, register: int, word: int) -> None:
        if register == CALIBRATION:
            self._registers[CALIBRATION] = word & 0x7FFF  # bit 15 does not exist
        elif register == MASK_ENABLE:
            self._registers[MASK_ENABLE] = self._registers[MASK_ENABLE] & ~_ALERT_FUNCTIONS | word & _ALERT_FUNCTIONS
        elif register == ALERT_LIMIT:
            self._registers[ALERT_LIMIT] = word

    def _was_read(self, register: int) -> None:
        if register == MASK_ENABLE:
            self._not_ready()

    def _not_ready(self) -> None:
        self._registers[MASK_ENABLE] &= ~_CVRF

    def _both_s(self) -> float:
        average = _AVERAGES[self.configuration >> 9 & 0b111]
        return average * sum(_CONVERSION_S[self.configuration >> shift & 0b111] for shift in (6, 3))

    def _finish(self, bus_v: float, shunt_v: float) -> None:
        shunt = min(max(round(shunt_v / SHUNT_LSB_V), -0x8000), 0x7FFF)
        bus = min(max(round(bus_v / BUS_LSB_V), 0), 0x7FFF)
        current = shunt * self._registers[CALIBRATION] >> 11  # equation 3: divided by 2048
        power = abs(current) * bus // 20_000  # equation 4
        overflow = _OVF if not -0x8000 <= current <= 0x7FFF or power > 0xFFFF else 0
        self._registers[SHUNT] = shunt & 0xFFFF
        self._registers[BUS] = bus
        self._registers[CURRENT] = current & 0xFFFF
        self._registers[POWER] = power & 0xFFFF
        self._registers[MASK_ENABLE] = self._registers[MASK_ENABLE] & ~_OVF | _CVRF | overflow
