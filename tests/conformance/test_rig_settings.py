import math
from pathlib import Path

import pytest
from pydantic import TypeAdapter, ValidationError

from vigie.assembly.plants import rig_over
from vigie.clock import SimulatedClock
from vigie.control.signals import Contact, Relay, Status
from vigie.errors import RelayError, SettingsError
from vigie.hardware.emulated import build_emulated_boards
from vigie.hardware.meter import Averaging
from vigie.hardware.relay_board import PIRELAY_V1, PIRELAY_V2, ContactKind
from vigie.hardware.temperature import SysfsThermometer
from vigie.plant.emulated_site import EmulatedSite
from vigie.plant.installation import Installation
from vigie.plant.meter_chips import METER_CHIPS, MeterModel
from vigie.plant.miswired import MiswiringSettings
from vigie.plant.rig import (
    BoardModel,
    Boards,
    Rig,
    RigSettings,
    contact_at,
    open_ambient_thermometer,
    open_rig,
    open_thermometer,
    relay_wiring,
)
from vigie.plant.site import InstallationSettings

RIG = TypeAdapter(RigSettings)
NO, NC = ContactKind.NO, ContactKind.NC


def test_how_r1_and_r2_are_wired_must_be_said() -> None:
    with pytest.raises(ValidationError) as refused:
        RIG.validate_python({"relay_board": "pirelay_v2"})
    assert {error["loc"] for error in refused.value.errors()} == {("r1_contact",), ("r2_contact",)}


def test_settings_are_written_by_name() -> None:
    settings = RIG.validate_python(
        {"r1_contact": "nc", "r2_contact": "no", "averaging": "times_64", "boards": "emulated"}
    )
    assert settings[:2] == (NC, NO)
    assert settings.averaging is Averaging.TIMES_64
    assert settings.boards is Boards.EMULATED
    assert settings.thermometer == ""


@pytest.mark.parametrize("key", ["battery_address", "spare_address"])
def test_an_address_outside_the_chip_s_is_refused(key: str) -> None:
    for address in (0x01, 0x3F, 0x50):
        with pytest.raises(ValidationError, match=f"0x{address:02x}|less than"):
            RIG.validate_python({"r1_contact": "nc", "r2_contact": "nc", key: address})
    assert RIG.validate_python({"r1_contact": "nc", "r2_contact": "nc", key: 0}) is not None


def test_the_meter_chip_is_named_and_usually_that_of_the_hat() -> None:
    boards = {"r1_contact": "nc", "r2_contact": "nc"}
    assert RIG.validate_python(boards).meter is MeterModel.INA219
    assert RIG.validate_python({**boards, "meter": "ina226"}).meter is MeterModel.INA226
    with pytest.raises(ValidationError, match="must be one of ina219, ina226"):
        RIG.validate_python({**boards, "meter": "ina260"})


def test_two_channels_cannot_share_a_chip() -> None:
    with pytest.raises(SettingsError, match=r"channels CHARGE and LOAD .* 0x41"):
        emulated_rig(RigSettings(NC, NC, boards=Boards.EMULATED, load_address=0x41))


def test_lines_come_from_the_board_unless_given() -> None:
    assert tuple(relay.line for relay in relay_wiring(RigSettings(NC, NC))) == PIRELAY_V2
    old = RigSettings(NC, NC, relay_board=BoardModel.PIRELAY_V1, r3_line="GPIO26", r4_line="-")
    assert tuple(relay.line for relay in relay_wiring(old)) == (*PIRELAY_V1[:2], "GPIO26", "")


@pytest.mark.parametrize("key", ["r1_line", "r2_line"])
def test_the_mains_and_the_battery_contact_must_be_fitted(key: str) -> None:
    with pytest.raises(SettingsError, match="R1 and R2 must be fitted"):
        relay_wiring(RIG.validate_python({"r1_contact": "nc", "r2_contact": "nc", key: "-"}))


def test_two_relays_cannot_share_a_line() -> None:
    with pytest.raises(SettingsError, match="R2 and R3 cannot share the line GPIO13"):
        relay_wiring(RigSettings(NC, NC, r3_line="GPIO13"))


def test_a_level_means_a_contact_by_its_wiring() -> None:
    settings = RigSettings(NO, NC)
    assert contact_at(settings, "GPIO19", False) == (Relay.R1, Contact.OPEN)
    assert contact_at(settings, "GPIO13", False) == (Relay.R2, Contact.CLOSED)
    assert contact_at(settings, "GPIO26", True) is None


def emulated_rig(
    settings: RigSettings, thermometer: SysfsThermometer | None = None, ambient: SysfsThermometer | None = None
) -> Rig:
    clock = SimulatedClock(math.inf, 0.0)
    chip = METER_CHIPS[settings.meter].emulation
    boards = build_emulated_boards([lambda: (12.8, 0.0)] * 4, chip, monotonic_s=clock.now_s)
    return open_rig(
        settings,
        clock,
        open_bus=boards.bus.open,
        open_chips=lambda: [boards.gpio],
        thermometer=thermometer,
        ambient_thermometer=ambient,
    )


def test_without_a_thermometer_the_temperature_is_absent() -> None:
    temperature = emulated_rig(RigSettings(NC, NC, boards=Boards.EMULATED)).read_temperature()
    assert temperature.status == Status.ABSENT


def test_the_first_temperature_is_there_when_the_rig_opens_and_its_loss_is_told(tmp_path: Path) -> None:
    sensor = tmp_path / "class/hwmon/hwmon0"
    (sensor / "device").mkdir(parents=True)
    (sensor / "name").write_text("lm75\n")
    (sensor / "temp1_input").write_text("24500\n")
    settings = RigSettings(NC, NC, boards=Boards.EMULATED, thermometer="lm75")
    rig = emulated_rig(settings, open_thermometer(settings, tmp_path))
    assert rig.read_temperature() == (24.5, Status.GOOD)
    rig.close()
    lost = emulated_rig(settings, open_thermometer(settings, tmp_path / "empty"))
    assert lost.read_temperature().status == Status.FAILED
    assert "no thermometer lm75 (found: none)" in str(lost.temperature_error)
    lost.close()


def test_two_thermometers_of_one_kind_are_told_apart_by_their_address(tmp_path: Path) -> None:
    for number, address, value_mc in ((0, "1-0048", 31_000), (1, "1-0049", 22_000)):
        sensor = tmp_path / f"class/hwmon/hwmon{number}"
        (tmp_path / "bus" / address).mkdir(parents=True)
        sensor.mkdir(parents=True)
        (sensor / "device").symlink_to(tmp_path / "bus" / address)
        (sensor / "name").write_text("tmp117\n")
        (sensor / "temp1_input").write_text(f"{value_mc}\n")
    settings = RigSettings(NC, NC, boards=Boards.EMULATED, thermometer="tmp117", thermometer_address="0x48")
    settings = settings._replace(ambient_thermometer="tmp117", ambient_thermometer_address="0x49")
    rig = emulated_rig(settings, open_thermometer(settings, tmp_path), open_ambient_thermometer(settings, tmp_path))
    assert rig.read_temperature() == (31.0, Status.GOOD)
    assert rig.read_ambient() == (22.0, Status.GOOD)
    rig.close()
    same = settings._replace(ambient_thermometer_address="0x48")
    with pytest.raises(SettingsError, match="tmp117 0x48 cannot measure battery and air"):
        open_ambient_thermometer(same, tmp_path)


def test_without_a_thermometer_in_the_air_the_ambient_is_absent() -> None:
    assert emulated_rig(RigSettings(NC, NC, boards=Boards.EMULATED)).read_ambient().status == Status.ABSENT


def test_a_relay_that_is_not_fitted_cannot_be_moved() -> None:
    rig = emulated_rig(RigSettings(NC, NC, boards=Boards.EMULATED, r3_line="-"))
    assert rig.read_contacts().r3 is Contact.OPEN
    with pytest.raises(RelayError, match="R3 has no line"):
        rig.switch(Relay.R3, Contact.CLOSED)


def test_a_line_the_chip_does_not_have_is_named_on_emulated_boards_too(tmp_path: Path) -> None:
    clock = SimulatedClock(1.0, 0.0)
    settings = RigSettings(NC, NC, boards=Boards.EMULATED, r1_line="GPIO99")
    site = EmulatedSite(Installation(InstallationSettings()), settings, MiswiringSettings(), clock, tmp_path / "levels")
    with pytest.raises(RelayError, match="GPIO99"):
        rig_over(site, settings, clock)


@pytest.mark.parametrize("meter", MeterModel)
@pytest.mark.parametrize("averaging", Averaging)
def test_sweeps_as_fast_as_asked_still_find_new_conversions(averaging: Averaging, meter: MeterModel) -> None:
    rig = emulated_rig(RigSettings(NC, NC, boards=Boards.EMULATED, averaging=averaging, meter=meter))
    rig.read_sweep()
    assert all(reading.status == Status.GOOD for _ in range(10) for reading in rig.read_sweep())


def test_the_rig_never_takes_emulated_boards_for_real_ones_or_the_reverse() -> None:
    boards = build_emulated_boards([lambda: (12.8, 0.0)] * 4)
    with pytest.raises(SettingsError, match="boards = real"):
        open_rig(RigSettings(NC, NC), open_bus=boards.bus.open, open_chips=lambda: [boards.gpio])
    with pytest.raises(SettingsError, match="boards = emulated"):
        open_rig(RigSettings(NC, NC, boards=Boards.EMULATED))
