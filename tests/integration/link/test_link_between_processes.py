"""The link between a real web process and a real controller's client."""

import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from tests.integration.web.programs import Browser, Web, accept, link
from tests.integration.web.snapshots import make_snapshot
from tests.waiting import wait_for
from vigie.link.client import LinkClient
from vigie.link.messages import Answer, Command


def _publish_for_ever(path: Path) -> None:
    client = LinkClient(path, accept)
    client.start()
    for seq in range(100_000):
        client.publish(make_snapshot(seq=seq))
        time.sleep(0.2)


@pytest.fixture
def controller_process(web: Web) -> Iterator[multiprocessing.Process]:
    process = multiprocessing.get_context("spawn").Process(target=_publish_for_ever, args=(web.socket,))
    process.start()
    wait_for(lambda: web.state()["snapshot"], what="the first snapshot")
    yield process
    process.kill()
    process.join()


def test_published_snapshot_reaches_api_and_browser(web: Web, controller: LinkClient, browser: Browser) -> None:
    controller.publish(make_snapshot(seq=41, mode="protect"))
    state = wait_for(lambda: browser.states[-1]["snapshot"] and browser.states[-1])
    assert (state["snapshot"]["seq"], state["snapshot"]["mode"], state["link"]) == (41, "protect", "connected")
    assert web.state()["snapshot"] == make_snapshot(seq=41, mode="protect")


def test_newest_snapshot_wins_and_publishing_never_waits(web: Web, controller: LinkClient) -> None:
    os.kill(web.running().pid, signal.SIGSTOP)
    for seq in range(2000):
        controller.publish(make_snapshot(seq=seq))
    os.kill(web.running().pid, signal.SIGCONT)
    wait_for(lambda: (web.state()["snapshot"] or {}).get("seq") == 1999)


def test_frozen_web_takes_only_the_newest_snapshot_afterwards(web: Web, controller: LinkClient) -> None:
    seen: list[int] = []
    controller.publish(make_snapshot(seq=1))
    wait_for(lambda: web.state()["snapshot"])
    os.kill(web.running().pid, signal.SIGSTOP)
    for seq in range(2, 60):
        controller.publish(make_snapshot(seq=seq))
        time.sleep(0.005)
    os.kill(web.running().pid, signal.SIGCONT)
    while not seen or seen[-1] != 59:
        seen.append(web.state()["snapshot"]["seq"])
        assert len(seen) < 500
    assert len(set(seen)) <= 3


def test_command_makes_the_round_trip_with_its_id(web: Web) -> None:
    seen: list[Command] = []

    def remember(command: Command) -> Answer:
        seen.append(command)
        return accept(command)

    client = link(web, remember)
    reply = web.order(id="abcdefgh-1", action="set_contact", relay="R3", contact="closed", who="Ada", why="test")
    again = web.order(id="abcdefgh-1", action="set_contact", relay="R3", contact="closed", who="Ada", why="test")
    client.close()
    assert reply.status_code == again.status_code == 200
    assert reply.json()["contacts"]["R3"] == "closed"
    assert [command.id for command in seen] == ["abcdefgh-1", "abcdefgh-1"]
    assert (seen[0].who, seen[0].why) == ("Ada", "test")
    assert 0 < seen[0].not_after_utc_ms - time.time() * 1000 <= 5000


def test_refused_command_is_a_409_with_the_reason(web: Web) -> None:
    client = link(web, lambda command: accept(command).model_copy(update={"is_accepted": False, "reason": "both_open"}))
    reply = web.order(action="set_contact", relay="R1", contact="open")
    client.close()
    assert (reply.status_code, reply.json()["reason"]) == (409, "both_open")


def test_exception_in_the_controller_is_told_and_the_link_lives(web: Web) -> None:
    def fail(command: Command) -> Answer:
        if command.action == "acknowledge":
            raise RuntimeError("the inbox is on fire")
        return accept(command)

    client = link(web, fail)
    failed = web.order(action="acknowledge")
    worked = web.order(action="set_mode", mode="cycle")
    client.close()
    assert failed.status_code == 502
    assert "the inbox is on fire" in failed.json()["detail"]
    assert worked.json()["mode"] == "cycle"


def test_silent_controller_is_a_504(web: Web) -> None:
    release = threading.Event()

    def sleep(command: Command) -> Answer:
        release.wait(10)
        return accept(command)

    client = link(web, sleep)
    began_s = time.monotonic()
    reply = web.order(action="acknowledge")
    took_s = time.monotonic() - began_s
    release.set()
    client.close()
    assert reply.status_code == 504
    assert "may still have carried" in reply.json()["detail"]
    assert took_s > 2.9


def test_killed_controller_is_a_lost_link_with_a_growing_age(
    web: Web, controller_process: multiprocessing.Process, browser: Browser
) -> None:
    assert web.state()["link"] == "connected"
    controller_process.kill()
    wait_for(lambda: browser.states[-1]["link"] == "lost")
    first, began_s = web.state(), time.monotonic()
    second = wait_for(lambda: later if (later := web.state())["age_ms"] > first["age_ms"] + 500 else None)
    assert time.monotonic() - began_s > 0.45
    assert (first["link"], second["link"]) == ("lost", "lost")
    assert first["snapshot"] == second["snapshot"]
    reply = web.order(action="acknowledge")
    assert reply.status_code == 503
    assert "not sent" in reply.json()["detail"]


def test_frozen_controller_is_told_to_pages(
    web: Web, controller_process: multiprocessing.Process, browser: Browser
) -> None:
    wait_for(lambda: browser.states)
    os.kill(controller_process.pid, signal.SIGSTOP)
    state = wait_for(lambda: (browser.states[-1]["age_ms"] or 0) >= 2500 and browser.states[-1])
    assert state["link"] == "connected"
    os.kill(controller_process.pid, signal.SIGCONT)


def test_web_killed_and_back_gets_the_newest_snapshot_by_itself(web: Web, controller: LinkClient) -> None:
    controller.publish(make_snapshot(seq=7))
    wait_for(lambda: web.state()["snapshot"])
    web.kill()
    wait_for(lambda: not controller.is_connected)
    controller.publish(make_snapshot(seq=8))
    web.start()
    wait_for(lambda: web.state()["link"] == "connected" and web.state()["snapshot"]["seq"] == 8)
    assert web.state()["age_ms"] < 2000


def test_restarted_web_shows_the_last_snapshot_with_its_true_age(web: Web) -> None:
    client = link(web)
    client.publish(make_snapshot(seq=9))
    wait_for(lambda: web.state()["snapshot"])
    received_s = time.monotonic()
    client.close()
    web.stop()
    time.sleep(1.0)
    state = web.start().state()
    age_s = time.monotonic() - received_s
    assert (state["link"], state["snapshot"]["seq"]) == ("never", 9)
    assert 1_000 <= state["age_ms"] <= age_s * 1000 + 300


def test_second_controller_is_refused_while_the_first_is_alive(web: Web, controller: LinkClient) -> None:
    controller.publish(make_snapshot(seq=1))
    wait_for(lambda: web.state()["snapshot"])
    with capture_logs() as logs:
        second = LinkClient(web.socket, accept)
        second.start()
        wait_for(lambda: [entry for entry in logs if entry["event"] == "link_refused"])
    assert "another controller" in logs[0]["reason"]
    assert not second.is_connected
    assert controller.is_connected
    controller.close()
    wait_for(lambda: second.is_connected, what="the second takes over")
    second.close()


def test_frozen_controller_is_replaced_by_a_new_one(web: Web, controller_process: multiprocessing.Process) -> None:
    os.kill(controller_process.pid, signal.SIGSTOP)
    second = LinkClient(web.socket, accept)
    second.start()
    time.sleep(1.0)
    assert not second.is_connected
    wait_for(lambda: second.is_connected)
    assert web.order(action="acknowledge").status_code == 200
    second.close()


def test_invalid_snapshot_is_refused_and_the_old_one_stays(web: Web, controller: LinkClient) -> None:
    good = make_snapshot(seq=3)
    controller.publish(good)
    wait_for(lambda: web.state()["snapshot"])
    with capture_logs() as logs:
        controller.publish({**good, "seq": 4, "mode": "party"})
        wait_for(lambda: [entry for entry in logs if entry["event"] == "snapshot_refused_by_web"])
        controller.publish({**good, "seq": 5, "temperature_c": float("nan")})
        wait_for(lambda: len([entry for entry in logs if entry["event"] == "snapshot_refused_by_web"]) == 2)
    assert "mode" in logs[0]["error"]
    assert web.state()["snapshot"]["seq"] == 3
    controller.publish({**good, "seq": 6})
    wait_for(lambda: web.state()["snapshot"]["seq"] == 6)


def test_unserialisable_snapshot_does_not_end_the_link(web: Web, controller: LinkClient) -> None:
    with capture_logs() as logs:
        controller.publish({"seq": object()})
        wait_for(lambda: [entry for entry in logs if entry["event"] == "snapshot_not_sent"])
    controller.publish(make_snapshot(seq=2))
    wait_for(lambda: web.state()["snapshot"])


def test_closing_is_quick_even_when_the_web_is_frozen(web: Web, controller: LinkClient) -> None:
    os.kill(web.running().pid, signal.SIGSTOP)
    began_s = time.monotonic()
    controller.close()
    took_s = time.monotonic() - began_s
    os.kill(web.running().pid, signal.SIGCONT)
    assert took_s < 5.0, "it does not wait for an answer"


def test_a_connection_that_was_reset_is_closed_on_this_side_too(web: Web, controller: LinkClient) -> None:
    connection = controller._connection
    assert connection is not None
    controller.publish(make_snapshot(seq=0))
    wait_for(lambda: web.state()["snapshot"], what="it has joined")
    web.running().suspend()  # it dies with something unread, which resets the connection instead of ending it
    controller.publish(make_snapshot(seq=1))
    wait_for(lambda: not connection._acknowledged.is_set(), what="the snapshot is on its way")
    web.kill()
    wait_for(lambda: connection.is_closed, what="the connection is closed")
