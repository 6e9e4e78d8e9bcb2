"""The INA226's driver over the emulated chip, held against the register values of its data sheet (TI SBOS547)."""

import errno

import pytest

from vigie.errors import BusError, ChipError, WrongChipError
from vigie.hardware.emulated import EmulatedI2cBus, EmulatedIna219, EmulatedIna226
from vigie.hardware.emulated.ina226 import POWER_ON_CONFIGURATION
from vigie.hardware.i2c import I2cBus, RegisterReads, register_writes
from vigie.hardware.ina219 import Ina219
from vigie.hardware.ina226 import DIE_ID, Ina226, configuration_word
from vigie.hardware.meter import Averaging, Flag, MeterReading


class Bench:
    """One chip on a bus, a hand-turned clock, and the driver under test."""

    def __init__(self, averaging: Averaging = Averaging.TIMES_32) -> None:
        self.now_s = 0.0
        self.bus_v, self.shunt_v = 12.8, 0.05
        self.chip = EmulatedIna226(0x40, self.pins, self.time_s)
        self.adapter = EmulatedI2cBus([self.chip], self.pass_s)
        self.bus = I2cBus("emulated", open_adapter=self.adapter.open)
        self.meter = Ina226(self.bus, 0x40, averaging)

    def pins(self) -> tuple[float, float]:
        return self.bus_v, self.shunt_v

    def time_s(self) -> float:
        return self.now_s

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
    ("averaging", "word", "longest_s"),
    [
        (Averaging.BITS_12, 0x4097, 2 * 365e-6),  # one of 332 us
        (Averaging.TIMES_32, 0x4527, 2 * 16 * 1.21e-3),  # 16 of 1.1 ms
        (Averaging.TIMES_64, 0x456F, 2 * 16 * 2.328e-3),  # 16 of 2.116 ms
        (Averaging.TIMES_128, 0x45B7, 2 * 16 * 4.572e-3),  # 16 of 4.156 ms
    ],
)
def test_configuration_words_are_those_of_the_data_sheet(averaging: Averaging, word: int, longest_s: float) -> None:
    assert configuration_word(averaging) == word
    bench = Bench(averaging)
    bench.meter.verify()
    assert bench.register(0) == word
    assert bench.register(5) == 2048
    assert bench.meter.conversion_s == pytest.approx(longest_s)


@pytest.mark.parametrize("averaging", Averaging)
def test_it_averages_about_as_long_as_the_usual_chip_and_no_longer_while_it_is_watched(averaging: Averaging) -> None:
    share = Ina226.capability.conversion_s[averaging] / Ina219.capability.conversion_s[averaging]
    assert share < 1.0 if averaging is Averaging.BITS_12 else share == pytest.approx(1.0, abs=0.04)


@pytest.mark.parametrize("shunt_v", [0.081915, 0.05, 0.0000025, 0.0, -0.0000025, -0.05, -0.0819175])
def test_the_sign_of_the_shunt_voltage_is_right_to_the_last_bit(bench: Bench, shunt_v: float) -> None:
    bench.shunt_v = shunt_v
    reading = bench.read()
    assert reading.shunt_v == pytest.approx(shunt_v, abs=1e-10)
    assert reading.flags == 0


@pytest.mark.parametrize(("word", "shunt_v"), [(0x8300, -0.08), (0x7FFF, 0.0819175), (0x8000, -0.08192)])
def test_words_of_the_shunt_register_are_read_as_in_the_data_sheet(bench: Bench, word: int, shunt_v: float) -> None:
    bench.shunt_v = shunt_v
    assert bench.read().shunt_v == pytest.approx(shunt_v, abs=1e-10)
    assert bench.register(1) == word


def test_the_bus_register_is_read_as_in_the_data_sheet_s_example(bench: Bench) -> None:
    bench.bus_v = 11.98
    assert bench.read().bus_v == pytest.approx(11.98)
    assert bench.register(2) == 0x2570


@pytest.mark.parametrize(("true_v", "read_v"), [(12.8, 12.8), (12.8006, 12.8), (12.8007, 12.80125), (0.0, 0.0)])
def test_bus_voltage_comes_in_steps_of_a_millivolt_and_a_quarter(bench: Bench, true_v: float, read_v: float) -> None:
    bench.bus_v = true_v
    assert bench.read().bus_v == pytest.approx(read_v, abs=1e-9)


def test_thirty_six_volts_are_seen_and_not_clipped(bench: Bench) -> None:
    bench.bus_v = 36.0
    assert bench.read().bus_v == pytest.approx(36.0)


@pytest.mark.parametrize("shunt_v", [0.0819175, 0.5, -0.08192, -0.5])
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


def test_a_look_takes_no_freshness_from_the_next_read(bench: Bench) -> None:
    bench.pass_s(bench.meter.conversion_s)
    assert bench.meter.look_at_bus_v() == pytest.approx(12.8)
    assert bench.meter.look_at_shunt_v() == pytest.approx(0.05)
    assert bench.meter.read().flags == 0


def test_overflow_of_the_chips_arithmetic_is_flagged(bench: Bench) -> None:
    bench.bus.transfer(register_writes(0x40, ((5, 0x7FFF),)))
    assert bench.read().flags == Flag.OVERFLOW


def test_with_its_own_calibration_nothing_the_pins_bear_overflows(bench: Bench) -> None:
    bench.bus_v, bench.shunt_v = 36.0, -0.08192
    assert bench.read().flags == Flag.SATURATED


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
    restarted = Ina226(bench.bus, 0x40)
    bench.pass_s(restarted.conversion_s)
    assert restarted.read().flags == 0
    assert bench.chip.resets == resets


def test_averaging_is_changed_and_what_comes_back_has_it(bench: Bench) -> None:
    bench.meter.set_averaging(Averaging.BITS_12)
    assert bench.register(0) == configuration_word(Averaging.BITS_12)
    assert bench.meter.conversion_s < 0.0008
    assert bench.read().flags == 0


def test_the_ladder_is_retry_reopen_and_reset(bench: Bench) -> None:
    openings, resets = bench.adapter.openings, bench.chip.resets
    bench.chip.nacks, bench.chip.nack_errno = 2, errno.ETIMEDOUT
    assert bench.read().flags == 0
    bench.chip.nacks, bench.chip.nack_errno = 4, errno.EREMOTEIO
    assert bench.read().flags & Flag.RESET
    assert (bench.adapter.openings, bench.chip.resets) == (openings + 1, resets + 1)
    assert bench.read().flags == 0


def test_absent_chip_is_an_error_not_a_zero_and_costs_one_transfer_until_it_comes_back(bench: Bench) -> None:
    bench.chip.is_absent = True
    with pytest.raises(ChipError, match=r"INA226 at 0x40 on emulated does not answer; check"):
        bench.read()
    before = bench.adapter.transfers
    with pytest.raises(ChipError):
        bench.read()
    assert bench.adapter.transfers == before + 1
    bench.chip.is_absent = False
    bench.chip.reset()  # it was without power
    assert bench.read().flags & Flag.RESET
    assert bench.read().flags == 0


def test_a_held_bus_and_one_that_has_gone_are_told_apart(bench: Bench) -> None:
    bench.adapter.stall_s = 0.1
    with pytest.raises(ChipError, match="cannot be read"):
        bench.read()
    bench.adapter.stall_s, bench.adapter.is_gone = 0.0, True
    with pytest.raises(BusError, match="emulated has gone"):
        bench.read()


def test_an_ina219_at_the_address_is_named_and_not_written_to(bench: Bench) -> None:
    other = EmulatedIna219(0x40, bench.pins, bench.time_s)
    bench.adapter.chips[0x40] = other
    before = other.configuration
    with pytest.raises(WrongChipError, match=r"0x40 on emulated is no INA226 \(its ids read 0x0000 and 0x0000"):
        Ina226(bench.bus, 0x40).read()
    assert other.configuration == before


def test_an_ina226_where_an_ina219_is_meant_is_named_and_not_written_to(bench: Bench) -> None:
    for configuration in (POWER_ON_CONFIGURATION, configuration_word(Averaging.BITS_12)):
        bench.bus.transfer(register_writes(0x40, ((0, configuration),)))
        with pytest.raises(WrongChipError, match=rf"is no INA219 \(its configuration reads 0x{configuration:04x}"):
            Ina219(bench.bus, 0x40).read()
        assert bench.chip.configuration == configuration


def test_a_later_revision_of_the_die_is_the_same_chip(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(bench.chip._registers, DIE_ID, 0x2261)
    bench.bus.transfer(register_writes(0x40, ((5, 0),)))
    assert not Ina226(bench.bus, 0x40).verify()


def test_an_address_no_ina226_can_have_is_refused() -> None:
    with pytest.raises(ValueError, match=r"0x50 outside 0x40\.\.0x4f"):
        Ina226(Bench().bus, 0x50)
