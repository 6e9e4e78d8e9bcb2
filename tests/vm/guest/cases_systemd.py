"""The controller as a service: systemd's own readiness, watchdog, restarts and stop (sd_notify)."""

import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import outside
from cases_controller import CLOSED, OPEN, after_power_on
from processes import SETTINGS, wait_for
from report import See, shown

WATCHDOG_S = 10
PERIOD_S = 3
EMULATED = f"""
[loop]
period_s = {PERIOD_S}
bus_deadline_s = {0.9 * PERIOD_S}
"""
"""A guest that gets little of the machine's time would miss shorter ones, which makes the contacts safe, as it must."""


def systemctl(*arguments: str) -> str:
    told = subprocess.run(["systemctl", *arguments], capture_output=True, text=True, check=False)
    assert told.returncode == 0, told.stderr + journal()
    return told.stdout.strip()


def shows(name: str) -> str:
    return systemctl("show", "--value", "--property", name, "vigie")


def journal(lines: int = 30) -> str:
    told = ["journalctl", "--unit", "vigie", "--output", "cat", "--no-pager", "--lines", str(lines)]
    return subprocess.run(told, capture_output=True, text=True, check=False).stdout


def restarted(before: str) -> Callable[[], bool]:
    """Return a condition: another process is up and has said so."""
    return lambda: shows("MainPID") not in ("0", before) and shows("ActiveState") == "active"


def starting_the_unit_ends_with_the_first_period(see: See) -> None:
    after_power_on()
    Path("/etc/vigie.toml").write_text(SETTINGS.format(mode="protect") + EMULATED)
    start = outside.mark("systemctl start")
    began_s = time.monotonic()
    systemctl("start", "vigie")
    ready_s = time.monotonic() - began_s
    see(f"active after {ready_s:.1f} s: {shows('ActiveState')}, {shows('StatusText')!r}")
    wait_for(lambda: outside.levels() == OPEN, 10 * PERIOD_S, "protect opens R2", journal)
    shown(outside.log(start - 1), see, "the kernel's log")
    assert shows("ActiveState") == "active"
    assert [(entry.line, entry.what[6:]) for entry in outside.moved(start)] == [("GPIO13", "low->high")]


def a_bus_that_hangs_longer_than_the_watchdog_is_no_hang_of_the_controller(see: See) -> None:
    """Twenty seconds in one transfer: contacts are made safe, the loop goes on, systemd kills nothing."""
    start = outside.mark("bus hangs 20 s")
    outside.feel_at("hang_ms", outside.LOAD, 2 * WATCHDOG_S * 1000)
    wait_for(lambda: outside.levels() == CLOSED, 10 * PERIOD_S, "R2 closes", journal)
    outside.feel_at("hang_ms", outside.LOAD, 0)
    wait_for(lambda: outside.levels() == OPEN, 3 * WATCHDOG_S + 10 * PERIOD_S, "R2 opens again", journal)
    shown(outside.log(start - 1), see, "the kernel's log")
    see(f"restarts {shows('NRestarts')}")
    assert shows("NRestarts") == "0", "a healthy loop feeds the watchdog"


def the_watchdog_of_systemd_restarts_a_stopped_controller_and_no_line_moves(see: See) -> None:
    pid = shows("MainPID")
    start = outside.mark("SIGSTOP")
    began_s = time.monotonic()
    os.kill(int(pid), signal.SIGSTOP)
    wait_for(restarted(pid), 60, "a restart by systemd", journal, every_s=0.5)
    spent_s = time.monotonic() - began_s
    outside.mark("active again")
    time.sleep(2 * PERIOD_S)
    shown(outside.log(start - 1), see, "the kernel's log")
    for line in journal().splitlines():
        if "atchdog" in line or "restart" in line:
            see(f"systemd: {line}")
    see(f"active again after {spent_s:.1f} s, restarts {shows('NRestarts')}")
    assert shows("NRestarts") == "1"
    assert outside.moved(start) == []
    assert outside.levels() == OPEN


def a_killed_controller_is_restarted_and_no_line_moves(see: See) -> None:
    pid = shows("MainPID")
    start = outside.mark("kill -9")
    began_s = time.monotonic()
    os.kill(int(pid), signal.SIGKILL)
    wait_for(restarted(pid), 60, "a restart by systemd", journal, every_s=0.5)
    see(f"active again after {time.monotonic() - began_s:.1f} s, restarts {shows('NRestarts')}")
    time.sleep(2 * PERIOD_S)
    shown(outside.log(start - 1), see, "the kernel's log")
    assert shows("NRestarts") == "2"
    assert outside.moved(start) == []
    assert outside.levels() == OPEN


def stopping_the_unit_moves_no_line(see: See) -> None:
    start = outside.mark("systemctl stop")
    began_s = time.monotonic()
    systemctl("stop", "vigie")
    see(f"stopped after {time.monotonic() - began_s:.1f} s: {shows('ActiveState')}, result {shows('Result')}")
    shown(outside.log(start - 1), see, "the kernel's log")
    assert shows("Result") == "success"
    assert outside.moved(start) == []
    assert outside.levels() == OPEN


CASES = (
    starting_the_unit_ends_with_the_first_period,
    a_bus_that_hangs_longer_than_the_watchdog_is_no_hang_of_the_controller,
    the_watchdog_of_systemd_restarts_a_stopped_controller_and_no_line_moves,
    a_killed_controller_is_restarted_and_no_line_moves,
    stopping_the_unit_moves_no_line,
)
