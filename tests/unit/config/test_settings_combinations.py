"""Settings that are each right alone and do harm together: contacts at boot, ports, scales, types."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from vigie.config import BadSettings, check, kernel_risks, warnings
from vigie.wording.dialogue import speaking

Tables = Mapping[str, Mapping[str, Any]]


def rig(supply: str = "loads", **boards: Any) -> dict[str, dict[str, Any]]:
    return {
        "plant": {"kind": "rig"},
        "wiring": {"controller_supply": supply},
        "rig": {"r1_contact": "nc", "r2_contact": "nc", "thermometer": "tmp117", **boards},
        "channels.battery": {"calibration": "two_point"},
    }


def told(tables: Tables) -> dict[str, str]:
    return {warning.key: warning.message for warning in warnings(check(tables, "test"))}


def refused(tables: Tables) -> dict[str, str]:
    with pytest.raises(BadSettings) as caught:
        check(tables, "test")
    return {fault.key: fault.message for fault in caught.value.faults}


LOW_BOARD = {"relay_is_active_high": False}
R2_HIGH = {"r2_line": "GPIO5", "r4_line": "GPIO13"}
BOTH_HIGH = {"r1_line": "GPIO6", "r2_line": "GPIO5", "r3_line": "GPIO19", "r4_line": "GPIO13"}


@pytest.mark.parametrize("supply", ["loads", "independent"])
@pytest.mark.parametrize("boards", [LOW_BOARD, BOTH_HIGH, {**LOW_BOARD, "relay_board": "pirelay_v1"}])
def test_a_boot_that_opens_both_contacts_is_told(boards: dict[str, Any], supply: str) -> None:
    message = told(rig(supply, **boards))["rig.relay_is_active_high"]
    assert "both open at every boot" in message
    assert ("never starts" in message) == (supply == "loads")
    assert ("GPIO19 low" in message) == (boards is LOW_BOARD)


@pytest.mark.parametrize(
    ("boards", "is_refused"),
    [
        (LOW_BOARD, True),
        (R2_HIGH, True),
        ({**LOW_BOARD, **BOTH_HIGH}, False),
        ({**LOW_BOARD, **R2_HIGH}, False),
        ({}, False),
    ],
)
def test_r2_stays_closed_where_a_boot_of_a_computer_on_the_loads_opens_it(
    boards: dict[str, Any], is_refused: bool
) -> None:
    config = check(rig(**boards), "test")
    assert config.supervisor_settings().r2_may_black_out == is_refused
    assert ("its boot opens R2" in told(rig(**boards)).get("wiring", "")) == is_refused
    assert not check(rig("independent", **boards), "test").supervisor_settings().r2_may_black_out


def test_one_contact_that_a_boot_opens_is_told_alone() -> None:
    message = told(rig("independent", **R2_HIGH))
    assert list(message) == ["rig.relay_is_active_high"]
    assert "R2 opens at every boot until the program runs" in message["rig.relay_is_active_high"]
    assert "pulls GPIO5 high" in message["rig.relay_is_active_high"]


@pytest.mark.parametrize("boards", [{}, {**LOW_BOARD, **BOTH_HIGH}])
def test_contacts_that_stay_closed_at_boot_are_no_risk(boards: dict[str, Any]) -> None:
    assert told(rig(**boards)) == {}


@pytest.mark.parametrize(("says", "is_told"), [("N\n", True), ("Y\n", False), (None, False)])
def test_a_kernel_that_lets_the_lines_go_is_told_for_real_boards_only(
    tmp_path: Path, says: str | None, is_told: bool
) -> None:
    if says is not None:
        parameter = tmp_path / "module/pinctrl_rp1/parameters/persist_gpio_outputs"
        parameter.parent.mkdir(parents=True)
        parameter.write_text(says)
    found = kernel_risks(check(rig(), "test"), tmp_path)
    assert [risk.key for risk in found] == ["rig.boards"] * is_told
    assert all("strict_gpiod" in risk.message and "moves the contacts" in risk.message for risk in found)
    assert kernel_risks(check(rig(boards="emulated"), "test"), tmp_path) == []
    assert kernel_risks(check({}, "test"), tmp_path) == []


@pytest.mark.parametrize(
    ("tables", "key", "says"),
    [
        ({"protect": {"open_above_v": True}}, "protect.open_above_v", "true: must be a number, without quotes"),
        ({"cycle": {"charge_to_v": "12.9"}}, "cycle.charge_to_v", "'12.9': must be a number, without quotes"),
        ({"wiring": {"accept_blackout_risk": "yes"}}, "wiring.accept_blackout_risk", "'yes': must be true or false"),
        ({"wiring": {"accept_blackout_risk": 1}}, "wiring.accept_blackout_risk", "1: must be true or false"),
        ({"web": {"port": "8001"}}, "web.port", "'8001': must be a whole number"),
        ({"web": {"port": 8001.0}}, "web.port", "8001.0: must be a whole number"),
        ({"filter": {"sweeps": False}}, "filter.sweeps", "false: must be a whole number"),
        ({"site": {"name": 7}}, "site.name", "7: must be text, in quotes"),
        ({"channels.load": {"is_fitted": "false"}}, "channels.load.is_fitted", "'false': must be true or false"),
        ({"twin": {"installation": {"ambient": {"course": [[0, "20"]]}}}},
         "twin.installation.ambient.course.0.1", "'20': must be a number"),
    ],
)  # fmt: skip
def test_a_setting_of_another_type_is_refused(tables: Tables, key: str, says: str) -> None:
    assert says in refused(tables)[key]


def test_whole_numbers_and_lists_are_taken_where_they_fit() -> None:
    config = check(
        {
            "protect": {"open_above_v": 13},
            "twin": {"installation": {"ambient": {"course": [[0, 20], [60.0, 21]]}}},
            "mail": {"receivers": [{"address": "a@example.org", "severity": "critical"}]},
        },
        "test",
    )
    assert config.modes.protect.open_above_v == 13.0
    assert config.twin.installation.ambient.course == ((0.0, 20.0), (60.0, 21.0))
    assert config.mail.receivers[0].address == "a@example.org"


@pytest.mark.parametrize(
    ("port", "security", "is_refused"),
    [
        (465, "tls", False), (465, "starttls", True), (465, "none", True),
        (587, "starttls", False), (587, "tls", True), (25, "none", False), (25, "tls", True), (2525, "tls", False),
    ],
)  # fmt: skip
def test_a_mail_port_that_everybody_uses_otherwise_is_refused(port: int, security: str, is_refused: bool) -> None:
    mail = {"host": "mail.example.org", "port": port, "security": security, "receivers": [{"address": "a@example.org"}]}
    if is_refused:
        message = refused({"mail": mail})["mail"]
        assert f"mail.port = {port}, mail.security = {security}" in message
    else:
        check({"mail": mail}, "test")


@pytest.mark.parametrize(
    ("section", "key"),
    [("remote_write", "url"), ("stack", "prometheus_url"), ("mail", "page_url")],
)
def test_an_address_on_the_port_of_the_other_scheme_is_refused(section: str, key: str) -> None:
    assert "port 80 speaks http" in refused({section: {key: "https://pi.local:80/path"}})[f"{section}.{key}"]
    assert "port 443 speaks https" in refused({section: {key: "http://pi.local:443/path"}})[f"{section}.{key}"]
    check({section: {key: "https://pi.local:443/path"}}, "test")
    check({section: {key: "http://pi.local:80/path"}}, "test")


@pytest.mark.parametrize(
    ("tables", "key", "says"),
    [
        ({"channels.charge": {"shunt_ohm": 1.0}, "mains": {"charging_a": 0.4}}, "mains.charging_a", "up to 0.32 A"),
        ({"channels.charge": {"shunt_ohm": 1.0}, "mains": {"discharging_a": 0.32}}, "mains.discharging_a", "0.32 A"),
        ({"channels.battery": {"gain": 0.5}}, "alarms.battery_over_v", "up to 13.4 V"),
        ({"channels.load": {"gain": 0.5}}, "mains.supply_present_v", "up to 13 V"),
        ({"channels.load": {"offset_v": 5.0}, "alarms": {"loads_dark_v": 4.0}}, "alarms.loads_dark_v", "down to 5 V"),
    ],
)
def test_a_limit_that_the_scale_of_its_channel_never_reads_is_refused(tables: Tables, key: str, says: str) -> None:
    assert says in refused(tables)[key]


@pytest.mark.parametrize(
    ("channel", "keys"),
    [
        ({"shunt_ohm": 0.01}, ["channels.charge.plausible_max_a"]),
        ({"shunt_ohm": 1.0}, ["channels.charge.plausible_max_a"]),
        ({"shunt_ohm": 0.001, "plausible_max_a": 50.0}, []),
        ({"shunt_ohm": 0.0005, "plausible_max_a": 50.0}, ["mains.charging_a", "mains.discharging_a"]),
        ({"shunt_ohm": 0.05, "plausible_max_a": 5.0}, []),
    ],
)
def test_limits_a_changed_shunt_has_left_behind_are_told(channel: dict[str, Any], keys: list[str]) -> None:
    assert list(told({"channels.charge": channel})) == keys


def with_shunts(shunt_ohm: float, **boards: Any) -> dict[str, dict[str, Any]]:
    tables = rig(**boards)
    for name in ("battery", "charge", "load"):
        tables.setdefault(f"channels.{name}", {})["shunt_ohm"] = shunt_ohm
    return tables


def test_a_chip_that_cannot_read_what_is_believed_names_shunt_range_and_what_to_do() -> None:
    faults = refused(rig(meter="ina226"))
    assert set(faults) == {f"channels.{name}.shunt_ohm" for name in ("battery", "charge", "load")}
    for part in ("0.1 Ohm", "INA226", "up to 0.819 A (81.92 mV)", "believes 3.3 A", "at most 0.025 Ohm", "plausible"):
        assert part in faults["channels.charge.shunt_ohm"]


@pytest.mark.parametrize(
    ("language", "says"),
    [("fr", "un INA226 lit jusqu’à 0.819 A (81.92 mV)"), ("de", "misst ein INA226 bis 0.819 A (81.92 mV)")],
)
def test_the_chip_s_range_is_told_in_every_language(language: str, says: str) -> None:
    with speaking(language):
        assert says in refused(rig(meter="ina226"))["channels.charge.shunt_ohm"].replace("\xa0", " ")


def test_an_ina226_with_its_own_shunts_is_taken() -> None:
    check(with_shunts(0.02, meter="ina226"), "test")
    check(with_shunts(0.025, meter="ina226"), "test")


def test_the_chip_s_own_steps_and_voltage_are_held_against_the_limits() -> None:
    assert "mains.charging_a" in told(with_shunts(0.0005))
    assert "mains.charging_a" not in told(with_shunts(0.0005, meter="ina226"))
    low = {"gain": 0.5, "calibration": "two_point"}
    assert "up to 13 V" in refused({**rig(), "channels.battery": low})["alarms.battery_over_v"]
    assert "alarms.battery_over_v" not in refused({**rig(meter="ina226"), "channels.battery": low})


def test_an_ina219_beyond_its_range_stays_a_warning() -> None:
    tables = rig()
    tables["channels.charge"] = {"shunt_ohm": 1.0}
    assert "channels.charge.plausible_max_a" in told(tables)


@pytest.mark.parametrize("meter", ["ina219", "ina226"])
def test_sweeps_that_do_not_fit_into_the_period_are_refused(meter: str) -> None:
    tables = with_shunts(0.02, meter=meter, averaging="times_128")
    assert "makes a sweep take 0.15 s: 10 of them do not fit" in refused(tables)["rig.averaging"]
    check(with_shunts(0.02, meter=meter, averaging="times_64"), "test")
