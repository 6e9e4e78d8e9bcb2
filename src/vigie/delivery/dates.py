"""Which dates may be sent: those of a calendar that is proven, and none that the store's clock has still to reach."""

import math
from collections.abc import Callable
from typing import NamedTuple

from vigie.clock import machine_monotonic_s, machine_utc_s

AHEAD_LIMIT_S = 570.0
"""Prometheus 3 takes nothing more than ten minutes ahead of its clock; a store that does takes nothing earlier after
it any more, from no site."""
LEAST_LIMIT_S = 1.0
AGREES_S = 30.0
STEP_S = 3600.0
"""A calendar that was set by more than this has to prove itself anew."""
BOOT_S = 300.0
"""So long after its boot a computer is given to find its time server."""
SETTLED_S = 3600.0
"""A calendar that has run so long without a further step counts as meant, where no time server can confirm it."""


class MachineCalendar(NamedTuple):
    """What this computer knows of its own calendar."""

    is_synchronised: Callable[[], bool | None]
    """It follows a time server; None when the kernel does not say."""
    uptime_s: Callable[[], float]
    utc_s: Callable[[], float] = machine_utc_s
    monotonic_s: Callable[[], float] = machine_monotonic_s


class SendableDates:
    """Judges dates by this computer's calendar and by the store's clock. One thread uses it.

    What is believed of the store's clock is asked anew before it holds anything back. A store whose clock once
    differed from this computer's has a clock of its own: when the two agree later, that proves the calendar.
    """

    def __init__(
        self,
        machine: MachineCalendar,
        store_utc_s: Callable[[], float | None],
        ask: Callable[[], object],
        *,
        is_real_time: bool,
    ) -> None:
        """Take what it asks.

        Args:
            machine: this computer's calendar.
            store_utc_s: the store's clock now, by its newest answer; None when it tells nothing.
            ask: lets the store answer.
            is_real_time: the journal's dates are this computer's, not a simulated calendar's.
        """
        self._machine = machine
        self._store_utc_s = store_utc_s
        self._ask = ask
        self._is_real_time = is_real_time
        self._limit_s = AHEAD_LIMIT_S if is_real_time else math.inf
        self._has_asked = not is_real_time
        self._has_own_clock = False
        self._offset_s = machine.utc_s() - machine.monotonic_s()
        self._doubt = "this computer has booted and no time server has set its calendar yet"
        self._doubted_until_s = machine.monotonic_s() + BOOT_S - machine.uptime_s()

    def doubt(self) -> str:
        """Return why the calendar is not proven; empty when it is, or when nobody is going to prove it."""
        if not self._is_real_time:
            return ""
        self._notice_step()
        if self._machine.monotonic_s() >= self._doubted_until_s:
            return ""
        if self._machine.is_synchronised() or self._is_confirmed():
            self._doubted_until_s = -math.inf
            return ""
        return f"{self._doubt}: what it dates waits"

    def limit_ms(self, newest_ms: int) -> float:
        """Return the last instant that may be sent (UTC milliseconds), as far as ``newest_ms`` depends on it."""
        if not self._has_asked or newest_ms > self._limit_ms():
            self._ask_store()
        return self._limit_ms()

    def narrow(self) -> bool:
        """Send less of what is ahead, for the store has refused some; return whether that is possible."""
        is_possible = self._limit_s > LEAST_LIMIT_S
        if is_possible:
            self._limit_s = min(self._limit_s / 2, AHEAD_LIMIT_S)
        return is_possible

    def ahead_s(self, newest_ms: int) -> float:
        """Return how far an instant is ahead of the store's clock."""
        return newest_ms / 1000 - self._now_s()

    def ahead_words(self, newest_ms: int) -> str:
        """Say how far an instant is ahead of the store's clock, and what to do."""
        ahead_s = self.ahead_s(newest_ms)
        if self._is_real_time:
            return f"this computer's calendar is {ahead_s:.0f} s ahead of the store's clock: set the wrong one right"
        return (
            f"the simulated calendar is {ahead_s:.0f} s ahead of the store's clock, and this store takes no future: "
            "run the twin with plant.speed = 1, or leave remote_write.url empty"
        )

    def _notice_step(self) -> None:
        before_s, self._offset_s = self._offset_s, self._machine.utc_s() - self._machine.monotonic_s()
        step_s = self._offset_s - before_s
        if abs(step_s) > STEP_S:
            self._doubt = f"the calendar was set by {step_s / 3600:+.1f} h and no time server has confirmed it yet"
            self._doubted_until_s = self._machine.monotonic_s() + SETTLED_S

    def _is_confirmed(self) -> bool:
        """Ask a store that has a clock of its own whether the calendar is right."""
        self._ask_store()
        return self._has_own_clock and abs(self._now_s() - self._machine.utc_s()) <= AGREES_S

    def _ask_store(self) -> None:
        self._ask()
        self._has_asked = True
        if self._is_real_time and abs(self._now_s() - self._machine.utc_s()) > AGREES_S:
            self._has_own_clock = True

    def _limit_ms(self) -> float:
        return (self._now_s() + self._limit_s) * 1000

    def _now_s(self) -> float:
        """Return the store's clock; one that tells nothing is taken to agree."""
        store_s = self._store_utc_s()
        return self._machine.utc_s() if store_s is None else store_s
