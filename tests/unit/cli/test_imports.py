"""What each process imports: memory on a Raspberry Pi, and a controller that nothing of the pages can touch."""

import hashlib
import hmac
import json
import subprocess
import sys
from pathlib import Path

import pytest

from vigie.cli import commands as commands_package

WITHOUT_TLS = "from vigie.memory import keep_out_tls; keep_out_tls(); "
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
    found = imported("vigie.cli.controller_process", AS_ITS_PROCESS + WITHOUT_TLS)
    assert "prometheus_client" in found
    assert not found & (COMMAND_LINE | LABORATORY | PAGES | {"requests", "greenlet", "asyncio", "google", "apprise"})
    assert not found & {"socketio", "engineio", "websocket", "bidict", "ssl", "_ssl", "_hashlib"}


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


WITHOUT_LIBCRYPTO = """
import hashlib, hmac, http.client, json, random, sys, uuid
from pathlib import Path
import ssl
import vigie.cli.controller_process
from vigie.assembly.files import link_token
from vigie.telemetry.exporter import Exporter

exporter = Exporter(0)
asking = http.client.HTTPConnection("127.0.0.1", exporter.port, timeout=30)
asking.request("GET", "/metrics")
told = asking.getresponse()
exporter.close()
maps = Path("/proc/self/maps").read_text()
folder = Path(sys.argv[1])
print(json.dumps({
    "metrics": told.status,
    "libraries": [name for name in ("libssl", "libcrypto") if name in maps],
    "hashes": [hashlib.new(name, b"abc").hexdigest()[:8] for name in ("md5", "sha1", "sha256", "sha512", "blake2b")],
    "hmac": hmac.new(b"key", b"abc", "sha256").hexdigest()[:8],
    "random": 0 <= random.SystemRandom().random() < 1,
    "ids": len({uuid.uuid4() for _ in range(9)} | {uuid.uuid5(uuid.NAMESPACE_DNS, "a")}),
    "token": len(link_token(folder / "link.token")) > 30,
    "ssl": ssl.SSLContext is None,
}))
"""


def test_controller_does_without_libcrypto_and_misses_nothing(tmp_path: Path) -> None:
    program = AS_ITS_PROCESS + WITHOUT_TLS + WITHOUT_LIBCRYPTO
    command = [sys.executable, "-c", program, str(tmp_path)]
    told = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    assert json.loads(told.stdout) == {
        "metrics": 200,
        "libraries": [],
        "hashes": [hashlib.new(n, b"abc").hexdigest()[:8] for n in ("md5", "sha1", "sha256", "sha512", "blake2b")],
        "hmac": hmac.new(b"key", b"abc", "sha256").hexdigest()[:8],
        "random": True,
        "ids": 10,
        "token": True,
        "ssl": True,
    }
    assert "not found" not in told.stderr, "hashlib tells of a hash that is missing"


@pytest.mark.parametrize(
    "attempt",
    ["urllib.request.urlopen('https://127.0.0.1:1/', timeout=1)", "__import__('ssl').create_default_context()"],
)
def test_who_encrypts_without_tls_fails_and_sends_nothing_in_the_open(attempt: str) -> None:
    program = f"{WITHOUT_TLS}import urllib.request, urllib.error; {attempt}"
    told = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False)
    assert told.returncode == 1
    assert "NoneType" in told.stderr or "unknown url type" in told.stderr


def test_no_name_stands_for_a_command_and_for_its_work() -> None:
    commands = Path(commands_package.__path__[0])
    names = {file.stem for file in commands.glob("*.py")} & {file.stem for file in commands.parent.glob("*.py")}
    assert names == {"__init__"}
