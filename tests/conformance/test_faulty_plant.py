"""What every plant whose meter and thermometer can fail must do when they do."""

import math
from collections.abc import Iterator
from pathlib import Path

import pytest
from plants import FAULTY_BENCHES, RigBench

from vigie.control.signals import Channel, Contact, Relay, Status, Sweep
from vigie.errors import BusError, RelayError

FITTED = (Channel.BATTERY, Channel.CHARGE, Channel.LOAD)


@pytest.fixture(params=sorted(FAULTY_BENCHES))
def bench(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[RigBench]:
    bench = FAULTY_BENCHES[request.param](tmp_path)
    bench.plant.read_sweep()
    yield bench
    bench.plant.close()


def next_sweep(bench: RigBench, seconds: float = 0.05) -> Sweep:
    bench.clock.sleep_until(bench.clock.now_s() + seconds)
    return bench.plant.read_sweep()


@pytest.mark.parametrize("channel", FITTED)
def test_absent_chip_is_failed_and_never_a_zero(bench: RigBench, channel: Channel) -> None:
    bench.lose_channel(channel)
    for _ in range(3):
        reading = next_sweep(bench)[channel]
        assert reading.status == Status.FAILED
        assert math.isnan(reading.bus_v)
        assert math.isnan(reading.shunt_v)


@pytest.mark.parametrize("channel", FITTED)
def test_the_others_still_count_when_one_chip_is_absent(bench: RigBench, channel: Channel) -> None:
    bench.lose_channel(channel)
    sweep = next_sweep(bench)
    others = [sweep[other] for other in FITTED if other != channel]
    assert [reading.status for reading in others] == [Status.GOOD] * 2
    assert set(bench.plant.errors()) == {channel}
    assert f"0x{0x40 + channel:02x}" in str(bench.plant.errors()[channel])


def test_a_chip_that_comes_back_counts_again_and_its_error_goes(bench: RigBench) -> None:
    bench.lose_channel(Channel.BATTERY)
    next_sweep(bench)
    bench.lose_channel(Channel.BATTERY, is_lost=False)
    next_sweep(bench)
    assert next_sweep(bench).battery.status == Status.GOOD
    assert bench.plant.errors() == {}


def test_a_chip_that_reset_itself_is_told_within_the_period_and_good_after(bench: RigBench) -> None:
    bench.boards.bus.chips[0x41].reset()
    seen = [next_sweep(bench).charge.status for _ in range(25)]
    assert any(status & Status.RESET for status in seen)
    assert seen[-1] == Status.GOOD
    assert not any(status & Status.RESET for status in seen[-4:])


def test_a_chip_that_stops_converting_is_stale_and_not_the_last_value(bench: RigBench) -> None:
    bench.boards.bus.chips[0x42].is_converting = False
    next_sweep(bench)
    assert next_sweep(bench).load.status == Status.STALE


def test_a_current_beyond_the_meter_is_saturated(bench: RigBench) -> None:
    bench.boards.bus.chips[0x42].pins = lambda: (12.5, 0.41)
    next_sweep(bench)
    reading = next_sweep(bench).load
    assert reading.status == Status.SATURATED
    assert reading.shunt_v == pytest.approx(0.32)


def test_a_bus_that_has_gone_is_an_error_of_the_whole_and_comes_back(bench: RigBench) -> None:
    bench.lose_bus()
    with pytest.raises(BusError):
        next_sweep(bench)
    bench.lose_bus(is_lost=False)
    assert next_sweep(bench).battery.status == Status.GOOD


def test_contacts_can_be_moved_while_the_bus_is_gone(bench: RigBench) -> None:
    bench.plant.switch(Relay.R2, Contact.OPEN)
    bench.lose_bus()
    bench.plant.switch(Relay.R2, Contact.CLOSED)
    assert bench.installation.contacts.r2 is Contact.CLOSED


def test_a_held_bus_fails_every_channel_within_seconds(bench: RigBench) -> None:
    bench.boards.bus.stall_s = 0.1
    before_s = bench.clock.now_s()
    sweep = next_sweep(bench)
    assert [sweep[channel].status for channel in FITTED] == [Status.FAILED] * 3
    assert bench.clock.now_s() - before_s < 3.0
    bench.boards.bus.stall_s = 0.0
    next_sweep(bench)
    assert next_sweep(bench).battery.status == Status.GOOD


def test_a_lost_thermometer_is_failed_and_comes_back(bench: RigBench) -> None:
    bench.lose_thermometer()
    temperature = bench.plant.read_temperature()
    assert temperature.status == Status.FAILED
    assert math.isnan(temperature.celsius)
    bench.lose_thermometer(is_lost=False)
    assert bench.plant.read_temperature().status == Status.GOOD


def test_a_contact_that_does_not_move_is_an_error(bench: RigBench) -> None:
    bench.boards.gpio.stuck.add("GPIO13")
    with pytest.raises(RelayError, match="R2 did not move"):
        bench.plant.switch(Relay.R2, Contact.OPEN)
    assert bench.plant.read_contacts().r2 is Contact.CLOSED
