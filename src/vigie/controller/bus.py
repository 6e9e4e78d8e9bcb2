"""The bus in a thread of its own: one stuck transfer must not hold up the loop that guards the contacts."""

import math
import queue
import threading
from collections.abc import Mapping
from typing import NamedTuple

from vigie.clock import Clock
from vigie.control.signals import Channel, Sweep, Temperature
from vigie.errors import BusError, VigieError
from vigie.plant.port import Plant


class BusReading(NamedTuple):
    """What the bus gave in a period."""

    sweeps: tuple[Sweep, ...]
    temperature: Temperature
    ambient: Temperature
    errors: Mapping[Channel, VigieError]


class BusThread:
    """Reads the meter and the thermometer on its own thread; the caller waits no longer than a deadline.

    Contacts are not its business: they are read and switched by the loop itself, so that a stalled bus never keeps
    the loop from making the contacts safe.
    """

    def __init__(self, plant: Plant, clock: Clock, sweeps: int, interval_s: float) -> None:
        self._plant = plant
        self._clock = clock
        self._sweeps = sweeps
        self._interval_s = interval_s
        self._wanted: queue.SimpleQueue[float | None] = queue.SimpleQueue()
        self._read: queue.SimpleQueue[BusReading | VigieError] = queue.SimpleQueue()
        self._is_busy = False
        self._thread = threading.Thread(target=self._run, name="bus", daemon=True)
        self._thread.start()

    @property
    def span_s(self) -> float:
        """From the first sweep of a period to the last."""
        return (self._sweeps - 1) * self._interval_s

    @property
    def catches_up_s(self) -> float:
        """So late may a period begin and still take its last sweep in time."""
        return self.span_s / 2

    def read(self, deadline_s: float, due_s: float = math.inf) -> BusReading:
        """Take one period's sweeps.

        Args:
            deadline_s: machine seconds to wait at most.
            due_s: when the first sweep was due; of a period that begins late, the sweeps follow each other at half the
                interval until they have caught up. By default it is due now.

        Raises:
            BusError: the bus is gone, or has not answered by the deadline; while it is stuck every call fails at
                once, and the first call after it came back works again.
        """
        if self._is_busy:
            try:
                self._read.get_nowait()  # the late answer of a period that is over
            except queue.Empty:
                raise BusError("the meter's bus is still stuck in an earlier transfer") from None
        self._is_busy = True
        self._wanted.put(due_s)
        try:
            answer = self._read.get(timeout=deadline_s)
        except queue.Empty:
            raise BusError(
                f"the meter's bus has not answered within {deadline_s:.2f} s; check its cable and that nothing else "
                "holds SDA or SCL low"
            ) from None
        self._is_busy = False
        if isinstance(answer, VigieError):
            raise answer
        return answer

    def close(self) -> None:
        """Let the thread end; a stuck one is left behind (it is a daemon)."""
        self._wanted.put(None)
        self._thread.join(timeout=1.0)

    def _run(self) -> None:
        while (due_s := self._wanted.get()) is not None:
            try:
                answer: BusReading | VigieError = self._take(due_s)
            except VigieError as error:
                answer = error
            except Exception as error:
                answer = BusError(f"the meter's driver failed unexpectedly: {error!r}")
            self._read.put(answer)

    def _take(self, due_s: float) -> BusReading:
        sweeps = []
        next_s = self._clock.now_s()
        due_s = min(due_s, next_s)
        for _ in range(self._sweeps):
            self._clock.sleep_until(next_s)
            sweeps.append(self._plant.read_sweep())
            due_s += self._interval_s
            next_s = max(due_s, next_s + self._interval_s / 2)
        plant = self._plant
        return BusReading(tuple(sweeps), plant.read_temperature(), plant.read_ambient(), dict(plant.errors()))
