"""What a person sees of a start and a stop: what starts, where the page is, how it ended, nothing to worry about."""

import json
import os
import re
import signal
import subprocess
import time
from collections.abc import Callable

import psutil
import pytest

from tests.waiting import wait_for

from .installations import TWIN, VIGIE, Site

MOMENTS_S = [0.25 * step for step in range(1, 21)]
OURS = re.compile(r"vigie/(?!cli/(entry|starting)\.py)\w+/\w+\.py")
TWIN_VALUES = {"speed": 1.0, "soc": 0.8}


def worries(log: str) -> list[str]:
    """Return what a person would stop at: warnings, errors, tracebacks."""
    told = []
    for line in log.splitlines():
        try:
            is_bad = json.loads(line)["level"] not in {"info", "debug"}
        except (ValueError, KeyError, TypeError):
            is_bad = any(
                word in line for word in ("Traceback", "Error", "Interrupt", "Aborted", "[WARNING]", "[ERROR]")
            )
        told += [line] if is_bad else []
    return told


def family(pid: int) -> list[psutil.Process]:
    try:
        return [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def is_left(one: psutil.Process) -> bool:
    return one.is_running() and one.status() != psutil.STATUS_ZOMBIE


def test_start_and_stop_say_what_a_person_needs_and_nothing_else(site: Callable[..., Site]) -> None:
    twin = site(TWIN, **TWIN_VALUES).started()
    mine = family(twin.run.pid)
    status, _ = twin.stop(signal.SIGINT)
    assert status == 0
    assert worries(twin.log) == []
    lines = [line.strip() for line in twin.log.splitlines() if not line.startswith("{")]
    assert [line for line in lines if line] == [
        "Vigie starts: the twin (simulated)",
        f"Vigie watches the twin (simulated): {twin.url}/",
        f"data in {twin.data}; Ctrl+C stops, contacts stay as they are",
        "stopped; contacts stay as they are",
    ]
    assert not [one for one in mine if is_left(one)]


def test_ctrl_c_on_a_terminal_reaches_all_and_is_as_quiet(site: Callable[..., Site]) -> None:
    """The terminal signals its whole process group; an impatient person presses again."""
    twin = site(TWIN, **TWIN_VALUES)
    with twin.log_path.open("a") as log:
        run = subprocess.Popen([VIGIE, "run", *twin.options], stdout=log, stderr=log, start_new_session=True)
    try:
        twin.wait_until_connected()
        mine = family(run.pid)
        os.killpg(run.pid, signal.SIGINT)
        os.killpg(run.pid, signal.SIGINT)
        assert run.wait(20) == 0
        assert worries(twin.log) == []
        assert "stopped; contacts stay as they are" in twin.log
        wait_for(lambda: not [one for one in mine if is_left(one)], 5, "nothing is left", lambda: twin.log)
    finally:
        for one in family(run.pid):
            one.kill()


def test_real_trouble_is_told(site: Callable[..., Site]) -> None:
    twin = site(TWIN, **TWIN_VALUES).started()
    twin.controller().kill()
    wait_for(lambda: '"event": "controller_lost"' in twin.log, 20, "the pages miss it", lambda: twin.log)
    wait_for(lambda: '"event": "process ended, restarting"' in twin.log, 20, "the supervisor too", lambda: twin.log)
    twin.wait_until_connected()
    assert twin.stop()[0] == 0


def test_pages_that_come_later_are_not_worth_a_warning_but_missing_ones_are(site: Callable[..., Site]) -> None:
    """The controller alone: nobody serves the pages."""
    twin = site(TWIN, **TWIN_VALUES).start(command="controller")
    wait_for(lambda: '"event": "start"' in twin.log, 45, "a controller at work", lambda: twin.log)
    assert worries(twin.log) == []
    wait_for(lambda: "is the web process running" in twin.log, 60, "the warning", lambda: twin.log)
    assert twin.stop(signal.SIGINT)[0] == 0


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("number", [signal.SIGINT, pytest.param(signal.SIGTERM, marks=pytest.mark.long)])
def test_stop_at_any_moment_of_the_start_is_quiet_and_leaves_nothing(site: Callable[..., Site], number: int) -> None:
    for moment_s in MOMENTS_S[number == signal.SIGTERM :: 2]:
        twin = site(TWIN, **TWIN_VALUES).start()
        time.sleep(moment_s)  # that moment is what is tried
        mine = family(twin.run.pid)
        status, _ = twin.stop(number)
        if worries(twin.log) and "Vigie starts" not in twin.log and not OURS.search(twin.log):
            continue  # Python itself was still starting, before the first line of the program
        assert status in {0, -number, 128 + number}, f"{moment_s} s: {status}\n{twin.log}"
        assert worries(twin.log) == [], f"{moment_s} s\n{twin.log}"
        wait_for(lambda mine=mine: not [one for one in mine if is_left(one)], what=f"nothing left of {moment_s} s")
