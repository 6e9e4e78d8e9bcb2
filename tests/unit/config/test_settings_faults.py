"""Every way in which a settings file can be wrong, and what is said about it."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter

from vigie.config import BadSettings, check, in_place_of, keep, load, warnings
from vigie.config.reading import rows
from vigie.config.retired import RETIRED
from vigie.config.sections import SECTIONS, ControllerSupply, PlantKind, StartMode
from vigie.control.signals import Wiring
from vigie.hardware.relay_board import ContactKind

RIG: Mapping[str, Mapping[str, Any]] = {
    "plant": {"kind": "rig"},
    "wiring": {"controller_supply": "loads"},
    "rig": {"r1_contact": "nc", "r2_contact": "nc", "thermometer": "tmp117"},
    "channels.battery": {"calibration": "two_point"},
}


def faults(tables: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    with pytest.raises(BadSettings) as caught:
        check(tables, "test")
    assert str(caught.value).startswith("test: ")
    return {fault.key: fault.message for fault in caught.value.faults}


def with_rig(section: str, **values: Any) -> dict[str, dict[str, Any]]:
    tables = {name: dict(table) for name, table in RIG.items()}
    tables.setdefault(section, {}).update(values)
    return tables


def warned(tables: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    return {warning.key: warning.message for warning in warnings(check(tables, "test"))}


def test_nothing_given_is_the_twin_with_every_default() -> None:
    config = check({}, "test")
    assert config.plant.kind == PlantKind.TWIN
    assert config.start.mode == StartMode.LAST
    assert config.rig is None


COMPLETE = [name for name, kind in SECTIONS.items() if kind._field_defaults.keys() == set(kind._fields)]


@pytest.mark.parametrize("name", COMPLETE)
def test_section_that_nobody_gives_is_what_the_check_would_make_of_it(name: str) -> None:
    kind = SECTIONS[name]
    assert TypeAdapter(kind).validate_python({}, strict=True) == kind()


def test_unknown_section_is_named_with_the_nearest_one() -> None:
    assert faults({"protct": {}}) == {"protct": "unknown section; did you mean protect?"}


def test_unknown_key_is_named_with_the_nearest_one() -> None:
    assert faults({"protect": {"open_abov_v": 12.9}}) == {
        "protect.open_abov_v": "unknown setting; did you mean open_above_v?"
    }


def test_unknown_key_like_no_other_lists_the_known_ones() -> None:
    assert "known: host, port" in faults({"metrics": {"zzz": 1}})["metrics.zzz"]


@pytest.mark.parametrize("value", [300.5, 0.0, float("nan"), float("inf")])
def test_value_out_of_range_is_named_with_limit_and_unit(value: float) -> None:
    message = faults({"plant": {"speed": value}})["plant.speed"]
    assert repr(value) in message
    assert message.endswith("s/s")


@pytest.mark.parametrize(
    ("section", "key", "value"),
    [
        ("protect", "open_above_v", "high"),
        ("metrics", "port", 1.5),
        ("metrics", "port", 70_000),
        ("web", "trusted_hosts", 7),
        ("wiring", "accept_blackout_risk", "maybe"),
        ("filter", "sweeps", None),
        ("site", "name", 5),
    ],
)
def test_wrong_type_is_named(section: str, key: str, value: object) -> None:
    assert repr(value) in faults({section: {key: value}})[f"{section}.{key}"]


def test_name_that_is_none_of_an_enums_lists_them() -> None:
    assert faults({"start": {"mode": "holiday"}})["start.mode"].endswith(
        "must be one of last, observe, protect, cycle, maintain"
    )


def test_fault_in_a_nested_table_is_named_with_its_whole_path() -> None:
    assert list(faults({"twin": {"installation": {"battery": {"c20_ah": -1}}}})) == ["twin.installation.battery.c20_ah"]


def test_all_faults_are_told_at_once() -> None:
    found = faults({"plant": {"speed": 1e6}, "nowhere": {}, "protect": {"x": 1}, "web": {"port": "eight"}})
    assert set(found) == {"plant.speed", "nowhere", "protect.x", "web.port"}


def test_unknown_scenario_is_named_with_the_nearest_one() -> None:
    assert "did you mean standby?" in faults({"plant": {"scenario": "stanby"}})["plant.scenario"]


@pytest.mark.parametrize(
    ("tables", "key"),
    [
        ({"protect": {"close_below_v": 13.0, "open_above_v": 12.9}}, "protect.close_below_v"),
        ({"protect": {"close_below_v": 12.9, "open_above_v": 12.9}}, "protect.close_below_v"),
        ({"cycle": {"discharge_to_v": 12.9}}, "cycle.discharge_to_v"),
        ({"cycle": {"recharge_below_v": 13.0}}, "cycle.recharge_below_v"),
        ({"interlocks": {"floor_v": 12.5}}, "interlocks.floor_v"),
        ({"loop": {"period_s": 0.3}}, "loop.bus_deadline_s"),
        ({"loop": {"period_s": 6.0}}, "loop.period_s"),
        ({"loop": {"period_s": 5.0}, "plant": {"speed": 0.5}}, "loop.period_s"),
        ({"filter": {"least_good": 11}}, "filter.least_good"),
        ({"manual": {"default_s": 8_000.0}}, "manual.default_s"),
        ({"channels.load": {"sign": 0}}, "channels.load.sign"),
        ({"channels.load": {"plausible_min_v": 20.0}}, "channels.load.plausible_min_v"),
        ({"channels.battery": {"is_fitted": False}}, "channels.battery.is_fitted"),
        ({"web": {"live_browsers": 60}}, "web"),
        ({"plant": {"kind": "recorded"}}, "recorded.path"),
    ],
)
def test_settings_that_contradict_each_other_are_named(tables: Mapping[str, Any], key: str) -> None:
    assert key in faults(tables)


def test_a_long_period_is_short_at_speed() -> None:
    assert check({"loop": {"period_s": 60.0}, "plant": {"speed": 60.0}}, "test").loop.period_s == 60.0


def test_rig_demands_what_nothing_can_guess() -> None:
    found = faults({"plant": {"kind": "rig"}})
    assert set(found) == {"rig.r1_contact", "rig.r2_contact", "wiring.controller_supply"}
    assert "there is no default" in found["rig.r1_contact"]
    assert "'independent'" in found["wiring.controller_supply"]


def test_rig_knows_no_other_speed_than_real_time() -> None:
    assert list(faults(with_rig("plant", speed=2.0))) == ["plant.speed"]


def test_rig_must_prove_its_mains() -> None:
    assert list(faults(with_rig("mains", present_unless_discharging=True))) == ["mains.present_unless_discharging"]


def test_rig_said_in_full_has_neither_faults_nor_warnings() -> None:
    config = check(RIG, "test")
    assert config.wiring.controller_supply == ControllerSupply.LOADS
    assert warnings(config) == []


def test_blackout_risk_is_told_refused_and_can_be_accepted() -> None:
    risky = with_rig("rig", r2_contact="no")
    config = check(risky, "test")
    assert config.rig is not None
    assert config.rig.r2_contact == ContactKind.NO
    assert config.supervisor_settings().r2_may_black_out
    assert "stay dark until somebody comes" in warned(risky)["wiring"]
    risky["wiring"]["accept_blackout_risk"] = True
    assert not check(risky, "test").supervisor_settings().r2_may_black_out
    assert warned(risky) == {}
    risky["wiring"] = {"controller_supply": "independent"}
    assert warned(risky) == {}


@pytest.mark.parametrize(
    ("tables", "key"),
    [
        (with_rig("rig", r1_contact="no"), "rig.r1_contact"),
        (with_rig("rig", thermometer=""), "rig.thermometer"),
        (with_rig("channels.load", is_fitted=False), "channels.load.is_fitted"),
        (with_rig("channels.battery", calibration="none"), "channels.battery.calibration"),
        ({"channels.battery": {"calibration": "preset"}, "wiring": {"battery_contact": "line"}},
         "twin.installation.wiring"),
    ],
)  # fmt: skip
def test_what_should_be_known_before_use_is_told(tables: Mapping[str, Any], key: str) -> None:
    assert list(warned(tables)) == [key]


def test_missing_file_says_how_to_write_one(tmp_path: Path) -> None:
    with pytest.raises(BadSettings, match=r"does not exist; write one with `vigie config show > FILE`"):
        load(tmp_path / "none.toml")


def test_unreadable_file_says_why(tmp_path: Path) -> None:
    with pytest.raises(BadSettings, match="cannot be read: Is a directory"):
        load(tmp_path)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (b"\xff\xfe\x00garbage", "is in UTF-16: save it as UTF-8"),
        ("[site]\nname = 'Örtli'\n".encode("utf-16-be"), "is in UTF-16: save it as UTF-8"),
        ("\ufeff[site]\n".encode("utf-16-be"), "is in UTF-16: save it as UTF-8"),
        ("[site]\nname = 'Örtli'\n".encode("latin-1"), "is not in UTF-8: byte 0xd6 in line 2; save it as UTF-8"),
        (b"#" * 1_000_001, "holds more than 1 MB"),
        (b"a = " + b"[" * 100_000, "is not TOML"),
        (b"[site\n", "is not TOML"),
        (b"[site]\nname='a'\nname='b'\n", "is not TOML"),
        (b"name = 'x'\n", "stands outside every section"),
        (b"site = 3\n", "site: is the name of a section: write [site] on a line of its own"),
        (b"[[site]]\nname = 'x'\n", "site: is the name of a section: write [site] on a line of its own"),
        (b"sit = 3\n", "sit: stands outside every section; did you mean site?"),
        (b"channels = 3\n", "channels: must be a section [channels.battery"),
        (b"[[channels]]\nlabel = 'x'\n", "channels: must be a section [channels.battery"),
        (b"[channels]\nbattery = 3\n", "must be a section"),
        (b"[channels.loads]\nlabel = 'x'\n", "did you mean channels.load?"),
        (b"[plant]\nkind = 7\n", "plant.kind: 7: must be one of twin, rig, recorded"),
        (b"[plant]\nkind = ['rig']\n", "plant.kind"),
        (b"[plant]\nscenario = ['demo']\n", "plant.scenario"),
        (b"[plant]\nscenario = {a = 1}\n", "plant.scenario"),
        (b"[twin]\ninstallation = 3\n", "twin.installation"),
        (b"[twin]\ninstallation = {battery = 3}\n", "twin.installation.battery"),
        (b"[twin.installation.battery]\nbogus = 3\n", "twin.installation.battery.bogus: unknown setting"),
        (b"[rig]\nboards = 'emulated'\n", "rig.r1_contact"),
        (b"[site.name]\nx = 1\n", "site.name"),
    ],
)
def test_hostile_file_is_a_list_of_faults(tmp_path: Path, text: bytes, says: str) -> None:
    file = tmp_path / "vigie.toml"
    file.write_bytes(text)
    with pytest.raises(BadSettings) as caught:
        load(file)
    assert says in str(caught.value)
    assert str(caught.value).startswith(str(file))


def test_a_byte_order_mark_is_no_fault(tmp_path: Path) -> None:
    file = tmp_path / "vigie.toml"
    file.write_bytes("[site]\r\nname = 'Örtli'\r\n".encode("utf-8-sig"))
    assert load(file).site.name == "Örtli"


def test_what_is_no_regular_file_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", Path("/dev/zero")):
        with pytest.raises(BadSettings, match="is no regular file: name a settings file"):
            load(path)


def test_command_line_lies_over_the_file(tmp_path: Path) -> None:
    file = tmp_path / "vigie.toml"
    file.write_text("[plant]\nspeed = 5.0\n[web]\nport = 1234\nthreads = 32\nlive_browsers = 10\n")
    config = load(file, {"plant": {"speed": 20.0}, "web": {"port": 4321}})
    assert (config.plant.speed, config.web.port, config.web.threads) == (20.0, 4321, 32)


def test_no_file_is_the_demonstration_for_the_twin_only() -> None:
    assert load(None).source == "built-in demonstration settings"
    with pytest.raises(BadSettings, match="defaults only"):
        load(None, {"plant": {"kind": "rig"}})


def test_data_folder_is_the_settings_then_the_usual_one() -> None:
    assert check({}, "test").data_directory == Path("~/.local/share/vigie").expanduser()
    assert check({"site": {"data": "/from/file"}}, "test").data_directory == Path("/from/file")


def test_wiring_reaches_the_supervisor() -> None:
    config = check({"wiring": {"battery_contact": "charge_only"}}, "test")
    assert config.supervisor_settings().wiring == Wiring.CHARGE_ONLY


def test_every_setting_says_what_it_means() -> None:
    mute = [f"{name}.{row.key}" for name in SECTIONS for row in rows(name) if not row.help]
    assert mute == []


@pytest.mark.parametrize("url", ['"http://web:8000/flask"', "7", ""])
def test_setting_that_is_no_more_keeps_nobody_from_starting(tmp_path: Path, url: str) -> None:
    file = tmp_path / "vigie.toml"
    file.write_text(f"[web]\nport = 81\n\n[link]\n{'url = ' if url else ''}{url}\n")
    config = load(file)
    assert config.web.port == 81
    told = {warning.key: warning.message for warning in warnings(config)}
    assert ("delete it" in told["link.url"]) if url else ("link.url" not in told)


def test_setting_that_never_was_is_unknown_beside_one_that_is_no_more() -> None:
    assert faults({"link": {"url": "x", "speed": 3}}).keys() == {"link.speed"}


def test_file_with_a_setting_that_is_no_more_is_kept_and_read_again_as_it_is(tmp_path: Path) -> None:
    file = tmp_path / "vigie.toml"
    file.write_text(f'[site]\ndata = "{tmp_path}"\n\n[plant]\nkind = "twin"\n\n[link]\nurl = "http://web:8000/flask"\n')
    keep(load(file, is_service=True))
    broken = file.read_text() + '\n[web]\nport = "none"\n'
    file.write_text(broken)
    with pytest.raises(BadSettings) as caught:
        load(file, is_service=True)
    config = in_place_of(file, {}, caught.value, is_service=True)
    assert config is not None
    assert len(config.refused) == 1


@pytest.mark.parametrize("name", RETIRED)
def test_setting_that_is_no_more_is_none_that_is(name: str) -> None:
    section, _, key = name.rpartition(".")
    assert section not in SECTIONS or key not in {row.key for row in rows(section)}
