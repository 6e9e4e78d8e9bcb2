"""The controller is killed or hangs: it comes back, adopts the contacts, and no line ever moves."""

import json
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.waiting import wait_for
from vigie.telemetry.records import EventKind

from .installations import RIG, TWIN, Site, Watcher

WIRED_NC_OPEN = 0b11
"""Driven, and high: the coil of a relay wired on NC is energised, its circuit is cut."""
LOW_THRESHOLDS = """
[start]
mode = "protect"

[protect]
open_above_v = 12.1
close_below_v = 11.9

[minimum_times]
closed_s = 0
passed_s = 0
"""


def open_r2_by_hand(site: Site) -> None:
    assert site.order(action="set_mode", mode="manual", manual_s=600)["is_accepted"]
    answer = site.order(action="set_contact", relay="R2", contact="open")
    assert answer["is_accepted"], answer
    wait_for(lambda: site.relay("R2")["contact"] == "open")


def test_killed_controller_on_the_rig_comes_back_and_no_line_moves(site: Callable[..., Site]) -> None:
    """A spare relay keeps what it was set to; R2, opened by protect, stays open over the kill."""
    rig = site(RIG + LOW_THRESHOLDS, soc=0.9).started()
    assert rig.relay("R4")["contact"] == "closed", "BCM 5 is pulled up at boot and R4 is wired NO"
    assert rig.order(action="set_contact", relay="R4", contact="open")["is_accepted"]
    wait_for(lambda: (rig.relay("R2")["contact"], rig.relay("R4")["contact"]) == ("open", "open"))
    before = rig.levels()
    assert before["R2"] == WIRED_NC_OPEN
    starts, first = len(rig.events(EventKind.START)), rig.controller()
    with Watcher(rig.levels) as watcher:
        first.kill()
        wait_for(lambda: len(rig.events(EventKind.START)) > starts, what="it starts again", log=lambda: rig.log)
        rig.wait_until_connected()
        looks = watcher.looks
        wait_for(lambda: rig.snapshot()["loop"]["periods"] >= 2)
        wait_for(lambda: watcher.looks > looks + 100)
    assert watcher.seen == [before]
    assert rig.controller().pid != first.pid
    restart = rig.events(EventKind.START)[-1]
    contacts = {"R1": "closed", "R2": "open", "R3": "closed", "R4": "open"}
    assert restart.data == {"plant": "emulated", **contacts, "hold_off_s": 0.0}
    assert restart.after == "protect"
    assert rig.relay("R2")["switchings"] == 1


def test_an_order_that_is_answered_outlives_a_kill(site: Callable[..., Site]) -> None:
    twin = site(TWIN.replace("{speed}", "1"), soc=0.8).started()
    for mode in ("protect", "observe", "protect", "observe"):
        process = twin.controller()
        answer = twin.order(action="set_mode", mode=mode)
        process.kill()
        assert answer["is_accepted"], answer
        assert twin.events(EventKind.COMMAND)[-1].data["id"] == answer["id"]
        assert twin.events(EventKind.MODE)[-1].after == mode
        wait_for(lambda: not process.is_running(), what="it is gone")  # noqa: B023 - waited for at once
        twin.wait_until_connected()


def test_killed_controller_on_the_twin_leaves_its_contacts(site: Callable[..., Site]) -> None:
    """After a restart manual mode is not resumed (nobody may be there): observe closes R2, and says so."""
    twin = site(TWIN, speed=10, soc=0.8).started()
    open_r2_by_hand(twin)
    world = twin.data / "twin.json"

    def kept() -> dict[str, str]:
        contacts: dict[str, str] = json.loads(world.read_text())["contacts"]
        return contacts

    before, starts = kept(), len(twin.events(EventKind.START))
    assert before == {"R1": "closed", "R2": "open", "R3": "open", "R4": "open"}
    twin.controller().kill()
    wait_for(lambda: len(twin.events(EventKind.START)) > starts, what="it starts again", log=lambda: twin.log)
    assert twin.events(EventKind.START)[-1].data == {"plant": "twin", **before, "hold_off_s": 0.0}
    moved = wait_for(lambda: twin.events(EventKind.SWITCHING)[1:], what="observe closes R2")
    assert [(event.subject, event.after, event.reason) for event in moved] == [("R2", "closed", "observing")]


@pytest.mark.slow
def test_hanging_controller_is_seen_within_three_seconds_and_restarted(site: Callable[..., Site]) -> None:
    rig = site(RIG + '\n[start]\nmode = "observe"\n', soc=0.8).started()
    assert rig.order(action="set_contact", relay="R3", contact="open")["is_accepted"]
    wait_for(lambda: rig.relay("R3")["contact"] == "open")
    before, first = rig.levels(), rig.controller()
    told = rig.cli("status")
    assert told.returncode == 0, told.stderr
    assert "Tests [/bold]" in told.stdout
    with Watcher(rig.levels) as watcher:
        first.suspend()
        stopped_s = time.monotonic()
        asked_s = time.monotonic()
        while (told := rig.cli("status")).returncode != 6:
            assert asked_s - stopped_s < 3.5, "asked 3 s and a period later: the values are no longer of now"
            asked_s = time.monotonic()
        assert "away" in told.stderr
        age_ms = (rig.state() or {})["age_ms"]
        wait_for(lambda: (rig.state() or {})["age_ms"] > age_ms + 1_000)
        wait_for(lambda: rig.controller().pid != first.pid, what="the watchdog restarts it", log=lambda: rig.log)
        assert time.monotonic() - stopped_s >= 9.0
        rig.wait_until_connected()
        wait_for(lambda: rig.snapshot()["loop"]["periods"] >= 2)
    assert watcher.seen == [before]
    assert "no sign of life" in rig.log


def test_service_manager_hears_ready_then_a_beat_a_second_and_silence_from_a_hung_one(tmp_path: Path) -> None:
    installation = Site(tmp_path, TWIN, speed=1, soc=0.8)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "notify"))
        manager.settimeout(40)
        installation.start(command="controller", NOTIFY_SOCKET=str(tmp_path / "notify"), WATCHDOG_USEC="10000000")
        try:
            assert manager.recv(1_000).decode().splitlines()[0] == "READY=1"
            manager.settimeout(10)  # as long as the watchdog would wait for each
            began_s = time.monotonic()
            for _ in range(3):
                assert manager.recv(1_000) == b"WATCHDOG=1"
            assert time.monotonic() - began_s >= 1.5
            installation.run.send_signal(signal.SIGSTOP)
            time.sleep(0.2)
            manager.setblocking(False)
            while True:  # what was under way
                try:
                    manager.recv(1_000)
                except BlockingIOError:
                    break
            manager.settimeout(2.0)
            with pytest.raises(TimeoutError):
                manager.recv(1_000)
            installation.run.send_signal(signal.SIGCONT)
            manager.settimeout(20)
            assert manager.recv(1_000) == b"WATCHDOG=1"
            status, _ = installation.stop()
            assert status == 0
        finally:
            installation.end()


def test_controller_imports_nothing_heavy() -> None:
    heavy = {"numpy", "numba", "flask", "typer", "matplotlib", "pyarrow", "gunicorn", "tomlkit"}
    code = (
        "import vigie.cli.controller_process, sys; print({name.split('.')[0] for name in sys.modules} & set(sys.argv))"
    )
    told = subprocess.run([sys.executable, "-c", code, *heavy], capture_output=True, text=True, check=True, timeout=20)
    assert told.stdout == "set()\n"
