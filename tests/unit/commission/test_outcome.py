"""What was found, as settings and as a report."""

import tomllib
from typing import Any

import pytest

from vigie.cli.settings_file import with_changes
from vigie.commission.known import Calibrated, CommissioningFinding, Contactor, Known
from vigie.commission.outcome import changes
from vigie.commission.report import Result, as_json, markdown
from vigie.config import check
from vigie.control.signals import Channel, Relay, Wiring
from vigie.hardware.relay_board import ContactKind
from vigie.plant.bench import Sensed
from vigie.plant.rig import RigSettings, relay_wiring

RIG = RigSettings(ContactKind.NC, ContactKind.NC)
LINES = ("GPIO19", "GPIO13", "GPIO6", "GPIO5")
CHANNELS = {Channel.BATTERY: 0x42, Channel.CHARGE: 0x41, Channel.LOAD: 0x40}


def known(**more: Any) -> Known:
    found = Known(
        wiring=Wiring.CHARGE_ONLY,
        lives_on_loads=True,
        channels=dict(CHANNELS),
        signs={Channel.CHARGE: -1, Channel.LOAD: 1},
        points={channel: [(12.4, 13.2), (11.8, 12.6)] for channel in CHANNELS},
        calibrations={
            Channel.BATTERY: Calibrated(1.0312344, 0.40123, True),
            Channel.CHARGE: Calibrated(1.0, 0.0, True),
            Channel.LOAD: Calibrated(1.0, 0.01, False),
        },
    )
    for name, value in more.items():
        setattr(found, name, value)
    return found


def contactors(r1: int, r2: int) -> dict[Relay, Contactor]:
    return {Relay.R1: Contactor(r1, False), Relay.R2: Contactor(r2, True)}


@pytest.mark.parametrize(("r1", "r2"), [(0, 1), (1, 0), (2, 0), (3, 2), (0, 3), (2, 3)])
def test_any_two_coils_make_settings_that_the_rig_takes(r1: int, r2: int) -> None:
    found = changes(known(), contactors(r1, r2), LINES, RIG)
    config = check(found, "found")
    assert config.rig is not None
    wiring = relay_wiring(config.rig)
    assert (wiring[Relay.R1].line, wiring[Relay.R2].line) == (LINES[r1], LINES[r2])
    assert sorted(relay.line for relay in wiring) == sorted(LINES)
    assert (config.rig.r1_contact, config.rig.r2_contact) == (ContactKind.NC, ContactKind.NO)


def test_lines_that_are_the_boards_own_are_not_written() -> None:
    assert not [key for key in changes(known(), contactors(0, 1), LINES, RIG)["rig"] if key.endswith("_line")]


def test_lines_of_an_earlier_commissioning_are_taken_back() -> None:
    before = RIG._replace(r1_line="GPIO13", r2_line="GPIO19")
    rig = changes(known(), contactors(1, 0), ("GPIO13", "GPIO19", "GPIO6", "GPIO5"), before)["rig"]
    assert (rig["r1_line"], rig["r2_line"]) == ("", "")


def test_a_chip_that_is_missing_is_written_as_not_fitted() -> None:
    rig = changes(known(), contactors(0, 1), LINES, RIG)["rig"]
    assert rig["spare_address"] == 0
    assert (rig["battery_address"], rig["load_address"]) == (0x42, 0x40)


def test_a_calibration_of_one_point_is_called_preset() -> None:
    found = changes(known(), contactors(0, 1), LINES, RIG)
    assert found["channels.load"]["calibration"] == "preset"
    assert found["channels.battery"] == {"gain": 1.031234, "offset_v": 0.4012, "calibration": "two_point"}


def test_a_board_that_is_active_low_turns_level_and_contacts_round() -> None:
    rig = changes(known(is_polarity_reversed=True), contactors(0, 1), LINES, RIG)["rig"]
    assert rig["relay_is_active_high"] is False
    assert (rig["r1_contact"], rig["r2_contact"]) == ("no", "nc")


def test_the_only_thermometer_is_named_unless_the_settings_name_one() -> None:
    sensed = Sensed("tmp117", "1-0048", 21.0)
    assert changes(known(thermometer=sensed), contactors(0, 1), LINES, RIG)["rig"]["thermometer"] == "tmp117"
    named = RIG._replace(thermometer="lm75")
    assert "thermometer" not in changes(known(thermometer=sensed), contactors(0, 1), LINES, named)["rig"]


def test_an_unfinished_commissioning_makes_no_settings() -> None:
    with pytest.raises(ValueError, match="end"):
        changes(Known(), {}, LINES, RIG)


def test_the_report_holds_the_settings_as_a_file_would() -> None:
    found = changes(known(), contactors(1, 0), LINES, RIG)
    report = markdown("Cellar", 0.0, Result(known(), found, ["V1 13.2 V"]))
    block = report.split("```toml\n")[1].split("```")[0]
    assert tomllib.loads(block) == tomllib.loads(with_changes("", found))
    assert "| V1 | 12.400 | 13.200 | 13.189 |" in report
    assert "1970-01-01" in report


def test_the_report_lists_what_is_weak_first() -> None:
    weak = known()
    weak.findings.clear()
    for text, is_weak in (("Sound.", False), ("Doubtful.", True)):
        weak.findings.append(CommissioningFinding("x", text, ("reading",), is_weak))
    result = Result(weak, changes(weak, contactors(0, 1), LINES, RIG), [])
    report = markdown("Cellar", 0.0, result)
    assert report.index("* Doubtful.") < report.index("* Sound.")
    assert as_json(result)["findings"][1]["is_weak"] is True
