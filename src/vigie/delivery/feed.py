"""Rows of the journal turned into series, by the one table of metrics."""

import struct
from collections.abc import Sequence
from itertools import chain

from vigie.delivery.wire import Labels, SeriesBlock
from vigie.telemetry.delivery_log import Chunk
from vigie.telemetry.metrics import METRICS, Exposed, FromRecord, client_series, our_series
from vigie.telemetry.records import PeriodRecord
from vigie.telemetry.rows import Row, record_of, utc_ms_of
from vigie.telemetry.schema import period_columns

STALE: float = struct.unpack("<d", struct.pack("<Q", 0x7FF0000000000002))[0]
"""Prometheus' stale marker: "this series ends here". Queries neither show nor count it."""

_METRICS = tuple((metric, metric.source) for metric in METRICS if isinstance(metric.source, FromRecord))
_Values = tuple[float | None, ...]


class Feed:
    """Makes series of one site and battery."""

    def __init__(self, site: str, battery: str, *, with_client_names: bool) -> None:
        """Learn the series from the table of metrics; ``with_client_names`` sends each under both its names."""
        self._with_client_names = with_client_names
        nothing = record_of((0,) * len(period_columns()))
        fixed = (("battery", battery), ("site", site))
        self.labels: tuple[Labels, ...] = tuple(
            tuple(sorted((("__name__", name), *fixed, *labels))) for name, labels, _ in self._exposed(nothing)
        )
        """All series, always in the same order."""

    def blocks(self, chunk: Chunk, only: str = "") -> tuple[list[SeriesBlock], int]:
        """Return the series of a chunk's rows, and how many of its periods share another's millisecond.

        A value that is not valid gives no sample; where it follows a valid one, the series gets a stale marker. Of
        several periods in one millisecond the first valid value counts: no store keeps two.

        Args:
            chunk: rows, and what came before them.
            only: name of the one series wanted, as :func:`series_name` gives it; empty: all.
        """
        earlier = [self._values(row) for row in chunk.sent]
        before = self._values(chunk.before) if chunk.before is not None else None
        taken = _first_valid(earlier)
        times_ms = [utc_ms_of(row) for row in chunk.rows]
        columns = zip(*map(self._values, chunk.rows), strict=True)
        first_ms = utc_ms_of(chunk.sent[0]) if chunk.sent else None
        merged = sum(now == last for now, last in zip(times_ms, chain([first_ms], times_ms), strict=False))
        blocks = []
        for number, (labels, column) in enumerate(zip(self.labels, columns, strict=False)):
            if only and series_name(labels) != only:
                continue
            is_taken = taken is not None and taken[number] is not None
            was_valid = is_taken or (before is not None and before[number] is not None)
            block = _block(labels, times_ms, column, first_ms if is_taken else None, was_valid=was_valid)
            if merged:
                block = _one_per_instant(block)
            if block.times_ms:
                blocks.append(block)
        return blocks, merged

    def _values(self, row: Row) -> _Values:
        return tuple(
            value if value is not None and value == value else None  # noqa: PLR0124 - NaN is not itself
            for _, _, value in self._exposed(record_of(row))
        )

    def _exposed(self, record: PeriodRecord) -> list[Exposed]:
        found: list[Exposed] = []
        for metric, source in _METRICS:
            samples = list(source.read(record))
            found += our_series(metric, samples)
            if self._with_client_names:
                found += client_series(metric, samples)
        return found


def series_name(labels: Labels) -> str:
    """Return a series as PromQL writes it.

    >>> series_name((("__name__", "vigie_mode"), ("mode", "cycle")))
    'vigie_mode{mode="cycle"}'
    """
    name = dict(labels)["__name__"]
    return name + "{" + ",".join(f'{key}="{value}"' for key, value in labels if key != "__name__") + "}"


def samples_in(blocks: Sequence[SeriesBlock]) -> int:
    """Return the number of samples."""
    return sum(len(block.times_ms) for block in blocks)


def _first_valid(rows: Sequence[_Values]) -> _Values | None:
    if not rows:
        return None
    return tuple(next((value for value in column if value is not None), None) for column in zip(*rows, strict=True))


def _block(
    labels: Labels, times_ms: Sequence[int], column: Sequence[float | None], taken_ms: int | None, *, was_valid: bool
) -> SeriesBlock:
    """Return a series without what is not valid, and without the instant that has its sample already."""
    if None not in column and taken_ms is None:
        return SeriesBlock(labels, list(times_ms), list(column))  # type: ignore[arg-type]
    block = SeriesBlock(labels, [], [])
    for time_ms, value in zip(times_ms, column, strict=True):
        if (value is not None or was_valid) and time_ms != taken_ms:
            block.times_ms.append(time_ms)
            block.values.append(STALE if value is None else value)
        was_valid = value is not None
    return block


def _one_per_instant(block: SeriesBlock) -> SeriesBlock:
    """Keep the first valid value of each millisecond; a stale marker only where there is none."""
    kept: dict[int, float] = {}
    for time_ms, value in zip(block.times_ms, block.values, strict=True):
        earlier = kept.get(time_ms)
        if earlier is None or earlier != earlier:  # noqa: PLR0124 - NaN is not itself
            kept[time_ms] = value
    return SeriesBlock(block.labels, list(kept), list(kept.values()))
