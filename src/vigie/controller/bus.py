"""The bus in a thread of its own: one stuck transfer must not hold up the loop that guards the contacts."""

import math
import queue
import threading
from collections.abc import Mapping
from typing import NamedTuple, cast

from vigie.clock import Clock
from vigie.control.signals import Channel, Sweep, Temperature
from vigie.errors import BusError, VigieError
from vigie.plant.port import HasFallen, Plant

MOST_HURRIED = 3
"""So many periods in a row may be begun by a reading that fell; then one goes unwatched."""


class BusJob(NamedTuple):
    """What the thread is asked for."""

    at_s: float
    """When the first sweep was due; of a wait, when it ends."""
    is_wait: bool
    is_hurried: bool
    """The sweeps follow each other at once."""
    is_watched: bool


class BusReading(NamedTuple):
    """What the bus gave in a period."""

    sweeps: tuple[Sweep, ...]
    temperature: Temperature
    ambient: Temperature
    errors: Mapping[Channel, VigieError]
    is_hurried: bool = False
    """A reading fell: these sweeps followed it at once."""


class BusThread:
    """Reads the meter and the thermometer on its own thread; the caller waits no longer than a deadline.

    Contacts are not its business: they are read and switched by the loop itself, so that a stalled bus never keeps
    the loop from making the contacts safe.
    """

    def __init__(
        self,
        plant: Plant,
        clock: Clock,
        sweeps: int,
        interval_s: float,
        *,
        hurried_sweeps: int = 1,
        has_fallen: HasFallen = lambda charge, load: False,
    ) -> None:
        """Start the thread.

        Args:
            plant: whose meter and thermometers it reads.
            clock: the plant's time.
            sweeps: of a period.
            interval_s: from one to the next.
            hurried_sweeps: of a period that a reading has begun.
            has_fallen: says it of V2 and V3, while they are watched.
        """
        self._plant = plant
        self._clock = clock
        self._sweeps = sweeps
        self.interval_s = interval_s
        """From one sweep of a period to the next."""
        self._hurried_sweeps = hurried_sweeps
        self._has_fallen = has_fallen
        self._hurried_in_a_row = 0
        self.is_watched = False
        """The meter is watched between the sweeps of what is asked for next."""
        self._wanted: queue.SimpleQueue[BusJob | None] = queue.SimpleQueue()
        self._read: queue.SimpleQueue[BusReading | bool | VigieError] = queue.SimpleQueue()
        self._is_busy = False
        self._thread = threading.Thread(target=self._run, name="bus", daemon=True)
        self._thread.start()

    @property
    def span_s(self) -> float:
        """From the first sweep of a period to the last."""
        return (self._sweeps - 1) * self.interval_s

    @property
    def catches_up_s(self) -> float:
        """So late may a period begin and still take its last sweep in time."""
        return self.span_s / 2

    def read(self, deadline_s: float, due_s: float = math.inf, *, is_hurried: bool = False) -> BusReading:
        """Take one period's sweeps.

        Args:
            deadline_s: machine seconds to wait at most.
            due_s: when the first sweep was due; of a period that begins late, the sweeps follow each other at half the
                interval until they have caught up. By default it is due now.
            is_hurried: the sweeps follow each other at once. While the meter is watched a reading that falls makes it
                so: the sweeps before it are dropped.

        Raises:
            BusError: the bus is gone, or has not answered by the deadline; while it is stuck every call fails at
                once, and the first call after it came back works again.
        """
        return cast("BusReading", self._asked(BusJob(due_s, False, is_hurried, self.is_watched), deadline_s))

    def watch(self, until_s: float, deadline_s: float) -> bool:
        """Wait for a period, watching; return whether a reading has fallen, so that it begins at once.

        Args:
            until_s: of the plant's time.
            deadline_s: machine seconds to wait at most.

        Raises:
            BusError: as :meth:`read`.
        """
        return self._asked(BusJob(until_s, True, False, True), deadline_s) is True

    def _asked(self, job: BusJob, deadline_s: float) -> BusReading | bool:
        if self._is_busy:
            try:
                self._read.get_nowait()  # the late answer of a period that is over
            except queue.Empty:
                raise BusError("the meter's bus is still stuck in an earlier transfer") from None
        self._is_busy = True
        self._wanted.put(job)
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
        while (job := self._wanted.get()) is not None:
            try:
                answer: BusReading | bool | VigieError = self._done(job)
            except VigieError as error:
                answer = error
            except Exception as error:
                answer = BusError(f"the meter's driver failed unexpectedly: {error!r}")
            self._read.put(answer)

    def _done(self, job: BusJob) -> BusReading | bool:
        self._plant.set_watchful(job.is_watched)
        if job.is_wait:
            return self._waited(job.at_s, is_watched=self._may_hurry(job))
        sweeps = [] if job.is_hurried else self._spread(job)
        is_hurried = not sweeps
        if is_hurried:
            sweeps = [self._plant.read_sweep() for _ in range(self._hurried_sweeps)]
        self._hurried_in_a_row = self._hurried_in_a_row + 1 if is_hurried else 0
        plant = self._plant
        return BusReading(
            tuple(sweeps), plant.read_temperature(), plant.read_ambient(), dict(plant.errors()), is_hurried
        )

    def _spread(self, job: BusJob) -> list[Sweep]:
        """Spread the sweeps over the period; return none when a reading has fallen."""
        is_watched = self._may_hurry(job)
        sweeps: list[Sweep] = []
        next_s = self._clock.now_s()
        due_s = min(job.at_s, next_s)
        for _ in range(self._sweeps):
            if self._waited(next_s, is_watched=is_watched):
                return []
            sweep = self._plant.read_sweep()
            if is_watched and self._has_fallen(sweep.charge, sweep.load):
                return []
            sweeps.append(sweep)
            due_s += self.interval_s
            next_s = max(due_s, next_s + self.interval_s / 2)
        return sweeps

    def _may_hurry(self, job: BusJob) -> bool:
        return job.is_watched and self._hurried_in_a_row < MOST_HURRIED

    def _waited(self, until_s: float, *, is_watched: bool) -> bool:
        """Wait; return early and true when a reading that is watched has fallen."""
        if is_watched:
            return self._plant.watch(until_s, self._has_fallen)
        self._clock.sleep_until(until_s)
        return False
