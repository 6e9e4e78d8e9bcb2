import errno

import pytest

from vigie.errors import BusError, ChipError
from vigie.hardware.emulated import EmulatedI2cBus, EmulatedIna219
from vigie.hardware.emulated.ina219 import POWER_ON_CONFIGURATION
from vigie.hardware.i2c import I2cBus, RegisterReads, register_writes
from vigie.hardware.ina219 import Ina219, configuration_word
from vigie.hardware.meter import Averaging, Flag, MeterReading


class Bench:
    """One chip on a bus, a hand-turned clock, and the driver under test."""

    def __init__(self, averaging: Averaging = Averaging.TIMES_32) -> None:
        self.now_s = 0.0
        self.bus_v, self.shunt_v = 12.8, 0.05
        self.chip = EmulatedIna219(0x40, lambda: (self.bus_v, self.shunt_v), lambda: self.now_s)
        self.adapter = EmulatedI2cBus([self.chip], self.pass_s)
        self.bus = I2cBus("emulated", open_adapter=self.adapter.open)
        self.meter = Ina219(self.bus, 0x40, averaging)

    def pass_s(self, seconds: float) -> None:
        self.now_s += seconds

    def read(self) -> MeterReading:
        self.pass_s(self.meter.conversion_s)
        return self.meter.read()

    def register(self, number: int) -> int:
        reads = RegisterReads(0x40, (number,), ">H")
        self.bus.transfer(reads.messages)
        return reads.words()[0]


@pytest.fixture
def bench() -> Bench:
    bench = Bench()
    bench.meter.verify()
    return bench


@pytest.mark.parametrize(
    ("averaging", "word"),
    [
        (Averaging.BITS_12, 0x399F),
        (Averaging.TIMES_32, 0x3EEF),
        (Averaging.TIMES_64, 0x3F77),
        (Averaging.TIMES_128, 0x3FFF),
    ],
)
def test_configuration_words_are_those_of_the_data_sheet(averaging: Averaging, word: int) -> None:
    assert configuration_word(averaging) == word
    bench = Bench(averaging)
    bench.meter.verify()
    assert bench.register(0) == word


@pytest.mark.parametrize("shunt_v", [0.31999, 0.05, 0.00001, 0.0, -0.00001, -0.05, -0.31999])
def test_the_sign_of_the_shunt_voltage_is_right_to_the_last_bit(bench: Bench, shunt_v: float) -> None:
    bench.shunt_v = shunt_v
    reading = bench.read()
    assert reading.shunt_v == pytest.approx(shunt_v, abs=1e-9)
    assert reading.flags == 0


@pytest.mark.parametrize(
    ("true_v", "read_v"), [(12.8, 12.8), (12.8015, 12.8), (12.8025, 12.804), (0.0, 0.0), (15.9, 15.9)]
)
def test_bus_voltage_comes_in_steps_of_four_millivolts(bench: Bench, true_v: float, read_v: float) -> None:
    bench.bus_v = true_v
    assert bench.read().bus_v == pytest.approx(read_v, abs=1e-9)


def test_over_sixteen_volts_is_seen_and_not_clipped(bench: Bench) -> None:
    bench.bus_v = 18.4
    assert bench.read().bus_v == pytest.approx(18.4)


@pytest.mark.parametrize("shunt_v", [0.32, 0.5, -0.32, -0.5])
def test_a_shunt_voltage_at_full_scale_is_flagged_saturated(bench: Bench, shunt_v: float) -> None:
    bench.shunt_v = shunt_v
    assert bench.read().flags == Flag.SATURATED


def test_a_second_read_within_one_conversion_is_flagged_stale(bench: Bench) -> None:
    assert bench.read().flags == 0
    assert bench.meter.read().flags == Flag.STALE
    assert bench.read().flags == 0


def test_a_chip_that_stops_converting_is_flagged_stale(bench: Bench) -> None:
    bench.chip.is_converting = False
    bench.read()
    assert bench.read().flags == Flag.STALE


def test_overflow_of_the_chips_arithmetic_is_flagged(bench: Bench) -> None:
    bench.shunt_v = 0.31
    bench.bus.transfer(register_writes(0x40, ((5, 0xFFFE),)))
    assert bench.read().flags == Flag.OVERFLOW


def test_a_reading_and_its_freshness_cost_one_transfer(bench: Bench) -> None:
    before = bench.adapter.transfers
    bench.read()
    assert bench.adapter.transfers == before + 1


@pytest.mark.parametrize("averaging", Averaging)
def test_a_chip_that_reset_itself_is_noticed_and_set_up_again(averaging: Averaging) -> None:
    bench = Bench(averaging)
    assert not bench.meter.verify()
    assert bench.read().flags == 0, "setting a chip up for the first time is no reset"
    assert bench.meter.verify()
    bench.chip.reset()
    assert bench.register(0) == POWER_ON_CONFIGURATION
    assert not bench.meter.verify()
    assert bench.register(0) == configuration_word(averaging)
    assert bench.read().flags == Flag.RESET
    assert bench.read().flags == 0


def test_a_chip_still_set_up_from_an_earlier_run_is_taken_as_it_is(bench: Bench) -> None:
    resets = bench.chip.resets
    restarted = Ina219(bench.bus, 0x40)
    bench.pass_s(restarted.conversion_s)
    assert restarted.read().flags == 0
    assert bench.chip.resets == resets


@pytest.mark.parametrize(
    "number", [errno.EREMOTEIO, errno.ENXIO, errno.EIO, errno.ETIMEDOUT, errno.EAGAIN, errno.EBUSY]
)
def test_two_failed_transfers_in_a_row_are_retried(bench: Bench, number: int) -> None:
    bench.chip.nacks, bench.chip.nack_errno = 2, number
    openings, resets = bench.adapter.openings, bench.chip.resets
    assert bench.read().flags == 0
    assert (bench.adapter.openings, bench.chip.resets) == (openings, resets)


def test_the_bus_is_reopened_after_three_failures_and_the_chip_reset_after_four(bench: Bench) -> None:
    openings, resets = bench.adapter.openings, bench.chip.resets
    bench.chip.nacks = 3
    assert bench.read().flags == 0
    assert (bench.adapter.openings, bench.chip.resets) == (openings + 1, resets)
    bench.chip.nacks = 4
    assert bench.read().flags & Flag.RESET
    assert bench.chip.resets == resets + 1
    assert bench.read().flags == 0


def test_reading_the_configuration_back_climbs_the_same_ladder(bench: Bench) -> None:
    openings = bench.adapter.openings
    bench.chip.nacks = 3
    assert bench.meter.verify()
    assert bench.adapter.openings == openings + 1
    bench.chip.nacks = 5
    with pytest.raises(ChipError):
        bench.meter.verify()
    assert bench.meter.verify(), "a chip that came back as it was is not reset"


def test_absent_chip_is_an_error_not_a_zero(bench: Bench) -> None:
    bench.chip.is_absent = True
    with pytest.raises(ChipError, match=r"INA219 at 0x40 on emulated does not answer; check"):
        bench.read()


def test_a_lost_chip_costs_one_transfer_until_it_comes_back(bench: Bench) -> None:
    bench.chip.is_absent = True
    with pytest.raises(ChipError):
        bench.read()
    before = bench.adapter.transfers
    with pytest.raises(ChipError):
        bench.read()
    assert bench.adapter.transfers == before + 1
    bench.chip.is_absent = False
    bench.chip.reset()  # it was without power
    assert bench.read().flags & Flag.RESET
    assert bench.read().flags == 0


def test_a_held_bus_is_told_apart_from_an_absent_chip(bench: Bench) -> None:
    bench.adapter.stall_s = 0.1
    before_s = bench.now_s
    with pytest.raises(ChipError, match="cannot be read"):
        bench.read()
    assert bench.now_s - before_s < 1.0


def test_a_bus_that_has_gone_is_a_bus_error_and_is_opened_again(bench: Bench) -> None:
    bench.adapter.is_gone = True
    with pytest.raises(BusError, match="emulated has gone"):
        bench.read()
    bench.adapter.is_gone = False
    openings = bench.adapter.openings
    assert bench.read().flags == 0
    assert bench.adapter.openings == openings + 1


def test_an_address_no_ina219_can_have_is_refused() -> None:
    with pytest.raises(ValueError, match=r"0x50 outside 0x40\.\.0x4f"):
        Ina219(Bench().bus, 0x50)
