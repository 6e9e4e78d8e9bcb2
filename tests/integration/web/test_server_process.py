"""The web process itself: ports, start, stop, memory."""

import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.integration.web.programs import Browser, Web, link
from tests.integration.web.snapshots import make_snapshot
from tests.waiting import wait_for
from vigie.errors import VigieError
from vigie.web.server import listen


def test_taken_port_names_the_program_that_holds_it() -> None:
    command = [sys.executable, "-m", "http.server", "0", "--bind", "127.0.0.1"]
    with subprocess.Popen(["env", "PYTHONUNBUFFERED=1", *command], stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        port = int(other.stdout.readline().split(" port ")[1].split()[0])
        with pytest.raises(VigieError, match=rf"port {port} on 127.0.0.1 is taken by .*process \d+.*web.port"):
            listen("127.0.0.1", port)
        other.terminate()


def test_address_of_another_machine_is_said_to_be_none_of_ours() -> None:
    with pytest.raises(VigieError, match=r"cannot listen on port 8765 of 192\.0\.2\.1"):
        listen("192.0.2.1", 8765)


def test_nonsense_host_is_an_error_before_anything_starts() -> None:
    with pytest.raises(VigieError, match=r"web\.host 'no such host' is no address"):
        listen("no such host", 8765)


def test_web_that_cannot_take_its_port_ends_at_once(web: Web, tmp_path: Path) -> None:
    second = Web(tmp_path, port=web.port)
    with pytest.raises(AssertionError, match=f"port {web.port} on 127.0.0.1 is taken by"):
        second.start()
    assert second.process.wait(5) == 1
    assert second.process.stdout is not None
    second.process.stdout.close()


def test_stops_within_three_seconds_with_open_sockets_and_keeps_the_snapshot(web: Web) -> None:
    pages = [Browser(web.url).open() for _ in range(5)]
    controller = link(web)
    for seq in (1, 2, 3):
        controller.publish(make_snapshot(seq=seq))
        wait_for(lambda seq=seq: (web.state()["snapshot"] or {}).get("seq") == seq)
    before = web.running()
    assert web.stop() < 3.0
    assert web.process.returncode == 0
    assert not before.is_running()
    controller.close()
    assert all(not page.is_open for page in pages)
    assert '"seq": 3' in web.snapshot.read_text()


def test_only_loopback_is_listened_on_by_default(web: Web) -> None:
    listening = [found for found in web.running().net_connections(kind="inet") if found.status == "LISTEN"]
    assert {found.laddr.ip for found in listening} == {"127.0.0.1"}


def test_no_control_socket_appears(web: Web) -> None:
    sockets = [found.laddr for found in web.running().net_connections(kind="unix")]
    assert not [name for name in sockets if "gunicorn" in str(name)]


def test_memory_stays_under_seventy_megabytes_with_pages_open(web: Web) -> None:
    controller = link(web)
    pages = [Browser(web.url).open() for _ in range(10)]
    controller.publish(make_snapshot())
    wait_for(lambda: web.state()["snapshot"])
    for path in ("/", "/multimeter", "/relays", "/about", "/api/v1/openapi.json"):
        assert web.get(path).ok
    for seq in range(60):
        controller.publish(make_snapshot(seq=seq))
        assert web.get("/").ok
        time.sleep(0.02)
    wait_for(lambda: web.running().memory_info().rss < 70_000_000, what="it has given back what it does not use")
    for page in pages:
        page.close()
    controller.close()
