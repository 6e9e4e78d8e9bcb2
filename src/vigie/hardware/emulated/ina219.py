"""An INA219 at register level: what the chip does on the bus, pin voltages in, words out.

It follows the data sheet (TI SBOS448G) where the driver can see it: power-on values, reset bit, conversion
times and averaging, the conversion ready bit and what clears it, quantisation, range ends, overflow.
Each fault of a real chip can be switched on; nothing happens by chance.
"""

import errno
import math
from collections.abc import Callable

from vigie.hardware.ina219 import BUS, BUS_LSB_V, CALIBRATION, CONFIGURATION, CURRENT, POWER, SHUNT, SHUNT_LSB_V

POWER_ON_CONFIGURATION = 0x399F

_MODE_BITS = 0b111
_CONTINUOUS = 0b111
_CNVR = 0b10
_OVF = 0b01
_RESET = 0x8000
_SHUNT_RANGE_V = (0.04, 0.08, 0.16, 0.32)
_CONVERSION_S = (84e-6, 148e-6, 276e-6, 532e-6)
_AVERAGED_12_BIT_S = (532e-6, 1.06e-3, 2.13e-3, 4.26e-3, 8.51e-3, 17.02e-3, 34.05e-3, 68.10e-3)


class EmulatedIna219:
    """One chip. ``pins`` returns the (bus, shunt) voltages at its inputs whenever a conversion ends.

    Only the continuous shunt-and-bus mode converts; in any other mode the result registers stand still.
    """

    def __init__(
        self,
        address: int,
        pins: Callable[[], tuple[float, float]],
        monotonic_s: Callable[[], float],
    ) -> None:
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
        elif self._pointer == CALIBRATION:
            self._registers[CALIBRATION] = word & 0xFFFE  # bit 0 does not exist

    def read(self, length: int) -> bytes:
        """Return the pointed register, most significant byte first; repeated when more is asked for."""
        self._convert()
        word = self._registers[self._pointer] if self._pointer <= CALIBRATION else 0
        if self._pointer == POWER:
            self._registers[BUS] &= ~_CNVR
        return (word.to_bytes(2, "big") * (length // 2 + 1))[:length]

    def _start(self) -> None:
        self._registers = [POWER_ON_CONFIGURATION, 0, 0, 0, 0, 0]
        self._begin_conversion()

    def _configure(self, word: int) -> None:
        if word & _RESET:
            self.reset()
            return
        self._convert()
        self._registers[CONFIGURATION] = word
        self._registers[BUS] &= ~_CNVR
        self._begin_conversion()

    def _begin_conversion(self) -> None:
        configuration = self._registers[CONFIGURATION]
        self._period_s = _adc_s(configuration >> 7) + _adc_s(configuration >> 3)
        self._ready_s = self._monotonic_s() + self._period_s

    def _convert(self) -> None:
        """Finish the conversion that is due by now; the newest one is all that can be seen."""
        late_s = self._monotonic_s() - self._ready_s
        if late_s < 0.0:
            return
        self._ready_s += (math.floor(late_s / self._period_s) + 1) * self._period_s
        if not self.is_converting or self._registers[CONFIGURATION] & _MODE_BITS != _CONTINUOUS:
            return
        bus_v, shunt_v = self.pins()
        configuration = self._registers[CONFIGURATION]
        range_v = _SHUNT_RANGE_V[configuration >> 11 & 0b11]
        shunt = round(min(max(shunt_v, -range_v), range_v) / SHUNT_LSB_V)
        bus = round(min(max(bus_v, 0.0), 32.0 if configuration >> 13 & 1 else 16.0) / BUS_LSB_V)
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
