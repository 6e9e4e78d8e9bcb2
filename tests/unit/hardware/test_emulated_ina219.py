"""The emulated chip against the data sheet (TI SBOS448G), so that the driver is tested on the right thing."""

import pytest

from vigie.hardware.emulated import EmulatedIna219

CONFIGURATION, SHUNT, BUS, POWER, CURRENT, CALIBRATION = range(6)
CNVR, OVF = 0b10, 0b01


class Wires:
    """A chip, its clock and its pins."""

    def __init__(self) -> None:
        self.now_s = 0.0
        self.pins = (12.0, 0.02)
        self.chip = EmulatedIna219(0x40, lambda: self.pins, lambda: self.now_s)

    def write(self, register: int, word: int) -> None:
        self.chip.write(bytes([register, word >> 8, word & 0xFF]))

    def read(self, register: int, after_s: float = 0.0) -> int:
        self.now_s += after_s
        self.chip.write(bytes([register]))
        return int.from_bytes(self.chip.read(2), "big")


@pytest.fixture
def wires() -> Wires:
    return Wires()


def test_power_on_values_are_those_of_the_data_sheet(wires: Wires) -> None:
    assert [wires.read(register) for register in range(6)] == [0x399F, 0, 0, 0, 0, 0]


def test_the_pointer_is_retained_between_reads(wires: Wires) -> None:
    wires.read(CONFIGURATION)
    assert wires.chip.read(2) == b"\x39\x9f"


def test_reset_bit_returns_to_power_on_values(wires: Wires) -> None:
    wires.write(CALIBRATION, 4096)
    wires.write(CONFIGURATION, 0x3EEF)
    wires.write(CONFIGURATION, 0x8000)
    assert wires.read(CONFIGURATION) == 0x399F
    assert wires.read(CALIBRATION) == 0


@pytest.mark.parametrize(
    ("word", "both_s"),
    [(0x399F, 2 * 532e-6), (0x3807, 2 * 84e-6), (0x3EEF, 2 * 17.02e-3), (0x3F77, 2 * 34.05e-3), (0x3FFF, 2 * 68.10e-3)],
)
def test_conversion_ready_comes_after_the_time_of_both_conversions(wires: Wires, word: int, both_s: float) -> None:
    wires.write(CONFIGURATION, word)
    assert not wires.read(BUS, 0.99 * both_s) & CNVR
    assert wires.read(BUS, 0.02 * both_s) & CNVR


def test_conversion_ready_is_cleared_by_reading_power_or_by_writing_the_mode(wires: Wires) -> None:
    assert wires.read(BUS, 0.002) & CNVR
    assert wires.read(BUS) & CNVR, "reading the bus register clears nothing"
    wires.read(POWER)
    assert not wires.read(BUS) & CNVR
    assert wires.read(BUS, 0.002) & CNVR
    wires.write(CONFIGURATION, 0x399F)
    assert not wires.read(BUS) & CNVR


def test_in_power_down_nothing_converts(wires: Wires) -> None:
    wires.write(CONFIGURATION, 0x3998)
    wires.pins = (5.0, 0.3)
    assert wires.read(SHUNT, 1.0) == 0


@pytest.mark.parametrize(("gain", "range_v"), [(0b00, 0.04), (0b01, 0.08), (0b10, 0.16), (0b11, 0.32)])
def test_the_shunt_saturates_at_its_range_on_both_sides(wires: Wires, gain: int, range_v: float) -> None:
    wires.write(CONFIGURATION, 0x399F & ~(0b11 << 11) | gain << 11)
    wires.pins = (12.0, 1.0)
    assert wires.read(SHUNT, 0.01) == round(range_v / 10e-6)
    wires.pins = (12.0, -1.0)
    assert wires.read(SHUNT, 0.01) == 0x10000 - round(range_v / 10e-6)


@pytest.mark.parametrize(("word", "full_v"), [(0x399F, 32.0), (0x199F, 16.0)])
def test_the_bus_voltage_ends_at_its_range(wires: Wires, word: int, full_v: float) -> None:
    wires.write(CONFIGURATION, word)
    wires.pins = (40.0, 0.0)
    assert (wires.read(BUS, 0.01) >> 3) * 4e-3 == pytest.approx(full_v)


def test_current_and_power_follow_the_calibration(wires: Wires) -> None:
    assert wires.read(CURRENT, 0.01) == 0
    wires.write(CALIBRATION, 4096)
    assert wires.read(CURRENT, 0.01) == 2000  # 20 mV over 0.1 Ohm in steps of 0.1 mA
    assert wires.read(POWER) == 2000 * 3000 // 5000  # 12 V are 3000 steps


def test_the_lowest_bit_of_the_calibration_does_not_exist(wires: Wires) -> None:
    wires.write(CALIBRATION, 0xFFFF)
    assert wires.read(CALIBRATION) == 0xFFFE


def test_arithmetic_out_of_range_sets_overflow(wires: Wires) -> None:
    wires.write(CALIBRATION, 0xFFFE)
    wires.pins = (12.0, 0.3)
    assert wires.read(BUS, 0.01) & OVF
    wires.write(CALIBRATION, 4096)
    assert not wires.read(BUS, 0.01) & OVF
