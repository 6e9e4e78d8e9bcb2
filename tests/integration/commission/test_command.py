"""``vigie commission`` as a process: alone on the twin, by hand over a pipe, stopped and killed."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from vigie.cli.exit_codes import Exit
from vigie.config import load
from vigie.control.signals import Channel, Wiring
from vigie.controller.lock import ControllerLock
from vigie.hardware.relay_board import ContactKind

VIGIE = str(Path(sys.executable).with_name("vigie"))
R1_LINE, R2_LINE = 13, 19
"""Swapped: the board's second line moves R1."""
HIGH = 0b01
SITE = """
# Our site in the cellar.
[site]
name = "Cellar" # as on the door

[plant]
kind = "twin"
scenario = "chatter"
speed = 60.0

[channels.battery]
label = "Rack" # not V1
gain = 1.0 # to be found

[twin.installation.battery]
start_soc = 0.8

[twin.installation.outages]
kind = "none"

[twin.miswiring]
charge_reversed = true
relays_swapped = true
r1_contact = "nc"
r2_contact = "nc"
"""
BY_HAND = "y\ny\nindependent\n7\ny\ny\ny\ny\ny\ny\n"


def commission(
    directory: Path, *options: str, typed: str = "", timeout_s: float = 60.0
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        arguments(directory, options),
        input=typed,
        capture_output=True,
        text=True,
        timeout=timeout_s,
        check=False,
        env=os.environ | {"LC_ALL": "C.UTF-8"},
    )


def arguments(directory: Path, options: Sequence[str]) -> list[str]:
    return [VIGIE, "commission", "--config", str(directory / "site.toml"), "--data", str(directory / "data"), *options]


@pytest.fixture
def site(tmp_path: Path) -> Path:
    (tmp_path / "site.toml").write_text(SITE)
    return tmp_path


def levels(site: Path) -> dict[int, bool]:
    states = (site / "data" / "emulated-lines.bin").read_bytes()
    return {line: bool(states[line] & HIGH) for line in (R1_LINE, R2_LINE) if line < len(states)}


def eventually(is_true: Callable[[], bool], timeout_s: float = 20.0) -> None:
    until_s = time.monotonic() + timeout_s
    while not is_true():
        assert time.monotonic() < until_s
        time.sleep(0.005)


def test_alone_on_the_twin_it_finds_the_acceptance_installation_and_says_all_of_it_as_json(site: Path) -> None:
    ran = commission(site, "--yes", "--json")
    assert ran.returncode == Exit.OK, ran.stderr
    told = json.loads(ran.stdout)
    assert told["settings"]["rig"]["r1_line"] == "GPIO13"
    assert told["settings"]["channels.charge"]["sign"] == -1
    assert any("10 kOhm" in finding["text"] for finding in told["findings"])
    config = load(site / "site.toml")
    assert config.rig is not None
    assert (config.rig.r1_line, config.rig.r2_line) == ("GPIO13", "GPIO19")
    assert (config.rig.r1_contact, config.rig.r2_contact) == (ContactKind.NC, ContactKind.NC)
    assert config.wiring.battery_contact == Wiring.LINE
    assert config.channels[Channel.CHARGE].sign == -1
    assert 1.0 < config.channels[Channel.BATTERY].gain < 1.06


def test_the_file_keeps_its_comments_and_its_old_text(site: Path) -> None:
    ran = commission(site, "--yes")
    assert ran.returncode == Exit.OK, ran.stderr
    text = (site / "site.toml").read_text()
    assert "# Our site in the cellar." in text
    assert 'name = "Cellar" # as on the door' in text
    assert 'label = "Rack" # not V1' in text
    assert "# to be found" in text
    [backup] = site.glob("site.toml.*.bak")
    assert backup.read_text() == SITE
    assert not list(site.glob("*.found"))
    assert '-kind = "twin"' in ran.stdout
    assert '+kind = "rig"' in ran.stdout


def test_the_report_tells_evidence_and_settings(site: Path) -> None:
    commission(site, "--yes", "--report", str(site / "report.md"))
    report = (site / "report.md").read_text()
    assert "# Commissioning of Cellar" in report
    assert "R2 open: 0x40" in report
    assert "| V1 |" in report
    assert 'r1_line = "GPIO13"' in report
    assert "battery_address = 0x40" in report


def test_what_it_found_is_found_again_from_its_own_file(site: Path) -> None:
    commission(site, "--yes")
    once = (site / "site.toml").read_text()
    again = commission(site, "--yes")
    assert again.returncode == Exit.OK, again.stderr
    assert [line for line in (site / "site.toml").read_text().splitlines() if "line" in line or "sign" in line] == [
        line for line in once.splitlines() if "line" in line or "sign" in line
    ]


def test_a_person_walks_through_it(site: Path) -> None:
    ran = commission(site, "--speed", "100", typed=BY_HAND)
    assert ran.returncode == Exit.OK, ran.stderr
    assert "Step 7 of 7" in ran.stdout
    assert load(site / "site.toml").rig is not None


@pytest.mark.parametrize("typed", ["q\n", "y\nq\n", "y\ny\nindependent\n7\ny\nq\n", "n\n", ""])
def test_a_person_may_stop_at_any_question(site: Path, typed: str) -> None:
    ran = commission(site, "--speed", "100", typed=typed)
    assert ran.returncode == Exit.FAILED
    assert "nothing was written" in ran.stderr
    assert "Contacts:" in ran.stdout
    assert (site / "site.toml").read_text() == SITE
    assert not list(site.glob("*.found"))


def test_a_person_may_decline_to_write(site: Path) -> None:
    ran = commission(site, "--speed", "100", typed=BY_HAND[:-2] + "n\n")
    assert ran.returncode == Exit.FAILED
    assert "not written, as you wished" in ran.stderr
    assert (site / "site.toml").read_text() == SITE


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGKILL])
def test_stopped_or_killed_in_a_drill_the_contacts_come_back(site: Path, number: signal.Signals) -> None:
    process = subprocess.Popen(
        arguments(site, ["--speed", "1"]),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdin is not None
    process.stdin.write(BY_HAND.encode())
    process.stdin.flush()
    try:
        eventually((site / "data" / "emulated-lines.bin").exists)
        eventually(lambda: levels(site).get(R1_LINE, False))
        os.kill(process.pid, number)
        process.wait(timeout=20)
        eventually(lambda: not any(levels(site).values()))
    finally:
        process.kill()
        process.communicate()
    assert process.returncode == (-9 if number == signal.SIGKILL else Exit.FAILED)
    assert (site / "site.toml").read_text() == SITE


@pytest.mark.parametrize("options", [["--yes"], ["--multimeter", "twin"], ["--speed", "10"]])
def test_real_boards_are_never_commissioned_without_eyes(site: Path, options: list[str]) -> None:
    ran = commission(site, "--plant", "rig", *options)
    assert ran.returncode == Exit.USAGE
    assert "for the twin" in " ".join(ran.stderr.split())


def test_a_recording_cannot_be_commissioned(site: Path) -> None:
    assert commission(site, "--plant", "recorded", "--yes").returncode == Exit.USAGE


def test_a_place_that_cannot_be_written_is_told_before_anything(site: Path) -> None:
    ran = commission(site, "--yes", "--output", str(site / "nowhere" / "found.toml"))
    assert ran.returncode == Exit.FAILED
    assert f"{site / 'nowhere'} is no folder: make or mount it first" in ran.stderr
    assert "Find the boards" not in ran.stdout


def test_a_machine_without_boards_is_told(site: Path) -> None:
    ran = commission(site, "--plant", "rig")
    assert ran.returncode == Exit.PLANT
    assert "GPIO" in ran.stderr


def test_an_installation_that_a_controller_holds_is_left_alone(site: Path) -> None:
    lock = ControllerLock(site / "data" / "controller.lock")
    ran = commission(site, "--yes")
    lock.close()
    assert ran.returncode == Exit.ALREADY_RUNNING


def test_faults_of_the_file_are_told_before_anything(site: Path) -> None:
    (site / "site.toml").write_text(SITE + "\n[protect]\nopen_above_v = 99\n")
    ran = commission(site, "--yes")
    assert ran.returncode == Exit.SETTINGS
    assert "protect.open_above_v" in ran.stderr


def test_a_file_that_is_no_toml_or_not_there_is_told(site: Path) -> None:
    (site / "site.toml").write_text("[plant\n")
    assert commission(site, "--yes").returncode == Exit.SETTINGS
    (site / "site.toml").unlink()
    ran = commission(site, "--yes")
    assert ran.returncode == Exit.SETTINGS
    assert "does not exist" in ran.stderr


def test_a_weak_battery_is_an_exit_status_of_its_own(site: Path) -> None:
    (site / "site.toml").write_text(SITE.replace("start_soc = 0.8", "start_soc = 0.1"))
    ran = commission(site, "--yes")
    assert ran.returncode == Exit.REFUSED
    assert "charge it first" in ran.stderr


@pytest.mark.parametrize(("language", "start"), [("en", "Start with"), ("fr", "Démarrez avec")])
def test_what_was_practised_is_started_in_a_folder_of_its_own(tmp_path: Path, language: str, start: str) -> None:
    def practised(*more: str) -> str:
        return subprocess.run(
            [VIGIE, "commission", "--plant", "twin", "--yes", "--language", language, *more],
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
            cwd=tmp_path,
            env=os.environ | {"LC_ALL": "C.UTF-8", "HOME": str(tmp_path)},
        ).stdout

    assert f"{start} `vigie run --config practice.toml --data practice`" in practised("--output", "practice.toml")
    told = practised("--output", "again.toml", "--data", "mine")
    assert f"{start} `vigie run --config again.toml --data mine`" in told
    (tmp_path / "own.toml").write_text(f'[site]\ndata = "{tmp_path}/own"\n')
    assert f"{start} `vigie run --config own.toml`" in practised("--config", "own.toml")
