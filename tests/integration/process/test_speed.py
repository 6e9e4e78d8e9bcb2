"""How fast a simulated installation can be made to run, with everything recorded."""

import time
from collections.abc import Callable

from tests.waiting import wait_for

from .installations import TWIN, Site

LEAST_SPEED = 10
"""What a busy machine must still reach of the 300 asked for; a quiet one reaches them."""


def test_at_300_times_real_time_no_period_is_skipped_or_lost(site: Callable[..., Site]) -> None:
    twin = site(TWIN, speed=300, soc=0.8).started()
    first, began_s = twin.snapshot(), time.monotonic()
    last = wait_for(lambda: now if (now := twin.snapshot())["seq"] >= first["seq"] + 900 else None)
    plant_s = (last["utc_ms"] - first["utc_ms"]) / 1_000
    assert plant_s / (time.monotonic() - began_s) >= LEAST_SPEED
    assert last["seq"] - first["seq"] == plant_s
    assert last["loop"]["overruns"] == 0
    assert last["journal"]["lost_periods"] == 0
