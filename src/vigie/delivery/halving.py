"""A refused request cut in halves until the samples that offend stand alone."""

from bisect import bisect_left
from collections import deque
from collections.abc import Callable
from typing import NamedTuple

from vigie.delivery.answers import Offence, RefusedForGood
from vigie.delivery.wire import SeriesBlock

Blocks = list[SeriesBlock]
MOST_TRIES = 400
"""Requests one refused batch may cost; what is not told apart by then is set aside in larger pieces."""
HOPELESS_TRIES = 30
"""When halves, quarters, eighths and sixteenths have been refused and none was taken, the whole is the offender."""
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
        self._tries_left = tries

    def offenders(self, blocks: Blocks, refusal: RefusedForGood) -> list[Offender]:
        """Return the offenders among blocks that were refused as a whole."""
        waiting, found = deque([Offender(blocks, refusal)]), list[Offender]()
        tries, has_taken = 0, False
        while waiting:
            if not has_taken and tries >= HOPELESS_TRIES:
                return [Offender(blocks, refusal)]
            piece = waiting.popleft()
            parts = halves(piece.blocks, piece.refusal.offence) if self._tries_left > 0 else None
            if parts is None:
                found.append(piece)
            elif len(piece.blocks) == 1 < len(blocks):
                found += self.offenders(*piece)  # one series may be hopeless alone
            else:
                tries += 2
                taken, beyond, refused = self._try(parts, piece.refusal.offence)
                has_taken = has_taken or taken
                found += beyond
                waiting += refused
        return found

    def _try(self, parts: tuple[Blocks, Blocks], offence: Offence) -> tuple[bool, list[Offender], list[Offender]]:
        """Return whether a half was taken, what offends as a whole, and what has to be cut further."""
        # A limit in time: when it cuts the half that is nearer to now, the other half lies beyond it.
        first, second = parts[::-1] if offence == Offence.TOO_OLD else parts
        refusals = [self._refusal_of(first)]
        if refusals[0] is not None and refusals[0].offence in OF_TIME and refusals[0].offence == offence:
            return True, [Offender(second, refusals[0])], [Offender(first, refusals[0])]
        refusals.append(self._refusal_of(second))
        refused = [Offender(part, why) for part, why in zip((first, second), refusals, strict=True) if why is not None]
        return len(refused) < 2, [], refused

    def _refusal_of(self, blocks: Blocks) -> RefusedForGood | None:
        self._tries_left -= 1
        try:
            self._send(blocks)
        except RefusedForGood as refusal:
            return refusal
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
