"""What every plant whose meter and thermometer can fail must do when they do."""

import math
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conformance.plants import FAULTY, FaultyBench
from vigie.control.signals import Channel, Contact, Relay, Status, Sweep
from vigie.errors import RelayError

FITTED = (Channel.BATTERY, Channel.CHARGE, Channel.LOAD)


@pytest.fixture(params=sorted(FAULTY))
def bench(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[FaultyBench]:
    bench = FAULTY[request.param](tmp_path)
    bench.plant.read_sweep()
    yield bench
    bench.plant.close()


def next_sweep(bench: FaultyBench, seconds: float = 0.05) -> Sweep:
    bench.clock.sleep_until(bench.clock.now_s() + seconds)
    return bench.plant.read_sweep()


@pytest.mark.parametrize("channel", FITTED)
def test_absent_chip_is_failed_and_never_a_zero(bench: FaultyBench, channel: Channel) -> None:
    bench.lose_channel(channel)
    for _ in range(3):
        reading = next_sweep(bench)[channel]
        assert reading.status == Status.FAILED
        assert math.isnan(reading.bus_v)
        assert math.isnan(reading.shunt_v)


@pytest.mark.parametrize("channel", FITTED)
def test_the_others_still_count_when_one_chip_is_absent(bench: FaultyBench, channel: Channel) -> None:
    bench.lose_channel(channel)
    sweep = next_sweep(bench)
    others = [sweep[other] for other in FITTED if other != channel]
    assert [reading.status for reading in others] == [Status.GOOD] * 2
    assert set(bench.plant.errors()) == {channel}
    assert str(bench.plant.errors()[channel])


def test_a_chip_that_comes_back_counts_again_and_its_error_goes(bench: FaultyBench) -> None:
    bench.lose_channel(Channel.BATTERY)
    next_sweep(bench)
    bench.mend()
    next_sweep(bench)
    assert next_sweep(bench).battery.status == Status.GOOD
    assert bench.plant.errors() == {}


def test_a_lost_thermometer_is_failed_and_comes_back(bench: FaultyBench) -> None:
    bench.lose_thermometer()
    temperature = bench.plant.read_temperature()
    assert temperature.status == Status.FAILED
    assert math.isnan(temperature.celsius)
    bench.mend()
    assert bench.plant.read_temperature().status == Status.GOOD


def test_a_lost_thermometer_of_the_air_costs_the_batterys_nothing(bench: FaultyBench) -> None:
    bench.lose_ambient_thermometer()
    ambient = bench.plant.read_ambient()
    assert ambient.status == Status.FAILED
    assert math.isnan(ambient.celsius)
    assert bench.plant.read_temperature().status == Status.GOOD
    bench.mend()
    assert bench.plant.read_ambient().status == Status.GOOD


def test_a_contact_that_does_not_move_is_an_error(bench: FaultyBench) -> None:
    bench.jam(Relay.R2)
    with pytest.raises(RelayError, match="R2"):
        bench.plant.switch(Relay.R2, Contact.OPEN)
    assert bench.plant.read_contacts().r2 is Contact.CLOSED
    bench.mend()
    bench.plant.switch(Relay.R2, Contact.OPEN)
    assert bench.plant.read_contacts().r2 is Contact.OPEN
