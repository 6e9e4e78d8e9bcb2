"""The only module that asks the machine for the time. Everything else is handed a clock or an instant."""

import threading
import time
from typing import Protocol


class Clock(Protocol):
    """Time of the plant. Control uses the monotonic axis only; the calendar is for records."""

    speed: float
    """Plant seconds per second of the machine; 1 on real hardware."""

    def now_s(self) -> float:
        """Return monotonic plant time in seconds from an arbitrary origin."""
        ...

    def utc_s(self) -> float:
        """Return the plant's calendar time, seconds since 1970-01-01 UTC."""
        ...

    def sleep_until(self, now_s: float) -> None:
        """Block until the monotonic plant time reaches ``now_s``; return at once if it has passed."""
        ...


class MachineClock:
    """The clock of real hardware: CLOCK_MONOTONIC for control, the system's calendar for records."""

    speed = 1.0

    def now_s(self) -> float:
        return time.monotonic()

    def utc_s(self) -> float:
        return time.time()

    def sleep_until(self, now_s: float) -> None:
        remaining_s = now_s - time.monotonic()
        if remaining_s > 0:
            time.sleep(remaining_s)


class SimulatedClock:
    """A plant clock that advances only by being slept on, paced at ``speed`` times the machine's time.

    No simulated second is ever skipped: work that takes longer than its share makes the simulation
    slower than asked, not coarser. ``speed = inf`` does not pace at all (tests, replays).

    Thread-safe for readers; one thread advances it.
    """

    _SHORTEST_SLEEP_S = 0.001

    def __init__(self, speed: float = 1.0, start_utc_s: float | None = None) -> None:
        self.speed = speed
        self._now_s = 0.0
        self._start_utc_s = time.time() if start_utc_s is None else start_utc_s
        self._paced_from_s = time.monotonic()
        self._lock = threading.Lock()

    def now_s(self) -> float:
        with self._lock:
            return self._now_s

    def utc_s(self) -> float:
        with self._lock:
            return self._start_utc_s + self._now_s

    def sleep_until(self, now_s: float) -> None:
        with self._lock:
            if now_s <= self._now_s:
                return
            self._now_s = now_s
            ahead_s = self._paced_from_s + now_s / self.speed - time.monotonic()
            if ahead_s < -1.0:  # far behind (slow machine, stopped process): forget it
                self._paced_from_s -= ahead_s
        if ahead_s > self._SHORTEST_SLEEP_S:
            time.sleep(ahead_s)


def machine_monotonic_s() -> float:
    """Return the machine's own monotonic seconds, for deadlines and ages that are not the plant's."""
    return time.monotonic()


def machine_utc_s() -> float:
    """Return the machine's own calendar time, seconds since 1970-01-01 UTC."""
    return time.time()


def cpu_s() -> float:
    """Return the CPU seconds this process has used."""
    return time.process_time()
