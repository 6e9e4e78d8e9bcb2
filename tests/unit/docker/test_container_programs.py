"""The small programs around the containers: the probes, and the script that finds the boards."""

import os
import sqlite3
import subprocess
import sys
import threading
import time
import tomllib
from collections.abc import Callable, Iterator
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from vigie.config import load
from vigie.config.reading import BadSettings
from vigie.config.sections import PlantKind
from vigie.telemetry.delivery_log import DeliveryLog
from vigie.telemetry.journal import Journal
from vigie.telemetry.retention import JournalSettings

DOCKER = Path(__file__).parents[3] / "deploy" / "docker"


@pytest.fixture
def serve() -> Iterator[Callable[[str, int], int]]:
    """Return a function that answers everything with a text and a status, and tells the port."""
    servers: list[ThreadingHTTPServer] = []

    def start(text: str, status: int = 200) -> int:
        class Page(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(status)
                self.end_headers()
                self.wfile.write(text.encode())

            def log_message(self, *_: object) -> None: ...

        servers.append(ThreadingHTTPServer(("127.0.0.1", 0), Page))
        threading.Thread(target=servers[-1].serve_forever, daemon=True).start()
        return int(servers[-1].server_port)

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def probe(folder: Path, service: str, settings: str) -> int:
    (folder / "vigie.toml").write_text(settings, encoding="utf-8")
    environment = {"VIGIE_CONFIG": str(folder / "vigie.toml"), "VIGIE_DATA": str(folder), "TMPDIR": str(folder)}
    program = [sys.executable, "-I", "-S", str(DOCKER / "healthy.py"), service]
    return subprocess.run(program, env=environment, timeout=20, check=False).returncode


@pytest.mark.parametrize(
    ("text", "status", "is_healthy"),
    [
        ('# TYPE x gauge\nvigie_measurement_valid{site="a"} 0\n', 200, True),
        ("# HELP vigie_measurement_valid whether\nvigie_periods_total 12\n", 200, False),
        ('\nvigie_measurement_valid{site="a"} 1\n', 500, False),
    ],
)
def test_controller_is_healthy_while_its_loop_measures(
    serve: Callable[[str, int], int], tmp_path: Path, text: str, status: int, is_healthy: bool
) -> None:
    port = serve(text, status)
    assert (probe(tmp_path, "controller", f"[metrics]\nport = {port}\n") == 0) is is_healthy


def test_web_is_healthy_while_it_answers(serve: Callable[[str, int], int], tmp_path: Path) -> None:
    assert probe(tmp_path, "web", f"[web]\nport = {serve('{}', 200)}\n") == 0
    assert probe(tmp_path, "web", f"[web]\nport = {serve('{}', 503)}\n") == 1


@pytest.mark.parametrize(("age_s", "is_healthy"), [(0, True), (170, True), (200, False), (-60, False)])
def test_delivery_is_healthy_while_it_tells_how_it_goes(tmp_path: Path, age_s: int, is_healthy: bool) -> None:
    journal = Journal(tmp_path / "journal.sqlite", JournalSettings())
    journal.start()
    journal.close()
    assert probe(tmp_path, "delivery", "") == 1, "it has told nothing yet"
    with closing(DeliveryLog(tmp_path / "journal.sqlite")) as log:
        log.begin()
    with closing(sqlite3.connect(tmp_path / "journal.sqlite")) as connection, connection:
        connection.execute("UPDATE delivery SET updated_utc_ms = ?", (round((time.time() - age_s) * 1_000),))
    assert (probe(tmp_path, "delivery", "") == 0) is is_healthy


def a_pi(folder: Path, chips: dict[str, str]) -> dict[str, str]:
    """Make a Raspberry Pi's tree of devices; return the environment that shows it."""
    (folder / "dev").mkdir()
    (folder / "dev" / "i2c-1").touch()
    for name, compatible in chips.items():
        node = folder / "sys" / "bus" / "gpio" / "devices" / name / "of_node"
        node.mkdir(parents=True)
        (node / "compatible").write_bytes(compatible.encode() + b"\0")
        (folder / "dev" / name).touch()
    return {**os.environ, "SYSFS": str(folder / "sys"), "DEVICES": str(folder / "dev")}


def boards(environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["sh", str(DOCKER / "boards.sh")], env=environment, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("compatible", ["raspberrypi,rp1-gpio", "brcm,bcm2711-gpio", "brcm,bcm2835-gpio"])
def test_boards_are_found_by_what_they_are_not_by_number(tmp_path: Path, compatible: str) -> None:
    told = boards(a_pi(tmp_path, {"gpiochip0": "brcm,brcmstb-gpio", "gpiochip7": compatible}))
    assert told.returncode == 0, told.stderr
    found = dict(line.split("=") for line in told.stdout.splitlines())
    assert found["VIGIE_GPIOCHIP"] == str(tmp_path / "dev" / "gpiochip7")
    assert found["VIGIE_I2C"] == str(tmp_path / "dev" / "i2c-1")
    assert found["VIGIE_GPIO_GROUP"] == found["VIGIE_I2C_GROUP"] == str(tmp_path.stat().st_gid)


def test_missing_boards_are_named(tmp_path: Path) -> None:
    environment = a_pi(tmp_path, {"gpiochip0": "brcm,brcmstb-gpio"})
    assert "40-pin header" in boards(environment).stderr
    (tmp_path / "dev" / "i2c-1").unlink()
    told = boards(environment)
    assert told.returncode == 1
    assert "switch I2C on" in told.stderr


def test_settings_of_the_demonstration_fit() -> None:
    assert load(DOCKER / "demo.toml").plant.kind == PlantKind.TWIN


def test_settings_of_the_boards_lack_nothing_but_what_commissioning_finds() -> None:
    with pytest.raises(BadSettings) as told:
        load(DOCKER / "vigie.toml")
    assert {fault.key for fault in told.value.faults} == {
        "rig.r1_contact",
        "rig.r2_contact",
        "wiring.controller_supply",
    }


def test_settings_of_both_differ_only_in_what_is_watched() -> None:
    ours, demo = (tomllib.loads((DOCKER / name).read_text(encoding="utf-8")) for name in ("vigie.toml", "demo.toml"))
    assert {name for name in ours | demo if ours.get(name) != demo.get(name)} == {"site", "plant", "relays"}
