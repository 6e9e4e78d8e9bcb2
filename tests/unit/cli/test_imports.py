"""What each process imports: memory on a Raspberry Pi, and a controller that nothing of the pages can touch."""

import subprocess
import sys
from pathlib import Path

import pytest

from vigie.cli import commands as commands_package

AS_ITS_PROCESS = "from vigie.memory import keep_out_the_unneeded; keep_out_the_unneeded(); "
COMMAND_LINE = {"rich", "typer", "click", "tomlkit"}
LABORATORY = {"numpy", "numba", "matplotlib", "pyarrow"}
PAGES = {"flask", "apiflask", "werkzeug", "jinja2", "gunicorn", "argon2"}


def imported(module: str, before: str = "") -> set[str]:
    """Return the packages, with some of Python's own, that are loaded when ``module`` is."""
    program = f"import sys; {before}import {module}; "
    program += "print(*(n.partition('.')[0] for n, m in sys.modules.items() if getattr(m, '__spec__', None)))"
    told = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=110, check=True)
    return set(told.stdout.split())


@pytest.mark.parametrize("module", ["supervise", "child", "starting", "entry"])
def test_supervisor_and_the_first_lines_import_the_standard_library_only(module: str) -> None:
    foreign = imported(f"vigie.cli.{module}") - set(sys.stdlib_module_names) - {"vigie"}
    assert not {name for name in foreign if not name.startswith(("_", "sitecustomize"))}


def test_controller_imports_nothing_of_pages_laboratory_or_command_line() -> None:
    found = imported("vigie.cli.controller_process", AS_ITS_PROCESS)
    assert "socketio" in found
    assert not found & (COMMAND_LINE | LABORATORY | PAGES | {"requests", "greenlet", "asyncio", "google", "apprise"})


def test_web_imports_nothing_of_laboratory_or_delivery() -> None:
    found = imported("vigie.cli.web_process", AS_ITS_PROCESS)
    assert "flask" in found
    assert not found & (
        LABORATORY | {"rich", "typer", "tomlkit", "requests", "greenlet", "asyncio", "google", "cramjam"}
    )


def test_delivery_imports_nothing_of_pages_or_laboratory() -> None:
    before = AS_ITS_PROCESS.replace("unneeded();", "unneeded({'requests'});")
    found = imported("vigie.cli.delivery_process", before)
    assert "requests" in found
    assert not found & (COMMAND_LINE | LABORATORY | PAGES | {"greenlet", "asyncio"})


@pytest.mark.parametrize("module", ["settings", "alarms", "orders", "backup", "imports", "replays", "salvages"])
def test_command_that_has_nothing_to_log_or_to_send_starts_without_what_does(module: str) -> None:
    assert not imported(f"vigie.cli.{module}") & {"structlog", "asyncio", "pygments", "google", "socketio", "flask"}


def test_what_is_put_off_is_there_when_somebody_asks_for_it() -> None:
    program = f"{AS_ITS_PROCESS}import asyncio; "
    program += (
        "from asyncio import Queue; import asyncio as again; print(again.Queue is Queue, asyncio.run is again.run)"
    )
    told = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)
    assert told.stdout.split() == ["True", "True"]


def test_no_name_stands_for_a_command_and_for_its_work() -> None:
    commands = Path(commands_package.__path__[0])
    names = {file.stem for file in commands.glob("*.py")} & {file.stem for file in commands.parent.glob("*.py")}
    assert names == {"__init__"}
