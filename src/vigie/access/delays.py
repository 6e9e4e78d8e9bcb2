"""Wrong passwords make the next try wait, longer each time. Nobody is ever locked out."""

import ipaddress
import threading
from collections.abc import Callable
from typing import NamedTuple

from vigie.pauses import GrowingPause

FREE_TRIES = 3
CROWD_FREE_TRIES = 300
"""So many first tries on an account, from however many addresses, are heard without a wait for newcomers."""
PAUSE = GrowingPause(1.0, 60.0)
FORGOTTEN_AFTER_S = 3600.0
MOST_KEPT = 2000
_SITE_BITS = 64
"""Whoever has an IPv6 address has as many of them as this prefix leaves free (RFC 6177)."""

_Key = tuple[str, str, str]


class _Tries(NamedTuple):
    wrong: int
    next_s: float
    """When the next try is heard."""


_NONE = _Tries(0, 0.0)


def delay_s(wrong: int, free: int = FREE_TRIES) -> float:
    """Return how long the next try must wait after so many wrong ones.

    >>> [delay_s(wrong) for wrong in range(11)]
    [0.0, 0.0, 0.0, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 60.0, 60.0]
    """
    return PAUSE.after_s(wrong - free + 1)


def counted_as(address: str) -> str:
    """Return what an address is counted under: itself, or the network that one IPv6 customer has.

    >>> [counted_as(address) for address in ("192.168.1.9", "::ffff:192.168.1.9", "2001:db8::7:1", "fe80::1%eth0", "")]
    ['192.168.1.9', '192.168.1.9', '2001:db8::/64', 'fe80::/64', '']
    """
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(parsed, ipaddress.IPv4Address):
        return str(parsed)
    mapped = parsed.ipv4_mapped
    return str(mapped or ipaddress.ip_network((parsed, _SITE_BITS), strict=False))


class Delays:
    """Counts wrong tries; kept in memory, so a restart forgets them.

    A browser that has proven that it logged in to this account before has a count of its own: nobody else's guessing
    holds it up. Any other is counted per address, and per account and address. The first tries of an address on an
    account are heard whatever others did; only then it waits for its turn among all who guess at that account.
    """

    def __init__(self, now_s: Callable[[], float]) -> None:
        self._now_s = now_s
        self._tries: dict[_Key, _Tries] = {}
        self._lock = threading.Lock()

    def begin(self, name: str, address: str, browser: str | None = None) -> float:
        """Return 0 and count a try that is about to be made, or the seconds it must wait (it is not counted then).

        It counts as wrong until :meth:`succeeded`, so that tries made at once do not pass together. ``browser`` is
        the number of one that is known.
        """
        now_s = self._now_s()
        with self._lock:
            keys = self._keys(name, address, browser, now_s)
            wait_s = max(self._known(key, now_s).next_s - now_s for key in keys)
            if wait_s > 0.0:
                return wait_s
            if len(self._tries) > MOST_KEPT:
                self._forget_old(now_s)
            for key, free in keys.items():
                wrong = self._known(key, now_s).wrong + 1
                self._tries[key] = _Tries(wrong, now_s + delay_s(wrong, free))
            return 0.0

    def succeeded(self, name: str, address: str, browser: str | None = None) -> None:
        """Forget what was counted here: the password was right. What others tried stays."""
        with self._lock:
            for key in self._own_keys(name, address, browser):
                self._tries.pop(key, None)

    def _keys(self, name: str, address: str, browser: str | None, now_s: float) -> dict[_Key, int]:
        """Return under what a try is counted, each with how many are free."""
        own = self._own_keys(name, address, browser)
        keys = dict.fromkeys(own, FREE_TRIES)
        if browser is None:
            is_first = self._known(own[0], now_s).wrong < FREE_TRIES
            keys["newcomers" if is_first else "crowd", name, ""] = CROWD_FREE_TRIES if is_first else FREE_TRIES
        return keys

    @staticmethod
    def _own_keys(name: str, address: str, browser: str | None) -> list[_Key]:
        if browser is not None:
            return [("browser", name, browser)]
        counted = counted_as(address)
        return [("account", name, counted), ("address", "", counted)]

    def _known(self, key: _Key, now_s: float) -> _Tries:
        known = self._tries.get(key, _NONE)
        return _NONE if now_s - known.next_s > FORGOTTEN_AFTER_S else known

    def _forget_old(self, now_s: float) -> None:
        kept = {key: tries for key, tries in self._tries.items() if now_s - tries.next_s <= FORGOTTEN_AFTER_S}
        excess = len(kept) - MOST_KEPT // 2
        mildest = sorted(kept, key=lambda key: kept[key].wrong)[: max(0, excess)]
        self._tries = {key: tries for key, tries in kept.items() if key not in set(mildest)}
