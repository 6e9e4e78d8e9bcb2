"""How this process takes memory from the machine."""

import contextlib
import ctypes

_M_ARENA_MAX = -8


def share_one_heap() -> None:
    """Let all threads allocate from one heap; call it before threads start.

    glibc otherwise keeps a heap per thread, which costs a process of many threads megabytes it never uses. With another
    C library nothing happens.
    """
    with contextlib.suppress(AttributeError, OSError):
        ctypes.CDLL(None).mallopt(_M_ARENA_MAX, 1)
