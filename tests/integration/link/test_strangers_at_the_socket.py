"""What comes to the web process's socket and is no controller, or none that behaves."""

import json
import os
import shutil
import signal
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest
import requests
from structlog.testing import capture_logs

from tests.integration.web.programs import Web, accept, link
from tests.integration.web.snapshots import make_snapshot
from tests.waiting import wait_for
from vigie.link import client as client_module
from vigie.link import connection as connection_module
from vigie.link.client import LinkClient
from vigie.link.hub import Hub
from vigie.link.local_socket import LocalSocket, connected_to, listening
from vigie.link.server import LinkListener
from vigie.link.wire import MOST_FROM_CONTROLLER_BYTES

HELLO = b'{"hello": "stranger"}'
STRANGE = [
    b"",
    b"{",
    b"\x00\xff",
    b"[]",
    b"[" * 100_000,
    b"7",
    b"x" * 200_000,
    b'{"snapshot": {}}',
    b'{"answer": {}, "call": 1}',
    b'{"answer": {}, "call": [{}]}',
    b'{"error": null, "call": "x"}',
    b'{"call": null}',
    b'{"hello": {"a": [1]}}',
    b'{"bye": true}',
]


def called(web: Web) -> socket.socket:
    caller = connected_to(web.socket)
    caller.settimeout(5.0)
    return caller


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    web = Web(tmp_path_factory.mktemp("web")).start()
    yield web
    web.end()


@pytest.mark.parametrize("number", range(len(STRANGE)))
@pytest.mark.parametrize("first", [b"", HELLO], ids=["at once", "once it is in"])
def test_strange_message_ends_its_connection_at_most(shared: Web, first: bytes, number: int) -> None:
    with called(shared) as stranger:
        for sent in (first, STRANGE[number]):
            if sent:
                stranger.send(sent)
    controller = wait_for(lambda: _joined(shared), what="the controller gets in")
    controller.publish(make_snapshot(seq=number))
    wait_for(lambda: (shared.state()["snapshot"] or {}).get("seq") == number)
    assert shared.order(action="acknowledge").status_code == 200
    controller.close()
    assert "Traceback" not in shared.log.read_text()


def _joined(web: Web) -> LinkClient:
    return link(web)


def test_answers_that_nobody_asked_for_reach_nobody(web: Web) -> None:
    with called(web) as liar:
        liar.send(HELLO)
        assert liar.recv(999) == b'{"welcome": true}'
        for number in range(1_000, 1_050):
            liar.send(json.dumps({"call": number, "answer": {"id": "made-up"}}).encode())
        reply = web.order(action="acknowledge")
        assert reply.status_code == 504
    assert web.order(action="acknowledge").status_code == 503


def test_flood_of_callers_that_say_nothing_holds_the_controller_up_for_seconds_only(web: Web) -> None:
    with ExitStack() as crowd:
        for _ in range(8):
            crowd.enter_context(called(web))
        began_s = time.monotonic()
        controller = link(web)
        assert time.monotonic() - began_s < 15.0
        controller.close()
    assert web.running().num_threads() < 60


def test_flood_of_snapshots_that_nobody_reads_the_answers_of_ends_in_a_lost_link(web: Web) -> None:
    data = json.dumps({"snapshot": make_snapshot()}).encode()
    with called(web) as flooder:
        flooder.send(HELLO)
        flooder.settimeout(1.0)
        with suppress(OSError):
            for _ in range(100_000):
                flooder.send(data)
        assert web.get("/healthz").ok
        wait_for(lambda: "controller_lost" in web.log.read_text(), what="the web process hangs up")
    controller = wait_for(lambda: _joined(web), what="the controller gets in")
    controller.close()


def test_largest_snapshot_that_may_be_is_far_from_the_bound() -> None:
    snapshot = make_snapshot()
    assert len(json.dumps(snapshot)) * 8 < MOST_FROM_CONTROLLER_BYTES


def test_file_that_somebody_deletes_comes_back(web: Web, controller: LinkClient) -> None:
    web.socket.unlink()
    controller.publish(make_snapshot(seq=4))
    wait_for(lambda: web.state()["snapshot"], what="the link that stands goes on")
    wait_for(web.socket.is_socket, what="the file is back")
    controller.close()
    second = link(web)
    second.close()


def test_second_web_process_of_the_folder_waits_for_its_turn(web: Web, controller: LinkClient) -> None:
    second = Web(web.folder).start()
    wait_for(lambda: "another web process" in second.log.read_text(), what="it says why it hears nothing")
    controller.publish(make_snapshot(seq=1))
    wait_for(lambda: web.state()["link"] == "connected")
    assert second.state()["link"] == "never"
    web.kill()
    controller.publish(make_snapshot(seq=2))
    wait_for(lambda: second.state()["link"] == "connected", what="the second takes over")
    second.end()


@pytest.mark.parametrize("place", ["a folder", "a folder that is gone"])
def test_place_that_takes_no_socket_is_told_once_and_tried_again(tmp_path: Path, place: str) -> None:
    path = tmp_path / "data" / "link.sock"
    if place == "a folder":
        path.mkdir(parents=True)
    with capture_logs() as logs:
        listener = LinkListener(path, Hub("secret"))
        listener.RETRY_S = 0.05  # type: ignore[misc]
        listener.start()
        wait_for(lambda: logs)
        time.sleep(0.3)
        assert [entry["event"] for entry in logs] == ["link_not_offered"]
        shutil.rmtree(tmp_path / "data", ignore_errors=True)
        path.parent.mkdir()
        wait_for(path.is_socket, what="it listens")
        listener.close()
    assert not path.exists()


def test_data_folder_deeper_than_a_sockets_address_has_its_link_all_the_same(tmp_path: Path) -> None:
    folder = tmp_path / ("deep" * 20) / ("deeper" * 15)
    folder.mkdir(parents=True)
    web = Web(folder).start()
    controller = link(web)
    assert web.order(action="acknowledge").status_code == 200
    controller.close()
    web.end()


def test_web_that_hangs_for_long_is_left_and_found_again(
    web: Web, monkeypatch: pytest.MonkeyPatch, controller: LinkClient
) -> None:
    monkeypatch.setattr(connection_module.wire, "SILENCE_S", 1.0)
    monkeypatch.setattr(connection_module, "STEP_S", 1.0)
    os.kill(web.running().pid, signal.SIGSTOP)
    controller.publish(make_snapshot(seq=1))
    wait_for(lambda: not controller.is_connected, what="it does not wait for ever")
    os.kill(web.running().pid, signal.SIGCONT)
    wait_for(lambda: controller.is_connected)
    controller.publish(make_snapshot(seq=2))
    wait_for(lambda: (web.state()["snapshot"] or {}).get("seq") == 2)


def test_silent_controller_says_that_it_lives(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client_module, "ALIVE_EVERY_S", 0.05)
    with called(web) as watched:
        watched.send(HELLO)
        assert watched.recv(99) == b'{"welcome": true}'
        for _ in range(20):
            watched.send(b'{"alive": true}')
            assert watched.recv(99) == b'{"taken": null}'
    controller = wait_for(lambda: _joined(web), what="the controller gets in")
    time.sleep(1.0)
    assert controller.is_connected
    assert web.get("/healthz").json()["link"] == "never", "who has sent no snapshot is not believed"
    controller.close()


def _web_that(path: Path, say: Callable[[LocalSocket], None]) -> None:
    with listening(path) as listener:
        caller, _ = listener.accept()
        end = LocalSocket(caller, takes_bytes=MOST_FROM_CONTROLLER_BYTES, sends_bytes=MOST_FROM_CONTROLLER_BYTES)
        say(end)
        end.close()


@pytest.mark.parametrize(
    "said",
    [
        {"command": 7, "call": 1},
        {"command": {"id": "x"}, "call": {"a": 1}},
        {"command": None},
        {"taken": {"a": "dict"}},
        {"nothing": "known"},
        {"refused": "too late for that"},
    ],
)
def test_web_that_talks_nonsense_ends_nothing_in_the_controller(tmp_path: Path, said: dict[str, object]) -> None:
    heard: list[dict[str, object]] = []

    def say(end: LocalSocket) -> None:
        heard.append(end.receive())
        end.send({"welcome": True})
        end.send(said)
        heard.append(end.receive(5.0))

    client = LinkClient(tmp_path / "link.sock", accept)
    client.start()
    _web_that(tmp_path / "link.sock", say)
    wait_for(lambda: not client.is_connected)
    web = Web(tmp_path).start()
    wait_for(lambda: client.is_connected, what="it has found the right one")
    client.close()
    web.end()
    assert heard[0].keys() == {"hello"}
    assert heard[1].keys() in ({"call", "error"}, {"alive"})


def test_many_orders_at_once_take_no_more_threads_than_are_granted(web: Web) -> None:
    assert connection_module.LinkConnection.COMMANDS_AT_ONCE < 64 - 16
    assert requests.get(f"{web.url}/flask/healthz", timeout=10).ok


def test_listener_stops_at_once_and_takes_its_file_away(tmp_path: Path) -> None:
    with capture_logs() as logs:
        listener = LinkListener(tmp_path / "link.sock", Hub("secret"))
        listener.RETRY_S = 30.0  # type: ignore[misc]
        listener.start()
        wait_for((tmp_path / "link.sock").is_socket)
        client = LinkClient(tmp_path / "link.sock", accept)
        client.start()
        wait_for(lambda: client.is_connected)
        began_s = time.monotonic()
        listener.close()
        assert time.monotonic() - began_s < 5.0
        wait_for(lambda: not client.is_connected)
        client.close()
    assert not (tmp_path / "link.sock").exists()
    assert not [entry for entry in logs if entry["log_level"] in ("warning", "error")]
