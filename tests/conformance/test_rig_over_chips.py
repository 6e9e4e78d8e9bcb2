"""What the rig makes of faults that only chips and a bus have."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conformance.plants import RigBench
from vigie.control.signals import Channel, Contact, Reading, Relay, Status, Sweep
from vigie.errors import BusError
from vigie.hardware import ina219, ina226
from vigie.hardware.meter import Averaging
from vigie.plant.meter_chips import METER_CHIPS, MeterModel
from vigie.plant.port import LOOK_EVERY_S

FITTED = (Channel.BATTERY, Channel.CHARGE, Channel.LOAD)


WORDS = {MeterModel.INA219: ina219.configuration_word, MeterModel.INA226: ina226.configuration_word}


@pytest.fixture(params=MeterModel, ids=lambda meter: meter.name)
def bench(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[RigBench]:
    bench = RigBench(tmp_path, request.param)
    bench.plant.read_sweep()
    yield bench
    bench.plant.close()


def next_sweep(bench: RigBench, seconds: float = 0.05) -> Sweep:
    bench.clock.sleep_until(bench.clock.now_s() + seconds)
    return bench.plant.read_sweep()


def configured(bench: RigBench, averaging: Averaging) -> int:
    return WORDS[bench.settings.meter](averaging)


def test_an_error_names_the_address_of_the_chip(bench: RigBench) -> None:
    bench.lose_channel(Channel.LOAD)
    next_sweep(bench)
    assert f"{bench.settings.meter.name} at 0x42" in str(bench.plant.errors()[Channel.LOAD])


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
    assert reading.shunt_v == pytest.approx(bench.meter.shunt_full_scale_v)


def test_a_chip_of_another_kind_is_named_and_gives_no_value(bench: RigBench) -> None:
    meant = bench.settings.meter
    other = next(chip for model, chip in METER_CHIPS.items() if model != meant)
    fitted = bench.boards.bus.chips[0x42]
    bench.boards.bus.chips[0x42] = other.emulation(0x42, fitted.pins, bench.clock.now_s)
    sweeps = [next_sweep(bench, 1.0) for _ in range(3)]
    assert [sweep.load.status for sweep in sweeps[1:]] == [Status.FAILED] * 2
    assert sweeps[-1].charge.status == Status.GOOD
    assert f"the chip at 0x42 on /dev/i2c-1 is no {meant.name}" in str(bench.plant.errors()[Channel.LOAD])
    bench.boards.bus.chips[0x42] = fitted
    next_sweep(bench)
    assert next_sweep(bench).load.status == Status.GOOD


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


def test_while_it_is_watched_nothing_is_averaged_and_fresh_sweeps_come_within_milliseconds(bench: RigBench) -> None:
    chip = bench.boards.bus.chips[0x42]
    assert chip.configuration == configured(bench, Averaging.TIMES_32)
    bench.plant.set_watchful(True)
    assert chip.configuration == configured(bench, Averaging.BITS_12)
    began_s = bench.clock.now_s()
    sweeps = [bench.plant.read_sweep() for _ in range(10)]
    assert bench.clock.now_s() - began_s < 0.015
    assert {sweep[channel].status for sweep in sweeps for channel in FITTED} == {Status.GOOD}
    bench.plant.set_watchful(False)
    assert chip.configuration == configured(bench, Averaging.TIMES_32)
    assert [next_sweep(bench).load.status for _ in range(3)] == [Status.GOOD] * 3


def test_an_odd_look_is_not_read_again_by_the_sweep_that_follows(bench: RigBench) -> None:
    bench.plant.set_watchful(True)
    seen: list[float] = []

    def odd(charge: Reading, load: Reading) -> bool:
        seen.append(load.bus_v)
        return load.bus_v < 13.0

    chip, sound = bench.boards.bus.chips[0x42], bench.boards.bus.chips[0x42].pins
    at_s = bench.clock.now_s() + 2 * LOOK_EVERY_S
    chip.pins = lambda: sound() if abs(bench.clock.now_s() - at_s) > 1e-4 else (11.5, 0.0)
    assert bench.plant.watch(at_s + 1.0, odd)
    assert seen[-1] == 11.5
    assert all(bench.plant.read_sweep().load.bus_v > 13.0 for _ in range(10))


def test_a_chip_that_does_not_answer_a_look_ends_no_watch_and_costs_one_transfer(bench: RigBench) -> None:
    bench.plant.set_watchful(True)
    bench.lose_channel(Channel.LOAD)
    before, began_s = bench.boards.bus.transfers, bench.clock.now_s()
    assert not bench.plant.watch(began_s + 0.1, lambda charge, load: load.bus_v < 13.0 or charge.bus_v < 1.0)
    assert bench.boards.bus.transfers - before == 5 + 1
    assert next_sweep(bench).load.status == Status.FAILED
    bench.mend()
    bench.clock.sleep_until(bench.clock.now_s() + 1.0)
    next_sweep(bench)
    assert next_sweep(bench).load.status == Status.GOOD


def test_a_bus_that_goes_while_it_is_watched_is_an_error_at_once(bench: RigBench) -> None:
    bench.boards.bus.is_gone = True
    with pytest.raises(BusError):
        bench.plant.watch(bench.clock.now_s() + 1.0, lambda charge, load: False)


def test_a_chip_that_comes_back_while_it_is_watched_is_set_up_for_it(bench: RigBench) -> None:
    bench.lose_channel(Channel.LOAD)
    bench.plant.set_watchful(True)
    bench.mend()
    bench.boards.bus.chips[0x42].reset()
    for _ in range(3):
        reading = next_sweep(bench, 1.0).load
    assert reading.status == Status.GOOD
    assert bench.boards.bus.chips[0x42].configuration == configured(bench, Averaging.BITS_12)


def test_transfers_take_the_time_of_their_bits(bench: RigBench) -> None:
    bench.plant.set_watchful(True)
    for hertz, lowest_s, highest_s in ((100_000, 0.040, 0.045), (400_000, 0.010, 0.016)):  # three chips
        bench.boards.bus.clock_hz = hertz
        bench.plant.read_sweep()
        began_s = bench.clock.now_s()
        sweeps = [bench.plant.read_sweep() for _ in range(10)]
        assert lowest_s < bench.clock.now_s() - began_s < highest_s
        assert all(sweep.load.status == Status.GOOD for sweep in sweeps)
