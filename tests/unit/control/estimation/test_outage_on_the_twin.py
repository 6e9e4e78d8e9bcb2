"""An outage on the twin, from full to empty, through its meter and its noise: the time left, told on the way."""

import math
from typing import Any

import pytest

from vigie.clock import SimulatedClock
from vigie.config import check
from vigie.control.estimation.estimate import BatteryEstimate, estimate, initial_estimation
from vigie.control.estimation.estimated import UnknownWhy
from vigie.control.filtering import initial_filter_state, summarise
from vigie.control.signals import Temperature
from vigie.plant.installation import Installation
from vigie.plant.twin import Twin

FIRST_S, PERIOD_S = 7200.0, 20.0


def lived(**installation: Any) -> list[tuple[float, float, BatteryEstimate]]:
    """Return time, battery voltage and estimate of every period until the battery stands at 10.5 V."""
    outages = {"kind": "every", "every_s": 900_000.0, "first_s": FIRST_S, "lasting_s": 800_000.0}
    twin_settings = {"installation": {"outages": outages, **installation}}
    config = check({"plant": {"kind": "twin", "scenario": "standby"}, "twin": twin_settings}, "test")
    clock = SimulatedClock(math.inf)
    site = Installation(config.twin.installation)
    twin = Twin(site, clock, config.twin)
    channels, rules = config.channels_settings(), config.lookout_settings().estimation
    filtered, state = initial_filter_state(), initial_estimation(0.0)
    seen: list[tuple[float, float, BatteryEstimate]] = []
    while not seen or seen[-1][0] <= FIRST_S or seen[-1][1] > 10.5:
        clock.sleep_until(clock.now_s() + PERIOD_S)
        sweeps = tuple(twin.read_sweep() for _ in range(6))
        filtered, image = summarise(
            filtered,
            sweeps,
            twin.read_temperature(),
            Temperature(site.ambient_c, 0),
            twin.read_contacts(),
            clock.now_s(),
            channels,
            config.filter,
        )
        state, told = estimate(state, image, rules)
        seen.append((clock.now_s(), image.battery.bus_v if image.battery.is_valid else 0.0, told))
        assert clock.now_s() < 200_000.0
    return seen


@pytest.mark.parametrize("load_a", [0.5, 1.2])
def test_an_outage_from_full_to_empty_is_told_within_its_claim(load_a: float) -> None:
    """7 % of the whole from 40 % depth on, and the truth within the band; before, the label's band holds it."""
    seen = lived(battery={"c20_ah": 7.0, "start_soc": 1.0}, load={"current_a": load_a})
    before = [told for at_s, _, told in seen if FIRST_S - 600.0 < at_s < FIRST_S]
    assert before[-1].soc.value == pytest.approx(1.0, abs=0.01)
    outage = [(at_s, told) for at_s, _, told in seen if at_s > FIRST_S + PERIOD_S]
    end_s = outage[-1][0]
    lasted_s = end_s - FIRST_S
    for at_s, told in outage:
        depth, left_s = (at_s - FIRST_S) / lasted_s, end_s - at_s
        assert told.remaining_s.why == UnknownWhy.NONE
        assert told.is_discharging
        if 0.05 < depth < 0.97:
            assert told.remaining_s.low <= left_s <= told.remaining_s.high, depth
        if depth >= 0.4:
            assert abs(told.remaining_s.value - left_s) <= 0.07 * lasted_s, depth
    assert outage[-1][1].drawn_ah.value == pytest.approx(load_a * lasted_s / 3600.0, rel=0.02)
    assert outage[-1][1].capacity_ah.value == pytest.approx(7.0, rel=0.07)
