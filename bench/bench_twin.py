"""What the twin costs: a battery step, an installation second, a sweep, a recording.

Run it: ``python bench/bench_twin.py``. Limits are for a core of a common desktop; a Pi 5 takes about twice.
"""

import math
import time
from collections.abc import Callable

from vigie.battery.charge import Charger
from vigie.battery.parameters import NEW, Battery, agm
from vigie.battery.step import resting, step_at_current, step_on_charger
from vigie.clock import SimulatedClock
from vigie.control.signals import Channel
from vigie.plant.installation import Installation
from vigie.plant.scenario import DEMO
from vigie.plant.twin import Twin

Row = tuple[str, float, str, float]
"""Name, value, unit, limit."""


def _us_each(work: Callable[[int], object], times: int) -> float:
    """Best of three rounds, microseconds a call."""
    rounds = []
    for _ in range(3):
        begun_s = time.perf_counter()
        for n in range(times):
            work(n)
        rounds.append((time.perf_counter() - begun_s) / times * 1e6)
    return min(rounds)


def _discharge_step() -> float:
    battery, state = Battery(agm(7.0), NEW), resting(0.9, 25.0)
    return _us_each(lambda _: step_at_current(battery, state, 0.5, 25.0, 1.0), 5000)


def _charge_step() -> float:
    battery, charger = Battery(agm(7.0), NEW), Charger(13.6, 1.4, 0.15)
    state = resting(0.7, 25.0)
    for _ in range(3600):
        state = step_on_charger(battery, state, charger, 25.0, 1.0).state
    return _us_each(lambda _: step_on_charger(battery, state, charger, 25.0, 1.0), 5000)


def _installation_second() -> float:
    site = Installation(DEMO.settings.installation)

    def second(_: int) -> None:
        site.advance_to(site.now_s + 1.0)
        site.node(Channel.CHARGE)

    return _us_each(second, 4000)


def _sweep() -> float:
    settings = DEMO.settings
    clock = SimulatedClock(speed=math.inf)
    twin = Twin(Installation(settings.installation), clock, settings)
    return _us_each(lambda _: twin.read_sweep(), 5000)


def _period() -> float:
    """A second of the site and the ten sweeps of a control period."""
    settings = DEMO.settings
    clock = SimulatedClock(speed=math.inf)
    twin = Twin(Installation(settings.installation), clock, settings)

    def period(_: int) -> None:
        clock.sleep_until(clock.now_s() + 1.0)
        for _ in range(10):
            twin.read_sweep()

    return _us_each(period, 500)


def rows() -> list[Row]:
    """Measure everything; a few seconds."""
    return [
        ("battery step, discharge, plain", _discharge_step(), "us", 20.0),
        ("battery step, charge, plain", _charge_step(), "us", 30.0),
        ("installation second, plain", _installation_second(), "us", 100.0),
        ("twin sweep", _sweep(), "us", 30.0),
        ("twin period of ten sweeps", _period(), "us", 400.0),
    ]


if __name__ == "__main__":
    for name, value, unit, limit in rows():
        print(f"{name:36} {value:8.1f} {unit}  limit {limit:g}{'' if value <= limit else '  OVER'}")
