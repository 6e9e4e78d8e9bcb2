"""What cannot work says so, names it, and ends with the status that docs/cli.md explains."""

import os
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import requests

from tests.waiting import wait_for
from vigie.telemetry.records import EventKind

from .installations import TWIN, VIGIE, Site, vigie


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    site = Site(tmp_path_factory.mktemp("first"), TWIN, speed=10, soc=0.8).started()
    yield site
    site.end()


def test_second_controller_on_the_same_data_is_refused_and_names_the_first(running: Site) -> None:
    holder = running.controller()
    told = vigie("controller", *running.options)
    assert told.returncode == 4
    assert f"process {holder.pid}" in told.stderr
    assert "--data" in told.stderr
    assert running.controller().pid == holder.pid
    assert running.wait_until_connected()["link"] == "connected"


def test_second_run_on_the_same_data_is_refused_too(running: Site) -> None:
    told = vigie("run", *running.options, "--port", "0")
    assert told.returncode == 4
    assert f"process {running.controller().pid}" in told.stderr


def test_taken_web_port_is_named_with_its_holder(running: Site, tmp_path: Path) -> None:
    told = vigie("web", "--config", str(running.config), "--data", str(tmp_path / "other"))
    assert told.returncode == 1
    assert f"port {running.web_port} " in told.stderr
    assert "is taken by" in told.stderr
    assert "web.port (--port)" in told.stderr


def test_run_on_a_taken_web_port_says_so_again_and_again_and_the_controller_goes_on(
    running: Site, site: Callable[..., Site]
) -> None:
    other = site(TWIN, speed=10, soc=0.8)
    other.start("--port", str(running.web_port))
    wait_for(lambda: other.log.count("is taken by") > 1, what="the port is named twice", log=lambda: other.log)
    assert '"process": "web"' in other.log
    assert other.controller().is_running()
    assert other.run.poll() is None
    assert other.events(EventKind.START)


class _SomethingElse(BaseHTTPRequestHandler):
    """Another program's API on our port: it likes some paths and not others."""

    def do_GET(self) -> None:
        body = b'{"state": "good"}'
        self.send_response(404 if self.path.endswith(("/alarms", "/mail/test")) else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_GET  # noqa: N815 - http.server's name

    def log_message(self, *_: object) -> None:
        """Nobody reads it."""


@pytest.mark.parametrize(
    "command", ["status", "alarms", "outages", "acknowledge", "mode observe", "mail show", "mail test"]
)
def test_another_program_that_answers_is_not_taken_for_vigie(tmp_path: Path, command: str) -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), _SomethingElse) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        told = vigie(*command.split(), "--url", f"http://127.0.0.1:{server.server_port}", "--data", str(tmp_path))
        server.shutdown()
    assert told.returncode == 6
    assert "is that Vigie's web application?" in told.stderr
    assert "Traceback" not in told.stderr


def test_taken_metrics_port_leaves_control_running_and_says_so(site: Callable[..., Site]) -> None:
    one = site(TWIN, speed=10, soc=0.8)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", one.metrics_port))
        taken.listen()
        one.started()
        wait_for(lambda: one.snapshot()["loop"]["periods"] > 5)
    faults = one.events(EventKind.FAULT)
    assert [(event.subject, event.after) for event in faults] == [("metrics", "not served")]
    assert str(one.metrics_port) in faults[0].text
    assert "no metrics" in one.log


def test_status_without_a_running_program_says_so(tmp_path: Path) -> None:
    one = Site(tmp_path, TWIN, speed=1, soc=0.8)
    told = one.cli("status")
    assert told.returncode == 6
    assert "nobody answers" in told.stderr
    assert "there is no journal yet" in told.stderr
    assert not one.data.exists(), "asking makes no folder"


def test_status_takes_a_snapshot_for_fresh_as_long_as_its_period_lasts(site: Callable[..., Site]) -> None:
    one = site("[loop]\nperiod_s = 5\n" + TWIN, speed=1, soc=0.8).started()
    wait_for(lambda: 3_000 < (one.state() or {})["age_ms"] < 4_500)
    told = one.cli("status")
    assert told.returncode == 0, told.stderr


def test_damaged_world_of_the_twin_is_refused_with_advice(tmp_path: Path) -> None:
    one = Site(tmp_path, TWIN, speed=1, soc=0.8)
    one.data.mkdir()
    (one.data / "twin.json").write_text('{"format": 1, "contacts"')
    told = vigie("controller", *one.options)
    assert told.returncode == 3
    assert "twin.json is damaged" in told.stderr
    assert "delete it" in told.stderr
    assert [event.subject for event in one.events(EventKind.FAULT)] == ["plant"]


def test_garbage_in_every_other_file_keeps_nothing_from_running(site: Callable[..., Site]) -> None:
    one = site(TWIN, speed=10, soc=0.8)
    one.data.mkdir()
    (one.data / "journal.sqlite").write_bytes(b"not a database" * 1_000)
    (one.data / "last-snapshot.json").write_text("][")
    (one.data / "controller.lock").write_bytes(b"\x00\xff" * 100)
    one.started()
    wait_for(lambda: one.snapshot()["journal"]["is_writing"], what="a new journal is written", log=lambda: one.log)
    assert "not a database" not in (one.data / "journal.sqlite").read_bytes()[:100].decode(errors="replace")
    assert [path for path in one.data.iterdir() if path.name.startswith("journal") and "corrupt" in path.name]


def test_pages_of_another_folder_leave_control_running_and_never_hear_of_it(site: Callable[..., Site]) -> None:
    one = site(TWIN, speed=10, soc=0.8)
    one.start(command="controller")
    try:
        wait_for(lambda: '"event": "start"' in one.log, what="control runs", log=lambda: one.log)
        web = Site(one.data.parent / "web", TWIN, speed=10, soc=0.8)
        web.config = one.config
        web.start(command="web")
        try:
            wait_for(lambda: "link_unreachable" in one.log, what="it says that it is alone", log=lambda: one.log)
            state = requests.get(f"{one.url}/api/v1/state", timeout=3).json()
            assert state["link"] == "never"
            assert one.run.poll() is None
        finally:
            web.end()
    finally:
        one.end()


@pytest.mark.parametrize("content", [b"", b"short", b"\x00" * 44])
def test_a_token_that_is_no_secret_any_more_is_made_anew_and_taken_over(
    site: Callable[..., Site], content: bytes
) -> None:
    one = site(TWIN, speed=10, soc=0.8).started()
    file = one.data / "link.token"
    file.write_bytes(content)
    assert vigie("status", *one.options).returncode == 0
    assert file.read_bytes() != content
    assert file.stat().st_mode & 0o077 == 0
    foreign = {"Origin": "http://evil.example", "Authorization": f"Bearer {file.read_text().strip()}"}
    order = {"url": f"{one.url}/api/v1/commands", "json": {"action": "acknowledge"}, "timeout": 10}
    assert requests.post(**order, headers=foreign).status_code != requests.codes.forbidden
    foreign["Authorization"] += "-"
    assert requests.post(**order, headers=foreign).status_code == requests.codes.forbidden


@pytest.mark.skipif(not os.path.isdir("/proc/sys"), reason="needs a folder nobody can write to")  # noqa: PTH112
@pytest.mark.parametrize("command", ["run", "controller", "web"])
def test_data_folder_that_cannot_be_made_is_named(command: str) -> None:
    told = vigie(command, "--data", "/proc/sys/vigie", "--port", "0")
    assert told.returncode == 1
    assert "/proc/sys/vigie" in told.stderr
    assert "--data" in told.stderr
    assert "Traceback" not in told.stderr


def test_full_standard_output_is_a_message_not_a_traceback() -> None:
    with Path("/dev/full").open("w") as full:
        told = subprocess.run(
            [VIGIE, "config", "show"], stdout=full, stderr=subprocess.PIPE, text=True, timeout=20, check=False
        )
    assert told.returncode == 1
    assert told.stderr == "the output cannot be written: No space left on device\n"
