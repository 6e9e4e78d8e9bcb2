"""A refused request cut in halves until the samples that offend stand alone."""

from bisect import bisect_left
from collections.abc import Callable
from typing import NamedTuple

from vigie.delivery.answers import Offence, RefusedForGood
from vigie.delivery.wire import SeriesBlock

Blocks = list[SeriesBlock]
MOST_TRIES = 400
"""Requests one refused batch may cost; what is not told apart by then is set aside in larger pieces."""
HOPELESS_TRIES = 32
"""When that many pieces have been refused and none was taken, the batch is refused as a whole."""
OF_TIME = frozenset({Offence.TOO_OLD, Offence.TOO_NEW})


class Offender(NamedTuple):
    """Samples the store does not take, and its words."""

    blocks: Blocks
    refusal: RefusedForGood


class Halving:
    """Finds the offenders of one batch; the store has taken everything else when it is done."""

    def __init__(self, send: Callable[[Blocks], None], tries: int = MOST_TRIES) -> None:
        """Take what sends a piece, and raises :class:`RefusedForGood` when it is refused."""
        self._send = send
        self._most_tries = tries
        self._tries = 0
        self._has_taken = False

    def offenders(self, blocks: Blocks, refusal: RefusedForGood) -> list[Offender]:
        """Return the offenders among blocks that were refused as a whole."""
        found = self._within(blocks, refusal)
        return found if self._has_taken else [Offender(blocks, refusal)]

    def _within(self, blocks: Blocks, refusal: RefusedForGood) -> list[Offender]:
        parts = halves(blocks, refusal.offence)
        if parts is None or self._is_spent():
            return [Offender(blocks, refusal)]
        # A limit in time: when it cuts the half that is nearer to now, the other half lies beyond it.
        first, second = parts[::-1] if refusal.offence == Offence.TOO_OLD else parts
        again = self._refusal_of(first)
        if again is not None and again.offence in OF_TIME and again.offence == refusal.offence:
            return [*self._within(first, again), Offender(second, again)]
        found = [] if again is None else self._within(first, again)
        again = self._refusal_of(second)
        return found if again is None else found + self._within(second, again)

    def _is_spent(self) -> bool:
        return self._tries >= (self._most_tries if self._has_taken else HOPELESS_TRIES)

    def _refusal_of(self, blocks: Blocks) -> RefusedForGood | None:
        self._tries += 1
        try:
            self._send(blocks)
        except RefusedForGood as refusal:
            return refusal
        self._has_taken = True
        return None


def halves(blocks: Blocks, offence: Offence) -> tuple[Blocks, Blocks] | None:
    """Return two halves, None when there is nothing left to cut.

    What is about time or size is cut in time, the earlier half first; a limit in time never cuts one instant. For
    other offences one series is likelier than one instant.
    """
    instants = sorted({time_ms for block in blocks for time_ms in block.times_ms})
    if len(blocks) > 1 and offence == Offence.OTHER:
        return blocks[: len(blocks) // 2], blocks[len(blocks) // 2 :]
    if len(instants) > 1:
        return cut(blocks, instants[len(instants) // 2])
    if len(blocks) > 1 and offence not in OF_TIME:
        return blocks[: len(blocks) // 2], blocks[len(blocks) // 2 :]
    return None


def cut(blocks: Blocks, time_ms: int) -> tuple[Blocks, Blocks]:
    """Return what lies before an instant, and what does not; series without a sample are left out."""
    before, after = [], []
    for labels, times_ms, values in blocks:
        at = bisect_left(times_ms, time_ms)
        if at:
            before.append(SeriesBlock(labels, times_ms[:at], values[:at]))
        if at < len(times_ms):
            after.append(SeriesBlock(labels, times_ms[at:], values[at:]))
    return before, after
