"""What a message says of itself."""

import pytest

from tests.integration.web.snapshots import make_snapshot
from vigie.link.messages import stale_after_ms


@pytest.mark.parametrize(
    ("period_s", "speed", "expected_ms"), [(1.0, 1.0, 2_500.0), (10.0, 1.0, 25_000.0), (10.0, 300.0, 2_500.0)]
)
def test_a_snapshot_is_stale_after_two_and_a_half_periods_at_least_two_and_a_half_seconds(
    period_s: float, speed: float, expected_ms: float
) -> None:
    snapshot = make_snapshot(speed=speed)
    snapshot["loop"]["period_s"] = period_s
    assert stale_after_ms(snapshot) == expected_ms
