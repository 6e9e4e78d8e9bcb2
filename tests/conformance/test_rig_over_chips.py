"""What the rig makes of faults that only chips and a bus have."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conformance.plants import RigBench
from vigie.control.signals import Channel, Contact, Relay, Status, Sweep
from vigie.errors import BusError

FITTED = (Channel.BATTERY, Channel.CHARGE, Channel.LOAD)


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[RigBench]:
    bench = RigBench(tmp_path)
    bench.plant.read_sweep()
    yield bench
    bench.plant.close()


def next_sweep(bench: RigBench, seconds: float = 0.05) -> Sweep:
    bench.clock.sleep_until(bench.clock.now_s() + seconds)
    return bench.plant.read_sweep()


def test_an_error_names_the_address_of_the_chip(bench: RigBench) -> None:
    bench.lose_channel(Channel.LOAD)
    next_sweep(bench)
    assert "INA219 at 0x42" in str(bench.plant.errors()[Channel.LOAD])


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
    bench.boards.bus.is_gone = True
    with pytest.raises(BusError):
        next_sweep(bench)
    bench.boards.bus.is_gone = False
    assert next_sweep(bench).battery.status == Status.GOOD


def test_contacts_can_be_moved_while_the_bus_is_gone(bench: RigBench) -> None:
    bench.plant.switch(Relay.R2, Contact.OPEN)
    bench.boards.bus.is_gone = True
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


def test_a_chip_that_holds_the_bus_is_asked_once_a_second_so_that_the_others_keep_their_period(bench: RigBench) -> None:
    bench.boards.bus.stall_s = 0.1
    bench.boards.bus.held_by = {0x42}
    before_s = bench.clock.now_s()
    sweeps = [next_sweep(bench, 0.0) for _ in range(10)]
    assert bench.clock.now_s() - before_s < 0.9
    for sweep in sweeps[1:]:
        assert (sweep.battery.status, sweep.charge.status, sweep.load.status) == (0, 0, Status.FAILED)
        assert "0x42" in str(bench.plant.errors()[Channel.LOAD])
    bench.boards.bus.stall_s = 0.0
    bench.clock.sleep_until(bench.clock.now_s() + 1.0)
    next_sweep(bench)
    assert next_sweep(bench).load.status == Status.GOOD
