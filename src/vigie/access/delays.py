"""Wrong passwords make the next try wait, longer each time. Nobody is ever locked out."""

import threading
from collections.abc import Callable
from typing import NamedTuple

FREE_TRIES = 3
LONGEST_S = 60.0
FORGOTTEN_AFTER_S = 3600.0
MOST_KEPT = 2000
_MOST_DOUBLINGS = 10


class _Tries(NamedTuple):
    wrong: int
    next_s: float
    """When the next try is heard."""


_NONE = _Tries(0, 0.0)


def delay_s(wrong: int) -> float:
    """Return how long the next try must wait after so many wrong ones.

    >>> [delay_s(wrong) for wrong in range(11)]
    [0.0, 0.0, 0.0, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 60.0, 60.0]
    """
    doublings = min(wrong - FREE_TRIES, _MOST_DOUBLINGS)
    return min(LONGEST_S, 2.0**doublings) if doublings >= 0 else 0.0


class Delays:
    """Counts wrong tries per account and per address; kept in memory, so a restart forgets them.

    Whoever has logged in to an account from an address is not held up there by what others try on that account
    from elsewhere: a technician gets in while somebody guesses.
    """

    def __init__(self, now_s: Callable[[], float]) -> None:
        self._now_s = now_s
        self._tries: dict[tuple[str, str], _Tries] = {}
        self._at_home: dict[tuple[str, str], None] = {}
        self._lock = threading.Lock()

    def begin(self, name: str, address: str) -> float:
        """Return 0 and count a try that is about to be made, or the seconds it must wait (it is not counted then).

        It counts as wrong until :meth:`succeeded`, so that tries made at once do not pass together.
        """
        now_s = self._now_s()
        with self._lock:
            keys = self._keys(name, address)
            wait_s = max(self._tries.get(key, _NONE).next_s - now_s for key in keys)
            if wait_s > 0.0:
                return wait_s
            if len(self._tries) > MOST_KEPT:
                self._forget_old(now_s)
            for key in keys:
                known = self._tries.get(key, _NONE)
                wrong = 1 if now_s - known.next_s > FORGOTTEN_AFTER_S else known.wrong + 1
                self._tries[key] = _Tries(wrong, now_s + delay_s(wrong))
            return 0.0

    def succeeded(self, name: str, address: str) -> None:
        """Forget what was counted: the password was right."""
        with self._lock:
            for key in self._keys(name, address):
                self._tries.pop(key, None)
            self._at_home[name, address] = None
            if len(self._at_home) > MOST_KEPT:
                del self._at_home[next(iter(self._at_home))]

    def _keys(self, name: str, address: str) -> list[tuple[str, str]]:
        if (name, address) in self._at_home:
            return [(name, address)]
        return [(name, ""), ("", address)]

    def _forget_old(self, now_s: float) -> None:
        kept = {key: tries for key, tries in self._tries.items() if now_s - tries.next_s <= FORGOTTEN_AFTER_S}
        excess = len(kept) - MOST_KEPT // 2
        mildest = sorted(kept, key=lambda key: kept[key].wrong)[: max(0, excess)]
        self._tries = {key: tries for key, tries in kept.items() if key not in set(mildest)}
