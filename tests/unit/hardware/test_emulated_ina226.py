"""The emulated chip against the data sheet (TI SBOS547), so that the driver is tested on the right thing."""

import pytest

from vigie.hardware.emulated import EmulatedIna226

CONFIGURATION, SHUNT, BUS, POWER, CURRENT, CALIBRATION, MASK_ENABLE, ALERT_LIMIT = range(8)
MANUFACTURER_ID, DIE_ID = 0xFE, 0xFF
CVRF, OVF = 0b1000, 0b0100
BOTH_S = 2 * 1.1e-3
"""At power-on: 1.1 ms each, not averaged."""


class Wires:
    """A chip, its clock and its pins."""

    def __init__(self) -> None:
        self.now_s = 0.0
        self.pins = (12.0, 0.02)
        self.chip = EmulatedIna226(0x40, lambda: self.pins, lambda: self.now_s)

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
    assert [wires.read(register) for register in range(8)] == [0x4127, 0, 0, 0, 0, 0, 0, 0]
    assert (wires.read(MANUFACTURER_ID), wires.read(DIE_ID)) == (0x5449, 0x2260)


def test_words_go_over_the_bus_with_the_high_byte_first(wires: Wires) -> None:
    wires.read(CONFIGURATION)
    assert wires.chip.read(2) == b"\x41\x27"


def test_reset_bit_returns_to_power_on_values(wires: Wires) -> None:
    wires.write(CALIBRATION, 2048)
    wires.write(CONFIGURATION, 0x4527)
    wires.write(CONFIGURATION, 0x8000)
    assert (wires.read(CONFIGURATION), wires.read(CALIBRATION)) == (0x4127, 0)


def test_the_bits_that_are_no_field_and_the_ids_cannot_be_written(wires: Wires) -> None:
    wires.write(CONFIGURATION, 0x3EEF)
    assert wires.read(CONFIGURATION) == 0x4EEF
    wires.write(DIE_ID, 0)
    wires.write(CALIBRATION, 0xFFFF)
    assert (wires.read(DIE_ID), wires.read(CALIBRATION)) == (0x2260, 0x7FFF)


@pytest.mark.parametrize(
    ("word", "both_s"),
    [
        (0x4007, 2 * 140e-6),
        (0x40DF, 2 * 588e-6),
        (0x4127, BOTH_S),
        (0x4527, 16 * BOTH_S),
        (0x4527 | 0b111 << 9, 1024 * BOTH_S),
        (0x4000 | 0b111 << 6 | 0b000 << 3 | 7, 8.244e-3 + 140e-6),
    ],
)
def test_conversion_ready_comes_after_the_time_of_all_conversions(wires: Wires, word: int, both_s: float) -> None:
    wires.write(CONFIGURATION, word)
    assert not wires.read(MASK_ENABLE, 0.99 * both_s) & CVRF
    assert wires.read(MASK_ENABLE, 0.02 * both_s) & CVRF


def test_conversion_ready_is_cleared_by_reading_mask_enable_or_by_writing_the_configuration(wires: Wires) -> None:
    wires.now_s += 0.003
    for register in (SHUNT, BUS, POWER, CURRENT):
        wires.read(register)
    assert wires.read(MASK_ENABLE) & CVRF, "reading results clears nothing"
    assert not wires.read(MASK_ENABLE) & CVRF
    wires.read(BUS, 0.003)
    wires.write(CONFIGURATION, 0x4127)
    assert not wires.read(MASK_ENABLE) & CVRF


def test_in_power_down_nothing_converts(wires: Wires) -> None:
    wires.write(CONFIGURATION, 0x4120)
    assert wires.read(SHUNT, 1.0) == 0


def test_results_end_at_their_ranges(wires: Wires) -> None:
    for shunt_v, word in ((1.0, 0x7FFF), (-1.0, 0x8000)):
        wires.pins = (50.0, shunt_v)
        assert wires.read(SHUNT, 0.01) == word
    assert wires.read(BUS) * 1.25e-3 == pytest.approx(40.96, abs=0.002)
    wires.pins = (-0.3, 0.0)
    assert wires.read(BUS, 0.01) == 0


def test_current_and_power_are_those_of_the_data_sheet_s_example(wires: Wires) -> None:
    wires.pins = (11.98, 0.02)  # 10 A over 2 mOhm, table 8-1 of the data sheet
    assert wires.read(CURRENT, 0.01) == 0
    wires.write(CALIBRATION, 0x0A00)
    assert wires.read(SHUNT, 0.01) == 0x1F40
    assert wires.read(BUS) == 0x2570
    assert wires.read(CURRENT) == 0x2710
    assert wires.read(POWER) == 0x12B8


def test_arithmetic_out_of_range_sets_overflow(wires: Wires) -> None:
    wires.write(CALIBRATION, 0x7FFF)
    assert wires.read(MASK_ENABLE, 0.01) & OVF
    wires.write(CALIBRATION, 2048)
    assert not wires.read(MASK_ENABLE, 0.01) & OVF


def test_what_selects_an_alert_is_kept_beside_the_flags(wires: Wires) -> None:
    wires.write(MASK_ENABLE, 0xFFFF)
    wires.write(ALERT_LIMIT, 0x1234)
    assert wires.read(MASK_ENABLE) & ~CVRF == 0xFC03
    assert wires.read(ALERT_LIMIT) == 0x1234
