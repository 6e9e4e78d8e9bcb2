"""The hardware watchdog: a timer in the chip that restarts the machine unless it is fed.

A restart releases the relays. Where systemd keeps the watchdog itself (``RuntimeWatchdogSec``), use the
service watchdog of ``systemd`` instead: the device can be held once only.
"""

import errno
import fcntl
import os
import struct

from vigie.errors import WatchdogError
from vigie.hardware.permission import who_may_open

SHORTEST_S, LONGEST_S = 10, 15
"""Below, a slow disk restarts the machine; above, the Raspberry Pi's 16 s counter wraps on some kernels."""

_SETTIMEOUT = 0xC0045706  # _IOWR('W', 6, int)
_MAGIC_CLOSE = b"V"


class Watchdog:
    """Holds the watchdog device. Closing without ``stop`` leaves it running, which is the point of it."""

    def __init__(self, path: str = "/dev/watchdog", timeout_s: int = LONGEST_S) -> None:
        """Open the device, which starts the timer, and set its time.

        Raises:
            WatchdogError: no such device, held by another program, no permission, or the time is refused.
        """
        if not SHORTEST_S <= timeout_s <= LONGEST_S:
            raise WatchdogError(f"watchdog timeout {timeout_s} s outside {SHORTEST_S}..{LONGEST_S} s")
        self._path = path
        try:
            file = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
        except OSError as error:
            raise WatchdogError(_why_not_opened(path, error)) from error
        self._file: int | None = file
        try:
            granted = fcntl.ioctl(file, _SETTIMEOUT, struct.pack("i", timeout_s))
        except OSError as error:
            self.stop()
            raise WatchdogError(f"watchdog {path} refuses {timeout_s} s: {error.strerror}") from error
        self.timeout_s: int = struct.unpack("i", granted)[0]
        """What the driver granted."""

    def feed(self) -> None:
        """Put the timer back to its full time.

        Raises:
            WatchdogError: stopped already, or the driver refused.
        """
        if self._file is None:
            raise WatchdogError(f"watchdog {self._path} was stopped and cannot be fed")
        try:
            os.write(self._file, b"\0")
        except OSError as error:
            raise WatchdogError(f"watchdog {self._path} cannot be fed: {error.strerror}") from error

    def stop(self) -> None:
        """Switch the timer off and let the device go; for a stop that somebody wanted."""
        if self._file is not None:
            file, self._file = self._file, None
            try:
                os.write(file, _MAGIC_CLOSE)
            finally:
                os.close(file)


def _why_not_opened(path: str, error: OSError) -> str:
    if error.errno == errno.EBUSY:
        return f"watchdog {path} is held by another program, perhaps systemd (RuntimeWatchdogSec)"
    if error.errno in (errno.EACCES, errno.EPERM):
        return f"watchdog {path} may not be opened: {who_may_open(path)}"
    return f"watchdog {path} cannot be opened: {error.strerror}; enable it with 'dtparam=watchdog=on'"
