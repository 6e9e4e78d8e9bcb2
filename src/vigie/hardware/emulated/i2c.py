"""An I2C bus with chips on it, standing where ``smbus2.SMBus`` stands: same messages, same errnos."""

import errno
import time
from collections.abc import Callable, Iterable
from ctypes import memmove, string_at
from typing import Any

from vigie.hardware.emulated.chip import EmulatedChip

_READ = 0x0001  # I2C_M_RD


class EmulatedI2cBus:
    """The adapter and its wires. Give its ``open`` to ``I2cBus`` as the way to open the bus."""

    def __init__(self, chips: Iterable[EmulatedChip], sleep: Callable[[float], None] = time.sleep) -> None:
        self.chips = {chip.address: chip for chip in chips}
        self.stall_s = 0.0
        """Fault: every transfer hangs this long and then times out, as with a held clock line."""
        self.held_by: set[int] = set()
        """Addresses of the chips that hold the clock when they are asked; empty: all transfers hang."""
        self.is_gone = False
        """Fault: the device has been unbound; it can be neither used nor opened."""
        self.transfers = 0
        """Combined transfers seen since the start, failed ones included."""
        self.openings = 0
        self.clock_hz = 0
        """So fast are bits; 0: transfers take no time."""
        self._sleep = sleep

    def open(self) -> "EmulatedI2cBus":
        """Open the bus device."""
        self.openings += 1
        return self

    def close(self) -> None:
        """Close the bus device; the chips keep their registers."""

    def i2c_rdwr(self, *i2c_msgs: Any) -> None:  # noqa: ANN401 - the C structure of smbus2
        """Run one combined transfer of ``smbus2.i2c_msg`` structures.

        Raises:
            OSError: EREMOTEIO no chip acknowledged, ETIMEDOUT the bus is held, ENODEV it has gone.
        """
        self.transfers += 1
        if self.is_gone:
            raise OSError(errno.ENODEV, "No such device")
        addresses = {message.addr for message in i2c_msgs}
        if self.stall_s > 0.0 and (not self.held_by or addresses & self.held_by):
            self._sleep(self.stall_s)
            raise OSError(errno.ETIMEDOUT, "Connection timed out")
        if self.clock_hz > 0:
            self._sleep(_bits(i2c_msgs) / self.clock_hz)
        for chip in dict.fromkeys(self._chip_at(message.addr) for message in i2c_msgs):
            chip.answer()
        for message in i2c_msgs:
            chip = self._chip_at(message.addr)
            if message.flags & _READ:
                memmove(message.buf, chip.read(message.len), message.len)
            else:
                chip.write(string_at(message.buf, message.len))

    def _chip_at(self, address: int) -> EmulatedChip:
        chip = self.chips.get(address)
        if chip is None:
            raise OSError(errno.EREMOTEIO, "Remote I/O error")
        return chip


def _bits(i2c_msgs: Iterable[Any]) -> int:
    """Return the clocks of a combined transfer: each message has a start and an address; bytes are acknowledged."""
    return 1 + sum(1 + 9 * (1 + int(message.len)) for message in i2c_msgs)
