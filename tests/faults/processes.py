"""The faults that need real processes: a web that dies, a controller that is killed, stopped, started again.

The installation is the real drivers over emulated chips and lines, at the machine's own pace. What is promised stands
beside each.
"""

import os
import signal
import tempfile
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

from tests.integration.process.installations import RIG, Site, Watcher
from tests.waiting import wait_for
from vigie.telemetry.records import EventKind

from .disks import SmallDisk

RESTING = """
[start]
mode = "protect"

[protect]
open_above_v = 12.1
close_below_v = 11.9

[minimum_times]
closed_s = 0
passed_s = 0
"""


class Outcome(NamedTuple):
    """One story of processes, lived through."""

    name: str
    title: str
    promised: str
    measured: str
    worse: tuple[str, ...]


class Tale(NamedTuple):
    """One story to be lived through with a running installation."""

    title: str
    promised: str
    live: Callable[[Site, list[str]], str]
    """Lives it; puts what is worse than promised into the list and says what was measured."""
    has_small_disk: bool = False


def _lost(site: Site, before: int) -> int:
    """Return the periods missing since the ``before``-th row: beats of a second that no row covers."""
    times = [float(row["utc_ms"]) / 1_000 for row in site.periods()[before - 1 :]]
    return sum(max(round(after - this) - 1, 0) for this, after in pairwise(times))


def _web_dies(site: Site, worse: list[str]) -> str:
    before, first = len(site.periods()), site.web()
    with Watcher(site.levels) as watcher:
        began_s = time.monotonic()
        first.kill()
        wait_for(lambda: site.state() is None, 5)
        site.wait_until_connected(20)
        back_s = time.monotonic() - began_s
        time.sleep(2.0)
    lost = _lost(site, before)
    if back_s > 15.0:
        worse.append(f"the page is back after {back_s:.1f} s, promised 15 s")
    return f"page back after {back_s:.1f} s, {_common(site, watcher, lost, 0, worse)}"


def _controller_dies(site: Site, worse: list[str]) -> str:
    before, starts, first = len(site.periods()), len(site.events(EventKind.START)), site.controller()
    with Watcher(site.levels) as watcher:
        began_s = time.monotonic()
        first.kill()
        wait_for(lambda: len(site.events(EventKind.START)) > starts, 20, "it starts again", lambda: site.log)
        back_s = time.monotonic() - began_s
        site.wait_until_connected(20)
        _wait_for_alarm(site, "watchdog_restart", worse)
        time.sleep(1.0)
    if back_s > 10.0:
        worse.append(f"it decides again after {back_s:.1f} s, promised 10 s")
    return f"decides again after {back_s:.1f} s, {_common(site, watcher, _lost(site, before), 12, worse)}"


def _controller_hangs(site: Site, worse: list[str]) -> str:
    before, first = len(site.periods()), site.controller()
    with Watcher(site.levels) as watcher:
        began_s = time.monotonic()
        first.send_signal(signal.SIGSTOP)
        wait_for(lambda: (site.state() or {}).get("age_ms", 0) > 3_000, 8, "the page says so")
        told_s = time.monotonic() - began_s
        wait_for(lambda: site.controller().pid != first.pid, 25, "it is restarted", lambda: site.log)
        site.wait_until_connected(20)
        back_s = time.monotonic() - began_s
        _wait_for_alarm(site, "watchdog_restart", worse)
    if told_s > 5.0:
        worse.append(f"the page says so after {told_s:.1f} s, promised 5 s")
    if back_s > 20.0:
        worse.append(f"it decides again after {back_s:.1f} s, promised 20 s")
    said = f"told after {told_s:.1f} s, decides again after {back_s:.1f} s"
    return f"{said}, {_common(site, watcher, _lost(site, before), 22, worse)}"


def _stopped_and_started(site: Site, worse: list[str]) -> str:
    before = len(site.periods())
    with Watcher(site.levels) as watcher:
        status, lasted_s = site.stop()
        began_s = time.monotonic()
        site.started()
        back_s = time.monotonic() - began_s
        time.sleep(1.0)
    if status != 0:
        worse.append(f"it ended with status {status}")
    alarms = [one["alarm"] for one in site.snapshot()["alarms"]]
    if alarms:
        worse.append(f"false alarms: {', '.join(alarms)}")
    allowed = int(lasted_s + back_s) + 2
    said = f"stopped in {lasted_s:.1f} s, decides again {back_s:.1f} s after its start"
    return f"{said}, {_common(site, watcher, _lost(site, before), allowed, worse)}"


def _disk_fills(site: Site, worse: list[str]) -> str:
    before = len(site.periods())
    ballast = site.data / "ballast"
    with Watcher(site.levels) as watcher:
        began_s = time.monotonic()
        _fill(ballast)
        wait_for(lambda: site.snapshot()["journal"]["error"], 30, "the page says so")
        told_s = time.monotonic() - began_s
        _wait_for_alarm(site, "journal_gap", worse, 60.0)
        alarm_s = time.monotonic() - began_s
        ballast.unlink()
        wait_for(lambda: site.snapshot()["journal"]["is_writing"], 20, "it writes again")
        time.sleep(1.0)
    if told_s > 15.0 or alarm_s > 50.0:
        worse.append(f"told after {told_s:.1f} s, alarm after {alarm_s:.1f} s; promised 15 and 50 s")
    said = f"told after {told_s:.1f} s, alarm after {alarm_s:.1f} s"
    return f"{said}, {_common(site, watcher, _lost(site, before), 0, worse)}"


def _fill(ballast: Path) -> None:
    with ballast.open("wb", buffering=0) as file:
        for block in (4096, 1):
            try:
                while True:
                    file.write(bytes(block))
            except OSError:
                continue


def _wait_for_alarm(site: Site, name: str, worse: list[str], timeout_s: float = 5.0) -> None:
    try:
        wait_for(lambda: name in [one["alarm"] for one in site.snapshot()["alarms"]], timeout_s)
    except AssertionError:
        worse.append(f"alarm {name} not raised within {timeout_s:g} s")


def _common(site: Site, watcher: Watcher, lost: int, promised: int, worse: list[str]) -> str:
    moved = {str(one) for one in watcher.seen[1:]}
    if moved:
        worse.append(f"lines moved: {', '.join(sorted(moved))}")
    if lost > promised:
        worse.append(f"{lost} periods lost, promised {promised}")
    return f"{lost} periods lost, lines {'moved' if moved else 'untouched'}"


TALES = {
    "web_dies": Tale(
        "The web process is killed",
        "Control goes on, no period is lost, the page is back within 15 s",
        _web_dies,
    ),
    "controller_killed": Tale(
        "The controller is killed (kill -9)",
        "No line moves, it decides again within 10 s, at most 12 periods are lost, alarm watchdog_restart",
        _controller_dies,
    ),
    "controller_hangs": Tale(
        "The controller hangs (SIGSTOP)",
        "No line moves, the page says so within 5 s, it decides again within 20 s, at most 22 periods are lost",
        _controller_hangs,
    ),
    "stopped_and_started": Tale(
        "Everything is stopped and started again",
        "No line moves, no alarm, no period lost but those in between",
        _stopped_and_started,
    ),
    "disk_fills": Tale(
        "The journal's disk fills up under a running controller",
        "Told within 15 s, alarm within 50 s, no period lost once there is space again",
        _disk_fills,
        has_small_disk=True,
    ),
}
SHORT = ("controller_killed",)
"""What the quick run tries."""


def run_tale(name: str) -> Outcome:
    """Live through one story of real processes in mode protect with R2 open."""
    tale = TALES[name]
    worse: list[str] = []
    with tempfile.TemporaryDirectory(prefix="vigie-faults-") as folder:
        disk = SmallDisk() if tale.has_small_disk else None
        site = Site(Path(folder) / "site", RIG + RESTING, soc=0.9)
        if disk is not None:
            site.data = disk.mounted(Path(folder))
        try:
            site.started()
            wait_for(lambda: site.relay("R2")["contact"] == "open", 10, "it rests", lambda: site.log)
            time.sleep(1.5)
            measured = tale.live(site, worse)
        finally:
            site.end()
            if disk is not None:
                disk.close()
    return Outcome(name, tale.title, tale.promised, measured, tuple(worse))


def can_run(name: str) -> bool:
    """Return whether this process may make what the story needs."""
    return not TALES[name].has_small_disk or os.geteuid() == 0
