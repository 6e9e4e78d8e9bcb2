"""Broken Socket.IO frames end at most the connection they came on."""

import pytest
import websocket

from tests.integration.web.programs import Browser, Web
from tests.waiting import wait_for

FRAMES = [
    "",
    "4",
    "9",
    "42",
    "42[",
    "42/live,",
    "42/live,[",
    "42/live,[]",
    "42/live,{}",
    "42/live,[1]",
    '42/live,[{"a":1}]',
    '42/live,["connect"]',
    '42/live,["state",' + "[" * 30_000,
    '4299999999999999999/live,["state"]',
    '43/live,7,["ack of nothing"]',
    '451-/live,["state",{"_placeholder":true,"num":0}]',
    '45999999999-["state"]',
    "40/live,{not json",
    '40/controller,{"token":["x"]}',
    '40/controller,"text"',
    "40/no-such-namespace,",
    "41/live,",
    "x" * 65_000,
    b"\x00\x01\x02",
]


@pytest.mark.parametrize("number", range(len(FRAMES)))
def test_broken_frame_leaves_everybody_else_alone(shared_web: Web, number: int) -> None:
    bystander = Browser(shared_web.url).open()
    address = f"ws://127.0.0.1:{shared_web.port}/flask/socket.io/?EIO=4&transport=websocket"
    raw = websocket.create_connection(address, timeout=5, suppress_origin=True)
    raw.recv()
    raw.send("40/live,")
    frame = FRAMES[number]
    if isinstance(frame, bytes):
        raw.send_binary(frame)
    else:
        raw.send(frame)
    newcomer = Browser(shared_web.url).open()
    wait_for(lambda: newcomer.states)
    assert bystander.is_open
    assert shared_web.get("/healthz").json()["link"] == "never"
    for page in (bystander, newcomer):
        page.close()
    raw.close()


def test_frame_over_the_limit_ends_its_connection(shared_web: Web) -> None:
    address = f"ws://127.0.0.1:{shared_web.port}/flask/socket.io/?EIO=4&transport=websocket"
    raw = websocket.create_connection(address, timeout=5, suppress_origin=True)
    raw.recv()
    raw.send("4" + "x" * 200_000)

    def is_closed() -> bool:
        try:
            return raw.recv_frame().opcode == websocket.ABNF.OPCODE_CLOSE
        except (websocket.WebSocketException, OSError):
            return True

    wait_for(is_closed, what="the server hangs up")
    raw.close()
    assert shared_web.get("/healthz").ok
