"""Live pages: what they are told, how often, how many of them, and that nobody listens to them."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
import requests
import socketio
import websocket

from tests.integration.web.programs import TOKEN, Browser, Web, accept, link
from tests.integration.web.snapshots import make_snapshot
from tests.waiting import wait_for
from vigie.link.client import LinkClient


def test_page_gets_the_full_state_on_connect(web: Web, browser: Browser) -> None:
    state = wait_for(lambda: browser.states and browser.states[0])
    assert set(state) == {"snapshot", "age_ms", "link", "web_version", "web_alarms", "mail", "delivery", "look"}
    assert (state["snapshot"], state["age_ms"], state["link"]) == (None, None, "never")


def test_pages_are_told_at_most_twice_a_second_and_the_newest(
    web: Web, controller: LinkClient, browser: Browser
) -> None:
    began_s = time.monotonic()
    seq = 0
    while time.monotonic() - began_s < 3.0:
        controller.publish(make_snapshot(seq=seq))
        seq += 1
        time.sleep(0.02)
    told = len([when for when in browser.times_s if when > began_s])
    assert 2 <= told <= 2 * (time.monotonic() - began_s) + 2
    wait_for(lambda: browser.states[-1]["snapshot"]["seq"] == seq - 1, what="the last one arrives")


def test_quiet_pages_are_told_nothing_twice(web: Web, controller: LinkClient, browser: Browser) -> None:
    controller.publish(make_snapshot())
    wait_for(lambda: browser.states[-1]["age_ms"] is not None and browser.states[-1]["age_ms"] >= 2500)
    told = len(browser.states)
    time.sleep(1.5)
    assert len(browser.states) == told


def test_what_a_page_sends_reaches_nobody(web: Web) -> None:
    received: list[object] = []
    controller = LinkClient(web.socket, lambda command: [received.append(command), accept(command)][1])  # type: ignore[return-value]
    controller.start()
    wait_for(lambda: controller.is_connected)
    browser = Browser(web.url).open()
    for event in ("command", "snapshot", "state", "connect", "disconnect"):
        browser.emit(event, {"action": "set_mode", "mode": "manual"})
    browser.emit("state", "x" * 60_000)
    time.sleep(0.5)
    controller.publish(make_snapshot(seq=12))
    wait_for(lambda: browser.states[-1]["snapshot"] and browser.states[-1]["snapshot"]["seq"] == 12)
    browser.close()
    controller.close()
    assert received == []


def test_page_cannot_pass_for_a_controller(web: Web) -> None:
    client = socketio.Client(reconnection=False)
    for auth in (None, {}, {"token": ""}, {"token": None}, {"token": ["a"]}, {"token": TOKEN[:-1]}, "text", [TOKEN]):
        with pytest.raises(socketio.exceptions.ConnectionError):
            client.connect(web.url, socketio_path="flask/socket.io", namespaces=["/controller"], auth=auth)
    assert web.state()["link"] == "never"


def test_one_page_too_many_is_told_so_and_the_controller_still_gets_in(tmp_path: Path) -> None:
    web = Web(tmp_path, live_browsers=3, threads=16).start()
    pages = [Browser(web.url).open() for _ in range(3)]
    extra = Browser(web.url)
    with pytest.raises(socketio.exceptions.ConnectionError):
        extra.open()
    assert extra.refusal == {"message": "full", "data": {"most": 3}}
    controller = link(web)
    controller.close()
    pages.pop().close()
    wait_for(lambda: _opens(web), what="a place is free again")
    for page in pages:
        page.close()
    web.end()


def _opens(web: Web) -> bool:
    page = Browser(web.url)
    try:
        page.open()
    except socketio.exceptions.ConnectionError:
        return False
    page.close()
    return True


def test_sockets_that_join_nothing_cannot_take_all_threads(tmp_path: Path) -> None:
    web = Web(tmp_path, live_browsers=2, threads=16).start()
    address = f"ws://127.0.0.1:{web.port}/flask/socket.io/?EIO=4&transport=websocket"
    idle = []
    for _ in range(6):
        raw = websocket.create_connection(address, timeout=5, suppress_origin=True)
        assert raw.recv().startswith("0{")
        idle.append(raw)
    with pytest.raises(websocket.WebSocketBadStatusException, match="503"):
        websocket.create_connection(address, timeout=5, suppress_origin=True)
    assert "live_browsers" in web.get("/socket.io/?EIO=4&transport=polling").text
    controller = link(web)
    assert web.order(action="acknowledge").status_code == 200
    controller.close()
    for raw in idle:
        raw.close()
    web.end()


FROZEN_PAGE = """
import sys, time
sys.path.insert(0, sys.argv[2])
from tests.integration.web.programs import Browser
page = Browser(sys.argv[1]).open()
print("open", flush=True)
time.sleep(120)
"""


@pytest.mark.slow
def test_frozen_phone_gives_its_thread_back(tmp_path: Path) -> None:
    web = Web(tmp_path, live_browsers=4, threads=16).start()
    phones = []
    for _ in range(4):
        command = [sys.executable, "-c", FROZEN_PAGE, web.url, str(Path(__file__).parents[3])]
        phone = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert phone.stdout is not None
        assert phone.stdout.readline() == "open\n"
        phones.append(phone)
    wait_for(lambda: len(_socket_threads(web)) == 4)
    for phone in phones:
        os.kill(phone.pid, signal.SIGSTOP)
    wait_for(lambda: not _socket_threads(web), what="the threads come back")
    for phone in phones:
        phone.kill()
        phone.communicate()
    web.end()


def _socket_threads(web: Web) -> list[object]:
    connections = web.running().net_connections(kind="tcp")
    return [found for found in connections if found.status == "ESTABLISHED"]


def test_orders_from_many_threads_each_get_their_own_answer(web: Web, controller: LinkClient) -> None:
    answers: dict[int, dict[str, object]] = {}

    def order(number: int) -> None:
        body = json.dumps({"id": f"order-{number:04d}", "action": "acknowledge"})
        url = f"{web.url}/flask/api/v1/commands"
        headers = {"Content-Type": "application/json"}
        answers[number] = requests.post(url, data=body, headers=headers, timeout=10).json()

    threads = [threading.Thread(target=order, args=(number,)) for number in range(40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {number: answer["id"] for number, answer in answers.items()} == {n: f"order-{n:04d}" for n in range(40)}
