"""The units as systemd's own judges see them, without starting anything."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

DEPLOY = Path(__file__).parents[2] / "deploy"
UNITS = sorted((DEPLOY / "systemd").glob("*.service"))
NAMES = [unit.stem for unit in UNITS]
WORST_EXPOSURE = 1.2
"""Of 10; systemd calls everything up to 2 `OK`."""


def analyze(*arguments: str) -> str:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("needs systemd-analyze: sudo apt-get install systemd")
    told = subprocess.run(["systemd-analyze", *arguments], capture_output=True, text=True, check=False, timeout=100)
    assert told.returncode == 0, told.stdout + told.stderr
    return told.stdout + told.stderr


def settings(unit: Path) -> dict[str, list[str]]:
    """Return every value of a unit's keys, in their order."""
    found: dict[str, list[str]] = {}
    for line in unit.read_text().splitlines():
        if match := re.fullmatch(r"([A-Z]\w+)=(.*)", line):
            found.setdefault(match[1], []).append(match[2])
    return found


def test_there_are_three_units() -> None:
    assert NAMES == ["vigie-controller", "vigie-delivery", "vigie-web"]


@pytest.mark.parametrize("unit", UNITS, ids=NAMES)
def test_systemd_understands_every_line(unit: Path, tmp_path: Path) -> None:
    """``verify`` wants the program to be there; everything else is the unit as it is."""
    there = tmp_path / unit.name
    there.write_text(re.sub("/opt/vigie/current/bin/python", "/bin/true", unit.read_text()))
    assert analyze("verify", "--man=no", str(there)) == ""


@pytest.mark.parametrize("unit", UNITS, ids=NAMES)
def test_little_is_exposed(unit: Path) -> None:
    told = analyze("security", "--offline=true", "--json=short", "--threshold=100", str(unit))
    listed = json.loads(told)
    assert not [row for row in listed if row["set"] is None and row["exposure"] is None and not row["description"]]
    overall = analyze("security", "--offline=true", "--threshold=100", str(unit))
    match = re.search(r"Overall exposure level for \S+: ([\d.]+)", overall)
    assert match is not None, overall
    assert float(match[1]) <= WORST_EXPOSURE, overall


def test_the_controller_waits_for_no_other_service() -> None:
    controller = settings(DEPLOY / "systemd" / "vigie-controller.service")
    for key in ("After", "Wants", "Requires", "BindsTo", "PartOf", "Requisite"):
        assert key not in controller, key


def test_no_unit_draws_the_controller_down() -> None:
    for unit in UNITS:
        for key in ("Conflicts", "PartOf", "BindsTo", "Requires", "PropagatesStopTo"):
            assert key not in settings(unit), f"{unit.name}: {key}"


@pytest.mark.parametrize("unit", UNITS, ids=NAMES)
def test_systemd_never_gives_up(unit: Path) -> None:
    found = settings(unit)
    assert found["StartLimitIntervalSec"] == ["0"]
    assert found["Restart"][0] in {"always", "on-failure"}


def test_only_the_controller_gets_devices_and_only_those_it_needs() -> None:
    for unit in UNITS:
        found = settings(unit)
        assert found["DevicePolicy"] == ["closed"]
        expected = ["/dev/char/89:1 rw", "char-gpiochip rw", "/dev/vcio rw"] if "controller" in unit.name else []
        assert found.get("DeviceAllow", []) == expected
        assert ("SupplementaryGroups" in found) == ("controller" in unit.name)


@pytest.mark.parametrize(
    ("settings", "expected"),
    [("", 1), ('[remote_write]\nurl = "http://127.0.0.1:9090/api/v1/write"\n', 0), ("[nonsense]\n", 0)],
)
def test_delivery_is_left_out_only_where_no_store_is_named(tmp_path: Path, settings: str, expected: int) -> None:
    """What the delivery itself can say better, a settings file with faults, is left to it."""
    (tmp_path / "vigie.toml").write_text(settings)
    command = [sys.executable, "-m", "vigie.cli.delivery_condition", "--config", str(tmp_path / "vigie.toml")]
    assert subprocess.run(command, check=False, timeout=100).returncode == expected


def test_the_installer_and_the_uninstaller_know_every_unit() -> None:
    for script in ("install.sh", "uninstall.sh"):
        text = (DEPLOY / "systemd" / script).read_text()
        assert all(name in text for name in NAMES), script


@pytest.mark.parametrize("script", sorted((DEPLOY / "systemd").glob("*.sh")), ids=lambda path: path.name)
def test_help_is_the_script_s_own_head(script: Path) -> None:
    told = subprocess.run([script, "--help"], capture_output=True, text=True, check=True)
    assert "--dry-run" in told.stdout
    assert "set -eu" not in told.stdout
    wrong = subprocess.run([script, "--frobnicate"], capture_output=True, text=True, check=False)
    assert wrong.returncode == 1
    assert "unknown option --frobnicate" in wrong.stderr
