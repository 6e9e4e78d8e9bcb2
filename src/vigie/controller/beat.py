"""When the loop's periods begin: at their time, or at once when a reading falls."""

import math
from typing import Annotated, NamedTuple

from vigie.clock import Clock
from vigie.controller.bus import BusReading, BusThread
from vigie.errors import PowerLost, VigieError
from vigie.units import setting

AT_SPEED_S = 1.0
"""The bus of a plant that is faster than the machine's clock has at least so long: a busy machine is no broken bus."""


class LoopSettings(NamedTuple):
    """The rhythm of the loop."""

    period_s: Annotated[float, setting("Control period; at most 5 s of real time", unit="s", ge=0.2, le=60)] = 1.0
    bus_deadline_s: Annotated[
        float,
        setting("The meter must have answered so long after the period's last sweep was due", unit="s", ge=0.1, le=60),
    ] = 0.4
    watchdog: Annotated[
        str,
        setting("Hardware watchdog device fed by the loop; empty: none, systemd's own WatchdogSec serves"),
    ] = ""


class Beat:
    """The due times of the periods, and what waits for them."""

    def __init__(self, clock: Clock, bus: BusThread, settings: LoopSettings) -> None:
        """Begin with a period that is due now.

        Args:
            clock: the plant's time.
            bus: watches the meter while it waits.
            settings: period and deadline.
        """
        self._clock = clock
        self._bus = bus
        self._settings = settings
        self._due_s = clock.now_s()
        self._was_hurried = False
        self.is_overrun = False
        """The period before ended too late for the next to be in time."""

    def read(self, due_s: float, *, is_hurried: bool) -> BusReading:
        """Take the sweeps of a period.

        Raises:
            BusError: the bus is gone, or has not answered by its deadline.
        """
        self._was_hurried = False
        if due_s < math.inf:
            self._due_s = due_s
        reading = self._bus.read(self._deadline_s(self._bus.span_s), due_s, is_hurried=is_hurried)
        self._was_hurried = reading.is_hurried
        return reading

    def ended(self) -> int:
        """Find the next period's time once one is over; return how many periods were missed.

        After a hurried one that was read it comes when its next sweep would.
        """
        period_s, now_s = self._settings.period_s, self._clock.now_s()
        self.is_overrun = False
        if self._was_hurried:
            self._due_s = now_s + self._bus.interval_s
            return 0
        self._due_s += period_s
        behind_s = now_s - self._due_s
        self.is_overrun = behind_s > self._bus.catches_up_s
        if not self.is_overrun:
            return 0
        missed = 1 + int(behind_s // period_s)
        self._due_s += (missed - 1) * period_s
        return missed

    def wait(self) -> tuple[float, bool]:
        """Wait for the next period; return when it is due, and whether a reading has fallen, so that it is now.

        A bus that goes meanwhile makes it now, too: that period says so.
        """
        if self._bus.is_watched:
            left_s = max(self._due_s - self._clock.now_s(), 0.0)
            try:
                has_fallen = self._bus.watch(self._due_s, self._deadline_s(left_s))
            except PowerLost:
                raise
            except VigieError:
                has_fallen = True
            if has_fallen:
                return self._clock.now_s(), True
        self._clock.sleep_until(self._due_s)
        return self._due_s, False

    def _deadline_s(self, lasts_s: float) -> float:
        """Return the machine's seconds for what lasts so many of the plant's."""
        deadline_s, speed = self._settings.bus_deadline_s, self._clock.speed
        if speed != 1.0:
            deadline_s = max(deadline_s / speed, AT_SPEED_S)
        return lasts_s / speed + deadline_s
