"""The bench: coils and chips as they are, through the real drivers over emulated ones."""

from io import BytesIO
from pathlib import Path

import pytest

from vigie.cli.contact_guard import main
from vigie.clock import SimulatedClock
from vigie.control.signals import Channel, Status
from vigie.errors import ChipError, RelayError, WrongChipError
from vigie.hardware.emulated import EmulatedGpioChip, EmulatedIna226
from vigie.hardware.ina219 import configuration_word
from vigie.hardware.meter import Averaging
from vigie.hardware.register_meter import CONFIGURATION
from vigie.hardware.relay_board import ContactKind
from vigie.plant.bench import DriverBench
from vigie.plant.emulated_site import EmulatedSite
from vigie.plant.installation import Installation
from vigie.plant.meter_chips import MeterModel
from vigie.plant.miswired import MiswiringSettings
from vigie.plant.rig import Boards, RigSettings
from vigie.plant.site import BatterySettings, InstallationSettings

RIG = RigSettings(ContactKind.NC, ContactKind.NC, boards=Boards.EMULATED)
SITE = InstallationSettings(battery=BatterySettings(start_soc=0.8))


def build(
    rig: RigSettings = RIG,
    miswiring: MiswiringSettings = MiswiringSettings(),  # noqa: B008 - immutable
) -> tuple[EmulatedSite, DriverBench]:
    clock = SimulatedClock(float("inf"), 0.0)
    site = EmulatedSite(Installation(SITE), rig, miswiring, clock)
    return site, DriverBench(rig, clock, open_bus=site.boards.bus.open, open_chips=lambda: [site.boards.gpio])


def test_opening_moves_no_line() -> None:
    site, bench = build()
    assert site.boards.gpio.changes == []
    assert [bench.is_energised(coil) for coil in range(4)] == [False, False, True, True]  # as pulled at boot


@pytest.mark.parametrize("is_active_high", [True, False])
def test_an_energised_coil_has_its_active_level(is_active_high: bool) -> None:
    site, bench = build(RIG._replace(relay_is_active_high=is_active_high))
    bench.energise(0)
    assert site.boards.gpio.is_high("GPIO19") is is_active_high
    bench.release(0)
    assert site.boards.gpio.is_high("GPIO19") is not is_active_high


def test_a_line_that_takes_no_level_is_an_error() -> None:
    site, bench = build()
    site.boards.gpio.stuck.add("GPIO19")
    with pytest.raises(RelayError, match="GPIO19"):
        bench.energise(0)


def test_the_scan_tells_who_answers_also_at_addresses_of_the_settings() -> None:
    site, bench = build(RIG._replace(spare_address=0x45), MiswiringSettings(absent_address=0x41))
    assert bench.scan() == (0x40, 0x42, 0x43)
    assert set(bench.sweep()) == {0x40, 0x42, 0x43}
    assert site.boards.bus.chips[0x41].is_absent


def test_the_scan_names_a_chip_of_another_kind_only_where_none_is_as_set() -> None:
    site, bench = build()
    chips = site.boards.bus.chips
    chips[0x43] = EmulatedIna226(0x43, chips[0x43].pins, bench.clock.now_s)
    assert bench.scan() == (0x40, 0x41, 0x42)
    for address, chip in chips.items():
        chips[address] = EmulatedIna226(address, chip.pins, bench.clock.now_s)
    with pytest.raises(WrongChipError, match=r"the chip at 0x40 on .* is no INA219 .* INA226\); name the chip"):
        bench.scan()


def test_every_sweep_is_a_new_conversion() -> None:
    _, bench = build()
    bench.scan()
    for _ in range(5):
        assert all(reading.status == Status.GOOD for reading in bench.sweep().values())


def test_a_chip_lost_after_the_scan_is_an_error_and_not_a_value() -> None:
    site, bench = build()
    bench.scan()
    site.boards.bus.chips[0x42].is_absent = True
    with pytest.raises(ChipError, match="0x42"):
        bench.sweep()


def test_the_fine_reading_uses_the_smallest_range_and_puts_the_chip_back() -> None:
    site, bench = build(miswiring=MiswiringSettings(sense_is_load=True))
    bench.scan()
    written: list[int] = []
    chip = site.boards.bus.chips[0x40]
    write = chip.write

    def keep(data: bytes) -> None:
        if data[0] == CONFIGURATION and len(data) == 3:
            written.append(int.from_bytes(data[1:], "big"))
        write(data)

    chip.write = keep  # type: ignore[method-assign]
    assert bench.fine_shunt_v(0x40) == pytest.approx(site.multimeter_v(Channel.BATTERY) / 10e3 * 0.1, abs=25e-6)
    assert written[0] & 0b11 << 11 == 0
    assert written[-1] == configuration_word(Averaging.BITS_12)
    assert all(reading.status == Status.GOOD for reading in bench.sweep().values())


def test_the_fine_reading_of_an_ina226_finds_a_load_at_a_small_shunt() -> None:
    clock = SimulatedClock(float("inf"), 0.0)
    rig = RIG._replace(meter=MeterModel.INA226)
    site = EmulatedSite(Installation(SITE._replace(shunt_ohm=0.02)), rig, MiswiringSettings(sense_is_load=True), clock)
    bench = DriverBench(rig, clock, open_bus=site.boards.bus.open, open_chips=lambda: [site.boards.gpio])
    assert bench.scan() == (0x40, 0x41, 0x42, 0x43)
    assert bench.fine_shunt_v(0x40) == pytest.approx(site.multimeter_v(Channel.BATTERY) / 10e3 * 0.02, abs=20e-6)
    assert all(reading.status == Status.GOOD for reading in bench.sweep().values())


def test_the_fine_reading_of_a_chip_that_is_gone_is_an_error() -> None:
    site, bench = build()
    bench.scan()
    site.boards.bus.chips[0x40].is_absent = True
    with pytest.raises(ChipError):
        bench.fine_shunt_v(0x40)


def left_by_a_dead_commissioning(tmp_path: Path, told: bytes, *options: str) -> EmulatedGpioChip:
    path = tmp_path / "lines.bin"
    chip = EmulatedGpioChip(levels_file=path)
    chip.drive(chip.names.index("GPIO19"), True)
    main(["--levels", str(path), *options], BytesIO(told))
    return EmulatedGpioChip(levels_file=path)


def test_the_guard_puts_back_the_last_levels_it_was_told(tmp_path: Path) -> None:
    told = b'{"GPIO19": true, "GPIO13": false}\n{"GPIO19": false, "GPIO13": true}\n{"GPIO19": tr'
    chip = left_by_a_dead_commissioning(tmp_path, told)
    assert (chip.is_high("GPIO19"), chip.is_high("GPIO13")) == (False, True)


def test_the_guard_touches_nothing_when_it_was_dismissed(tmp_path: Path) -> None:
    chip = left_by_a_dead_commissioning(tmp_path, b'{"GPIO19": false}\n{}\n')
    assert chip.is_high("GPIO19")


def test_the_guard_speaks_the_language_of_the_commissioning(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    left_by_a_dead_commissioning(tmp_path, b'{"GPIO19": false}\n', "--language", "fr")
    assert "lignes des relais remises en place : GPIO19 basse" in capfd.readouterr().err.replace("\xa0", " ")
