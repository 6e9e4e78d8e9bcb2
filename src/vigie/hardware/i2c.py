"""The I2C bus: the only door to smbus2.

Everything goes through one combined ``I2C_RDWR`` transfer per chip, so an absent chip costs only itself.
Not for use beside a kernel driver bound to the same address: ``I2C_RDWR`` does not check for one.
"""

import contextlib
import errno
import fcntl
import struct
from collections.abc import Callable, Sequence
from ctypes import POINTER, byref, c_char, cast, create_string_buffer
from pathlib import Path
from typing import Protocol

from smbus2 import SMBus, i2c_msg

from vigie.errors import BusError
from vigie.hardware.permission import who_may_open

_I2C_RETRIES = 0x0701
_I2C_TIMEOUT = 0x0702  # in units of 10 ms

NOT_ANSWERED = frozenset({errno.EREMOTEIO, errno.ENXIO})
"""What a NACK looks like: EREMOTEIO from the Raspberry Pi 5's DesignWare driver, ENXIO by the kernel's fault codes."""

TRANSIENT = NOT_ANSWERED | {errno.EIO, errno.ETIMEDOUT, errno.EAGAIN, errno.EBUSY}
"""Failures of one transfer that the next one may not have. Any other errno means that the bus itself is gone."""


Messages = Sequence[i2c_msg]
"""The parts of one combined transfer, in order."""


class Adapter(Protocol):
    """The kernel's side of the bus: ``smbus2.SMBus``, or emulated chips."""

    def i2c_rdwr(self, *i2c_msgs: i2c_msg) -> None:
        """Run one combined transfer; raise OSError with the kernel's errno when it fails."""
        ...

    def close(self) -> None:
        """Give the device back."""
        ...


class RegisterReads:
    """A prebuilt combined transfer that reads 16-bit big-endian registers of one chip in one go.

    Built once and sent again and again; the words land in one buffer, unpacked in one call.
    """

    def __init__(self, address: int, registers: Sequence[int], layout: str) -> None:
        """Prepare reading ``registers``; ``layout`` is their struct format, such as ``>hH``."""
        self._words = struct.Struct(layout)
        if self._words.size != 2 * len(registers):
            raise ValueError(f"layout {layout!r} does not describe {len(registers)} 16-bit registers")
        self._buffer = create_string_buffer(self._words.size)
        messages = []
        for index, register in enumerate(registers):
            into = i2c_msg.read(address, 2)
            into.buf = cast(byref(self._buffer, 2 * index), POINTER(c_char))
            messages += [i2c_msg.write(address, [register]), into]
        self.messages = tuple(messages)

    def words(self) -> tuple[int, ...]:
        """Return what the last transfer read."""
        return self._words.unpack(self._buffer)


def register_writes(address: int, words: Sequence[tuple[int, int]]) -> Messages:
    """Return the messages of one combined transfer that writes ``(register, word)`` pairs, in order."""
    return tuple(i2c_msg.write(address, [register, word >> 8, word & 0xFF]) for register, word in words)


class I2cBus:
    """One I2C bus, opened at its first transfer and again after ``reopen`` or the loss of its device."""

    def __init__(
        self,
        path: str = "/dev/i2c-1",
        *,
        timeout_ms: int = 100,
        open_adapter: Callable[[], Adapter] | None = None,
    ) -> None:
        """Describe the bus at ``path``.

        Args:
            path: the bus device.
            timeout_ms: how long the kernel may wait for one stuck transfer, in steps of 10 ms; holds for every
                user of this bus. Its own default on a Raspberry Pi 5 is about one second per transfer.
            open_adapter: opens something else in place of the kernel's device (emulated chips).
        """
        self.path = path
        self._open_adapter = open_adapter or (lambda: _open_kernel_adapter(path, timeout_ms))
        self._adapter: Adapter | None = None

    def transfer(self, messages: Messages) -> None:
        """Run ``messages`` as one combined transfer.

        Raises:
            OSError: this transfer failed in a way another may not (``TRANSIENT``).
            BusError: the bus cannot be opened or has gone.
        """
        adapter = self._adapter or self.open()
        try:
            adapter.i2c_rdwr(*messages)
        except OSError as error:
            if error.errno in TRANSIENT:
                raise
            self.close()
            raise BusError(f"I2C bus {self.path} has gone: {error.strerror}; check that it is enabled") from error

    def open(self) -> Adapter:
        """Open the bus unless it is open.

        Raises:
            BusError: no such device, no permission, or not an I2C bus.
        """
        if self._adapter is None:
            self._adapter = self._open_adapter()
        return self._adapter

    def reopen(self) -> None:
        """Close and open the bus: the second rung of the ladder against a stuck transfer."""
        self.close()
        self.open()

    def close(self) -> None:
        """Close the bus; the next transfer opens it again."""
        adapter, self._adapter = self._adapter, None
        if adapter is not None:
            with contextlib.suppress(OSError):
                adapter.close()


def _open_kernel_adapter(path: str, timeout_ms: int) -> SMBus:
    bus = SMBus()
    try:
        bus.open(path)
        if bus.fd is not None:
            fcntl.ioctl(bus.fd, _I2C_TIMEOUT, max(1, timeout_ms // 10))
            fcntl.ioctl(bus.fd, _I2C_RETRIES, 0)  # retries are the driver's, counted and bounded
    except OSError as error:
        bus.close()
        raise BusError(_why_not_opened(path, error)) from error
    return bus


def _why_not_opened(path: str, error: OSError) -> str:
    if error.errno in (errno.ENOENT, errno.ENXIO, errno.ENODEV):
        there = ", ".join(sorted(str(found) for found in Path(path).parent.glob("i2c-*"))) or "none"
        return (
            f"I2C bus {path} does not exist (found: {there}); "
            "enable I2C with 'sudo raspi-config nonint do_i2c 0' and reboot"
        )
    if error.errno in (errno.EACCES, errno.EPERM):
        return f"I2C bus {path} may not be opened: {who_may_open(path)}"
    return f"I2C bus {path} cannot be used: {error.strerror}"
