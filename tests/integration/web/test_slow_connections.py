"""Connections that say nothing, drip, do not read or do not close: the pages go on answering."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import pytest
import requests

from tests.integration.web.programs import Browser, Web, link
from tests.integration.web.snapshots import make_snapshot
from tests.waiting import wait_for

THREADS = 16
GET = b"GET /flask/healthz HTTP/1.1\r\nHost: localhost\r\n"
POST = b"POST /flask/login HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\n"
BIG = "/flask/static/vendor/bootstrap-5.3.9/bootstrap.min.css"


@pytest.fixture
def web(tmp_path: Path) -> Iterator[Web]:
    web = Web(tmp_path, threads=THREADS, live_browsers=4).start()
    yield web
    web.end()


def connect(web: Web, address: str = "127.0.0.1", buffer: int | None = None) -> socket.socket:
    raw = socket.socket()
    if buffer is not None:
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
    raw.bind((address, 0))
    raw.settimeout(60)
    raw.connect(("127.0.0.1", web.port))
    return raw


@contextmanager
def held(sockets: list[socket.socket]) -> Iterator[list[socket.socket]]:
    try:
        yield sockets
    finally:
        for raw in sockets:
            raw.close()


@contextmanager
def dripping(web: Web, count: int, begin: bytes, drop: bytes) -> Iterator[None]:
    """Hold connections that each send a drop ten times a second and begin again when they are cut."""
    has_ended, dripped = threading.Event(), threading.Event()

    def drip() -> None:
        sockets: list[socket.socket] = []
        while not has_ended.wait(0.1):
            while len(sockets) < count and not has_ended.is_set():
                raw = connect(web)
                raw.sendall(begin)
                sockets.append(raw)
            for raw in list(sockets):
                try:
                    raw.sendall(drop)
                except OSError:
                    raw.close()
                    sockets.remove(raw)
            dripped.set()
        for raw in sockets:
            raw.close()

    thread = threading.Thread(target=drip)
    thread.start()
    try:
        assert dripped.wait(60)
        yield
    finally:
        has_ended.set()
        thread.join()


def assert_answers(web: Web, times: int = 5) -> None:
    """One thread after the other must be free: as shipped the server takes minutes, or for ever."""
    for _ in range(times):
        assert requests.get(f"{web.url}/flask/healthz", timeout=20).ok


def read_all(raw: socket.socket) -> bytes:
    told = b""
    with suppress(ConnectionResetError):
        while piece := raw.recv(65_536):
            told += piece
    return told


def test_silent_connections_take_no_thread(web: Web) -> None:
    with held([connect(web) for _ in range(20 * THREADS)]):
        assert_answers(web)


@pytest.mark.parametrize(
    ("begin", "drop"),
    [
        (b"", b"G"),
        (GET, b"X-Drop: 1\r\n"),
        (POST + b"Content-Length: 50000\r\n\r\n", b"x"),
        (POST + b"Content-Length: 50000\r\nExpect: 100-continue\r\n\r\n", b"x"),
        (POST + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n"),
    ],
    ids=["request line", "headers", "body", "expected body", "chunks"],
)
def test_requests_that_drip_take_no_thread(web: Web, begin: bytes, drop: bytes) -> None:
    with dripping(web, 3 * THREADS, begin, drop):
        assert_answers(web)


def test_who_does_not_close_after_an_answer_holds_nobody_up(web: Web) -> None:
    with held([connect(web) for _ in range(3 * THREADS)]) as sockets:
        for raw in sockets:
            raw.sendall(GET + b"Connection: close\r\n\r\n")
        assert_answers(web)
        assert all(b" 200 OK" in read_all(raw) for raw in sockets)


def test_who_does_not_read_the_answer_holds_its_own_share_only(web: Web) -> None:
    request = f"GET {BIG} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()
    with held([connect(web, "127.0.0.2", 1024) for _ in range(3 * THREADS)]) as sockets:
        for raw in sockets:
            with suppress(OSError):  # it was refused
                raw.sendall(request)
        assert_answers(web)


def test_one_address_has_three_connections_for_four_threads(web: Web) -> None:
    with held([connect(web, "127.0.0.2") for _ in range(THREADS - THREADS // 4)]):
        with closing(connect(web, "127.0.0.2")) as one_more:
            assert b" 429 " in read_all(one_more)
        with closing(connect(web, "127.0.0.3")) as other:
            other.sendall(GET + b"Connection: close\r\n\r\n")
            assert b" 200 OK" in read_all(other)

    def has_room() -> bool:
        with closing(connect(web, "127.0.0.2")) as again:
            again.sendall(GET + b"Connection: close\r\n\r\n")
            return b" 200 OK" in read_all(again)

    wait_for(has_room, what="ended connections are not counted any more")


def test_a_request_that_does_not_arrive_is_given_up(web: Web) -> None:
    with held([connect(web), connect(web)]) as (silent, half):
        half.sendall(GET)
        assert read_all(silent) == b""
        assert read_all(half) == b""


@pytest.mark.parametrize(
    "pieces",
    [
        lambda: [GET[:7], GET[7:], b"\r", b"\n"],
        lambda: [POST + b"content-length:  20\r\n", b"\r\nname=olga&", b"password=x"],
        lambda: [POST + b"Content-Length: 3\r\n\r\nabc" + GET + b"\r\n"],
        lambda: [GET + b"\r\n" + GET[:20], GET[20:] + b"\r\n"],
        lambda: [GET + b"X-Long: " + b"x" * 8000 + b"\r\n\r\n"],
    ],
    ids=["head in pieces", "body in pieces", "two at once", "one and a half", "long head"],
)
def test_a_request_is_read_as_it_came_whatever_its_pieces(web: Web, pieces: Callable[[], list[bytes]]) -> None:
    with closing(connect(web)) as raw:
        sent = pieces()
        for piece in sent:
            raw.sendall(piece)
            with suppress(TimeoutError):
                threading.Event().wait(0.05)
        raw.shutdown(socket.SHUT_WR)
        told = read_all(raw)
    assert told.count(b"HTTP/1.1 ") == b"".join(sent).count(b"Host: ")
    assert b" 400 " not in told


def test_a_live_page_goes_on_and_leaves_its_place(web: Web) -> None:
    controller = link(web)
    page = Browser(web.url).open()
    with held([connect(web) for _ in range(10 * THREADS)]), dripping(web, THREADS, GET, b"X-Drop: 1\r\n"):
        for seq in range(1, 6):
            controller.publish(make_snapshot(seq=seq))
            wait_for(
                lambda seq=seq: page.states[-1]["snapshot"]["seq"] == seq if page.states[-1]["snapshot"] else False
            )
    assert page.is_open
    page.close()
    for _ in range(3 * THREADS):
        with closing(Browser(web.url).open()) as one:
            wait_for(lambda one=one: one.states, what="the first state")
    controller.close()
    assert_answers(web, times=THREADS)
