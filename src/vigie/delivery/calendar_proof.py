"""Whether a calendar is proven, and what lies ahead of the store's clock. Pure, in the manner of ``delivery.progress``.

A computer that has just booted may have any date. Its calendar counts once it follows a time server, once a store whose
clock is another's agrees with it, or once it has run long enough without a step. And a store that takes dates ahead of
its clock takes nothing earlier after them any more, from no site: what lies ahead waits until the clock has got there.
"""

import math
from typing import NamedTuple

from vigie.telemetry.delivery_log import Chunk, Cursor
from vigie.telemetry.rows import Row, utc_ms_of

AHEAD_LIMIT_S = 570.0
"""Prometheus 3 takes nothing more than ten minutes ahead of its clock."""
LEAST_LIMIT_S = 1.0
AGREES_S = 30.0
STEP_S = 3600.0
"""A calendar that was set by more than this has to prove itself anew."""
BOOT_S = 300.0
"""So long after its boot a computer is given to find its time server."""
SETTLED_S = 3600.0
"""A calendar that has run so long without a further step counts as meant, where no time server can confirm it."""


class ClockReading(NamedTuple):
    """One look at every clock there is, at one instant."""

    at_s: float
    """Monotonic, the only one that is never set."""
    utc_s: float
    """This computer's calendar."""
    store_utc_s: float | None
    """The store's clock by its newest answer; None when it tells nothing."""
    is_synchronised: bool | None
    """The calendar follows a time server; None when the kernel does not say."""
    has_answered: bool = False
    """The store has answered since the look before: its clock is no memory."""

    @property
    def store_now_s(self) -> float:
        """The store's clock; one that tells nothing is taken to agree."""
        return self.utc_s if self.store_utc_s is None else self.store_utc_s

    @property
    def agrees(self) -> bool:
        """Whether the store's clock shows what this computer's calendar does."""
        return abs(self.store_now_s - self.utc_s) <= AGREES_S


class CalendarProof(NamedTuple):
    """What is believed of this computer's calendar and of the store's clock."""

    is_real_time: bool
    """The journal's dates are this computer's. False: a simulated calendar's, which nobody can prove."""
    limit_s: float
    """So far ahead of the store's clock a date may be sent; infinite until a store refuses a simulated one."""
    offset_s: float
    """Calendar less monotonic clock, at the last look."""
    doubted_until_s: float
    """Monotonic instant from which the calendar counts without proof; minus infinity once it is proven."""
    jump_s: float = 0.0
    """By how much it was set when the doubt began; 0: it is in doubt since the boot."""
    has_own_clock: bool = False
    """The store's clock once differed from this computer's: when the two agree later, that is a proof."""
    has_asked: bool = False
    """The store has said what its clock shows, or has none to tell."""

    def doubt(self, at_s: float) -> str:
        """Return why the calendar is not proven at a monotonic instant; empty when it is."""
        if not self.is_real_time or at_s >= self.doubted_until_s:
            return ""
        if not self.jump_s:
            return "this computer has booted and no time server has set its calendar yet: what it dates waits"
        set_by = f"the calendar was set by {self.jump_s / 3600:+.1f} h"
        return f"{set_by} and no time server has confirmed it yet: what it dates waits"

    def limit_ms(self, reading: ClockReading) -> float:
        """Return the last instant that may be sent (UTC milliseconds)."""
        return (reading.store_now_s + self.limit_s) * 1000

    def must_ask(self, reading: ClockReading, newest_ms: int) -> bool:
        """Return whether the store has to say what its clock shows before ``newest_ms`` is judged."""
        return not self.has_asked or newest_ms > self.limit_ms(reading)

    def narrowed(self) -> "CalendarProof":
        """Return it after a store refused what was ahead of its clock; the same when nothing is left to give up."""
        if self.limit_s <= LEAST_LIMIT_S:
            return self
        return self._replace(limit_s=min(self.limit_s / 2, AHEAD_LIMIT_S))


def first(reading: ClockReading, uptime_s: float, *, is_real_time: bool) -> CalendarProof:
    """Return what is believed at the start of the process, ``uptime_s`` after the boot of its computer."""
    return CalendarProof(
        is_real_time,
        AHEAD_LIMIT_S if is_real_time else math.inf,
        offset_s=reading.utc_s - reading.at_s,
        doubted_until_s=reading.at_s + BOOT_S - uptime_s,
        has_asked=not is_real_time,
    )


def step(proof: CalendarProof, reading: ClockReading) -> CalendarProof:
    """Return what is believed after one more look at the clocks."""
    has_asked = proof.has_asked or reading.has_answered
    if not proof.is_real_time:
        return proof._replace(has_asked=has_asked)
    offset_s = reading.utc_s - reading.at_s
    jump_s, doubted_until_s = proof.jump_s, proof.doubted_until_s
    if abs(offset_s - proof.offset_s) > STEP_S:
        jump_s, doubted_until_s = offset_s - proof.offset_s, reading.at_s + SETTLED_S
    has_own_clock = proof.has_own_clock or (reading.has_answered and not reading.agrees)
    is_confirmed = reading.has_answered and has_own_clock and reading.agrees
    if reading.at_s < doubted_until_s and (reading.is_synchronised or is_confirmed):
        doubted_until_s = -math.inf
    return proof._replace(
        offset_s=offset_s,
        doubted_until_s=doubted_until_s,
        jump_s=jump_s,
        has_own_clock=has_own_clock,
        has_asked=has_asked,
    )


class SendableChunk(NamedTuple):
    """A piece of the journal as far as it may be sent now."""

    chunk: Chunk
    """Its rows that may be sent; its end is before the first that may not."""
    words: str
    """Why the others wait; empty when none does. Nothing that waits is ever set aside for it."""


def sendable(
    proof: CalendarProof, reading: ClockReading, chunk: Chunk, began: Cursor, *, was_set_back: bool = False
) -> SendableChunk:
    """Return what of a chunk may be sent now.

    Args:
        proof: what is believed.
        reading: of the clocks, now.
        chunk: of the journal, oldest row first.
        began: the cursor that it follows.
        was_set_back: the calendar was set back after it: its dates are known to be wrong, and waiting mends nothing.
    """
    words, near = proof.doubt(reading.at_s), tuple[Row, ...]()
    limit_ms = proof.limit_ms(reading)
    if not words and chunk.rows and not was_set_back and utc_ms_of(chunk.rows[-1]) > limit_ms:
        words = ahead_words(proof, reading, utc_ms_of(chunk.rows[-1]))
        near = tuple(row for row in chunk.rows if utc_ms_of(row) <= limit_ms)
    if not words:
        return SendableChunk(chunk, "")
    end = Cursor(began.step_id, near[-1][0] or 0) if near else began
    return SendableChunk(chunk._replace(rows=near, end=end, is_all=False), words)


def ahead_s(reading: ClockReading, at_ms: int) -> float:
    """Return how far an instant is ahead of the store's clock."""
    return at_ms / 1000 - reading.store_now_s


def ahead_words(proof: CalendarProof, reading: ClockReading, at_ms: int) -> str:
    """Say how far an instant is ahead of the store's clock, and what to do."""
    far = f"{ahead_s(reading, at_ms):.0f} s ahead of the store's clock"
    if proof.is_real_time:
        return f"this computer's calendar is {far}: set the wrong one right"
    return (
        f"the simulated calendar is {far}, and this store takes no future: "
        "run the twin with plant.speed = 1, or leave remote_write.url empty"
    )
