"""What the kernel says of its own clock."""

import ctypes
import time

_TIMEX_BYTES = 256  # struct timex is 208 bytes long at most
_TIME_ERROR = 5  # adjtimex: the clock is not synchronised


def uptime_s() -> float:
    """Return the seconds since this computer booted."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


def clock_is_synchronised() -> bool | None:
    """Tell whether the kernel says that the system clock follows a time server, None when it does not say."""
    timex = ctypes.create_string_buffer(_TIMEX_BYTES)  # modes = 0: only ask
    try:
        state = ctypes.CDLL(None).adjtimex(timex)
    except (OSError, AttributeError):
        return None
    return None if state < 0 else state != _TIME_ERROR
