"""What a store refused for good, as the journal keeps it."""

from collections.abc import Sequence

from vigie.delivery.answers import RefusedForGood
from vigie.delivery.feed import samples_in, series_name
from vigie.delivery.halving import OF_TIME, Blocks, Offender
from vigie.telemetry.delivery_log import Aside
from vigie.telemetry.schema import KEYS_PER_MS


def asides_of(offenders: Sequence[Offender], whole: Blocks, url: str, now_ms: int) -> list[Aside]:
    """Return the offenders of a batch: whole instants together, single series one by one."""
    asides = []
    for blocks, refusal in offenders:
        if refusal.offence in OF_TIME or len(blocks) == len(whole) > 1:
            asides.append(_aside(blocks, "", refusal, url, now_ms))
        else:
            asides += [_aside([block], series_name(block.labels), refusal, url, now_ms) for block in blocks]
    return sorted(asides)


def _aside(blocks: Blocks, series: str, refusal: RefusedForGood, url: str, now_ms: int) -> Aside:
    first_ms = min(block.times_ms[0] for block in blocks)
    last_ms = max(block.times_ms[-1] for block in blocks)
    return Aside(
        first_ms * KEYS_PER_MS,
        last_ms * KEYS_PER_MS + KEYS_PER_MS - 1,
        series,
        samples_in(blocks),
        refusal.status,
        refusal.words,
        url,
        now_ms,
        now_ms,
    )
