import math
import time
from collections.abc import Iterator

import pytest

from tests.unit.controller.scripted_plant import ScriptedPlant
from vigie.clock import SimulatedClock
from vigie.controller.bus import BusThread
from vigie.errors import BusError


@pytest.fixture
def plant() -> Iterator[ScriptedPlant]:
    plant = ScriptedPlant()
    yield plant
    plant.gate.set()


@pytest.fixture
def bus(plant: ScriptedPlant) -> Iterator[BusThread]:
    bus = BusThread(plant, SimulatedClock(math.inf, 0.0), 3, 0.05)
    yield bus
    plant.gate.set()
    bus.close()


def test_reading_has_all_sweeps_and_the_temperature(bus: BusThread) -> None:
    reading = bus.read(1.0)
    assert [sweep.battery.bus_v for sweep in reading.sweeps] == [12.8] * 3
    assert reading.temperature.celsius == 25.0


def test_stuck_bus_is_an_error_at_the_deadline(bus: BusThread, plant: ScriptedPlant) -> None:
    plant.gate.clear()
    began_s = time.monotonic()
    with pytest.raises(BusError, match=r"not answered within 0\.05 s"):
        bus.read(0.05)
    assert time.monotonic() - began_s < 4.0


def test_while_it_is_stuck_every_call_fails_at_once(bus: BusThread, plant: ScriptedPlant) -> None:
    plant.gate.clear()
    with pytest.raises(BusError):
        bus.read(0.05)
    began_s = time.monotonic()
    with pytest.raises(BusError, match="still stuck"):
        bus.read(5.0)
    assert time.monotonic() - began_s < 4.0


def test_late_answer_is_discarded_and_the_next_reading_is_fresh(bus: BusThread, plant: ScriptedPlant) -> None:
    plant.gate.clear()
    with pytest.raises(BusError):
        bus.read(0.05)
    plant.gate.set()
    deadline_s = time.monotonic() + 2
    while time.monotonic() < deadline_s:
        plant.battery_v = 13.5
        try:
            reading = bus.read(1.0)
            break
        except BusError:
            continue
    assert {sweep.battery.bus_v for sweep in reading.sweeps} == {13.5}


def test_bus_that_is_gone_says_so_and_may_come_back(bus: BusThread, plant: ScriptedPlant) -> None:
    plant.sweep_error = BusError("cable off")
    with pytest.raises(BusError, match="cable off"):
        bus.read(1.0)
    plant.sweep_error = None
    assert len(bus.read(1.0).sweeps) == 3


def test_surprise_of_a_driver_is_a_bus_error_and_not_the_end_of_the_thread(
    bus: BusThread, plant: ScriptedPlant
) -> None:
    plant.sweep_error = ZeroDivisionError("oh")
    with pytest.raises(BusError, match="ZeroDivisionError"):
        bus.read(1.0)
    plant.sweep_error = None
    assert len(bus.read(1.0).sweeps) == 3


@pytest.mark.parametrize(
    ("late_s", "expected"),
    [(0.0, [0.0, 0.1, 0.2, 0.3, 0.4]), (0.15, [0.15, 0.2, 0.25, 0.3, 0.4]), (9.0, [9.0, 9.05, 9.1, 9.15, 9.2])],
)
def test_sweeps_are_spread_over_the_period_and_a_late_one_catches_up(late_s: float, expected: list[float]) -> None:
    clock = SimulatedClock(math.inf, 1_700_000_000.0)
    plant = ScriptedPlant(clock)
    taken: list[float] = []
    read_sweep = plant.read_sweep
    plant.read_sweep = lambda: (taken.append(clock.now_s()), read_sweep())[1]  # type: ignore[method-assign]
    clock.sleep_until(late_s)
    spread = BusThread(plant, clock, sweeps=5, interval_s=0.1)
    spread.read(60.0, due_s=0.0)
    spread.close()
    assert taken == pytest.approx(expected)
