"""The WebSocket under engine.io, made to give its thread back when the other side has vanished."""

import contextlib
import socket
from typing import Any

from engineio.async_drivers._websocket_wsgi import SimpleWebSocketWSGI
from simple_websocket.errors import ConnectionClosed

PING_S = 10


class MortalWebSocket(SimpleWebSocketWSGI):
    """A WebSocket whose reader always ends.

    A phone that vanished keeps its reader waiting for ever: engine.io notices the missing answers but does
    not wake the reader. A ping of the WebSocket itself does, unless engine.io closed it first; hence both.
    """

    ws: Any

    def __init__(self, handler: object, server: object) -> None:
        size = server.max_http_buffer_size  # type: ignore[attr-defined]
        super().__init__(handler, server, ping_interval=PING_S, max_message_size=size)  # type: ignore[no-untyped-call]

    def close(self) -> None:
        try:
            with contextlib.suppress(OSError, ConnectionClosed):
                super().close()  # type: ignore[no-untyped-call]
        finally:
            self.ws.event.set()
            with contextlib.suppress(OSError):
                self.ws.sock.shutdown(socket.SHUT_RDWR)


def install(server: Any) -> None:  # noqa: ANN401 - the library is not typed
    """Make ``server`` (a socketio.Server) use it. There is no option for that; a test watches over it."""
    engine = server.eio
    engine._async = {**engine._async, "websocket": MortalWebSocket}


def count_open(server: Any) -> int:  # noqa: ANN401
    """Return how many sockets are open; engine.io keeps closed ones for some seconds."""
    return sum(not held.closed for held in list(server.eio.sockets.values()))
