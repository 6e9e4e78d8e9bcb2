"""What a store refused for good, as it is kept: single series one by one, whole instants together."""

import pytest

from vigie.delivery.answers import Offence, RefusedForGood
from vigie.delivery.asides import asides_of
from vigie.delivery.halving import Offender
from vigie.delivery.wire import SeriesBlock
from vigie.telemetry.delivery_log import Aside
from vigie.telemetry.schema import KEYS_PER_MS

A = SeriesBlock((("__name__", "a"),), [10, 20], [1.0, 2.0])
B = SeriesBlock((("__name__", "b"),), [15, 30, 40], [1.0, 2.0, 3.0])
C = SeriesBlock((("__name__", "c"),), [20], [1.0])
URL = "http://store/write"


def aside(first_ms: int, last_ms: int, series: str, samples: int) -> Aside:
    last_key = (last_ms + 1) * KEYS_PER_MS - 1  # the last period the millisecond has room for
    return Aside(first_ms * KEYS_PER_MS, last_key, series, samples, 400, "no", URL, 99, 99)


A_ALONE, B_ALONE = aside(10, 20, "a{}", 2), aside(15, 40, "b{}", 3)


@pytest.mark.parametrize(
    ("blocks", "whole", "offence", "expected"),
    [
        ([A, B], [A, B, C], Offence.OTHER, [A_ALONE, B_ALONE]),
        ([B, A], [A, B, C], Offence.OTHER, [A_ALONE, B_ALONE]),
        ([A, B], [A, B], Offence.OTHER, [aside(10, 40, "", 5)]),
        ([A, B], [A, B, C], Offence.TOO_OLD, [aside(10, 40, "", 5)]),
        ([A, B], [A, B, C], Offence.TOO_NEW, [aside(10, 40, "", 5)]),
        ([A], [A], Offence.OTHER, [A_ALONE]),
    ],
)
def test_series_stand_alone_unless_all_or_their_instants_are_refused(
    blocks: list[SeriesBlock], whole: list[SeriesBlock], offence: Offence, expected: list[Aside]
) -> None:
    assert asides_of([Offender(blocks, RefusedForGood(400, "no", offence))], whole, URL, 99) == expected
