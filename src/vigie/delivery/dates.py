"""Asks the clocks which dates may be sent; what follows from them is decided in ``delivery.calendar_proof``."""

from collections.abc import Callable
from typing import NamedTuple

from vigie.clock import machine_monotonic_s, machine_utc_s
from vigie.delivery import calendar_proof
from vigie.delivery.calendar_proof import ClockReading, SendableChunk
from vigie.telemetry.delivery_log import Chunk, Cursor
from vigie.telemetry.rows import utc_ms_of


class MachineCalendar(NamedTuple):
    """What this computer knows of its own calendar."""

    is_synchronised: Callable[[], bool | None]
    """It follows a time server; None when the kernel does not say."""
    uptime_s: Callable[[], float]
    utc_s: Callable[[], float] = machine_utc_s
    monotonic_s: Callable[[], float] = machine_monotonic_s


class SendableDates:
    """Judges dates by this computer's calendar and by the store's clock. One thread uses it.

    What is believed of the store's clock is asked anew before it holds anything back.
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
        self._reading = self._looked()
        self._proof = calendar_proof.first(self._reading, machine.uptime_s(), is_real_time=is_real_time)

    def sendable(self, chunk: Chunk, began: Cursor, was_set_back: Callable[[Cursor], bool]) -> SendableChunk:
        """Return what may be sent now of a chunk that follows a cursor.

        ``was_set_back`` is asked whether the calendar was set back after a cursor.
        """
        self._step()
        if self._proof.doubt(self._reading.at_s):
            self._step(asks=True)
        is_wrong = False
        if chunk.rows and not self._proof.doubt(self._reading.at_s):
            newest_ms = utc_ms_of(chunk.rows[-1])
            is_wrong = newest_ms > self.limit_ms(newest_ms) and was_set_back(began)
        return calendar_proof.sendable(self._proof, self._reading, chunk, began, was_set_back=is_wrong)

    def limit_ms(self, newest_ms: int) -> float:
        """Return the last instant that may be sent (UTC milliseconds), as far as ``newest_ms`` depends on it."""
        self._step()
        if self._proof.must_ask(self._reading, newest_ms):
            self._step(asks=True)
        return self._proof.limit_ms(self._reading)

    def narrow(self) -> bool:
        """Send less of what is ahead, for the store has refused some; return whether that is possible."""
        before, self._proof = self._proof, self._proof.narrowed()
        return self._proof != before

    def ahead_s(self, newest_ms: int) -> float:
        """Return how far an instant is ahead of the store's clock."""
        return calendar_proof.ahead_s(self._looked(), newest_ms)

    def _step(self, *, asks: bool = False) -> None:
        """Look at the clocks; ``asks`` lets the store answer first."""
        if asks:
            self._ask()
        self._reading = self._looked(has_answered=asks)
        self._proof = calendar_proof.step(self._proof, self._reading)

    def _looked(self, *, has_answered: bool = False) -> ClockReading:
        machine = self._machine
        return ClockReading(
            machine.monotonic_s(), machine.utc_s(), self._store_utc_s(), machine.is_synchronised(), has_answered
        )
