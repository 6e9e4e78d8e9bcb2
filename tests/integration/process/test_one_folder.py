"""Commands that are told nothing meet the installation that runs; a folder that is not there is said, not made."""

import json
import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from tests.waiting import wait_for

from .installations import TWIN, Site, vigie


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    one = Site(tmp_path_factory.mktemp("home"), TWIN, speed=10, soc=0.8).started()
    wait_for(lambda: one.snapshot()["journal"]["is_writing"], what="a journal", log=lambda: one.log)
    yield one
    one.end()


def told_nothing(home: Path, *arguments: str, status: int = 0) -> str:
    """Run a command as in another terminal of the same user; return what it says."""
    told = vigie(*arguments, HOME=str(home))
    assert told.returncode == status, told.stdout + told.stderr
    return told.stdout + told.stderr


def test_every_command_meets_the_installation_that_runs(running: Site, tmp_path: Path) -> None:
    home = running.data.parent
    assert json.loads(vigie("status", "--json", HOME=str(home)).stdout)["snapshot"]["site"] == "Tests [/bold]"
    assert "Manual" in told_nothing(home, "mode", "manual", "--minutes", "1")
    for command in ("alarms", "outages"):
        told_nothing(home, command)
    assert "no messages are set up" in told_nothing(home, "mail", "show")

    note = f"data folder of the installation that runs: {running.data}\n"
    assert note in told_nothing(home, "user", "add", "ada", "--role", "viewer", "--generate")
    assert (running.data / "users.sqlite").exists()
    assert "ada" in running.cli("user", "list").stdout
    (tmp_path / "cellar.csv").write_text("time,battery_v\n" + "".join(f"2026-01-0{n},12.{n}\n" for n in range(1, 9)))
    assert note in told_nothing(home, "import", str(tmp_path / "cellar.csv"))
    assert (running.data / "imported" / "cellar.sqlite").exists()
    assert note in told_nothing(home, "delivery", "show")
    assert note in told_nothing(home, "export", "--output", str(tmp_path / "all.csv"))
    assert len((tmp_path / "all.csv").read_text().splitlines()) > 1
    assert "journal of schema" in told_nothing(home, "backup", str(tmp_path))
    (backup,) = tmp_path.glob("vigie-tests-bold-*.tar.gz")
    assert str(running.data) in told_nothing(home, "restore", str(backup), status=4)
    assert not (home / ".local").exists(), "nothing was made in the usual folder"


def test_a_named_folder_is_never_taken_for_the_one_that_runs(running: Site, tmp_path: Path) -> None:
    home = running.data.parent
    assert "no data folder /nowhere" in told_nothing(home, "user", "list", "--data", "/nowhere", status=1)
    named = vigie("user", "list", HOME=str(home), VIGIE_DATA=str(tmp_path))
    assert "nobody yet" in named.stdout
    other = Site(tmp_path / "other", TWIN, speed=10, soc=0.8)
    told = vigie("status", "--config", str(other.config), HOME=str(home))
    assert told.returncode == 6, "other settings mean another installation"


def test_who_has_another_home_meets_nothing(running: Site, tmp_path: Path) -> None:
    assert running.controller()
    for command in (["user", "list"], ["export"], ["import", "--list"], ["delivery", "show"], ["backup", "b.tar.gz"]):
        told = told_nothing(tmp_path, *command, status=1)
        assert f"no data folder {tmp_path}/.local/share/vigie: start an installation" in told
    assert list(tmp_path.iterdir()) == [], "looking makes no folder"


def test_of_two_that_run_one_must_be_named(running: Site, site: Callable[..., Site]) -> None:
    home = running.data.parent
    second = site(TWIN, speed=10, soc=0.8).started(HOME=str(home))
    said = told_nothing(home, "export", status=1)
    assert "2 installations run" in said
    for one in (running, second):
        assert f"{one.data} (process {one.controller().pid})" in said
    assert "--data" in said
    assert "data folder of" not in told_nothing(home, "export", "--data", str(second.data)), "it was named"
    told_nothing(home, "status", "--data", str(second.data))  # at its port, with its settings
    told_nothing(home, "status", "--port", str(second.web_port))
    assert "no messages" in told_nothing(home, "mail", "show", "--config", str(running.config))
    second.stop()
    told_nothing(home, "status")


def test_an_installation_is_known_while_its_controller_is_restarted(site: Callable[..., Site]) -> None:
    one = site(TWIN, speed=10, soc=0.8).started()
    home = one.data.parent
    os.kill(one.run.pid, signal.SIGSTOP)  # a pause of a second is too short for several commands beside other tests
    try:
        one.controller().kill()
        assert f"data folder of the installation that runs: {one.data}" in told_nothing(home, "user", "list")
        assert json.loads(vigie("status", "--json", HOME=str(home)).stdout)["snapshot"]["site"] == "Tests [/bold]"
        told = told_nothing(home, "mode", "observe", status=6)
        assert "nobody answers at" not in told, "the pages answer, and say that the controller does not"
    finally:
        os.kill(one.run.pid, signal.SIGCONT)
    one.wait_until_connected()
    pages = one.web()
    one.run.kill()
    one.run.wait()
    controller = next(each for each in psutil.process_iter() if is_controller_in(one.data, each))
    controller.kill()
    assert pages.is_running()
    assert f"data folder of the installation that runs: {one.data}" in told_nothing(home, "user", "list")


def is_controller_in(data: Path, process: psutil.Process) -> bool:
    try:
        return str(data) in process.cmdline() and "vigie.cli.controller_process" in process.cmdline()
    except psutil.Error:
        return False


def test_a_named_folder_is_met_from_another_home(running: Site, tmp_path: Path) -> None:
    for options in (("--data", str(running.data)), ("--data", os.path.relpath(running.data))):
        told = vigie("status", "--json", *options, HOME=str(tmp_path))
        assert told.returncode == 0, told.stderr
        assert json.loads(told.stdout)["snapshot"]["site"] == "Tests [/bold]"


def test_pages_started_alone_meet_the_controller_that_runs(site: Callable[..., Site]) -> None:
    one = site(TWIN, speed=10, soc=0.8).start(command="controller")
    wait_for(lambda: '"event": "start"' in one.log, 30, "control runs", lambda: one.log)
    pages = site(TWIN, speed=10, soc=0.8)
    pages.web_port, pages.url = one.web_port, one.url
    pages.config = one.config
    pages.start_bare("web", HOME=str(one.data.parent))
    assert pages.wait_until_connected()["link"] == "connected"
    assert not pages.data.exists()
